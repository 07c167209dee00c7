//! Watching for what faults wait for.
//!
//! A fault whose trigger has gone off strikes a nanosecond later (and after its `delay`), so that nothing of the present instant comes
//! before it when it is replayed.

use std::mem;

use super::World;
use crate::faults::Start;
use crate::faults::target::View;
use crate::faults::trigger::{Occasion, Passing, State, Subject};
use crate::id::{Endpoint, NodeId};
use crate::node::Node;
use crate::time::Span;

/// What has just happened.
#[derive(Clone, Copy)]
pub(super) enum Happening {
    /// This node has become another.
    Change(NodeId),
    /// This node has reached this milestone.
    Milestone(NodeId, &'static str),
    Message(Passing),
}

impl<N: Node> World<'_, N> {
    /// A node has become another than it was.
    #[inline]
    pub(super) fn check_triggers(&mut self, node: NodeId) {
        if !self.strikes.triggers.is_empty() {
            self.strikes.happened.push(Happening::Change(node));
        }
    }

    /// A node has reached a milestone.
    pub(super) fn check_milestone(&mut self, node: NodeId, milestone: &'static str) {
        if !self.strikes.triggers.is_empty() {
            self.strikes.happened.push(Happening::Milestone(node, milestone));
        }
    }

    /// A message was sent or delivered.
    #[inline]
    pub(super) fn check_message(&mut self, passing: impl FnOnce() -> Passing) {
        if self.strikes.heeds_messages && !self.strikes.triggers.is_empty() {
            self.strikes.happened.push(Happening::Message(passing()));
        }
    }

    /// An event is over: what has happened in it may set faults off. Not earlier: a node sends while it handles something, and is seen as
    /// what that has made of it only then.
    #[inline]
    pub(super) fn check_happened(&mut self) {
        if !self.strikes.happened.is_empty() {
            let mut happened = mem::take(&mut self.strikes.happened);
            happened.drain(..).for_each(|happening| self.check(happening));
            self.strikes.happened = happened;
        }
    }

    #[cold]
    fn check(&mut self, happening: Happening) {
        let mut index = 0;
        while let Some(&planned) = self.strikes.triggers.get(index) {
            match self.goes_off(planned, happening) {
                None => index += 1,
                Some(subject) => {
                    self.strikes.triggers.remove(index);
                    let Start::When(_, delay) = &self.plan.faults[planned].start else { continue };
                    let progress = &mut self.strikes.planned[planned];
                    progress.subject = subject;
                    let at = self.now + progress.rng.span(*delay) + Span::nanos(1);
                    self.queue_strike(planned, at);
                }
            }
        }
    }

    /// Whether what has happened sets off this fault, and whom that is about.
    fn goes_off(&mut self, planned: usize, happening: Happening) -> Option<Subject> {
        let fault = &self.plan.faults[planned];
        let Start::When(trigger, _) = &fault.start else { return None };
        let since = &self.strikes.planned[planned].since;
        if self.now < fault.from || !trigger.state.reached(&self.coverage, since) {
            return None;
        }
        match (&trigger.occasion, happening) {
            (None, Happening::Change(node)) => {
                let node = self.in_state(planned, &trigger.state, node)?;
                self.strikes.planned[planned].spending = self.spending(planned, &trigger.state, node);
                Some(about(node))
            }
            (Some(Occasion::Milestone(wanted)), Happening::Milestone(node, reached)) if wanted == reached => {
                self.is_in(&trigger.state, node).then(|| about(node))
            }
            (Some(occasion @ Occasion::Message { nth, .. }), Happening::Message(passing)) => {
                let nodes = self.view();
                let view = View { nodes: &nodes, clients: self.clients.len(), subject: Subject::default() };
                let here = match passing.actor() {
                    Some(node) => self.is_in(&trigger.state, node),
                    None => !trigger.state.is_about_a_node(),
                };
                if !here || !occasion.is(passing, &view) {
                    return None;
                }
                let seen = &mut self.strikes.planned[planned].seen;
                *seen += 1;
                (*seen >= *nth).then(|| passing.subject())
            }
            _ => None,
        }
    }

    /// Whether a node is in this state. One that has died on the way is in none.
    fn is_in(&self, state: &State, node: NodeId) -> bool {
        let server = &self.servers[node.index()];
        !state.is_about_a_node() || (server.node.is_some() && state.fits(&server.observation))
    }

    /// A node that is in this state and has not set off this fault in its epoch: the one that has just acted, else the first of all. Of a state
    /// that is about no single node, the one that has just acted.
    fn in_state(&self, planned: usize, state: &State, acting: NodeId) -> Option<NodeId> {
        if !state.is_about_a_node() {
            return Some(acting);
        }
        let spent = &self.strikes.planned[planned].spent;
        let fresh = |node: &NodeId| {
            let server = &self.servers[node.index()];
            self.is_in(state, *node) && !spent.contains(&(*node, server.observation.epoch))
        };
        Some(acting).filter(fresh).or_else(|| NodeId::all(self.servers.len()).find(fresh))
    }

    /// What a strike on this occasion uses up: the node's epoch, if it may strike more than once.
    fn spending(&self, planned: usize, state: &State, node: NodeId) -> Option<(NodeId, u64)> {
        let once_an_epoch = state.is_about_a_node() && self.plan.faults[planned].times > 1;
        once_an_epoch.then(|| (node, self.servers[node.index()].observation.epoch))
    }
}

fn about(node: NodeId) -> Subject {
    Subject { it: Some(Endpoint::Node(node)), sender: None }
}
