//! The words of the store: messages, timers and records.

use std::collections::BTreeSet;

use serde::Serialize;
use shaketable_sim::id::{Key, NodeId};
use shaketable_sim::node::Message;
use shaketable_sim::spec::Data;

use super::collection::Ticket;
use super::gossip::{News, Probe};
use super::membership::{Epoch, Ring};
use super::merkle::Branch;
use super::versions::{Object, Past};

/// One round of questions that a coordinator asks: answers name it, so that late ones are known as such.
///
/// Its lives begin at random numbers, so that an answer to an earlier life is late, too.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Call(pub(super) u64);

/// What is kept for the owners of a key by a node that is none of them: it stands in for one (Dynamo §4.6), or was one by an earlier ring.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Hint<V> {
    /// What it keeps.
    pub object: Object<V>,
    /// The owners that have not acknowledged it. Invariant: there are some.
    pub missing: BTreeSet<NodeId>,
}

/// What nodes send each other.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Msg<V> {
    /// What do you know of this key?
    Get {
        /// The coordinator's call.
        call: Call,
        /// Its ring; a node that knows another does not answer.
        epoch: Epoch,
        /// Which key.
        key: Key,
    },
    /// This.
    Got {
        /// The call.
        call: Call,
        /// All of it.
        object: Object<V>,
    },
    /// Keep this, besides what you know.
    Put {
        /// The coordinator's call.
        call: Call,
        /// Its ring; a node that knows another does not answer.
        epoch: Epoch,
        /// Which key.
        key: Key,
        /// All that the coordinator knows of it.
        object: Object<V>,
        /// The owner in whose place it is to be kept, as a hint.
        stands_for: Option<NodeId>,
    },
    /// It is kept, and durable.
    Kept {
        /// The call.
        call: Call,
        /// In whose place: a stand-in's owner, or the node itself.
        place: NodeId,
    },
    /// A reader has found that you do not know all of this, or a comparison has: take it over.
    Repair {
        /// Keys, and what is known of them.
        objects: Vec<(Key, Object<V>)>,
    },
    /// You were away; this was kept in your place.
    Handoff {
        /// Which key.
        key: Key,
        /// All that the stand-in knows of it.
        object: Object<V>,
    },
    /// It is kept, and durable.
    Handed {
        /// Which key.
        key: Key,
        /// What the hint knew.
        past: Past,
    },
    /// Anti-entropy: these are the hashes of the branches below this one, over all keys that both of us own.
    Hashes {
        /// The ring that says who owns what.
        epoch: Epoch,
        /// The branch.
        at: Branch,
        /// One hash for each branch below.
        below: Vec<u64>,
    },
    /// This leaf differs; that is all that I know of its keys.
    Leaf {
        /// The ring.
        epoch: Epoch,
        /// The leaf.
        at: Branch,
        /// Its keys.
        objects: Vec<(Key, Object<V>)>,
    },
    /// My ring is another than yours.
    Ring {
        /// Mine.
        ring: Ring,
    },
    /// To oneself: a newer ring is durable.
    RingKept {
        /// Which.
        ring: Ring,
    },
    /// Do you know nothing of these keys but that they were deleted?
    Vouch {
        /// The collector's call.
        call: Call,
        /// The keys, and what is known to be gone of each.
        tombs: Vec<(Key, Past)>,
    },
    /// Of these I know nothing else, and have not since I gave these tickets.
    Vouched {
        /// The call.
        call: Call,
        /// The keys.
        tickets: Vec<(Key, Ticket)>,
    },
    /// Nobody knows anything else of these: forget them.
    Collect {
        /// The keys, and what is known to be gone of each.
        tombs: Vec<(Key, Past)>,
    },
    /// Are you alive?
    Ping {
        /// The probe.
        probe: Probe,
        /// What the sender knows.
        news: News,
    },
    /// I am; or, from a helper, that node is.
    Ack {
        /// The probe.
        probe: Probe,
        /// What the sender knows.
        news: News,
    },
    /// Ask that node, which does not answer me.
    PingReq {
        /// The probe.
        probe: Probe,
        /// Which node.
        target: NodeId,
        /// What the sender knows.
        news: News,
    },
}

/// The names of a node's timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Timer {
    /// Not enough nodes have answered a call.
    AskAgain(Call),
    /// It is time to compare trees of hashes with another owner.
    Compare,
    /// It is time to hand over what is kept for others.
    Handoff,
    /// It is time to ask another node whether it is alive.
    Probe,
    /// A probe was not answered in time.
    Patience(Probe),
    /// A suspect has had its time to contradict.
    Suspicion(NodeId),
    /// Another grace of tombstones has passed.
    Grace,
}

impl<V: Data> Message for Msg<V> {
    fn kind(&self) -> &'static str {
        match self {
            Msg::Get { .. } => "Get",
            Msg::Got { .. } => "Got",
            Msg::Put { .. } => "Put",
            Msg::Kept { .. } => "Kept",
            Msg::Repair { .. } => "Repair",
            Msg::Handoff { .. } => "Handoff",
            Msg::Handed { .. } => "Handed",
            Msg::Hashes { .. } => "Hashes",
            Msg::Leaf { .. } => "Leaf",
            Msg::Ring { .. } => "Ring",
            Msg::RingKept { .. } => "RingKept",
            Msg::Vouch { .. } => "Vouch",
            Msg::Vouched { .. } => "Vouched",
            Msg::Collect { .. } => "Collect",
            Msg::Ping { .. } => "Ping",
            Msg::Ack { .. } => "Ack",
            Msg::PingReq { .. } => "PingReq",
        }
    }

    fn is_routine(&self) -> bool {
        matches!(self, Msg::Ping { .. } | Msg::Ack { .. } | Msg::PingReq { .. } | Msg::Hashes { .. })
    }
}

/// What a node writes to its journal. Of one key, the latest record says all: a key is owned, or kept for others, or neither.
///
/// Guarantee: the first record of every journal that no disk has lost is [`Record::Formatted`].
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Record<V> {
    /// The very first boot: from now on an empty journal is a lost one.
    Formatted,
    /// What an owner knows of a key.
    Owned {
        /// The key.
        key: Key,
        /// All of it.
        object: Object<V>,
    },
    /// What is kept of a key for its owners.
    Hinted {
        /// The key.
        key: Key,
        /// All of it.
        hint: Hint<V>,
    },
    /// A hint was acknowledged by all that it was for.
    HandedOver {
        /// The key.
        key: Key,
    },
    /// A tombstone was collected.
    Collected {
        /// The key.
        key: Key,
    },
    /// The ring from now on. Until there is one, it is the first.
    Ring {
        /// All of it.
        ring: Ring,
    },
    /// Of a journal that was compacted: what its records said that are gone.
    Forgotten {
        /// The keys of which something was once known and then was not any more.
        keys: BTreeSet<Key>,
        /// The highest counter of any write that was ever kept.
        counter: u64,
    },
}

impl<V> Record<V> {
    /// The key that it is about, if it is about one.
    pub(super) fn key(&self) -> Option<Key> {
        match self {
            Record::Owned { key, .. }
            | Record::Hinted { key, .. }
            | Record::HandedOver { key }
            | Record::Collected { key } => Some(*key),
            Record::Formatted | Record::Ring { .. } | Record::Forgotten { .. } => None,
        }
    }
}
