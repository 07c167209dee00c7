//! The state of every node right after an event, as a table for a terminal; what the event changed is shown as it was before, too.

use std::collections::BTreeMap;

use crate::recording::{LaneAt, LaneKind, Name, Place, Recording};
use crate::text::{Cell, Style, Tint, table, width};

/// How long a value may be.
const LONGEST: usize = 24;

/// The parts of a state that are told first, in this order.
const FIRST: [&str; 3] = ["role", "epoch", "commit"];

/// What a part of a state is.
struct Part {
    text: String,
    changed: bool,
}

/// The states of all nodes right after an event, as wide as `columns`: parts for which there is no room are left out, those that the event did not change first, and of them those in which all nodes agree. A node that is
/// down is shown as it was. Nothing if no node has told of its state by then.
pub fn states(recording: &Recording, at: Place, columns: usize, style: Style) -> String {
    let states = states_at(recording, at);
    let now = recording.event(at).at;
    let is_down = |lane: LaneAt| {
        let stops = recording.down.iter().filter(|down| down.lane == lane);
        stops.into_iter().any(|down| down.from <= now && down.to.is_none_or(|to| to > now))
    };
    let fields = fields(recording, &states, columns);
    let cell = |text: &str, tint| Cell { text: text.to_owned(), tint };
    let mut rows = vec![vec![cell("", Tint::None)]];
    rows[0].extend(fields.iter().map(|field| cell(recording.fields.word(*field), Tint::Faint)));
    for (lane, state) in &states {
        let tint = if is_down(*lane) { Tint::Faint } else { Tint::None };
        let name = &recording.lane(*lane).name;
        let mut row = vec![cell(&if is_down(*lane) { format!("{name} (down)") } else { name.clone() }, tint)];
        row.extend(fields.iter().map(|field| match state.get(field) {
            Some(Part { text, changed: true }) => cell(text, Tint::Strong),
            Some(Part { text, .. }) => cell(text, tint),
            None => cell("", tint),
        }));
        rows.push(row);
    }
    if fields.is_empty() { String::new() } else { table(&rows, style) }
}

fn states_at(recording: &Recording, at: Place) -> BTreeMap<LaneAt, BTreeMap<Name, Part>> {
    let mut states: BTreeMap<LaneAt, BTreeMap<Name, Part>> = BTreeMap::new();
    for change in recording.changes.iter().take_while(|change| change.event <= at) {
        let lane = recording.event(change.event).lane;
        if recording.lane(lane).kind != LaneKind::Node {
            continue;
        }
        let changed = change.event == at;
        let (was, value) = recording.before_and_after(change);
        let text = match was.filter(|_| changed) {
            Some(was) => format!("{} → {}", cut(was), cut(value)),
            None => cut(value),
        };
        let state = states.entry(lane).or_default();
        if value.is_empty() && !changed {
            state.remove(&change.field);
        } else {
            state.insert(change.field, Part { text, changed });
        }
    }
    states
}

/// The parts for which there is room, the best known first.
fn fields(recording: &Recording, states: &BTreeMap<LaneAt, BTreeMap<Name, Part>>, columns: usize) -> Vec<Name> {
    let mut widest: BTreeMap<Name, (bool, usize)> = BTreeMap::new();
    for (field, part) in states.values().flatten() {
        let (changed, columns) = widest.entry(*field).or_insert((false, width(recording.fields.word(*field))));
        *changed |= part.changed;
        *columns = width(&part.text).max(*columns);
    }
    let known =
        |field: Name| FIRST.iter().position(|first| *first == recording.fields.word(field)).unwrap_or(FIRST.len());
    let agree = |field: Name| {
        let mut texts = states.values().map(|state| state.get(&field).map(|part| &part.text));
        texts.next().is_some_and(|first| texts.all(|text| text == first))
    };
    let mut all: Vec<(Name, bool, usize)> =
        widest.into_iter().map(|(field, (changed, columns))| (field, changed, columns)).collect();
    all.sort_by_key(|(field, changed, _)| (!changed, known(*field), agree(*field), *field));
    let names = states.keys().map(|lane| width(&recording.lane(*lane).name) + 7).max().unwrap_or(0);
    let mut room = columns.saturating_sub(names);
    all.retain(|(_, _, columns)| {
        let fits = columns + 3 <= room;
        room -= if fits { columns + 3 } else { 0 };
        fits
    });
    all.sort_by_key(|(field, _, _)| (known(*field), *field));
    all.into_iter().map(|(field, _, _)| field).collect()
}

/// Text, without its end if it is too long.
fn cut(text: &str) -> String {
    if width(text) <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::recording::tests::read;

    fn run() -> Recording {
        read(&[
            json!({ "t": 0, "id": 1, "kind": "boot", "node": "n1", "now": { "role": "follower", "epoch": 1 }, "details": { "log": "a long text of more than twenty-four letters" } }),
            json!({ "t": 0, "id": 2, "kind": "boot", "node": "n2", "now": { "role": "follower", "epoch": 1 }, "details": { "hints": 3 } }),
            json!({ "t": 5, "id": 3, "kind": "fault", "fault": "crash", "what": "{ node = \"n2\" }", "number": 0, "on": ["n2"], "down": ["n2"] }),
            json!({ "t": 9, "id": 4, "kind": "timer", "node": "n1", "timer": "Election", "now": { "role": "leader", "epoch": 2 } }),
            json!({ "verdict": "pass", "digest": "ff", "end": 9 }),
        ])
    }

    #[test]
    fn what_an_event_changed_is_shown_before_and_after() {
        let run = run();
        insta::assert_snapshot!(states(&run, Place(3), 100, Style::Plain));
        let before = states(&run, Place(1), 100, Style::Plain);
        assert!(
            !before.contains('→') && before.contains("a long text of more tha…") && !before.contains("down"),
            "{before}"
        );
        assert!(states(&run, Place(3), 100, Style::Color).contains("\u{1b}[1mfollower → leader\u{1b}[0m"));
    }

    #[test]
    fn what_did_not_change_is_left_out_first_if_there_is_no_room() {
        let text = states(&run(), Place(3), 38, Style::Plain);
        assert!(text.contains("epoch") && text.contains("role") && !text.contains("hints"), "{text}");
        assert!(text.lines().all(|line| width(line) <= 38), "{text}");
        assert_eq!(states(&run(), Place(3), 9, Style::Plain), "");
    }

    #[test]
    fn of_nodes_without_states_nothing_is_shown() {
        let run = read(&[json!({ "t": 1, "id": 1, "kind": "boot", "node": "n1" })]);
        assert_eq!(states(&run, Place(0), 80, Style::Plain), "");
    }
}
