//! `shaketable regress`: saved cases that are kept, replayed after every change.

use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use shaketable_reports::{Exit, Kept, Style, kept, kept_json, regressions, regressions_json};

use super::refuse;
use super::run::threads;
use crate::cli::{Accepted, Format, Look, Regress};
use crate::files::read;
use crate::interrupt;
use crate::regress::{self, Accept, Added, Renewed, read_cases, replay_all};
use crate::scenario::Scenario;
use crate::tables::Tables;
use crate::terminal::{print, stderr_style, stdout_style, tell};

/// Does what is asked with the cases that are kept.
///
/// # Errors
/// If the results cannot be printed.
pub(super) fn regress(what: &Regress, look: &Look, tables: &Tables) -> io::Result<Exit> {
    let color = stderr_style(look.color) == Style::Color;
    let read = |paths: &[PathBuf]| read_cases(paths, tables, color);
    let done = match what {
        Regress::Add { case, name, dir } => return add(case, dir, name.as_deref(), tables, color),
        Regress::List { paths, format } => read(paths).map(|cases| list(&cases, *format, look)),
        Regress::Run { paths, jobs, format } => read(paths).map(|cases| replay(&cases, threads(*jobs), *format, look)),
        Regress::Refresh { paths, accept } => read(paths).map(|cases| refresh(&cases, *accept, tables)),
    };
    done.unwrap_or_else(|trouble| Ok(refuse(&trouble)))
}

fn list(cases: &[Scenario], format: Format, look: &Look) -> io::Result<Exit> {
    let cases: Vec<Kept> = cases.iter().map(regress::kept).collect();
    print(&match format {
        Format::Human => kept(&cases, stdout_style(look.color)),
        Format::Json => format!("{:#}\n", kept_json(&cases)),
    })?;
    Ok(Exit::Pass)
}

fn replay(cases: &[Scenario], threads: NonZeroUsize, format: Format, look: &Look) -> io::Result<Exit> {
    let cases: Vec<&Scenario> = cases.iter().collect();
    let done = replay_all(&cases, threads, interrupt::heed(), |_| {});
    print(&match format {
        Format::Human => regressions(&done, stdout_style(look.color)),
        Format::Json => format!("{:#}\n", regressions_json(&done)),
    })?;
    Ok(done.exit())
}

fn add(case: &Path, folder: &Path, name: Option<&str>, tables: &Tables, color: bool) -> io::Result<Exit> {
    let read = read(case, tables, color).and_then(|case| match case.recorded {
        Some(_) => Ok(case),
        None => Err(format!("error: {} is no saved case: nothing is recorded in it\n", case.path.display())),
    });
    match read.and_then(|case| regress::add(&case, folder, name, tables)) {
        Ok(Added::New(path)) => print(&format!("added {}\n", path.display()))?,
        Ok(Added::Known(path)) => {
            let unused = name.map_or(String::new(), |name| format!("; it is not kept again as {name}"));
            print(&format!("the same case is kept already: {}{unused}\n", path.display()))?;
        }
        Err(why) => {
            tell(&why);
            return Ok(Exit::Usage);
        }
    }
    Ok(Exit::Pass)
}

/// Brings cases up to date, as far as may be, and says of each what became of it.
fn refresh(cases: &[Scenario], accept: Option<Accepted>, tables: &Tables) -> io::Result<Exit> {
    let accept = match accept {
        None => Accept::Nothing,
        Some(Accepted::Fixed) => Accept::Fixed,
        Some(Accepted::Diverged) => Accept::Diverged,
    };
    let mut exit = Exit::Pass;
    for case in cases {
        let path = case.path.display();
        match regress::refresh(case, accept, tables) {
            Ok((_, Renewed::Same)) => print(&format!("up to date: {path}\n"))?,
            Ok((judged, Renewed::Updated)) => {
                print(&format!("brought up to date: {path}\n  it {}\n", judged.sentence()))?
            }
            Ok((judged, Renewed::Closed)) => {
                print(&format!("expects a pass from now on: {path}\n  it was {}\n", judged.sentence()))?
            }
            Ok((judged, Renewed::Refused)) => {
                print(&format!("not touched: {path}\n  it is {}\n", judged.sentence()))?;
                if let Some(advice) = judged.advice() {
                    print(&format!("  {advice}\n"))?;
                }
                exit = exit.or(judged.exit());
            }
            Err(why) => {
                tell(&why);
                exit = exit.or(Exit::Usage);
            }
        }
    }
    Ok(exit)
}
