//! Where an answer comes from that nothing explains: it helps to know that nobody has ever asked for it, or only somebody who failed.

use std::slice;

use shaketable_reports::Origin;

use super::calls::{Call, Fate, History};
use super::models::Model;
use super::value::{Value, cut};

/// Where the first value comes from that is in an answer and that nobody had asked for when it came, unless that failed; none if there is no such value.
/// Only of models that answer with what was asked for, and of operations that bring nothing themselves: those may be answered with a count.
pub(super) fn origin(model: &Model, history: &History, answered: &Call) -> Option<Origin> {
    let Fate::Answered(answer, to) = &answered.fate else { return None };
    if model.argument(history, answered).is_some() {
        return None;
    }
    let told = match answer {
        Value::List(items) | Value::Set(items) => items,
        one => slice::from_ref(one),
    };
    let told = told.iter().filter(|value| matches!(value, Value::Int(_) | Value::Number(_) | Value::Text(_)));
    told.filter_map(|value| {
        let same_key = history.calls.iter().filter(|call| call.key == answered.key);
        let brings = |call: &&Call| model.argument(history, call).is_some_and(|argument| puts(argument, value));
        let asking: Vec<&Call> = same_key.filter(brings).collect();
        let may_have_put = |call: &&Call| call.asked.order < to.order && !matches!(call.fate, Fate::Failed);
        if asking.iter().any(may_have_put) {
            return None;
        }
        let line = |failed: bool| {
            let call = asking.iter().find(|call| matches!(call.fate, Fate::Failed) == failed);
            call.map(|call| call.asked.line)
        };
        let value = cut(&value.to_string(), 40);
        Some(match (line(false), line(true)) {
            (Some(line), _) => Origin::Later { value, line },
            (None, Some(line)) => Origin::Failed { value, line },
            (None, None) => Origin::Nobody { value },
        })
    })
    .next()
}

/// Whether what was asked for may put a value somewhere: it is that, or the new one of a compare-and-set.
fn puts(argument: &Value, value: &Value) -> bool {
    argument == value || matches!(argument, Value::List(items) if items.last() == Some(value))
}
