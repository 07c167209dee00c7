//! `shaketable shrink --table`: how small failures become that are found by search, measured.

use std::io;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use shaketable_reports::{Exit, ShrinkRow, ShrinkTable, Side, Sought, Style, shrink_table_json, shrink_table_markdown};
use shaketable_sim::rng::Seed;
use shaketable_sim::run::Verdict;
use shaketable_sim::time::Span;

use super::refuse;
use super::shrink::{Wanted, budget, shrink_one};
use crate::attempt::{Subject, fails_by};
use crate::cli::{self, Format, Look, Show};
use crate::files::{read, read_all};
use crate::interrupt;
use crate::lanes::in_order;
use crate::scenario::{Expected, Scenario};
use crate::tables::Tables;
use crate::terminal::{print, stderr_style, tell};

/// The folder of what is left, unless another is named.
const OUT: &str = "shaketable-out/shrunk";

/// Measures the scenarios that `args` name, and prints the table.
///
/// # Errors
/// If it cannot be printed.
pub(super) fn table(args: &cli::Shrink, look: &Look, tables: &Tables) -> io::Result<Exit> {
    let scenarios = match read_all(&args.paths, tables, stderr_style(look.color) == Style::Color) {
        Ok(scenarios) => scenarios,
        Err(trouble) => return Ok(refuse(&trouble)),
    };
    let stop = interrupt::heed();
    let folder = args.to.clone().unwrap_or_else(|| PathBuf::from(OUT));
    let mut table = ShrinkTable { budget: args.lasting, rows: Vec::new(), not_found: Vec::new() };
    let mut exit = Exit::Pass;
    for scenario in scenarios {
        let scenario = match scenario.by(args.which.strategy) {
            Ok(scenario) => scenario,
            Err(why) => {
                tell(&why);
                return Ok(Exit::Usage);
            }
        };
        let Expected::Violation { signature, within_seeds } = scenario.expect.verdict.clone() else { continue };
        if !look.quiet && look.progress != Show::None {
            tell(&format!("{}\n", scenario.path.display()));
        }
        let threads = super::run::threads(args.jobs);
        let found = first_failing(&scenario, &signature, within_seeds, threads, stop);
        match found {
            _ if stop.load(Ordering::Relaxed) => break,
            None => table.not_found.push(scenario.path.display().to_string()),
            Some(seed) => match row(scenario, seed, &folder, args, look, tables, stop) {
                Ok(row) => table.rows.push(row),
                Err(why) => {
                    tell(&why);
                    exit = Exit::Internal;
                }
            },
        }
    }
    print(&match args.format {
        Format::Human => shrink_table_markdown(&table),
        Format::Json => format!("{:#}\n", shrink_table_json(&table)),
    })?;
    Ok(if stop.load(Ordering::Relaxed) { Exit::Interrupted } else { exit })
}

/// The first seed that fails as the scenario expects.
fn first_failing(
    scenario: &Scenario,
    expected: &str,
    within: u64,
    threads: NonZeroUsize,
    stop: &AtomicBool,
) -> Option<u64> {
    let first = scenario.seeds.start;
    let mut found = None;
    let over = AtomicBool::new(false);
    in_order(
        &[within],
        threads,
        &over,
        |piece| {
            let run = Subject { scenario, side: Side::Own }.run(Seed(first + piece.place), None);
            let Verdict::Violation(violation) = &run.verdict else { return None };
            let sought = Sought { signature: expected.to_owned(), within, caught: None };
            sought.matches(&violation.signature()).then_some(run.seed.0)
        },
        |_, seed| {
            found = found.or(seed);
            if found.is_some() || stop.load(Ordering::Relaxed) {
                over.store(true, Ordering::Relaxed);
            }
            ControlFlow::Continue(())
        },
    );
    found
}

/// Shrinks one, and replays what is left of it from its file.
fn row(
    scenario: Scenario,
    seed: u64,
    folder: &Path,
    args: &cli::Shrink,
    look: &Look,
    tables: &Tables,
    stop: &AtomicBool,
) -> Result<ShrinkRow, String> {
    let protocol = Subject { scenario: &scenario, side: Side::Own }.protocol();
    let to = folder.join(scenario.path.file_name().unwrap_or_default());
    let began = Instant::now();
    let wanted = Wanted { seed: Some(seed), to: Some(to.clone()), budget: budget(args, stop) };
    let look = Look { quiet: true, ..*look };
    let shrunk = shrink_one(scenario, wanted, &look, tables)?;
    let took = Span::nanos(u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX));
    let left = read(&to, tables, false)?;
    let again = Subject { scenario: &left, side: Side::Own }.twice(Seed(shrunk.seed));
    let recorded = left.recorded.as_ref().map(|recorded| recorded.digest);
    let exact = again.steady && recorded == Some(again.run.digest) && fails_by(&again.run, &shrunk.signature);
    Ok(ShrinkRow { protocol, seed, shrunk, took, exact })
}
