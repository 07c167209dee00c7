//! Chrome's JSON trace format, as Perfetto reads it.
//!
//! The format: <https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU>.

mod points;
mod spans;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use shaketable_sim::time::Instant;

use super::view::View;
use crate::recording::{LaneAt, LaneKind, Place, Recording};

/// How long an event is drawn, in nanoseconds: it takes no time, but an arrow must have something to begin and end in.
const MOMENT: u64 = 1_000;

/// A run for Perfetto, in Chrome's JSON trace format.
///
/// Every node is a process with a thread for its roles, `leader, epoch 3`, interrupted while it is down, and one for the wanted events, whose arguments have all that is
/// known of them; a third shows pauses. Clients are threads of one process, two each: operations, and events. Faults in force are a process, the
/// number of messages on their way (of those that came or were dropped) is a counter of another, and each node has a counter of what it knows to be decided. Messages are arrows (*flows*) from the event that sent
/// them to the one by which they came, if both are wanted. Those that were lost, dropped or held are marks, and so is the violation.
///
/// What lasts is cut where the wanted events begin and end, or where the run ends if all are wanted; its arguments have its real times. An event is
/// drawn a microsecond long, or until the next of its node if that comes sooner; those of one instant lie below each other. A fault of which
/// no end is known is drawn as an event, because it may have been over at once.
pub fn perfetto(recording: &Recording, places: &[Place]) -> Value {
    let view = View::new(recording, places);
    let mut sheet = Sheet::new(&view);
    if !view.places.is_empty() {
        sheet.roles();
        sheet.stops();
        sheet.faults();
        sheet.operations();
        sheet.events();
        sheet.marks();
        sheet.counters();
    }
    let about = &recording.about;
    let outcome = recording.outcome.as_ref();
    json!({
        "displayTimeUnit": "ns",
        "otherData": {
            "tool": about.tool,
            "scenario": about.scenario,
            "protocol": about.protocol,
            "seed": about.seed.to_string(),
            "verdict": outcome.map(|outcome| &outcome.verdict),
            "digest": outcome.map(|outcome| &outcome.digest),
        },
        "traceEvents": sheet.finish(),
    })
}

/// A row: a process and a thread.
type Row = (u32, u32);

/// The trace in the making.
struct Sheet<'v, 'r> {
    view: &'v View<'r>,
    /// Nothing before this is shown, in nanoseconds.
    from: u64,
    /// Nor after this.
    to: u64,
    rows: BTreeMap<Row, String>,
    lines: Vec<(u64, Value)>,
}

impl<'v, 'r> Sheet<'v, 'r> {
    fn new(view: &'v View<'r>) -> Sheet<'v, 'r> {
        let recording = view.recording;
        let at = |place: Option<&Place>| place.map_or(0, |place| recording.event(*place).at.as_nanos());
        let (mut from, mut last) = (at(view.places.first()), at(view.places.last()));
        if view.places.len() == recording.events.len() {
            from = 0;
            last = last.max(recording.outcome.as_ref().map_or(0, |outcome| outcome.end.as_nanos()));
        }
        Sheet { view, from, to: last + MOMENT, rows: BTreeMap::new(), lines: Vec::new() }
    }

    /// What is there at a moment.
    fn line(&mut self, phase: &str, row: Row, at: u64, name: &str, more: Value) {
        let mut line = Map::new();
        line.insert("ph".to_owned(), json!(phase));
        line.insert("name".to_owned(), json!(name));
        line.insert("pid".to_owned(), json!(row.0));
        line.insert("tid".to_owned(), json!(row.1));
        line.insert("ts".to_owned(), micros(at));
        if let Value::Object(more) = more {
            line.extend(more);
        }
        self.lines.push((at, Value::Object(line)));
    }

    /// Something that lasts, as far as it is shown.
    fn span(&mut self, row: Row, (from, to): (u64, u64), name: &str, kind: &str, args: Value) {
        if from <= self.to && to >= self.from {
            let (from, to) = (from.max(self.from), to.min(self.to));
            self.line("X", row, from, name, json!({ "dur": micros(to - from), "cat": kind, "args": args }));
        }
    }

    /// When something ended; what has not lasts as long as anything is shown.
    fn end(&self, to: Option<Instant>) -> u64 {
        to.map_or(self.to, Instant::as_nanos)
    }

    /// A row of a node or of a client, which is called by its name.
    fn row(&mut self, lane: LaneAt, of: Of) -> Row {
        let (name, kind) = (&self.view.recording.lane(lane).name, self.view.lane_kind(lane));
        let (row, name) = match (kind, of) {
            (LaneKind::Node, Of::Spans) => ((lane.0 + 1, 1), "role".to_owned()),
            (LaneKind::Node, Of::Events) => ((lane.0 + 1, 2), "events".to_owned()),
            (LaneKind::Node, Of::Pauses) => ((lane.0 + 1, 3), "paused".to_owned()),
            (LaneKind::Client, Of::Spans | Of::Pauses) => ((self.process(CLIENTS), 2 * lane.0 + 1), name.clone()),
            (LaneKind::Client, Of::Events) => ((self.process(CLIENTS), 2 * lane.0 + 2), format!("{name} events")),
            (LaneKind::World, _) => ((self.process(FAULTS), 1), "faults".to_owned()),
        };
        self.rows.entry(row).or_insert(name);
        row
    }

    /// The number of a process that is no node's.
    fn process(&self, which: u32) -> u32 {
        self.view.recording.lanes.len() as u32 + which
    }

    /// All lines by time, after those that name the rows.
    fn finish(mut self) -> Vec<Value> {
        let nodes = self.view.recording.lanes.len() as u32;
        let mut named = Vec::new();
        let mut name = |what: &str, row: Row, key: &str, value: Value| {
            named.push(json!({ "ph": "M", "name": what, "pid": row.0, "tid": row.1, "ts": 0, "args": { key: value } }));
        };
        let mut last = None;
        for (row, thread) in &self.rows {
            if last.replace(row.0) != Some(row.0) {
                let (process, order) = match row.0.checked_sub(nodes + 1).map(|which| which + 1) {
                    Some(FAULTS) => ("faults", 0),
                    Some(NETWORK) => ("network", nodes + 1),
                    Some(_) => ("clients", nodes + 2),
                    None => (self.view.recording.lane(LaneAt(row.0 - 1)).name.as_str(), row.0),
                };
                name("process_name", (row.0, 0), "name", json!(process));
                name("process_sort_index", (row.0, 0), "sort_index", json!(order));
            }
            if row.1 > 0 {
                name("thread_name", *row, "name", json!(thread));
                name("thread_sort_index", *row, "sort_index", json!(row.1));
            }
        }
        self.lines.sort_by_key(|(at, _)| *at);
        named.extend(self.lines.into_iter().map(|(_, line)| line));
        named
    }
}

/// What a row of a node or a client is for.
#[derive(Clone, Copy)]
enum Of {
    /// Roles, operations.
    Spans,
    Events,
    Pauses,
}

/// The processes beside the nodes.
const FAULTS: u32 = 1;
const NETWORK: u32 = 2;
const CLIENTS: u32 = 3;

/// Nanoseconds as microseconds. Readers multiply by a thousand and some of them cut the rest off, so the number must not be too small by the least bit: slices that touch
/// would overlap.
fn micros(nanos: u64) -> Value {
    let micros = nanos as f64 / 1_000.0;
    let cut = (micros * 1_000.0) as u64;
    json!(if cut < nanos { micros.next_up() } else { micros })
}

#[cfg(test)]
mod tests {
    use super::micros;

    #[test]
    fn microseconds_are_the_same_nanoseconds_whether_readers_round_or_cut() {
        for nanos in (0..200_000).chain((0..200_000).map(|step| 19_000_000_000 + 7 * step)) {
            let micros = micros(nanos).as_f64().unwrap();
            assert_eq!(((micros * 1_000.0) as u64, (micros * 1_000.0).round() as u64), (nanos, nanos));
        }
    }
}
