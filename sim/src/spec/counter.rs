//! A counter: add and read. Adding twice shows, which writing the same value twice does not.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::text::{NotAnOperation, words};
use super::{Footprint, Spec};
use crate::id::Key;

/// A counter that starts at 0.
#[derive(Clone, Debug)]
pub struct Counter;

/// An operation on a counter.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Op {
    /// Which counter.
    pub key: Key,
    /// What to do with it.
    pub action: Action,
}

/// What can be done with a counter.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub enum Action {
    /// Read it.
    Read,
    /// Add this much to it, and answer the sum. It never exceeds the largest number there is.
    Add(u64),
}

/// What the counter stands at, after the operation.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Ret(pub u64);

impl Spec for Counter {
    type Op = Op;
    type Ret = Ret;
    type State = u64;

    fn key(op: &Op) -> Key {
        op.key
    }

    fn apply(state: &mut u64, op: &Op) -> Ret {
        if let Action::Add(amount) = op.action {
            *state = state.saturating_add(amount);
        }
        Ret(*state)
    }

    fn is_read(op: &Op) -> bool {
        op.action == Action::Read
    }

    fn footprint(op: &Op, ret: Option<&Ret>) -> Footprint<u64> {
        match (&op.action, ret) {
            (Action::Read, Some(Ret(sum))) => Footprint::Finds(*sum),
            (Action::Add(_), Some(Ret(u64::MAX))) | (_, None) => Footprint::Unclear,
            (Action::Add(amount), Some(Ret(sum))) => Footprint::Finds(sum.saturating_sub(*amount)),
        }
    }

    fn too_late(state: &u64, op: &Op, Ret(sum): &Ret) -> bool {
        match op.action {
            Action::Read => state > sum,
            Action::Add(amount) => state.saturating_add(amount) > *sum,
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.action {
            Action::Read => write!(f, "read {}", self.key),
            Action::Add(amount) => write!(f, "add {} {amount}", self.key),
        }
    }
}

impl FromStr for Op {
    type Err = NotAnOperation;

    /// Reads it as it is shown.
    fn from_str(text: &str) -> Result<Op, NotAnOperation> {
        let wrong = NotAnOperation { allowed: "`read k1` or `add k1 7`" };
        let words = words(text).ok_or(wrong)?;
        let action = match (words.verb, words.numbers.as_slice()) {
            ("read", []) => Action::Read,
            ("add", &[amount]) => Action::Add(amount),
            _ => return Err(wrong),
        };
        Ok(Op { key: words.key, action })
    }
}

impl fmt::Display for Ret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
