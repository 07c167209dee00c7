//! Abstract states: where a run has been, seen from so far away that the same place is met again.

mod common;

use common::{calm, fault, run, target};
use shaketable_sim::faults::Planned;
use shaketable_sim::plan::Plan;
use shaketable_sim::time::Span;

/// What is seen of a run in which these faults strike.
fn seen(faults: Vec<Planned>) -> Vec<u64> {
    run(&Plan { faults, states: true, ..calm() }, 1).states
}

fn crash(node: &str) -> Planned {
    fault("crash", &[("node", target(node))], Span::millis(500), Some(Span::millis(100)))
}

#[test]
fn a_run_is_the_same_whether_it_is_watched_or_not() {
    let plan = Plan { faults: vec![crash("n2")], ..calm() };
    let (watched, not) = (run(&Plan { states: true, ..plan.clone() }, 1), run(&plan, 1));
    assert_eq!(watched.digest, not.digest);
    assert!(not.states.is_empty());
    assert!(watched.states.len() > 3 && watched.states.is_sorted(), "{:?}", watched.states);
}

#[test]
fn what_no_calm_run_reaches_is_new() {
    let calm = seen(Vec::new());
    let new = |faults: Vec<Planned>| seen(faults).into_iter().filter(|state| !calm.contains(state)).count();
    assert_eq!(new(Vec::new()), 0);
    assert!(new(vec![crash("n2")]) > 0, "a node is down");
    let pause = fault("pause", &[("node", target("n2"))], Span::millis(500), Some(Span::millis(100)));
    assert!(new(vec![pause]) > 0, "a node is paused");
}

#[test]
fn which_node_is_which_makes_no_difference_but_what_it_is_does() {
    let calm = seen(Vec::new());
    let without = |node: &str| {
        let dead = fault("crash", &[("node", target(node))], Span::millis(500), None);
        let states = seen(vec![dead]).into_iter();
        states.filter(|state| !calm.contains(state)).collect::<Vec<_>>()
    };
    // The first node leads, and the other two are alike.
    let [leader, second, third] = ["n1", "n2", "n3"].map(without);
    assert!(second.iter().any(|state| third.contains(state)), "{second:?} and {third:?} share no state");
    assert!(
        !leader.is_empty() && !leader.iter().any(|state| second.contains(state)),
        "a leader is as good as any other"
    );
}
