//! Linearizable reads that need no slot: a quorum confirms the leader after the read has arrived (the trouble: Live §5.2).
//!
//! Reads that arrive while a question is under way share the next one, so however many there are, one is under way at a time.

use shaketable_sim::id::{NodeId, RequestId};
use shaketable_sim::node::Ctx;
use shaketable_sim::spec::Spec;

use super::rules::Reading;
use super::types::{Ballot, Beat, Slot};
use super::{Paxos, Role};

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
        let Role::Leader(leader) = &mut self.role else { return };
        let index = self.ledger.commit().max(leader.taken_over);
        leader.reads.push_back(PendingRead { id, op, index, beat: leader.beat.next() });
        self.serve_reads(ctx);
    }

    pub(super) fn on_alive(&mut self, from: NodeId, ballot: Ballot, beat: Beat, ctx: &mut Ctx<'_, Self>) {
        let Role::Leader(leader) = &mut self.role else { return };
        if ballot == leader.ballot {
            leader.heard.insert(from);
            let confirmed = &mut leader.confirmed[from.index()];
            *confirmed = beat.max(*confirmed);
            self.serve_reads(ctx);
        }
    }

    /// Answers the reads that may be answered. If others wait for a question that was not asked, asks it as soon as the
    /// current one is answered.
    pub(super) fn serve_reads(&mut self, ctx: &mut Ctx<'_, Self>) {
        loop {
            let Role::Leader(leader) = &mut self.role else { return };
            if leader.reads.is_empty() {
                return;
            }
            let mut answered = leader.confirmed.clone();
            answered.sort_unstable_by(|one, other| other.cmp(one));
            let confirmed = answered[self.config.quorums.phase2() - 1];
            let applied = self.replica.applied();
            while let Some(read) = leader.reads.front() {
                let reading = Reading { index: read.index, applied, beat: read.beat, confirmed };
                if !self.config.rules.may_answer_read(reading) {
                    break;
                }
                ctx.reply(read.id, self.replica.read(&read.op));
                leader.reads.pop_front();
            }
            let waits_for_next = leader.reads.back().is_some_and(|read| read.beat > leader.beat);
            if !waits_for_next || confirmed < leader.beat {
                return;
            }
            leader.beat = leader.beat.next();
            // The leader itself has promised nobody else, or it would not lead; alone in its cluster, it is a quorum.
            leader.confirmed[self.me.index()] = leader.beat;
            self.send_heartbeats(ctx);
        }
    }
}
