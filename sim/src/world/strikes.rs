//! Letting faults strike and end.
//!
//! Every planned fault has a stream of chance of its own. When it is due it is resolved into an applied one, which draws nothing
//! and says everything; the world then does what it says. At one instant, faults that end come first, then the heal, then
//! faults that strike, in the order of the plan; all before anything else. So applied faults, written down in order as
//! faults `at` their times, do exactly the same again.

use std::mem;

use super::server::{Armed, Trouble};
use super::triggers::Happening;
use super::{Event, World};
use crate::faults::target::{NodeView, View};
use crate::faults::trigger::{Occasion, Subject};
use crate::faults::{Action, Applied, Start};
use crate::id::NodeId;
use crate::network::Route;
use crate::node::{Node, Role};
use crate::plan::Plan;
use crate::queue::{Due, Rank};
use crate::rng::{Seed, Stream};
use crate::run::Coverage;
use crate::time::{Instant, Span};

/// All faults of a run: planned, applied, in force.
#[derive(Clone)]
pub(super) struct Strikes {
    pub(super) planned: Vec<Progress>,
    applied: Vec<Applied>,
    in_force: Vec<InForce>,
    /// The planned faults that wait for a trigger.
    pub(super) triggers: Vec<usize>,
    /// What has happened in the present event that may set faults off.
    pub(super) happened: Vec<Happening>,
    /// Whether any fault ever waits for a message.
    pub(super) heeds_messages: bool,
}

#[derive(Clone)]
pub(super) struct Progress {
    pub(super) rng: Stream,
    struck: u32,
    /// What had been reached when it struck last.
    pub(super) since: Coverage,
    /// How many of the messages that it waits for have come since it struck last.
    pub(super) seen: u64,
    /// The nodes that have set it off, each with the epoch it was in then.
    pub(super) spent: Vec<(NodeId, u64)>,
    /// What joins them if the strike that is due finds whom to strike.
    pub(super) spending: Option<(NodeId, u64)>,
    /// Whom its trigger was about when it went off last.
    pub(super) subject: Subject,
}

#[derive(Clone)]
struct InForce {
    applied: usize,
    action: Action,
}

impl Strikes {
    pub(super) fn new(plan: &Plan, seed: Seed) -> Strikes {
        let progress = |index| Progress {
            rng: seed.stream(format_args!("fault #{}", index + 1)),
            struck: 0,
            since: Coverage::default(),
            seen: 0,
            spent: Vec::new(),
            spending: None,
            subject: Subject::default(),
        };
        let triggers = plan.faults.iter().enumerate().filter(|(_, fault)| matches!(fault.start, Start::When(..)));
        let heeds = |start: &Start| matches!(start, Start::When(trigger, _) if matches!(trigger.occasion, Some(Occasion::Message { .. })));
        Strikes {
            happened: Vec::new(),
            heeds_messages: plan.faults.iter().any(|fault| heeds(&fault.start)),
            planned: (0..plan.faults.len()).map(progress).collect(),
            applied: Vec::new(),
            in_force: Vec::new(),
            triggers: triggers.map(|(index, _)| index).collect(),
        }
    }

    pub(super) fn reseed(&mut self, seed: Seed) {
        self.planned.iter_mut().for_each(|progress| progress.rng.reseed(seed));
    }

    /// A fault has made a difference.
    #[inline]
    pub(super) fn acted(&mut self, applied: usize) {
        self.applied[applied].acted += 1;
    }

    pub(super) fn into_applied(self) -> Vec<Applied> {
        self.applied
    }

    /// The applied faults in force, each with what it does.
    pub(super) fn in_force(&self) -> impl Iterator<Item = (usize, &Applied, &Action)> {
        self.in_force.iter().map(|fault| (fault.applied, &self.applied[fault.applied], &fault.action))
    }
}

impl<N: Node> World<'_, N> {
    pub(super) fn plan_strikes(&mut self) {
        for (index, fault) in self.plan.faults.iter().enumerate() {
            match fault.start {
                Start::At(at) => self.queue_strike(index, at),
                Start::Every(low, high) => {
                    let wait = self.strikes.planned[index].rng.span((low, high));
                    self.queue_strike(index, fault.from + wait);
                }
                Start::When(..) => {}
            }
        }
    }

    pub(super) fn queue_strike(&mut self, planned: usize, at: Instant) {
        if at <= self.end {
            self.push_due(Due { at, rank: Rank::strike(planned) }, Event::Strike { planned });
        }
    }

    /// A planned fault is due.
    pub(super) fn strike(&mut self, planned: usize) {
        let fault = &self.plan.faults[planned];
        if self.now > fault.until || (self.healed.is_some() && !fault.permanent) {
            return;
        }
        let nodes = self.view();
        let progress = &mut self.strikes.planned[planned];
        let view = View { nodes: &nodes, clients: self.clients.len(), subject: progress.subject };
        let resolved = (fault.kind.resolve)(&fault.args, &view, &mut progress.rng);
        let lasting = fault.lasting.map(|range| progress.rng.span(range));
        let spending = progress.spending.take();
        if resolved.is_some() {
            // A strike that finds nobody uses up nothing of what it waited for.
            progress.struck += 1;
            progress.since = self.coverage.clone();
            progress.seen = 0;
            progress.spent.extend(spending);
        }
        if progress.struck < fault.times {
            match fault.start {
                Start::At(_) => {}
                Start::Every(low, high) => {
                    let wait = progress.rng.span((low, high)).max(Span::nanos(1));
                    self.queue_strike(planned, self.now + wait);
                }
                Start::When(..) => self.strikes.triggers.push(planned),
            }
        }
        if let Some(args) = resolved {
            let action = (fault.kind.action)(&args, &view);
            let (kind, at, permanent) = (fault.kind.name, self.now, fault.permanent);
            self.count_event(u32::MAX);
            self.mark(9, self.strikes.applied.len(), 0);
            let number = self.strikes.applied.len() as u64;
            self.record("fault", |line| {
                line.text("fault", kind).text("what", &args).number("number", number).list("on", action.nodes())
            });
            self.strikes.applied.push(Applied { kind, args, at, lasting, permanent, acted: 0 });
            self.apply(action, lasting);
        }
    }

    /// What planners may look at.
    pub(super) fn view(&self) -> Vec<NodeView> {
        let view = |server: &super::Server<N>| NodeView {
            up: server.node.is_some(),
            paused: !server.paused.is_empty(),
            doubtful: server.doubtful || server.observation.role == Role::Faulty,
            observation: server.observation,
        };
        self.servers.iter().map(view).collect()
    }

    /// Does what the latest applied fault says.
    fn apply(&mut self, action: Action, lasting: Option<Span>) {
        let fault = self.strikes.applied.len() - 1;
        let acted = match &action {
            Action::Links { rule, about, links } => {
                for &(from, to) in links {
                    self.network.add_rule(Route { from, to }, fault, *rule, about, self.now);
                }
                0 // It acts when a message meets it.
            }
            Action::Crash { nodes, keep, after_effects: 0 } => {
                nodes.iter().for_each(|&node| self.crash(node, *keep));
                nodes.len() as u64
            }
            Action::Crash { nodes, keep, after_effects } => {
                for node in nodes {
                    let armed = Armed { fault, effects_left: *after_effects, keep: *keep };
                    self.servers[node.index()].armed.push(armed);
                }
                0
            }
            Action::Pause { nodes } => {
                let up = |node: &&NodeId| self.servers[node.index()].node.is_some();
                let running: Vec<NodeId> = nodes.iter().filter(up).copied().collect();
                for &node in &running {
                    self.servers[node.index()].paused.push(fault);
                    self.record_among("paused", node);
                }
                self.see_state();
                running.len() as u64
            }
            Action::Disk { nodes, trouble } => {
                for &node in nodes {
                    let troubles = &mut self.servers[node.index()].troubles;
                    let (what, since) = (*trouble, self.now);
                    let twins = troubles
                        .iter()
                        .filter(|other| other.since == since && other.what.name() == what.name())
                        .count();
                    let name = format_args!("{} of {} ({twins}) on {node}", what.name(), since.as_nanos());
                    troubles.push(Trouble { fault, what, since, rng: self.seed.stream(name) });
                }
                0
            }
            Action::Rot { nodes, place } => nodes.iter().map(|&node| u64::from(self.rot(node, *place))).sum(),
            Action::Jump { nodes, by } => {
                nodes.iter().for_each(|&node| self.jump(node, *by));
                self.coverage.clock_jumps += nodes.len() as u64;
                nodes.len() as u64
            }
            Action::Command { nodes, command } => {
                nodes.iter().for_each(|&node| self.push(self.now, Event::Command { node, command: command.clone() }));
                nodes.len() as u64
            }
            Action::Drift { nodes, rate } => {
                for &node in nodes {
                    self.servers[node.index()].drifts.push((fault, *rate));
                    self.update_rate(node);
                }
                self.coverage.clock_drifts += nodes.len() as u64;
                nodes.len() as u64
            }
        };
        self.strikes.applied[fault].acted = acted;
        if matches!(action, Action::Rot { .. } | Action::Jump { .. } | Action::Command { .. }) {
            self.record_among("ended", fault);
        } else {
            self.strikes.in_force.push(InForce { applied: fault, action });
            if let Some(lasting) = lasting {
                let due = Due { at: self.now + lasting, rank: Rank::undo(fault) };
                self.push_due(due, Event::Undo { applied: fault });
            }
        }
    }

    fn rot(&mut self, node: NodeId, place: crate::time::Ppm) -> bool {
        let server = &mut self.servers[node.index()];
        let rotted = server.disk.rot(place);
        server.doubtful |= rotted;
        self.coverage.records_rotted += u64::from(rotted);
        rotted
    }

    /// The time of an applied fault is over. The heal may have undone it before.
    pub(super) fn end(&mut self, applied: usize) {
        if let Some(kind) = self.undo(applied) {
            self.record("fault ends", |line| line.text("fault", kind));
        }
    }

    /// Undoes an applied fault, if it is in force. The name of its kind if it was.
    pub(super) fn undo(&mut self, applied: usize) -> Option<&'static str> {
        self.mark(10, applied, 0);
        let in_force = &mut self.strikes.in_force;
        let place = in_force.iter().position(|fault| fault.applied == applied)?;
        let action = in_force.remove(place).action;
        self.record_among("ended", applied);
        match action {
            Action::Links { links, .. } => {
                let mut released = Vec::new();
                for (from, to) in links {
                    self.network.remove_rules(Route { from, to }, applied, &mut released);
                }
                released.into_iter().for_each(|parcel| self.push(self.now, parcel));
            }
            Action::Crash { nodes, .. } => {
                for node in nodes {
                    let server = &mut self.servers[node.index()];
                    match server.armed.iter().position(|armed| armed.fault == applied) {
                        Some(place) => drop(server.armed.remove(place)), // It never came to that.
                        None => self.push(self.now, Event::Boot { node }),
                    }
                }
            }
            Action::Pause { nodes } => nodes.into_iter().for_each(|node| self.resume(node, applied)),
            Action::Disk { nodes, .. } => {
                for node in nodes {
                    self.servers[node.index()].troubles.retain(|trouble| trouble.fault != applied);
                }
            }
            Action::Drift { nodes, .. } => {
                for node in nodes {
                    self.servers[node.index()].drifts.retain(|(fault, _)| *fault != applied);
                    self.update_rate(node);
                }
            }
            Action::Rot { .. } | Action::Jump { .. } | Action::Command { .. } => unreachable!("never in force"),
        }
        Some(self.strikes.applied[applied].kind)
    }

    fn resume(&mut self, node: NodeId, applied: usize) {
        let server = &mut self.servers[node.index()];
        let before = server.paused.len();
        server.paused.retain(|fault| *fault != applied);
        if before > 0 && server.paused.is_empty() {
            let inbox = mem::take(&mut server.inbox);
            inbox.into_iter().for_each(|event| self.push(self.now, event));
            self.record_among("resumed", node);
            self.see_state();
        }
    }
}
