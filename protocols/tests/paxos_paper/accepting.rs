//! §2.2: what acceptors promise and accept.

use shaketable_protocols::paxos::types::{Msg, Slot};

use crate::node::{Start, accept, accepted, addition, ballot, has_accepted, has_promised, prepare, promise, vote};

/// §2.2, P1.
#[test]
fn an_acceptor_accepts_the_first_proposal_that_it_receives() {
    let mut node = Start::default().boot();
    let proposal = vote(ballot(1, 3), addition(1, 5));
    let done = node.hears(3, accept(1, proposal.clone()));
    assert_eq!(done.to(3), [accepted(1, ballot(1, 3))]);
    assert_eq!(node.ledger().vote(Slot::new(1)), Some(&proposal));
}

/// §2.2, P1a.
#[test]
fn an_acceptor_accepts_a_proposal_iff_it_has_not_promised_a_higher_number() {
    for (round, owner, taken) in [(4, 4, false), (5, 1, false), (5, 2, true), (5, 3, true), (6, 0, true)] {
        let mut node = Start::with(&[has_promised(ballot(5, 2))]).boot();
        let proposed = ballot(round, owner);
        let done = node.hears(owner, accept(1, vote(proposed, addition(1, 5))));
        let answer = if taken { accepted(1, proposed) } else { Msg::Nack(ballot(5, 2)) };
        assert_eq!(done.to(owner), [answer], "{proposed}");
        assert_eq!(node.ledger().vote(Slot::new(1)).is_some(), taken, "{proposed}");
    }
}

/// §2.2, phase 1 (b).
#[test]
fn an_acceptor_promises_a_number_above_all_to_which_it_has_responded() {
    let mut node = Start::with(&[has_promised(ballot(5, 2))]).boot();
    assert_eq!(node.hears(3, prepare(ballot(5, 3), 1)).to(3), [promise(ballot(5, 3), &[])]);
    assert_eq!(node.promised(), ballot(5, 3));
    assert_eq!(node.hears(2, prepare(ballot(5, 2), 1)).to(2), [Msg::Nack(ballot(5, 3))], "and no lower one");
    assert_eq!(node.promised(), ballot(5, 3));
}

/// §2.2, phase 1 (b), for each instance (§3).
#[test]
fn its_response_tells_the_highest_numbered_proposal_that_it_has_accepted() {
    let last = vote(ballot(2, 2), addition(2, 7));
    let journal = [has_accepted(1, vote(ballot(1, 1), addition(1, 5))), has_accepted(1, last.clone())];
    let mut node = Start::with(&journal).boot();
    assert_eq!(node.hears(3, prepare(ballot(3, 3), 1)).to(3), [promise(ballot(3, 3), &[(1, last)])]);
}

/// §2.2: the acceptor can ignore such requests; to tell the proposer that it should abandon its proposal is an optimisation.
#[test]
fn who_asks_with_a_lower_number_is_told_of_the_higher_one() {
    let mut node = Start::with(&[has_promised(ballot(5, 2))]).boot();
    let done = node.hears(1, prepare(ballot(4, 1), 1));
    assert_eq!(done.sent(), [(1, Msg::Nack(ballot(5, 2)))]);
    assert_eq!(node.promised(), ballot(5, 2));
}

/// §2.2 (P1a with P2b's induction): what was accepted binds as what was promised does.
#[test]
fn to_accept_a_number_is_to_promise_it() {
    let mut node = Start::default().boot();
    node.hears(3, accept(1, vote(ballot(2, 3), addition(1, 5))));
    assert_eq!(node.promised(), ballot(2, 3));
    let done = node.hears(1, accept(1, vote(ballot(1, 1), addition(2, 7))));
    assert_eq!(done.to(1), [Msg::Nack(ballot(2, 3))]);
}

/// §2.2: requests and responses may be doubled; an acceptor says the same again.
#[test]
fn a_request_that_comes_twice_is_answered_twice_and_changes_nothing() {
    let mut node = Start::default().boot();
    let request = accept(1, vote(ballot(1, 3), addition(1, 5)));
    let first = node.hears(3, request.clone()).to(3);
    let written = node.journal.len();
    assert_eq!(node.hears(3, request).to(3), first);
    assert_eq!(node.journal.len(), written);
    let first = node.hears(4, prepare(ballot(2, 4), 1)).to(4);
    assert_eq!(node.hears(4, prepare(ballot(2, 4), 1)).to(4), first);
}
