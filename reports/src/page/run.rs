//! A run as a page has it: a header of words, and columns of numbers.

use serde_json::{Value, json};

use super::columns::{Columns, steps};
use super::{Property, Shown};
use crate::recording::{Change, Event, Fate, LaneKind, Lost, Part, Place, Recording, Stop};

/// What a run is in the header of a page; its numbers go into columns. `details` says of which events the details are there.
pub(super) fn run(shown: &Shown<'_>, details: &[bool], columns: &mut Columns) -> Value {
    let recording = shown.recording;
    let about = &recording.about;
    let (protocol, bug) = match about.protocol.split_once('/') {
        Some((protocol, bug)) => (protocol, Some(bug)),
        None => (about.protocol.as_str(), None),
    };
    let last = recording.events.last().map_or(0, |event| event.at.as_nanos());
    let outcome = recording.outcome.as_ref();
    let (texts, detail) = texts(recording, details);
    json!({
        "name": shown.name,
        "scenario": about.scenario,
        "protocol": protocol,
        "bug": bug,
        "seed": about.seed.to_string(),
        "digest": outcome.map(|outcome| &outcome.digest),
        "reproduce": shown.reproduce,
        "end": outcome.map_or(last, |outcome| outcome.end.as_nanos()),
        "verdict": outcome.map_or("cut short", |outcome| &outcome.verdict),
        "violation": violation(recording),
        "lanes": recording.lanes.iter().map(|lane| json!({ "name": lane.name, "kind": kind(lane.kind) })).collect::<Vec<_>>(),
        "kinds": recording.kinds.words(),
        "labels": recording.labels.words(),
        "details": texts,
        "fields": recording.fields.words(),
        "values": recording.values.words(),
        "faults": faults(recording),
        "down": down(recording),
        "operations": operations(recording),
        "properties": shown.properties.iter().map(Property::json).collect::<Vec<_>>(),
        "truncated": details.iter().zip(&recording.events).filter(|(kept, event)| !**kept && !event.detail.is_empty()).count(),
        "columns": all_columns(recording, detail, columns),
    })
}

fn kind(kind: LaneKind) -> &'static str {
    match kind {
        LaneKind::Node => "node",
        LaneKind::Client => "client",
        LaneKind::World => "world",
    }
}

fn violation(recording: &Recording) -> Option<Value> {
    let violation = recording.violation()?;
    let lane = violation.event.map(|place| recording.event(place).lane.0);
    Some(json!({
        "property": violation.signature,
        "message": violation.story.first(),
        "event": violation.event.map(|place| place.0),
        "t": violation.came.as_nanos(),
        "lane": lane,
        "against": violation.against.iter().map(|place| place.0).collect::<Vec<_>>(),
        "story": violation.story.iter().skip(1).collect::<Vec<_>>(),
    }))
}

fn faults(recording: &Recording) -> Vec<Value> {
    let fault = |band: &crate::recording::Band| {
        json!({
            "kind": band.kind,
            "what": format!("{} {}", band.kind, band.what),
            "from": band.from.as_nanos(),
            "to": band.to.map(|to| to.as_nanos()),
            "lanes": band.on.iter().map(|lane| lane.0).collect::<Vec<_>>(),
            "event": band.event.0,
        })
    };
    recording.faults.iter().map(fault).collect()
}

fn down(recording: &Recording) -> Vec<Value> {
    let down = |down: &crate::recording::Down| {
        let why = match down.why {
            Stop::Crash => "crash",
            Stop::Pause => "pause",
        };
        json!({ "lane": down.lane.0, "from": down.from.as_nanos(), "to": down.to.map(|to| to.as_nanos()), "why": why })
    };
    recording.down.iter().map(down).collect()
}

fn operations(recording: &Recording) -> Vec<Value> {
    let operation = |operation: &crate::recording::Operation| {
        json!({
            "id": operation.id,
            "lane": operation.lane.0,
            "asked": operation.asked,
            "answer": operation.answer,
            "outcome": match operation.fate {
                Fate::Ok => "ok",
                Fate::Failed => "failed",
                Fate::Unknown => "unknown",
            },
            "from": operation.from.0,
            "to": operation.to.map(|to| to.0),
            "part": operation.part.map(|part| match part {
                Part::Culprit => "culprit",
                Part::Story => "story",
            }),
            "order": operation.order,
        })
    };
    recording.operations.iter().map(operation).collect()
}

/// The details that are there, each once, and for each event the number of its own, from 1.
fn texts(recording: &Recording, kept: &[bool]) -> (Vec<String>, Vec<u64>) {
    let mut table = crate::recording::Table::default();
    let numbers = recording.events.iter().zip(kept).map(|(event, kept)| match *kept && !event.detail.is_empty() {
        true => u64::from(table.name(&event.detail).0) + 1,
        false => 0,
    });
    let numbers = numbers.collect();
    (table.words().to_vec(), numbers)
}

fn all_columns(recording: &Recording, detail: Vec<u64>, columns: &mut Columns) -> Value {
    let events = || recording.placed();
    let flags = |event: &Event| u64::from(event.routine) | u64::from(event.again) << 1 | u64::from(event.held) << 2;
    let back = |place: Place, event: &Event| event.cause.map_or(0, |cause| u64::from(place.0 - cause.0));
    let change = |of: fn(&Change) -> u64| recording.changes.iter().map(of);
    let lost = |of: fn(&Lost) -> u64| recording.lost.iter().map(of);
    columns.add([
        ("time", steps(events().map(|(_, event)| event.at.as_nanos()))),
        ("id", steps(events().map(|(_, event)| event.number))),
        ("kind", events().map(|(_, event)| event.kind.0.into()).collect()),
        ("lane", events().map(|(_, event)| event.lane.0.into()).collect()),
        ("label", events().map(|(_, event)| event.label.map_or(0, |label| u64::from(label.0) + 1)).collect()),
        ("cause", events().map(|(place, event)| back(place, event)).collect()),
        ("detail", detail),
        ("flags", events().map(|(_, event)| flags(event)).collect()),
        ("change_event", steps(change(|change| change.event.0.into()))),
        ("change_field", change(|change| change.field.0.into()).collect()),
        ("change_value", change(|change| change.value.0.into()).collect()),
        ("lost_event", steps(lost(|lost| lost.event.0.into()))),
        ("lost_to", lost(|lost| lost.to.0.into()).collect()),
        ("lost_label", lost(|lost| u64::from(lost.label.0) + 1).collect()),
        ("lost_why", vec![0; recording.lost.len()]),
    ])
}
