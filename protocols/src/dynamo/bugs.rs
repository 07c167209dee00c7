//! The ways in which the store can be got wrong: each another rule in place of the papers', or a change to what a node does.
//!
//! A planted bug is one line in the table below. Not one line of the right code knows of it.

use std::collections::{BTreeMap, BTreeSet};

use shaketable_sim::id::NodeId;
use shaketable_sim::node::{Effect, EffectOf, Observation};
use shaketable_sim::spec::any::Any;
use shaketable_sim::time::Instant;

use super::Dynamo;
use super::gossip::{Health, Status};
use super::membership::Epoch;
use super::rules::Rules;
use super::types::Record;
use super::versions::{Dot, Past};
use crate::Bug;
use crate::tamper::Tamper;

/// How a bug is planted.
#[derive(Clone, Copy, Debug)]
pub enum Planted {
    /// Other rules.
    Rules(&'static dyn Rules),
    /// Other effects.
    Effects(&'static dyn Tamper<Dynamo<Any>>),
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
    "hints-in-memory": Planted::Effects(&HintsInMemory),
        doc: "a stand-in does not write its hints to its disk: a power failure takes away what was acknowledged while the owners were down",
        source: "Dynamo §4.6 asks for a separate local database; stores that keep or spill hints as they can (Scylla #8102)",
        caught_by: "invariant/acknowledged-writes-kept";
    "copies-counted-by-nodes": Planted::Rules(&CopiesByNodes),
        doc: "a put counts the nodes that have kept it: a stand-in and the owner that is back, or two stand-ins for one owner, pass for two copies, and become one",
        source: "Dynamo §4.6 does not say which answers make up W when an owner is back; in Riak those of fallbacks count as those of primaries, so that it offers a quorum of primaries (PW) besides",
        caught_by: "invariant/acknowledged-writes-kept";
    "lww-skewed-clock": Planted::Rules(&SkewedClock),
        doc: "a put has the time of its coordinator's clock, though it has read a version from a faster one: it is acknowledged, and loses",
        source: "Cassandra, as Jepsen found in 2013; Scylla's Alternator, #10966",
        caught_by: "invariant/happens-before";
    "dot-reused-after-restart": Planted::Rules(&DotReused),
        doc: "a node counts its writes in memory: after a restart it gives new writes the names of old ones, and whoever knows those drops them",
        source: "Riak, riak_kv #679: a node that has forgotten its counter goes on under the same name",
        caught_by: "invariant/unique-dots";
    "siblings-explode": Planted::Rules(&SiblingsExplode),
        doc: "a version that was overwritten stays a sibling of what has taken its place",
        source: "Riak before 2.0: siblings that no client had made (riak_kv #746), which dotted version vectors did away with",
        caught_by: "invariant/one-sibling-an-actor";
    "concurrent-taken-for-old": Planted::Rules(&ConcurrentTakenForOld),
        doc: "versions are compared by one counter and not by a vector: of two that do not know of each other, the lower one is taken for overwritten",
        source: "the mistake that version vectors are there to avoid (Dynamo §4.4; Parker et al. 1983), made by stores that keep one Lamport clock a key",
        caught_by: "invariant/acknowledged-writes-kept";
    "merkle-compares-counts": Planted::Rules(&ComparesCounts),
        doc: "a branch of a tree of hashes stands for how much is below it, and not for what: an old version of a key passes for the new one",
        source: "Dynamo §4.7; ferrosa, whose trees did not see a change of values (PR #47), or lost it where hashes were put together (PR #339)",
        caught_by: "invariant/convergence";
    "swim-incarnation-reset": Planted::Rules(&IncarnationReset),
        doc: "a node contradicts only what is said of its present incarnation, and that begins anew with each restart: declared dead once in a later one, it stays dead",
        source: "NodeDB, PR #243; Habitat #5581",
        caught_by: "invariant/live-nodes-seen";
    "leaver-forgets-range": Planted::Effects(&LeaverForgetsRange),
        doc: "a node deletes what it owns no longer as soon as the ring has changed, before anybody has taken it over",
        source: "Riak, riak_kv #1754: a node that leaves goes by its new ring before it has handed over by the old",
        caught_by: "invariant/acknowledged-writes-kept";
    "hint-for-a-leaver": Planted::Rules(&HintForALeaver),
        doc: "a stand-in keeps a hint for the node that it was for, when that has left the ring and takes it no more; nobody else is told",
        source: "stores that lose or strand hints when the ring changes under them (Scylla #6877, riak_kv #847)",
        caught_by: "invariant/hints-delivered";
    "ring-not-durable": Planted::Effects(&RingNotDurable),
        doc: "a node does not write the ring to its disk: after a restart it goes by the first one, and makes another under the name of one that it has made before",
        source: "Dynamo §4.8.1 asks for a persistent store of membership changes",
        caught_by: "invariant/rings-advance";
    "older-ring-adopted": Planted::Rules(&OlderRingAdopted),
        doc: "a node takes whatever ring it is told of last: news that is late brings back a ring that has passed",
        source: "the mistake that the versions of Dynamo's membership histories are there to avoid (§4.8.1)",
        caught_by: "invariant/rings-advance";
    "name-kept-on-return": Planted::Rules(&NameKeptOnReturn),
        doc: "a node that has left, handed everything over and come back writes under its old name: whoever knows that name drops what it wrote before it left",
        source: "Riak, riak_kv #679 and PR #1094: an actor that has lost what it knew of a key goes on under the same name",
        caught_by: "invariant/acknowledged-writes-kept";
    "tombstone-by-time-alone": Planted::Rules(&TombstoneByTime),
        doc: "a tombstone is collected when its grace has passed: an owner that was away for longer brings back what was deleted",
        source: "Cassandra's gc_grace_seconds; Scylla #15243, #8970, #3560",
        caught_by: "invariant/deletes-stay-deleted";
    "stand-ins-not-asked": Planted::Rules(&StandInsNotAsked),
        doc: "a tombstone is collected when all owners have vouched for it, and a stand-in still has an older version as a hint",
        source: "Riak, PR #1094: what a fallback hands over late meets an owner that has reaped its tombstone",
        caught_by: "invariant/deletes-stay-deleted";
    "tombstone-asked-once": Planted::Rules(&AskedOnce),
        doc: "a tombstone is collected as soon as nobody knows anything else of the key, while an older version is still under way to somebody",
        source: "Scylla #3557: what is merged by a repair that began before the tombstones were purged",
        caught_by: "invariant/deletes-stay-deleted";
}

/// Hints are not written.
#[derive(Debug)]
struct HintsInMemory;

impl Tamper<Dynamo<Any>> for HintsInMemory {
    fn tamper(&self, effects: &mut Vec<EffectOf<Dynamo<Any>>>) {
        effects.retain(|effect| !matches!(effect, Effect::Write(Record::Hinted { .. })));
    }
}

#[derive(Debug)]
struct CopiesByNodes;

impl Rules for CopiesByNodes {
    fn copies(&self, kept: &BTreeMap<NodeId, NodeId>) -> usize {
        kept.len()
    }
}

#[derive(Debug)]
struct SkewedClock;

impl Rules for SkewedClock {
    fn counter(&self, clock: Option<Instant>, seen: u64) -> u64 {
        clock.map_or(seen + 1, Instant::as_nanos)
    }
}

#[derive(Debug)]
struct DotReused;

impl Rules for DotReused {
    fn resumes(&self, _: u64) -> u64 {
        0
    }
}

#[derive(Debug)]
struct SiblingsExplode;

impl Rules for SiblingsExplode {
    fn is_obsolete(&self, _: Dot, _: &Past) -> bool {
        false
    }
}

#[derive(Debug)]
struct ConcurrentTakenForOld;

impl Rules for ConcurrentTakenForOld {
    fn is_obsolete(&self, dot: Dot, known: &Past) -> bool {
        dot.counter <= known.highest()
    }
}

#[derive(Debug)]
struct ComparesCounts;

impl Rules for ComparesCounts {
    fn branch(&self, below: &[u64]) -> u64 {
        below.iter().filter(|&&hash| hash != 0).count() as u64
    }
}

#[derive(Debug)]
struct IncarnationReset;

impl Rules for IncarnationReset {
    fn must_refute(&self, incarnation: u64, told: Status) -> bool {
        told.health != Health::Alive && told.incarnation == incarnation
    }
}

/// What would be kept for the owners of now is deleted at once.
#[derive(Debug)]
struct LeaverForgetsRange;

impl Tamper<Dynamo<Any>> for LeaverForgetsRange {
    fn meddle(&self, was: Observation, node: &mut Dynamo<Any>, effects: &mut Vec<EffectOf<Dynamo<Any>>>) {
        let Some(replica) = node.replica.as_mut().filter(|_| was.epoch != node.preferences.epoch().number) else {
            return;
        };
        for effect in effects {
            if let Effect::Write(Record::Hinted { key, .. }) = *effect {
                let record = Record::HandedOver { key };
                replica.apply(&record);
                *effect = Effect::Write(record);
            }
        }
    }
}

#[derive(Debug)]
struct HintForALeaver;

impl Rules for HintForALeaver {
    fn must_readdress(&self, _: &BTreeSet<NodeId>, _: &BTreeSet<NodeId>) -> bool {
        false
    }
}

/// Rings are not written.
#[derive(Debug)]
struct RingNotDurable;

impl Tamper<Dynamo<Any>> for RingNotDurable {
    fn tamper(&self, effects: &mut Vec<EffectOf<Dynamo<Any>>>) {
        effects.retain(|effect| !matches!(effect, Effect::Write(Record::Ring { .. })));
    }
}

#[derive(Debug)]
struct OlderRingAdopted;

impl Rules for OlderRingAdopted {
    fn supersedes(&self, told: Epoch, known: Epoch) -> bool {
        told != known
    }
}

#[derive(Debug)]
struct NameKeptOnReturn;

impl Rules for NameKeptOnReturn {
    fn remembers_for_good(&self, owns: bool, _: bool) -> bool {
        owns
    }
}

#[derive(Debug)]
struct TombstoneByTime;

impl Rules for TombstoneByTime {
    fn may_collect(&self, _: &BTreeSet<NodeId>, _: &BTreeSet<NodeId>, _: usize) -> bool {
        true
    }
}

#[derive(Debug)]
struct StandInsNotAsked;

impl Rules for StandInsNotAsked {
    fn may_collect(&self, vouched: &BTreeSet<NodeId>, owners: &BTreeSet<NodeId>, _: usize) -> bool {
        owners.is_subset(vouched)
    }
}

#[derive(Debug)]
struct AskedOnce;

impl Rules for AskedOnce {
    fn is_final(&self, _: bool) -> bool {
        true
    }
}
