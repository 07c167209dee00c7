//! Sets, priority queues, semaphores and maps with transactions, compared with the slow twin.

use shaketable_sim::check::linearizable::{Budget, Verdict, decide};
use shaketable_sim::id::Key;
use shaketable_sim::rng::{Seed, Stream};
use shaketable_sim::spec::map::{self, Map, Step};
use shaketable_sim::spec::priority::{self, PriorityQueue};
use shaketable_sim::spec::semaphore::{self, Semaphore};
use shaketable_sim::spec::set::{self, Set};
use shaketable_sim::spec::unheard::{self, Unheard};
use shaketable_sim::spec::{Spec, queue};
use shaketable_sim::time::Ppm;

use crate::differential::{assert_both, compare};
use crate::exhaustive::{Fate, compare_all};
use crate::generate::{Shape, history, key, spoil};
use crate::{is_linearizable, is_proved};

fn set(key: Key, elements: u64, reads: bool, rng: &mut Stream) -> set::Op {
    let element = rng.below(elements);
    let action = match rng.below(if reads { 7 } else { 6 }) {
        0 | 1 => set::Action::Add(element),
        2 | 3 => set::Action::Remove(element),
        4 | 5 => set::Action::Contains(element),
        _ => set::Action::Read,
    };
    set::Op { key, action }
}

#[test]
fn every_history_of_four_operations_on_a_set_is_judged_as_by_the_slow_twin() {
    use set::{Action, Op, Ret};
    let op = |action| Op { key: Key::at(0), action };
    let mut kinds = Vec::new();
    for element in [1, 2] {
        for answer in [true, false] {
            kinds.push((op(Action::Add(element)), Fate::Answered(Ret::Bool(answer))));
            kinds.push((op(Action::Contains(element)), Fate::Answered(Ret::Bool(answer))));
        }
        kinds.push((op(Action::Remove(element)), Fate::Answered(Ret::Bool(true))));
        kinds.push((op(Action::Add(element)), Fate::Unanswered));
    }
    kinds.push((op(Action::Remove(1)), Fate::Unanswered));
    let apart = [2, 3, 4].map(|size| compare_all::<Set>(size, &kinds).histories);
    assert_eq!(apart, [13 * 23, 13 * 23 * 33, 13 * 23 * 33 * 43]);
    for elements in [&[][..], &[1], &[1, 2]] {
        kinds.push((op(Action::Read), Fate::Answered(Ret::Elements(elements.iter().copied().collect()))));
    }
    assert_eq!(compare_all::<Set>(3, &kinds).histories, 16 * 29 * 42);
}

#[test]
fn every_history_of_four_operations_on_a_semaphore_is_judged_as_by_the_slow_twin() {
    use semaphore::{Action, Op, Ret};
    let op = |action| Op { key: Key::at(0), action };
    let mut kinds = vec![(op(Action::Init(2)), Fate::Answered(Ret(true)))];
    for holder in [1, 2] {
        for answer in [true, false] {
            kinds.push((op(Action::Acquire(holder)), Fate::Answered(Ret(answer))));
        }
        kinds.push((op(Action::Release(holder)), Fate::Answered(Ret(true))));
        kinds.push((op(Action::Release(holder)), Fate::Unanswered));
    }
    kinds.push((op(Action::Acquire(1)), Fate::Unanswered));
    let compared = [3, 4].map(|size| compare_all::<Semaphore>(size, &kinds).histories);
    assert_eq!(compared, [10 * 17 * 24, 10 * 17 * 24 * 31]);
}

#[test]
fn random_sets_are_judged_as_by_the_slow_twin() {
    for reads in [false, true] {
        assert_both(compare::<Set>(6_000, "set", |rng| set(key(2, rng), 3, reads, rng)));
        assert_both(compare::<Unheard<Set>>(6_000, "unheard set", |rng| {
            let op = set(Key::at(0), 2, reads, rng);
            unheard::Op { heard: Set::is_read(&op) || rng.below(2) > 0, op }
        }));
    }
}

#[test]
fn random_priority_queues_are_judged_as_by_the_slow_twin() {
    assert_both(compare::<PriorityQueue>(6_000, "priority", |rng| {
        let action = match rng.below(2) {
            0 => priority::Action::Insert { priority: rng.below(3), value: rng.below(50) },
            _ => priority::Action::TakeMin,
        };
        priority::Op { key: Key::at(0), action }
    }));
}

#[test]
fn random_semaphores_are_judged_as_by_the_slow_twin() {
    assert_both(compare::<Semaphore>(6_000, "semaphore", |rng| {
        let action = match rng.below(9) {
            0 => semaphore::Action::Init(rng.below(4)),
            1..=4 => semaphore::Action::Acquire(rng.below(3)),
            _ => semaphore::Action::Release(rng.below(3)),
        };
        semaphore::Op { key: Key::at(0), action }
    }));
}

/// Transactions of up to this many steps. Those of one step are about one entry each, so that entries stay apart.
fn transaction(steps: u64, rng: &mut Stream) -> map::Op {
    let step = |rng: &mut Stream| match rng.below(2) {
        0 => Step::Read(rng.below(2)),
        _ => Step::Write(rng.below(2), rng.below(3)),
    };
    map::Op { key: Key::at(0), steps: (0..1 + rng.below(steps)).map(|_| step(rng)).collect() }
}

#[test]
fn random_transactions_are_judged_as_by_the_slow_twin() {
    for steps in [1, 3] {
        assert_both(compare::<Map>(6_000, "map", |rng| transaction(steps, rng)));
    }
}

#[test]
fn an_object_is_split_only_if_all_that_is_asked_of_it_is_about_a_part() {
    assert_eq!(set::Set::part(&set::Op { key: Key::at(0), action: set::Action::Read }), None);
    assert_eq!(set::Set::part(&set::Op { key: Key::at(0), action: set::Action::Contains(7) }), Some(7));
    let steps = |steps: &[Step]| Map::part(&map::Op { key: Key::at(0), steps: steps.to_vec() });
    assert_eq!(steps(&[Step::Read(1), Step::Write(1, 2)]), Some(1));
    assert_eq!(steps(&[Step::Read(1), Step::Write(2, 2)]), None);
    assert_eq!(steps(&[]), None);
    assert_eq!(queue::Queue::part(&queue::Op { key: Key::at(0), action: queue::Action::Dequeue }), None);
}

#[test]
fn a_long_history_of_a_set_takes_few_states_and_is_explained_by_one_element() {
    let shape = Shape { clients: 16, operations: 20_000, unknown: Ppm::percent(1) };
    for (seed, elements) in [(0, 10), (1, 1_000), (2, 100_000)] {
        let mut rng = Seed(seed).stream("long set");
        let mut history = history::<Set>(shape, &mut rng, |_, rng| set(Key::at(0), elements, false, rng));
        assert!(is_proved(&history));
        let Verdict::Linearizable(proof) = decide(&history, Budget { states: 200_000, bytes: 4_000_000 }) else {
            panic!("{elements} elements do not fit the budget");
        };
        assert!(proof.states >= 5_000, "{} states cannot have placed all changes", proof.states);
        while is_proved(&history) {
            spoil(&mut history[15_000..], &mut rng);
        }
        assert!(!is_linearizable(&history), "{elements} elements");
    }
}
