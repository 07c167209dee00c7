//! Histories from elsewhere: read in the formats that others write, and judged by the specifications that our own runs are.
//!
//! A format has a reader ([`ndjson`], [`maps`] of EDN, [`log`]) from text to neutral [events](event), which [`calls`] puts together to operations; a
//! [model](models) makes operations of a specification of them; and [`judge`] asks the check and tells what it found.
//! A new format is a reader and a line in [`read`]; a new model an entry in [`models::MODELS`].
//!
//! What the events mean: `ok` says that the operation happened, between its invocation and this, with this answer. `fail` says
//! that it did not happen. After `info` nobody knows: it may happen at any later time, or never; so may an operation that has no
//! completion. A read that failed or was not answered says nothing. (In logs, a `cas` that fails is an answer: see [`log`].)

use std::io::BufRead;
use std::path::Path;

use shaketable_reports::{Checked, Judgeable, Wrong};

pub(crate) mod calls;
pub(crate) mod drawn;
mod edn;
mod event;
pub(crate) mod export;
pub(crate) mod judge;
mod log;
mod maps;
pub(crate) mod models;
mod ndjson;
mod origin;
pub(crate) mod source;
pub(crate) mod transactions;
mod value;
pub(crate) mod weaker;
pub(crate) mod words;

#[cfg(test)]
mod endless;
#[cfg(test)]
mod fuzz;

use calls::{History, Keyed};
use event::{Mistake, Reader};
use judge::Asked;
use models::Model;
use source::Format;

/// How histories are to be read and judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct How {
    /// The format; by how the text begins, if none is given.
    pub(crate) format: Option<Format>,
    /// The model; by what the history says or asks for, if none is given.
    pub(crate) model: Option<&'static Model>,
    /// How values are about objects.
    pub(crate) keyed: Keyed,
    /// What is asked.
    pub(crate) asked: Asked,
}

/// Reads a file and judges it.
pub(crate) fn check_file(path: &Path, how: How) -> Checked {
    let name = if path == Path::new("-") { "stdin".to_owned() } else { path.display().to_string() };
    let judged = match source::open(path) {
        Ok(input) => check(input, how),
        Err(error) => Err(vec![Mistake::new(0, format!("cannot be read: {error}"), "")]),
    };
    let told = |Mistake { line, given, allowed }| Wrong { line, given, allowed };
    Checked { name, judged: judged.map_err(|mistakes| mistakes.into_iter().map(told).collect()) }
}

/// Reads a history and judges it.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check(input: Box<dyn BufRead + '_>, how: How) -> Result<Judgeable, Vec<Mistake>> {
    let input = source::unmarked(input).map_err(|error| vec![source::unreadable(1, &error)])?;
    let (format, input) = match how.format {
        Some(format) => (format, input),
        None => source::recognised(input).map_err(|mistake| vec![mistake])?,
    };
    let history = History::read(&mut *read(format, input), how.keyed)?;
    let model = match (how.model, &history.model) {
        (Some(model), _) => model,
        (None, Some(name)) => models::named(name)
            .map_err(|near| vec![Mistake::new(1, format!("an unknown model `{}`", value::cut(name, 40)), near)])?,
        (None, None) => models::guessed(&history).map_err(|mistake| vec![mistake])?,
    };
    if let Some(level) = how.asked.level.filter(|level| !model.levels.contains(level)) {
        let given = format!("`--level {level}`, and a history of the model `{}`", model.name);
        return Err(vec![Mistake::new(0, given, format!("levels of this model are {}", model.levels.join(", ")))]);
    }
    let found = (model.judge)(model, &history, &how.asked)?;
    Ok(Judgeable { format: format.name(), model: model.name, operations: history.calls.len() as u64, found })
}

/// The reader of a format.
fn read<'a>(format: Format, input: Box<dyn BufRead + 'a>) -> Box<Reader<'a>> {
    match format {
        Format::Ndjson => Box::new(ndjson::Ndjson::new(input)),
        Format::Edn => Box::new(maps::Maps::new(input)),
        Format::Log => Box::new(log::Log::new(input)),
    }
}
