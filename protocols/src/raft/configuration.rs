//! Who the members are, and what a quorum of them is (§6; thesis ch. 4). All arithmetic of quorums is here.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;
use shaketable_sim::id::NodeId;

use super::rules::{Rules, Standing};

/// The members of a cluster, as an entry of the log says.
///
/// Guarantees: every set of voters has a member; no learner is a voter.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Configuration {
    /// How many changes have led to it. The one that the cluster begins with has number 0.
    number: u64,
    voters: Voters,
    /// Those that receive the log and do not vote (thesis §4.2.1).
    learners: BTreeSet<NodeId>,
}

/// Who votes.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Voters {
    /// A quorum is one of these.
    Simple(BTreeSet<NodeId>),
    /// Joint consensus, C_old,new (§6): a quorum is one of the old ones and one of the new ones.
    Joint {
        /// C_old.
        old: BTreeSet<NodeId>,
        /// C_new.
        new: BTreeSet<NodeId>,
    },
}

/// How the voters are changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// Thesis §4.1: one server joins or leaves at a time.
    SingleServer,
    /// §6, thesis §4.3: any number at once, through a configuration in which both the old ones and the new ones must agree.
    Joint,
}

impl Configuration {
    /// What a cluster begins with.
    pub fn first(voters: BTreeSet<NodeId>) -> Configuration {
        Configuration { number: 0, voters: Voters::Simple(voters), learners: BTreeSet::new() }
    }

    /// How many changes have led to it.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Who votes.
    pub fn voters(&self) -> &Voters {
        &self.voters
    }

    /// The sets of voters of which each must have a majority.
    pub fn electorates(&self) -> impl Iterator<Item = &BTreeSet<NodeId>> {
        let (first, second) = match &self.voters {
            Voters::Simple(voters) => (voters, None),
            Voters::Joint { old, new } => (old, Some(new)),
        };
        std::iter::once(first).chain(second)
    }

    /// Whether it is one that lies between an old and a new one.
    pub fn is_joint(&self) -> bool {
        matches!(self.voters, Voters::Joint { .. })
    }

    /// Whether this server votes.
    pub fn is_voter(&self, server: NodeId) -> bool {
        self.electorates().any(|voters| voters.contains(&server))
    }

    /// Whether this server receives the log and does not vote.
    pub fn is_learner(&self, server: NodeId) -> bool {
        self.learners.contains(&server)
    }

    /// Whether this server receives the log.
    pub fn is_member(&self, server: NodeId) -> bool {
        self.is_voter(server) || self.is_learner(server)
    }

    /// What this server is in it.
    pub fn standing(&self, server: NodeId) -> Standing {
        if self.is_voter(server) {
            Standing::Voter
        } else if self.is_learner(server) {
            Standing::Learner
        } else {
            Standing::Outsider
        }
    }

    /// Who votes in it, and did not vote in this one.
    pub fn promoted_since<'a>(&'a self, before: &'a Configuration) -> impl Iterator<Item = NodeId> + 'a {
        self.electorates().flatten().copied().filter(|&server| !before.is_voter(server))
    }

    /// What comes next on the way to a cluster whose voters are `goal`; none if this is it. `leader` is who makes the change.
    ///
    /// A joint configuration is left before anything else, also if it was another goal that it was entered for. Then whoever is to vote
    /// becomes a learner; then the voters change. Learners who are not to vote any more are dropped with the next step.
    pub fn toward(
        &self,
        goal: &BTreeSet<NodeId>,
        change: Change,
        leader: NodeId,
        rules: &dyn Rules,
    ) -> Option<Configuration> {
        let voters = match &self.voters {
            Voters::Joint { new, .. } => return Some(self.followed_by(Voters::Simple(new.clone()), goal)),
            Voters::Simple(voters) => voters,
        };
        if !goal.iter().all(|&server| self.is_member(server)) {
            Some(self.followed_by(self.voters.clone(), goal))
        } else if voters != goal {
            Some(self.followed_by(rules.next_voters(change, voters, goal, leader), goal))
        } else {
            (!self.learners.is_empty()).then(|| self.followed_by(self.voters.clone(), goal))
        }
    }

    /// The configuration after this one: with these voters, and as learners all that are still to become some.
    fn followed_by(&self, voters: Voters, goal: &BTreeSet<NodeId>) -> Configuration {
        let mut next = Configuration { number: self.number + 1, voters, learners: BTreeSet::new() };
        next.learners = goal.iter().copied().filter(|&server| !next.is_voter(server)).collect();
        next
    }
}

impl fmt::Display for Configuration {
    /// As in `2: n1 n2 n3 → n1 n4 n5, learners n6`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |nodes: &BTreeSet<NodeId>| nodes.iter().map(NodeId::to_string).collect::<Vec<_>>().join(" ");
        let electorates: Vec<String> = self.electorates().map(names).collect();
        write!(f, "{}: {}", self.number, electorates.join(" → "))?;
        if self.learners.is_empty() { Ok(()) } else { write!(f, ", learners {}", names(&self.learners)) }
    }
}

/// A configuration as the server goes by it that counts.
#[derive(Clone, Copy, Debug)]
pub struct Electorate<'a> {
    /// The configuration.
    pub configuration: &'a Configuration,
    /// Who counts.
    pub me: NodeId,
    /// By which rules.
    pub rules: &'a dyn Rules,
}

impl Electorate<'_> {
    /// Whether those that agree are a quorum.
    pub fn is_quorum(&self, agrees: impl Fn(NodeId) -> bool) -> bool {
        self.configuration.electorates().all(|voters| {
            let agreeing = self.counted(voters).filter(|&server| agrees(server)).count();
            agreeing >= self.rules.quorum(voters.len())
        })
    }

    /// The highest value that a quorum has reached. None if there are no values.
    pub fn reached<T: Ord + Copy>(&self, value: impl Fn(NodeId) -> T) -> Option<T> {
        let values = self.configuration.electorates().flat_map(|voters| self.counted(voters)).map(&value);
        values.filter(|&bar| self.is_quorum(|server| value(server) >= bar)).max()
    }

    /// Who is counted among these voters.
    fn counted<'a>(&'a self, voters: &'a BTreeSet<NodeId>) -> impl Iterator<Item = NodeId> + 'a {
        let Electorate { configuration, me, rules } = *self;
        let learners = configuration.learners.iter().copied().filter(|_| rules.counts(Standing::Learner));
        let leaving = (!configuration.is_voter(me) && rules.counts(Standing::Outsider)).then_some(me);
        voters.iter().copied().filter(|_| rules.counts(Standing::Voter)).chain(learners).chain(leaving)
    }
}

#[cfg(test)]
#[path = "configuration_tests.rs"]
mod tests;
