//! What a violation is about: which operations, and which event.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use shaketable_sim::time::Instant;

use super::{Event, Operation, Part, Place, Recording};

/// Says of operations what they have to do with the violation.
pub(super) fn involve(operations: &mut [Operation], history: &Map<String, Value>) {
    let names =
        |name: &str| history.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let places: BTreeMap<String, usize> = (0..).zip(&*operations).map(|(place, of)| (of.id.clone(), place)).collect();
    for id in names("story") {
        places.get(id).inspect(|place| operations[**place].part = Some(Part::Story));
    }
    for (number, id) in (1..).zip(names("order")) {
        places.get(id).inspect(|place| operations[**place].order = Some(number));
    }
    if let Some(place) = history.get("culprit").and_then(Value::as_str).and_then(|id| places.get(id)) {
        operations[*place].part = Some(Part::Culprit);
    }
}

/// Finds the event that made a violation plain: the culprit's answer, or else the last one by the time that it came to it.
pub(super) fn blame(recording: &mut Recording) {
    let culprit = recording.operations.iter().find(|operation| operation.part == Some(Part::Culprit));
    let answer = culprit.and_then(|operation| operation.to);
    let events = &recording.events;
    let Some(violation) = recording.outcome.as_mut().and_then(|outcome| outcome.violation.as_mut()) else { return };
    // Of a panic nobody knows when it was: it ended the run.
    let by_then = match violation.came {
        Instant::ZERO => events.len(),
        at => events.partition_point(|event| event.at <= at),
    };
    // If it was found only later, a fault has brought it about.
    let late = violation.came < violation.at;
    let brought = |event: &&Event| late && event.at == violation.came && recording.kinds.word(event.kind) == "fault";
    let fault = events[..by_then].iter().rposition(|event| brought(&event));
    violation.event = answer.or(fault.or(by_then.checked_sub(1)).map(|place| Place(place as u32)));
    if let (Instant::ZERO, Some(place)) = (violation.at, violation.event) {
        violation.at = events[place.0 as usize].at;
        violation.came = violation.at;
    }
}
