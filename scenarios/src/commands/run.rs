//! `shaketable run`: many seeds of many scenarios, compared with what they expect.

use std::io;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::thread;
use std::time::Instant;

use rand::RngExt;
use shaketable_reports::{Exit, Pace, Style, Summary, human, json};
use shaketable_sim::rng::Seed;
use shaketable_sim::time::Span;

use super::{refuse, shard};
use crate::case;
use crate::cases::Cases;
use crate::cli::{self, Format, Look, Report, SeedArg};
use crate::files::{Trouble, read_all};
use crate::interrupt;
use crate::progress::Progress;
use crate::report::can_be_kept_in;
use crate::sweep::{Choice, Task, sweep};
use crate::tables::Tables;
use crate::terminal::{print, stderr_style, stdout_style, tell};

/// Runs what `args` name, or a part of it, and prints what came of it.
///
/// # Errors
/// If the results cannot be printed.
pub(super) fn run(args: &cli::Run, look: &Look, tables: Tables) -> io::Result<Exit> {
    let shard = match shard::chosen(args) {
        Ok(shard) => shard,
        Err(wrong) => return Ok(refuse(&Trouble::Wrong(wrong))),
    };
    let mut scenarios = match read_all(&args.paths, &tables, stderr_style(look.color) == Style::Color) {
        Ok(scenarios) => scenarios,
        Err(trouble) => return Ok(refuse(&trouble)),
    };
    scenarios.iter_mut().for_each(|scenario| scenario.strategy = args.strategy);
    if let Some(seed) = args.explain_seed {
        for scenario in &scenarios {
            print(&case::render_drawn(scenario, Seed(seed)))?;
        }
        return Ok(Exit::Pass);
    }
    let choice = choose(args, look);
    let tasks: Vec<_> = scenarios.iter().map(|scenario| Task::new(scenario, &choice)).collect();
    if !can_be_kept_in(&args.out) {
        return Ok(Exit::Usage);
    }
    if let Some(shard) = shard {
        if args.report.report.is_some() {
            return Ok(refuse(&Trouble::Wrong(
                "error: a shard has no report of its own: `shaketable merge --report FILE` writes that of the whole\n"
                    .to_owned(),
            )));
        }
        return shard::run(shard, tasks, args, look, tables);
    }
    if !args.report.can_be_written() {
        return Ok(Exit::Usage);
    }
    let began = Instant::now();
    let mut cases = Cases::new(&args.out, case::render, tables);
    let mut progress = Progress::new(look.progress, look.quiet);
    let mut summary = sweep(&tasks, threads(args.jobs), interrupt::heed(), &mut cases, |done| progress.update(done));
    progress.finish();
    cases.draw(summary.scenarios.iter_mut());
    warn(&cases);
    let pace = Pace { elapsed: elapsed(began), threads: threads(args.jobs).get() as u64 };
    report(&summary, Some(pace), &args.report, args.format, look)
}

/// Prints what came of a whole sweep, after it has written the report that is wanted, and says how the tool ends.
///
/// # Errors
/// If it cannot be printed.
pub(super) fn report(
    summary: &Summary,
    pace: Option<Pace>,
    file: &Report,
    format: Format,
    look: &Look,
) -> io::Result<Exit> {
    let written = file.write(|| summary.document(pace));
    print(&match format {
        Format::Human => human(summary, stdout_style(look.color)),
        Format::Json => format!("{:#}\n", json(summary)),
    })?;
    Ok(if written { summary.exit() } else { summary.exit().or(Exit::Usage) })
}

/// For how long it has gone on.
pub(super) fn elapsed(since: Instant) -> Span {
    Span::nanos(u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX))
}

/// Says what could not be saved.
pub(super) fn warn(cases: &Cases) {
    for trouble in &cases.troubles {
        tell(&format!("warning: {trouble}\n"));
    }
}

pub(super) fn threads(jobs: Option<NonZeroUsize>) -> NonZeroUsize {
    // A machine that does not tell how many cores it has can run one thread.
    jobs.or_else(|| thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
}

fn choose(args: &cli::Run, look: &Look) -> Choice {
    match (&args.seeds, args.seed) {
        (_, Some(seed)) => Choice::Range(seed..seed.saturating_add(1)),
        (Some(SeedArg::Range(range)), None) => Choice::Range(range.clone()),
        (Some(SeedArg::Random(count)), None) => {
            let range = fresh(*count);
            if !look.quiet {
                tell(&format!("seeds {}..{}\n", range.start, range.end));
            }
            Choice::Range(range)
        }
        (None, None) => Choice::File,
    }
}

/// Seeds that nobody has chosen: few digits, because people copy them.
pub(super) fn fresh(count: u64) -> Range<u64> {
    let first = rand::rng().random_range(1_000_000..1_000_000_000_000);
    first..first + count
}
