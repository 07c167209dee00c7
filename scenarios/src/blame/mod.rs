//! When a failure became likely, and when certain.
//!
//! A failing run is followed up to some event and goes on from there many times over, each time with other chance. How many of these futures fail in the same way is the
//! probability of the failure at that event. It is measured at a few places first, and then where it changes most, down to single events: one
//! event more, and another probability, and that event is to blame.
//!
//! Only chance is new in a future. What the scenario says stays: in a saved case, faults at their times; in a scenario with faults by chance, those that are drawn
//! later are drawn anew.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant as WallClock;

use shaketable_reports::Point;
use shaketable_sim::rng::Seed;
use shaketable_sim::run::Verdict;

use crate::attempt::{Subject, fails_by};
use crate::lanes::in_order;

pub(crate) mod turns;

/// Into how many parts a run is cut at first.
const GRID: u64 = 16;

/// How many futures are followed from one run up to the event: the way there is gone once for all of them.
const BLOCK: u64 = 10;

/// A change of less than one future in so many is chance, not worth another look.
const NOISE: u64 = 8;

/// How much may be spent.
#[derive(Clone, Copy)]
pub(crate) struct Means<'a> {
    /// How many futures are followed from each event.
    pub(crate) samples: u64,
    /// How many events are looked at.
    pub(crate) points: usize,
    /// Until when; for ever if none.
    pub(crate) deadline: Option<WallClock>,
    /// How many runs at once. The result does not depend on it, unless time runs out.
    pub(crate) threads: NonZeroUsize,
    /// Set when somebody wants it to stop.
    pub(crate) stop: &'a AtomicBool,
}

impl Means<'_> {
    fn is_spent(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.deadline.is_some_and(|deadline| WallClock::now() >= deadline)
    }
}

/// A failing run.
#[derive(Clone, Copy)]
pub(crate) struct Failure<'a> {
    /// What ran.
    pub(crate) subject: Subject<'a>,
    /// Its seed.
    pub(crate) seed: Seed,
    /// How it fails.
    pub(crate) signature: &'a str,
    /// The event at which it was seen to fail.
    pub(crate) last: u64,
}

/// The probability of a failure over its run, in the order of events, and whether time ran out before all was looked at. `told` hears how many points there are so far.
pub(crate) fn curve(failure: Failure<'_>, means: Means<'_>, told: &mut dyn FnMut(usize)) -> (Vec<Point>, bool) {
    let mut curve = Curve::new();
    // Both ends come first: then something can be told however soon time runs out.
    let ends = vec![0, failure.last];
    let mut next = ends.clone();
    while !next.is_empty() && !means.is_spent() {
        measure(&mut curve, &next, failure, means);
        told(curve.len());
        next = match next {
            next if next == ends => (1..GRID).map(|part| failure.last * part / GRID).collect(),
            _ if curve.len() < means.points => turns::next(&curve).into_iter().collect(),
            _ => Vec::new(),
        };
        next.dedup();
        next.retain(|event| !curve.contains_key(event));
    }
    let spent = means.is_spent() && !next.is_empty();
    (curve.into_values().collect(), spent)
}

/// What is known so far, by events.
pub(crate) type Curve = BTreeMap<u64, Point>;

/// Follows the futures from these events, as many at once as there are threads. An event that is not done in time is left out.
fn measure(curve: &mut Curve, events: &[u64], failure: Failure<'_>, means: Means<'_>) {
    let Failure { subject, seed, signature, .. } = failure;
    let over = AtomicBool::new(false);
    let mut so_far: Option<Point> = None;
    in_order(
        &vec![means.samples.div_ceil(BLOCK); events.len()],
        means.threads,
        &over,
        |piece| {
            let event = events[piece.lane];
            let places = piece.place * BLOCK..means.samples.min((piece.place + 1) * BLOCK);
            let mut point = None;
            subject.fork(seed, event, |moment, rest| {
                let mut seen = Point { event, at: moment.at, failing: 0, undecided: 0, of: 0 };
                for place in places.clone() {
                    let other = seed.stream(format_args!("future {place} of event {event}")).next();
                    let run = rest(Some(Seed(other)));
                    seen.of += 1;
                    seen.failing += u64::from(fails_by(&run, signature));
                    seen.undecided += u64::from(matches!(run.verdict, Verdict::Inconclusive(_)));
                }
                point = Some(seen);
            });
            point.expect("a fork hands its moment over")
        },
        |_, seen: Point| {
            let point = match so_far {
                None => seen,
                Some(before) => Point {
                    failing: before.failing + seen.failing,
                    undecided: before.undecided + seen.undecided,
                    of: before.of + seen.of,
                    ..before
                },
            };
            so_far = (point.of < means.samples).then_some(point);
            if so_far.is_none() {
                curve.insert(point.event, point);
            }
            if means.is_spent() {
                over.store(true, Ordering::Relaxed);
            }
            ControlFlow::Continue(())
        },
    );
}

#[cfg(test)]
mod tests;
