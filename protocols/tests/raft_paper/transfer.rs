//! Leadership transfer (thesis §3.10), and the operator's commands.

use shaketable_protocols::raft::types::{Msg, Term, Timer};
use shaketable_sim::id::NodeId;
use shaketable_sim::node::{Command, Role};
use shaketable_sim::spec::counter::Action;

use crate::server::{Message, Start, append, appended, entries, id, matched};

fn to(node: usize) -> Command {
    Command::Transfer(NodeId::at(node))
}

fn timeout_now(term: u64) -> Message {
    Msg::TimeoutNow(Term::new(term))
}

#[test]
fn the_prior_leader_stops_accepting_new_client_requests() {
    let mut server = Start::default().lead();
    server.command(&to(1));
    assert_eq!(server.asked(1, Action::Add(5)).answers(), [None]);
    assert_eq!(server.log(), [2], "nothing was appended");
}

#[test]
fn the_prior_leader_updates_the_target_servers_log_before_it_tells_it_to_stand() {
    let mut server = Start::default().lead();
    assert_eq!(server.command(&to(1)).to(1), [], "it lacks the no-op");
    assert_eq!(server.hears(2, appended(2, 0, matched(1))).to(1), [], "another server is not the target");
    assert_eq!(server.hears(1, appended(2, 0, matched(1))).to(1), [timeout_now(2)]);
    assert_eq!(server.hears(1, appended(2, 0, matched(1))).to(1), [], "it is told once");
}

#[test]
fn the_target_starts_a_new_election_whoever_it_hears_of() {
    let mut server = Start { elections: "pre-vote", ..Start::default() }.boot();
    server.hears(1, append(1, id(0, 0), entries(&[]), 0));
    let done = server.hears(1, timeout_now(1));
    assert_eq!((server.term(), server.vote(), server.observe().role), (2, Some(0), Role::Candidate));
    assert!(matches!(&done.to(2)[..], [Msg::RequestVote(request)] if request.handed_over), "{:?}", done.to(2));
}

#[test]
fn a_call_to_stand_from_an_earlier_term_is_ignored() {
    let mut server = Start { term: 3, ..Start::default() }.boot();
    assert_eq!(server.hears(1, timeout_now(2)).sent(), []);
    assert_eq!((server.term(), server.observe().role), (3, Role::Follower));
}

#[test]
fn if_the_transfer_does_not_complete_after_an_election_timeout_the_prior_leader_resumes_accepting_requests() {
    let mut server = Start { nodes: 1, ..Start::default() }.lead();
    server.command(&to(0));
    assert_eq!(server.asked(1, Action::Add(5)).answers(), [], "to itself it hands over nothing");
    let mut server = Start::default().lead();
    assert!(server.command(&to(1)).timers_set().iter().any(|(timer, _)| *timer == Timer::Transfer));
    server.timer(Timer::Transfer);
    server.asked(1, Action::Add(5));
    assert_eq!(server.log(), [2, 2]);
}

#[test]
fn a_server_that_is_told_to_campaign_does_as_if_its_election_timeout_had_passed() {
    let mut server = Start::default().boot();
    server.command(&Command::Campaign);
    assert_eq!((server.term(), server.observe().role), (2, Role::Candidate));
    let mut leader = Start::default().lead();
    leader.command(&Command::Campaign);
    assert_eq!((leader.term(), leader.observe().role), (2, Role::Leader), "a leader has nothing to stand for");
}
