//! What happens again and again and changes nothing.

use serde_json::{Map, Value};

/// What an event asks for, as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Deeds {
    /// What leaves a mark: records, answers to clients, milestones.
    pub(super) real: bool,
    /// Messages that are no routine by themselves.
    pub(super) sends: bool,
}

/// Looks at the effects of an event.
pub(super) fn deeds(line: &Map<String, Value>) -> Deeds {
    let mut deeds = Deeds::default();
    for effect in line.get("effects").and_then(Value::as_array).into_iter().flatten() {
        match effect {
            Value::Object(send) if send.get("routine") == Some(&Value::Bool(true)) => {}
            Value::Object(send) if send.contains_key("send") => deeds.sends = true,
            Value::String(text) if text.contains("set timer ") || text.starts_with("cancel timer ") => {}
            Value::String(text) if text.starts_with('…') || text.starts_with("reject ") => {}
            _ => deeds.real = true,
        }
    }
    deeds
}

/// Whether an event is routine. `cause` tells of the event that led to it whether it was, and whether its node stayed as it was then.
pub(super) fn is_routine(line: &Map<String, Value>, deeds: Deeds, cause: Option<Quiet>) -> bool {
    let unmoved = !line.contains_key("now");
    match line.get("kind").and_then(Value::as_str) {
        Some("message" | "own") => {
            let answers_routine = cause.is_some_and(|cause| cause.routine && cause.unmoved);
            line.get("routine") == Some(&Value::Bool(true)) || answers_routine && unmoved && !deeds.real && !deeds.sends
        }
        Some("timer" | "synced") => unmoved && !deeds.real && !deeds.sends,
        // Whoever is sent from node to node asks for one thing all the time.
        Some("answer") => line.get("ret").and_then(Value::as_str) == Some("rejected"),
        Some("request") => unmoved && deeds == Deeds::default() && line.contains_key("effects"),
        Some("dropped" | "held") => cause.is_some_and(|cause| cause.routine && cause.unmoved),
        _ => false,
    }
}

/// What is asked of a cause.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Quiet {
    pub(super) routine: bool,
    pub(super) unmoved: bool,
}
