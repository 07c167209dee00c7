//! The store of consistent-hash nodes in the simulated world: it survives what it claims to bear, and refuses what it cannot serve.

use shaketable_protocols::ring::RING;
use shaketable_sim::faults::Planned;
use shaketable_sim::param::{Args, Value};
use shaketable_sim::plan::{Heal, Plan};
use shaketable_sim::rng::Seed;
use shaketable_sim::run::{Coverage, Run, Verdict};
use shaketable_sim::spec::any::Any;
use shaketable_sim::time::{Instant, Ppm, Span};
use shaketable_sim::workload::WORKLOADS;

/// A run of so many nodes over twelve seconds, the last five of them healed, whose clients ask for this workload, with some of its parameters changed.
fn plan(nodes: usize, workload: &str, changes: &[(&'static str, u64)]) -> Plan {
    let workload = WORKLOADS.iter().find(|known| known.name == workload).expect("a workload of that name");
    let mut plan = Plan::calm(nodes, Span::secs(12));
    plan.heal = Some(Heal { at: Instant::ZERO + Span::secs(7), within: Span::millis(4_999) });
    (plan.clients.workload, plan.clients.mix) = (workload.name, Args::defaults(workload.params));
    changes.iter().for_each(|&(name, count)| plan.clients.mix.set(name, Value::Count(count)));
    plan
}

fn fault(kind: &str, params: &[(&str, &str)]) -> Planned {
    let fault = Planned::new(kind, params).expect("a fault");
    fault.every(Span::millis(300), Span::secs(2)).lasting(Span::millis(50), Span::millis(900))
}

/// Each seed draws its own mixture of faults, cluster, quorums and placement.
fn swarm(seed: u64) -> (Plan, Args) {
    let mut rng = Seed(seed).stream("swarm");
    let nodes = rng.between(1, 7);
    let mut plan = match rng.below(2) {
        0 => plan(nodes as usize, "register", &[("keys", 2)]),
        _ => plan(nodes as usize, "kv", &[("keys", 2), ("cas", 0), ("delete", 20)]),
    };
    plan.clients.timeout = Span::millis(rng.between(60, 400));
    plan.network.loss = Ppm::percent(rng.below(4) as u32);
    plan.network.duplicate = Ppm::percent(rng.below(3) as u32);
    plan.network.reorder = Ppm::percent(rng.below(6) as u32);
    let random = || ("node", "random");
    let faults = [
        fault("crash", &[random()]),
        fault("crash", &[("node", "all"), ("max-down", "any")]),
        fault("isolate", &[random()]),
        fault("partition", &[]),
        fault("pause", &[random()]),
        fault("cut", &[("from", "random"), ("to", "random")]),
        fault("hold", &[("from", "random"), ("to", "random"), ("message", "Store")]),
        fault("loss", &[("odds", "30%"), ("from", "all"), ("to", "clients")]),
        fault("duplicate", &[("odds", "30%"), ("from", "clients"), ("to", "all")]),
    ];
    plan.faults.extend(faults.into_iter().filter(|_| rng.below(2) == 0));
    let replicas = rng.between(1, nodes.min(5));
    let write = rng.between(1, replicas);
    let mut args = Args::defaults(RING.params);
    for (name, count) in [("replicas", replicas), ("write-quorum", write), ("read-quorum", replicas + 1 - write)] {
        args.set(name, Value::Count(count));
    }
    args.set("placement", Value::Choice(["ring", "rendezvous", "jump"][rng.below(3) as usize]));
    (plan, args)
}

fn run(plan: &Plan, args: &Args, bug: Option<&str>, seed: u64) -> Run<Any> {
    assert_eq!((RING.check)(args, plan), vec![]);
    let bug = bug.map(|name| RING.bugs.iter().find(|bug| bug.name == name).expect("a bug of that name"));
    (RING.run)(plan, args, bug, Seed(seed), None)
}

#[test]
fn the_store_survives_what_it_claims_to_bear() {
    let mut reached = Coverage::default();
    for seed in 0..400 {
        let (plan, args) = swarm(seed);
        let run = run(&plan, &args, None, seed);
        assert_eq!(run.verdict, Verdict::Pass, "seed {seed}");
        reached.add(&run.coverage);
    }
    let least = [
        (reached.completed_ops, 150_000),
        (reached.ops_after_heal, 60_000),
        (reached.retries, 20_000),
        (reached.restarts, 800),
        (reached.records_lost, 40),
        (reached.cut_on_sending, 10_000),
        (reached.held, 300),
    ];
    for (place, (count, least)) in least.into_iter().enumerate() {
        assert!(count >= least, "figure {place}: {count} of at least {least} in {:?}", reached.named());
    }
}

#[test]
fn every_planted_bug_runs() {
    let mut plan = plan(3, "register", &[]);
    plan.faults = vec![fault("crash", &[("node", "random")])];
    for bug in RING.bugs {
        assert!(run(&plan, &Args::defaults(RING.params), Some(bug.name), 1).coverage.events > 0, "{}", bug.name);
    }
}

#[test]
fn what_registers_cannot_do_is_refused_by_name() {
    let refused = |plan: &Plan| -> Vec<&str> {
        (RING.check)(&Args::defaults(RING.params), plan).iter().map(|(name, _)| *name).collect()
    };
    assert_eq!(refused(&plan(3, "register", &[])), Vec::<&str>::new());
    assert_eq!(refused(&plan(3, "kv", &[("cas", 0)])), Vec::<&str>::new());
    for workload in ["kv", "counter", "list"] {
        assert_eq!(refused(&plan(3, workload, &[])), ["workload"], "{workload}");
    }
    assert_eq!(refused(&plan(2, "register", &[])), ["replicas"]);
}
