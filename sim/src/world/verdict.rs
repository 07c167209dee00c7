//! What comes of a run: a limit exceeded, a property broken, and at the end what its history says.

use super::World;
use super::server::Server;
use crate::check::invariant::{Breach, Earlier, Invariants, Property};
use crate::check::linearizable::{self, Linearizability, told};
use crate::history::History;
use crate::id::NodeId;
use crate::node::{Node, Observation, Role};
use crate::run::{Run, Verdict, Violation};
use crate::spec::Spec;

impl<N: Node> World<'_, N> {
    #[inline]
    pub(super) fn keep_within_limits(&mut self) {
        let limits = &self.plan.limits;
        if self.at_this_instant >= limits.instant {
            let story = vec![format!(
                "time stands still: {} events at {}, and more to come at the same instant",
                limits.instant, self.now
            )];
            self.fail("liveness", "time-stands-still".to_owned(), story);
        } else if self.coverage.events >= limits.events {
            self.stop(Verdict::Inconclusive(format!("{} events did not end the run", limits.events)));
        } else if self.queue.len() as u64 > limits.pending {
            self.stop(Verdict::Inconclusive(format!("more than {} events were pending", limits.pending)));
        }
    }

    pub(super) fn stop(&mut self, verdict: Verdict) {
        self.verdict.get_or_insert(verdict);
    }

    pub(super) fn fail(&mut self, check: &'static str, property: String, story: Vec<String>) {
        let at = self.now;
        self.violated(Violation::new(check, property, at, story));
    }

    fn violated(&mut self, mut violation: Violation) {
        violation.story.extend(self.nodes_now());
        self.stop(Verdict::Violation(violation));
    }

    pub(super) fn breached(&mut self, node: Option<NodeId>, mut breach: Breach) {
        breach.against.sort_by_key(|earlier| earlier.sight.event);
        let on = |names: &Vec<String>| names.iter().any(|name| name == breach.property);
        if self.plan.check.invariants.as_ref().is_none_or(on) {
            let known = <N::Invariants as Invariants<N>>::PROPERTIES.iter();
            let doc =
                known.filter(|Property { name, .. }| *name == breach.property).map(|property| property.doc).next();
            let seen = node.map_or("after the heal".to_owned(), |node| format!("when {node} had acted"));
            let mut story = vec![format!("{} (seen {seen})", breach.story)];
            story.extend(self.history.iter().filter(|operation| breach.about.contains(&operation.id)).map(told));
            story.extend(
                breach
                    .against
                    .iter()
                    .map(|Earlier { sight, what }| format!("before that, {} {what} at {}", sight.node, sight.at)),
            );
            story.extend(doc.map(|doc| format!("the property says: {doc}")));
            let (check, property, at) = ("invariant", breach.property.to_owned(), self.now);
            let Breach { about, came, against, .. } = breach;
            self.violated(Violation { about, came, against, ..Violation::new(check, property, at, story) });
        }
    }

    /// What every node is now, a line for all of them.
    pub(super) fn nodes_now(&self) -> Option<String> {
        let describe = |(index, server): (usize, &Server<N>)| {
            let node = NodeId::at(index);
            let seen = &server.observation;
            let state = match (&server.node, server.paused.is_empty()) {
                (None, _) => return format!("{node} down"),
                (Some(_), false) => " (paused)",
                (Some(_), true) => "",
            };
            let leader = match (seen.role, seen.leader) {
                (Role::Follower, Some(leader)) => format!(" of {leader}"),
                _ => String::new(),
            };
            format!("{node} {}{leader}{state}, epoch {}, commit {}", seen.role.name(), seen.epoch, seen.commit)
        };
        // Of nodes without leaders, epochs or a log there is nothing to tell.
        let plain = |server: &Server<N>| {
            let Observation { role, epoch, leader, commit, .. } = server.observation;
            server.node.is_some()
                && server.paused.is_empty()
                && (role, epoch, leader, commit) == (Role::Peer, 0, None, 0)
        };
        if self.servers.iter().all(plain) {
            return None;
        }
        let nodes: Vec<String> = self.servers.iter().enumerate().map(describe).collect();
        Some(format!("nodes: {}", nodes.join(" · ")))
    }

    /// What the check of the history may cost.
    pub(super) fn budget(&self) -> linearizable::Budget {
        let check = &self.plan.check;
        linearizable::Budget { states: check.states, bytes: check.bytes }
    }

    pub(super) fn finish(mut self) -> Run<N::Service> {
        self.leave_unknown();
        let check = &self.plan.check;
        let mut verdict = self.verdict.take().unwrap_or(Verdict::Pass);
        // Wrong answers weigh more than missing ones; a broken invariant has ended the run before any more were given.
        let open = matches!(&verdict, Verdict::Pass | Verdict::AssumptionExceeded(_))
            || matches!(&verdict, Verdict::Violation(violation) if violation.check == "liveness");
        if check.linearizable && open {
            match self.unless_beyond(judge(&self.history, self.budget())) {
                Verdict::Pass => {}
                wrong @ Verdict::Violation(_) => verdict = wrong,
                undecided if verdict == Verdict::Pass => verdict = undecided,
                _ => {}
            }
        }
        let applied = self.strikes.into_applied();
        self.coverage.faults = applied.len() as u64;
        self.coverage.faults_acted = applied.iter().filter(|fault| fault.acted > 0).count() as u64;
        for fault in &applied {
            let kind = self.coverage.kinds.entry(fault.kind.into()).or_default();
            (kind.struck, kind.acted) = (kind.struck + 1, kind.acted + u64::from(fault.acted > 0));
        }
        Run {
            seed: self.seed,
            verdict,
            digest: self.digest.value(),
            checkpoints: self.checkpoints,
            end: self.now,
            applied,
            messages: self.network.sent(),
            states: self.states.map(|states| states.into_digests()).unwrap_or_default(),
            coverage: self.coverage,
            history: self.history,
        }
    }
}

/// What the linearizability of a history says about its run.
pub(super) fn judge<S: Spec>(history: &History<S>, budget: linearizable::Budget) -> Verdict {
    match linearizable::check(history, budget) {
        Linearizability::Linearizable { .. } => Verdict::Pass,
        Linearizability::Inconclusive { key, reason, explained } => Verdict::Inconclusive(format!(
            "{reason} ({explained} returns on {key} can be explained; `states` and `bytes` of [check] are the budget)"
        )),
        Linearizability::Violation(counterexample) => {
            let about = counterexample.story.iter().chain([&counterexample.culprit]).map(|operation| operation.id);
            let told = (counterexample.kind(), counterexample.at(), counterexample.tell());
            let violation = Violation::new("linearizability", told.0, told.1, told.2);
            Verdict::Violation(Violation { about: about.collect(), ..violation })
        }
    }
}
