//! `shaketable diff`: where two runs part, and why.

use std::io;

use shaketable_reports::page::page;
use shaketable_reports::{Exit, Side, Style, difference};

use crate::cli::{self, Look, Which};
use crate::record::{Recorded, recorded};
use crate::tables::Tables;
use crate::terminal::{print, stderr_style, stdout_style, tell};
use crate::whole::write_whole;

/// Compares the runs that `args` name, and tells where they part. That they do is no failure: it is asked for.
///
/// # Errors
/// If it cannot be printed.
pub(super) fn diff(args: &cli::Diff, look: &Look, tables: &Tables) -> io::Result<Exit> {
    let (one, other) = match both(args, look, tables) {
        Ok(both) => both,
        Err(wrong) => {
            tell(&wrong);
            return Ok(Exit::Usage);
        }
    };
    let found = difference(&one.recording, &other.recording);
    if let Some(path) = &args.page {
        let names = if args.right { ["with the bug", "without it"] } else { ["A", "B"] };
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
    print(&format!("{text}\n{}", found.shown(style)))?;
    Ok(Exit::Pass)
}

fn both(args: &cli::Diff, look: &Look, tables: &Tables) -> Result<(Recorded, Recorded), String> {
    let color = stderr_style(look.color) == Style::Color;
    let one = recorded(&args.one, args.which, Side::Own, tables, color)?;
    let path = args.other.as_ref().unwrap_or(&args.one);
    let side = if args.right { Side::Right } else { Side::Own };
    // Of a case and another file, each has the seed that it was recorded with.
    let seed = args.other_seed.or(args.which.seed);
    let other = recorded(path, Which { seed, ..args.which }, side, tables, color)?;
    Ok((one, other))
}
