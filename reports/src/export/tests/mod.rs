//! What is exported is read again, by the rules of each format, and looked at.

mod dot;
mod history;
mod mermaid;
mod perfetto;
mod shiviz;

use serde_json::{Value, json};

use crate::recording::{Filter, Place, Reader, Recording, Slice, random};

/// A small run in which everything happens: a crash, a pause, messages that come twice, are held, lost and dropped, another attempt, texts that mean something
/// to every format, and a violation.
pub(super) fn everything() -> Recording {
    let mut reader = Reader::new();
    let header =
        json!({ "trace": 1, "tool": "0.1.0", "scenario": "all.toml", "protocol": "raft/votes-twice", "seed": 7 });
    reader.line(&header).unwrap();
    beginning().iter().chain(&trouble()).for_each(|line| reader.line(line).unwrap());
    let violation = json!({ "check": "linearizability", "property": "get", "at": 9_000_500, "story": ["c2 got \"2\"; #1 says 1", "and so on"] });
    let history = json!({ "culprit": "c2#1", "story": ["c1#1"], "order": ["c1#1"] });
    let footer = json!({ "verdict": { "violation": violation }, "digest": "ff", "events": 30, "end": 9_500_000, "history": history });
    reader.line(&footer).unwrap();
    reader.finish().unwrap()
}

fn send(to: &str, msg: &str, body: u64) -> Value {
    json!({ "send": to, "msg": msg, "body": body })
}

fn beginning() -> Vec<Value> {
    let boot = |id: u64, node: &str| {
        let now = json!({ "role": "follower", "epoch": 0, "commit": 0 });
        json!({ "t": 0, "id": id, "kind": "boot", "node": node, "life": 1, "records": 0, "now": now })
    };
    let vote = |to: &str| send(to, "Vote", 1);
    vec![
        boot(1, "n1"),
        boot(2, "n2"),
        boot(3, "n3"),
        json!({ "t": 1_000_000, "id": 4, "kind": "timer", "node": "n1", "timer": "Election(1)",
            "now": { "role": "candidate", "epoch": 1, "commit": 0 }, "details": { "vote": "n1; \"why\" #1 <b>" },
            "effects": [vote("n2"), vote("n3"), "…lost", vote("n2"), send("n3", "Ping", 1)] }),
        json!({ "t": 1_500_000, "id": 5, "cause": 4, "kind": "message", "node": "n2", "from": "n1", "msg": "Vote", "body": 1, "effects": [send("n1", "Granted", 1)] }),
        // It comes twice, at one instant.
        json!({ "t": 1_500_000, "id": 6, "cause": 4, "kind": "message", "node": "n2", "from": "n1", "msg": "Vote", "body": 1, "effects": ["note a \"b\"\n100% $c\\"] }),
        json!({ "t": 2_000_001, "id": 7, "cause": 5, "kind": "message", "node": "n1", "from": "n2", "msg": "Granted", "body": 1,
            "now": { "role": "leader", "epoch": 1, "commit": 0 }, "details": { "vote": "n1" } }),
        json!({ "t": 2_000_301, "id": 8, "cause": 7, "kind": "own", "node": "n1", "from": "n1", "msg": "Begin", "body": 1 }),
        json!({ "t": 2_500_000, "id": 9, "kind": "ask", "client": "c1", "operation": "c1#1", "op": "put k, \"1\"",
            "effects": [{ "request": "n1", "id": "c1#1", "op": "put k, \"1\"" }] }),
        json!({ "t": 3_000_000, "id": 10, "cause": 9, "kind": "request", "node": "n1", "request": "c1#1", "op": "put k, \"1\"",
            "now": { "role": "leader", "epoch": 1, "commit": 1 }, "effects": ["reply c1#1: ok", send("n2", "Append", 7), send("n3", "Append", 7)] }),
    ]
}

fn trouble() -> Vec<Value> {
    let fault = |at: u64, id: u64, number: u64, kind: &str, more: Value| {
        let what = format!("{{ node = \"{}\" }}", if kind == "pause" { "n3" } else { "n2" });
        let mut line =
            json!({ "t": at, "id": id, "kind": "fault", "fault": kind, "what": what, "number": number, "on": ["n2"] });
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        line
    };
    vec![
        fault(3_100_000, 11, 0, "hold", json!({ "on": ["n1", "n2"] })),
        fault(3_200_000, 12, 1, "pause", json!({ "on": ["n3"], "paused": ["n3"] })),
        json!({ "t": 3_300_000, "id": 13, "cause": 10, "kind": "held", "from": "n1", "to": "n2", "msg": "Append" }),
        // The client is answered, and asks again at once.
        json!({ "t": 3_500_000, "id": 14, "cause": 10, "kind": "ask", "request": "c1#1", "ret": "ok", "client": "c1", "operation": "c1#2", "op": "get k",
            "effects": [{ "request": "n2", "id": "c1#2", "op": "get k" }] }),
        json!({ "t": 4_000_000, "id": 15, "cause": 12, "kind": "fault ends", "fault": "pause", "ended": [1], "resumed": ["n3"] }),
        json!({ "t": 4_000_000, "id": 16, "cause": 15, "kind": "message", "node": "n3", "from": "n1", "msg": "Append", "body": 7 }),
        json!({ "t": 4_500_000, "id": 17, "cause": 11, "kind": "fault ends", "fault": "hold", "ended": [0] }),
        json!({ "t": 4_500_000, "id": 18, "cause": 17, "kind": "message", "node": "n2", "from": "n1", "msg": "Append", "body": 7,
            "now": { "role": "follower", "epoch": 1, "commit": 1 } }),
        fault(5_000_000, 19, 2, "crash", json!({ "down": ["n2"] })),
        json!({ "t": 5_200_000, "id": 20, "cause": 14, "kind": "dropped", "from": "c1", "to": "n2", "msg": "Request", "why": "node down" }),
        json!({ "t": 6_000_000, "id": 21, "cause": 19, "kind": "fault ends", "fault": "crash", "ended": [2] }),
        json!({ "t": 6_000_000, "id": 22, "cause": 21, "kind": "boot", "node": "n2", "life": 2, "records": 1 }),
        // Another attempt.
        json!({ "t": 6_500_000, "id": 24, "kind": "request", "node": "n3", "request": "c1#2.2", "op": "get k", "effects": ["reject c1#2.2"] }),
        json!({ "t": 7_000_000, "id": 25, "kind": "give-up", "gave-up": "c1#2", "fate": "failed" }),
        json!({ "t": 7_500_000, "id": 26, "kind": "heal", "core": "{n1, n2, n3}" }),
        json!({ "t": 8_000_000, "id": 27, "kind": "ask", "client": "c2", "operation": "c2#1", "op": "get k", "effects": [{ "request": "n1", "id": "c2#1", "op": "get k" }] }),
        json!({ "t": 8_500_000, "id": 28, "cause": 27, "kind": "request", "node": "n1", "request": "c2#1", "op": "get k", "effects": ["reply c2#1: 2"] }),
        json!({ "t": 9_000_000, "id": 29, "cause": 28, "kind": "answer", "request": "c2#1", "ret": "2" }),
        json!({ "t": 9_000_400, "id": 30, "kind": "ask", "client": "c1", "operation": "c1#3", "op": "get k" }),
    ]
}

/// Recordings with events that are wanted of them: all, some, one and none.
fn samples() -> Vec<(String, Recording, Vec<Place>)> {
    let mut samples = Vec::new();
    let recordings = (0..12).map(|seed| (format!("random {seed}"), random::recording(seed, 80)));
    for (name, recording) in recordings.chain([("everything".to_owned(), everything())]) {
        let all = Filter { routine: true, ..Filter::default() };
        let middle = Place(recording.events.len() as u32 / 2);
        let slice = Filter { slice: Some(Slice { most: 15, ..Slice::around(middle) }), ..all.clone() };
        let named = |kind| recording.kinds.find(kind);
        let kinds = ["message", "request", "answer", "ask", "dropped"].into_iter().filter_map(named).collect();
        let over_network = Filter { kinds, ..all.clone() };
        let mut selections = vec![("none", Vec::new()), ("one", vec![middle])];
        selections.push(("every third", recording.placed().map(|(place, _)| place).step_by(3).collect()));
        selections.extend(
            [("all", all), ("slice", slice), ("network", over_network)]
                .map(|(name, filter)| (name, recording.select(&filter))),
        );
        samples.extend(
            selections.into_iter().map(|(which, places)| (format!("{name}, {which}"), recording.clone(), places)),
        );
    }
    samples
}
