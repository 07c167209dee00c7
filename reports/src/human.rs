//! The report for a terminal: one line a scenario, what all of them exercised, then what went wrong.
//! What matters most comes last, because that is where the cursor is.

use shaketable_sim::run::{Coverage, Struck};
use shaketable_sim::time::Span;

use crate::block::Block;
use crate::failure;
use crate::summary::{Outcome, Sought, Summary, Tested};
use crate::text::{Cell, Style, Tint, counted, grouped, long_span, table, wrapped};

/// Columns of a terminal that prose is fitted into. Tables take what they need.
const WIDTH: usize = 110;

/// The numbers that the table shows in columns of their own.
const IN_TABLE: [&str; 4] = ["completed-ops", "events", "faults", "faults-acted"];

/// A report for people. It ends with a newline, and if something failed, with the line that reproduces it.
pub fn human(summary: &Summary, style: Style) -> String {
    let mut parts = vec![overview(&summary.scenarios, style), coverage(&summary.scenarios, style)];
    let (tint, sentence) = sentence(summary);
    parts.push(format!("{}\n", style.paint(tint, &sentence)));
    let alone = summary.scenarios.len() == 1;
    // The worst comes last.
    let mut order: Vec<&Tested> = summary.scenarios.iter().collect();
    order.sort_by_key(|scenario| scenario.outcome.exit().weight());
    parts.extend(order.into_iter().flat_map(|scenario| failure::blocks(scenario, alone, style)).map(Block::done));
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

/// A line a scenario.
pub(crate) fn overview(scenarios: &[Tested], style: Style) -> String {
    let heads = ["scenario", "seeds", "simulated", "operations", "events", "faults", "result"];
    let mut rows = vec![heads.map(|head| faint(head.to_owned())).into()];
    rows.extend(scenarios.iter().map(|scenario| {
        let mut row = vec![plain(scenario.name.clone()), plain(seeds(scenario))];
        row.extend(numbers(scenario.simulated, &scenario.coverage).map(plain));
        row.push(result(scenario));
        row
    }));
    if scenarios.len() > 1 {
        let (simulated, coverage) = totals(scenarios);
        let seeds = scenarios.iter().map(|scenario| scenario.seeds.ran).sum();
        let mut row = vec![counted(scenarios.len() as u64, "scenario"), grouped(seeds)];
        row.extend(numbers(simulated, &coverage));
        row.push(String::new());
        rows.push(row.into_iter().map(faint).collect());
    }
    table(&rows, style)
}

fn plain(text: String) -> Cell {
    Cell { text, tint: Tint::None }
}

fn faint(text: String) -> Cell {
    Cell { text, tint: Tint::Faint }
}

fn seeds(scenario: &Tested) -> String {
    match (scenario.seeds.ran, scenario.seeds_wanted()) {
        (ran, wanted) if ran == wanted => grouped(ran),
        (ran, wanted) => format!("{} of {}", grouped(ran), grouped(wanted)),
    }
}

fn numbers(simulated: Span, coverage: &Coverage) -> [String; 4] {
    let faults = match (coverage.faults_acted, coverage.faults) {
        (acted, struck) if acted == struck => grouped(struck),
        (acted, struck) => format!("{} of {}", grouped(acted), grouped(struck)),
    };
    [long_span(simulated), grouped(coverage.completed_ops), grouped(coverage.events), faults]
}

pub(crate) fn result(scenario: &Tested) -> Cell {
    let text = match (scenario.outcome, &scenario.sought) {
        (Outcome::Passed, _) => "pass".to_owned(),
        (Outcome::Caught, Some(Sought { caught: Some(seed), .. })) => format!("caught at seed {seed}"),
        (other, _) => other.name().replace('-', " "),
    };
    Cell { text, tint: tint(scenario.outcome) }
}

/// The colour of an outcome.
pub(crate) fn tint(outcome: Outcome) -> Tint {
    match outcome {
        Outcome::Passed | Outcome::Caught => Tint::Good,
        Outcome::Inconclusive | Outcome::NothingTested | Outcome::Unfinished => Tint::Doubtful,
        Outcome::Violated | Outcome::GotAway | Outcome::RightViolated | Outcome::Nondeterministic => Tint::Bad,
    }
}

/// Simulated time and coverage of all scenarios.
pub(crate) fn totals(scenarios: &[Tested]) -> (Span, Coverage) {
    let (mut simulated, mut coverage) = (Span::ZERO, Coverage::default());
    for scenario in scenarios {
        simulated = simulated + scenario.simulated;
        coverage.add(&scenario.coverage);
    }
    (simulated, coverage)
}

/// What was exercised, and, just as telling, what was not.
pub(crate) fn coverage(scenarios: &[Tested], style: Style) -> String {
    let (_, coverage) = totals(scenarios);
    if coverage == Coverage::default() {
        return String::new();
    }
    let of_interest = coverage.named().into_iter().filter(|(name, _)| !IN_TABLE.contains(name));
    let (met, never): (Vec<_>, Vec<_>) = of_interest.partition(|(_, number)| *number > 0);
    let line = |label: &str, words: Vec<String>| {
        let last = words.len().saturating_sub(1);
        let spaced = words.into_iter().enumerate();
        // A comma belongs to the word before it; the spaces within a word keep it on one line.
        let words = spaced.map(|(place, word)| if place == last { word } else { format!("{word},") });
        match wrapped(words, 10, WIDTH) {
            text if text.is_empty() => String::new(),
            text => format!("{}  {text}\n", style.paint(Tint::Faint, label)),
        }
    };
    let kinds = coverage.kinds.iter().map(|(kind, &Struck { struck, acted })| match acted {
        acted if acted == struck => format!("{kind} {}", grouped(struck)),
        acted => format!("{kind} {} of {}", grouped(acted), grouped(struck)),
    });
    let kinds = line("faults  ", kinds.collect());
    let met = met.into_iter().map(|(name, number)| format!("{name} {}", grouped(number))).collect();
    let never = never.into_iter().map(|(name, _)| name.to_owned()).collect();
    kinds + &line("coverage", met) + &line("never   ", never)
}

/// What came of all of it.
pub(crate) fn sentence(summary: &Summary) -> (Tint, String) {
    let all = summary.scenarios.len() as u64;
    let good = summary.scenarios.iter().filter(|scenario| scenario.outcome.is_good()).count() as u64;
    let scenarios = counted(all, "scenario");
    if summary.interrupted {
        let wanted = summary.scenarios.iter().map(Tested::seeds_wanted).sum();
        let ran = summary.scenarios.iter().map(|scenario| scenario.seeds.ran).sum();
        return (Tint::Doubtful, format!("interrupted: {} of {} seeds were covered", grouped(ran), grouped(wanted)));
    }
    match all {
        0 => (Tint::Doubtful, "no scenario ran".to_owned()),
        1 if good == 1 => (Tint::Good, "as expected".to_owned()),
        1 => {
            let Cell { text, tint } = result(&summary.scenarios[0]);
            (tint, format!("not as expected: {text}"))
        }
        _ if good == all => (Tint::Good, format!("all {scenarios} as expected")),
        _ => (Tint::Bad, format!("{} of {scenarios} not as expected", grouped(all - good))),
    }
}
