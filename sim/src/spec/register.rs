//! A register: read and write.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::text::{NotAnOperation, words};
use super::{Footprint, Spec};
use crate::id::Key;

/// A register that holds the last value written, and nothing at first.
#[derive(Clone, Debug)]
pub struct Register;

/// An operation on a register.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Op {
    /// Which register.
    pub key: Key,
    /// What to do with it.
    pub action: Action,
}

/// What can be done with a register.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub enum Action {
    /// Read it.
    Read,
    /// Write this value to it.
    Write(u64),
}

/// What a register answers.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub enum Ret {
    /// The value read; none if nothing was ever written.
    Value(Option<u64>),
    /// The value is written.
    Done,
}

impl Spec for Register {
    type Op = Op;
    type Ret = Ret;
    type State = Option<u64>;

    fn key(op: &Op) -> Key {
        op.key
    }

    fn apply(state: &mut Option<u64>, op: &Op) -> Ret {
        match op.action {
            Action::Read => Ret::Value(*state),
            Action::Write(value) => {
                *state = Some(value);
                Ret::Done
            }
        }
    }

    fn is_read(op: &Op) -> bool {
        op.action == Action::Read
    }

    fn footprint(op: &Op, ret: Option<&Ret>) -> Footprint<Option<u64>> {
        match (&op.action, ret) {
            (Action::Write(value), _) => Footprint::Overwrites(Some(*value)),
            (Action::Read, Some(Ret::Value(value))) => Footprint::Finds(*value),
            (Action::Read, _) => Footprint::Unclear,
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.action {
            Action::Read => write!(f, "read {}", self.key),
            Action::Write(value) => write!(f, "write {} {value}", self.key),
        }
    }
}

impl FromStr for Op {
    type Err = NotAnOperation;

    /// Reads it as it is shown.
    fn from_str(text: &str) -> Result<Op, NotAnOperation> {
        let wrong = NotAnOperation { allowed: "`read k1` or `write k1 7`" };
        let words = words(text).ok_or(wrong)?;
        let action = match (words.verb, words.numbers.as_slice()) {
            ("read", []) => Action::Read,
            ("write", &[value]) => Action::Write(value),
            _ => return Err(wrong),
        };
        Ok(Op { key: words.key, action })
    }
}

impl fmt::Display for Ret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ret::Value(Some(value)) => value.fmt(f),
            Ret::Value(None) => f.write_str("none"),
            Ret::Done => f.write_str("ok"),
        }
    }
}
