//! What happens at an instant: events, messages from one to another, marks, counters.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{MOMENT, NETWORK, Of, Row, Sheet};
use crate::recording::{Event, LaneAt, LaneKind, Place};

/// What else is known of an event than its arguments tell.
const SHOWN: [&str; 5] = ["t", "id", "kind", "node", "client"];

impl Sheet<'_, '_> {
    /// The wanted events that nodes and clients have handled, and the messages between them.
    pub(super) fn events(&mut self) {
        let view = self.view;
        let drawn = |event: &Event| view.lane_kind(event.lane) != LaneKind::World && !view.recording.passes(event);
        let ends = self.ends(drawn);
        let mut sends: BTreeMap<Place, Vec<Place>> = BTreeMap::new();
        for (place, _) in view.events().filter(|(_, event)| drawn(event)) {
            let origin = view.origin(place).map(|origin| origin.event).filter(|from| view.wants(*from));
            if let Some(from) = origin.filter(|from| drawn(view.recording.event(*from))) {
                sends.entry(from).or_default().push(place);
            }
        }
        let arrives: BTreeMap<Place, Place> =
            sends.iter().flat_map(|(from, all)| all.iter().map(|place| (*place, *from))).collect();
        for (place, event) in view.events().filter(|(_, event)| drawn(event)) {
            let row = self.row(event.lane, Of::Events);
            let at = event.at.as_nanos();
            let dur = super::micros(ends[&place] - at);
            let args = self.args(place, event);
            let more = json!({ "dur": dur, "cat": view.kind(event), "args": args });
            self.line("X", row, at, &view.name(event), more);
            if arrives.contains_key(&place) {
                self.flow("f", row, at, place);
            }
            for arrival in sends.get(&place).into_iter().flatten() {
                self.flow("s", row, at, *arrival);
            }
        }
    }

    /// When the slice of each event ends, so that the next one of its lane is not inside, but those of the same instant are.
    fn ends(&self, drawn: impl Fn(&Event) -> bool) -> BTreeMap<Place, u64> {
        let mut ends = BTreeMap::new();
        // Of each lane, from the last event back: an instant, and the next one after it.
        let mut next: BTreeMap<LaneAt, (u64, u64)> = BTreeMap::new();
        for place in self.view.places.iter().rev() {
            let event = self.view.recording.event(*place);
            if drawn(event) {
                let at = event.at.as_nanos();
                let (now, after) = next.entry(event.lane).or_insert((at, u64::MAX));
                if *now != at {
                    (*now, *after) = (at, *now);
                }
                ends.insert(*place, (*after).min(at + MOMENT));
            }
        }
        ends
    }

    /// One end of a message's arrow; each arrival has an arrow of its own.
    fn flow(&mut self, phase: &str, row: Row, at: u64, arrival: Place) {
        let name = self.view.message_name(self.view.recording.event(arrival));
        let mut more = json!({ "cat": "message", "id": arrival.0 });
        if phase == "f" {
            more["bp"] = json!("e");
        }
        self.line(phase, row, at, &name, more);
    }

    fn args(&self, place: Place, event: &Event) -> Value {
        let mut args = Map::new();
        args.insert("event".to_owned(), json!(event.number));
        args.insert("happened".to_owned(), json!(self.view.happened(event)));
        if let Value::Object(line) = self.view.recording.line(event) {
            args.extend(line.into_iter().filter(|(key, _)| !SHOWN.contains(&key.as_str())));
        }
        let changes: Map<String, Value> =
            self.view.changes(place).map(|(field, value)| (field.to_owned(), json!(value))).collect();
        if !changes.is_empty() {
            args.insert("changes".to_owned(), Value::Object(changes));
        }
        let also = [("again", event.again), ("held", event.held), ("routine", event.routine)];
        args.extend(also.into_iter().filter(|(_, is)| *is).map(|(name, _)| (name.to_owned(), json!(true))));
        Value::Object(args)
    }

    /// Messages that did not come, the heal, and the violation.
    pub(super) fn marks(&mut self) {
        let (view, recording) = (self.view, self.view.recording);
        for (place, event) in view.events() {
            let at = event.at.as_nanos();
            if recording.passes(event) {
                let row = self.row(event.lane, Of::Events);
                let args = self.args(place, event);
                self.line(
                    "i",
                    row,
                    at,
                    &view.message(event),
                    json!({ "s": "t", "cat": view.kind(event), "args": args }),
                );
            } else if view.kind(event) == "heal" {
                let row = self.row(event.lane, Of::Events);
                self.line("i", row, at, "heal", json!({ "s": "p", "cat": "heal", "args": self.args(place, event) }));
            }
            for lost in view.lost(place) {
                let row = self.row(event.lane, Of::Events);
                let name = format!("{} to {} lost", recording.labels.word(lost.label), recording.lane(lost.to).name);
                self.line("i", row, at, &name, json!({ "s": "t", "cat": "lost", "args": { "event": event.number } }));
            }
        }
        let Some(violation) = recording.violation() else { return };
        let at = violation.at.as_nanos();
        if (self.from..=self.to).contains(&at) {
            let lane = violation.event.map_or(LaneAt(0), |place| recording.event(place).lane);
            let row = self.row(lane, Of::Events);
            let args = json!({ "story": violation.story });
            self.line("i", row, at, &violation.signature, json!({ "s": "g", "cat": "violation", "args": args }));
        }
    }

    /// How much each node knows to be decided, and how many messages are on their way, whether they are wanted or not.
    pub(super) fn counters(&mut self) {
        let (view, recording) = (self.view, self.view.recording);
        let mut steps: BTreeMap<(Row, &str), BTreeMap<u64, i64>> = BTreeMap::new();
        let network = (self.process(NETWORK), 0);
        for (place, event) in recording.placed() {
            let commit = view.changes(place).find(|(field, _)| *field == "commit");
            if let Some(commit) = commit.and_then(|(_, value)| value.parse().ok()) {
                let row = ((event.lane.0 + 1), 0);
                steps.entry((row, "commit")).or_default().insert(event.at.as_nanos(), commit);
            }
            // What is held is still on its way.
            let sent = view.origin(place).filter(|origin| origin.sent && view.kind(event) != "held");
            if let Some(sent) = sent {
                let on_way = steps.entry((network, "messages in flight")).or_default();
                *on_way.entry(recording.event(sent.event).at.as_nanos()).or_default() += 1;
                *on_way.entry(event.at.as_nanos()).or_default() -= 1;
            }
        }
        for ((row, name), steps) in steps {
            self.rows.entry(row).or_default();
            let mut sum = 0;
            let summed = steps.into_iter().map(|(at, step)| {
                sum = if row == network { sum + step } else { step };
                (at.max(self.from), sum)
            });
            // Of what was before, the last alone is of interest.
            let values: BTreeMap<u64, i64> = summed.collect();
            for (at, value) in values.range(..=self.to).map(|(at, value)| (*at, *value)) {
                self.line("C", row, at, name, json!({ "args": { name: value } }));
            }
        }
    }
}
