//! The trace: every event of a run with its cause and its effects, for people and for other tools.

use serde_json::Value;

/// Takes the lines of a trace, one JSON object each, as they come.
pub type Sink<'a> = &'a mut dyn FnMut(Value);
