//! What lasts: faults in force, processes that are down or paused.

use serde_json::Value;
use shaketable_sim::time::Instant;

use super::{LaneAt, Place};

/// A fault, and for how long it was in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Band {
    /// Its kind: `cut`.
    pub kind: String,
    /// How it struck, in the language of scenario files.
    pub what: String,
    /// The nodes on which it was.
    pub on: Vec<LaneAt>,
    /// The event by which it struck.
    pub event: Place,
    /// When it struck.
    pub from: Instant,
    /// When it ended. None if it never did, or if it was over at once.
    pub to: Option<Instant>,
}

/// A node that did nothing for a while.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Down {
    /// Which.
    pub lane: LaneAt,
    /// Why.
    pub why: Stop,
    /// The event by which it stopped.
    pub event: Place,
    /// Since when.
    pub from: Instant,
    /// Until when, if it went on.
    pub to: Option<Instant>,
}

/// Why a node does nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// Its process died.
    Crash,
    /// Its process was stopped, and has forgotten nothing.
    Pause,
}

/// The bands and stops of a run, while it is read.
#[derive(Default)]
pub(super) struct Spans {
    pub(super) faults: Vec<Band>,
    /// The numbers that the run gave to these faults.
    numbers: Vec<u64>,
    pub(super) down: Vec<Down>,
}

impl Spans {
    /// A fault strikes.
    pub(super) fn struck(&mut self, number: u64, band: Band) {
        self.numbers.push(number);
        self.faults.push(band);
    }

    /// The faults of these numbers are over.
    pub(super) fn ended(&mut self, numbers: &[Value], at: Instant) {
        for number in numbers.iter().filter_map(Value::as_u64) {
            if let Some(place) = self.numbers.iter().rposition(|other| *other == number) {
                self.faults[place].to.get_or_insert(at);
            }
        }
    }

    /// A node stops.
    pub(super) fn stopped(&mut self, lane: LaneAt, why: Stop, event: Place, at: Instant) {
        if why == Stop::Crash {
            self.went_on(lane, at); // A process that dies is paused no more.
        }
        self.down.push(Down { lane, why, event, from: at, to: None });
    }

    /// A node goes on.
    pub(super) fn went_on(&mut self, lane: LaneAt, at: Instant) {
        if let Some(down) = self.down.iter_mut().rev().find(|down| down.lane == lane) {
            down.to.get_or_insert(at);
        }
    }
}
