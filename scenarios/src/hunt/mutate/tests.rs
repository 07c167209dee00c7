//! Changed runs stay within what might have been drawn.

use std::path::Path;

use shaketable_reports::Side;

use super::*;
use crate::attempt::Subject;
use crate::load::load;
use crate::tables::Tables;

fn scenario(name: &str) -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    let mut scenario = load(&path, &text, &Tables::shipped()).unwrap_or_else(|wrong| panic!("{wrong}"));
    // The faults are what matters; what clients do only takes time.
    scenario.plan.clients.count = 1;
    scenario
}

fn parent(scenario: &Scenario, seed: u64) -> Parent {
    let drawn = scenario.drawn(Seed(seed)).into_owned();
    let run = Subject { scenario: &drawn, side: Side::Own }.run(Seed(seed), None);
    let planned = drawn.plan.faults.clone();
    let mut scenario = drawn;
    scenario.plan.faults = run.applied.iter().map(Planned::from).collect();
    Parent { scenario, planned, seed: Seed(seed) }
}

/// Two runs of a scenario, changed again and again.
fn many(name: &str) -> (Parent, Vec<Parent>) {
    let scenario = scenario(name);
    let (one, other) = (parent(&scenario, 1), parent(&scenario, 2));
    let changed = |number| {
        changed(&one, &other, &scenario, Seed(1_000 + number), &mut Seed(number).stream("test"))
            .expect("the protocol bears them all")
    };
    let all = (0..300).map(changed).collect();
    (one, all)
}

fn disks(run: &Parent) -> usize {
    run.scenario.plan.faults.iter().filter(|fault| DISKS.contains(&fault.kind.name)).count()
}

#[test]
fn changed_faults_stay_within_what_was_planned() {
    let (before, all) = many("raft/rot-and-wipe.toml");
    let heal = before.scenario.plan.heal.expect("it heals").at;
    for run in &all {
        assert!(disks(run) <= disks(&before).max(1), "{} disks are lost", disks(run));
        for fault in &run.scenario.plan.faults {
            let like: Vec<&Planned> =
                run.planned.iter().filter(|planned| planned.kind.name == fault.kind.name).collect();
            assert!(!like.is_empty(), "{:?} was never planned", fault.kind);
            assert!(when(fault) <= heal, "{:?} strikes after the heal", fault.kind);
            let longest = like.iter().filter_map(|planned| planned.lasting).map(|(_, high)| high).max();
            assert!(fault.lasting.map(|(_, high)| high) <= longest, "{:?} lasts too long", fault.kind);
            let unlimited = like.iter().any(|planned| planned.args.get("max-down") == Some(&Value::Choice("any")));
            assert!(unlimited || fault.args.get("max-down") != Some(&Value::Choice("any")), "{:?}", fault.kind);
        }
    }
}

#[test]
fn every_kind_of_change_is_made() {
    let (before, all) = many("raft/crashes.toml");
    let faults = |run: &Parent| {
        let told = |fault: &Planned| fault.written().to_string();
        run.scenario.plan.faults.iter().map(told).collect::<Vec<String>>()
    };
    let known = faults(&before);
    assert!(known.len() > 3, "{known:?}");
    let different = all.iter().filter(|run| faults(run) != known).count();
    assert!(different > 290, "only {different} of 300 differ");
    let sizes: Vec<usize> = all.iter().map(|run| faults(run).len()).collect();
    assert!(sizes.iter().any(|&size| size > known.len()) && sizes.iter().any(|&size| size < known.len()));
    let (same, other): (Vec<&Parent>, Vec<&Parent>) = all.iter().partition(|run| run.seed == before.seed);
    assert!(same.len() > 100 && other.len() > 100, "{} keep the seed", same.len());
    let ends = |run: &Parent| {
        let target = |fault: &Planned| fault.args.get("node").map(ToString::to_string);
        run.scenario.plan.faults.iter().filter_map(target).collect::<Vec<_>>()
    };
    let moved =
        all.iter().filter(|run| sizes[0] > 0 && ends(run).len() == ends(&before).len() && ends(run) != ends(&before));
    assert!(moved.count() > 10, "few strike another node");
}

#[test]
fn messages_stay_no_longer_under_way_where_that_is_bounded() {
    let scenario = scenario("dynamo/tombstones.toml");
    let bounded = (scenario.protocol.bears)(&scenario.config, &scenario.plan).under_way.is_some();
    let late = |run: &Parent| {
        let faults = run.scenario.plan.faults.iter().filter(|fault| LATE.contains(&fault.kind.name));
        faults.map(|fault| fault.written().to_string()).collect::<Vec<_>>()
    };
    let mut swarm = scenario.clone();
    swarm.strategy = crate::strategy::Strategy::Swarm;
    assert!(bounded, "the scenario bounds nothing");
    let mut met = 0;
    for seed in 0..6 {
        let (one, other) = (parent(&swarm, seed), parent(&swarm, seed + 100));
        let change = changed(&one, &other, &swarm, Seed(7), &mut Seed(seed).stream("test"));
        if let Some(change) = change {
            assert!(late(&change).iter().all(|fault| late(&one).contains(fault)), "seed {seed}");
            met += 1;
        }
    }
    assert!(met >= 3, "{met} changes were accepted");
}
