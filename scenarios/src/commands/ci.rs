//! `shaketable ci`: all that a change has to pass, in the words of the engine that asks for it.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use shaketable_reports::{Ci, Exit, Style, ci_github, ci_human, ci_json, ci_junit, ci_markdown};

use super::refuse;
use super::run::threads;
use crate::case;
use crate::cases::Cases;
use crate::ci::{Order, Wish, ci as examine};
use crate::cli::{self, CiFormat, Look};
use crate::files::read_all;
use crate::interrupt;
use crate::progress::Progress;
use crate::tables::Tables;
use crate::terminal::{print, stderr_style, stdout_style, tell};

/// Examines what `args` name, and says in all the ways that are asked for what came of it.
///
/// # Errors
/// If the results cannot be printed.
pub(super) fn ci(args: &cli::Ci, look: &Look, tables: Tables) -> io::Result<Exit> {
    let scenarios = match read_all(&args.paths, &tables, stderr_style(look.color) == Style::Color) {
        Ok(scenarios) => scenarios,
        Err(trouble) => return Ok(refuse(&trouble)),
    };
    let deadline = args.lasting.map(|lasting| Instant::now() + Duration::from_nanos(lasting.as_nanos()));
    let fresh = args.fresh_from.as_deref().map(|from| Wish { from, most: args.fresh });
    let order = Order { threads: threads(args.jobs), deadline, fresh, interrupt: interrupt::heed() };
    let mut cases = Cases::new(&args.out, case::render, tables);
    let mut progress = Progress::new(look.progress, look.quiet);
    let done = examine(&scenarios, &order, &mut cases, |done| progress.update(done));
    progress.finish();
    for trouble in &cases.troubles {
        tell(&format!("warning: {trouble}\n"));
    }
    print(&printed(args.format, &done, look))?;
    let exit = done.exit();
    Ok(if write_all(args, &done) { exit } else { exit.or(Exit::Usage) })
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

/// Writes the files that are asked for. Whether all could be written; each is tried.
fn write_all(args: &cli::Ci, done: &Ci) -> bool {
    let mut files: Vec<(PathBuf, io::Result<()>)> = Vec::new();
    if let Some(path) = &args.junit {
        files.push((path.clone(), write(path, &ci_junit(done))));
    }
    if let Some(path) = &args.json {
        files.push((path.clone(), write(path, &format!("{:#}\n", ci_json(done)))));
    }
    if let Some(path) = &args.summary {
        files.push((path.clone(), write(path, &ci_markdown(done))));
    } else if let Some(path) = step_summary(args.format) {
        // Other steps' summaries are in it, too.
        let result = OpenOptions::new().append(true).create(true).open(&path);
        files.push((path, result.and_then(|mut file| file.write_all(ci_markdown(done).as_bytes()))));
    }
    let mut written = true;
    for (path, result) in files {
        if let Err(error) = result {
            tell(&format!("error: cannot write {}: {error}\n", path.display()));
            written = false;
        }
    }
    written
}

/// The page of the job, if GitHub has one for it.
fn step_summary(format: CiFormat) -> Option<PathBuf> {
    let path = env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty())?;
    (format == CiFormat::Github).then(|| path.into())
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    crate::store::replace(path, text)
}
