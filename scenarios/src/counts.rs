//! What the runs of one scenario came to: counts that add up, the terms by which they are judged, and the judgement.
//!
//! All of it is plain data. Counts of some seeds and counts of the seeds after them make the counts of both, so a scenario can be
//! counted in parts, written down and judged somewhere else.

use std::path::Path;

use serde::{Deserialize, Serialize};
use shaketable_reports::{Example, Found, Notice, Outcome, Seeds, Side, Sought, Tested, Unmet, Wavering};
use shaketable_sim::digest::digest_of;
use shaketable_sim::run::Coverage;
use shaketable_sim::time::{Instant, Span};

use crate::attempt::Subject;
use crate::cases::Cases;
use crate::hex;
use crate::scenario::{Expected, Scenario};
use crate::strategy::Strategy;

/// What the runs of a scenario are judged by, and which they are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Terms {
    /// The scenario's file, as it was given.
    pub(crate) name: String,
    /// The digest of its text.
    #[serde(with = "hex")]
    pub(crate) text: u64,
    /// What runs, with the bug planted in it if there is one.
    protocol: String,
    /// Whether there is one.
    planted: bool,
    /// How its trouble is looked for.
    strategy: Strategy,
    /// Whether it is a saved case, which shows what it shows, and may need no operation for that.
    kept: bool,
    /// The first seed.
    pub(crate) first: u64,
    /// How many seeds are to run, from the first on.
    pub(crate) asked: u64,
    /// How many seeds the numbers in `reach` are meant for: fewer need not reach them.
    meant_for: u64,
    /// What must be reached: names of `Coverage` with numbers.
    reach: Vec<(String, u64)>,
    /// The violation that is expected.
    sought: Option<Aim>,
}

/// A violation that is expected.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Aim {
    /// The check, or check and property.
    signature: String,
    /// Among how many seeds.
    within: u64,
}

/// What some runs came to.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Counts {
    /// How many seeds ran.
    pub(crate) ran: u64,
    /// The first of them at which the expected violation came.
    pub(crate) caught: Option<u64>,
    /// The simulated time of the scenario's own runs.
    pub(crate) simulated: Span,
    /// What the scenario's own runs exercised.
    pub(crate) coverage: Coverage,
    /// Operations completed in runs that passed; of the right protocol if there are two.
    pub(crate) counted_ops: u64,
    /// The violations, in the order in which they were first met.
    pub(crate) violations: Vec<Met>,
    /// The runs whose budget ran out.
    pub(crate) inconclusive: Option<Notice>,
    /// The runs with more faults than the protocol claims to bear.
    pub(crate) exceeded: Option<Notice>,
    /// The runs that came out otherwise when they were repeated.
    pub(crate) wavering: Option<Wavering>,
}

/// All violations of one signature.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Met {
    /// Its name.
    pub(crate) signature: String,
    /// Whose runs they were.
    pub(crate) side: Side,
    /// How many seeds met it.
    pub(crate) seeds: u64,
    /// The run with the fewest events; of several, the first.
    pub(crate) cheapest: Witness,
}

/// One run that violates something.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Witness {
    /// Its seed.
    pub(crate) seed: u64,
    /// Its digest.
    #[serde(with = "hex")]
    pub(crate) digest: u64,
    /// When the violation was seen, by true time.
    pub(crate) at: Instant,
    /// How many events the run had.
    pub(crate) events: u64,
    /// What happened, one sentence a line.
    pub(crate) story: Vec<String>,
    /// The faults that were active then, or else the last that had struck.
    pub(crate) faults: Vec<String>,
    /// How it is seen again.
    pub(crate) again: Again,
}

/// How a run is seen again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Again {
    /// By this command.
    Command(String),
    /// By replaying this case, a scenario file that has not been written yet.
    Case(String),
}

/// A scenario that has been run, or a part of its seeds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    /// What it is judged by.
    pub(crate) terms: Terms,
    /// What its runs came to.
    pub(crate) counts: Counts,
}

impl Terms {
    /// Those of a scenario with so many seeds.
    pub(crate) fn new(scenario: &Scenario, first: u64, asked: u64) -> Terms {
        let (sought, meant_for) = match &scenario.expect.verdict {
            Expected::Pass => (None, scenario.seeds.end - scenario.seeds.start),
            Expected::Violation { signature, within_seeds } => {
                (Some(Aim { signature: signature.clone(), within: *within_seeds }), *within_seeds)
            }
        };
        Terms {
            name: scenario.path.display().to_string(),
            text: digest_of(&scenario.text),
            protocol: Subject { scenario, side: Side::Own }.protocol(),
            planted: scenario.bug.is_some(),
            strategy: scenario.strategy,
            kept: scenario.recorded.is_some(),
            first,
            asked,
            meant_for,
            // What a file wants to be reached is meant for the trouble that it plans itself.
            reach: match scenario.strategy {
                Strategy::File => {
                    scenario.expect.reach.iter().map(|&(name, wanted)| (name.to_owned(), wanted)).collect()
                }
                _ => Vec::new(),
            },
            sought,
        }
    }

    /// Whether a violation is expected.
    pub(crate) fn expects_violation(&self) -> bool {
        self.sought.is_some()
    }

    /// Whether a violation of this signature, met by this side, is the one.
    pub(crate) fn seeks(&self, side: Side, signature: &str) -> bool {
        side == Side::Own && self.sought(None).is_some_and(|sought| sought.matches(signature))
    }

    fn sought(&self, caught: Option<u64>) -> Option<Sought> {
        let Aim { signature, within } = self.sought.as_ref()?;
        Some(Sought { signature: signature.clone(), within: *within, caught })
    }
}

/// More than this nobody has counted: at a million a second it takes nine years.
const MOST: u64 = 1 << 48;

impl Counts {
    /// Whether they can have been counted, so that tens of thousands of their like add up to something.
    pub(crate) fn are_plausible(&self) -> bool {
        let notices = [&self.inconclusive, &self.exceeded].into_iter().flatten().map(|notice| notice.seeds);
        let seeds = self.violations.iter().map(|met| met.seeds).chain(notices);
        let wavering = self.wavering.iter().map(|wavering| wavering.seeds);
        let covered = self.coverage.named().into_iter().map(|(_, number)| number);
        let kinds = self.coverage.kinds.values().flat_map(|kind| [kind.struck, kind.acted]);
        let counted = [self.ran, self.counted_ops].into_iter().chain(seeds).chain(wavering).chain(covered).chain(kinds);
        counted.into_iter().all(|count| count < MOST)
    }

    /// Adds what came of seeds that stand behind these.
    pub(crate) fn append(&mut self, later: Counts) {
        self.ran += later.ran;
        self.caught = self.caught.or(later.caught);
        self.simulated = self.simulated + later.simulated;
        self.coverage.add(&later.coverage);
        self.counted_ops += later.counted_ops;
        for met in later.violations {
            match self.met(met.side, &met.signature) {
                None => self.violations.push(met),
                Some(known) => {
                    known.seeds += met.seeds;
                    if met.cheapest.events < known.cheapest.events {
                        known.cheapest = met.cheapest;
                    }
                }
            }
        }
        join(&mut self.inconclusive, later.inconclusive, |known, more| known.seeds += more.seeds);
        join(&mut self.exceeded, later.exceeded, |known, more| known.seeds += more.seeds);
        join(&mut self.wavering, later.wavering, |known, more| known.seeds += more.seeds);
    }

    /// The violations of this signature so far.
    pub(crate) fn met(&mut self, side: Side, signature: &str) -> Option<&mut Met> {
        self.violations.iter_mut().find(|met| met.side == side && met.signature == signature)
    }
}

/// What comes first is kept, and what comes later is added to it.
fn join<T>(known: &mut Option<T>, later: Option<T>, add: impl FnOnce(&mut T, T)) {
    match (known.as_mut(), later) {
        (Some(known), Some(later)) => add(known, later),
        (None, later) => *known = later,
        (Some(_), None) => {}
    }
}

impl Part {
    /// Judges it. Cases that are in no file yet are put among `cases`.
    pub(crate) fn judged(self, cases: &mut Cases) -> Tested {
        let unmet = self.unmet();
        let outcome = self.outcome(&unmet);
        let Part { terms, counts } = self;
        Tested {
            outcome,
            unmet,
            sought: terms.sought(counts.caught),
            seeds: Seeds { first: terms.first, asked: terms.asked, ran: counts.ran },
            simulated: counts.simulated,
            coverage: counts.coverage,
            violations: counts.violations.into_iter().map(|met| found(met, &terms, cases)).collect(),
            inconclusive: counts.inconclusive,
            exceeded: counts.exceeded,
            wavering: counts.wavering,
            name: terms.name,
            protocol: terms.protocol,
        }
    }

    /// What was not reached. The numbers of a file are meant for its own seeds: fewer need not reach them.
    fn unmet(&self) -> Vec<Unmet> {
        if self.terms.asked < self.terms.meant_for {
            return Vec::new();
        }
        let named = self.counts.coverage.named();
        let got = |wanted: &str| named.iter().find(|(name, _)| *name == wanted).map_or(0, |(_, number)| *number);
        let reach = self.terms.reach.iter();
        let numbers = reach.map(|(name, wanted)| Unmet { name: name.clone(), wanted: *wanted, got: got(name) });
        numbers.filter(|unmet| unmet.got < unmet.wanted).collect()
    }

    /// The first that holds says most.
    fn outcome(&self, unmet: &[Unmet]) -> Outcome {
        let Part { terms, counts } = self;
        let (caught, expects) = (counts.caught.is_some(), terms.expects_violation());
        let nothing_done = counts.counted_ops == 0 && !terms.kept && (!expects || terms.planted);
        if counts.wavering.is_some() {
            Outcome::Nondeterministic
        } else if counts.violations.iter().any(|met| met.side == Side::Right) {
            Outcome::RightViolated
        } else if !expects && !counts.violations.is_empty() {
            Outcome::Violated
        } else if terms.sought.as_ref().is_some_and(|sought| !caught && counts.ran >= sought.within) {
            Outcome::GotAway
        } else if !caught && counts.ran < terms.asked {
            Outcome::Unfinished
        } else if counts.inconclusive.is_some() || (expects && !caught) {
            Outcome::Inconclusive
        } else if !unmet.is_empty() || nothing_done {
            Outcome::NothingTested
        } else if caught {
            Outcome::Caught
        } else {
            Outcome::Passed
        }
    }
}

fn found(met: Met, terms: &Terms, cases: &mut Cases) -> Found {
    let Witness { seed, digest, at, events, story, faults, again } = met.cheapest;
    let reproduce = match again {
        Again::Command(command) => command,
        Again::Case(text) => cases.put((Path::new(&terms.name), terms.strategy), met.side, &met.signature, seed, &text),
    };
    cases.remember((&terms.name, terms.strategy), met.side, &met.signature);
    let example = Example { seed, digest, at, events, story, faults, reproduce, page: None };
    Found { signature: met.signature, side: met.side, seeds: met.seeds, example }
}
