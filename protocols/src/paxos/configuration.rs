//! Which servers run which slot (§3; Lamport, Malkhi & Zhou, "Reconfiguring a State Machine", 2010).
//!
//! §3: the servers that run slot i + α are those that the state names after the commands of all slots up to i. So a reconfiguration that is
//! decided in slot i is in force from slot i + α on, and who knows the decisions up to a slot knows who runs the next α.
//!
//! The other way is a stop-sign: a reconfiguration is the last command of its servers, and the next ones begin behind it. With several slots
//! open at once the old servers may have chosen values behind the sign before it was itself chosen, and those would be void. "Only a
//! single value is chosen" would then need a footnote for each such slot. With α, a value that is chosen is chosen.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;
use shaketable_sim::id::NodeId;
use shaketable_sim::node::Electorate;

use super::quorums::{Quorums, Sizes};
use super::rules::Rules;
use super::types::Slot;

/// Some servers, and how many of them are enough.
///
/// Guarantee: the quorums are quorums among so many members, so those of different phases meet, and there is at least one member.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Configuration {
    members: BTreeSet<NodeId>,
    quorums: Quorums,
}

impl Configuration {
    /// These servers with quorums of these sizes. None if quorums of these sizes cannot be had among so many, or need not meet.
    pub fn new(members: BTreeSet<NodeId>, sizes: Sizes) -> Option<Configuration> {
        let quorums = sizes.among(members.len())?;
        Some(Configuration { members, quorums })
    }

    /// The servers.
    pub fn members(&self) -> &BTreeSet<NodeId> {
        &self.members
    }

    /// Whether this is one of the servers.
    pub fn has(&self, node: NodeId) -> bool {
        self.members.contains(&node)
    }

    /// How many of the members, and of nobody else, are among these nodes.
    pub fn count<'a>(&self, nodes: impl IntoIterator<Item = &'a NodeId>) -> usize {
        nodes.into_iter().filter(|node| self.members.contains(node)).count()
    }

    /// How many members are enough.
    pub fn quorums(&self) -> Quorums {
        self.quorums
    }

    /// Without a quorum of either phase there is no new leader, or nothing is chosen.
    pub(super) fn electorate(&self) -> Electorate {
        let quorum = self.quorums.phase1().max(self.quorums.phase2());
        Electorate { members: self.members.clone(), quorum }
    }

    /// The highest value that a phase-2 quorum has reached, or gone beyond.
    pub fn reached<T: Ord>(&self, value: impl Fn(NodeId) -> T) -> T {
        let mut values: Vec<T> = self.members.iter().map(|&member| value(member)).collect();
        values.sort_unstable_by(|one, other| other.cmp(one));
        values.swap_remove(self.quorums.phase2() - 1)
    }
}

impl fmt::Display for Configuration {
    /// As in `n1 n2 n4`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.members.iter().map(NodeId::to_string).collect();
        f.write_str(&names.join(" "))
    }
}

/// A configuration, and from which slot on it is in force: until another one is.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Tenure {
    /// The first slot that its servers run.
    pub from: Slot,
    /// How many reconfigurations were decided up to this one. The configuration that the cluster begins with has number 0.
    pub number: u64,
    /// Who they are.
    pub configuration: Configuration,
}

/// The configurations that the decisions of a prefix of the slots have made: a part of the state that all replicas agree on.
///
/// Those before the ones that ran the last α slots of the prefix are forgotten.
#[derive(Clone, Debug)]
pub struct Configurations {
    /// None if the members never change.
    alpha: Option<u64>,
    /// The oldest that is not forgotten.
    oldest: Tenure,
    /// Those after it. Invariant: their slots and numbers rise.
    later: Vec<Tenure>,
}

impl Configurations {
    /// Before anything is decided. With `alpha`, they can change.
    pub fn new(first: Configuration, alpha: Option<u64>) -> Configurations {
        let oldest = Tenure { from: Slot::ZERO, number: 0, configuration: first };
        Configurations { alpha, oldest, later: Vec::new() }
    }

    /// How many slots behind a decision its effect on the members is. None if they never change.
    pub fn alpha(&self) -> Option<u64> {
        self.alpha
    }

    /// The configuration that runs a slot, by what is decided so far: for good if it [is settled](Configurations::settles).
    pub fn of(&self, slot: Slot) -> &Configuration {
        let tenure = self.later.iter().rev().find(|tenure| tenure.from <= slot).unwrap_or(&self.oldest);
        &tenure.configuration
    }

    /// Whether it is settled who runs a slot, for who knows the decisions up to `applied`.
    pub fn settles(&self, slot: Slot, applied: Slot, rules: &dyn Rules) -> bool {
        self.alpha.is_none_or(|alpha| rules.knows_members(slot, applied, alpha))
    }

    /// The configurations that run the slots from this one on, as far as they are known, in order.
    pub fn since(&self, slot: Slot) -> impl Iterator<Item = &Configuration> + Clone {
        let later = self.later.partition_point(|tenure| tenure.from <= slot);
        let in_force = later.checked_sub(1).map_or(&self.oldest, |place| &self.later[place]);
        std::iter::once(in_force).chain(&self.later[later..]).map(|tenure| &tenure.configuration)
    }

    /// The last one that was decided.
    pub fn latest(&self) -> &Tenure {
        self.later.last().unwrap_or(&self.oldest)
    }

    /// When this slot is decided, no servers but those of the last configuration are needed any more.
    pub fn settled_by(&self) -> Slot {
        match self.alpha {
            Some(alpha) if self.latest().number > 0 => self.latest().from.plus(alpha).minus(1),
            _ => Slot::ZERO,
        }
    }

    /// All that are not forgotten, but for the one that the cluster began with.
    pub fn decided(&self) -> impl Iterator<Item = &Tenure> {
        std::iter::once(&self.oldest).chain(&self.later).filter(|tenure| tenure.number > 0)
    }

    /// A reconfiguration was decided.
    pub fn decide(&mut self, slot: Slot, configuration: Configuration, rules: &dyn Rules) {
        if let Some(alpha) = self.alpha {
            let number = self.latest().number + 1;
            self.later.push(Tenure { from: rules.takes_effect(slot, alpha), number, configuration });
        }
    }

    /// A snapshot tells of this one, behind all that it told of before.
    pub fn restore(&mut self, tenure: Tenure) {
        self.later.push(tenure);
    }

    /// All decisions up to this slot are in. Forgets what ran no slot among the last α of them.
    pub fn advance(&mut self, applied: Slot) {
        let Some(alpha) = self.alpha else { return };
        while self.later.first().is_some_and(|tenure| tenure.from <= applied.minus(alpha).next()) {
            self.oldest = self.later.remove(0);
        }
    }
}

#[cfg(test)]
#[path = "configuration_tests.rs"]
mod tests;
