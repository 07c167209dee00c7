//! What an explanation costs: how often a specification is asked what an operation does, which is about once for each call of each search, and once for each state of those that know nothing else.

use std::cell::Cell;
use std::marker::PhantomData;

use shaketable_sim::check::linearizable::{Linearizability, check};
use shaketable_sim::id::{Key, OpId};
use shaketable_sim::rng::{Seed, Stream};
use shaketable_sim::spec::counter::{self, Counter};
use shaketable_sim::spec::kv::{Action, Kv, Op};
use shaketable_sim::spec::queue::{self, Queue};
use shaketable_sim::spec::{Footprint, Spec};
use shaketable_sim::time::Ppm;

use crate::AMPLE;
use crate::differential::Taciturn;
use crate::generate::{Shape, history, spoil};

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

/// A specification that counts how often it is asked.
#[derive(Clone, Debug)]
struct Counted<S>(PhantomData<S>);

impl<S: Spec> Spec for Counted<S> {
    type Op = S::Op;
    type Ret = S::Ret;
    type State = S::State;

    fn key(op: &S::Op) -> Key {
        S::key(op)
    }

    fn apply(state: &mut S::State, op: &S::Op) -> S::Ret {
        ASKED.set(ASKED.get() + 1);
        S::apply(state, op)
    }

    fn is_read(op: &S::Op) -> bool {
        S::is_read(op)
    }

    fn part(op: &S::Op) -> Option<u64> {
        S::part(op)
    }

    fn footprint(op: &S::Op, ret: Option<&S::Ret>) -> Footprint<S::State> {
        S::footprint(op, ret)
    }

    fn too_late(state: &S::State, op: &S::Op, ret: &S::Ret) -> bool {
        S::too_late(state, op, ret)
    }
}

/// How often a specification is asked.
fn asked(by: impl FnOnce()) -> u64 {
    ASKED.set(0);
    by();
    ASKED.get()
}

/// How often a specification is asked to find some histories wrong and to explain why.
fn effort<S: Spec>(name: &str, operations: usize, op: impl Fn(OpId, &mut Stream) -> S::Op) -> u64 {
    let mut sum = 0;
    for seed in 0..8 {
        let mut rng = Seed(seed).stream(name);
        let shape = Shape { clients: 5, operations, unknown: Ppm::percent(1) };
        let mut history = history::<Counted<S>>(shape, &mut rng, &op);
        let half = history.len() / 2;
        while let Linearizability::Linearizable { .. } = check(&history, AMPLE) {
            spoil(&mut history[half..], &mut rng);
        }
        sum += asked(|| drop(check(&history, AMPLE)));
    }
    sum
}

fn few(_: OpId, rng: &mut Stream) -> Op {
    let action = match rng.below(10) {
        0..5 => Action::Get,
        5..9 => Action::Put(rng.below(5)),
        _ => Action::Cas { expect: rng.below(5), new: rng.below(5) },
    };
    Op { key: Key::at(0), action }
}

fn unique(id: OpId, rng: &mut Stream) -> Op {
    let action = if rng.below(2) == 0 { Action::Get } else { Action::Put(id.seq.into()) };
    Op { key: Key::at(0), action }
}

fn sums(_: OpId, rng: &mut Stream) -> counter::Op {
    let action = if rng.below(2) == 0 { counter::Action::Read } else { counter::Action::Add(1 + rng.below(3)) };
    counter::Op { key: Key::at(0), action }
}

fn queued(values: u64) -> impl Fn(OpId, &mut Stream) -> queue::Op {
    move |id, rng| {
        let value = u64::from(id.seq) % values;
        let action = if rng.below(2) == 0 { queue::Action::Dequeue } else { queue::Action::Enqueue(value) };
        queue::Op { key: Key::at(0), action }
    }
}

/// Each number is what it takes today.
#[test]
fn an_explanation_takes_no_more_than_it_did() {
    let kinds = [
        effort::<Kv>("effort: few", 200, few),
        effort::<Kv>("effort: unique", 400, unique),
        effort::<Taciturn>("effort: taciturn", 40, few),
        effort::<Counter>("effort: counter", 120, sums),
        effort::<Queue>("effort: queue", 200, queued(1_000)),
        effort::<Queue>("effort: queue of few", 24, queued(8)),
    ];
    let measured = [34_073, 93_683, 272_038, 39_177, 11_521, 179_056];
    assert!(kinds.iter().zip(&measured).all(|(asked, most)| asked <= most), "asked {kinds:?} times, not {measured:?}");
}
