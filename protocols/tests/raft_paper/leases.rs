//! Leader leases (thesis §6.4.1).

use shaketable_protocols::raft::types::{Msg, Outcome, RequestVote, Timer};
use shaketable_sim::node::{Command, Role};
use shaketable_sim::spec::counter::Action;
use shaketable_sim::time::Span;

use crate::server::{Server, Start, append, appended, ballot, entries, id, matched, vote};

const PROMISE: Span = Span::millis(150);
/// What remains of it within a bound of 1 %.
const RELIABLE: Span = Span::nanos(147_029_702);

fn start() -> Start {
    Start { nodes: 3, read: "lease", ..Start::default() }
}

/// A leader of term 2 that began round 1 now, and has committed its no-op.
fn leader() -> Server {
    let mut server = start().lead();
    server.hears(1, appended(2, 0, matched(1)));
    server.timer(Timer::Heartbeat);
    server
}

fn confirm(server: &mut Server, round: u64) {
    server.hears(1, appended(2, round, matched(1)));
}

fn reads(server: &mut Server) -> Vec<Option<u64>> {
    server.asked(1, Action::Read).answers()
}

#[test]
fn a_leader_answers_at_once_for_as_long_as_the_quorum_that_confirmed_it_has_promised_less_the_drift() {
    let mut server = leader();
    assert_eq!(reads(&mut server), [], "nobody has confirmed anything yet");
    let mut server = leader();
    confirm(&mut server, 1);
    let begun = server.now;
    server.now = begun + (RELIABLE - Span::nanos(1));
    assert_eq!(reads(&mut server), [Some(0)]);
    server.now = begun + RELIABLE;
    assert_eq!(reads(&mut server), [], "now it asks for a confirmation, as with read-index");
    confirm(&mut server, 2);
    assert_eq!(server.asked(2, Action::Read).answers(), [Some(0)], "which is a lease again");
}

#[test]
fn a_lease_counts_from_the_sending_of_what_was_confirmed_and_not_from_the_arrival_of_the_answers() {
    let mut server = leader();
    server.now += Span::millis(149);
    confirm(&mut server, 1);
    assert_eq!(reads(&mut server), []);
}

#[test]
fn a_leader_that_has_called_a_server_to_stand_never_reads_by_its_lease_again() {
    let mut server = leader();
    confirm(&mut server, 1);
    server.command(&Command::Transfer(shaketable_sim::id::NodeId::at(1)));
    server.timer(Timer::Transfer);
    assert_eq!(reads(&mut server), []);
    assert_eq!(server.hears(2, appended(2, 2, matched(1))).answers(), [Some(0)], "a confirmed round still answers it");
}

#[test]
fn a_server_that_has_heard_of_a_leader_votes_for_nobody_until_its_promise_is_over() {
    let request = |handed_over| Msg::RequestVote(RequestVote { handed_over, ..ballot(9, id(0, 0)) });
    let hearing = || {
        let mut server = start().boot();
        server.now += Span::secs(1);
        server.hears(1, append(1, id(0, 0), entries(&[]), 0));
        server
    };
    let mut server = hearing();
    server.now += PROMISE - Span::nanos(1);
    assert_eq!(server.hears(2, request(false)).to(2), [Msg::Vote(vote(1, false))], "and does not adopt the term");
    server.now += Span::nanos(1);
    assert_eq!(server.hears(2, request(false)).to(2), [Msg::Vote(vote(9, true))]);
    assert_eq!(hearing().hears(2, request(true)).to(2), [Msg::Vote(vote(9, true))], "its leader wants it so");
}

#[test]
fn a_server_that_restarts_keeps_the_promise_that_it_may_have_given() {
    let mut server = start().boot();
    assert_eq!(server.hears(2, Msg::RequestVote(ballot(9, id(0, 0)))).to(2), [Msg::Vote(vote(1, false))]);
    server.command(&Command::Campaign);
    assert_eq!(server.observe().role, Role::Follower, "nor does it stand");
    server.now += PROMISE;
    server.command(&Command::Campaign);
    assert_eq!(server.observe().role, Role::Candidate);
}

#[test]
fn an_answer_to_a_message_of_an_earlier_term_renews_no_lease() {
    let mut server = leader();
    server.hears(1, appended(2, 1, Outcome::Stale));
    assert_eq!(reads(&mut server), []);
}
