//! Linearizable reads that need no slot: a quorum confirms the leader after the read has arrived (the trouble: Live §5.2).
//!
//! Reads that arrive while a question is under way share the next one, so however many there are, one is under way at a time.

use shaketable_sim::id::{NodeId, RequestId};
use shaketable_sim::node::Ctx;
use shaketable_sim::spec::Spec;
use shaketable_sim::time::Instant;

use super::configuration::Configuration;
use super::leader::Leader;
use super::rules::Reading;
use super::types::{Ballot, Beat, Slot};
use super::{Paxos, Role, milestones};

/// A read that waits for a confirmation.
#[derive(Clone, Debug)]
pub(super) struct PendingRead<O> {
    pub(super) id: RequestId,
    op: O,
    /// See [`Reading::index`].
    index: Slot,
    /// The first question that is asked after the read arrived.
    beat: Beat,
}

impl<S: Spec> Paxos<S> {
    pub(super) fn on_read(&mut self, id: RequestId, op: S::Op, ctx: &mut Ctx<'_, Self>) {
        let Role::Leader(leader) = &self.role else { return };
        let index = self.ledger.commit().max(leader.taken_over);
        if self.replica.applied() >= index && self.is_prepared(&leader.promises) && self.has_lease(ctx) {
            ctx.reply(id, self.replica.read(&op));
            return ctx.reached(milestones::READ_BY_LEASE);
        }
        let Role::Leader(leader) = &mut self.role else { return };
        leader.reads.push_back(PendingRead { id, op, index, beat: leader.beat.next() });
        self.serve_reads(ctx);
    }

    pub(super) fn on_alive(&mut self, from: NodeId, ballot: Ballot, beat: Beat, ctx: &mut Ctx<'_, Self>) {
        let Role::Leader(leader) = &mut self.role else { return };
        if ballot == leader.ballot {
            leader.heard.insert(from);
            let confirmed = &mut leader.confirmed[from.index()];
            *confirmed = beat.max(*confirmed);
            self.renew_lease();
            self.serve_reads(ctx);
            self.reconfigure_if_ready(ctx);
        }
    }

    /// The last question that a phase-2 quorum has answered: one of each configuration that runs any of the next α slots.
    ///
    /// Who leads with a higher ballot, unknown to this leader, can have chosen something in any of those slots, for which it needed promises from
    /// a phase-1 quorum of that slot's servers alone. Beyond them it can have chosen nothing, unless in the first of them, too.
    pub(super) fn confirmed(&self, leader: &Leader<S::Op>) -> Beat {
        let reached = |configuration: &Configuration| configuration.reached(|node| leader.confirmed[node.index()]);
        self.window().map(reached).min().expect("some configuration runs the next slot")
    }

    /// Answers the reads that may be answered. If others wait for a question that was not asked, asks it as soon as the
    /// current one is answered.
    pub(super) fn serve_reads(&mut self, ctx: &mut Ctx<'_, Self>) {
        loop {
            let Role::Leader(leader) = &self.role else { return };
            if leader.reads.is_empty() || !self.is_prepared(&leader.promises) {
                return;
            }
            let (confirmed, applied) = (self.confirmed(leader), self.replica.applied());
            let Role::Leader(leader) = &mut self.role else { return };
            while let Some(read) = leader.reads.front() {
                let index = read.index.max(leader.taken_over);
                let reading = Reading { index, applied, beat: read.beat, confirmed };
                if !self.config.rules.may_answer_read(reading) {
                    break;
                }
                ctx.reply(read.id, self.replica.read(&read.op));
                ctx.reached(milestones::READ_CONFIRMED);
                leader.reads.pop_front();
            }
            let waits_for_next = leader.reads.back().is_some_and(|read| read.beat > leader.beat);
            if !waits_for_next || confirmed < leader.beat {
                return;
            }
            leader.ask(self.me, ctx.now());
            self.renew_lease();
            self.send_heartbeats(ctx);
        }
    }
}

impl<O> Leader<O> {
    /// Asks the next question.
    pub(super) fn ask(&mut self, me: NodeId, now: Instant) {
        (self.beat, self.asked) = (self.beat.next(), now);
        // The leader itself has promised nobody else, or it would not lead; alone in its cluster, it is a quorum.
        self.confirmed[me.index()] = self.beat;
    }
}
