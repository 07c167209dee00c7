//! Hinted handoff (Dynamo §4.6): what a node keeps for others it hands over when they are back, and deletes when they have acknowledged it.

use shaketable_sim::id::{Key, NodeId};
use shaketable_sim::node::Ctx;
use shaketable_sim::spec::Spec;

use super::types::{Hint, Msg, Record, Timer};
use super::versions::{Object, Past};
use super::{Dynamo, milestones};

impl<S: Spec> Dynamo<S> {
    /// Keeps what it is told of a key: as an owner; or for the owner in whose place it stands; or, if it cannot see why it was told, for all owners.
    pub(super) fn keep(
        &mut self,
        key: Key,
        object: &Object<S::State>,
        stands_for: Option<NodeId>,
        ctx: &mut Ctx<'_, Self>,
    ) {
        let owners = self.preferences.owners(key);
        let Some(replica) = &self.replica else { return };
        let record = match stands_for.filter(|owner| owners.contains(owner)) {
            _ if owners.contains(&ctx.me()) => replica.own(key, object, &self.config),
            Some(owner) => replica.stand_in(key, object, [owner], &self.config),
            None => replica.stand_in(key, object, owners, &self.config),
        };
        self.write(record, ctx);
    }

    /// Writes a record, if there is one, and does what it says.
    pub(super) fn write(&mut self, record: Option<Record<S::State>>, ctx: &mut Ctx<'_, Self>) {
        let (Some(record), Some(replica)) = (record, &mut self.replica) else { return };
        let owned = record.key().is_some_and(|key| replica.owns(key));
        replica.apply(&record);
        match record {
            Record::Hinted { .. } if owned => ctx.reached(milestones::RESIGNED),
            Record::Hinted { .. } => ctx.reached(milestones::HINT_KEPT),
            Record::HandedOver { key } => {
                self.stints.remove(&key);
                ctx.reached(milestones::HINT_HANDED);
                if replica.is_empty() && !self.preferences.has(ctx.me()) {
                    ctx.reached(milestones::LEFT);
                }
            }
            Record::Collected { key } => _ = self.stints.remove(&key),
            Record::Formatted | Record::Owned { .. } | Record::Ring { .. } | Record::Forgotten { .. } => {}
        }
        self.counter = self.counter.max(replica.counter());
        let changed = record.key();
        ctx.write(record);
        if let Some(records) = self.config.journal_limit.and_then(|limit| replica.compacted(limit)) {
            ctx.reached(milestones::COMPACTED);
            ctx.compact(records);
        }
        changed.into_iter().for_each(|key| self.tear_ticket(key));
    }

    /// Sets the timer for the next time.
    pub(super) fn await_handoff(&self, ctx: &mut Ctx<'_, Self>) {
        let wait = ctx.rng().span(self.config.handoff);
        ctx.set_timer(Timer::Handoff, wait);
    }

    /// Hands over all hints whose owners are alive again.
    pub(super) fn hand_over(&mut self, ctx: &mut Ctx<'_, Self>) {
        let healthy = |&(owner, _): &(NodeId, _)| self.swim.is_healthy(owner);
        let handoff = |(key, hint): (Key, &Hint<S::State>)| {
            let msg = Msg::Handoff { key, object: hint.object.clone() };
            hint.missing.iter().map(move |&owner| (owner, msg.clone())).collect::<Vec<_>>()
        };
        let hints = self.replica.iter().flat_map(|replica| replica.hints());
        let handoffs: Vec<_> = hints.flat_map(handoff).filter(healthy).collect();
        // What is not yet durable must not be told of.
        ctx.after_sync(|ctx| handoffs.into_iter().for_each(|(owner, msg)| ctx.send(owner, msg)));
        self.await_handoff(ctx);
    }

    pub(super) fn on_handoff(&mut self, from: NodeId, key: Key, object: &Object<S::State>, ctx: &mut Ctx<'_, Self>) {
        if !self.preferences.owns(ctx.me(), key) {
            return; // The sender knows another ring.
        }
        self.keep(key, object, None, ctx);
        let past = object.past().clone();
        ctx.after_sync(|ctx| ctx.send(from, Msg::Handed { key, past }));
    }

    pub(super) fn on_handed(&mut self, from: NodeId, key: Key, past: &Past, ctx: &mut Ctx<'_, Self>) {
        let record = self.replica.as_ref().and_then(|replica| replica.handed_over(key, from, past, self.config.rules));
        self.write(record, ctx);
    }
}
