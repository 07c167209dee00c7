//! A stack: what was put in last is taken out first.

use std::fmt;

use serde::Serialize;

use super::{Discipline, Footprint, Passage, Spec};
use crate::id::Key;

/// A stack without bound, empty at first.
#[derive(Clone, Debug)]
pub struct Stack;

/// An operation on a stack.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Op {
    /// Which stack.
    pub key: Key,
    /// What to do with it.
    pub action: Action,
}

/// What can be done with a stack.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub enum Action {
    /// Put this on top.
    Push(u64),
    /// Take what is on top.
    Pop,
}

/// What a stack answers.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub enum Ret {
    /// The value is in.
    Done,
    /// The value taken; none if the stack was empty.
    Value(Option<u64>),
}

impl Spec for Stack {
    type Op = Op;
    type Ret = Ret;
    type State = Vec<u64>;

    fn key(op: &Op) -> Key {
        op.key
    }

    fn apply(state: &mut Vec<u64>, op: &Op) -> Ret {
        match op.action {
            Action::Push(value) => {
                state.push(value);
                Ret::Done
            }
            Action::Pop => Ret::Value(state.pop()),
        }
    }

    fn is_read(_: &Op) -> bool {
        false
    }

    fn footprint(op: &Op, ret: Option<&Ret>) -> Footprint<Vec<u64>> {
        let passage = match (&op.action, ret) {
            (Action::Push(value), None | Some(Ret::Done)) => Passage::In(*value),
            (Action::Pop, Some(Ret::Value(Some(value)))) => Passage::Out(*value),
            (Action::Pop, Some(Ret::Value(None))) => Passage::Empty,
            (Action::Pop, None) => Passage::Unheard,
            (Action::Push(_), Some(Ret::Value(_))) | (Action::Pop, Some(Ret::Done)) => return Footprint::Unclear,
        };
        Footprint::Passes(Discipline::Stack, passage)
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.action {
            Action::Push(value) => write!(f, "push {} {value}", self.key),
            Action::Pop => write!(f, "pop {}", self.key),
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
