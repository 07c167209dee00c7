//! The decisions on which Raft's safety rests, each a pure function that cites its paper.
//!
//! §, Figure: Ongaro & Ousterhout, "In Search of an Understandable Consensus Algorithm (Extended Version)", 2014.
//! Thesis: Ongaro, "Consensus: Bridging Theory and Practice", 2014.
//!
//! The default bodies are the paper; [`Paper`] changes none of them. A server holds its rules as `&'static dyn Rules`:
//! dynamic on purpose, so that a variant of one rule costs neither a copy of the protocol nor another compilation of it,
//! and what is run as a variant is the very code that is run as Raft. The calls are few per event and cost next to nothing.

use std::collections::BTreeSet;
use std::fmt::Debug;

use shaketable_sim::id::NodeId;
use shaketable_sim::time::Instant;

use super::configuration::{Change, Voters};
use super::lease::Lease;
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

    /// §5.2: a candidate counts the votes of its own term alone; `vote` is the term of one that was granted.
    ///
    /// A vote of an earlier term may be long on its way, and by now its voter has another one. Who counts it may be the second leader of
    /// this term.
    fn counts_vote(&self, current: Term, vote: Term) -> bool {
        vote == current
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

    /// §5.3: a follower acknowledges the entries up to the last that this very message has shown to be the leader's, and not its own last
    /// one, `_last`.
    ///
    /// Behind it, its log may go on with entries of a leader that was deposed. The leader would count it among those that have its own.
    fn acknowledged(&self, verified: LogIndex, _last: LogIndex) -> LogIndex {
        verified
    }

    /// §5.4.2, Figure 8: a leader counts replicas only for entries of its own term; earlier ones are committed with them.
    ///
    /// An entry of an earlier term may be on a majority, and still be overwritten by a leader with a later one in its place.
    fn may_commit(&self, entry: Term, current: Term) -> bool {
        entry == current
    }

    /// Thesis §11.7.3, §4.1: a leader lets a server that has lost its disk begin anew when it is a member and no voter by what is committed or may
    /// yet be, and when something is committed that the leader had not yet in its log when it was told, where it ended at `told`. The server takes
    /// part from the entry on that comes of this.
    ///
    /// Otherwise a vote that it has given counts, and it gives another in the same term; or an entry that it has acknowledged counts as stored
    /// there, and is not.
    fn rejoins_from(&self, standing: Standing, told: LogIndex, commit: LogIndex) -> Option<LogIndex> {
        (standing == Standing::Learner && commit > told).then_some(commit)
    }

    /// Thesis §11.7.3: a server that has begun anew neither votes nor stands before its log reaches up to where it rejoins.
    ///
    /// With a log that lacks the change by which it left the cluster, it would vote for a candidate that does not know of it either, and that
    /// takes its vote for that of the server which it was.
    fn takes_part(&self, rejoined: LogIndex, last: LogIndex) -> bool {
        last >= rejoined
    }

    /// Thesis §6.3: an operation that is not newer than the last one applied for its client is not applied again.
    ///
    /// A client that had no answer asks again, perhaps another server. Without this, the operation happens twice.
    fn is_duplicate(&self, last_applied: u32, seq: u32) -> bool {
        seq <= last_applied
    }

    /// Thesis §6.3: sessions are part of what the log has made, and so of every snapshot.
    ///
    /// Without it, a server that was restored from a snapshot applies an operation again that its client had to repeat.
    fn snapshots_sessions(&self) -> bool {
        true
    }

    /// §7, Figure 13 (steps 6 and 7): of a snapshot whose last entry is `last`, a server takes nothing if it has committed that entry
    /// itself; if its log contains it (`own` is the term of its entry there), it keeps the entries that follow; otherwise the
    /// snapshot replaces its whole log.
    ///
    /// A snapshot that was overtaken tells of a shorter log. A server that replaces its own by it forgets entries that it
    /// has acknowledged, and that may be committed.
    fn take_snapshot(&self, own: Option<Term>, last: EntryId, commit: LogIndex) -> Taking {
        if last.index <= commit {
            Taking::Nothing
        } else if own == Some(last.term) {
            Taking::Prefix
        } else {
            Taking::Whole
        }
    }

    /// §8, thesis §6.4 (steps 1 and 2): the read index. All that may have been committed when the read arrived stands up to there: up to the
    /// leader's commit index, and at least up to its first own entry, `first`.
    ///
    /// Before that entry is committed, a new leader cannot know how far its predecessors came, and would answer without what they have committed.
    fn read_index(&self, commit: LogIndex, first: LogIndex) -> LogIndex {
        commit.max(first)
    }

    /// Thesis §6.4 (step 3): which round of heartbeats confirms for a read that the leader still leads: the next to begin, even if one
    /// is under way, which means that `begun` is later than `_confirmed`, the last that a quorum has confirmed.
    ///
    /// Those who answer to a round under way may have done so before they elected another leader, and that one may have committed since.
    fn read_round(&self, begun: Round, _confirmed: Round) -> Round {
        begun.next()
    }

    /// Thesis §6.4: a leader answers a read from its own state once a quorum has confirmed, in a round that began
    /// after the read arrived, that it still leads, and once it has applied all that was committed then.
    ///
    /// Without the first, a leader that was deposed unknowingly answers from the past. Without the second, a new leader does.
    fn may_answer_read(&self, read: Reading) -> bool {
        read.confirmed >= read.round && read.applied >= read.index
    }

    /// Thesis §6.4.1: a leader answers a read without asking anybody while nobody else can lead: for as long as a quorum has promised, less
    /// what clocks may drift, since it began to send what the quorum confirmed; and never again once it has told a server to stand.
    ///
    /// Too long, or counted from when the answers arrived, or with a server called to stand: another leads already, and the answer is from the past.
    fn may_read_by_lease(&self, lease: Lease, now: Instant) -> bool {
        !lease.resigned && now >= lease.begun && now.since(lease.begun) < lease.reliable()
    }

    /// Thesis §3.10: a server that is called to stand for election does so if the call is of its own term. It then disturbs a leader without
    /// asking anybody before, and gets votes even of those who have promised to keep to their leader.
    ///
    /// A call from an earlier term is no longer the will of who leads now, and who relies on those promises reads from the past.
    fn obeys_call(&self, current: Term, call: Term) -> bool {
        call == current
    }

    /// Alagappan et al., "Protocol-Aware Recovery for Consensus-Based Storage", FAST 2018, §3.3.3: whether a damaged record may be cut off the journal,
    /// with the `behind` records that follow it. Only the last one can have been torn by a crash, before it was durable.
    ///
    /// Any other was durable, and others rely on it and on what follows it: votes, and entries that may be committed.
    fn may_cut(&self, behind: usize) -> bool {
        behind == 0
    }

    /// §6, thesis §4.1: a server goes by the latest configuration in its log, be it committed or not. The one here stands at `at`; up to `commit`
    /// all is known to be committed.
    ///
    /// A server that waits until the configuration is committed elects, or commits, by a quorum that need not meet those of who did not wait.
    fn takes_effect(&self, at: LogIndex, commit: LogIndex) -> bool {
        let _ = (at, commit);
        true
    }

    /// §6, thesis §4.1: with an entry that is deleted goes its configuration; the server goes by the one before it again.
    ///
    /// A server that keeps it goes by a configuration that never was, and whose quorums need not meet those of the others.
    fn rolls_back_configurations(&self) -> bool {
        true
    }

    /// §6, thesis §4.2.1, §4.2.2: only a voter is counted; not a learner, nor a leader that is about to leave, although both have the log.
    ///
    /// Whoever else is counted makes a majority of fewer voters, and then two majorities need not share one.
    fn counts(&self, standing: Standing) -> bool {
        standing == Standing::Voter
    }

    /// Thesis §4.2.1, §4.1: a server votes whatever it takes itself and the candidate for: it may not know yet of the configuration by which it
    /// is a voter.
    ///
    /// A learner that waits to hear of its promotion, which only a leader can tell it, may be the one without which nobody is elected.
    fn may_vote_as(&self, standing: Standing) -> bool {
        let _ = standing;
        true
    }

    /// Thesis §4.1, and its correction (Ongaro, raft-dev, 2015): a leader appends a configuration only when the one before it is committed, and
    /// an entry of its own term is.
    ///
    /// Without the first, two changes at once add up to one of two servers. Without the second, a configuration of a leader that was deposed may be
    /// alive, uncommitted, on servers that this leader has not heard of: both differ from the same one, and their quorums need not meet.
    fn may_change_configuration(&self, changing: Changing) -> bool {
        changing.commit >= changing.latest && changing.commit >= changing.first_own
    }

    /// Thesis §4.1, §6: who votes next on the way from these voters to the goal. One server more or fewer (those who join come first, and the leader
    /// leaves last), or both the old ones and the new ones.
    ///
    /// A configuration that differs by more has majorities that share no server with some of the one before.
    fn next_voters(
        &self,
        change: Change,
        voters: &BTreeSet<NodeId>,
        goal: &BTreeSet<NodeId>,
        leader: NodeId,
    ) -> Voters {
        match change {
            Change::Joint => Voters::Joint { old: voters.clone(), new: goal.clone() },
            Change::SingleServer => {
                let mut next = voters.clone();
                let leaving = || voters.difference(goal).max_by_key(|&&server| server != leader);
                if let Some(&joining) = goal.difference(voters).next() {
                    next.insert(joining);
                } else if let Some(leaving) = leaving() {
                    next.remove(leaving);
                }
                Voters::Simple(next)
            }
        }
    }
}

/// What a server is in a configuration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It votes.
    Voter,
    /// It receives the log, and does not vote.
    Learner,
    /// It is no member: not yet, or no more.
    Outsider,
}

/// Where a leader stands that is to append a configuration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Changing {
    /// Where the latest configuration stands in its log.
    pub latest: LogIndex,
    /// Where the first entry of its own term stands.
    pub first_own: LogIndex,
    /// Up to where all is known to be committed.
    pub commit: LogIndex,
}

/// What a server takes of a snapshot that it is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Taking {
    /// Nothing: it is ahead of it.
    Nothing,
    /// The snapshot stands for the first entries of its log; it keeps the others.
    Prefix,
    /// The snapshot, in place of its whole log.
    Whole,
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
