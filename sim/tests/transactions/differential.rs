//! Random histories of lists: small ones beside the slow twins, large ones of databases whose level is known.

use shaketable_sim::check::transactions::{Key, Level, ListOp, Outcome, Transaction, Value, Verdict, check_lists};
use shaketable_sim::rng::{Seed, Stream};
use shaketable_sim::time::Ppm;

use crate::Lists;
use crate::engine::{Engine, Shape, read_all, run, spoil};
use crate::judge::{Counts, compare};

pub(crate) const ENGINES: [Engine; 9] = [
    Engine::Serial,
    Engine::OldReads { session: false },
    Engine::OldReads { session: true },
    Engine::Snapshot { old: false, session: false },
    Engine::Snapshot { old: true, session: false },
    Engine::Snapshot { old: true, session: true },
    Engine::Unguarded,
    Engine::ReadCommitted,
    Engine::Dirty,
];

/// A history of two to five transactions on one or two keys, of some engine, often spoilt.
pub(crate) fn small(rng: &mut Stream) -> Lists {
    let shape = Shape {
        processes: rng.between(1, 4),
        transactions: rng.between(2, 5) as usize,
        keys: rng.between(1, 2),
        ops: 3,
        aborts: Ppm::percent(rng.below(2) as u32 * 15),
        unknown: Ppm::percent(rng.below(2) as u32 * 20),
    };
    let engine = *rng.pick(&ENGINES).expect("there are engines");
    let mut history = run(engine, shape, rng);
    for _ in 0..rng.below(3) {
        spoil(&mut history, rng);
    }
    history
}

#[test]
fn small_histories_are_judged_as_by_the_slow_twins() {
    let mut counts = Counts::default();
    for seed in 0..40_000 {
        let mut history = small(&mut Seed(seed).stream("small"));
        // What every key began with is told by a first transaction, or everybody might have read garbage that was there before.
        nothing_there(&mut history);
        counts.add(&compare(&history));
    }
    counts.assert_both(900);
}

/// Adds a transaction at the beginning that sees that nothing is there yet.
fn nothing_there(history: &mut Lists) {
    let of = |key| ListOp::Read { key: Key(key), list: Some(Vec::new()) };
    for transaction in history.iter_mut() {
        transaction.invoked += 2;
        if let Outcome::Committed { completed } = &mut transaction.outcome {
            *completed += 2;
        }
    }
    history.insert(0, crate::committed(100, 100, vec![of(0), of(1)], (0, 1)));
}

/// The order of appends of which the longest list of a key is the beginning; those that nobody read come last, as they are in the history.
fn final_state(history: &[Transaction<ListOp>], key: Key) -> Vec<Value> {
    let mut longest: Vec<Value> = Vec::new();
    for op in history.iter().filter(|of| matches!(of.outcome, Outcome::Committed { .. })).flat_map(|of| &of.ops) {
        match op {
            ListOp::Read { key: of, list: Some(list) } if *of == key && list.len() > longest.len() => {
                longest.clone_from(list);
            }
            _ => {}
        }
    }
    for of in history.iter().filter(|of| matches!(of.outcome, Outcome::Committed { .. })) {
        for op in &of.ops {
            match op {
                ListOp::Append { key: of, value } if *of == key && !longest.contains(value) => longest.push(*value),
                _ => {}
            }
        }
    }
    longest
}

#[test]
fn with_final_reads_every_level_is_decided() {
    let mut counts = Counts::default();
    for seed in 0..20_000 {
        let mut history = small(&mut Seed(seed).stream("final"));
        nothing_there(&mut history);
        let state: Vec<Vec<Value>> = (0..2).map(|key| final_state(&history, Key(key))).collect();
        read_all(&mut history, 2, |key| state[key.0 as usize].clone());
        let report = compare(&history);
        for level in Level::ALL.into_iter().filter(|level| *level != Level::ReadUncommitted) {
            assert_ne!(report.verdict(level), Verdict::NothingFound, "{level}: {history:?}");
        }
        counts.add(&report);
    }
    counts.assert_both(500);
}

/// Counts of the levels of large histories of an engine.
fn survey(engine: Engine) -> Counts {
    let mut counts = Counts::default();
    for seed in 0..60 {
        let mut rng = Seed(seed).stream("survey");
        let shape = Shape {
            processes: rng.between(2, 8),
            transactions: 300,
            keys: rng.between(2, 5),
            ops: 4,
            aborts: Ppm::percent(5),
            unknown: Ppm::percent(5),
        };
        let history = run(engine, shape, &mut rng);
        counts.add(&check_lists(&history).expect("it meets the preconditions"));
    }
    counts
}

/// Asserts that an engine keeps some levels always, and loses some others in almost every run.
fn assert_level(engine: Engine, kept: &[Level], lost: &[Level]) {
    let counts = survey(engine);
    for level in Level::ALL {
        let count = counts.of(level);
        if kept.iter().any(|kept| kept.implies(level)) {
            assert_eq!(count.violated, 0, "{engine:?} is {level}: {count:?}");
        }
        if lost.iter().any(|lost| level.implies(*lost)) {
            assert!(count.violated >= 50, "{engine:?} is not {level}: {count:?}");
        }
    }
}

#[test]
fn a_serial_database_is_strictly_serializable() {
    assert_level(Engine::Serial, &[Level::StrictSerializable], &[]);
    let counts = survey(Engine::Serial);
    assert_eq!(counts.of(Level::StrictSerializable).holds, 60, "it is decided each time");
}

#[test]
fn old_reads_are_serializable_and_no_more() {
    let lost = [Level::StrongSessionSnapshotIsolation];
    assert_level(Engine::OldReads { session: false }, &[Level::Serializable], &lost);
}

#[test]
fn old_reads_that_respect_sessions_are_not_strict() {
    let lost = [Level::StrongSnapshotIsolation];
    assert_level(Engine::OldReads { session: true }, &[Level::StrongSessionSerializable], &lost);
}

#[test]
fn snapshots_are_not_serializable() {
    let lost = [Level::RepeatableRead];
    let engine = |old, session| Engine::Snapshot { old, session };
    assert_level(engine(false, false), &[Level::StrongSnapshotIsolation], &lost);
    let lost = [Level::RepeatableRead, Level::StrongSnapshotIsolation];
    assert_level(engine(true, true), &[Level::StrongSessionSnapshotIsolation], &lost);
    let lost = [Level::RepeatableRead, Level::StrongSessionSnapshotIsolation];
    assert_level(engine(true, false), &[Level::SnapshotIsolation], &lost);
}

#[test]
fn snapshots_without_first_committer_wins_are_read_committed() {
    let lost = [Level::RepeatableRead, Level::SnapshotIsolation];
    assert_level(Engine::Unguarded, &[Level::ReadCommitted], &lost);
}

#[test]
fn reading_what_is_committed_is_read_committed() {
    let lost = [Level::RepeatableRead, Level::SnapshotIsolation];
    assert_level(Engine::ReadCommitted, &[Level::ReadCommitted], &lost);
}

#[test]
fn reading_what_is_not_committed_is_not() {
    assert_level(Engine::Dirty, &[], &[Level::ReadCommitted]);
}

#[test]
fn the_same_history_has_the_same_report() {
    let history = run(
        Engine::Dirty,
        Shape { processes: 6, transactions: 400, keys: 4, ops: 4, aborts: Ppm::percent(5), unknown: Ppm::percent(5) },
        &mut Seed(7).stream("same"),
    );
    let report = check_lists(&history).expect("it meets the preconditions");
    assert!(report.findings().len() > 5, "{report}");
    assert_eq!(report, check_lists(&history).expect("it meets the preconditions"));
}
