//! The report for a terminal, in parts: kept cases, scenarios, fresh seeds. What matters most comes last.

use crate::block::Block;
use crate::human::{coverage, overview};
use crate::regress::regressions;
use crate::summary::{Exit, Outcome, Tested};
use crate::text::{Style, Tint, counted, grouped};
use crate::{ci::seeds, failure};

use super::{Ci, Examined};

/// A report for people.
pub fn ci_human(ci: &Ci, style: Style) -> String {
    let own: Vec<Tested> = ci.own.iter().map(|examined| examined.tested.clone()).collect();
    let mut parts = vec![part("scenarios", &ci.own, coverage(&own, style), style)];
    if ci.regressions.asked > 0 {
        let text = format!("{}\n\n{}", style.paint(Tint::Strong, "kept cases"), regressions(&ci.regressions, style));
        parts.push((ci.regressions.exit(), text));
    }
    if let Some(fresh) = &ci.fresh {
        parts.push(part(&format!("fresh seeds from {}", fresh.from), &fresh.scenarios, String::new(), style));
    }
    parts.sort_by_key(|(exit, _)| exit.weight());
    let mut texts: Vec<String> = parts.into_iter().map(|(_, text)| text).collect();
    // What had no turn is said before what went wrong, and last if nothing did.
    if let Some(left) = ci.left_out() {
        let place = if ci.is_good() { texts.len() } else { 0 };
        texts.insert(place, format!("{}\n", style.paint(Tint::Doubtful, &left)));
    }
    texts.join("\n")
}

fn part(head: &str, scenarios: &[Examined], exercised: String, style: Style) -> (Exit, String) {
    let tested: Vec<Tested> = scenarios.iter().map(|examined| examined.tested.clone()).collect();
    let exit = scenarios.iter().map(Examined::exit).fold(Exit::Pass, Exit::or);
    let mut parts = vec![format!("{}\n", style.paint(Tint::Strong, head))];
    parts.extend([overview(&tested, style), exercised, format!("{}\n", sentence(scenarios, style))]);
    let mut order: Vec<&Tested> = tested.iter().collect();
    order.sort_by_key(|tested| tested.outcome.exit().weight());
    parts.extend(order.into_iter().flat_map(|tested| failure::blocks(tested, false, style)).map(Block::done));
    parts.retain(|part| !part.is_empty());
    (exit, parts.join("\n"))
}

fn sentence(scenarios: &[Examined], style: Style) -> String {
    let all = scenarios.len() as u64;
    let bad = scenarios.iter().filter(|examined| examined.exit() != Exit::Pass).count() as u64;
    let left = scenarios.iter().filter(|examined| examined.tested.outcome == Outcome::Unfinished).count() as u64;
    let (seeds, _) = seeds(scenarios);
    let (of, seeds) = (counted(all, "scenario"), counted(seeds, "seed"));
    let more = if left > 0 { format!("; {} not finished", grouped(left)) } else { String::new() };
    match (all, bad) {
        (0, _) => style.paint(Tint::Doubtful, "no scenario ran"),
        (_, 0) if left == all => style.paint(Tint::Doubtful, "no scenario was finished"),
        (_, 0) if left > 0 => {
            style.paint(Tint::Doubtful, &format!("{} of {of} as expected, over {seeds}{more}", grouped(all - left)))
        }
        (_, 0) => style.paint(Tint::Good, &format!("{of} as expected, over {seeds}")),
        _ => style.paint(Tint::Bad, &format!("{} of {of} not as expected, over {seeds}{more}", grouped(bad))),
    }
}
