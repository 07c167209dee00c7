//! Annotations for GitHub: workflow commands that put a failure beside the line of the file that asks for what failed.
//!
//! GitHub shows ten annotations of a kind in a step and drops the rest in silence, so the last one says how many more there are.

use super::{Ci, Examined, Status};
use crate::regress::Case;
use crate::summary::Exit;

/// How many errors and how many warnings are annotated, the line that counts the others included.
const SHOWN: usize = 10;

/// An annotation.
struct Note {
    level: &'static str,
    file: String,
    line: u64,
    title: String,
    message: String,
}

/// The workflow commands, a line each; nothing if all is as expected.
pub fn ci_github(ci: &Ci) -> String {
    let fresh = ci.fresh.iter().flat_map(|fresh| &fresh.scenarios);
    let cases = ci.regressions.cases.iter().filter_map(case);
    let notes: Vec<Note> = cases.chain(ci.own.iter().chain(fresh).flat_map(scenario)).collect();
    let mut text = String::new();
    for level in ["error", "warning"] {
        let notes: Vec<&Note> = notes.iter().filter(|note| note.level == level).collect();
        let shown = if notes.len() > SHOWN { SHOWN - 1 } else { notes.len() };
        notes[..shown].iter().for_each(|note| text += &note.command());
        if notes.len() > shown {
            text += &format!("::{level} title=shaketable::… and {} more like these\n", notes.len() - shown);
        }
    }
    if let Some(left) = ci.left_out() {
        text += &format!("::warning title=shaketable::{}\n", data(&left));
    }
    text
}

fn scenario(examined: &Examined) -> Vec<Note> {
    let tested = &examined.tested;
    let note = |property: &super::Property| {
        let (level, message) = match examined.status(property) {
            Status::Broken(failure) | Status::Unsteady(failure) => {
                ("error", format!("{}\n{}", failure.message, failure.text()))
            }
            Status::Unknown(why) if tested.outcome != crate::summary::Outcome::Unfinished => ("warning", why),
            Status::Held | Status::Unknown(_) => return None,
        };
        let (file, line, title) = (tested.name.clone(), property.line, property.about.name());
        Some(Note { level, file, line, title, message })
    };
    examined.properties.iter().filter_map(note).collect()
}

fn case(case: &Case) -> Option<Note> {
    let level = match case.exit() {
        Exit::Pass => return None,
        Exit::Inconclusive | Exit::NothingTested => "warning",
        _ => "error",
    };
    let title = format!("{}: a kept case", case.replayed.judgement().name());
    Some(Note { level, file: case.replayed.scenario.clone(), line: 1, title, message: case.lines().join("\n") })
}

impl Note {
    fn command(&self) -> String {
        let Note { level, file, line, title, message } = self;
        format!(
            "::{level} file={},line={line},title={}::{}\n",
            property(file),
            property(title),
            data(message.trim_end())
        )
    }
}

/// A message, as the runner reads it back.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property, as the runner reads it back.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
