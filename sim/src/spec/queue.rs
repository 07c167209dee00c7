//! A queue: what was put in first is taken out first.

use std::collections::VecDeque;
use std::fmt;

use serde::Serialize;

use super::{Discipline, Footprint, Passage, Spec};
use crate::id::Key;

/// A queue without bound, empty at first.
#[derive(Clone, Debug)]
pub struct Queue;

/// An operation on a queue.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Op {
    /// Which queue.
    pub key: Key,
    /// What to do with it.
    pub action: Action,
}

/// What can be done with a queue.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub enum Action {
    /// Put this at its end.
    Enqueue(u64),
    /// Take what is at its beginning.
    Dequeue,
}

/// What a queue answers.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub enum Ret {
    /// The value is in.
    Done,
    /// The value taken; none if the queue was empty.
    Value(Option<u64>),
}

impl Spec for Queue {
    type Op = Op;
    type Ret = Ret;
    type State = VecDeque<u64>;

    fn key(op: &Op) -> Key {
        op.key
    }

    fn apply(state: &mut VecDeque<u64>, op: &Op) -> Ret {
        match op.action {
            Action::Enqueue(value) => {
                state.push_back(value);
                Ret::Done
            }
            Action::Dequeue => Ret::Value(state.pop_front()),
        }
    }

    fn is_read(_: &Op) -> bool {
        false
    }

    fn footprint(op: &Op, ret: Option<&Ret>) -> Footprint<VecDeque<u64>> {
        let passage = match (&op.action, ret) {
            (Action::Enqueue(value), None | Some(Ret::Done)) => Passage::In(*value),
            (Action::Dequeue, Some(Ret::Value(Some(value)))) => Passage::Out(*value),
            (Action::Dequeue, Some(Ret::Value(None))) => Passage::Empty,
            (Action::Dequeue, None) => Passage::Unheard,
            (Action::Enqueue(_), Some(Ret::Value(_))) | (Action::Dequeue, Some(Ret::Done)) => {
                return Footprint::Unclear;
            }
        };
        Footprint::Passes(Discipline::Queue, passage)
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.action {
            Action::Enqueue(value) => write!(f, "enqueue {} {value}", self.key),
            Action::Dequeue => write!(f, "dequeue {}", self.key),
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
