//! Histories made to be hard: whatever is looked at pair by pair here takes minutes.

use shaketable_sim::check::transactions::{
    Assumptions, Evidence, Key, Level, ListOp, Outcome, RegisterOp, Report, Value, Verdict, check_lists,
    check_registers,
};

use crate::{Lists, Registers, append, committed, read};

const MANY: u64 = 20_000;

/// Transactions that are all concurrent.
fn concurrent(ops: impl Fn(u64) -> Vec<ListOp>) -> Lists {
    (0..MANY).map(|at| committed(at, at, ops(at), (at, MANY + at))).collect()
}

fn checked(history: &Lists) -> Report {
    check_lists(history).expect("it meets the preconditions")
}

/// The length of the cycle of a name.
fn cycle(report: &Report, name: &str) -> Option<usize> {
    report.findings().iter().find(|finding| finding.anomaly.name() == name).map(|finding| match &finding.evidence {
        Evidence::Cycle(steps) => steps.len(),
        other => panic!("{other:?} is no cycle"),
    })
}

#[test]
fn everybody_reads_one_list_and_appends_to_it_unread() {
    let report = checked(&concurrent(|at| vec![read(0, &[]), append(0, at)]));
    assert_eq!(cycle(&report, "G2-item"), Some(2));
    assert_eq!(report.strongest(), [Level::ReadCommitted], "by a lost update");
}

#[test]
fn one_cycle_goes_through_all() {
    let report = checked(&concurrent(|at| vec![read(at, &[]), append((at + 1) % MANY, at)]));
    assert_eq!(cycle(&report, "G2-item"), Some(MANY as usize));
    assert_eq!(report.strongest(), [Level::StrongSnapshotIsolation]);
    let report = checked(&concurrent(|at| {
        let before = (at + MANY - 1) % MANY;
        vec![append(at, at), read(before, &[before])]
    }));
    assert_eq!(cycle(&report, "G1c"), Some(MANY as usize));
}

#[test]
fn a_read_is_as_old_as_the_history() {
    let mut history: Lists = (0..MANY)
        .map(|at| committed(at, at % 3, vec![read(0, &[]), append(1 + at, at)], (2 * at, 2 * at + 1)))
        .collect();
    history[0].ops = vec![append(0, MANY)];
    history[1].ops = vec![read(0, &[MANY])];
    history[2].ops.clear();
    let report = checked(&history[..3].to_vec());
    assert_eq!(report.strongest(), [Level::StrictSerializable]);
    let report = checked(&history);
    assert_eq!(cycle(&report, "G-single-realtime"), Some(2));
    assert_eq!(report.strongest(), [Level::Serializable], "the first process has read what it wrote as if it had not");
}

#[test]
fn one_transaction_does_all() {
    let all = || (0..MANY).flat_map(|at| [append(at % 3, at), ListOp::Read { key: Key(at % 5), list: None }]);
    let history = vec![committed(0, 0, all().chain([read(4, &[])]).collect(), (0, 1))];
    assert_eq!(checked(&history).strongest(), [Level::StrictSerializable]);
}

#[test]
fn no_list_fits_any_other() {
    let report = checked(&concurrent(|at| vec![append(0, at), read(0, &[at])]));
    assert_eq!(report.strongest(), [Level::ReadUncommitted]);
    assert_eq!(report.verdict(Level::ReadUncommitted), Verdict::NothingFound);
}

#[test]
fn nobody_knows_the_outcome_of_anything() {
    let mut history: Lists =
        (0..MANY).map(|at| committed(at, at, vec![append(0, at), read(0, &[])], (at, MANY + at))).collect();
    history.iter_mut().for_each(|of| of.outcome = Outcome::Unknown);
    let all: Vec<u64> = (0..MANY).collect();
    history.push(committed(MANY, MANY, vec![read(0, &all)], (3 * MANY, 4 * MANY)));
    let report = checked(&history);
    assert_eq!(report.revealed().len(), MANY as usize);
    // What they read is known, too, and each did not see its own append.
    assert!(report.findings().iter().any(|finding| finding.anomaly.name() == "internal"), "{report}");
}

#[test]
fn half_of_all_write_registers_at_once_and_then_the_others() {
    let write = |at| vec![RegisterOp::Write { key: Key(0), value: Value(at) }];
    let times = |at| if at < MANY / 2 { (at, MANY + at) } else { (2 * MANY + at, 4 * MANY + at) };
    let mut history: Registers = (0..MANY).map(|at| committed(at, at, write(at), times(at))).collect();
    let assume = Assumptions { linearizable_keys: true, sequential_keys: true };
    let report = check_registers(&history, assume).expect("it may be so");
    assert_eq!(report.strongest(), [Level::StrictSerializable]);
    assert_eq!(report.verdict(Level::Serializable), Verdict::NothingFound);
    // Everybody reads nil and then writes: all come before all others.
    for of in &mut history {
        of.ops.insert(0, RegisterOp::Read { key: Key(0), value: Some(None) });
        (of.invoked, of.outcome) = (of.id.0, Outcome::Committed { completed: MANY + of.id.0 });
    }
    let report = check_registers(&history, assume).expect("it may be so");
    assert_eq!(cycle(&report, "G2-item"), Some(2));
}
