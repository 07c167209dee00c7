//! A search for failures within a budget, over many scenarios, that can be stopped and goes on.
//!
//! A hunt goes in rounds. A round is a list of runs that follows from how far the hunt has come at its beginning and from nothing else; they are done by
//! several threads, and taken in order. How far the hunt has come is kept at the end of rounds and where the budget ends, with what is left of the round; after
//! a kill, the next start does again what was done since it was last kept. So neither the number of threads nor any end on the way makes a difference to what a number of runs finds.
//! A failure is saved as a case the moment it is taken, before anything else is done.
//!
//! - `turns` shares the budget among scenarios; `finds` keeps the cheapest case of each signature.
//! - `canary` plants bugs into some of the runs: a hunt that finds none of them would find nothing else either.
//! - `guide` remembers the runs that were where none had been, and `mutate` changes them.
//! - `state` is how far the hunt has come, and `store` the folder in which that is kept.

mod canary;
mod finds;
mod guide;
mod mutate;
mod state;
mod store;
mod turns;

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use shaketable_protocols::Bug;
use shaketable_reports::Side;
use shaketable_sim::rng::Seed;
use shaketable_sim::run::Verdict;

use crate::attempt::{Attempt, Subject};
use crate::cases::Cases;
use crate::lanes::in_order;
use crate::scenario::Scenario;

pub(crate) use canary::bears_canaries;
pub(crate) use finds::recall;
pub(crate) use guide::search;
pub(crate) use state::{Canary, Doubt, Evidence, Find, First, Lane, Split, State, Wavering};
pub(crate) use store::{Earlier, Identity, Store};

use guide::{Corpus, Guided};
use state::Due;
use turns::TURN;

/// One in so many runs is repeated even if it passes.
const REPEATED: u64 = 64;

/// How long what was done since the state was last kept may take to do again.
const PAUSE: Duration = Duration::from_secs(1);

/// How much is hunted, and with how many threads.
pub(crate) struct Budget<'a> {
    /// How many runs, with those of earlier starts; as many as there is time for if none. Runs with planted bugs are not counted.
    pub(crate) runs: Option<u64>,
    /// When to stop; never if none.
    pub(crate) deadline: Option<Instant>,
    /// On how many threads. What is found does not depend on it.
    pub(crate) threads: NonZeroUsize,
    /// Set when somebody wants it to stop.
    pub(crate) stop: &'a AtomicBool,
}

/// A search through these scenarios.
pub(crate) struct Hunt<'a> {
    scenarios: &'a [Scenario],
    cases: &'a Cases,
    store: &'a Store,
    state: State,
    guided: bool,
    /// What guides the search in each scenario; none if nothing does.
    corpora: Vec<Corpus>,
    clocks: Vec<Clock>,
    /// What could not be saved, and why.
    pub(crate) troubles: Vec<String>,
}

/// What one scenario has cost since this start.
#[derive(Clone, Copy, Default)]
pub(crate) struct Clock {
    /// How many runs.
    pub(crate) runs: u64,
    /// For how long threads were busy with them.
    pub(crate) busy: Duration,
}

/// One run to be done.
struct Try {
    /// Of which scenario.
    lane: usize,
    /// At which place of its search.
    place: u64,
    /// From which seed.
    seed: Seed,
    /// Whether it is repeated even if it passes.
    repeat: bool,
    /// The bug to plant into it, if that is what it is for.
    bug: Option<&'static Bug>,
    /// What runs, if that is not the scenario as it is drawn.
    guided: Option<Arc<Guided>>,
}

impl<'a> Hunt<'a> {
    /// Goes on from what an earlier start has left; `guided` by what is new, if so wanted.
    pub(crate) fn new(
        scenarios: &'a [Scenario],
        cases: &'a Cases,
        store: &'a Store,
        mut state: State,
        guided: bool,
    ) -> Hunt<'a> {
        // Bugs come and go with builds that do the same otherwise.
        let planted = |due: &Due| due.bug.is_none() || canary::named(&scenarios[due.lane], due).is_some();
        state.rest.retain(planted);
        let clocks = vec![Clock::default(); scenarios.len()];
        Hunt { scenarios, cases, store, state, guided, corpora: Vec::new(), clocks, troubles: Vec::new() }
    }

    /// Hunts until the budget is spent. `watch` is told after each run.
    ///
    /// # Errors
    /// If how far it has come cannot be kept.
    pub(crate) fn run(&mut self, budget: &Budget<'_>, mut watch: impl FnMut(&State)) -> std::io::Result<()> {
        self.store.keep(&self.state)?;
        let Some(corpora) = self.retraced(budget) else { return Ok(()) };
        self.corpora = corpora;
        let mut kept = Instant::now();
        loop {
            let left = budget.runs.map_or(u64::MAX, |runs| runs.saturating_sub(self.state.runs()));
            if left == 0 || budget.is_spent() || self.scenarios.is_empty() {
                break;
            }
            if self.state.rest.is_empty() {
                self.state.rest = self.round();
            }
            let known = self.state.finds.clone();
            let due = within(&self.state.rest, left);
            let taken = self.done_all(&due, budget, &mut watch);
            self.state.rest.drain(..taken);
            if known != self.state.finds || kept.elapsed() >= PAUSE {
                self.store.keep(&self.state)?;
                kept = Instant::now();
            }
        }
        self.last_chance(budget, &mut watch);
        self.store.keep(&self.state)
    }

    /// What guides the search, made again from how far it has come; none if the budget was spent before that was done.
    fn retraced(&self, budget: &Budget<'_>) -> Option<Vec<Corpus>> {
        let lanes = self.scenarios.iter().zip(&self.state.lanes).filter(|_| self.guided);
        let over = || budget.is_spent();
        lanes.map(|(scenario, lane)| Corpus::new(scenario, self.store.base, &lane.trail, over)).collect()
    }

    /// How many runs there were, with those of earlier starts.
    pub(crate) fn runs(&self) -> u64 {
        self.state.runs()
    }

    /// How far it has come, and what that has cost since this start.
    pub(crate) fn done(self) -> (State, Vec<Clock>) {
        (self.state, self.clocks)
    }

    /// Does these runs and takes what comes of them, in order, until the budget is spent. How many were taken.
    fn done_all(&mut self, due: &[Due], budget: &Budget<'_>, watch: &mut impl FnMut(&State)) -> usize {
        let tries: Vec<Try> = due.iter().map(|due| self.made(due)).collect();
        let halt = AtomicBool::new(false);
        let scenarios = self.scenarios;
        let mut taken = 0;
        in_order(
            &[tries.len() as u64],
            budget.threads,
            &halt,
            |piece| tries[piece.place as usize].attempt(scenarios),
            |piece, (attempt, busy)| {
                taken += 1;
                let one = &tries[piece.place as usize];
                match one.bug {
                    Some(bug) => self.take_canary(one, bug, &attempt),
                    None => self.take(one, &attempt, busy),
                }
                watch(&self.state);
                halt.store(budget.is_spent(), Ordering::Relaxed);
                ControlFlow::Continue(())
            },
        );
        taken
    }

    /// The runs of the next round: those with planted bugs, then scenario by scenario.
    fn round(&self) -> Vec<Due> {
        let places = |lane: usize| {
            let first = self.state.lanes[lane].runs;
            (first..first + TURN).map(move |place| (lane, place))
        };
        let turns = turns::next(&self.state.lanes).into_iter().flat_map(places);
        let hunted: Vec<Due> = turns.map(|(lane, place)| self.due(lane, place)).collect();
        let mut round = canary::twins(&hunted, self.scenarios, &self.state.canaries);
        round.extend(hunted);
        round
    }

    /// The run at this place of a scenario's search.
    fn due(&self, lane: usize, place: u64) -> Due {
        let made = self.corpora.get(lane).map(|corpus| corpus.next(place, &self.state.lanes[lane].trail));
        Due { lane, place, bug: None, made }
    }

    /// A run that is due, with all that it takes to do it.
    fn made(&self, due: &Due) -> Try {
        let &Due { lane, place, made, .. } = due;
        let guided = made.map(|made| Arc::new(self.corpora[lane].make(place, made)));
        let seed = guided.as_ref().map_or(Seed(self.store.base.saturating_add(place)), |guided| guided.seed);
        let bug = canary::named(&self.scenarios[lane], due);
        Try { lane, place, seed, repeat: bug.is_none() && place.is_multiple_of(REPEATED), bug, guided }
    }

    /// Counts a run.
    fn take(&mut self, one: &Try, attempt: &Attempt, busy: Duration) {
        let Attempt { run, steady } = attempt;
        let clock = &mut self.clocks[one.lane];
        (clock.runs, clock.busy) = (clock.runs + 1, clock.busy + busy);
        let lane = &mut self.state.lanes[one.lane];
        lane.runs += 1;
        lane.simulated = lane.simulated.saturating_add(run.end.as_nanos());
        lane.coverage.add(&run.coverage);
        let seed = run.seed.0;
        let mut met_before = None;
        if *steady {
            match &run.verdict {
                Verdict::Pass => lane.completed += run.coverage.completed_ops,
                Verdict::Violation(violation) => met_before = Some(self.found(one, run, violation)),
                Verdict::AssumptionExceeded(proof) => doubt(&mut lane.exceeded, seed, proof),
                Verdict::Inconclusive(budget) => doubt(&mut lane.inconclusive, seed, budget),
            }
        } else {
            match &mut lane.wavering {
                Some(wavering) => wavering.runs += 1,
                None => {
                    let split = one.subject(self.scenarios).split(run.seed).into();
                    lane.wavering = Some(Wavering { runs: 1, first: seed, split });
                }
            }
        }
        let lane = &mut self.state.lanes[one.lane];
        lane.charge += turns::charge(run.coverage.events, met_before);
        if let (Some(guided), Some(corpus), true, None) =
            (&one.guided, self.corpora.get_mut(one.lane), *steady, met_before)
            && lane.trail.learn(one.place, guided.made, &run.states)
        {
            corpus.add(guided, run);
        }
    }
}

impl Budget<'_> {
    fn is_spent(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }
}

impl Try {
    fn subject<'a>(&'a self, scenarios: &'a [Scenario]) -> Subject<'a> {
        let scenario = self.guided.as_ref().map_or(&scenarios[self.lane], |guided| &guided.scenario);
        Subject { scenario, side: Side::Own }
    }

    /// Does it, and says how long that took.
    fn attempt(&self, scenarios: &[Scenario]) -> (Attempt, Duration) {
        let began = Instant::now();
        let subject = self.subject(scenarios);
        let attempt = match self.bug {
            None => subject.attempt(self.seed, self.repeat),
            Some(bug) => {
                let planted = canary::planted(subject.scenario, bug);
                Subject { scenario: &planted, ..subject }.attempt(self.seed, self.repeat)
            }
        };
        (attempt, began.elapsed())
    }
}

/// The first of these runs, up to so many that count.
fn within(due: &[Due], left: u64) -> Vec<Due> {
    let mut counted = 0;
    let fits = |one: &&Due| {
        counted += u64::from(one.bug.is_none());
        counted <= left
    };
    due.iter().take_while(fits).cloned().collect()
}

fn doubt(known: &mut Option<Doubt>, seed: u64, why: &str) {
    known.get_or_insert_with(|| Doubt { runs: 0, first: seed, why: why.to_owned() }).runs += 1;
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
