//! The linearizability check against a slow twin, against histories with known verdicts, and against its budgets.

mod brute;
mod buffers;
mod differential;
mod effort;
mod exhaustive;
mod explanations;
mod general;
mod generate;
mod known;
mod limits;
mod objects;
mod online;
mod shares;
mod stories;
mod values;
mod verify;

use shaketable_sim::check::linearizable::{Budget, Counterexample, Linearizability, Verdict, check, decide};
use shaketable_sim::history::{Moment, Operation, Outcome};
use shaketable_sim::id::{ClientId, NodeId, OpId};
use shaketable_sim::spec::Spec;
use shaketable_sim::time::Instant;

/// More than any small history needs.
const AMPLE: Budget = Budget { states: 10_000_000, bytes: 1_000_000_000 };

/// A moment by its order; its time is as many milliseconds.
fn moment(order: u32) -> Moment {
    Moment { order, at: Instant::nanos(u64::from(order) * 1_000_000) }
}

/// An operation of a client of its own, with its place in the history as its client.
fn operation<S: Spec>(client: usize, op: S::Op, invoked: u32, outcome: Outcome<S::Ret>) -> Operation<S> {
    let id = OpId { client: ClientId::at(client), seq: 1 };
    Operation { id, op, invoked: moment(invoked), node: NodeId::at(0), outcome }
}

/// Whether the check finds a history linearizable. It must come to a verdict, its proof must hold, and so must an explanation.
fn is_linearizable<S: Spec>(history: &[Operation<S>]) -> bool {
    match check(history, AMPLE) {
        Linearizability::Linearizable { .. } => {
            assert!(is_proved(history));
            true
        }
        Linearizability::Violation(counterexample) => {
            assert!(!is_proved(history));
            assert_holds(history, &counterexample);
            if history.len() <= 6 {
                verify::assert_survivors(history, &counterexample);
            }
            if history.len() <= 12 && counterexample.from.is_none() {
                stories::assert_minimal(history, &counterexample);
            }
            false
        }
        Linearizability::Inconclusive { reason, .. } => panic!("{reason}: {history:#?}"),
    }
}

/// Whether there is a proof that a history is linearizable, which then holds. If there is none because a few operations contradict each other, they do.
fn is_proved<S: Spec>(history: &[Operation<S>]) -> bool {
    match decide(history, AMPLE) {
        Verdict::Linearizable(proof) => {
            verify::assert_explains(history, &proof.order);
            true
        }
        Verdict::Violation { conflict, .. } => {
            assert!(conflict.is_sorted());
            if (1..=7).contains(&conflict.len()) && history.len() <= 12 {
                let alone: Vec<_> = (0..).zip(history).filter(|(place, _)| conflict.contains(place)).collect();
                let alone: Vec<_> = alone.into_iter().map(|(_, operation)| operation.clone()).collect();
                assert!(!brute::is_linearizable(&alone), "{alone:#?} do not contradict each other");
            }
            false
        }
        Verdict::Inconclusive(undecided) => panic!("{undecided:?}: {history:#?}"),
    }
}

/// The operations among which a counterexample was found, with their places: all on its key, or of them those on one part if all that may have happened has one.
fn looked_at<'h, S: Spec>(
    history: &'h [Operation<S>],
    found: &Counterexample<S>,
) -> impl Iterator<Item = (u32, &'h Operation<S>)> {
    let key = found.key;
    let on_key = move || (0..).zip(history).filter(move |(_, operation)| S::key(&operation.op) == key);
    let matters = |operation: &Operation<S>| match operation.outcome {
        Outcome::Ok { .. } => true,
        Outcome::Unknown => !S::is_read(&operation.op),
        Outcome::Failed => false,
    };
    let whole = on_key().any(|(_, operation)| matters(operation) && S::part(&operation.op).is_none());
    let part = S::part(&found.culprit.op);
    on_key().filter(move |(_, operation)| whole || S::part(&operation.op) == part)
}

/// Asserts that a counterexample's own operations are not linearizable, and that each of the other answers would be possible.
fn assert_holds<S: Spec>(history: &[Operation<S>], counterexample: &Counterexample<S>) {
    let mut story = counterexample.story.clone();
    story.push(counterexample.culprit.clone());
    story.sort_by_key(|operation| operation.invoked);
    assert!(
        matches!(check(&story, AMPLE), Linearizability::Violation(_)),
        "the story can be explained: {:#?}",
        counterexample.tell()
    );
    let forgotten: Vec<_> = history
        .iter()
        .filter(|operation| S::key(&operation.op) == counterexample.key && operation.outcome != Outcome::Failed)
        .map(|operation| {
            let told = story.iter().any(|told| told.invoked == operation.invoked);
            let from = counterexample.from.unwrap_or(0);
            let before = matches!(&operation.outcome, Outcome::Ok { returned, .. } if returned.order <= from);
            let outcome = if told || before { operation.outcome.clone() } else { Outcome::Unknown };
            Operation { outcome, ..operation.clone() }
        })
        .collect();
    assert!(
        // With many more open at once, this would take longer than all else. And who is not answered may take any value.
        history.len() > 60
            || counterexample.of_values
            || matches!(check(&forgotten, AMPLE), Linearizability::Violation(_)),
        "if others came out otherwise, the story can be explained: {:#?}",
        counterexample.tell()
    );
    let Outcome::Ok { returned, ret: given } = &counterexample.culprit.outcome else {
        panic!("the culprit has not returned");
    };
    let before: Vec<_> = looked_at(history, counterexample)
        .map(|(_, operation)| operation)
        .filter(|operation| operation.invoked < *returned)
        .cloned()
        .map(|mut operation| {
            if matches!(&operation.outcome, Outcome::Ok { returned: other, .. } if other > returned) {
                operation.outcome = Outcome::Unknown;
            }
            operation
        })
        .collect();
    let without = |answer: Option<&S::Ret>| {
        let mut history = before.clone();
        let culprit = history.iter_mut().find(|operation| operation.invoked == counterexample.culprit.invoked);
        culprit.expect("the culprit is in the history").outcome = match answer {
            Some(answer) => Outcome::Ok { ret: answer.clone(), returned: *returned },
            None => Outcome::Unknown,
        };
        matches!(check(&history, AMPLE), Linearizability::Linearizable { .. })
    };
    assert!(without(None), "the culprit is not the first return that cannot be explained");
    assert!(!without(Some(given)), "the history up to the culprit's return can be explained");
    assert!(!counterexample.answers.is_empty(), "some answer is always possible");
    for answer in &counterexample.answers {
        assert!(without(Some(answer)), "{answer} is not possible either");
    }
    assert!(counterexample.tell().len() <= 12);
}
