//! Terms, votes and elections.

use std::collections::BTreeSet;

use shaketable_protocols::raft::types::{Msg, Outcome, Timer};
use shaketable_sim::node::{Effect, Role};
use shaketable_sim::time::Span;

use crate::server::{Start, append, appended, ballot, entries, id, vote};

/// §5.1.
#[test]
fn if_one_servers_current_term_is_smaller_than_the_others_it_updates_its_current_term_to_the_larger_value() {
    let messages = [
        Msg::RequestVote(ballot(7, id(0, 0))),
        Msg::Vote(vote(7, false)),
        Msg::PreVote(vote(7, false)),
        append(7, id(0, 0), entries(&[]), 0),
        appended(7, 0, Outcome::Stale),
    ];
    for msg in messages {
        let mut server = Start { term: 3, vote: Some(2), ..Start::default() }.boot();
        server.hears(1, msg.clone());
        assert_eq!(server.term(), 7, "{msg:?}");
        assert_ne!(server.vote(), Some(2), "the vote of term 3 says nothing about term 7: {msg:?}");
    }
}

/// §5.1.
#[test]
fn if_a_candidate_or_leader_discovers_that_its_term_is_out_of_date_it_immediately_reverts_to_follower_state() {
    let mut candidate = Start::default().boot();
    candidate.timer(Timer::Election);
    assert_eq!(candidate.observe().role, Role::Candidate);
    for mut server in [candidate, Start::default().lead()] {
        server.hears(1, Msg::RequestVote(ballot(9, id(0, 0))));
        assert_eq!((server.observe().role, server.term()), (Role::Follower, 9));
    }
}

/// §5.1.
#[test]
fn if_a_server_receives_a_request_with_a_stale_term_number_it_rejects_the_request() {
    let mut server = Start { term: 5, ..Start::default() }.boot();
    let vote_reply = server.hears(1, Msg::RequestVote(ballot(4, id(9, 4)))).to(1);
    assert_eq!(vote_reply, [Msg::Vote(vote(5, false))]);
    let append_reply = server.hears(1, append(4, id(0, 0), entries(&[4]), 0)).to(1);
    assert_eq!(append_reply, [appended(5, 0, Outcome::Stale)]);
    assert_eq!((server.vote(), server.log()), (None, vec![]));
    assert_eq!(server.observe().leader, None);
}

/// §5.2.
#[test]
fn when_servers_start_up_they_begin_as_followers() {
    let server = Start::with_log(&[1, 1]).boot();
    assert_eq!(server.observe().role, Role::Follower);
}

/// §5.2.
#[test]
fn to_begin_an_election_a_follower_increments_its_term_votes_for_itself_and_asks_each_of_the_other_servers() {
    let mut server = Start::with_log(&[1, 2]).boot();
    let done = server.timer(Timer::Election);
    assert_eq!((server.observe().role, server.term(), server.vote()), (Role::Candidate, 3, Some(0)));
    for peer in 1..5 {
        assert_eq!(done.to(peer), [Msg::RequestVote(ballot(3, id(2, 2)))]);
    }
    assert_eq!(done.to(0), [Msg::Vote(vote(3, true))], "its own vote counts when it is durable");
}

/// §5.2.
#[test]
fn a_candidate_wins_an_election_if_it_receives_votes_from_a_majority_of_the_servers_for_the_same_term() {
    for (nodes, needed) in [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3)] {
        let mut server = Start { nodes, ..Start::default() }.boot();
        server.timer(Timer::Election);
        for voter in 0..needed {
            assert_eq!(server.observe().role, Role::Candidate, "{voter} of {nodes} are no majority");
            server.hears(voter, Msg::Vote(vote(2, true)));
        }
        assert_eq!(server.observe().role, Role::Leader, "{needed} of {nodes} are a majority");
    }
}

/// §5.2: servers are counted, not messages; and only votes of this term.
#[test]
fn a_vote_that_arrives_twice_or_was_given_in_another_term_does_not_count() {
    let mut server = Start::default().boot();
    server.timer(Timer::Election);
    server.timer(Timer::Election);
    assert_eq!(server.term(), 3);
    server.hears(0, Msg::Vote(vote(3, true)));
    server.hears(1, Msg::Vote(vote(3, true)));
    server.hears(1, Msg::Vote(vote(3, true)));
    server.hears(2, Msg::Vote(vote(2, true)));
    server.hears(3, Msg::Vote(vote(3, false)));
    assert_eq!(server.observe().role, Role::Candidate);
    server.hears(4, Msg::Vote(vote(3, true)));
    assert_eq!(server.observe().role, Role::Leader);
}

/// §5.2.
#[test]
fn each_server_will_vote_for_at_most_one_candidate_in_a_given_term_on_a_first_come_first_served_basis() {
    let mut server = Start::default().boot();
    assert_eq!(server.hears(1, Msg::RequestVote(ballot(2, id(0, 0)))).to(1), [Msg::Vote(vote(2, true))]);
    assert_eq!(server.hears(2, Msg::RequestVote(ballot(2, id(0, 0)))).to(2), [Msg::Vote(vote(2, false))]);
    assert_eq!(server.hears(1, Msg::RequestVote(ballot(2, id(0, 0)))).to(1), [Msg::Vote(vote(2, true))], "asked again");
    assert_eq!(server.hears(2, Msg::RequestVote(ballot(3, id(0, 0)))).to(2), [Msg::Vote(vote(3, true))], "a new term");
}

/// §5.2.
#[test]
fn a_candidate_that_hears_from_a_leader_of_at_least_its_term_returns_to_follower_state() {
    for (term, expected) in [(1, Role::Candidate), (2, Role::Follower), (3, Role::Follower)] {
        let mut server = Start::default().boot();
        server.timer(Timer::Election);
        server.hears(3, append(term, id(0, 0), entries(&[]), 0));
        assert_eq!(server.observe().role, expected, "a leader of term {term}, a candidate of term 2");
        assert_eq!(server.observe().leader.is_some(), expected == Role::Follower);
    }
}

/// §5.2.
#[test]
fn election_timeouts_are_chosen_randomly_from_a_fixed_interval() {
    let mut drawn = BTreeSet::new();
    for seed in 0..50 {
        let mut server = Start { seed, ..Start::default() }.boot();
        let [(Timer::Election, timeout)] = server.timer(Timer::Election).timers_set()[..] else {
            panic!("an election sets the election timer, and nothing else")
        };
        assert!((Span::millis(150)..=Span::millis(300)).contains(&timeout));
        drawn.insert(timeout);
    }
    assert!(drawn.len() > 40, "{} different timeouts", drawn.len());
}

/// §5.2: a vote that is denied buys the candidate no time; one that is granted does, and so does a leader.
#[test]
fn a_server_remains_in_follower_state_as_long_as_it_receives_valid_rpcs_from_a_leader_or_candidate() {
    let mut server = Start::with_log(&[2]).boot();
    let resets = |timers: Vec<(Timer, Span)>| timers.iter().any(|(timer, _)| *timer == Timer::Election);
    assert!(resets(server.hears(1, append(2, id(1, 2), entries(&[]), 0)).timers_set()));
    assert!(!resets(server.hears(1, append(1, id(0, 0), entries(&[]), 0)).timers_set()), "a stale leader");
    assert!(
        !resets(server.hears(2, Msg::RequestVote(ballot(3, id(0, 0)))).timers_set()),
        "a candidate with a shorter log"
    );
    assert!(
        resets(server.hears(3, Msg::RequestVote(ballot(3, id(1, 2)))).timers_set()),
        "a candidate that gets the vote"
    );
}

/// §5.4.1.
#[test]
fn the_voter_denies_its_vote_if_its_own_log_is_more_up_to_date_than_that_of_the_candidate() {
    // (last of the candidate, granted) for a voter whose log ends with entry 3 of term 2.
    for (last, granted) in
        [(id(3, 2), true), (id(4, 2), true), (id(2, 2), false), (id(1, 3), true), (id(9, 1), false), (id(0, 0), false)]
    {
        let mut server = Start::with_log(&[1, 2, 2]).boot();
        let reply = server.hears(1, Msg::RequestVote(ballot(4, last))).to(1);
        assert_eq!(reply, [Msg::Vote(vote(4, granted))], "candidate's last entry {last}");
    }
}

/// Thesis §6.2.
#[test]
fn a_leader_steps_down_if_an_election_timeout_elapses_without_a_successful_round_of_heartbeats_to_a_majority() {
    let mut server = Start { elections: "check-quorum", ..Start::default() }.lead();
    server.hears(1, appended(2, 0, Outcome::Match(Default::default())));
    server.hears(2, appended(2, 0, Outcome::Match(Default::default())));
    server.timer(Timer::Election);
    assert_eq!(server.observe().role, Role::Leader, "three of five, itself included");
    server.hears(2, appended(2, 0, Outcome::Match(Default::default())));
    server.timer(Timer::Election);
    assert_eq!((server.observe().role, server.term()), (Role::Follower, 2), "two of five since the last time");
    assert_eq!(server.vote(), Some(0), "its vote in this term is not taken back");
}

/// Thesis §9.6.
#[test]
fn a_candidate_only_increments_its_term_if_it_first_learns_from_a_majority_that_they_would_be_willing_to_vote_for_it() {
    let mut server = Start { elections: "pre-vote", ..Start::default() }.boot();
    let done = server.timer(Timer::Election);
    assert_eq!((server.term(), server.vote(), server.journal.len()), (1, None, 0));
    assert_eq!(done.to(3), [Msg::RequestPreVote(ballot(2, id(0, 0)))]);
    server.hears(1, Msg::PreVote(vote(2, true)));
    server.hears(1, Msg::PreVote(vote(2, true)));
    assert_eq!(server.term(), 1);
    let done = server.hears(2, Msg::PreVote(vote(2, true)));
    assert_eq!((server.term(), server.vote()), (2, Some(0)));
    assert_eq!(done.to(3), [Msg::RequestVote(ballot(2, id(0, 0)))]);
}

/// Thesis §9.6.
#[test]
fn a_pre_vote_is_granted_if_the_log_is_up_to_date_and_no_leader_was_heard_of_for_a_baseline_election_timeout() {
    let start = Start { elections: "pre-vote", ..Start::with_log(&[1]) };
    let ask = |server: &mut crate::server::Server, term, last| {
        let done = server.hears(1, Msg::RequestPreVote(ballot(term, last)));
        assert!(server.journal.is_empty() && server.vote().is_none(), "a pre-vote binds nobody");
        done.to(1)
    };
    assert_eq!(ask(&mut start.boot(), 2, id(1, 1)), [Msg::PreVote(vote(2, true))]);
    assert_eq!(ask(&mut start.boot(), 2, id(0, 0)), [Msg::PreVote(vote(1, false))], "a shorter log");
    assert_eq!(ask(&mut start.boot(), 1, id(1, 1)), [Msg::PreVote(vote(1, false))], "a term that has begun");
    let mut server = start.boot();
    server.hears(2, append(1, id(1, 1), entries(&[]), 0));
    server.now += Span::millis(149);
    assert_eq!(ask(&mut server, 2, id(1, 1)), [Msg::PreVote(vote(1, false))], "a leader has just been heard of");
    server.now += Span::millis(1);
    assert_eq!(ask(&mut server, 2, id(1, 1)), [Msg::PreVote(vote(2, true))]);
    server.now = server.now - Span::millis(600);
    assert_eq!(ask(&mut server, 2, id(1, 1)), [Msg::PreVote(vote(2, true))], "a clock set back says nothing");
}

/// §5.2, Figure 2 (Leaders).
#[test]
fn upon_election_a_leader_sends_messages_to_each_server_and_repeats_them_during_idle_periods() {
    let mut server = Start::default().lead();
    for peer in 1..5 {
        server.hears(peer, appended(2, 0, Outcome::Match(shaketable_protocols::raft::types::LogIndex::new(1))));
    }
    server.timer(Timer::Heartbeat);
    let done = server.timer(Timer::Heartbeat);
    for peer in 1..5 {
        let [Msg::AppendEntries(heartbeat)] = &done.to(peer)[..] else { panic!("one heartbeat to n{}", peer + 1) };
        assert!(heartbeat.entries.is_empty());
        assert_eq!(heartbeat.prev, id(1, 2));
    }
    assert!(done.at_once.contains(&Effect::SetTimer { timer: Timer::Heartbeat, after: Span::millis(50) }));
}
