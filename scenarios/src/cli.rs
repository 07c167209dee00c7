//! What can be written on the command line.

use std::num::{NonZeroU32, NonZeroUsize};
use std::ops::Range;
use std::path::PathBuf;

use clap::builder::{FalseyValueParser, PossibleValue};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, value_parser};

use crate::describe::What;
use crate::load::parse_seeds;
use crate::shards::Shard;
use crate::strategy::Strategy;

mod check;
mod hunt;
mod keep;
mod one;
mod report;
mod trace;

pub(crate) use check::Check;
pub(crate) use hunt::{Hunt, Search};
pub(crate) use keep::{Accepted, Ci, CiFormat, Regress};
pub(crate) use one::{Blame, Replay, Shrink, Which};
pub(crate) use report::{Report, ReportFile, Written};
pub(crate) use trace::{Diff, Shape, Trace};

/// Shake a simulated cluster until the protocol breaks, and replay exactly how it broke.
#[derive(Parser, Debug)]
#[command(name = "shaketable", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) look: Look,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 all as expected, 1 a violation (or an expected one that did not come), 2 wrong usage or a wrong scenario,
3 inconclusive (a budget ran out, or nothing was finished in time), 4 nothing was tested, 5 nondeterministic or
diverged, 70 an error of this program, 75 out of its budget (the same command goes on), 130 interrupted.";

/// How things look, whatever is done.
#[derive(Args, Debug)]
#[command(next_help_heading = "How it looks")]
pub(crate) struct Look {
    /// Whether to use colours
    #[arg(long, global = true, value_enum, default_value_t = When::Auto, env = "SHAKETABLE_COLOR", value_name = "WHEN")]
    pub(crate) color: When,

    /// How to show progress on stderr: a bar on a terminal, else a line now and then
    #[arg(long, global = true, value_enum, default_value_t = Show::Auto, env = "SHAKETABLE_PROGRESS", value_name = "HOW")]
    pub(crate) progress: Show,

    /// Show no progress and say nothing on stderr but errors
    #[arg(short, long, global = true, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new(), env = "SHAKETABLE_QUIET")]
    pub(crate) quiet: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(crate) enum When {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(crate) enum Show {
    /// A bar on a terminal, else a line
    Auto,
    Bar,
    /// A line, every ten seconds
    Counter,
    None,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Run scenarios over many seeds, and compare with what they expect
    Run(Run),
    /// Put the shards of a sweep together, and print what one run of the whole would have printed
    Merge(Merge),
    /// Search for failures within a budget, and go on where it was
    Hunt(Hunt),
    /// Run one seed again: that of a saved case, or any seed of a scenario
    Replay(Replay),
    /// Show a run event by event, all of it or a part: as text, as a page, or for another tool
    Trace(Trace),
    /// Tell where two runs part, and why
    Diff(Diff),
    /// Make a failing run smaller, until a person can read it
    Shrink(Shrink),
    /// Do all that a change has to pass: kept cases, scenarios over their own seeds, and fresh seeds
    Ci(Ci),
    /// Check a history of clients, from wherever it comes: whether it is linearizable
    Check(Check),
    /// Keep saved cases, so that what was found once never comes back unseen
    Regress {
        #[command(subcommand)]
        what: Regress,
    },
    /// Tell when a failing run became likely to fail, when certain, and by which events
    Blame(Blame),
    /// Measure how many seeds the scenarios of planted bugs take to catch them, and by which checks
    Bugs(Bugs),
    /// Measure how evenly placements spread keys over nodes, and how many move when a node comes or goes
    Placements(Placements),
    /// List the scenarios, or what they can name
    List(List),
    /// Explain a protocol, a planted bug, a property, a fault, a workload, a key or a check
    Explain {
        /// Its name, such as `crash` or `raft/forgets-vote`
        name: String,
    },
    /// Print the JSON Schema of scenario files
    Schema,
    /// Print a script that completes commands in a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Run {
    /// Scenario files, or folders to look for them in
    #[arg(default_value = "scenarios", value_name = "FILE|DIR")]
    pub(crate) paths: Vec<PathBuf>,

    /// Seeds to run instead of those that the files name: `0..1000` (the last one excluded), or so many fresh ones: `random:1000`.
    /// What a file must `reach` is only checked if at least as many seeds run as it names
    #[arg(long, value_parser = parse_choice, value_name = "SEEDS")]
    pub(crate) seeds: Option<SeedArg>,

    /// The only seed to run
    #[arg(long, conflicts_with = "seeds", value_parser = value_parser!(u64).range(..u64::MAX), value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// How trouble is looked for
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    pub(crate) strategy: Strategy,

    /// Run nothing, but print what this seed draws before its run, as a scenario file would say it
    #[arg(long, conflicts_with_all = ["seeds", "seed"], value_parser = value_parser!(u64).range(..u64::MAX), value_name = "N")]
    pub(crate) explain_seed: Option<u64>,

    /// How many seeds to run at once; as many as there are cores unless given. The results do not depend on it
    #[arg(short, long, env = "SHAKETABLE_JOBS", value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,

    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Human, env = "SHAKETABLE_FORMAT")]
    pub(crate) format: Format,

    /// The folder in which failing runs are saved as cases, with a page for each of the first twenty violations that are told; of a shard, the folder for its file
    #[arg(long, default_value = "shaketable-out", env = "SHAKETABLE_OUT", value_name = "DIR")]
    pub(crate) out: PathBuf,

    #[command(flatten)]
    pub(crate) report: Report,

    #[command(flatten)]
    pub(crate) part: Part,
}

/// Which part of a sweep to run. The whole, unless something is given.
#[derive(Args, Debug)]
#[command(next_help_heading = "One part of many")]
pub(crate) struct Part {
    /// Run one shard of so many, such as `3/16`, and write what came of it into a file for `shaketable merge`. It exits with 0 if the
    /// file is whole, whatever is in it: what it means, the merge says
    #[arg(long, conflicts_with_all = ["shard_index", "shard_count"], value_name = "I/N")]
    pub(crate) shard: Option<Shard>,

    /// The same for engines that number their tasks: the name of the environment variable that has the number
    #[arg(long, requires = "shard_count", value_name = "VAR")]
    pub(crate) shard_index: Option<String>,

    /// How many shards there are. Never take it from the engine: a task that is submitted again may be told another number
    #[arg(long, requires = "shard_index", value_name = "N")]
    pub(crate) shard_count: Option<NonZeroU32>,

    /// The number of the first shard in that variable
    #[arg(long, default_value_t = 0, value_parser = value_parser!(u32).range(0..=1), value_name = "0|1")]
    pub(crate) shard_base: u32,
}

#[derive(Args, Debug)]
pub(crate) struct Merge {
    /// The files of shards, or folders to look for them in. The same shard may be there more than once
    #[arg(default_value = "shaketable-out", value_name = "FILE|DIR")]
    pub(crate) paths: Vec<PathBuf>,

    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Human, env = "SHAKETABLE_FORMAT")]
    pub(crate) format: Format,

    /// The folder in which failing runs are saved as cases, with a page for each of the first twenty violations that are told
    #[arg(long, default_value = "shaketable-out", env = "SHAKETABLE_OUT", value_name = "DIR")]
    pub(crate) out: PathBuf,

    #[command(flatten)]
    pub(crate) report: Report,
}

#[derive(Args, Debug)]
pub(crate) struct Bugs {
    /// Scenario files that expect a violation, or folders to look for them in
    #[arg(default_value = "scenarios/negative", value_name = "FILE|DIR")]
    pub(crate) paths: Vec<PathBuf>,

    /// How many independent sweeps of seeds each number is the median of
    #[arg(long, default_value_t = 20, value_parser = value_parser!(u64).range(1..=1_000_000), value_name = "N")]
    pub(crate) sweeps: u64,

    /// How many seeds a sweep with all checks has at most
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    pub(crate) within: u64,

    /// How many seeds a sweep with the invariants alone, or with the history alone, has at most
    #[arg(long, default_value_t = 500, value_name = "N")]
    pub(crate) within_alone: u64,

    /// How trouble is looked for
    #[arg(long, value_enum, default_value_t = Search::Drawn(Strategy::File), value_name = "HOW")]
    pub(crate) strategy: Search,

    /// How many seeds to run at once. The results do not depend on it
    #[arg(short, long, env = "SHAKETABLE_JOBS", value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,

    /// What to print: a table of Markdown, or one JSON object
    #[arg(long, value_enum, default_value_t = Format::Human, env = "SHAKETABLE_FORMAT")]
    pub(crate) format: Format,

    #[command(flatten)]
    pub(crate) report: Report,
}

#[derive(Args, Debug)]
pub(crate) struct Placements {
    /// Numbers of nodes, with commas between them
    #[arg(long, value_delimiter = ',', default_value = "10,30,100,300,1000", value_parser = value_parser!(u16).range(1..=10_000), value_name = "N,…")]
    pub(crate) nodes: Vec<u16>,

    /// How many keys to place. The balance of few keys is that of chance
    #[arg(long, default_value_t = 100_000, value_parser = value_parser!(u64).range(1..=10_000_000), value_name = "N")]
    pub(crate) keys: u64,

    /// What to print: a table of Markdown, or one JSON object
    #[arg(long, value_enum, default_value_t = Format::Human, env = "SHAKETABLE_FORMAT")]
    pub(crate) format: Format,

    #[command(flatten)]
    pub(crate) report: Report,
}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// What to list
    #[arg(value_enum)]
    pub(crate) what: Listed,

    /// Of scenarios: the files, or folders to look for them in
    #[arg(default_value = "scenarios", value_name = "FILE|DIR")]
    pub(crate) paths: Vec<PathBuf>,

    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Human, env = "SHAKETABLE_FORMAT")]
    pub(crate) format: Format,
}

/// What can be listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Listed {
    /// Something that scenario files can name.
    Tables(What),
    /// The scenarios themselves.
    Scenarios,
}

impl ValueEnum for Listed {
    fn value_variants<'a>() -> &'a [Listed] {
        &[
            Listed::Scenarios,
            Listed::Tables(What::Protocols),
            Listed::Tables(What::Bugs),
            Listed::Tables(What::Faults),
            Listed::Tables(What::Checks),
            Listed::Tables(What::Workloads),
            Listed::Tables(What::Models),
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Listed::Tables(what) => what.to_possible_value(),
            Listed::Scenarios => Some(PossibleValue::new("scenarios").help("What is run")),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(crate) enum Format {
    /// Text for people
    Human,
    /// One JSON object for programs
    Json,
}

/// Seeds as they are given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum SeedArg {
    /// These.
    Range(Range<u64>),
    /// So many that nobody has chosen.
    Random(u64),
}

fn parse_choice(text: &str) -> Result<SeedArg, String> {
    match text.strip_prefix("random:") {
        Some(count) => match count.replace('_', "").parse() {
            Ok(count @ 1..=1_000_000_000_000) => Ok(SeedArg::Random(count)),
            _ => Err("write how many fresh seeds, as `random:1000`".to_owned()),
        },
        None => parse_seeds(text).map(SeedArg::Range),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Cli::command().debug_assert();
    }

    #[test]
    fn seeds_are_a_range_or_a_number_of_fresh_ones() {
        assert_eq!(parse_choice("3..9"), Ok(SeedArg::Range(3..9)));
        assert_eq!(parse_choice("random:1_000"), Ok(SeedArg::Random(1_000)));
        for text in ["random:0", "random:", "random:x", "random", "9..3", "random:2000000000000"] {
            assert!(parse_choice(text).is_err(), "{text} was read as seeds");
        }
    }

    #[test]
    fn everything_that_can_be_described_can_be_listed() {
        let listed = Listed::value_variants();
        for what in What::value_variants() {
            assert!(listed.contains(&Listed::Tables(*what)), "{what:?} is missing");
        }
        assert_eq!(listed.len(), What::value_variants().len() + 1);
    }

    #[test]
    fn one_seed_and_many_exclude_each_other() {
        let parse = |words: &[&str]| Cli::try_parse_from(words.iter().copied());
        assert!(parse(&["shaketable", "run", "x.toml", "--seed", "3"]).is_ok());
        assert!(parse(&["shaketable", "run", "x.toml", "--seed", "3", "--seeds", "0..9"]).is_err());
        assert!(parse(&["shaketable", "run", "--jobs", "0"]).is_err());
    }

    #[test]
    fn a_shard_is_given_whole_or_as_an_index_with_its_count() {
        let parse = |rest: &str| Cli::try_parse_from("shaketable run x.toml".split(' ').chain(rest.split(' ')));
        for right in ["--shard 1/1", "--shard 16/16", "--shard-index I --shard-count 4 --shard-base 1"] {
            assert!(parse(right).is_ok(), "{right}");
        }
        for wrong in [
            "--shard 0/4",
            "--shard 5/4",
            "--shard 1/0",
            "--shard 3",
            "--shard -1/4",
            "--shard-index I",
            "--shard-count 4",
            "--shard-index I --shard-count 0",
            "--shard-index I --shard-count 4 --shard-base 2",
            "--shard 1/4 --shard-index I --shard-count 4",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
