//! A priority queue: what has the smallest priority is taken out first, and among equals what was put in first.

use std::fmt;

use serde::Serialize;

use super::Spec;
use crate::id::Key;

/// A priority queue without bound, empty at first.
///
/// ```
/// use shaketable_sim::id::Key;
/// use shaketable_sim::spec::Spec;
/// use shaketable_sim::spec::priority::{Action, Op, PriorityQueue, Ret};
/// let mut state = Vec::new();
/// let mut ask = |action| PriorityQueue::apply(&mut state, &Op { key: Key::at(0), action });
/// for (priority, value) in [(5, 1), (3, 2), (3, 3)] {
///     ask(Action::Insert { priority, value });
/// }
/// assert_eq!([(); 4].map(|()| ask(Action::TakeMin)), [Some(2), Some(3), Some(1), None].map(Ret::Value));
/// ```
#[derive(Clone, Debug)]
pub struct PriorityQueue;

/// An operation on a priority queue.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Op {
    /// Which priority queue.
    pub key: Key,
    /// What to do with it.
    pub action: Action,
}

/// What can be done with a priority queue.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub enum Action {
    /// Put a value in.
    Insert {
        /// Where: behind all of smaller and of the same priority.
        priority: u64,
        /// What.
        value: u64,
    },
    /// Take the first value.
    TakeMin,
}

/// What a priority queue answers.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub enum Ret {
    /// The value is in.
    Done,
    /// The value taken; none if the queue was empty.
    Value(Option<u64>),
}

impl Spec for PriorityQueue {
    type Op = Op;
    type Ret = Ret;
    /// Priorities and values, the first last.
    type State = Vec<(u64, u64)>;

    fn key(op: &Op) -> Key {
        op.key
    }

    fn apply(state: &mut Vec<(u64, u64)>, op: &Op) -> Ret {
        match op.action {
            Action::Insert { priority, value } => {
                let at = state.partition_point(|&(other, _)| other > priority);
                state.insert(at, (priority, value));
                Ret::Done
            }
            Action::TakeMin => Ret::Value(state.pop().map(|(_, value)| value)),
        }
    }

    fn is_read(_: &Op) -> bool {
        false
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.action {
            Action::Insert { priority, value } => write!(f, "insert {} {priority} {value}", self.key),
            Action::TakeMin => write!(f, "take-min {}", self.key),
        }
    }
}

impl fmt::Display for Ret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ret::Done => f.write_str("ok"),
            Ret::Value(Some(value)) => value.fmt(f),
            Ret::Value(None) => f.write_str("empty"),
        }
    }
}
