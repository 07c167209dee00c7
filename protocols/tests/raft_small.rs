//! All that can happen in small worlds of Raft: elections, in every order of their messages, timeouts and crashes.

use shaketable_protocols::raft::Raft;
use shaketable_protocols::raft::bugs::{Planted, planted};
use shaketable_protocols::raft::config::{Config, PARAMS};
use shaketable_sim::explore::{Budget, Explored, Limits, Outcome, SmallWorld, explore};
use shaketable_sim::param::{Args, Value};
use shaketable_sim::spec::any::Any;

/// Plain elections, and nobody who asks for anything. Each server's timers may run out so often.
fn config() -> Config {
    let mut args = Args::defaults(PARAMS);
    args.set("elections", Value::Choice("plain"));
    Config::from_args(&args).expect("a configuration")
}

fn elections(nodes: usize, config: Config, timers: u32, crashes: u32) -> Explored {
    let budget = Budget { timers, crashes, duplicates: 0 };
    let limits = Limits { states: 100_000, bytes: 1 << 30 };
    explore(&SmallWorld::<Raft<Any>> { nodes, config, requests: Vec::new(), budget, limits })
}

/// How many states, transitions and steps there are. (These change when what a server or the monitor keeps changes, and with the
/// protocol: then they are to be understood, and pinned anew.)
fn holds(explored: Explored) -> (u64, u64, u64) {
    assert_eq!(explored.outcome, Outcome::Hold);
    (explored.states, explored.transitions, explored.depth)
}

#[test]
fn two_servers_that_time_out_twice_are_right_in_every_state() {
    assert_eq!(holds(elections(2, config(), 2, 0)), (11_628, 29_826, 20));
}

#[test]
fn two_servers_of_which_one_crashes_wherever_it_may_are_right_in_every_state() {
    assert_eq!(holds(elections(2, config(), 1, 1)), (687, 1_480, 18));
}

/// What is found of a bug, and the shortest history to it.
fn found(name: &str, nodes: usize) -> String {
    let Some(Planted::Rules(rules)) = planted(name) else { panic!("{name} is no rule of Raft") };
    match elections(nodes, config().with_rules(rules), 1, 0).outcome {
        Outcome::Violated { breach, steps } => {
            let steps: String = steps.iter().map(|step| format!("{step}\n")).collect();
            format!("{steps}{}: {}", breach.property, breach.story)
        }
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn two_leaders_of_one_term_are_found_with_the_shortest_history() {
    insta::assert_snapshot!("votes-twice", found("votes-twice", 3));
    insta::assert_snapshot!("wrong-quorum", found("wrong-quorum", 2));
}
