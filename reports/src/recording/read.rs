//! From the lines of a trace to a [`Recording`].

use std::collections::{BTreeMap, BTreeSet};
use std::error;
use std::fmt;

use serde_json::{Map, Value};
use shaketable_sim::digest::digest_of;
use shaketable_sim::time::Instant;

use super::about::{blame, involve};
use super::routine::{Quiet, deeds, is_routine};
use super::span::{Band, Spans, Stop};
use super::{
    About, Change, Event, Fate, Lane, LaneAt, LaneKind, Lost, Name, Operation, Outcome, Place, Recording, Violation,
};

/// The version of traces that is read.
const VERSION: u64 = 1;

/// What an event is known by otherwise than as a detail.
const TOLD: [&str; 11] = ["t", "id", "cause", "kind", "node", "from", "client", "msg", "now", "details", "routine"];

/// Why a line is none of a trace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unreadable {
    /// What is there.
    pub given: String,
    /// What could be there.
    pub allowed: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.given, self.allowed)
    }
}

impl error::Error for Unreadable {}

/// Reads a trace line by line.
#[derive(Default)]
pub struct Reader {
    recording: Recording,
    begun: bool,
    spans: Spans,
    /// The state of each lane, by the numbers of fields.
    states: BTreeMap<LaneAt, BTreeMap<Name, Name>>,
    /// Which events left their nodes as they were.
    unmoved: Vec<bool>,
    /// What clients wait for: the operation's place among all.
    waits: BTreeMap<LaneAt, usize>,
    /// Of a violation of the history: what operations have to do with it.
    history: Map<String, Value>,
    /// Deliveries by cause, receiver and content, to know which come again.
    delivered: BTreeSet<(Place, LaneAt, u64)>,
}

impl Reader {
    /// A trace of which nothing is known yet.
    pub fn new() -> Reader {
        Reader::default()
    }

    /// Takes the next line: the header first, then events, and last the footer.
    ///
    /// # Errors
    /// If it is none of these.
    pub fn line(&mut self, line: &Value) -> Result<(), Unreadable> {
        let unreadable =
            |given: &str, allowed: &str| Unreadable { given: given.to_owned(), allowed: allowed.to_owned() };
        let Value::Object(line) = line else {
            return Err(unreadable("no JSON object", "a trace has one JSON object a line"));
        };
        if !self.begun {
            return self.header(line);
        }
        if self.recording.outcome.is_some() {
            return Err(unreadable("a line after the footer", "a footer is the last line of a trace"));
        }
        if line.contains_key("verdict") {
            self.footer(line);
            return Ok(());
        }
        match (line.get("t").and_then(Value::as_u64), line.get("id").and_then(Value::as_u64)) {
            (Some(at), Some(number)) => self.event(line, Instant::nanos(at), number),
            _ => Err(unreadable(
                "an event without `t` or `id`",
                "each event has its time in nanoseconds, and its number",
            )),
        }
    }

    fn header(&mut self, line: &Map<String, Value>) -> Result<(), Unreadable> {
        if line.get("trace").and_then(Value::as_u64) != Some(VERSION) {
            return Err(Unreadable {
                given: "no header of a trace".to_owned(),
                allowed: format!("the first line has `\"trace\":{VERSION}`, as `shaketable replay --trace` writes it"),
            });
        }
        self.begun = true;
        let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let seed = line.get("seed").and_then(Value::as_u64).unwrap_or_default();
        let unchecked = line.get("unchecked").and_then(Value::as_array).into_iter().flatten();
        let unchecked = unchecked.filter_map(Value::as_str).map(str::to_owned).collect();
        self.recording.about =
            About { tool: text("tool"), scenario: text("scenario"), protocol: text("protocol"), seed, unchecked };
        Ok(())
    }

    fn event(&mut self, line: &Map<String, Value>, at: Instant, number: u64) -> Result<(), Unreadable> {
        if self.recording.events.last().is_some_and(|last| last.number >= number || last.at > at) {
            let given = format!("event {number} at {at}, after one that comes later");
            return Err(Unreadable { given, allowed: "events come in their order".to_owned() });
        }
        let text = |name: &str| line.get(name).and_then(Value::as_str);
        let place = Place(self.recording.events.len() as u32);
        let kind = text("kind").unwrap_or("event");
        let lane = self.owner(line, kind);
        let label = label(line, kind).map(|label| self.recording.labels.name(&label));
        let cause = line.get("cause").and_then(Value::as_u64).and_then(|cause| self.place(cause));
        let operation = text("operation").or(text("request")).or(text("gave-up")).map(str::to_owned);
        let deeds = deeds(line);
        let quiet = cause.map(|cause| Quiet {
            routine: self.recording.event(cause).routine,
            unmoved: self.unmoved[cause.0 as usize],
        });
        let over_network = matches!(kind, "message" | "request" | "answer");
        let content = || digest_of(&(line.get("body").map(Value::to_string), text("request")));
        let again = over_network && cause.is_some_and(|cause| !self.delivered.insert((cause, lane, content())));
        let from = text("from").map(|name| self.lane(name, kind_of(name)));
        let held = over_network
            && cause.is_some_and(|cause| {
                let cause = self.recording.event(cause);
                self.recording.lane(cause.lane).kind == LaneKind::World
            });
        let rest: Map<String, Value> = line
            .iter()
            .filter(|(key, _)| !TOLD.contains(&key.as_str()))
            .map(|(key, of)| (key.clone(), of.clone()))
            .collect();
        let detail = if rest.is_empty() { String::new() } else { Value::Object(rest).to_string() };
        let routine = is_routine(line, deeds, quiet);
        let kind_name = self.recording.kinds.name(kind);
        self.recording.events.push(Event {
            number,
            at,
            kind: kind_name,
            lane,
            label,
            cause,
            from,
            operation,
            detail,
            routine,
            again,
            held,
        });
        self.unmoved.push(!line.contains_key("now") && !deeds.real);
        self.lost(line, place);
        self.state(line, lane, place);
        self.lasting(line, kind, lane, at, place);
        self.clients(line, place);
        Ok(())
    }

    /// Whose event a line is.
    fn owner(&mut self, line: &Map<String, Value>, kind: &str) -> LaneAt {
        let text = |name: &str| line.get(name).and_then(Value::as_str);
        let asked = text("operation").or(text("request")).or(text("gave-up"));
        let client = asked.and_then(|operation| operation.split('#').next());
        let name = match kind {
            "dropped" | "held" => text("to"),
            _ => text("node").or(text("client")).or(client),
        };
        match name {
            Some(name) => self.lane(name, kind_of(name)),
            None => self.lane("world", LaneKind::World),
        }
    }

    fn lane(&mut self, name: &str, kind: LaneKind) -> LaneAt {
        let lanes = &mut self.recording.lanes;
        let place = lanes.iter().position(|lane| lane.name == name && lane.kind == kind).unwrap_or_else(|| {
            lanes.push(Lane { name: name.to_owned(), kind });
            lanes.len() - 1
        });
        LaneAt(place as u32)
    }

    /// Where the event of a number is.
    fn place(&self, number: u64) -> Option<Place> {
        let found = self.recording.events.binary_search_by_key(&number, |event| event.number);
        found.ok().map(|place| Place(place as u32))
    }

    /// The messages of this event that the network has lost: each is followed by a remark in the list of effects.
    fn lost(&mut self, line: &Map<String, Value>, event: Place) {
        let effects = line.get("effects").and_then(Value::as_array);
        for pair in effects.map(Vec::as_slice).unwrap_or_default().windows(2) {
            if pair[1] != Value::String("…lost".to_owned()) {
                continue;
            }
            let field = |name: &str| pair[0].get(name).and_then(Value::as_str);
            let (to, label) = match (&pair[0], field("send"), field("request")) {
                (_, Some(to), _) => (to, field("msg").unwrap_or_default()),
                (_, _, Some(to)) => (to, field("op").and_then(|op| op.split(' ').next()).unwrap_or_default()),
                (Value::String(answer), ..) => {
                    let request = answer.split(' ').nth(1).unwrap_or_default();
                    (request.split('#').next().unwrap_or_default(), "answer")
                }
                _ => continue,
            };
            let (to, label) = (self.lane(to, kind_of(to)), self.recording.labels.name(label));
            self.recording.lost.push(Lost { event, to, label });
        }
    }

    /// What the node has become.
    fn state(&mut self, line: &Map<String, Value>, lane: LaneAt, event: Place) {
        let Some(Value::Object(now)) = line.get("now") else { return };
        let details = line.get("details").and_then(Value::as_object);
        let mut after = BTreeMap::new();
        for (field, value) in now.iter().chain(details.into_iter().flatten()) {
            let shown = match value {
                Value::String(text) => text.clone(),
                Value::Null => "none".to_owned(),
                other => other.to_string(),
            };
            after.insert(self.recording.fields.name(field), self.recording.values.name(&shown));
        }
        let before = self.states.entry(lane).or_default();
        let gone = before.keys().filter(|field| !after.contains_key(field)).copied().collect::<Vec<_>>();
        let nothing = self.recording.values.name("");
        let new = after
            .iter()
            .filter(|(field, value)| before.get(field) != Some(value))
            .map(|(field, value)| (*field, *value));
        let changes = new.chain(gone.into_iter().map(|field| (field, nothing)));
        self.recording.changes.extend(changes.map(|(field, value)| Change {
            event,
            field,
            value,
            was: before.get(&field).copied(),
        }));
        *before = after;
    }

    fn lasting(&mut self, line: &Map<String, Value>, kind: &str, lane: LaneAt, at: Instant, event: Place) {
        let list = |name: &str| line.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        if kind == "boot" {
            self.spans.went_on(lane, at);
        }
        if kind == "fault" {
            let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let on = list("on").iter().filter_map(Value::as_str).map(|name| self.lane(name, LaneKind::Node)).collect();
            let number = line.get("number").and_then(Value::as_u64).unwrap_or(u64::MAX);
            self.spans.struck(number, Band { kind: text("fault"), what: text("what"), on, event, from: at, to: None });
        }
        // Some are over at once.
        self.spans.ended(&list("ended"), at);
        for (name, why) in [("down", Some(Stop::Crash)), ("paused", Some(Stop::Pause)), ("resumed", None)] {
            for node in list(name).iter().filter_map(Value::as_str) {
                let lane = self.lane(node, LaneKind::Node);
                match why {
                    Some(why) => self.spans.stopped(lane, why, event, at),
                    None => self.spans.went_on(lane, at),
                }
            }
        }
    }

    /// What clients ask for and are answered: an answer first, as who is answered may ask again in the same line.
    fn clients(&mut self, line: &Map<String, Value>, event: Place) {
        let text = |name: &str| line.get(name).and_then(Value::as_str);
        if let (Some(request), Some(ret)) = (text("request"), text("ret"))
            && ret != "rejected"
        {
            // `c1#7.2` is the second attempt at `c1#7`.
            let id = request.split('.').next().unwrap_or_default();
            self.close(id, event, Fate::Ok, Some(ret.to_owned()));
        }
        if let (Some(id), Some(fate)) = (text("gave-up"), text("fate")) {
            self.close(id, event, if fate == "failed" { Fate::Failed } else { Fate::Unknown }, None);
        }
        if let (Some(client), Some(id), Some(op)) = (text("client"), text("operation"), text("op")) {
            let lane = self.lane(client, LaneKind::Client);
            self.waits.insert(lane, self.recording.operations.len());
            self.recording.operations.push(Operation {
                id: id.to_owned(),
                lane,
                asked: op.to_owned(),
                answer: None,
                fate: Fate::Unknown,
                from: event,
                to: None,
                part: None,
                order: None,
            });
        }
    }

    fn close(&mut self, id: &str, event: Place, fate: Fate, answer: Option<String>) {
        let name = id.split('#').next().unwrap_or_default();
        let lane = self.lane(name, LaneKind::Client);
        let Some(&waited) = self.waits.get(&lane) else { return };
        let operation = &mut self.recording.operations[waited];
        if operation.id == id {
            self.waits.remove(&lane);
            (operation.fate, operation.answer, operation.to) = (fate, answer, Some(event));
        }
    }

    fn footer(&mut self, line: &Map<String, Value>) {
        let (verdict, why) = match line.get("verdict") {
            Some(Value::String(word)) => (word.clone(), None),
            Some(Value::Object(of)) => {
                of.iter().next().map_or_else(Default::default, |(word, of)| (word.clone(), Some(of)))
            }
            _ => Default::default(),
        };
        let violation = why.and_then(Value::as_object).filter(|_| verdict == "violation").map(|of| {
            let text = |name: &str| of.get(name).and_then(Value::as_str).unwrap_or_default();
            let story = of.get("story").and_then(Value::as_array).into_iter().flatten();
            let moment = |name: &str| of.get(name).and_then(Value::as_u64).map(Instant::nanos);
            let at = moment("at").unwrap_or_default();
            let against = of.get("against").and_then(Value::as_array).into_iter().flatten();
            let against = against.filter_map(|earlier| self.place(earlier.get("event")?.as_u64()?));
            let against: BTreeSet<Place> = against.collect();
            Violation {
                signature: format!("{}/{}", text("check"), text("property")),
                at,
                came: moment("came").unwrap_or(at),
                event: None,
                against: against.into_iter().collect(),
                story: story.filter_map(Value::as_str).map(str::to_owned).collect(),
            }
        });
        self.history = line.get("history").and_then(Value::as_object).cloned().unwrap_or_default();
        self.recording.outcome = Some(Outcome {
            violation,
            verdict,
            digest: line.get("digest").and_then(Value::as_str).unwrap_or_default().to_owned(),
            end: Instant::nanos(line.get("end").and_then(Value::as_u64).unwrap_or_default()),
        });
    }

    /// All that was read.
    ///
    /// # Errors
    /// If there was not even a header.
    pub fn finish(mut self) -> Result<Recording, Unreadable> {
        if !self.begun {
            self.header(&Map::new())?;
        }
        self.lane("world", LaneKind::World);
        let Spans { faults, down, .. } = self.spans;
        (self.recording.faults, self.recording.down) = (faults, down);
        involve(&mut self.recording.operations, &self.history);
        blame(&mut self.recording);
        self.recording.sort_lanes();
        Ok(self.recording)
    }
}

/// What an event is about, in a word.
fn label(line: &Map<String, Value>, kind: &str) -> Option<String> {
    let text = |name: &str| line.get(name).and_then(Value::as_str);
    let word = |text: &str| text.split([' ', '(', '{']).next().unwrap_or_default().to_owned();
    match kind {
        "timer" => text("timer").map(word),
        "command" => text("command").map(word),
        "fault" | "fault ends" => text("fault").map(str::to_owned),
        _ => text("msg").map(str::to_owned).or(text("op").map(word)),
    }
}

/// Whose lane has such a name: nodes are called `n1`, clients `c1`.
fn kind_of(name: &str) -> LaneKind {
    if name.starts_with('c') { LaneKind::Client } else { LaneKind::Node }
}
