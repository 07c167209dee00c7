//! Histories of a right service, with concurrency, crashes and unknown outcomes; and ways to spoil them.

use shaketable_sim::history::{Moment, Operation, Outcome};
use shaketable_sim::id::{ClientId, Key, NodeId, OpId};
use shaketable_sim::rng::Stream;
use shaketable_sim::spec::{Objects, Spec};
use shaketable_sim::time::{Instant, Ppm};

/// What to generate.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    /// How many clients ask at once, each one operation after another.
    pub(crate) clients: usize,
    /// How many operations are asked for.
    pub(crate) operations: usize,
    /// How often an operation is given up, whatever becomes of it.
    pub(crate) unknown: Ppm,
}

/// One client in the midst of an operation.
struct Busy {
    place: usize,
    /// Its answer, once the operation has taken effect.
    answer: Option<usize>,
}

/// A history of clients that always have an operation open, each of which takes effect at a random moment. An operation given up
/// takes effect at some later time, or never. `next` gives the operations.
pub(crate) fn history<S: Spec>(
    shape: Shape,
    rng: &mut Stream,
    mut next: impl FnMut(OpId, &mut Stream) -> S::Op,
) -> Vec<Operation<S>> {
    let mut history: Vec<Operation<S>> = Vec::with_capacity(shape.operations);
    let mut answers: Vec<S::Ret> = Vec::new();
    let mut objects = Objects::<S>::default();
    let mut clients: Vec<Option<Busy>> = (0..shape.clients).map(|_| None).collect();
    let mut given_up: Vec<usize> = Vec::new();
    let mut order = 0;
    let mut moment = || {
        order += 1;
        Moment { order: order - 1, at: Instant::nanos(u64::from(order) * 1_000) }
    };
    while history.len() < shape.operations || clients.iter().any(Option::is_some) {
        let client = rng.below(shape.clients as u64) as usize;
        if !given_up.is_empty() && rng.chance(Ppm::percent(1)) {
            let place = given_up.swap_remove(rng.below(given_up.len() as u64) as usize);
            objects.apply(&history[place].op);
        }
        match &mut clients[client] {
            idle @ None if history.len() < shape.operations => {
                let id = OpId { client: ClientId::at(client), seq: history.len() as u32 + 1 };
                let (op, invoked) = (next(id, rng), moment());
                *idle = Some(Busy { place: history.len(), answer: None });
                history.push(Operation { id, op, invoked, node: NodeId::at(0), outcome: Outcome::Unknown });
            }
            None => {}
            busy @ Some(_) if rng.chance(shape.unknown) => {
                let Busy { place, answer } = busy.take().expect("it is busy");
                if answer.is_none() {
                    given_up.push(place);
                }
            }
            Some(Busy { place, answer: answer @ None }) => {
                answers.push(objects.apply(&history[*place].op));
                *answer = Some(answers.len() - 1);
            }
            busy @ Some(_) => {
                let Some(Busy { place, answer: Some(answer) }) = busy.take() else {
                    unreachable!("it is busy and has its answer");
                };
                history[place].outcome = Outcome::Ok { ret: answers[answer].clone(), returned: moment() };
            }
        }
    }
    history
}

/// Replaces the answer of one operation that returned by what the same operation would answer after some others.
pub(crate) fn spoil<S: Spec>(history: &mut [Operation<S>], rng: &mut Stream) {
    let place = rng.below(history.len() as u64) as usize;
    let key = S::key(&history[place].op);
    let mut state = S::State::default();
    for _ in 0..rng.below(4) {
        let other = &history[rng.below(history.len() as u64) as usize].op;
        if S::key(other) == key {
            S::apply(&mut state, other);
        }
    }
    let operation = &mut history[place];
    if let Outcome::Ok { ret, .. } = &mut operation.outcome {
        *ret = S::apply(&mut state, &operation.op);
    }
}

/// A key among the first `count`.
pub(crate) fn key(count: u64, rng: &mut Stream) -> Key {
    Key::at(rng.below(count) as usize)
}
