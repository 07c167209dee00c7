//! A line of a trace in words: who did what, and what it has made of them.

use serde_json::Value;

/// How many characters of what a message or a record holds are told.
const CONTENT_MAX: usize = 120;

/// How many effects are told one by one.
const EFFECTS_MAX: usize = 6;

/// What happened, then what the node has become if that changed, then what it has asked for; a sentence each.
pub fn told(line: &Value) -> Vec<String> {
    let mut words = vec![happened(line)];
    if let Some(now) = line.get("now") {
        let node = text(line, "node");
        let details = line.get("details").map(|details| format!(", {}", plain(details))).unwrap_or_default();
        words.push(format!("{node} is then {}{details}", plain(now)));
    }
    let effects = line.get("effects").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    words.extend(effects.iter().take(EFFECTS_MAX).map(effect));
    if let Some(more) = effects.len().checked_sub(EFFECTS_MAX + 1) {
        words.push(format!("… and {} more", more + 1));
    }
    words
}

/// What happened, in a sentence.
pub(crate) fn happened(line: &Value) -> String {
    let of = |key| text(line, key);
    match of("kind").as_str() {
        "message" => format!("{} gets {} from {}: {}", of("node"), of("msg"), of("from"), content(line.get("body"))),
        "own" => format!("{} gets its own {}: {}", of("node"), of("msg"), content(line.get("body"))),
        "request" => format!("{} is asked to {} ({})", of("node"), of("op"), of("request")),
        "ask" => format!("{} asks: {} ({})", of("client"), of("op"), of("operation")),
        "answer" => format!("{} is answered: {}", of("request"), of("ret")),
        "timer" => format!("{} has its timer {} run out", of("node"), of("timer")),
        "boot" => format!("{} starts, life {}, with {} records", of("node"), of("life"), of("records")),
        "synced" => format!("{} has its writes durable", of("node")),
        "sync failed" => format!("{} has a sync fail", of("node")),
        "command" => format!("{} is told: {}", of("node"), of("command")),
        "dropped" if line.get("msg").is_none() => format!("{} cannot be told: {}", of("to"), of("why")),
        "dropped" => format!("{} from {} to {} is dropped: {}", of("msg"), of("from"), of("to"), of("why")),
        "held" => format!("{} from {} to {} is held", of("msg"), of("from"), of("to")),
        "give-up" => format!("{} is given up: {}", of("gave-up"), of("fate")),
        "heal" => "all is healed that can be".to_owned(),
        "fault" => format!("a fault strikes: {} = {}", of("fault"), of("what")),
        "fault ends" => format!("a fault ends: {}", of("fault")),
        other => format!("{other} {}", text(line, "node")).trim_end().to_owned(),
    }
}

/// What was asked for, in a sentence.
pub(crate) fn effect(effect: &Value) -> String {
    let Some(fields) = effect.as_object() else { return format!("→ {}", plain(effect)) };
    match (fields.get("send"), fields.get("write"), fields.get("request")) {
        (Some(to), _, _) => format!("→ sends {} {}: {}", plain(to), text(effect, "msg"), content(fields.get("body"))),
        (_, Some(record), _) => format!("→ writes {}", content(Some(record))),
        (_, _, Some(to)) => format!("→ asks {} to {} ({})", plain(to), text(effect, "op"), text(effect, "id")),
        _ => format!("→ {}", content(Some(effect))),
    }
}

fn text(line: &Value, key: &str) -> String {
    line.get(key).map(plain).unwrap_or_default()
}

/// What a message or a record holds, without its name, as far as somebody will read.
pub(crate) fn content(body: Option<&Value>) -> String {
    let body = body.map_or(String::new(), |body| match body.as_object() {
        Some(fields) if fields.len() == 1 => fields.values().map(plain).collect(),
        _ => plain(body),
    });
    if body.chars().count() <= CONTENT_MAX {
        return body;
    }
    format!("{}…", body.chars().take(CONTENT_MAX).collect::<String>())
}

/// JSON without its marks: `term 3, vote none`.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let field = |(key, value): (&String, &Value)| match value {
                Value::Object(_) => format!("{key} ({})", plain(value)),
                _ => format!("{key} {}", plain(value)),
            };
            fields.iter().map(field).collect::<Vec<_>>().join(", ")
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_is_told_with_what_it_made_of_its_receiver() {
        let line = json!({
            "t": 7, "id": 3, "kind": "message", "node": "n3", "from": "n2", "msg": "Vote",
            "body": { "vote": { "term": 50, "granted": true, "last": { "term": 49, "index": 90 } } },
            "now": { "role": "leader", "epoch": 50, "leader": null },
            "details": { "vote": "n3" },
            "effects": ["cancel timer Election", { "write": { "ballot": { "term": 50 } } },
                { "send": "n1", "msg": "AppendEntries", "body": { "append-entries": { "entries": [1, 2] } } }],
        });
        let expected = [
            "n3 gets Vote from n2: term 50, granted yes, last (term 49, index 90)",
            "n3 is then role leader, epoch 50, leader none, vote n3",
            "→ cancel timer Election",
            "→ writes term 50",
            "→ sends n1 AppendEntries: entries [1, 2]",
        ];
        assert_eq!(told(&line), expected);
    }

    #[test]
    fn every_kind_of_event_has_a_sentence() {
        for (line, sentence) in [
            (
                json!({ "kind": "request", "node": "n1", "request": "c1#2", "op": "get k1" }),
                "n1 is asked to get k1 (c1#2)",
            ),
            (json!({ "kind": "ask", "client": "c1", "operation": "c1#2", "op": "get k1" }), "c1 asks: get k1 (c1#2)"),
            (json!({ "kind": "answer", "request": "c1#2", "ret": "7" }), "c1#2 is answered: 7"),
            (json!({ "kind": "timer", "node": "n1", "timer": "Election" }), "n1 has its timer Election run out"),
            (json!({ "kind": "boot", "node": "n1", "life": 2, "records": 5 }), "n1 starts, life 2, with 5 records"),
            (json!({ "kind": "synced", "node": "n1" }), "n1 has its writes durable"),
            (json!({ "kind": "sync failed", "node": "n1" }), "n1 has a sync fail"),
            (json!({ "kind": "command", "node": "n1", "command": "Campaign" }), "n1 is told: Campaign"),
            (
                json!({ "kind": "dropped", "from": "n2", "to": "n1", "msg": "Vote", "why": "link cut" }),
                "Vote from n2 to n1 is dropped: link cut",
            ),
            (json!({ "kind": "dropped", "to": "n1", "why": "node down" }), "n1 cannot be told: node down"),
            (json!({ "kind": "held", "from": "n2", "to": "n1", "msg": "Vote" }), "Vote from n2 to n1 is held"),
            (json!({ "kind": "give-up", "gave-up": "c1#3", "fate": "unknown" }), "c1#3 is given up: unknown"),
            (
                json!({ "kind": "fault", "fault": "crash", "what": "{ node = \"n1\" }" }),
                "a fault strikes: crash = { node = \"n1\" }",
            ),
            (json!({ "kind": "fault ends", "fault": "crash" }), "a fault ends: crash"),
            (json!({ "kind": "heal" }), "all is healed that can be"),
            (
                json!({ "kind": "own", "node": "n1", "msg": "Durable", "body": { "durable": 3 } }),
                "n1 gets its own Durable: 3",
            ),
        ] {
            assert_eq!(told(&line), [sentence]);
        }
    }

    #[test]
    fn nobody_has_to_read_all_of_it() {
        let line = json!({ "kind": "message", "node": "n1", "from": "n2", "msg": "Big", "body": { "big": "x".repeat(500) },
            "effects": ["a", "b", "c", "d", "e", "f", "g", "h"] });
        let words = told(&line);
        assert_eq!(words.len(), 1 + EFFECTS_MAX + 1);
        assert!(words[0].ends_with("x…") && words[0].chars().count() < 200, "{}", words[0]);
        assert_eq!(words.last().map(String::as_str), Some("… and 2 more"));
    }
}
