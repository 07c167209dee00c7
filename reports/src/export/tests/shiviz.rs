use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::recording::{Event, LaneAt};

type Clock = BTreeMap<String, u64>;

/// Reads a log as ShiViz does: a host and a clock, then a text.
fn parsed(log: &str) -> Vec<(String, Clock, String)> {
    let lines: Vec<&str> = log.lines().collect();
    assert!(lines.len().is_multiple_of(2) && (log.is_empty() || log.ends_with('\n')));
    let pair = |pair: &[&str]| {
        let (host, clock) = pair[0].split_once(' ').expect("a host and a clock");
        assert!(!host.is_empty() && !pair[1].is_empty());
        (host.to_owned(), serde_json::from_str(clock).expect("a clock"), pair[1].to_owned())
    };
    lines.chunks(2).map(pair).collect()
}

/// Every host counts its own events; nobody forgets, or knows what has not happened.
fn obeys_the_rules(name: &str, log: &[(String, Clock, String)]) {
    let mut latest: BTreeMap<&str, &Clock> = BTreeMap::new();
    for (number, (host, clock, _)) in log.iter().enumerate() {
        let none = Clock::new();
        let before = *latest.get(host.as_str()).unwrap_or(&&none);
        let own = |clock: &Clock, host: &str| clock.get(host).copied().unwrap_or(0);
        assert_eq!(own(clock, host), own(before, host) + 1, "{name}: event {number}");
        assert!(before.iter().all(|(other, count)| own(clock, other) >= *count), "{name}: event {number} forgets");
        for (other, count) in clock.iter().filter(|(other, _)| *other != host) {
            let there = latest.get(other.as_str()).map_or(0, |clock| own(clock, other));
            assert!(*count > 0 && *count <= there, "{name}: event {number} knows what {other} has not done yet");
        }
        latest.insert(host, clock);
    }
}

/// All that each event follows from, wanted or not: what was there before on its host, its cause, who sent it, and what these follow from.
fn past(recording: &Recording) -> Vec<BTreeSet<Place>> {
    let origins = recording.origins();
    let mut past: Vec<BTreeSet<Place>> = Vec::new();
    for (place, event) in recording.placed() {
        let host =
            |event: &Event| (recording.passes(event), if recording.passes(event) { LaneAt(0) } else { event.lane });
        let here =
            recording.placed().filter(|(other, of)| *other < place && host(of) == host(event)).map(|(other, _)| other);
        let origin = origins[place.0 as usize].map(|origin| origin.event);
        let direct: BTreeSet<Place> = here.chain(event.cause).chain(origin).collect();
        let further = direct.iter().flat_map(|before| past[before.0 as usize].clone());
        past.push(further.chain(direct.iter().copied()).collect());
    }
    past
}

#[test]
fn clocks_tell_what_came_before_what_and_what_did_not() {
    let (mut ordered, mut at_once) = (0, 0);
    for (name, recording, places) in samples() {
        let log = parsed(&crate::export::shiviz(&recording, &places));
        assert_eq!(log.len(), places.len(), "{name}");
        obeys_the_rules(&name, &log);
        let past = past(&recording);
        for (one, (host, mine, _)) in places.iter().zip(&log) {
            for (other, (_, theirs, _)) in places.iter().zip(&log).filter(|(other, _)| *other > one) {
                let follows = past[other.0 as usize].contains(one);
                assert_eq!(theirs.get(host) >= mine.get(host), follows, "{name}: {other:?} after {one:?}");
                if follows { ordered += 1 } else { at_once += 1 }
            }
        }
    }
    assert!(ordered > 10_000 && at_once > 5_000, "{ordered} ordered, {at_once} at once");
}

#[test]
fn nobody_knows_of_what_never_reached_it() {
    let recording = everything();
    let places: Vec<Place> = recording.placed().map(|(place, _)| place).collect();
    let log = parsed(&crate::export::shiviz(&recording, &places));
    let held = log.iter().position(|(_, _, told)| told.contains("is held")).unwrap();
    assert_eq!(log[held].0, "network");
    // n2 acts after the message to it was held, and knows of it when it has come.
    let by = |needle: &str| &log.iter().find(|(_, _, told)| told.contains(needle)).unwrap().1;
    assert!(by("n2 gets Append").get("n1") > by("n2 gets Vote").get("n1"));
    assert!(log.iter().all(|(host, clock, _)| host == "network" || !clock.contains_key("network")));
}

#[test]
fn a_log_for_shiviz() {
    let recording = everything();
    let places: Vec<Place> = recording.placed().map(|(place, _)| place).collect();
    insta::assert_snapshot!(crate::export::shiviz(&recording, &places));
}
