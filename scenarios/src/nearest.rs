//! The run nearest to a failing one that passes: what made the difference is where the two part.
//!
//! Nearest is what has most in common with it. First, futures: the same run up to some event, and other chance from there on; the later the event, the
//! nearer. If the failure does not depend on chance, the same run without one of its faults.

use std::sync::atomic::{AtomicBool, Ordering};

use shaketable_reports::{Side, counted};
use shaketable_sim::faults::Planned;
use shaketable_sim::plan::{Fork, Heal};
use shaketable_sim::rng::Seed;
use shaketable_sim::run::{Run, Verdict, Violation};
use shaketable_sim::spec::any::Any;
use shaketable_sim::time::{Instant, Span};

use crate::active::told;
use crate::attempt::Subject;
use crate::scenario::Scenario;

/// How many futures are tried from an event before it is said that none passes.
const FUTURES: u64 = 24;

/// How much later than the failing run a future may fail: by one part of its time in so many, and by so much at least.
const ROOM: (u64, Span) = (10, Span::millis(200));

/// A run that passes.
pub(crate) struct Nearest {
    /// What gives it, with the seed of the failing run.
    pub(crate) scenario: Scenario,
    /// In what it differs, for people.
    pub(crate) how: String,
}

/// The nearest run to one that fails which passes; none if no future passes and no fault is needed for the failure, or somebody wants it to stop.
pub(crate) fn nearest(failing: &Scenario, run: &Run<Any>, violation: &Violation, stop: &AtomicBool) -> Option<Nearest> {
    let near = near(failing, violation);
    by_chance(&near, run, stop).or_else(|| without_a_fault(&near, run, violation, stop))
}

/// The scenario until a little after the failure was seen: a protocol that goes on long enough under the same kind of trouble will fail in any case, and what is asked
/// is why it did then. What comes to light after the heal needs all of its time.
pub(crate) fn near(scenario: &Scenario, violation: &Violation) -> Scenario {
    let seen_at = violation.at.since(Instant::ZERO);
    let room = Span::nanos(seen_at.as_nanos() / ROOM.0).max(ROOM.1);
    let mut near = scenario.clone();
    let ends_before = |heal: Heal| heal.at > violation.at + room;
    if near.plan.heal.is_none_or(ends_before) && violation.check != "liveness" {
        near.plan.duration = near.plan.duration.min(seen_at + room);
        near.plan.heal = None;
    }
    near
}

/// The latest event from which a future passes, by bisection: the chance to pass falls on the way to the failure, though not at every step.
fn by_chance(near: &Scenario, run: &Run<Any>, stop: &AtomicBool) -> Option<Nearest> {
    let subject = Subject { scenario: near, side: Side::Own };
    let passes = |events: u64| {
        let mut found = None;
        subject.fork(run.seed, events, |moment, rest| {
            let futures = (0..FUTURES).map(|place| run.seed.stream(format_args!("future {place} of event {events}")));
            found = futures
                .map(|mut chance| Seed(chance.next()))
                .take_while(|_| !stop.load(Ordering::Relaxed))
                .find(|seed| rest(Some(*seed)).verdict == Verdict::Pass)
                .map(|seed| (moment, Fork { events: moment.event, seed }));
        });
        found
    };
    let mut best = passes(0)?;
    let mut fails = run.coverage.events;
    while best.0.event + 1 < fails {
        let middle = best.0.event + (fails - best.0.event) / 2;
        match passes(middle) {
            Some(later) => best = later,
            None => fails = middle,
        }
    }
    let (moment, fork) = best;
    let mut scenario = near.clone();
    scenario.plan.fork = Some(fork);
    let how = format!("the same for {}, until {}, then other chance", counted(moment.event, "event"), moment.at);
    Some(Nearest { scenario, how })
}

/// The same faults as they struck, but for one: of those without which it passes, the last to strike.
fn without_a_fault(near: &Scenario, run: &Run<Any>, violation: &Violation, stop: &AtomicBool) -> Option<Nearest> {
    let mut recorded = near.clone();
    recorded.plan.faults = run.applied.iter().map(Planned::from).collect();
    let same = Subject { scenario: &recorded, side: Side::Own }.run(run.seed, None);
    let fails = matches!(&same.verdict, Verdict::Violation(other) if other.signature() == violation.signature());
    let mut places = (0..run.applied.len()).rev().filter(|&place| run.applied[place].at <= violation.at);
    places.by_ref().take_while(|_| fails && !stop.load(Ordering::Relaxed)).find_map(|place| {
        let mut without = recorded.clone();
        without.plan.faults.remove(place);
        let passes = Subject { scenario: &without, side: Side::Own }.run(run.seed, None).verdict == Verdict::Pass;
        let how = format!("the same without {}", told(&run.applied[place]));
        passes.then_some(Nearest { scenario: without, how })
    })
}
