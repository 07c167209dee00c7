//! The ways in which the store can be got wrong: each another rule in place of the papers', or a change to what a node does.
//!
//! A planted bug is one line in the table below. Not one line of the right code knows of it.

use shaketable_sim::digest::digest_of;
use shaketable_sim::id::{ClientId, Key, OpId};
use shaketable_sim::node::{Effect, EffectOf};
use shaketable_sim::spec::any::Any;

use super::Store;
use super::rules::Rules;
use super::types::{Ballot, Tag};
use crate::Bug;
use crate::tamper::Tamper;

/// How a bug is planted.
#[derive(Clone, Copy, Debug)]
pub enum Planted {
    /// Other rules.
    Rules(&'static dyn Rules),
    /// Other effects.
    Effects(&'static dyn Tamper<Store<Any>>),
}

macro_rules! bugs {
    ($($name:literal: $planted:expr, doc: $doc:literal, source: $source:literal, caught_by: $caught_by:literal;)*) => {
        /// All planted bugs of the store.
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
    "no-read-write-back": Planted::Rules(&NoReadWriteBack),
        doc: "a read answers with a version that only one replica may hold, and leaves it there: the next read, of others, finds an older one",
        source: "ABD's second phase of a read left out; stores in the manner of Dynamo, which repair in the background (§4.7, §5)",
        caught_by: "linearizability";
    "small-quorums": Planted::Rules(&SmallQuorums),
        doc: "every quorum is one replica short: what is read and what is written need not meet",
        source: "Dynamo §4.5 with R + W ≤ N; Riak's and Cassandra's weaker levels of consistency taken for strong ones",
        caught_by: "linearizability";
    "acks-before-sync": Planted::Effects(&AcksBeforeSync),
        doc: "a replica says that it keeps a version before it does: a power failure takes acknowledged writes back",
        source: "writes acknowledged from memory, as Cassandra does by default with its periodic commit log",
        caught_by: "invariant/acknowledged-writes-kept";
    "tag-reused": Planted::Rules(&TagReused),
        doc: "tags are counters without the writer: two writes that begin at once get the same one, and replicas differ for ever on which of them came first",
        source: "the tie-break of Lynch & Shvartsman's tags left out; Cassandra's equal timestamps",
        caught_by: "invariant/unique-tags";
    "retry-new-tag": Planted::Rules(&RetryNewTag),
        doc: "a write that its client had to repeat gets a second tag, and happens again over what others have written since",
        source: "stores whose coordinators draw the timestamp, with clients that retry",
        caught_by: "invariant/one-tag-a-write";
    "late-attempt": Planted::Rules(&LateAttempt),
        doc: "a replica accepts an attempt at a write after it has promised itself to a later one",
        source: "Paxos §2.2, phase 2(b) without its condition; riak_ensemble and lightweight transactions rest on it",
        caught_by: "invariant/one-tag-a-write";
    "compares-keys-only": Planted::Rules(&ComparesKeysOnly),
        doc: "anti-entropy hashes keys and not their versions: a replica that has an old version of every key passes for equal",
        source: "Dynamo §4.7; ferrosa, whose hash trees left out values and timestamps",
        caught_by: "invariant/convergence";
}

#[derive(Debug)]
struct NoReadWriteBack;

impl Rules for NoReadWriteBack {
    fn may_answer(&self, _: usize, _: usize) -> bool {
        true
    }
}

#[derive(Debug)]
struct SmallQuorums;

impl Rules for SmallQuorums {
    fn quorum(&self, asked: usize) -> usize {
        asked.saturating_sub(1).max(1)
    }
}

/// The sync comes after what should have waited for it.
#[derive(Debug)]
struct AcksBeforeSync;

impl Tamper<Store<Any>> for AcksBeforeSync {
    fn tamper(&self, effects: &mut Vec<EffectOf<Store<Any>>>) {
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
struct TagReused;

impl Rules for TagReused {
    fn tag(&self, highest: u64, _: OpId) -> Tag {
        Tag { counter: highest + 1, writer: OpId { client: ClientId::at(0), seq: 0 } }
    }
}

#[derive(Debug)]
struct RetryNewTag;

impl Rules for RetryNewTag {
    fn takes_over(&self, _: Option<Tag>) -> Option<Tag> {
        None
    }
}

#[derive(Debug)]
struct LateAttempt;

impl Rules for LateAttempt {
    fn may_accept(&self, _: Option<Ballot>, _: Ballot) -> bool {
        true
    }
}

#[derive(Debug)]
struct ComparesKeysOnly;

impl Rules for ComparesKeysOnly {
    fn fingerprint(&self, key: Key, _: Tag, _: Ballot) -> u64 {
        digest_of(&key)
    }
}
