//! The events that are wanted, and what every format asks of them.

use serde_json::Value;

use crate::recording::{Change, Event, LaneAt, LaneKind, Lost, Origin, Place, Recording, Violation};
use crate::words::{content, happened};

/// Some events of a recording.
pub(super) struct View<'r> {
    pub(super) recording: &'r Recording,
    /// In order, each once.
    pub(super) places: Vec<Place>,
    /// By place.
    wanted: Vec<bool>,
    origins: Vec<Option<Origin>>,
}

impl<'r> View<'r> {
    pub(super) fn new(recording: &'r Recording, places: &[Place]) -> View<'r> {
        let mut wanted = vec![false; recording.events.len()];
        places.iter().for_each(|place| wanted[place.0 as usize] = true);
        let places = recording.placed().map(|(place, _)| place).filter(|place| wanted[place.0 as usize]).collect();
        View { recording, places, wanted, origins: recording.origins() }
    }

    /// The events that are wanted.
    pub(super) fn events(&self) -> impl Iterator<Item = (Place, &'r Event)> {
        self.places.iter().map(|place| (*place, self.recording.event(*place)))
    }

    pub(super) fn wants(&self, place: Place) -> bool {
        self.wanted[place.0 as usize]
    }

    pub(super) fn origin(&self, place: Place) -> Option<Origin> {
        self.origins[place.0 as usize]
    }

    pub(super) fn kind(&self, event: &Event) -> &'r str {
        self.recording.kinds.word(event.kind)
    }

    pub(super) fn lane_kind(&self, lane: LaneAt) -> LaneKind {
        self.recording.lane(lane).kind
    }

    /// What a lane is called.
    pub(super) fn lane_name(&self, lane: LaneAt) -> &'r str {
        match self.recording.lane(lane) {
            of if of.kind == LaneKind::World => "faults",
            of => &of.name,
        }
    }

    /// What is called by its [name](View::name) when it comes over the network: of an answer after which the client asks again, the answer alone.
    pub(super) fn message_name(&self, event: &Event) -> String {
        if self.answers(event) { "answer".to_owned() } else { self.name(event) }
    }

    /// What there is to say of how something has come over the network, to be put behind it.
    pub(super) fn how(&self, event: &Event) -> &'static str {
        match (event.again, event.held) {
            (false, false) => "",
            (true, false) => " (again)",
            (false, true) => " (held before)",
            (true, true) => " (again, held before)",
        }
    }

    /// What an event is called: `Vote`, `timer Election`, `boot`.
    pub(super) fn name(&self, event: &Event) -> String {
        let label = event.label.map(|label| self.recording.labels.word(label));
        match (self.kind(event), label) {
            ("message" | "own", Some(label)) => label.to_owned(),
            // An answer after which the client asks again at once.
            ("ask", Some(label)) if self.answers(event) => format!("answer, ask {label}"),
            (kind, Some(label)) => format!("{kind} {label}"),
            (kind, None) => kind.to_owned(),
        }
    }

    /// Whether a client asks for something on the line of an answer.
    pub(super) fn answers(&self, event: &Event) -> bool {
        self.kind(event) == "ask" && self.recording.line(event).get("ret").is_some()
    }

    /// What happened, in a sentence.
    pub(super) fn happened(&self, event: &Event) -> String {
        let line = self.recording.line(event);
        if !self.answers(event) {
            return happened(&line);
        }
        let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default();
        format!("{} is answered: {}; {}", text("request"), text("ret"), happened(&line))
    }

    /// What came with something over the network, beginning with its name.
    pub(super) fn message(&self, event: &Event) -> String {
        let line = self.recording.line(event);
        let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default();
        match self.kind(event) {
            "request" => format!("{} ({})", text("op"), text("request")),
            "answer" | "ask" => format!("{} ({})", text("ret"), text("request")),
            "dropped" if event.label.is_none() => self.happened(event),
            "dropped" => format!("{} dropped: {}", text("msg"), text("why")),
            "held" => format!("{} held", text("msg")),
            _ => format!("{}: {}", text("msg"), content(line.get("body"))),
        }
    }

    /// What somebody asks for on the line of an answer.
    pub(super) fn asks(&self, event: &Event) -> String {
        self.untitled(event, &happened(&self.recording.line(event)))
    }

    /// What happened, to be read below the name of the lane.
    pub(super) fn alone(&self, event: &Event) -> String {
        self.untitled(event, &self.happened(event))
    }

    fn untitled(&self, event: &Event, sentence: &str) -> String {
        let lane = format!("{} ", self.recording.lane(event.lane).name);
        sentence.strip_prefix(&lane).unwrap_or(sentence).to_owned()
    }

    /// What an event changed, by name.
    pub(super) fn changes(&self, place: Place) -> impl Iterator<Item = (&'r str, &'r str)> {
        let Recording { fields, values, .. } = self.recording;
        let told = |change: &Change| (fields.word(change.field), values.word(change.value));
        self.recording.changes_of(place).iter().map(told)
    }

    /// What the node has become by an event, if something else: `role leader, epoch 3`.
    pub(super) fn became(&self, place: Place) -> Option<String> {
        let told = |(field, value): (&str, &str)| match value {
            "" => format!("no {field}"),
            _ => format!("{field} {value}"),
        };
        let changes: Vec<String> = self.changes(place).map(told).collect();
        (!changes.is_empty()).then(|| changes.join(", "))
    }

    /// From whom something has come over the network, even if it was dropped on its way.
    pub(super) fn sender(&self, place: Place) -> Option<LaneAt> {
        let event = self.recording.event(place);
        let sender = event.from.or_else(|| Some(self.recording.event(self.origin(place)?.event).lane));
        sender.filter(|sender| *sender != event.lane)
    }

    /// The nearest wanted event to which the causes of an event lead, and whether that is not its cause itself.
    pub(super) fn led(&self, place: Place) -> Option<(Place, bool)> {
        let before = |place: Place| self.origin(place).map(|origin| origin.event).or(self.recording.event(place).cause);
        let first = before(place)?;
        let found = std::iter::successors(Some(first), |place| before(*place)).find(|place| self.wants(*place))?;
        Some((found, found != first))
    }

    /// The messages of an event that the network lost.
    pub(super) fn lost(&self, place: Place) -> &'r [Lost] {
        let lost = &self.recording.lost;
        let begin = lost.partition_point(|lost| lost.event < place);
        let end = lost.partition_point(|lost| lost.event <= place);
        &lost[begin..end]
    }

    /// The violation, if it is an event that is wanted that made it plain.
    pub(super) fn violation(&self, place: Place) -> Option<&'r Violation> {
        self.recording.violation().filter(|violation| violation.event == Some(place))
    }
}

/// A text on one line, no longer than somebody will read.
pub(super) fn short(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most {
        return line;
    }
    format!("{}…", line.chars().take(most - 1).collect::<String>())
}
