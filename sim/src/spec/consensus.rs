//! A consensus object: whatever is proposed, everybody is answered the value that was proposed first (Herlihy, "Wait-Free
//! Synchronization", 1991, §3): a register that can be written once.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::text::{NotAnOperation, words};
use super::{Footprint, Spec};
use crate::id::Key;

/// An object that decides for the first value proposed to it, for good.
#[derive(Clone, Debug)]
pub struct Consensus;

/// Proposes a value.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Op {
    /// To which object.
    pub key: Key,
    /// What.
    pub propose: u64,
}

/// The value that is decided: the one proposed, or another that came before it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Ret(pub u64);

impl Spec for Consensus {
    type Op = Op;
    type Ret = Ret;
    type State = Option<u64>;

    fn key(op: &Op) -> Key {
        op.key
    }

    fn apply(state: &mut Option<u64>, op: &Op) -> Ret {
        Ret(*state.get_or_insert(op.propose))
    }

    /// A proposal decides an object that is undecided, so none is a read.
    fn is_read(_: &Op) -> bool {
        false
    }

    fn footprint(op: &Op, ret: Option<&Ret>) -> Footprint<Option<u64>> {
        match ret {
            Some(Ret(decided)) if *decided != op.propose => Footprint::Finds(Some(*decided)),
            Some(_) => Footprint::Unclear, // It was the first, or the first was the same.
            None => Footprint::Changes(None),
        }
    }

    fn too_late(state: &Option<u64>, _: &Op, Ret(decided): &Ret) -> bool {
        state.is_some_and(|state| state != *decided)
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "propose {} {}", self.key, self.propose)
    }
}

impl FromStr for Op {
    type Err = NotAnOperation;

    /// Reads it as it is shown.
    fn from_str(text: &str) -> Result<Op, NotAnOperation> {
        let wrong = NotAnOperation { allowed: "`propose k1 7`" };
        let words = words(text).ok_or(wrong)?;
        match (words.verb, words.numbers.as_slice()) {
            ("propose", &[propose]) => Ok(Op { key: words.key, propose }),
            _ => Err(wrong),
        }
    }
}

impl fmt::Display for Ret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
