//! §2.4: that something is chosen in the end takes one proposer that is left in peace.

use shaketable_protocols::paxos::types::{Msg, Timer};
use shaketable_sim::node::{Command, Role};
use shaketable_sim::param::Value as Setting;
use shaketable_sim::time::Span;

use crate::node::{Done, ME, Start, ballot, heartbeat};

fn election(done: &Done) -> Option<Span> {
    done.timers_set().iter().rev().find(|(timer, _)| *timer == Timer::Election).map(|(_, after)| *after)
}

/// §2.4: proposers that keep preparing higher numbers keep each other from succeeding; something must be random or timed.
#[test]
fn a_proposer_that_fails_again_and_again_waits_longer() {
    let mut node = Start::default().boot();
    let waits: Vec<Span> = (0..8).filter_map(|_| election(&node.timer(Timer::Election))).collect();
    assert_eq!(waits.len(), 8);
    assert!(waits.iter().all(|wait| (Span::millis(150)..=Span::millis(1_200)).contains(wait)), "{waits:?}");
    assert!(waits[3..].iter().all(|wait| *wait >= Span::millis(600)), "four times as long in the end: {waits:?}");
    assert!(waits[3..].windows(2).any(|pair| pair[0] != pair[1]), "and by chance: {waits:?}");
}

/// §2.4: a distinguished proposer is the only one to try.
#[test]
fn who_hears_a_leader_waits_for_it() {
    let mut node = Start::default().boot();
    let done = node.hears(3, heartbeat(ballot(1, 3), 0));
    assert!(election(&done).is_some(), "its timer begins anew");
    assert_eq!((node.observe().role, node.observe().leader.map(|node| node.index())), (Role::Follower, Some(3)));
}

/// §2.4: one that can reach a majority, with a number above all, succeeds. Who hears a leader does not encourage another to disturb it.
#[test]
fn a_node_that_hears_a_leader_encourages_nobody_else() {
    let start = Start::default().set("elections", Setting::Choice("canvass"));
    let mut node = start.boot();
    assert_eq!(node.hears(2, Msg::Canvass(ballot(1, 2))).sent().len(), 1);
    node.hears(3, heartbeat(ballot(1, 3), 0));
    assert_eq!(node.hears(2, Msg::Canvass(ballot(2, 2))).sent(), []);
    node.now += Span::millis(150);
    assert_eq!(node.hears(2, Msg::Canvass(ballot(2, 2))).sent().len(), 1);
}

/// §2.4: a leader that reaches no majority gets nothing chosen, and had better make way.
#[test]
fn a_leader_that_no_quorum_answers_for_an_election_timeout_resigns() {
    let mut leader = Start::default().lead_free();
    leader.timer(Timer::Election);
    assert_eq!(leader.observe().role, Role::Follower);
}

/// §2.4 leaves open how a leader is chosen: here an operator may.
#[test]
fn a_leader_that_is_told_to_hand_over_calls_its_successor_and_goes_on_until_it_is_deposed() {
    let mut leader = Start::default().lead_free();
    let own = leader.promised();
    let successor = shaketable_sim::id::NodeId::at(3);
    assert_eq!(leader.command(&Command::Transfer(ME)).sent(), [], "not to itself");
    assert_eq!(leader.command(&Command::Transfer(successor)).sent(), [(3, Msg::TakeOver(own))]);
    assert_eq!(leader.observe().role, Role::Leader);
}

/// The call is for who follows that leader still.
#[test]
fn a_call_to_take_over_counts_while_its_leader_is_followed() {
    for (called_by, prepares) in [(ballot(1, 3), true), (ballot(1, 2), false)] {
        let mut node = Start::default().boot();
        node.hears(3, heartbeat(ballot(1, 3), 0));
        let done = node.hears(called_by.node.index(), Msg::TakeOver(called_by));
        assert_eq!(!done.sent().is_empty(), prepares, "{called_by}");
        assert_eq!(node.observe().role == Role::Candidate, prepares, "{called_by}");
    }
}
