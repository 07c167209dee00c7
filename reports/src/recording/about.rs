//! What a violation is about: which operations, and which event.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use shaketable_sim::time::Instant;

use super::{Event, LaneKind, Operation, Part, Place, Recording};

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

/// Finds the events that a violation is against: what changed each of these nodes at that time, or else the last that it did by then.
pub(super) fn compare(recording: &mut Recording, sights: &[(String, Instant)]) {
    let find = |(node, at): &(String, Instant)| {
        let lane = recording.lanes.iter().position(|lane| lane.kind == LaneKind::Node && lane.name == *node)?;
        let by_then = recording.events.partition_point(|event| event.at <= *at);
        let acts = |event: &Event| event.lane.0 as usize == lane && !recording.passes(event);
        let on_lane =
            || (0..by_then).rev().map(|place| Place(place as u32)).filter(|place| acts(recording.event(*place)));
        let changed = |place: &Place| !recording.changes_of(*place).is_empty();
        let then = on_lane().take_while(|place| recording.event(*place).at == *at);
        then.filter(changed).last().or_else(|| on_lane().next())
    };
    let mut found: Vec<Place> = sights.iter().filter_map(find).collect();
    found.sort_unstable();
    found.dedup();
    if let Some(violation) = recording.outcome.as_mut().and_then(|outcome| outcome.violation.as_mut()) {
        violation.against = found;
    }
}
