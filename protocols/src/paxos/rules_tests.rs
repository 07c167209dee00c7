//! What the rules say of a few telling cases.

use super::super::types::Round;
use super::*;

fn ballot(round: u64, node: usize) -> Ballot {
    Ballot { round: Round::new(round), node: NodeId::at(node) }
}

#[test]
fn the_next_ballot_is_above_all_seen_and_nobody_elses() {
    for seen in [Ballot::BOTTOM, ballot(1, 0), ballot(3, 2)] {
        let next = [0, 1, 2].map(|node| Paper.next_ballot(seen, NodeId::at(node)));
        assert!(next.iter().all(|&next| next > seen), "{next:?} after {seen}");
        assert!(next[0] < next[1] && next[1] < next[2], "{next:?}");
    }
}

#[test]
fn a_promise_binds_promises_and_acceptances_below_it() {
    let promised = ballot(2, 1);
    for (asked, expected) in [(ballot(1, 2), false), (ballot(2, 0), false), (promised, true), (ballot(2, 2), true)] {
        assert_eq!(Paper.may_promise(promised, asked), expected, "{asked}");
        assert_eq!(Paper.may_accept(promised, asked), expected, "{asked}");
        assert!(Paper.promise_after_accept(promised, asked) >= promised, "{asked}");
    }
}

#[test]
fn the_value_of_the_highest_reported_ballot_has_to_be_proposed() {
    assert_eq!(Paper.choose_value(&[]), None);
    assert_eq!(Paper.choose_value(&[ballot(2, 0), ballot(3, 1), ballot(3, 0)]), Some(1));
}

#[test]
fn phase_one_covers_every_slot_that_is_not_known_to_be_decided() {
    assert_eq!(Paper.prepares_from(Slot::new(3), Slot::new(7)), Slot::new(3));
    assert!(Paper.may_apply(Slot::new(3), Slot::new(2)));
    assert!(!Paper.may_apply(Slot::new(4), Slot::new(2)));
}
