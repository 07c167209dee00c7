//! `shaketable shrink`: a failing run made smaller, with the smallest so far always on disk.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use shaketable_reports::{Exit, Shrunk, Side, Style, counted, headline, shrunk, shrunk_json};
use shaketable_sim::faults::Planned;
use shaketable_sim::rng::Seed;
use shaketable_sim::run::{Run, Verdict};
use shaketable_sim::spec::any::Any;

use super::run::threads;
use super::shrink_table;
use crate::active::every_fault;
use crate::attempt::{Attempt, Subject};
use crate::case::{Larger, render_smaller};
use crate::cases::quoted;
use crate::cli::{self, Format, Look, Show};
use crate::files::read;
use crate::interrupt;
use crate::load::load;
use crate::scenario::Scenario;
use crate::shrink::{Budget, Failing, shrink as make_smaller};
use crate::tables::Tables;
use crate::terminal::{print, stderr_style, stdout_style, tell};
use crate::whole::write_whole;

/// How long between two lines that say how far it is.
const PAUSE: Duration = Duration::from_secs(2);

/// The folder of cases, unless another is named.
const OUT: &str = "shaketable-out";

/// How many lines of what is left are printed.
const STORY_MAX: usize = 30;

/// Makes what `args` name smaller, and prints what is left.
///
/// # Errors
/// If the report cannot be printed.
pub(super) fn shrink(args: &cli::Shrink, look: &Look, tables: &Tables) -> io::Result<Exit> {
    if args.table {
        return shrink_table::table(args, look, tables);
    }
    let color = stderr_style(look.color) == Style::Color;
    let [path] = &args.paths[..] else {
        tell("error: one case at a time is made smaller; with `--table` several\n");
        return Ok(Exit::Usage);
    };
    let wanted = Wanted { seed: args.which.seed, to: args.to.clone(), budget: budget(args, interrupt::heed()) };
    let read = read(path, tables, color).and_then(|scenario| scenario.by(args.which.strategy));
    let done = read.and_then(|scenario| shrink_one(scenario, wanted, look, tables));
    let report = match done {
        Ok(report) => report,
        Err(why) => {
            tell(&why);
            return Ok(Exit::Usage);
        }
    };
    print(&match args.format {
        Format::Human => shrunk(&report, stdout_style(look.color)),
        Format::Json => format!("{:#}\n", shrunk_json(&report)),
    })?;
    Ok(report.exit())
}

/// What is to be made smaller of a scenario.
pub(super) struct Wanted<'a> {
    /// The run of this seed; of the recorded one if none.
    pub(super) seed: Option<u64>,
    /// Where it is kept; beside the case if none.
    pub(super) to: Option<PathBuf>,
    /// What that may cost.
    pub(super) budget: Budget<'a>,
}

/// What it may cost from now on to make one case smaller.
pub(super) fn budget<'a>(args: &cli::Shrink, stop: &'a AtomicBool) -> Budget<'a> {
    Budget {
        runs: args.runs.unwrap_or(u64::MAX),
        deadline: Instant::now().checked_add(Duration::from_nanos(args.lasting.as_nanos())),
        threads: threads(args.jobs),
        stop,
    }
}

/// Makes one failing run smaller.
///
/// # Errors
/// Why there is nothing to make smaller, or why what is smaller cannot be kept.
pub(super) fn shrink_one(
    scenario: Scenario,
    wanted: Wanted<'_>,
    look: &Look,
    tables: &Tables,
) -> Result<Shrunk, String> {
    let budget = wanted.budget;
    let mut work = Work::begin(scenario, wanted, tables)?;
    let before = work.original.size();
    let start = work.start();
    // If it cannot be kept, that should be known before anything is done.
    work.keep(&start)?;
    let (mut told, mut wrong) = (Instant::now(), Ok(()));
    let longest = work.original.scenario.plan.duration;
    let (smallest, runs, spent) = make_smaller(start, longest, budget, &mut |smaller, runs| {
        wrong = work.keep(smaller);
        if !look.quiet && look.progress != Show::None && told.elapsed() >= PAUSE {
            told = Instant::now();
            let size = smaller.size();
            let (faults, operations) = (counted(size.faults, "fault"), counted(size.operations, "operation"));
            tell(&format!("{}: {faults}, {operations}\n", counted(runs, "run")));
        }
    });
    wrong?;
    Ok(Shrunk {
        case: work.path.display().to_string(),
        to: work.to.display().to_string(),
        seed: smallest.run.seed.0,
        signature: work.signature.clone(),
        before,
        after: smallest.size(),
        runs,
        spent,
        interrupted: budget.stop.load(Ordering::Relaxed),
        story: story(&smallest),
        right: smallest.scenario.bug.map(|_| {
            let right = Subject { scenario: &smallest.scenario, side: Side::Right };
            right.run(smallest.run.seed, None).verdict
        }),
        reproduce: format!("shaketable replay {}", quoted(&work.to)),
    })
}

/// What is made smaller, and where it is kept.
struct Work<'a> {
    path: PathBuf,
    to: PathBuf,
    tables: &'a Tables,
    signature: String,
    /// What it was at first.
    original: Failing,
    /// Where an earlier attempt has left off.
    resumed: Option<Failing>,
}

impl Work<'_> {
    /// Runs the case, and looks whether it has been made smaller before.
    fn begin<'a>(scenario: Scenario, wanted: Wanted<'_>, tables: &'a Tables) -> Result<Work<'a>, String> {
        let path = scenario.path.display().to_string();
        let seed = wanted.seed.or(scenario.recorded.as_ref().map(|recorded| recorded.seed));
        let seed = seed.ok_or_else(|| format!("error: {path} is no saved case: say which seed with `--seed N`\n"))?;
        let Attempt { run, steady } = Subject { scenario: &scenario, side: Side::Own }.twice(Seed(seed));
        if !steady {
            return Err(format!("error: seed {seed} of {path} is nondeterministic: it cannot be made smaller\n"));
        }
        let Verdict::Violation(violation) = &run.verdict else {
            return Err(format!("error: seed {seed} of {path} does not fail: {}\n", run.verdict));
        };
        let signature = violation.signature();
        let to = wanted.to.unwrap_or_else(|| beside(&scenario, seed));
        let path = scenario.path.clone();
        let original = as_struck(scenario, run);
        let resumed = resumed(&to, &signature, original.run.digest, tables)?;
        Ok(Work { path, to, tables, signature, original, resumed })
    }

    fn start(&mut self) -> Failing {
        self.resumed
            .take()
            .unwrap_or_else(|| Failing { scenario: self.original.scenario.clone(), run: self.original.run.clone() })
    }

    /// Writes a smaller case in the place of the last one, in one step, once it has been read back and has run to the same digest.
    fn keep(&self, smaller: &Failing) -> Result<(), String> {
        let headline = headline(&self.original.size(), &smaller.size());
        let larger = Larger { path: self.path.clone(), digest: self.original.run.digest, headline };
        let text = render_smaller(&smaller.scenario, &smaller.run, &larger);
        let back = load(&self.to, &text, self.tables)
            .map_err(|wrong| format!("error: a smaller case does not read back:\n{}", wrong.render(false)))?;
        let again = Subject { scenario: &back, side: Side::Own }.run(smaller.run.seed, None);
        if again.digest != smaller.run.digest {
            return Err("error: a smaller case runs otherwise when it is read back\n".to_owned());
        }
        write_whole(&self.to, &text).map_err(|error| format!("error: cannot write {}: {error}\n", self.to.display()))
    }
}

/// A run with its faults as they struck.
fn as_struck(scenario: Scenario, run: Run<Any>) -> Failing {
    let mut scenario = scenario.drawn(run.seed).into_owned();
    scenario.plan.faults = run.applied.iter().map(Planned::from).collect();
    Failing { scenario, run }
}

/// What an earlier attempt at the same case has left; none if there was none.
fn resumed(to: &Path, signature: &str, digest: u64, tables: &Tables) -> Result<Option<Failing>, String> {
    if !to.exists() {
        return Ok(None);
    }
    let scenario = read(to, tables, false)?;
    let Some(recorded) = scenario.recorded.clone().filter(|recorded| recorded.shrunk_from == Some(digest)) else {
        return Err(format!(
            "error: {} is there, and was made of something else: name another file with `--to`\n",
            to.display()
        ));
    };
    let run = Subject { scenario: &scenario, side: Side::Own }.run(Seed(recorded.seed), None);
    let fails = matches!(&run.verdict, Verdict::Violation(violation) if violation.signature() == signature);
    Ok(fails.then(|| as_struck(scenario, run)))
}

/// `case.toml` → `case-shrunk.toml`; of a scenario that is no case, among the cases: its own folder holds scenarios to run.
fn beside(scenario: &Scenario, seed: u64) -> PathBuf {
    let stem = scenario.path.file_stem().unwrap_or_default().to_string_lossy();
    match scenario.recorded {
        Some(_) => scenario.path.with_file_name(format!("{stem}-shrunk.toml")),
        None => Path::new(OUT).join(format!("{stem}-{seed}-shrunk.toml")),
    }
}

/// What is left, in the order of time: faults, and operations as a script has them; as much as somebody will read.
fn story(failing: &Failing) -> Vec<String> {
    let faults = every_fault(&failing.run.applied).map(|(at, told)| (at, 0, told));
    let script = failing.scenario.plan.clients.script.iter().flatten();
    let asked = script.map(|line| (line.at, 1, line.to_string()));
    let mut story: Vec<_> = faults.chain(asked).collect();
    story.sort();
    let more = story.len().saturating_sub(STORY_MAX);
    let told = story.into_iter().take(STORY_MAX).map(|(_, _, told)| told);
    told.chain((more > 0).then(|| format!("… and {} more", counted(more as u64, "line")))).collect()
}
