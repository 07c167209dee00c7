//! A replica: what a node keeps of the keys that are placed on it, and what it has promised about writes to them.
//!
//! Of every write it keeps the latest attempt that it has promised itself to, and the version that it has accepted: an acceptor of
//! Paxos, one for each write, for what is agreed upon is the tag of the write. The newest version of a key is that of the highest tag among the accepted ones. It
//! may become an older one, if a later attempt at the same write settles on a lower tag; nobody was answered with what is withdrawn so.

use std::collections::BTreeMap;

use shaketable_sim::id::{Key, OpId};
use shaketable_sim::node::{Recovered, Stored};
use shaketable_sim::spec::Data;

use super::rules::Rules;
use super::types::{Ballot, Proposal, Record, Tag};

/// All that a replica keeps: a function of its journal.
#[derive(Clone, Debug)]
pub struct Replica<V> {
    objects: BTreeMap<Key, Object<V>>,
    /// Every change, in order, for those who watch.
    changes: Vec<(Key, OpId)>,
}

/// What is kept of one key.
#[derive(Clone, Debug)]
struct Object<V> {
    writes: BTreeMap<OpId, Write<V>>,
    /// Which write has which tag. Invariant: it names the accepted versions of `writes`, and no others.
    order: BTreeMap<Tag, OpId>,
}

/// What is kept of one write.
#[derive(Clone, Debug)]
struct Write<V> {
    promised: Ballot,
    accepted: Option<Proposal<V>>,
}

impl<V: Data + Eq> Replica<V> {
    /// Reads a journal. Whether a torn record was cut off its end comes with what is kept.
    ///
    /// # Errors
    /// Promises are lost; the text says how that shows.
    pub(super) fn recover(disk: &Recovered<Record<V>>) -> Result<(Replica<V>, bool), &'static str> {
        let (records, torn) = match disk.records.split_last() {
            Some((Stored::Damaged, rest)) => (rest, true),
            _ => (disk.records.as_slice(), false),
        };
        if records.is_empty() && !disk.first_boot && !torn {
            return Err("the journal is empty: the disk was lost, and with it versions and promises");
        }
        let mut replica = Replica { objects: BTreeMap::new(), changes: Vec::new() };
        for record in records {
            match record {
                Stored::Intact(record) => replica.apply(record),
                Stored::Damaged => return Err("a record that was durable is damaged: versions or promises are lost"),
            }
        }
        Ok((replica, torn))
    }

    /// The newest version of a key.
    pub fn newest(&self, key: Key) -> Option<&Proposal<V>> {
        let object = self.objects.get(&key)?;
        let (_, op) = object.order.last_key_value()?;
        object.writes.get(op)?.accepted.as_ref()
    }

    /// The tag and attempt of the newest version of every key, in order of the keys.
    pub fn all_newest(&self) -> impl Iterator<Item = (Key, Tag, Ballot)> {
        self.objects.keys().filter_map(|&key| {
            let newest = self.newest(key)?;
            Some((key, newest.version.tag, newest.ballot))
        })
    }

    /// What was accepted of a write.
    pub fn accepted(&self, key: Key, op: OpId) -> Option<&Proposal<V>> {
        self.objects.get(&key)?.writes.get(&op)?.accepted.as_ref()
    }

    /// The attempt that a write was promised to.
    pub(super) fn promised(&self, key: Key, op: OpId) -> Option<Ballot> {
        Some(self.objects.get(&key)?.writes.get(&op)?.promised)
    }

    /// Every change so far in this life, replayed ones first: the key and the write that it was about.
    pub(super) fn changes(&self) -> &[(Key, OpId)] {
        &self.changes
    }

    /// What has to be written so that earlier attempts are refused, if anything.
    ///
    /// # Errors
    /// The later attempt that was promised.
    pub(super) fn claim(
        &self,
        key: Key,
        op: OpId,
        ballot: Ballot,
        rules: &dyn Rules,
    ) -> Result<Option<Record<V>>, Ballot> {
        match self.promised(key, op) {
            Some(promised) if !rules.may_promise(Some(promised), ballot) => Err(promised),
            Some(promised) if promised >= ballot => Ok(None),
            _ => Ok(Some(Record::Promised { key, op, ballot })),
        }
    }

    /// What has to be written so that a version is kept, if anything.
    ///
    /// # Errors
    /// The later attempt that was promised.
    pub(super) fn store(
        &self,
        key: Key,
        proposal: Proposal<V>,
        rules: &dyn Rules,
    ) -> Result<Option<Record<V>>, Ballot> {
        let op = proposal.version.op;
        match self.promised(key, op) {
            Some(promised) if !rules.may_accept(Some(promised), proposal.ballot) => Err(promised),
            _ if self.accepted(key, op) == Some(&proposal) => Ok(None),
            _ => Ok(Some(Record::Accepted { key, proposal })),
        }
    }

    /// Does what a record says.
    pub(super) fn apply(&mut self, record: &Record<V>) {
        let (key, op, ballot, proposal) = match record {
            Record::Formatted => return,
            Record::Promised { key, op, ballot } => (*key, *op, *ballot, None),
            Record::Accepted { key, proposal } => (*key, proposal.version.op, proposal.ballot, Some(proposal)),
        };
        let new = || Object { writes: BTreeMap::new(), order: BTreeMap::new() };
        let object = self.objects.entry(key).or_insert_with(new);
        let write = object.writes.entry(op).or_insert(Write { promised: ballot, accepted: None });
        write.promised = write.promised.max(ballot);
        if let Some(proposal) = proposal {
            let before = write.accepted.replace(proposal.clone()).map(|accepted| accepted.version.tag);
            if let Some(tag) = before.filter(|tag| object.order.get(tag) == Some(&op)) {
                object.order.remove(&tag);
            }
            object.order.entry(proposal.version.tag).or_insert(op);
        }
        self.changes.push((key, op));
    }
}

#[cfg(test)]
mod tests {
    use shaketable_sim::id::ClientId;

    use super::super::rules::Paper;
    use super::super::types::{Call, Version};
    use super::*;

    const KEY: Key = Key::at(0);

    fn op(client: usize) -> OpId {
        OpId { client: ClientId::at(client), seq: 1 }
    }

    fn ballot(number: u32) -> Ballot {
        Ballot { number, call: Call(u64::from(number)) }
    }

    fn proposal(number: u32, client: usize, counter: u64) -> Proposal<u8> {
        let version = Version { op: op(client), tag: Tag { counter, writer: op(client) }, value: client as u8 };
        Proposal { ballot: ballot(number), version }
    }

    fn accepted(number: u32, client: usize, counter: u64) -> Stored<Record<u8>> {
        Stored::Intact(Record::Accepted { key: KEY, proposal: proposal(number, client, counter) })
    }

    fn recover(first_boot: bool, records: Vec<Stored<Record<u8>>>) -> Result<(Replica<u8>, bool), &'static str> {
        Replica::recover(&Recovered { first_boot, records })
    }

    fn newest(replica: &Replica<u8>) -> (u8, u64) {
        let version = &replica.newest(KEY).unwrap().version;
        (version.value, version.tag.counter)
    }

    #[test]
    fn the_highest_tag_is_the_newest_version_in_whatever_order_versions_come() {
        for order in [[1, 2, 3], [3, 1, 2], [2, 3, 1]] {
            let records = order.map(|client| accepted(1, client, client as u64));
            assert_eq!(newest(&recover(false, records.to_vec()).unwrap().0), (3, 3));
        }
    }

    #[test]
    fn a_later_attempt_at_a_write_replaces_its_tag_even_by_a_lower_one() {
        let (replica, _) = recover(false, vec![accepted(1, 1, 4), accepted(1, 2, 6), accepted(2, 2, 3)]).unwrap();
        assert_eq!(newest(&replica), (1, 4));
    }

    #[test]
    fn a_promise_keeps_earlier_attempts_out_of_both_phases() {
        let promise = Stored::Intact(Record::Promised { key: KEY, op: op(1), ballot: ballot(5) });
        let (replica, _) = recover(false, vec![promise]).unwrap();
        assert_eq!(replica.claim(KEY, op(1), ballot(4), &Paper), Err(ballot(5)));
        assert_eq!(replica.store(KEY, proposal(4, 1, 1), &Paper), Err(ballot(5)));
        assert_eq!(replica.claim(KEY, op(1), ballot(5), &Paper), Ok(None), "asked again, it says the same");
        assert!(matches!(replica.claim(KEY, op(1), ballot(6), &Paper), Ok(Some(_))));
        assert!(matches!(replica.store(KEY, proposal(5, 1, 1), &Paper), Ok(Some(_))));
        assert!(matches!(replica.claim(KEY, op(2), ballot(1), &Paper), Ok(Some(_))), "of another write");
    }

    #[test]
    fn lost_promises_are_recognised_and_a_torn_end_is_cut() {
        assert!(recover(true, vec![]).is_ok(), "a disk just formatted");
        assert!(recover(false, vec![]).is_err(), "a disk wiped");
        assert!(recover(false, vec![Stored::Damaged, accepted(1, 1, 1)]).is_err(), "a rotten record");
        let (replica, torn) = recover(false, vec![accepted(1, 1, 1), Stored::Damaged]).unwrap();
        assert_eq!((newest(&replica), torn), ((1, 1), true));
    }
}
