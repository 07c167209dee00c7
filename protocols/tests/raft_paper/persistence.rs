//! What must be on stable storage, and when.

use shaketable_protocols::raft::types::{Entries, LogIndex, Msg, Record, Term, Timer};
use shaketable_sim::id::NodeId;
use shaketable_sim::node::{Effect, Message, Recovered, Role, Stored};
use shaketable_sim::spec::counter::Action;

use crate::server::{Start, append, appended, ballot, entries, id, matched, vote};

/// Figure 2 (persistent state).
#[test]
fn persistent_state_is_updated_on_stable_storage_before_responding_to_rpcs() {
    let messages = [
        Msg::RequestVote(ballot(7, id(0, 0))),
        Msg::RequestPreVote(ballot(7, id(0, 0))),
        append(7, id(0, 0), entries(&[7]), 0),
        append(7, id(0, 0), entries(&[]), 0),
        append(7, id(5, 5), entries(&[7]), 0),
        append(1, id(0, 0), entries(&[]), 0),
    ];
    for msg in messages {
        let mut server = Start { term: 3, ..Start::default() }.boot();
        let done = server.hears(1, msg.clone());
        assert_eq!(done.to(1).len(), 1, "{msg:?}");
        assert!(!done.at_once.iter().any(|effect| matches!(effect, Effect::Send { .. })), "{msg:?}");
    }
}

/// Figure 2: also what a candidate asks reveals its term and its vote.
#[test]
fn a_candidate_asks_for_votes_when_its_own_is_durable() {
    let mut server = Start::default().boot();
    let done = server.timer(Timer::Election);
    assert_eq!(server.journal, [Record::Ballot { term: Term::new(2), vote: Some(NodeId::at(0)) }]);
    assert!(!done.at_once.iter().any(|effect| matches!(effect, Effect::Send { .. })));
    assert_eq!(done.sent().len(), 5);
}

/// Figure 2: a term and the vote in it are one record, so that no crash can part them.
#[test]
fn a_restarted_server_remembers_its_term_its_vote_and_its_log() {
    let mut server = Start::default().boot();
    server.hears(2, Msg::RequestVote(ballot(4, id(0, 0))));
    server.hears(2, append(4, id(0, 0), entries(&[4, 4]), 0));
    let records = server.journal.iter().cloned().map(Stored::Intact).collect();
    let (mut server, _) = Start::default().boot_from(Recovered { first_boot: false, records });
    assert_eq!((server.term(), server.vote(), server.log()), (4, Some(2), vec![4, 4]));
    assert_eq!(server.commit(), 0, "what is committed it has to learn again");
    assert_eq!(server.hears(1, Msg::RequestVote(ballot(4, id(9, 4)))).to(1), [Msg::Vote(vote(4, false))]);
}

/// Thesis §10.2.1: writes that come while a sync is under way share the next one.
#[test]
fn a_leader_waits_for_one_sync_at_a_time() {
    let mut server = Start { nodes: 1, ..Start::default() }.boot();
    server.timer(Timer::Election);
    let told: usize = {
        let mut done = vec![server.hears(0, Msg::Vote(vote(2, true)))];
        done.extend((1..=3).map(|seq| server.asked(seq, Action::Add(1))));
        done.iter().map(|done| done.to(0).len()).sum()
    };
    assert_eq!(told, 1);
    let done = server.hears(0, crate::server::durable(2, 1));
    assert_eq!(done.to(0), [crate::server::durable(2, 4)]);
    assert_eq!(server.commit(), 1);
    assert_eq!(server.hears(0, crate::server::durable(2, 4)).answers(), [Some(1), Some(2), Some(3)]);
}

/// Thesis §3.8, §11.7.3: a server that has lost its persistent state must not go on under its old name.
#[test]
fn a_server_that_lost_promises_with_its_disk_takes_no_part_and_says_so() {
    let ballot_record = Record::Ballot { term: Term::new(1), vote: None };
    let append_record = Record::Append { after: LogIndex::ZERO, entries: Entries::none() };
    let wiped = vec![];
    let rotten = vec![Stored::Intact(ballot_record), Stored::Damaged, Stored::Intact(append_record)];
    for records in [wiped, rotten] {
        let (mut server, effects) = Start::default().boot_from(Recovered { first_boot: false, records });
        assert!(
            matches!(effects[..], [Effect::Note(_), Effect::Reached(_)]),
            "it says why, and sets no timer: {effects:?}"
        );
        assert_eq!(server.observe().role, Role::Faulty);
        for msg in
            [Msg::RequestVote(ballot(9, id(9, 9))), append(9, id(0, 0), entries(&[]), 0), appended(9, 0, matched(1))]
        {
            let follows = matches!(msg, Msg::AppendEntries(_));
            let done = server.hears(1, msg);
            let told: Vec<&str> = done.to(1).iter().map(Message::kind).collect();
            assert_eq!(
                told,
                if follows { vec!["Lost"] } else { vec![] },
                "nothing but that it is lost, and only to a leader"
            );
            assert!(done.at_once.len() == told.len() && done.after_sync.is_empty());
        }
        assert_eq!(server.asked(1, Action::Read).answers(), [None], "clients are turned away");
    }
}

/// A torn record was never durable, and so never promised; it must not remain in the journal, where it would look rotten later.
#[test]
fn a_torn_last_record_is_cut_and_the_journal_written_anew() {
    let intact = Record::Ballot { term: Term::new(3), vote: Some(NodeId::at(4)) };
    let records = vec![Stored::Intact(intact.clone()), Stored::Damaged];
    let (server, effects) = Start::default().boot_from(Recovered { first_boot: false, records });
    assert_eq!((server.observe().role, server.term(), server.vote()), (Role::Follower, 3, Some(4)));
    assert!(effects.contains(&Effect::Compact(vec![intact])));
}

/// A disk that is empty after the first boot can only have been lost, if the first boot leaves something on it.
#[test]
fn the_first_boot_leaves_a_mark_on_the_disk() {
    let (server, effects) = Start::default().boot_from(Recovered { first_boot: true, records: vec![] });
    assert_eq!(server.observe().role, Role::Follower);
    assert!(effects.contains(&Effect::Compact(vec![Record::Ballot { term: Term::ZERO, vote: None }])));
    assert!(effects.contains(&Effect::Sync { held: 0 }));
}
