//! The ways in which Raft can be got wrong: each another rule in place of the paper's, or a change to what a server does.
//!
//! A planted bug is one line in the table below. Not one line of the right code knows of it.

use shaketable_sim::id::NodeId;
use shaketable_sim::spec::any::Any;
use shaketable_sim::time::{Instant, Ppm};

use super::Raft;
use super::lease::Lease;
use super::rules::{Paper, Reading, Rules, Taking};
use super::types::{EntryId, LogIndex, Round, Term};
use crate::Bug;
use crate::tamper::Tamper;

mod members;
mod tampers;

use members::{
    ConfigNotRolledBack, DirectConfigSwap, LearnerRefusesVote, LearnerVotesCounted, RemovedLeaderCountsItself,
    SingleServerChange2015, UsesCommittedConfig, WipedServerVotesAgain,
};
use tampers::{
    AcksBeforeSync, AcksDuplicatesBeforeSync, ForgetsVote, PreVoteDeniedSilently, SnapshotTermRegress,
    StepdownTruncatesLog,
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
    "stale-vote-reply-counted": Planted::Rules(&StaleVoteReplyCounted),
        doc: "a candidate counts a vote that was granted to it in an earlier term: by now its voter has voted for another",
        source: "§5.2; Xraft #33 (SandTable, EuroSys 2024)",
        caught_by: "invariant/election-safety";
    "matches-by-index": Planted::Rules(&MatchesByIndex),
        doc: "a follower takes entries behind any entry at the right place, whatever its term: logs differ before entries that they share",
        source: "§5.3, Figure 2 (AppendEntries, step 2)",
        caught_by: "invariant/log-matching";
    "ack-overclaims": Planted::Rules(&AckOverclaims),
        doc: "a follower acknowledges its own last entry instead of the last that the message told of: its tail counts as the leader's",
        source: "§5.3; CCF #6001 and #6016 (NSDI 2025)",
        caught_by: "invariant/leader-completeness";
    "stepdown-truncates-log": Planted::Effects(&StepdownTruncatesLog),
        doc: "a leader that steps down drops the entries that it does not know to be committed: its predecessor may have committed them",
        source: "§5.3, where only conflicts delete; Nebula #1303, CCF #5674",
        caught_by: "invariant/leader-completeness";
    "read-before-first-commit": Planted::Rules(&ReadBeforeFirstCommit),
        doc: "a new leader answers reads before it has committed an entry of its own: it does not know yet how far its predecessors came",
        source: "§8, thesis §6.4 (step 1); etcd #12680, Consul #2644, RedisRaft #22",
        caught_by: "linearizability";
    "read-joins-round": Planted::Rules(&ReadJoinsRound),
        doc: "a read takes part in a round that is under way: its answers may be from before another leader was elected",
        source: "thesis §6.4 (step 3); etcd-io/raft #397, where two reads share a context",
        caught_by: "linearizability";
    "timeout-now-of-any-term": Planted::Rules(&TimeoutNowOfAnyTerm),
        doc: "a server obeys a call to stand for election from a leader of an earlier term: it is elected while another leader's lease lasts",
        source: "thesis §3.10, §6.4.1; hashicorp/raft, raft-rs #234",
        caught_by: "linearizability";
    "torn-tail-for-rot": Planted::Rules(&TornTailForRot),
        doc: "a server takes any damaged record for a torn one, and cuts its journal there: votes and acknowledged entries are forgotten",
        source: "Alagappan et al. (FAST 2018) on LogCabin and ZooKeeper; Pebble #453",
        caught_by: "invariant/leader-completeness";
    "acks-duplicates-before-sync": Planted::Effects(&AcksDuplicatesBeforeSync),
        doc: "entries that come again are acknowledged without a sync, although their first copies are not durable yet",
        source: "Figure 2 (\"updated on stable storage before responding to RPCs\"); YugabyteDB #32875",
        caught_by: "invariant/leader-completeness";
    "snapshot-term-regress": Planted::Effects(&SnapshotTermRegress),
        doc: "with a snapshot a server writes the term of its last entry as its own, and no vote: after a restart it votes again in a term in which it has voted",
        source: "§7, §5.2; willemt/raft #118 (SandTable, EuroSys 2024)",
        caught_by: "invariant/election-safety";
    "pre-vote-denied-silently": Planted::Effects(&PreVoteDeniedSilently),
        doc: "who denies a pre-vote does not say so, nor in which term it is: the one with the longer log never learns of the later term, and nobody is elected",
        source: "thesis §9.6; etcd #8501, canonical/raft #279",
        caught_by: "liveness";
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
    "wiped-server-votes-again": Planted::Rules(&WipedServerVotesAgain),
        doc: "a server that has lost its disk begins anew as the voter that it was: what it has acknowledged counts as stored there, and it votes for who lacks that",
        source: "thesis §11.7.3; RethinkDB #5289; the replaced disks of Paxos Made Live §5.1",
        caught_by: "invariant/leader-completeness";
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

#[derive(Debug)]
struct StaleVoteReplyCounted;

impl Rules for StaleVoteReplyCounted {
    fn counts_vote(&self, _: Term, _: Term) -> bool {
        true
    }
}

#[derive(Debug)]
struct MatchesByIndex;

impl Rules for MatchesByIndex {
    fn log_matches(&self, own: Option<Term>, _: EntryId) -> bool {
        own.is_some()
    }
}

#[derive(Debug)]
struct AckOverclaims;

impl Rules for AckOverclaims {
    fn acknowledged(&self, _: LogIndex, last: LogIndex) -> LogIndex {
        last
    }
}

#[derive(Debug)]
struct ReadBeforeFirstCommit;

impl Rules for ReadBeforeFirstCommit {
    fn read_index(&self, commit: LogIndex, _: LogIndex) -> LogIndex {
        commit
    }
}

#[derive(Debug)]
struct ReadJoinsRound;

impl Rules for ReadJoinsRound {
    fn read_round(&self, begun: Round, confirmed: Round) -> Round {
        if begun > confirmed { begun } else { begun.next() }
    }
}

#[derive(Debug)]
struct TimeoutNowOfAnyTerm;

impl Rules for TimeoutNowOfAnyTerm {
    fn obeys_call(&self, _: Term, _: Term) -> bool {
        true
    }
}

#[derive(Debug)]
struct TornTailForRot;

impl Rules for TornTailForRot {
    fn may_cut(&self, _: usize) -> bool {
        true
    }
}
