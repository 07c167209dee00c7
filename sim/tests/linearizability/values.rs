//! Values that tell who wrote them: what is decided of them without a search, compared with the slow twin on histories that are most likely wrong, but not by much.

use shaketable_sim::check::linearizable::{Verdict, decide};
use shaketable_sim::history::{Operation, Outcome};
use shaketable_sim::id::Key;
use shaketable_sim::rng::{Seed, Stream};
use shaketable_sim::spec::kv::{Action, Kv, Op, Ret};
use shaketable_sim::time::Ppm;

use crate::buffers::{Draft, by_monitor, drafted};
use crate::{brute, is_proved};

/// What random histories are made of: how many values there may be, how many swaps that find something else, how often an outcome is unknown.
#[derive(Clone, Copy)]
struct Mix {
    values: u64,
    misses: u64,
    unknown: Ppm,
}

/// A history in which each value is written at most once, by a write or by a swap of another value.
fn scattered(mix: Mix, rng: &mut Stream) -> Vec<Operation<Kv>> {
    let mut drafts: Vec<Draft<Kv>> = Vec::new();
    let mut add = |action, ret, from: u64, unknown: Ppm, rng: &mut Stream| {
        let ret = (!rng.chance(unknown)).then_some(ret);
        drafts.push(Draft { op: Op { key: Key::at(0), action }, ret, from, to: from + 1 + rng.below(10) });
    };
    let values = 1 + rng.below(mix.values);
    for value in 1..=values {
        let from = 2 * value + rng.below(12);
        let expect = rng.below(values + 1);
        match rng.below(8) {
            0 => {}
            1..4 => add(Action::Put(value), Ret::Done, from, mix.unknown, rng),
            _ => add(Action::Cas { expect, new: value }, Ret::Swapped(true), from, mix.unknown, rng),
        }
        for _ in 0..rng.below(3) {
            let from = (from + rng.below(14)).saturating_sub(2);
            add(Action::Get, Ret::Value(Some(value)), from, Ppm::ZERO, rng);
        }
    }
    if rng.below(4) == 0 {
        add(Action::Get, Ret::Value(None), rng.below(12), Ppm::ZERO, rng);
    }
    for miss in 0..rng.below(mix.misses + 1) {
        let swap = Action::Cas { expect: 1 + rng.below(values), new: 100 + miss };
        add(swap, Ret::Swapped(false), rng.below(30), Ppm::ZERO, rng);
    }
    drafted(drafts)
}

/// Compares many histories. Says how many of the right ones were not decided without a search, and of the wrong ones.
fn compare_scattered(count: u64, mix: Mix, name: &str) -> (u64, u64) {
    let (mut right, mut wrong, mut unclear) = (0, 0, [0, 0]);
    for seed in 0..count {
        let history = scattered(mix, &mut Seed(seed).stream(name));
        if history.len() > 8 {
            continue;
        }
        let expected = brute::is_linearizable(&history);
        match by_monitor(&history) {
            Some(found) => assert_eq!(found, expected, "{name}, seed {seed}: {history:#?}"),
            None => unclear[usize::from(!expected)] += 1,
        }
        assert_eq!(is_proved(&history), expected, "{name}, seed {seed}: {history:#?}");
        *(if expected { &mut right } else { &mut wrong }) += 1;
    }
    assert!(right > count / 8 && wrong > count / 8, "{name}: {right} right, {wrong} wrong");
    (unclear[0], unclear[1])
}

#[test]
fn values_that_tell_who_wrote_them_are_judged_without_a_search() {
    for (name, unknown) in [("values", 0), ("values, unknown", 25)] {
        let mix = Mix { values: 4, misses: 0, unknown: Ppm::percent(unknown) };
        assert_eq!(compare_scattered(4_000, mix, name), (0, 0), "{name}");
    }
}

/// A miss goes in where it can in one order of the others. That decides nearly all that are right; of those that are wrong, one in five is left to the search.
#[test]
fn swaps_that_find_something_else_are_seldom_left_to_the_search() {
    let mix = Mix { values: 3, misses: 3, unknown: Ppm::percent(10) };
    let (right, wrong) = compare_scattered(6_000, mix, "values, missed");
    assert!(right < 20 && wrong < 550, "{right} right and {wrong} wrong histories were not decided");
}

/// Those which a contradiction is told by are only those that it needs, however long the chains of swaps are that they belong to.
#[test]
fn a_contradiction_within_a_long_chain_of_swaps_is_told_by_few_of_them() {
    let step = |at: u32, action, ret| {
        let outcome = Outcome::Ok { ret, returned: crate::moment(2 * at + 1) };
        crate::operation::<Kv>(0, Op { key: Key::at(0), action }, 2 * at, outcome)
    };
    let put = step(0, Action::Put(0), Ret::Done);
    let swap = |at: u32| {
        let action = Action::Cas { expect: u64::from(at) - 1, new: at.into() };
        step(at, action, Ret::Swapped(true))
    };
    let mut history: Vec<_> = std::iter::once(put).chain((1..20).map(swap)).collect();
    for (late, most) in [(18, 3), (17, 4), (10, 11)] {
        history.push(step(20, Action::Get, Ret::Value(Some(late))));
        let Verdict::Violation { conflict, .. } = decide(&history, crate::AMPLE) else { panic!("{late} is gone") };
        assert!(conflict.len() <= most && conflict.contains(&20), "{late}: {conflict:?}");
        let told: Vec<_> = conflict.iter().map(|&place| history[place as usize].clone()).collect();
        assert!(matches!(decide(&told, crate::AMPLE), Verdict::Violation { .. }), "{late}: {conflict:?}");
        history.pop();
    }
}

#[test]
fn values_that_are_made_of_each_other_alone_contradict_each_other_and_nobody_else() {
    let swap = |at: u32, expect, new| {
        let outcome = Outcome::Ok { ret: Ret::Swapped(true), returned: crate::moment(20) };
        crate::operation::<Kv>(at as usize, Op { key: Key::at(0), action: Action::Cas { expect, new } }, at, outcome)
    };
    let put = crate::operation::<Kv>(9, Op { key: Key::at(0), action: Action::Put(9) }, 0, Outcome::Unknown);
    let history = [put, swap(1, 9, 5), swap(2, 1, 2), swap(3, 2, 3), swap(4, 3, 1), swap(5, 5, 6)];
    let Verdict::Violation { conflict, .. } = decide(&history, crate::AMPLE) else { panic!("nobody made 1 first") };
    assert_eq!(conflict, [2, 3, 4]);
}

#[test]
fn what_was_there_at_first_cannot_be_missed_while_it_is_there() {
    use shaketable_sim::spec::cell::{self, Cell};
    let step = |at: u32, action, ret| {
        let outcome = Outcome::Ok { ret, returned: crate::moment(at + 1) };
        crate::operation::<Cell>(0, cell::Op { key: Key::at(0), action }, at, outcome)
    };
    let miss = step(0, cell::Action::Cas { expect: None, new: Some(1) }, cell::Ret::Swapped(false));
    let history = [miss, step(2, cell::Action::Read, cell::Ret::Value(None))];
    assert_eq!(by_monitor(&history), Some(false));
}
