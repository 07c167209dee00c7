//! The verdicts of the check beside those of its twins.

use shaketable_sim::check::transactions::{Anomaly, Level, ListOp, Report, Transaction, Verdict, check_lists};

use crate::evidence::assert_true;
use crate::{brute, singles, versions};

/// Whether a history of lists has a level, by a slow twin.
pub(crate) fn twin(level: Level, history: &[Transaction<ListOp>]) -> bool {
    match level {
        Level::ReadUncommitted => versions::can_be_ordered(history, false),
        Level::ReadCommitted => versions::can_be_ordered(history, true),
        _ => brute::has(level, history, &|_| true),
    }
}

/// How often a level was found to hold, to be violated, and neither.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Count {
    pub(crate) holds: u64,
    pub(crate) violated: u64,
    pub(crate) open: u64,
}

/// Counts for all levels.
#[derive(Default, Debug)]
pub(crate) struct Counts(pub(crate) [Count; Level::ALL.len()]);

impl Counts {
    pub(crate) fn of(&self, level: Level) -> Count {
        self.0[Level::ALL.iter().position(|other| *other == level).expect("all levels are counted")]
    }

    pub(crate) fn add(&mut self, report: &Report) {
        for (count, &level) in self.0.iter_mut().zip(&Level::ALL) {
            match report.verdict(level) {
                Verdict::Holds => count.holds += 1,
                Verdict::Violated(_) => count.violated += 1,
                Verdict::NothingFound => count.open += 1,
            }
        }
    }

    /// Asserts that each level held and was violated often enough to mean something.
    pub(crate) fn assert_both(&self, least: u64) {
        for level in Level::ALL {
            let count = self.of(level);
            assert!(count.holds >= least && count.violated >= least, "{level}: {count:?}");
        }
    }
}

/// Compares the verdicts on a history of lists with those of the twins, and its evidence with the history.
pub(crate) fn compare(history: &[Transaction<ListOp>]) -> Report {
    let report = check_lists(history).unwrap_or_else(|error| panic!("{error}: {history:?}"));
    for level in Level::ALL {
        match report.verdict(level) {
            Verdict::Holds => assert!(twin(level, history), "{level} does not hold: {history:?}"),
            Verdict::Violated(finding) => assert!(!twin(level, history), "{level} holds, not {finding}: {history:?}"),
            Verdict::NothingFound => {}
        }
    }
    report.findings().iter().for_each(|finding| assert_true(finding, history));
    singles::assert_those_of_lists(&report, history);
    assert_decided(&report, history);
    report
}

/// Asserts that a level is left open only where what was seen does not tell, and always there: read uncommitted if lists contradict each other; snapshot isolation if
/// in whatever order two unread appends came, that would matter to it; and no other.
fn assert_decided(report: &Report, history: &[Transaction<ListOp>]) {
    let is_violated = |level: Level| report.findings().iter().any(|finding| level.forbids(finding.anomaly));
    let broken = report.findings().iter().any(|finding| finding.anomaly == Anomaly::IncompatibleOrder);
    let two_are_unread = singles::two_are_unread(history);
    let is_open = |level: Level| match level {
        Level::ReadUncommitted => broken,
        _ => level.name().contains("snapshot") && two_are_unread,
    };
    let is_shown = |level: Level| !is_open(level) && !is_violated(level);
    for level in Level::ALL.into_iter().filter(|level| !is_violated(*level)) {
        let shown = Level::ALL.into_iter().any(|stronger| stronger.implies(level) && is_shown(stronger));
        let expected = if shown { Verdict::Holds } else { Verdict::NothingFound };
        assert_eq!(report.verdict(level), expected, "{level}: {history:?}");
    }
}
