//! What clients asked for and were answered, as a table.

use csv::Writer;

use super::view::View;
use crate::recording::{Fate, Part, Place, Recording};

const COLUMNS: [&str; 9] =
    ["id", "client", "operation", "answer", "outcome", "invoked_ns", "returned_ns", "part", "order"];

/// The operations of which the asking or the end is wanted, as comma-separated values after [RFC 4180](https://www.rfc-editor.org/rfc/rfc4180), with `\n` at the end of lines.
///
/// `outcome` is `ok`, `failed` (it certainly had no effect) or `unknown`. Times are nanoseconds since the run began; an operation whose outcome is unknown
/// never returned, even if its client waits no longer. `part` is `culprit` for the answer that cannot be explained and `story` for those that exclude it; `order` is its
/// place in an order that explains as many answers as can be.
pub fn csv(recording: &Recording, places: &[Place]) -> String {
    let view = View::new(recording, places);
    let mut table = Writer::from_writer(Vec::new());
    table.write_record(COLUMNS).expect("memory takes any row");
    let wanted = |place: Place| view.wants(place);
    for operation in &recording.operations {
        if !wanted(operation.from) && !operation.to.is_some_and(wanted) {
            continue;
        }
        let at = |place: Place| recording.event(place).at.as_nanos().to_string();
        let returned = operation.to.filter(|_| operation.fate != Fate::Unknown);
        let row = [
            operation.id.clone(),
            recording.lane(operation.lane).name.clone(),
            operation.asked.clone(),
            operation.answer.clone().unwrap_or_default(),
            fate(operation.fate).to_owned(),
            at(operation.from),
            returned.map(at).unwrap_or_default(),
            operation.part.map(part).unwrap_or_default().to_owned(),
            operation.order.map(|order| order.to_string()).unwrap_or_default(),
        ];
        table.write_record(row).expect("memory takes any row");
    }
    let bytes = table.into_inner().expect("memory takes all of it");
    String::from_utf8(bytes).expect("text stays text")
}

/// What is known of an operation, in a word.
pub(super) fn fate(fate: Fate) -> &'static str {
    match fate {
        Fate::Ok => "ok",
        Fate::Failed => "failed",
        Fate::Unknown => "unknown",
    }
}

/// What an operation has to do with the violation, in a word.
pub(super) fn part(part: Part) -> &'static str {
    match part {
        Part::Culprit => "culprit",
        Part::Story => "story",
    }
}
