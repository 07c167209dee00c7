//! §2.5: what must be in stable storage, and before what.

use shaketable_protocols::paxos::types::{Msg, Slot, Timer};

use crate::node::{Start, accept, accepted, addition, ballot, has_accepted, prepare, promise, vote};

/// §2.5: an acceptor records its intended response before it sends it.
#[test]
fn a_promise_and_an_acceptance_leave_when_they_are_durable() {
    let mut node = Start::default().boot();
    let done = node.hears(3, prepare(ballot(1, 3), 1));
    assert_eq!(done.sent_at_once(), []);
    assert_eq!(done.to(3), [promise(ballot(1, 3), &[])]);
    let done = node.hears(3, accept(1, vote(ballot(1, 3), addition(1, 5))));
    assert_eq!(done.sent_at_once(), []);
    assert_eq!(done.to(3), [accepted(1, ballot(1, 3))]);
}

/// §2.5: it remembers the highest number that it has promised and the highest-numbered proposal that it has accepted.
#[test]
fn a_restart_changes_neither_promise_nor_vote() {
    let start = Start::default();
    let mut node = start.boot();
    let proposal = vote(ballot(1, 3), addition(1, 5));
    node.hears(3, accept(1, proposal.clone()));
    node.hears(4, prepare(ballot(2, 4), 1));
    let mut again = node.restarted(&start);
    assert_eq!((again.promised(), again.ledger().vote(Slot::new(1))), (ballot(2, 4), Some(&proposal)));
    assert_eq!(again.hears(3, accept(2, vote(ballot(1, 3), addition(2, 7)))).to(3), [Msg::Nack(ballot(2, 4))]);
}

/// §2.5: to accept is to promise, also for who has nothing but the vote in its journal.
#[test]
fn a_vote_alone_brings_back_the_promise_that_it_is() {
    let node = Start::with(&[has_accepted(1, vote(ballot(4, 3), addition(1, 5)))]).boot();
    assert_eq!(node.promised(), ballot(4, 3));
}

/// §2.5: proposers choose their numbers from disjoint sets.
#[test]
fn two_proposers_never_use_one_number() {
    for seen in [ballot(0, 0), ballot(3, 0), ballot(3, 4)] {
        let next = |round: u64| ballot(round + 1, 0);
        let mut node = Start::default().boot();
        node.hears(seen.node.index(), Msg::Nack(seen));
        let own = node.prepares();
        assert_eq!((own, own.node), (next(seen.round.get()), crate::node::ME));
        assert!(own > seen);
    }
}

/// §2.5: a proposer remembers the highest number that it has tried, and begins above it.
#[test]
fn a_number_is_durable_before_anybody_hears_of_it_and_is_not_used_again_after_a_restart() {
    let start = Start::default();
    let mut node = start.boot();
    let done = node.timer(Timer::Election);
    assert_eq!(done.sent_at_once(), []);
    assert_eq!(done.to(4), [prepare(ballot(1, 0), 1)]);
    assert_eq!(node.restarted(&start).prepares(), ballot(2, 0));
}
