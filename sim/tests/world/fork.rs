//! What else could have come of a run: its past is its own, its future is that of another seed.

use std::collections::BTreeSet;

use crate::common::{Chatter, adding, calm, fault, run, target};
use shaketable_sim::faults::{Planned, Start};
use shaketable_sim::param::Value;
use shaketable_sim::plan::{Fork, Plan};
use shaketable_sim::rng::{Delay, Seed};
use shaketable_sim::run::{Checkpoint, Run};
use shaketable_sim::spec::counter::Counter;
use shaketable_sim::time::{Instant, Ppm, Span};
use shaketable_sim::world::fork;

/// Chance in everything that draws: links, rules, disks and their troubles, clients, faults that strike again and again.
fn troubled() -> Plan {
    let every = |planned: Planned| Planned {
        start: Start::Every(Span::millis(100), Span::millis(300)),
        times: u32::MAX,
        lasting: Some((Span::millis(20), Span::millis(90))),
        ..planned
    };
    let mut plan = calm();
    plan.network.loss = Ppm::percent(2);
    plan.faults = vec![
        every(fault("crash", &[("node", target("random"))], Span::ZERO, None)),
        every(fault("slow-disk", &[("node", target("random")), slow()], Span::ZERO, None)),
        fault("loss", &[("odds", Value::Odds(Ppm::percent(30)))], Span::millis(300), Some(Span::secs(1))),
    ];
    plan
}

fn slow() -> (&'static str, Value) {
    ("by", Value::Delay(Delay::Uniform(Span::millis(1), Span::millis(9))))
}

/// What comes of the run of seed 1 when it goes on from each of these after so many events.
fn rests(plan: &Plan, events: u64, others: &[Option<Seed>]) -> (Checkpoint, Vec<Run<Counter>>) {
    let mut told = None;
    fork::<Chatter>(plan, &(), &adding, Seed(1), events, &mut |moment, rest| {
        told = Some((moment, others.iter().map(|other| rest(*other)).collect()));
    });
    told.expect("a fork hands its moment over")
}

/// The history, faults and checkpoints of a run, as far as they lie before a moment.
fn past(run: &Run<Counter>, moment: Checkpoint) -> (Vec<String>, Vec<String>, Vec<Checkpoint>) {
    let history = run.history.iter().filter(|operation| operation.invoked.at <= moment.at);
    let applied = run.applied.iter().filter(|fault| fault.at <= moment.at);
    (
        history.map(|operation| format!("{} {}", operation.id, operation.op)).collect(),
        applied.map(|fault| format!("{} {} {}", fault.at, fault.kind, fault.args)).collect(),
        run.checkpoints.iter().filter(|checkpoint| checkpoint.event <= moment.event).copied().collect(),
    )
}

#[test]
fn a_run_that_goes_on_as_it_did_is_the_run_itself() {
    let plan = troubled();
    let whole = run(&plan, 1);
    let all = whole.coverage.events;
    for events in [0, 1, all / 3, all - 1, all, all + 100] {
        let (moment, rests) = rests(&plan, events, &[None, None]);
        assert_eq!(moment.event, events.min(all));
        for rest in &rests {
            assert_eq!((rest.digest, rest.coverage.clone()), (whole.digest, whole.coverage.clone()), "from {events}");
        }
    }
}

#[test]
fn other_seeds_change_nothing_of_the_past_and_give_different_futures() {
    let plan = troubled();
    let whole = run(&plan, 1);
    let others: Vec<Option<Seed>> = (100..120).map(|seed| Some(Seed(seed))).collect();
    for events in [700, whole.coverage.events / 2, whole.coverage.events * 9 / 10] {
        let (moment, rests) = rests(&plan, events, &others);
        let before = past(&whole, moment);
        assert!(!before.0.is_empty() && !before.1.is_empty() && !before.2.is_empty(), "nothing lies before {events}");
        let mut futures = BTreeSet::from([whole.digest]);
        for rest in &rests {
            assert_eq!(past(rest, moment), before);
            assert_eq!(rest.end.as_nanos() / 1_000_000_000, 1, "it goes on until its time is up");
            futures.insert(rest.digest);
        }
        assert_eq!(futures.len(), others.len() + 1, "after {events}");
    }
}

#[test]
fn a_plan_can_say_where_its_run_forks() {
    let plan = troubled();
    let all = run(&plan, 1).coverage.events;
    for events in [0, 1, all / 2, all - 1, all + 100] {
        let (_, rests) = rests(&plan, events, &[Some(Seed(7))]);
        let forked = Plan { fork: Some(Fork { events, seed: Seed(7) }), ..plan.clone() };
        let run = run(&forked, 1);
        assert_eq!((run.digest, run.coverage), (rests[0].digest, rests[0].coverage.clone()), "after {events}");
    }
}

#[test]
fn the_same_seed_gives_the_same_future() {
    let plan = troubled();
    let (_, rests) = rests(&plan, 1_000, &[Some(Seed(7)), None, Some(Seed(7))]);
    assert_eq!(rests[0].digest, rests[2].digest);
    assert_ne!(rests[0].digest, rests[1].digest);
}

#[test]
fn everything_that_draws_draws_anew() {
    // Each world leaves one thing to chance; that thing alone can make its futures differ.
    let still = || {
        let mut plan = calm();
        plan.network.delay = Delay::Fixed(Span::millis(2));
        plan.network.client_delay = plan.network.delay;
        plan.disk.sync = Delay::Fixed(Span::millis(2));
        plan.clients.pause = plan.network.delay;
        plan.clients.start = Instant::MAX;
        plan
    };
    let striking = |kind: &str, params: &[(&'static str, Value)]| Plan {
        faults: vec![fault(kind, params, Span::millis(100), None)],
        ..still()
    };
    let mut delays = still();
    delays.network.delay = calm().network.delay;
    let mut disks = still();
    disks.disk.sync = calm().disk.sync;
    let mut clients = still();
    (clients.clients.start, clients.clients.open) = (Instant::ZERO, true);
    clients.clients.pause = calm().clients.pause;
    let mut asks = still();
    asks.clients.start = Instant::ZERO;
    let mut planned = striking("pause", &[("node", target("random"))]);
    planned.faults[0].start = Start::Every(Span::millis(100), Span::millis(300));
    planned.faults[0].times = u32::MAX;
    let worlds = [
        ("links", delays, true),
        ("disks", disks, true),
        ("arrivals", clients, true),
        ("asks", asks, true),
        ("faults", planned, true),
        ("rules", striking("loss", &[("odds", Value::Odds(Ppm::percent(50)))]), true),
        ("troubles", striking("slow-disk", &[("node", target("n1")), slow()]), true),
        ("nothing", still(), false),
    ];
    for (what, plan, differs) in worlds {
        let (_, rests) = rests(&plan, 300, &[None, Some(Seed(7)), Some(Seed(8))]);
        let digests: BTreeSet<u64> = rests.iter().map(|rest| rest.digest).collect();
        assert_eq!(digests.len(), if differs { 3 } else { 1 }, "{what}");
    }
}
