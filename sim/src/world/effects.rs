//! Carrying out what nodes ask for, one effect after the other.

use std::mem;

use serde::Serialize;
use serde_json::{Value, json};

use super::events::{ANSWER, name_of};
use super::{Event, World};
use crate::check::invariant::{Invariants, Now};
use crate::faults::DiskTrouble;
use crate::faults::trigger::Phase;
use crate::id::{NodeId, RequestId};
use crate::network::Route;
use crate::node::{Ctx, DiskError, Effect, EffectOf, Message, Milestone, Node, Ret, Role};
use crate::rng::Delay;
use crate::time::Span;
use crate::trace::LOST;

impl<N: Node> World<'_, N> {
    /// Lets a node that is up handle something, carries out what it asks for, and checks what it has become.
    #[inline]
    pub(super) fn handle(&mut self, node: NodeId, handler: impl FnOnce(&mut N, &mut Ctx<'_, N>)) {
        let mut effects = mem::take(&mut self.effects);
        let nodes = self.servers.len();
        let server = &mut self.servers[node.index()];
        let now = server.clock.read(self.now);
        let state = server.node.as_mut().expect("only a node that is up is asked to handle anything");
        handler(state, &mut Ctx::new(node, nodes, now, &mut server.rng, &mut effects));
        let result = self.carry_out(node, &mut effects);
        self.effects = effects;
        self.after_event(node);
        if let Err(error) = result {
            self.disk_error(node, error);
        }
    }

    /// Tells a node what its disk could not do. If that asks for something that the disk cannot do either, the node stops.
    pub(super) fn disk_error(&mut self, node: NodeId, error: DiskError) {
        if self.servers[node.index()].node.is_none() {
            return;
        }
        let mut effects = Vec::new();
        let nodes = self.servers.len();
        let server = &mut self.servers[node.index()];
        let now = server.clock.read(self.now);
        if let Some(state) = server.node.as_mut() {
            state.on_disk_error(error, &mut Ctx::new(node, nodes, now, &mut server.rng, &mut effects));
        }
        if self.carry_out(node, &mut effects).is_err() {
            self.halt(node, error.name());
        }
        self.after_event(node);
    }

    /// Carries out effects, in order, until the node crashes or its disk refuses.
    pub(super) fn carry_out(&mut self, node: NodeId, effects: &mut Vec<EffectOf<N>>) -> Result<(), DiskError> {
        let index = node.index();
        let mut held = 0_u32;
        for effect in effects.drain(..) {
            let does_something = !matches!(effect, Effect::Reached(_));
            if does_something && !self.servers[index].armed.is_empty() && self.crash_is_due(node) {
                return Ok(());
            }
            if held > 0 {
                held -= 1;
                self.servers[index].disk.wait(effect);
                continue;
            }
            match effect {
                Effect::Send { to, msg } => self.send(node, to, msg),
                Effect::Reply { to, ret } => {
                    self.mark_with(17, index, to.op.client.index(), &(to, &ret));
                    self.note_effect(|| format!("reply {to}: {ret}"));
                    self.answer(node, to, Ok(ret));
                }
                Effect::Reject { to, hint } => {
                    self.mark_with(18, index, to.op.client.index(), &(to, hint));
                    self.note_effect(|| match hint {
                        Some(hint) => format!("reject {to}, try {hint}"),
                        None => format!("reject {to}"),
                    });
                    self.answer(node, to, Err(hint));
                }
                Effect::SetTimer { timer, after } => {
                    self.mark_with(19, index, 0, &(timer, after));
                    self.note_effect(|| format!("set timer {timer:?} {after}"));
                    self.set_timer(node, timer, after);
                }
                Effect::CancelTimer { timer } => {
                    self.mark_with(20, index, 0, &timer);
                    self.note_effect(|| format!("cancel timer {timer:?}"));
                    self.servers[index].timers.cancel(timer);
                }
                Effect::Write(record) => {
                    self.mark_with(21, index, 0, &record);
                    self.show_effect(|| json!({ "write": &record }));
                    self.room(node)?;
                    self.servers[index].disk.append(record);
                }
                Effect::Compact(records) => {
                    self.mark_with(22, index, 0, &records);
                    self.note_effect(|| format!("compact to {} records", records.len()));
                    self.room(node)?;
                    self.servers[index].disk.replace(records);
                }
                Effect::Sync { held: following } => {
                    self.mark(23, index, following as usize);
                    held = self.sync(node, following);
                }
                Effect::Note(text) => self.note_effect(|| text),
                Effect::Reached(milestone) => self.reach(node, milestone),
                Effect::Halt(why) => {
                    self.mark(24, index, 0);
                    self.note_effect(|| format!("halt: {why}"));
                    self.halt(node, why);
                    return Ok(());
                }
            }
        }
        self.begin_sync(node);
        Ok(())
    }

    #[inline]
    fn send(&mut self, from: NodeId, to: NodeId, msg: N::Msg) {
        self.mark_with(16, from.index(), to.index(), &msg);
        self.show_effect(|| match msg.is_routine() {
            true => json!({ "send": to, "msg": msg.kind(), "routine": true, "body": &msg }),
            false => json!({ "send": to, "msg": msg.kind(), "body": &msg }),
        });
        if from == to {
            let life = self.servers[from.index()].life;
            return self.push(self.now, Event::Own { node: from, life, msg });
        }
        let World { network, coverage, strikes, .. } = self;
        let (route, name) = (Route::nodes(from, to), name_of(&msg));
        let arrivals = network.send(route, name, self.now, coverage, |fault| strikes.acted(fault));
        self.check_message(|| name.passing(route, Phase::Sent));
        if let Some(at) = arrivals.second {
            self.push(at, Event::Message { from, to, msg: msg.clone() });
        }
        match arrivals.first {
            Some(at) => self.push(at, Event::Message { from, to, msg }),
            None => self.note_effect(|| LOST.to_owned()),
        }
    }

    fn answer(&mut self, from: NodeId, id: RequestId, answer: Result<Ret<N>, Option<NodeId>>) {
        if id.op.client.index() >= self.clients.len() {
            return; // Nobody asked: a node made the id up.
        }
        let World { network, coverage, strikes, .. } = self;
        let route = Route::answer(from, id.op.client);
        let arrivals = network.send(route, ANSWER, self.now, coverage, |fault| strikes.acted(fault));
        self.check_message(|| ANSWER.passing(route, Phase::Sent));
        if let Some(at) = arrivals.second {
            self.push(at, Event::Answer { from, id, answer: answer.clone() });
        }
        match arrivals.first {
            Some(at) => self.push(at, Event::Answer { from, id, answer }),
            None => self.note_effect(|| LOST.to_owned()),
        }
    }

    fn set_timer(&mut self, node: NodeId, timer: N::Timer, after: Span) {
        let server = &mut self.servers[node.index()];
        let due = self.queue.next_due(self.now + server.clock.true_span(after));
        if let Some(slot) = server.timers.set(timer, due) {
            let life = server.life;
            self.push_due(due, Event::Timer { node, life, slot, due });
        }
    }

    fn reach(&mut self, node: NodeId, milestone: Milestone) {
        let reached = self.coverage.milestones.get_mut(milestone.name);
        *reached.expect("a node reaches milestones that its protocol declares") += 1;
        if self.recorder.is_some() {
            self.show_milestone(node, milestone);
        }
        self.check_milestone(node, milestone.name);
    }

    /// Shows a milestone in the trace, and what the node's clock shows, if the protocol goes by that.
    fn show_milestone(&mut self, node: NodeId, milestone: Milestone) {
        let server = &self.servers[node.index()];
        let lease = server.node.as_ref().and_then(N::lease_until).filter(|_| N::clock_bound(self.config).is_some());
        let clock = server.clock.read(self.now);
        let clocks = lease.map(|until| format!(", its lease is until {until}, and its clock shows {clock}"));
        self.note_effect(|| format!("reached {}{}", milestone.name, clocks.unwrap_or_default()));
    }

    /// Whether there is room for another record.
    #[inline]
    fn room(&mut self, node: NodeId) -> Result<(), DiskError> {
        let full = self.servers[node.index()].troubles.iter().find(|trouble| trouble.what == DiskTrouble::Full);
        match full.map(|trouble| trouble.fault) {
            None => Ok(()),
            Some(fault) => {
                self.strikes.acted(fault);
                self.coverage.writes_refused += 1;
                self.note_effect(|| "…disk full".to_owned());
                Err(DiskError::Full)
            }
        }
    }

    /// Asks the disk to make everything durable. How many of the effects that follow must wait for that.
    #[inline]
    fn sync(&mut self, node: NodeId, following: u32) -> u32 {
        let instant = self.plan.disk.sync == Delay::Fixed(Span::ZERO);
        let server = &mut self.servers[node.index()];
        if server.disk.is_clean() {
            return 0;
        }
        if instant && server.troubles.is_empty() && server.disk.is_idle() {
            server.disk.sync_now();
            self.coverage.syncs += 1;
            return 0;
        }
        server.disk.want_sync();
        self.note_effect(|| "sync, and then:".to_owned());
        following
    }

    /// Lets a sync begin, if one is wanted and none is under way.
    #[inline]
    fn begin_sync(&mut self, node: NodeId) {
        let server = &mut self.servers[node.index()];
        if server.node.is_none() || !server.disk.begin_sync() {
            return;
        }
        let mut takes = self.plan.disk.sync.sample(&mut server.disk_rng);
        for trouble in &mut server.troubles {
            if let DiskTrouble::Slow(delay) = trouble.what {
                takes = takes + delay.sample(&mut trouble.rng);
                self.coverage.syncs_slowed += 1;
                self.strikes.acted(trouble.fault);
            }
        }
        let life = server.life;
        self.push(self.now + takes, Event::Synced { node, life });
    }

    /// The sync that is under way returns, or fails.
    pub(super) fn on_synced(&mut self, node: NodeId) {
        let server = &mut self.servers[node.index()];
        let failing = server.troubles.iter_mut().find(|trouble| trouble.what == DiskTrouble::FailSync);
        if let Some(trouble) = failing {
            self.coverage.syncs_failed += 1;
            self.strikes.acted(trouble.fault);
            server.disk.fail_sync(&mut trouble.rng);
            self.record("sync failed", |line| line.text("node", node));
            return self.disk_error(node, DiskError::SyncFailed);
        }
        self.coverage.syncs += 1;
        let mut effects = mem::take(&mut self.effects);
        server.disk.end_sync(&mut effects);
        self.record("synced", |line| line.text("node", node));
        let result = self.carry_out(node, &mut effects);
        self.effects = effects;
        if let Err(error) = result {
            self.disk_error(node, error);
        }
    }

    /// Looks at a node that has just acted: what it is now, and whether that is allowed.
    #[inline]
    pub(super) fn after_event(&mut self, node: NodeId) {
        let server = &self.servers[node.index()];
        let Some(state) = &server.node else { return };
        let (before, after) = (server.observation, state.observe());
        let breach = match &self.plan.check.invariants {
            Some(names) if names.is_empty() => None,
            _ => {
                self.invariants.at(Now { at: self.now, event: self.coverage.events });
                self.invariants.after_event(node, state).err()
            }
        };
        if let Some(recorder) = &mut self.recorder {
            recorder.observed(node, before != after, &after, state.details());
        }
        if before != after {
            if after.role == Role::Leader && before.role != Role::Leader {
                let rival = self.servers.iter().any(|other| other.observation.role == Role::Leader);
                self.coverage.leader_changes += 1;
                self.coverage.rival_leaders += u64::from(rival);
            }
            self.coverage.elections += u64::from(after.role == Role::Candidate && before.role != Role::Candidate);
            self.coverage.commits = self.coverage.commits.max(after.commit);
            self.coverage.reconfigurations = self.coverage.reconfigurations.max(after.reconfigurations);
            self.coverage.epochs = self.coverage.epochs.max(after.epoch);
            self.servers[node.index()].observation = after;
            self.see_state();
            self.check_triggers(node);
        }
        if let Some(breach) = breach {
            self.breached(Some(node), *breach);
        }
    }

    /// Adds to a list in the trace, if there is one, what the present event does to a node or fault.
    pub(super) fn record_among(&mut self, key: &'static str, item: impl Serialize) {
        if let Some(recorder) = &mut self.recorder {
            recorder.add_to(key, item);
        }
    }

    /// Adds to the trace, if there is one, an effect of the present event.
    #[inline]
    pub(super) fn note_effect(&mut self, text: impl FnOnce() -> String) {
        self.show_effect(|| Value::String(text()));
    }

    #[inline]
    pub(super) fn show_effect(&mut self, effect: impl FnOnce() -> Value) {
        if let Some(recorder) = &mut self.recorder {
            recorder.effect(effect());
        }
    }

    pub(super) fn record_more(&mut self, key: &'static str, text: &'static str) {
        if let Some(recorder) = &mut self.recorder {
            recorder.add(key, text);
        }
    }
}
