//! Our own format of histories, and our traces: one JSON object a line.
//!
//! An event has `type` (`invoke`, `ok`, `fail` or `info`), `process`, `f`, `value`, and if there are several objects `key`; `time`, in
//! nanoseconds, is for people. Other names are passed over. A first line `{"history":1,"model":"kv"}` may say by which model to judge; a line
//! with `trace` says that a trace of `shaketable replay` follows, of which what the clients saw is taken.

use std::collections::{BTreeMap, VecDeque};
use std::io::BufRead;

use serde_json::{Map, Value as Json};

use super::event::{Event, Item, Kind, Mistake};
use super::source::Lines;
use super::value::{Value, cut};
use super::words::{Asked, answered, asked};

/// The version of the format that is read and written.
pub(crate) const VERSION: u64 = 1;

/// Reads such a history.
pub(crate) struct Ndjson<R> {
    lines: Lines<R>,
    begun: bool,
    /// Of a trace: the operation that each client waits for.
    trace: Option<BTreeMap<String, String>>,
    /// Read, and not handed over yet.
    ready: VecDeque<Item>,
}

impl<R: BufRead> Ndjson<R> {
    pub(crate) fn new(input: R) -> Ndjson<R> {
        Ndjson { lines: Lines::new(input), begun: false, trace: None, ready: VecDeque::new() }
    }

    fn read(&mut self, line: u64, text: &str) -> Result<(), Mistake> {
        let json: Json = serde_json::from_str(text).map_err(|error| {
            // What is wrong is known; where in the line, too. The line itself is counted here.
            let why = error.to_string();
            let why = why.split(" at line ").next().unwrap_or_default().to_owned();
            let given = format!("no JSON: {why}, in column {}", error.column());
            Mistake::new(line, given, "one JSON object a line")
        })?;
        let Json::Object(object) = json else {
            return Err(Mistake::new(line, format!("no JSON object: `{}`", cut(text, 60)), "one JSON object a line"));
        };
        if !std::mem::replace(&mut self.begun, true) && self.is_header(line, &object)? {
            return Ok(());
        }
        match &mut self.trace {
            Some(waits) => traced(line, &object, waits, &mut self.ready),
            None => {
                self.ready.push_back(Item::Event(event(line, &object, text)?));
                Ok(())
            }
        }
    }

    /// Whether the first line is about the others.
    fn is_header(&mut self, line: u64, object: &Map<String, Json>) -> Result<bool, Mistake> {
        if object.contains_key("trace") {
            self.trace = Some(BTreeMap::new());
            return Ok(true);
        }
        let Some(version) = object.get("history") else { return Ok(false) };
        if version.as_u64() != Some(VERSION) {
            let given = format!("version {version} of the format");
            return Err(Mistake::new(line, given, format!("this program reads version {VERSION}")));
        }
        if let Some(model) = object.get("model").and_then(Json::as_str) {
            self.ready.push_back(Item::Model(model.to_owned()));
        }
        Ok(true)
    }
}

impl<R: BufRead> Iterator for Ndjson<R> {
    type Item = Result<Item, Mistake>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(Ok(item));
            }
            let (line, text) = match self.lines.next()? {
                Ok(read) => read,
                Err(mistake) => return Some(Err(mistake)),
            };
            if !text.is_empty()
                && let Err(mistake) = self.read(line, &text)
            {
                return Some(Err(mistake));
            }
        }
    }
}

fn event(line: u64, object: &Map<String, Json>, text: &str) -> Result<Event, Mistake> {
    const ALLOWED: &str = r#"an event is `{"type":"invoke","process":0,"f":"write","value":3}`"#;
    let missing = |name: &str| Mistake::new(line, format!("an event without `{name}`"), ALLOWED);
    if let Some(inexact) = ["process", "key", "value"].iter().find_map(|name| inexact(object.get(*name)?, text)) {
        let allowed = "whole numbers below 2^64, decimals as short as they can be; others as strings";
        return Err(Mistake::new(line, format!("a number that is read as {inexact}"), allowed));
    }
    let kind = object.get("type").ok_or_else(|| missing("type"))?;
    let known = kind.as_str().and_then(|name| Kind::named(name.trim_start_matches(':')));
    let f = match object.get("f") {
        None => None,
        Some(Json::String(f)) => Some(f.trim_start_matches(':').to_owned()),
        Some(other) => {
            let given = format!("`f` is {}", cut(&other.to_string(), 60));
            return Err(Mistake::new(line, given, "`f` is a string"));
        }
    };
    Ok(Event {
        line,
        process: object.get("process").map(value).ok_or_else(|| missing("process"))?,
        kind: known.ok_or_else(|| Mistake::kind(line, &format!("`{}`", cut(&kind.to_string(), 60))))?,
        f,
        key: object.get("key").filter(|key| !key.is_null()).map(value),
        value: object.get("value").map(value).unwrap_or_default(),
        time: object.get("time").and_then(Json::as_u64),
    })
}

/// The events of clients in a line of a trace. A client that was answered or gives up may ask again in the same line.
fn traced(
    line: u64,
    object: &Map<String, Json>,
    waits: &mut BTreeMap<String, String>,
    ready: &mut VecDeque<Item>,
) -> Result<(), Mistake> {
    let text = |name: &str| object.get(name).and_then(Json::as_str);
    let wrong =
        |given: &str| Mistake::new(line, format!("`{}`", cut(given, 60)), "operations and answers as traces have them");
    let time = object.get("t").and_then(Json::as_u64);
    let mut push = |client: &str, kind, f, key, value| {
        let process = Value::Text(client.to_owned());
        ready.push_back(Item::Event(Event { line, process, kind, f, key, value, time }));
    };
    if let (Some(request), Some(ret)) = (text("request"), text("ret"))
        && ret != "rejected"
    {
        // `c1#7.2` is the second attempt at `c1#7`, of client `c1`.
        let operation = request.split('.').next().unwrap_or_default();
        let client = operation.split('#').next().unwrap_or_default();
        if waits.get(client).is_some_and(|waited| waited == operation) {
            waits.remove(client);
            push(client, Kind::Ok, None, None, answered(ret).ok_or_else(|| wrong(ret))?);
        }
    }
    if let (Some(operation), Some(fate)) = (text("gave-up"), text("fate")) {
        let client = operation.split('#').next().unwrap_or_default();
        waits.remove(client);
        let kind = if fate == "failed" { Kind::Fail } else { Kind::Info };
        push(client, kind, None, None, Value::Nil);
    }
    if let (Some(client), Some(operation), Some(op)) = (text("client"), text("operation"), text("op")) {
        let Asked { f, key, value } = asked(op).ok_or_else(|| wrong(op))?;
        waits.insert(client.to_owned(), operation.to_owned());
        push(client, Kind::Invoke, Some(f), Some(Value::Text(key)), value);
    }
    Ok(())
}

/// A number of a line that is read as another one than is written there: two of them might be taken for the same.
fn inexact(json: &Json, text: &str) -> Option<String> {
    match json {
        Json::Number(number) if number.is_f64() => Some(number.to_string()).filter(|read| !text.contains(read)),
        Json::Array(items) => items.iter().find_map(|item| inexact(item, text)),
        Json::Object(entries) => entries.values().find_map(|of| inexact(of, text)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => None,
    }
}

/// A value of JSON.
fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => number.as_i64().map_or_else(|| Value::Number(number.to_string()), Value::Int),
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        Json::Object(entries) => {
            Value::map(entries.iter().map(|(name, of)| (Value::Text(name.clone()), value(of))).collect())
        }
    }
}

/// A value as JSON has it. What EDN knows beyond that is written as text.
pub(crate) fn json(value: &Value) -> Json {
    match value {
        Value::Nil => Json::Null,
        Value::Bool(truth) => Json::Bool(*truth),
        Value::Int(number) => Json::from(*number),
        Value::Number(digits) => serde_json::from_str(digits).unwrap_or_else(|_| Json::from(digits.as_str())),
        Value::Text(text) | Value::Word(text) => Json::from(text.as_str()),
        Value::List(items) | Value::Set(items) => items.iter().map(json).collect(),
        Value::Map(entries) => {
            let name = |name: &Value| if let Value::Text(text) = name { text.clone() } else { name.to_string() };
            Json::Object(entries.iter().map(|(key, value)| (name(key), json(value))).collect())
        }
    }
}
