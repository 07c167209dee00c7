//! The verdicts of the check beside those of its twins, and its evidence beside the history.

use shaketable_sim::check::transactions::{
    Anomaly, Dependency, Evidence, Fault, Finding, Key, Level, ListOp, Outcome, RegisterOp, Report, Scope, Seen, Shape,
    Step, Transaction, TransactionId, Value, Verdict, check_lists,
};

use crate::{brute, versions};

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
            Verdict::NothingFound => {
                let may_be_open = level == Level::ReadUncommitted || level.name().contains("snapshot");
                assert!(may_be_open, "{level} is not decided: {history:?}");
            }
        }
    }
    report.findings().iter().for_each(|finding| assert_true(finding, history));
    report
}

/// What can be looked up of an operation.
pub(crate) trait Fact {
    fn wrote(&self) -> Option<(Key, Value)>;
    fn saw(&self) -> Option<(Key, Seen)>;
}

impl Fact for ListOp {
    fn wrote(&self) -> Option<(Key, Value)> {
        match self {
            ListOp::Append { key, value } => Some((*key, *value)),
            ListOp::Read { .. } => None,
        }
    }

    fn saw(&self) -> Option<(Key, Seen)> {
        match self {
            ListOp::Read { key, list: Some(list) } => {
                assert!(list.len() <= 12, "no list here is abridged");
                let list =
                    shaketable_sim::check::transactions::Excerpt { before: false, values: list.clone(), after: false };
                Some((*key, Seen::List(list)))
            }
            _ => None,
        }
    }
}

impl Fact for RegisterOp {
    fn wrote(&self) -> Option<(Key, Value)> {
        match self {
            RegisterOp::Write { key, value } => Some((*key, *value)),
            RegisterOp::Read { .. } => None,
        }
    }

    fn saw(&self) -> Option<(Key, Seen)> {
        match self {
            RegisterOp::Read { key, value: Some(value) } => Some((*key, Seen::Register(*value))),
            _ => None,
        }
    }
}

/// Asserts that what a finding says is in the history.
pub(crate) fn assert_true<O: Fact + std::fmt::Debug>(finding: &Finding, history: &[Transaction<O>]) {
    let of = |id: TransactionId| history.iter().find(|of| of.id == id).expect("it names transactions of the history");
    let wrote = |id, key, value| of(id).ops.iter().any(|op| op.wrote() == Some((key, value)));
    let saw = |id, key, seen: &Seen| of(id).ops.iter().any(|op| op.saw() == Some((key, seen.clone())));
    match &finding.evidence {
        Evidence::Cycle(steps) => {
            let next = steps.iter().cycle().skip(1);
            assert!(steps.iter().zip(next).all(|(step, next)| step.to == next.from), "no cycle: {finding}");
            for Step { from, to, why } in steps {
                let holds = match why {
                    Dependency::Ww { key, earlier, later, .. } => {
                        wrote(*from, *key, *earlier) && wrote(*to, *key, *later)
                    }
                    Dependency::Wr { key, value, seen } => wrote(*from, *key, *value) && saw(*to, *key, seen),
                    Dependency::Rw { key, seen, later, .. } => saw(*from, *key, seen) && wrote(*to, *key, *later),
                    Dependency::Process(process) => {
                        brute::precedes(Level::StrongSessionSerializable, of(*from), of(*to))
                            && of(*to).process == *process
                    }
                    Dependency::RealTime => brute::precedes(Level::StrictSerializable, of(*from), of(*to)),
                };
                assert!(holds, "{why:?} is not so: {finding}\n{history:?}");
            }
            assert_eq!(finding.anomaly, named(steps), "{finding}");
        }
        Evidence::Read { reader, key, seen, fault } => {
            assert!(saw(*reader, *key, seen), "{finding}");
            match fault {
                Fault::Garbage(value) => assert!(!history.iter().any(|of| wrote(of.id, *key, *value))),
                Fault::Aborted(writer, value) => {
                    assert!(of(*writer).outcome == Outcome::Aborted && wrote(*writer, *key, *value), "{finding}");
                }
                Fault::Intermediate(writer, value) | Fault::OutOfTurn(writer, value) => {
                    assert!(wrote(*writer, *key, *value), "{finding}");
                }
                Fault::Future(value) => assert!(wrote(*reader, *key, *value), "{finding}"),
                Fault::Twice(_) | Fault::OnTop { .. } | Fault::Expected(_) => {}
            }
        }
        Evidence::Lists { key, first, second } => {
            assert!(saw(first.0, *key, &first.1) && saw(second.0, *key, &second.1), "{finding}");
        }
        Evidence::Replaced { key, seen, first, second } => {
            assert!(first != second && saw(*first, *key, seen) && saw(*second, *key, seen), "{finding}");
        }
    }
}

/// What a cycle is called, by its definition.
fn named(steps: &[Step]) -> Anomaly {
    let count = |is: fn(&Dependency) -> bool| steps.iter().filter(|step| is(&step.why)).count();
    let rw = count(|why| matches!(why, Dependency::Rw { .. }));
    let pairs = steps.iter().zip(steps.iter().cycle().skip(1));
    let adjacent = pairs
        .filter(|(one, next)| matches!((&one.why, &next.why), (Dependency::Rw { .. }, Dependency::Rw { .. })))
        .count();
    let shape = match (rw, count(|why| matches!(why, Dependency::Wr { .. }))) {
        (0, 0) => Shape::G0,
        (0, _) => Shape::G1c,
        (1, _) => Shape::GSingle,
        _ if adjacent == 0 => Shape::GNonadjacent,
        _ => Shape::G2Item,
    };
    let scope =
        match (count(|why| matches!(why, Dependency::RealTime)), count(|why| matches!(why, Dependency::Process(_)))) {
            (0, 0) => Scope::Data,
            (0, _) => Scope::Session,
            _ => Scope::RealTime,
        };
    Anomaly::Cycle(scope, shape)
}
