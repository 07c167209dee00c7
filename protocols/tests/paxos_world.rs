//! Paxos in the simulated world: right, it survives what it claims to bear; wrong, it is found out.

#[allow(dead_code)] // Those of its helpers that run Raft are not needed here.
mod common;

use common::{every, heal, plan, target};
use shaketable_protocols::paxos::PAXOS;
use shaketable_protocols::paxos::config::{Config, PARAMS};
use shaketable_sim::faults::Planned;
use shaketable_sim::param::{Args, Value};
use shaketable_sim::plan::Plan;
use shaketable_sim::rng::Seed;
use shaketable_sim::run::{Coverage, Run, Verdict};
use shaketable_sim::spec::any::Any;
use shaketable_sim::time::{Ppm, Span};
use shaketable_sim::workload::WORKLOADS;

/// The parameters of Paxos, some of them changed.
fn paxos(changes: &[(&'static str, Value)]) -> Args {
    let mut args = Args::defaults(PARAMS);
    changes.iter().for_each(|(name, value)| args.set(name, value.clone()));
    args
}

/// Runs Paxos, right or with the bug of this name.
fn run(plan: &Plan, args: &Args, bug: Option<&str>, seed: u64) -> Run<Any> {
    let named = |name: &str| PAXOS.bugs.iter().find(|bug| bug.name == name).expect("a bug of that name");
    assert_eq!((PAXOS.check)(args, plan), vec![]);
    (PAXOS.run)(plan, args, bug.map(named), Seed(seed), None)
}

/// Each seed draws its own mixture of faults, cluster size, workload, quorums and variant of the protocol.
fn swarm(seed: u64) -> (Plan, Args) {
    let mut rng = Seed(seed).stream("swarm");
    let workload = rng.pick(WORKLOADS).expect("there are workloads").name;
    let nodes = rng.between(1, 5);
    let mut plan = plan(nodes as usize, 12, workload);
    heal(&mut plan, 5);
    plan.network.loss = Ppm::percent(rng.below(4) as u32);
    plan.network.duplicate = Ppm::percent(rng.below(3) as u32);
    plan.network.reorder = Ppm::percent(rng.below(6) as u32);
    let leader = || ("node", target("leader"));
    let random = || ("node", target("random"));
    let message = |kind: &str| ("message", Value::Text(kind.to_owned()));
    let ends = |from, to| [("from", target(from)), ("to", target(to))];
    let on = |from, to, kind| [ends(from, to).to_vec(), vec![message(kind)]].concat();
    let faults = [
        every("crash", (300, 2_000), Some((50, 800)), &[random()]),
        every("crash", (300, 2_000), Some((20, 300)), &[leader(), ("after-effects", Value::Counts(0, 12))]),
        every("partition", (300, 2_000), Some((200, 1_500)), &[]),
        every("isolate", (300, 2_000), Some((200, 1_500)), &[leader()]),
        every("pause", (300, 2_000), Some((100, 800)), &[leader()]),
        every("cut", (300, 2_000), Some((200, 1_500)), &ends("random", "random")),
        every("cut", (300, 1_000), Some((100, 800)), &on("leader", "random", "Accept")),
        every("hold", (300, 1_000), Some((50, 800)), &on("all", "random", "Promise")),
        every("hold", (300, 1_000), Some((50, 800)), &on("random", "leader", "Accepted")),
        every("campaign", (100, 1_000), None, &[random()]),
        every("transfer", (100, 1_000), None, &[leader(), ("to", target("random"))]),
    ];
    plan.faults.extend(faults.into_iter().filter(|_| rng.below(2) == 0));
    let mut args = paxos(&[
        ("elections", Value::Choice(["plain", "canvass"][rng.below(2) as usize])),
        ("read", Value::Choice(["confirm", "lease", "log"][rng.below(3) as usize])),
        ("window", Value::Count(*rng.pick(&[1, 4, 16]).expect("not empty"))),
        ("batch", Value::Count(*rng.pick(&[1, 8, 64]).expect("not empty"))),
        ("chunk", Value::Count(*rng.pick(&[1, 2, 16]).expect("not empty"))),
        // Any size from one to a majority: phase 1 takes what must meet it.
        ("phase2-quorum", Value::Count(rng.between(1, nodes / 2 + 1))),
    ]);
    if rng.below(2) == 0 {
        args.set("snapshot-every", Value::Count(*rng.pick(&[1, 3, 20, 100]).expect("not empty")));
    }
    if rng.below(2) == 0 {
        // Quorums are then those of whatever members there are.
        args.remove("phase2-quorum");
        args.set("alpha", Value::Count(*rng.pick(&[1, 2, 4, 32]).expect("not empty")));
        args.set("members", Value::Count(rng.between(1, nodes)));
        plan.faults.push(every("reconfigure", (100, 2_000), None, &[leader(), ("members", target("some"))]));
    }
    (plan, args)
}

#[test]
fn paxos_survives_what_it_claims_to_bear() {
    let mut reached = Coverage::default();
    for seed in 0..300 {
        let (plan, args) = swarm(seed);
        let run = run(&plan, &args, None, seed);
        assert_eq!(run.verdict, Verdict::Pass, "seed {seed}");
        reached.add(&run.coverage);
    }
    let least = [
        (reached.completed_ops, 100_000),
        (reached.ops_after_heal, 40_000),
        (reached.leader_changes, 1_000),
        (reached.restarts, 500),
        (reached.crashes_between_effects, 50),
        (reached.records_torn, 30),
        (reached.cut_on_sending, 10_000),
        (reached.held, 1_000),
        (reached.commands, 500),
        (reached.reconfigurations, 500),
    ];
    for (place, (count, least)) in least.into_iter().enumerate() {
        assert!(count >= least, "figure {place}: {count} of at least {least} in {:?}", reached.named());
    }
}

#[test]
fn every_planted_bug_runs() {
    let (plan, args) = swarm(1);
    for bug in PAXOS.bugs {
        assert!(run(&plan, &args, Some(bug.name), 1).coverage.events > 0, "{}", bug.name);
    }
}

/// Leaders fall, and accepts get lost: bugs about what a new leader proposes show at once.
#[test]
fn bugs_of_phase_one_are_caught_where_paxos_survives() {
    let mut falling = plan(3, 12, "kv");
    heal(&mut falling, 5);
    falling.clients.count = 8;
    falling.network.loss = Ppm::percent(3);
    falling.faults = vec![every("isolate", (300, 1_000), Some((300, 800)), &[("node", target("leader"))])];
    let args = paxos(&[]);
    for bug in ["ignores-accepted-value", "noop-over-accepted", "skip-phase1"] {
        let expected = PAXOS.bugs.iter().find(|known| known.name == bug).expect("a bug of that name").caught_by;
        let mut caught = 0;
        for seed in 0..12 {
            assert_eq!(run(&falling, &args, None, seed).verdict, Verdict::Pass, "right, seed {seed}");
            if let Verdict::Violation(violation) = run(&falling, &args, Some(bug), seed).verdict {
                caught += u64::from(violation.signature() == expected);
            }
        }
        assert!(caught >= 4, "{bug}: {caught} of 12 seeds show {expected}");
    }
}

/// Two of five servers are down for good, and the others fall and come back when the trouble ends. Three are a majority; who is to lead then needs so many promises.
#[test]
fn a_heal_leaves_as_many_servers_as_the_larger_of_both_quorums_needs() {
    for (phase1, undone) in [(3, 0), (4, 1), (5, 2)] {
        let mut plan = plan(5, 12, "kv");
        heal(&mut plan, 5);
        let crash = |node: &str| Planned::new("crash", &[("node", node), ("max-down", "any")]).expect("a fault");
        let for_good = |node, at| Planned { permanent: true, ..crash(node).at(Span::secs(at)) };
        plan.faults = vec![for_good("n4", 1), for_good("n5", 2)];
        plan.faults.extend(["n1", "n2", "n3"].map(|node| crash(node).at(Span::millis(6_900))));
        let args = paxos(&[("phase1-quorum", Value::Count(phase1))]);
        for seed in 0..5 {
            let run = run(&plan, &args, None, seed);
            assert_eq!(run.verdict, Verdict::Pass, "{phase1} promises, seed {seed}");
            assert_eq!(run.coverage.restarts, 3 + undone, "{phase1} promises, seed {seed}");
        }
    }
}

#[test]
fn quorums_that_need_not_meet_are_refused_before_anything_runs() {
    let plan = plan(5, 12, "kv");
    let args = paxos(&[("phase1-quorum", Value::Count(3)), ("phase2-quorum", Value::Count(2))]);
    let errors = (PAXOS.check)(&args, &plan);
    assert_eq!(errors.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["phase2-quorum"]);
    assert!(Config::from_args(&args, 4).is_ok(), "of four nodes they would meet");
}
