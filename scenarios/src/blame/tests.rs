use std::path::Path;
use std::sync::atomic::AtomicBool;

use serde::Serialize;
use shaketable_protocols::Protocol;
use shaketable_reports::{Onset, Side, Turn};
use shaketable_sim::check::invariant::{Breach, Invariants, Property};
use shaketable_sim::id::{NodeId, RequestId};
use shaketable_sim::node::{Ctx, Message, Node, Observation, Op, Recovered};
use shaketable_sim::spec::any::Any;
use shaketable_sim::time::{Instant, Ppm, Span};
use shaketable_sim::workload::WORKLOADS;
use shaketable_sim::world;

use super::*;
use crate::load::load;
use crate::scenario::Scenario;
use crate::tables::Tables;
use crate::testing::bears_all;

/// A node that ticks every millisecond and is unlucky twice: at its 300th tick with odds of 30%, and at its 600th, if it was before, with odds of 80%. At
/// its 900th tick it falls if it was unlucky both times.
#[derive(Clone)]
struct Gambler {
    ticks: u64,
    bad_luck: u64,
}

const FIRST: (u64, Ppm) = (300, Ppm::percent(30));
const SECOND: (u64, Ppm) = (600, Ppm::percent(80));
const FALL: u64 = 900;

#[derive(Clone, Debug, Hash, Serialize)]
enum Silence {}

impl Message for Silence {
    fn kind(&self) -> &'static str {
        match *self {}
    }
}

impl Node for Gambler {
    type Config = ();
    type Msg = Silence;
    type Timer = ();
    type Record = ();
    type Service = Any;
    type Invariants = Standing;

    fn boot((): &(), _: Recovered<()>, ctx: &mut Ctx<'_, Self>) -> Self {
        ctx.set_timer((), Span::millis(1));
        Gambler { ticks: 0, bad_luck: 0 }
    }

    fn on_message(&mut self, _: NodeId, msg: Silence, _: &mut Ctx<'_, Self>) {
        match msg {}
    }

    fn on_request(&mut self, id: RequestId, _: Op<Self>, ctx: &mut Ctx<'_, Self>) {
        ctx.reject(id, None);
    }

    fn on_timer(&mut self, (): (), ctx: &mut Ctx<'_, Self>) {
        self.ticks += 1;
        let odds = match (self.ticks, self.bad_luck) {
            (tick, 0) if tick == FIRST.0 => FIRST.1,
            (tick, 1) if tick == SECOND.0 => SECOND.1,
            _ => Ppm::ZERO,
        };
        self.bad_luck += u64::from(ctx.rng().chance(odds));
        ctx.set_timer((), Span::millis(1));
    }

    fn observe(&self) -> Observation {
        Observation { epoch: self.bad_luck, ..Observation::default() }
    }
}

#[derive(Clone)]
struct Standing;

impl Invariants<Gambler> for Standing {
    const PROPERTIES: &'static [Property] = &[Property { name: "standing", doc: "nobody falls" }];

    fn new(_: usize) -> Standing {
        Standing
    }

    fn after_event(&mut self, _: NodeId, node: &Gambler) -> Result<(), Box<Breach>> {
        match node {
            Gambler { ticks: FALL, bad_luck: 2 } => Err(Breach::new("standing", "it fell")),
            _ => Ok(()),
        }
    }
}

static GAMBLING: &[Protocol] = &[Protocol {
    name: "gambling",
    doc: "loses now and then",
    tolerates: "nothing",
    notation: "numbers",
    params: &[],
    properties: <Standing as Invariants<Gambler>>::PROPERTIES,
    bears: bears_all,
    dials: &[],
    messages: &[],
    milestones: &[],
    bugs: &[],
    check: |_, _| Vec::new(),
    run: |plan, _, _, seed, trace| world::run::<Gambler>(plan, &(), &*nothing(plan), seed, trace),
    fork: |plan, _, _, seed, events, then| {
        world::fork::<Gambler>(plan, &(), &*nothing(plan), seed, events, then);
    },
}];

fn nothing(plan: &shaketable_sim::plan::Plan) -> Box<dyn shaketable_sim::workload::Workload<Any>> {
    WORKLOADS[0].of(&plan.clients)
}

/// A run that loses, with the number of its last event.
fn lost() -> (Scenario, Seed, u64) {
    let text = "protocol = \"gambling\"\nnodes = 1\nduration = \"2s\"\n[clients]\nscript = []\n";
    let tables = Tables { protocols: GAMBLING, faults: &[], workloads: WORKLOADS };
    let scenario = load(Path::new("gambling.toml"), text, &tables).map_err(|wrong| wrong.render(false)).unwrap();
    let subject = Subject { scenario: &scenario, side: Side::Own };
    let run =
        (0..100).map(|seed| subject.run(Seed(seed), None)).find(|run| fails_by(run, LOSS)).expect("some seed loses");
    let last = run.coverage.events;
    (scenario, run.seed, last)
}

const LOSS: &str = "invariant/standing";

fn means(threads: usize, points: usize, stop: &AtomicBool) -> Means<'_> {
    Means { samples: 95, points, deadline: None, threads: NonZeroUsize::new(threads).unwrap(), stop }
}

#[test]
fn the_events_at_which_the_luck_turned_are_found_exactly() {
    let (scenario, seed, last) = lost();
    let failure = Failure { subject: Subject { scenario: &scenario, side: Side::Own }, seed, signature: LOSS, last };
    let never = AtomicBool::new(false);
    let (points, spent) = curve(failure, means(1, 64, &never), &mut |_| {});
    assert!(!spent);
    let turned = |onset| match onset {
        Onset::At(Turn { before, after }) => (before.event, after.event, after.at),
        other => panic!("{other:?}"),
    };
    // The node boots with the first event, and every tick is one.
    let at = |tick: u64| (tick, tick + 1, Instant::ZERO + Span::millis(tick));
    let clock = |(before, after, at): (u64, u64, Instant)| (before, after, at.as_nanos() / 100_000);
    assert_eq!(clock(turned(turns::likely(&points))), clock(at(FIRST.0)));
    assert_eq!(clock(turned(turns::certain(&points))), clock(at(SECOND.0)));
    assert_eq!(turns::turns(&points).len(), 2, "nothing else turned anything");
    for point in &points {
        let expected = match point.event {
            event if event <= FIRST.0 => 240,
            event if event <= SECOND.0 => 800,
            _ => 1_000,
        };
        let (low, high) = point.interval();
        assert!(low <= expected + 60 && expected <= high + 60, "{point:?}");
        assert_eq!(point.of, 95);
    }
    for threads in [2, 5] {
        assert_eq!(
            curve(failure, means(threads, 64, &never), &mut |_| {}),
            (points.clone(), false),
            "{threads} threads"
        );
    }
}

#[test]
fn no_more_events_are_looked_at_than_asked_for() {
    let (scenario, seed, last) = lost();
    let failure = Failure { subject: Subject { scenario: &scenario, side: Side::Own }, seed, signature: LOSS, last };
    let (points, spent) = curve(failure, means(1, 20, &AtomicBool::new(false)), &mut |_| {});
    assert_eq!((points.len(), spent), (20, false));
    let (points, spent) = curve(failure, means(1, 20, &AtomicBool::new(true)), &mut |_| {});
    assert_eq!((points.len(), spent), (0, true));
}

#[test]
fn every_protocol_goes_on_from_a_fork_as_it_did_right_or_wrong() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in [
        "raft/crashes.toml",
        "raft/swarm.toml",
        "negative/raft-forgets-vote.toml",
        "negative/raft-acks-before-sync.toml",
        "paxos/crashes.toml",
        "synod/crashes.toml",
        "ring/crashes.toml",
        "dynamo/outages.toml",
    ] {
        let path = folder.join(name);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let scenario = load(&path, &text, &Tables::shipped()).map_err(|wrong| wrong.render(false)).unwrap();
        let subject = Subject { scenario: &scenario, side: Side::Own };
        let whole = subject.run(Seed(1), None);
        let mut forked = false;
        subject.fork(Seed(1), whole.coverage.events / 2, |moment, rest| {
            assert_eq!(rest(None).digest, whole.digest, "{name}");
            assert_ne!(rest(Some(Seed(2))).digest, whole.digest, "{name}");
            assert_eq!(moment.event, whole.coverage.events / 2, "{name}");
            forked = true;
        });
        assert!(forked, "{name}");
    }
}
