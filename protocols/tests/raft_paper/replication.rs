//! The log: what followers take, what leaders send, and what is committed.

use shaketable_protocols::raft::types::{AppendEntries, LogIndex, Msg, Outcome, Payload, Timer};
use shaketable_sim::node::Role;
use shaketable_sim::spec::counter::{Action, Op};

use crate::server::{Done, Server, Start, addition, append, appended, ballot, durable, entries, id, matched, vote};

/// The only AppendEntries to a node.
fn only(done: &Done, to: usize) -> AppendEntries<Op> {
    match &done.to(to)[..] {
        [Msg::AppendEntries(append)] => append.clone(),
        other => panic!("one AppendEntries to n{}, not {other:?}", to + 1),
    }
}

fn terms(append: &AppendEntries<Op>) -> Vec<u64> {
    append.entries.iter().map(|entry| entry.term.get()).collect()
}

/// §5.3.
#[test]
fn the_leader_appends_the_command_to_its_log_and_issues_append_entries_in_parallel_to_each_of_the_other_servers() {
    let mut server = Start::with_log(&[1]).lead();
    for peer in 1..5 {
        server.hears(peer, appended(2, 0, matched(2)));
    }
    let done = server.asked(1, Action::Add(5));
    assert_eq!(server.log(), [1, 2, 2]);
    for peer in 1..5 {
        let append = only(&done, peer);
        assert_eq!((append.prev, &append.entries[..]), (id(2, 2), &[addition(2, 1, 5)][..]));
    }
    assert!(done.answers().is_empty(), "nothing is answered before it is committed");
}

/// §5.3.
#[test]
fn if_the_follower_does_not_find_an_entry_in_its_log_with_the_same_index_and_term_it_refuses_the_new_entries() {
    for (prev, hint) in [
        (id(4, 2), id(3, 2)), // There is nothing.
        (id(3, 3), id(3, 2)), // There is another.
        (id(3, 1), id(1, 1)), // There is one of a later term: what precedes it is at fault, back to term 1.
        (id(9, 0), id(0, 0)),
    ] {
        let mut server = Start { term: 4, ..Start::with_log(&[1, 2, 2]) }.boot();
        let reply = server.hears(1, append(4, prev, entries(&[4]), 9)).to(1);
        assert_eq!(reply, [appended(4, 0, Outcome::Conflict { prev: prev.index, hint })], "{prev}");
        assert_eq!((server.log(), server.commit()), (vec![1, 2, 2], 0));
    }
}

/// §5.3, Figure 2 (AppendEntries, step 3).
#[test]
fn if_an_existing_entry_conflicts_with_a_new_one_delete_the_existing_entry_and_all_that_follow_it() {
    let mut server = Start { term: 4, ..Start::with_log(&[1, 2, 2, 2]) }.boot();
    let reply = server.hears(1, append(4, id(1, 1), entries(&[2, 3]), 0)).to(1);
    assert_eq!(server.log(), [1, 2, 3]);
    assert_eq!(reply, [appended(4, 0, matched(3))]);
}

/// §5.3, Figure 2 (AppendEntries, step 3): "if", and not otherwise. The message was overtaken by a later one.
#[test]
fn entries_that_do_not_conflict_are_kept_with_all_that_follow_them() {
    let mut server = Start::with_log(&[1, 1, 1, 1]).boot();
    let reply = server.hears(1, append(1, id(1, 1), entries(&[1]), 0)).to(1);
    assert_eq!(server.log(), [1, 1, 1, 1]);
    assert!(server.journal.is_empty());
    assert_eq!(reply, [appended(1, 0, matched(2))], "it speaks for what it was told of, not for its last entry");
}

/// §5.5: "If a follower receives an AppendEntries request that includes log entries already present in its log, it ignores those."
#[test]
fn raft_rpcs_are_idempotent() {
    let mut server = Start::default().boot();
    let message = append(1, id(0, 0), entries(&[1, 1]), 1);
    let first = server.hears(1, message.clone()).to(1);
    let journal = server.journal.clone();
    assert_eq!(server.hears(1, message).to(1), first);
    assert_eq!((server.log(), server.commit(), server.journal.len()), (vec![1, 1], 1, journal.len()));
}

/// §5.3, Figure 2 (AppendEntries, step 5).
#[test]
fn a_follower_sets_its_commit_index_to_the_minimum_of_leader_commit_and_the_index_of_the_last_new_entry() {
    // The follower has entries of term 1 up to 4, of which the leader may know nothing.
    for (prev, new, leader_commit, expected) in
        [(id(1, 1), vec![], 4, 1), (id(1, 1), vec![1], 4, 2), (id(1, 1), vec![1, 1], 2, 2), (id(0, 0), vec![], 4, 0)]
    {
        let mut server = Start::with_log(&[1, 1, 1, 1]).boot();
        server.hears(1, append(1, prev, entries(&new), leader_commit));
        assert_eq!(server.commit(), expected, "{prev}, {new:?}, {leader_commit}");
    }
}

/// Figure 2 (volatile state): commitIndex increases monotonically, also when messages overtake each other.
#[test]
fn the_commit_index_increases_monotonically() {
    let mut server = Start::with_log(&[1, 1, 1]).boot();
    server.hears(1, append(1, id(3, 1), entries(&[]), 3));
    server.hears(1, append(1, id(3, 1), entries(&[]), 1));
    assert_eq!((server.commit(), server.observe().applied), (3, 3));
}

/// §5.3.
#[test]
fn a_log_entry_is_committed_once_the_leader_that_created_it_has_replicated_it_on_a_majority() {
    let mut server = Start::default().lead();
    server.asked(1, Action::Add(5));
    server.hears(0, durable(2, 2));
    server.hears(1, appended(2, 0, matched(2)));
    assert_eq!(server.commit(), 0, "two of five have it");
    let done = server.hears(2, appended(2, 0, matched(2)));
    assert_eq!((server.commit(), server.observe().applied), (2, 2));
    assert_eq!(done.answers(), [Some(5)]);
}

/// Thesis §10.2.1.
#[test]
fn the_leader_may_not_count_itself_before_its_own_log_is_durable() {
    let mut server = Start { nodes: 3, ..Start::default() }.lead();
    server.asked(1, Action::Add(5));
    server.hears(1, appended(2, 0, matched(2)));
    assert_eq!(server.commit(), 1, "one follower and the leader's memory are no majority");
    let done = server.hears(0, durable(2, 2));
    assert_eq!(done.answers(), [Some(5)]);
}

/// Thesis §10.2.1: "the leader may even commit an entry before it has been written to the leader's own disk".
#[test]
fn an_entry_is_committed_by_a_majority_of_followers_before_the_leader_has_written_it() {
    let mut server = Start { nodes: 3, ..Start::default() }.lead();
    server.asked(1, Action::Add(5));
    server.hears(1, appended(2, 0, matched(2)));
    assert_eq!(server.hears(2, appended(2, 0, matched(2))).answers(), [Some(5)]);
}

/// §5.4.2, Figure 8 (c): S1 leads in term 4 and has replicated entry 2, of term 2, on a majority.
#[test]
fn only_log_entries_from_the_leaders_current_term_are_committed_by_counting_replicas() {
    let mut server = Start { term: 3, batch: 1, window: 1, ..Start::with_log(&[1, 2]) }.lead();
    assert_eq!((server.term(), server.log()), (4, vec![1, 2, 4]));
    server.hears(1, appended(4, 0, matched(2)));
    server.hears(2, appended(4, 0, matched(2)));
    assert_eq!(server.commit(), 0, "a majority has entry 2, and it may still be overwritten");
    server.hears(1, appended(4, 0, matched(3)));
    server.hears(2, appended(4, 0, matched(3)));
    assert_eq!(server.commit(), 3, "all prior entries are committed indirectly");
}

/// §5.3: with the optimisation at its end. Figure 7: a leader of term 8, and followers (a) to (f).
#[test]
fn the_leader_finds_the_latest_entry_where_the_two_logs_agree() {
    let leader = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
    let followers: [(&str, &[u64], u64); 6] = [
        ("a", &[1, 1, 1, 4, 4, 5, 5, 6, 6], 9),
        ("b", &[1, 1, 1, 4], 4),
        ("c", &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6], 10),
        ("d", &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7], 10),
        ("e", &[1, 1, 1, 4, 4, 4, 4], 5),
        ("f", &[1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3], 3),
    ];
    for (name, log, agree) in followers {
        let mut server = Start { term: 7, ..Start::with_log(&leader) }.boot();
        server.timer(Timer::Election);
        let mut done = server.hears(0, Msg::Vote(vote(8, true)));
        for voter in [1, 2] {
            done = server.hears(voter, Msg::Vote(vote(8, true)));
        }
        let mut follower = Start { term: 7, ..Start::with_log(log) }.boot();
        let mut asked = only(&done, 3);
        let mut trips = 0;
        while asked.prev.index.get() != agree {
            trips += 1;
            assert!(trips <= 2, "{name}: at most one round trip for each term that differs");
            let replies = follower.hears(1, Msg::AppendEntries(asked)).to(1);
            asked = only(&server.hears(3, replies[0].clone()), 3);
            assert!(asked.prev.index.get() >= agree, "{name}: nothing that agrees is sent again");
        }
        follower.hears(1, Msg::AppendEntries(asked));
        assert_eq!(follower.log(), server.log(), "{name}");
    }
}

/// §5.3: "The leader retries AppendEntries RPCs indefinitely until all followers eventually store all log entries."
#[test]
fn the_leader_retries_until_all_followers_store_all_log_entries() {
    let mut server = Start::default().lead();
    server.hears(1, appended(2, 0, matched(1)));
    let lost = only(&server.asked(1, Action::Add(5)), 1);
    for _ in 0..3 {
        server.timer(Timer::Heartbeat);
        let again = only(&server.timer(Timer::Heartbeat), 1);
        assert_eq!((again.prev, &again.entries), (lost.prev, &lost.entries));
    }
    server.hears(1, appended(2, 0, matched(2)));
    server.timer(Timer::Heartbeat);
    let heartbeat = only(&server.timer(Timer::Heartbeat), 1);
    assert!(heartbeat.entries.is_empty(), "it is stored");
}

/// Thesis §10.2.2: requests in flight are bounded, and what has to wait is sent in one batch.
#[test]
fn a_leader_pipelines_a_window_of_messages_and_batches_what_exceeds_it() {
    let mut server = Start { window: 2, batch: 3, ..Start::default() }.lead();
    server.hears(1, appended(2, 0, matched(1)));
    let sent = |server: &mut Server, seq| server.asked(seq, Action::Add(1)).to(1).len();
    let counts: Vec<usize> = (1..=6).map(|seq| sent(&mut server, seq)).collect();
    assert_eq!(counts, [1, 1, 0, 0, 0, 0]);
    let next = only(&server.hears(1, appended(2, 0, matched(2))), 1);
    assert_eq!((next.prev, terms(&next)), (id(3, 2), vec![2, 2, 2]));
    let rest = only(&server.hears(1, appended(2, 0, matched(3))), 1);
    assert_eq!((rest.prev, terms(&rest)), (id(6, 2), vec![2]));
}

/// §5.3: the next index is lowered by an answer to what was asked last, and not by one that comes late.
#[test]
fn a_refusal_that_was_overtaken_by_an_acknowledgement_is_ignored() {
    let mut server = Start::with_log(&[1, 1, 1]).lead();
    server.hears(1, appended(2, 0, matched(4)));
    let late = Outcome::Conflict { prev: LogIndex::new(3), hint: id(1, 1) };
    assert!(server.hears(1, appended(2, 0, late)).to(1).is_empty());
    assert_eq!(only(&server.asked(1, Action::Add(1)), 1).prev, id(4, 2));
}

/// §5.3 (Figure 3, Leader Append-Only); §5.4: what a leader finds in its log when it is elected, it keeps.
#[test]
fn a_leader_never_overwrites_or_deletes_entries_in_its_log() {
    let mut server = Start::with_log(&[1, 1, 1]).lead();
    server.hears(1, append(2, id(1, 1), entries(&[2]), 1));
    server.hears(1, append(1, id(1, 1), entries(&[1]), 1));
    assert_eq!((server.observe().role, server.log()), (Role::Leader, vec![1, 1, 1, 2]));
}

/// §8: "Raft handles this by having each leader commit a blank no-op entry into the log at the start of its term."
#[test]
fn each_leader_appends_a_blank_no_op_entry_at_the_start_of_its_term() {
    let mut server = Start::with_log(&[1]).boot();
    server.timer(Timer::Election);
    server.hears(0, Msg::Vote(vote(2, true)));
    server.hears(1, Msg::Vote(vote(2, true)));
    let done = server.hears(2, Msg::Vote(vote(2, true)));
    for peer in 1..5 {
        let append = only(&done, peer);
        assert_eq!((append.prev, append.entries[0].payload.clone()), (id(1, 1), Payload::NoOp));
    }
}

/// §5.4.1 with §5.3: whoever is deposed goes on as a follower with the log that it has.
#[test]
fn a_leader_that_steps_down_keeps_its_log() {
    let mut server = Start::with_log(&[1]).lead();
    server.asked(1, Action::Add(1));
    let done = server.hears(1, Msg::RequestVote(ballot(3, id(9, 2))));
    assert_eq!(server.log(), [1, 2, 2]);
    assert!(done.answers().is_empty(), "the write may yet be committed by another leader");
}
