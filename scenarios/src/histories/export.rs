//! Writes what the clients of a run saw as a history, so that `shaketable check`, or another checker, can judge it again.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Map, Value as Json, json};
use shaketable_sim::history::{History, Moment, Operation, Outcome};
use shaketable_sim::id::ClientId;
use shaketable_sim::spec::any::{Any, Op};

use super::ndjson::{VERSION, json as value};
use super::words::{Asked, answered, asked};

/// Writes a history: a line that says what it is, with what `about` adds, and then a line an event.
///
/// When a client gave up, a run does not remember; it is written right before the client's next operation, or last.
///
/// # Errors
/// If it cannot be written.
pub(crate) fn export(history: &History<Any>, about: Map<String, Json>, out: &mut impl Write) -> io::Result<()> {
    let mut head = Map::new();
    head.insert("history".to_owned(), json!(VERSION));
    if let Some(model) = model(history) {
        head.insert("model".to_owned(), json!(model));
    }
    head.extend(about);
    writeln!(out, "{}", Json::Object(head))?;
    let mut events: Vec<(Moment, &Operation<Any>, bool)> = Vec::with_capacity(history.len() * 2);
    for operation in history {
        events.push((operation.invoked, operation, true));
        if let Outcome::Ok { returned, .. } = &operation.outcome {
            events.push((*returned, operation, false));
        }
    }
    events.sort_by_key(|(moment, ..)| *moment);
    let mut given_up: BTreeMap<ClientId, &Operation<Any>> = BTreeMap::new();
    for (moment, operation, begins) in events {
        if begins {
            if let Some(before) = given_up.remove(&operation.id.client) {
                writeln!(out, "{}", gave_up(before))?;
            }
            if !matches!(operation.outcome, Outcome::Ok { .. }) {
                given_up.insert(operation.id.client, operation);
            }
        }
        writeln!(out, "{}", line(operation, begins, moment))?;
    }
    given_up.values().try_for_each(|operation| writeln!(out, "{}", gave_up(operation)))
}

/// The model by which a history is to be judged, if all its operations are of one kind.
fn model(history: &History<Any>) -> Option<&'static str> {
    let name = |operation: &Operation<Any>| match operation.op {
        Op::Register(_) => "register",
        Op::Kv(_) => "kv",
        Op::Counter(_) => "counter",
        Op::List(_) => "list",
        Op::Consensus(_) => "consensus",
    };
    let first = history.first().map(name)?;
    history.iter().all(|operation| name(operation) == first).then_some(first)
}

fn line(operation: &Operation<Any>, begins: bool, moment: Moment) -> Json {
    let shown = operation.op.to_string();
    let Asked { f, key, value: argument } = asked(&shown).expect("operations are read as they are shown");
    let ret = match &operation.outcome {
        Outcome::Ok { ret, .. } if !begins => {
            Some(answered(&ret.to_string()).expect("answers are read as they are shown"))
        }
        _ => None,
    };
    json!({
        "type": if begins { "invoke" } else { "ok" },
        "process": operation.id.client,
        "f": f,
        "key": key,
        "value": value(&ret.unwrap_or(argument)),
        "time": moment.at,
    })
}

fn gave_up(operation: &Operation<Any>) -> Json {
    let kind = if operation.outcome == Outcome::Failed { "fail" } else { "info" };
    json!({ "type": kind, "process": operation.id.client })
}
