//! What came of everything that a project has to show for a change: its scenarios over their own seeds, its kept cases, and fresh seeds.
//!
//! A scenario is held to *properties*: each invariant that it checks, linearizability, progress, what it must reach. Continuous integration knows
//! tests, not seeds, so a property is what is reported to it as one, however many seeds ran.

mod github;
mod human;
mod junit;
mod status;

use serde_json::{Value, json as value};
use shaketable_sim::run::Coverage;

use crate::json::scenario as scenario_json;
use crate::regress::{Regressions, regressions_json};
use crate::summary::{Exit, Found, Outcome, Tested};

pub use github::ci_github;
pub use human::ci_human;
pub use junit::ci_junit;
pub use status::Status;

/// What came of it all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ci {
    /// The version of the tool.
    pub version: String,
    /// The scenarios over their own seeds.
    pub own: Vec<Examined>,
    /// The cases that are kept.
    pub regressions: Regressions,
    /// The scenarios that should pass, over seeds that nobody has chosen.
    pub fresh: Option<Fresh>,
    /// Why not everything had its turn, if it had not.
    pub cut_short: Option<CutShort>,
}

/// Fresh seeds, and what came of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fresh {
    /// The text that they were derived from.
    pub from: String,
    /// The scenarios for which there was time.
    pub scenarios: Vec<Examined>,
}

/// Why a run was over before everything had its turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CutShort {
    /// Its time was up.
    Time,
    /// Somebody stopped it.
    Interrupt,
}

/// What came of one scenario, and what it is held to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Examined {
    /// What came of it.
    pub tested: Tested,
    /// What it is held to.
    pub properties: Vec<Property>,
}

/// Something that a scenario is held to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Property {
    /// What it is about.
    pub about: About,
    /// Where its file asks for it: a line, from 1.
    pub line: u64,
}

/// What a property is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum About {
    /// No run violates this: a check (`linearizability`), or check and property (`invariant/election-safety`).
    Never(String),
    /// Some run violates what the scenario expects.
    Caught,
    /// The protocol without its planted bug violates nothing on the same seeds.
    RightSurvives,
    /// All runs together reach so much of this number.
    Reach(&'static str, u64),
    /// Operations complete at all.
    Something,
    /// Every run is decided: no budget runs out, no assumption is exceeded.
    Decided,
    /// The same seed gives the same run.
    Deterministic,
}

impl About {
    /// Its name, as a test.
    pub fn name(&self) -> String {
        match self {
            About::Never(check) if check == "panic" => "no panic".to_owned(),
            About::Never(signature) => signature.clone(),
            About::Caught => "the expected violation is found".to_owned(),
            About::RightSurvives => "the right protocol survives".to_owned(),
            About::Reach(name, wanted) => format!("reaches {name} {wanted}"),
            About::Something => "operations complete".to_owned(),
            About::Decided => "every run is decided".to_owned(),
            About::Deterministic => "the same seed gives the same run".to_owned(),
        }
    }
}

impl Ci {
    /// How the tool ends: what says most. An interrupt outweighs the rest; what had no turn is not known to be good.
    pub fn exit(&self) -> Exit {
        let fresh = self.fresh.iter().flat_map(|fresh| &fresh.scenarios);
        let scenarios = self.own.iter().chain(fresh).map(Examined::exit);
        let cases = self.regressions.cases.iter().map(crate::regress::Case::exit);
        let all = scenarios.chain(cases).reduce(Exit::or).unwrap_or(Exit::NothingTested);
        match self.cut_short {
            None => all,
            Some(CutShort::Interrupt) => all.or(Exit::Interrupted),
            Some(CutShort::Time) => all.or(Exit::Inconclusive),
        }
    }

    /// Whether nothing went wrong in what had its turn.
    fn is_good(&self) -> bool {
        Ci { cut_short: None, ..self.clone() }.exit() == Exit::Pass
    }

    /// What is left to be done, in words: nothing if everything had its turn.
    pub(crate) fn left_out(&self) -> Option<String> {
        let why = match self.cut_short? {
            CutShort::Time => "out of time",
            CutShort::Interrupt => "interrupted",
        };
        let partly = self.own.iter().filter(|examined| examined.tested.outcome == Outcome::Unfinished).count() as u64;
        let cases = self.regressions.asked - self.regressions.cases.len() as u64;
        let left = [(partly, "scenario"), (cases, "case")];
        let left = left.iter().filter(|(count, _)| *count > 0);
        let left: Vec<String> = left.map(|(count, noun)| crate::text::counted(*count, noun)).collect();
        Some(match left.as_slice() {
            [] => why.to_owned(),
            left => format!("{why}: not all seeds of {} had their turn", left.join(" and ")),
        })
    }
}

impl Examined {
    /// How the tool ends if this is all that there is. Seeds that had no turn are said by whoever took it away.
    fn exit(&self) -> Exit {
        match self.tested.outcome {
            Outcome::Unfinished => Exit::Pass,
            other => other.exit(),
        }
    }
}

impl Fresh {
    /// Adds what came of further seeds of the same scenarios. They come in rounds, for as long as there is time.
    pub fn add(&mut self, round: Vec<Examined>) {
        for Examined { tested, properties } in round.into_iter().filter(|examined| examined.tested.seeds.ran > 0) {
            match self.scenarios.iter_mut().find(|known| known.tested.name == tested.name) {
                Some(known) => join(&mut known.tested, tested),
                None => self.scenarios.push(Examined { tested: ended(tested), properties }),
            }
        }
    }
}

/// A round that time has cut off is over: what ran, ran.
fn ended(mut tested: Tested) -> Tested {
    tested.seeds.asked = tested.seeds.ran;
    if tested.outcome == Outcome::Unfinished {
        tested.outcome = if tested.inconclusive.is_some() { Outcome::Inconclusive } else { Outcome::Passed };
    }
    tested
}

/// One after the other: numbers add up, and of every violation the cheapest run is kept.
fn join(known: &mut Tested, later: Tested) {
    let later = ended(later);
    known.seeds.asked += later.seeds.asked;
    known.seeds.ran += later.seeds.ran;
    known.simulated = known.simulated + later.simulated;
    known.coverage.add(&later.coverage);
    if later.outcome.exit().or(known.outcome.exit()) != known.outcome.exit() {
        known.outcome = later.outcome;
    }
    for found in later.violations {
        let same = |other: &&mut Found| other.signature == found.signature && other.side == found.side;
        match known.violations.iter_mut().find(same) {
            None => known.violations.push(found),
            Some(other) => {
                other.seeds += found.seeds;
                if found.example.events < other.example.events {
                    other.example = found.example;
                }
            }
        }
    }
    for (known, later) in [(&mut known.inconclusive, later.inconclusive), (&mut known.exceeded, later.exceeded)] {
        match (known.as_mut(), later) {
            (Some(known), Some(later)) => known.seeds += later.seeds,
            (None, later) => *known = later,
            (Some(_), None) => {}
        }
    }
    match (known.wavering.as_mut(), later.wavering) {
        (Some(known), Some(later)) => known.seeds += later.seeds,
        (None, later) => known.wavering = later,
        (Some(_), None) => {}
    }
}

/// For programs: `own` and, within `fresh`, `scenarios` are as those of a run; each has `properties` with `name`, `status` (`held`, `broken`, `unsteady`,
/// `unknown`) and `why`. `regressions` is as its own report.
pub fn ci_json(ci: &Ci) -> Value {
    let all = |scenarios: &[Examined]| scenarios.iter().map(examined).collect::<Vec<_>>();
    let fresh = |fresh: &Fresh| value!({ "from": fresh.from, "scenarios": all(&fresh.scenarios) });
    value!({
        "v": 1,
        "tool": ci.version,
        "exit": ci.exit().code(),
        "left-out": ci.left_out(),
        "own": all(&ci.own),
        "regressions": regressions_json(&ci.regressions),
        "fresh": ci.fresh.as_ref().map(fresh),
    })
}

fn examined(examined: &Examined) -> Value {
    let mut json = scenario_json(&examined.tested);
    let property = |property: &Property| {
        let status = examined.status(property);
        value!({ "name": property.about.name(), "status": status.name(), "why": status.why() })
    };
    json["properties"] = examined.properties.iter().map(property).collect();
    json
}

/// What all of them exercised.
fn seeds(scenarios: &[Examined]) -> (u64, u64) {
    let ran = scenarios.iter().map(|examined| examined.tested.seeds.ran).sum();
    let mut coverage = Coverage::default();
    scenarios.iter().for_each(|examined| coverage.add(&examined.tested.coverage));
    (ran, coverage.events)
}
