//! A small protocol that exercises everything a world offers, and plans to run it in.

use serde::Serialize;
use serde_json::Value as Json;
use shaketable_sim::check::invariant::NoInvariants;
use shaketable_sim::faults::{Applied, FAULTS, Planned, Start};
use shaketable_sim::id::{Key, NodeId, OpId, RequestId};
use shaketable_sim::node::{Command, Ctx, Message, Milestone, Node, Observation, Op, Recovered, Role, Stored};
use shaketable_sim::param::{Args, Value};
use shaketable_sim::plan::{CheckPlan, ClientPlan, ClockPlan, DiskPlan, Limits, NetworkPlan, Plan};
use shaketable_sim::rng::{Delay, Seed, Stream};
use shaketable_sim::run::Run;
use shaketable_sim::spec::Objects;
use shaketable_sim::spec::counter::{Action, Counter, Op as CounterOp, Ret};
use shaketable_sim::time::{Instant, Ppm, Span};
use shaketable_sim::world;

/// Every node ticks: it writes a record, tells its peers when it is durable, and counts what it hears.
/// Clients are served by the first node, which calls itself leader. What it says carries its clock.
#[derive(Clone)]
pub(crate) struct Chatter {
    me: NodeId,
    ticks: u64,
    durable: u64,
    objects: Objects<Counter>,
}

#[derive(Clone, Debug, Hash, Serialize)]
pub(crate) enum Talk {
    Beat { tick: u64, clock: Instant },
    Durable(u64),
}

impl Message for Talk {
    fn kind(&self) -> &'static str {
        match self {
            Talk::Beat { .. } => "Beat",
            Talk::Durable(_) => "Durable",
        }
    }
}

/// Every tenth tick.
const TENS: Milestone = Milestone { name: "tens-of-ticks", doc: "times a node has ticked ten times more" };

pub(crate) const TICK: Span = Span::millis(10);

impl Node for Chatter {
    type Config = ();
    type Msg = Talk;
    type Timer = ();
    type Record = u64;
    type Service = Counter;
    type Invariants = NoInvariants;

    const MILESTONES: &'static [Milestone] = &[TENS];

    fn boot((): &(), disk: Recovered<u64>, ctx: &mut Ctx<'_, Self>) -> Self {
        let ticks = disk.records.iter().filter_map(|record| match record {
            Stored::Intact(u64::MAX) | Stored::Damaged => None,
            Stored::Intact(tick) => Some(*tick),
        });
        let ticks = ticks.max().unwrap_or(0);
        let damaged = disk.records.iter().filter(|record| **record == Stored::Damaged).count() as u64;
        ctx.note(format!("{} records, {damaged} damaged", disk.records.len()));
        ctx.set_timer((), TICK);
        Chatter { me: ctx.me(), ticks, durable: 0, objects: Objects::default() }
    }

    fn on_message(&mut self, _: NodeId, msg: Talk, _: &mut Ctx<'_, Self>) {
        if let Talk::Durable(tick) = msg {
            self.durable = tick;
        }
    }

    fn on_request(&mut self, id: RequestId, op: Op<Self>, ctx: &mut Ctx<'_, Self>) {
        let server = NodeId::at(0);
        if ctx.me() == server {
            let ret = self.objects.apply(&op);
            ctx.reply(id, ret);
        } else {
            ctx.reject(id, Some(server));
        }
    }

    fn on_timer(&mut self, (): (), ctx: &mut Ctx<'_, Self>) {
        self.ticks += 1;
        let (tick, clock) = (self.ticks, ctx.now());
        if tick % 10 == 0 {
            ctx.reached(TENS);
        }
        ctx.set_timer((), TICK);
        ctx.write(tick);
        ctx.after_sync(|ctx| {
            for peer in ctx.peers() {
                ctx.send(peer, Talk::Beat { tick, clock });
            }
            ctx.send(ctx.me(), Talk::Durable(tick));
        });
    }

    fn on_command(&mut self, command: &Command, ctx: &mut Ctx<'_, Self>) {
        ctx.write(u64::MAX);
        ctx.note(format!("{command:?}"));
    }

    fn observe(&self) -> Observation {
        let role = if self.me == NodeId::at(0) { Role::Leader } else { Role::Follower };
        Observation {
            role,
            epoch: 1,
            leader: Some(NodeId::at(0)),
            commit: self.durable,
            applied: self.durable,
            ..Observation::default()
        }
    }
}

pub(crate) fn adding(_: OpId, _: Option<&(CounterOp, Ret)>, rng: &mut Stream) -> CounterOp {
    CounterOp { key: Key::at(rng.below(2) as usize), action: Action::Add(1) }
}

/// Three nodes, two clients, two seconds, a disk that takes some time; nothing goes wrong. Histories are not checked.
pub(crate) fn calm() -> Plan {
    let delay = Delay::Uniform(Span::millis(1), Span::millis(5));
    Plan {
        nodes: 3,
        duration: Span::secs(2),
        network: NetworkPlan {
            delay,
            client_delay: delay,
            loss: Ppm::ZERO,
            duplicate: Ppm::ZERO,
            reorder: Ppm::ZERO,
            fifo: false,
        },
        disk: DiskPlan {
            sync: Delay::Uniform(Span::millis(1), Span::millis(3)),
            restart: (Span::millis(50), Span::millis(90)),
        },
        clock: ClockPlan { offset: (-1_000_000, 1_000_000), drift: Ppm::new(100) },
        clients: ClientPlan {
            count: 2,
            start: Instant::ZERO,
            pause: Delay::Uniform(Span::millis(1), Span::millis(20)),
            open: false,
            timeout: Span::millis(100),
            give_up: Span::millis(400),
            workload: "adding",
            mix: Args::default(),
            script: None,
        },
        faults: Vec::new(),
        heal: None,
        check: CheckPlan {
            linearizable: false,
            at_once: false,
            invariants: None,
            states: 1_000_000,
            bytes: 10_000_000,
        },
        limits: Limits { events: 1_000_000, pending: 100_000, instant: 10_000 },
        states: false,
        fork: None,
    }
}

/// A fault of this kind, with these parameters and defaults for the others, at a time and for a span.
pub(crate) fn fault(kind: &str, params: &[(&'static str, Value)], at: Span, lasting: Option<Span>) -> Planned {
    let kind = FAULTS.iter().find(|known| known.name == kind).expect("a kind of fault");
    let mut args = Args::defaults(kind.params);
    params.iter().for_each(|(name, value)| args.set(name, value.clone()));
    Planned {
        kind,
        args,
        start: Start::At(Instant::ZERO + at),
        from: Instant::ZERO,
        until: Instant::MAX,
        times: 1,
        lasting: lasting.map(|span| (span, span)),
        permanent: false,
    }
}

/// What struck, as a plan that says so.
pub(crate) fn again(applied: &[Applied]) -> Vec<Planned> {
    let plan = |one: &Applied| Planned {
        args: one.args.clone(),
        permanent: one.permanent,
        ..fault(one.kind, &[], one.at.since(Instant::ZERO), one.lasting)
    };
    applied.iter().map(plan).collect()
}

pub(crate) fn target(text: &str) -> Value {
    Value::Target(text.parse().expect("a target"))
}

pub(crate) fn run(plan: &Plan, seed: u64) -> Run<Counter> {
    world::run::<Chatter>(plan, &(), &adding, Seed(seed), None)
}

/// The trace of a run.
pub(crate) fn trace(plan: &Plan, seed: u64) -> Vec<Json> {
    let mut lines = Vec::new();
    let mut keep = |line| lines.push(line);
    world::run::<Chatter>(plan, &(), &adding, Seed(seed), Some(&mut keep));
    lines
}
