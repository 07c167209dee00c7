//! All that can happen in small worlds of the Synod: the right protocol holds in every state, and planted bugs are found with the
//! shortest history that shows them.

use shaketable_protocols::Bug;
use shaketable_protocols::synod::SYNOD;
use shaketable_protocols::synod::small::{Small, explore_small};
use shaketable_sim::explore::{Budget, Limits, Outcome};

const LIMITS: Limits = Limits { states: 200_000, bytes: 1 << 30 };
const QUIET: Budget = Budget { timers: 0, crashes: 0, duplicates: 0 };

fn small(nodes: usize, proposers: usize, budget: Budget) -> Small {
    Small { nodes, proposers, budget, limits: LIMITS }
}

fn bug(name: &str) -> &'static Bug {
    SYNOD.bugs.iter().find(|bug| bug.name == name).expect("a bug of that name")
}

/// Explores a world of the right protocol: how many states, transitions and steps there are. (These change when what a node or the
/// monitor keeps changes, and with the protocol: then they are to be understood, and pinned anew. It keeps whom it saw first with what, which tells states apart.)
fn holds(small: Small) -> (u64, u64, u64) {
    let explored = explore_small(&small, None);
    assert_eq!(explored.outcome, Outcome::Hold);
    (explored.states, explored.transitions, explored.depth)
}

#[test]
fn one_proposer_and_three_acceptors_are_right_in_every_state() {
    assert_eq!(holds(small(3, 1, QUIET)), (79, 149, 9));
}

#[test]
fn two_proposers_and_three_acceptors_are_right_in_every_state() {
    assert_eq!(holds(small(3, 2, QUIET)), (30_828, 112_772, 18));
}

#[test]
fn a_proposer_that_tries_twice_is_right_in_every_state() {
    assert_eq!(holds(small(3, 1, Budget { timers: 1, ..QUIET })), (23_989, 83_955, 18));
}

#[test]
fn a_node_that_crashes_wherever_it_may_is_right_in_every_state() {
    assert_eq!(holds(small(3, 1, Budget { crashes: 1, ..QUIET })), (1_302, 3_904, 16));
}

/// What is found of a bug, and the shortest history to it.
fn found(name: &str, small: Small) -> String {
    match explore_small(&small, Some(bug(name))).outcome {
        Outcome::Violated { breach, steps } => {
            let steps: String = steps.iter().map(|step| format!("{step}\n")).collect();
            format!("{steps}{}: {}", breach.property, breach.story)
        }
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn bugs_of_two_proposers_that_meet_are_found_with_the_shortest_history() {
    for name in
        ["proposes-own-value", "accepts-below-promise", "promises-below-promise", "accept-does-not-raise-promise"]
    {
        insta::assert_snapshot!(name, found(name, small(3, 2, QUIET)));
    }
}

#[test]
fn bugs_of_a_second_attempt_are_found_with_the_shortest_history() {
    for name in ["stale-promise-counted", "learner-mixes-ballots"] {
        insta::assert_snapshot!(name, found(name, small(3, 1, Budget { timers: 1, ..QUIET })));
    }
}

#[test]
fn bugs_of_stable_storage_are_found_with_the_shortest_history() {
    for name in ["promise-not-durable", "vote-not-durable", "answers-before-sync"] {
        insta::assert_snapshot!(name, found(name, small(3, 1, Budget { crashes: 1, ..QUIET })));
    }
}

#[test]
fn bugs_of_counting_are_found_with_the_shortest_history() {
    insta::assert_snapshot!("half-is-a-majority", found("half-is-a-majority", small(4, 1, QUIET)));
    let doubled = small(5, 1, Budget { duplicates: 2, ..QUIET });
    insta::assert_snapshot!("quorum-by-messages", found("quorum-by-messages", doubled));
}
