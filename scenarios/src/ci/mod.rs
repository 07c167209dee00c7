//! Everything that a project has to show for a change: its kept cases, its scenarios over their own seeds, and, while there is time, over fresh ones.
//!
//! Fresh seeds are derived from a text, such as the name of a commit, so that every change meets seeds that none before it has met, and the same change always
//! the same ones. Without a limit of time, what comes of it depends on the arguments alone; with one, only how many fresh seeds there were does.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use shaketable_reports::{Ci, CutShort, Examined, Fresh, Tested};
use shaketable_sim::digest::digest_of;

use crate::cases::Cases;
use crate::regress::replay_all;
use crate::scenario::{Expected, Scenario};
use crate::sweep::{Choice, Done, Task, sweep};

mod properties;

use properties::properties;

/// How many fresh seeds of each scenario run in one round, when time decides how many rounds there are.
const ROUND: u64 = 20;

/// Where fresh seeds begin: beyond what people write, so that they are seldom those of a file.
const FRESH: u64 = 1_000_000_000;

/// How many places for fresh seeds there are from there on: few digits, because people copy them.
const PLACES: u64 = 1_000_000_000_000;

/// What is to be done.
pub(crate) struct Order<'a> {
    /// How many seeds at once.
    pub(crate) threads: NonZeroUsize,
    /// Until when; for as long as it takes if none.
    pub(crate) deadline: Option<Instant>,
    /// What fresh seeds are derived from; none run otherwise.
    pub(crate) fresh: Option<Wish<'a>>,
    /// Set when somebody wants it to stop.
    pub(crate) interrupt: &'a AtomicBool,
}

/// Fresh seeds that are wished for.
#[derive(Clone, Copy)]
pub(crate) struct Wish<'a> {
    /// What they are derived from.
    pub(crate) from: &'a str,
    /// How many of each scenario at most; if none, as many as there is time for, or without a limit of time as many as it has of its own.
    pub(crate) most: Option<u64>,
}

/// Work that may be cut short.
struct Work<'a, 'o> {
    order: &'o Order<'a>,
    /// Set when time is up or somebody wants it to stop.
    stop: AtomicBool,
    /// Seeds that are done with.
    before: u64,
}

/// Does it all. `watch` is told after each seed.
pub(crate) fn ci(scenarios: &[Scenario], order: &Order<'_>, cases: &mut Cases, mut watch: impl FnMut(Done)) -> Ci {
    let (kept, others): (Vec<&Scenario>, Vec<&Scenario>) =
        scenarios.iter().partition(|scenario| scenario.recorded.is_some());
    let mut work = Work { order, stop: AtomicBool::new(false), before: 0 };
    let regressions = replay_all(&kept, order.threads, &work.stop, |_| work.look());
    let tasks: Vec<Task<'_>> = others.iter().map(|scenario| Task::new(scenario, &Choice::File)).collect();
    let own = work.run(&tasks, cases, &mut watch);
    cases.settle(&told(own.iter()));
    // The bugs that are planted have their own seeds; fresh ones are for what should pass.
    let right: Vec<Scenario> = others
        .into_iter()
        .filter(|scenario| matches!(scenario.expect.verdict, Expected::Pass))
        .map(without_reach)
        .collect();
    let done = work.is_over().is_none();
    let fresh = order.fresh.filter(|_| done).map(|wish| work.fresh(&right, wish, &own, cases, &mut watch));
    let cut_short = match work.is_over() {
        // That there was no time for more fresh seeds is in the nature of the thing.
        Some(CutShort::Time) if done => None,
        other => other,
    };
    Ci { version: env!("CARGO_PKG_VERSION").to_owned(), own, regressions, fresh, cut_short }
}

/// What a file wants to be reached is meant for its own seeds.
fn without_reach(scenario: &Scenario) -> Scenario {
    let mut scenario = scenario.clone();
    scenario.expect.reach.clear();
    scenario
}

impl Work<'_, '_> {
    /// Why there is no more to be done, if so.
    fn is_over(&self) -> Option<CutShort> {
        if self.order.interrupt.load(Ordering::Relaxed) {
            Some(CutShort::Interrupt)
        } else {
            self.order.deadline.filter(|deadline| Instant::now() >= *deadline).map(|_| CutShort::Time)
        }
    }

    /// Looks whether it is over.
    fn look(&self) {
        self.stop.store(self.is_over().is_some(), Ordering::Relaxed);
    }

    fn run(&mut self, tasks: &[Task<'_>], cases: &mut Cases, watch: &mut impl FnMut(Done)) -> Vec<Examined> {
        self.look();
        let mut ran = 0;
        let summary = sweep(tasks, self.order.threads, &self.stop, cases, |done| {
            ran = done.seeds;
            watch(Done { seeds: self.before + done.seeds, ..done });
            self.look();
        });
        self.before += ran;
        let examined = |(task, tested): (&Task<'_>, Tested)| Examined { properties: properties(task.scenario), tested };
        tasks.iter().zip(summary.scenarios).map(examined).collect()
    }

    /// Fresh seeds, in rounds if time decides how many there are: each scenario gets its share of it.
    fn fresh(
        &mut self,
        right: &[Scenario],
        wish: Wish<'_>,
        own: &[Examined],
        cases: &mut Cases,
        watch: &mut impl FnMut(Done),
    ) -> Fresh {
        let mut fresh = Fresh { from: wish.from.to_owned(), scenarios: Vec::new() };
        let as_many = |scenario: &Scenario| scenario.seeds.end - scenario.seeds.start;
        let most = |scenario: &Scenario| match (wish.most, self.order.deadline) {
            (Some(most), _) => most,
            (None, Some(_)) => PLACES,
            (None, None) => as_many(scenario),
        };
        let mut left: Vec<(&Scenario, Range<u64>)> =
            right.iter().map(|scenario| (scenario, fresh_seeds(wish.from, most(scenario), &scenario.seeds))).collect();
        let round = if self.order.deadline.is_some() { ROUND } else { u64::MAX };
        while !left.is_empty() && self.is_over().is_none() {
            let mut tasks = Vec::new();
            for (scenario, seeds) in &mut left {
                let end = seeds.end.min(seeds.start.saturating_add(round));
                tasks.push(Task::new(scenario, &Choice::Range(seeds.start..end)));
                seeds.start = end;
            }
            left.retain(|(_, seeds)| !seeds.is_empty());
            fresh.add(self.run(&tasks, cases, watch));
            // Of two rounds that have met the same, one run is told.
            cases.settle(&told(own.iter().chain(&fresh.scenarios)));
        }
        fresh
    }
}

/// The commands that show what was found.
fn told<'a>(examined: impl Iterator<Item = &'a Examined>) -> Vec<&'a str> {
    let found = examined.flat_map(|examined| &examined.tested.violations);
    found.map(|found| found.example.reproduce.as_str()).collect()
}

/// So many seeds that follow from a text, none of them among these.
fn fresh_seeds(from: &str, count: u64, own: &Range<u64>) -> Range<u64> {
    let first = FRESH + digest_of(&from) % PLACES;
    let seeds = first..first + count;
    let overlap = seeds.start < own.end && own.start < seeds.end;
    match own.end.checked_add(count) {
        Some(end) if overlap => own.end..end,
        // Seeds that reach up to the last there is leave room below them.
        None if overlap => own.start.saturating_sub(count)..own.start,
        _ => seeds,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fresh_seeds_follow_from_their_text_and_are_none_of_the_files_own() {
        let seeds = fresh_seeds("0123abc", 500, &(0..200));
        assert_eq!(seeds, fresh_seeds("0123abc", 500, &(0..200)));
        assert_ne!(seeds, fresh_seeds("0123abd", 500, &(0..200)));
        assert!(seeds.end - seeds.start == 500 && seeds.start >= FRESH);
        for own in [seeds.start..seeds.end, seeds.start + 499..seeds.end + 9, 0..seeds.start + 1, 7..u64::MAX] {
            let others = fresh_seeds("0123abc", 500, &own);
            let apart = others.end <= own.start || own.end <= others.start;
            assert!(apart, "{others:?} are among {own:?}");
        }
        assert_eq!(fresh_seeds("0123abc", 500, &(0..seeds.start)), seeds, "a range that ends before them is no matter");
    }
}
