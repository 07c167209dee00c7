//! Adds up the runs of one scenario, seed by seed, and judges them by what the scenario expects.

use std::ops::{ControlFlow, Range};

use shaketable_reports::{Example, Found, Notice, Outcome, Seeds, Side, Sought, Tested, Unmet, Wavering};
use shaketable_sim::run::{Coverage, Run, Verdict, Violation};
use shaketable_sim::spec::any::Any;
use shaketable_sim::time::Span;

use crate::active::faults_at;
use crate::attempt::{Attempt, Subject};
use crate::cases::{Cases, from_seed};
use crate::scenario::{Expected, Scenario};

/// What came of one seed: the scenario's own run, and that of the right protocol if there is another.
pub(crate) struct Trial {
    /// The scenario's own.
    pub(crate) own: Attempt,
    /// The same without the planted bug.
    pub(crate) right: Option<Attempt>,
}

/// The runs of one scenario so far.
pub(crate) struct Tally<'a> {
    scenario: &'a Scenario,
    seeds: Seeds,
    sought: Option<Sought>,
    simulated: Span,
    coverage: Coverage,
    /// Operations completed in runs that passed; of the right protocol if there are two.
    counted_ops: u64,
    violations: Vec<Found>,
    inconclusive: Option<Notice>,
    exceeded: Option<Notice>,
    wavering: Option<Wavering>,
}

impl<'a> Tally<'a> {
    /// Before the first of these seeds.
    pub(crate) fn new(scenario: &'a Scenario, seeds: &Range<u64>) -> Tally<'a> {
        let sought = match &scenario.expect.verdict {
            Expected::Pass => None,
            Expected::Violation { signature, within_seeds } => {
                Some(Sought { signature: signature.clone(), within: *within_seeds, caught: None })
            }
        };
        Tally {
            scenario,
            seeds: Seeds { first: seeds.start, asked: seeds.end.saturating_sub(seeds.start), ran: 0 },
            sought,
            simulated: Span::ZERO,
            coverage: Coverage::default(),
            counted_ops: 0,
            violations: Vec::new(),
            inconclusive: None,
            exceeded: None,
            wavering: None,
        }
    }

    /// Counts the next seed. Breaks when no more are needed: what is sought has been caught.
    pub(crate) fn take(&mut self, trial: &Trial, cases: &mut Cases) -> ControlFlow<()> {
        self.seeds.ran += 1;
        self.coverage.add(&trial.own.run.coverage);
        self.attempt(Side::Own, &trial.own, trial.right.is_none(), cases);
        if let Some(right) = &trial.right {
            self.attempt(Side::Right, right, true, cases);
        }
        match self.sought {
            Some(Sought { caught: Some(_), .. }) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }

    /// `counts` says whether this side has to show that something was tested.
    fn attempt(&mut self, side: Side, attempt: &Attempt, counts: bool, cases: &mut Cases) {
        let Attempt { run, steady } = attempt;
        let (seed, subject) = (run.seed.0, Subject { scenario: self.scenario, side });
        self.simulated = self.simulated + Span::nanos(run.end.as_nanos());
        if !steady {
            match &mut self.wavering {
                Some(wavering) => wavering.seeds += 1,
                None => {
                    let (split, reproduce) = (subject.split(run.seed), from_seed(subject, seed));
                    self.wavering = Some(Wavering { seeds: 1, first: seed, split, reproduce });
                }
            }
            return;
        }
        match &run.verdict {
            Verdict::Pass if counts => self.counted_ops += run.coverage.completed_ops,
            Verdict::Pass => {}
            Verdict::Violation(violation) => self.violation(subject, run, violation, cases),
            // What the wrong protocol could not decide is no matter if another seed catches it.
            Verdict::Inconclusive(why) => notice(&mut self.inconclusive, seed, &told(side, why)),
            Verdict::AssumptionExceeded(why) => notice(&mut self.exceeded, seed, &told(side, why)),
        }
    }

    fn violation(&mut self, subject: Subject<'_>, run: &Run<Any>, violation: &Violation, cases: &mut Cases) {
        let signature = violation.signature();
        let sought = self.sought.as_mut().filter(|sought| subject.side == Side::Own && sought.matches(&signature));
        let is_sought = sought.is_some();
        if let Some(sought) = sought {
            sought.caught.get_or_insert(run.seed.0);
        }
        let same = |found: &Found| found.side == subject.side && found.signature == signature;
        let place = self.violations.iter().position(same);
        let events = run.coverage.events;
        if let Some(place) = place {
            let found = &mut self.violations[place];
            found.seeds += 1;
            if found.example.events <= events {
                return;
            }
        }
        // The expected violation needs no file: the scenario with its seed shows it for as long as it is in order.
        let reproduce = if is_sought { from_seed(subject, run.seed.0) } else { cases.keep(subject, run, &signature) };
        let example = Example {
            seed: run.seed.0,
            digest: run.digest,
            at: violation.at,
            events,
            story: violation.story.clone(),
            faults: faults_at(violation.at, &run.applied, &self.scenario.plan),
            reproduce,
        };
        match place {
            Some(place) => self.violations[place].example = example,
            None => self.violations.push(Found { signature, side: subject.side, seeds: 1, example }),
        }
    }

    /// Whether something is wrong already that no further seed can put right.
    pub(crate) fn is_failing(&self) -> bool {
        let unexpected = |found: &Found| self.sought.is_none() || found.side == Side::Right;
        self.wavering.is_some() || self.violations.iter().any(unexpected)
    }

    /// Judges what there is.
    pub(crate) fn done(self) -> Tested {
        let unmet = self.unmet();
        Tested {
            name: self.scenario.path.display().to_string(),
            protocol: Subject { scenario: self.scenario, side: Side::Own }.protocol(),
            outcome: self.outcome(&unmet),
            unmet,
            sought: self.sought,
            seeds: self.seeds,
            simulated: self.simulated,
            coverage: self.coverage,
            violations: self.violations,
            inconclusive: self.inconclusive,
            exceeded: self.exceeded,
            wavering: self.wavering,
        }
    }

    /// What was not reached. The numbers of a file are meant for its own seeds: fewer need not reach them.
    fn unmet(&self) -> Vec<Unmet> {
        let meant_for = match &self.sought {
            Some(sought) => sought.within,
            None => self.scenario.seeds.end - self.scenario.seeds.start,
        };
        if self.seeds.asked < meant_for {
            return Vec::new();
        }
        let named = self.coverage.named();
        let got = |wanted: &str| named.iter().find(|(name, _)| *name == wanted).map_or(0, |(_, number)| *number);
        let reach = self.scenario.expect.reach.iter();
        let numbers = reach.map(|&(name, wanted)| Unmet { name, wanted, got: got(name) });
        numbers.filter(|unmet| unmet.got < unmet.wanted).collect()
    }

    /// The first that holds says most.
    fn outcome(&self, unmet: &[Unmet]) -> Outcome {
        let caught = self.sought.as_ref().is_some_and(|sought| sought.caught.is_some());
        let nothing_done = self.counted_ops == 0 && (self.sought.is_none() || self.scenario.bug.is_some());
        if self.wavering.is_some() {
            Outcome::Nondeterministic
        } else if self.violations.iter().any(|found| found.side == Side::Right) {
            Outcome::RightViolated
        } else if self.sought.is_none() && !self.violations.is_empty() {
            Outcome::Violated
        } else if self.sought.as_ref().is_some_and(|sought| !caught && self.seeds.ran >= sought.within) {
            Outcome::GotAway
        } else if !caught && self.seeds.ran < self.seeds.asked {
            Outcome::Unfinished
        } else if self.inconclusive.is_some() || (self.sought.is_some() && !caught) {
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

fn told(side: Side, why: &str) -> String {
    match side {
        Side::Own => why.to_owned(),
        Side::Right => format!("the right protocol: {why}"),
    }
}

fn notice(notice: &mut Option<Notice>, seed: u64, why: &str) {
    notice.get_or_insert_with(|| Notice { seeds: 0, first: seed, why: why.to_owned() }).seeds += 1;
}
