//! What guides a search: the runs that were in abstract states in which none had been, and how often each state was met.
//!
//! Most runs of a generation are made by changing the faults of such runs, those more often that were where few have been (after the power
//! schedules of Böhme et al., "Coverage-based greybox fuzzing as Markov chain", CCS 2016); the rest are drawn anew. A generation is made from what is known at its
//! beginning, each run with chance of its own, so it does not matter who does what.
//!
//! Only how each such run was made is kept with the state of a hunt. The runs themselves are made again when it goes on.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};
use shaketable_reports::Side;
use shaketable_sim::faults::Planned;
use shaketable_sim::rng::{Seed, Stream};
use shaketable_sim::run::{Run, Verdict};
use shaketable_sim::spec::any::Any;

use super::mutate::{Parent, changed};
use crate::attempt::Subject;
use crate::scenario::Scenario;

/// One in so many runs is drawn anew.
const ANEW: u64 = 4;

/// What guides the search in one scenario.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Trail {
    /// The runs that were where none had been, in the order in which they were.
    steps: Vec<Step>,
    /// How many runs were in each state.
    met: BTreeMap<u64, u64>,
}

/// A run that was where none had been.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Step {
    /// At which place of the search it was.
    place: u64,
    /// How it was made.
    made: Made,
    /// The states that it was the first to be in.
    first_in: Vec<u64>,
}

/// How a run was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Made {
    /// Drawn from the seed of its place.
    Anew,
    /// By changing the first of these steps, perhaps with parts of the second.
    From(usize, usize),
}

/// The runs of a trail, with all that is needed to change them.
pub(super) struct Corpus {
    /// What is searched. It remembers its states.
    scenario: Scenario,
    base: u64,
    runs: Vec<Parent>,
}

/// A run to be done.
pub(super) struct Guided {
    pub(super) scenario: Scenario,
    pub(super) seed: Seed,
    pub(super) made: Made,
    /// The faults as they were planned, before any of them was changed.
    pub(super) planned: Vec<Planned>,
}

impl Corpus {
    /// The runs of a trail, done again; none if that was `over` before it was done.
    pub(super) fn new(scenario: &Scenario, base: u64, trail: &Trail, over: impl Fn() -> bool) -> Option<Corpus> {
        let mut scenario = scenario.clone();
        scenario.plan.states = true;
        let mut corpus = Corpus { scenario, base, runs: Vec::new() };
        for step in &trail.steps {
            if over() {
                return None;
            }
            let guided = corpus.make(step.place, step.made);
            let run = Subject { scenario: &guided.scenario, side: Side::Own }.run(guided.seed, None);
            corpus.add(&guided, &run);
        }
        Some(corpus)
    }

    /// How the run at this place of the search is to be made.
    pub(super) fn next(&self, place: u64, trail: &Trail) -> Made {
        let mut rng = Seed(self.base).stream(format_args!("guided {place} parents"));
        match self.runs.len() {
            0 => Made::Anew,
            _ if rng.below(ANEW) == 0 => Made::Anew,
            _ => Made::From(trail.pick(&mut rng), trail.pick(&mut rng)),
        }
    }

    /// The run at this place, made so. Runs that were added since then are no matter.
    pub(super) fn make(&self, place: u64, made: Made) -> Guided {
        let seed = Seed(self.base.saturating_add(place));
        let mut rng = Seed(self.base).stream(format_args!("guided {place}"));
        if let Made::From(parent, other) = made
            && let Some(run) = changed(&self.runs[parent], &self.runs[other], &self.scenario, seed, &mut rng)
        {
            return Guided { scenario: run.scenario, seed: run.seed, planned: run.planned, made };
        }
        let scenario = self.scenario.drawn(seed).into_owned();
        Guided { planned: scenario.plan.faults.clone(), scenario, seed, made: Made::Anew }
    }

    /// What came of a run may be changed from now on: the faults as they struck.
    pub(super) fn add(&mut self, guided: &Guided, run: &Run<Any>) {
        let mut scenario = guided.scenario.clone();
        scenario.plan.faults = run.applied.iter().map(Planned::from).collect();
        self.runs.push(Parent { scenario, planned: guided.planned.clone(), seed: run.seed });
    }
}

/// Searches one scenario by itself, until something is violated or somebody wants it to stop: after how many runs, and what.
pub(crate) fn search(scenario: &Scenario, base: u64, within: u64, stop: &AtomicBool) -> Option<(u64, String)> {
    let mut trail = Trail::default();
    let over = || stop.load(Ordering::Relaxed);
    let mut corpus = Corpus::new(scenario, base, &trail, over)?;
    for place in (0..within).take_while(|_| !over()) {
        let guided = corpus.make(place, corpus.next(place, &trail));
        let run = Subject { scenario: &guided.scenario, side: Side::Own }.run(guided.seed, None);
        if let Verdict::Violation(violation) = &run.verdict {
            return Some((place + 1, violation.signature()));
        }
        if trail.learn(place, guided.made, &run.states) {
            corpus.add(&guided, &run);
        }
    }
    None
}

impl Trail {
    /// Counts the states of a run. Whether it was where none had been.
    pub(super) fn learn(&mut self, place: u64, made: Made, states: &[u64]) -> bool {
        let first_in: Vec<u64> = states.iter().copied().filter(|state| !self.met.contains_key(state)).collect();
        for &state in states {
            *self.met.entry(state).or_default() += 1;
        }
        let is_new = !first_in.is_empty();
        if is_new {
            self.steps.push(Step { place, made, first_in });
        }
        is_new
    }

    /// After which runs, from 1, so many states had been met: one entry for each run that met a new one.
    pub(crate) fn growth(&self) -> Vec<(u64, u64)> {
        let mut states = 0;
        let step = |step: &Step| {
            states += step.first_in.len() as u64;
            (step.place + 1, states)
        };
        self.steps.iter().map(step).collect()
    }

    /// Whether a run can be made so: of steps that there are.
    pub(super) fn leads_to(&self, made: Made) -> bool {
        match made {
            Made::Anew => true,
            Made::From(one, other) => one.max(other) < self.steps.len(),
        }
    }

    /// Whether each step is made of earlier ones.
    pub(super) fn is_sound(&self) -> bool {
        let earlier = |place: usize, step: &Step| match step.made {
            Made::Anew => true,
            Made::From(one, other) => one.max(other) < place,
        };
        let counted = self.met.values().all(|runs| (1..u64::MAX / 2).contains(runs));
        counted && self.steps.iter().enumerate().all(|(place, step)| earlier(place, step))
    }

    /// A step, the more likely the fewer runs were where it was first.
    fn pick(&self, rng: &mut Stream) -> usize {
        let met = |state: &u64| self.met.get(state).copied().unwrap_or(1);
        let weight = |step: &Step| 1_000 / step.first_in.iter().map(met).min().unwrap_or(1).min(1_000);
        rng.weighted(&self.steps.iter().map(|step| weight(step) as u32).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::fakes::scenario;

    #[test]
    fn whoever_wants_it_to_stop_does_not_wait_for_a_trail_to_be_followed() {
        let mut trail = Trail::default();
        (0..9).for_each(|place| assert!(trail.learn(place, Made::Anew, &[place])));
        let scenario = scenario("fake", "");
        let followed = |enough: usize| {
            let asked = Cell::new(0);
            let over = || asked.replace(asked.get() + 1) == enough;
            (Corpus::new(&scenario, 0, &trail, over).map(|corpus| corpus.runs.len()), asked.get())
        };
        assert_eq!(followed(usize::MAX), (Some(9), 9));
        assert_eq!(followed(3), (None, 4));
    }

    #[test]
    fn what_few_have_met_is_changed_more_often() {
        let mut trail = Trail::default();
        assert!(trail.learn(0, Made::Anew, &[1, 2]));
        assert!(trail.learn(1, Made::Anew, &[2, 3]));
        assert!(!trail.learn(2, Made::Anew, &[1, 2, 3]));
        for place in 3..12 {
            assert!(!trail.learn(place, Made::Anew, &[1, 2]));
        }
        assert_eq!(trail.growth(), [(1, 2), (2, 3)]);
        assert_eq!(trail.steps.iter().map(|step| step.first_in.clone()).collect::<Vec<_>>(), [vec![1, 2], vec![3]]);
        // Eleven runs were where the first was first, and two where the second was.
        let mut rng = Seed(1).stream("test");
        let second = (0..1_000).filter(|_| trail.pick(&mut rng) == 1).count();
        assert!((780..910).contains(&second), "{second}");
    }
}
