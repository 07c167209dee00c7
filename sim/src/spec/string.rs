//! A string: get, put and append. A get shows every append since the last put, and their order.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::{Footprint, Spec};
use crate::id::Key;

/// A string that is empty at first.
#[derive(Clone, Debug)]
pub struct Str;

/// A text that is shared by its copies, because states are copied much more often than they are changed.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize)]
pub struct Text(Arc<str>);

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text(text.into())
    }
}

/// An operation on a string.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Op {
    /// Which string.
    pub key: Key,
    /// What to do with it.
    pub action: Action,
}

/// What can be done with a string.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub enum Action {
    /// Read all of it.
    Get,
    /// Replace it.
    Put(Text),
    /// Put this at its end.
    Append(Text),
}

/// What a string answers.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub enum Ret {
    /// All of it.
    Text(Text),
    /// It is done.
    Done,
}

impl Spec for Str {
    type Op = Op;
    type Ret = Ret;
    type State = Text;

    fn key(op: &Op) -> Key {
        op.key
    }

    fn apply(state: &mut Text, op: &Op) -> Ret {
        match &op.action {
            Action::Get => return Ret::Text(state.clone()),
            Action::Put(text) => *state = text.clone(),
            Action::Append(Text(end)) => *state = Text([&*state.0, &**end].concat().into()),
        }
        Ret::Done
    }

    fn is_read(op: &Op) -> bool {
        op.action == Action::Get
    }

    /// What an append finds and leaves, its answer does not tell.
    fn footprint(op: &Op, ret: Option<&Ret>) -> Footprint<Text> {
        match (&op.action, ret) {
            (Action::Put(text), _) => Footprint::Overwrites(text.clone()),
            (Action::Get, Some(Ret::Text(text))) => Footprint::Finds(text.clone()),
            (Action::Get | Action::Append(_), _) => Footprint::Unclear,
        }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.action {
            Action::Get => write!(f, "get {}", self.key),
            Action::Put(text) => write!(f, "put {} {text}", self.key),
            Action::Append(text) => write!(f, "append {} {text}", self.key),
        }
    }
}

impl fmt::Display for Ret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ret::Text(text) => text.fmt(f),
            Ret::Done => f.write_str("ok"),
        }
    }
}
