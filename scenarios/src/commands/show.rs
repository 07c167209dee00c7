//! `shaketable list`, `explain`, `schema`, `completions`: what there is, printed from the tables that everything is made of.

use std::io;

use clap::CommandFactory;
use clap_complete::Shell;
use shaketable_reports::{Exit, Style};

use super::refuse;
use crate::cli::{Cli, Format, List, Listed, Look};
use crate::describe;
use crate::files::read_all;
use crate::schema;
use crate::tables::Tables;
use crate::terminal::{print, stderr_style, tell};

/// Lists what there is.
///
/// # Errors
/// If it cannot be printed.
pub(super) fn list(args: &List, look: &Look, tables: &Tables) -> io::Result<Exit> {
    let (text, json) = match args.what {
        Listed::Tables(what) => (describe::list(what, tables), describe::list_json(what, tables)),
        Listed::Scenarios => match read_all(&args.paths, tables, stderr_style(look.color) == Style::Color) {
            Ok(scenarios) => (describe::list_scenarios(&scenarios), describe::list_scenarios_json(&scenarios)),
            Err(trouble) => return Ok(refuse(&trouble)),
        },
    };
    print(&match args.format {
        Format::Human => text,
        Format::Json => format!("{json:#}\n"),
    })?;
    Ok(Exit::Pass)
}

/// Explains a name.
///
/// # Errors
/// If it cannot be printed.
pub(super) fn explain(name: &str, tables: &Tables) -> io::Result<Exit> {
    match describe::explain(name, tables) {
        Ok(text) => print(&text).map(|()| Exit::Pass),
        Err(unknown) => {
            tell(&format!("error: {unknown}\n"));
            Ok(Exit::Usage)
        }
    }
}

/// Prints the JSON Schema of scenario files.
///
/// # Errors
/// If it cannot be printed.
pub(super) fn schema(tables: &Tables) -> io::Result<Exit> {
    print(&format!("{:#}\n", schema::schema(tables))).map(|()| Exit::Pass)
}

/// Prints a script that completes commands.
///
/// # Errors
/// If it cannot be printed.
pub(super) fn completions(shell: Shell) -> io::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "shaketable", &mut script);
    print(&String::from_utf8_lossy(&script)).map(|()| Exit::Pass)
}
