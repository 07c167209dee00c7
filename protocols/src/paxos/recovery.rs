//! What a node makes of its journal when it boots: the acceptor's promise and votes, the learner's decisions, or the knowledge that they are lost.
//!
//! A crash may tear the record that was being written. It was not durable, so nobody was told of it, and it is cut off. A
//! damaged record anywhere else was durable once, as was all that a wiped disk held: with it went promises that others rely on. "Paxos
//! Made Live" §5.1 lets such a replica come back as one that does not vote until it has seen an instance through; here it takes
//! no part any more. A durable record that rots in the last place looks like a torn one, and is not borne.

use std::hash::Hash;

use shaketable_sim::node::{Recovered, Stored};

use super::ledger::Ledger;
use super::rules::Rules;
use super::types::{Ballot, Record, Slot, Snapshot};

/// What an acceptor must never forget, and what a learner need not learn again.
#[derive(Clone, Debug)]
pub(super) struct Persistent<O, P> {
    pub(super) promised: Ballot,
    /// What stands for the slots that the ledger has dropped.
    pub(super) snapshot: Option<Snapshot<P>>,
    pub(super) ledger: Ledger<O>,
    /// Whether a torn record was cut off, which must not be left in the journal: once others follow it, it would look rotten.
    pub(super) torn: bool,
}

impl<O: Clone + Hash, P: Clone> Persistent<O, P> {
    /// Reads a journal.
    ///
    /// # Errors
    /// Promises are lost; the text says how that shows.
    pub(super) fn recover(disk: Recovered<Record<O, P>>, rules: &dyn Rules) -> Result<Persistent<O, P>, &'static str> {
        let mut records = disk.records;
        if records.is_empty() && !disk.first_boot {
            return Err("the journal is empty: the disk was lost, and with it promises and votes");
        }
        let torn = matches!(records.last(), Some(Stored::Damaged));
        if torn {
            records.pop();
        }
        let mut kept = Persistent { promised: Ballot::BOTTOM, snapshot: None, ledger: Ledger::default(), torn };
        for record in records {
            match record {
                Stored::Intact(Record::Promised(ballot)) => kept.promised = kept.promised.max(ballot),
                Stored::Intact(Record::Accepted { slot, vote }) => {
                    kept.promised = rules.promise_after_accept(kept.promised, vote.ballot);
                    kept.ledger.accept(slot, vote);
                }
                Stored::Intact(Record::Chosen { slot, value }) => kept.ledger.choose(slot, value),
                Stored::Intact(Record::Snapshot(snapshot)) => {
                    kept.ledger.drop_until(snapshot.last);
                    kept.snapshot = Some(snapshot);
                }
                Stored::Damaged => return Err("a record that was durable is damaged: promises or votes are lost"),
            }
        }
        Ok(kept)
    }

    /// A journal that makes this state.
    pub(super) fn records(&self) -> Vec<Record<O, P>> {
        journal(self.promised, self.snapshot.as_ref(), &self.ledger)
    }
}

/// The shortest journal that makes this state.
pub(super) fn journal<O: Clone + Hash, P: Clone>(
    promised: Ballot,
    snapshot: Option<&Snapshot<P>>,
    ledger: &Ledger<O>,
) -> Vec<Record<O, P>> {
    let mut records = vec![Record::Promised(promised)];
    records.extend(snapshot.cloned().map(Record::Snapshot));
    for slot in (ledger.start().next().get()..=ledger.last().get()).map(Slot::new) {
        records.extend(ledger.vote(slot).map(|vote| Record::Accepted { slot, vote: vote.clone() }));
        records.extend(ledger.chosen(slot).map(|value| Record::Chosen { slot, value: value.clone() }));
    }
    records
}

#[cfg(test)]
mod tests {
    use shaketable_sim::id::NodeId;

    use super::super::rules::Paper;
    use super::super::types::{Round, Value, Vote};
    use super::*;

    type Disk = Recovered<Record<u8, char>>;

    fn ballot(round: u64) -> Ballot {
        Ballot { round: Round::new(round), node: NodeId::at(1) }
    }

    fn promised(round: u64) -> Stored<Record<u8, char>> {
        Stored::Intact(Record::Promised(ballot(round)))
    }

    fn accepted(slot: u64, round: u64) -> Stored<Record<u8, char>> {
        let vote = Vote { ballot: ballot(round), value: Value::NoOp };
        Stored::Intact(Record::Accepted { slot: Slot::new(slot), vote })
    }

    fn chosen(slot: u64) -> Stored<Record<u8, char>> {
        Stored::Intact(Record::Chosen { slot: Slot::new(slot), value: Value::NoOp })
    }

    fn recover(first_boot: bool, records: Vec<Stored<Record<u8, char>>>) -> Result<Persistent<u8, char>, &'static str> {
        Persistent::recover(Disk { first_boot, records }, &Paper)
    }

    fn round_at(kept: &Persistent<u8, char>, slot: u64) -> Option<u64> {
        kept.ledger.vote(Slot::new(slot)).map(|vote| vote.ballot.round.get())
    }

    #[test]
    fn the_highest_promise_and_the_last_vote_of_each_slot_are_kept() {
        let journal = vec![promised(1), accepted(1, 1), accepted(2, 1), promised(2), accepted(1, 3), chosen(1)];
        let kept = recover(false, journal).unwrap();
        assert_eq!((kept.promised, kept.torn), (ballot(3), false), "to accept is to promise");
        assert_eq!((round_at(&kept, 1), round_at(&kept, 2), round_at(&kept, 3)), (Some(3), Some(1), None));
        assert_eq!(kept.ledger.commit(), Slot::new(1));
    }

    #[test]
    fn a_torn_last_record_is_cut_and_the_journal_rewritten_without_it() {
        let kept = recover(false, vec![promised(1), accepted(2, 1), chosen(2), Stored::Damaged]).unwrap();
        assert!(kept.torn);
        let again = recover(false, kept.records().into_iter().map(Stored::Intact).collect()).unwrap();
        assert_eq!((again.promised, again.torn), (kept.promised, false));
        assert_eq!((round_at(&again, 1), round_at(&again, 2)), (None, Some(1)));
        assert_eq!(again.ledger.chosen(Slot::new(2)), Some(&Value::NoOp));
    }

    #[test]
    fn slots_behind_a_snapshot_are_kept_and_written_again_as_they_are() {
        let snapshot = Snapshot { last: Slot::new(7), pieces: vec!['x'] };
        let journal =
            vec![promised(4), Stored::Intact(Record::Snapshot(snapshot)), accepted(9, 5), chosen(8), chosen(9)];
        let kept = recover(false, journal).unwrap();
        assert_eq!((kept.ledger.start(), kept.ledger.commit()), (Slot::new(7), Slot::new(9)));
        assert_eq!((kept.promised, round_at(&kept, 9), round_at(&kept, 8)), (ballot(5), Some(5), None));
        let again = recover(false, kept.records().into_iter().map(Stored::Intact).collect()).unwrap();
        assert_eq!((again.promised, &again.snapshot), (kept.promised, &kept.snapshot));
        assert_eq!(again.records(), kept.records());
    }

    #[test]
    fn lost_promises_are_recognised() {
        assert!(recover(true, vec![]).is_ok(), "a disk just formatted");
        assert!(recover(false, vec![]).is_err(), "a disk wiped");
        assert!(recover(false, vec![Stored::Damaged, promised(2)]).is_err(), "a rotten first record");
        assert!(recover(false, vec![promised(1), Stored::Damaged, Stored::Damaged]).is_err(), "rotten, and then torn");
    }
}
