//! Linearizable reads that do not go through the log: ReadIndex (§8, thesis §6.4).
//!
//! Reads that arrive while a round is under way share the next one, so however many there are, one round is under way at a time.

use shaketable_sim::id::{NodeId, RequestId};
use shaketable_sim::node::Ctx;
use shaketable_sim::spec::Spec;

use super::configuration::Electorate;
use super::leader::Leader;
use super::rules::Reading;
use super::types::{LogIndex, Round};
use super::{Raft, Role, milestones};

/// A read that waits for a confirmation.
#[derive(Clone, Debug)]
pub(super) struct PendingRead<O> {
    id: RequestId,
    op: O,
    /// The read index: see [`Reading::index`].
    index: LogIndex,
    /// The first round that begins after the read arrived.
    round: Round,
}

impl<S: Spec> Raft<S> {
    pub(super) fn on_read(&mut self, id: RequestId, op: S::Op, ctx: &mut Ctx<'_, Self>) {
        let rules = self.config.rules;
        let Role::Leader(leader) = &self.role else { return };
        let index = rules.read_index(self.commit, leader.first);
        if self.leases() && self.machine.applied() >= index && self.has_lease(ctx) {
            ctx.reply(id, self.machine.read(&op));
            return ctx.reached(milestones::READ_BY_LEASE);
        }
        let Role::Leader(leader) = &mut self.role else { return };
        let confirmed = leader.confirmed_round(&self.membership.now(self.commit));
        let round = rules.read_round(leader.round, confirmed);
        leader.reads.push_back(PendingRead { id, op, index, round });
        self.serve_reads(ctx);
    }

    /// Answers the reads that may be answered. If others wait for a round that has not begun, begins it as soon as the
    /// current one is confirmed.
    pub(super) fn serve_reads(&mut self, ctx: &mut Ctx<'_, Self>) {
        loop {
            let Role::Leader(leader) = &mut self.role else { return };
            if leader.reads.is_empty() {
                return;
            }
            let rules = self.config.rules;
            let confirmed = leader.confirmed_round(&self.membership.now(self.commit));
            let applied = self.machine.applied();
            while let Some(read) = leader.reads.front() {
                if !rules.may_answer_read(Reading { index: read.index, applied, round: read.round, confirmed }) {
                    break;
                }
                ctx.reply(read.id, self.machine.read(&read.op));
                ctx.reached(milestones::READ_AFTER_ROUND);
                leader.reads.pop_front();
            }
            let waits_for_next = leader.reads.back().is_some_and(|read| read.round > leader.round);
            if !waits_for_next || confirmed < leader.round {
                return;
            }
            leader.begin_round(self.me, ctx.now());
            self.send_round(ctx);
        }
    }
}

impl<S: Spec> Leader<S> {
    /// The last round that a quorum has confirmed.
    fn confirmed_round(&self, electorate: &Electorate<'_>) -> Round {
        self.reached(electorate, |peer| peer.round).unwrap_or(Round::ZERO)
    }

    /// Turns every pending read away: it has had no effect.
    pub(super) fn reject_reads(self, hint: Option<NodeId>, ctx: &mut Ctx<'_, Raft<S>>) {
        for read in self.reads {
            ctx.reject(read.id, hint);
        }
    }
}
