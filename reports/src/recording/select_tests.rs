use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use shaketable_sim::time::Instant;

use super::*;

/// What leads to each event, by looking at all the others.
fn led(recording: &Recording) -> BTreeSet<(Place, Place)> {
    let origins = recording.origins();
    let changes = |place: Place| recording.changes.iter().any(|change| change.event == place);
    let mut links = BTreeSet::new();
    for (place, event) in recording.placed() {
        for (before, earlier) in recording.placed().take_while(|(before, _)| *before < place) {
            let later = recording.placed().filter(|(other, _)| before < *other && *other < place);
            let node = recording.lanes[event.lane.0 as usize].kind == LaneKind::Node;
            let acts = node && !["dropped", "held"].contains(&recording.kinds.word(event.kind));
            let mut between = later.filter(|(other, of)| of.lane == event.lane && changes(*other));
            let state = acts && earlier.lane == event.lane && changes(before) && between.next().is_none();
            let sent = origins[place.0 as usize].is_some_and(|origin| origin.event == before);
            if event.cause == Some(before) || sent || state {
                links.insert((before, place));
            }
        }
    }
    links
}

/// How many links it takes from one event to each other one, in one direction.
fn distances(links: &BTreeSet<(Place, Place)>, from: Place, back: bool) -> BTreeMap<Place, u32> {
    let mut far = BTreeMap::from([(from, 0)]);
    loop {
        let mut next = far.clone();
        for (before, after) in links {
            let (start, end) = if back { (after, before) } else { (before, after) };
            if let Some(hops) = far.get(start) {
                let known = next.entry(*end).or_insert(u32::MAX);
                *known = (*known).min(hops + 1);
            }
        }
        if next == far {
            return far;
        }
        far = next;
    }
}

fn naive(recording: &Recording, slice: &Slice) -> Vec<Place> {
    let links = led(recording);
    let mut near = Vec::new();
    for back in [true, false].into_iter().filter(|back| *back || slice.onwards) {
        let ranked = distances(&links, slice.of, back).into_iter().filter(|(place, _)| *place != slice.of);
        near.extend(ranked.map(|(place, hops)| (hops, !back, place.0.abs_diff(slice.of.0), place)));
    }
    near.retain(|(hops, ..)| *hops <= slice.hops);
    near.sort();
    let mut places: Vec<Place> = near.into_iter().map(|(.., place)| place).take(slice.most.max(1) - 1).collect();
    places.push(slice.of);
    places.sort();
    places
}

#[test]
fn a_slice_is_what_its_slow_twin_finds() {
    let (mut cut, mut whole, mut released) = (0, 0, 0);
    for seed in 0..12 {
        let recording = random::recording(seed, 60);
        let origins = recording.origins();
        released +=
            recording.placed().filter(|(place, event)| event.held && origins[place.0 as usize].is_some()).count();
        for (of, _) in recording.placed().step_by(7) {
            for (hops, most) in [(0, 9), (1, 40), (3, 5), (3, 40), (u32::MAX, 12), (u32::MAX, usize::MAX)] {
                for onwards in [true, false] {
                    let slice = Slice { of, hops, onwards, most };
                    let found = recording.slice(&slice);
                    assert_eq!(found, naive(&recording, &slice), "seed {seed}, {slice:?}");
                    if found.len() == most { cut += 1 } else { whole += 1 }
                }
            }
        }
    }
    assert!(cut > 50 && whole > 50 && released > 5, "{cut} cut, {whole} whole, {released} released");
}

fn read(lines: &[Value]) -> Recording {
    let mut reader = Reader::new();
    reader.line(&json!({ "trace": 1 })).unwrap();
    lines.iter().for_each(|line| reader.line(line).unwrap());
    reader.finish().unwrap()
}

fn put() -> Recording {
    let send = |to: &str, body: u64| json!({ "send": to, "msg": "Append", "body": body });
    read(&[
        json!({ "t": 0, "id": 1, "kind": "timer", "node": "n1", "timer": "Beat" }),
        json!({ "t": 1, "id": 2, "kind": "ask", "client": "c1", "operation": "c1#1", "op": "put k 1" }),
        json!({ "t": 2, "id": 3, "cause": 2, "kind": "request", "node": "n1", "request": "c1#1", "op": "put k 1", "effects": [{ "write": 1 }] }),
        json!({ "t": 3, "id": 4, "cause": 3, "kind": "synced", "node": "n1", "effects": [send("n2", 1), send("n3", 1)] }),
        json!({ "t": 4, "id": 5, "cause": 4, "kind": "message", "node": "n2", "from": "n1", "msg": "Append", "body": 1 }),
        json!({ "t": 5, "id": 6, "cause": 3, "kind": "timer", "node": "n1", "timer": "Beat", "effects": [send("n2", 0)] }),
        json!({ "t": 6, "id": 7, "cause": 6, "kind": "message", "node": "n2", "from": "n1", "msg": "Append", "body": 0 }),
        json!({ "t": 7, "id": 8, "cause": 5, "kind": "message", "node": "n1", "from": "n2", "msg": "Ack", "body": 1, "effects": ["reply c1#1: ok", "reply c2#1: ok"] }),
        // The client waits no longer for the first attempt.
        json!({ "t": 8, "id": 10, "kind": "request", "node": "n3", "request": "c1#1.2", "op": "put k 1", "effects": ["reject c1#1.2"] }),
        json!({ "t": 9, "id": 11, "cause": 8, "kind": "ask", "request": "c2#1", "ret": "ok", "client": "c2", "operation": "c2#2", "op": "get k" }),
        json!({ "t": 9, "id": 12, "cause": 8, "kind": "answer", "request": "c1#1", "ret": "ok" }),
        json!({ "t": 9, "id": 13, "cause": 4, "kind": "message", "node": "n3", "from": "n1", "msg": "Append", "body": 1 }),
    ])
}

fn numbers(recording: &Recording, filter: &Filter) -> Vec<u64> {
    recording.select(filter).into_iter().map(|place| recording.event(place).number).collect()
}

#[test]
fn an_operation_is_what_leads_from_its_asking_to_its_end() {
    let recording = put();
    let filter = |id: &str| Filter { operation: Some(id.to_owned()), routine: true, ..Filter::default() };
    // Neither the timers nor the other client's answer, nor what came too late.
    assert_eq!(numbers(&recording, &filter("c1#1")), [2, 3, 4, 5, 8, 10, 12]);
    assert_eq!(numbers(&recording, &filter("c9#1")), [0; 0]);
    let origins = recording.origins();
    assert_eq!(origins[8], Some(Origin { event: Place(1), sent: false }), "another attempt");
}

#[test]
fn all_that_is_asked_for_must_be_met() {
    let recording = put();
    let all = Filter { routine: true, ..Filter::default() };
    assert_eq!(numbers(&recording, &all).len(), recording.events.len());
    assert_eq!(
        numbers(&recording, &Filter::default()),
        [2, 3, 4, 5, 6, 7, 8, 11, 12, 13],
        "timers and what is rejected are routine"
    );
    let of_first = |of: &Filter| Filter { lanes: vec![LaneAt(0)], ..of.clone() };
    assert_eq!(numbers(&recording, &of_first(&all)), [1, 3, 4, 6, 8]);
    let timers = vec![recording.kinds.find("timer").unwrap()];
    assert_eq!(numbers(&recording, &Filter { kinds: timers, ..of_first(&all) }), [1, 6]);
    let labels = vec![recording.labels.find("Append").unwrap()];
    let between = Filter { from: Some(Instant::nanos(5)), to: Some(Instant::nanos(9)), labels, ..all.clone() };
    assert_eq!(numbers(&recording, &between), [7, 13]);
    let slice = Some(Slice { of: Place(0), hops: 0, onwards: true, most: 1 });
    assert_eq!(numbers(&recording, &Filter { slice, ..Filter::default() }), [1]);
    let slice = Some(Slice { of: Place(4), hops: 2, onwards: true, most: 40 });
    assert_eq!(numbers(&recording, &Filter { slice, ..Filter::default() }), [3, 4, 5, 8, 11, 12]);
}

#[test]
fn what_was_held_comes_from_who_sent_it() {
    let vote = |body: u64| json!({ "send": "n2", "msg": "Vote", "body": body });
    let message = |id: u64, cause: u64, body: u64| json!({ "t": id, "id": id, "cause": cause, "kind": "message", "node": "n2", "from": "n1", "msg": "Vote", "body": body });
    let recording = read(&[
        json!({ "t": 1, "id": 1, "kind": "timer", "node": "n1", "timer": "T", "effects": [vote(1), vote(2), "…lost"] }),
        json!({ "t": 2, "id": 2, "kind": "timer", "node": "n1", "timer": "T", "effects": [vote(1), vote(2)] }),
        json!({ "t": 3, "id": 3, "kind": "timer", "node": "n1", "timer": "T", "effects": [vote(1)] }),
        json!({ "t": 4, "id": 4, "cause": 1, "kind": "dropped", "from": "n1", "to": "n2", "msg": "Vote", "why": "link cut" }),
        json!({ "t": 5, "id": 5, "cause": 2, "kind": "held", "from": "n1", "to": "n2", "msg": "Vote" }),
        json!({ "t": 6, "id": 6, "kind": "fault ends", "fault": "hold" }),
        message(7, 6, 1),
        message(8, 6, 2),
        message(9, 6, 1),
        message(10, 6, 1),
    ]);
    let sent = |place: u32| Some(Origin { event: Place(place), sent: true });
    assert_eq!(recording.origins()[6..], [sent(1), sent(1), sent(2), sent(2)]);
}
