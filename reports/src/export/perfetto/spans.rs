//! What lasts: roles, pauses, faults, operations.

use serde_json::json;
use shaketable_sim::time::Instant;

use super::{FAULTS, MOMENT, Of, Sheet};
use crate::export::history::{fate, part};
use crate::recording::{LaneAt, LaneKind, Stop};

/// What a node is, since when.
#[derive(Default)]
struct Standing {
    role: String,
    epoch: String,
    since: Option<u64>,
}

impl Sheet<'_, '_> {
    fn nodes(&self) -> impl Iterator<Item = LaneAt> + use<> {
        let lanes = &self.view.recording.lanes;
        let nodes = lanes.iter().filter(|lane| lane.kind == LaneKind::Node).count();
        (0..nodes as u32).map(LaneAt)
    }

    /// What each node was when. Nothing while it was down.
    pub(super) fn roles(&mut self) {
        for node in self.nodes() {
            let recording = self.view.recording;
            let crashes = recording.down.iter().filter(|down| down.lane == node && down.why == Stop::Crash);
            let mut crashes = crashes.filter(|down| down.to != Some(down.from)).peekable();
            let mut standing = Standing::default();
            for (place, event) in recording.placed().filter(|(_, event)| event.lane == node) {
                while let Some(crash) = crashes.next_if(|crash| crash.from < event.at) {
                    self.stood(node, &mut standing, Some(crash.from));
                }
                if recording.passes(event) {
                    continue;
                }
                let (mut role, mut epoch) = (standing.role.clone(), standing.epoch.clone());
                for (field, value) in self.view.changes(place) {
                    match field {
                        "role" => role = value.to_owned(),
                        "epoch" => epoch = value.to_owned(),
                        _ => {}
                    }
                }
                if (&role, &epoch) != (&standing.role, &standing.epoch) {
                    self.stood(node, &mut standing, Some(event.at));
                    (standing.role, standing.epoch) = (role, epoch);
                }
                standing.since.get_or_insert(event.at.as_nanos());
            }
            self.stood(node, &mut standing, crashes.next().map(|crash| crash.from));
        }
    }

    /// A node is no longer what it was.
    fn stood(&mut self, node: LaneAt, standing: &mut Standing, until: Option<Instant>) {
        let Some(since) = standing.since.take().filter(|_| !standing.role.is_empty()) else { return };
        let name = match standing.epoch.as_str() {
            "" => standing.role.clone(),
            epoch => format!("{}, epoch {epoch}", standing.role),
        };
        let row = self.row(node, Of::Spans);
        let args = json!({ "from_ns": since, "to_ns": until.map(Instant::as_nanos) });
        self.span(row, (since, self.end(until)), &name, "role", args);
    }

    /// When which nodes were down or paused.
    pub(super) fn stops(&mut self) {
        let recording = self.view.recording;
        for down in &recording.down {
            let (of, name) = match down.why {
                Stop::Crash => (Of::Spans, "down"),
                Stop::Pause => (Of::Pauses, "paused"),
            };
            let (row, to) = (self.row(down.lane, of), self.end(down.to));
            let args = json!({ "from_ns": down.from.as_nanos(), "to_ns": down.to.map(Instant::as_nanos) });
            self.span(row, (down.from.as_nanos(), to), name, "stop", args);
        }
    }

    /// When which faults were in force, in as many rows as it takes for none to hide another.
    pub(super) fn faults(&mut self) {
        let recording = self.view.recording;
        let mut ends: Vec<u64> = Vec::new();
        for band in &recording.faults {
            let from = band.from.as_nanos();
            let to = band.to.map_or(from + MOMENT, Instant::as_nanos);
            if from > self.to || to < self.from {
                continue;
            }
            let free = ends.iter().position(|end| *end <= from).unwrap_or(ends.len());
            if free == ends.len() {
                ends.push(0);
            }
            ends[free] = to;
            let row = (self.process(FAULTS), 1 + free as u32);
            let name = if free == 0 { "faults".to_owned() } else { format!("faults {}", free + 1) };
            self.rows.insert(row, name);
            let on: Vec<&str> = band.on.iter().map(|lane| recording.lane(*lane).name.as_str()).collect();
            let ended = band.to.map(Instant::as_nanos);
            let args = json!({ "what": band.what, "on": on.join(" "), "from_ns": from, "to_ns": ended });
            let name = format!("{} {}", band.kind, on.join(" "));
            self.span(row, (from, to), name.trim_end(), "fault", args);
        }
    }

    /// What clients waited for.
    pub(super) fn operations(&mut self) {
        let recording = self.view.recording;
        for operation in &recording.operations {
            let at = |place| recording.event(place).at.as_nanos();
            let (from, to) = (at(operation.from), operation.to.map(at));
            let row = self.row(operation.lane, Of::Spans);
            let args = json!({
                "operation": operation.id,
                "asked": operation.asked,
                "answer": operation.answer,
                "outcome": fate(operation.fate),
                "part": operation.part.map(part),
                "order": operation.order,
                "invoked_ns": from,
                "ended_ns": to,
            });
            let span = (from, to.unwrap_or(self.to.max(from)));
            self.span(row, span, &operation.asked, "operation", args);
        }
    }
}
