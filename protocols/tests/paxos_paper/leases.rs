//! Live §5.2: leases, by which a leader reads without asking anybody.

use shaketable_protocols::paxos::types::{Msg, Slot, Timer};
use shaketable_sim::id::NodeId;
use shaketable_sim::node::{Command, Role};
use shaketable_sim::param::Value as Setting;
use shaketable_sim::time::{Ppm, Span};

use crate::node::{Bench, Done, Start, ballot, heartbeat, prepare, promise};

fn leases() -> Start {
    Start::default().set("read", Setting::Choice("lease")).set("clock-bound", Setting::Odds(Ppm::percent(20)))
}

/// All whom a leader's first heartbeats asked answer.
fn confirm(leader: &mut Bench, asked: &Done) {
    for node in 1..3 {
        for msg in asked.to(node) {
            if let Msg::Heartbeat { ballot, beat, .. } = msg {
                leader.hears(node, Msg::Alive { ballot, beat });
            }
        }
    }
}

/// The promise is of 150ms, and the clocks may be apart by a fifth each way: a hundred are left.
#[test]
fn a_leader_reads_by_its_lease_until_the_promises_may_be_over() {
    let (mut leader, asked) = leases().lead(&[&[], &[]]);
    let begun = leader.now;
    assert_eq!(leader.asked_to_read(1).answers(), [], "nobody has promised it anything yet");
    let (mut leader, _) = leases().lead(&[&[], &[]]);
    leader.now = begun + Span::millis(60);
    confirm(&mut leader, &asked);
    for (after, answers) in [(60, 1), (99, 1), (100, 0)] {
        leader.now = begun + Span::millis(after);
        assert_eq!(leader.asked_to_read(2).answers().len(), answers, "{after}ms after it has asked");
    }
}

#[test]
fn a_leader_that_has_handed_over_does_not_read_by_its_lease_any_more() {
    let (mut leader, asked) = leases().lead(&[&[], &[]]);
    confirm(&mut leader, &asked);
    assert_eq!(leader.asked_to_read(1).answers().len(), 1);
    leader.command(&Command::Transfer(NodeId::at(4)));
    assert_eq!(leader.asked_to_read(2).answers(), []);
}

#[test]
fn who_hears_of_a_leader_promises_nobody_else_anything_for_a_while_but_to_whom_it_hands_over() {
    let handed_over = |by| Msg::Prepare { ballot: ballot(2, 2), from: Slot::new(1), handed_over: Some(by) };
    let mut node = leases().boot();
    node.now += Span::millis(150);
    node.hears(3, heartbeat(ballot(1, 3), 0));
    assert_eq!(node.hears(2, prepare(ballot(2, 2), 1)).sent(), []);
    assert_eq!(node.hears(2, handed_over(ballot(1, 1))).sent(), [], "another leader has");
    assert_eq!(node.hears(2, handed_over(ballot(1, 3))).to(2), [promise(ballot(2, 2), &[])]);
    let mut node = leases().boot();
    node.now += Span::millis(150);
    node.hears(3, heartbeat(ballot(1, 3), 0));
    node.now += Span::millis(150);
    assert_eq!(node.hears(2, prepare(ballot(2, 2), 1)).to(2), [promise(ballot(2, 2), &[])], "it is over");
}

#[test]
fn who_has_promised_to_follow_does_not_prepare_even_if_it_is_told_to() {
    let mut node = leases().boot();
    node.now += Span::millis(150);
    node.hears(3, heartbeat(ballot(1, 3), 0));
    assert_eq!(node.command(&Command::Campaign).sent(), []);
    assert_eq!(node.observe().role, Role::Follower);
    node.now += Span::millis(150);
    node.command(&Command::Campaign);
    assert_eq!(node.observe().role, Role::Candidate);
}

#[test]
fn who_restarts_keeps_whatever_it_may_have_promised() {
    let mut node = leases().boot();
    assert_eq!(node.hears(2, prepare(ballot(2, 2), 1)).sent(), []);
    node.now += Span::millis(150);
    assert_eq!(node.hears(2, prepare(ballot(2, 2), 1)).to(2), [promise(ballot(2, 2), &[])]);
    let mut without = Start::default().boot();
    assert_eq!(without.hears(2, prepare(ballot(2, 2), 1)).sent().len(), 1, "without leases nobody has promised that");
}

/// The lease is asked for with every heartbeat; a question that nobody has answered yet is asked again, and counts from the first time.
#[test]
fn a_lease_counts_from_when_its_question_was_first_asked() {
    let (mut leader, asked) = leases().lead(&[&[], &[]]);
    let begun = leader.now;
    leader.now = begun + Span::millis(50);
    let again = leader.timer(Timer::Heartbeat);
    assert_eq!(asked.to(1).last(), again.to(1).last(), "the same question");
    confirm(&mut leader, &again);
    leader.now = begun + Span::millis(100);
    assert_eq!(leader.asked_to_read(1).answers(), []);
}
