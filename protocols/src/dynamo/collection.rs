//! The collection of tombstones: when a deleted key can be forgotten, so that what was deleted does not come back.
//!
//! A tombstone keeps older versions of its key from coming back: from an owner that was away when it was written, from a hint at a stand-in or at a node that has left the ring, from a coordinator
//! that has read or written them and asks again, from a message that is still under way. So time alone is no reason to forget it, nor that all owners have it.
//!
//! The owner that is most preferred for the key asks every node, in the ring or not, whether it knows nothing of the key but the tombstone, and is coordinating nothing of
//! it. Who vouches for that gives a ticket, and tears it up as soon as it writes anything of the key. When all have vouched, the grace passes; then all are asked once more, and must have the same tickets. Then
//! everybody may forget the key:
//! - Old versions are copied and never made. When everybody has vouched, the only copies that are left are in messages that were sent before: what a get was told
//!   tears the ticket, too. The grace is longer than a message is under way,
//!   so by the second time all of them have arrived; and whoever took over anything from one has torn up its ticket.
//! - So no copy is left, and as copies come from copies there will never be one. Whoever forgets the key later, or not at all, does no harm: who has forgotten it takes the tombstone over again.
//! - Tickets are in memory, and die with a node's life. What a node vouches for is durable.
//!
//! While any node is away or has lost its disk, nothing is collected. What the tombstone knew of its key is forgotten with it, and so is who wrote what: a
//! coordinator that has forgotten a key writes it under another name (see [`super::versions::Actor`]).

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use shaketable_sim::id::{Key, NodeId};
use shaketable_sim::node::Ctx;
use shaketable_sim::spec::Spec;

use super::types::{Call, Msg, Record, Timer};
use super::versions::{Object, Past};
use super::{Dynamo, milestones};

/// Says that a node has known nothing of a key but its tombstone since it gave this. No two of a node are the same, in all its lives.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Ticket(Call);

/// A node's part in the collection of tombstones.
#[derive(Clone, Debug, Default)]
pub(super) struct Collection {
    /// The tombstones that it is about to collect.
    tombs: BTreeMap<Key, Tomb>,
    /// For which tombstones it has given tickets that hold.
    tickets: BTreeMap<Key, (Past, Ticket)>,
}

/// A tombstone on its way to collection.
#[derive(Clone, Debug)]
struct Tomb {
    past: Past,
    /// The call by which nodes were asked last.
    call: Call,
    /// Who has vouched the first time.
    tickets: BTreeMap<NodeId, Ticket>,
    stage: Stage,
}

#[derive(Clone, Debug)]
enum Stage {
    /// Nodes are asked for the first time.
    Asked,
    /// All have vouched, and the grace passes.
    Grace,
    /// Nodes are asked once more; these have the same tickets.
    AskedAgain(BTreeSet<NodeId>),
}

impl<S: Spec> Dynamo<S> {
    /// Sets the timer for the next time, if tombstones are collected at all.
    pub(super) fn await_grace(&self, ctx: &mut Ctx<'_, Self>) {
        if let Some(grace) = self.config.tombstone_grace {
            ctx.set_timer(Timer::Grace, grace);
        }
    }

    /// A grace has passed: takes each tombstone that is this node's to collect a step further.
    pub(super) fn collect(&mut self, ctx: &mut Ctx<'_, Self>) {
        let call = self.next_call();
        let mut tombs = BTreeMap::new();
        for (key, past) in self.tombstones(ctx.me()) {
            let begun = self.collection.tombs.remove(&key).filter(|tomb| tomb.past == past);
            let (tickets, stage) = match begun {
                Some(Tomb { tickets, stage: Stage::Asked, .. }) if self.may_collect(key, tickets.keys(), ctx) => {
                    (tickets, Stage::Grace)
                }
                Some(Tomb { tickets, stage: Stage::Grace, .. }) => (tickets, Stage::AskedAgain(BTreeSet::new())),
                _ => (BTreeMap::new(), Stage::Asked),
            };
            tombs.insert(key, Tomb { past, call, tickets, stage });
        }
        let asked = tombs.iter().filter(|(_, tomb)| !matches!(tomb.stage, Stage::Grace));
        let asked: Vec<(Key, Past)> = asked.map(|(&key, tomb)| (key, tomb.past.clone())).collect();
        self.collection.tombs = tombs;
        if !asked.is_empty() {
            for node in NodeId::all(ctx.nodes()) {
                ctx.send(node, Msg::Vouch { call, tombs: asked.clone() });
            }
        }
        self.await_grace(ctx);
    }

    /// The tombstones of keys for which this node is the most preferred.
    fn tombstones(&mut self, me: NodeId) -> Vec<(Key, Past)> {
        let Some(replica) = &self.replica else { return Vec::new() };
        let deleted = replica.owned().filter(|(_, object)| object.is_deleted());
        let preferences = &mut self.preferences;
        let mut first = |key| preferences.list(key).first() == Some(&me);
        deleted.filter(|&(key, _)| first(key)).map(|(key, object)| (key, object.past().clone())).collect()
    }

    /// Whether enough nodes have vouched for a key.
    fn may_collect<'a>(&mut self, key: Key, vouched: impl Iterator<Item = &'a NodeId>, ctx: &Ctx<'_, Self>) -> bool {
        let owners = self.preferences.owners(key).into_iter().collect();
        self.config.rules.may_collect(&vouched.copied().collect(), &owners, ctx.nodes())
    }

    /// Vouches for those tombstones besides which this node knows nothing of their keys.
    pub(super) fn on_vouch(&mut self, from: NodeId, call: Call, tombs: &[(Key, Past)], ctx: &mut Ctx<'_, Self>) {
        let tickets = tombs.iter().filter_map(|(key, past)| Some((*key, self.vouch(*key, past)?))).collect();
        // What is vouched for must be durable: a crash must not bring back what was there before.
        ctx.after_sync(|ctx| ctx.send(from, Msg::Vouched { call, tickets }));
    }

    fn vouch(&mut self, key: Key, past: &Past) -> Option<Ticket> {
        if let Some((_, ticket)) = self.collection.tickets.get(&key).filter(|(known, _)| known == past) {
            return Some(*ticket); // It would have been torn up.
        }
        let replica = self.replica.as_ref()?;
        let knows_nothing_else = replica.object(key).is_none() || replica.has_tombstone(key, past);
        if !knows_nothing_else || self.coordinates(key) {
            return None;
        }
        let ticket = Ticket(self.next_call());
        self.collection.tickets.insert(key, (past.clone(), ticket));
        Some(ticket)
    }

    pub(super) fn on_vouched(&mut self, from: NodeId, call: Call, tickets: &[(Key, Ticket)], ctx: &mut Ctx<'_, Self>) {
        let mut collectable = Vec::new();
        for &(key, ticket) in tickets {
            let Some(tomb) = self.collection.tombs.get_mut(&key).filter(|tomb| tomb.call == call) else { continue };
            let vouched: BTreeSet<NodeId> = match &mut tomb.stage {
                Stage::Asked => {
                    tomb.tickets.insert(from, ticket);
                    tomb.tickets.keys().copied().collect()
                }
                Stage::AskedAgain(again) if tomb.tickets.get(&from) == Some(&ticket) => {
                    again.insert(from);
                    again.clone()
                }
                Stage::AskedAgain(_) | Stage::Grace => continue,
            };
            let (past, again) = (tomb.past.clone(), matches!(tomb.stage, Stage::AskedAgain(_)));
            if self.config.rules.is_final(again) && self.may_collect(key, vouched.iter(), ctx) {
                collectable.push((key, past));
            }
        }
        if !collectable.is_empty() {
            self.on_collect(&collectable, ctx);
            let others: Vec<NodeId> = ctx.peers().collect();
            others.into_iter().for_each(|node| ctx.send(node, Msg::Collect { tombs: collectable.clone() }));
        }
    }

    /// Forgets keys of which it is known that nobody knows anything but that they were deleted.
    pub(super) fn on_collect(&mut self, tombs: &[(Key, Past)], ctx: &mut Ctx<'_, Self>) {
        for (key, past) in tombs {
            // It may have been written again since.
            if self.replica.as_ref().is_some_and(|replica| replica.has_tombstone(*key, past)) {
                ctx.reached(milestones::COLLECTED);
                self.collected.push((*key, past.clone()));
                self.write(Some(Record::Collected { key: *key }), ctx);
            }
        }
    }

    /// A coordinator was told something of a key: unless that is nothing, or the tombstone that it has vouched for, it knows something else now, keeps it for as
    /// long as its get lacks answers, and may pass it on afterwards.
    pub(super) fn doubt_ticket(&mut self, key: Key, told: &Object<S::State>) {
        let is_vouched = |past: &Past| *told == Object::default() || (told.is_deleted() && told.past() == past);
        if self.collection.tickets.get(&key).is_some_and(|(past, _)| !is_vouched(past)) {
            self.tear_ticket(key);
        }
    }

    /// Something is written of a key: what this node has vouched for need not hold any more.
    pub(super) fn tear_ticket(&mut self, key: Key) {
        self.collection.tickets.remove(&key);
    }
}
