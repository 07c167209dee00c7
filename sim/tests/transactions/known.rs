//! Histories from the literature, each with what is known of it.

use shaketable_sim::check::transactions::{
    Ambiguous, Assumption, Assumptions, Error, Key, Level, ListOp, Outcome, Process, RegisterOp, Report, Transaction,
    TransactionId, Value, Verdict, check_lists, check_registers,
};

use crate::{Lists, append, as_registers, committed, read};

/// All at once: transaction and process by place, from 1.
fn concurrent(transactions: Vec<Vec<ListOp>>) -> Lists {
    (1..).zip(transactions).map(|(at, ops)| committed(at, at, ops, (at, 100 + at))).collect()
}

fn names(report: &Report) -> Vec<&'static str> {
    report.findings().iter().map(|finding| finding.anomaly.name()).collect()
}

fn check(history: &Lists) -> Report {
    crate::judge::compare(history);
    check_lists(history).expect("it meets the preconditions")
}

/// Asserts which anomalies a history has and which are the strongest levels left.
fn assert_known(history: &Lists, anomalies: &[&str], strongest: &[Level]) -> Report {
    let report = check(history);
    assert_eq!(names(&report), anomalies, "{report}");
    assert_eq!(report.strongest(), strongest, "{report}");
    report
}

#[test]
fn write_skew_is_snapshot_isolated_and_not_serializable() {
    // Berenson et al. 1995, A5B: both read both keys, and each writes one.
    let both = || vec![read(1, &[]), read(2, &[])];
    let history = concurrent(vec![
        [both(), vec![append(1, 1)]].concat(),
        [both(), vec![append(2, 2)]].concat(),
        vec![read(1, &[1]), read(2, &[2])],
    ]);
    let report = assert_known(&history, &["G2-item"], &[Level::StrongSnapshotIsolation]);
    assert_eq!(
        report.findings()[0].to_string(),
        "G2-item, write skew (Adya, Liskov, O'Neil 2000, G2-item)\n  T1 < T2 < T1:\n  \
         rw: T1 read k2 = [], before T2 wrote 2: T3 read k2 = [2]\n  \
         rw: T2 read k1 = [], before T1 wrote 1: T3 read k1 = [1]"
    );
}

#[test]
fn a_long_fork_is_not_snapshot_isolated() {
    // Sovran et al. 2011: two see two writes in opposite orders. Parallel snapshot isolation allows it.
    let history = concurrent(vec![
        vec![append(1, 1)],
        vec![append(2, 2)],
        vec![read(1, &[1]), read(2, &[])],
        vec![read(1, &[]), read(2, &[2])],
    ]);
    assert_known(&history, &["G-nonadjacent"], &[Level::ReadCommitted]);
}

#[test]
fn a_lost_update_is_neither() {
    // Berenson et al. 1995, P4.
    let history = concurrent(vec![
        vec![append(1, 1)],
        vec![read(1, &[1]), append(1, 2)],
        vec![read(1, &[1]), append(1, 3)],
        vec![read(1, &[1, 2, 3])],
    ]);
    assert_known(&history, &["G-single", "lost update"], &[Level::ReadCommitted]);
    // Nobody looked afterwards: the order of the two is not known, and it is one all the same.
    let unread = history[..3].to_vec();
    assert_known(&unread, &["lost update", "G2-item"], &[Level::ReadCommitted]);
}

#[test]
fn read_skew_is_g_single() {
    // Berenson et al. 1995, A5A; Adya 1999, G-single.
    let history = concurrent(vec![vec![append(1, 1), append(2, 1)], vec![read(1, &[]), read(2, &[1])]]);
    let report = assert_known(&history, &["G-single"], &[Level::ReadCommitted]);
    assert_eq!(
        report.findings()[0].to_string(),
        "G-single, read skew (Adya 1999, G-single)\n  T1 < T2 < T1:\n  \
         wr: T2 read k2 = [1], and 1 is of T1\n  \
         rw: T2 read k1 = [], before T1 wrote 1: nobody read 1, or anything of k1"
    );
}

#[test]
fn g0_is_a_dirty_write() {
    // Adya, Liskov, O'Neil 2000, H_wcycle: two write two keys in opposite orders.
    let history = concurrent(vec![
        vec![append(1, 1), append(2, 1)],
        vec![append(1, 2), append(2, 2)],
        vec![read(1, &[1, 2])],
        vec![read(2, &[2, 1])],
    ]);
    let report = check(&history);
    assert_eq!(report.findings()[0].anomaly.name(), "G0", "{report}");
    assert_eq!(report.strongest(), [], "{report}");
}

#[test]
fn g1a_is_an_aborted_read() {
    let mut history = concurrent(vec![vec![append(1, 1)], vec![read(1, &[1])], vec![read(1, &[])]]);
    history[0].outcome = Outcome::Aborted;
    assert_known(&history, &["G1a"], &[Level::ReadUncommitted]);
    // Had nobody known what became of it, it would have committed.
    history[0].outcome = Outcome::Unknown;
    let report = assert_known(&history, &[], &[Level::StrictSerializable]);
    assert_eq!(report.revealed(), [TransactionId(1)]);
}

#[test]
fn a_dirty_update_is_on_top_of_what_was_aborted() {
    let mut history = concurrent(vec![vec![append(1, 1)], vec![append(1, 2)], vec![read(1, &[1, 2])]]);
    history[0].outcome = Outcome::Aborted;
    assert_known(&history, &["G1a", "dirty update"], &[Level::ReadUncommitted]);
}

#[test]
fn what_was_aborted_does_not_hide_the_version_after_it() {
    let mut history = concurrent(vec![
        vec![append(1, 9)],
        vec![append(1, 1), append(2, 1)],
        vec![read(1, &[]), read(2, &[1])],
        vec![read(1, &[9, 1])],
    ]);
    history[0].outcome = Outcome::Aborted;
    assert_known(&history, &["G1a", "dirty update", "G-single"], &[Level::ReadUncommitted]);
}

#[test]
fn a_list_of_the_same_length_is_not_the_same_list() {
    let history = concurrent(vec![vec![append(1, 1)], vec![append(1, 2)], vec![read(1, &[1]), read(1, &[2])]]);
    assert_known(&history, &["incompatible order", "internal"], &[Level::ReadUncommitted]);
}

#[test]
fn g1b_is_an_intermediate_read() {
    let history = concurrent(vec![vec![append(1, 1), append(1, 2)], vec![read(1, &[1])], vec![read(1, &[1, 2])]]);
    let report = check(&history);
    assert!(names(&report).contains(&"G1b"), "{report}");
    assert_eq!(report.strongest(), [Level::ReadUncommitted]);
}

#[test]
fn g1c_is_circular_information_flow() {
    // Adya, Liskov, O'Neil 2000, H_1c: each read what the other wrote.
    let history = concurrent(vec![vec![append(1, 1), read(2, &[2])], vec![append(2, 2), read(1, &[1])]]);
    assert_known(&history, &["G1c"], &[Level::ReadUncommitted]);
}

#[test]
fn a_stale_read_is_wrong_in_real_time_alone() {
    let stale = |process| {
        vec![
            committed(1, 1, vec![append(1, 1)], (1, 2)),
            committed(2, process, vec![read(1, &[])], (3, 4)),
            committed(3, 3, vec![read(1, &[1])], (5, 6)),
        ]
    };
    let strongest = [Level::StrongSessionSerializable];
    let report = assert_known(&stale(2), &["G-single-realtime"], &strongest);
    assert!(report.to_string().contains("real time: T1 was done when T2 was asked for"), "{report}");
    // The same process does not see what it wrote: its session is broken, too.
    let report = assert_known(&stale(1), &["G-single-process", "G-single-realtime"], &[Level::Serializable]);
    assert!(report.to_string().contains("process 1 asked for T2"), "{report}");
}

#[test]
fn an_append_that_nobody_saw_is_lost_in_real_time() {
    // It is the only hint at a lost write: nobody ever read it, though it was done long before all reads.
    let history = vec![
        committed(1, 1, vec![append(1, 1)], (1, 2)),
        committed(2, 2, vec![append(1, 2)], (3, 4)),
        committed(3, 3, vec![read(1, &[2])], (5, 6)),
    ];
    let report = check(&history);
    assert_eq!(report.strongest(), [Level::StrongSessionSerializable], "{report}");
}

#[test]
fn lists_that_do_not_fit_together_are_an_incompatible_order() {
    let history = concurrent(vec![vec![append(1, 1)], vec![append(1, 2)], vec![read(1, &[1, 2])], vec![read(1, &[2])]]);
    let report = assert_known(&history, &["incompatible order"], &[Level::ReadUncommitted]);
    assert_eq!(report.verdict(Level::ReadUncommitted), Verdict::NothingFound);
    assert!(report.to_string().contains("T3 read k1 = [1 2], and T4 read k1 = [2]"), "{report}");
}

#[test]
fn what_nobody_wrote_and_what_is_there_twice_is_no_history_at_all() {
    let garbage = concurrent(vec![vec![append(1, 1)], vec![read(1, &[1, 9])], vec![read(1, &[])]]);
    assert_known(&garbage, &["garbage read"], &[]);
    let twice = concurrent(vec![vec![append(1, 1)], vec![read(1, &[1, 1])]]);
    assert_known(&twice, &["duplicate append"], &[]);
}

#[test]
fn a_transaction_knows_what_it_did() {
    let history = concurrent(vec![vec![append(1, 1), read(1, &[])]]);
    let report = assert_known(&history, &["internal"], &[Level::ReadCommitted]);
    assert!(report.to_string().contains("T1 read k1 = [], but should have seen [… 1]"), "{report}");
    let history = concurrent(vec![vec![read(1, &[1]), append(1, 1)]]);
    let report = check(&history);
    assert!(names(&report).contains(&"future read"), "{report}");
}

#[test]
fn the_example_of_the_paper_on_elle() {
    // Kingsbury, Alvaro 2020, of TiDB: T1 did not see T2's append, and yet T3 saw T1's own on top of it.
    let base = committed(0, 0, vec![append(34, 2), append(34, 1)], (0, 1));
    let history = vec![
        base,
        committed(1, 1, vec![read(34, &[2, 1]), append(36, 5), append(34, 4)], (2, 20)),
        committed(2, 2, vec![append(34, 5)], (3, 21)),
        committed(3, 3, vec![read(34, &[2, 1, 5, 4])], (4, 22)),
    ];
    assert_known(&history, &["G-single"], &[Level::ReadCommitted]);
}

#[test]
fn registers_have_the_same_anomalies_as_far_as_they_show() {
    let history = as_registers(&concurrent(vec![
        vec![read(1, &[]), read(2, &[]), append(1, 1)],
        vec![read(1, &[]), read(2, &[]), append(2, 2)],
    ]));
    let report = check_registers(&history, Assumptions::default()).expect("it meets the preconditions");
    assert_eq!(names(&report), ["G2-item"], "{report}");
    assert!(report.to_string().contains("rw: T1 read k2 = nil, before T2 wrote 2: k2 began so"), "{report}");
    assert_eq!(report.verdict(Level::StrongSnapshotIsolation), Verdict::Holds);
}

#[test]
fn an_assumption_on_keys_finds_more() {
    let write = |value| vec![RegisterOp::Write { key: Key(1), value: Value(value) }];
    let read = |value| RegisterOp::Read { key: Key(1), value: Some(Some(Value(value))) };
    let other = |value: Option<u64>| RegisterOp::Read { key: Key(2), value: Some(value.map(Value)) };
    let history = vec![
        committed(1, 1, write(1), (1, 2)),
        committed(2, 1, [write(2), vec![RegisterOp::Write { key: Key(2), value: Value(3) }]].concat(), (3, 4)),
        // Both keys are old and new for somebody; only if k1 = 1 is older than k1 = 2 that is read skew.
        committed(3, 3, vec![read(1), other(Some(3))], (0, 5)),
    ];
    let plain = check_registers(&history, Assumptions::default()).expect("it meets the preconditions");
    assert_eq!(plain.verdict(Level::SnapshotIsolation), Verdict::NothingFound, "{plain}");
    for (linearizable_keys, sequential_keys) in [(true, false), (false, true)] {
        let assume = Assumptions { linearizable_keys, sequential_keys };
        let report = check_registers(&history, assume).expect("the assumption may be true");
        assert!(names(&report).contains(&"G-single"), "{report}");
        assert!(report.to_string().contains("keys are assumed"), "{report}");
    }
    // And it may be false: T3 reads the old version after T2 was done.
    let mut late = history;
    late[2].ops = vec![read(1)];
    (late[2].invoked, late[2].outcome) = (5, Outcome::Committed { completed: 6 });
    let assume = Assumptions { linearizable_keys: true, sequential_keys: false };
    let error = check_registers(&late, assume).expect_err("it is broken");
    assert!(matches!(error, Error::BrokenAssumption { assumption: Assumption::LinearizableKeys, .. }), "{error}");
    assert!(check_registers(&late, Assumptions { sequential_keys: true, ..Assumptions::default() }).is_ok());
}

#[test]
fn preconditions_are_checked_and_named() {
    let error = |history: &Lists| check_lists(history).expect_err("a precondition fails");
    let mut same = concurrent(vec![vec![], vec![]]);
    same[1].id = TransactionId(1);
    assert_eq!(error(&same), Error::SameId(TransactionId(1)));
    let mut tie = concurrent(vec![vec![], vec![]]);
    tie[1].invoked = 1;
    let (first, second) = (TransactionId(1), TransactionId(2));
    assert_eq!(error(&tie), Error::SameMoment { order: 1, first, second });
    let mut overlap = concurrent(vec![vec![], vec![]]);
    overlap[1].process = Process(1);
    assert_eq!(error(&overlap), Error::Overlap { process: Process(1), first, second });
    let backwards: Transaction<ListOp> = committed(1, 1, vec![], (5, 4));
    assert_eq!(error(&vec![backwards]), Error::Backwards(TransactionId(1)));
    let at_once: Transaction<ListOp> = committed(1, 1, vec![], (5, 5));
    assert_eq!(error(&vec![at_once]), Error::SameMoment { order: 5, first, second: first });
}

#[test]
fn keys_begin_empty() {
    let lists = concurrent(vec![vec![append(1, 1)], vec![read(1, &[7, 1])]]);
    let seen = vec![RegisterOp::Read { key: Key(1), value: Some(Some(Value(7))) }];
    let registers = [committed(1, 1, seen, (1, 2))];
    let reports = [check_lists(&lists), check_registers(&registers, Assumptions::default())];
    for report in reports.map(|report| report.expect("it meets the preconditions")) {
        assert_eq!(names(&report), ["garbage read"]);
        assert!(report.to_string().contains("keys begin empty"), "{report}");
    }
}

#[test]
fn a_key_whose_values_are_not_unique_is_left_out() {
    // Write skew on two keys, and on a third one two appends of 1.
    let skew = vec![vec![read(2, &[]), append(3, 1)], vec![read(3, &[]), append(2, 1)]];
    let twice = |mut transactions: Vec<Vec<ListOp>>| {
        transactions.iter_mut().for_each(|ops| ops.push(append(1, 1)));
        transactions.push(vec![read(1, &[1, 1])]);
        check_lists(&concurrent(transactions)).expect("it meets the preconditions")
    };
    let report = twice(skew);
    assert_eq!(names(&report), ["G2-item"]);
    let (first, second) = (TransactionId(1), TransactionId(2));
    assert_eq!(report.left_out(), [Ambiguous { key: Key(1), value: Value(1), first, second }]);
    assert!(Level::ALL.iter().all(|level| report.verdict(*level) != Verdict::Holds), "{report}");
    assert!(report.to_string().contains("1 was put into k1 by T1 and by T2"), "{report}");
    let nothing = twice(vec![vec![], vec![]]);
    assert!(Level::ALL.iter().all(|level| nothing.verdict(*level) == Verdict::NothingFound), "{nothing}");
}

#[test]
fn one_transaction_can_write_a_value_twice() {
    let history = concurrent(vec![vec![append(1, 1), append(2, 1), append(1, 1)]]);
    let report = check_lists(&history).expect("it meets the preconditions");
    let (first, second) = (TransactionId(1), TransactionId(1));
    assert_eq!(report.left_out(), [Ambiguous { key: Key(1), value: Value(1), first, second }]);
}

#[test]
fn the_order_of_two_unread_appends_matters_to_snapshots_alone() {
    let skew = || vec![vec![read(1, &[]), append(2, 1)], vec![read(2, &[]), append(1, 1)]];
    let with = |more: Vec<Vec<ListOp>>| check(&concurrent([skew(), more].concat()));
    assert_eq!(with(vec![vec![append(3, 1)]]).verdict(Level::SnapshotIsolation), Verdict::Holds);
    let two = with(vec![vec![append(3, 1)], vec![append(3, 2)]]);
    assert_eq!(two.verdict(Level::SnapshotIsolation), Verdict::NothingFound);
    assert_eq!(two.verdict(Level::ReadCommitted), Verdict::Holds);
}

#[test]
fn nothing_is_strictly_serializable() {
    assert_known(&Vec::new(), &[], &[Level::StrictSerializable]);
    let empty = check_registers(&[], Assumptions::default()).expect("it meets the preconditions");
    assert_eq!(empty.verdict(Level::StrictSerializable), Verdict::Holds);
}
