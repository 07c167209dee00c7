//! What a server makes of its journal when it boots: the persistent state of Figure 2, or the knowledge that it is lost.
//!
//! A crash may tear the record that was being written. It was not durable, so nobody was told of it, and it is cut off. A
//! damaged record anywhere else was durable once, as was all that a wiped disk held: with it went promises that others
//! rely on (votes, acknowledged entries), and the server must not take part any more. A durable record that rots in the last place
//! looks like a torn one; telling those two apart takes more than a journal (Alagappan et al., "Protocol-Aware Recovery for
//! Consensus-Based Storage", FAST 2018, §3.3.3), so it is not borne.

use shaketable_sim::id::NodeId;
use shaketable_sim::node::{Recovered, Stored};

use super::log::Log;
use super::types::{Entries, LogIndex, Record, Term};

/// The persistent state of Figure 2.
#[derive(Clone, Debug)]
pub(super) struct Persistent<O> {
    pub(super) term: Term,
    pub(super) vote: Option<NodeId>,
    pub(super) log: Log<O>,
    /// Whether a torn record was cut off, which must not be left in the journal: once others follow it, it would look rotten.
    pub(super) torn: bool,
}

impl<O: Clone> Persistent<O> {
    /// Reads a journal.
    ///
    /// # Errors
    /// Promises are lost; the text says how that shows.
    pub(super) fn recover(disk: &Recovered<Record<O>>) -> Result<Persistent<O>, &'static str> {
        let (records, torn) = match disk.records.split_last() {
            Some((Stored::Damaged, rest)) => (rest, true),
            _ => (disk.records.as_slice(), false),
        };
        if disk.records.is_empty() && !disk.first_boot {
            return Err("the journal is empty: the disk was lost, and with it votes and entries");
        }
        let mut kept = Persistent { term: Term::ZERO, vote: None, log: Log::default(), torn };
        for record in records {
            match record {
                Stored::Intact(record) => kept.replay(record)?,
                Stored::Damaged => return Err("a record that was durable is damaged: votes or entries are lost"),
            }
        }
        Ok(kept)
    }

    /// A journal that makes this state.
    pub(super) fn records(&self) -> Vec<Record<O>> {
        let ballot = Record::Ballot { term: self.term, vote: self.vote };
        let entries = Entries::from(self.log.slice(LogIndex::new(1), usize::MAX));
        let append = (!entries.is_empty()).then_some(Record::Append { after: LogIndex::ZERO, entries });
        std::iter::once(ballot).chain(append).collect()
    }

    fn replay(&mut self, record: &Record<O>) -> Result<(), &'static str> {
        match record {
            Record::Ballot { term, vote } => {
                self.term = *term;
                self.vote = *vote;
            }
            Record::Append { after, entries } => {
                if *after > self.log.last_index() {
                    return Err("the journal has a gap: entries are lost");
                }
                self.log.truncate(*after);
                self.log.extend(entries);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::types::{Entry, Payload};
    use super::*;

    type Disk = Recovered<Record<u8>>;

    fn ballot(term: u64) -> Stored<Record<u8>> {
        Stored::Intact(Record::Ballot { term: Term::new(term), vote: Some(NodeId::at(1)) })
    }

    fn append(after: u64, terms: &[u64]) -> Stored<Record<u8>> {
        let entry = |&term| Entry::new(Term::new(term), Payload::NoOp);
        let entries: Vec<Entry<u8>> = terms.iter().map(entry).collect();
        Stored::Intact(Record::Append { after: LogIndex::new(after), entries: Entries::from(&entries[..]) })
    }

    fn recover(first_boot: bool, records: Vec<Stored<Record<u8>>>) -> Result<Persistent<u8>, &'static str> {
        Persistent::recover(&Disk { first_boot, records })
    }

    fn terms(kept: &Persistent<u8>) -> Vec<u64> {
        kept.log.slice(LogIndex::new(1), 99).iter().map(|entry| entry.term.get()).collect()
    }

    #[test]
    fn the_last_ballot_and_the_entries_that_nothing_has_overwritten_are_kept() {
        let kept = recover(false, vec![ballot(1), append(0, &[1, 1, 1]), ballot(2), append(1, &[2]), append(2, &[2])])
            .unwrap();
        assert_eq!((kept.term, kept.vote, kept.torn), (Term::new(2), Some(NodeId::at(1)), false));
        assert_eq!(terms(&kept), [1, 2, 2]);
    }

    #[test]
    fn a_torn_last_record_is_cut_and_the_journal_rewritten_without_it() {
        let kept = recover(false, vec![ballot(1), append(0, &[1]), Stored::Damaged]).unwrap();
        assert!(kept.torn);
        assert_eq!(terms(&kept), [1]);
        let again = recover(false, kept.records().into_iter().map(Stored::Intact).collect()).unwrap();
        assert_eq!((again.term, again.vote, terms(&again), again.torn), (kept.term, kept.vote, terms(&kept), false));
    }

    #[test]
    fn lost_promises_are_recognised() {
        assert!(recover(true, vec![]).is_ok(), "a disk just formatted");
        assert!(recover(false, vec![]).is_err(), "a disk wiped");
        assert!(recover(false, vec![Stored::Damaged, ballot(2)]).is_err(), "a rotten first record");
        assert!(
            recover(false, vec![ballot(1), Stored::Damaged, Stored::Damaged]).is_err(),
            "a rotten record before a torn one"
        );
        assert!(recover(false, vec![ballot(1), append(1, &[1])]).is_err(), "a gap");
    }
}
