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
use shaketable_sim::time::{Instant, Span};

use crate::attempt::{Subject, fails_by};
use crate::lanes::in_order;
use crate::scenario::Scenario;

mod bold;
mod calm;
mod edit;
mod lists;
mod passes;
mod settle;
mod thresholds;

use passes::Effort;

/// What shrinking may cost.
#[derive(Clone, Copy)]
pub(crate) struct Budget<'a> {
    /// How many runs, or one or two more: what was begun is finished.
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
            span: self.run.end.since(Instant::ZERO),
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
    let right = Right::of(&failing.scenario, failing.run.seed);
    let mut shrinker = Shrinker {
        signature,
        right,
        budget,
        keep,
        smallest: failing,
        runs: u64::from(right != Right::Unasked),
        kept: 0,
        on_trial: false,
        coarse: true,
        longest,
    };
    passes::all(&mut shrinker);
    let spent = shrinker.is_over();
    (shrinker.smallest, shrinker.runs, spent)
}

/// What the right protocol makes of a run that shows a planted bug, and has to make of every smaller one: what it does not survive either shows something else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Right {
    /// There is no bug planted, or the right protocol fails, too: nobody asks it.
    Unasked,
    /// It violates nothing, but does not pass: an assumption excuses it, or nobody knows.
    Survives,
    /// It passes.
    Passes,
}

impl Right {
    /// What it makes of a seed of this scenario.
    fn of(scenario: &Scenario, seed: Seed) -> Right {
        if scenario.bug.is_none() {
            return Right::Unasked;
        }
        match (Subject { scenario, side: Side::Right }).run(seed, None).verdict {
            Verdict::Pass => Right::Passes,
            Verdict::Violation(_) => Right::Unasked,
            Verdict::AssumptionExceeded(_) | Verdict::Inconclusive(_) => Right::Survives,
        }
    }
}

/// Whether a run shows the failure that is wanted, and how many runs it took to know that.
fn shows(scenario: &Scenario, run: &Run<Any>, signature: &str, right: Right) -> (bool, u64) {
    match (fails_by(run, signature), right) {
        (true, Right::Survives) => (Right::of(scenario, run.seed) != Right::Unasked, 2),
        (true, Right::Passes) => (Right::of(scenario, run.seed) == Right::Passes, 2),
        (fails, _) => (fails, 1),
    }
}

struct Shrinker<'a> {
    signature: String,
    right: Right,
    budget: Budget<'a>,
    keep: &'a mut dyn FnMut(&Failing, u64),
    smallest: Failing,
    runs: u64,
    /// How many changes were kept.
    kept: u64,
    /// Whether what is kept may be given up again: then nobody is told of it.
    on_trial: bool,
    /// As long as anything makes it smaller with little effort, nothing is tried with much.
    coarse: bool,
    /// How long the first failing run was allowed to be.
    longest: Span,
}

impl Shrinker<'_> {
    fn is_over(&self) -> bool {
        self.budget.is_spent(self.runs)
    }

    /// The smallest so far.
    fn scenario(&self) -> &Scenario {
        &self.smallest.scenario
    }

    /// With how many seeds a run of so many events is tried now.
    fn seeds(&self, effort: Effort, events: u64) -> u64 {
        if self.coarse { effort.coarse() } else { effort }.seeds(events)
    }

    /// Tries one change. Whether it was kept.
    fn try_one(&mut self, change: Scenario, effort: Effort) -> bool {
        self.try_all(1, |_, _| change.clone(), effort).is_some()
    }

    /// Tries changes of the smallest, each with some seeds, and keeps the first that fails in the same way. Its place among them. `change` makes them when they are
    /// tried, as all of them together would fill the memory.
    fn try_all(
        &mut self,
        count: usize,
        change: impl Fn(&Scenario, usize) -> Scenario + Sync,
        effort: Effort,
    ) -> Option<usize> {
        let seeds = self.seeds(effort, self.smallest.run.coverage.events);
        self.try_each(&vec![seeds; count], change)
    }

    /// Tries changes like [`try_all`](Self::try_all), each with as many seeds as it is given here.
    fn try_each(&mut self, seeds: &[u64], change: impl Fn(&Scenario, usize) -> Scenario + Sync) -> Option<usize> {
        let (smallest, longest) = (&self.smallest, self.longest);
        let changed = |place| settle::with_room(change(&smallest.scenario, place), longest);
        let (over, budget, runs) = (AtomicBool::new(self.is_over()), self.budget, &mut self.runs);
        let (signature, right, mut found) = (&self.signature, self.right, None);
        in_order(
            seeds,
            budget.threads,
            &over,
            |piece| {
                let scenario = changed(piece.lane);
                let possible = (scenario.protocol.check)(&scenario.config, &scenario.plan).is_empty();
                let seed = Seed(smallest.run.seed.0.wrapping_add(piece.place) % u64::MAX);
                possible.then(|| {
                    let run = Subject { scenario: &scenario, side: Side::Own }.run(seed, None);
                    let (fails, cost) = shows(&scenario, &run, signature, right);
                    (run, fails, cost)
                })
            },
            |piece, tried| {
                let Some((run, fails, cost)) = tried.filter(|_| found.is_none() && *runs < budget.runs) else {
                    return ControlFlow::Break(());
                };
                *runs += cost;
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
        let scenario = changed(place);
        self.adopt(Failing { scenario, run });
        Some(place)
    }

    /// Lets `pass` make the smallest larger, in the hope that it becomes better by that. If what is left then is not worth it, nothing has happened.
    fn on_trial(&mut self, pass: impl FnOnce(&mut Self), is_worth_it: impl FnOnce(&Failing) -> bool) {
        let Failing { scenario, run } = &self.smallest;
        let (before, kept) = (Failing { scenario: scenario.clone(), run: run.clone() }, self.kept);
        self.on_trial = true;
        pass(self);
        self.on_trial = false;
        if self.kept > kept && is_worth_it(&self.smallest) {
            (self.keep)(&self.smallest, self.runs);
        } else {
            (self.smallest, self.kept) = (before, kept);
        }
    }

    /// Keeps a change, settled if it still fails then.
    fn adopt(&mut self, failing: Failing) {
        let scenario = settle::settled(&failing);
        let run = Subject { scenario: &scenario, side: Side::Own }.run(failing.run.seed, None);
        let (fails, cost) = shows(&scenario, &run, &self.signature, self.right);
        self.runs += cost;
        self.smallest = if fails { Failing { scenario, run } } else { failing };
        self.kept += 1;
        if !self.on_trial {
            (self.keep)(&self.smallest, self.runs);
        }
    }
}

#[cfg(test)]
mod tests;
