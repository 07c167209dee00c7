//! The ways in which Raft can be got wrong: each another rule in place of the paper's, or a change to what a server does.
//!
//! A planted bug is one line in the table below. Not one line of the right code knows of it.

use shaketable_sim::id::NodeId;
use shaketable_sim::node::{Effect, EffectOf};
use shaketable_sim::spec::any::Any;
use shaketable_sim::time::{Instant, Ppm};

use super::Raft;
use super::lease::Lease;
use super::rules::{Paper, Reading, Rules, Taking};
use super::types::{EntryId, LogIndex, Record, Term};
use crate::Bug;
use crate::tamper::Tamper;

mod members;

use members::{
    ConfigNotRolledBack, DirectConfigSwap, LearnerRefusesVote, LearnerVotesCounted, RemovedLeaderCountsItself,
    SingleServerChange2015, UsesCommittedConfig,
};

/// How a bug is planted.
#[derive(Clone, Copy, Debug)]
pub enum Planted {
    /// Other rules.
    Rules(&'static dyn Rules),
    /// Other effects.
    Effects(&'static dyn Tamper<Raft<Any>>),
}

macro_rules! bugs {
    ($($name:literal: $planted:expr, doc: $doc:literal, source: $source:literal, caught_by: $caught_by:literal;)*) => {
        /// All planted bugs of Raft.
        pub static BUGS: &[Bug] =
            &[$(Bug { name: $name, doc: $doc, source: $source, caught_by: $caught_by }),*];

        /// How the bug of this name is planted. None if there is no such bug.
        pub fn planted(name: &str) -> Option<Planted> {
            match name {
                $($name => Some($planted),)*
                _ => None,
            }
        }
    };
}

bugs! {
    "forgets-vote": Planted::Effects(&ForgetsVote),
        doc: "a server writes its term to its journal, but not whom it has voted for: after a restart it votes again in the same term",
        source: "§5.2, Figure 2; akka-raft #56, NodeDB #161",
        caught_by: "invariant/election-safety";
    "acks-before-sync": Planted::Effects(&AcksBeforeSync),
        doc: "a server acknowledges entries and votes before they are durable: a crash takes back what others rely on",
        source: "Figure 2 (\"updated on stable storage before responding to RPCs\"); etcd #14370",
        caught_by: "invariant/leader-completeness";
    "commits-old-term": Planted::Rules(&CommitsOldTerm),
        doc: "a leader commits an entry of an earlier term as soon as a quorum has it: a leader of a later term may yet overwrite it",
        source: "§5.4.2, Figure 8; LogCabin #44, PySyncObj #169",
        caught_by: "invariant/leader-completeness";
    "local-reads": Planted::Rules(&LocalReads),
        doc: "a leader answers reads from its own state without asking whether it still leads: deposed, it answers from the past",
        source: "§8, thesis §6.4; etcd 0.4, Consul #54",
        caught_by: "linearizability";
    "votes-shorter-log": Planted::Rules(&VotesShorterLog),
        doc: "a voter does not compare logs: a candidate that lacks committed entries wins, and overwrites them",
        source: "§5.4.1; databend #16175 (openraft #1220)",
        caught_by: "invariant/leader-completeness";
    "no-session-dedup": Planted::Rules(&NoSessionDedup),
        doc: "an operation that its client had to repeat is applied each time that it is in the log",
        source: "§8, thesis §6.3; khepri #250, rabbitmq/ra #145",
        caught_by: "linearizability";
    "truncates-always": Planted::Rules(&TruncatesAlways),
        doc: "a follower cuts its log behind the entry before the leader's new ones, also if it has them: a message that was overtaken takes back acknowledged entries",
        source: "§5.3, Figure 2 (AppendEntries, step 3); raftos #26, CCF (NSDI 2025)",
        caught_by: "invariant/leader-completeness";
    "stale-snapshot-replaces-log": Planted::Rules(&StaleSnapshotReplacesLog),
        doc: "a snapshot takes the place of the whole log, also if that goes further: one that was overtaken takes back acknowledged entries",
        source: "§7, Figure 13 (step 6); camunda/zeebe #6092, RedisRaft #60",
        caught_by: "invariant/leader-completeness";
    "sessions-not-in-snapshot": Planted::Rules(&SessionsNotInSnapshot),
        doc: "snapshots hold the objects and not the sessions: who was restored from one applies a repeated operation again",
        source: "thesis §6.3; dragonboat's evicted sessions",
        caught_by: "invariant/state-machine-safety";
    "lease-ignores-clock-bound": Planted::Rules(&LeaseIgnoresClockBound),
        doc: "a leader relies on the whole of its voters' promises, as if no clock ran slower than theirs: it answers from the past",
        source: "thesis §6.4.1; the warnings in etcd's documentation of lease-based reads",
        caught_by: "linearizability";
    "lease-from-receipt": Planted::Rules(&LeaseFromReceipt),
        doc: "a leader counts its lease from the arrival of the answers, when the promises are already older: it answers from the past",
        source: "thesis §6.4.1; LeaseGuard (2025) finds most implementations at it",
        caught_by: "linearizability";
    "lease-survives-transfer": Planted::Rules(&LeaseSurvivesTransfer),
        doc: "a leader that has told a server to stand for election reads by its lease if it still leads when the transfer has timed out",
        source: "thesis §6.4.1; raft-rs #234, etcd #12704, openraft #1747",
        caught_by: "linearizability";
    "wrong-quorum": Planted::Rules(&WrongQuorum),
        doc: "half of an even number of servers passes for a quorum: two halves elect two leaders of one term",
        source: "§5.2; akka-raft's miscounted majority (DEMi, NSDI 2016)",
        caught_by: "invariant/election-safety";
    "votes-twice": Planted::Rules(&VotesTwice),
        doc: "a voter that has voted grants another candidate of the same term its vote as well",
        source: "§5.2; CCF #5891, zeebe #5356, where a server steps down and forgets its vote",
        caught_by: "invariant/election-safety";
    "votes-by-length": Planted::Rules(&VotesByLength),
        doc: "a voter compares the lengths of logs and not the terms of their last entries: a long tail that was never committed wins",
        source: "§5.4.1, which compares terms first",
        caught_by: "invariant/leader-completeness";
    "commits-unverified": Planted::Rules(&CommitsUnverified),
        doc: "a follower takes its leader's commit index as it is: a tail that the leader does not have is applied",
        source: "Figure 2 (AppendEntries, step 5); copycat #265, WRaft (SandTable, EuroSys 2024)",
        caught_by: "invariant/state-machine-safety";
    "direct-config-swap": Planted::Rules(&DirectConfigSwap),
        doc: "a leader goes from the old members to any new ones in one step: a majority of the old ones and one of the new ones decide without each other",
        source: "§6, Figure 10; raft-java #27, akka-raft #49",
        caught_by: "invariant/configuration-overlap";
    "single-server-change-2015": Planted::Rules(&SingleServerChange2015),
        doc: "a new leader changes the members before it has committed an entry of its own term: its change and one that a deposed leader has left behind differ by two servers",
        source: "thesis §4.1 as it was before its correction (Ongaro, raft-dev, 2015)",
        caught_by: "invariant/configuration-change";
    "config-not-rolled-back": Planted::Rules(&ConfigNotRolledBack),
        doc: "a server goes by a configuration whose entry was deleted from its log again, and later by quorums that miss those of the others",
        source: "§6; dqlite's canonical/raft #250",
        caught_by: "invariant/leader-completeness";
    "uses-committed-config": Planted::Rules(&UsesCommittedConfig),
        doc: "a server goes by a configuration only once it knows it to be committed: after a restart it stands for election among the members of long ago",
        source: "§6, thesis §4.1; etcd #5004, #7280",
        caught_by: "invariant/leader-completeness";
    "removed-leader-counts-itself": Planted::Rules(&RemovedLeaderCountsItself),
        doc: "a leader that is to leave counts its own copy: what it takes for committed a majority of those who stay may lack",
        source: "§6, thesis §4.2.2",
        caught_by: "invariant/leader-completeness";
    "learner-votes-counted": Planted::Rules(&LearnerVotesCounted),
        doc: "votes and copies of learners count, among a majority of the voters alone: two such majorities share nobody",
        source: "thesis §4.2.1",
        caught_by: "invariant/leader-completeness";
    "learner-refuses-vote": Planted::Rules(&LearnerRefusesVote),
        doc: "a server that takes itself for a learner denies its vote: only a leader could tell it that it was promoted, and without its vote there is none",
        source: "thesis §4.1, §4.2.1; etcd #10998, camunda/zeebe #57386",
        caught_by: "liveness/service";
}

/// The record keeps the term and loses the vote.
#[derive(Debug)]
struct ForgetsVote;

impl Tamper<Raft<Any>> for ForgetsVote {
    fn tamper(&self, effects: &mut Vec<EffectOf<Raft<Any>>>) {
        for effect in effects {
            if let Effect::Write(Record::Ballot { vote, .. }) = effect {
                *vote = None;
            }
        }
    }
}

/// The sync comes after what should have waited for it.
#[derive(Debug)]
struct AcksBeforeSync;

impl Tamper<Raft<Any>> for AcksBeforeSync {
    fn tamper(&self, effects: &mut Vec<EffectOf<Raft<Any>>>) {
        let mut released = false;
        effects.retain(|effect| {
            let sync = matches!(effect, Effect::Sync { .. });
            released |= sync;
            !sync
        });
        if released {
            effects.push(Effect::Sync { held: 0 });
        }
    }
}

#[derive(Debug)]
struct CommitsOldTerm;

impl Rules for CommitsOldTerm {
    fn may_commit(&self, _: Term, _: Term) -> bool {
        true
    }
}

#[derive(Debug)]
struct LocalReads;

impl Rules for LocalReads {
    fn may_answer_read(&self, read: Reading) -> bool {
        read.applied >= read.index
    }
}

#[derive(Debug)]
struct VotesShorterLog;

impl Rules for VotesShorterLog {
    fn log_up_to_date(&self, _: EntryId, _: EntryId) -> bool {
        true
    }
}

#[derive(Debug)]
struct NoSessionDedup;

impl Rules for NoSessionDedup {
    fn is_duplicate(&self, _: u32, _: u32) -> bool {
        false
    }
}

#[derive(Debug)]
struct TruncatesAlways;

impl Rules for TruncatesAlways {
    fn conflicts(&self, _: Term, _: Term) -> bool {
        true
    }
}

#[derive(Debug)]
struct StaleSnapshotReplacesLog;

impl Rules for StaleSnapshotReplacesLog {
    fn take_snapshot(&self, _: Option<Term>, _: EntryId, _: LogIndex) -> Taking {
        Taking::Whole
    }
}

#[derive(Debug)]
struct SessionsNotInSnapshot;

impl Rules for SessionsNotInSnapshot {
    fn snapshots_sessions(&self) -> bool {
        false
    }
}

#[derive(Debug)]
struct LeaseIgnoresClockBound;

impl Rules for LeaseIgnoresClockBound {
    fn may_read_by_lease(&self, lease: Lease, now: Instant) -> bool {
        Paper.may_read_by_lease(Lease { bound: Ppm::ZERO, ..lease }, now)
    }
}

#[derive(Debug)]
struct LeaseFromReceipt;

impl Rules for LeaseFromReceipt {
    fn may_read_by_lease(&self, lease: Lease, now: Instant) -> bool {
        Paper.may_read_by_lease(Lease { begun: lease.confirmed, ..lease }, now)
    }
}

#[derive(Debug)]
struct LeaseSurvivesTransfer;

impl Rules for LeaseSurvivesTransfer {
    fn may_read_by_lease(&self, lease: Lease, now: Instant) -> bool {
        Paper.may_read_by_lease(Lease { resigned: false, ..lease }, now)
    }
}

#[derive(Debug)]
struct WrongQuorum;

impl Rules for WrongQuorum {
    fn quorum(&self, nodes: usize) -> usize {
        nodes.div_ceil(2)
    }
}

#[derive(Debug)]
struct VotesTwice;

impl Rules for VotesTwice {
    fn may_vote(&self, _: Option<NodeId>, _: NodeId) -> bool {
        true
    }
}

#[derive(Debug)]
struct VotesByLength;

impl Rules for VotesByLength {
    fn log_up_to_date(&self, candidate: EntryId, voter: EntryId) -> bool {
        candidate.index >= voter.index
    }
}

#[derive(Debug)]
struct CommitsUnverified;

impl Rules for CommitsUnverified {
    fn follower_commit(&self, leader: LogIndex, _: LogIndex) -> LogIndex {
        leader
    }
}
