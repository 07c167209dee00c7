//! What the rules say of a few telling cases.

use super::*;

fn ballot(round: u64, node: usize) -> Ballot {
    Ballot { round, node: NodeId::at(node) }
}

#[test]
fn the_next_ballot_is_above_all_seen_and_nobody_elses() {
    for seen in [None, Some(ballot(1, 0)), Some(ballot(3, 2))] {
        let next = [0, 1, 2].map(|node| Paper.next_ballot(seen, NodeId::at(node)));
        assert!(next.iter().all(|&next| Some(next) > seen), "{next:?} after {seen:?}");
        assert!(next[0] < next[1] && next[1] < next[2], "{next:?}");
    }
}

#[test]
fn a_promise_binds_promises_and_acceptances_below_it() {
    let promised = ballot(2, 1);
    for (asked, allowed) in [((1, 2), false), ((2, 0), false), ((2, 1), true), ((2, 2), true)] {
        let asked = ballot(asked.0, asked.1);
        assert_eq!(Paper.may_promise(promised, asked), allowed, "{asked}");
        assert_eq!(Paper.may_accept(promised, asked), allowed, "{asked}");
        assert!(Paper.promise_after_accept(Some(promised), asked) >= Some(promised), "{asked}");
    }
    assert_eq!(Paper.promise_after_accept(None, ballot(1, 0)), Some(ballot(1, 0)));
}

#[test]
fn the_value_of_the_highest_reported_ballot_has_to_be_proposed() {
    assert_eq!(Paper.value_to_propose(&[]), None);
    assert_eq!(Paper.value_to_propose(&[ballot(2, 0), ballot(3, 1), ballot(3, 0)]), Some(1));
}

#[test]
fn any_two_majorities_meet_and_no_smaller_number_will_do() {
    for nodes in 1..=9 {
        let least = (1..=nodes).find(|&size| Paper.is_majority(size, nodes)).unwrap();
        assert!(2 * least > nodes, "of {nodes}, two groups of {least} need not meet");
        assert!(2 * (least - 1) <= nodes, "of {nodes}, fewer than {least} would do");
    }
}

#[test]
fn an_acceptor_counts_once_and_for_the_ballot_that_it_answers() {
    assert!(Paper.counts_answer(&[NodeId::at(0)], NodeId::at(1)));
    assert!(!Paper.counts_answer(&[NodeId::at(0)], NodeId::at(0)));
    assert!(Paper.counts_promise(ballot(1, 0), ballot(1, 0)) && !Paper.counts_promise(ballot(1, 0), ballot(2, 0)));
    assert!(Paper.counts_together(ballot(1, 0), ballot(1, 0)) && !Paper.counts_together(ballot(1, 0), ballot(1, 1)));
}
