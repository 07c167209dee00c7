//! Who runs the next slots, and how an operator changes that (§3).
//!
//! All nodes are learners, members or not: a leader's heartbeats go to everybody, so who is to join knows what is decided before it does. Proposals
//! and prepares go to the servers of their slots alone.
//!
//! A reconfiguration is proposed in a slot as an operation is, and several may be open at once. It is in force α slots later. A leader that
//! finds new servers in one of the next α slots runs phase 1 with them, with its ballot, and proposes nothing there before a phase-1 quorum of them
//! has promised; what they report binds it as what it was told before. If no operation comes, no-ops push the reconfiguration into force.
//!
//! The servers before are needed for a while longer. They alone may know the last decisions of their slots, until α slots more are decided: who
//! votes in a slot knows the decisions up to α before it. Then nobody needs them any more, which is also when a leader that
//! is none of the new ones leaves, and when one of the old stops trying to lead.

use std::collections::BTreeSet;

use shaketable_sim::id::NodeId;
use shaketable_sim::node::{Ctx, Electorate};
use shaketable_sim::spec::Spec;

use super::configuration::Configuration;
use super::types::{Ballot, Msg, Slot, Value, Vote};
use super::{Following, Paxos, Role, milestones};

impl<S: Spec> Paxos<S> {
    /// The configurations that run the next α slots: all that can be open. Never none.
    pub(super) fn window(&self) -> impl Iterator<Item = &Configuration> + Clone {
        self.replica.configurations().since(self.replica.applied().next())
    }

    /// The members of those.
    pub(super) fn servers(&self) -> BTreeSet<NodeId> {
        self.window().flat_map(Configuration::members).copied().collect()
    }

    /// Whether those who have promised are phase-1 quorums of all configurations of the next α slots.
    pub(super) fn is_prepared(&self, promises: &BTreeSet<NodeId>) -> bool {
        self.window().all(|configuration| self.has_promised(configuration, promises))
    }

    /// Whether those who have promised are a phase-1 quorum of a configuration.
    pub(super) fn has_promised(&self, configuration: &Configuration, promises: &BTreeSet<NodeId>) -> bool {
        let rules = self.config.rules;
        let counted = promises.iter().filter(|&&node| rules.counts_promise_of(configuration.has(node))).count();
        rules.may_propose(counted, configuration.quorums())
    }

    /// The configurations of the next α slots and of the last α.
    fn needed(&self) -> impl Iterator<Item = &Configuration> {
        let configurations = self.replica.configurations();
        let first = self.replica.applied().minus(configurations.alpha().unwrap_or(0)).next();
        configurations.since(first)
    }

    /// Whether this node is in one of those.
    pub(super) fn is_needed(&self) -> bool {
        self.needed().any(|configuration| configuration.has(self.me))
    }

    /// See [`Node::electorates`](shaketable_sim::node::Node::electorates). Who has accepted something in the last slot that was decided knows the
    /// decisions up to α before it, and what it has accepted behind those it knows may be decided, and may yet be.
    pub(super) fn all_electorates(&self, decided: Slot) -> Vec<Electorate> {
        if self.ledger.last() < decided {
            return Vec::new();
        }
        let (open, last) = (self.ledger.commit().next(), self.ledger.last());
        let votes = (open.get()..=last.get()).map(|slot| self.ledger.vote(Slot::new(slot)));
        let accepted = votes.flatten().map(|vote| &vote.value);
        let (proposed, goal) = match &self.role {
            Role::Leader(leader) => (Some(leader.proposals.values()), leader.goal.as_ref()),
            _ => (None, None),
        };
        let open = accepted.chain(proposed.into_iter().flatten().map(|proposal| &proposal.value));
        let possible = self.needed().chain(open.filter_map(Value::reconfiguration)).chain(goal);
        possible.map(Configuration::electorate).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The operator's command: these servers are to run the slots that can be given to them, and no others. The last command counts.
    /// One that leaves no legal quorums is refused.
    pub(super) fn begin_reconfiguration(&mut self, members: &[NodeId], ctx: &mut Ctx<'_, Self>) {
        let members: BTreeSet<NodeId> = members.iter().copied().filter(|node| node.index() < self.nodes).collect();
        let goal = Configuration::new(members, self.config.sizes);
        if goal.is_none() {
            ctx.note("refuses a reconfiguration: there are no quorums of the sizes that are set among so many members");
        }
        let Role::Leader(leader) = &mut self.role else { return };
        if goal.is_some() && self.replica.configurations().alpha().is_some() {
            leader.goal = goal;
            self.reconfigure_if_ready(ctx);
        }
    }

    /// Goes on with a reconfiguration if one waits.
    pub(super) fn reconfigure_if_ready(&mut self, ctx: &mut Ctx<'_, Self>) {
        if let Role::Leader(leader) = &self.role
            && leader.goal.is_some()
        {
            self.propose_further(ctx);
        }
    }

    /// What the operator wants, if it can be proposed now. One whose servers do not answer would be safe, and might stop the
    /// cluster: it waits until quorums of them do.
    pub(super) fn take_goal(&mut self) -> Option<Configuration> {
        let me = self.me;
        let Role::Leader(leader) = &mut self.role else { return None };
        let quorums = leader.goal.as_ref()?.quorums();
        let answering =
            leader.goal.as_ref()?.members().iter().filter(|&&node| node == me || leader.heard.contains(&node));
        (answering.count() >= quorums.phase1().max(quorums.phase2())).then(|| leader.goal.take())?
    }

    /// Phase 1 with servers that were not asked, for the slots that they are about to run, until quorums of them have promised.
    pub(super) fn prepare_joiners(&self, ctx: &mut Ctx<'_, Self>) {
        let Role::Leader(leader) = &self.role else { return };
        if self.is_prepared(&leader.promises) {
            return;
        }
        let (ballot, from) = (leader.ballot, self.ledger.commit().next());
        for node in self.servers().difference(&leader.promises) {
            ctx.send(*node, Msg::Prepare { ballot, from, handed_over: Some(ballot) });
        }
    }

    /// A promise to a leader, who needs some from new servers. If they have dropped what the leader does not know, it is no leader yet: it
    /// catches up first.
    pub(super) fn on_late_promise(
        &mut self,
        from: NodeId,
        promised: Ballot,
        votes: Vec<(Slot, Vote<S::Op>)>,
        dropped: Slot,
        ctx: &mut Ctx<'_, Self>,
    ) {
        let rules = self.config.rules;
        let Role::Leader(leader) = &self.role else { return };
        if !rules.counts_promise(promised, leader.ballot) || self.is_prepared(&leader.promises) {
            return;
        }
        if !rules.knows_dropped(self.ledger.commit(), dropped) {
            self.follow(Following::default(), ctx);
            return self.ask_for_decisions(from, ctx);
        }
        let Role::Leader(leader) = &mut self.role else { return };
        if leader.promises.insert(from) {
            for (slot, vote) in votes.into_iter().filter(|(slot, _)| *slot >= leader.next) {
                leader.taken_over = leader.taken_over.max(slot);
                leader.reported.entry(slot).or_default().push(vote);
            }
            ctx.reached(milestones::JOINER_PREPARED);
            self.propose_further(ctx);
            self.serve_reads(ctx);
        }
    }

    /// A leader that is needed no more hands over to one of the servers from which it hears, and leaves.
    pub(super) fn leave(&mut self, ctx: &mut Ctx<'_, Self>) {
        let Role::Leader(leader) = &self.role else { return };
        let latest = &self.replica.configurations().latest().configuration;
        let heir = latest.members().iter().find(|server| leader.heard.contains(server));
        if let Some(&heir) = heir.or(latest.members().first()) {
            ctx.send(heir, Msg::TakeOver(leader.ballot));
        }
        ctx.reached(milestones::LEADER_LEFT);
        self.follow(Following::default(), ctx);
    }
}
