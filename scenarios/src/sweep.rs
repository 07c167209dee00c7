//! Many seeds of many scenarios, on all cores. What comes of it does not depend on how many.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::AtomicBool;

use shaketable_reports::{Side, Summary};
use shaketable_sim::rng::Seed;

use crate::attempt::Subject;
use crate::cases::Cases;
use crate::counts::Part;
use crate::lanes::{Piece, in_order};
use crate::scenario::{Expected, Scenario};
use crate::shards::Shard;
use crate::tally::{Tally, Trial};

/// The version of this tool.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// One in so many seeds is run twice even if it passes.
const REPEATED: u64 = 64;

/// A scenario and the seeds to run it with.
pub(crate) struct Task<'a> {
    /// The scenario.
    pub(crate) scenario: &'a Scenario,
    /// The seeds of the whole sweep.
    pub(crate) seeds: Range<u64>,
    /// The places among them that are run here, from 0.
    share: Range<u64>,
}

/// How many seeds are done, and how many are left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Done {
    /// Counted so far.
    pub(crate) seeds: u64,
    /// To be counted still, at most.
    pub(crate) left: u64,
    /// How many scenarios have violations that they do not expect.
    pub(crate) failing: usize,
}

/// Which seeds are asked for, if not those that the files name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Choice {
    /// Those of each file.
    File,
    /// These. Of a scenario that expects a violation, as many as it allows.
    Range(Range<u64>),
}

impl<'a> Task<'a> {
    /// The seeds of a scenario, as chosen.
    pub(crate) fn new(scenario: &'a Scenario, choice: &Choice) -> Task<'a> {
        let mut seeds = match (choice, &scenario.expect.verdict) {
            (Choice::Range(range), _) => range.clone(),
            (Choice::File, Expected::Pass) => scenario.seeds.clone(),
            (Choice::File, Expected::Violation { .. }) => scenario.seeds.start..u64::MAX,
        };
        if let Expected::Violation { within_seeds, .. } = scenario.expect.verdict {
            seeds.end = seeds.end.min(seeds.start.saturating_add(within_seeds));
        }
        let share = 0..seeds.end.saturating_sub(seeds.start);
        Task { scenario, seeds, share }
    }

    /// The part of it that one shard runs, if it stands at `place` in its sweep.
    ///
    /// The seeds of a scenario that should pass are shared out. Those of one that expects a violation are one shard's: it looks for the
    /// first seed that shows it, and several that look at once would run more seeds and hardly find it sooner.
    pub(crate) fn shared(self, place: usize, shard: Shard) -> Task<'a> {
        let share = match self.scenario.expect.verdict {
            Expected::Pass => shard.share(place, self.share.end),
            Expected::Violation { .. } if shard.share(place, 1).is_empty() => 0..0,
            Expected::Violation { .. } => self.share,
        };
        Task { share, ..self }
    }

    fn len(&self) -> u64 {
        self.share.end - self.share.start
    }

    /// Runs the seed at this place among its seeds. A scenario with a planted bug runs the right protocol on it, too, for
    /// that must survive the very same seeds.
    fn trial(&self, place: u64) -> Trial {
        let (seed, repeat) = (Seed(self.seeds.start + place), place.is_multiple_of(REPEATED));
        let attempt = |side| Subject { scenario: self.scenario, side }.attempt(seed, repeat);
        let compares =
            matches!(self.scenario.expect.verdict, Expected::Violation { .. }) && self.scenario.bug.is_some();
        Trial { own: attempt(Side::Own), right: compares.then(|| attempt(Side::Right)) }
    }
}

/// What came of all tasks.
pub(crate) struct Swept {
    /// What came of each.
    pub(crate) parts: Vec<Part>,
    /// How far it went.
    pub(crate) done: Done,
}

/// Runs all tasks, until they are done or `stop` is set, and judges them. `watch` is told after each seed.
pub(crate) fn sweep(
    tasks: &[Task<'_>],
    threads: NonZeroUsize,
    stop: &AtomicBool,
    cases: &mut Cases,
    watch: impl FnMut(Done),
) -> Summary {
    let Swept { parts, done } = count(tasks, threads, stop, cases, watch);
    Summary { interrupted: done.left > 0, ..summary(parts, cases) }
}

/// Judges scenarios that have run to their end.
pub(crate) fn summary(parts: Vec<Part>, cases: &mut Cases) -> Summary {
    let scenarios = parts.into_iter().map(|part| part.judged(cases)).collect();
    Summary { version: VERSION.to_owned(), interrupted: false, scenarios }
}

/// Runs all tasks, until they are done or `stop` is set, and judges nothing. `watch` is told after each seed.
pub(crate) fn count(
    tasks: &[Task<'_>],
    threads: NonZeroUsize,
    stop: &AtomicBool,
    cases: &mut Cases,
    mut watch: impl FnMut(Done),
) -> Swept {
    let mut tallies: Vec<Tally<'_>> = tasks.iter().map(|task| Tally::new(task.scenario, &task.seeds)).collect();
    let lengths: Vec<u64> = tasks.iter().map(Task::len).collect();
    let mut done =
        Done { seeds: 0, left: lengths.iter().fold(0, |sum, length| sum.saturating_add(*length)), failing: 0 };
    let work = |piece: Piece| tasks[piece.lane].trial(tasks[piece.lane].share.start + piece.place);
    in_order(&lengths, threads, stop, work, |Piece { lane, place }, trial| {
        let was_failing = tallies[lane].is_failing();
        let flow = tallies[lane].take(&trial, cases);
        done.seeds += 1;
        done.left -= if flow.is_break() { lengths[lane] - place } else { 1 };
        done.failing += usize::from(!was_failing && tallies[lane].is_failing());
        watch(done);
        flow
    });
    Swept { parts: tallies.into_iter().map(Tally::done).collect(), done }
}

#[cfg(test)]
mod tests;
