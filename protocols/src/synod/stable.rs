//! Stable storage (§2.5): what a node makes of its journal when it boots.
//!
//! A crash may tear the record that was being written. It was not durable, so nobody was told of it, and it is cut off. A damaged
//! record anywhere else was durable once, as was all that a wiped disk held: with it went promises that others rely on, and the
//! node takes no part any more. A durable record that rots in the last place looks like a torn one, and is not borne.

use std::collections::BTreeMap;

use shaketable_sim::id::Key;
use shaketable_sim::node::{Recovered, Stored};

use super::Decree;
use super::acceptor::Acceptor;
use super::proposer::Proposer;
use super::rules::Rules;
use super::types::{Ballot, Record, Vote};

/// What a journal has kept.
#[derive(Debug)]
pub(super) struct Kept<O> {
    /// Proposers and acceptors as they were. Attempts and learners do not survive.
    pub(super) decrees: BTreeMap<Key, Decree<O>>,
    /// What the journal is to be replaced by: it is new, or a torn record was cut off, which would look rotten once others follow it.
    pub(super) rewrite: Option<Vec<Record<O>>>,
}

/// Reads a journal.
///
/// # Errors
/// Promises are lost; the text says how that shows.
pub(super) fn recover<O: Clone>(disk: Recovered<Record<O>>, rules: &dyn Rules) -> Result<Kept<O>, &'static str> {
    let mut stored = disk.records;
    if stored.is_empty() && !disk.first_boot {
        return Err("the journal is empty: the disk was lost, and with it promises and votes");
    }
    let torn = matches!(stored.last(), Some(Stored::Damaged));
    if torn {
        stored.pop();
    }
    let mut records = Vec::new();
    for record in stored {
        match record {
            Stored::Intact(record) => records.push(record),
            Stored::Damaged => return Err("a record that was durable is damaged: promises or votes are lost"),
        }
    }
    let decrees = read(&records, rules);
    if records.is_empty() {
        return Ok(Kept { decrees, rewrite: Some(vec![Record::Formatted]) });
    }
    Ok(Kept { decrees, rewrite: torn.then_some(records) })
}

/// What was written about one decree.
struct Written<O> {
    tried: Option<Ballot>,
    promised: Option<Ballot>,
    vote: Option<Vote<O>>,
}

impl<O> Default for Written<O> {
    fn default() -> Self {
        Written { tried: None, promised: None, vote: None }
    }
}

fn read<O: Clone>(records: &[Record<O>], rules: &dyn Rules) -> BTreeMap<Key, Decree<O>> {
    let mut decrees = BTreeMap::<Key, Written<O>>::new();
    for record in records {
        match record {
            Record::Formatted => {}
            Record::Tried { decree, ballot } => {
                let written = decrees.entry(*decree).or_default();
                written.tried = written.tried.max(Some(*ballot));
            }
            Record::Promised { decree, ballot } => {
                let written = decrees.entry(*decree).or_default();
                written.promised = written.promised.max(Some(*ballot));
            }
            Record::Accepted { decree, vote } => {
                let written = decrees.entry(*decree).or_default();
                written.promised = rules.promise_after_accept(written.promised, vote.ballot);
                written.vote = Some(vote.clone());
            }
        }
    }
    let decree = |written: Written<O>| Decree {
        proposer: Proposer::recovered(written.tried),
        acceptor: Acceptor::recovered(written.promised, written.vote),
        ..Decree::default()
    };
    decrees.into_iter().map(|(key, written)| (key, decree(written))).collect()
}

#[cfg(test)]
mod tests {
    use shaketable_sim::id::NodeId;

    use super::super::rules::Paper;
    use super::*;

    const DECREE: Key = Key::at(0);

    fn ballot(round: u64) -> Ballot {
        Ballot { round, node: NodeId::at(1) }
    }

    fn tried(round: u64) -> Stored<Record<u8>> {
        Stored::Intact(Record::Tried { decree: DECREE, ballot: ballot(round) })
    }

    fn promised(round: u64) -> Stored<Record<u8>> {
        Stored::Intact(Record::Promised { decree: DECREE, ballot: ballot(round) })
    }

    fn accepted(round: u64, value: u8) -> Stored<Record<u8>> {
        Stored::Intact(Record::Accepted { decree: DECREE, vote: Vote { ballot: ballot(round), value } })
    }

    fn recovered(first_boot: bool, records: Vec<Stored<Record<u8>>>) -> Result<Kept<u8>, &'static str> {
        recover(Recovered { first_boot, records }, &Paper)
    }

    #[test]
    fn the_highest_ballots_and_the_last_vote_are_kept() {
        let kept = recovered(false, vec![tried(1), promised(2), accepted(2, 7), tried(3), accepted(4, 8)]).unwrap();
        assert_eq!(kept.rewrite, None);
        let decree = &kept.decrees[&DECREE];
        assert_eq!(decree.proposer.seen(), Some(ballot(3)));
        assert_eq!(decree.acceptor.promised(), Some(ballot(4)), "to accept is to promise");
        assert_eq!(decree.acceptor.vote(), Some(&Vote { ballot: ballot(4), value: 8 }));
        assert!(decree.proposer.attempt().is_none() && decree.learner.decided().is_none());
    }

    #[test]
    fn a_torn_last_record_is_cut_and_the_journal_rewritten_without_it() {
        let kept = recovered(false, vec![promised(1), accepted(2, 7), Stored::Damaged]).unwrap();
        let again = kept.rewrite.expect("the torn record must go").into_iter().map(Stored::Intact).collect();
        let again = recovered(false, again).unwrap();
        assert_eq!((again.rewrite, again.decrees), (None, kept.decrees));
    }

    #[test]
    fn a_new_journal_is_marked_so_that_an_empty_one_is_known_to_be_lost() {
        assert_eq!(recovered(true, vec![]).unwrap().rewrite, Some(vec![Record::Formatted]));
        assert_eq!(recovered(false, vec![Stored::Damaged]).unwrap().rewrite, Some(vec![Record::Formatted]));
        assert!(recovered(false, vec![]).is_err(), "a disk wiped");
        assert!(recovered(false, vec![Stored::Damaged, promised(2)]).is_err(), "a rotten first record");
        assert!(
            recovered(false, vec![promised(1), Stored::Damaged, Stored::Damaged]).is_err(),
            "rotten, and then torn"
        );
    }
}
