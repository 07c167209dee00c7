//! The acceptor: what it promises, what it accepts, and that both are durable before it says so (§2.2, §2.5).

use shaketable_sim::id::NodeId;
use shaketable_sim::node::Ctx;
use shaketable_sim::spec::Spec;

use super::Paxos;
use super::types::{Ballot, Msg, Record, Slot, Timer, Vote};

impl<S: Spec> Paxos<S> {
    /// Phase 1b: a promise, and all that was accepted in the slots that the proposer does not know to be decided; of those that were dropped,
    /// that they are decided. Who has granted a lease says nothing: its promise to the leader will end by itself.
    pub(super) fn on_prepare(
        &mut self,
        from: NodeId,
        ballot: Ballot,
        first: Slot,
        handed_over: Option<Ballot>,
        ctx: &mut Ctx<'_, Self>,
    ) {
        if self.keeps_to_leader(handed_over, ctx) {
            return;
        }
        if !self.config.rules.may_promise(self.promised, ballot) {
            return ctx.send(from, Msg::Nack(self.promised));
        }
        self.give_way(ballot, ctx);
        if ballot > self.promised {
            self.promise(ballot, ctx);
            // Who is promised something gets the time to make use of it.
            ctx.set_timer(Timer::Election, self.timeout);
        }
        let (votes, dropped) = (self.ledger.votes_from(first), self.ledger.start());
        ctx.after_sync(|ctx| ctx.send(from, Msg::Promise { ballot, votes, dropped }));
    }

    /// Phase 2b. In a slot that was dropped the vote itself would serve nobody: who prepares later is told that the slot is decided. But
    /// the proposer may need it, and it is a promise as any vote is. What is told of decisions is only taken up after the vote, unless it
    /// tells who runs the slot: an acceptor votes only where it knows that it is one of the servers.
    pub(super) fn on_accept(
        &mut self,
        from: NodeId,
        slot: Slot,
        vote: Vote<S::Op>,
        commit: Slot,
        ctx: &mut Ctx<'_, Self>,
    ) {
        let rules = self.config.rules;
        let ballot = vote.ballot;
        if !rules.may_accept(self.promised, ballot) {
            return ctx.send(from, Msg::Nack(self.promised));
        }
        self.hear(ballot, ctx);
        if !self.runs(slot) {
            self.learn_up_to(ballot, commit, ctx);
            if !self.runs(slot) {
                return;
            }
        }
        let promised = rules.promise_after_accept(self.promised, ballot);
        if self.ledger.start() >= slot && promised > self.promised {
            ctx.write(Record::Promised(promised));
        }
        self.promised = promised;
        if self.ledger.start() < slot && self.ledger.vote(slot) != Some(&vote) {
            ctx.write(Record::Accepted { slot, vote: vote.clone() });
            self.ledger.accept(slot, vote);
        }
        ctx.after_sync(|ctx| ctx.send(from, Msg::Accepted { ballot, slot }));
        self.learn_up_to(ballot, commit, ctx);
    }

    /// Whether this is one of the servers of a slot, as far as is known; and in a decided slot, where a vote changes nothing, everybody is. So the
    /// votes that choose a value tell that a quorum of its servers knows, durably, all decisions up to α slots before.
    fn runs(&self, slot: Slot) -> bool {
        let (configurations, applied) = (self.replica.configurations(), self.replica.applied());
        let settled = configurations.settles(slot, applied, self.config.rules);
        slot <= applied || (settled && configurations.of(slot).has(self.me))
    }

    /// Promises a ballot. Nobody is told before the next sync.
    pub(super) fn promise(&mut self, ballot: Ballot, ctx: &mut Ctx<'_, Self>) {
        self.promised = ballot;
        self.seen = self.seen.max(ballot);
        ctx.write(Record::Promised(ballot));
    }
}
