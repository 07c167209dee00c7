//! What a server makes of its journal when it boots: the persistent state of Figure 2, or the knowledge that it is lost.
//!
//! A crash may tear the record that was being written. It was not durable, so nobody was told of it, and it is cut off
//! ([`may_cut`](super::rules::Rules::may_cut)). A damaged record anywhere else was durable once, as was all that a wiped disk held: with it went
//! promises that others rely on (votes, acknowledged entries), and the server must not take part any more, until it has [rejoined](super::rejoin). A durable record that rots in the last place
//! looks like a torn one; telling those two apart takes more than a journal (Alagappan et al., "Protocol-Aware Recovery for
//! Consensus-Based Storage", FAST 2018, §3.3.3), so it is not borne.

use shaketable_sim::id::NodeId;
use shaketable_sim::node::{Recovered, Stored};

use super::log::Log;
use super::rules::Rules;
use super::types::{Entries, LogIndex, Record, Snapshot, Term};

/// The persistent state of Figure 2.
#[derive(Clone, Debug)]
pub(super) struct Persistent<O, P> {
    pub(super) term: Term,
    pub(super) vote: Option<NodeId>,
    /// What stands for the entries before the log.
    pub(super) snapshot: Option<Snapshot<P>>,
    pub(super) log: Log<O>,
    /// From which entry on it takes part: 0 if its disk was never lost.
    pub(super) rejoined: LogIndex,
    /// Whether a torn record was cut off, which must not be left in the journal: once others follow it, it would look rotten.
    pub(super) torn: bool,
}

impl<O: Clone, P: Clone> Persistent<O, P> {
    /// Reads a journal.
    ///
    /// # Errors
    /// Promises are lost; the text says how that shows.
    pub(super) fn recover(disk: &Recovered<Record<O, P>>, rules: &dyn Rules) -> Result<Persistent<O, P>, &'static str> {
        if disk.records.is_empty() && !disk.first_boot {
            return Err("the journal is empty: the disk was lost, and with it votes and entries");
        }
        let mut kept = Persistent {
            term: Term::ZERO,
            vote: None,
            snapshot: None,
            log: Log::default(),
            rejoined: LogIndex::ZERO,
            torn: false,
        };
        for (place, record) in disk.records.iter().enumerate() {
            match record {
                Stored::Intact(record) => kept.replay(record)?,
                // The first record always comes with the whole journal, atomically: no crash can tear it.
                Stored::Damaged if place > 0 && rules.may_cut(disk.records.len() - 1 - place) => {
                    kept.torn = true;
                    break;
                }
                Stored::Damaged => return Err("a record that was durable is damaged: votes or entries are lost"),
            }
        }
        Ok(kept)
    }

    /// A journal that makes this state.
    pub(super) fn records(&self) -> Vec<Record<O, P>> {
        journal(self.term, self.vote, self.rejoined, self.snapshot.as_ref(), &self.log)
    }

    fn replay(&mut self, record: &Record<O, P>) -> Result<(), &'static str> {
        match record {
            Record::Ballot { term, vote } => {
                self.term = *term;
                self.vote = *vote;
            }
            Record::Append { after, entries } => {
                if *after > self.log.last_index() || *after < self.log.start().index {
                    return Err("the journal has a gap: entries are lost");
                }
                self.log.truncate(*after);
                self.log.extend(entries);
            }
            Record::Rejoined(from) => self.rejoined = *from,
            Record::Snapshot(snapshot) => {
                self.log = Log::behind(snapshot.last);
                self.snapshot = Some(snapshot.clone());
            }
        }
        Ok(())
    }
}

/// The shortest journal that makes this state.
pub(super) fn journal<O: Clone, P: Clone>(
    term: Term,
    vote: Option<NodeId>,
    rejoined: LogIndex,
    snapshot: Option<&Snapshot<P>>,
    log: &Log<O>,
) -> Vec<Record<O, P>> {
    let after = log.start().index;
    let entries = Entries::from(log.slice(after.next(), usize::MAX));
    let append = (!entries.is_empty()).then_some(Record::Append { after, entries });
    let snapshot = snapshot.cloned().map(Record::Snapshot);
    let rejoined = (rejoined != LogIndex::ZERO).then_some(Record::Rejoined(rejoined));
    std::iter::once(Record::Ballot { term, vote }).chain(rejoined).chain(snapshot).chain(append).collect()
}

#[cfg(test)]
mod tests {
    use super::super::rules::Paper;
    use super::super::types::{Entry, EntryId, Payload, Shared};
    use super::*;

    type Disk = Recovered<Record<u8, char>>;

    fn ballot(term: u64) -> Stored<Record<u8, char>> {
        Stored::Intact(Record::Ballot { term: Term::new(term), vote: Some(NodeId::at(1)) })
    }

    fn append(after: u64, terms: &[u64]) -> Stored<Record<u8, char>> {
        let entry = |&term| Entry::new(Term::new(term), Payload::NoOp);
        let entries: Vec<Entry<u8>> = terms.iter().map(entry).collect();
        Stored::Intact(Record::Append { after: LogIndex::new(after), entries: Entries::from(&entries[..]) })
    }

    fn recover(first_boot: bool, records: Vec<Stored<Record<u8, char>>>) -> Result<Persistent<u8, char>, &'static str> {
        Persistent::recover(&Disk { first_boot, records }, &Paper)
    }

    fn terms(kept: &Persistent<u8, char>) -> Vec<u64> {
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

    fn snapshot(index: u64, term: u64) -> Stored<Record<u8, char>> {
        let last = EntryId { term: Term::new(term), index: LogIndex::new(index) };
        Stored::Intact(Record::Snapshot(Snapshot { last, pieces: Shared::one('x') }))
    }

    #[test]
    fn a_log_goes_on_behind_its_snapshot_and_is_written_again_as_it_is() {
        let kept = recover(false, vec![ballot(3), snapshot(7, 2), append(7, &[2, 3]), append(8, &[3, 3])]).unwrap();
        assert_eq!((kept.log.start().index, kept.log.last_index()), (LogIndex::new(7), LogIndex::new(10)));
        assert_eq!(terms(&kept), [2, 3, 3]);
        let again = recover(false, kept.records().into_iter().map(Stored::Intact).collect()).unwrap();
        assert_eq!(
            (again.log.start(), terms(&again), &again.snapshot),
            (kept.log.start(), terms(&kept), &kept.snapshot)
        );
    }

    fn rejoined(from: u64) -> Stored<Record<u8, char>> {
        Stored::Intact(Record::Rejoined(LogIndex::new(from)))
    }

    #[test]
    fn a_server_that_has_rejoined_remembers_from_where_it_takes_part() {
        let kept = recover(false, vec![ballot(3), rejoined(9), snapshot(7, 2), append(7, &[2, 3])]).unwrap();
        assert_eq!((kept.rejoined, kept.log.last_index()), (LogIndex::new(9), LogIndex::new(9)));
        let again = recover(false, kept.records().into_iter().map(Stored::Intact).collect()).unwrap();
        assert_eq!((again.rejoined, terms(&again)), (kept.rejoined, terms(&kept)));
        assert_eq!(recover(false, vec![ballot(3)]).unwrap().rejoined, LogIndex::ZERO);
    }

    /// Ballots, snapshots and entries alike: for each journal and each place in it.
    #[test]
    fn a_rotten_record_is_never_cut_unless_it_could_be_a_torn_one() {
        let journals = [
            vec![ballot(1), ballot(2)],
            vec![ballot(1), append(0, &[1, 1]), ballot(2), append(1, &[2]), ballot(3)],
            vec![ballot(3), snapshot(7, 2)],
            vec![ballot(3), snapshot(7, 2), append(7, &[2, 3]), ballot(4), append(8, &[4])],
            vec![ballot(3), rejoined(9), snapshot(7, 2), append(7, &[2, 3])],
        ];
        for journal in journals {
            for place in 0..journal.len() {
                let mut rotten = journal.clone();
                rotten[place] = Stored::Damaged;
                let recovered = recover(false, rotten);
                let could_be_torn = place > 0 && place + 1 == journal.len();
                assert_eq!(recovered.is_ok(), could_be_torn, "{journal:?}, rotten at {place}");
                if let Ok(kept) = recovered {
                    let before = recover(false, journal[..place].to_vec()).unwrap();
                    assert!(kept.torn && !before.torn);
                    assert_eq!(kept.records(), before.records(), "{journal:?}, cut at {place}");
                }
            }
        }
    }

    #[test]
    fn lost_promises_are_recognised() {
        assert!(recover(true, vec![]).is_ok(), "a disk just formatted");
        assert!(recover(false, vec![]).is_err(), "a disk wiped");
        assert!(recover(false, vec![Stored::Damaged]).is_err(), "a rotten first record, and no other");
        assert!(
            recover(false, vec![ballot(1), Stored::Damaged, Stored::Damaged]).is_err(),
            "a rotten record before a torn one"
        );
        assert!(recover(false, vec![ballot(1), append(1, &[1])]).is_err(), "a gap");
        assert!(recover(false, vec![ballot(1), snapshot(7, 1), append(8, &[1])]).is_err(), "a gap behind a snapshot");
        assert!(
            recover(false, vec![ballot(1), snapshot(7, 1), append(6, &[1])]).is_err(),
            "entries that are committed, again"
        );
    }
}
