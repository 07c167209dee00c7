//! Who sent what has come over the network, even if it was held on its way.

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;

use super::{Event, LaneKind, Place, Recording};

/// Where something that has come over the network comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Origin {
    /// The event that sent it, or else the one from which it follows that it was sent.
    pub event: Place,
    /// Whether that event sent it. A client that tries an operation again does so without an event; the origin of such a request is the asking.
    pub sent: bool,
}

impl Recording {
    /// The origin of each event, by place; none of those that have not come over the network.
    ///
    /// Mostly it is [the cause](Recording::sent). But what was held, by a link or because its addressee was paused, has for its cause what released it; its
    /// origin is the first event that sent such a thing, of which nothing else has come.
    pub fn origins(&self) -> Vec<Option<Origin>> {
        let asked: BTreeMap<&str, Place> = self.operations.iter().map(|of| (of.id.as_str(), of.from)).collect();
        let released =
            |event: &Event| event.cause.is_some_and(|cause| self.of_world(cause)) && !self.of_world_lane(event);
        let mut posts = self.events.iter().any(released).then(Posts::default);
        let origin = |(place, event): (Place, &Event)| {
            let direct = self.sent(event);
            let held = posts.as_mut().and_then(|posts| posts.pass(self, place, event, direct, released(event)));
            let attempted = || {
                let id = event.operation.as_deref().filter(|_| self.kinds.word(event.kind) == "request")?;
                asked.get(id.split('.').next().unwrap_or_default()).copied()
            };
            let sent = direct.or(held).map(|event| Origin { event, sent: true });
            sent.or_else(|| attempted().map(|event| Origin { event, sent: false }))
        };
        self.placed().map(origin).collect()
    }

    fn of_world(&self, place: Place) -> bool {
        self.of_world_lane(self.event(place))
    }

    fn of_world_lane(&self, event: &Event) -> bool {
        self.lane(event.lane).kind == LaneKind::World
    }
}

/// What is on its way, by addressee, sender and content.
#[derive(Default)]
struct Posts(BTreeMap<String, Post>);

/// Messages that cannot be told apart.
#[derive(Default)]
struct Post {
    /// Who sent those that have not come yet, earliest first.
    waiting: VecDeque<Place>,
    /// Who sent the last that came, which may come again.
    came: Option<Place>,
}

impl Posts {
    /// Takes the next event; of what was released, finds out who sent it.
    fn pass(
        &mut self,
        recording: &Recording,
        place: Place,
        event: &Event,
        direct: Option<Place>,
        released: bool,
    ) -> Option<Place> {
        let line = recording.line(event);
        let arrived = arrived(&line, &recording.lane(event.lane).name);
        let found = match (arrived, direct) {
            (Some(post), Some(sender)) => self.gone(&post, sender),
            (Some(post), None) if released => self.0.get_mut(&post).and_then(|post| {
                post.came = post.waiting.pop_front().or(post.came);
                post.came
            }),
            (None, Some(sender)) => self.dropped(&line, sender),
            _ => None,
        };
        self.sends(&line, &recording.lane(event.lane).name, place);
        found
    }

    /// What an event sends is on its way, unless it was lost.
    fn sends(&mut self, line: &Value, lane: &str, place: Place) {
        let effects = line.get("effects").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let lost = |number: usize| effects.get(number + 1).and_then(Value::as_str) == Some("…lost");
        for (_, effect) in effects.iter().enumerate().filter(|(number, _)| !lost(*number)) {
            if let Some(post) = posted(effect, lane) {
                self.0.entry(post).or_default().waiting.push_back(place);
            }
        }
    }

    /// A message has come to its addressee.
    fn gone(&mut self, post: &str, sender: Place) -> Option<Place> {
        let post = self.0.get_mut(post)?;
        post.came = Some(sender);
        let place = post.waiting.iter().position(|other| *other == sender)?;
        post.waiting.remove(place);
        None
    }

    /// A message was dropped, of which the trace tells no more than its name.
    fn dropped(&mut self, line: &Value, sender: Place) -> Option<Place> {
        let [to, from, msg] = ["to", "from", "msg"].map(|name| line.get(name).and_then(Value::as_str));
        let prefix = format!("{} {} {} ", to?, from?, msg?);
        // One that is held will yet come.
        if line.get("kind").and_then(Value::as_str) == Some("dropped") {
            let mut alike = self.0.range_mut(prefix.clone()..).take_while(|(post, _)| post.starts_with(&prefix));
            let (_, post) = alike.find(|(_, post)| post.waiting.contains(&sender))?;
            let place = post.waiting.iter().position(|other| *other == sender)?;
            post.waiting.remove(place);
        }
        None
    }
}

/// What is told apart on the network: by the effect that sends it.
fn posted(effect: &Value, lane: &str) -> Option<String> {
    let text = |name: &str| effect.get(name).and_then(Value::as_str);
    match (effect, text("send"), text("request")) {
        (_, Some(to), _) => Some(format!("{to} {lane} {} {}", text("msg")?, effect.get("body")?)),
        (_, _, Some(to)) => Some(format!("{to} request {}", text("id")?)),
        (Value::String(told), ..) if told.starts_with("reply ") => Some(told.clone()),
        (Value::String(told), ..) if told.starts_with("reject ") => told.split(',').next().map(str::to_owned),
        _ => None,
    }
}

/// The same by the line of its arrival.
fn arrived(line: &Value, lane: &str) -> Option<String> {
    let text = |name: &str| line.get(name).and_then(Value::as_str);
    match (text("kind")?, text("request"), text("ret")) {
        ("message", ..) => Some(format!("{lane} {} {} {}", text("from")?, text("msg")?, line.get("body")?)),
        ("request", Some(id), _) => Some(format!("{lane} request {id}")),
        ("answer" | "ask", Some(id), Some("rejected")) => Some(format!("reject {id}")),
        ("answer" | "ask", Some(id), Some(ret)) => Some(format!("reply {id}: {ret}")),
        _ => None,
    }
}
