//! A summary of the job in Markdown, for the page that an engine shows of it.

use std::fmt::Write;

use super::{Ci, Examined, Status, seeds};
use crate::summary::Exit;
use crate::text::grouped;

/// How many bytes a page takes. What is more than that is left out, and said to be.
const PAGE: usize = 900_000;

/// How many failures are told in full.
const FAILURES: usize = 20;

/// The report in Markdown.
pub fn ci_markdown(ci: &Ci) -> String {
    let exit = ci.exit();
    let mut text = format!("## Shaketable: {}\n\n", verdict(exit));
    if let Some(left) = ci.left_out() {
        writeln!(text, "**{}.**\n", escaped(&left)).expect(ANY);
    }
    text += "| | as expected | seeds | events |\n|---|--:|--:|--:|\n";
    row(&mut text, "scenarios", &ci.own);
    let cases = &ci.regressions;
    if cases.asked > 0 {
        let good = cases.cases.iter().filter(|case| case.exit() == Exit::Pass).count() as u64;
        let events = cases.cases.iter().map(|case| case.replayed.events).sum();
        let asked = grouped(cases.asked);
        writeln!(text, "| kept cases | {} of {asked} | {asked} | {} |", grouped(good), grouped(events)).expect(ANY);
    }
    if let Some(fresh) = &ci.fresh {
        row(&mut text, &format!("fresh seeds from `{}`", fresh.from.replace('`', "'")), &fresh.scenarios);
    }
    let failures = failures(ci);
    let mut left = failures.len();
    for failure in failures.iter().take(FAILURES) {
        if text.len() + failure.len() > PAGE {
            break;
        }
        text += failure;
        left -= 1;
    }
    if left > 0 {
        writeln!(text, "\nAnd {left} more, not shown here.").expect(ANY);
    }
    text
}

const ANY: &str = "a string takes any text";

fn verdict(exit: Exit) -> &'static str {
    match exit {
        Exit::Pass => "all as expected ✅",
        Exit::Violation => "not as expected ❌",
        Exit::Nondeterministic => "nondeterministic or diverged ❌",
        Exit::Inconclusive => "not everything was decided ⚠️",
        Exit::NothingTested => "nothing was tested ⚠️",
        Exit::Interrupted | Exit::Stopped => "stopped ⚠️",
        Exit::Usage | Exit::Internal => "an error ❌",
    }
}

fn row(text: &mut String, what: &str, scenarios: &[Examined]) {
    let good = scenarios.iter().filter(|examined| examined.tested.outcome.is_good()).count() as u64;
    let (ran, events) = seeds(scenarios);
    let of = format!("{} of {}", grouped(good), grouped(scenarios.len() as u64));
    writeln!(text, "| {what} | {of} | {} | {} |", grouped(ran), grouped(events)).expect(ANY);
}

/// All that did not hold, those that are broken first.
fn failures(ci: &Ci) -> Vec<String> {
    let (mut broken, mut unknown) = (Vec::new(), Vec::new());
    for case in ci.regressions.cases.iter().filter(|case| case.exit() != Exit::Pass) {
        let title = format!("{}: {}", case.replayed.judgement().name(), case.replayed.scenario);
        broken.push(details(&title, &case.lines().join("\n")));
    }
    let fresh = ci.fresh.iter().flat_map(|fresh| &fresh.scenarios);
    for examined in ci.own.iter().chain(fresh) {
        for property in &examined.properties {
            let title = format!("{}: {}", property.about.name(), examined.tested.name);
            match examined.status(property) {
                Status::Held => {}
                Status::Broken(failure) | Status::Unsteady(failure) => {
                    broken.push(details(&title, &format!("{}\n{}", failure.message, failure.text())));
                }
                // That seeds had no turn is said above, once.
                Status::Unknown(_) if examined.tested.outcome == crate::summary::Outcome::Unfinished => {}
                Status::Unknown(why) => unknown.push(format!("\n- {}: {}\n", escaped(&title), escaped(&why))),
            }
        }
    }
    broken.extend(unknown);
    broken
}

fn details(title: &str, text: &str) -> String {
    // A fence longer than any in the text.
    let fence = "`".repeat(text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0).max(2) + 1);
    format!(
        "\n<details><summary>{}</summary>\n\n{fence}text\n{}\n{fence}\n\n</details>\n",
        escaped(title),
        text.trim_end()
    )
}

/// Text that is nothing but text, in Markdown.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace(['\n', '\r'], " ")
}
