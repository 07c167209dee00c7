//! Who is alive: nodes ask each other, and tell each other what they have found.
//!
//! Das, Gupta & Motivala, "SWIM: Scalable Weakly-consistent Infection-style Process Group Membership Protocol", DSN 2002; Dynamo §4.8. A node that does not answer
//! is asked once more by others, then suspected, and after a while declared dead, unless it contradicts.
//!
//! Deviations: clusters are small, so every message carries all that its sender knows of all nodes (SWIM §4.1 carries some of it at a time). The dead are asked, too, since they
//! may come back: only an operator takes a node out of the ring (Dynamo §4.8.1). So they may contradict, which in SWIM only
//! the suspected may.

use std::collections::BTreeMap;

use serde::Serialize;
use shaketable_sim::id::NodeId;
use shaketable_sim::node::Ctx;
use shaketable_sim::spec::Spec;

use super::membership::Epoch;
use super::types::{Msg, Timer};
use super::{Dynamo, milestones};

/// How many others are asked to ask a node that does not answer (SWIM's k).
const HELPERS: usize = 2;

/// One question whether a node is alive. A node counts its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Probe(u64);

impl Probe {
    /// How many probes a node has sent from `earlier` on, before this one.
    pub(super) fn since(self, earlier: Probe) -> u64 {
        self.0 - earlier.0
    }
}

/// How a node is, from best to worst.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// It answers, or has contradicted.
    Alive,
    /// It did not answer, and may still contradict.
    Suspect,
    /// It has not contradicted.
    Dead,
}

/// What is known of a node. The greater one is the later news.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Status {
    /// How often the node has contradicted.
    pub incarnation: u64,
    /// How it is.
    pub health: Health,
}

/// What a node knows of all nodes, in their order, and which ring it knows.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct News {
    /// The ring.
    pub epoch: Epoch,
    /// How they are.
    pub statuses: Vec<Status>,
}

/// A node's part in finding out who is alive.
#[derive(Clone, Debug)]
pub(super) struct Swim {
    statuses: Vec<Status>,
    /// Whom to ask next, in this order: every node once, then all anew in another order (SWIM §4.3).
    turns: Vec<NodeId>,
    probes: BTreeMap<Probe, Probing>,
    next: Probe,
}

/// A probe that was not answered so far.
#[derive(Clone, Copy, Debug)]
struct Probing {
    target: NodeId,
    why: Why,
}

#[derive(Clone, Copy, Debug)]
enum Why {
    /// It is the target's turn.
    Own,
    /// It did not answer, and others are asking it.
    Indirect,
    /// Another node has asked for it, for a probe of its own.
    For(NodeId, Probe),
}

impl Swim {
    /// All nodes of a cluster are alive until they do not answer. Its lives begin with different probes.
    pub(super) fn new(nodes: usize, first: u64) -> Swim {
        let alive = Status { incarnation: 0, health: Health::Alive };
        Swim { statuses: vec![alive; nodes], turns: Vec::new(), probes: BTreeMap::new(), next: Probe(first) }
    }

    /// The probe that it sends next.
    pub(super) fn next_probe(&self) -> Probe {
        self.next
    }

    /// What is known of a node.
    pub(super) fn status(&self, node: NodeId) -> Status {
        self.statuses[node.index()]
    }

    /// What is known of all nodes, in their order.
    pub(super) fn statuses(&self) -> &[Status] {
        &self.statuses
    }

    pub(super) fn set(&mut self, node: NodeId, status: Status) {
        self.statuses[node.index()] = status;
    }

    /// Whether a node may be counted on: a suspect may (SWIM §4.2).
    pub(super) fn is_healthy(&self, node: NodeId) -> bool {
        self.status(node).health != Health::Dead
    }
}

impl<S: Spec> Dynamo<S> {
    /// Sets the timer for the next probe.
    pub(super) fn await_probe(&self, ctx: &mut Ctx<'_, Self>) {
        if ctx.nodes() > 1 {
            let wait = ctx.rng().span(self.config.probe);
            ctx.set_timer(Timer::Probe, wait);
        }
    }

    /// Asks the next node.
    pub(super) fn probe(&mut self, ctx: &mut Ctx<'_, Self>) {
        if self.swim.turns.is_empty() {
            self.swim.turns = ctx.peers().collect();
            ctx.rng().shuffle(&mut self.swim.turns);
        }
        if let Some(target) = self.swim.turns.pop() {
            self.ping(Probing { target, why: Why::Own }, ctx);
        }
        self.await_probe(ctx);
    }

    fn ping(&mut self, probing: Probing, ctx: &mut Ctx<'_, Self>) {
        let probe = self.swim.next;
        self.swim.next = Probe(probe.0 + 1);
        self.swim.probes.insert(probe, probing);
        ctx.send(probing.target, Msg::Ping { probe, news: self.news() });
        ctx.set_timer(Timer::Patience(probe), self.config.patience);
    }

    pub(super) fn on_ping(&mut self, from: NodeId, probe: Probe, news: &News, ctx: &mut Ctx<'_, Self>) {
        self.learn(from, news, ctx);
        ctx.send(from, Msg::Ack { probe, news: self.news() });
    }

    pub(super) fn on_ping_req(
        &mut self,
        from: NodeId,
        probe: Probe,
        target: NodeId,
        news: &News,
        ctx: &mut Ctx<'_, Self>,
    ) {
        self.learn(from, news, ctx);
        self.ping(Probing { target, why: Why::For(from, probe) }, ctx);
    }

    pub(super) fn on_ack(&mut self, from: NodeId, probe: Probe, news: &News, ctx: &mut Ctx<'_, Self>) {
        self.learn(from, news, ctx);
        let Some(probing) = self.swim.probes.remove(&probe) else { return };
        ctx.cancel_timer(Timer::Patience(probe));
        if let Why::For(node, probe) = probing.why {
            ctx.send(node, Msg::Ack { probe, news: self.news() });
        }
    }

    /// A probe was not answered in time.
    pub(super) fn lose_patience(&mut self, probe: Probe, ctx: &mut Ctx<'_, Self>) {
        let Some(probing) = self.swim.probes.remove(&probe) else { return };
        let target = probing.target;
        match probing.why {
            Why::Own => {
                let mut helpers: Vec<NodeId> = ctx.peers().filter(|&node| node != target).collect();
                ctx.rng().shuffle(&mut helpers);
                helpers.truncate(HELPERS);
                for helper in helpers {
                    ctx.send(helper, Msg::PingReq { probe, target, news: self.news() });
                }
                self.swim.probes.insert(probe, Probing { target, why: Why::Indirect });
                ctx.set_timer(Timer::Patience(probe), self.config.patience.times(2));
            }
            Why::Indirect => {
                let known = self.swim.status(target);
                self.hear(target, Status { health: Health::Suspect.max(known.health), ..known }, ctx);
            }
            Why::For(..) => {}
        }
    }

    /// A suspect has not contradicted.
    pub(super) fn condemn(&mut self, node: NodeId, ctx: &mut Ctx<'_, Self>) {
        let known = self.swim.status(node);
        if known.health == Health::Suspect {
            ctx.reached(milestones::DECLARED_DEAD);
            self.hear(node, Status { health: Health::Dead, ..known }, ctx);
        }
    }

    fn news(&self) -> News {
        News { epoch: self.preferences.epoch(), statuses: self.swim.statuses.clone() }
    }

    fn learn(&mut self, from: NodeId, news: &News, ctx: &mut Ctx<'_, Self>) {
        self.agrees(from, news.epoch, ctx);
        for (node, &status) in NodeId::all(ctx.nodes()).zip(&news.statuses) {
            self.hear(node, status, ctx);
        }
    }

    /// Something is told of a node.
    fn hear(&mut self, node: NodeId, told: Status, ctx: &mut Ctx<'_, Self>) {
        let rules = self.config.rules;
        let known = self.swim.status(node);
        if node == ctx.me() {
            if rules.must_refute(known.incarnation, told) {
                ctx.reached(milestones::REFUTED);
                let incarnation = told.incarnation + 1;
                self.swim.set(node, Status { incarnation, health: Health::Alive });
            }
        } else if rules.believes(known, told) {
            self.swim.set(node, told);
            match told.health {
                Health::Suspect => ctx.set_timer(Timer::Suspicion(node), self.config.suspicion),
                Health::Alive | Health::Dead => ctx.cancel_timer(Timer::Suspicion(node)),
            }
        }
    }
}
