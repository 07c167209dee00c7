//! Who runs which slot, read off the decisions and the sentence of §3, and not off any node.

use super::super::configuration::{Configuration, Tenure};
use super::super::types::Slot;

/// What the decided slots say of those that follow.
#[derive(Clone, Debug)]
pub(super) struct Electors {
    /// Who runs the first slots.
    first: Configuration,
    /// None if the members never change.
    alpha: Option<u64>,
    /// All slots up to this one were seen to be decided.
    prefix: Slot,
    /// The reconfigurations among those, in order.
    decided: Vec<(Slot, Configuration)>,
}

impl Electors {
    /// Before anything is decided.
    pub(super) fn new(first: Configuration, alpha: Option<u64>) -> Electors {
        Electors { first, alpha, prefix: Slot::ZERO, decided: Vec::new() }
    }

    /// The slot of which to tell next that it is decided.
    pub(super) fn next(&self) -> Slot {
        self.prefix.next()
    }

    /// That slot is decided; if it is a reconfiguration, this one.
    pub(super) fn decide(&mut self, reconfiguration: Option<&Configuration>) {
        self.prefix = self.prefix.next();
        self.decided.extend(reconfiguration.map(|configuration| (self.prefix, configuration.clone())));
    }

    /// Whether who knows the decisions up to `known` knows who runs a slot.
    pub(super) fn are_known(&self, slot: Slot, known: Slot) -> bool {
        self.alpha.is_none_or(|alpha| slot.distance(known) <= alpha)
    }

    /// The servers of a slot. None if that is not decided yet.
    pub(super) fn of(&self, slot: Slot) -> Option<&Configuration> {
        let Some(alpha) = self.alpha else { return Some(&self.first) };
        let named_by = self.decided.iter().rev().find(|(at, _)| at.plus(alpha) <= slot);
        self.are_known(slot, self.prefix).then(|| named_by.map_or(&self.first, |(_, configuration)| configuration))
    }

    /// Whether a node that has applied the decisions up to `applied` takes for the last reconfiguration what that is.
    pub(super) fn agree(&self, applied: Slot, latest: &Tenure) -> bool {
        let count = self.decided.partition_point(|(at, _)| *at <= applied);
        let (from, configuration) = match (count.checked_sub(1), self.alpha) {
            (Some(last), Some(alpha)) => (self.decided[last].0.plus(alpha), &self.decided[last].1),
            _ => (Slot::ZERO, &self.first),
        };
        (latest.number, latest.from, &latest.configuration) == (count as u64, from, configuration)
    }
}
