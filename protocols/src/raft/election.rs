//! Terms, votes and elections (§5.1, §5.2, §5.4.1), pre-vote (thesis §9.6) and check-quorum (thesis §6.2).

use std::collections::BTreeSet;

use shaketable_sim::id::NodeId;
use shaketable_sim::node::Ctx;
use shaketable_sim::spec::Spec;

use super::config::Elections;
use super::types::{Msg, Record, RequestVote, Term, Timer, Vote};
use super::{Following, Raft, Role, milestones};

/// What a candidate knows.
#[derive(Clone, Debug)]
pub(super) struct Candidacy {
    kind: Ballot,
    /// Who has granted a vote: servers and not messages are counted, since a message may arrive twice.
    votes: BTreeSet<NodeId>,
    /// Whether it stands because its leader has handed over to it.
    handed_over: bool,
}

/// What is voted on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ballot {
    /// Whether it is worthwhile to stand for the next term. Binds nobody.
    Pre,
    /// Who leads in the current term.
    Real,
}

impl<S: Spec> Raft<S> {
    /// §5.2: no leader was heard of for an election timeout, or an election came to nothing. Who is no member waits for a leader to say otherwise.
    pub(super) fn campaign(&mut self, ctx: &mut Ctx<'_, Self>) {
        if !self.may_campaign() {
            return self.await_election(ctx);
        }
        match self.config.elections {
            Elections::Plain | Elections::CheckQuorum => self.stand(false, ctx),
            Elections::PreVoteAndCheckQuorum => self.ask_around(ctx),
        }
    }

    /// Thesis §6.2: a leader that has not heard of a quorum for an election timeout cannot commit anything, and others may
    /// long have a leader. Its clients had better look for that one.
    pub(super) fn check_quorum(&mut self, ctx: &mut Ctx<'_, Self>) {
        let electorate = self.membership.now(self.commit);
        let Role::Leader(leader) = &mut self.role else { return };
        if leader.hears_a_quorum(&electorate) {
            ctx.set_timer(Timer::Election, self.config.election_timeout.1);
        } else {
            self.follow(Following::default(), ctx);
        }
    }

    /// Thesis §9.6: asks who would vote for this server in the next term, without standing for it yet.
    fn ask_around(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.role = Role::Candidate(Candidacy { kind: Ballot::Pre, votes: BTreeSet::new(), handed_over: false });
        self.await_election(ctx);
        let request = RequestVote { term: self.term.next(), last: self.log.last(), handed_over: false };
        let configuration = self.configuration();
        ctx.after_sync(|ctx| {
            for peer in ctx.peers().filter(|&peer| configuration.is_voter(peer)) {
                ctx.send(peer, Msg::RequestPreVote(request));
            }
        });
        let own = Vote { term: request.term, granted: true };
        self.on_pre_vote(self.me, own, ctx);
    }

    /// §5.2: stands for election in the next term, and votes for itself. Its own vote is counted like the others', when it is durable.
    pub(super) fn stand(&mut self, handed_over: bool, ctx: &mut Ctx<'_, Self>) {
        self.term = self.term.next();
        self.cast(Some(self.me), ctx);
        self.role = Role::Candidate(Candidacy { kind: Ballot::Real, votes: BTreeSet::new(), handed_over });
        self.await_election(ctx);
        let request = RequestVote { term: self.term, last: self.log.last(), handed_over };
        let configuration = self.configuration();
        ctx.after_sync(|ctx| {
            for peer in ctx.peers().filter(|&peer| configuration.is_voter(peer)) {
                ctx.send(peer, Msg::RequestVote(request));
            }
            ctx.send(ctx.me(), Msg::Vote(Vote { term: request.term, granted: true }));
        });
    }

    pub(super) fn on_request_pre_vote(&mut self, from: NodeId, request: RequestVote, ctx: &mut Ctx<'_, Self>) {
        let up_to_date = self.config.rules.log_up_to_date(request.last, self.log.last());
        let standing = self.configuration().standing(self.me);
        let granted = request.term > self.term
            && up_to_date
            && !self.hears_a_leader(ctx)
            && self.takes_part()
            && self.config.rules.may_vote_as(standing);
        let term = if granted { request.term } else { self.term };
        Self::say(from, Msg::PreVote(Vote { term, granted }), ctx);
    }

    pub(super) fn on_pre_vote(&mut self, from: NodeId, vote: Vote, ctx: &mut Ctx<'_, Self>) {
        if !vote.granted {
            self.observe_term(vote.term, ctx);
        } else if vote.term == self.term.next() && self.counts(Ballot::Pre, from) {
            self.stand(false, ctx);
        }
    }

    pub(super) fn on_request_vote(&mut self, from: NodeId, request: RequestVote, ctx: &mut Ctx<'_, Self>) {
        if self.keeps_leaders() && !request.handed_over && self.hears_a_leader(ctx) {
            // Thesis §4.2.3, §6.4.1: whatever the term. It may have promised not to vote, and the candidate may have left the cluster.
            return Self::say(from, Msg::Vote(Vote { term: self.term, granted: false }), ctx);
        }
        self.observe_term(request.term, ctx);
        let rules = self.config.rules;
        let granted = request.term == self.term
            && self.takes_part()
            && rules.may_vote_as(self.configuration().standing(self.me))
            && rules.may_vote(self.vote, from)
            && rules.log_up_to_date(request.last, self.log.last());
        if granted {
            if self.vote != Some(from) {
                self.cast(Some(from), ctx);
            }
            ctx.set_timer(Timer::Election, self.timeout);
        }
        Self::say(from, Msg::Vote(Vote { term: self.term, granted }), ctx);
    }

    pub(super) fn on_vote(&mut self, from: NodeId, vote: Vote, ctx: &mut Ctx<'_, Self>) {
        self.observe_term(vote.term, ctx);
        if vote.granted && self.config.rules.counts_vote(self.term, vote.term) && self.counts(Ballot::Real, from) {
            if matches!(self.role, Role::Candidate(Candidacy { handed_over: true, .. })) {
                ctx.reached(milestones::TRANSFER_COMPLETED);
            }
            self.lead(ctx);
        }
    }

    /// §5.1: adopts a term above its own, in which it has not voted, and follows nobody in it yet.
    pub(super) fn observe_term(&mut self, seen: Term, ctx: &mut Ctx<'_, Self>) {
        if self.config.rules.adopts_term(self.term, seen) {
            self.term = seen;
            self.cast(None, ctx);
            let heard = if let Role::Follower(following) = &self.role { following.heard } else { None };
            self.follow(Following { leader: None, heard }, ctx);
        }
    }

    /// Becomes a follower, or remains one of another leader, and discards all that belonged to another role. Neither term nor vote change.
    ///
    /// A leader's pending writes may yet be committed by its successor, so their clients are told nothing. Its pending
    /// reads are rejected: they never have an effect.
    pub(super) fn follow(&mut self, following: Following, ctx: &mut Ctx<'_, Self>) {
        match std::mem::replace(&mut self.role, Role::Follower(following)) {
            Role::Leader(leader) => {
                leader.reject_reads(following.leader, ctx);
                ctx.cancel_timer(Timer::Heartbeat);
                ctx.cancel_timer(Timer::Transfer);
                self.await_election(ctx);
            }
            // The timer goes on: only a leader's message or a vote granted buys another candidate time (§5.2).
            Role::Candidate(_) | Role::Follower(_) => self.draw_timeout(ctx),
            Role::Faulty(_) => unreachable!("a faulty server handles no message"),
        }
    }

    /// Waits for a leader, or for an election to be decided, for a timeout that is drawn anew: so split votes are rare (§5.2).
    pub(super) fn await_election(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.draw_timeout(ctx);
        ctx.set_timer(Timer::Election, self.timeout);
    }

    fn draw_timeout(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.timeout = ctx.rng().span(self.config.election_timeout);
    }

    /// Writes term and vote.
    fn cast(&mut self, vote: Option<NodeId>, ctx: &mut Ctx<'_, Self>) {
        self.vote = vote;
        ctx.write(Record::Ballot { term: self.term, vote });
    }

    /// Counts a vote, and says whether with it there is a quorum.
    fn counts(&mut self, ballot: Ballot, voter: NodeId) -> bool {
        let electorate = self.membership.now(self.commit);
        let Role::Candidate(candidacy) = &mut self.role else { return false };
        candidacy.kind == ballot
            && candidacy.votes.insert(voter)
            && electorate.is_quorum(|server| candidacy.votes.contains(&server))
    }

    /// Whether this server denies its vote while it hears of a leader. Pre-vote alone keeps out those who cannot win; without it a server that has
    /// left the cluster, and does not know, would depose one leader after the other (thesis §4.2.3).
    fn keeps_leaders(&self) -> bool {
        self.leases() || (self.config.elections == Elections::CheckQuorum && self.config.change.is_some())
    }

    /// Whether a leader was heard of within the shortest election timeout, or is this server. A clock that was set back says nothing,
    /// and then a pre-vote may be granted needlessly, which disturbs and endangers nothing.
    pub(super) fn hears_a_leader(&self, ctx: &Ctx<'_, Self>) -> bool {
        match &self.role {
            Role::Leader(_) => true,
            Role::Follower(Following { heard: Some(heard), .. }) => {
                ctx.now() >= *heard && ctx.now().since(*heard) < self.config.election_timeout.0
            }
            Role::Follower(_) | Role::Candidate(_) | Role::Faulty(_) => false,
        }
    }
}
