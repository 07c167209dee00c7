//! `shaketable shrink`: a failing run made smaller, with the smallest so far always on disk.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use shaketable_reports::{Exit, Shrunk, Side, Style, counted, headline, shrunk, shrunk_json};
use shaketable_sim::faults::Planned;
use shaketable_sim::rng::Seed;
use shaketable_sim::run::{Run, Verdict};
use shaketable_sim::spec::any::Any;

use super::run::threads;
use crate::active::every_fault;
use crate::attempt::{Attempt, Subject};
use crate::case::{Larger, render_smaller};
use crate::cases::quoted;
use crate::cli::{self, Format, Look};
use crate::files::read;
use crate::interrupt;
use crate::load::load;
use crate::scenario::Scenario;
use crate::shrink::{Budget, Failing, shrink as make_smaller};
use crate::tables::Tables;
use crate::terminal::{print, stderr_style, stdout_style, tell};

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
    let color = stderr_style(look.color) == Style::Color;
    let begun = read(&args.path, tables, color).and_then(|scenario| Work::begin(scenario, args, tables));
    let mut work = match begun {
        Ok(work) => work,
        Err(why) => {
            tell(&why);
            return Ok(Exit::Usage);
        }
    };
    let stop = interrupt::heed();
    let began = Instant::now();
    let budget = Budget {
        runs: args.runs.unwrap_or(u64::MAX),
        deadline: began.checked_add(Duration::from_nanos(args.lasting.as_nanos())),
        threads: threads(args.jobs),
        stop,
    };
    let before = work.original.size();
    let start = work.start();
    // If it cannot be kept, that should be known before anything is done.
    if let Err(wrong) = work.keep(&start) {
        tell(&wrong);
        return Ok(Exit::Usage);
    }
    let (mut told, mut wrong) = (began, None);
    let longest = work.original.scenario.plan.duration;
    let (smallest, runs, spent) = make_smaller(start, longest, budget, &mut |smaller, runs| {
        wrong = work.keep(smaller).err();
        if !look.quiet && told.elapsed() >= PAUSE {
            told = Instant::now();
            let size = smaller.size();
            let (faults, operations) = (counted(size.faults, "fault"), counted(size.operations, "operation"));
            tell(&format!("{}: {faults}, {operations}\n", counted(runs, "run")));
        }
    });
    let report = Shrunk {
        case: args.path.display().to_string(),
        signature: work.signature.clone(),
        before,
        after: smallest.size(),
        runs,
        spent,
        interrupted: stop.load(std::sync::atomic::Ordering::Relaxed),
        story: story(&smallest),
        reproduce: format!("shaketable replay {}", quoted(&work.to)),
    };
    print(&match args.format {
        Format::Human => shrunk(&report, stdout_style(look.color)),
        Format::Json => format!("{:#}\n", shrunk_json(&report)),
    })?;
    Ok(match wrong {
        Some(wrong) => {
            tell(&wrong);
            Exit::Usage
        }
        None => report.exit(),
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
    fn begin<'a>(scenario: Scenario, args: &cli::Shrink, tables: &'a Tables) -> Result<Work<'a>, String> {
        let path = scenario.path.display().to_string();
        let seed = args.seed.or(scenario.recorded.as_ref().map(|recorded| recorded.seed));
        let seed = seed.ok_or_else(|| format!("error: {path} is no saved case: say which seed with `--seed N`\n"))?;
        let Attempt { run, steady } = Subject { scenario: &scenario, side: Side::Own }.twice(Seed(seed));
        if !steady {
            return Err(format!("error: seed {seed} of {path} is nondeterministic: it cannot be made smaller\n"));
        }
        let Verdict::Violation(violation) = &run.verdict else {
            return Err(format!("error: seed {seed} of {path} does not fail: {}\n", run.verdict));
        };
        let signature = violation.signature();
        let to = args.to.clone().unwrap_or_else(|| beside(&scenario, seed));
        let original = explicit(scenario, run);
        let resumed = resumed(&to, &signature, original.run.digest, tables)?;
        Ok(Work { path: args.path.clone(), to, tables, signature, original, resumed })
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
fn explicit(scenario: Scenario, run: Run<Any>) -> Failing {
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
    Ok(fails.then(|| explicit(scenario, run)))
}

/// `case.toml` → `case-shrunk.toml`; of a scenario that is no case, among the cases: its own folder holds scenarios to run.
fn beside(scenario: &Scenario, seed: u64) -> PathBuf {
    let stem = scenario.path.file_stem().unwrap_or_default().to_string_lossy();
    match scenario.recorded {
        Some(_) => scenario.path.with_file_name(format!("{stem}-shrunk.toml")),
        None => Path::new(OUT).join(format!("{stem}-{seed}-shrunk.toml")),
    }
}

/// So that nobody ever finds half of it.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let unfinished = path.with_extension("toml.unfinished");
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&unfinished, text)?;
    fs::rename(unfinished, path)
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
