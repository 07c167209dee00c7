//! The report for programs: one JSON object.
//!
//! | field | meaning |
//! |---|---|
//! | `v` | the version of this format, 1. New fields may come without a new version; none goes or changes its meaning |
//! | `tool` | the version of the tool |
//! | `exit` | the exit code |
//! | `interrupted` | whether the sweep was stopped before it was through |
//! | `scenarios` | one object for each scenario, in the order in which they were asked for |
//! | `totals` | `seeds`, `simulated` and `coverage` of all scenarios |
//!
//! A scenario has `name`, `protocol`, `outcome`, `ok` (whether it is as expected), `expected` (`violation`, `within-seeds`, `caught-at`),
//! `seeds` (`first`, `asked`, `ran`), `simulated`, `coverage` (all numbers by name, and `faults-by-kind` with `struck` and `acted`), `unmet` (`name`, `wanted`, `got`), `violations`, `inconclusive` and
//! `assumption-exceeded` (`seeds`, `first`, `why`), `nondeterministic` (`seeds`, `first`, `event`, `lines`, `reproduce`).
//! What does not apply is null or empty.
//!
//! A violation has `signature`, `right-protocol` (whether the protocol without its planted bug met it), `seeds` (how many met it), and of the
//! run with the fewest events: `seed`, `digest`, `at`, `events`, `story`, `faults`, `reproduce`, and
//! `page`, a file that shows it, or `null`.
//!
//! Times are in nanoseconds. Digests are 16 hexadecimal digits in a text, because many programs read JSON numbers
//! as floats. Keys always stand in the same order, which is the one above.

use serde_json::{Map, Value, json as value};
use shaketable_sim::run::Coverage;

use crate::human::totals;
use crate::summary::{Found, Notice, Seeds, Side, Sought, Split, Summary, Tested, Unmet, Wavering};

/// A report for programs, as this module describes it.
pub fn json(summary: &Summary) -> Value {
    let (simulated, coverage) = totals(&summary.scenarios);
    let seeds: u64 = summary.scenarios.iter().map(|scenario| scenario.seeds.ran).sum();
    value!({
        "v": 1,
        "tool": summary.version,
        "exit": summary.exit().code(),
        "interrupted": summary.interrupted,
        "scenarios": summary.scenarios.iter().map(scenario).collect::<Vec<_>>(),
        "totals": { "seeds": seeds, "simulated": simulated, "coverage": numbers(&coverage) },
    })
}

/// One scenario.
pub(crate) fn scenario(tested: &Tested) -> Value {
    let Seeds { first, asked, ran } = tested.seeds;
    value!({
        "name": tested.name,
        "protocol": tested.protocol,
        "outcome": tested.outcome.name(),
        "ok": tested.outcome.is_good(),
        "expected": tested.sought.as_ref().map(sought),
        "seeds": { "first": first, "asked": asked, "ran": ran },
        "simulated": tested.simulated,
        "coverage": numbers(&tested.coverage),
        "unmet": tested.unmet.iter().map(unmet).collect::<Vec<_>>(),
        "violations": tested.violations.iter().map(violation).collect::<Vec<_>>(),
        "inconclusive": tested.inconclusive.as_ref().map(notice),
        "assumption-exceeded": tested.exceeded.as_ref().map(notice),
        "nondeterministic": tested.wavering.as_ref().map(wavering),
    })
}

/// What was exercised.
pub(crate) fn numbers(coverage: &Coverage) -> Map<String, Value> {
    let numbers = coverage.named().into_iter().map(|(name, number)| (name.to_owned(), number.into()));
    numbers.chain([("faults-by-kind".to_owned(), value!(coverage.kinds))]).collect()
}

fn sought(sought: &Sought) -> Value {
    value!({ "violation": sought.signature, "within-seeds": sought.within, "caught-at": sought.caught })
}

fn unmet(unmet: &Unmet) -> Value {
    value!({ "name": unmet.name, "wanted": unmet.wanted, "got": unmet.got })
}

fn notice(notice: &Notice) -> Value {
    value!({ "seeds": notice.seeds, "first": notice.first, "why": notice.why })
}

fn violation(found: &Found) -> Value {
    let example = &found.example;
    value!({
        "signature": found.signature,
        "right-protocol": found.side == Side::Right,
        "seeds": found.seeds,
        "seed": example.seed,
        "digest": format!("{:016x}", example.digest),
        "at": example.at,
        "events": example.events,
        "story": example.story,
        "faults": example.faults,
        "reproduce": example.reproduce,
        "page": example.page,
    })
}

fn wavering(wavering: &Wavering) -> Value {
    let (event, lines) = match &wavering.split {
        Split::Event { event, first, second } => (Some(*event), vec![first.as_deref(), second.as_deref()]),
        Split::Hidden { .. } => (None, Vec::new()),
    };
    value!({
        "seeds": wavering.seeds,
        "first": wavering.first,
        "event": event,
        "lines": lines,
        "reproduce": wavering.reproduce,
    })
}
