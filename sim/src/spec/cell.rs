//! A cell: read, written, compared and set, where nothing is a value like any other.
//!
//! It is what a [register](super::register) and an entry of a [map](super::kv) are to clients that write nothing, compare with it and put
//! it in place of something, as histories of other systems have it.

use std::fmt;

use serde::Serialize;

use super::{Footprint, Spec};
use crate::id::Key;

/// A cell that holds a value, or nothing, as at first.
#[derive(Clone, Debug)]
pub struct Cell;

/// An operation on a cell.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Op {
    /// Which cell.
    pub key: Key,
    /// What to do with it.
    pub action: Action,
}

/// What can be done with a cell.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub enum Action {
    /// Read it.
    Read,
    /// Put this in it.
    Write(Option<u64>),
    /// Put something in it if it holds what is expected.
    Cas {
        /// What it must hold.
        expect: Option<u64>,
        /// What it then gets.
        new: Option<u64>,
    },
}

/// What a cell answers.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub enum Ret {
    /// What it holds.
    Value(Option<u64>),
    /// It is done.
    Done,
    /// Whether it held what was expected, and that has been replaced.
    Swapped(bool),
}

impl Spec for Cell {
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
                *state = value;
                Ret::Done
            }
            Action::Cas { expect, new } => {
                let matches = *state == expect;
                if matches {
                    *state = new;
                }
                Ret::Swapped(matches)
            }
        }
    }

    fn is_read(op: &Op) -> bool {
        op.action == Action::Read
    }

    fn footprint(op: &Op, ret: Option<&Ret>) -> Footprint<Option<u64>> {
        match (&op.action, ret) {
            (Action::Write(value), _) => Footprint::Overwrites(*value),
            (Action::Read, Some(Ret::Value(value))) => Footprint::Finds(*value),
            (Action::Cas { expect, .. }, Some(Ret::Swapped(true))) => Footprint::Finds(*expect),
            (Action::Cas { expect, .. }, Some(Ret::Swapped(false))) => Footprint::Misses(*expect),
            (Action::Cas { expect, .. }, None) => Footprint::Changes(*expect),
            (Action::Read | Action::Cas { .. }, _) => Footprint::Unclear,
        }
    }
}

/// A value, or `none`.
struct Held(Option<u64>);

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str("none"),
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.action {
            Action::Read => write!(f, "read {}", self.key),
            Action::Write(value) => write!(f, "write {} {}", self.key, Held(value)),
            Action::Cas { expect, new } => write!(f, "cas {} {}→{}", self.key, Held(expect), Held(new)),
        }
    }
}

impl fmt::Display for Ret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ret::Value(value) => Held(*value).fmt(f),
            Ret::Done => f.write_str("ok"),
            Ret::Swapped(true) => f.write_str("swapped"),
            Ret::Swapped(false) => f.write_str("differs"),
        }
    }
}
