//! What can be written after `ci` and `regress`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, value_parser};
use shaketable_sim::time::Span;

use super::{Format, Report};

#[derive(Args, Debug)]
pub(crate) struct Ci {
    /// Scenario files and kept cases, or folders to look for them in
    #[arg(default_value = "scenarios", value_name = "FILE|DIR")]
    pub(crate) paths: Vec<PathBuf>,

    /// Stop after so long, such as `10min`. Kept cases come first, then the files' own seeds, then fresh ones. If not even the files' own seeds
    /// all had their turn, that is inconclusive
    #[arg(long = "for", value_name = "TIME")]
    pub(crate) lasting: Option<Span>,

    /// Run scenarios that should pass with fresh seeds, too, which follow from this text, such as the name of a commit
    #[arg(long, env = "SHAKETABLE_FRESH_FROM", value_parser = name_of_a_change, value_name = "TEXT")]
    pub(crate) fresh_from: Option<String>,

    /// How many fresh seeds of each scenario at most; as many as there is time for unless given, or without `--for` as many as each has of its own
    #[arg(long, requires = "fresh_from", value_parser = value_parser!(u64).range(1..=1_000_000_000), value_name = "N")]
    pub(crate) fresh: Option<u64>,

    /// How many seeds to run at once. The results do not depend on it
    #[arg(short, long, env = "SHAKETABLE_JOBS", value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,

    /// What to print
    #[arg(long, value_enum, default_value_t = CiFormat::Human, env = "SHAKETABLE_CI_FORMAT")]
    pub(crate) format: CiFormat,

    /// A file for a report in JUnit's dialect of XML, with a test case for each property of each scenario
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,

    /// A file for the results as one JSON object
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// A file for a summary in Markdown; with `--format github`, the page of the step unless given
    #[arg(long, value_name = "FILE")]
    pub(crate) summary: Option<PathBuf>,

    /// The folder in which failing runs are saved as cases
    #[arg(long, default_value = "shaketable-out", env = "SHAKETABLE_OUT", value_name = "DIR")]
    pub(crate) out: PathBuf,

    #[command(flatten)]
    pub(crate) report: Report,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(crate) enum CiFormat {
    /// Text for people
    Human,
    /// JUnit's dialect of XML
    Junit,
    /// One JSON object for programs
    Json,
    /// Text for people, and annotations that GitHub puts beside the lines of scenario files
    Github,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Regress {
    /// Take a saved case among those that are kept, if it fails as it says
    Add {
        /// The saved case; better a shrunk one
        #[arg(value_name = "CASE")]
        case: PathBuf,

        /// What its file is called; what it shows unless given. No file is written over
        #[arg(long, value_name = "NAME")]
        name: Option<String>,

        /// The folder
        #[arg(long, default_value = REGRESSIONS, value_name = "DIR")]
        dir: PathBuf,
    },
    /// List the cases that are kept
    List {
        /// The cases, or folders to look for them in
        #[arg(default_value = REGRESSIONS, value_name = "FILE|DIR")]
        paths: Vec<PathBuf>,

        /// What to print
        #[arg(long, value_enum, default_value_t = Format::Human, env = "SHAKETABLE_FORMAT")]
        format: Format,
    },
    /// Replay cases, and hold them to what they expect
    Run {
        /// The cases, or folders to look for them in
        #[arg(default_value = REGRESSIONS, value_name = "FILE|DIR")]
        paths: Vec<PathBuf>,

        /// How many cases to replay at once. The results do not depend on it
        #[arg(short, long, env = "SHAKETABLE_JOBS", value_name = "N")]
        jobs: Option<NonZeroUsize>,

        /// What to print
        #[arg(long, value_enum, default_value_t = Format::Human, env = "SHAKETABLE_FORMAT")]
        format: Format,
    },
    /// Bring what cases have recorded up to date after a change, where what comes of them is what they expect
    Refresh {
        /// The cases, or folders to look for them in
        #[arg(default_value = REGRESSIONS, value_name = "FILE|DIR")]
        paths: Vec<PathBuf>,

        /// What else to take for right. From then on, the case expects a pass
        #[arg(long, value_enum, value_name = "WHAT")]
        accept: Option<Accepted>,
    },
}

/// The folder of cases that are kept.
const REGRESSIONS: &str = "scenarios/regressions";

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(crate) enum Accepted {
    /// A violation is gone, although all that led to it was met again
    Fixed,
    /// The same, and also where the run went another way: you have looked why
    Diverged,
}

/// A text that tells changes apart: an empty one, of a variable that is not set, would give all of them the same seeds.
fn name_of_a_change(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it is empty: every change would get the same seeds".to_owned()),
        text if text.chars().any(char::is_control) => Err("it has a control character".to_owned()),
        text => Ok(text.to_owned()),
    }
}
