use std::path::Path;
use std::sync::atomic::AtomicBool;

use shaketable_sim::faults::Planned;
use shaketable_sim::id::NodeId;

use super::edit::{Names, with_small_names, without_idle_clients, without_node, without_operations};
use super::*;
use crate::load::load;
use crate::tables::Tables;

fn read(text: &str) -> Scenario {
    load(Path::new("case.toml"), text, &Tables::shipped()).map_err(|wrong| wrong.render(false)).unwrap()
}

/// The first failing run of a shipped scenario, with its faults as they struck.
fn failing(name: &str) -> Failing {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("negative").join(name);
    let mut scenario = read(&std::fs::read_to_string(path).unwrap());
    let mut runs =
        scenario.seeds.clone().map(|seed| Subject { scenario: &scenario, side: Side::Own }.run(Seed(seed), None));
    let run = runs.find(|run| matches!(run.verdict, Verdict::Violation(_))).expect("a planted bug is caught");
    scenario.plan.faults = run.applied.iter().map(Planned::from).collect();
    Failing { scenario, run }
}

fn smallest(name: &str, runs: u64, threads: usize) -> (Failing, u64, bool, Vec<Size>) {
    let threads = NonZeroUsize::new(threads).unwrap();
    let budget = Budget { runs, deadline: None, threads, stop: &AtomicBool::new(false) };
    let mut sizes = Vec::new();
    let failing = failing(name);
    let longest = failing.scenario.plan.duration;
    let (smallest, runs, spent) = shrink(failing, longest, budget, &mut |smaller, _| sizes.push(smaller.size()));
    (smallest, runs, spent, sizes)
}

#[test]
fn what_is_left_is_small_and_fails_in_the_same_way_from_its_own_seed() {
    for (name, faults, operations) in [
        ("raft-votes-twice.toml", 1, 0),
        ("synod-learner-mixes-ballots.toml", 2, 1),
        ("synod-answers-before-sync.toml", 1, 1),
    ] {
        let before = failing(name);
        let (after, _, spent, sizes) = smallest(name, u64::MAX, 2);
        assert!(!spent && signature(&after) == signature(&before));
        let size = after.size();
        assert!(size.faults <= faults && size.operations <= operations, "{name}: {size:?}");
        let larger = before.size();
        assert!(
            larger.operations > 5 * operations.max(1) && size.events * 5 < larger.events,
            "{name}: {larger:?} to {size:?}"
        );
        assert_eq!(sizes.last(), Some(&size), "{name}: what is kept last is what is left");
        let again = Subject { scenario: &after.scenario, side: Side::Own }.run(after.run.seed, None);
        assert_eq!(again.digest, after.run.digest, "{name}");
    }
}

#[test]
fn the_number_of_threads_decides_nothing() {
    let one = smallest("synod-promise-not-durable.toml", 400, 1);
    let three = smallest("synod-promise-not-durable.toml", 400, 3);
    assert_eq!((one.0.run.digest, one.1, one.2, one.3), (three.0.run.digest, three.1, three.2, three.3));
}

#[test]
fn a_budget_ends_it_with_the_smallest_so_far() {
    let (after, runs, spent, sizes) = smallest("raft-votes-twice.toml", 30, 1);
    assert!(spent && (30..40).contains(&runs), "{runs} runs");
    assert_eq!(sizes.last(), Some(&after.size()));
}

fn signature(failing: &Failing) -> Option<String> {
    match &failing.run.verdict {
        Verdict::Violation(violation) => Some(violation.signature()),
        _ => None,
    }
}

const NAMED: &str = r#"protocol = "raft"
nodes = 4
duration = "2s"
[clients]
count = 3
workload = "kv"
script = ["c1 1ms put k3 1000001", "c3→n4 2ms cas k3 1000001→3000001", "c3→n2 3ms get k1"]
[[fault]]
isolate = { node = ["n2", "n4"], at = "1s" }
[[fault]]
pause = { node = "n2", at = "1s", for = "1ms" }
[[fault]]
cut = { from = "c3", to = "n3", at = "1s" }
[[fault]]
partition = { groups = [["n1", "n2"], ["n3", "n4"]], at = "1s" }
"#;

fn script(scenario: &Scenario) -> Vec<String> {
    scenario.plan.clients.script.iter().flatten().map(ToString::to_string).collect()
}

fn faults(scenario: &Scenario) -> Vec<String> {
    scenario.plan.faults.iter().map(|fault| format!("{} {}", fault.kind.name, fault.args)).collect()
}

#[test]
fn without_a_node_those_behind_it_move_up_and_what_was_about_it_alone_is_gone() {
    let less = without_node(&read(NAMED), NodeId::at(1));
    assert_eq!(less.plan.nodes, 3);
    assert_eq!(script(&less), ["c1 1ms put k3 1000001", "c3→n3 2ms cas k3 1000001→3000001", "c3 3ms get k1"]);
    insta::assert_snapshot!(faults(&less).join("\n"));
}

#[test]
fn clients_that_ask_for_nothing_make_room_for_the_others() {
    let less = without_idle_clients(&without_operations(&read(NAMED), 0..1)).expect("two are idle");
    assert_eq!(less.plan.clients.count, 1);
    assert_eq!(script(&less), ["c1→n4 2ms cas k3 1000001→3000001", "c1→n2 3ms get k1"]);
    assert!(faults(&less)[2].contains("from = \"c1\""), "{:?}", faults(&less));
    assert!(without_idle_clients(&less).is_none());
}

#[test]
fn values_and_keys_get_small_names_that_tell_as_much() {
    let values = with_small_names(&read(NAMED), Names::VALUES).expect("there are large ones");
    assert_eq!(script(&values), ["c1 1ms put k3 1", "c3→n4 2ms cas k3 1→2", "c3→n2 3ms get k1"]);
    let keys = with_small_names(&read(NAMED), Names::KEYS).expect("they are out of order");
    assert_eq!(script(&keys), ["c1 1ms put k1 1000001", "c3→n4 2ms cas k1 1000001→3000001", "c3→n2 3ms get k2"]);
    let named = with_small_names(&read(NAMED), Names::ALL).expect("there are large ones");
    assert_eq!(script(&named), ["c1 1ms put k1 1", "c3→n4 2ms cas k1 1→2", "c3→n2 3ms get k2"]);
    assert!(with_small_names(&named, Names::ALL).is_none(), "what is small stays");
}
