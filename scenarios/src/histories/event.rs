//! What every format comes down to: somebody asks for something, or learns what became of it.

use super::value::{Value, cut};

/// How long what is said of a mistake may be, in characters.
const LONGEST: usize = 600;

/// A line of a history.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Item {
    /// The model by which it says that it is to be judged.
    Model(String),
    /// Something happened.
    Event(Event),
}

/// Something that a client saw.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Event {
    /// Where it begins in the file, from 1.
    pub(crate) line: u64,
    /// Whose.
    pub(crate) process: Value,
    /// What kind of event.
    pub(crate) kind: Kind,
    /// What is asked for. An answer need not say it again.
    pub(crate) f: Option<String>,
    /// Of which object.
    pub(crate) key: Option<Value>,
    /// With what it is asked for; of an answer, what it says.
    pub(crate) value: Value,
    /// When, in nanoseconds, if that is told. The order of the events alone decides what came before what.
    pub(crate) time: Option<u64>,
}

/// What an event says of an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Somebody asks for it.
    Invoke,
    /// It happened, with this answer.
    Ok,
    /// It certainly did not happen.
    Fail,
    /// Nobody will ever know whether it happens, now or later.
    Info,
}

impl Kind {
    /// All of them, by the names that histories use.
    pub(crate) const NAMES: [(&str, Kind); 4] =
        [("invoke", Kind::Invoke), ("ok", Kind::Ok), ("fail", Kind::Fail), ("info", Kind::Info)];

    /// The kind of this name.
    pub(crate) fn named(name: &str) -> Option<Kind> {
        Kind::NAMES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }
}

/// Something that is wrong with a history, and where.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Mistake {
    /// The line, from 1.
    pub(crate) line: u64,
    /// What is there.
    pub(crate) given: String,
    /// What could be there.
    pub(crate) allowed: String,
}

impl Mistake {
    /// A mistake in a line: what is there, and what could be.
    pub(crate) fn new(line: u64, given: impl Into<String>, allowed: impl Into<String>) -> Mistake {
        // What quotes a history may be as long as a line of it.
        Mistake { line, given: cut(&given.into(), LONGEST), allowed: cut(&allowed.into(), LONGEST) }
    }

    /// There is a kind of event that there is not.
    pub(crate) fn kind(line: u64, given: &str) -> Mistake {
        Mistake::new(line, format!("unknown type {}", cut(given, 60)), "allowed are `invoke`, `ok`, `fail` and `info`")
    }
}

/// Reads a history event by event. It goes on after a mistake where that makes sense, and ends where not.
pub(crate) type Reader<'a> = dyn Iterator<Item = Result<Item, Mistake>> + 'a;
