//! A run as a picture for a terminal: time runs down, a column for each node and client, a line an event.
//!
//! A message is drawn where it arrives. What happened, and what it changed, stands beside; so the picture can be read without colours and in a narrow window.

use std::collections::BTreeMap;

use serde_json::Value;
use shaketable_sim::time::Instant;

use crate::recording::{Change, Event, LaneAt, LaneKind, Lost, Operation, Place, Recording, Stop};
use crate::text::{Style, Tint, counted, width};
use crate::words::{happened, struck};

/// How many columns the time takes.
const TIME: usize = 13;

/// How many columns what is beside the picture takes at least.
const NOTE_MIN: usize = 24;

/// How wide a lane is, at least and at most.
const LANE: (usize, usize) = (4, 12);

/// How many changes of a state are told.
const CHANGES_MAX: usize = 4;

/// Draws some events of a run, which are in order, as wide as `columns`.
pub fn spacetime(recording: &Recording, events: &[Place], columns: usize, style: Style) -> String {
    let mut picture = Picture::new(recording, events, columns);
    let mut text = picture.heading();
    let mut last: Option<Place> = None;
    for &place in events {
        let skipped = last.map_or(0, |last| place.0 - last.0 - 1);
        if skipped > 0 {
            text += &picture.skipped(skipped, place);
        }
        picture.live_until(place);
        text += &picture.row(place);
        let alike = |a: &Lost, b: &Lost| (a.to, a.label) == (b.to, b.label);
        for lost in recording.lost_of(place).chunk_by(alike) {
            text += &picture.lost_row(lost);
        }
        if recording.violation().is_some_and(|violation| violation.against.contains(&place)) {
            let line = format!("{:>TIME$}  ↑ the violation goes against this", "");
            text += &format!("{}\n", style.paint(Tint::Bad, &line));
        }
        if let Some(violation) = recording.violation().filter(|violation| violation.event == Some(place)) {
            let found =
                if violation.came < violation.at { format!(", found at {}", violation.at) } else { String::new() };
            let line = format!("{:>TIME$}  ✗ {} is violated{found}", "", violation.signature);
            text += &format!("{}\n", style.paint(Tint::Bad, &line));
        }
        last = Some(place);
    }
    text
}

/// A drawing in the making.
struct Picture<'a> {
    recording: &'a Recording,
    /// The lanes that are drawn, each with its column.
    at: BTreeMap<LaneAt, usize>,
    lane_width: usize,
    columns: usize,
    /// Who leads, as far as it knows, and since when.
    leads: BTreeMap<LaneAt, Instant>,
    /// Which changes have been looked at.
    seen: usize,
    /// Operations by their names.
    operations: BTreeMap<&'a str, &'a Operation>,
    /// And by the events that ended them.
    ended: BTreeMap<Place, &'a Operation>,
}

impl<'a> Picture<'a> {
    fn new(recording: &'a Recording, events: &[Place], columns: usize) -> Picture<'a> {
        let mut lanes: Vec<LaneAt> = Vec::new();
        for &place in events {
            let event = recording.event(place);
            let sender = recording.sent(event).map(|cause| recording.event(cause).lane);
            let lost = recording.lost_of(place).iter().map(|lost| lost.to);
            lanes.extend([event.lane].into_iter().chain(sender).chain(event.from).chain(lost));
        }
        lanes.sort_unstable();
        lanes.dedup();
        lanes.retain(|lane| recording.lane(*lane).kind != LaneKind::World);
        let room = columns.saturating_sub(TIME + 2 + 2 + NOTE_MIN);
        let lane_width = (room / lanes.len().max(1)).clamp(LANE.0, LANE.1);
        let at =
            lanes.into_iter().enumerate().map(|(place, lane)| (lane, place * lane_width + lane_width / 2)).collect();
        let ended = recording.operations.iter().filter_map(|operation| Some((operation.to?, operation))).collect();
        let operations = recording.operations.iter().map(|operation| (operation.id.as_str(), operation)).collect();
        Picture { recording, at, lane_width, columns, leads: BTreeMap::new(), seen: 0, operations, ended }
    }

    fn heading(&self) -> String {
        let mut cells = self.empty();
        for (lane, &at) in &self.at {
            let name: Vec<char> = self.recording.lane(*lane).name.chars().collect();
            let begin = at.saturating_sub(name.len() / 2);
            name.into_iter().enumerate().for_each(|(place, letter)| put(&mut cells, begin + place, letter));
        }
        format!("{:>TIME$}  {}\n", "", cells.into_iter().collect::<String>().trim_end())
    }

    fn empty(&self) -> Vec<char> {
        vec![' '; self.at.len() * self.lane_width]
    }

    /// Every lane as it is at the time of an event: a line, thick if it leads, none if it is down, dotted if it is paused.
    fn lines(&self, place: Place) -> Vec<char> {
        let now = self.recording.event(place).at;
        let mut cells = self.empty();
        for (&lane, &at) in &self.at {
            let stopped = self
                .recording
                .down
                .iter()
                .rev()
                .find(|down| down.lane == lane && down.from <= now && down.to.is_none_or(|to| to > now));
            // Who has crashed since leads no more.
            let crashed = |since: &Instant| {
                let of_lane = self.recording.down.iter().filter(|down| down.lane == lane && down.why == Stop::Crash);
                of_lane.into_iter().any(|down| down.from >= *since && down.from <= now)
            };
            let line = match (stopped.map(|down| down.why), self.leads.get(&lane)) {
                (Some(Stop::Crash), _) => ' ',
                (Some(Stop::Pause), _) => '┊',
                (None, Some(since)) if !crashed(since) => '┃',
                (None, _) => '│',
            };
            put(&mut cells, at, line);
        }
        cells
    }

    /// Takes in all that has changed up to an event.
    fn live_until(&mut self, place: Place) {
        let changes = &self.recording.changes;
        while let Some(change) = changes.get(self.seen).filter(|change| change.event <= place) {
            if self.recording.fields.word(change.field) == "role" {
                let event = self.recording.event(change.event);
                match self.recording.values.word(change.value) {
                    "leader" => drop(self.leads.insert(event.lane, event.at)),
                    _ => drop(self.leads.remove(&event.lane)),
                }
            }
            self.seen += 1;
        }
    }

    fn row(&self, place: Place) -> String {
        let event = self.recording.event(place);
        let mut cells = self.lines(place);
        let kind = self.recording.kinds.word(event.kind);
        let sender = self.recording.sent(event).map(|cause| self.recording.event(cause).lane);
        let to = self.at.get(&event.lane).copied();
        match (sender.and_then(|sender| self.at.get(&sender)), to) {
            (Some(&from), Some(to)) => arrow(
                &mut cells,
                from,
                to,
                match kind {
                    "dropped" => '✗',
                    "held" => '◌',
                    _ => '●',
                },
            ),
            (None, Some(to)) => put(&mut cells, to, mark(kind)),
            _ => {
                let band = self.recording.faults.iter().find(|band| band.event == place);
                let on = band.into_iter().flat_map(|band| &band.on).filter_map(|lane| self.at.get(lane));
                on.for_each(|at| put(&mut cells, *at, '▒'));
            }
        }
        for down in self.recording.down.iter().filter(|down| down.event == place && down.why == Stop::Crash) {
            self.at.get(&down.lane).inspect(|at| put(&mut cells, **at, '✗'));
        }
        self.line(&event.at.to_string(), cells, &self.note(place, event, kind))
    }

    /// Messages of a kind that were sent to the same in vain, one after the other.
    fn lost_row(&self, all: &[Lost]) -> String {
        let [lost, ..] = all else { return String::new() };
        let mut cells = self.lines(lost.event);
        let from = self.at.get(&self.recording.event(lost.event).lane);
        if let (Some(&from), Some(&to)) = (from, self.at.get(&lost.to)) {
            arrow(&mut cells, from, to, '✗');
        }
        let times = if all.len() > 1 { format!(", {} times", all.len()) } else { String::new() };
        self.line("", cells, &format!("{} is lost{times}", self.recording.labels.word(lost.label)))
    }

    fn skipped(&self, count: u32, next: Place) -> String {
        let mut cells = self.lines(next);
        cells.iter_mut().filter(|cell| **cell != ' ').for_each(|cell| *cell = '·');
        self.line("", cells, &format!("({} not shown)", counted(count.into(), "event")))
    }

    fn line(&self, time: &str, cells: Vec<char>, note: &str) -> String {
        let drawn: String = cells.into_iter().collect();
        let room = self.columns.saturating_sub(TIME + 2 + width(&drawn) + 2).max(NOTE_MIN);
        let note = cut(note, room);
        format!("{time:>TIME$}  {drawn}  {note}").trim_end().to_owned() + "\n"
    }

    /// What happened, and what it has changed.
    fn note(&self, place: Place, event: &Event, kind: &str) -> String {
        let recording = self.recording;
        let label = event.label.map_or("", |label| recording.labels.word(label));
        let line = recording.line(event);
        let what = match (kind, &event.operation) {
            ("ask" | "answer" | "request" | "give-up", Some(id)) => {
                let operation = id.split('.').next().and_then(|id| self.operations.get(id));
                match (kind, operation) {
                    ("answer", Some(operation)) if operation.to == Some(place) => {
                        format!("{} → {}", operation.asked, operation.answer.as_deref().unwrap_or("?"))
                    }
                    ("answer", _) => "rejected".to_owned(),
                    ("give-up", Some(operation)) => format!("gives up {}", operation.asked),
                    ("ask", Some(operation)) => {
                        match self.ended.get(&place) {
                            // Who is answered may ask again at once.
                            Some(before) => format!(
                                "{} → {}, then {}",
                                before.asked,
                                before.answer.as_deref().unwrap_or("?"),
                                operation.asked
                            ),
                            None => operation.asked.clone(),
                        }
                    }
                    (_, Some(operation)) => operation.asked.clone(),
                    (_, None) => label.to_owned(),
                }
            }
            ("message" | "own", _) => format!("{label}{}", if event.again { ", again" } else { "" }),
            ("timer" | "command", _) => format!("{kind} {label}"),
            ("fault", _) => struck(&line),
            _ => happened(&line),
        };
        let changes = recording.changes_of(place);
        let leads = |change: &Change| {
            recording.fields.word(change.field) == "role" && recording.values.word(change.value) == "leader"
        };
        // Who becomes leader has itself for one.
        let told = |change: &&Change| recording.fields.word(change.field) != "leader" || !changes.iter().any(leads);
        let told = changes.iter().filter(told).take(CHANGES_MAX).map(|change| {
            let (field, value) = (recording.fields.word(change.field), recording.values.word(change.value));
            if field == "role" { format!("becomes {value}") } else { format!("{field} {value}") }
        });
        let effects = line.get("effects").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let reached = effects.iter().filter_map(|effect| effect.as_str()?.strip_prefix("reached "));
        let told: Vec<String> = told.chain(reached.map(|what| format!("reaches {what}"))).collect();
        if told.is_empty() { what } else { format!("{what}: {}", told.join(", ")) }
    }
}

fn mark(kind: &str) -> char {
    match kind {
        "boot" => '▲',
        "dropped" | "sync failed" => '✗',
        _ => '◆',
    }
}

fn put(cells: &mut [char], at: usize, letter: char) {
    if let Some(cell) = cells.get_mut(at) {
        *cell = letter;
    }
}

/// An arrow across the lanes between, which ends in a mark.
fn arrow(cells: &mut [char], from: usize, to: usize, end: char) {
    let (low, high) = (from.min(to), from.max(to));
    for cell in &mut cells[low + 1..high] {
        *cell = if matches!(*cell, '│' | '┃' | '┊') { '┼' } else { '─' };
    }
    let towards = if to > from { to - 1 } else { to + 1 };
    if towards != from {
        put(cells, towards, if to > from { '▶' } else { '◀' });
    }
    put(cells, from, '○');
    put(cells, to, end);
}

/// Text, without its end if it is too long.
fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    text.chars().take(longest.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::recording::tests::read;

    /// An election that the network, a crash and a client have to do with.
    fn election() -> Recording {
        let vote = |to: &str| json!({ "send": to, "msg": "Vote", "body": 1 });
        let violation =
            json!({ "check": "linearizability", "property": "get", "at": 9_000_000, "story": ["It is so."] });
        read(&[
            json!({ "t": 0, "id": 1, "kind": "boot", "node": "n1", "life": 1, "records": 0 }),
            json!({ "t": 0, "id": 2, "kind": "boot", "node": "n2", "life": 1, "records": 0 }),
            json!({ "t": 0, "id": 3, "kind": "boot", "node": "n3", "life": 1, "records": 0 }),
            json!({ "t": 1_000_000, "id": 4, "kind": "timer", "node": "n1", "timer": "Election(1)",
                "effects": [vote("n2"), vote("n3"), "…lost"], "now": { "role": "candidate", "epoch": 1 } }),
            json!({ "t": 2_500_000, "id": 5, "cause": 4, "kind": "message", "node": "n2", "from": "n1", "msg": "Vote", "body": 1,
                "effects": [{ "send": "n1", "msg": "Yes", "body": 2 }] }),
            json!({ "t": 3_000_000, "id": 6, "kind": "fault", "fault": "crash", "what": "{ node = \"n3\" }", "number": 0, "on": ["n3"], "down": ["n3"] }),
            json!({ "t": 4_000_000, "id": 7, "cause": 5, "kind": "message", "node": "n1", "from": "n2", "msg": "Yes", "body": 2,
                "now": { "role": "leader", "epoch": 1 } }),
            json!({ "t": 5_000_000, "id": 8, "kind": "ask", "client": "c1", "operation": "c1#1", "op": "get k",
                "effects": [{ "request": "n1", "id": "c1#1", "op": "get k" }] }),
            json!({ "t": 6_000_000, "id": 9, "cause": 8, "kind": "request", "node": "n1", "request": "c1#1", "op": "get k",
                "effects": [vote("n3"), "reply c1#1: 3"] }),
            json!({ "t": 7_000_000, "id": 10, "cause": 9, "kind": "dropped", "from": "n1", "to": "n3", "msg": "Vote", "why": "node down" }),
            json!({ "t": 9_000_000, "id": 11, "cause": 9, "kind": "answer", "request": "c1#1", "ret": "3" }),
            json!({ "verdict": { "violation": violation }, "digest": "ff", "events": 11, "end": 9_000_000, "history": { "culprit": "c1#1" } }),
        ])
    }

    #[test]
    fn a_run_is_drawn_a_line_an_event() {
        let recording = election();
        let all: Vec<Place> = recording.placed().map(|(place, _)| place).collect();
        insta::assert_snapshot!(spacetime(&recording, &all, 100, Style::Plain));
    }

    #[test]
    fn messages_that_are_lost_alike_share_a_line() {
        let to = |node: &str, body: u64| json!({ "send": node, "msg": "Vote", "body": body });
        let effects = [
            to("n2", 1),
            json!("…lost"),
            to("n2", 2),
            json!("…lost"),
            to("n3", 3),
            json!("…lost"),
            to("n2", 4),
            json!("…lost"),
        ];
        let recording = read(&[
            json!({ "t": 1, "id": 1, "kind": "boot", "node": "n2" }),
            json!({ "t": 2, "id": 2, "kind": "timer", "node": "n1", "timer": "T", "effects": effects }),
        ]);
        let text = spacetime(&recording, &[Place(0), Place(1)], 100, Style::Plain);
        let lost: Vec<&str> = text.lines().filter_map(|line| Some(line.split_once("Vote is lost")?.1)).collect();
        assert_eq!(lost, [", 2 times", "", ""], "{text}");
    }

    #[test]
    fn what_is_left_out_is_counted_and_a_narrow_window_is_enough() {
        let recording = election();
        let text = spacetime(&recording, &[Place(3), Place(6), Place(10)], 60, Style::Plain);
        insta::assert_snapshot!(text);
        assert!(text.lines().all(|line| width(line) <= 60), "{text}");
    }
}
