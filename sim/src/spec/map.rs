//! A map whose operations are transactions: lists of reads and writes of several entries, carried out at once.
//!
//! Linearizability of such a map is strict serializability of the transactions (Herlihy & Wing 1990, §3.3). Transactions tie entries to each other, so the
//! whole map is one object, and checking it takes a general search; only where each transaction is about one entry do entries stay apart.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::Spec;
use crate::id::Key;

/// A map, empty at first.
#[derive(Clone, Debug)]
pub struct Map;

/// A transaction.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Op {
    /// Which map.
    pub key: Key,
    /// What to do with it, step by step. Each step sees what those before it did.
    pub steps: Vec<Step>,
}

/// A step of a transaction.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub enum Step {
    /// Read this entry.
    Read(u64),
    /// Let this entry hold this value.
    Write(u64, u64),
}

/// What the reads of a transaction found, in their order; none where nothing was written yet.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Ret(pub Vec<Option<u64>>);

impl Step {
    /// The entry that it is about.
    fn entry(&self) -> u64 {
        match *self {
            Step::Read(entry) | Step::Write(entry, _) => entry,
        }
    }
}

impl Spec for Map {
    type Op = Op;
    type Ret = Ret;
    type State = BTreeMap<u64, u64>;

    fn key(op: &Op) -> Key {
        op.key
    }

    fn apply(state: &mut BTreeMap<u64, u64>, op: &Op) -> Ret {
        let mut found = Vec::new();
        for step in &op.steps {
            match *step {
                Step::Read(entry) => found.push(state.get(&entry).copied()),
                Step::Write(entry, value) => {
                    state.insert(entry, value);
                }
            }
        }
        Ret(found)
    }

    fn is_read(op: &Op) -> bool {
        op.steps.iter().all(|step| matches!(step, Step::Read(_)))
    }

    fn part(op: &Op) -> Option<u64> {
        let entry = op.steps.first()?.entry();
        op.steps.iter().all(|step| step.entry() == entry).then_some(entry)
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "txn {}", self.key)?;
        self.steps.iter().try_for_each(|step| match step {
            Step::Read(entry) => write!(f, " read {entry}"),
            Step::Write(entry, value) => write!(f, " write {entry} {value}"),
        })
    }
}

impl fmt::Display for Ret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (place, value) in self.0.iter().enumerate() {
            f.write_str(if place == 0 { "" } else { " " })?;
            match value {
                Some(value) => value.fmt(f)?,
                None => f.write_str("none")?,
            }
        }
        f.write_str("]")
    }
}
