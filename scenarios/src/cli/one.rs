//! What can be written after `replay`, `shrink` and `blame`, which are about one run.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, value_parser};
use shaketable_sim::time::Span;

use super::Format;
use crate::strategy::Strategy;

/// One run of a file.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Which {
    /// The seed; that of the case unless given
    #[arg(long, value_parser = value_parser!(u64).range(..u64::MAX), value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// How trouble was looked for when the run was met. In a saved case nothing is left to be drawn
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    pub(crate) strategy: Strategy,
}

#[derive(Args, Debug)]
pub(crate) struct Replay {
    /// A saved case, or a scenario
    #[arg(value_name = "FILE")]
    pub(crate) path: PathBuf,

    #[command(flatten)]
    pub(crate) which: Which,

    /// Where to write every event, one JSON object a line; `-` is stdout, and the report then goes to stderr
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,

    /// Where to write a page that shows the run: one HTML file, which needs nothing else
    #[arg(long, value_name = "FILE")]
    pub(crate) page: Option<PathBuf>,

    /// Where to write what the clients saw, as a history that `shaketable check` reads; `-` is stdout, and the report then goes to stderr
    #[arg(long, value_name = "FILE")]
    pub(crate) history: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Shrink {
    /// A saved case, or a scenario; with `--table` several, or folders to look for them in
    #[arg(required = true, value_name = "FILE")]
    pub(crate) paths: Vec<PathBuf>,

    /// Measure: search each scenario that expects a violation for its first failing seed, shrink that, replay what is left, and print a table of Markdown
    #[arg(long, conflicts_with = "seed")]
    pub(crate) table: bool,

    #[command(flatten)]
    pub(crate) which: Which,

    /// Where to keep the smallest case so far: the case's own name with `-shrunk` unless given. If it is there already, it is made smaller still.
    /// Of a table: the folder for all of them
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,

    /// Stop after so long; each, of a table
    #[arg(long = "for", default_value = "2min", value_name = "TIME")]
    pub(crate) lasting: Span,

    /// Stop after so many runs
    #[arg(long, value_name = "N")]
    pub(crate) runs: Option<u64>,

    /// How many runs at once. The result does not depend on it, unless time runs out
    #[arg(short, long, env = "SHAKETABLE_JOBS", value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,

    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Human, env = "SHAKETABLE_FORMAT")]
    pub(crate) format: Format,
}

/// From events along the failing run, the rest is run again with other chance, many times: how many of these futures fail, too, until a little after it did, is the
/// probability of the failure there. Only chance is new. What the file plans stays: in a saved case, faults at their times; in a scenario with faults by chance, those are drawn anew that come later.
#[derive(Args, Debug)]
pub(crate) struct Blame {
    /// A saved case, or a scenario
    #[arg(value_name = "FILE")]
    pub(crate) path: PathBuf,

    #[command(flatten)]
    pub(crate) which: Which,

    /// How many futures to follow from each event
    #[arg(long, default_value_t = 100, value_parser = value_parser!(u64).range(1..=1_000_000), value_name = "N")]
    pub(crate) samples: u64,

    /// From how many events at most
    #[arg(long, default_value_t = 64, value_name = "N")]
    pub(crate) points: usize,

    /// Stop after so long
    #[arg(long = "for", default_value = "2min", value_name = "TIME")]
    pub(crate) lasting: Span,

    /// How many runs at once. The result does not depend on it, unless time runs out
    #[arg(short, long, env = "SHAKETABLE_JOBS", value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,

    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Human, env = "SHAKETABLE_FORMAT")]
    pub(crate) format: Format,
}
