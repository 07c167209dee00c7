//! The ways in which Raft can be got wrong: each another rule in place of the paper's, or a change to what a server does.
//!
//! A planted bug is one line in the table below. Not one line of the right code knows of it.

use shaketable_sim::node::{Effect, EffectOf};
use shaketable_sim::spec::any::Any;

use super::Raft;
use super::rules::{Reading, Rules};
use super::types::{EntryId, Record, Term};
use crate::Bug;
use crate::tamper::Tamper;

/// How a bug is planted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Planted {
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
        pub(super) fn planted(name: &str) -> Option<Planted> {
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
