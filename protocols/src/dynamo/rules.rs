//! The decisions on which the store's safety rests, each a pure function that cites its paper.
//!
//! Dynamo: DeCandia et al., "Dynamo: Amazon's Highly Available Key-value Store", 2007. DVV: Preguiça et al., "Dotted Version Vectors: Logical Clocks for Optimistic
//! Replication", 2010. HLC: Kulkarni et al., "Logical Physical Clocks", 2014. SWIM: Das, Gupta & Motivala, "SWIM: Scalable Weakly-consistent
//! Infection-style Process Group Membership Protocol", 2002. The default bodies are the papers; [`Paper`] changes none of them.

use std::fmt::Debug;

use shaketable_sim::digest::digest_of;
use shaketable_sim::id::Key;
use shaketable_sim::time::Instant;

use super::gossip::{Health, Status};
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
}

/// The rules as they are in the papers.
#[derive(Clone, Copy, Debug)]
pub struct Paper;

impl Rules for Paper {}
