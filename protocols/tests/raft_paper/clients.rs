//! Clients: redirects, exactly-once semantics, linearizable reads.

use shaketable_protocols::raft::rules::Rules;
use shaketable_protocols::raft::types::{Entries, Msg, Term, Timer};
use shaketable_sim::id::NodeId;
use shaketable_sim::node::{Effect, Role};
use shaketable_sim::spec::counter::Action;

use crate::server::{
    Done, ME, Server, Start, addition, append, appended, ballot, durable, entries, id, matched, request, vote,
};

/// A leader of term 2 that has committed its no-op.
fn leader() -> Server {
    let mut server = Start::default().lead();
    server.hears(1, appended(2, 0, matched(1)));
    server.hears(2, appended(2, 0, matched(1)));
    assert_eq!(server.commit(), 1);
    server
}

fn rounds(done: &Done) -> Vec<u64> {
    let round = |(_, msg): &(usize, _)| match msg {
        Msg::AppendEntries(append) => Some(append.round.get()),
        _ => None,
    };
    done.sent().iter().filter_map(round).collect()
}

/// §8.
#[test]
fn if_the_clients_first_choice_is_not_the_leader_that_server_rejects_the_request_and_names_the_most_recent_leader() {
    let mut server = Start::default().boot();
    let rejected = |hint| vec![Effect::Reject { to: request(1), hint }];
    assert_eq!(server.asked(1, Action::Add(1)).at_once, rejected(None));
    server.hears(3, append(1, id(0, 0), entries(&[]), 0));
    assert_eq!(server.asked(1, Action::Add(1)).at_once, rejected(Some(NodeId::at(3))));
    server.timer(Timer::Election);
    assert_eq!(server.asked(1, Action::Add(1)).at_once, rejected(None));
    assert!(server.log().is_empty(), "what is rejected has no effect");
}

/// §8, thesis §6.3.
#[test]
fn if_the_state_machine_receives_a_command_whose_serial_number_has_already_been_executed_it_responds_without_executing_it()
 {
    let mut server = leader();
    server.asked(1, Action::Add(5));
    server.asked(1, Action::Add(5));
    server.hears(0, durable(2, 3));
    server.hears(1, appended(2, 0, matched(3)));
    let done = server.hears(2, appended(2, 0, matched(3)));
    assert_eq!(done.answers(), [Some(5), Some(5)], "twice in the log, once applied, twice the same answer");
    let again = server.asked(1, Action::Add(5));
    assert_eq!(
        (again.answers(), server.log().len()),
        (vec![Some(5)], 3),
        "asked again, it need not go through the log"
    );
}

/// Thesis §6.3: the session is part of the replicated state: another leader knows it from the log.
#[test]
fn an_operation_that_an_earlier_leader_has_committed_is_not_executed_again_by_the_next() {
    let mut server = Start::default().boot();
    let log = Entries::from(&[addition(1, 1, 5)][..]);
    server.hears(1, append(1, id(0, 0), log, 1));
    assert_eq!(server.observe().applied, 1);
    server.timer(Timer::Election);
    for voter in 0..3 {
        server.hears(voter, Msg::Vote(vote(2, true)));
    }
    assert_eq!(server.observe().role, Role::Leader);
    assert_eq!(server.asked(1, Action::Add(5)).answers(), [Some(5)]);
}

/// Thesis §6.3: a request that was overtaken by its client's next operation.
#[test]
fn an_operation_older_than_the_last_one_of_its_client_is_neither_executed_nor_answered() {
    let mut server = leader();
    server.asked(2, Action::Add(7));
    server.hears(0, durable(2, 2));
    server.hears(1, appended(2, 0, matched(2)));
    assert_eq!(server.hears(2, appended(2, 0, matched(2))).answers(), [Some(7)]);
    assert!(server.asked(1, Action::Add(5)).answers().is_empty());
    assert_eq!(server.log().len(), 2);
}

/// Thesis §6.4, step 3.
#[test]
fn the_leader_issues_a_new_round_of_heartbeats_and_waits_for_their_acknowledgments_from_a_majority() {
    let mut server = leader();
    let done = server.asked(1, Action::Read);
    assert_eq!(rounds(&done), [1, 1, 1, 1]);
    assert!(done.answers().is_empty());
    assert!(server.hears(1, appended(2, 1, matched(1))).answers().is_empty(), "two of five");
    assert!(server.hears(1, appended(2, 1, matched(1))).answers().is_empty(), "the same again");
    assert!(server.hears(2, appended(2, 0, matched(1))).answers().is_empty(), "an answer to a heartbeat from before");
    assert_eq!(server.hears(3, appended(2, 1, matched(1))).answers(), [Some(0)]);
    assert_eq!(server.log().len(), 1, "the read is not in the log");
}

/// Thesis §6.4: "the leader can amortize ... a single round of heartbeats for any number of read-only queries".
#[test]
fn reads_that_arrive_during_a_round_share_the_next_one() {
    let mut server = leader();
    server.asked(1, Action::Read);
    let during = [server.asked(2, Action::Read), server.asked(3, Action::Read)];
    assert!(during.iter().all(|done| rounds(done).is_empty()), "one round at a time");
    server.hears(1, appended(2, 1, matched(1)));
    let done = server.hears(2, appended(2, 1, matched(1)));
    assert_eq!(
        (done.answers(), rounds(&done)),
        (vec![Some(0)], vec![2, 2, 2, 2]),
        "the first is answered, the next round begins"
    );
    server.hears(1, appended(2, 2, matched(1)));
    assert_eq!(server.hears(2, appended(2, 2, matched(1))).answers(), [Some(0), Some(0)]);
}

/// Thesis §6.4, step 1: "If the leader has not yet marked an entry from its current term committed, it waits until it has done so."
#[test]
fn a_new_leader_answers_no_read_before_it_has_committed_an_entry_of_its_term() {
    let mut server = Start::default().boot();
    server.hears(4, append(1, id(0, 0), Entries::from(&[addition(1, 9, 5)][..]), 0));
    server.timer(Timer::Election);
    for voter in 0..3 {
        server.hears(voter, Msg::Vote(vote(2, true)));
    }
    server.hears(0, durable(2, 2));
    server.asked(10, Action::Read);
    server.hears(1, appended(2, 1, matched(1)));
    let done = server.hears(2, appended(2, 1, matched(1)));
    assert!(done.answers().is_empty(), "it leads, but what its predecessor committed it does not know");
    server.hears(1, appended(2, 1, matched(2)));
    let done = server.hears(2, appended(2, 1, matched(2)));
    assert_eq!(done.answers(), [Some(5)], "what its predecessor may have committed is in it");
}

/// Thesis §6.4: a leader that was deposed finds that out from the answers.
#[test]
fn a_deposed_leader_rejects_its_pending_reads() {
    let mut server = leader();
    server.asked(1, Action::Read);
    let done = server.hears(1, Msg::RequestVote(ballot(3, id(9, 2))));
    assert_eq!(done.answers(), [None]);
}

/// §8: alone in its cluster, a server is a majority of it.
#[test]
fn a_server_alone_confirms_itself() {
    let mut server = Start { nodes: 1, ..Start::default() }.boot();
    server.timer(Timer::Election);
    server.hears(0, Msg::Vote(vote(2, true)));
    server.hears(0, durable(2, 1));
    server.asked(1, Action::Add(5));
    assert_eq!(server.hears(0, durable(2, 2)).answers(), [Some(5)]);
    assert_eq!(server.asked(2, Action::Read).answers(), [Some(5)]);
}

/// §5.1, §5.2: with these rules turned round, what rests on them does not hold. (The other rules have bugs planted in them.)
#[test]
fn a_server_asks_its_rules_which_terms_to_adopt_and_what_a_quorum_is() {
    #[derive(Debug)]
    struct Turned;
    impl Rules for Turned {
        fn adopts_term(&self, _: Term, _: Term) -> bool {
            false
        }
        fn quorum(&self, nodes: usize) -> usize {
            nodes
        }
    }
    let mut server = Start { rules: &Turned, nodes: 3, ..Start::default() }.boot();
    server.hears(1, append(9, id(0, 0), entries(&[]), 0));
    assert_eq!(server.term(), 1);
    server.timer(Timer::Election);
    server.hears(ME.index(), Msg::Vote(vote(2, true)));
    server.hears(1, Msg::Vote(vote(2, true)));
    assert_eq!(server.observe().role, Role::Candidate);
    server.hears(2, Msg::Vote(vote(2, true)));
    assert_eq!(server.observe().role, Role::Leader);
}
