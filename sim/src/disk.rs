//! A node's disk: an append-only journal of records, with atomic replacement.
//!
//! Written is not durable. A sync makes durable what was written before it began; it takes time, may fail, may be slow.
//! A crash keeps what is durable and, of the rest, the oldest part, perhaps with a torn record behind it. A failed sync leaves
//! holes: the next one that succeeds does not make up for it, because the operating system has forgotten what it could not
//! write (Rebello et al., ATC 2020).

use std::collections::VecDeque;
use std::mem;

use crate::faults::Keep;
use crate::node::Stored;
use crate::rng::Stream;
use crate::time::Ppm;

/// Counts what was written: so many writes have been made.
pub(crate) type Position = u64;

/// What is written, or was.
#[derive(Clone, Debug)]
pub(crate) enum Write<R> {
    Append(R),
    Replace(Vec<R>),
    /// Part of a sync that failed: it will never be anything but damaged.
    Hole,
}

/// What a crash has taken.
#[derive(Debug)]
pub(crate) struct Taken<R> {
    /// What was written and not durable, oldest first.
    pub(crate) unsynced: VecDeque<Write<R>>,
    /// How many records were durable: none, unless the disk itself was lost.
    pub(crate) durable: usize,
    /// Whether the first of them was torn, so that something damaged is in its place.
    pub(crate) torn: bool,
}

/// A disk, and the effects `E` that wait for its syncs.
#[derive(Clone)]
pub(crate) struct Disk<R, E> {
    /// Whether nothing has ever become durable on it: a node that crashes before its first sync is as new as before.
    fresh: bool,
    durable: Vec<Stored<R>>,
    /// What is written and not durable, oldest first; the newest has position `written`.
    volatile: VecDeque<Write<R>>,
    written: Position,
    /// How far syncs have been asked to reach.
    wanted: Position,
    /// How far the sync that is under way will reach.
    syncing: Option<Position>,
    waiting: VecDeque<(Position, E)>,
}

impl<R: Clone, E> Disk<R, E> {
    pub(crate) fn new() -> Disk<R, E> {
        Disk {
            fresh: true,
            durable: Vec::new(),
            volatile: VecDeque::new(),
            written: 0,
            wanted: 0,
            syncing: None,
            waiting: VecDeque::new(),
        }
    }

    #[inline]
    pub(crate) fn append(&mut self, record: R) {
        self.written += 1;
        self.volatile.push_back(Write::Append(record));
    }

    pub(crate) fn replace(&mut self, records: Vec<R>) {
        self.written += 1;
        self.volatile.push_back(Write::Replace(records));
    }

    /// Whether everything written is durable, so that nothing has to wait.
    #[inline]
    pub(crate) fn is_clean(&self) -> bool {
        self.volatile.is_empty()
    }

    /// Whether no sync is under way.
    #[inline]
    pub(crate) fn is_idle(&self) -> bool {
        self.syncing.is_none()
    }

    /// Makes everything durable at once: for disks whose syncs take no time.
    #[inline]
    pub(crate) fn sync_now(&mut self) {
        self.settle(self.volatile.len());
    }

    /// Asks for everything written so far to become durable.
    pub(crate) fn want_sync(&mut self) {
        self.wanted = self.written;
    }

    /// Holds an effect back until everything written so far is durable.
    pub(crate) fn wait(&mut self, effect: E) {
        self.waiting.push_back((self.written, effect));
    }

    /// Whether a sync begins now: one is wanted, and none is under way. The caller then says when it ends.
    #[inline]
    pub(crate) fn begin_sync(&mut self) -> bool {
        let durable = self.written - self.volatile.len() as u64;
        let begins = self.wanted > durable && self.syncing.is_none();
        if begins {
            self.syncing = Some(self.written);
        }
        begins
    }

    /// The sync that is under way returns. Moves the effects that waited for it to `released`.
    pub(crate) fn end_sync(&mut self, released: &mut Vec<E>) {
        let reach = self.syncing.take().expect("a sync is under way");
        self.settle(self.volatile.len() - (self.written - reach) as usize);
        while self.waiting.front().is_some_and(|(position, _)| *position <= reach) {
            released.extend(self.waiting.pop_front().map(|(_, effect)| effect));
        }
    }

    /// The sync that is under way fails: what waited for it is dropped, and of what it should have made durable a prefix is, by chance.
    pub(crate) fn fail_sync(&mut self, rng: &mut Stream) {
        let reach = self.syncing.take().expect("a sync is under way");
        if self.wanted <= reach {
            self.wanted = 0;
        }
        let covered = self.volatile.len() - (self.written - reach) as usize;
        let kept = rng.between(0, covered as u64) as usize;
        self.settle(kept);
        for write in self.volatile.iter_mut().take(covered - kept) {
            *write = Write::Hole;
        }
        while self.waiting.front().is_some_and(|(position, _)| *position <= reach) {
            self.waiting.pop_front();
        }
    }

    /// The node crashes.
    pub(crate) fn crash(&mut self, keep: Keep) -> Taken<R> {
        (self.syncing, self.wanted) = (None, 0);
        self.waiting.clear();
        let Keep::Share(share, torn) = keep else {
            self.fresh = false; // A disk that was lost is not a new one, for all that it is empty.
            let durable = mem::take(&mut self.durable).len();
            return Taken { unsynced: mem::take(&mut self.volatile), durable, torn: false };
        };
        // A hole shows only when a later sync has moved the journal's end beyond it; else the journal ends before it.
        let hole = self.volatile.iter().position(|write| matches!(write, Write::Hole));
        let kept = share.of(self.volatile.len() as u64) as usize;
        let kept = hole.map_or(kept, |hole| kept.min(hole));
        self.settle(kept);
        let torn = torn && matches!(self.volatile.front(), Some(Write::Append(_)));
        if torn {
            self.durable.push(Stored::Damaged);
        }
        Taken { unsynced: mem::take(&mut self.volatile), durable: 0, torn }
    }

    /// Damages a durable record. Whether there was one.
    pub(crate) fn rot(&mut self, place: Ppm) -> bool {
        let Some(newest) = self.durable.len().checked_sub(1) else {
            return false;
        };
        let index = place.of(newest as u64) as usize;
        if index == newest && place != Ppm::ONE {
            return false;
        }
        let changed = !matches!(self.durable[index], Stored::Damaged);
        self.durable[index] = Stored::Damaged;
        changed
    }

    /// Whether the disk is as it was delivered.
    pub(crate) fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// What is there at boot.
    pub(crate) fn recover(&self) -> Vec<Stored<R>> {
        self.durable.clone()
    }

    /// The oldest so many writes become durable.
    #[inline]
    fn settle(&mut self, count: usize) {
        self.fresh &= count == 0;
        for write in self.volatile.drain(..count) {
            match write {
                Write::Append(record) => self.durable.push(Stored::Intact(record)),
                Write::Replace(records) => self.durable = records.into_iter().map(Stored::Intact).collect(),
                Write::Hole => self.durable.push(Stored::Damaged),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Stored::{Damaged, Intact};
    use super::*;
    use crate::rng::Seed;

    fn disk(durable: &[u32], volatile: &[u32]) -> Disk<u32, &'static str> {
        let mut disk = Disk::new();
        durable.iter().for_each(|&record| disk.append(record));
        disk.sync_now();
        volatile.iter().for_each(|&record| disk.append(record));
        disk
    }

    fn after_crash(mut disk: Disk<u32, &'static str>, keep: Keep) -> Vec<Stored<u32>> {
        disk.crash(keep);
        disk.recover()
    }

    #[test]
    fn a_crash_keeps_what_is_durable_and_the_oldest_part_of_the_rest() {
        let some = || disk(&[1, 2], &[3, 4]);
        let keep = |percent, torn| Keep::Share(Ppm::percent(percent), torn);
        assert_eq!(after_crash(some(), keep(0, false)), [Intact(1), Intact(2)]);
        assert_eq!(after_crash(some(), keep(50, false)), [Intact(1), Intact(2), Intact(3)]);
        assert_eq!(after_crash(some(), keep(50, true)), [Intact(1), Intact(2), Intact(3), Damaged]);
        assert_eq!(after_crash(some(), keep(100, true)), [Intact(1), Intact(2), Intact(3), Intact(4)]);
        assert_eq!(after_crash(some(), Keep::Nothing), []);
    }

    #[test]
    fn a_disk_is_new_until_something_is_durable_on_it_or_it_is_lost() {
        let fresh_after = |keep| {
            let mut disk = disk(&[], &[1]);
            disk.crash(keep);
            disk.is_fresh()
        };
        assert!(fresh_after(Keep::Share(Ppm::ZERO, false)));
        assert!(!fresh_after(Keep::Share(Ppm::ONE, false)));
        assert!(fresh_after(Keep::Share(Ppm::ZERO, true)), "a torn write is none");
        assert!(!fresh_after(Keep::Nothing));
    }

    #[test]
    fn replacing_the_journal_is_atomic() {
        for (percent, expected) in [(0, vec![Intact(1)]), (50, vec![Intact(1)]), (100, vec![Intact(7), Intact(8)])] {
            for torn in [false, true] {
                let mut disk = disk(&[1], &[]);
                disk.replace(vec![7, 8]);
                disk.crash(Keep::Share(Ppm::percent(percent), torn));
                assert_eq!(disk.recover(), expected, "{percent}% kept");
            }
        }
    }

    #[test]
    fn a_sync_covers_what_was_written_before_it_began() {
        let mut disk = disk(&[], &[1]);
        assert!(!disk.begin_sync(), "nobody wants one");
        disk.want_sync();
        disk.wait("first");
        assert!(disk.begin_sync());
        disk.append(2);
        disk.want_sync();
        disk.wait("second");
        assert!(!disk.begin_sync(), "one sync at a time");
        let mut released = Vec::new();
        disk.end_sync(&mut released);
        assert_eq!(released, ["first"]);
        assert_eq!(disk.recover(), [Intact(1)]);
        assert!(disk.begin_sync(), "the second still waits");
        disk.end_sync(&mut released);
        assert_eq!(released, ["first", "second"]);
        assert!(disk.is_clean() && !disk.begin_sync());
    }

    #[test]
    fn a_failed_sync_is_not_made_up_for_by_the_next() {
        let mut outcomes = std::collections::BTreeSet::new();
        for seed in 0..50 {
            let mut disk = disk(&[], &[1, 2]);
            disk.want_sync();
            disk.wait("dropped");
            assert!(disk.begin_sync());
            disk.append(3);
            disk.fail_sync(&mut Seed(seed).stream("disk"));
            disk.want_sync();
            disk.wait("later");
            assert!(disk.begin_sync());
            let mut released = Vec::new();
            disk.end_sync(&mut released);
            assert_eq!(released, ["later"]);
            outcomes.insert(format!("{:?}", disk.recover()));
        }
        let expected =
            ["[Damaged, Damaged, Intact(3)]", "[Intact(1), Damaged, Intact(3)]", "[Intact(1), Intact(2), Intact(3)]"];
        assert_eq!(outcomes.into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_crash_after_a_failed_sync_leaves_no_hole() {
        for seed in 0..50 {
            let mut disk = disk(&[1], &[2, 3]);
            disk.want_sync();
            assert!(disk.begin_sync());
            disk.append(4);
            disk.fail_sync(&mut Seed(seed).stream("disk"));
            disk.crash(Keep::Share(Ppm::ONE, false));
            let records = disk.recover();
            assert!(records.iter().all(|record| *record != Damaged), "{records:?}");
            assert_eq!(records[0], Intact(1));
        }
    }

    #[test]
    fn rot_spares_the_newest_record_unless_told_otherwise() {
        let rotten = |place| {
            let mut disk = disk(&[1, 2, 3], &[4]);
            let changed = disk.rot(place);
            (changed, disk.recover())
        };
        assert_eq!(rotten(Ppm::ZERO), (true, vec![Damaged, Intact(2), Intact(3)]));
        assert_eq!(rotten(Ppm::percent(99)), (true, vec![Intact(1), Damaged, Intact(3)]));
        assert_eq!(rotten(Ppm::ONE), (true, vec![Intact(1), Intact(2), Damaged]));
        assert!(!disk(&[], &[1]).rot(Ppm::ZERO));
    }
}
