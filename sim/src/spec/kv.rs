//! A key-value map with compare-and-set. Each key is an object of its own.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::text::{NotAnOperation, words};
use super::{Footprint, Spec};
use crate::id::Key;

/// One entry of a key-value map: a value, or none.
#[derive(Clone, Debug)]
pub struct Kv;

/// An operation on a key.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Op {
    /// Which key.
    pub key: Key,
    /// What to do with it.
    pub action: Action,
}

/// What can be done with a key.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub enum Action {
    /// Read its value.
    Get,
    /// Set its value.
    Put(u64),
    /// Set its value if it has the expected one.
    Cas {
        /// The value that it must have.
        expect: u64,
        /// The value that it gets.
        new: u64,
    },
    /// Remove it.
    Delete,
}

/// What a key-value map answers.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub enum Ret {
    /// The value; none if the key is absent.
    Value(Option<u64>),
    /// It is done.
    Done,
    /// Whether the value was the expected one and has been replaced.
    Swapped(bool),
}

impl Spec for Kv {
    type Op = Op;
    type Ret = Ret;
    type State = Option<u64>;

    fn key(op: &Op) -> Key {
        op.key
    }

    fn apply(state: &mut Option<u64>, op: &Op) -> Ret {
        match op.action {
            Action::Get => return Ret::Value(*state),
            Action::Put(value) => *state = Some(value),
            Action::Delete => *state = None,
            Action::Cas { expect, new } => {
                let matches = *state == Some(expect);
                if matches {
                    *state = Some(new);
                }
                return Ret::Swapped(matches);
            }
        }
        Ret::Done
    }

    fn is_read(op: &Op) -> bool {
        op.action == Action::Get
    }

    fn footprint(op: &Op, ret: Option<&Ret>) -> Footprint<Option<u64>> {
        match (&op.action, ret) {
            (Action::Put(value), _) => Footprint::Overwrites(Some(*value)),
            (Action::Delete, _) => Footprint::Overwrites(None),
            (Action::Get, Some(Ret::Value(value))) => Footprint::Finds(*value),
            (Action::Cas { expect, .. }, Some(Ret::Swapped(true))) => Footprint::Finds(Some(*expect)),
            (Action::Cas { expect, .. }, Some(Ret::Swapped(false))) => Footprint::Misses(Some(*expect)),
            (Action::Cas { expect, .. }, None) => Footprint::Changes(Some(*expect)),
            (Action::Get | Action::Cas { .. }, _) => Footprint::Unclear,
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key;
        match self.action {
            Action::Get => write!(f, "get {key}"),
            Action::Put(value) => write!(f, "put {key} {value}"),
            Action::Cas { expect, new } => write!(f, "cas {key} {expect}→{new}"),
            Action::Delete => write!(f, "delete {key}"),
        }
    }
}

impl FromStr for Op {
    type Err = NotAnOperation;

    /// Reads it as it is shown.
    fn from_str(text: &str) -> Result<Op, NotAnOperation> {
        let wrong = NotAnOperation { allowed: "`get k1`, `put k1 7`, `cas k1 7→8` or `delete k1`" };
        let words = words(text).ok_or(wrong)?;
        let action = match (words.verb, words.numbers.as_slice()) {
            ("get", []) => Action::Get,
            ("put", &[value]) => Action::Put(value),
            ("cas", &[expect, new]) => Action::Cas { expect, new },
            ("delete", []) => Action::Delete,
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
            Ret::Swapped(true) => f.write_str("swapped"),
            Ret::Swapped(false) => f.write_str("differs"),
        }
    }
}
