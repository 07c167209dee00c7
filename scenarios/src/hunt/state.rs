//! How far a hunt has come: all that the next start needs to go on as if there had been no end.

use serde::{Deserialize, Serialize};
use shaketable_reports as reports;
use shaketable_sim::run::Coverage;

use super::canary::bears_canaries;
use super::guide::{Made, Trail};
use crate::scenario::Scenario;

/// No hunt counts so far: a million events a second take ten thousand years.
const MOST: u64 = 1 << 58;

/// How far a hunt has come.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct State {
    /// One for each scenario, in the order in which they are hunted.
    pub(crate) lanes: Vec<Lane>,
    /// What was found, in the order of [`Find::key`].
    pub(crate) finds: Vec<Find>,
    /// One for each protocol of which some scenario has twins, in the order in which scenarios name them first.
    pub(crate) canaries: Vec<Canary>,
    /// What is left of the round that has begun, in its order.
    pub(super) rest: Vec<Due>,
}

/// A run that is due.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Due {
    /// Of which scenario.
    pub(super) lane: usize,
    /// At which place of its search.
    pub(super) place: u64,
    /// The bug to plant into it, if that is what it is for.
    pub(super) bug: Option<String>,
    /// How it is made, if the search is guided.
    pub(super) made: Option<Made>,
}

/// How far one scenario has come.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Lane {
    /// How many runs there were: the place of the next.
    pub(crate) runs: u64,
    /// How many of them found something.
    pub(crate) finding: u64,
    /// What they have cost, in events; what is known too well costs more. Who has cost least is next.
    pub(crate) charge: u64,
    /// Operations completed in runs that passed.
    pub(crate) completed: u64,
    /// Simulated time, in nanoseconds.
    pub(crate) simulated: u64,
    /// What all runs exercised, together.
    pub(crate) coverage: Coverage,
    /// Runs with more faults than the protocol bears.
    pub(crate) exceeded: Option<Doubt>,
    /// Runs that came to no end within some budget.
    pub(crate) inconclusive: Option<Doubt>,
    /// Runs that came out otherwise when they were repeated.
    pub(crate) wavering: Option<Wavering>,
    /// What guides the search, if anything does.
    pub(crate) trail: Trail,
}

/// Runs of which nothing follows.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Doubt {
    /// How many.
    pub(crate) runs: u64,
    /// The seed of the first.
    pub(crate) first: u64,
    /// Why.
    pub(crate) why: String,
}

/// Runs that came out otherwise when they were repeated.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Wavering {
    /// How many.
    pub(crate) runs: u64,
    /// The seed of the first.
    pub(crate) first: u64,
    /// Where two runs of it part.
    pub(crate) split: Split,
}

/// Where two runs from one seed part.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) enum Split {
    /// At this event, with these lines of their traces.
    Event(u64, Option<String>, Option<String>),
    /// Two further runs were the same for so many lines.
    Hidden(u64),
}

/// All violations of one signature of one protocol.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Find {
    /// What ran.
    pub(crate) protocol: String,
    /// The signature.
    pub(crate) signature: String,
    /// Whether the scenarios that met it expect it.
    pub(crate) expected: bool,
    /// How many runs met it.
    pub(crate) runs: u64,
    /// The run that met it first; none if it is only known from a case that was there before.
    pub(crate) first: Option<First>,
    /// The cheapest run that met it.
    pub(crate) kept: Kept,
}

/// The run that met a violation first.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct First {
    /// Of which scenario.
    pub(crate) scenario: String,
    /// From which seed.
    pub(crate) seed: u64,
    /// The how-manieth of that scenario, from 1.
    pub(crate) run: u64,
}

/// The cheapest run of those that met a violation.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// How many events it has.
    pub(crate) events: u64,
    /// Its seed.
    pub(crate) seed: u64,
    /// What shows it again.
    pub(crate) evidence: Evidence,
}

/// What shows a run again.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) enum Evidence {
    /// A case of this name in the hunt's folder.
    Case(String),
    /// Its seed of this scenario: it could not be saved as a case.
    Seed(String),
}

/// A bug that was planted to be found.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Canary {
    /// The protocol.
    pub(crate) protocol: String,
    /// How many runs with planted bugs there were.
    pub(crate) runs: u64,
    /// The bug that was found first, and its signature.
    pub(crate) found: Option<(String, String)>,
}

impl From<reports::Split> for Split {
    fn from(split: reports::Split) -> Split {
        match split {
            reports::Split::Event { event, first, second } => Split::Event(event, first, second),
            reports::Split::Hidden { lines } => Split::Hidden(lines),
        }
    }
}

impl Find {
    /// What is known only from a case that was there before.
    pub(crate) fn known(protocol: String, signature: String, expected: bool, kept: Kept) -> Find {
        Find { protocol, signature, expected, runs: 0, first: None, kept }
    }

    /// Under what it is known.
    pub(crate) fn key(&self) -> (&str, &str, bool) {
        (&self.protocol, &self.signature, self.expected)
    }
}

impl Kept {
    /// What is kept is the cheapest: fewest events, then the lowest seed.
    pub(crate) fn cost(&self) -> (u64, u64) {
        (self.events, self.seed)
    }
}

impl State {
    /// Before the first run of a hunt of these scenarios.
    pub(crate) fn new(scenarios: &[Scenario]) -> State {
        let mut canaries: Vec<Canary> = Vec::new();
        for scenario in scenarios.iter().filter(|scenario| bears_canaries(scenario)) {
            let protocol = scenario.protocol.name;
            if canaries.iter().all(|canary| canary.protocol != protocol) {
                canaries.push(Canary { protocol: protocol.to_owned(), runs: 0, found: None });
            }
        }
        State { lanes: vec![Lane::default(); scenarios.len()], finds: Vec::new(), canaries, rest: Vec::new() }
    }

    /// The same, with a canary for every protocol of these scenarios, whatever the file has said that it was read from.
    pub(crate) fn of(mut self, scenarios: &[Scenario]) -> State {
        let known = std::mem::take(&mut self.canaries);
        let kept = |fresh: Canary| known.iter().find(|one| one.protocol == fresh.protocol).cloned().unwrap_or(fresh);
        self.canaries = State::new(scenarios).canaries.into_iter().map(kept).collect();
        self
    }

    /// Whether a hunt of so many scenarios can have come to this: what it names is there, what it has counted leaves room for more.
    pub(super) fn is_sound(&self, scenarios: usize) -> bool {
        let counted = |lane: &Lane| {
            let kinds = lane.coverage.kinds.values().flat_map(|kind| [kind.struck, kind.acted]);
            let covered = lane.coverage.named().into_iter().map(|(_, number)| number).chain(kinds);
            let own = [lane.runs, lane.finding, lane.charge, lane.completed];
            own.into_iter().chain(covered).all(|count| count < MOST)
        };
        let can_be_made = |due: &Due| match (self.lanes.get(due.lane), due.made) {
            (Some(lane), Some(made)) => lane.trail.leads_to(made),
            (lane, _) => lane.is_some(),
        };
        self.lanes.len() == scenarios
            && self.lanes.iter().all(|lane| counted(lane) && lane.trail.is_sound())
            && self.rest.iter().all(|due| due.place < MOST && can_be_made(due))
            && self.finds.is_sorted_by(|one, next| one.key() < next.key())
            && self.finds.iter().all(|find| find.runs < MOST)
            && self.canaries.iter().all(|canary| canary.runs < MOST)
    }

    /// How many runs there were.
    pub(crate) fn runs(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.runs).sum()
    }

    /// What is known under this key, or where it would stand.
    pub(crate) fn find(&self, key: (&str, &str, bool)) -> Result<usize, usize> {
        self.finds.binary_search_by(|find| find.key().cmp(&key))
    }
}
