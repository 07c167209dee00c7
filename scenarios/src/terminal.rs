//! Where words go: results to stdout, everything else to stderr.

use std::env;
use std::io::{self, ErrorKind, IsTerminal, Write};

use shaketable_reports::Style;

use terminal_size::{Width, terminal_size_of};

use crate::cli::When;

/// The fewest columns that a picture can have, and the most.
pub(crate) const NARROWEST: u16 = 20;
pub(crate) const WIDEST: u16 = 1_000;

/// How to write to stdout.
pub(crate) fn stdout_style(when: When) -> Style {
    style(when, io::stdout().is_terminal())
}

/// How to write to stderr.
pub(crate) fn stderr_style(when: When) -> Style {
    style(when, io::stderr().is_terminal())
}

fn style(when: When, terminal: bool) -> Style {
    let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = || env::var_os("TERM").is_some_and(|term| term == "dumb");
    match when {
        When::Always => Style::Color,
        When::Auto if terminal && !set("NO_COLOR") && !dumb() => Style::Color,
        When::Auto | When::Never => Style::Plain,
    }
}

/// How many columns a picture on stdout may have if nobody says: as many as the terminal has, or 80 if it is none.
pub(crate) fn columns(asked: Option<u16>) -> usize {
    let terminal = || terminal_size_of(io::stdout()).map(|(Width(columns), _)| columns);
    // Without a terminal there may be somebody all the same who knows how wide it is.
    let told = || env::var("COLUMNS").ok()?.parse().ok();
    asked.or_else(terminal).or_else(told).map_or(80, |columns| columns.clamp(NARROWEST, WIDEST).into())
}

/// Writes to stdout. Nobody reading on is no error: `head` has seen enough.
///
/// # Errors
/// If stdout cannot be written to.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    unless_closed(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// Writes to stderr, if that is possible.
pub(crate) fn tell(text: &str) {
    // There is nowhere left to complain to.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// A closed pipe is no error.
pub(crate) fn unless_closed(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
