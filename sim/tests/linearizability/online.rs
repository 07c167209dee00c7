//! The check of a growing history, event by event, compared with the slow twin on every part of the history so far.

use shaketable_sim::check::linearizable::{Online, Watch};
use shaketable_sim::history::{Operation, Outcome};
use shaketable_sim::id::Key;
use shaketable_sim::rng::{Seed, Stream};
use shaketable_sim::spec::{Spec, counter, kv, list, register};
use shaketable_sim::time::Ppm;

use crate::brute;
use crate::generate::{Shape, history, spoil};

/// How many configurations of one object the tests allow.
const MOST: usize = 10_000;

/// The history as it was known right after the return at `order`.
fn so_far<S: Spec>(history: &[Operation<S>], order: u32) -> Vec<Operation<S>> {
    let begun = history.iter().filter(|operation| operation.invoked.order < order).cloned();
    let known = begun.map(|mut operation| {
        if matches!(&operation.outcome, Outcome::Ok { returned, .. } if returned.order > order) {
            operation.outcome = Outcome::Unknown;
        }
        operation
    });
    known.collect()
}

/// The order of the first return with which a history is not linearizable any more, by the slow twin.
fn first_violation<S: Spec>(history: &[Operation<S>]) -> Option<u32> {
    let mut returns: Vec<u32> = history.iter().filter_map(returned).collect();
    returns.sort_unstable();
    returns.into_iter().find(|&order| !brute::is_linearizable(&so_far(history, order)))
}

fn returned<S: Spec>(operation: &Operation<S>) -> Option<u32> {
    match &operation.outcome {
        Outcome::Ok { returned, .. } => Some(returned.order),
        Outcome::Failed | Outcome::Unknown => None,
    }
}

/// The order of the return at which the check on line reports a violation. Some of those that are never answered are said to be.
fn reported<S: Spec>(history: &[Operation<S>], rng: &mut Stream) -> Option<u32> {
    let mut events: Vec<(u32, u32, bool)> = Vec::new();
    for (place, operation) in (0..).zip(history) {
        events.push((operation.invoked.order, place, false));
        events.extend(returned(operation).map(|order| (order, place, true)));
    }
    events.sort_unstable();
    let mut online = Online::<S>::new(MOST);
    let mut unanswered = Vec::new();
    for (order, place, is_return) in events {
        let operation = &history[place as usize];
        match &operation.outcome {
            Outcome::Ok { ret, .. } if is_return => {
                if let Watch::Violation(before) = online.returned(place, ret) {
                    assert!(!before.is_empty(), "there was some way before");
                    return Some(order);
                }
            }
            Outcome::Ok { .. } => online.invoked(place, &operation.op),
            Outcome::Failed | Outcome::Unknown => {
                online.invoked(place, &operation.op);
                unanswered.push(place);
            }
        }
        if !unanswered.is_empty() && rng.chance(Ppm::percent(20)) {
            online.lost(unanswered.swap_remove(rng.below(unanswered.len() as u64) as usize));
        }
    }
    assert_eq!(online.given_up(), None);
    None
}

fn is_explained<S: Spec>(watch: &Watch<S>) -> bool {
    matches!(watch, Watch::Explained)
}

/// Compares `count` random histories of up to so many operations, most of them spoilt.
fn compare<S: Spec>(count: u64, longest: u64, name: &str, op: impl Fn(&mut Stream) -> S::Op) {
    let (mut right, mut wrong) = (0, 0);
    for seed in 0..count {
        let mut rng = Seed(seed).stream(name);
        let shape = Shape {
            clients: rng.between(2, 5) as usize,
            operations: rng.between(3, longest) as usize,
            unknown: Ppm::percent(rng.below(3) as u32 * 15),
        };
        let mut history = history::<S>(shape, &mut rng, |_, rng| op(rng));
        for _ in 0..rng.below(12) {
            spoil(&mut history, &mut rng);
        }
        let expected = first_violation(&history);
        assert_eq!(reported(&history, &mut rng), expected, "{name}, seed {seed}: {history:#?}");
        *(if expected.is_none() { &mut right } else { &mut wrong }) += 1;
    }
    assert!(right > count / 20 && wrong > count / 20, "{right} histories were linearizable, {wrong} were not");
}

#[test]
fn a_growing_history_of_a_register_fails_with_the_return_that_the_slow_twin_names() {
    compare::<register::Register>(2_000, 9, "online register", |rng| {
        let action = if rng.below(2) == 0 { register::Action::Read } else { register::Action::Write(rng.below(3)) };
        register::Op { key: Key::at(0), action }
    });
}

#[test]
fn a_growing_history_of_map_entries_fails_with_the_return_that_the_slow_twin_names() {
    compare::<kv::Kv>(3_000, 9, "online kv", |rng| {
        let action = match rng.below(6) {
            0 | 1 => kv::Action::Get,
            2 => kv::Action::Put(rng.below(3)),
            3 | 4 => kv::Action::Cas { expect: rng.below(3), new: rng.below(3) },
            _ => kv::Action::Delete,
        };
        kv::Op { key: Key::at(0), action }
    });
}

#[test]
fn growing_histories_of_counters_and_lists_fail_with_the_return_that_the_slow_twin_names() {
    compare::<counter::Counter>(2_000, 8, "online counter", |rng| {
        let action = if rng.below(2) == 0 { counter::Action::Read } else { counter::Action::Add(rng.below(3)) };
        counter::Op { key: Key::at(0), action }
    });
    compare::<list::List>(2_000, 7, "online list", |rng| {
        let action = if rng.below(2) == 0 { list::Action::Read } else { list::Action::Append(rng.below(3)) };
        list::Op { key: Key::at(0), action }
    });
}

#[test]
fn an_operation_that_failed_is_taken_back_and_what_needed_it_is_a_violation() {
    let op = |action| register::Op { key: Key::at(0), action };
    let begun = || {
        let mut online = Online::<register::Register>::new(MOST);
        online.invoked(0, &op(register::Action::Write(1)));
        online.invoked(1, &op(register::Action::Read));
        online
    };
    let mut seen = begun();
    assert!(is_explained(&seen.returned(1, &register::Ret::Value(Some(1)))));
    assert!(matches!(seen.failed(0), Watch::Violation(_)));
    let mut unseen = begun();
    assert!(is_explained(&unseen.returned(1, &register::Ret::Value(None))));
    assert!(is_explained(&unseen.failed(0)));
}

#[test]
fn an_object_that_can_be_in_too_many_configurations_is_given_up_and_says_nothing_more() {
    let mut online = Online::<list::List>::new(20);
    let op = |action| list::Op { key: Key::at(0), action };
    for place in 0..8 {
        online.invoked(place, &op(list::Action::Append(u64::from(place))));
    }
    assert_eq!(online.given_up(), None);
    assert!(is_explained(&online.returned(0, &list::Ret::Length(8))));
    assert_eq!(online.given_up(), Some(Key::at(0)));
    online.invoked(8, &op(list::Action::Read));
    assert!(is_explained(&online.returned(8, &list::Ret::Items(vec![77]))));
}

#[test]
fn of_several_open_operations_only_the_one_that_failed_is_taken_back() {
    let op = |action| register::Op { key: Key::at(0), action };
    let begun = || {
        let mut online = Online::<register::Register>::new(MOST);
        for (place, value) in [(0, 1), (1, 2)] {
            online.invoked(place, &op(register::Action::Write(value)));
        }
        for place in [2, 3] {
            online.invoked(place, &op(register::Action::Read));
        }
        assert!(is_explained(&online.failed(0)) && is_explained(&online.failed(2)));
        online
    };
    assert!(is_explained(&begun().returned(3, &register::Ret::Value(Some(2)))));
    assert!(is_explained(&begun().returned(3, &register::Ret::Value(None))));
    assert!(matches!(begun().returned(3, &register::Ret::Value(Some(1))), Watch::Violation(_)));
}

#[test]
fn the_configurations_of_an_object_are_told_and_what_is_lost_has_no_answer_in_them() {
    let op = |action| register::Op { key: Key::at(0), action };
    let mut online = Online::<register::Register>::new(MOST);
    assert!(online.configurations(Key::at(0)).is_none());
    online.invoked(0, &op(register::Action::Write(1)));
    online.invoked(1, &op(register::Action::Read));
    assert!(is_explained(&online.returned(1, &register::Ret::Value(Some(1)))));
    let told = |online: &Online<register::Register>| {
        let configurations = online.configurations(Key::at(0)).expect("somebody has asked for it");
        configurations.iter().map(|configuration| (configuration.state, configuration.done.clone())).collect::<Vec<_>>()
    };
    assert_eq!(told(&online), [(Some(1), vec![(0, Some(register::Ret::Done))])]);
    online.lost(0);
    assert_eq!(told(&online), [(Some(1), vec![(0, None)])]);
}

#[test]
fn as_many_configurations_as_may_be_are_kept_and_one_more_is_too_many() {
    for (most, given_up) in [(4, None), (3, Some(Key::at(0)))] {
        let mut online = Online::<register::Register>::new(most);
        for place in 0..3 {
            let action = register::Action::Write(u64::from(place));
            online.invoked(place, &register::Op { key: Key::at(0), action });
        }
        // Each of the others has been overwritten, or is yet to come.
        assert!(is_explained(&online.returned(2, &register::Ret::Done)));
        assert_eq!(online.given_up(), given_up);
    }
}
