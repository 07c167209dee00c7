//! One run as its trace tells it: who did what, when and why.
//!
//! A [`Recording`] is what is drawn, filtered, compared and exported. It is read from the lines of a trace by a [`Reader`], whether they come from a file or
//! from a run that is happening. Everything that can be derived from a trace is derived here, once: causes by place, operations, the times for which faults
//! were in force and processes down, what each event changed in the state of its node, and what is routine.

mod about;
mod names;
mod order;
mod origin;
#[cfg(test)]
pub(crate) mod random;
mod read;
mod routine;
mod select;
#[cfg(test)]
mod select_tests;
mod slice;
mod span;
#[cfg(test)]
pub(crate) mod tests;

pub use names::{Name, Table};
pub use origin::Origin;
pub use read::{Reader, Unreadable};
pub use select::Filter;
pub use slice::Slice;
pub use span::{Band, Down, Stop};

use serde_json::{Map, Value, json};
use shaketable_sim::time::Instant;

/// A run, event by event.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Recording {
    /// What ran.
    pub about: About,
    /// The nodes, then the clients, each by its number; last the [world](LaneKind::World).
    pub lanes: Vec<Lane>,
    /// What kinds of events there are.
    pub kinds: Table,
    /// What events are about: kinds of messages, timers, operations, faults.
    pub labels: Table,
    /// What the state of a node consists of, by name, in the order in which traces tell it.
    pub fields: Table,
    /// What these have been.
    pub values: Table,
    /// All events, in order.
    pub events: Vec<Event>,
    /// What events changed in the state of their nodes, in order.
    pub changes: Vec<Change>,
    /// Messages that the network lost when they were sent, in order.
    pub lost: Vec<Lost>,
    /// What clients asked for, in the order in which they did.
    pub operations: Vec<Operation>,
    /// When which faults were in force, in the order in which they struck.
    pub faults: Vec<Band>,
    /// When which nodes were down or paused, in the order of their beginnings.
    pub down: Vec<Down>,
    /// How it ended. None if the trace was cut short.
    pub outcome: Option<Outcome>,
}

/// What ran.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct About {
    /// The version of the tool.
    pub tool: String,
    /// The scenario file, or the saved case.
    pub scenario: String,
    /// The protocol, with the bug planted in it if there is one: `raft/local-reads`.
    pub protocol: String,
    /// The seed.
    pub seed: u64,
    /// The properties that nobody has checked, by their names.
    pub unchecked: Vec<String>,
}

/// Whose events are drawn below each other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lane {
    /// Its name: `n1`.
    pub name: String,
    /// Whose it is.
    pub kind: LaneKind,
}

/// Whose a lane is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LaneKind {
    /// A node's.
    Node,
    /// A client's.
    Client,
    /// Of what befalls them: faults.
    World,
}

/// The place of an event among [`Recording::events`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place(pub u32);

/// The place of a lane among [`Recording::lanes`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LaneAt(pub u32);

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// The how-manieth event of the run it is.
    pub number: u64,
    /// When, by true time.
    pub at: Instant,
    /// What kind of event: a [name](Recording::kinds).
    pub kind: Name,
    /// Whose; of a message that was dropped, the addressee's.
    pub lane: LaneAt,
    /// What it is about, if that has a [name](Recording::labels).
    pub label: Option<Name>,
    /// The event that led to it. What the plan has asked for has none.
    pub cause: Option<Place>,
    /// Of what has come over the network: from whom. Of what a client has asked for or was answered, the other end is the lane of its cause.
    pub from: Option<LaneAt>,
    /// Of what a client asks for or is answered: the operation, as `c1#7`.
    pub operation: Option<String>,
    /// What else the trace has on it, as an object of JSON; empty if nothing.
    pub detail: String,
    /// Whether it is one of many that happen again and again and change nothing: heartbeats, and answers to them.
    pub routine: bool,
    /// Whether it is a message that has come before.
    pub again: bool,
    /// Whether it is a message that was held back on its way.
    pub held: bool,
}

/// A part of a node's state that an event has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Change {
    /// By which event, of whose lane.
    pub event: Place,
    /// Which part: a [name](Recording::fields).
    pub field: Name,
    /// What it became: one of the [values](Recording::values); empty if there is no such part any more.
    pub value: Name,
    /// What it was before, if the node had it.
    pub was: Option<Name>,
}

/// A message that never arrived, because the network lost it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lost {
    /// Who sent it then.
    pub event: Place,
    /// To whom.
    pub to: LaneAt,
    /// What: a [name](Recording::labels).
    pub label: Name,
}

/// What a client asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Operation {
    /// Its name: `c1#7`.
    pub id: String,
    /// The client's.
    pub lane: LaneAt,
    /// What for: `put k1 7`.
    pub asked: String,
    /// What it was answered.
    pub answer: Option<String>,
    /// What is known of it.
    pub fate: Fate,
    /// When it was asked for.
    pub from: Place,
    /// When it was answered, or given up.
    pub to: Option<Place>,
    /// What it has to do with the violation.
    pub part: Option<Part>,
    /// Its place, from 1, in an order that explains as many answers as can be.
    pub order: Option<u32>,
}

/// What is known of an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It was answered.
    Ok,
    /// It certainly had no effect.
    Failed,
    /// Nobody knows.
    Unknown,
}

/// What an operation has to do with a violation of linearizability.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// Its answer cannot be explained.
    Culprit,
    /// It is one of the few others that exclude the culprit's answer.
    Story,
}

/// How a run ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// What was found, if something was.
    pub violation: Option<Violation>,
    /// In a word: `pass`, `violation`, `assumption-exceeded`, `inconclusive`.
    pub verdict: String,
    /// The digest of all that happened, as traces write it.
    pub digest: String,
    /// When it was over.
    pub end: Instant,
}

/// Something that does not hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// Which check found it, and which property: `invariant/election-safety`.
    pub signature: String,
    /// When it was seen.
    pub at: Instant,
    /// When it came to it: before it was seen, if a check looks for it only later.
    pub came: Instant,
    /// The event that made it plain.
    pub event: Option<Place>,
    /// What nodes did before that does not go together with that, in order: the other election in the term.
    pub against: Vec<Place>,
    /// What happened, a sentence a line.
    pub story: Vec<String>,
}

impl Recording {
    /// The event at a place.
    pub fn event(&self, place: Place) -> &Event {
        &self.events[place.0 as usize]
    }

    /// The lane at a place.
    pub fn lane(&self, lane: LaneAt) -> &Lane {
        &self.lanes[lane.0 as usize]
    }

    /// All events with their places.
    pub fn placed(&self) -> impl DoubleEndedIterator<Item = (Place, &Event)> {
        self.events.iter().enumerate().map(|(place, event)| (Place(place as u32), event))
    }

    /// From where and when an event has come over the network, if it has: the event that sent it.
    pub fn sent(&self, event: &Event) -> Option<Place> {
        let cause = event.cause?;
        let sender = event.from.unwrap_or(self.event(cause).lane);
        let travels = sender != event.lane && self.event(cause).lane == sender;
        (travels && self.lane(sender).kind != LaneKind::World).then_some(cause)
    }

    /// Whether an event tells of a message on its way: it was dropped, or held. Its addressee knows nothing of it.
    pub fn passes(&self, event: &Event) -> bool {
        matches!(self.kinds.word(event.kind), "dropped" | "held")
    }

    /// The violation, if there is one.
    pub fn violation(&self) -> Option<&Violation> {
        self.outcome.as_ref()?.violation.as_ref()
    }

    /// What an event has changed.
    pub fn changes_of(&self, place: Place) -> &[Change] {
        let begin = self.changes.partition_point(|change| change.event < place);
        let end = self.changes.partition_point(|change| change.event <= place);
        &self.changes[begin..end]
    }

    /// What a part of a state was before a change, if it was there, and what it is after; empty if it is gone.
    pub fn before_and_after(&self, change: &Change) -> (Option<&str>, &str) {
        (change.was.map(|was| self.values.word(was)), self.values.word(change.value))
    }

    /// A change in a few words: `commit 2 → 3`.
    pub fn told(&self, change: &Change) -> String {
        let field = self.fields.word(change.field);
        match self.before_and_after(change) {
            (Some(was), "") => format!("{field} {was} → gone"),
            (Some(was), now) => format!("{field} {was} → {now}"),
            (None, now) => format!("{field} {now}"),
        }
    }

    /// The messages that the network has lost of those that an event sent.
    pub fn lost_of(&self, place: Place) -> &[Lost] {
        let begin = self.lost.partition_point(|lost| lost.event < place);
        let end = self.lost.partition_point(|lost| lost.event <= place);
        &self.lost[begin..end]
    }

    /// An event as a line of the trace had it, but for what the node has become.
    pub fn line(&self, event: &Event) -> Value {
        let mut line = Map::new();
        let kind = self.kinds.word(event.kind);
        line.insert("t".to_owned(), json!(event.at.as_nanos()));
        line.insert("id".to_owned(), json!(event.number));
        if let Some(cause) = event.cause {
            line.insert("cause".to_owned(), json!(self.event(cause).number));
        }
        line.insert("kind".to_owned(), json!(kind));
        let lane = self.lane(event.lane);
        match (kind, lane.kind) {
            ("dropped" | "held", _) | (_, LaneKind::World) => {}
            (_, LaneKind::Node) => drop(line.insert("node".to_owned(), json!(lane.name))),
            (_, LaneKind::Client) => drop(line.insert("client".to_owned(), json!(lane.name))),
        }
        if let Some(from) = event.from {
            line.insert("from".to_owned(), json!(self.lane(from).name));
            line.insert("msg".to_owned(), json!(event.label.map(|label| self.labels.word(label))));
        }
        if let Ok(Value::Object(detail)) = serde_json::from_str(&event.detail) {
            line.extend(detail);
        }
        Value::Object(line)
    }
}
