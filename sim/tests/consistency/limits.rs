//! Large histories, and budgets that run out.

use shaketable_sim::check::consistency::{Budget, Call, Doubt, Level, Verdict, check};

use crate::memory::memory;
use crate::{AMPLE, read, write};

#[test]
fn a_large_history_that_is_sequential_is_found_to_be() {
    for (size, processes, keys) in [(20_000, 10, 5), (20_000, 4, 2_000), (2_000, 200, 3)] {
        let budget = Budget { states: 3_000_000, bytes: 100_000_000 };
        let report = check(&memory(size, processes, keys, false), budget);
        assert_eq!(*report.verdict(Level::Sequential), Verdict::Holds, "{size} {processes} {keys}");
    }
}

#[test]
fn a_large_history_that_is_not_is_told_with_few_operations() {
    let history = memory(10_000, 10, 5, true);
    let report = check(&history, Budget { states: 20_000_000, bytes: 100_000_000 });
    for level in Level::ALL.into_iter().take(5) {
        match report.verdict(level) {
            Verdict::Violated(evidence) => assert!((3..=12).contains(&evidence.story.len()), "{level}: {evidence:?}"),
            other => panic!("{level}: {other:?}"),
        }
    }
}

#[test]
fn a_budget_that_runs_out_is_no_verdict() {
    let history = memory(2_000, 10, 5, false);
    for (budget, doubt) in [
        (Budget { states: 100, bytes: 100_000_000 }, Doubt::States),
        (Budget { states: 1_000_000, bytes: 1_000 }, Doubt::Bytes),
    ] {
        let report = check(&history, budget);
        for level in Level::ALL.into_iter().take(4) {
            assert_eq!(*report.verdict(level), Verdict::Undecided(doubt), "{level}");
        }
    }
}

/// Values that repeat, and an answer that nothing explains: all orders must be tried.
#[test]
fn what_is_hard_is_given_up() {
    let mut history: Vec<Call> =
        (0..12).flat_map(|process| (0..12).map(move |at| write(process, at % 3, (process + at) % 5))).collect();
    history.extend([read(20, 0, 1), read(20, 1, 2), read(20, 0, 1), read(20, 1, 3), read(21, 0, 2), read(21, 4, 1)]);
    history.push(write(22, 4, 1));
    history.extend([read(22, 4, None)]);
    let report = check(&history, Budget { states: 50_000, ..AMPLE });
    assert_eq!(*report.verdict(Level::Sequential), Verdict::Undecided(Doubt::States), "{report:?}");
}
