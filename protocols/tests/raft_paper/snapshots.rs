//! Snapshots: what a server keeps in place of its log, and what of one it takes that it is sent (§7, Figure 13; thesis ch. 5).

use shaketable_protocols::raft::types::{
    Entries, EntryId, InstallSnapshot, Msg, Outcome, Piece, PieceOf, Record, Round, Shared, Term, Timer,
};
use shaketable_sim::id::Key;
use shaketable_sim::node::{Recovered, Stored};
use shaketable_sim::spec::counter::{Action, Counter, Ret};

use crate::server::{Message, Server, Start, addition, append, appended, durable, entries, id, matched, request};

/// The counter of the tests, and the session of their only client.
fn object(state: u64) -> PieceOf<Counter> {
    Piece::Object { key: Key::at(0), state }
}

fn session(seq: u32, sum: u64) -> PieceOf<Counter> {
    Piece::Session { id: request(seq).op, ret: Ret(sum) }
}

fn install(term: u64, last: EntryId, offset: u32, pieces: &[PieceOf<Counter>], done: bool) -> Message {
    let (term, pieces, round) = (Term::new(term), Shared::from(pieces), Round::ZERO);
    Msg::InstallSnapshot(InstallSnapshot { term, last, offset, pieces, done, round })
}

fn partial(last: EntryId, received: u32) -> Outcome {
    Outcome::Partial { last, received }
}

/// A leader of term 2 whose log begins behind 2@2, the addition of 5.
fn compacted() -> Server {
    let mut server = Start { snapshot_every: 2, chunk: 1, nodes: 3, ..Start::default() }.lead();
    server.asked(1, Action::Add(5));
    server.hears(0, durable(2, 2));
    server.hears(1, appended(2, 0, matched(2)));
    assert_eq!((server.commit(), server.log_start()), (2, id(2, 2)));
    server
}

/// §7.
#[test]
fn each_server_takes_snapshots_independently_covering_just_the_committed_entries_in_its_log() {
    let mut server = Start { snapshot_every: 2, ..Start::default() }.boot();
    let three = Entries::from(&[addition(1, 1, 5), addition(1, 2, 6), addition(1, 3, 7)][..]);
    server.hears(1, append(1, id(0, 0), three, 1));
    assert_eq!(server.log_start(), id(0, 0), "one of them is not yet enough");
    server.hears(1, append(1, id(3, 1), entries(&[]), 2));
    assert_eq!((server.log_start(), server.log()), (id(2, 1), vec![1]));
    let snapshot = server.snapshot().unwrap();
    assert_eq!((snapshot.last, &snapshot.pieces[..]), (id(2, 1), &[object(11), session(2, 11)][..]));
    assert!(
        matches!(&server.journal[..], [Record::Ballot { .. }, Record::Snapshot(kept), Record::Append { .. }] if kept == snapshot),
        "the journal is replaced by ballot, snapshot and what follows it: {:?}",
        server.journal
    );
}

/// Thesis §5.1, §6.3.
#[test]
fn a_server_restarts_from_its_snapshot_with_objects_and_sessions() {
    let leader = compacted();
    let records = leader.journal.iter().cloned().map(Stored::Intact).collect();
    let start = Start { nodes: 1, term: 2, ..Start::default() };
    let (mut server, _) = start.boot_from(Recovered { first_boot: false, records });
    assert_eq!((server.commit(), server.observe().applied, server.term()), (2, 2, 2));
    server.timer(Timer::Election);
    server.hears(0, Msg::Vote(crate::server::vote(3, true)));
    server.hears(0, durable(3, 3));
    assert_eq!(
        server.asked(1, Action::Add(5)).answers(),
        [Some(5)],
        "it was applied before the snapshot, and not again"
    );
}

/// §7.
#[test]
fn the_leader_sends_a_snapshot_in_chunks_when_it_has_already_discarded_the_next_log_entry_that_it_needs_to_send() {
    let mut server = compacted();
    let conflict = Outcome::Conflict { prev: id(0, 0).index, hint: id(0, 0) };
    assert_eq!(server.hears(2, appended(2, 0, conflict)).to(2), [], "its first probe is under way");
    server.timer(Timer::Heartbeat);
    let first = server.timer(Timer::Heartbeat).to(2);
    let chunk = |offset, piece, done| install(2, id(2, 2), offset, &[piece], done);
    assert_eq!(first, [chunk(0, object(5), false)]);
    let second = server.hears(2, appended(2, 0, partial(id(2, 2), 1))).to(2);
    assert_eq!(second, [chunk(1, session(1, 5), true)]);
    server.asked(2, Action::Add(6));
    let then = server.hears(2, appended(2, 0, matched(2))).to(2);
    assert!(matches!(&then[..], [Msg::AppendEntries(append)] if append.prev == id(2, 2)), "the log goes on: {then:?}");
}

/// Figure 13: else every copy of a message would make another one, for ever.
#[test]
fn an_acknowledgement_of_a_chunk_that_comes_twice_brings_about_one_more_chunk_and_not_two() {
    let mut server = compacted();
    server.timer(Timer::Heartbeat);
    server.timer(Timer::Heartbeat);
    let conflict = Outcome::Conflict { prev: id(0, 0).index, hint: id(0, 0) };
    server.hears(2, appended(2, 0, conflict));
    let mut hears = |received| server.hears(2, appended(2, 0, partial(id(2, 2), received))).to(2).len();
    assert_eq!([hears(1), hears(1)], [1, 0]);
    assert_eq!(hears(0), 1, "the follower has restarted");
}

/// Figure 13, and that messages are overtaken.
#[test]
fn a_chunk_of_an_earlier_snapshot_takes_nothing_of_a_later_one_of_the_same_leader_away() {
    let mut server = Start::with_log(&[1]).boot();
    let mut says = |term, last, offset| server.hears(1, install(term, last, offset, &[object(5)], false)).to(1);
    assert_eq!(says(2, id(5, 2), 0), [appended(2, 0, partial(id(5, 2), 1))]);
    assert_eq!(says(2, id(4, 2), 0), [appended(2, 0, partial(id(5, 2), 1))]);
    assert_eq!(says(2, id(4, 2), 1), [appended(2, 0, partial(id(5, 2), 1))]);
    assert_eq!(says(3, id(4, 2), 0), [appended(3, 0, partial(id(4, 2), 1))], "another leader may have no other");
}

/// Figure 13, steps 2 to 5, and that messages are lost, doubled and overtaken.
#[test]
fn a_follower_puts_chunks_together_in_order_and_says_how_many_pieces_it_has() {
    let mut server = Start::with_log(&[1]).boot();
    let last = id(4, 2);
    let mut says = |msg| server.hears(1, msg).to(1);
    assert_eq!(
        says(install(2, last, 1, &[session(1, 5)], true)),
        [appended(2, 0, partial(last, 0))],
        "the first is missing"
    );
    assert_eq!(says(install(2, last, 0, &[object(5)], false)), [appended(2, 0, partial(last, 1))]);
    assert_eq!(says(install(2, last, 0, &[object(5)], false)), [appended(2, 0, partial(last, 1))], "doubled");
    assert_eq!(says(install(2, last, 1, &[session(1, 5)], true)), [appended(2, 0, matched(4))]);
    assert_eq!((server.log_start(), server.commit(), server.observe().applied), (last, 4, 4));
    assert_eq!(&server.snapshot().unwrap().pieces[..], [object(5), session(1, 5)]);
}

/// Figure 13, step 6.
#[test]
fn if_an_existing_log_entry_has_the_same_index_and_term_as_the_last_included_entry_retain_the_entries_following_it() {
    for (last, start, log) in
        [(id(2, 1), id(2, 1), vec![1, 2]), (id(2, 2), id(2, 2), vec![]), (id(9, 2), id(9, 2), vec![])]
    {
        let mut server = Start::with_log(&[1, 1, 1, 2]).boot();
        let reply = server.hears(1, install(2, last, 0, &[object(5)], true)).to(1);
        assert_eq!(reply, [appended(2, 0, matched(last.index.get()))]);
        assert_eq!((server.log_start(), server.log()), (start, log), "{last}");
    }
}

/// §7: a snapshot that was overtaken.
#[test]
fn a_snapshot_of_what_the_server_has_committed_changes_nothing() {
    let mut server = Start::with_log(&[1, 1, 1]).boot();
    server.hears(1, append(1, id(3, 1), entries(&[]), 3));
    let reply = server.hears(1, install(1, id(2, 1), 0, &[object(5)], true)).to(1);
    assert_eq!(reply, [appended(1, 0, matched(2))]);
    assert_eq!((server.log(), server.commit(), server.log_start()), (vec![1, 1, 1], 3, id(0, 0)));
}

/// Figure 13, step 1.
#[test]
fn a_snapshot_from_an_earlier_term_is_refused() {
    let mut server = Start { term: 3, ..Start::default() }.boot();
    let reply = server.hears(1, install(2, id(4, 2), 0, &[object(5)], true)).to(1);
    assert_eq!(reply, [appended(3, 0, Outcome::Stale)]);
    assert_eq!((server.term(), server.commit(), server.snapshot()), (3, 0, None));
}

/// A message from before the follower's snapshot: what that stands for is committed, and in the leader's log.
#[test]
fn entries_that_a_snapshot_stands_for_are_acknowledged_and_those_behind_it_are_taken() {
    for (prev, new, expected, log) in [
        (id(0, 0), vec![1, 1], 2, vec![]),
        (id(1, 1), vec![1, 2], 3, vec![]),
        (id(1, 1), vec![1, 2, 2], 4, vec![2]),
        (id(0, 0), vec![], 0, vec![]),
    ] {
        let mut server = Start::default().boot();
        server.hears(1, install(2, id(3, 2), 0, &[object(5)], true));
        let reply = server.hears(1, append(2, prev, entries(&new), 0)).to(1);
        assert_eq!(reply, [appended(2, 0, matched(expected))], "{prev} {new:?}");
        assert_eq!((server.log_start(), server.log(), server.commit()), (id(3, 2), log, 3));
    }
}
