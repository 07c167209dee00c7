//! The learner: how a node comes to know what was decided, and applies it in order (§2.3, §3).
//!
//! Decisions are journalled so that a node need not ask for all of them after a restart. Nothing waits for that: they can be asked for again.

use shaketable_sim::id::NodeId;
use shaketable_sim::node::Ctx;
use shaketable_sim::spec::Spec;

use super::types::{Ballot, Beat, Msg, Received, Record, Slot, Value};
use super::{Paxos, Role, milestones};

/// The fewest messages that bring a node up to date at once, if there are so many.
const LEAST_BURST: usize = 8;

impl<S: Spec> Paxos<S> {
    /// A leader is alive, or believes to be. If it is ahead of what this node could learn from its own votes, the node asks it.
    pub(super) fn on_leader_heartbeat(
        &mut self,
        from: NodeId,
        ballot: Ballot,
        commit: Slot,
        beat: Beat,
        ctx: &mut Ctx<'_, Self>,
    ) {
        if ballot < self.promised {
            return ctx.send(from, Msg::Nack(self.promised));
        }
        self.hear(ballot, ctx);
        ctx.send(from, Msg::Alive { ballot, beat });
        self.learn_up_to(ballot, commit, ctx);
        if self.ledger.commit() < commit {
            self.ask_for_decisions(from, ctx);
        }
    }

    /// Asks a node for what was decided behind what is known.
    pub(super) fn ask_for_decisions(&self, whom: NodeId, ctx: &mut Ctx<'_, Self>) {
        let first = self.ledger.commit().next();
        ctx.send(whom, Msg::Lacks { first, received: self.snapshots.received(whom, self.replica.applied()) });
    }

    /// The leader of `ballot` says that all slots up to `commit` are decided: learns what its own votes tell, up to the first gap.
    pub(super) fn learn_up_to(&mut self, ballot: Ballot, commit: Slot, ctx: &mut Ctx<'_, Self>) {
        while self.ledger.commit() < commit {
            let slot = self.ledger.commit().next();
            match self.ledger.vote(slot) {
                Some(vote) if self.config.rules.may_learn(vote.ballot, ballot) => {
                    let value = vote.value.clone();
                    self.learn(slot, value, ctx);
                }
                _ => break,
            }
        }
        self.apply_chosen(ctx);
    }

    /// How many messages with decisions, or with parts of a snapshot, a node is sent at once: a window of them, but not so few that a leader whose phase-2 quorum is itself alone
    /// decides faster than others can be told.
    pub(super) fn burst(&self) -> usize {
        self.config.window.max(LEAST_BURST)
    }

    /// Sends a node a window of messages with what it lacks: decisions, or if those are dropped the snapshot that stands for them.
    pub(super) fn on_lacks(&mut self, from: NodeId, first: Slot, received: Option<Received>, ctx: &mut Ctx<'_, Self>) {
        if first <= self.ledger.start() {
            return self.send_snapshot(from, received, ctx);
        }
        let (batch, commit) = (self.config.batch, self.ledger.commit());
        let values = self.ledger.chosen_from(first, batch.saturating_mul(self.burst()));
        let sent = Slot::new(first.get() + values.len() as u64 - 1);
        for (number, values) in values.chunks(batch).enumerate() {
            let first = Slot::new(first.get() + (number * batch) as u64);
            ctx.send(from, Msg::Learn { first, values: values.to_vec(), sent, commit });
        }
    }

    /// Learns decisions, and asks for more if there are. A leader does not listen: what it says is decided, others take from their votes for
    /// its own proposals, so it must know it from its own two phases. (A deposed leader could otherwise pass on the decision of its
    /// successor as if it were its own.)
    pub(super) fn on_learn(
        &mut self,
        from: NodeId,
        first: Slot,
        values: Vec<Value<S::Op>>,
        sent: Slot,
        commit: Slot,
        ctx: &mut Ctx<'_, Self>,
    ) {
        if let Role::Leader(_) = self.role {
            return;
        }
        let before = self.ledger.commit();
        for (slot, value) in (first.get()..).map(Slot::new).zip(values) {
            self.learn(slot, value, ctx);
        }
        self.apply_chosen(ctx);
        let after = self.ledger.commit();
        if before < sent && sent <= after && after < commit {
            self.ask_for_decisions(from, ctx);
        }
        self.lead_if_prepared(ctx);
    }

    /// Knows a decision from now on.
    pub(super) fn learn(&mut self, slot: Slot, value: Value<S::Op>, ctx: &mut Ctx<'_, Self>) {
        if !self.ledger.is_decided(slot) {
            ctx.write(Record::Chosen { slot, value: value.clone() });
            self.ledger.choose(slot, value);
        }
    }

    /// §3: applies what is decided and not yet applied, in order, and answers the clients whose operations those are.
    pub(super) fn apply_chosen(&mut self, ctx: &mut Ctx<'_, Self>) {
        let rules = self.config.rules;
        while let Some((slot, value)) = self.ledger.next_chosen(self.replica.applied()) {
            if !rules.may_apply(slot, self.replica.applied()) {
                break;
            }
            if self.replica.has_applied(value, rules) {
                ctx.reached(milestones::DUPLICATE_ABSORBED);
            }
            let answer = self.replica.apply(slot, value, rules);
            if let Role::Leader(leader) = &mut self.role
                && let Some(request) = leader.take_request(slot)
                && let Some(ret) = answer
            {
                ctx.reply(request, ret.clone());
            }
        }
        self.compact_if_due(ctx);
    }
}
