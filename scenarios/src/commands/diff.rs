//! `shaketable diff`: where two runs part, and why.

use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use shaketable_sim::time::Instant as SimulatedTime;

use shaketable_reports::page::page;
use shaketable_reports::{Exit, Side, Style, counted, difference};

use super::blame::failing;
use crate::attempt::Subject;
use crate::cases::quoted;
use crate::cli::{self, Look, Which};
use crate::files::read;
use crate::interrupt;
use crate::nearest::nearest;
use crate::progress::Progress;
use crate::record::{Recorded, is_trace, record, recorded};
use crate::tables::Tables;
use crate::terminal::{print, stderr_style, stdout_style, tell};
use crate::whole::write_whole;

/// The runs that are compared.
struct Pair {
    one: Recorded,
    other: Recorded,
    /// When the second was left, though it would have gone on.
    left: Option<SimulatedTime>,
    /// What else is to be said of the second, a line each.
    notes: Vec<String>,
    /// How it ends if nothing goes wrong.
    exit: Exit,
}

/// Why there is nothing to compare.
struct Refusal(Exit, String);

impl From<String> for Refusal {
    fn from(wrong: String) -> Refusal {
        Refusal(Exit::Usage, wrong)
    }
}

/// Compares the runs that `args` name, and tells where they part. That they do is no failure: it is asked for.
///
/// # Errors
/// If it cannot be printed.
pub(super) fn diff(args: &cli::Diff, look: &Look, tables: &Tables) -> io::Result<Exit> {
    let both = if args.nearest { failing_and_passing(args, look, tables) } else { both(args, look, tables) };
    let Pair { one, other, left, notes, exit } = match both {
        Ok(both) => both,
        Err(Refusal(exit, why)) => {
            tell(&why);
            return Ok(exit);
        }
    };
    let found = difference(&one.recording, &other.recording);
    if let Some(path) = &args.page {
        let names = match (args.right, args.nearest) {
            (true, _) => ["with the bug", "without it"],
            (_, true) => ["failing", "nearest passing"],
            _ => ["A", "B"],
        };
        let text = page(&one.shown(names[0]), Some((&other.shown(names[1]), &found)));
        if let Err(error) = write_whole(path, &text) {
            tell(&format!("error: cannot write {}: {error}\n", path.display()));
            return Ok(Exit::Usage);
        }
    }
    let style = stdout_style(look.color);
    let mut text = String::new();
    for (name, run) in [("A", &one), ("B", &other)] {
        let outcome = run.recording.outcome.as_ref();
        let left = left.filter(|_| name == "B").map(|until| format!("nothing violated until {until}"));
        let came = left.unwrap_or_else(|| {
            outcome.map_or("cut short".to_owned(), |outcome| {
                outcome
                    .violation
                    .as_ref()
                    .map_or(outcome.verdict.clone(), |violation| format!("violates {}", violation.signature))
            })
        });
        let about = &run.recording.about;
        text += &format!("{name}  {}, seed {}: {came}   {}\n", about.protocol, about.seed, run.reproduce);
    }
    text.extend(notes.iter().map(|note| format!("   {note}\n")));
    print(&format!("{text}\n{}", found.shown(style)))?;
    Ok(exit)
}

/// A run that fails, and the nearest that does not.
fn failing_and_passing(args: &cli::Diff, look: &Look, tables: &Tables) -> Result<Pair, Refusal> {
    if args.one == Path::new("-") || is_trace(&args.one) {
        let path = args.one.display();
        return Err(Refusal::from(format!(
            "error: {path} is a trace, which cannot go on otherwise: name the case, or the scenario and its seed\n"
        )));
    }
    let scenario = read(&args.one, tables, stderr_style(look.color) == Style::Color);
    let scenario = scenario.and_then(|scenario| scenario.by(args.which.strategy))?;
    let (run, violation) = failing(&scenario, args.which.seed)?;
    let one = record(Subject { scenario: &scenario, side: Side::Own }, run.seed, tables);
    let drawn = scenario.drawn(run.seed).into_owned();
    let (stop, deadline) = (interrupt::heed(), Instant::now() + Duration::from_nanos(args.lasting.as_nanos()));
    let is_over = || stop.load(Ordering::Relaxed) || Instant::now() >= deadline;
    let mut progress = Progress::lines(look.progress, look.quiet);
    let said = |tried: u64| format!("{} looked at", counted(tried, "run"));
    let searched = nearest(&drawn, &run, &violation, &is_over, &mut |tried| progress.say(|_| said(tried)));
    progress.finish();
    let interrupted = stop.load(Ordering::Relaxed);
    let why = if interrupted { "interrupted" } else { "out of time (`--for`)" };
    let Some(nearest) = searched.nearest else {
        let (path, tried) = (args.one.display(), counted(searched.tried, "run"));
        let what = match searched.cut_short {
            true => format!("{why}: none that passes was found in {tried}"),
            false => {
                format!("none of {tried} near seed {} of {path} passes, with other chance or without a fault", run.seed)
            }
        };
        let help = "`--right` compares it with the protocol without its bug";
        let exit = if interrupted { Exit::Interrupted } else { Exit::Inconclusive };
        return Err(Refusal(exit, format!("{what}\n   = help: {help}\n")));
    };
    let mut other = record(Subject { scenario: &nearest.scenario, side: Side::Own }, run.seed, tables);
    let seed = args.which.seed.map_or(String::new(), |seed| format!(" --seed {seed}{}", args.which.strategy.option()));
    other.reproduce = format!("shaketable diff {}{seed} --nearest", quoted(&args.one));
    let mut notes = vec![format!("B is {}", nearest.how)];
    notes.extend(nearest.until.map(|until| format!("B fails, too, if it goes on: it is left at {until}")));
    notes.extend(searched.cut_short.then(|| format!("{why}: there may be one that is nearer")));
    let exit = if interrupted { Exit::Interrupted } else { Exit::Pass };
    Ok(Pair { one, other, left: nearest.until, notes, exit })
}

fn both(args: &cli::Diff, look: &Look, tables: &Tables) -> Result<Pair, Refusal> {
    let color = stderr_style(look.color) == Style::Color;
    let one = recorded(&args.one, args.which, Side::Own, tables, color)?;
    let path = args.other.as_ref().unwrap_or(&args.one);
    let side = if args.right { Side::Right } else { Side::Own };
    // Of a case and another file, each has the seed that it was recorded with.
    let seed = args.other_seed.or(args.which.seed);
    let mut other = recorded(path, Which { seed, ..args.which }, side, tables, color)?;
    if args.right {
        // Nothing else runs the right protocol alone.
        let seed = seed.map_or(String::new(), |seed| format!(" --seed {seed}{}", args.which.strategy.option()));
        other.reproduce = format!("shaketable diff {}{seed} --right", quoted(&args.one));
    }
    Ok(Pair { one, other, left: None, notes: Vec::new(), exit: Exit::Pass })
}
