//! Long histories, many clients, many unknown outcomes; and what happens when the budget is too small.

use shaketable_sim::check::linearizable::{Budget, Linearizability, Reason, Verdict, check, decide};
use shaketable_sim::history::{Operation, Outcome};
use shaketable_sim::id::{Key, OpId};
use shaketable_sim::rng::{Seed, Stream};
use shaketable_sim::spec::Spec;
use shaketable_sim::spec::counter::{self, Counter};
use shaketable_sim::spec::kv::{Action, Kv, Op, Ret};
use shaketable_sim::spec::list::{self, List};
use shaketable_sim::spec::queue::{self, Queue};
use shaketable_sim::spec::unheard::{self, Unheard};
use shaketable_sim::time::Ppm;

use crate::generate::{Shape, history, spoil};
use crate::{AMPLE, assert_holds, moment, operation};

/// What a run may spend unless its scenario says otherwise.
const USUAL: Budget = Budget { states: 2_000_000, bytes: 64_000_000 };

const ON_ONE_KEY: Shape = Shape { clients: 5, operations: 100_000, unknown: Ppm::ZERO };

/// Reads, and writes of values that are written once.
fn unique(id: OpId, rng: &mut Stream) -> Op {
    let seq = u64::from(id.seq);
    let action = match rng.below(20) {
        0..8 => Action::Get,
        8..16 => Action::Put(seq),
        16..19 => Action::Cas { expect: seq.saturating_sub(1 + rng.below(8)), new: seq },
        _ => Action::Delete,
    };
    Op { key: Key::at(0), action }
}

/// Reads, writes and swaps of five values.
fn few(_: OpId, rng: &mut Stream) -> Op {
    let action = match rng.below(10) {
        0..5 => Action::Get,
        5..9 => Action::Put(rng.below(5)),
        _ => Action::Cas { expect: rng.below(5), new: rng.below(5) },
    };
    Op { key: Key::at(0), action }
}

/// The history, spoilt in its second half until it is not linearizable any more.
fn spoilt(mut history: Vec<Operation<Kv>>, seed: u64) -> Vec<Operation<Kv>> {
    let mut rng = Seed(seed).stream("spoil");
    let half = history.len() / 2;
    while matches!(check(&history, AMPLE), Linearizability::Linearizable { .. }) {
        spoil(&mut history[half..], &mut rng);
    }
    history
}

/// How many states it takes to find a history linearizable.
#[track_caller]
fn states<S: Spec>(history: &[Operation<S>], budget: Budget) -> u64 {
    match check(history, budget) {
        Linearizability::Linearizable { states } => states,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_hundred_thousand_operations_on_one_key_take_few_states_and_little_memory() {
    for op in [unique, few] {
        let history = history::<Kv>(ON_ONE_KEY, &mut Seed(1).stream("long"), op);
        // The stacks grow with the length, if slowly; the memo does not.
        let states = states(&history, Budget { states: 200_000, bytes: 16_000_000 });
        let writes = history.iter().filter(|operation| matches!(operation.op.action, Action::Put(_))).count();
        assert!(states >= writes as u64, "{states} states cannot have placed {writes} writes");
    }
}

#[test]
fn a_violation_at_the_end_of_a_hundred_thousand_operations_is_found_and_told_within_the_usual_budget() {
    let mut history = history::<Kv>(ON_ONE_KEY, &mut Seed(2).stream("long"), unique);
    let place = history.len() - 100;
    let read = history[place..].iter_mut().find_map(|operation| match &mut operation.outcome {
        Outcome::Ok { ret: Ret::Value(value), .. } => Some(value),
        _ => None,
    });
    *read.expect("there are many reads") = Some(1_000_000);
    let Linearizability::Violation(counterexample) = check(&history, USUAL) else {
        panic!("nobody wrote that");
    };
    assert_eq!(counterexample.tell().len(), 1);
    assert!(counterexample.explained > 99_000);
}

#[test]
fn a_deep_search_does_not_use_the_threads_stack() {
    let history = history::<Kv>(ON_ONE_KEY, &mut Seed(3).stream("deep"), few);
    let check = move || matches!(check(&history, USUAL), Linearizability::Linearizable { .. });
    #[allow(clippy::disallowed_types, clippy::disallowed_methods)] // A thread with a small stack is the point.
    let judged = std::thread::Builder::new().stack_size(256 * 1024).spawn(check).map(|thread| thread.join());
    assert!(judged.expect("a thread starts").expect("and does not overflow its stack"));
}

#[test]
fn sixty_four_clients_on_one_key_are_no_burden() {
    let shape = Shape { clients: 64, operations: 2_000, unknown: Ppm::ZERO };
    for seed in 0..20 {
        let history = history::<Kv>(shape, &mut Seed(seed).stream("clients"), unique);
        assert!(states(&history, USUAL) < 10_000, "seed {seed}");
    }
}

#[test]
fn thirty_writes_of_unknown_outcome_are_no_burden() {
    let shape = Shape { clients: 5, operations: 1_000, unknown: Ppm::percent(4) };
    for seed in 0..20 {
        for (op, most) in [(unique as fn(OpId, &mut Stream) -> Op, 2_000), (few, 200_000)] {
            let history = history::<Kv>(shape, &mut Seed(seed).stream("unknown"), op);
            let unknown = history.iter().filter(|operation| operation.outcome == Outcome::Unknown);
            assert!(unknown.filter(|operation| operation.op.action != Action::Get).count() >= 10);
            assert!(states(&history, USUAL) < most, "seed {seed}");
        }
        let history = spoilt(history::<Kv>(shape, &mut Seed(seed).stream("unknown"), unique), seed);
        let Linearizability::Violation(counterexample) = check(&history, USUAL) else {
            panic!("seed {seed} is not decided within the usual budget");
        };
        assert_holds(&history, &counterexample);
    }
}

#[test]
fn thirty_pending_writes_of_one_value_each_are_told_apart_from_none() {
    let put = |value: u64| {
        operation(value as usize, Op { key: Key::at(0), action: Action::Put(value) }, value as u32, Outcome::Unknown)
    };
    let get = |at: u32, value| {
        let outcome = Outcome::Ok { ret: Ret::Value(value), returned: moment(at + 1) };
        operation::<Kv>(50, Op { key: Key::at(0), action: Action::Get }, at, outcome)
    };
    let mut history: Vec<_> = (0..30).map(put).collect();
    // Each is seen once, the last first: that can be.
    history.extend((0..30).map(|value| get(100 + 2 * value, Some(29 - u64::from(value)))));
    assert!(states(&history, USUAL) < 10_000);
    // One of them is seen again after another: that cannot.
    history.push(get(200, Some(7)));
    let Linearizability::Violation(counterexample) = check(&history, USUAL) else {
        panic!("a write was seen to take effect twice");
    };
    assert_holds(&history, &counterexample);
    assert_eq!(counterexample.culprit.invoked, moment(200));
}

#[test]
fn a_search_that_may_visit_too_few_states_says_so_and_how_far_it_came() {
    let history = history::<Kv>(Shape { operations: 1_000, ..ON_ONE_KEY }, &mut Seed(4).stream("budget"), few);
    let ample = states(&history, AMPLE);
    assert_eq!(states(&history, Budget { states: ample, ..AMPLE }), ample);
    let mut furthest = 0;
    for states in [1, ample / 4, ample / 2, ample - 1] {
        let Linearizability::Inconclusive { key, reason, explained } = check(&history, Budget { states, ..AMPLE })
        else {
            panic!("{states} states cannot be enough");
        };
        assert_eq!((key, reason), (Key::at(0), Reason::States));
        assert!(explained >= furthest && explained < 1_000);
        furthest = explained;
    }
    assert!(furthest > 900, "with one state less than it takes, it comes almost to the end, not to {furthest}");
}

#[test]
fn a_search_that_may_use_too_little_memory_says_so() {
    let shape = Shape { clients: 12, operations: 1_000, unknown: Ppm::ZERO };
    let history = spoilt(history::<Kv>(shape, &mut Seed(5).stream("budget"), few), 5);
    assert!(matches!(check(&history, AMPLE), Linearizability::Violation(_)));
    for bytes in [0, 1_000, 50_000] {
        let Linearizability::Inconclusive { reason, .. } = check(&history, Budget { bytes, ..AMPLE }) else {
            panic!("{bytes} bytes cannot be enough");
        };
        assert_eq!(reason, Reason::Bytes, "of {bytes} bytes");
    }
}

#[test]
fn a_hard_key_does_not_hide_a_violation_on_another() {
    let shape = Shape { clients: 24, operations: 600, unknown: Ppm::ZERO };
    let mut history = spoilt(history::<Kv>(shape, &mut Seed(6).stream("hard"), few), 6);
    let small = Budget { states: 60_000, ..USUAL };
    assert!(matches!(check(&history, small), Linearizability::Inconclusive { .. }), "the first key is too easy");
    let last = 2 * history.len() as u32;
    let op = Op { key: Key::at(1), action: Action::Get };
    history.push(operation(99, op, last, Outcome::Ok { ret: Ret::Value(Some(1)), returned: moment(last + 1) }));
    let Linearizability::Violation(counterexample) = check(&history, small) else {
        panic!("nobody wrote on the second key");
    };
    assert_eq!(counterexample.key, Key::at(1));
}

#[test]
fn the_same_history_has_the_same_verdict_in_the_same_number_of_states() {
    let shape = Shape { clients: 16, operations: 1_000, unknown: Ppm::percent(2) };
    let history = history::<Kv>(shape, &mut Seed(7).stream("again"), few);
    assert_eq!(states(&history, AMPLE), states(&history.clone(), AMPLE));
    let spoilt = spoilt(history, 7);
    let told = || match check(&spoilt, AMPLE) {
        Linearizability::Violation(counterexample) => counterexample.tell(),
        other => panic!("{other:?}"),
    };
    assert_eq!(told(), told());
}

/// How many states the search takes for right histories of some kind, and how many wrong ones it refutes in a few.
fn effort<S: Spec>(name: &str, unknown: u32, op: impl Fn(OpId, &mut Stream) -> S::Op) -> (u64, u64) {
    let (mut sum, mut refuted) = (0, 0);
    for seed in 0..40 {
        let mut rng = Seed(seed).stream(name);
        let shape = Shape { clients: 6, operations: 60, unknown: Ppm::percent(unknown) };
        let mut history = history::<S>(shape, &mut rng, &op);
        let Linearizability::Linearizable { states } = check(&history, AMPLE) else { panic!("{name}, seed {seed}") };
        sum += states;
        spoil(&mut history, &mut rng);
        spoil(&mut history, &mut rng);
        let few = Budget { states: 150, ..AMPLE };
        refuted += u64::from(matches!(decide(&history, few), Verdict::Violation { .. }));
    }
    (sum, refuted)
}

/// What the search knows beforehand is there to save states. Each number is what it takes today.
#[test]
fn the_search_takes_no_more_states_than_it_did() {
    let kinds = [
        effort::<Kv>("effort: few", 0, few),
        effort::<Kv>("effort: few, unknown", 10, few),
        effort::<Kv>("effort: unique, unknown", 10, unique),
        effort::<Unheard<Kv>>("effort: unheard", 5, |id, rng| {
            let op = few(id, rng);
            unheard::Op { heard: Kv::is_read(&op) || rng.below(2) == 0, op }
        }),
        effort::<Counter>("effort: counter", 3, |_, rng| {
            let action = if rng.below(2) == 0 { counter::Action::Read } else { counter::Action::Add(1 + rng.below(3)) };
            counter::Op { key: Key::at(0), action }
        }),
        effort::<List>("effort: list", 3, |_, rng| {
            let action = if rng.below(2) == 0 { list::Action::Read } else { list::Action::Append(rng.below(9)) };
            list::Op { key: Key::at(0), action }
        }),
    ];
    let measured = [(1_211, 22), (1_350, 17), (735, 14), (3_014, 9), (1_326, 40), (1_609, 40)];
    for (kind, ((states, refuted), (most, least))) in kinds.into_iter().zip(measured).enumerate() {
        assert!(states <= most && refuted >= least, "the kind {kind}: {states} states, {refuted} refuted");
    }
}

/// Frames that are left give back what their states own.
#[test]
fn states_that_own_memory_are_counted_as_long_as_they_are_kept() {
    let shape = Shape { clients: 10, operations: 120, unknown: Ppm::ZERO };
    let history = history::<Unheard<List>>(shape, &mut Seed(8).stream("owned"), |_, rng| {
        let action = if rng.below(8) == 0 { list::Action::Read } else { list::Action::Append(rng.below(1_000)) };
        unheard::Op { heard: action == list::Action::Read, op: list::Op { key: Key::at(0), action } }
    });
    let decided = |bytes| !matches!(decide(&history, Budget { bytes, ..AMPLE }), Verdict::Inconclusive(_));
    assert!(decided(52_000), "it takes no more than it did");
    assert!(!decided(26_000), "most of that is what the states own");
}

/// Frames that are left give back what their states own: a search that goes back often takes no more memory than one that does not.
#[test]
fn going_back_gives_memory_back() {
    for (seed, bytes) in [(5, 43_000), (7, 77_000), (10, 151_000)] {
        let shape = Shape { clients: 6, operations: 40, unknown: Ppm::ZERO };
        let mut rng = Seed(seed).stream("given back");
        let mut history = history::<Queue>(shape, &mut rng, |_, rng| {
            let action = if rng.below(2) == 0 { queue::Action::Dequeue } else { queue::Action::Enqueue(rng.below(2)) };
            queue::Op { key: Key::at(0), action }
        });
        for _ in 0..3 {
            spoil(&mut history, &mut rng);
        }
        let verdict = decide(&history, Budget { bytes, ..AMPLE });
        assert!(!matches!(verdict, Verdict::Inconclusive(_)), "seed {seed}: {bytes} bytes were enough");
    }
}

/// How long the stories are that explain what is wrong with histories of some kind, together.
fn told<S: Spec>(name: &str, op: impl Fn(OpId, &mut Stream) -> S::Op) -> usize {
    let mut operations = 0;
    for seed in 0..12 {
        let mut rng = Seed(seed).stream(name);
        let shape = Shape { clients: 4, operations: 120, unknown: Ppm::percent(2) };
        let mut history = history::<S>(shape, &mut rng, &op);
        while let Linearizability::Linearizable { .. } = check(&history, AMPLE) {
            spoil(&mut history[90..], &mut rng);
        }
        if let Linearizability::Violation(counterexample) = check(&history, AMPLE) {
            operations += counterexample.story.len();
        }
    }
    operations
}

#[test]
fn stories_are_no_longer_than_they_were() {
    let kinds = [
        told::<Kv>("told: few", few),
        told::<Kv>("told: unique", unique),
        told::<Queue>("told: queue", |id, rng| {
            let action =
                if rng.below(2) == 0 { queue::Action::Dequeue } else { queue::Action::Enqueue(u64::from(id.seq)) };
            queue::Op { key: Key::at(0), action }
        }),
    ];
    let measured = [23, 14, 33];
    assert!(kinds.iter().zip(&measured).all(|(told, most)| told <= most), "{kinds:?} operations, not {measured:?}");
}
