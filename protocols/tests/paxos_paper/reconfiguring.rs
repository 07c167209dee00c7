//! §3, last paragraph: "A simple way to do this is to allow a leader to get α commands ahead by letting the set of servers that execute instance
//! i + α of the consensus algorithm be specified by the state after execution of the ith state machine command."

use std::collections::BTreeSet;

use shaketable_protocols::paxos::configuration::Configuration;
use shaketable_protocols::paxos::quorums::Sizes;
use shaketable_protocols::paxos::types::{Ballot, Beat, Msg, Timer, Value};
use shaketable_sim::id::NodeId;
use shaketable_sim::node::{Command, Role};
use shaketable_sim::param::Value as Setting;
use shaketable_sim::spec::counter::Op;

use crate::node::{
    Bench, Done, Start, accept, accepted, addition, ballot, heartbeat, knows, promise, promise_dropping, vote,
};

/// Five nodes, of which the first three are the servers, with α = 2.
fn three_of_five() -> Start {
    Start::default().set("members", Setting::Count(3)).set("alpha", Setting::Count(2))
}

fn servers(nodes: &[usize]) -> Value<Op> {
    let members: BTreeSet<NodeId> = nodes.iter().copied().map(NodeId::at).collect();
    Value::Reconfigure(Box::new(Configuration::new(members, Sizes::Majorities).expect("some members")))
}

fn reconfigure(bench: &mut Bench, nodes: &[usize]) -> Done {
    bench.command(&Command::Reconfigure(nodes.iter().copied().map(NodeId::at).collect()))
}

/// A leader that hears from all nodes, and has proposed in slot 1 that these are to be the servers.
fn reconfiguring(nodes: &[usize]) -> (Bench, Ballot, Done) {
    let (mut leader, _) = three_of_five().lead(&[&[]]);
    let ballot = leader.promised();
    for node in 1..5 {
        leader.hears(node, Msg::Alive { ballot, beat: Beat::ZERO });
    }
    let done = reconfigure(&mut leader, nodes);
    (leader, ballot, done)
}

/// The nodes to which a slot's proposal goes.
fn asked_to_accept(done: &Done, slot: u64) -> Vec<usize> {
    let proposed = |node: &usize| done.proposals_to(*node).iter().any(|(at, _)| *at == slot);
    (0..5).filter(proposed).collect()
}

/// The nodes that are asked for a promise.
fn asked_to_promise(done: &Done) -> Vec<usize> {
    let asked = |node: &usize| done.to(*node).iter().any(|msg| matches!(msg, Msg::Prepare { .. }));
    (0..5).filter(asked).collect()
}

/// Two nodes accept in a slot.
fn decide(leader: &mut Bench, slot: u64, ballot: Ballot, nodes: [usize; 2]) -> Done {
    leader.hears(nodes[0], accepted(slot, ballot));
    leader.hears(nodes[1], accepted(slot, ballot))
}

#[test]
fn a_leader_gets_alpha_commands_ahead_and_no_further() {
    let (mut leader, _) = three_of_five().lead(&[&[]]);
    let ballot = leader.promised();
    for seq in 1..=3 {
        let done = leader.asked(seq, 5);
        assert_eq!(done.proposals_to(1).len(), usize::from(seq <= 2), "operation {seq}");
    }
    decide(&mut leader, 2, ballot, [0, 1]);
    assert_eq!(leader.asked(4, 5).proposals_to(1), [], "slot 1 is not decided yet");
    let done = decide(&mut leader, 1, ballot, [0, 1]);
    assert_eq!(done.proposals_to(1), [(3, addition(3, 5)), (4, addition(4, 5))]);
}

#[test]
fn the_state_after_a_command_says_who_runs_the_slot_alpha_behind_it() {
    let (mut leader, ballot, done) = reconfiguring(&[0, 3, 4]);
    assert_eq!(done.proposals_to(2), [(1, servers(&[0, 3, 4]))]);
    assert_eq!(asked_to_accept(&done, 1), [0, 1, 2]);
    assert_eq!(asked_to_accept(&leader.asked(1, 5), 2), [0, 1, 2], "the slot behind it is still run by those before");
    let done = decide(&mut leader, 1, ballot, [0, 1]);
    assert_eq!((asked_to_promise(&done), asked_to_accept(&done, 3)), (vec![2, 3, 4], Vec::new()));
    let done = leader.hears(3, promise(ballot, &[]));
    assert_eq!(asked_to_accept(&done, 3), [0, 3, 4]);
    assert_eq!(leader.observe().reconfigurations, 1);
}

/// §2.2, phase 2: from a majority of acceptors, which for each instance are its own.
#[test]
fn promises_of_other_servers_do_not_count_for_a_slot() {
    let (mut leader, ballot, _) = reconfiguring(&[2, 3, 4]);
    decide(&mut leader, 1, ballot, [0, 1]);
    let done = leader.hears(2, promise(ballot, &[]));
    assert_eq!(asked_to_accept(&done, 3), [0_usize; 0], "one of its servers has promised, and two that are none");
    let done = leader.hears(4, promise(ballot, &[]));
    assert_eq!(asked_to_accept(&done, 3), [2, 3, 4]);
}

/// §2.2, P2c: of the slots that they come to run, servers may know more than the leader.
#[test]
fn what_servers_that_join_have_accepted_binds_the_leader_as_well() {
    let (mut leader, own, _) = reconfiguring(&[0, 3, 4]);
    decide(&mut leader, 1, own, [0, 1]);
    let earlier = vote(ballot(0, 3), addition(9, 7));
    let done = leader.hears(3, promise(own, &[(3, earlier)]));
    assert_eq!(done.proposals_to(4), [(3, addition(9, 7))]);
}

#[test]
fn a_leader_that_hears_from_new_servers_of_decisions_it_does_not_know_is_none_yet() {
    let (mut leader, ballot, _) = reconfiguring(&[0, 3, 4]);
    decide(&mut leader, 1, ballot, [0, 1]);
    let done = leader.hears(3, promise_dropping(ballot, &[], 7));
    assert_eq!(leader.observe().role, Role::Follower);
    assert!(done.to(3).iter().any(|msg| matches!(msg, Msg::Lacks { .. })), "it asks for them");
}

/// §2.1: acceptances count if they are of acceptors of that instance, and as many are needed as are enough of those.
#[test]
fn a_slot_is_decided_by_the_quorums_of_its_own_servers() {
    let (mut leader, ballot, _) = reconfiguring(&[0, 1, 2, 3, 4]);
    decide(&mut leader, 1, ballot, [0, 1]);
    leader.hears(3, promise(ballot, &[]));
    leader.asked(1, 5);
    decide(&mut leader, 3, ballot, [1, 2]);
    decide(&mut leader, 2, ballot, [0, 1]);
    assert_eq!(leader.observe().commit, 2, "two of three have accepted slot 2, and two of five slot 3");
    leader.hears(4, accepted(3, ballot));
    assert_eq!(leader.observe().commit, 3);
}

#[test]
fn an_acceptor_that_does_not_know_that_it_runs_a_slot_does_not_accept_there() {
    let leader = ballot(1, 2);
    let mut outsider = three_of_five().boot();
    let accepts = |done: &Done| done.to(2).iter().any(|msg| matches!(msg, Msg::Accepted { .. }));
    assert!(accepts(&outsider.hears(2, accept(1, vote(leader, servers(&[1, 2, 3]))))));
    assert!(!accepts(&outsider.hears(2, accept(3, vote(leader, addition(1, 5))))), "whose is slot 3?");
    outsider.hears(2, heartbeat(leader, 1));
    assert_eq!(outsider.observe().commit, 1);
    assert!(accepts(&outsider.hears(2, accept(2, vote(leader, addition(1, 5))))));
    assert!(!accepts(&outsider.hears(2, accept(3, vote(leader, addition(2, 5))))), "slot 3 is not its own");
}

/// §3 on no-ops, which the last paragraph needs where no commands come.
#[test]
fn no_ops_push_a_reconfiguration_into_force_and_beyond_the_need_for_those_before() {
    let (mut leader, ballot, _) = reconfiguring(&[0, 3, 4]);
    let done = decide(&mut leader, 1, ballot, [0, 1]);
    assert_eq!(done.proposals_to(1), [(2, Value::NoOp)]);
    leader.hears(3, promise(ballot, &[]));
    let done = decide(&mut leader, 2, ballot, [0, 1]);
    assert_eq!(done.proposals_to(3), [(4, Value::NoOp)]);
    for slot in 3..=4 {
        assert_eq!(decide(&mut leader, slot, ballot, [0, 3]).proposals_to(3), [], "after slot {slot} nothing waits");
    }
    assert_eq!(leader.observe().commit, 4);
}

#[test]
fn a_leader_that_was_replaced_leaves_when_nobody_needs_it_any_more() {
    let (mut leader, ballot, _) = reconfiguring(&[2, 3, 4]);
    decide(&mut leader, 1, ballot, [0, 1]);
    leader.hears(3, promise(ballot, &[]));
    leader.hears(4, promise(ballot, &[]));
    decide(&mut leader, 2, ballot, [0, 1]);
    decide(&mut leader, 3, ballot, [3, 4]);
    assert_eq!(leader.observe().role, Role::Leader, "the new ones may not know what was decided in slot 2");
    let done = decide(&mut leader, 4, ballot, [3, 4]);
    assert_eq!(leader.observe().role, Role::Outsider);
    assert!(done.to(2).contains(&Msg::TakeOver(ballot)), "it hands over: {:?}", done.sent());
    assert_eq!(asked_to_promise(&leader.timer(Timer::Election)), [0_usize; 0], "and does not try to lead again");
}

/// Live §5.2: nobody else may have been promised anything, in any slot that can be open.
#[test]
fn a_read_waits_for_quorums_of_all_who_run_one_of_the_next_slots() {
    let (mut leader, ballot, _) = reconfiguring(&[0, 3, 4]);
    decide(&mut leader, 1, ballot, [0, 1]);
    let beat = Beat::ZERO.next();
    assert_eq!(leader.asked_to_read(1).answers(), []);
    assert_eq!(leader.hears(3, promise(ballot, &[])).answers(), []);
    assert_eq!(leader.hears(1, Msg::Alive { ballot, beat }).answers(), [], "of the servers of slot 3 nobody else has");
    assert_eq!(leader.hears(4, Msg::Alive { ballot, beat }).answers(), [Some(0)]);
}

#[test]
fn a_reconfiguration_waits_until_quorums_of_its_servers_are_heard() {
    let (mut leader, _) = three_of_five().lead(&[&[]]);
    let ballot = leader.promised();
    assert_eq!(reconfigure(&mut leader, &[0, 3, 4]).proposals_to(1), []);
    let done = leader.hears(4, Msg::Alive { ballot, beat: Beat::ZERO });
    assert_eq!(done.proposals_to(1), [(1, servers(&[0, 3, 4]))]);
}

/// Flexible §3: quorums of both phases must meet, among however many servers.
#[test]
fn servers_among_whom_no_quorums_of_the_sizes_set_can_meet_are_refused() {
    let sized = three_of_five().set("phase1-quorum", Setting::Count(2)).set("phase2-quorum", Setting::Count(2));
    let (mut leader, _) = sized.lead(&[&[]]);
    let ballot = leader.promised();
    for node in 1..5 {
        leader.hears(node, Msg::Alive { ballot, beat: Beat::ZERO });
    }
    assert_eq!(reconfigure(&mut leader, &[0, 1, 2, 3]).proposals_to(1), [], "two and two of four need not meet");
    assert_eq!(reconfigure(&mut leader, &[0]).proposals_to(1), [], "there are no two of one");
    assert_eq!(reconfigure(&mut leader, &[]).proposals_to(1), []);
    assert_eq!(reconfigure(&mut leader, &[0, 4]).proposals_to(1).len(), 1);
}

#[test]
fn members_that_never_change_stay_whatever_an_operator_asks() {
    let mut leader = Start::default().lead_free();
    assert_eq!(reconfigure(&mut leader, &[0, 1, 2]).sent(), []);
    assert_eq!(leader.observe().reconfigurations, 0);
}

#[test]
fn who_runs_the_next_slots_is_known_again_after_a_restart_and_from_a_snapshot() {
    for start in [three_of_five(), three_of_five().set("snapshot-every", Setting::Count(1))] {
        let journal = [knows(1, servers(&[0, 3, 4])), knows(2, Value::NoOp)];
        let node = Start { journal: journal.to_vec(), ..start.clone() }.boot();
        let mut again = node.restarted(&start);
        assert_eq!(again.observe().reconfigurations, 1);
        let asked = asked_to_promise(&again.timer(Timer::Election));
        assert_eq!(asked, [0, 3, 4], "all slots that are open are theirs");
    }
}
