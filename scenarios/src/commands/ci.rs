//! `shaketable ci`: all that a change has to pass, in the words of the engine that asks for it.

use std::env;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use shaketable_reports::{Ci, Exit, Pace, Style, ci_github, ci_human, ci_json, ci_junit};

use super::refuse;
use super::run::{elapsed, threads};
use crate::case;
use crate::cases::Cases;
use crate::ci::{Order, Wish, ci as examine};
use crate::cli::{self, CiFormat, Look};
use crate::files::read_all;
use crate::interrupt;
use crate::progress::Progress;
use crate::report::can_be_kept_in;
use crate::tables::Tables;
use crate::terminal::{print, stderr_style, stdout_style, tell};
use crate::whole::{can_write, write_whole};

/// Examines what `args` name, and says in all the ways that are asked for what came of it.
///
/// # Errors
/// If the results cannot be printed.
pub(super) fn ci(args: &cli::Ci, look: &Look, tables: Tables) -> io::Result<Exit> {
    let scenarios = match read_all(&args.paths, &tables, stderr_style(look.color) == Style::Color) {
        Ok(scenarios) => scenarios,
        Err(trouble) => return Ok(refuse(&trouble)),
    };
    let began = Instant::now();
    let threads = threads(args.jobs);
    let pace = move || Pace { elapsed: elapsed(began), threads: threads.get() as u64 };
    let files = wanted(args);
    // Better now than after hours of work.
    if !each(&files, Wanted::check) || !args.report.can_be_written() || !can_be_kept_in(&args.out) {
        return Ok(Exit::Usage);
    }
    let deadline = args.lasting.map(|lasting| Instant::now() + Duration::from_nanos(lasting.as_nanos()));
    let fresh = args.fresh_from.as_deref().map(|from| Wish { from, most: args.fresh });
    let order = Order { threads, deadline, fresh, interrupt: interrupt::heed() };
    let mut cases = Cases::new(&args.out, case::render, tables);
    let mut progress = Progress::new(look.progress, look.quiet);
    let mut done = examine(&scenarios, &order, &mut cases, |done| progress.update(done));
    progress.finish();
    cases.draw(done.own.iter_mut().map(|examined| &mut examined.tested));
    if let Some(fresh) = &mut done.fresh {
        cases.draw(fresh.scenarios.iter_mut().map(|examined| &mut examined.tested));
    }
    let pace = pace();
    for trouble in &cases.troubles {
        tell(&format!("warning: {trouble}\n"));
    }
    // Files first: they are whole even if nobody takes what is printed.
    let written =
        each(&files, |file| file.write(&(file.text)(&done, pace))) & args.report.write(|| done.document(Some(pace)));
    print(&printed(args.format, &done, look))?;
    Ok(if written { done.exit() } else { done.exit().or(Exit::Usage) })
}

fn printed(format: CiFormat, done: &Ci, look: &Look) -> String {
    let style = stdout_style(look.color);
    match format {
        CiFormat::Human => ci_human(done, style),
        CiFormat::Junit => ci_junit(done),
        CiFormat::Json => format!("{:#}\n", ci_json(done)),
        // The annotations are taken out of the log by whoever shows it; the rest is read by people.
        CiFormat::Github => format!("{}{}", ci_human(done, style), ci_github(done)),
    }
}

/// A file that is asked for.
struct Wanted {
    path: PathBuf,
    /// What is to be in it.
    text: fn(&Ci, Pace) -> String,
    /// Whether others write into it, too, and what they have said stays.
    shared: bool,
}

impl Wanted {
    /// Whether it can be written, before there is anything to write.
    fn check(&self) -> io::Result<()> {
        if self.shared { self.write("") } else { can_write(&self.path) }
    }

    fn write(&self, text: &str) -> io::Result<()> {
        if self.shared {
            let mut file = OpenOptions::new().append(true).create(true).open(&self.path)?;
            file.write_all(text.as_bytes())
        } else {
            write_whole(&self.path, text)
        }
    }
}

/// The files that are asked for.
fn wanted(args: &cli::Ci) -> Vec<Wanted> {
    let own = |path: &Option<PathBuf>, text| path.clone().map(|path| Wanted { path, text, shared: false });
    let summary = |done: &Ci, pace: Pace| done.document(Some(pace)).markdown();
    let page = step_summary(args.format).filter(|_| args.summary.is_none());
    [
        own(&args.junit, |done, _| ci_junit(done)),
        own(&args.json, |done, _| format!("{:#}\n", ci_json(done))),
        own(&args.summary, summary),
        // Other steps' summaries are in it, too.
        page.map(|path| Wanted { path, text: summary, shared: true }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Tries this with each of these files, and says where it fails. Whether it fails nowhere.
fn each(files: &[Wanted], with: impl Fn(&Wanted) -> io::Result<()>) -> bool {
    let mut well = true;
    for file in files {
        if let Err(error) = with(file) {
            tell(&format!("error: cannot write {}: {error}\n", file.path.display()));
            well = false;
        }
    }
    well
}

/// The page of the job, if GitHub has one for it.
fn step_summary(format: CiFormat) -> Option<PathBuf> {
    let path = env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty())?;
    (format == CiFormat::Github).then(|| path.into())
}
