//! The leader: which values it proposes, gaps among them, what it sends to whom, and what was chosen (§2.2 phase 2, §2.3, §3).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use shaketable_sim::id::{NodeId, RequestId};
use shaketable_sim::node::Ctx;
use shaketable_sim::spec::Spec;
use shaketable_sim::time::Instant;

use super::configuration::Configuration;
use super::lease::Leased;
use super::proposer::{Candidacy, Preparation};
use super::read::PendingRead;
use super::replica::Known;
use super::types::{Ballot, Beat, Msg, Slot, Timer, Value, Vote};
use super::{Paxos, Role, milestones};

/// What a node knows only while it leads.
#[derive(Clone, Debug)]
pub(super) struct Leader<O> {
    /// The ballot that a phase-1 quorum has promised.
    pub(super) ballot: Ballot,
    /// Who has promised it.
    pub(super) promises: BTreeSet<NodeId>,
    /// The last slot of which phase 1 told, or that was decided before: all that others may have decided before this leader began.
    pub(super) taken_over: Slot,
    /// By slot from `next` on, what those who have promised had accepted.
    pub(super) reported: BTreeMap<Slot, Vec<Vote<O>>>,
    /// Where the next value goes. Invariant: this leader has proposed nothing from here on.
    pub(super) next: Slot,
    /// What is proposed and not yet chosen.
    pub(super) proposals: BTreeMap<Slot, Proposal<O>>,
    /// Who asked for what is proposed and not yet applied.
    requests: BTreeMap<Slot, RequestId>,
    /// Operations that wait for room in the window.
    waiting: VecDeque<(RequestId, O)>,
    /// Who are to be the servers, as an operator has asked, if that is not proposed yet.
    pub(super) goal: Option<Configuration>,
    /// Reads that wait for a confirmation, oldest first. Invariant: neither their beats nor their indexes fall.
    pub(super) reads: VecDeque<PendingRead<O>>,
    /// The current question whether it still leads. There is none before the first heartbeat.
    pub(super) beat: Beat,
    /// When it was first asked.
    pub(super) asked: Instant,
    /// The last question that quorums have answered.
    pub(super) leased: Option<Leased>,
    /// Whether it has told a node to take over.
    pub(super) resigned: bool,
    /// By node, the last question that it has answered.
    pub(super) confirmed: Vec<Beat>,
    /// Who has answered anything since the quorum was last checked.
    pub(super) heard: BTreeSet<NodeId>,
}

/// A value that is proposed in a slot.
#[derive(Clone, Debug)]
pub(super) struct Proposal<O> {
    pub(super) value: Value<O>,
    /// Who has accepted it.
    pub(super) acceptors: BTreeSet<NodeId>,
    /// Whether it was proposed since the last heartbeat, and so may still be on its way.
    fresh: bool,
}

impl<O> Proposal<O> {
    /// That nobody has accepted yet.
    pub(super) fn new(value: Value<O>) -> Self {
        Proposal { value, acceptors: BTreeSet::new(), fresh: true }
    }
}

impl<O: Clone> Leader<O> {
    fn new(phase: Preparation<O>, first: Slot, last: Slot, nodes: usize, now: Instant) -> Self {
        Leader {
            ballot: phase.ballot,
            promises: phase.promises,
            taken_over: last,
            reported: phase.reported,
            next: first,
            proposals: BTreeMap::new(),
            requests: BTreeMap::new(),
            waiting: VecDeque::new(),
            goal: None,
            reads: VecDeque::new(),
            beat: Beat::ZERO,
            asked: now,
            leased: None,
            resigned: false,
            confirmed: vec![Beat::ZERO; nodes],
            heard: BTreeSet::new(),
        }
    }

    /// Who asked for what is being applied.
    pub(super) fn take_request(&mut self, slot: Slot) -> Option<RequestId> {
        self.requests.remove(&slot)
    }

    /// Turns away whatever can have no effect any more.
    pub(super) fn reject_pending<S: Spec<Op = O>>(self, hint: Option<NodeId>, ctx: &mut Ctx<'_, Paxos<S>>) {
        let reads = self.reads.into_iter().map(|read| read.id);
        for id in self.waiting.into_iter().map(|(id, _)| id).chain(reads) {
            ctx.reject(id, hint);
        }
    }
}

impl<S: Spec> Paxos<S> {
    /// Phase-1 quorums have promised. In each slot that they cover and that is not known to be decided, the leader proposes what P2c
    /// leaves it to, and a no-op where it is free to choose and later slots are not (§3).
    pub(super) fn lead(&mut self, ctx: &mut Ctx<'_, Self>) {
        let Role::Candidate(Candidacy::Prepare(phase)) = &self.role else { return };
        if phase.caught_up {
            ctx.reached(milestones::CAUGHT_UP_TO_LEAD);
        }
        if phase.handed_over.is_some() {
            ctx.reached(milestones::TRANSFER_COMPLETED);
        }
        let phase = phase.clone();
        let last = phase.reported.last_key_value().map_or(Slot::ZERO, |(&slot, _)| slot).max(self.ledger.last());
        let undecided = self.ledger.commit().next().min(phase.first);
        self.role = Role::Leader(Leader::new(phase, undecided, last, self.nodes, ctx.now()));
        self.failures = 0;
        ctx.set_timer(Timer::Election, self.config.election_timeout.1);
        self.propose_further(ctx);
        self.on_heartbeat_due(ctx);
    }

    /// Proposes all that there is to propose and may be, slot by slot: in those taken over what P2c leaves it to, and then what waits.
    pub(super) fn propose_further(&mut self, ctx: &mut Ctx<'_, Self>) {
        loop {
            let Role::Leader(leader) = &mut self.role else { return };
            let slot = leader.next;
            if slot <= leader.taken_over && self.ledger.is_decided(slot) {
                leader.next = slot.next();
                continue;
            }
            if !self.may_propose_in(slot) {
                return;
            }
            let Some(value) = self.value_for(slot, ctx) else { return };
            self.propose(slot, value, ctx);
        }
    }

    /// Whether it is settled who runs a slot, and a phase-1 quorum of those has promised.
    fn may_propose_in(&self, slot: Slot) -> bool {
        let Role::Leader(leader) = &self.role else { return false };
        let configurations = self.replica.configurations();
        configurations.settles(slot, self.replica.applied(), self.config.rules)
            && self.has_promised(configurations.of(slot), &leader.promises)
    }

    /// What to propose in the next slot, if anything: if it was taken over what has to be, or a no-op; otherwise a reconfiguration, or an operation
    /// if the window has room; or a no-op while servers that were replaced are still needed.
    fn value_for(&mut self, slot: Slot, ctx: &mut Ctx<'_, Self>) -> Option<Value<S::Op>> {
        let Role::Leader(leader) = &mut self.role else { return None };
        if slot <= leader.taken_over {
            let reported = leader.reported.remove(&slot);
            let value = self.value_to_adopt(slot, reported);
            let free = value == Value::NoOp;
            ctx.reached(if free { milestones::GAP_FILLED } else { milestones::VALUE_ADOPTED });
            return Some(value);
        }
        if let Some(goal) = self.take_goal() {
            return Some(Value::Reconfigure(Box::new(goal)));
        }
        let Role::Leader(leader) = &mut self.role else { return None };
        if leader.proposals.len() >= self.config.window {
            return None;
        }
        if let Some((id, op)) = leader.waiting.pop_front() {
            leader.requests.insert(slot, id);
            return Some(Value::Command { id: id.op, op });
        }
        (slot <= self.replica.configurations().settled_by()).then(|| {
            ctx.reached(milestones::WINDOW_FILLED);
            Value::NoOp
        })
    }

    /// §2.2, P2c: the value that has to be proposed in a slot. If nothing was reported any will do, and then it is that of the own vote if there is one.
    fn value_to_adopt(&self, slot: Slot, reported: Option<Vec<Vote<S::Op>>>) -> Value<S::Op> {
        let votes = reported.unwrap_or_else(|| self.ledger.vote(slot).cloned().into_iter().collect());
        let ballots: Vec<Ballot> = votes.iter().map(|vote| vote.ballot).collect();
        self.config.rules.choose_value(&ballots).map_or(Value::NoOp, |place| votes[place].value.clone())
    }

    /// A client's operation that needs a slot. If it has been applied, its client knows or has moved on. If it is proposed and not yet
    /// applied, it is proposed twice, and applied once.
    pub(super) fn on_operation(&mut self, id: RequestId, op: S::Op, ctx: &mut Ctx<'_, Self>) {
        match self.replica.lookup(id.op, self.config.rules) {
            Known::New => {
                let Role::Leader(leader) = &mut self.role else { return };
                leader.waiting.push_back((id, op));
                self.propose_further(ctx);
            }
            Known::Answered(ret) => ctx.reply(id, ret.clone()),
            Known::Outdated => {}
        }
    }

    /// Phase 2a: to all servers of the slot, its own acceptor among them if it is one.
    fn propose(&mut self, slot: Slot, value: Value<S::Op>, ctx: &mut Ctx<'_, Self>) {
        let Role::Leader(leader) = &mut self.role else { return };
        let vote = Vote { ballot: leader.ballot, value: value.clone() };
        leader.proposals.insert(slot, Proposal::new(value));
        leader.next = slot.next();
        let commit = self.ledger.commit();
        for &server in self.replica.configurations().of(slot).members() {
            ctx.send(server, Msg::Accept { slot, vote: vote.clone(), commit });
        }
    }

    pub(super) fn on_accepted(&mut self, from: NodeId, accepted: Ballot, slot: Slot, ctx: &mut Ctx<'_, Self>) {
        let rules = self.config.rules;
        let Role::Leader(leader) = &mut self.role else { return };
        if !rules.counts_acceptance(accepted, leader.ballot) {
            return;
        }
        leader.heard.insert(from);
        let Some(proposal) = leader.proposals.get_mut(&slot) else { return };
        proposal.acceptors.insert(from);
        let counted = rules.decided_by(slot, self.ledger.commit().next());
        let servers = self.replica.configurations().of(counted);
        if rules.is_chosen(servers.count(&proposal.acceptors), servers.quorums()) {
            let value = proposal.value.clone();
            leader.proposals.remove(&slot);
            self.learn(slot, value, ctx);
            self.apply_chosen(ctx);
            if !self.is_needed() {
                return self.leave(ctx);
            }
            self.prepare_joiners(ctx);
            self.propose_further(ctx);
            self.serve_reads(ctx);
        }
    }

    /// Every heartbeat period: says that it leads and what is decided, and sends again what was not accepted for a whole period, the
    /// oldest first, no more than a window of it.
    pub(super) fn on_heartbeat_due(&mut self, ctx: &mut Ctx<'_, Self>) {
        ctx.set_timer(Timer::Heartbeat, self.config.heartbeat);
        self.ask_for_lease(ctx);
        self.send_heartbeats(ctx);
        self.prepare_joiners(ctx);
        let commit = self.ledger.commit();
        let Role::Leader(leader) = &mut self.role else { return };
        for (&slot, proposal) in leader.proposals.iter_mut().take(self.config.window) {
            if std::mem::take(&mut proposal.fresh) {
                continue;
            }
            let servers = self.replica.configurations().of(slot).members();
            for &to in servers.difference(&proposal.acceptors) {
                let vote = Vote { ballot: leader.ballot, value: proposal.value.clone() };
                ctx.send(to, Msg::Accept { slot, vote, commit });
            }
        }
    }

    /// With every heartbeat the lease is asked for anew, unless the last question was not answered yet.
    fn ask_for_lease(&mut self, ctx: &Ctx<'_, Self>) {
        let Role::Leader(leader) = &self.role else { return };
        let answered = self.confirmed(leader) == leader.beat;
        let leases = self.leases();
        let Role::Leader(leader) = &mut self.role else { return };
        if leases && answered {
            leader.ask(self.me, ctx.now());
            self.renew_lease();
        }
    }

    pub(super) fn send_heartbeats(&self, ctx: &mut Ctx<'_, Self>) {
        let Role::Leader(leader) = &self.role else { return };
        let commit = self.ledger.commit();
        for peer in ctx.peers() {
            ctx.send(peer, Msg::Heartbeat { ballot: leader.ballot, commit, beat: leader.beat });
        }
    }
}
