//! Changes of membership got wrong.

use crate::paxos::rules::Rules;
use crate::paxos::types::Slot;

#[derive(Debug)]
pub(super) struct ConfigurationAtOnce;

impl Rules for ConfigurationAtOnce {
    fn takes_effect(&self, slot: Slot, _: u64) -> Slot {
        slot.next()
    }
}

#[derive(Debug)]
pub(super) struct AlphaWindowIgnored;

impl Rules for AlphaWindowIgnored {
    fn knows_members(&self, _: Slot, _: Slot, _: u64) -> bool {
        true
    }
}

#[derive(Debug)]
pub(super) struct OldQuorumForNewSlot;

impl Rules for OldQuorumForNewSlot {
    fn decided_by(&self, slot: Slot, open: Slot) -> Slot {
        open.min(slot)
    }
}

#[derive(Debug)]
pub(super) struct JoinerPromiseNotAwaited;

impl Rules for JoinerPromiseNotAwaited {
    fn counts_promise_of(&self, _: bool) -> bool {
        true
    }
}

#[derive(Debug)]
pub(super) struct ConfigurationsNotInSnapshot;

impl Rules for ConfigurationsNotInSnapshot {
    fn snapshots_configurations(&self) -> bool {
        false
    }
}
