//! Starting and stopping nodes.

use std::mem;

use serde::Serialize;
use serde_json::{Value, json};

use super::{Event, World};
use crate::check::invariant::{Invariants, Now};
use crate::disk::{Taken, Write};
use crate::faults::Keep;
use crate::id::NodeId;
use crate::node::{Ctx, Node, Observation, Recovered};
use crate::time::Ppm;
use crate::timers::Timers;

impl<N: Node> World<'_, N> {
    /// One effect fewer until the crashes that wait; whether one of them is due, which has then happened.
    pub(super) fn crash_is_due(&mut self, node: NodeId) -> bool {
        let server = &mut self.servers[node.index()];
        let due = server.armed.iter().position(|armed| armed.effects_left == 0);
        if let Some(due) = due {
            let armed = server.armed.remove(due);
            self.coverage.crashes_between_effects += 1;
            self.strikes.acted(armed.fault);
            self.note_effect(|| "…crash".to_owned());
            self.crash(node, armed.keep);
            return true;
        }
        server.armed.iter_mut().for_each(|armed| armed.effects_left -= 1);
        false
    }

    /// Kills the process of a node, if it runs; one more reason for it to be down.
    pub(super) fn crash(&mut self, node: NodeId, keep: Keep) {
        let server = &mut self.servers[node.index()];
        server.down += 1;
        let former = server.node.take();
        let ran = former.is_some();
        server.former = former.or(server.former.take()).filter(|_| keep != Keep::Nothing);
        if ran || keep == Keep::Nothing {
            let taken = server.disk.crash(keep);
            match keep {
                Keep::Share(..) => self.coverage.records_lost += taken.unsynced.len() as u64,
                Keep::Nothing => {
                    server.doubtful = true;
                    self.coverage.disks_wiped += 1;
                }
            }
            self.coverage.records_torn += u64::from(taken.torn);
            self.show_taken(node, &taken);
        }
        if ran {
            let server = &mut self.servers[node.index()];
            server.timers = Timers::new();
            server.inbox.clear();
            server.knew_decided = server.observation.commit;
            server.observation = Observation::default();
            server.paused.clear();
            self.coverage.crashes += 1;
            if let Some(recorder) = &mut self.recorder {
                recorder.crashed(node);
            }
            self.record_among("down", node);
            self.see_state();
            self.invariants.at(Now { at: self.now, event: self.coverage.events });
            self.invariants.after_crash(node);
        }
    }

    /// A node stops by itself: the process ends, but the machine goes on, and nothing that was written is lost.
    pub(super) fn halt(&mut self, node: NodeId, why: &'static str) {
        if self.servers[node.index()].node.is_none() {
            return;
        }
        self.record_more("halted", why);
        self.crash(node, Keep::Share(Ppm::ONE, false));
        let restart = self.servers[node.index()].disk_rng.span(self.plan.disk.restart);
        self.push(self.now + restart, Event::Boot { node });
    }

    /// One reason fewer for a node to be down; it boots if that was the last.
    pub(super) fn lift(&mut self, node: NodeId) {
        let server = &mut self.servers[node.index()];
        server.down -= 1;
        if server.down > 0 {
            return;
        }
        server.life += 1;
        server.rng = self.seed.stream(format_args!("node {node} life {}", server.life));
        let disk = Recovered { first_boot: server.disk.is_fresh(), records: server.disk.recover() };
        self.coverage.restarts += u64::from(server.life > 1);
        let (life, records) = (server.life, disk.records.len());
        self.mark(6, life as usize, records);
        self.record("boot", |line| {
            line.text("node", node).number("life", life.into()).number("records", records as u64)
        });
        let mut effects = mem::take(&mut self.effects);
        let nodes = self.servers.len();
        let server = &mut self.servers[node.index()];
        let now = server.clock.read(self.now);
        server.node = Some(N::boot(self.config, disk, &mut Ctx::new(node, nodes, now, &mut server.rng, &mut effects)));
        server.former = None;
        self.see_state();
        let result = self.carry_out(node, &mut effects);
        self.effects = effects;
        self.after_event(node);
        let server = &self.servers[node.index()];
        self.coverage.commits_forgotten += u64::from(server.observation.commit < server.knew_decided);
        if let Err(error) = result {
            self.disk_error(node, error);
        }
    }

    /// Adds to the trace, if there is one, what a crash has taken from a disk; nothing, if that is nothing.
    fn show_taken(&mut self, node: NodeId, taken: &Taken<N::Record>) {
        if taken.unsynced.is_empty() && taken.durable == 0 {
            return;
        }
        self.show_effect(|| {
            let unsynced: Vec<Value> = taken.unsynced.iter().map(shown).collect();
            json!({ "loses": node, "unsynced": unsynced, "durable": taken.durable, "torn": taken.torn })
        });
    }
}

/// What was written, as a trace shows it.
fn shown<R: Serialize>(write: &Write<R>) -> Value {
    match write {
        Write::Append(record) => json!(record),
        Write::Replace(records) => json!(format!("a compaction to {} records", records.len())),
        Write::Hole => json!("what a sync has failed to write"),
    }
}
