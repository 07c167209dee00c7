//! Registers: what the check reports is so, though it may miss what nobody can see.

use std::collections::{BTreeMap, BTreeSet};

use shaketable_sim::check::transactions::{
    Assumption, Assumptions, Error, Key, Level, Outcome, RegisterOp, Report, Transaction, TransactionId, Value,
    Verdict, check_registers,
};
use shaketable_sim::rng::{Seed, Stream};
use shaketable_sim::time::Ppm;

use crate::brute::{self, State, precedes};
use crate::differential::{ENGINES, small};
use crate::engine::{Engine, Shape, run, spoil};
use crate::evidence::assert_true;
use crate::judge::Counts;
use crate::{Registers, as_registers, inferred, singles};

/// Levels at which transactions are executed whole.
const EXECUTED: [Level; 7] = [
    Level::RepeatableRead,
    Level::SnapshotIsolation,
    Level::Serializable,
    Level::StrongSessionSnapshotIsolation,
    Level::StrongSessionSerializable,
    Level::StrongSnapshotIsolation,
    Level::StrictSerializable,
];

/// A small history of registers in which each was nil at first.
fn history(rng: &mut Stream) -> Registers {
    as_registers(&small(rng))
}

/// The versions that transactions met: key, place in the order of its versions (0 is nil), transaction.
fn met(history: &[Transaction<RegisterOp>], state: &State) -> Vec<(Key, usize, usize)> {
    let mut met = Vec::new();
    let wrote = |op: &RegisterOp| match op {
        RegisterOp::Write { key, value } => state.get(key).is_some_and(|order| order.contains(value)),
        RegisterOp::Read { .. } => false,
    };
    // Who aborted met nothing; nor who may have and whose writes are not there.
    let committed = |of: &Transaction<RegisterOp>| match of.outcome {
        Outcome::Committed { .. } => true,
        Outcome::Unknown => of.ops.iter().any(wrote),
        Outcome::Aborted => false,
    };
    for (at, of) in history.iter().enumerate().filter(|(_, of)| committed(of)) {
        let mut own: BTreeSet<Key> = BTreeSet::new();
        for (place, op) in of.ops.iter().enumerate() {
            let (key, value) = match op {
                RegisterOp::Read { key, value: Some(value) } if !own.contains(key) => (key, *value),
                RegisterOp::Read { .. } => continue,
                RegisterOp::Write { key, value } => {
                    own.insert(*key);
                    let again = |op: &RegisterOp| matches!(op, RegisterOp::Write { key: of, .. } if of == key);
                    // What it replaces itself is no version.
                    if of.ops[place + 1..].iter().any(again) {
                        continue;
                    }
                    (key, Some(*value))
                }
            };
            let order = state.get(key).map(Vec::as_slice).unwrap_or_default();
            match value {
                None => met.push((*key, 0, at)),
                // Who is left out has written nothing.
                Some(value) => {
                    let place = order.iter().position(|other| *other == value);
                    met.extend(place.map(|place| (*key, place + 1, at)));
                }
            }
        }
    }
    met
}

/// Whether the order of versions in a final state is what the assumptions say of single keys.
fn agrees(assume: Assumptions, history: &[Transaction<RegisterOp>], state: &State) -> bool {
    let met = met(history, state);
    let level = if assume.linearizable_keys { Level::StrictSerializable } else { Level::StrongSessionSerializable };
    met.iter().all(|&(key, version, one)| {
        let others = met.iter().filter(|(of, ..)| *of == key);
        others
            .filter(|&&(.., other)| precedes(level, &history[one], &history[other]))
            .all(|&(_, later, _)| version <= later)
    })
}

fn compare(history: &[Transaction<RegisterOp>], assume: Assumptions) -> Option<Report> {
    let accept = |state: &State| assume == Assumptions::default() || agrees(assume, history, state);
    let checked = check_registers(history, assume);
    inferred::assert_same(checked.as_ref(), history, assume);
    match checked {
        Ok(report) => {
            for level in EXECUTED {
                let verdict = report.verdict(level);
                let twin = brute::has(level, history, &accept);
                match verdict {
                    Verdict::Holds => assert!(twin, "{level} does not hold: {history:?}"),
                    Verdict::Violated(finding) => assert!(!twin, "{level} holds, not {finding}: {history:?}"),
                    Verdict::NothingFound => {}
                }
            }
            report.findings().iter().for_each(|finding| assert_true(finding, history));
            singles::assert_those_of_registers(&report, history);
            Some(report)
        }
        Err(Error::BrokenAssumption { .. }) => {
            assert!(assume != Assumptions::default());
            assert!(!brute::has(Level::RepeatableRead, history, &accept), "the assumption may hold: {history:?}");
            None
        }
        Err(error) => panic!("{error}: {history:?}"),
    }
}

#[test]
fn what_is_reported_is_so() {
    let mut counts = Counts::default();
    for seed in 0..30_000 {
        let history = history(&mut Seed(seed).stream("registers"));
        if let Some(report) = compare(&history, Assumptions::default()) {
            counts.add(&report);
        }
    }
    for level in EXECUTED {
        let count = counts.of(level);
        assert!(count.holds > 3_000 && count.violated > 3_000 && count.open > 1_000, "{level}: {count:?}");
    }
}

#[test]
fn what_is_reported_under_an_assumption_is_so_if_that_is() {
    for assume in [
        Assumptions { linearizable_keys: true, sequential_keys: false },
        Assumptions { linearizable_keys: false, sequential_keys: true },
    ] {
        let (mut reports, mut broken, mut more) = (0, 0, 0);
        for seed in 0..20_000 {
            let history = history(&mut Seed(seed).stream("assumed"));
            match compare(&history, assume) {
                Some(report) => {
                    reports += 1;
                    let plain = check_registers(&history, Assumptions::default()).expect("it was checked");
                    more += u64::from(report.strongest() != plain.strongest());
                }
                None => broken += 1,
            }
        }
        assert!(reports > 5_000 && broken > 500 && more > 50, "{assume:?}: {reports} {broken} {more}");
    }
}

/// All histories of two or three transactions that read and write two registers, with all answers.
#[test]
fn what_is_reported_of_all_histories_of_some_forms_is_so() {
    let write = |key, value| RegisterOp::Write { key: Key(key), value: Value(value) };
    let mut compared = 0;
    // Each transaction reads one register and writes one; 4 forms, three transactions, and any of 4 answers for each read.
    for code in 0..4_u64.pow(6) {
        let digit = |at: u32| code / 4_u64.pow(at) % 4;
        let transaction = |at: u64| {
            let (form, answer) = (digit(at as u32), digit(at as u32 + 3));
            let value = Some((answer > 0).then_some(Value(answer)));
            let ops = vec![RegisterOp::Read { key: Key(form % 2), value }, write(form / 2, at + 1)];
            crate::committed(at, at % 2, ops, (10 * at, if at == 0 { 15 } else { 10 * at + 7 }))
        };
        let history: Registers = (0..3).map(transaction).collect();
        if compare(&history, Assumptions::default()).is_some() {
            compared += 1;
        }
    }
    assert!(compared > 2_000, "{compared}");
}

#[test]
fn databases_keep_their_levels_and_lose_others() {
    let shape = |rng: &mut Stream| Shape {
        processes: rng.between(2, 6),
        transactions: 200,
        keys: rng.between(2, 4),
        ops: 4,
        aborts: Ppm::percent(5),
        unknown: Ppm::percent(5),
    };
    let mut violated: BTreeMap<String, [u64; Level::ALL.len()]> = BTreeMap::new();
    for engine in ENGINES {
        for seed in 0..30 {
            let mut rng = Seed(seed).stream("register engines");
            let shape = shape(&mut rng);
            let history = as_registers(&run(engine, shape, &mut rng));
            // Only a database without old reads has linearizable keys; others are not said to have them.
            let linearizable_keys = engine == Engine::Serial;
            let report = check_registers(&history, Assumptions { linearizable_keys, sequential_keys: false })
                .expect("the assumption is true");
            for (at, level) in Level::ALL.into_iter().enumerate() {
                let count = &mut violated.entry(format!("{engine:?}")).or_default()[at];
                *count += u64::from(matches!(report.verdict(level), Verdict::Violated(_)));
            }
        }
    }
    let of = |engine: Engine, level: Level| {
        let at = Level::ALL.iter().position(|other| *other == level).expect("it is a level");
        violated[&format!("{engine:?}")][at]
    };
    assert_eq!(of(Engine::Serial, Level::StrictSerializable), 0);
    assert_eq!(of(Engine::OldReads { session: false }, Level::Serializable), 0);
    assert_eq!(of(Engine::OldReads { session: true }, Level::StrongSessionSerializable), 0);
    assert!(of(Engine::OldReads { session: true }, Level::StrictSerializable) > 20);
    let snapshot = Engine::Snapshot { old: false, session: false };
    assert_eq!(of(snapshot, Level::StrongSnapshotIsolation), 0);
    assert!(of(snapshot, Level::Serializable) >= 5, "{violated:?}");
    assert_eq!(of(Engine::ReadCommitted, Level::ReadCommitted), 0);
    assert!(of(Engine::ReadCommitted, Level::RepeatableRead) > 20);
    assert!(of(Engine::Dirty, Level::ReadCommitted) > 20);
}

#[test]
fn a_serial_history_that_was_spoilt_is_often_found_out() {
    let mut found = 0;
    for seed in 0..200 {
        let mut rng = Seed(seed).stream("spoilt registers");
        let shape = Shape { processes: 4, transactions: 100, keys: 3, ops: 4, aborts: Ppm::ZERO, unknown: Ppm::ZERO };
        let mut lists = run(Engine::Serial, shape, &mut rng);
        (0..10).for_each(|_| spoil(&mut lists, &mut rng));
        let report = check_registers(&as_registers(&lists), Assumptions::default());
        found += u64::from(report.is_ok_and(|report| !report.findings().is_empty()));
    }
    assert!(found > 150, "{found}");
}

/// It reads a version, replaces it, and then finds it again: so its key is not sequential, whoever is to blame.
#[test]
fn a_process_that_goes_back_to_what_it_replaced_breaks_the_assumption() {
    let write = |value| RegisterOp::Write { key: Key(0), value: Value(value) };
    let read = |value| RegisterOp::Read { key: Key(0), value: Some(Some(Value(value))) };
    let history = [
        crate::committed(1, 1, vec![write(1)], (1, 2)),
        crate::committed(2, 1, vec![read(1), write(2)], (3, 4)),
        crate::committed(3, 1, vec![read(1)], (5, 6)),
    ];
    let assume = Assumptions { sequential_keys: true, ..Assumptions::default() };
    let error = check_registers(&history, assume).expect_err("it is broken");
    let ids = [1, 2].map(TransactionId);
    assert_eq!(
        error,
        Error::BrokenAssumption { assumption: Assumption::SequentialKeys, key: Key(0), first: ids[0], second: ids[1] }
    );
}
