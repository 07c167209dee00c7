//! What a node keeps: of the keys that it owns, and for others in whose place it stands.

use std::collections::{BTreeMap, BTreeSet};

use shaketable_sim::id::{Key, NodeId};
use shaketable_sim::node::{Recovered, Stored};
use shaketable_sim::spec::Data;

use super::config::Config;
use super::membership::Ring;
use super::rules::Rules;
use super::types::{Hint, Record};
use super::versions::{Object, Past};

/// All that a node keeps: a function of its journal.
///
/// Guarantee: no key is both owned and kept for others.
#[derive(Clone, Debug)]
pub struct Replica<V> {
    /// None until the ring has changed.
    ring: Option<Ring>,
    owned: BTreeMap<Key, Object<V>>,
    hints: BTreeMap<Key, Hint<V>>,
    /// The keys of which it has known something and then nothing any more, not even which writes of them are its own.
    forgotten: BTreeSet<Key>,
    /// The highest counter of any write that it has ever kept: its Lamport clock.
    counter: u64,
    /// How many records its journal has.
    records: usize,
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
        let mut replica = Replica::blank();
        for record in records {
            match record {
                Stored::Intact(record) => replica.apply(record),
                Stored::Damaged => return Err("a record that was durable is damaged: versions or names are lost"),
            }
        }
        Ok((replica, torn))
    }

    fn blank() -> Replica<V> {
        Replica {
            ring: None,
            owned: BTreeMap::new(),
            hints: BTreeMap::new(),
            forgotten: BTreeSet::new(),
            counter: 0,
            records: 0,
            changes: Vec::new(),
        }
    }

    /// The latest ring that it has written; none if that is the first.
    pub(super) fn ring(&self) -> Option<&Ring> {
        self.ring.as_ref()
    }

    /// All keys that it keeps as an owner.
    pub fn owned(&self) -> impl Iterator<Item = (Key, &Object<V>)> {
        self.owned.iter().map(|(&key, object)| (key, object))
    }

    /// All that it keeps for others.
    pub fn hints(&self) -> impl Iterator<Item = (Key, &Hint<V>)> {
        self.hints.iter().map(|(&key, hint)| (key, hint))
    }

    /// What it keeps of a key for others, if anything.
    pub fn hint(&self, key: Key) -> Option<&Hint<V>> {
        self.hints.get(&key)
    }

    /// All that it knows of a key, for itself or for others.
    pub fn object(&self, key: Key) -> Option<&Object<V>> {
        self.owned.get(&key).or_else(|| self.hints.get(&key).map(|hint| &hint.object))
    }

    /// Whether it keeps a key as an owner.
    pub(super) fn owns(&self, key: Key) -> bool {
        self.owned.contains_key(&key)
    }

    /// Whether it keeps nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.owned.is_empty() && self.hints.is_empty()
    }

    /// Whether it has ever forgotten what it knew of a key.
    pub(super) fn has_forgotten(&self, key: Key) -> bool {
        self.forgotten.contains(&key)
    }

    /// Whether it owns a key, and that key was deleted, and it knows of just these writes of it.
    pub(super) fn has_tombstone(&self, key: Key, past: &Past) -> bool {
        self.owned.get(&key).is_some_and(|object| object.is_deleted() && object.past() == past)
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

    /// What has to be written when the ring has changed, so that each key is kept in the way that this node has to do with it now: what it owns no longer, for those who own it;
    /// what it kept for others and owns now, as an owner; what it kept for others that do not own it any more, for those who do.
    pub(super) fn settled(
        &self,
        me: NodeId,
        mut owners: impl FnMut(Key) -> BTreeSet<NodeId>,
        rules: &dyn Rules,
    ) -> Vec<Record<V>> {
        let resigned = |object: &Object<V>, owners: BTreeSet<NodeId>| Hint { object: object.clone(), missing: owners };
        let mut records = Vec::new();
        for (&key, object) in &self.owned {
            let owners = owners(key);
            if !owners.contains(&me) {
                records.push(Record::Hinted { key, hint: resigned(object, owners) });
            }
        }
        for (&key, Hint { object, missing }) in &self.hints {
            let owners = owners(key);
            if owners.contains(&me) {
                records.push(Record::Owned { key, object: object.clone() });
            } else if rules.must_readdress(missing, &owners) {
                records.push(Record::Hinted { key, hint: resigned(object, owners) });
            }
        }
        records
    }

    /// The shortest journal that says the same, if this one has more than `limit` times as many records as there are keys.
    pub(super) fn compacted(&mut self, limit: usize) -> Option<Vec<Record<V>>> {
        if self.records <= limit.saturating_mul(1 + self.owned.len() + self.hints.len()) {
            return None;
        }
        let forgotten = Record::Forgotten { keys: self.forgotten.clone(), counter: self.counter };
        let ring = self.ring.iter().map(|ring| Record::Ring { ring: ring.clone() });
        let owned = self.owned.iter().map(|(&key, object)| Record::Owned { key, object: object.clone() });
        let hints = self.hints.iter().map(|(&key, hint)| Record::Hinted { key, hint: hint.clone() });
        let header = [Record::Formatted, forgotten].into_iter();
        let records: Vec<Record<V>> = header.chain(ring).chain(owned).chain(hints).collect();
        self.records = records.len();
        Some(records)
    }

    /// Does what a record says.
    pub(super) fn apply(&mut self, record: &Record<V>) {
        self.records += 1;
        match record {
            Record::Formatted => {}
            Record::Ring { ring } => self.ring = Some(ring.clone()),
            Record::Forgotten { keys, counter } => {
                self.forgotten.extend(keys);
                self.counter = self.counter.max(*counter);
            }
            Record::Owned { key, object } => {
                self.counter = self.counter.max(object.past().highest());
                self.hints.remove(key);
                self.owned.insert(*key, object.clone());
            }
            Record::Hinted { key, hint } => {
                self.counter = self.counter.max(hint.object.past().highest());
                self.owned.remove(key);
                self.hints.insert(*key, hint.clone());
            }
            Record::HandedOver { key } | Record::Collected { key } => {
                self.owned.remove(key);
                self.hints.remove(key);
                self.forgotten.insert(*key);
            }
        }
        self.changes.extend(record.key());
    }
}

#[cfg(test)]
#[path = "replica_tests.rs"]
mod tests;
