//! A scenario: what a file says, in types.

use std::ops::Range;
use std::path::PathBuf;

use shaketable_protocols::{Bug, Protocol};
use shaketable_sim::param::Args;
use shaketable_sim::plan::Plan;
use shaketable_sim::swarm::Swarm;

use crate::recorded::Recorded;
use crate::strategy::Strategy;

/// A scenario, read and found right.
#[derive(Clone)]
pub(crate) struct Scenario {
    /// The file it was read from.
    pub(crate) path: PathBuf,
    /// The file's text.
    pub(crate) text: String,
    /// The first paragraph of the file's opening comment.
    pub(crate) doc: String,
    /// What runs.
    pub(crate) protocol: &'static Protocol,
    /// What is wrong with it on purpose.
    pub(crate) bug: Option<&'static Bug>,
    /// The protocol's own parameters.
    pub(crate) config: Args,
    /// The world it runs in.
    pub(crate) plan: Plan,
    /// What each seed draws beside the plan.
    pub(crate) swarm: Option<Swarm>,
    /// How trouble is looked for.
    pub(crate) strategy: Strategy,
    /// The seeds it runs with, unless others are asked for.
    pub(crate) seeds: Range<u64>,
    /// What must come of it.
    pub(crate) expect: Expect,
    /// For a saved case: what was recorded.
    pub(crate) recorded: Option<Recorded>,
}

impl Scenario {
    /// The file of the scenario that runs of this one come of: its own, unless it is a saved case that says of which it came.
    pub(crate) fn origin(&self) -> String {
        let earlier = self.recorded.as_ref().and_then(|recorded| recorded.scenario.clone());
        earlier.unwrap_or_else(|| self.path.display().to_string())
    }
}

/// What must come of a scenario.
#[derive(Clone)]
pub(crate) struct Expect {
    /// The verdict.
    pub(crate) verdict: Expected,
    /// What every run must have exercised at least, summed over the seeds that ran: names of `Coverage` with numbers.
    pub(crate) reach: Vec<(&'static str, u64)>,
}

/// A verdict that a scenario expects.
#[derive(Clone)]
pub(crate) enum Expected {
    /// All seeds pass.
    Pass,
    /// Some seed among the first so many violates this.
    Violation {
        /// The check (`linearizability`), or check and property (`invariant/election-safety`).
        signature: String,
        /// Among how many seeds.
        within_seeds: u64,
    },
}
