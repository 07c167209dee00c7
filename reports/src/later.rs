//! What became of two runs after they parted, as far as it is worth telling. The first difference is often a message that comes a little sooner; what matters is what follows.

use std::collections::BTreeMap;

use shaketable_sim::time::Instant;

use crate::recording::{Fate, LaneAt, Operation, Place, Recording};
use crate::words::happened;

/// How many of those that led are told of each run.
const LEADERS: usize = 6;

/// Something that is different later on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Later {
    /// What it is about.
    pub about: String,
    /// What each run has.
    pub sides: [String; 2],
}

/// What is different after so many events: the first fault that strikes otherwise, who leads, and what those operations were answered that a violation is about.
pub(crate) fn later(one: &Recording, other: &Recording, common: usize) -> Vec<Later> {
    let both = [one, other];
    // What one of them does when the other has failed already, or is over, makes no difference between them.
    let until = seen_until(one).min(seen_until(other));
    let mut all: Vec<Later> = Vec::new();
    all.extend(other_fault(both.map(|run| faults(run, common, until))));
    let led = both.map(|run| leaders(run, common, until));
    if led[0] != led[1] {
        all.push(Later { about: "who comes to lead".to_owned(), sides: led.map(|led| listed(&led)) });
    }
    let told = one.operations.iter().chain(&other.operations).filter(|operation| operation.part.is_some());
    let mut ids: Vec<&str> = told.map(|operation| operation.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    all.extend(ids.into_iter().filter_map(|id| answers(both, id)));
    all
}

/// When a run has failed, or else is over.
fn seen_until(run: &Recording) -> Instant {
    let end =
        run.outcome.as_ref().map(|outcome| outcome.violation.as_ref().map_or(outcome.end, |violation| violation.at));
    end.unwrap_or(Instant::MAX)
}

fn faults(run: &Recording, common: usize, until: Instant) -> Vec<String> {
    let later = run.events.iter().skip(common).take_while(|event| event.at <= until);
    let all = later.filter(|event| run.kinds.word(event.kind) == "fault");
    all.map(|event| format!("{}, at {}", happened(&run.line(event)), event.at)).collect()
}

fn other_fault([one, other]: [Vec<String>; 2]) -> Option<Later> {
    let same = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
    let side = |all: &[String]| all.get(same).cloned().unwrap_or("none".to_owned());
    let differ = one.len() > same || other.len() > same;
    differ.then(|| Later { about: "the next fault".to_owned(), sides: [side(&one), side(&other)] })
}

/// Who became leader, each with its epoch, in order.
fn leaders(run: &Recording, common: usize, until: Instant) -> Vec<String> {
    let mut epochs: BTreeMap<LaneAt, &str> = BTreeMap::new();
    let mut led = Vec::new();
    for changes in run.changes.chunk_by(|one, next| one.event == next.event) {
        let Place(place) = changes[0].event;
        let (lane, at) = (run.event(changes[0].event).lane, run.event(changes[0].event).at);
        let now = |field: &str| {
            let change = changes.iter().find(|change| run.fields.word(change.field) == field);
            change.map(|change| run.values.word(change.value))
        };
        epochs.extend(now("epoch").map(|epoch| (lane, epoch)));
        if now("role") == Some("leader") && place as usize >= common && at <= until {
            let epoch = epochs.get(&lane).map_or(String::new(), |epoch| format!(" in epoch {epoch}"));
            led.push(format!("{}{epoch}", run.lane(lane).name));
        }
    }
    led
}

fn listed(led: &[String]) -> String {
    match led {
        [] => "nobody".to_owned(),
        few if few.len() <= LEADERS => few.join(", "),
        many => format!("{} and {} more", many[..LEADERS].join(", "), many.len() - LEADERS),
    }
}

fn answers(both: [&Recording; 2], id: &str) -> Option<Later> {
    let operations = both.map(|run| run.operations.iter().find(|operation| operation.id == id));
    let asked = |operation: Option<&Operation>| operation.map(|operation| operation.asked.clone());
    let (first, second) = (asked(operations[0]), asked(operations[1]));
    let same = first == second || first.is_none() || second.is_none();
    let about = match first.or(second) {
        Some(asked) if same => format!("{id} {asked}"),
        _ => id.to_owned(),
    };
    let sides = operations.map(|operation| match operation {
        None => "not asked for".to_owned(),
        Some(operation) => {
            let answer = match (&operation.answer, operation.fate) {
                (Some(answer), _) => format!("→ {answer}"),
                (None, Fate::Failed) => "failed".to_owned(),
                (None, _) => "no answer".to_owned(),
            };
            if same { answer } else { format!("{} {answer}", operation.asked) }
        }
    });
    (sides[0] != sides[1]).then_some(Later { about, sides })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::recording::tests::read;

    /// A run in which this node leads, this fault strikes and this is answered.
    fn run(leader: &str, fault: &str, answer: Option<&str>) -> Recording {
        let mut lines = vec![
            json!({ "t": 1, "id": 1, "kind": "boot", "node": "n1", "now": { "role": "follower", "epoch": 1 } }),
            json!({ "t": 2, "id": 2, "kind": "timer", "node": leader, "timer": "Election", "now": { "role": "leader", "epoch": 7 } }),
            json!({ "t": 3, "id": 3, "kind": "fault", "fault": fault, "what": "{ node = \"n1\" }", "number": 0, "on": ["n1"] }),
            json!({ "t": 4, "id": 4, "kind": "ask", "client": "c1", "operation": "c1#1", "op": "read k1", "effects": [] }),
        ];
        lines.extend(
            answer.map(
                |answer| json!({ "t": 5, "id": 5, "cause": 4, "kind": "answer", "request": "c1#1", "ret": answer }),
            ),
        );
        lines.push(json!({ "verdict": "pass", "digest": "ff", "end": 9, "history": { "culprit": "c1#1" } }));
        read(&lines)
    }

    #[test]
    fn what_happens_when_one_has_failed_is_no_difference() {
        let two = |end: u64| {
            read(&[
                json!({ "t": 1, "id": 1, "kind": "boot", "node": "n1" }),
                json!({ "t": 6, "id": 2, "kind": "timer", "node": "n1", "timer": "Election", "now": { "role": "leader" } }),
                json!({ "t": 7, "id": 3, "kind": "fault", "fault": "crash", "what": "{ node = \"n1\" }", "number": 0, "on": ["n1"] }),
                json!({ "verdict": { "violation": { "check": "invariant", "property": "p", "at": end, "story": [] } }, "digest": "ff", "end": 9 }),
            ])
        };
        let none = read(&[
            json!({ "t": 1, "id": 1, "kind": "boot", "node": "n1" }),
            json!({ "verdict": "pass", "digest": "ff", "end": 9 }),
        ]);
        assert_eq!(told(&two(5), &none, 1), Vec::<Value>::new());
        assert_eq!(told(&two(6), &none, 1), [json!(["who comes to lead", "n1", "nobody"])]);
        assert_eq!(told(&two(7), &none, 1).len(), 2);
    }

    fn told(one: &Recording, other: &Recording, common: usize) -> Vec<Value> {
        let all = later(one, other, common).into_iter();
        all.map(|Later { about, sides: [one, other] }| json!([about, one, other])).collect()
    }

    #[test]
    fn who_leads_what_strikes_and_what_is_answered_otherwise_is_told() {
        let (one, other) = (run("n1", "crash", Some("3")), run("n2", "pause", None));
        assert_eq!(
            told(&one, &other, 1),
            [
                json!([
                    "the next fault",
                    "a fault strikes: crash = { node = \"n1\" }, at 3ns",
                    "a fault strikes: pause = { node = \"n1\" }, at 3ns"
                ]),
                json!(["who comes to lead", "n1 in epoch 7", "n2 in epoch 7"]),
                json!(["c1#1 read k1", "→ 3", "no answer"]),
            ]
        );
        assert_eq!(told(&one, &one, 0), Vec::<Value>::new());
    }

    #[test]
    fn what_was_before_is_not_told() {
        let (one, other) = (run("n1", "crash", Some("3")), run("n2", "pause", Some("4")));
        assert_eq!(told(&one, &other, 3), [json!(["c1#1 read k1", "→ 3", "→ 4"])]);
        let idle = read(&[json!({ "t": 1, "id": 1, "kind": "boot", "node": "n1" })]);
        assert_eq!(told(&one, &idle, 3), [json!(["c1#1 read k1", "→ 3", "not asked for"])]);
        assert_eq!(told(&one, &idle, 1)[1], json!(["who comes to lead", "n1 in epoch 7", "nobody"]));
    }
}
