//! The words of the store: tags, ballots, versions, messages and records.

use std::fmt;

use serde::Serialize;
use shaketable_sim::id::{Key, OpId};
use shaketable_sim::node::Message;
use shaketable_sim::spec::Data;

/// Which version of a key is the newer one: the order of all writes of a key. No two operations have the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Tag {
    /// Above that of every version that a quorum knew when the write began.
    pub counter: u64,
    /// Whose write it is: of two that began at once, the order of their ids decides.
    pub writer: OpId,
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.counter, self.writer)
    }
}

/// One round of questions that a coordinator asks: answers name it, so that late ones are known as such.
///
/// Its lives begin at random numbers, so that an answer to an earlier life is late, too.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Call(pub(super) u64);

/// An attempt to settle the tag of an operation: a proposal number of Paxos. No two attempts have the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Ballot {
    /// The later attempt has the higher one, if it knows of the earlier.
    pub number: u32,
    /// The call that makes the attempt.
    pub call: Call,
}

/// What a write leaves of a key.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Version<V> {
    /// The operation that wrote it.
    pub op: OpId,
    /// Its place among the versions of its key.
    pub tag: Tag,
    /// The object's new state. That of a deleted key is a state as well, its tombstone: it is kept for ever.
    pub value: V,
}

/// A version, and the attempt in which it was proposed.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Proposal<V> {
    /// The attempt. Invariant: one ballot has one version, whoever sends it.
    pub ballot: Ballot,
    /// What is proposed.
    pub version: Version<V>,
}

/// What nodes send each other. A coordinator's questions and the replicas' answers carry the same call.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Msg<V> {
    /// Which is your newest version of this key?
    Ask {
        /// The coordinator's call.
        call: Call,
        /// Of which key.
        key: Key,
    },
    /// This, if there is any.
    Told {
        /// The call.
        call: Call,
        /// The version of the highest tag.
        newest: Option<Proposal<V>>,
    },
    /// Which tags do you know? And take no part in earlier attempts at this write from now on.
    Claim {
        /// The attempt; its call is that of the message.
        ballot: Ballot,
        /// The key that is written.
        key: Key,
        /// The operation.
        op: OpId,
    },
    /// I shall not.
    Claimed {
        /// The call.
        call: Call,
        /// The highest counter of any version of the key here; 0 if there is none.
        highest: u64,
        /// What was accepted of this very operation, in an earlier attempt.
        accepted: Option<Proposal<V>>,
    },
    /// Keep this version.
    Store {
        /// The call: that of the proposal's own attempt, or of a reader who helps it.
        call: Call,
        /// Of which key.
        key: Key,
        /// The version and its attempt.
        proposal: Proposal<V>,
    },
    /// It is kept, and durable.
    Stored {
        /// The call.
        call: Call,
    },
    /// A later attempt was promised that no earlier one will succeed.
    Refused {
        /// The call.
        call: Call,
        /// That attempt.
        promised: Ballot,
    },
    /// Anti-entropy: this is the digest of the newest versions here of all keys that both of us keep.
    Compare {
        /// The digest.
        digest: u64,
    },
    /// Mine is another: these are my newest versions of those keys. Bring me up to what is newer.
    Differs {
        /// Keys with the tags and attempts of their newest versions, in order of the keys.
        newest: Vec<(Key, Tag, Ballot)>,
    },
}

/// The names of a node's timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Timer {
    /// Not enough replicas have answered a call.
    AskAgain(Call),
    /// It is time to compare versions with the next node.
    Compare,
}

impl<V: Data> Message for Msg<V> {
    fn kind(&self) -> &'static str {
        match self {
            Msg::Ask { .. } => "Ask",
            Msg::Told { .. } => "Told",
            Msg::Claim { .. } => "Claim",
            Msg::Claimed { .. } => "Claimed",
            Msg::Store { .. } => "Store",
            Msg::Stored { .. } => "Stored",
            Msg::Refused { .. } => "Refused",
            Msg::Compare { .. } => "Compare",
            Msg::Differs { .. } => "Differs",
        }
    }

    fn is_routine(&self) -> bool {
        matches!(self, Msg::Compare { .. })
    }
}

/// What a replica writes to its journal.
///
/// Guarantee: the first record of every journal that no disk has lost is [`Record::Formatted`].
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Record<V> {
    /// The very first boot: from now on an empty journal is a lost one.
    Formatted,
    /// No earlier attempt at this write will be accepted.
    Promised {
        /// The key.
        key: Key,
        /// The operation.
        op: OpId,
        /// The attempt.
        ballot: Ballot,
    },
    /// A version was accepted.
    Accepted {
        /// The key.
        key: Key,
        /// The version and its attempt.
        proposal: Proposal<V>,
    },
}
