//! Joining and leaving (Dynamo §4.8.1, §4.9): an operator asks any node for another ring; nodes tell each other of it, and hand over what they own no longer.
//!
//! A ring is durable at a node before it is in force there, so that no node ever goes back to an earlier one. With each message that names a ring, and with the news of who is alive, nodes
//! see whether they know the same, and whoever knows an older one is told. Of two rings that were made at once the order of epochs decides; the other one was in force
//! at some nodes and passes, as every ring does.
//!
//! A node keeps what it owns no longer, as a hint for all who own it now, until each of them has acknowledged it (§4.6). From one ring to any later one this is all that there is to it, so a node may miss
//! rings, and a ring may pass before anybody has handed over anything: whoever has a version either owns the key by its own ring, or hands it over. Who stays an owner tells those that were added
//! when it compares with them (§4.7).
//!
//! Until then an owner that was added may know nothing of a key, and a quorum of such owners answers so: gets may miss what was acknowledged, and puts that have missed it make
//! siblings. Nothing that was acknowledged is lost.

use shaketable_sim::id::NodeId;
use shaketable_sim::node::Ctx;
use shaketable_sim::spec::Spec;

use super::membership::{Epoch, Preferences, Ring};
use super::types::{Msg, Record};
use super::{Dynamo, milestones};

impl<S: Spec> Dynamo<S> {
    /// An operator asks for a ring of these members, but for those that are no nodes. Fewer than have to keep each key are no ring.
    pub(super) fn make_ring(&mut self, mut members: Vec<NodeId>, ctx: &mut Ctx<'_, Self>) {
        members.retain(|member| member.index() < ctx.nodes());
        members.sort_unstable();
        members.dedup();
        // Not the one in force: another may be about to take its place.
        let latest = self.latest();
        if members.len() < self.config.replicas || members == latest.members {
            return;
        }
        let epoch = Epoch { number: latest.epoch.number + 1, by: ctx.me() };
        self.adopt(&Ring { epoch, members }, ctx);
    }

    /// Another node's message has named its ring. Whether it is this node's, too; if not, the other hears of it.
    pub(super) fn agrees(&self, from: NodeId, epoch: Epoch, ctx: &mut Ctx<'_, Self>) -> bool {
        let agrees = epoch == self.preferences.epoch();
        if !agrees {
            ctx.send(from, Msg::Ring { ring: self.preferences.ring().clone() });
        }
        agrees
    }

    /// Another node has told of its ring, which is not this node's, or was not.
    pub(super) fn on_ring(&mut self, from: NodeId, ring: &Ring, ctx: &mut Ctx<'_, Self>) {
        if self.config.rules.supersedes(ring.epoch, self.latest().epoch) {
            self.adopt(ring, ctx);
        } else if ring.epoch < self.preferences.epoch() {
            ctx.send(from, Msg::Ring { ring: self.preferences.ring().clone() });
        }
    }

    /// Makes a newer ring durable.
    fn adopt(&mut self, ring: &Ring, ctx: &mut Ctx<'_, Self>) {
        self.write(Some(Record::Ring { ring: ring.clone() }), ctx);
        let (me, kept) = (ctx.me(), Msg::RingKept { ring: ring.clone() });
        ctx.after_sync(|ctx| ctx.send(me, kept));
    }

    /// A newer ring is durable, and in force from now on.
    pub(super) fn on_ring_kept(&mut self, ring: Ring, ctx: &mut Ctx<'_, Self>) {
        let (old, new) = (self.preferences.epoch(), ring.epoch);
        if !self.config.rules.supersedes(new, old) {
            return; // A later one was durable at the same time.
        }
        ctx.reached(milestones::RING_CHANGED);
        if new.number == old.number {
            ctx.reached(milestones::RING_OVERRULED);
        }
        self.preferences = Preferences::new(ring, &self.config);
        self.settle(ctx);
    }

    /// Keeps each key in the way that the ring asks of this node.
    pub(super) fn settle(&mut self, ctx: &mut Ctx<'_, Self>) {
        let Some(replica) = &self.replica else { return };
        let preferences = &mut self.preferences;
        let owners = |key| preferences.owners(key).into_iter().collect();
        for record in replica.settled(ctx.me(), owners, self.config.rules) {
            self.write(Some(record), ctx);
        }
    }

    /// The latest ring that this node has written, durable or not yet.
    fn latest(&self) -> &Ring {
        let written = self.replica.as_ref().and_then(|replica| replica.ring());
        written.unwrap_or(self.preferences.ring())
    }
}
