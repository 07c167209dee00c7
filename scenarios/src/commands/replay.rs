//! `shaketable replay`: one seed again, and for a saved case, how it compares with what was recorded.

use std::io;
use std::path::Path;

use shaketable_reports::{Exit, Side, Style, replayed};
use shaketable_sim::rng::Seed;

use super::trace::TraceFile;
use crate::attempt::Subject;
use crate::cli::{self, Look};
use crate::compare::compare;
use crate::files::read;
use crate::tables::Tables;
use crate::terminal::{print, stderr_style, stdout_style, tell};

/// Replays what `args` name, and prints what came of it.
///
/// # Errors
/// If the report cannot be printed.
pub(super) fn replay(args: &cli::Replay, look: &Look, tables: &Tables) -> io::Result<Exit> {
    let color = stderr_style(look.color) == Style::Color;
    let scenario = match read(&args.path, tables, color).and_then(|scenario| scenario.by(args.which.strategy)) {
        Ok(scenario) => scenario,
        Err(why) => return Ok(wrong(&why)),
    };
    let recorded_seed = scenario.recorded.as_ref().map(|recorded| recorded.seed);
    let Some(seed) = args.which.seed.or(recorded_seed) else {
        let path = scenario.path.display();
        return Ok(wrong(&format!("error: {path} is no saved case: say which seed with `--seed N`\n")));
    };
    let subject = Subject { scenario: &scenario, side: Side::Own };
    let (result, _) = compare(subject, Seed(seed));
    let to_stdout = args.trace.as_deref() == Some(Path::new("-"));
    if let Some(path) = &args.trace {
        let traced = TraceFile::create(path).and_then(|file| file.record(subject, Seed(seed)));
        if let Err(error) = traced {
            return Ok(wrong(&format!("error: cannot write {}: {error}\n", path.display())));
        }
    }
    if to_stdout {
        tell(&replayed(&result, stderr_style(look.color)));
    } else {
        print(&replayed(&result, stdout_style(look.color)))?;
    }
    Ok(result.exit())
}

fn wrong(why: &str) -> Exit {
    tell(why);
    Exit::Usage
}
