//! Counts the runs of one scenario, seed by seed.

use std::ops::{ControlFlow, Range};

use shaketable_reports::{Notice, Side, Wavering};
use shaketable_sim::run::{Run, Verdict, Violation};
use shaketable_sim::spec::any::Any;
use shaketable_sim::time::Span;

use crate::active::faults_of;
use crate::attempt::{Attempt, Subject};
use crate::cases::{Cases, from_seed};
use crate::counts::{Again, Counts, Met, Part, Terms, Witness};
use crate::scenario::Scenario;

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
    terms: Terms,
    counts: Counts,
}

impl<'a> Tally<'a> {
    /// Before the first of these seeds.
    pub(crate) fn new(scenario: &'a Scenario, seeds: &Range<u64>) -> Tally<'a> {
        let asked = seeds.end.saturating_sub(seeds.start);
        Tally { scenario, terms: Terms::new(scenario, seeds.start, asked), counts: Counts::default() }
    }

    /// Counts the next seed. Breaks when no more are needed: what is sought has been caught.
    pub(crate) fn take(&mut self, trial: &Trial, cases: &mut Cases) -> ControlFlow<()> {
        self.counts.ran += 1;
        self.counts.coverage.add(&trial.own.run.coverage);
        self.counts.simulated = self.counts.simulated + Span::nanos(trial.own.run.end.as_nanos());
        self.attempt(Side::Own, &trial.own, trial.right.is_none(), cases);
        if let Some(right) = &trial.right {
            self.attempt(Side::Right, right, true, cases);
        }
        if self.counts.caught.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// `counts` says whether this side has to show that something was tested.
    fn attempt(&mut self, side: Side, attempt: &Attempt, counts: bool, cases: &mut Cases) {
        let Attempt { run, steady } = attempt;
        let (seed, subject) = (run.seed.0, Subject { scenario: self.scenario, side });
        if !steady {
            match &mut self.counts.wavering {
                Some(wavering) => wavering.seeds += 1,
                None => {
                    let (split, reproduce) =
                        (subject.split(run.seed), from_seed(&self.scenario.path, self.scenario.strategy, side, seed));
                    self.counts.wavering = Some(Wavering { seeds: 1, first: seed, split, reproduce });
                }
            }
            return;
        }
        match &run.verdict {
            Verdict::Pass if counts => self.counts.counted_ops += run.coverage.completed_ops,
            Verdict::Pass => {}
            Verdict::Violation(violation) => self.violation(subject, run, violation, cases),
            // What the wrong protocol could not decide is no matter if another seed catches it.
            Verdict::Inconclusive(why) => notice(&mut self.counts.inconclusive, seed, &told(side, why)),
            Verdict::AssumptionExceeded(why) => notice(&mut self.counts.exceeded, seed, &told(side, why)),
        }
    }

    fn violation(&mut self, subject: Subject<'_>, run: &Run<Any>, violation: &Violation, cases: &mut Cases) {
        let (seed, side, signature) = (run.seed.0, subject.side, violation.signature());
        let is_sought = self.terms.seeks(side, &signature);
        if is_sought {
            self.counts.caught.get_or_insert(seed);
        }
        let events = run.coverage.events;
        let known = self.counts.met(side, &signature);
        if let Some(known) = known {
            known.seeds += 1;
            if known.cheapest.events <= events {
                return;
            }
        }
        let cheapest = Witness {
            seed,
            digest: run.digest,
            at: violation.at,
            events,
            story: violation.story.clone(),
            faults: faults_of(violation, run, &self.scenario.plan),
            // The expected violation needs no file: the scenario with its seed shows it for as long as it is in order.
            again: match is_sought {
                true => Again::Command(from_seed(&self.scenario.path, self.scenario.strategy, side, seed)),
                false => cases.keep(subject, run, &signature),
            },
        };
        match self.counts.met(side, &signature) {
            Some(known) => known.cheapest = cheapest,
            None => self.counts.violations.push(Met { signature, side, seeds: 1, cheapest }),
        }
    }

    /// Whether something is wrong already that no further seed can put right.
    pub(crate) fn is_failing(&self) -> bool {
        let unexpected = |met: &Met| !self.terms.expects_violation() || met.side == Side::Right;
        self.counts.wavering.is_some() || self.counts.violations.iter().any(unexpected)
    }

    /// What there is.
    pub(crate) fn done(self) -> Part {
        Part { terms: self.terms, counts: self.counts }
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
