//! A set: elements are added, removed and looked for, each without regard to the others; or all are read at once.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use super::Spec;
use crate::id::Key;

/// A set, empty at first.
#[derive(Clone, Debug)]
pub struct Set;

/// An operation on a set.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Op {
    /// Which set.
    pub key: Key,
    /// What to do with it.
    pub action: Action,
}

/// What can be done with a set.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub enum Action {
    /// Let it contain this.
    Add(u64),
    /// Let it not contain this.
    Remove(u64),
    /// Say whether it contains this.
    Contains(u64),
    /// Read all of it.
    Read,
}

/// What a set answers.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub enum Ret {
    /// Whether an addition or a removal changed anything, or whether the element is there.
    Bool(bool),
    /// All elements.
    Elements(BTreeSet<u64>),
}

impl Spec for Set {
    type Op = Op;
    type Ret = Ret;
    type State = BTreeSet<u64>;

    fn key(op: &Op) -> Key {
        op.key
    }

    fn apply(state: &mut BTreeSet<u64>, op: &Op) -> Ret {
        match &op.action {
            Action::Add(element) => Ret::Bool(state.insert(*element)),
            Action::Remove(element) => Ret::Bool(state.remove(element)),
            Action::Contains(element) => Ret::Bool(state.contains(element)),
            Action::Read => Ret::Elements(state.clone()),
        }
    }

    fn is_read(op: &Op) -> bool {
        matches!(op.action, Action::Contains(_) | Action::Read)
    }

    /// Elements do not know each other, unless somebody reads them all.
    fn part(op: &Op) -> Option<u64> {
        match op.action {
            Action::Add(element) | Action::Remove(element) | Action::Contains(element) => Some(element),
            Action::Read => None,
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.action {
            Action::Add(element) => write!(f, "add {} {element}", self.key),
            Action::Remove(element) => write!(f, "remove {} {element}", self.key),
            Action::Contains(element) => write!(f, "contains {} {element}", self.key),
            Action::Read => write!(f, "read {}", self.key),
        }
    }
}

impl fmt::Display for Ret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ret::Bool(answer) => answer.fmt(f),
            Ret::Elements(elements) => {
                f.write_str("{")?;
                for (place, element) in elements.iter().enumerate() {
                    write!(f, "{}{element}", if place == 0 { "" } else { " " })?;
                }
                f.write_str("}")
            }
        }
    }
}
