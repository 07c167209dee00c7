//! Where two runs part: the first event that is not the same in both, and what is different about it.
//!
//! Events are the same if all that a trace tells of them is: when, whose, what, why, what was asked for, and what became of the node. After the first
//! difference events are not compared, because everything after it may follow from it; what is told of later is what became of both.

use serde_json::Value;

use crate::later::{Later, later};
use crate::recording::{Change, Event, Place, Recording};
use crate::text::{Style, Tint, counted};
use crate::words::{effect, happened};

/// How many differing effects are told of each run.
const EFFECTS_MAX: usize = 5;

/// Where two runs part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// How many events the runs have in common, from the first.
    pub common: usize,
    /// The first event of each that is not the same in the other; the last of a run that is over by then. None if the runs are the same.
    pub at: Option<[Place; 2]>,
    /// What both have in common there: an event that has other consequences. None if it is another event.
    pub shared: Option<String>,
    /// What each run has there and the other has not, a sentence a line.
    pub sides: [Vec<String>; 2],
    /// What is different later on.
    pub later: Vec<Later>,
}

/// Compares two runs.
pub fn difference(one: &Recording, other: &Recording) -> Difference {
    let pairs = one.events.iter().zip(&other.events);
    let mut changes = [one.changes.as_slice(), other.changes.as_slice()];
    let mut common = 0;
    for (left, right) in pairs {
        let here = [take(&mut changes[0], common), take(&mut changes[1], common)];
        if !same(one, left, other, right) || !same_changes(one, here[0], other, here[1]) {
            break;
        }
        common += 1;
    }
    if common == one.events.len() && common == other.events.len() {
        return Difference { common, at: None, shared: None, sides: [Vec::new(), Vec::new()], later: Vec::new() };
    }
    let place = |recording: &Recording| Place(common.min(recording.events.len().saturating_sub(1)) as u32);
    let at = Some([place(one), place(other)]);
    let (left, right) = (Told::of(one, common), Told::of(other, common));
    let (shared, sides) = match (left, right) {
        (Some(left), Some(right)) if left.happened == right.happened => {
            let sides = [left.beyond(&right), right.beyond(&left)];
            (Some(left.happened), sides)
        }
        (left, right) => {
            (None, [left, right].map(|told| vec![told.map_or("the run is over".to_owned(), |told| told.happened)]))
        }
    };
    Difference { common, at, shared, sides, later: later(one, other, common) }
}

/// The changes of the event at a place, which are taken from the front.
fn take<'c>(changes: &mut &'c [Change], place: usize) -> &'c [Change] {
    let count = changes.iter().take_while(|change| change.event.0 as usize == place).count();
    let (here, rest) = changes.split_at(count);
    *changes = rest;
    here
}

fn same(one: &Recording, left: &Event, other: &Recording, right: &Event) -> bool {
    let name = |recording: &Recording, event: &Event| {
        let lane = |lane| recording.lane(lane).name.clone();
        let label = event.label.map(|label| recording.labels.word(label).to_owned());
        (lane(event.lane), event.from.map(lane), recording.kinds.word(event.kind).to_owned(), label)
    };
    (left.at, left.cause) == (right.at, right.cause)
        && left.detail == right.detail
        && name(one, left) == name(other, right)
}

fn same_changes(one: &Recording, left: &[Change], other: &Recording, right: &[Change]) -> bool {
    let word = |recording: &Recording, change: &Change| {
        (recording.fields.word(change.field).to_owned(), recording.values.word(change.value).to_owned())
    };
    left.iter().map(|change| word(one, change)).eq(right.iter().map(|change| word(other, change)))
}

/// An event in words.
struct Told {
    happened: String,
    effects: Vec<String>,
    changes: Vec<String>,
}

impl Told {
    fn of(recording: &Recording, place: usize) -> Option<Told> {
        let event = recording.events.get(place)?;
        let line = recording.line(event);
        let effects = line.get("effects").and_then(Value::as_array).into_iter().flatten().map(effect).collect();
        let changes = recording
            .changes_of(Place(place as u32))
            .iter()
            .map(|change| format!("{}: {}", recording.lane(event.lane).name, recording.told(change)));
        let at = event.at;
        Some(Told { happened: format!("at {at} {}", happened(&line)), effects, changes: changes.collect() })
    }

    /// What follows here and not there, in order.
    fn beyond(&self, other: &Told) -> Vec<String> {
        let first = self.effects.iter().zip(&other.effects).take_while(|(mine, theirs)| mine == theirs).count();
        let mut lines: Vec<String> =
            self.changes.iter().filter(|change| !other.changes.contains(change)).cloned().collect();
        let effects = &self.effects[first..];
        lines.extend(effects.iter().take(EFFECTS_MAX).cloned());
        if effects.len() > EFFECTS_MAX {
            lines.push(format!("… and {} more", effects.len() - EFFECTS_MAX));
        }
        if lines.is_empty() {
            lines.push("nothing more".to_owned());
        }
        lines
    }
}

impl Difference {
    /// All of it as sentences. The runs are called A and B.
    pub fn why(&self) -> Vec<String> {
        if self.at.is_none() {
            return vec![format!("The same run: {}.", counted(self.common as u64, "event"))];
        }
        let mut lines = vec![match self.common {
            0 => "The first event is another one.".to_owned(),
            1 => "1 event is the same.".to_owned(),
            common => format!("{} are the same.", counted(common as u64, "event")),
        }];
        lines.extend(self.shared.iter().map(|shared| format!("both: {shared}")));
        for (name, side) in ["A", "B"].iter().zip(&self.sides) {
            lines.extend(side.iter().map(|line| format!("{name}: {line}")));
        }
        lines.extend(
            self.later
                .iter()
                .map(|Later { about, sides: [one, other] }| format!("Later, {about}: {one} in A; {other} in B.")),
        );
        lines
    }

    /// The same for a terminal: what only A has is marked `-`, what only B has `+`.
    pub fn shown(&self, style: Style) -> String {
        let mut text = String::new();
        let paint = |tint, line: &str| style.paint(tint, line) + "\n";
        for line in self.why() {
            text += &match line.split_once(": ") {
                Some(("A", line)) => paint(Tint::Bad, &format!("- {line}")),
                Some(("B", line)) => paint(Tint::Good, &format!("+ {line}")),
                Some(("both", line)) => format!("  {line}\n"),
                _ => format!("{line}\n"),
            };
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::recording::tests::read;

    fn timer(id: u64, node: &str, more: Value) -> Value {
        let mut line = json!({ "t": id, "id": id, "kind": "timer", "node": node, "timer": "Election" });
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        line
    }

    fn sends(to: &str) -> Value {
        json!({ "send": to, "msg": "Vote", "body": 3 })
    }

    #[test]
    fn a_run_is_no_different_from_itself() {
        let one = read(&[timer(1, "n1", json!({})), timer(2, "n2", json!({ "now": { "role": "leader" } }))]);
        let found = difference(&one, &one);
        assert_eq!((found.common, found.at), (2, None));
        assert_eq!(found.why(), ["The same run: 2 events."]);
    }

    #[test]
    fn the_same_event_can_have_other_consequences() {
        let first = timer(1, "n1", json!({}));
        let effects = [json!({ "effects": [sends("n2"), sends("n3")] }), json!({ "effects": [sends("n2")] })];
        let [one, other] = effects.map(|effects| read(&[first.clone(), timer(2, "n1", effects)]));
        let found = difference(&one, &other);
        assert_eq!((found.common, found.at), (1, Some([Place(1), Place(1)])));
        assert_eq!(found.shared.as_deref(), Some("at 2ns n1 has its timer Election run out"));
        assert_eq!(found.sides, [vec!["→ sends n3 Vote: 3".to_owned()], vec!["nothing more".to_owned()]]);
        let leads = |role: &str| json!({ "now": { "role": role, "epoch": 2 } });
        let [one, other] = ["leader", "follower"].map(|role| read(&[first.clone(), timer(2, "n1", leads(role))]));
        let found = difference(&one, &other);
        let shown = "1 event is the same.\n  at 2ns n1 has its timer Election run out\n- n1: role leader\n+ n1: role follower\n\
                     Later, who comes to lead: n1 in epoch 2 in A; nobody in B.\n";
        assert_eq!(found.shown(Style::Plain), shown);
    }

    #[test]
    fn another_event_or_none_is_told_for_each_run() {
        let [one, other] = ["n1", "n2"].map(|node| read(&[timer(1, "n1", json!({})), timer(2, node, json!({}))]));
        let found = difference(&one, &other);
        assert_eq!(found.shared, None);
        assert_eq!(
            found.sides.map(|side| side.join("\n")),
            ["at 2ns n1 has its timer Election run out", "at 2ns n2 has its timer Election run out",]
        );
        let short = read(&[timer(1, "n1", json!({}))]);
        let found = difference(&short, &one);
        assert_eq!((found.common, found.at), (1, Some([Place(0), Place(1)])));
        assert_eq!(found.sides[0], ["the run is over"]);
    }
}
