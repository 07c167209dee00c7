//! The decisions on which the store's safety rests, each a pure function that cites its paper.
//!
//! Dynamo: DeCandia et al., "Dynamo: Amazon's Highly Available Key-value Store", 2007. ABD: Attiya, Bar-Noy & Dolev, "Sharing Memory Robustly in
//! Message-Passing Systems", 1995, with the two-phase writes of Lynch & Shvartsman 1997 for many writers. Paxos: Lamport, "Paxos Made
//! Simple", 2001. The default bodies are the papers; [`Paper`] changes none of them.

use std::fmt::Debug;

use shaketable_sim::digest::digest_of;
use shaketable_sim::id::{Key, OpId};

use super::types::{Ballot, Tag};

/// The decisions of the store. See the [module](self).
pub trait Rules: Debug + Sync {
    /// Dynamo §4.5: how many answers are a quorum: as many as R or W `asked` for, where R + W > N.
    ///
    /// With fewer, a read asks replicas none of which has seen the last write.
    fn quorum(&self, asked: usize) -> usize {
        asked
    }

    /// The tag of a new write (ABD for many writers; Dynamo §4.4 orders by vector clocks instead): above all that a read quorum knows, and with the operation's
    /// own id in it, since two that begin at once find the same `highest`.
    ///
    /// If two writes share a tag, replicas keep the one that comes first, each its own, and never agree again.
    fn tag(&self, highest: u64, op: OpId) -> Tag {
        Tag { counter: highest + 1, writer: op }
    }

    /// ABD: a version may be answered with only when a write quorum holds it, in one and the same attempt; before, the reader writes it
    /// back (Dynamo §5 repairs replicas too, but after it has answered).
    ///
    /// Without it, a read sees a write that has reached one replica, and the next read, of others, does not.
    fn may_answer(&self, holders: usize, write_quorum: usize) -> bool {
        holders >= write_quorum
    }

    /// Paxos §2.2, phase 1(b): a replica promises itself to an attempt unless it has promised itself to a later one.
    ///
    /// Without it, two attempts at a write count the same replica each for itself.
    fn may_promise(&self, promised: Option<Ballot>, ballot: Ballot) -> bool {
        promised.is_none_or(|promised| ballot >= promised)
    }

    /// Paxos §2.2, phase 2(b): a replica accepts a version unless it has promised itself to a later attempt at the same write.
    ///
    /// Without it, an attempt that was thought dead comes in late, under another tag than the one that has succeeded.
    fn may_accept(&self, promised: Option<Ballot>, ballot: Ballot) -> bool {
        promised.is_none_or(|promised| ballot >= promised)
    }

    /// Paxos §2.2, phase 2(a): an attempt at a write takes over the tag of the latest earlier one that a quorum knows of.
    ///
    /// Without it, a write that its client had to repeat happens twice: under the first tag, and once more over what others have
    /// written since.
    fn takes_over(&self, earlier: Option<Tag>) -> Option<Tag> {
        earlier
    }

    /// Dynamo §4.7: what replicas compare of a key, hashed: which version of it they have.
    ///
    /// If it says less, replicas that differ take themselves for equal, and stay different until somebody reads the key.
    fn fingerprint(&self, key: Key, tag: Tag, ballot: Ballot) -> u64 {
        digest_of(&(key, tag, ballot))
    }
}

/// The rules as they are in the papers.
#[derive(Clone, Copy, Debug)]
pub struct Paper;

impl Rules for Paper {}
