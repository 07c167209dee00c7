//! The trace: every event of a run with its cause and its effects, for people and for other tools.
//!
//! A line is one JSON object: `t` (true time in nanoseconds), `id` (the how-manieth event), `cause` (the event that asked for
//! it, absent for what the plan asked for), `kind`, whom it concerns, messages in full, `effects` in order, and `now` (what
//! the node has become, when that changed).
//!
//! What the clients saw is in it: `operation` and `op` (somebody asks), `request` and `ret` (an answer comes, or `rejected`), `gave-up` and
//! `fate` (somebody waits no longer, and the operation `failed` or is `unknown`). A client that asks again at once does so on the same line.

use std::collections::BTreeMap;
use std::fmt::{Debug, Display};

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::id::NodeId;
use crate::node::{Message, Observation};
use crate::time::Instant;

/// Takes the lines of a trace, one JSON object each, as they come.
pub type Sink<'a> = &'a mut dyn FnMut(Value);

/// Collects the line of the event that is happening.
#[derive(Clone, Default)]
pub(crate) struct Recorder {
    line: Line,
    id: u64,
    effects: Vec<Value>,
    /// The event that asked for the one in each slot of the queue.
    causes: BTreeMap<u32, u64>,
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

    pub(crate) fn number(&mut self, key: &str, value: u64) -> &mut Line {
        self.put(key, value)
    }

    pub(crate) fn message(&mut self, from: NodeId, to: NodeId, msg: &impl Message) -> &mut Line {
        self.put("node", to).put("from", from).put("msg", msg.kind()).put("body", msg)
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

    /// The present event has asked for the one in `slot`.
    pub(crate) fn caused(&mut self, slot: u32) {
        if self.id > 0 {
            self.causes.insert(slot, self.id);
        }
    }

    pub(crate) fn effect(&mut self, effect: Value) {
        self.effects.push(effect);
    }

    pub(crate) fn observed(&mut self, now: &Observation, details: Vec<(&'static str, String)>) {
        self.line.put("now", now);
        if !details.is_empty() {
            let details: Map<String, Value> =
                details.into_iter().map(|(name, text)| (name.to_owned(), Value::String(text))).collect();
            self.line.put("details", details);
        }
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
