//! `shaketable replay`: one seed again, and for a saved case, how it compares with what was recorded.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::json;
use shaketable_reports::page::page;
use shaketable_reports::{Exit, Side, Style, replayed, spacetime, states};
use shaketable_sim::check::linearizable::Budget;
use shaketable_sim::rng::Seed;
use shaketable_sim::run::{Run, Verdict};
use shaketable_sim::spec::any::Any;

use crate::attempt::Subject;
use crate::cli::{self, Look};
use crate::compare::compare;
use crate::files::read;
use crate::histories::drawn::contradiction;
use crate::histories::export::export;
use crate::record::record;
use crate::tables::Tables;
use crate::terminal::{columns, print, stderr_style, stdout_style, tell, unless_closed};
use crate::traces::TraceFile;
use crate::whole::write_whole;

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
    let (mut result, run) = compare(subject, Seed(seed));
    let check = &scenario.plan.check;
    result.operations = contradiction(&run, Budget { states: check.states, bytes: check.bytes });
    let to_stdout = [&args.trace, &args.history].iter().any(|path| path.as_deref() == Some(Path::new("-")));
    if let Some(path) = &args.history
        && let Err(error) = write_history(path, subject, &run)
    {
        return Ok(wrong(&format!("error: cannot write {}: {error}\n", path.display())));
    }
    if let Some(path) = &args.trace {
        let traced = TraceFile::create(path).and_then(|file| file.record(subject, Seed(seed)));
        if let Err(error) = traced {
            return Ok(wrong(&format!("error: cannot write {}: {error}\n", path.display())));
        }
    }
    let told = matches!(run.verdict, Verdict::Violation(_)) && !to_stdout;
    let recorded = (args.page.is_some() || told).then(|| record(subject, Seed(seed), tables));
    if let (Some(path), Some(recorded)) = (&args.page, &recorded) {
        let text = page(&recorded.shown("this run"), None);
        if let Err(error) = write_whole(path, &text) {
            return Ok(wrong(&format!("error: cannot write {}: {error}\n", path.display())));
        }
    }
    if to_stdout {
        tell(&replayed(&result, stderr_style(look.color)));
    } else {
        let style = stdout_style(look.color);
        let picture = recorded.filter(|_| told).map(|run| {
            let recording = &run.recording;
            let picture = spacetime(recording, &recording.telling(), columns(None), style);
            let shown = recording.violation().and_then(|violation| violation.event);
            let states = shown.map(|event| states(recording, event, columns(None), style)).unwrap_or_default();
            [picture, states].into_iter().filter(|part| !part.is_empty()).map(|part| part + "\n").collect::<String>()
        });
        print(&format!("{}{}", picture.unwrap_or_default(), replayed(&result, style)))?;
    }
    Ok(result.exit())
}

/// Writes what the clients saw, into a new file or to stdout if it is called `-`.
fn write_history(path: &Path, subject: Subject<'_>, run: &Run<Any>) -> io::Result<()> {
    let about = json!({
        "tool": env!("CARGO_PKG_VERSION"),
        "scenario": subject.scenario.path.display().to_string(),
        "protocol": subject.protocol(),
        "seed": run.seed,
    });
    let about = about.as_object().cloned().unwrap_or_default();
    let out: Box<dyn Write> =
        if path == Path::new("-") { Box::new(io::stdout().lock()) } else { Box::new(File::create(path)?) };
    let mut out = BufWriter::new(out);
    unless_closed(export(&run.history, about, &mut out).and_then(|()| out.flush()))
}

fn wrong(why: &str) -> Exit {
    tell(why);
    Exit::Usage
}
