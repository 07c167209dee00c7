//! The ways in which Paxos can be got wrong: each another rule in place of the paper's, or a change to what a node does.
//!
//! A planted bug is one line in the table below. Not one line of the right code knows of it.

use shaketable_sim::id::NodeId;
use shaketable_sim::spec::any::Any;
use shaketable_sim::time::{Instant, Ppm};

use super::Paxos;
use super::lease::Lease;
use super::quorums::Quorums;
use super::rules::{Paper, Reading, Rules};
use super::types::{Ballot, Slot};
use crate::Bug;
use crate::tamper::Tamper;

mod members;
mod tampers;

use members::{
    AlphaWindowIgnored, ConfigurationAtOnce, ConfigurationsNotInSnapshot, JoinerPromiseNotAwaited, OldQuorumForNewSlot,
};
use tampers::{AcceptorAmnesia, AcksBeforeSync, ForgetsPromise};

/// How a bug is planted.
#[derive(Clone, Copy, Debug)]
pub enum Planted {
    /// Other rules.
    Rules(&'static dyn Rules),
    /// Other effects.
    Effects(&'static dyn Tamper<Paxos<Any>>),
}

macro_rules! bugs {
    ($($name:literal: $planted:expr, doc: $doc:literal, source: $source:literal, caught_by: $caught_by:literal;)*) => {
        /// All planted bugs of Paxos.
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
    "acceptor-amnesia": Planted::Effects(&AcceptorAmnesia),
        doc: "an acceptor does not write down what it accepts: after a restart it reports nothing to the next proposer",
        source: "§2.5; AtlasDB timelock #1504",
        caught_by: "invariant/stability";
    "forgets-promise": Planted::Effects(&ForgetsPromise),
        doc: "an acceptor does not write down what it promises: after a restart it accepts what it had promised not to",
        source: "§2.5; SwiftPaxos #3",
        caught_by: "invariant/promise-kept";
    "acks-before-sync": Planted::Effects(&AcksBeforeSync),
        doc: "an acceptor promises and accepts before it is durable: a power failure takes back what others rely on",
        source: "§2.5 (\"before actually sending the response\")",
        caught_by: "invariant/stability";
    "ignores-accepted-value": Planted::Rules(&IgnoresAcceptedValue),
        doc: "a new leader proposes what it likes, also where a promise has told it of an accepted value",
        source: "§2.2, P2c",
        caught_by: "invariant/agreement";
    "picks-any-accepted-value": Planted::Rules(&PicksAnyAcceptedValue),
        doc: "a new leader proposes an accepted value that is not the one of the highest ballot",
        source: "§2.2, P2c; EPaxos #20",
        caught_by: "invariant/agreement";
    "accept-does-not-raise-promise": Planted::Rules(&AcceptDoesNotRaisePromise),
        doc: "an acceptor that accepts a ballot without having promised it goes on accepting lower ones",
        source: "a reading of §2.2 that is easily missed; consensus-essence, Cassandra #1327 (which is right)",
        caught_by: "invariant/stability";
    "accepts-below-promise": Planted::Rules(&AcceptsBelowPromise),
        doc: "an acceptor accepts whatever it is sent, also below what it has promised: a value gets chosen behind a proposer's back",
        source: "§2.2, P1a",
        caught_by: "invariant/accepted-below-promise";
    "stale-promise-counted": Planted::Rules(&StalePromiseCounted),
        doc: "a proposer counts promises that answer an earlier attempt of its own",
        source: "§2.2, phase 1; MyPaxos #18",
        caught_by: "invariant/promise-kept";
    "duplicate-ballot": Planted::Rules(&DuplicateBallot),
        doc: "ballots are bare rounds: two nodes propose with the same",
        source: "§2.5 (\"disjoint sets of numbers\"); phxpaxos #145",
        caught_by: "invariant/one-value-per-ballot";
    "learner-mixes-ballots": Planted::Rules(&LearnerMixesBallots),
        doc: "acceptances of a slot are counted together whatever ballot they are of",
        source: "§2.3",
        caught_by: "invariant/chosen-by-quorum";
    "learns-from-any-vote": Planted::Rules(&LearnsFromAnyVote),
        doc: "a node that hears that a slot is decided takes what it has accepted there for the decision, of whatever leader it was",
        source: "§2.3; the Paxos face of Raft's Figure 2 (AppendEntries, step 5)",
        caught_by: "invariant/agreement";
    "apply-over-gap": Planted::Rules(&ApplyOverGap),
        doc: "a slot is applied as soon as it is decided, also if one before it is not",
        source: "§3",
        caught_by: "invariant/in-order";
    "noop-over-accepted": Planted::Rules(&NoopOverAccepted),
        doc: "a new leader prepares only the slots behind all that it has seen, and fills the gaps before them with no-ops",
        source: "§3",
        caught_by: "invariant/agreement";
    "noop-over-truncated": Planted::Rules(&NoopOverTruncated),
        doc: "a new leader takes slots of which nobody reports a vote for free, also if that is because they are decided and dropped",
        source: "§3 has nobody forget; the snapshots of Paxos Made Live §5.5 with phase 1 of §3",
        caught_by: "invariant/agreement";
    "skip-phase1": Planted::Rules(&SkipPhase1),
        doc: "a leader proposes with a new ballot that nobody but itself has promised",
        source: "§3; MyPaxos #3",
        caught_by: "invariant/agreement";
    "leader-read-without-lease": Planted::Rules(&LeaderReadWithoutLease),
        doc: "a leader answers reads from its own state without asking whether it still leads: deposed, it answers from the past",
        source: "Paxos Made Live §5.2",
        caught_by: "linearizability";
    "lease-ignores-clock-bound": Planted::Rules(&LeaseIgnoresClockBound),
        doc: "a leader relies on the whole of its quorum's promises, as if no clock ran slower than theirs: it answers from the past",
        source: "Paxos Made Live §5.2; every lease rests on a bound of clocks (Gray & Cheriton 1989)",
        caught_by: "linearizability";
    "lease-forgotten-at-restart": Planted::Rules(&LeaseForgottenAtRestart),
        doc: "a node that restarts is free at once of the lease that it had granted: another leads while the old leader answers by it",
        source: "Paxos Made Live §5.2; Gray & Cheriton 1989 (what a server must remember over a crash, or wait out)",
        caught_by: "linearizability";
    "lease-survives-transfer": Planted::Rules(&LeaseSurvivesTransfer),
        doc: "a leader that has told a node to take over still reads by its lease, which its successor's acceptors do not keep any more",
        source: "Paxos Made Live §5.2; the Paxos face of raft-rs #234, etcd #12704 and openraft #1747",
        caught_by: "linearizability";
    "sessions-not-in-snapshot": Planted::Rules(&SessionsNotInSnapshot),
        doc: "snapshots hold the objects and not the sessions: who was restored from one executes a repeated operation again",
        source: "Paxos Made Live §5.5, Ongaro's thesis §6.3; the Paxos face of dragonboat's evicted sessions",
        caught_by: "invariant/same-state";
    "flexible-quorums-do-not-meet": Planted::Rules(&FlexibleQuorumsDoNotMeet),
        doc: "phase 1 is content with one promise less than must meet every quorum of phase 2",
        source: "Flexible Paxos §3",
        caught_by: "invariant/agreement";
    "configuration-at-once": Planted::Rules(&ConfigurationAtOnce),
        doc: "a reconfiguration is in force from the slot behind it on, although slots up to α ahead may be open under the servers before",
        source: "§3, last paragraph; Lamport, Malkhi & Zhou 2010 §2 (why α); the Paxos face of membership applied while proposals are in flight",
        caught_by: "invariant/servers-of-slots";
    "alpha-window-ignored": Planted::Rules(&AlphaWindowIgnored),
        doc: "a leader proposes, and acceptors accept, in slots of which they do not know yet who runs them: by the servers of the past",
        source: "§3, last paragraph (\"α commands ahead\", and no further)",
        caught_by: "invariant/servers-of-slots";
    "old-quorum-for-new-slot": Planted::Rules(&OldQuorumForNewSlot),
        doc: "acceptances are counted by the quorums that are in force when they arrive, and not by those of their slot",
        source: "§3, last paragraph; the Paxos face of Raft's two majorities in a change of members (Raft §6)",
        caught_by: "invariant/chosen-by-quorum";
    "joiner-promise-not-awaited": Planted::Rules(&JoinerPromiseNotAwaited),
        doc: "a leader takes the promises that it has for a quorum of whatever servers a slot has: it does not ask those who joined",
        source: "§2.2, phase 1, and §3: each slot is an instance with acceptors of its own",
        caught_by: "invariant/agreement";
    "configurations-not-in-snapshot": Planted::Rules(&ConfigurationsNotInSnapshot),
        doc: "snapshots do not say who runs the next slots: who was restored from one goes by the servers of the beginning",
        source: "§3 with Paxos Made Live §5.5; the Paxos face of etcd's and hashicorp/raft's membership lost in snapshots",
        caught_by: "invariant/servers-of-slots";
    "no-session-dedup": Planted::Rules(&NoSessionDedup),
        doc: "an operation that its client had to repeat is applied in every slot in which it was decided",
        source: "Ongaro's thesis §6.3",
        caught_by: "linearizability";
}

#[derive(Debug)]
struct IgnoresAcceptedValue;

impl Rules for IgnoresAcceptedValue {
    fn choose_value(&self, _: &[Ballot]) -> Option<usize> {
        None
    }
}

#[derive(Debug)]
struct PicksAnyAcceptedValue;

impl Rules for PicksAnyAcceptedValue {
    fn choose_value(&self, reported: &[Ballot]) -> Option<usize> {
        (0..reported.len()).min_by_key(|&place| reported[place])
    }
}

#[derive(Debug)]
struct AcceptDoesNotRaisePromise;

impl Rules for AcceptDoesNotRaisePromise {
    fn promise_after_accept(&self, promised: Ballot, _: Ballot) -> Ballot {
        promised
    }
}

#[derive(Debug)]
struct AcceptsBelowPromise;

impl Rules for AcceptsBelowPromise {
    fn may_accept(&self, _: Ballot, _: Ballot) -> bool {
        true
    }
}

#[derive(Debug)]
struct StalePromiseCounted;

impl Rules for StalePromiseCounted {
    fn counts_promise(&self, _: Ballot, _: Ballot) -> bool {
        true
    }
}

#[derive(Debug)]
struct DuplicateBallot;

impl Rules for DuplicateBallot {
    fn next_ballot(&self, seen: Ballot, _: NodeId) -> Ballot {
        Ballot { round: seen.round.next(), node: Ballot::BOTTOM.node }
    }
}

#[derive(Debug)]
struct LearnerMixesBallots;

impl Rules for LearnerMixesBallots {
    fn counts_acceptance(&self, _: Ballot, _: Ballot) -> bool {
        true
    }
}

#[derive(Debug)]
struct LearnsFromAnyVote;

impl Rules for LearnsFromAnyVote {
    fn may_learn(&self, _: Ballot, _: Ballot) -> bool {
        true
    }
}

#[derive(Debug)]
struct ApplyOverGap;

impl Rules for ApplyOverGap {
    fn may_apply(&self, _: Slot, _: Slot) -> bool {
        true
    }
}

#[derive(Debug)]
struct NoopOverAccepted;

impl Rules for NoopOverAccepted {
    fn prepares_from(&self, _: Slot, unseen: Slot) -> Slot {
        unseen
    }
}

#[derive(Debug)]
struct NoopOverTruncated;

impl Rules for NoopOverTruncated {
    fn knows_dropped(&self, _: Slot, _: Slot) -> bool {
        true
    }
}

#[derive(Debug)]
struct SkipPhase1;

impl Rules for SkipPhase1 {
    fn may_propose(&self, _: usize, _: Quorums) -> bool {
        true
    }
}

#[derive(Debug)]
struct LeaderReadWithoutLease;

impl Rules for LeaderReadWithoutLease {
    fn may_answer_read(&self, read: Reading) -> bool {
        read.applied >= read.index
    }
}

#[derive(Debug)]
struct LeaseIgnoresClockBound;

impl Rules for LeaseIgnoresClockBound {
    fn may_read_by_lease(&self, lease: Lease, now: Instant) -> bool {
        Paper.may_read_by_lease(Lease { bound: Ppm::new(0), ..lease }, now)
    }
}

#[derive(Debug)]
struct LeaseForgottenAtRestart;

impl Rules for LeaseForgottenAtRestart {
    fn keeps_lease_over_restart(&self) -> bool {
        false
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
struct SessionsNotInSnapshot;

impl Rules for SessionsNotInSnapshot {
    fn snapshots_sessions(&self) -> bool {
        false
    }
}

#[derive(Debug)]
struct FlexibleQuorumsDoNotMeet;

impl Rules for FlexibleQuorumsDoNotMeet {
    fn may_propose(&self, promises: usize, quorums: Quorums) -> bool {
        promises + 1 >= quorums.phase1()
    }
}

#[derive(Debug)]
struct NoSessionDedup;

impl Rules for NoSessionDedup {
    fn is_duplicate(&self, _: u32, _: u32) -> bool {
        false
    }
}
