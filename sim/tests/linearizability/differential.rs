//! Thousands of random histories, half of them spoilt, compared with the slow twin.

use shaketable_sim::id::Key;
use shaketable_sim::rng::{Seed, Stream};
use shaketable_sim::spec::any::{self, Any};
use shaketable_sim::spec::unheard::{self, Unheard};
use shaketable_sim::spec::{Footprint, Spec, cell, consensus, counter, kv, list, register, string};
use shaketable_sim::time::Ppm;

use crate::generate::{Shape, history, key, spoil};
use crate::{brute, is_linearizable};

/// Compares `count` random histories of up to ten operations; says how many were linearizable, and how many not.
pub(crate) fn compare<S: Spec>(count: u64, name: &str, op: impl Fn(&mut Stream) -> S::Op) -> (u64, u64) {
    let (mut right, mut wrong) = (0, 0);
    for seed in 0..count {
        let mut rng = Seed(seed).stream(name);
        let shape = Shape {
            clients: rng.between(2, 5) as usize,
            operations: rng.between(3, 9) as usize,
            unknown: Ppm::percent(rng.below(3) as u32 * 12),
        };
        let mut history = history::<S>(shape, &mut rng, |_, rng| op(rng));
        for _ in 0..rng.below(9) {
            spoil(&mut history, &mut rng);
        }
        let expected = brute::is_linearizable(&history);
        assert_eq!(is_linearizable(&history), expected, "{name}, seed {seed}: {history:#?}");
        *(if expected { &mut right } else { &mut wrong }) += 1;
    }
    (right, wrong)
}

/// Asserts that both verdicts occurred often enough to mean something.
pub(crate) fn assert_both((right, wrong): (u64, u64)) {
    assert!(right > 500 && wrong > 500, "{right} histories were linearizable, {wrong} were not");
}

fn register(key: Key, values: u64, rng: &mut Stream) -> register::Op {
    let action = match rng.below(2) {
        0 => register::Action::Read,
        _ => register::Action::Write(rng.below(values)),
    };
    register::Op { key, action }
}

fn entry(key: Key, values: u64, rng: &mut Stream) -> kv::Op {
    let action = match rng.below(8) {
        0..=2 => kv::Action::Get,
        3 | 4 => kv::Action::Put(rng.below(values)),
        5 | 6 => kv::Action::Cas { expect: rng.below(values), new: rng.below(values) },
        _ => kv::Action::Delete,
    };
    kv::Op { key, action }
}

fn counter(key: Key, rng: &mut Stream) -> counter::Op {
    let action = match rng.below(2) {
        0 => counter::Action::Read,
        _ => counter::Action::Add(rng.below(3)),
    };
    counter::Op { key, action }
}

fn list(key: Key, rng: &mut Stream) -> list::Op {
    let action = match rng.below(2) {
        0 => list::Action::Read,
        _ => list::Action::Append(rng.below(3)),
    };
    list::Op { key, action }
}

#[test]
fn random_registers_of_few_values_are_judged_as_by_the_slow_twin() {
    assert_both(compare::<register::Register>(3_000, "few values", |rng| register(Key::at(0), 2, rng)));
}

#[test]
fn random_registers_of_many_values_are_judged_as_by_the_slow_twin() {
    assert_both(compare::<register::Register>(3_000, "many values", |rng| register(Key::at(0), 50, rng)));
}

#[test]
fn random_map_entries_of_few_values_are_judged_as_by_the_slow_twin() {
    assert_both(compare::<kv::Kv>(6_000, "kv", |rng| entry(Key::at(0), 2, rng)));
}

#[test]
fn random_map_entries_of_some_values_are_judged_as_by_the_slow_twin() {
    assert_both(compare::<kv::Kv>(6_000, "kv of some", |rng| entry(Key::at(0), 5, rng)));
}

#[test]
fn random_counters_are_judged_as_by_the_slow_twin() {
    assert_both(compare::<counter::Counter>(3_000, "counter", |rng| counter(Key::at(0), rng)));
}

#[test]
fn random_lists_are_judged_as_by_the_slow_twin() {
    assert_both(compare::<list::List>(3_000, "list", |rng| list(Key::at(0), rng)));
}

#[test]
fn random_consensus_objects_are_judged_as_by_the_slow_twin() {
    let propose = |rng: &mut Stream| consensus::Op { key: Key::at(0), propose: rng.below(4) };
    assert_both(compare::<consensus::Consensus>(3_000, "consensus", propose));
}

#[test]
fn random_cells_are_judged_as_by_the_slow_twin() {
    let held = |rng: &mut Stream| rng.below(3).checked_sub(1);
    assert_both(compare::<cell::Cell>(6_000, "cell", |rng| {
        let action = match rng.below(8) {
            0..=2 => cell::Action::Read,
            3..=5 => cell::Action::Write(held(rng)),
            _ => cell::Action::Cas { expect: held(rng), new: held(rng) },
        };
        cell::Op { key: Key::at(0), action }
    }));
}

#[test]
fn random_strings_are_judged_as_by_the_slow_twin() {
    assert_both(compare::<string::Str>(6_000, "string", |rng| {
        let text = |rng: &mut Stream| ["", "a", "b", "ab"][rng.below(4) as usize].into();
        let action = match rng.below(8) {
            0..=2 => string::Action::Get,
            3 | 4 => string::Action::Put(text(rng)),
            _ => string::Action::Append(text(rng)),
        };
        string::Op { key: Key::at(0), action }
    }));
}

#[test]
fn random_objects_some_of_whose_answers_were_not_kept_are_judged_as_by_the_slow_twin() {
    let heard = |rng: &mut Stream| rng.below(3) > 0;
    assert_both(compare::<Unheard<counter::Counter>>(6_000, "unheard counter", |rng| {
        let op = counter(Key::at(0), rng);
        unheard::Op { heard: counter::Counter::is_read(&op) || heard(rng), op }
    }));
    assert_both(compare::<Unheard<list::List>>(6_000, "unheard list", |rng| {
        let op = list(Key::at(0), rng);
        unheard::Op { heard: list::List::is_read(&op) || heard(rng), op }
    }));
    assert_both(compare::<Unheard<kv::Kv>>(6_000, "unheard kv", |rng| {
        let op = entry(Key::at(0), 2, rng);
        unheard::Op { heard: kv::Kv::is_read(&op) || heard(rng), op }
    }));
}

#[test]
fn random_services_of_several_objects_of_any_kind_are_judged_as_by_the_slow_twin() {
    assert_both(compare::<Any>(6_000, "any", |rng| {
        let key = key(4, rng);
        match key.index() {
            0 => any::Op::Register(register(key, 2, rng)),
            1 => any::Op::Kv(entry(key, 2, rng)),
            2 => any::Op::Counter(counter(key, rng)),
            _ => any::Op::List(list(key, rng)),
        }
    }));
}

/// A map entry that tells nothing about its operations: the search must do without.
#[derive(Clone, Debug)]
pub(crate) struct Taciturn;

impl Spec for Taciturn {
    type Op = kv::Op;
    type Ret = kv::Ret;
    type State = Option<u64>;

    fn key(op: &kv::Op) -> Key {
        kv::Kv::key(op)
    }

    fn apply(state: &mut Option<u64>, op: &kv::Op) -> kv::Ret {
        kv::Kv::apply(state, op)
    }

    fn is_read(op: &kv::Op) -> bool {
        kv::Kv::is_read(op)
    }
}

#[test]
fn random_objects_without_footprints_are_judged_as_by_the_slow_twin() {
    let op = entry(Key::at(0), 2, &mut Seed(0).stream("one"));
    assert_eq!(Taciturn::footprint(&op, None), Footprint::Unclear);
    assert_both(compare::<Taciturn>(6_000, "taciturn", |rng| entry(Key::at(0), 2, rng)));
}
