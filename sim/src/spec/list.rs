//! An append-only list: append and read. A read shows every append and their order, so nothing stays hidden.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::Spec;
use super::text::{NotAnOperation, words};
use crate::id::Key;

/// A list that is empty at first and only grows.
#[derive(Clone, Debug)]
pub struct List;

/// An operation on a list.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Op {
    /// Which list.
    pub key: Key,
    /// What to do with it.
    pub action: Action,
}

/// What can be done with a list.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub enum Action {
    /// Read all of it.
    Read,
    /// Put this at its end, and answer its new length.
    Append(u64),
}

/// What a list answers.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub enum Ret {
    /// All items, oldest first.
    Items(Vec<u64>),
    /// The length, the new item included.
    Length(u64),
}

impl Spec for List {
    type Op = Op;
    type Ret = Ret;
    type State = Vec<u64>;

    fn key(op: &Op) -> Key {
        op.key
    }

    fn apply(state: &mut Vec<u64>, op: &Op) -> Ret {
        match op.action {
            Action::Read => Ret::Items(state.clone()),
            Action::Append(item) => {
                state.push(item);
                Ret::Length(state.len() as u64)
            }
        }
    }

    fn is_read(op: &Op) -> bool {
        op.action == Action::Read
    }

    fn too_late(state: &Vec<u64>, _: &Op, ret: &Ret) -> bool {
        match ret {
            Ret::Items(items) => !items.starts_with(state),
            Ret::Length(length) => state.len() as u64 >= *length,
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.action {
            Action::Read => write!(f, "read {}", self.key),
            Action::Append(item) => write!(f, "append {} {item}", self.key),
        }
    }
}

impl FromStr for Op {
    type Err = NotAnOperation;

    /// Reads it as it is shown.
    fn from_str(text: &str) -> Result<Op, NotAnOperation> {
        let wrong = NotAnOperation { allowed: "`read k1` or `append k1 7`" };
        let words = words(text).ok_or(wrong)?;
        let action = match (words.verb, words.numbers.as_slice()) {
            ("read", []) => Action::Read,
            ("append", &[item]) => Action::Append(item),
            _ => return Err(wrong),
        };
        Ok(Op { key: words.key, action })
    }
}

impl fmt::Display for Ret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ret::Items(items) => {
                f.write_str("[")?;
                for (place, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if place == 0 { "" } else { " " })?;
                }
                f.write_str("]")
            }
            Ret::Length(length) => write!(f, "length {length}"),
        }
    }
}
