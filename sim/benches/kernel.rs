//! The event loop: messages delivered and timers run out per second, beside a bare loop in the same call.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde::Serialize;
use shaketable_sim::check::invariant::NoInvariants;
use shaketable_sim::faults::Planned;
use shaketable_sim::id::{NodeId, OpId, RequestId};
use shaketable_sim::node::{Ctx, Message, Node, Observation, Op, Recovered};
use shaketable_sim::param::Args;
use shaketable_sim::plan::{CheckPlan, ClientPlan, ClockPlan, DiskPlan, Limits, NetworkPlan, Plan};
use shaketable_sim::rng::{Delay, Seed, Stream};
use shaketable_sim::spec::counter::{self, Counter};
use shaketable_sim::time::{Instant, Ppm, Span};
use shaketable_sim::world::run;

mod bare;
use bare::Bare;

const NODES: usize = 5;
const LOW: Span = Span::millis(1);
const HIGH: Span = Span::millis(10);

/// Answers every message with one, for ever.
#[derive(Clone)]
struct PingPong;

#[derive(Clone, Debug, Hash, Serialize)]
struct Ball(u64);

impl Message for Ball {
    fn kind(&self) -> &'static str {
        "Ball"
    }
}

impl Node for PingPong {
    type Config = u64;
    type Msg = Ball;
    type Timer = ();
    type Record = ();
    type Service = Counter;
    type Invariants = NoInvariants;

    fn boot(in_flight: &u64, _: Recovered<()>, ctx: &mut Ctx<'_, Self>) -> Self {
        for peer in ctx.peers() {
            (0..*in_flight).for_each(|ball| ctx.send(peer, Ball(ball)));
        }
        PingPong
    }
    fn on_message(&mut self, from: NodeId, ball: Ball, ctx: &mut Ctx<'_, Self>) {
        ctx.send(from, Ball(ball.0 + 1));
    }
    fn on_request(&mut self, _: RequestId, _: Op<Self>, _: &mut Ctx<'_, Self>) {}
    fn on_timer(&mut self, (): (), _: &mut Ctx<'_, Self>) {}
    fn observe(&self) -> Observation {
        Observation::default()
    }
}

/// Sets many timers when it boots, and counts them as they run out.
#[derive(Clone)]
struct Alarms(u64);

impl Node for Alarms {
    type Config = u64;
    type Msg = Ball;
    type Timer = u32;
    type Record = ();
    type Service = Counter;
    type Invariants = NoInvariants;

    fn boot(timers: &u64, _: Recovered<()>, ctx: &mut Ctx<'_, Self>) -> Self {
        for timer in 0..*timers as u32 {
            let after = ctx.rng().span((LOW, Span::secs(1)));
            ctx.set_timer(timer, after);
        }
        Alarms(0)
    }
    fn on_message(&mut self, _: NodeId, _: Ball, _: &mut Ctx<'_, Self>) {}
    fn on_request(&mut self, _: RequestId, _: Op<Self>, _: &mut Ctx<'_, Self>) {}
    fn on_timer(&mut self, _: u32, _: &mut Ctx<'_, Self>) {
        self.0 += 1;
    }
    fn observe(&self) -> Observation {
        Observation { applied: self.0, ..Observation::default() }
    }
}

/// A calm world without clients.
fn plan(nodes: usize, duration: Span) -> Plan {
    let delay = Delay::Uniform(LOW, HIGH);
    Plan {
        nodes,
        duration,
        network: NetworkPlan {
            delay,
            client_delay: delay,
            loss: Ppm::ZERO,
            duplicate: Ppm::ZERO,
            reorder: Ppm::ZERO,
            fifo: false,
        },
        disk: DiskPlan { sync: Delay::Fixed(Span::ZERO), restart: (Span::ZERO, Span::ZERO) },
        clock: ClockPlan { offset: (0, 0), drift: Ppm::ZERO },
        clients: ClientPlan {
            count: 0,
            start: Instant::MAX,
            pause: Delay::Fixed(Span::ZERO),
            open: false,
            timeout: Span::secs(1),
            give_up: Span::secs(1),
            workload: "none",
            mix: Args::default(),
            script: None,
        },
        faults: Vec::<Planned>::new(),
        heal: None,
        check: CheckPlan { linearizable: true, at_once: false, invariants: None, states: 1, bytes: 1 },
        limits: Limits { events: u64::MAX, pending: u64::MAX, instant: u64::MAX },
        states: false,
        fork: None,
    }
}

fn no_workload(_: OpId, _: Option<&(counter::Op, counter::Ret)>, _: &mut Stream) -> counter::Op {
    unreachable!("there are no clients")
}

fn ping_pong(criterion: &mut Criterion) {
    for in_flight in [1_u64, 50] {
        let mut group = criterion.benchmark_group(format!("ping-pong, {in_flight} in flight per pair"));
        let seconds = 200 / in_flight;
        let plan = plan(NODES, Span::secs(seconds));
        let delivered = run::<PingPong>(&plan, &in_flight, &no_workload, Seed(1), None).coverage.delivered;
        group.throughput(Throughput::Elements(delivered)).sample_size(20);
        group.bench_function(BenchmarkId::from_parameter("shaketable"), |bencher| {
            bencher.iter(|| run::<PingPong>(&plan, &in_flight, &no_workload, black_box(Seed(1)), None).digest);
        });
        group.bench_function(BenchmarkId::from_parameter("bare loop"), |bencher| {
            bencher.iter(|| bare_ping_pong(black_box(in_flight), delivered));
        });
        group.finish();
    }
}

/// The same without a world: so many deliveries.
fn bare_ping_pong(in_flight: u64, deliveries: u64) -> u64 {
    let mut queue: Bare<(u32, u32, u64)> = Bare::new();
    for from in 0..NODES as u32 {
        for to in (0..NODES as u32).filter(|&to| to != from) {
            for ball in 0..in_flight {
                let at = queue.delay(LOW.as_nanos(), HIGH.as_nanos());
                queue.push(at, (from, to, ball));
            }
        }
    }
    let mut sum = 0;
    for _ in 0..deliveries {
        let (now, (from, to, ball)) = queue.pop().expect("every ball comes back");
        sum ^= ball;
        let at = now + queue.delay(LOW.as_nanos(), HIGH.as_nanos());
        queue.push(at, (to, from, ball + 1));
    }
    sum
}

fn timers(criterion: &mut Criterion) {
    const TIMERS: u64 = 1_000_000;
    let mut group = criterion.benchmark_group("a million timers");
    group.throughput(Throughput::Elements(TIMERS)).sample_size(10);
    let plan = plan(1, Span::secs(2));
    group.bench_function(BenchmarkId::from_parameter("shaketable"), |bencher| {
        bencher.iter(|| run::<Alarms>(&plan, &TIMERS, &no_workload, black_box(Seed(1)), None).digest);
    });
    group.bench_function(BenchmarkId::from_parameter("bare loop"), |bencher| {
        bencher.iter(|| {
            let mut queue: Bare<u32> = Bare::new();
            for timer in 0..black_box(TIMERS) as u32 {
                let at = queue.delay(LOW.as_nanos(), 1_000_000_000);
                queue.push(at, timer);
            }
            std::iter::from_fn(|| queue.pop()).fold(0, |sum, (at, timer)| sum ^ at ^ u64::from(timer))
        });
    });
    group.finish();
}

criterion_group!(kernel, ping_pong, timers);
criterion_main!(kernel);
