//! How fast clocks run, and what a protocol takes for granted of them.

use super::verdict::judge;
use super::{Event, World};
use crate::history::until;
use crate::id::NodeId;
use crate::node::Node;
use crate::queue::Due;
use crate::run::Verdict;
use crate::time::{Instant, Ppm};

/// When a clock first did what the protocol relies on that none does.
#[derive(Clone)]
pub(super) struct Beyond {
    at: Instant,
    /// What it did, for people.
    what: String,
    /// What is relied on.
    bound: Ppm,
}

impl<N: Node> World<'_, N> {
    /// Every clock runs as it does by itself.
    pub(super) fn start_clocks(&mut self) {
        for node in NodeId::all(self.servers.len()) {
            self.hold_to_bound(node, self.servers[node.index()].own_drift);
        }
    }

    /// Sets a clock's rate to what it is by itself and with the strongest drift in force, the latest of equals, and moves the timers that run on
    /// it. Drifts do not add up: a clock is never further off than a scenario says.
    pub(super) fn update_rate(&mut self, node: NodeId) {
        let server = &mut self.servers[node.index()];
        let strongest = server.drifts.iter().map(|&(_, rate)| rate).max_by_key(|rate| rate.unsigned_abs());
        let rate = server.own_drift.saturating_add(strongest.unwrap_or(0));
        let left = |due: Due| due.at.since(self.now);
        let pending: Vec<_> = server.timers.pending();
        let local: Vec<_> = pending.iter().map(|&(timer, due)| (timer, server.clock.local_span(left(due)))).collect();
        server.clock.set_rate(self.now, rate);
        let life = server.life;
        for (timer, span) in local {
            let server = &mut self.servers[node.index()];
            let due = self.queue.next_due(self.now + server.clock.true_span(span));
            if let Some(slot) = server.timers.set(timer, due) {
                self.push_due(due, Event::Timer { node, life, slot, due });
            }
        }
        self.hold_to_bound(node, rate);
    }

    /// Moves a clock.
    pub(super) fn jump(&mut self, node: NodeId, by: i64) {
        self.servers[node.index()].clock.jump(by);
        self.is_beyond(|| format!("the clock of {node} jumped"));
    }

    fn hold_to_bound(&mut self, node: NodeId, rate: i32) {
        if N::clock_bound(self.config).is_some_and(|bound| rate.unsigned_abs() > bound.parts()) {
            let how = if rate < 0 { "slow" } else { "fast" };
            self.is_beyond(|| match rate.unsigned_abs() {
                parts @ 0..=1_000_000 => format!("the clock of {node} ran {} {how}", Ppm::new(parts)),
                _ => format!("the clock of {node} ran more than twice as fast as it should"),
            });
        }
    }

    /// A clock has done what it must not, if the protocol relies on clocks at all.
    fn is_beyond(&mut self, what: impl FnOnce() -> String) {
        if let (None, Some(bound)) = (&self.beyond, N::clock_bound(self.config)) {
            self.beyond = Some(Beyond { at: self.now, what: what(), bound });
        }
    }

    /// What a verdict about answers is, if clocks were beyond what they rely on before it was plain: nothing follows from them then, unless those that were
    /// given before are wrong by themselves.
    pub(super) fn unless_beyond(&self, verdict: Verdict) -> Verdict {
        let (Verdict::Violation(violation), Some(beyond)) = (&verdict, &self.beyond) else { return verdict };
        if violation.check != "linearizability" || violation.at < beyond.at {
            return verdict;
        }
        let earlier = judge(&until(&self.history, |moment| moment.at < beyond.at), self.budget());
        if matches!(earlier, Verdict::Violation(_)) {
            return earlier;
        }
        let Beyond { at, what, bound } = beyond;
        Verdict::AssumptionExceeded(format!(
            "{what} at {at}, and the answers rely on clocks that run at most {bound} fast or slow, and never jump; they are not linearizable ({})",
            violation.property
        ))
    }
}
