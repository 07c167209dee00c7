//! Changes of membership (§6; thesis ch. 4): which configuration a server goes by, and how a leader changes it.
//!
//! A configuration is an entry of the log. A server goes by the latest one in its log from the moment when it is there, committed or not, and
//! when the entry is deleted, by the one before it. An operator tells the leader who the voters are to be. The leader first makes
//! the new ones learners and waits until they have the log; then it changes the voters, step by step or through a joint configuration. Each step
//! waits until the one before it is committed. A leader that is deposed forgets what it was told, and its successor only leaves a joint
//! configuration that it finds: the operator asks again.

use std::collections::BTreeSet;

use shaketable_sim::id::NodeId;
use shaketable_sim::node::{self, Ctx};
use shaketable_sim::spec::Spec;

use super::configuration::{Configuration, Electorate, Voters};
use super::milestones;
use super::progress::Progress;
use super::rules::{Changing, Rules};
use super::types::{Entry, LogIndex, Msg, Payload};
use super::{Following, Raft, Role};

/// The configurations that a server knows: that of its snapshot (or of the beginning), and those in its log.
#[derive(Clone, Debug)]
pub(super) struct Membership {
    me: NodeId,
    rules: &'static dyn Rules,
    /// What the cluster began with.
    first: Configuration,
    /// As of the entry before the log.
    base: Configuration,
    /// By the entries that say so. Invariant: their places rise.
    logged: Vec<(LogIndex, Configuration)>,
}

impl Membership {
    /// Before anything is in the log.
    pub(super) fn new(me: NodeId, first: Configuration, rules: &'static dyn Rules) -> Membership {
        Membership { me, rules, base: first.clone(), first, logged: Vec::new() }
    }

    /// The configuration that the server goes by, if it knows the entries up to `commit` to be committed.
    pub(super) fn now(&self, commit: LogIndex) -> Electorate<'_> {
        let in_force = self.logged.iter().rev().find(|(at, _)| self.rules.takes_effect(*at, commit));
        let configuration = in_force.map_or(&self.base, |(_, configuration)| configuration);
        Electorate { configuration, me: self.me, rules: self.rules }
    }

    /// The configuration as of the entry before the log.
    pub(super) fn base(&self) -> &Configuration {
        &self.base
    }

    /// Where the latest configuration stands: at 0 if it does not stand in the log.
    fn latest(&self) -> LogIndex {
        self.logged.last().map_or(LogIndex::ZERO, |(at, _)| *at)
    }

    /// The configuration as of an entry, and all later ones.
    pub(super) fn since(&self, index: LogIndex) -> impl Iterator<Item = &Configuration> {
        let later = self.logged.partition_point(|(at, _)| *at <= index);
        let as_of = later.checked_sub(1).map_or(&self.base, |place| &self.logged[place].1);
        std::iter::once(as_of).chain(self.logged[later..].iter().map(|(_, configuration)| configuration))
    }

    /// These entries were put into the log, the first at `first`.
    pub(super) fn extend<O>(&mut self, first: LogIndex, entries: &[Entry<O>]) {
        for (offset, entry) in entries.iter().enumerate() {
            if let Payload::Config(configuration) = &entry.payload {
                self.logged.push((first.plus(offset), (**configuration).clone()));
            }
        }
    }

    /// All entries behind `last` were deleted. How many configurations were among them.
    pub(super) fn truncate(&mut self, last: LogIndex) -> usize {
        let before = self.logged.len();
        let rules = self.rules;
        self.logged.retain(|(at, _)| *at <= last || !rules.rolls_back_configurations());
        before - self.logged.len()
    }

    /// A snapshot stands for the entries up to `last`.
    pub(super) fn compact(&mut self, last: LogIndex) {
        let later = self.logged.partition_point(|(at, _)| *at <= last);
        if let Some((_, configuration)) = self.logged.drain(..later).next_back() {
            self.base = configuration;
        }
    }

    /// The log begins anew behind a snapshot that holds this configuration: none if that is still the first.
    pub(super) fn restart(&mut self, base: Option<&Configuration>) {
        self.base = base.unwrap_or(&self.first).clone();
        self.logged.clear();
    }
}

impl<S: Spec> Raft<S> {
    /// The configuration that this server goes by.
    pub fn configuration(&self) -> &Configuration {
        self.electorate().configuration
    }

    /// Whether this server is to receive the log.
    pub(super) fn has_member(&self, server: NodeId) -> bool {
        self.configuration().is_member(server)
    }

    pub(super) fn electorate(&self) -> Electorate<'_> {
        self.membership.now(self.commit)
    }

    /// Thesis §4.2.2: a server that is no voter may still be needed as a leader: one that leaves the cluster, until that is committed, and a learner
    /// whose log is the most up to date. A majority that goes by a configuration that was left behind may have no other that both of its
    /// halves vote for. It does not count itself, and leaves once it has committed something. Who never was in the cluster never stands.
    pub(super) fn may_campaign(&self) -> bool {
        let member = self.membership.since(self.commit).any(|configuration| configuration.is_member(self.me));
        member && self.takes_part()
    }

    /// Whether a server votes, by what is committed or may yet be.
    pub(super) fn votes(&self, server: NodeId) -> bool {
        self.membership.since(self.commit).any(|configuration| configuration.is_voter(server))
    }

    /// The electorates that this server may come to go by, and those that the present ones may turn out to be.
    pub(super) fn all_electorates(&self, decided: LogIndex) -> Vec<node::Electorate> {
        if self.log.last_index() < decided {
            return Vec::new(); // It may go by configurations that others have left behind.
        }
        let known = self.membership.since(decided.min(self.commit)).flat_map(Configuration::electorates).cloned();
        let mut electorates: BTreeSet<BTreeSet<NodeId>> = known.collect();
        if let Role::Leader(leader) = &self.role
            && let Some(goal) = &leader.goal
        {
            let mut configuration = self.configuration().clone();
            while let Some(next) = self.step(&configuration, goal) {
                electorates.extend(next.electorates().cloned());
                configuration = next;
            }
        }
        electorates.into_iter().map(node::Electorate::majority).collect()
    }

    /// The operator's command: these servers are to vote, and no others.
    pub(super) fn begin_reconfiguration(&mut self, voters: &[NodeId], ctx: &mut Ctx<'_, Self>) {
        let Role::Leader(leader) = &mut self.role else { return };
        let goal: BTreeSet<NodeId> = voters.iter().copied().filter(|server| server.index() < self.nodes).collect();
        if self.config.change.is_some() && !goal.is_empty() {
            leader.goal = Some(goal);
            self.reconfigure_further(ctx);
        }
    }

    /// Takes the next step toward the configuration that the operator wants, or out of a joint one, if it may be taken now.
    ///
    /// A step into a configuration of which no quorum keeps up with the log would be safe, and might stop the cluster: it waits.
    pub(super) fn reconfigure_further(&mut self, ctx: &mut Ctx<'_, Self>) {
        let Role::Leader(leader) = &self.role else { return };
        let now = self.configuration();
        let goal = match (&leader.goal, now.voters()) {
            (Some(goal), _) => goal,
            (None, Voters::Joint { new, .. }) => new,
            (None, Voters::Simple(_)) => return,
        };
        let changing = Changing { latest: self.membership.latest(), first_own: leader.first, commit: self.commit };
        if leader.transfer.is_some() || !self.config.rules.may_change_configuration(changing) {
            return;
        }
        let Some(next) = self.step(now, goal) else { return self.end_reconfiguration() };
        let electorate = Electorate { configuration: &next, me: self.me, rules: self.config.rules };
        let all_ready = next.promoted_since(now).all(|server| self.keeps_up(server));
        if all_ready && electorate.is_quorum(|server| self.keeps_up(server)) {
            self.append_configuration(next, ctx);
        }
    }

    /// The configuration between this one and the goal that comes next.
    fn step(&self, from: &Configuration, goal: &BTreeSet<NodeId>) -> Option<Configuration> {
        from.toward(goal, self.config.change?, self.me, self.config.rules)
    }

    fn end_reconfiguration(&mut self) {
        if let Role::Leader(leader) = &mut self.role {
            leader.goal = None;
        }
    }

    /// §6: from now on, before it is committed, the leader goes by it.
    fn append_configuration(&mut self, next: Configuration, ctx: &mut Ctx<'_, Self>) {
        let added: Vec<NodeId> =
            ctx.peers().filter(|&peer| next.is_member(peer) && !self.configuration().is_member(peer)).collect();
        let Role::Leader(leader) = &mut self.role else { return };
        for peer in added {
            leader.peers[peer.index()] = Progress::new(self.log.last_index());
        }
        for _ in next.promoted_since(self.configuration()) {
            ctx.reached(milestones::LEARNER_PROMOTED);
        }
        self.append(Payload::Config(Box::new(next)), None, ctx);
    }

    /// Whether a server has all that was in this leader's log two heartbeats ago: it is there, and as fast as the log grows (thesis §4.2.1).
    fn keeps_up(&self, server: NodeId) -> bool {
        let Role::Leader(leader) = &self.role else { return false };
        server == self.me || leader.peers[server.index()].matched >= leader.tails.0
    }

    /// §6, thesis §4.2.2: a leader that is not in the configuration that it has committed steps down. Whoever has most of the log had better
    /// stand for election at once, before all have waited for a timeout.
    pub(super) fn leave_if_removed(&mut self, ctx: &mut Ctx<'_, Self>) {
        let Role::Leader(leader) = &self.role else { return };
        if self.votes(self.me) {
            return;
        }
        let configuration = self.configuration();
        let matched = |server: &NodeId| leader.peers[server.index()].matched;
        let voters = ctx.peers().filter(|&peer| configuration.is_voter(peer));
        if let Some(heir) = voters.max_by_key(|server| (matched(server), std::cmp::Reverse(*server))) {
            ctx.send(heir, Msg::TimeoutNow(self.term));
        }
        ctx.reached(milestones::LEADER_LEFT);
        self.follow(Following::default(), ctx);
    }
}
