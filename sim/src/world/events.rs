//! Events as they happen: who they concern, whether they get there, and who handles them.

use super::{Event, World};
use crate::faults::trigger::Phase;
use crate::id::{NodeId, RequestId};
use crate::network::{Arrival, Name, Route};
use crate::node::{Command, Message, Node, Op};
use crate::queue::Due;
use crate::timers::{Expiry, Slot};

/// The kinds of what clients and nodes send each other.
pub(super) const REQUEST: Name = Name { kind: "Request", epoch: 0 };
pub(super) const ANSWER: Name = Name { kind: "Answer", epoch: 0 };

/// What a message is called.
#[inline]
pub(super) fn name_of(msg: &impl Message) -> Name {
    Name { kind: msg.kind(), epoch: msg.epoch() }
}

/// Whether a node handles an event.
enum Attention {
    Now,
    /// It is down, or the event was meant for an earlier life.
    Never,
    /// When it is no longer paused.
    Later,
}

impl<N: Node> World<'_, N> {
    pub(super) fn happen(&mut self, due: Due, event: Event<N>) {
        match event {
            Event::Message { from, to, msg } => self.on_message(from, to, msg),
            Event::Own { node, life, msg } => self.on_own(node, life, msg),
            Event::Request { to, id, op } => self.on_request(to, id, op),
            Event::Answer { from, id, answer } => {
                self.mark(3, from.index(), id.op.client.index());
                let route = Route::answer(from, id.op.client);
                match self.arrive(route, ANSWER) {
                    Arrival::Deliver => {
                        self.coverage.delivered += 1;
                        self.on_answer(from, id, answer);
                        self.check_message(|| ANSWER.passing(route, Phase::Delivered));
                    }
                    Arrival::Dropped => {}
                    Arrival::Held => self.network.hold(route, Event::Answer { from, id, answer }),
                }
            }
            Event::Timer { node, life, slot, due } => self.on_timer(due, node, life, slot),
            Event::Synced { node, life } => {
                self.mark(5, node.index(), 0);
                match self.attention(node, Some(life)) {
                    Attention::Now => self.on_synced(node),
                    Attention::Never => {}
                    Attention::Later => self.postpone(node, Event::Synced { node, life }),
                }
            }
            Event::Command { node, command } => self.on_command(node, command),
            Event::Boot { node } => {
                self.mark(6, node.index(), 0);
                self.lift(node);
            }
            Event::Wake { client, slot } => self.on_wake(due, client, slot),
            Event::Arrival => self.on_arrival(),
            Event::Strike { .. } => unreachable!("planning is no event"),
            Event::Undo { applied } => self.end(applied),
            Event::Heal => self.heal(),
            Event::Deadline => self.demand_progress(),
        }
    }

    #[inline]
    fn on_message(&mut self, from: NodeId, to: NodeId, msg: N::Msg) {
        self.mark(0, from.index(), to.index());
        let route = Route::nodes(from, to);
        match self.arrive(route, name_of(&msg)) {
            Arrival::Deliver => {}
            Arrival::Dropped => return,
            Arrival::Held => return self.network.hold(route, Event::Message { from, to, msg }),
        }
        match self.attention(to, None) {
            Attention::Now => {
                self.coverage.delivered += 1;
                self.record("message", |line| line.message(from, to, &msg));
                let name = name_of(&msg);
                self.see_message(from, to, name);
                self.handle(to, |state, ctx| state.on_message(from, msg, ctx));
                self.check_message(|| name.passing(route, Phase::Delivered));
            }
            Attention::Never => self.drop_at(route, msg.kind()),
            Attention::Later => self.postpone(to, Event::Message { from, to, msg }),
        }
    }

    fn on_own(&mut self, node: NodeId, life: u32, msg: N::Msg) {
        self.mark(1, node.index(), 0);
        match self.attention(node, Some(life)) {
            Attention::Now => {
                self.record("own", |line| line.message(node, node, &msg));
                self.handle(node, |state, ctx| state.on_message(node, msg, ctx));
            }
            Attention::Never => {}
            Attention::Later => self.postpone(node, Event::Own { node, life, msg }),
        }
    }

    fn on_request(&mut self, to: NodeId, id: RequestId, op: Op<N>) {
        self.mark(2, id.op.client.index(), to.index());
        let route = Route::request(id.op.client, to);
        match self.arrive(route, REQUEST) {
            Arrival::Deliver => {}
            Arrival::Dropped => return,
            Arrival::Held => return self.network.hold(route, Event::Request { to, id, op }),
        }
        match self.attention(to, None) {
            Attention::Now => {
                self.coverage.delivered += 1;
                self.record("request", |line| line.text("node", to).text("request", id).text("op", &op));
                self.handle(to, |state, ctx| state.on_request(id, op, ctx));
                self.check_message(|| REQUEST.passing(route, Phase::Delivered));
            }
            Attention::Never => self.drop_at(route, REQUEST.kind),
            Attention::Later => self.postpone(to, Event::Request { to, id, op }),
        }
    }

    fn on_command(&mut self, node: NodeId, command: Command) {
        self.mark_with(13, node.index(), 0, &command);
        match self.attention(node, None) {
            Attention::Now => {
                self.coverage.commands += 1;
                self.record("command", |line| line.text("node", node).debug("command", &command));
                self.handle(node, |state, ctx| state.on_command(&command, ctx));
            }
            Attention::Never => self.record("dropped", |line| line.text("to", node).text("why", "node down")),
            Attention::Later => self.postpone(node, Event::Command { node, command }),
        }
    }

    fn on_timer(&mut self, due: Due, node: NodeId, life: u32, slot: Slot) {
        self.mark(4, node.index(), 0);
        match self.attention(node, Some(life)) {
            Attention::Now => {}
            Attention::Never => return,
            // A paused node's timers run out when it goes on.
            Attention::Later => return self.postpone(node, Event::Timer { node, life, slot, due }),
        }
        match self.servers[node.index()].timers.expire(slot, due) {
            Expiry::Fire(timer) => {
                self.coverage.timers += 1;
                self.record("timer", |line| line.text("node", node).debug("timer", &timer));
                self.handle(node, |state, ctx| state.on_timer(timer, ctx));
            }
            Expiry::Later(later) => {
                let event = Event::Timer { node, life, slot, due: later };
                if later.at < self.now {
                    self.push(self.now, event); // It ran out while the node was paused, and time does not go back.
                } else {
                    self.push_due(later, event);
                }
            }
            Expiry::Stale => {}
        }
    }

    /// Judges what arrives over the network.
    #[inline]
    fn arrive(&mut self, route: Route, name: Name) -> Arrival {
        let World { network, coverage, strikes, .. } = self;
        let arrival = network.arrive(route, name, coverage, |fault| strikes.acted(fault));
        match arrival {
            Arrival::Deliver => {}
            Arrival::Dropped => self.record("dropped", |line| line.passing(route, name.kind).text("why", "link cut")),
            Arrival::Held => self.record("held", |line| line.passing(route, name.kind)),
        }
        arrival
    }

    fn drop_at(&mut self, route: Route, kind: &'static str) {
        self.coverage.dropped_down += 1;
        self.record("dropped", |line| line.passing(route, kind).text("why", "node down"));
    }

    /// Whether a node handles an event now, if it is meant for this life of it.
    #[inline]
    fn attention(&self, node: NodeId, life: Option<u32>) -> Attention {
        let server = &self.servers[node.index()];
        if server.node.is_none() || life.is_some_and(|life| life != server.life) {
            Attention::Never
        } else if server.paused.is_empty() {
            Attention::Now
        } else {
            Attention::Later
        }
    }

    fn postpone(&mut self, node: NodeId, event: Event<N>) {
        self.coverage.paused_events += 1;
        self.servers[node.index()].inbox.push(event);
    }
}
