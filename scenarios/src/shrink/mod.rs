//! Making a failing run smaller, until a person can read it.
//!
//! A case is changed and run again. If it still fails by the same signature, the change is kept. What a change shifts may take the failure
//! away although it had nothing to do with it (an election falls out otherwise), so every change is tried with some other seeds, too.
//! What was kept is settled at once: faults that did not strike and operations that nobody came to ask for are gone, and the run ends where it failed.
//!
//! Changes that are tried together are judged in their order, so the result depends on the number of threads as little as a sweep's does.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant as WallClock;

use shaketable_reports::{Side, Size};
use shaketable_sim::rng::Seed;
use shaketable_sim::run::{Run, Verdict};
use shaketable_sim::spec::any::Any;
use shaketable_sim::time::Span;

use crate::attempt::{Subject, fails_by};
use crate::lanes::in_order;
use crate::scenario::Scenario;

mod edit;
mod passes;
mod settle;

use passes::Effort;

/// What shrinking may cost.
#[derive(Clone, Copy)]
pub(crate) struct Budget<'a> {
    /// How many runs.
    pub(crate) runs: u64,
    /// Until when; for ever if none.
    pub(crate) deadline: Option<WallClock>,
    /// How many at once.
    pub(crate) threads: NonZeroUsize,
    /// Set when somebody wants it to stop.
    pub(crate) stop: &'a AtomicBool,
}

impl Budget<'_> {
    fn is_spent(&self, runs: u64) -> bool {
        runs >= self.runs
            || self.stop.load(Ordering::Relaxed)
            || self.deadline.is_some_and(|deadline| WallClock::now() >= deadline)
    }
}

/// A failing run, and what it came of: its faults as they struck.
pub(crate) struct Failing {
    /// The scenario; nothing is left to chance in it but the seed.
    pub(crate) scenario: Scenario,
    /// The run.
    pub(crate) run: Run<Any>,
}

impl Failing {
    /// How large it is.
    pub(crate) fn size(&self) -> Size {
        Size {
            faults: self.run.applied.len() as u64,
            operations: self.run.history.len() as u64,
            nodes: self.scenario.plan.nodes as u64,
            clients: self.scenario.plan.clients.count as u64,
            events: self.run.coverage.events,
            span: self.scenario.plan.duration,
        }
    }
}

/// Makes a failing run smaller until nothing makes it smaller still, or the budget is spent. No run lasts longer than `longest`. `keep` is told of every smaller one, with the number of runs so
/// far. The smallest, that number, and whether the budget was spent before it was done.
pub(crate) fn shrink(
    failing: Failing,
    longest: Span,
    budget: Budget<'_>,
    keep: &mut dyn FnMut(&Failing, u64),
) -> (Failing, u64, bool) {
    let Verdict::Violation(violation) = &failing.run.verdict else { return (failing, 0, false) };
    let signature = violation.signature();
    let mut shrinker = Shrinker { signature, budget, keep, smallest: failing, runs: 0, kept: 0, longest };
    passes::all(&mut shrinker);
    let spent = shrinker.is_over();
    (shrinker.smallest, shrinker.runs, spent)
}

struct Shrinker<'a> {
    signature: String,
    budget: Budget<'a>,
    keep: &'a mut dyn FnMut(&Failing, u64),
    smallest: Failing,
    runs: u64,
    /// How many changes were kept.
    kept: u64,
    /// How long the first failing run was allowed to be.
    longest: Span,
}

impl Shrinker<'_> {
    fn is_over(&self) -> bool {
        self.budget.is_spent(self.runs)
    }

    fn scenario(&self) -> &Scenario {
        &self.smallest.scenario
    }

    /// Tries one change. Whether it was kept.
    fn try_one(&mut self, change: Scenario, effort: Effort) -> bool {
        self.try_all(vec![change], effort).is_some()
    }

    /// Tries changes, each with some seeds, and keeps the first that fails in the same way. Its place among them.
    fn try_all(&mut self, changes: Vec<Scenario>, effort: Effort) -> Option<usize> {
        let seeds = effort.seeds(self.smallest.run.coverage.events);
        let changes: Vec<Scenario> =
            changes.into_iter().map(|change| settle::with_room(change, self.longest)).collect();
        let possible = |change: &Scenario| (change.protocol.check)(&change.config, &change.plan).is_empty();
        let lengths: Vec<u64> = changes.iter().map(|change| if possible(change) { seeds } else { 0 }).collect();
        let first = self.smallest.run.seed.0;
        let (over, budget, runs) = (AtomicBool::new(self.is_over()), self.budget, &mut self.runs);
        let (signature, mut found) = (&self.signature, None);
        in_order(
            &lengths,
            budget.threads,
            &over,
            |piece| {
                let seed = Seed(first.wrapping_add(piece.place) % u64::MAX);
                let scenario = &changes[piece.lane];
                (seed, Subject { scenario, side: Side::Own }.run(seed, None))
            },
            |piece, (_, run)| {
                if found.is_some() || *runs >= budget.runs {
                    return ControlFlow::Break(());
                }
                *runs += 1;
                let fails = fails_by(&run, signature);
                if fails {
                    found = Some((piece.lane, run));
                }
                if fails || budget.is_spent(*runs) {
                    over.store(true, Ordering::Relaxed);
                }
                ControlFlow::Continue(())
            },
        );
        let (place, run) = found?;
        let change = changes.into_iter().nth(place).expect("it was tried");
        self.adopt(Failing { scenario: change, run });
        Some(place)
    }

    /// Keeps a change, settled if it still fails then.
    fn adopt(&mut self, failing: Failing) {
        let scenario = settle::settled(&failing);
        let run = Subject { scenario: &scenario, side: Side::Own }.run(failing.run.seed, None);
        self.runs += 1;
        self.smallest = if fails_by(&run, &self.signature) { Failing { scenario, run } } else { failing };
        self.kept += 1;
        (self.keep)(&self.smallest, self.runs);
    }
}

#[cfg(test)]
mod tests;
