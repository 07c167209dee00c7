//! Anomalies by name: who defines each, and from which level on it is forbidden.

use super::level::Level;

/// Something that no history of some level has. Those that the same levels forbid are reported in this order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Anomaly {
    /// A value was read that nobody wrote.
    GarbageRead,
    /// A list has a value twice that was appended once.
    DuplicateAppend,
    /// Cycles of dependencies.
    Cycle(Scope, Shape),
    /// G1a: a committed transaction read what an aborted one wrote.
    AbortedRead,
    /// What an aborted transaction appended is below what a committed one did.
    DirtyUpdate,
    /// G1b: a transaction read what another one wrote and then wrote again.
    IntermediateRead,
    /// Lists that were read of one key cannot both be prefixes of one list; or a list has a transaction's own appends in
    /// another order than that transaction, or lacks one between them.
    IncompatibleOrder,
    /// A transaction read what it wrote only later.
    FutureRead,
    /// A transaction contradicts its own earlier operations: it read a key again and saw something else, or did not see what it wrote.
    Internal,
    /// Two transactions read the same version of a key and both wrote that key.
    LostUpdate,
}

/// What a cycle is made of, besides dependencies on data.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Scope {
    /// Nothing.
    Data,
    /// The order of a process, at least once: the suffix `-process` of Elle (Kingsbury, Alvaro 2020).
    Session,
    /// The order of real time, at least once: the suffix `-realtime` of Elle.
    RealTime,
}

/// What a cycle is made of. *ww*: wrote the next version; *wr*: read what the other wrote; *rw*: read a version that the other
/// replaced by the next one (Adya, Liskov, O'Neil 2000, direct conflicts).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Shape {
    /// Only ww (Adya, Liskov, O'Neil 2000, phenomenon G0).
    G0,
    /// ww, and wr at least once (the same, phenomenon G1c).
    G1c,
    /// rw once: read skew and lost updates (Adya 1999, phenomenon G-single).
    GSingle,
    /// rw more than once, and never twice in a row: long forks. Cerone, Gotsman 2016 show that snapshot isolation has none, by the
    /// dependency graphs of its histories; the name is Elle's.
    GNonadjacent,
    /// rw twice in a row: write skew (Adya, Liskov, O'Neil 2000, phenomenon G2-item).
    G2Item,
}

impl Anomaly {
    /// The name in the literature.
    pub fn name(self) -> &'static str {
        match self {
            Anomaly::GarbageRead => "garbage read",
            Anomaly::DuplicateAppend => "duplicate append",
            Anomaly::AbortedRead => "G1a",
            Anomaly::DirtyUpdate => "dirty update",
            Anomaly::IntermediateRead => "G1b",
            Anomaly::IncompatibleOrder => "incompatible order",
            Anomaly::FutureRead => "future read",
            Anomaly::Internal => "internal",
            Anomaly::LostUpdate => "lost update",
            Anomaly::Cycle(Scope::Data, shape) => shape.names()[0],
            Anomaly::Cycle(Scope::Session, shape) => shape.names()[1],
            Anomaly::Cycle(Scope::RealTime, shape) => shape.names()[2],
        }
    }

    /// What it is, in a few words.
    pub fn gist(self) -> &'static str {
        match self {
            Anomaly::GarbageRead => "a value was read that nobody wrote",
            Anomaly::DuplicateAppend => "a value is twice in a list",
            Anomaly::AbortedRead => "aborted read",
            Anomaly::DirtyUpdate => "a write on top of an aborted one",
            Anomaly::IntermediateRead => "intermediate read",
            Anomaly::IncompatibleOrder => "no order of the appends explains what was read",
            Anomaly::FutureRead => "a transaction read what it wrote only later",
            Anomaly::Internal => "a transaction contradicts itself",
            Anomaly::LostUpdate => "two replaced the same version",
            Anomaly::Cycle(Scope::Session, _) => "a process met versions against their order",
            Anomaly::Cycle(Scope::RealTime, _) => "versions were met against real time",
            Anomaly::Cycle(_, Shape::G0) => "dirty write",
            Anomaly::Cycle(_, Shape::G1c) => "circular information flow",
            Anomaly::Cycle(_, Shape::GSingle) => "read skew",
            Anomaly::Cycle(_, Shape::GNonadjacent) => "long fork",
            Anomaly::Cycle(_, Shape::G2Item) => "write skew",
        }
    }

    /// Who defines it.
    pub fn source(self) -> &'static str {
        match self {
            Anomaly::AbortedRead => "Adya, Liskov, O'Neil 2000, G1a",
            Anomaly::IntermediateRead => "Adya, Liskov, O'Neil 2000, G1b",
            Anomaly::Cycle(Scope::Session | Scope::RealTime, _) => "Kingsbury, Alvaro 2020",
            Anomaly::Cycle(_, Shape::G0) => "Adya, Liskov, O'Neil 2000, G0",
            Anomaly::Cycle(_, Shape::G1c) => "Adya, Liskov, O'Neil 2000, G1c",
            Anomaly::Cycle(_, Shape::GSingle) => "Adya 1999, G-single",
            Anomaly::Cycle(_, Shape::GNonadjacent) => "Cerone, Gotsman 2016",
            Anomaly::Cycle(_, Shape::G2Item) => "Adya, Liskov, O'Neil 2000, G2-item",
            Anomaly::Internal => "Cerone, Bernardi, Gotsman 2015, axiom Int",
            Anomaly::FutureRead => "Cerone, Bernardi, Gotsman 2015, axiom Ext",
            Anomaly::LostUpdate => "Berenson et al. 1995, P4",
            Anomaly::GarbageRead | Anomaly::DuplicateAppend | Anomaly::DirtyUpdate | Anomaly::IncompatibleOrder => {
                "Kingsbury, Alvaro 2020"
            }
        }
    }

    /// The weakest levels that forbid it; all that imply one of them do, too.
    pub fn forbidden_from(self) -> &'static [Level] {
        match self {
            // No history in the sense of Adya has these: each read returns some version, and each write makes one.
            Anomaly::GarbageRead | Anomaly::DuplicateAppend => &[Level::ReadUncommitted],
            Anomaly::Cycle(Scope::Data, Shape::G0) => &[Level::ReadUncommitted],
            // Of two lists that do not fit together, one was made of an aborted or a provisional version.
            Anomaly::AbortedRead | Anomaly::DirtyUpdate | Anomaly::IntermediateRead | Anomaly::IncompatibleOrder => {
                &[Level::ReadCommitted]
            }
            // A transaction that read from its own future is a cycle of one wr.
            Anomaly::FutureRead | Anomaly::Cycle(Scope::Data, Shape::G1c) => &[Level::ReadCommitted],
            Anomaly::Internal
            | Anomaly::LostUpdate
            | Anomaly::Cycle(Scope::Data, Shape::GSingle | Shape::GNonadjacent) => {
                &[Level::RepeatableRead, Level::SnapshotIsolation]
            }
            Anomaly::Cycle(Scope::Data, Shape::G2Item) => &[Level::RepeatableRead],
            Anomaly::Cycle(Scope::Session, Shape::G2Item) => &[Level::StrongSessionSerializable],
            Anomaly::Cycle(Scope::Session, _) => &[Level::StrongSessionSnapshotIsolation],
            Anomaly::Cycle(Scope::RealTime, Shape::G2Item) => &[Level::StrictSerializable],
            Anomaly::Cycle(Scope::RealTime, _) => &[Level::StrongSnapshotIsolation],
        }
    }
}

impl Shape {
    /// Its names: bare, with the order of processes, with that of real time.
    fn names(self) -> [&'static str; 3] {
        match self {
            Shape::G0 => ["G0", "G0-process", "G0-realtime"],
            Shape::G1c => ["G1c", "G1c-process", "G1c-realtime"],
            Shape::GSingle => ["G-single", "G-single-process", "G-single-realtime"],
            Shape::GNonadjacent => ["G-nonadjacent", "G-nonadjacent-process", "G-nonadjacent-realtime"],
            Shape::G2Item => ["G2-item", "G2-item-process", "G2-item-realtime"],
        }
    }
}
