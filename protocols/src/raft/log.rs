//! The log: entries by index, and the few questions that Raft asks of it.
//!
//! It starts at index 1 and holds every entry since. Snapshots will let it start later; nothing outside this file
//! knows where it starts.

use super::types::{Entry, EntryId, LogIndex, Term};

/// A server's log, as it is in memory.
#[derive(Clone, Debug)]
pub struct Log<O> {
    /// Invariant: terms never fall.
    entries: Vec<Entry<O>>,
    truncations: u64,
    cut: LogIndex,
}

impl<O> Default for Log<O> {
    fn default() -> Self {
        Log { entries: Vec::new(), truncations: 0, cut: LogIndex::ZERO }
    }
}

impl<O: Clone> Log<O> {
    /// The last entry; the one before the first if the log is empty.
    pub fn last(&self) -> EntryId {
        let term = self.entries.last().map_or(Term::ZERO, |entry| entry.term);
        EntryId { term, index: self.last_index() }
    }

    /// Where the last entry stands.
    pub fn last_index(&self) -> LogIndex {
        LogIndex::new(self.entries.len() as u64)
    }

    /// The entry at a place, if there is one.
    pub fn get(&self, index: LogIndex) -> Option<&Entry<O>> {
        self.entries.get(index.get().checked_sub(1)? as usize)
    }

    /// The term of the entry at a place, if there is one. At 0, where all logs agree, it is 0.
    pub fn term_at(&self, index: LogIndex) -> Option<Term> {
        match index {
            LogIndex::ZERO => Some(Term::ZERO),
            index => self.get(index).map(|entry| entry.term),
        }
    }

    /// The entries from `first` on, at most `max` of them.
    pub fn slice(&self, first: LogIndex, max: usize) -> &[Entry<O>] {
        let start = (first.previous().get() as usize).min(self.entries.len());
        let end = start.saturating_add(max).min(self.entries.len());
        &self.entries[start..end]
    }

    /// Puts an entry at the end.
    pub fn push(&mut self, entry: Entry<O>) {
        debug_assert!(entry.term >= self.last().term, "terms never fall");
        self.entries.push(entry);
    }

    /// Puts entries at the end.
    pub fn extend(&mut self, entries: &[Entry<O>]) {
        self.entries.extend_from_slice(entries);
    }

    /// Deletes every entry behind `last`.
    pub fn truncate(&mut self, last: LogIndex) {
        if last < self.last_index() {
            self.entries.truncate(last.get() as usize);
            self.truncations += 1;
            self.cut = last;
        }
    }

    /// How often entries were deleted, and the last entry that was kept the last time.
    pub fn truncations(&self) -> (u64, LogIndex) {
        (self.truncations, self.cut)
    }

    /// The last entry at or before `bound.index` whose term is not above `bound.term`. If another log contains `bound`, every
    /// entry between the result and `bound.index` differs from its own, so the two can agree nowhere behind the result.
    pub fn last_agreeable(&self, bound: EntryId) -> EntryId {
        let reach = self.entries.len().min(bound.index.get() as usize);
        let count = match self.entries[..reach].last() {
            // Mostly the log is just too short so far.
            Some(last) if last.term <= bound.term => reach,
            _ => self.entries[..reach].partition_point(|entry| entry.term <= bound.term),
        };
        let index = LogIndex::new(count as u64);
        EntryId { term: self.term_at(index).expect("within the log"), index }
    }
}

#[cfg(test)]
mod tests {
    use super::super::types::Payload;
    use super::*;

    fn log(terms: &[u64]) -> Log<u8> {
        let mut log = Log::default();
        for &term in terms {
            log.push(Entry::new(Term::new(term), Payload::NoOp));
        }
        log
    }

    fn id(index: u64, term: u64) -> EntryId {
        EntryId { term: Term::new(term), index: LogIndex::new(index) }
    }

    #[test]
    fn indexes_count_from_one_and_all_logs_agree_at_zero() {
        let log = log(&[1, 1, 3]);
        assert_eq!(log.last(), id(3, 3));
        assert_eq!(log.term_at(LogIndex::ZERO), Some(Term::ZERO));
        assert_eq!(log.term_at(LogIndex::new(2)), Some(Term::new(1)));
        assert_eq!(log.term_at(LogIndex::new(4)), None);
        assert!(log.get(LogIndex::ZERO).is_none());
        assert_eq!(Log::<u8>::default().last(), id(0, 0));
    }

    #[test]
    fn slices_end_with_the_log() {
        let log = log(&[1, 2, 3]);
        let terms = |first, max| -> Vec<u64> {
            log.slice(LogIndex::new(first), max).iter().map(|entry| entry.term.get()).collect()
        };
        assert_eq!(terms(2, 1), [2]);
        assert_eq!(terms(2, 9), [2, 3]);
        assert_eq!(terms(4, 9), [0; 0]);
        assert_eq!(terms(9, 9), [0; 0]);
    }

    #[test]
    fn a_truncation_shows_and_one_of_nothing_does_not() {
        let mut log = log(&[1, 2, 3]);
        log.truncate(LogIndex::new(3));
        assert_eq!(log.truncations(), (0, LogIndex::ZERO));
        log.truncate(LogIndex::new(1));
        assert_eq!((log.last(), log.truncations()), (id(1, 1), (1, LogIndex::new(1))));
    }

    /// For all pairs of small logs: no entry behind the answer can be shared, and the answer is the last of which that is known.
    #[test]
    fn nothing_behind_the_last_agreeable_entry_can_agree() {
        let own = log(&[1, 1, 2, 4, 4]);
        for index in 0..=7 {
            for term in 0..=5 {
                let answer = own.last_agreeable(id(index, term));
                let slow =
                    (0..=index.min(5)).rev().map(LogIndex::new).find(|&at| own.term_at(at) <= Some(Term::new(term)));
                assert_eq!(Some(answer.index), slow, "{index}@{term}");
                assert_eq!(Some(answer.term), own.term_at(answer.index));
            }
        }
    }
}
