//! What a check found.

use std::collections::BTreeMap;

use super::anomaly::Anomaly;
use super::history::{Key, Process, TransactionId, Value};
use super::level::Level;

/// How many values of a list an [`Excerpt`] shows at most.
const SHOWN: usize = 12;

/// What a check found: anomalies, and what follows from them and from their absence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    pub(super) findings: Vec<Finding>,
    /// Levels for which it proves nothing that no anomaly was found.
    pub(super) open: Vec<Level>,
    pub(super) revealed: Vec<TransactionId>,
    pub(super) left_out: Vec<Ambiguous>,
}

/// A key that is left out of a check: a value was written to it twice, so nobody can tell who was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ambiguous {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Value,
    /// Who wrote it.
    pub first: TransactionId,
    /// Who wrote it, too; the same if one transaction did so twice.
    pub second: TransactionId,
}

/// What is known of a level.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict<'r> {
    /// The history is one of this level, whatever became of the transactions that nobody knows of. For registers, if what was
    /// assumed of them is true.
    Holds,
    /// No anomaly was found that the level forbids. What was seen does not tell the order of all versions, so there may be one.
    NothingFound,
    /// The history is none of this level, because of this.
    Violated(&'r Finding),
}

/// One anomaly, by an example: the first in the history or, of cycles, the smallest that was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// What it is.
    pub anomaly: Anomaly,
    /// What shows it.
    pub evidence: Evidence,
}

impl Report {
    /// The anomalies that were found, each once, the gravest first.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What is known of a level.
    pub fn verdict(&self, level: Level) -> Verdict<'_> {
        match self.findings.iter().find(|finding| level.forbids(finding.anomaly)) {
            Some(finding) => Verdict::Violated(finding),
            None if self.is_proven(level) => Verdict::Holds,
            None => Verdict::NothingFound,
        }
    }

    /// Whether it, or a level that implies it, is violated by nothing and would have been shown to be.
    fn is_proven(&self, level: Level) -> bool {
        Level::ALL
            .iter()
            .any(|stronger| stronger.implies(level) && !self.open.contains(stronger) && !self.is_violated(*stronger))
    }

    fn is_violated(&self, level: Level) -> bool {
        self.findings.iter().any(|finding| level.forbids(finding.anomaly))
    }

    /// The strongest levels that are not violated: none of them implies another.
    pub fn strongest(&self) -> Vec<Level> {
        let left = |level: &&Level| !self.is_violated(**level);
        let covered =
            |level: &Level| Level::ALL.iter().filter(left).any(|other| other != level && other.implies(*level));
        Level::ALL.iter().filter(left).filter(|level| !covered(level)).copied().collect()
    }

    /// The keys that were left out, sorted. Because of them no level is proven; what is found on the others is true all the same.
    pub fn left_out(&self) -> &[Ambiguous] {
        &self.left_out
    }

    /// Transactions whose clients do not know, and that committed, because others that did have read from them.
    pub fn revealed(&self) -> &[TransactionId] {
        &self.revealed
    }
}

/// Anomalies as they are found.
#[derive(Default)]
pub(super) struct Findings(BTreeMap<Anomaly, Evidence>);

impl Findings {
    /// Adds an anomaly, unless there is one of the name.
    pub(super) fn add(&mut self, anomaly: Anomaly, evidence: impl FnOnce() -> Evidence) {
        self.0.entry(anomaly).or_insert_with(evidence);
    }

    /// All of them, first those that most levels forbid.
    pub(super) fn into_vec(self) -> Vec<Finding> {
        let mut all: Vec<Finding> =
            self.0.into_iter().map(|(anomaly, evidence)| Finding { anomaly, evidence }).collect();
        all.sort_by_key(|found| Level::ALL.iter().filter(|level| !level.forbids(found.anomaly)).count());
        all
    }
}

/// What shows an anomaly.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Evidence {
    /// Transactions each of which must come before the next, and the last before the first.
    Cycle(Vec<Step>),
    /// Something about one read.
    Read {
        /// Who read.
        reader: TransactionId,
        /// What.
        key: Key,
        /// What was seen.
        seen: Seen,
        /// What is wrong with it.
        fault: Fault,
    },
    /// Two lists of one key, neither of which is a prefix of the other.
    Lists {
        /// The key.
        key: Key,
        /// Who read one, and what it was.
        first: (TransactionId, Seen),
        /// Who read the other.
        second: (TransactionId, Seen),
    },
    /// Two transactions read one version and replaced it.
    Replaced {
        /// The key.
        key: Key,
        /// The version.
        seen: Seen,
        /// One of them.
        first: TransactionId,
        /// The other.
        second: TransactionId,
    },
}

/// What is wrong with a read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Nobody wrote this value.
    Garbage(Value),
    /// This value is there twice.
    Twice(Value),
    /// This transaction wrote this value, and aborted.
    Aborted(TransactionId, Value),
    /// The first value was appended by a transaction that aborted, the second, after it, by one that did not.
    OnTop {
        /// Who aborted.
        aborted: TransactionId,
        /// What it had appended.
        below: Value,
        /// Who committed.
        committed: TransactionId,
        /// What it appended.
        above: Value,
    },
    /// This transaction wrote this value and then another one.
    Intermediate(TransactionId, Value),
    /// This transaction appended this value after others of its own, of which those right before it are not there.
    OutOfTurn(TransactionId, Value),
    /// The reader wrote this value only later.
    Future(Value),
    /// By its own earlier operations, the reader should have seen this.
    Expected(Seen),
}

/// What was read of a key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Seen {
    /// A register.
    Register(Option<Value>),
    /// A list.
    List(Excerpt),
}

/// A part of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Excerpt {
    /// Whether there are others before.
    pub before: bool,
    /// Values that follow each other, a dozen at most.
    pub values: Vec<Value>,
    /// Whether there are others after.
    pub after: bool,
}

impl Seen {
    /// Of a list, what is near a place.
    pub(super) fn near(list: &[Value], place: usize) -> Seen {
        let begin = (place + SHOWN / 2).min(list.len()).saturating_sub(SHOWN);
        let end = (begin + SHOWN).min(list.len());
        Seen::List(Excerpt { before: begin > 0, values: list[begin..end].to_vec(), after: end < list.len() })
    }

    /// Of a list, its end.
    pub(super) fn end(list: &[Value]) -> Seen {
        Seen::near(list, list.len())
    }
}

/// Why one transaction of a cycle comes before the next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// The one.
    pub from: TransactionId,
    /// The next.
    pub to: TransactionId,
    /// Why.
    pub why: Dependency,
}

/// A dependency of one transaction on another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Dependency {
    /// ww: the first wrote a version that is followed by one that the second wrote.
    Ww {
        /// Of which key.
        key: Key,
        /// What the first wrote.
        earlier: Value,
        /// What the second wrote.
        later: Value,
        /// How that is known.
        basis: Basis,
    },
    /// wr: the second read what the first wrote.
    Wr {
        /// Of which key.
        key: Key,
        /// What the first wrote.
        value: Value,
        /// What the second saw.
        seen: Seen,
    },
    /// rw: the first read a version that is followed by one that the second wrote.
    Rw {
        /// Of which key.
        key: Key,
        /// What the first saw.
        seen: Seen,
        /// What the second wrote.
        later: Value,
        /// How it is known that this is later.
        basis: Basis,
    },
    /// This process asked for the second after the first was done.
    Process(Process),
    /// The second was asked for after the first was done.
    RealTime,
}

/// How the order of two versions is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Basis {
    /// A list that was read has one after the other.
    Read(TransactionId, Seen),
    /// The later is in no list that was read. The longest is this, if any but the empty one was read.
    Unread(Option<(TransactionId, Seen)>),
    /// The earlier is the initial version.
    Initial,
    /// This transaction read the earlier and wrote the later.
    Replaced(TransactionId),
    /// Keys are assumed to be linearizable, and the first was done with the earlier before the second, which met the later, was asked for.
    LinearizableKeys(TransactionId, TransactionId),
    /// Keys are assumed to be sequential, and the first met the earlier, and the second, of the same process and after it, the later.
    SequentialKeys(TransactionId, TransactionId),
}
