//! What can be written after `hunt`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{ArgGroup, Args, ValueEnum, value_parser};
use shaketable_sim::time::Span;

use super::{Format, Report};
use crate::strategy::Strategy;

/// A hunt ends when its budget is spent: that is no failure. It exits with 1 if something was found that no scenario expects, 5 if a run came out
/// otherwise when it was repeated, 3 if some run could not be judged, and 4 if it proves nothing, because nothing was completed or its canary (a bug
/// that is planted to be found) was not found.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("budget").required(true).multiple(true).args(["lasting", "runs"]))]
pub(crate) struct Hunt {
    /// Scenario files, or folders to look for them in
    #[arg(default_value = "scenarios", value_name = "FILE|DIR")]
    pub(crate) paths: Vec<PathBuf>,

    /// Stop after so long
    #[arg(long = "for", value_name = "TIME")]
    pub(crate) lasting: Option<Span>,

    /// Stop after so many runs, those of earlier starts included
    #[arg(long, value_name = "N")]
    pub(crate) runs: Option<u64>,

    /// How trouble is looked for
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    pub(crate) strategy: Search,

    /// The seed to begin at; one that nobody has chosen unless given
    #[arg(long, value_parser = value_parser!(u64).range(..=FROM_MAX), value_name = "SEED")]
    pub(crate) from: Option<u64>,

    /// How many runs at once; as many as there are cores unless given. What a number of runs finds does not depend on it
    #[arg(short, long, env = "SHAKETABLE_JOBS", value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,

    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Human, env = "SHAKETABLE_FORMAT")]
    pub(crate) format: Format,

    /// The folder of the cases that are found and of what the next start needs to go on; one for each hunt, in `shaketable-out`, unless given
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) report: Report,
}

/// The highest seed to begin at: far more can follow it than anybody will ever run.
const FROM_MAX: u64 = 1 << 62;

/// How a hunt looks for trouble.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Search {
    /// Seed after seed, each drawn by itself.
    Drawn(Strategy),
    /// By changing the faults of runs that were where none had been.
    Guided,
}

impl Default for Search {
    /// What the kill matrix shows to be the best where nobody knows what is to be found: no other way is never far behind.
    fn default() -> Search {
        Search::Drawn(Strategy::Mixed)
    }
}

impl ValueEnum for Search {
    fn value_variants<'a>() -> &'a [Search] {
        &[
            Search::Drawn(Strategy::File),
            Search::Drawn(Strategy::Swarm),
            Search::Drawn(Strategy::Pct),
            Search::Drawn(Strategy::Mixed),
            Search::Guided,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Search::Drawn(strategy) => strategy.to_possible_value(),
            Search::Guided => {
                let help = "As `pct`, and the faults of runs that reach new states of the cluster are changed and tried \
                            again: so far it takes 1.9 times the seeds of `pct` to find a planted bug";
                Some(PossibleValue::new("guided").help(help))
            }
        }
    }
}

impl Search {
    /// As it is written.
    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value().expect("every way to search can be written");
        value.get_name().to_owned()
    }

    /// How the trouble of a seed is drawn.
    pub(crate) fn strategy(self) -> Strategy {
        match self {
            Search::Drawn(strategy) => strategy,
            Search::Guided => Strategy::Pct,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hunt_knows_every_strategy() {
        for strategy in Strategy::value_variants() {
            assert!(Search::value_variants().contains(&Search::Drawn(*strategy)), "{strategy:?} is missing");
        }
        assert_eq!(Search::value_variants().len(), Strategy::value_variants().len() + 1);
        assert_eq!((Search::default().name().as_str(), Search::Guided.name().as_str()), ("mixed", "guided"));
    }
}
