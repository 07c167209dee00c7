//! The slow twin: every order of every subset, on all keys at once.

use shaketable_sim::history::{Operation, Outcome};
use shaketable_sim::spec::{Objects, Spec};

/// Whether the operations can be put one after another, each after those that returned before it was invoked, such that every
/// answer is right. Failed operations are left out, unknown ones may be.
pub(crate) fn is_linearizable<S: Spec>(history: &[Operation<S>]) -> bool {
    let happened: Vec<&Operation<S>> = history.iter().filter(|op| op.outcome != Outcome::Failed).collect();
    place(&happened, &Objects::default())
}

/// Whether the operations that are left can follow a state.
fn place<S: Spec>(left: &[&Operation<S>], objects: &Objects<S>) -> bool {
    left.iter().all(|operation| operation.outcome == Outcome::Unknown)
        || (0..left.len()).any(|next| {
            let operation = left[next];
            let too_early = left.iter().any(|other| returned_before(other, operation));
            let mut after = objects.clone();
            let ret = after.apply(&operation.op);
            let wrong = matches!(&operation.outcome, Outcome::Ok { ret: seen, .. } if *seen != ret);
            let mut rest = left.to_vec();
            rest.remove(next);
            !too_early && !wrong && place(&rest, &after)
        })
}

fn returned_before<S: Spec>(one: &Operation<S>, other: &Operation<S>) -> bool {
    matches!(&one.outcome, Outcome::Ok { returned, .. } if returned.order < other.invoked.order)
}
