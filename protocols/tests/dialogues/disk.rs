//! A node's disk, as in the world, but that each sync returns or fails when the script says so.

use std::collections::VecDeque;

use shaketable_sim::node::{Recovered, Stored};

/// A journal of records `R`, and the effects `E` that wait for its syncs.
pub(crate) struct Disk<R, E> {
    /// Whether nothing was ever durable on it.
    fresh: bool,
    durable: Vec<Stored<R>>,
    /// Oldest first.
    unsynced: VecDeque<Write<R>>,
    /// How much was ever written.
    written: u64,
    /// Asked for and not returned, oldest first. Invariant: their reaches rise.
    syncs: VecDeque<Sync<E>>,
}

enum Write<R> {
    Append(R),
    Replace(Vec<R>),
    /// Forgotten by a sync that failed.
    Hole,
}

struct Sync<E> {
    /// It covers all that was written when this much was.
    reach: u64,
    held: Vec<E>,
}

impl<R: Clone, E> Disk<R, E> {
    pub(crate) fn new() -> Disk<R, E> {
        Disk { fresh: true, durable: Vec::new(), unsynced: VecDeque::new(), written: 0, syncs: VecDeque::new() }
    }

    /// That of a node which has run before, and left these records.
    pub(crate) fn of(records: Vec<R>) -> Disk<R, E> {
        Disk { fresh: false, durable: records.into_iter().map(Stored::Intact).collect(), ..Disk::new() }
    }

    /// What is there at boot.
    pub(crate) fn recover(&self) -> Recovered<R> {
        Recovered { first_boot: self.fresh, records: self.durable.clone() }
    }

    pub(crate) fn append(&mut self, record: R) {
        self.written += 1;
        self.unsynced.push_back(Write::Append(record));
    }

    pub(crate) fn replace(&mut self, records: Vec<R>) {
        self.written += 1;
        self.unsynced.push_back(Write::Replace(records));
    }

    /// Whether a sync would find nothing to do.
    pub(crate) fn is_clean(&self) -> bool {
        self.unsynced.is_empty()
    }

    /// Asks for a sync of all that is written, and holds these effects back until it returns.
    pub(crate) fn sync(&mut self, held: Vec<E>) {
        match self.syncs.back_mut() {
            Some(sync) if sync.reach == self.written => sync.held.extend(held),
            _ => self.syncs.push_back(Sync { reach: self.written, held }),
        }
    }

    /// Makes all durable at once.
    pub(crate) fn settle_all(&mut self) {
        self.settle(self.unsynced.len());
    }

    /// The oldest sync returns. The effects that it has held back; none if no sync is under way.
    pub(crate) fn synced(&mut self) -> Option<Vec<E>> {
        let Sync { reach, held } = self.syncs.pop_front()?;
        self.settle(self.covered(reach));
        Some(held)
    }

    /// The oldest sync fails: what it has held back is dropped, and what it should have made durable is not. Whether there is one.
    pub(crate) fn fail_sync(&mut self) -> bool {
        let Some(Sync { reach, .. }) = self.syncs.pop_front() else { return false };
        let covered = self.covered(reach);
        self.unsynced.iter_mut().take(covered).for_each(|write| *write = Write::Hole);
        true
    }

    /// The machine loses its power. Of what was not durable, the oldest `keep` records are kept, and the next one is torn if
    /// `torn` says so.
    ///
    /// # Errors
    /// There is not so much that is not durable.
    pub(crate) fn crash(&mut self, keep: usize, torn: bool) -> Result<(), String> {
        let holes = self.unsynced.iter().position(|write| matches!(write, Write::Hole));
        let there = holes.unwrap_or(self.unsynced.len());
        if keep + usize::from(torn) > there {
            return Err(format!("only {there} of its records are written and not durable"));
        }
        self.settle(keep);
        if torn {
            self.durable.push(Stored::Damaged);
        }
        self.unsynced.clear();
        self.syncs.clear();
        Ok(())
    }

    /// The process ends and the machine goes on: what it wrote is kept, up to what a failed sync has forgotten.
    pub(crate) fn stop(&mut self) {
        let holes = self.unsynced.iter().position(|write| matches!(write, Write::Hole));
        self.settle(holes.unwrap_or(self.unsynced.len()));
        self.unsynced.clear();
        self.syncs.clear();
    }

    /// All is lost, and the disk is not that of a first boot.
    pub(crate) fn wipe(&mut self) {
        *self = Disk::of(Vec::new());
    }

    /// A record is damaged: that of this number, from 1.
    ///
    /// # Errors
    /// There is no such record.
    pub(crate) fn rot(&mut self, record: usize) -> Result<(), String> {
        let known = self.durable.len();
        let place = record.checked_sub(1).and_then(|place| self.durable.get_mut(place));
        *place.ok_or(format!("there are {known} records, and no record {record}"))? = Stored::Damaged;
        Ok(())
    }

    fn covered(&self, reach: u64) -> usize {
        self.unsynced.len() - (self.written - reach) as usize
    }

    fn settle(&mut self, count: usize) {
        self.fresh &= count == 0;
        for write in self.unsynced.drain(..count) {
            match write {
                Write::Append(record) => self.durable.push(Stored::Intact(record)),
                Write::Replace(records) => self.durable = records.into_iter().map(Stored::Intact).collect(),
                Write::Hole => self.durable.push(Stored::Damaged),
            }
        }
    }
}
