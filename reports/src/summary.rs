//! What many runs came to.

use serde::{Deserialize, Serialize};
use shaketable_sim::run::Coverage;
use shaketable_sim::time::{Instant, Span};

/// What came of all scenarios of a sweep.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Summary {
    /// The version of the tool.
    pub version: String,
    /// The scenarios, in the order in which they were asked for.
    pub scenarios: Vec<Tested>,
    /// Whether somebody stopped the sweep before it was through.
    pub interrupted: bool,
}

/// What came of one scenario.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tested {
    /// Its file, as it was given.
    pub name: String,
    /// The protocol, with the bug planted in it if there is one: `raft/forgets-vote`.
    pub protocol: String,
    /// Whether all is as the scenario expects.
    pub outcome: Outcome,
    /// For a scenario that expects a violation: which, and whether it came.
    pub sought: Option<Sought>,
    /// Which seeds.
    pub seeds: Seeds,
    /// The simulated time of all runs together, those of the right protocol included.
    pub simulated: Span,
    /// What the runs of the scenario's own protocol exercised, all together.
    pub coverage: Coverage,
    /// What the scenario demands and all its runs together did not reach.
    pub unmet: Vec<Unmet>,
    /// The violations, one entry for each signature, in the order in which they were first met.
    pub violations: Vec<Found>,
    /// The runs whose budget ran out.
    pub inconclusive: Option<Notice>,
    /// The runs with more faults than the protocol claims to bear.
    pub exceeded: Option<Notice>,
    /// The runs that came out otherwise when they were repeated.
    pub wavering: Option<Wavering>,
}

/// Whether all is as a scenario expects; if several things are wrong, the one that says most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// All seeds pass, as expected.
    Passed,
    /// The expected violation came, as expected.
    Caught,
    /// Some seed violates something, and none should.
    Violated,
    /// The expected violation did not come within its seeds.
    GotAway,
    /// The protocol without its planted bug violates something on the same seeds.
    RightViolated,
    /// A budget ran out, or too few seeds ran to tell.
    Inconclusive,
    /// No operation completed, or what must be reached was not: nothing follows.
    NothingTested,
    /// The same seed gave two different runs.
    Nondeterministic,
    /// Interrupted before anything was wrong.
    Unfinished,
}

/// The violation that a scenario expects.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sought {
    /// A check (`linearizability`), or check and property (`invariant/election-safety`).
    pub signature: String,
    /// Among how many seeds it must come.
    pub within: u64,
    /// The first seed at which it came.
    pub caught: Option<u64>,
}

/// Which seeds a scenario ran with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seeds {
    /// The first.
    pub first: u64,
    /// How many were to run, one after the other.
    pub asked: u64,
    /// How many ran and count. Fewer than asked if the expected violation came, or after an interrupt.
    pub ran: u64,
}

/// A number that a scenario demands, and what it was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unmet {
    /// Its name in `[expect] reach`.
    pub name: String,
    /// At least so much.
    pub wanted: u64,
    /// It was so much.
    pub got: u64,
}

/// All violations of one signature in one scenario.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// Its name: `invariant/election-safety`.
    pub signature: String,
    /// Whose runs they were.
    pub side: Side,
    /// How many seeds met it.
    pub seeds: u64,
    /// The run with the fewest events.
    pub example: Example,
}

/// Whose run it was.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// That of the protocol which the scenario names.
    Own,
    /// That of the same protocol without its planted bug.
    Right,
}

/// One run that violates something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Example {
    /// Its seed.
    pub seed: u64,
    /// Its digest.
    pub digest: u64,
    /// When the violation was seen, by true time.
    pub at: Instant,
    /// How many events the run had.
    pub events: u64,
    /// What happened, one sentence a line.
    pub story: Vec<String>,
    /// The faults that were active then, or else the last that had struck, one a line.
    pub faults: Vec<String>,
    /// The command that reproduces it.
    pub reproduce: String,
    /// The file that shows it, if one was written.
    pub page: Option<String>,
}

/// Runs of which nothing follows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// How many.
    pub seeds: u64,
    /// The first seed.
    pub first: u64,
    /// Why, for that seed.
    pub why: String,
}

/// Runs that came out otherwise when they were repeated.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wavering {
    /// How many.
    pub seeds: u64,
    /// The first seed.
    pub first: u64,
    /// Where two runs of that seed part.
    pub split: Split,
    /// The command that shows it again, if it can be shown again.
    pub reproduce: String,
}

/// Where two runs from one seed part.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Split {
    /// At this event. A run that is over has no line.
    Event {
        /// Its number.
        event: u64,
        /// The line in the trace of the first run.
        first: Option<String>,
        /// The line in the trace of the second run.
        second: Option<String>,
    },
    /// Two further runs, with their traces compared, were the same for so many lines.
    Hidden {
        /// How many lines were compared.
        lines: u64,
    },
}

/// How the tool ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// All is as expected.
    Pass,
    /// Something is violated that should not be, or the other way round.
    Violation,
    /// The command line or a scenario is wrong.
    Usage,
    /// A budget ran out.
    Inconclusive,
    /// Nothing was tested.
    NothingTested,
    /// The same seed gave two different runs.
    Nondeterministic,
    /// The tool itself is at fault.
    Internal,
    /// Its budget was spent before it was done: the same command goes on.
    Stopped,
    /// Somebody stopped it.
    Interrupted,
}

impl Exit {
    /// The exit code.
    pub const fn code(self) -> u8 {
        match self {
            Exit::Pass => 0,
            Exit::Violation => 1,
            Exit::Usage => 2,
            Exit::Inconclusive => 3,
            Exit::NothingTested => 4,
            Exit::Nondeterministic => 5,
            Exit::Internal => 70,
            Exit::Stopped => 75,
            Exit::Interrupted => 130,
        }
    }

    /// How much it says when several apply; the highest wins.
    pub(crate) const fn weight(self) -> u8 {
        match self {
            Exit::Pass => 0,
            Exit::NothingTested => 1,
            Exit::Inconclusive => 2,
            Exit::Violation => 3,
            Exit::Nondeterministic => 4,
            Exit::Stopped => 5,
            Exit::Interrupted => 6,
            Exit::Internal => 7,
            Exit::Usage => 8,
        }
    }

    /// The one that says more.
    pub fn or(self, other: Exit) -> Exit {
        if other.weight() > self.weight() { other } else { self }
    }
}

impl Outcome {
    /// Its name in results: `got-away`.
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Caught => "caught",
            Outcome::Violated => "violated",
            Outcome::GotAway => "got-away",
            Outcome::RightViolated => "right-protocol-violated",
            Outcome::Inconclusive => "inconclusive",
            Outcome::NothingTested => "nothing-tested",
            Outcome::Nondeterministic => "nondeterministic",
            Outcome::Unfinished => "unfinished",
        }
    }

    /// How the tool ends if nothing else happened.
    pub const fn exit(self) -> Exit {
        match self {
            Outcome::Passed | Outcome::Caught => Exit::Pass,
            Outcome::Violated | Outcome::GotAway | Outcome::RightViolated => Exit::Violation,
            Outcome::Inconclusive => Exit::Inconclusive,
            Outcome::NothingTested => Exit::NothingTested,
            Outcome::Nondeterministic => Exit::Nondeterministic,
            Outcome::Unfinished => Exit::Interrupted,
        }
    }

    /// Whether all is as expected.
    pub fn is_good(self) -> bool {
        self.exit() == Exit::Pass
    }
}

impl Tested {
    /// How many seeds had to run, as it turned out: none after the one that caught what was sought.
    pub(crate) fn seeds_wanted(&self) -> u64 {
        match self.sought {
            Some(Sought { caught: Some(_), .. }) => self.seeds.ran,
            _ => self.seeds.asked,
        }
    }
}

impl Sought {
    /// Whether a violation of this signature is the one. A check alone stands for all of its properties.
    pub fn matches(&self, signature: &str) -> bool {
        let check = signature.split('/').next();
        self.signature == signature || check == Some(self.signature.as_str())
    }
}

impl Tested {
    /// Whether its violations are told. One that is sought is no news among many scenarios, and neither is what was met beside it: so if it is as
    /// expected, only if it ran `alone`.
    pub fn is_told(&self, alone: bool) -> bool {
        alone || !self.outcome.is_good()
    }
}

impl Summary {
    /// How the tool ends: the outcome that says most. An interrupt outweighs them; no scenario at all tests nothing.
    pub fn exit(&self) -> Exit {
        let all = self.scenarios.iter().map(|scenario| scenario.outcome.exit()).reduce(Exit::or);
        let all = all.unwrap_or(Exit::NothingTested);
        if self.interrupted { all.or(Exit::Interrupted) } else { all }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_more_wins_whatever_the_order() {
        let from_strongest = [
            Exit::Internal,
            Exit::Nondeterministic,
            Exit::Violation,
            Exit::Inconclusive,
            Exit::NothingTested,
            Exit::Pass,
        ];
        for (place, &strong) in from_strongest.iter().enumerate() {
            for &weak in &from_strongest[place..] {
                assert_eq!(strong.or(weak), strong, "{strong:?} or {weak:?}");
                assert_eq!(weak.or(strong), strong, "{weak:?} or {strong:?}");
            }
        }
    }

    #[test]
    fn a_check_stands_for_its_properties_and_for_no_other_check() {
        let sought = |signature: &str| Sought { signature: signature.to_owned(), within: 1, caught: None };
        assert!(sought("invariant/election-safety").matches("invariant/election-safety"));
        assert!(sought("invariant").matches("invariant/election-safety"));
        assert!(!sought("invariant/election").matches("invariant/election-safety"));
        assert!(!sought("inv").matches("invariant/election-safety"));
        assert!(!sought("invariant/election-safety").matches("invariant"));
    }

    #[test]
    fn a_summary_of_nothing_is_not_green() {
        let nothing = Summary { version: String::new(), scenarios: Vec::new(), interrupted: false };
        assert_eq!(nothing.exit(), Exit::NothingTested);
        assert_eq!(Summary { interrupted: true, ..nothing }.exit(), Exit::Interrupted);
    }
}
