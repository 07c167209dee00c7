use serde_json::{Value, json};

use super::*;

/// What these lines tell, after a header.
pub(crate) fn read(lines: &[Value]) -> Recording {
    let mut reader = Reader::new();
    reader.line(&json!({ "trace": 1, "tool": "0.1.0", "scenario": "a.toml", "protocol": "raft", "seed": 7 })).unwrap();
    lines.iter().for_each(|line| reader.line(line).unwrap());
    reader.finish().unwrap()
}

fn follower(commit: u64) -> Value {
    json!({ "role": "follower", "epoch": 1, "leader": "n2", "commit": commit })
}

#[test]
fn lanes_are_nodes_then_clients_then_the_world_whoever_is_heard_of_first() {
    let recording = read(&[
        json!({ "t": 1, "id": 1, "kind": "ask", "client": "c2", "operation": "c2#1", "op": "put k 1" }),
        json!({ "t": 2, "id": 2, "kind": "fault", "fault": "crash", "what": "{}", "number": 0, "on": ["n10"], "down": ["n10"] }),
        json!({ "t": 3, "id": 3, "kind": "boot", "node": "n2", "life": 1 }),
    ]);
    let names: Vec<&str> = recording.lanes.iter().map(|lane| lane.name.as_str()).collect();
    assert_eq!(names, ["n2", "n10", "c2", "world"]);
    let lanes: Vec<u32> = recording.events.iter().map(|event| event.lane.0).collect();
    assert_eq!(lanes, [2, 3, 0]);
    assert_eq!((recording.operations[0].lane, &recording.faults[0].on), (LaneAt(2), &vec![LaneAt(1)]));
    assert_eq!(recording.down[0].lane, LaneAt(1));
}

#[test]
fn a_message_comes_from_the_event_that_sent_it() {
    let recording = read(&[
        json!({ "t": 1, "id": 4, "kind": "timer", "node": "n1", "timer": "Election(3)", "effects": [{ "send": "n2", "msg": "Vote", "body": 1 }] }),
        json!({ "t": 9, "id": 6, "cause": 4, "kind": "message", "node": "n2", "from": "n1", "msg": "Vote", "body": 1 }),
        json!({ "t": 10, "id": 7, "cause": 4, "kind": "message", "node": "n2", "from": "n1", "msg": "Vote", "body": 1 }),
        json!({ "t": 10, "id": 8, "cause": 6, "kind": "own", "node": "n2", "from": "n2", "msg": "Vote", "body": 2 }),
    ]);
    let sent: Vec<Option<Place>> = recording.events.iter().map(|event| recording.sent(event)).collect();
    assert_eq!(sent, [None, Some(Place(0)), Some(Place(0)), None]);
    assert_eq!(recording.events.iter().map(|event| event.again).collect::<Vec<_>>(), [false, false, true, false]);
    let labels: Vec<&str> =
        recording.events.iter().filter_map(|event| Some(recording.labels.word(event.label?))).collect();
    assert_eq!(labels, ["Election", "Vote", "Vote", "Vote"]);
    let line =
        json!({ "t": 9, "id": 6, "cause": 4, "kind": "message", "node": "n2", "from": "n1", "msg": "Vote", "body": 1 });
    assert_eq!(recording.line(&recording.events[1]), line);
}

#[test]
fn what_the_network_has_lost_is_known_by_the_remark_after_it() {
    let recording = read(&[
        json!({ "t": 1, "id": 1, "kind": "request", "node": "n1", "request": "c1#1", "op": "get k", "effects": [
            { "send": "n2", "msg": "Ask", "body": 1 }, { "send": "n3", "msg": "Ask", "body": 1 }, "…lost", "reply c1#1: 3", "…lost",
        ] }),
        json!({ "t": 2, "id": 2, "kind": "ask", "client": "c1", "operation": "c1#2", "op": "get k", "effects": [
            { "request": "n1", "id": "c1#2", "op": "get k" }, "…lost",
        ] }),
    ]);
    let lost: Vec<(u32, &str, &str)> = recording
        .lost
        .iter()
        .map(|lost| (lost.event.0, recording.lane(lost.to).name.as_str(), recording.labels.word(lost.label)))
        .collect();
    assert_eq!(lost, [(0, "n3", "Ask"), (0, "c1", "answer"), (1, "n1", "get")]);
}

#[test]
fn a_state_is_told_by_what_has_changed_in_it() {
    let event = |id: u64, now: Value, details: Value| json!({ "t": id, "id": id, "kind": "timer", "node": "n1", "timer": "T", "now": now, "details": details });
    let recording = read(&[
        event(1, follower(0), json!({ "log": "a" })),
        event(2, follower(3), json!({ "log": "a" })),
        event(3, follower(3), json!({})),
    ]);
    let told =
        |change: &Change| (change.event.0, recording.fields.word(change.field), recording.values.word(change.value));
    let changes: Vec<_> = recording.changes.iter().map(told).collect();
    let first = [(0, "role", "follower"), (0, "epoch", "1"), (0, "leader", "n2"), (0, "commit", "0"), (0, "log", "a")];
    assert_eq!(changes[..5], first);
    assert_eq!(changes[5..], [(1, "commit", "3"), (2, "log", "")]);
}

#[test]
fn faults_and_stops_last_until_they_are_over() {
    let fault = |id: u64, number: u64, more: Value| {
        let mut line = json!({ "t": id, "id": id, "kind": "fault", "fault": "some", "what": "{}", "number": number, "on": ["n1"] });
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        line
    };
    let recording = read(&[
        fault(1, 0, json!({ "paused": ["n1"] })),
        fault(2, 1, json!({})),
        fault(3, 2, json!({ "down": ["n1"] })),
        json!({ "t": 4, "id": 4, "kind": "fault ends", "fault": "some", "ended": [2] }),
        json!({ "t": 5, "id": 5, "kind": "boot", "node": "n1", "life": 2 }),
        json!({ "t": 6, "id": 6, "kind": "heal", "core": "{n1}", "ended": [0] }),
        fault(7, 3, json!({ "paused": ["n1"] })),
        json!({ "t": 8, "id": 8, "kind": "fault ends", "fault": "some", "ended": [3], "resumed": ["n1"] }),
    ]);
    let nanos = |at: Option<Instant>| at.map(Instant::as_nanos);
    let bands: Vec<_> = recording.faults.iter().map(|band| (band.from.as_nanos(), nanos(band.to))).collect();
    assert_eq!(bands, [(1, Some(6)), (2, None), (3, Some(4)), (7, Some(8))]);
    let down: Vec<_> = recording.down.iter().map(|down| (down.why, down.from.as_nanos(), nanos(down.to))).collect();
    assert_eq!(down, [(Stop::Pause, 1, Some(3)), (Stop::Crash, 3, Some(5)), (Stop::Pause, 7, Some(8))]);
}

#[test]
fn operations_are_answered_rejected_or_given_up() {
    let ask = |id: u64, operation: &str| json!({ "t": id, "id": id, "kind": "ask", "client": "c1", "operation": operation, "op": "get k" });
    let recording = read(&[
        ask(1, "c1#1"),
        json!({ "t": 2, "id": 2, "cause": 1, "kind": "answer", "request": "c1#1", "ret": "rejected" }),
        // The answer to the second attempt; the client asks again at once.
        json!({ "t": 3, "id": 3, "cause": 1, "kind": "ask", "request": "c1#1.2", "ret": "3", "client": "c1", "operation": "c1#2", "op": "put k 4" }),
        json!({ "t": 4, "id": 4, "kind": "give-up", "gave-up": "c1#2", "fate": "unknown" }),
        json!({ "t": 5, "id": 5, "cause": 1, "kind": "answer", "request": "c1#2", "ret": "ok" }),
        ask(6, "c1#3"),
        json!({ "t": 7, "id": 7, "kind": "give-up", "gave-up": "c1#3", "fate": "failed" }),
    ]);
    let told = |of: &Operation| (of.id.clone(), of.answer.clone(), of.fate, of.from.0, of.to.map(|to| to.0));
    let operations: Vec<_> = recording.operations.iter().map(told).collect();
    let expected = [
        ("c1#1".to_owned(), Some("3".to_owned()), Fate::Ok, 0, Some(2)),
        ("c1#2".to_owned(), None, Fate::Unknown, 2, Some(3)),
        ("c1#3".to_owned(), None, Fate::Failed, 5, Some(6)),
    ];
    assert_eq!(operations, expected);
}

#[test]
fn routine_is_what_changes_nothing_and_its_answers() {
    let beat = json!({ "send": "n2", "msg": "Beat", "routine": true, "body": 0 });
    let message = |id: u64, cause: u64, more: Value| {
        let mut line =
            json!({ "t": id, "id": id, "cause": cause, "kind": "message", "node": "n2", "from": "n1", "msg": "M" });
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        line
    };
    let answer = json!([{ "send": "n1", "msg": "Ack", "body": 0 }]);
    let recording = read(&[
        json!({ "t": 1, "id": 1, "kind": "timer", "node": "n1", "timer": "Beat", "effects": [beat, "set timer Beat 50ms"] }),
        message(2, 1, json!({ "routine": true, "body": 0, "effects": ["set timer Election 3ms"] })),
        message(3, 2, json!({ "body": 1 })),
        message(4, 2, json!({ "body": 2, "now": follower(1) })),
        message(5, 4, json!({ "body": 3 })),
        message(6, 1, json!({ "routine": true, "body": 4, "effects": answer })),
        message(7, 6, json!({ "body": 5 })),
        message(8, 6, json!({ "body": 6, "effects": [{ "write": 1 }] })),
    ]);
    let routine: Vec<bool> = recording.events.iter().map(|event| event.routine).collect();
    assert_eq!(routine, [true, true, true, false, false, true, true, false]);
}

#[test]
fn a_request_that_is_rejected_is_routine() {
    let request = |id: u64, effect: &str| json!({ "t": id, "id": id, "cause": 1, "kind": "request", "node": "n1", "request": "c1#1", "op": "get k", "effects": [effect] });
    let answer =
        |id: u64, ret: &str| json!({ "t": id, "id": id, "cause": 1, "kind": "answer", "request": "c1#1", "ret": ret });
    let recording = read(&[
        json!({ "t": 1, "id": 1, "kind": "ask", "client": "c1", "operation": "c1#1", "op": "get k" }),
        request(2, "reject c1#1, try n2"),
        answer(3, "rejected"),
        request(4, "reply c1#1: 3"),
        answer(5, "3"),
    ]);
    let routine: Vec<bool> = recording.events.iter().map(|event| event.routine).collect();
    assert_eq!(routine, [false, true, true, false, false]);
}

#[test]
fn the_event_to_look_at_is_the_culprits_answer_or_the_last_by_then() {
    let events = [
        json!({ "t": 1, "id": 1, "kind": "ask", "client": "c1", "operation": "c1#1", "op": "get k" }),
        json!({ "t": 2, "id": 2, "kind": "answer", "request": "c1#1", "ret": "3" }),
        json!({ "t": 5, "id": 3, "kind": "timer", "node": "n1", "timer": "T" }),
        json!({ "t": 9, "id": 4, "kind": "timer", "node": "n1", "timer": "T" }),
    ];
    let footer = |history: Value| {
        let violation = json!({ "check": "linearizability", "property": "get", "at": 5, "story": ["It is so."] });
        json!({ "verdict": { "violation": violation }, "digest": "ff", "events": 4, "end": 9, "history": history })
    };
    let told = |history: Value| {
        let recording = read(&[&events[..], &[footer(history)]].concat());
        let violation = recording.violation().expect("one").clone();
        assert_eq!(
            (violation.signature.as_str(), &violation.story[..]),
            ("linearizability/get", &["It is so.".to_owned()][..])
        );
        (violation.event, recording.operations[0].part, recording.operations[0].order)
    };
    assert_eq!(told(json!({})), (Some(Place(2)), None, None));
    let history = json!({ "culprit": "c1#1", "story": [], "order": ["c1#1"] });
    assert_eq!(told(history), (Some(Place(1)), Some(Part::Culprit), Some(1)));
    // Of a panic it is not known when it happened.
    let panic = json!({ "verdict": { "violation": { "check": "panic", "property": "p", "at": 0, "story": [] } }, "digest": "", "end": 0 });
    let recording = read(&[&events[..], &[panic]].concat());
    let violation = recording.violation().expect("one");
    assert_eq!((violation.event, violation.at.as_nanos()), (Some(Place(3)), 9));
}

#[test]
fn a_violation_is_told_by_its_operations_or_by_what_led_to_it() {
    let ask = |id: u64, operation: &str| json!({ "t": id, "id": id, "kind": "ask", "client": "c1", "operation": operation, "op": "get k" });
    let answer =
        |id: u64, operation: &str| json!({ "t": id, "id": id, "kind": "answer", "request": operation, "ret": "3" });
    let events = [
        json!({ "t": 1, "id": 1, "kind": "timer", "node": "n1", "timer": "T", "now": { "role": "leader" } }),
        ask(2, "c1#1"),
        answer(3, "c1#1"),
        json!({ "t": 4, "id": 4, "kind": "timer", "node": "n2", "timer": "T", "now": { "role": "leader" } }),
        json!({ "t": 5, "id": 5, "kind": "timer", "node": "n2", "timer": "T", "effects": [{ "write": 1 }] }),
        ask(6, "c1#2"),
        answer(7, "c1#2"),
        json!({ "t": 8, "id": 8, "cause": 5, "kind": "synced", "node": "n2", "now": { "role": "follower" } }),
    ];
    let told = |check: &str, at: u64, history: Value| {
        let violation = json!({ "check": check, "property": "p", "at": at, "story": [] });
        let footer =
            json!({ "verdict": { "violation": violation }, "digest": "ff", "events": 8, "end": 9, "history": history });
        let recording = read(&[&events[..], &[footer]].concat());
        recording.telling().into_iter().map(|place| recording.event(place).number).collect::<Vec<_>>()
    };
    let history = json!({ "culprit": "c1#2", "story": ["c1#1"], "order": [] });
    assert_eq!(told("linearizability", 7, history), [2, 3, 4, 6, 7]);
    assert_eq!(told("invariant", 8, json!({})), [4, 5, 8]);
    assert_eq!(told("invariant", 8, json!({ "story": ["c1#2"] })), [6, 7, 8]);
    assert_eq!(read(&events).telling(), []);
}

#[test]
fn what_a_check_finds_later_is_looked_at_where_it_came_to_it() {
    let fault = |t: u64, id: u64, node: &str| json!({ "t": t, "id": id, "kind": "fault", "fault": "crash", "what": format!("{{ node = \"{node}\" }}"), "number": id, "on": [node], "down": [node] });
    let events = [
        json!({ "t": 1, "id": 1, "kind": "ask", "client": "c1", "operation": "c1#1", "op": "write k1 1" }),
        json!({ "t": 2, "id": 2, "kind": "answer", "request": "c1#1", "ret": "ok" }),
        fault(3, 3, "n1"),
        fault(5, 4, "n2"),
        json!({ "t": 5, "id": 5, "kind": "timer", "node": "n3", "timer": "T" }),
        fault(7, 6, "n3"),
        json!({ "t": 9, "id": 7, "kind": "timer", "node": "n1", "timer": "T" }),
    ];
    let violation = json!({ "check": "invariant", "property": "kept", "at": 9, "came": 5, "story": [] });
    let footer =
        json!({ "verdict": { "violation": violation }, "digest": "", "end": 9, "history": { "story": ["c1#1"] } });
    let recording = read(&[&events[..], &[footer]].concat());
    let found = recording.violation().expect("one");
    assert_eq!(
        (found.event, found.at.as_nanos(), found.came.as_nanos()),
        (Some(Place(3)), 9, 5),
        "the fault at that time"
    );
    let told: Vec<u64> = recording.telling().into_iter().map(|place| recording.event(place).number).collect();
    assert_eq!(told, [1, 2, 3, 4], "no fault that struck later");
}

#[test]
fn what_a_violation_goes_against_is_looked_at_with_what_led_to_it_and_what_struck_there_since() {
    let fault = |t: u64, id: u64, node: &str| json!({ "t": t, "id": id, "kind": "fault", "fault": "crash", "what": format!("{{ node = \"{node}\" }}"), "number": id, "on": [node], "down": [node] });
    let timer = |t: u64, id: u64, node: &str, state: Value| json!({ "t": t, "id": id, "kind": "timer", "node": node, "timer": "T", "now": state });
    let mut events = vec![
        json!({ "t": 1, "id": 1, "kind": "message", "node": "n1", "from": "n2", "msg": "Vote", "body": 1, "now": { "epoch": 1 } }),
        json!({ "t": 2, "id": 2, "cause": 1, "kind": "synced", "node": "n1", "now": { "role": "leader" } }),
        timer(2, 3, "n1", json!({ "last": 7 })),
        timer(2, 4, "n2", json!({ "last": 7 })),
        fault(3, 5, "n2"),
        fault(4, 6, "n1"),
    ];
    // Of other nodes there is more than anybody reads.
    for id in 7..100 {
        events.push(if id % 2 == 0 { fault(id, id, "n4") } else { timer(id, id, "n4", json!({ "last": id })) });
    }
    events.push(json!({ "t": 200, "id": 200, "kind": "message", "node": "n3", "from": "n2", "msg": "Vote", "body": 2, "now": { "role": "leader" } }));
    let told = |against: Value| {
        let violation =
            json!({ "check": "invariant", "property": "election-safety", "at": 200, "story": [], "against": against });
        let footer = json!({ "verdict": { "violation": violation }, "digest": "", "end": 200, "history": {} });
        let recording = read(&[&events[..], &[footer]].concat());
        let against = recording.violation().expect("one").against.clone();
        let number = |place: Place| recording.event(place).number;
        let told: Vec<u64> = recording.telling().into_iter().map(number).collect();
        (against.into_iter().map(number).collect::<Vec<_>>(), told)
    };
    assert_eq!(told(json!([])), (vec![], vec![200]));
    let earlier = |node: &str, event: u64| json!({ "node": node, "at": 2, "event": event, "what": "was elected" });
    assert_eq!(told(json!([earlier("n1", 2)])), (vec![2], vec![1, 2, 6, 200]), "not what came of it");
    assert_eq!(told(json!([earlier("n1", 3)])), (vec![3], vec![1, 2, 3, 6, 200]), "not the other event at its time");
    assert_eq!(told(json!([earlier("n1", 777)])), (vec![], vec![200]), "no such event");
    let both = told(json!([earlier("n2", 4), earlier("n1", 2), earlier("n1", 2)]));
    assert_eq!(both, (vec![2, 4], vec![1, 2, 4, 5, 6, 200]));
}

#[test]
fn what_is_no_trace_is_refused_in_words() {
    let mut reader = Reader::new();
    let error = reader.line(&json!({ "t": 1 })).unwrap_err();
    assert!(error.to_string().contains("shaketable replay --trace"), "{error}");
    reader.line(&json!({ "trace": 1 })).unwrap();
    assert!(reader.line(&json!([])).is_err() && reader.line(&json!({ "kind": "boot" })).is_err());
    reader.line(&json!({ "t": 5, "id": 5, "kind": "boot", "node": "n1" })).unwrap();
    let error = reader.line(&json!({ "t": 4, "id": 6, "kind": "boot", "node": "n1" })).unwrap_err();
    assert!(error.given.starts_with("event 6 at "), "{error}");
    reader.line(&json!({ "verdict": "pass", "digest": "00", "events": 1, "end": 9 })).unwrap();
    assert!(reader.line(&json!({ "t": 9, "id": 9 })).is_err());
    assert!(Reader::new().finish().is_err());
}
