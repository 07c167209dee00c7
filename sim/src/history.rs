//! What the clients saw: every operation, when it was asked, when it was answered, and with what.

use serde::Serialize;

use crate::id::{NodeId, OpId};
use crate::spec::Spec;
use crate::time::Instant;

/// A place in a history. `order` is total and has no ties: it, and not the time, says what came before what.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Moment {
    /// The place among all invocations and returns of the run, from 0. Invariant: each occurs once.
    pub order: u32,
    /// The true time of it.
    pub at: Instant,
}

/// One operation of one client.
#[derive(Clone, Debug, Serialize)]
pub struct Operation<S: Spec> {
    /// Whose, and which.
    pub id: OpId,
    /// What was asked.
    pub op: S::Op,
    /// When the client asked.
    pub invoked: Moment,
    /// The node that was asked last.
    pub node: NodeId,
    /// What became of it.
    pub outcome: Outcome<S::Ret>,
}

/// What became of an operation, as far as its client knows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub enum Outcome<R> {
    /// It took effect between its invocation and its return, with this answer.
    Ok {
        /// The answer.
        ret: R,
        /// When the client had it.
        returned: Moment,
    },
    /// It certainly had no effect: every attempt at it was rejected.
    Failed,
    /// It may take effect at any moment after its invocation, or never.
    Unknown,
}

/// All operations of a run, in the order of their invocations.
pub type History<S> = Vec<Operation<S>>;

/// What clients had seen of a history at some place in it: operations that were asked for by then, which `seen` says of a moment. What was answered later has no known outcome yet.
pub fn until<S: Spec>(history: &[Operation<S>], seen: impl Fn(Moment) -> bool) -> History<S> {
    let asked = history.iter().filter(|operation| seen(operation.invoked));
    let known = asked.map(|operation| match &operation.outcome {
        Outcome::Ok { returned, .. } if !seen(*returned) => {
            Operation { outcome: Outcome::Unknown, ..operation.clone() }
        }
        _ => operation.clone(),
    });
    known.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{ClientId, Key};
    use crate::spec::register::{Action, Op, Register, Ret};

    #[test]
    fn of_what_was_asked_by_then_only_what_was_answered_by_then_is_known() {
        let moment = |order: u32| Moment { order, at: Instant::nanos(u64::from(order)) };
        let write = |seq: u32, from: u32, to: u32| Operation::<Register> {
            id: OpId { client: ClientId::at(0), seq },
            op: Op { key: Key::at(0), action: Action::Write(u64::from(seq)) },
            invoked: moment(from),
            node: NodeId::at(0),
            outcome: Outcome::Ok { ret: Ret::Done, returned: moment(to) },
        };
        let history = [write(1, 0, 3), write(2, 1, 4), write(3, 2, 6), write(4, 5, 7)];
        let seen = until(&history, |moment| moment.order < 5);
        let known: Vec<(u32, bool)> =
            seen.iter().map(|operation| (operation.id.seq, operation.outcome != Outcome::Unknown)).collect();
        assert_eq!(known, [(1, true), (2, true), (3, false)]);
    }
}
