//! §3 has nobody forget, and so a log grows for ever; Live §5.5: a snapshot stands for what is dropped.

use shaketable_protocols::paxos::types::{Msg, Part, PieceOf, Received, Record, Slot};
use shaketable_sim::id::Key;
use shaketable_sim::node::Role;
use shaketable_sim::param::Value as Setting;
use shaketable_sim::spec::counter::Counter;

use crate::node::{
    Bench, Message, Start, accept, accepted, addition, ballot, prepare, promise, promise_dropping, vote,
};

fn every(slots: u64) -> Start {
    Start::default().set("snapshot-every", Setting::Count(slots)).set("chunk", Setting::Count(1))
}

/// A leader that has decided so many additions of 5.
fn having_decided(start: &Start, slots: u64) -> Bench {
    having_decided_of(Key::at(0), start, slots)
}

fn having_decided_of(key: Key, start: &Start, slots: u64) -> Bench {
    let mut leader = start.lead_free();
    let ballot = leader.promised();
    for slot in 1..=slots {
        leader.asked_of(key, slot as u32, 5);
        (0..3).for_each(|acceptor| {
            leader.hears(acceptor, accepted(slot, ballot));
        });
    }
    leader
}

/// The parts of its snapshot that a node sends to one that has received so much.
fn parts(bench: &mut Bench, received: Option<Received>) -> Vec<Part<PieceOf<Counter>>> {
    let sent = bench.hears(4, Msg::Lacks { first: Slot::new(1), received }).to(4);
    let part = |msg| match msg {
        Msg::Install(part) => part,
        other => panic!("it sends parts of a snapshot, not {other:?}"),
    };
    sent.into_iter().map(part).collect()
}

#[test]
fn what_is_applied_is_dropped_after_so_many_slots_and_journal_and_ledger_agree() {
    let leader = having_decided(&every(2), 3);
    assert_eq!(leader.ledger().start(), Slot::new(2));
    assert!(matches!(leader.journal[..2], [Record::Promised(_), Record::Snapshot(_)]), "{:?}", leader.journal);
    let again = leader.restarted(&every(2));
    assert_eq!((again.promised(), again.observe().applied), (leader.promised(), 3));
    assert_eq!(again.ledger().start(), Slot::new(2));
}

#[test]
fn a_promise_tells_what_was_dropped_and_the_votes_behind_it() {
    let mut node = having_decided(&every(2), 2);
    let proposal = vote(ballot(3, 3), addition(3, 5));
    node.hears(3, accept(3, proposal.clone()));
    assert_eq!(node.hears(4, prepare(ballot(4, 4), 1)).to(4), [promise_dropping(ballot(4, 4), &[(3, proposal)], 2)]);
}

#[test]
fn a_candidate_that_lacks_what_its_acceptors_have_dropped_catches_up_before_it_leads() {
    let mut source = having_decided(&every(2), 2);
    let mut candidate = every(2).boot();
    let own = candidate.prepares();
    candidate.hears(0, promise(own, &[]));
    let asks = candidate.hears(1, promise_dropping(own, &[], 2)).to(1);
    assert_eq!(asks, [Msg::Lacks { first: Slot::new(1), received: None }]);
    candidate.hears(2, promise(own, &[]));
    assert_eq!(candidate.observe().role, Role::Candidate, "a majority has promised, and still");
    for part in parts(&mut source, None) {
        assert_eq!(candidate.observe().role, Role::Candidate);
        candidate.hears(1, Msg::Install(part));
    }
    assert_eq!((candidate.observe().role, candidate.observe().applied), (Role::Leader, 2));
    assert_eq!(candidate.asked(3, 1).proposals_to(1), [(3, addition(3, 1))]);
}

#[test]
fn an_acceptor_accepts_in_a_dropped_slot_what_it_may_and_keeps_the_promise_that_this_is() {
    let start = every(2);
    let mut node = having_decided(&start, 2);
    let done = node.hears(3, accept(1, vote(ballot(3, 3), addition(1, 5))));
    assert_eq!(done.sent_at_once(), []);
    assert_eq!(done.to(3), [accepted(1, ballot(3, 3))]);
    assert_eq!(node.ledger().vote(Slot::new(1)), None);
    assert_eq!(node.restarted(&start).promised(), ballot(3, 3));
    assert_eq!(node.hears(2, accept(1, vote(ballot(2, 2), addition(1, 5)))).to(2), [Msg::Nack(ballot(3, 3))]);
}

#[test]
fn a_snapshot_is_sent_in_parts_a_window_at_a_time() {
    // Nine objects, and the session of their client.
    let mut source = having_decided_of(Key::at(8), &every(2).set("window", Setting::Count(1)), 2);
    let places = |parts: &[Part<PieceOf<Counter>>]| {
        parts.iter().map(|part| (part.offset, part.sent, part.total)).collect::<Vec<_>>()
    };
    // No fewer than eight, as of decisions.
    let first = parts(&mut source, None);
    assert_eq!(places(&first), (0..8).map(|offset| (offset, 8, 10)).collect::<Vec<_>>());
    let mut learner = every(2).boot();
    let received = Some(Received { last: Slot::new(2), pieces: 8 });
    for (place, part) in first.into_iter().enumerate() {
        let asks = learner.hears(3, Msg::Install(part)).to(3);
        let rest = Msg::Lacks { first: Slot::new(1), received };
        assert_eq!(asks, if place == 7 { vec![rest] } else { vec![] });
    }
    let second = parts(&mut source, received);
    assert_eq!(places(&second), [(8, 10, 10), (9, 10, 10)]);
    assert_eq!(learner.hears(3, Msg::Install(second[0].clone())).to(3), []);
    let asks = learner.hears(3, Msg::Install(second[1].clone())).to(3);
    assert_eq!((learner.observe().applied, learner.ledger().start()), (2, Slot::new(2)));
    assert_eq!(asks, [Msg::Lacks { first: Slot::new(3), received: None }], "there may be decisions behind it");
}

#[test]
fn a_snapshot_that_goes_no_further_than_what_is_applied_changes_nothing() {
    let old = parts(&mut having_decided(&every(2), 2), None);
    let mut learner = Start::default().boot();
    let values = (1..=3).map(|seq| addition(seq, 5)).collect();
    learner.hears(3, Msg::Learn { first: Slot::new(1), values, sent: Slot::new(3), commit: Slot::new(3) });
    let written = learner.journal.len();
    let done: Vec<(usize, Message)> =
        old.into_iter().flat_map(|part| learner.hears(3, Msg::Install(part)).sent()).collect();
    assert_eq!((done, learner.journal.len(), learner.observe().applied), (vec![], written, 3));
}

#[test]
fn a_session_outlives_the_slot_in_which_its_operation_was_decided() {
    let leader = having_decided(&every(1), 1);
    let mut again = leader.restarted(&every(1));
    let own = again.prepares();
    (0..3).for_each(|acceptor| {
        again.hears(acceptor, promise(own, &[]));
    });
    assert_eq!(again.asked(1, 5).answers(), [Some(5)], "the answer of the first time");
}
