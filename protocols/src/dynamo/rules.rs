//! The decisions on which the store's safety rests, each a pure function that cites its paper.
//!
//! Dynamo: DeCandia et al., "Dynamo: Amazon's Highly Available Key-value Store", 2007. DVV: Preguiça et al., "Dotted Version Vectors: Logical Clocks for Optimistic
//! Replication", 2010. HLC: Kulkarni et al., "Logical Physical Clocks", 2014. SWIM: Das, Gupta & Motivala, "SWIM: Scalable Weakly-consistent
//! Infection-style Process Group Membership Protocol", 2002. The default bodies are the papers; [`Paper`] changes none of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use shaketable_sim::digest::digest_of;
use shaketable_sim::id::{Key, NodeId};
use shaketable_sim::time::Instant;

use super::gossip::{Health, Status};
use super::membership::Epoch;
use super::versions::{Dot, Past};

/// The decisions of the store. See the [module](self).
pub trait Rules: Debug + Sync {
    /// HLC §3: the counter of a new write is above every one that its coordinator has `seen`, and not below its clock, if versions go by clocks.
    ///
    /// With the clock alone, a write that overwrites what a faster clock wrote is older than that: it is acknowledged, and gone.
    fn counter(&self, clock: Option<Instant>, seen: u64) -> u64 {
        clock.map_or(0, Instant::as_nanos).max(seen + 1)
    }

    /// DVV §4: a node's first counter after a restart, and so its next stint, is above the highest that it has made durable.
    ///
    /// If counters begin anew, a new write has the name of an old one, and whoever knows that one takes the new one for it.
    fn resumes(&self, durable: u64) -> u64 {
        durable
    }

    /// DVV §3: a version that the other side does not have is obsolete if the other side knows of it.
    ///
    /// Otherwise it stays a sibling of what has taken its place, for ever.
    fn is_obsolete(&self, dot: Dot, known: &Past) -> bool {
        known.knows(dot)
    }

    /// Dynamo §4.6: a stand-in deletes a hint for an owner when the owner has acknowledged all that is `hinted`.
    ///
    /// What has come in since the hint was handed over may have no other copy.
    fn may_forget_hint(&self, acknowledged: &Past, hinted: &Past) -> bool {
        acknowledged.covers(hinted)
    }

    /// Dynamo §4.5 and §4.6: how many copies of a write there are to last, where these nodes have `kept` it, each in the place of that owner. What two nodes keep for one owner is handed over to it, and is one.
    ///
    /// Otherwise a write is acknowledged that one lost disk can lose, though more were asked for.
    fn copies(&self, kept: &BTreeMap<NodeId, NodeId>) -> usize {
        kept.values().collect::<BTreeSet<_>>().len()
    }

    /// Dynamo §4.7: what a tree of hashes holds of a key: all versions of it, and all that is known to be gone.
    ///
    /// If it says less, replicas that differ take themselves for equal, and stay different until somebody reads the key.
    fn fingerprint(&self, key: Key, object: u64) -> u64 {
        digest_of(&(key, object))
    }

    /// Dynamo §4.7 (Merkle's trees): the hash of a branch stands for the hashes of all that is below it, in their order.
    ///
    /// If different branches have one hash, the difference below is not looked for.
    fn branch(&self, below: &[u64]) -> u64 {
        digest_of(&below)
    }

    /// SWIM §4.2: what is told of a node counts if it is of a later incarnation, or worse news of the same.
    ///
    /// Without the order, old news undoes newer, and nodes never agree.
    fn believes(&self, known: Status, told: Status) -> bool {
        told > known
    }

    /// SWIM §4.2: a node that hears itself suspected, or declared dead, in its present incarnation or a later one, contradicts in a later one still.
    ///
    /// A node that does not is dead to the others for ever.
    fn must_refute(&self, incarnation: u64, told: Status) -> bool {
        told.health != Health::Alive && told.incarnation >= incarnation
    }

    /// Dynamo §4.8.1: of two rings that nodes tell each other of, the later one is in force; of two made at once, that of the greater maker.
    ///
    /// If a ring that was told of late takes the place of a later one, nodes never agree on who owns what.
    fn supersedes(&self, told: Epoch, known: Epoch) -> bool {
        told > known
    }

    /// Dynamo §4.9, with §4.6: a hint for a node that does not own the key by the ring of now is for all who do.
    ///
    /// Its old owner does not take it any more, and nobody else is told of it.
    fn must_readdress(&self, missing: &BTreeSet<NodeId>, owners: &BTreeSet<NodeId>) -> bool {
        !missing.is_subset(owners)
    }

    /// DVV §4: a node writes a key under one name for good only if it `owns` the key and has never `forgotten` what it has written of it.
    ///
    /// Whoever knows a name of a node knows its earlier ones. So what it writes when it has come back takes the place of what it wrote before it left, and has not read.
    fn remembers_for_good(&self, owns: bool, forgotten: bool) -> bool {
        owns && !forgotten
    }

    /// Dynamo §4.6 and §4.9 say where copies are, besides at owners: a tombstone may go when every one of the `nodes`, and not its `owners` alone, has `vouched` that it knows nothing else of the key.
    ///
    /// Whoever was not asked may bring back what was deleted.
    fn may_collect(&self, vouched: &BTreeSet<NodeId>, owners: &BTreeSet<NodeId>, nodes: usize) -> bool {
        let _ = owners;
        vouched.len() == nodes
    }

    /// Chandy & Lamport 1985, §2: the state of a system is that of its nodes and of what is under way between them, so nodes must vouch `again` when all that was under way the first time has arrived.
    ///
    /// An old version that was under way comes to a node that has forgotten that it was deleted.
    fn is_final(&self, again: bool) -> bool {
        again
    }
}

/// The rules as they are in the papers.
#[derive(Clone, Copy, Debug)]
pub struct Paper;

impl Rules for Paper {}
