//! The ways in which the store can be got wrong: each another rule in place of the papers', or a change to what a node does.
//!
//! A planted bug is one line in the table below. Not one line of the right code knows of it.

use shaketable_sim::node::{Effect, EffectOf};
use shaketable_sim::spec::any::Any;
use shaketable_sim::time::Instant;

use super::Dynamo;
use super::gossip::{Health, Status};
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
