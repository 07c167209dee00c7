//! What a node keeps: of the keys that it owns, and for others in whose place it stands.

use std::collections::{BTreeMap, BTreeSet};

use shaketable_sim::id::{Key, NodeId};
use shaketable_sim::node::{Recovered, Stored};
use shaketable_sim::spec::Data;

use super::config::Config;
use super::rules::Rules;
use super::types::{Hint, Record};
use super::versions::{Object, Past};

/// All that a node keeps: a function of its journal.
#[derive(Clone, Debug)]
pub struct Replica<V> {
    owned: BTreeMap<Key, Object<V>>,
    hints: BTreeMap<Key, Hint<V>>,
    /// The highest counter of any write that it has ever kept: its Lamport clock.
    counter: u64,
    /// Every key that has changed, in order, for those who watch.
    changes: Vec<Key>,
}

impl<V: Data + PartialEq + Default> Replica<V> {
    /// Reads a journal. Whether a torn record was cut off its end comes with what is kept.
    ///
    /// # Errors
    /// Something durable is lost; the text says how that shows.
    pub(super) fn recover(disk: &Recovered<Record<V>>) -> Result<(Replica<V>, bool), &'static str> {
        let (records, torn) = match disk.records.split_last() {
            Some((Stored::Damaged, rest)) => (rest, true),
            _ => (disk.records.as_slice(), false),
        };
        if records.is_empty() && !disk.first_boot && !torn {
            return Err(
                "the journal is empty: the disk was lost, and with it versions and the names that were given to them",
            );
        }
        let mut replica = Replica { owned: BTreeMap::new(), hints: BTreeMap::new(), counter: 0, changes: Vec::new() };
        for record in records {
            match record {
                Stored::Intact(record) => replica.apply(record),
                Stored::Damaged => return Err("a record that was durable is damaged: versions or names are lost"),
            }
        }
        Ok((replica, torn))
    }

    /// All keys that it has kept as an owner.
    pub fn owned(&self) -> impl Iterator<Item = (Key, &Object<V>)> {
        self.owned.iter().map(|(&key, object)| (key, object))
    }

    /// All that it keeps for others.
    pub fn hints(&self) -> impl Iterator<Item = (Key, &Hint<V>)> {
        self.hints.iter().map(|(&key, hint)| (key, hint))
    }

    /// All that it knows of a key, for itself or for others.
    pub fn object(&self, key: Key) -> Option<&Object<V>> {
        self.owned.get(&key).or_else(|| self.hints.get(&key).map(|hint| &hint.object))
    }

    /// The highest counter that it has kept.
    pub(super) fn counter(&self) -> u64 {
        self.counter
    }

    /// Every change so far in this life, replayed ones first, by key.
    pub(super) fn changes(&self) -> &[Key] {
        &self.changes
    }

    /// What has to be written so that an owner knows this, too, if anything.
    pub(super) fn own(&self, key: Key, told: &Object<V>, config: &Config) -> Option<Record<V>> {
        let mut object = self.owned.get(&key).cloned().unwrap_or_default();
        object.merge(told, config.versions, config.rules).then_some(Record::Owned { key, object })
    }

    /// What has to be written so that this is kept for its owners, too, if anything.
    pub(super) fn stand_in(
        &self,
        key: Key,
        told: &Object<V>,
        owners: impl IntoIterator<Item = NodeId>,
        config: &Config,
    ) -> Option<Record<V>> {
        let known = self.hints.get(&key);
        let mut hint = known.cloned().unwrap_or_else(|| Hint { object: Object::default(), missing: BTreeSet::new() });
        hint.object.merge(told, config.versions, config.rules);
        hint.missing.extend(owners);
        (known != Some(&hint)).then_some(Record::Hinted { key, hint })
    }

    /// What has to be written when an owner has acknowledged what a hint knew, if anything.
    pub(super) fn handed_over(&self, key: Key, owner: NodeId, past: &Past, rules: &dyn Rules) -> Option<Record<V>> {
        let mut hint = self.hints.get(&key).filter(|hint| rules.may_forget_hint(past, hint.object.past()))?.clone();
        let changed = hint.missing.remove(&owner);
        match hint.missing.is_empty() {
            true => Some(Record::HandedOver { key }),
            false => changed.then_some(Record::Hinted { key, hint }),
        }
    }

    /// Does what a record says.
    pub(super) fn apply(&mut self, record: &Record<V>) {
        let key = match record {
            Record::Formatted => return,
            Record::Owned { key, object } => {
                self.counter = self.counter.max(object.past().highest());
                self.owned.insert(*key, object.clone());
                key
            }
            Record::Hinted { key, hint } => {
                self.counter = self.counter.max(hint.object.past().highest());
                self.hints.insert(*key, hint.clone());
                key
            }
            Record::HandedOver { key } => {
                self.hints.remove(key);
                key
            }
        };
        self.changes.push(*key);
    }
}
