//! Anti-entropy (Dynamo §4.7): two owners compare trees of hashes over the keys that both of them own, from the root down to the leaves that
//! differ, and take over from each other what they do not know of those keys.

use shaketable_sim::digest::digest_of;
use shaketable_sim::id::{Key, NodeId};
use shaketable_sim::node::Ctx;
use shaketable_sim::spec::Spec;

use super::membership::Epoch;
use super::merkle::{Branch, Tree};
use super::types::{Msg, Timer};
use super::versions::Object;
use super::{Dynamo, milestones};

impl<S: Spec> Dynamo<S> {
    /// Sets the timer for the next comparison.
    pub(super) fn await_comparison(&self, ctx: &mut Ctx<'_, Self>) {
        if ctx.nodes() > 1 {
            let wait = ctx.rng().span(self.config.compare);
            ctx.set_timer(Timer::Compare, wait);
        }
    }

    /// Compares with the next of the other nodes, in turn.
    pub(super) fn compare(&mut self, ctx: &mut Ctx<'_, Self>) {
        let peers: Vec<NodeId> = ctx.peers().collect();
        let peer = peers[self.comparisons % peers.len()];
        self.comparisons += 1;
        let below = self.tree(ctx.me(), peer).below(Branch::ROOT);
        let msg = Msg::Hashes { epoch: self.preferences.epoch(), at: Branch::ROOT, below };
        // What is not yet durable must not be told of.
        ctx.after_sync(|ctx| ctx.send(peer, msg));
        self.await_comparison(ctx);
    }

    pub(super) fn on_hashes(
        &mut self,
        from: NodeId,
        epoch: Epoch,
        at: Branch,
        theirs: &[u64],
        ctx: &mut Ctx<'_, Self>,
    ) {
        if !self.agrees(from, epoch, ctx) {
            return; // They would compare other keys.
        }
        let tree = self.tree(ctx.me(), from);
        let mut answers = Vec::new();
        for at in tree.differing(at, theirs) {
            answers.push(match at.is_leaf() {
                true => Msg::Leaf { epoch, at, objects: self.leaf(ctx.me(), from, at) },
                false => Msg::Hashes { epoch, at, below: tree.below(at) },
            });
        }
        ctx.after_sync(|ctx| answers.into_iter().for_each(|msg| ctx.send(from, msg)));
    }

    pub(super) fn on_leaf(
        &mut self,
        from: NodeId,
        epoch: Epoch,
        at: Branch,
        theirs: &[(Key, Object<S::State>)],
        ctx: &mut Ctx<'_, Self>,
    ) {
        if !self.agrees(from, epoch, ctx) {
            return;
        }
        ctx.reached(milestones::LEAF_DIFFERED);
        self.on_repair(theirs, ctx);
        let mut objects = self.leaf(ctx.me(), from, at);
        objects.retain(|line| !theirs.contains(line));
        if !objects.is_empty() {
            ctx.after_sync(|ctx| ctx.send(from, Msg::Repair { objects }));
        }
    }

    /// Takes over what is told of keys that this node owns.
    pub(super) fn on_repair(&mut self, objects: &[(Key, Object<S::State>)], ctx: &mut Ctx<'_, Self>) {
        for (key, object) in objects {
            if self.preferences.owns(ctx.me(), *key) {
                self.keep(*key, object, None, ctx);
            }
        }
    }

    /// The highest branch above a key for which two nodes have the same hash, in the trees that they compare: below it they look for nothing.
    pub(super) fn alike_above(&self, other: &Dynamo<S>, key: Key) -> Option<Branch> {
        let mine = self.clone().tree(self.me, other.me);
        let theirs = other.clone().tree(other.me, self.me);
        Branch::path(key).find(|branch| mine.hash(*branch) == theirs.hash(*branch))
    }

    fn tree(&mut self, me: NodeId, peer: NodeId) -> Tree {
        let rules = self.config.rules;
        let shared = self.shared(me, peer);
        Tree::new(shared.into_iter().map(|(key, object)| (key, rules.fingerprint(key, digest_of(&object)))), rules)
    }

    fn leaf(&mut self, me: NodeId, peer: NodeId, leaf: Branch) -> Vec<(Key, Object<S::State>)> {
        let mut shared = self.shared(me, peer);
        shared.retain(|&(key, _)| Branch::of(key) == leaf);
        shared
    }

    /// All that is known here of the keys that two nodes own.
    fn shared(&mut self, me: NodeId, peer: NodeId) -> Vec<(Key, Object<S::State>)> {
        let Some(replica) = &self.replica else { return Vec::new() };
        let preferences = &mut self.preferences;
        let both = |&(key, _): &(Key, _)| preferences.owns(me, key) && preferences.owns(peer, key);
        replica.owned().filter(both).map(|(key, object)| (key, object.clone())).collect()
    }
}
