//! `shaketable diff`: where two runs part, and why.

use std::io;
use std::path::Path;

use shaketable_reports::page::page;
use shaketable_reports::{Exit, Side, Style, difference};

use super::blame::failing;
use crate::attempt::Subject;
use crate::cases::quoted;
use crate::cli::{self, Look, Which};
use crate::files::read;
use crate::interrupt;
use crate::nearest::nearest;
use crate::record::{Recorded, is_trace, record, recorded};
use crate::tables::Tables;
use crate::terminal::{print, stderr_style, stdout_style, tell};
use crate::whole::write_whole;

/// The runs that are compared.
struct Pair {
    one: Recorded,
    other: Recorded,
    /// How the second follows from the first, if that is not plain from what was asked.
    how: Option<String>,
}

/// Compares the runs that `args` name, and tells where they part. That they do is no failure: it is asked for.
///
/// # Errors
/// If it cannot be printed.
pub(super) fn diff(args: &cli::Diff, look: &Look, tables: &Tables) -> io::Result<Exit> {
    let both = if args.nearest { failing_and_passing(args, look, tables) } else { both(args, look, tables) };
    let Pair { one, other, how } = match both {
        Ok(both) => both,
        Err(wrong) => {
            tell(&wrong);
            return Ok(Exit::Usage);
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
        let came = outcome.map_or("cut short".to_owned(), |outcome| {
            outcome
                .violation
                .as_ref()
                .map_or(outcome.verdict.clone(), |violation| format!("violates {}", violation.signature))
        });
        let about = &run.recording.about;
        text += &format!("{name}  {}, seed {}: {came}   {}\n", about.protocol, about.seed, run.reproduce);
    }
    text.extend(how.map(|how| format!("   B is {how}\n")));
    print(&format!("{text}\n{}", found.shown(style)))?;
    Ok(Exit::Pass)
}

/// A run that fails, and the nearest that does not.
fn failing_and_passing(args: &cli::Diff, look: &Look, tables: &Tables) -> Result<Pair, String> {
    if args.one == Path::new("-") || is_trace(&args.one) {
        let path = args.one.display();
        return Err(format!(
            "error: {path} is a trace, which cannot go on otherwise: name the case, or the scenario and its seed\n"
        ));
    }
    let scenario = read(&args.one, tables, stderr_style(look.color) == Style::Color);
    let scenario = scenario.and_then(|scenario| scenario.by(args.which.strategy))?;
    let (run, violation) = failing(&scenario, args.which.seed)?;
    let one = record(Subject { scenario: &scenario, side: Side::Own }, run.seed, tables);
    let drawn = scenario.drawn(run.seed).into_owned();
    let Some(nearest) = nearest(&drawn, &run, &violation, interrupt::heed()) else {
        let path = args.one.display();
        return Err(format!(
            "error: nothing near seed {} of {path} passes: no other chance and no missing fault makes a difference\n   = help: `--right` compares it with the protocol without its bug\n",
            run.seed
        ));
    };
    let mut other = record(Subject { scenario: &nearest.scenario, side: Side::Own }, run.seed, tables);
    let seed = args.which.seed.map_or(String::new(), |seed| format!(" --seed {seed}{}", args.which.strategy.option()));
    other.reproduce = format!("shaketable diff {}{seed} --nearest", quoted(&args.one));
    Ok(Pair { one, other, how: Some(nearest.how) })
}

fn both(args: &cli::Diff, look: &Look, tables: &Tables) -> Result<Pair, String> {
    let color = stderr_style(look.color) == Style::Color;
    let one = recorded(&args.one, args.which, Side::Own, tables, color)?;
    let path = args.other.as_ref().unwrap_or(&args.one);
    let side = if args.right { Side::Right } else { Side::Own };
    // Of a case and another file, each has the seed that it was recorded with.
    let seed = args.other_seed.or(args.which.seed);
    let other = recorded(path, Which { seed, ..args.which }, side, tables, color)?;
    Ok(Pair { one, other, how: None })
}
