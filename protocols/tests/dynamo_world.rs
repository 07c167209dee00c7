//! Dynamo in the simulated world: it keeps its promises under what it claims to bear, whatever its quorums, placement and versions.

use shaketable_protocols::dynamo::DYNAMO;
use shaketable_sim::faults::Planned;
use shaketable_sim::param::{Args, Value};
use shaketable_sim::plan::{Heal, Plan};
use shaketable_sim::rng::Seed;
use shaketable_sim::run::{Coverage, Run, Verdict};
use shaketable_sim::spec::any::Any;
use shaketable_sim::time::{Instant, Ppm, Span};
use shaketable_sim::workload::WORKLOADS;

/// A run of so many nodes over thirteen seconds, the last seven of them healed, whose clients ask for this workload, with some of its parameters changed.
fn plan(nodes: usize, workload: &str, changes: &[(&'static str, u64)]) -> Plan {
    let workload = WORKLOADS.iter().find(|known| known.name == workload).expect("a workload of that name");
    let mut plan = Plan::calm(nodes, Span::secs(13));
    plan.heal = Some(Heal { at: Instant::ZERO + Span::secs(6), within: Span::millis(6_999) });
    plan.check.linearizable = false;
    (plan.clients.workload, plan.clients.mix) = (workload.name, Args::defaults(workload.params));
    changes.iter().for_each(|&(name, count)| plan.clients.mix.set(name, Value::Count(count)));
    plan
}

fn fault(kind: &str, params: &[(&str, &str)]) -> Planned {
    let fault = Planned::new(kind, params).expect("a fault");
    fault.every(Span::millis(300), Span::secs(2)).lasting(Span::millis(50), Span::millis(1_500))
}

/// Each seed draws its own mixture of faults, cluster, quorums, placement and versions.
fn swarm(seed: u64) -> (Plan, Args) {
    let mut rng = Seed(seed).stream("swarm");
    let nodes = rng.between(1, 7);
    let mut plan = match rng.below(2) {
        0 => plan(nodes as usize, "register", &[("keys", 2)]),
        _ => plan(nodes as usize, "kv", &[("keys", 20), ("cas", 0), ("delete", 20)]),
    };
    plan.clients.timeout = Span::millis(rng.between(100, 400));
    plan.network.loss = Ppm::percent(rng.below(3) as u32);
    plan.network.duplicate = Ppm::percent(rng.below(3) as u32);
    plan.network.reorder = Ppm::percent(rng.below(6) as u32);
    let faults = [
        fault("crash", &[("node", "random"), ("max-down", "any")]),
        fault("crash", &[("node", "all"), ("max-down", "any")]),
        fault("isolate", &[("node", "random")]),
        fault("partition", &[]),
        fault("pause", &[("node", "random")]),
        fault("cut", &[("from", "random"), ("to", "random")]),
        fault("hold", &[("from", "random"), ("to", "random"), ("message", "Put")]),
        fault("hold", &[("from", "random"), ("to", "random"), ("message", "Handoff")]),
        fault("cut", &[("from", "random"), ("to", "random"), ("message", "Handed")]),
        fault("loss", &[("odds", "30%"), ("from", "all"), ("to", "clients")]),
    ];
    plan.faults.extend(faults.into_iter().filter(|_| rng.below(2) == 0));
    let replicas = rng.between(1, nodes.min(5));
    let mut args = Args::defaults(DYNAMO.params);
    if rng.below(2) == 0 {
        plan.faults.push(fault("reconfigure", &[("node", "random"), ("members", "some")]));
        plan.faults.push(fault("reconfigure", &[("node", "some"), ("members", "all")]));
        args.set("members", Value::Count(rng.between(replicas, nodes)));
    }
    if rng.below(2) == 0 {
        args.set("journal-limit", Value::Count(rng.between(4, 20)));
    }
    if rng.below(2) == 0 {
        // Messages that are held, or wait for a paused node, may be under way for long.
        plan.faults.retain(|fault| !["hold", "pause"].contains(&fault.kind.name));
        args.set("tombstone-grace", Value::Span(Span::millis(rng.between(200, 400))));
    }
    args.set("replicas", Value::Count(replicas));
    args.set("write-quorum", Value::Count(rng.between(1, replicas)));
    args.set("read-quorum", Value::Count(rng.between(1, replicas)));
    args.set("placement", Value::Choice(["ring", "rendezvous", "jump"][rng.below(3) as usize]));
    if rng.below(3) == 0 {
        let bound = Args::new(vec![("clock-bound", Value::Span(Span::millis(110)))]);
        args.set("versions", Value::Table(bound));
    }
    (plan, args)
}

fn run(plan: &Plan, args: &Args, bug: Option<&str>, seed: u64) -> Run<Any> {
    assert_eq!((DYNAMO.check)(args, plan), vec![]);
    let bug = bug.map(|name| DYNAMO.bugs.iter().find(|bug| bug.name == name).expect("a bug of that name"));
    (DYNAMO.run)(plan, args, bug, Seed(seed), None)
}

#[test]
fn the_store_keeps_its_promises_under_what_it_claims_to_bear() {
    let mut reached = Coverage::default();
    for seed in 0..200 {
        let (plan, args) = swarm(seed);
        let run = run(&plan, &args, None, seed);
        assert_eq!(run.verdict, Verdict::Pass, "seed {seed}");
        reached.add(&run.coverage);
    }
    let least = [
        (reached.completed_ops, 50_000),
        (reached.ops_after_heal, 30_000),
        (reached.restarts, 400),
        (reached.records_lost, 20),
        (reached.cut_on_sending, 5_000),
        (reached.held, 100),
    ];
    for (place, (count, least)) in least.into_iter().enumerate() {
        assert!(count >= least, "figure {place}: {count} of at least {least} in {:?}", reached.named());
    }
    let milestones = &reached.milestones;
    assert_eq!(milestones.len(), DYNAMO.milestones.len(), "{milestones:?}");
    assert!(milestones.values().all(|&count| count >= 100), "{milestones:?}");
}

#[test]
fn every_planted_bug_runs() {
    let mut plan = plan(3, "register", &[]);
    plan.faults = vec![fault("crash", &[("node", "random")])];
    for bug in DYNAMO.bugs {
        assert!(run(&plan, &Args::defaults(DYNAMO.params), Some(bug.name), 1).coverage.events > 0, "{}", bug.name);
    }
}

#[test]
fn what_needs_consensus_is_refused_by_name() {
    let refused = |plan: &Plan| -> Vec<&str> {
        (DYNAMO.check)(&Args::defaults(DYNAMO.params), plan).iter().map(|(name, _)| *name).collect()
    };
    assert_eq!(refused(&plan(3, "kv", &[("cas", 0)])), Vec::<&str>::new());
    for workload in ["kv", "counter", "list"] {
        assert_eq!(refused(&plan(3, workload, &[])), ["workload"], "{workload}");
    }
    assert_eq!(refused(&plan(2, "register", &[])), ["replicas"]);
}
