//! The trace: every event of a run with its cause and its effects, for people and for other tools.
//!
//! A line is one JSON object: `t` (true time in nanoseconds), `id` (the how-manieth event), `cause` (the event that asked for
//! it, absent for what the plan asked for), `kind`, whom it concerns, messages in full, `effects` in order, and `now` (what
//! the node has become, when that changed). A message that is sent again and again though nothing happens is `routine`. A fault has its `number` and the nodes `on`
//! which it is; at the end of faults their numbers are in `ended`. Processes that die are in `down`, those that are paused in `paused`, and in `resumed` those that go on.
//!
//! What the clients saw is in it: `operation` and `op` (somebody asks), `request` and `ret` (an answer comes, or `rejected`), `gave-up` and
//! `fate` (somebody waits no longer, and the operation `failed` or is `unknown`). A client that asks again at once does so on the same line.

use std::collections::BTreeMap;
use std::fmt::{Debug, Display};

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::id::NodeId;
use crate::network::Route;
use crate::node::{Message, Observation};
use crate::time::Instant;

/// Takes the lines of a trace, one JSON object each, as they come.
pub type Sink<'a> = &'a mut dyn FnMut(Value);

/// The effect that follows one by which a message was sent that the network lost.
pub(crate) const LOST: &str = "…lost";

/// Collects the line of the event that is happening.
#[derive(Clone, Default)]
pub(crate) struct Recorder {
    line: Line,
    id: u64,
    effects: Vec<Value>,
    /// The event that asked for the one in each slot of the queue.
    causes: BTreeMap<u32, u64>,
    /// What nodes were last, beyond what all protocols have.
    details: BTreeMap<NodeId, Vec<(&'static str, String)>>,
}

/// A line in the making.
#[derive(Clone, Default)]
pub(crate) struct Line(Map<String, Value>);

impl Line {
    fn put(&mut self, key: &str, value: impl Serialize) -> &mut Line {
        self.0.insert(key.to_owned(), json!(value));
        self
    }

    pub(crate) fn text(&mut self, key: &str, value: impl Display) -> &mut Line {
        self.put(key, value.to_string())
    }

    pub(crate) fn debug(&mut self, key: &str, value: &impl Debug) -> &mut Line {
        self.put(key, format!("{value:?}"))
    }

    pub(crate) fn list(&mut self, key: &str, items: impl Serialize) -> &mut Line {
        self.put(key, items)
    }

    pub(crate) fn number(&mut self, key: &str, value: u64) -> &mut Line {
        self.put(key, value)
    }

    pub(crate) fn passing(&mut self, route: Route, kind: &'static str) -> &mut Line {
        self.text("from", route.from).text("to", route.to).put("msg", kind)
    }

    pub(crate) fn message(&mut self, from: NodeId, to: NodeId, msg: &impl Message) -> &mut Line {
        self.put("node", to).put("from", from).put("msg", msg.kind());
        if msg.is_routine() {
            self.put("routine", true);
        }
        self.put("body", msg)
    }
}

impl Recorder {
    /// An event begins to happen.
    pub(crate) fn begin(&mut self, id: u64, at: Instant, slot: u32) {
        self.id = id;
        self.line = Line::default();
        self.line.put("t", at).put("id", id);
        if let Some(cause) = self.causes.remove(&slot) {
            self.line.put("cause", cause);
        }
    }

    /// The line of the present event, which is of this kind.
    pub(crate) fn line(&mut self, kind: &'static str) -> &mut Line {
        self.line.put("kind", kind)
    }

    /// Adds to the line of the present event.
    pub(crate) fn add(&mut self, key: &'static str, text: &str) {
        self.line.put(key, text);
    }

    /// Adds to a list of the line of the present event.
    pub(crate) fn add_to(&mut self, key: &'static str, item: impl Serialize) {
        if let Value::Array(list) = self.line.0.entry(key).or_insert_with(|| json!([])) {
            list.push(json!(item));
        }
    }

    /// The present event has asked for the one in `slot`.
    pub(crate) fn caused(&mut self, slot: u32) {
        if self.id > 0 {
            self.causes.insert(slot, self.id);
        }
    }

    pub(crate) fn effect(&mut self, effect: Value) {
        self.effects.push(effect);
    }

    /// What a node is after the present event, if it is something else than before: `changed` says so of what all protocols have, and its details are compared here.
    pub(crate) fn observed(
        &mut self,
        node: NodeId,
        changed: bool,
        now: &Observation,
        details: Vec<(&'static str, String)>,
    ) {
        if !changed && self.details.get(&node) == Some(&details) {
            return;
        }
        self.details.insert(node, details.clone());
        self.line.put("now", now);
        if !details.is_empty() {
            let details: Map<String, Value> =
                details.into_iter().map(|(name, text)| (name.to_owned(), Value::String(text))).collect();
            self.line.put("details", details);
        }
    }

    /// A node has crashed: whatever it is when it is back is new.
    pub(crate) fn crashed(&mut self, node: NodeId) {
        self.details.remove(&node);
    }

    /// Hands the line of the present event over, if it is worth one.
    pub(crate) fn flush(&mut self, sink: &mut Sink<'_>) {
        let mut line = std::mem::take(&mut self.line);
        let effects = std::mem::take(&mut self.effects);
        if line.0.contains_key("kind") {
            if !effects.is_empty() {
                line.put("effects", effects);
            }
            sink(Value::Object(line.0));
        }
    }
}
