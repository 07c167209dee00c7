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
