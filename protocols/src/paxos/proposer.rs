//! The proposer: who tries to lead and when, and phase 1 for all open slots at once (§2.2, §2.4, §3).

use std::collections::{BTreeMap, BTreeSet};

use shaketable_sim::id::NodeId;
use shaketable_sim::node::Ctx;
use shaketable_sim::spec::Spec;

use super::config::Elections;
use super::types::{Ballot, Msg, Slot, Timer, Vote};
use super::{Following, Paxos, Role};

/// A node that has failed so often in a row waits no longer each time: 2^2 times as long is enough for duels to end.
const DOUBLINGS: u32 = 2;

/// What a node knows that tries to lead.
#[derive(Clone, Debug)]
pub(super) enum Candidacy<O> {
    /// It asks around.
    Canvass {
        /// The ballot that it would prepare.
        ballot: Ballot,
        /// Who would promise it.
        willing: BTreeSet<NodeId>,
    },
    /// Phase 1 is under way.
    Prepare(Preparation<O>),
}

/// Phase 1 of a ballot.
#[derive(Clone, Debug)]
pub(super) struct Preparation<O> {
    /// What is promised.
    pub(super) ballot: Ballot,
    /// The first slot that it is about.
    pub(super) first: Slot,
    /// Who was asked.
    asked: BTreeSet<NodeId>,
    /// Who has promised it.
    pub(super) promises: BTreeSet<NodeId>,
    /// By slot, what those have accepted.
    pub(super) reported: BTreeMap<Slot, Vec<Vote<O>>>,
    /// The last slot that any of those has dropped, since it is decided.
    dropped: Slot,
    /// Whether it had to catch up with that.
    pub(super) caught_up: bool,
    /// The ballot of the leader that has handed over, if one has.
    pub(super) handed_over: Option<Ballot>,
}

impl<S: Spec> Paxos<S> {
    /// No leader was heard of for an election timeout, or an attempt came to nothing.
    pub(super) fn campaign(&mut self, ctx: &mut Ctx<'_, Self>) {
        if !self.is_needed() {
            return self.await_election(ctx);
        }
        if let Role::Candidate(_) = self.role {
            self.failures = self.failures.saturating_add(1);
        }
        match self.config.elections {
            Elections::Plain => self.prepare(None, ctx),
            Elections::Canvass => self.canvass(ctx),
        }
    }

    /// A leader that a phase-2 quorum does not hear any more can decide nothing, and others may long have a leader. Its clients
    /// had better look for that one.
    pub(super) fn check_quorum(&mut self, ctx: &mut Ctx<'_, Self>) {
        let Role::Leader(leader) = &mut self.role else { return };
        let mut heard = std::mem::take(&mut leader.heard);
        heard.insert(self.me);
        if self.window().any(|configuration| configuration.count(&heard) < configuration.quorums().phase2()) {
            self.follow(Following::default(), ctx);
        } else {
            ctx.set_timer(Timer::Election, self.config.election_timeout.1);
        }
    }

    /// Asks who would promise the next ballot, without preparing it yet.
    fn canvass(&mut self, ctx: &mut Ctx<'_, Self>) {
        let ballot = self.config.rules.next_ballot(self.seen, self.me);
        self.role = Role::Candidate(Candidacy::Canvass { ballot, willing: BTreeSet::new() });
        self.await_election(ctx);
        for peer in self.servers().into_iter().filter(|&server| server != self.me) {
            ctx.send(peer, Msg::Canvass(ballot));
        }
        self.on_willing(self.me, ballot, self.seen, ctx);
    }

    pub(super) fn on_canvass(&mut self, from: NodeId, ballot: Ballot, ctx: &mut Ctx<'_, Self>) {
        if !self.hears_a_leader(ctx) {
            ctx.send(from, Msg::Willing { ballot, seen: self.seen });
        }
    }

    pub(super) fn on_willing(&mut self, from: NodeId, asked: Ballot, seen: Ballot, ctx: &mut Ctx<'_, Self>) {
        self.seen = self.seen.max(seen);
        let Role::Candidate(Candidacy::Canvass { ballot, willing }) = &mut self.role else { return };
        if *ballot == asked && willing.insert(from) {
            let willing = willing.clone();
            if self.window().all(|configuration| configuration.count(&willing) >= configuration.quorums().phase1()) {
                self.prepare(None, ctx);
            }
        }
    }

    /// Phase 1a (§2.2), for every slot that is not known to be decided (§3). The proposer's own promise is durable before anybody
    /// hears of the ballot, so that it never uses it again. `handed_over` is the ballot from which it was told to take over, if it was.
    /// Those that run the next α slots are asked: nobody else has chosen anything, unless they have.
    pub(super) fn prepare(&mut self, handed_over: Option<Ballot>, ctx: &mut Ctx<'_, Self>) {
        let rules = self.config.rules;
        let ballot = rules.next_ballot(self.seen, self.me);
        let first = rules.prepares_from(self.ledger.commit().next(), self.ledger.last().next());
        self.promise(ballot, ctx);
        let preparation = Preparation {
            ballot,
            first,
            asked: BTreeSet::new(),
            promises: BTreeSet::new(),
            reported: BTreeMap::new(),
            dropped: Slot::ZERO,
            caught_up: false,
            handed_over,
        };
        self.role = Role::Candidate(Candidacy::Prepare(preparation));
        self.await_election(ctx);
        self.ask_for_promises(ctx);
    }

    /// Asks those of the servers that it has not asked: all of them at first, and when it has caught up those of whom it did not know.
    fn ask_for_promises(&mut self, ctx: &mut Ctx<'_, Self>) {
        let servers = self.servers();
        let Role::Candidate(Candidacy::Prepare(phase)) = &mut self.role else { return };
        let unasked: Vec<NodeId> = servers.difference(&phase.asked).copied().collect();
        if unasked.is_empty() {
            return;
        }
        phase.asked.extend(&unasked);
        let (ballot, from, handed_over) = (phase.ballot, phase.first, phase.handed_over);
        ctx.after_sync(|ctx| {
            for node in unasked {
                ctx.send(node, Msg::Prepare { ballot, from, handed_over });
            }
        });
    }

    pub(super) fn on_promise(
        &mut self,
        from: NodeId,
        promised: Ballot,
        votes: Vec<(Slot, Vote<S::Op>)>,
        dropped: Slot,
        ctx: &mut Ctx<'_, Self>,
    ) {
        let rules = self.config.rules;
        if let Role::Leader(_) = self.role {
            return self.on_late_promise(from, promised, votes, dropped, ctx);
        }
        let Role::Candidate(Candidacy::Prepare(phase)) = &mut self.role else { return };
        if !rules.counts_promise(promised, phase.ballot) || !phase.promises.insert(from) {
            return;
        }
        for (slot, vote) in votes {
            phase.reported.entry(slot).or_default().push(vote);
        }
        phase.dropped = phase.dropped.max(dropped);
        if !rules.knows_dropped(self.ledger.commit(), dropped) {
            phase.caught_up = true;
            self.ask_for_decisions(from, ctx);
        }
        self.lead_if_prepared(ctx);
    }

    /// Goes on if it has come to know more: leads if phase 1 is complete, that is, if quorums have promised, and all that those have dropped is
    /// known. It may have learned of servers that it has not asked, or that it is none any more.
    pub(super) fn lead_if_prepared(&mut self, ctx: &mut Ctx<'_, Self>) {
        let (rules, commit) = (self.config.rules, self.ledger.commit());
        let Role::Candidate(Candidacy::Prepare(phase)) = &self.role else { return };
        if !self.is_needed() {
            self.follow(Following::default(), ctx);
        } else if self.is_prepared(&phase.promises) && rules.knows_dropped(commit, phase.dropped) {
            self.lead(ctx);
        } else {
            self.ask_for_promises(ctx);
        }
    }

    /// Somebody has promised a higher ballot. Whoever leads or prepares a lower one has lost it.
    pub(super) fn on_nack(&mut self, ballot: Ballot, ctx: &mut Ctx<'_, Self>) {
        self.give_way(ballot, ctx);
    }

    /// Gives up a ballot below this one, if the node prepares one or leads with it.
    pub(super) fn give_way(&mut self, ballot: Ballot, ctx: &mut Ctx<'_, Self>) {
        self.seen = self.seen.max(ballot);
        let own = match &self.role {
            Role::Candidate(Candidacy::Prepare(phase)) => phase.ballot,
            Role::Leader(leader) => leader.ballot,
            Role::Candidate(Candidacy::Canvass { .. }) | Role::Follower(_) | Role::Faulty => return,
        };
        if own < ballot {
            if let Role::Candidate(_) = self.role {
                self.failures = self.failures.saturating_add(1);
            }
            self.follow(Following::default(), ctx);
        }
    }

    /// Somebody leads with this ballot, which is not below the own promise: everybody else gives way. What a leader
    /// sends to itself is no news. A late message of an earlier leader does not make a follower leave the later one, to whom it may
    /// have given a lease.
    pub(super) fn hear(&mut self, ballot: Ballot, ctx: &mut Ctx<'_, Self>) {
        self.seen = self.seen.max(ballot);
        if ballot.node == self.me {
            return;
        }
        self.failures = 0;
        let following = Following { leader: Some(ballot), heard: Some(ctx.now()) };
        match &mut self.role {
            Role::Follower(old) => *old = Following { leader: old.leader.max(following.leader), ..following },
            Role::Candidate(_) | Role::Leader(_) => self.follow(following, ctx),
            Role::Faulty => unreachable!("a faulty node handles no message"),
        }
        ctx.set_timer(Timer::Election, self.timeout);
    }

    /// Becomes a follower, and discards all that belonged to another role.
    ///
    /// What a leader has proposed may yet be decided, so the clients of it are told nothing. What it has not proposed, and
    /// reads, are rejected: they never have an effect.
    pub(super) fn follow(&mut self, following: Following, ctx: &mut Ctx<'_, Self>) {
        if let Role::Leader(leader) = std::mem::replace(&mut self.role, Role::Follower(following)) {
            leader.reject_pending(following.leader.map(|ballot| ballot.node), ctx);
            ctx.cancel_timer(Timer::Heartbeat);
        }
        self.await_election(ctx);
    }

    /// Waits for a leader, or for an attempt to be decided, for a timeout that is drawn anew, and is longer after failures (§2.4: something
    /// must be random or timed, or proposers duel for ever).
    pub(super) fn await_election(&mut self, ctx: &mut Ctx<'_, Self>) {
        let drawn = ctx.rng().span(self.config.election_timeout);
        self.timeout = drawn.times(1 << self.failures.min(DOUBLINGS));
        ctx.set_timer(Timer::Election, self.timeout);
    }

    /// Whether a leader was heard of within the shortest election timeout, or is this node. A clock that was set back says nothing,
    /// and then a canvass may be answered needlessly, which disturbs and endangers nothing; leases do not bear it.
    pub(super) fn hears_a_leader(&self, ctx: &Ctx<'_, Self>) -> bool {
        match &self.role {
            Role::Leader(_) => true,
            Role::Follower(Following { heard: Some(heard), .. }) => {
                ctx.now() >= *heard && ctx.now().since(*heard) < self.config.election_timeout.0
            }
            Role::Follower(_) | Role::Candidate(_) | Role::Faulty => false,
        }
    }
}
