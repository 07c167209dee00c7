//! Canaries: a hunt that finds nothing must show that it would have found something.
//!
//! Some of a round's runs have twins: the same plan, the same seed, the same checks, but with a bug planted into the protocol. The bugs of the
//! catalogue take turns. As soon as one of them was found, and its run could be written down as a case, the protocol needs no more twins.
//! Scenarios that expect a violation have none: what breaks there breaks anyhow. Twins are few beside the runs that they are twins of, and nothing that they find is counted or saved. Only if a hunt was so short that not every bug had its turn,
//! the rest of them follow when its budget is spent.

use shaketable_protocols::Bug;
use shaketable_sim::run::Verdict;

use super::state::{Canary, Due};
use super::{Budget, Hunt, State, Try};
use crate::attempt::Attempt;
use crate::scenario::{Expected, Scenario};

/// How many twins a protocol has in a round, at most.
const TWINS: usize = 4;

/// Whether runs of a scenario may have twins.
pub(crate) fn bears_canaries(scenario: &Scenario) -> bool {
    matches!(scenario.expect.verdict, Expected::Pass)
}

/// The twins of these runs, for the protocols whose canaries were not found.
pub(super) fn twins(hunted: &[Due], scenarios: &[Scenario], canaries: &[Canary]) -> Vec<Due> {
    let mut twins = Vec::new();
    for canary in canaries.iter().filter(|canary| canary.found.is_none()) {
        let is_of_it = |one: &&Due| {
            let scenario = &scenarios[one.lane];
            scenario.protocol.name == canary.protocol && bears_canaries(scenario)
        };
        let of_it: Vec<&Due> = hunted.iter().filter(is_of_it).collect();
        // From the whole round, so that no scenario alone decides.
        let apart = (of_it.len() / TWINS).max(1);
        for (number, one) in of_it.into_iter().step_by(apart).take(TWINS).enumerate() {
            let bugs = scenarios[one.lane].protocol.bugs;
            let bug = bugs.get((canary.runs as usize + number) % bugs.len().max(1));
            twins.extend(bug.map(|bug| Due { bug: Some(bug.name.to_owned()), ..one.clone() }));
        }
    }
    twins
}

/// The bug that is to be planted into a run, if one is and there still is such a bug.
pub(super) fn named(scenario: &Scenario, due: &Due) -> Option<&'static Bug> {
    let name = due.bug.as_ref()?;
    scenario.protocol.bugs.iter().find(|bug| bug.name == *name)
}

/// The same scenario with this bug in the protocol.
pub(super) fn planted(scenario: &Scenario, bug: &'static Bug) -> Scenario {
    Scenario { bug: Some(bug), ..scenario.clone() }
}

impl Hunt<'_> {
    /// Lets the bugs have their turns that had none, of protocols whose canaries were not found.
    pub(super) fn last_chance(&mut self, budget: &Budget<'_>, watch: &mut impl FnMut(&State)) {
        let bugs = |name: &str, scenarios: &[Scenario]| {
            let known = scenarios.iter().find(|scenario| scenario.protocol.name == name);
            known.map_or(0, |scenario| scenario.protocol.bugs.len() as u64)
        };
        let budget = Budget { deadline: None, ..*budget };
        loop {
            let mut due = self.state.canaries.clone();
            due.retain(|canary| canary.runs < bugs(&canary.protocol, self.scenarios));
            let again = |lane: usize| (0..TWINS as u64).map(move |place| (lane, place));
            let hunted = (0..self.scenarios.len()).filter(|&lane| self.state.lanes[lane].runs > 0);
            let hunted: Vec<Due> = hunted.flat_map(again).map(|(lane, place)| self.due(lane, place)).collect();
            let twins = twins(&hunted, self.scenarios, &due);
            if twins.is_empty() || self.done_all(&twins, &budget, watch) < twins.len() {
                return;
            }
        }
    }

    /// Counts the run of a twin.
    pub(super) fn take_canary(&mut self, one: &Try, bug: &'static Bug, attempt: &Attempt) {
        let scenario = one.subject(self.scenarios).scenario;
        let known = self.state.canaries.iter().position(|canary| canary.protocol == scenario.protocol.name);
        let canary = &mut self.state.canaries[known.expect("every protocol that is hunted has a canary")];
        if canary.found.is_some() {
            return; // By another twin of this round.
        }
        canary.runs += 1;
        let Verdict::Violation(violation) = &attempt.run.verdict else { return };
        // What happens without the planted bug, too, does not show that it would be found.
        let without = one.subject(self.scenarios).run(attempt.run.seed, None);
        let shows_itself =
            !matches!(&without.verdict, Verdict::Violation(other) if other.signature() == violation.signature());
        if shows_itself && attempt.steady && self.cases.proven(&planted(scenario, bug), &attempt.run).is_ok() {
            canary.found = Some((bug.name.to_owned(), violation.signature()));
        }
    }
}
