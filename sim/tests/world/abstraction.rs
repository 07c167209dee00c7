//! Abstract states: where a run has been, seen from so far away that the same place is met again.

use crate::common::{calm, fault, run, target};
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
    let only = leader.iter().filter(|state| !second.contains(state) && !third.contains(state));
    assert!(only.count() > 0, "a leader is as good as any other");
}

#[test]
fn what_messages_met_whom_is_seen_and_roughly_how_often() {
    // What nodes hear from each other here changes nothing of what they show.
    let all = [("from", target("n1")), ("to", target("all"))];
    let silent = |at, lasting| seen(vec![fault("cut", &all, at, lasting)]);
    let calm = seen(Vec::new());
    let never = silent(Span::nanos(1), None);
    let of_n1 = calm.iter().filter(|state| !never.contains(state)).count();
    assert!(of_n1 > 0, "nobody has heard of the leader");
    let rarely = silent(Span::millis(100), None);
    assert!(rarely.iter().any(|state| !calm.contains(state) && !never.contains(state)), "some have, and not often");
    let hardly = silent(Span::millis(1_000), Some(Span::millis(20)));
    assert_eq!(hardly, calm, "a beat more or less is no difference");
}
