//! §3: a sequence of instances, and a state machine that executes what they choose.

use shaketable_protocols::paxos::types::{Msg, Slot, Timer, Value};
use shaketable_sim::param::Value as Setting;

use crate::node::{Bench, Start, accepted, addition, ballot, knows, prepare, vote};

fn choose(leader: &mut Bench, slot: u64) -> Vec<Option<u64>> {
    let ballot = leader.promised();
    (0..3).flat_map(|acceptor| leader.hears(acceptor, accepted(slot, ballot)).answers()).collect()
}

/// §3, the example: what a new leader knows, asks, proposes and may execute.
#[test]
fn a_new_leader_that_lacks_instances_135_to_137_asks_for_them_and_for_all_above_139() {
    let known = (1..=134).chain([138, 139]);
    let journal: Vec<_> = known.map(|slot| knows(slot, addition(slot as u32, 1))).collect();
    let start = Start::with(&journal);
    // One request with one number covers the gap and everything behind: here from its first instance on.
    let mut candidate = start.boot();
    assert_eq!(candidate.observe().applied, 134);
    assert_eq!(candidate.timer(Timer::Election).to(4), [prepare(ballot(1, 0), 135)]);
    // The responses bind it in instances 135 and 140 and in no other.
    let (one, two) = (vote(ballot(0, 3), addition(135, 1)), vote(ballot(0, 3), addition(140, 1)));
    let (mut leader, done) = start.lead(&[&[(135, one)], &[(140, two)]]);
    let expected = [(135, addition(135, 1)), (136, Value::NoOp), (137, Value::NoOp), (140, addition(140, 1))];
    assert_eq!(done.proposals_to(4), expected);
    // It executes through 135, and no further before 136 and 137 are chosen.
    choose(&mut leader, 140);
    assert_eq!(leader.observe().applied, 134);
    choose(&mut leader, 135);
    assert_eq!(leader.observe().applied, 135);
    choose(&mut leader, 137);
    choose(&mut leader, 136);
    assert_eq!(leader.observe().applied, 140);
    // The next command gets the next number.
    assert_eq!(leader.asked(141, 1).proposals_to(4), [(141, addition(141, 1))]);
}

/// §3: a leader executes phase 2 alone for each new command.
#[test]
fn an_established_leader_prepares_nothing() {
    let mut leader = Start::default().lead_free();
    for seq in 1..=3 {
        let sent = leader.asked(seq, 5).sent();
        assert!(sent.iter().all(|(_, msg)| matches!(msg, Msg::Accept { .. })), "{sent:?}");
        choose(&mut leader, u64::from(seq));
    }
}

/// §3: a leader may propose command 142 before it knows 141 to be chosen, and others ahead of that, up to a bound.
#[test]
fn a_leader_gets_ahead_of_what_is_chosen_by_the_window_and_not_more() {
    let mut leader = Start::default().set("window", Setting::Count(2)).lead_free();
    assert_eq!(leader.asked(1, 5).proposals_to(1).len(), 1);
    assert_eq!(leader.asked(2, 6).proposals_to(1).len(), 1);
    assert_eq!(leader.asked(3, 7).proposals_to(1).len(), 0);
    let ballot = leader.promised();
    leader.hears(0, accepted(2, ballot));
    leader.hears(1, accepted(2, ballot));
    let freed = leader.hears(2, accepted(2, ballot));
    assert_eq!(freed.proposals_to(1), [(3, addition(3, 7))]);
}

/// §3: commands are executed in the order of their instances.
#[test]
fn a_command_waits_for_all_before_it() {
    let mut leader = Start::default().lead_free();
    leader.asked(1, 5);
    leader.asked(2, 6);
    assert_eq!(choose(&mut leader, 2), []);
    assert_eq!(choose(&mut leader, 1), [Some(5), Some(11)]);
}

/// §3: servers that execute the same commands in the same order are in the same state; Ongaro's thesis §6.3: once, however often they were chosen.
#[test]
fn a_command_that_was_chosen_twice_is_executed_once() {
    let mut leader = Start::default().lead_free();
    leader.asked(1, 5);
    leader.asked(1, 5);
    assert_eq!(choose(&mut leader, 1), [Some(5)]);
    assert_eq!(choose(&mut leader, 2), [Some(5)], "the answer of the first time");
    assert_eq!(leader.observe().applied, 2);
    assert_eq!(leader.asked(2, 1).proposals_to(1), [(3, addition(2, 1))]);
    assert_eq!(choose(&mut leader, 3), [Some(6)]);
}

/// §3: what was proposed and not accepted for long is sent again.
#[test]
fn a_leader_repeats_to_each_acceptor_what_that_has_not_accepted() {
    let mut leader = Start::default().lead_free();
    leader.asked(1, 5);
    let ballot = leader.promised();
    leader.hears(1, accepted(1, ballot));
    leader.timer(Timer::Heartbeat);
    let again = leader.timer(Timer::Heartbeat);
    assert_eq!(again.proposals_to(1), []);
    assert_eq!(again.proposals_to(2), [(1, addition(1, 5))]);
    assert!(!leader.ledger().is_decided(Slot::new(1)));
}

/// Live §5.2: a read need not be an instance, if a quorum confirms the leader after it has arrived.
#[test]
fn a_read_is_answered_when_a_quorum_has_confirmed_the_leader_since() {
    let mut leader = Start::default().lead_free();
    leader.asked(1, 5);
    choose(&mut leader, 1);
    let done = leader.asked_to_read(2);
    assert_eq!(done.answers(), []);
    let Some(&Msg::Heartbeat { ballot, beat, .. }) = done.to(1).first() else { panic!("it asks: {:?}", done.sent()) };
    assert_eq!(leader.hears(1, Msg::Alive { ballot, beat }).answers(), []);
    assert_eq!(leader.hears(1, Msg::Alive { ballot, beat }).answers(), [], "a node counts once");
    assert_eq!(leader.hears(2, Msg::Alive { ballot, beat }).answers(), [Some(5)]);
}
