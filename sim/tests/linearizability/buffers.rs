//! Queues and stacks: the monitors, compared with the slow twin on all small histories and on very many random ones.

use shaketable_sim::check::linearizable::{Budget, Verdict, decide};
use shaketable_sim::history::{Operation, Outcome};
use shaketable_sim::id::Key;
use shaketable_sim::rng::{Seed, Stream};
use shaketable_sim::spec::unheard::{self, Unheard};
use shaketable_sim::spec::{Spec, queue, stack};
use shaketable_sim::time::Ppm;

use crate::differential::{assert_both, compare};
use crate::exhaustive::{Fate, compare_all};
use crate::generate::{Shape, history, spoil};
use crate::{AMPLE, brute, is_linearizable, is_proved, moment, operation, verify};

/// A queue or a stack, as the tests of both see it.
trait Buffer: Spec {
    fn put(value: u64) -> Self::Op;
    fn done() -> Self::Ret;
    fn take() -> Self::Op;
    fn taken(value: Option<u64>) -> Self::Ret;
}

impl Buffer for queue::Queue {
    fn put(value: u64) -> queue::Op {
        queue::Op { key: Key::at(0), action: queue::Action::Enqueue(value) }
    }
    fn done() -> queue::Ret {
        queue::Ret::Done
    }
    fn take() -> queue::Op {
        queue::Op { key: Key::at(0), action: queue::Action::Dequeue }
    }
    fn taken(value: Option<u64>) -> queue::Ret {
        queue::Ret::Value(value)
    }
}

impl Buffer for stack::Stack {
    fn put(value: u64) -> stack::Op {
        stack::Op { key: Key::at(0), action: stack::Action::Push(value) }
    }
    fn done() -> stack::Ret {
        stack::Ret::Done
    }
    fn take() -> stack::Op {
        stack::Op { key: Key::at(0), action: stack::Action::Pop }
    }
    fn taken(value: Option<u64>) -> stack::Ret {
        stack::Ret::Value(value)
    }
}

/// Answered operations on values up to this, and with `unknown` those of unknown outcome.
fn kinds<S: Buffer>(values: u64, unknown: bool) -> Vec<(S::Op, Fate<S::Ret>)> {
    let mut kinds = vec![(S::take(), Fate::Answered(S::taken(None)))];
    for value in 1..=values {
        kinds.push((S::put(value), Fate::Answered(S::done())));
        kinds.push((S::take(), Fate::Answered(S::taken(Some(value)))));
        if unknown {
            kinds.push((S::put(value), Fate::Unanswered));
        }
    }
    if unknown {
        kinds.push((S::take(), Fate::Unanswered));
    }
    kinds
}

fn compare_all_small<S: Buffer>() {
    let answered = compare_all::<S>(5, &kinds::<S>(2, false));
    assert_eq!(answered.histories, 5_u64.pow(5) * 120);
    let unknown = [1, 2, 3, 4].map(|size| compare_all::<S>(size, &kinds::<S>(2, true)).histories);
    assert_eq!(unknown, [8, 8 * 13, 8 * 13 * 18, 8 * 13 * 18 * 23]);
    assert!(answered.linearizable > 5_000, "{answered:?}");
}

#[test]
fn every_history_of_five_operations_on_a_queue_is_judged_as_by_the_slow_twin() {
    compare_all_small::<queue::Queue>();
}

#[test]
fn every_history_of_five_operations_on_a_stack_is_judged_as_by_the_slow_twin() {
    compare_all_small::<stack::Stack>();
}

/// What random histories are made of.
#[derive(Clone, Copy)]
struct Mix {
    values: u64,
    empties: u64,
    /// How often a put or a take is of unknown outcome.
    unknown: Ppm,
}

/// An operation of a history that is not yet one: with its answer, if it has one, and about when it begins and ends.
pub(crate) struct Draft<S: Spec> {
    pub(crate) op: S::Op,
    pub(crate) ret: Option<S::Ret>,
    pub(crate) from: u64,
    pub(crate) to: u64,
}

/// A history of any operations at any times, in which each value is put in at most once: most likely wrong, but not by much.
fn scattered<S: Buffer>(mix: Mix, rng: &mut Stream) -> Vec<Operation<S>> {
    let mut drafts: Vec<Draft<S>> = Vec::new();
    let mut add = |op, ret, from: u64, unknown: Ppm, rng: &mut Stream| {
        let ret = (!rng.chance(unknown)).then_some(ret);
        drafts.push(Draft { op, ret, from, to: from + 1 + rng.below(12) });
    };
    for value in 0..1 + rng.below(mix.values) {
        let from = rng.below(30);
        if rng.below(20) > 0 {
            add(S::put(value), S::done(), from, mix.unknown, rng);
        }
        if rng.below(5) > 0 {
            let from = (from + rng.below(20)).saturating_sub(2);
            add(S::take(), S::taken(Some(value)), from, mix.unknown, rng);
        }
    }
    for _ in 0..rng.below(mix.empties + 1) {
        let from = rng.below(40);
        add(S::take(), S::taken(None), from, Ppm::ZERO, rng);
    }
    drafted(drafts)
}

/// The history of these operations. What happens at once follows each other.
pub(crate) fn drafted<S: Spec>(drafts: Vec<Draft<S>>) -> Vec<Operation<S>> {
    let ends = drafts.iter().enumerate().flat_map(|(place, draft)| [(draft.from, place, 0), (draft.to, place, 1)]);
    let mut events: Vec<(u64, usize, u8)> = ends.collect();
    events.sort_unstable();
    let at = |place, end| {
        let found = events.iter().position(|&(_, other, which)| (other, which) == (place, end));
        found.expect("each is there") as u32
    };
    let of = |(place, draft): (usize, Draft<S>)| {
        let outcome = match draft.ret {
            Some(ret) => Outcome::Ok { ret, returned: moment(at(place, 1)) },
            None => Outcome::Unknown,
        };
        operation(place, draft.op, at(place, 0), outcome)
    };
    let mut history: Vec<Operation<S>> = drafts.into_iter().enumerate().map(of).collect();
    history.sort_by_key(|operation| operation.invoked);
    history
}

/// Whether a monitor finds a history linearizable, if it finds anything. A proof must hold.
pub(crate) fn by_monitor<S: Spec>(history: &[Operation<S>]) -> Option<bool> {
    match decide(history, Budget { states: 0, ..AMPLE }) {
        Verdict::Linearizable(proof) => {
            verify::assert_explains(history, &proof.order);
            Some(true)
        }
        Verdict::Violation { conflict, .. } => {
            let lost = |operation: &Operation<S>| operation.outcome == Outcome::Unknown;
            assert!(!conflict.is_empty() || history.iter().any(lost), "it says which calls contradict each other");
            Some(false)
        }
        Verdict::Inconclusive(_) => None,
    }
}

/// Compares many histories in which each value is put in at most once. Says how many were right, wrong, and not decided by the monitor.
fn compare_scattered<S: Buffer>(count: u64, mix: Mix, name: &str) -> (u64, u64, u64) {
    let (mut right, mut wrong, mut unclear) = (0, 0, 0);
    for seed in 0..count {
        let history = scattered::<S>(mix, &mut Seed(seed).stream(name));
        let expected = brute::is_linearizable(&history);
        match by_monitor(&history) {
            Some(found) => assert_eq!(found, expected, "{name}, seed {seed}: {history:#?}"),
            None => unclear += 1,
        }
        assert_eq!(is_proved(&history), expected, "{name}, seed {seed}: {history:#?}");
        if !expected && seed % 50 == 0 {
            assert!(!is_linearizable(&history), "{name}, seed {seed}");
        }
        *(if expected { &mut right } else { &mut wrong }) += 1;
    }
    (right, wrong, unclear)
}

/// Where all is known of takes, the monitor decides. Else it may have to leave a history to the search, if hardly ever.
fn assert_decided<S: Buffer>(name: &str) {
    let answered = Mix { values: 4, empties: 2, unknown: Ppm::ZERO };
    let (right, wrong, unclear) = compare_scattered::<S>(60_000, answered, name);
    assert!(right > 5_000 && wrong > 5_000, "{right} right, {wrong} wrong");
    assert_eq!(unclear, 0, "all is known");
    let unknown = Mix { unknown: Ppm::percent(20), ..answered };
    let (right, wrong, unclear) = compare_scattered::<S>(30_000, unknown, &format!("{name}, unknown"));
    assert!(right > 5_000 && wrong > 5_000, "{right} right, {wrong} wrong");
    assert!(unclear < 15, "{unclear} of 30,000 were not decided by the monitor");
}

#[test]
fn the_monitor_of_queues_judges_as_the_slow_twin() {
    assert_decided::<queue::Queue>("queue");
}

#[test]
fn the_monitor_of_stacks_judges_as_the_slow_twin() {
    assert_decided::<stack::Stack>("stack");
}

/// Without anybody who finds it empty, nothing is unclear of a queue, whatever is unknown.
#[test]
fn the_monitor_of_queues_decides_all_histories_in_which_none_is_found_empty() {
    let mix = Mix { values: 5, empties: 0, unknown: Ppm::percent(25) };
    let (right, wrong, unclear) = compare_scattered::<queue::Queue>(20_000, mix, "queue, never empty");
    assert!(right > 3_000 && wrong > 3_000, "{right} right, {wrong} wrong");
    assert_eq!(unclear, 0);
}

/// An operation on one of a few values, or on one of many.
fn any<S: Buffer>(values: u64, rng: &mut Stream) -> S::Op {
    match rng.below(2) {
        0 => S::put(rng.below(values)),
        _ => S::take(),
    }
}

#[test]
fn random_queues_and_stacks_are_judged_as_by_the_slow_twin() {
    for values in [2, 50] {
        assert_both(compare::<queue::Queue>(4_000, "queue", |rng| any::<queue::Queue>(values, rng)));
        assert_both(compare::<stack::Stack>(4_000, "stack", |rng| any::<stack::Stack>(values, rng)));
    }
}

#[test]
fn random_queues_and_stacks_some_of_whose_answers_were_not_kept_are_judged_as_by_the_slow_twin() {
    assert_both(compare::<Unheard<queue::Queue>>(4_000, "unheard queue", |rng| unheard::Op {
        op: any::<queue::Queue>(50, rng),
        heard: rng.below(4) > 0,
    }));
    assert_both(compare::<Unheard<stack::Stack>>(4_000, "unheard stack", |rng| unheard::Op {
        op: any::<stack::Stack>(50, rng),
        heard: rng.below(4) > 0,
    }));
}

/// Long histories of a right service are proved by the monitor alone, and a wrong one is refuted by it and explained.
fn assert_long<S: Buffer>(name: &str) {
    let mut unclear = 0;
    for (seed, unknown) in (0..10).flat_map(|seed| [(seed, 0), (seed, 1)]) {
        let shape = Shape { clients: 8, operations: 2_000, unknown: Ppm::percent(unknown) };
        let mut rng = Seed(seed).stream(name);
        let mut history = history::<S>(shape, &mut rng, |id, rng| match rng.below(2) {
            0 => S::put(id.seq.into()),
            _ => S::take(),
        });
        match by_monitor(&history) {
            Some(found) => assert!(found, "{name}, seed {seed}"),
            None => unclear += 1,
        }
        while by_monitor(&history) == Some(true) {
            spoil(&mut history[1_500..], &mut rng);
        }
        // Explaining rests on what came before, whose last takes are of unknown outcome; so there must not be many others.
        assert!(unknown > 0 || !is_linearizable(&history), "{name}, seed {seed}");
    }
    assert!(unclear < 5, "{unclear} of 20 right histories of {name} were not proved by the monitor");
}

#[test]
fn long_histories_of_queues_and_stacks_are_decided_by_the_monitors() {
    assert_long::<queue::Queue>("long queue");
    assert_long::<stack::Stack>("long stack");
}
