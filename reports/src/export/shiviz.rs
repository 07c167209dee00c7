//! Logs with vector clocks, as ShiViz reads them.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::view::{View, short};
use crate::recording::{Event, LaneAt, Place, Recording};

/// The regular expression by which ShiViz parses what [`shiviz()`] writes.
pub const SHIVIZ_PARSER: &str = r"(?<host>\S*) (?<clock>{.*})\n(?<event>.*)";

/// The host of messages that are dropped or held.
const NETWORK: &str = "network";

/// A run for ShiViz: two lines an event, `HOST {"HOST":1}` with its vector clock and then what happened. [`SHIVIZ_PARSER`] is its regular expression.
///
/// Hosts are the lanes, and `network` for messages that were dropped or held, because their addressees know nothing of them. An event comes after its cause, after
/// who sent what has come, and after whatever came before it on its host, even if these are not wanted: clocks count wanted events alone, but what
/// a host knows of others passes through all events.
pub fn shiviz(recording: &Recording, places: &[Place]) -> String {
    let view = View::new(recording, places);
    let host = |event: &Event| match recording.passes(event) {
        true => recording.lanes.len(),
        false => event.lane.0 as usize,
    };
    let name = |host: usize| if host < recording.lanes.len() { view.lane_name(LaneAt(host as u32)) } else { NETWORK };
    let mut hosts = vec![vec![0_u64; recording.lanes.len() + 1]; recording.lanes.len() + 1];
    let mut clocks: Vec<Vec<u64>> = Vec::with_capacity(recording.events.len());
    let mut log = String::new();
    for (place, event) in recording.placed() {
        let host = host(event);
        let mut clock = hosts[host].clone();
        let before = [event.cause, view.origin(place).map(|origin| origin.event)];
        for before in before.into_iter().flatten() {
            clock.iter_mut().zip(&clocks[before.0 as usize]).for_each(|(mine, theirs)| *mine = (*mine).max(*theirs));
        }
        if view.wants(place) {
            clock[host] += 1;
            let known = clock.iter().enumerate().filter(|(_, count)| **count > 0);
            let known: Map<String, Value> = known.map(|(host, count)| (name(host).to_owned(), json!(count))).collect();
            let told = told(&view, place, event);
            writeln!(log, "{} {}\n{told}", name(host), Value::Object(known)).expect("a string takes any text");
        }
        hosts[host].clone_from(&clock);
        clocks.push(clock);
    }
    log
}

/// What happened, on one line.
fn told(view: &View<'_>, place: Place, event: &Event) -> String {
    let mut told = format!("{} {}{}", event.at, view.happened(event), view.how(event));
    if let Some(became) = view.became(place) {
        told += &format!(" · {became}");
    }
    for lost in view.lost(place) {
        told += &format!(" · {} to {} lost", view.recording.labels.word(lost.label), view.lane_name(lost.to));
    }
    if let Some(violation) = view.violation(place) {
        told += &format!(" · VIOLATION {}", violation.signature);
    }
    short(&told, 400)
}
