use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::recording::{Event, LaneKind};

type Row = (u64, u64);

fn number(line: &Value, key: &str) -> u64 {
    line[key].as_u64().unwrap_or_else(|| panic!("{key} in {line}"))
}

/// Nanoseconds, as a reader has them that cuts off what is left.
fn nanos(line: &Value, key: &str) -> u64 {
    (line[key].as_f64().unwrap_or_else(|| panic!("{key} in {line}")) * 1_000.0) as u64
}

fn row(line: &Value) -> Row {
    (number(line, "pid"), number(line, "tid"))
}

fn phase(line: &Value) -> &str {
    line["ph"].as_str().expect("a phase")
}

/// A slice that is open: from, to, the event that it shows.
type Open = (u64, u64, Option<u64>);

/// Goes through a trace as Perfetto does; for each arrow by its number, where it begins and where it ends: the events whose slices enclose these points.
fn walked(name: &str, lines: &[Value]) -> BTreeMap<u64, [Option<u64>; 2]> {
    let (mut last, mut open) = (0, BTreeMap::<Row, Vec<Open>>::new());
    let mut flows: BTreeMap<u64, [Option<(u64, u64)>; 2]> = BTreeMap::new();
    let mut called: BTreeMap<u64, (&Value, &Value)> = BTreeMap::new();
    for line in lines.iter().filter(|line| phase(line) != "M") {
        let at = nanos(line, "ts");
        assert!(at >= last, "{name}: time goes back at {line}");
        last = at;
        let stack = open.entry(row(line)).or_default();
        while stack.last().is_some_and(|(_, to, _)| *to <= at) {
            stack.pop();
        }
        match phase(line) {
            "X" => {
                let to = at + nanos(line, "dur");
                assert!(stack.last().is_none_or(|(_, outer, _)| to <= *outer), "{name}: {line} is half inside");
                stack.push((at, to, line["args"]["event"].as_u64()));
            }
            of @ ("s" | "f") => {
                let (from, _, event) = *stack.last().unwrap_or_else(|| panic!("{name}: no slice for {line}"));
                assert_eq!(from, at, "{name}: {line}");
                assert!(of == "s" || line["bp"] == "e", "{name}: {line}");
                let (id, end) = (number(line, "id"), usize::from(of == "f"));
                assert_eq!(*called.entry(id).or_insert((&line["cat"], &line["name"])), (&line["cat"], &line["name"]));
                let ends = flows.entry(id).or_default();
                assert_eq!(ends[end].replace((at, event.expect("an event"))), None, "{name}: {line} comes again");
            }
            "i" => assert!(["g", "p", "t"].contains(&line["s"].as_str().unwrap()), "{name}: {line}"),
            "C" => {
                let values = line["args"].as_object().unwrap();
                assert!(values.values().all(|value| value.as_i64().is_some_and(|value| value >= 0)), "{name}: {line}");
            }
            _ => panic!("{name}: {line}"),
        }
    }
    assert!(flows.values().all(|[from, to]| from.unwrap().0 <= to.unwrap().0), "{name}: messages take time");
    flows.into_iter().map(|(id, ends)| (id, ends.map(|end| end.map(|(_, event)| event)))).collect()
}

/// All that is shown has a name and a place in the order.
fn is_named(name: &str, lines: &[Value]) {
    let said = |what: &str, line: &Value| {
        let of = lines.iter().filter(|other| phase(other) == "M" && other["name"] == what);
        let key = if what.ends_with("name") { "name" } else { "sort_index" };
        let mut here = of.filter(|other| {
            other["pid"] == line["pid"] && (what.starts_with("process") || other["tid"] == line["tid"])
        });
        let found = here.next().unwrap_or_else(|| panic!("{name}: no {what} for {line}"));
        assert!(!found["args"][key].is_null() && here.next().is_none(), "{name}: {what} for {line}");
    };
    for line in lines.iter().filter(|line| phase(line) != "M") {
        said("process_name", line);
        said("process_sort_index", line);
        if number(line, "tid") > 0 {
            said("thread_name", line);
            said("thread_sort_index", line);
        }
    }
}

#[test]
fn slices_nest_and_arrows_begin_and_end_in_the_slices_of_their_events() {
    let (mut arrows, mut all_arrows) = (0, 0);
    for (name, recording, places) in samples() {
        let trace = crate::export::perfetto(&recording, &places);
        let lines = trace["traceEvents"].as_array().unwrap();
        is_named(&name, lines);
        let flows = walked(&name, lines);
        let origins = recording.origins();
        let acts = |event: &Event| recording.lane(event.lane).kind != LaneKind::World && !recording.passes(event);
        let acting: Vec<Place> = places.iter().copied().filter(|place| acts(recording.event(*place))).collect();
        let mut expected = BTreeMap::new();
        for place in &acting {
            if let Some(origin) = origins[place.0 as usize].filter(|origin| acting.contains(&origin.event)) {
                let ends = [origin.event, *place].map(|place| Some(recording.event(place).number));
                expected.insert(u64::from(place.0), ends);
            }
        }
        assert_eq!(flows, expected, "{name}");
        let shown: BTreeSet<u64> =
            lines.iter().filter(|line| phase(line) == "X").filter_map(|line| line["args"]["event"].as_u64()).collect();
        let numbers: BTreeSet<u64> = acting.iter().map(|place| recording.event(*place).number).collect();
        assert_eq!(shown, numbers, "{name}");
        arrows += flows.len();
        all_arrows += acting.len();
    }
    assert!(arrows > 400, "{arrows} arrows between {all_arrows} events");
}

/// The slices of a row by the names of process and thread: name, from, to.
fn slices(lines: &[Value], process: &str, thread: &str) -> Vec<(String, u64, u64)> {
    let named = |what: &str, name: &str| {
        let lines = lines.iter().filter(|line| line["name"] == what && line["args"]["name"] == name);
        lines.map(row).collect::<Vec<Row>>()
    };
    let pids: Vec<u64> = named("process_name", process).into_iter().map(|row| row.0).collect();
    let rows: Vec<Row> = named("thread_name", thread).into_iter().filter(|row| pids.contains(&row.0)).collect();
    let slices = lines.iter().filter(|line| phase(line) == "X" && rows.contains(&row(line)));
    slices
        .map(|line| {
            (line["name"].as_str().unwrap().to_owned(), nanos(line, "ts"), nanos(line, "ts") + nanos(line, "dur"))
        })
        .collect()
}

#[test]
fn what_lasts_is_there_for_as_long_as_it_lasted() {
    let recording = everything();
    let places: Vec<Place> = recording.placed().map(|(place, _)| place).collect();
    let trace = crate::export::perfetto(&recording, &places);
    let lines = trace["traceEvents"].as_array().unwrap();
    let row = |process: &str, thread: &str| slices(lines, process, thread);
    let slice = |name: &str, from: u64, to: u64| (name.to_owned(), from, to);
    let end = 9_501_000;
    let leader = [
        slice("follower, epoch 0", 0, 1_000_000),
        slice("candidate, epoch 1", 1_000_000, 2_000_001),
        slice("leader, epoch 1", 2_000_001, end),
    ];
    assert_eq!(row("n1", "role"), leader);
    let crashed = [
        slice("follower, epoch 0", 0, 4_500_000),
        slice("follower, epoch 1", 4_500_000, 5_000_000),
        slice("down", 5_000_000, 6_000_000),
        slice("follower, epoch 1", 6_000_000, end),
    ];
    assert_eq!(row("n2", "role"), crashed);
    assert_eq!(row("n3", "paused"), [slice("paused", 3_200_000, 4_000_000)]);
    assert_eq!(
        row("faults", "faults"),
        [slice("hold n1 n2", 3_100_000, 4_500_000), slice("crash n2", 5_000_000, 6_000_000)]
    );
    assert_eq!(row("faults", "faults 2"), [slice("pause n3", 3_200_000, 4_000_000)]);
    assert_eq!(
        row("clients", "c1"),
        [
            slice("put k, \"1\"", 2_500_000, 3_500_000),
            slice("get k", 3_500_000, 7_000_000),
            slice("get k", 9_000_400, end)
        ]
    );
    // Two of one instant, then one for as long as there is until the next.
    let events = row("n2", "events");
    assert_eq!(events[1..3], [slice("Vote", 1_500_000, 1_501_000), slice("Vote", 1_500_000, 1_501_000)]);
    assert_eq!(
        row("n1", "events")[2..4],
        [slice("Granted", 2_000_001, 2_000_301), slice("Begin", 2_000_301, 2_001_301)]
    );
    let marks: Vec<&str> =
        lines.iter().filter(|line| phase(line) == "i").map(|line| line["name"].as_str().unwrap()).collect();
    assert_eq!(marks, ["Vote to n3 lost", "Append held", "Request dropped: node down", "heal", "linearizability/get"]);
    let counted = |name: &str| {
        lines
            .iter()
            .filter(|line| line["name"] == name)
            .map(|line| (nanos(line, "ts"), line["args"][name].as_i64().unwrap()))
            .collect::<Vec<_>>()
    };
    let in_flight = counted("messages in flight");
    assert_eq!(in_flight[..3], [(1_000_000, 2), (1_500_000, 1), (2_000_001, 0)]);
    assert_eq!(in_flight.last(), Some(&(9_000_000, 0)));
}

#[test]
fn a_part_of_a_run_begins_with_what_was_then() {
    let recording = everything();
    let part = Filter {
        lanes: vec![recording.events[3].lane],
        from: Some(recording.events[6].at),
        to: Some(recording.events[9].at),
        ..Filter::default()
    };
    let trace = crate::export::perfetto(&recording, &recording.select(&part));
    let lines = trace["traceEvents"].as_array().unwrap();
    assert_eq!(slices(lines, "n2", "role"), [("follower, epoch 0".to_owned(), 2_000_001, 3_001_000)]);
    assert_eq!(slices(lines, "clients", "c1"), [("put k, \"1\"".to_owned(), 2_500_000, 3_001_000)]);
    let times = lines.iter().filter(|line| phase(line) != "M").map(|line| nanos(line, "ts"));
    assert!(times.clone().min() == Some(2_000_001) && times.max() <= Some(3_001_000));
}

#[test]
fn a_trace_for_perfetto() {
    let recording = everything();
    let places: Vec<Place> = recording.placed().map(|(place, _)| place).collect();
    let trace = crate::export::perfetto(&recording, &places);
    let lines = trace["traceEvents"].as_array().unwrap().iter().map(|line| format!("{line}\n"));
    insta::assert_snapshot!(lines.collect::<String>());
}
