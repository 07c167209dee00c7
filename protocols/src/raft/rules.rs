//! The decisions on which Raft's safety rests, each a pure function that cites its paper.
//!
//! §, Figure: Ongaro & Ousterhout, "In Search of an Understandable Consensus Algorithm (Extended Version)", 2014.
//! Thesis: Ongaro, "Consensus: Bridging Theory and Practice", 2014.
//!
//! The default bodies are the paper; [`Paper`] changes none of them. A server holds its rules as `&'static dyn Rules`:
//! dynamic on purpose, so that a variant of one rule costs neither a copy of the protocol nor another compilation of it,
//! and what is run as a variant is the very code that is run as Raft. The calls are few per event and cost next to nothing.

use std::fmt::Debug;

use shaketable_sim::id::NodeId;

use super::types::{EntryId, LogIndex, Round, Term};

/// The decisions of Raft. See the [module](self).
pub trait Rules: Debug + Sync {
    /// §5.1: a server that sees a term above its own adopts it, and becomes a follower if it is anything else.
    ///
    /// Without it, a leader that was deposed while it was cut off goes on for ever, and voters remember votes for the wrong term.
    fn adopts_term(&self, current: Term, seen: Term) -> bool {
        seen > current
    }

    /// §5.2: how many servers are a quorum of `nodes`: a majority, so that any two quorums share a server.
    ///
    /// With fewer, two candidates win one term, and an entry counts as committed that the next leader has never seen.
    fn quorum(&self, nodes: usize) -> usize {
        nodes / 2 + 1
    }

    /// §5.2: one vote a term, first come first served; asked again by the same candidate, a voter says the same again.
    ///
    /// Without it, one voter makes two leaders of one term.
    fn may_vote(&self, vote: Option<NodeId>, candidate: NodeId) -> bool {
        vote.is_none_or(|voted| voted == candidate)
    }

    /// §5.4.1: a voter denies its vote if its own log is more up to date: ends with a later term, or with the same and is longer.
    ///
    /// Without it, a candidate wins that lacks committed entries, and overwrites them.
    fn log_up_to_date(&self, candidate: EntryId, voter: EntryId) -> bool {
        candidate >= voter
    }

    /// §5.3: a follower takes entries only if its log contains the one before them: same index, same term. `own` is the term
    /// of its entry there, if it has one.
    ///
    /// Without it, logs have gaps or differ before entries that they share, and the Log Matching Property is lost.
    fn log_matches(&self, own: Option<Term>, prev: EntryId) -> bool {
        own == Some(prev.term)
    }

    /// §5.3, Figure 2 (AppendEntries, step 3): a follower deletes an entry, and all that follow it, only if the leader sends
    /// another one (same index, other term).
    ///
    /// A message that was overtaken by a later one tells of a shorter log. A follower that truncates its own to it
    /// forgets entries that it has acknowledged, and that may be committed.
    fn conflicts(&self, own: Term, sent: Term) -> bool {
        own != sent
    }

    /// §5.3, Figure 2 (AppendEntries, step 5): a follower's commit index follows its leader's, but not beyond the last entry
    /// that this very message has shown to be the leader's.
    ///
    /// Beyond it, the follower's log may go on with entries of a leader that was deposed, and it would apply those.
    fn follower_commit(&self, leader: LogIndex, verified: LogIndex) -> LogIndex {
        leader.min(verified)
    }

    /// §5.4.2, Figure 8: a leader counts replicas only for entries of its own term; earlier ones are committed with them.
    ///
    /// An entry of an earlier term may be on a majority, and still be overwritten by a leader with a later one in its place.
    fn may_commit(&self, entry: Term, current: Term) -> bool {
        entry == current
    }

    /// Thesis §6.3: an operation that is not newer than the last one applied for its client is not applied again.
    ///
    /// A client that had no answer asks again, perhaps another server. Without this, the operation happens twice.
    fn is_duplicate(&self, last_applied: u32, seq: u32) -> bool {
        seq <= last_applied
    }

    /// Thesis §6.4: a leader answers a read from its own state once a quorum has confirmed, in a round that began
    /// after the read arrived, that it still leads, and once it has applied all that was committed then.
    ///
    /// Without the first, a leader that was deposed unknowingly answers from the past. Without the second, a new leader does.
    fn may_answer_read(&self, read: Reading) -> bool {
        read.confirmed >= read.round && read.applied >= read.index
    }
}

/// Where a read stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reading {
    /// The read index: all that may have been committed when the read arrived. At least the leader's first own entry,
    /// since before that is committed it cannot know how far its predecessors came (§8).
    pub index: LogIndex,
    /// What the leader has applied.
    pub applied: LogIndex,
    /// The first round that began after the read arrived.
    pub round: Round,
    /// The last round that a quorum has confirmed.
    pub confirmed: Round,
}

/// The rules as they are in the paper.
#[derive(Clone, Copy, Debug)]
pub struct Paper;

impl Rules for Paper {}
