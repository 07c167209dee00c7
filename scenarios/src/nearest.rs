//! The run nearest to a failing one that passes: what made the difference is where the two part.
//!
//! Nearest is what has most in common with it. First, futures: the same run up to some event, and other chance from there on; the later the event, the
//! nearer. If the failure does not depend on chance, the same run without one of its faults.

use shaketable_reports::Side;
use shaketable_sim::faults::Planned;
use shaketable_sim::plan::{Fork, Heal};
use shaketable_sim::rng::Seed;
use shaketable_sim::run::{Checkpoint, Run, Verdict, Violation};
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
    /// When it was left, if it would fail later on: all that is known is that it has not failed by then.
    pub(crate) until: Option<Instant>,
}

/// What a search came to.
pub(crate) struct Searched {
    /// The nearest run so far that passes.
    pub(crate) nearest: Option<Nearest>,
    /// How many runs were looked at.
    pub(crate) tried: u64,
    /// Whether it was over before it was done.
    pub(crate) cut_short: bool,
}

/// A search for the run nearest to one that fails.
struct Search<'a> {
    failing: &'a Scenario,
    /// The same until a little after the failure.
    near: Scenario,
    run: &'a Run<Any>,
    is_over: &'a dyn Fn() -> bool,
    told: &'a mut dyn FnMut(u64),
    tried: u64,
}

/// Looks for the nearest run to one that fails which passes, until `is_over`. `told` hears how many runs were looked at.
pub(crate) fn nearest(
    failing: &Scenario,
    run: &Run<Any>,
    violation: &Violation,
    is_over: &dyn Fn() -> bool,
    told: &mut dyn FnMut(u64),
) -> Searched {
    let near = near(failing, violation);
    let mut search = Search { failing, near, run, is_over, told, tried: 0 };
    let nearest = search.by_chance().or_else(|| search.without_a_fault(violation));
    Searched { nearest, tried: search.tried, cut_short: is_over() }
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

impl Search<'_> {
    /// The latest event from which a future passes, by bisection: the chance to pass falls on the way to the failure, though not at every step.
    fn by_chance(&mut self) -> Option<Nearest> {
        let mut best = self.passing(0)?;
        let mut fails = self.run.coverage.events;
        while best.0.event + 1 < fails && !(self.is_over)() {
            let middle = best.0.event + (fails - best.0.event) / 2;
            match self.passing(middle) {
                Some(later) => best = later,
                None => fails = middle,
            }
        }
        let (moment, fork) = best;
        let forked = |scenario: &Scenario| changed(scenario, |scenario| scenario.plan.fork = Some(fork));
        Some(self.settled(&forked, format!("the same until {}, then other chance", moment.at)))
    }

    /// Where a future leaves the run after so many events, and passes.
    fn passing(&mut self, events: u64) -> Option<(Checkpoint, Fork)> {
        let (mut found, mut tried) = (None, 0);
        let (seed, is_over) = (self.run.seed, self.is_over);
        Subject { scenario: &self.near, side: Side::Own }.fork(seed, events, |moment, rest| {
            let futures = (0..FUTURES).map(|place| seed.stream(format_args!("future {place} of event {events}")));
            found = futures
                .map(|mut chance| Seed(chance.next()))
                .take_while(|_| !is_over())
                .inspect(|_| tried += 1)
                .find(|seed| rest(Some(*seed)).verdict == Verdict::Pass)
                .map(|seed| (moment, Fork { events: moment.event, seed }));
        });
        self.tried += tried;
        (self.told)(self.tried);
        found
    }

    /// The same faults as they struck, but for one: of those without which it passes, the last to strike.
    fn without_a_fault(&mut self, violation: &Violation) -> Option<Nearest> {
        let recorded = |scenario: &Scenario| {
            changed(scenario, |scenario| scenario.plan.faults = self.run.applied.iter().map(Planned::from).collect())
        };
        let verdict = |scenario: &Scenario| Subject { scenario, side: Side::Own }.run(self.run.seed, None).verdict;
        let same = verdict(&recorded(&self.near));
        if !matches!(&same, Verdict::Violation(other) if other.signature() == violation.signature()) {
            return None;
        }
        let mut tried = 0;
        let mut places = (0..self.run.applied.len()).rev().filter(|&place| self.run.applied[place].at <= violation.at);
        let found = places.by_ref().take_while(|_| !(self.is_over)()).find(|&place| {
            tried += 1;
            let without = changed(&recorded(&self.near), |scenario| drop(scenario.plan.faults.remove(place)));
            verdict(&without) == Verdict::Pass
        });
        self.tried += tried;
        let found = found?;
        let without =
            |scenario: &Scenario| changed(&recorded(scenario), |scenario| drop(scenario.plan.faults.remove(found)));
        Some(self.settled(&without, format!("the same without {}", told(&self.run.applied[found]))))
    }

    /// The changed run in full, if it passes to its end; else as far as it was looked at.
    fn settled(&self, change: &dyn Fn(&Scenario) -> Scenario, how: String) -> Nearest {
        let full = change(self.failing);
        if (Subject { scenario: &full, side: Side::Own }).run(self.run.seed, None).verdict == Verdict::Pass {
            return Nearest { scenario: full, how, until: None };
        }
        let until = Some(Instant::ZERO + self.near.plan.duration);
        Nearest { scenario: change(&self.near), how, until }
    }
}

/// The scenario, changed.
fn changed(scenario: &Scenario, change: impl FnOnce(&mut Scenario)) -> Scenario {
    let mut changed = scenario.clone();
    change(&mut changed);
    changed
}
