//! §2.2: what proposers ask, and what they propose.

use shaketable_protocols::paxos::types::{Msg, Value};
use shaketable_sim::node::Role;
use shaketable_sim::param::Value as Setting;

use crate::node::{Start, addition, ballot, has_accepted, prepare, promise, vote};

/// §2.2, phase 1 (a).
#[test]
fn a_proposer_asks_every_acceptor_with_a_new_number() {
    let mut node = Start::default().boot();
    let first = node.prepares();
    assert_eq!(first, ballot(1, 0));
    let again = node.prepares();
    assert!(again > first, "an attempt that came to nothing is not repeated with its number");
    let done = node.timer(shaketable_protocols::paxos::types::Timer::Election);
    let asked: Vec<usize> = done.sent().iter().map(|(to, _)| *to).collect();
    assert_eq!(asked, [0, 1, 2, 3, 4]);
    assert!(done.sent().iter().all(|(_, msg)| *msg == prepare(ballot(3, 0), 1)));
}

/// §2.2, phase 2 (a).
#[test]
fn a_proposer_that_hears_from_a_majority_proposes_and_one_that_hears_from_fewer_does_not() {
    let mut node = Start::default().boot();
    let ballot = node.prepares();
    node.hears(0, promise(ballot, &[]));
    node.hears(1, promise(ballot, &[]));
    assert_eq!(node.observe().role, Role::Candidate);
    assert_eq!(node.asked(1, 5).answers(), [None]);
    node.hears(1, promise(ballot, &[]));
    assert_eq!(node.observe().role, Role::Candidate, "an acceptor counts once");
    node.hears(2, promise(ballot, &[]));
    assert_eq!(node.asked(1, 5).proposals_to(4), [(1, addition(1, 5))]);
}

/// §2.2, phase 1: the response is to a numbered request.
#[test]
fn a_response_to_an_earlier_request_does_not_count() {
    let mut node = Start::default().boot();
    let old = node.prepares();
    let new = node.prepares();
    for acceptor in 1..5 {
        node.hears(acceptor, promise(old, &[]));
    }
    assert_eq!(node.observe().role, Role::Candidate);
    (0..3).for_each(|acceptor| drop(node.hears(acceptor, promise(new, &[]))));
    assert_eq!(node.observe().role, Role::Leader);
}

/// §2.2, P2c (b).
#[test]
fn the_value_is_that_of_the_highest_numbered_proposal_among_the_responses() {
    let (low, high) = (vote(ballot(1, 3), addition(1, 5)), vote(ballot(2, 1), addition(2, 7)));
    for told in [[&[(1, low.clone())][..], &[(1, high.clone())]], [&[(1, high.clone())][..], &[(1, low.clone())]]] {
        let (_, done) = Start::default().lead(&told);
        assert_eq!(done.proposals_to(4), [(1, addition(2, 7))]);
    }
}

/// §2.2, P2c (a).
#[test]
fn any_value_may_be_proposed_if_the_responses_report_no_proposal() {
    let mut leader = Start::default().lead_free();
    assert_eq!(leader.asked(1, 5).proposals_to(3), [(1, addition(1, 5))]);
}

/// §2.2, P2c: the responses are what counts. A proposer's own acceptor responds as all do, and tells of its own vote.
#[test]
fn a_value_that_nobody_else_reports_is_proposed_again_because_the_own_acceptor_does() {
    let own = vote(ballot(1, 1), addition(1, 5));
    let (_, done) = Start::with(&[has_accepted(1, own)]).lead(&[&[], &[]]);
    assert_eq!(done.proposals_to(2), [(1, addition(1, 5))]);
}

/// §2.2: a proposer can abandon a proposal at any time, and had better if there is a higher number.
#[test]
fn a_proposer_that_hears_of_a_higher_number_abandons_its_own() {
    let mut leader = Start::default().lead_free();
    leader.asked(1, 5);
    assert_eq!(
        leader.hears(3, Msg::Nack(ballot(7, 3))).answers(),
        [],
        "it may yet be chosen: its client is told nothing"
    );
    assert_eq!(leader.observe().role, Role::Follower);
    assert_eq!(leader.prepares(), ballot(8, 0), "its next number is above it");
}

/// Flexible §3: only quorums of different phases must meet.
#[test]
fn with_small_quorums_of_acceptances_a_proposer_waits_for_large_ones_of_promises() {
    let start = Start::default().set("phase2-quorum", Setting::Count(2));
    let mut node = start.boot();
    let ballot = node.prepares();
    (0..3).for_each(|acceptor| drop(node.hears(acceptor, promise(ballot, &[]))));
    assert_eq!(node.observe().role, Role::Candidate);
    node.hears(3, promise(ballot, &[]));
    assert_eq!(node.observe().role, Role::Leader);
}

/// §2.1: only a value that was proposed may be chosen.
#[test]
fn a_leader_that_nobody_asked_and_nothing_binds_proposes_nothing() {
    let (_, done) = Start::default().lead(&[&[], &[]]);
    assert_eq!(done.proposals_to(1), [] as [(u64, Value<_>); 0]);
}
