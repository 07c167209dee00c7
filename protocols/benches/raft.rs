//! Raft in the simulator: operations, idle seconds and whole seeds per second, beside a bare event loop in the same call.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use shaketable_protocols::raft::{Config, RAFT, Raft};
use shaketable_sim::faults::{FAULTS, Planned, Start};
use shaketable_sim::param::{Args, Value};
use shaketable_sim::plan::{
    CHECK, CheckPlan, ClientPlan, ClockPlan, DiskPlan, Heal, LIMITS, Limits, NetworkPlan, Plan,
};
use shaketable_sim::rng::{Delay, Seed};
use shaketable_sim::run::{Run, Verdict};
use shaketable_sim::spec::any::Any;
use shaketable_sim::time::{Instant, Ppm, Span};
use shaketable_sim::workload::{WORKLOADS, Workload};
use shaketable_sim::world;

#[path = "../../sim/benches/bare/mod.rs"]
mod bare;
use bare::Bare;

const DELAY: Delay = Delay::Uniform(Span::millis(1), Span::millis(10));

/// Five nodes in memory: syncs take no time. Invariants are on, the history is checked if `linearizable`.
fn plan(clients: usize, duration: Span, linearizable: bool) -> Plan {
    let check = Args::defaults(CHECK);
    Plan {
        nodes: 5,
        duration,
        network: NetworkPlan {
            delay: DELAY,
            client_delay: DELAY,
            loss: Ppm::ZERO,
            duplicate: Ppm::ZERO,
            reorder: Ppm::ZERO,
            fifo: false,
        },
        disk: DiskPlan { sync: Delay::Fixed(Span::ZERO), restart: (Span::millis(100), Span::millis(500)) },
        clock: ClockPlan { offset: (0, 0), drift: Ppm::new(100) },
        clients: ClientPlan {
            count: clients,
            start: Instant::ZERO,
            pause: Delay::Fixed(Span::ZERO),
            open: false,
            timeout: Span::millis(500),
            give_up: Span::secs(2),
            workload: "kv",
            mix: Args::default(),
            script: None,
        },
        faults: Vec::new(),
        heal: None,
        check: CheckPlan {
            linearizable,
            at_once: false,
            invariants: None,
            states: check.count("states"),
            bytes: check.count("bytes"),
        },
        limits: Limits::from_args(&Args::defaults(LIMITS)),
        states: false,
        fork: None,
    }
}

/// A crash every second and a leader cut off every two, until a heal near the end; a real disk.
fn troubled() -> Plan {
    let fault = |name: &str, node: &str, every: (u64, u64), lasting: (u64, u64)| {
        let kind = FAULTS.iter().find(|kind| kind.name == name).expect("a kind of fault");
        let mut args = Args::defaults(kind.params);
        args.set("node", Value::Target(node.parse().expect("a target")));
        Planned {
            kind,
            args,
            start: Start::Every(Span::millis(every.0), Span::millis(every.1)),
            from: Instant::ZERO,
            until: Instant::ZERO + Span::secs(24),
            times: u32::MAX,
            lasting: Some((Span::millis(lasting.0), Span::millis(lasting.1))),
            permanent: false,
        }
    };
    let mut plan = plan(4, Span::secs(30), true);
    plan.disk.sync = Delay::Uniform(Span::micros(100), Span::millis(2));
    plan.faults = vec![
        fault("crash", "random", (500, 1_500), (50, 500)),
        fault("isolate", "leader", (1_000, 3_000), (300, 1_500)),
    ];
    plan.heal = Some(Heal { at: Instant::ZERO + Span::secs(24), within: Span::secs(5) });
    plan
}

fn run(plan: &Plan, config: &Config, workload: &dyn Workload<Any>, seed: u64) -> Run<Any> {
    let run = world::run::<Raft<Any>>(plan, config, workload, Seed(seed), None);
    assert_eq!(run.verdict, Verdict::Pass, "a benchmark must measure a run that works");
    run
}

fn setting() -> (Config, Box<dyn Workload<Any>>) {
    let config = Config::from_args(&Args::defaults(RAFT.params)).expect("the defaults are right");
    let kv = WORKLOADS.iter().find(|kind| kind.name == "kv").expect("a workload");
    let mut mix = Args::defaults(kv.params);
    mix.set("reads", Value::Count(0)); // Everything goes through the log.
    mix.set("cas", Value::Count(0));
    (config, (kv.build)(&mix))
}

/// So many deliveries of a bare loop with twenty messages on their way.
fn bare_deliveries(deliveries: u64) -> u64 {
    let mut queue: Bare<u64> = Bare::new();
    for message in 0..20 {
        let at = queue.delay(1_000_000, 10_000_000);
        queue.push(at, message);
    }
    let mut sum = 0;
    for _ in 0..deliveries {
        let (now, message) = queue.pop().expect("never empty");
        sum ^= message;
        let at = now + queue.delay(1_000_000, 10_000_000);
        queue.push(at, message + 1);
    }
    sum
}

fn committed(criterion: &mut Criterion) {
    let (config, workload) = setting();
    for (clients, duration) in [(1, Span::secs(400)), (64, Span::secs(10))] {
        let plan = plan(clients, duration, false);
        let coverage = run(&plan, &config, &*workload, 1).coverage;
        let mut group = criterion.benchmark_group(format!("raft, {clients} outstanding"));
        group.throughput(Throughput::Elements(coverage.completed_ops)).sample_size(10);
        group.bench_function(BenchmarkId::from_parameter("shaketable, operations"), |bencher| {
            bencher.iter(|| run(&plan, &config, &*workload, black_box(1)).digest);
        });
        group.bench_function(BenchmarkId::from_parameter("bare loop, as many messages"), |bencher| {
            bencher.iter(|| bare_deliveries(black_box(coverage.delivered)));
        });
        group.finish();
    }
}

fn idle(criterion: &mut Criterion) {
    const SECONDS: u64 = 2_000;
    let (config, workload) = setting();
    let plan = plan(0, Span::secs(SECONDS), false);
    let delivered = run(&plan, &config, &*workload, 1).coverage.delivered;
    let mut group = criterion.benchmark_group("raft, idle");
    group.throughput(Throughput::Elements(SECONDS)).sample_size(10);
    group.bench_function(BenchmarkId::from_parameter("shaketable, simulated seconds"), |bencher| {
        bencher.iter(|| run(&plan, &config, &*workload, black_box(1)).digest);
    });
    group.bench_function(BenchmarkId::from_parameter("bare loop, as many messages"), |bencher| {
        bencher.iter(|| bare_deliveries(black_box(delivered)));
    });
    group.finish();
}

fn seeds(criterion: &mut Criterion) {
    const SEEDS: u64 = 5;
    let (config, _) = setting();
    let kv = WORKLOADS.iter().find(|kind| kind.name == "kv").expect("a workload");
    let workload = (kv.build)(&Args::defaults(kv.params));
    let checked = troubled();
    let unchecked = Plan { check: CheckPlan { linearizable: false, ..checked.check.clone() }, ..checked.clone() };
    let mut group = criterion.benchmark_group("raft, 30 simulated seconds with faults");
    group.throughput(Throughput::Elements(SEEDS)).sample_size(10);
    for (name, plan) in [("shaketable, seeds", &checked), ("the same without the history's check", &unchecked)] {
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher
                .iter(|| (1..=SEEDS).fold(0, |sum, seed| sum ^ run(plan, &config, &*workload, black_box(seed)).digest));
        });
    }
    group.finish();
}

criterion_group!(raft, committed, idle, seeds);
criterion_main!(raft);
