//! Planted bugs that lie in what a node does about its decisions: in its effects.

use shaketable_sim::node::{Effect, EffectOf};
use shaketable_sim::spec::any::Any;

use crate::paxos::Paxos;
use crate::paxos::types::Record;
use crate::tamper::Tamper;

type Effects = Vec<EffectOf<Paxos<Any>>>;

/// Votes are in memory alone.
#[derive(Debug)]
pub(super) struct AcceptorAmnesia;

impl Tamper<Paxos<Any>> for AcceptorAmnesia {
    fn tamper(&self, effects: &mut Effects) {
        effects.retain(|effect| !matches!(effect, Effect::Write(Record::Accepted { .. })));
    }
}

/// Promises are in memory alone. (The empty one of the first boot is in a compaction, and stays.)
#[derive(Debug)]
pub(super) struct ForgetsPromise;

impl Tamper<Paxos<Any>> for ForgetsPromise {
    fn tamper(&self, effects: &mut Effects) {
        effects.retain(|effect| !matches!(effect, Effect::Write(Record::Promised(_))));
    }
}

/// The sync comes after what should have waited for it.
#[derive(Debug)]
pub(super) struct AcksBeforeSync;

impl Tamper<Paxos<Any>> for AcksBeforeSync {
    fn tamper(&self, effects: &mut Effects) {
        let before = effects.len();
        effects.retain(|effect| !matches!(effect, Effect::Sync { .. }));
        if effects.len() < before {
            effects.push(Effect::Sync { held: 0 });
        }
    }
}
