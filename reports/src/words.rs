//! A line of a trace in words: who did what, and what it has made of them.

use serde_json::Value;

use crate::text::counted;

/// How much is told of what messages and records hold, and of what a node has asked for.
#[derive(Clone, Copy, Debug)]
pub struct Length {
    /// How many characters of what a message or a record holds.
    content: usize,
    /// How many effects one by one.
    effects: usize,
}

impl Length {
    /// As much as somebody reads.
    pub const BRIEF: Length = Length { content: 120, effects: 6 };
    /// All of it.
    pub const FULL: Length = Length { content: usize::MAX, effects: usize::MAX - 1 };
}

/// Faults that strike nobody: an operator asks for something.
const COMMANDS: [&str; 3] = ["campaign", "reconfigure", "transfer"];

/// What happened, then what the node has become if that changed, then what it has asked for; a sentence each.
pub fn told(line: &Value, length: Length) -> Vec<String> {
    let mut words = vec![happened_at(line, length)];
    if let Some(now) = line.get("now") {
        let node = text(line, "node");
        let details = line.get("details").map(|details| format!(", {}", plain(details))).unwrap_or_default();
        words.push(format!("{node} is then {}{details}", plain(now)));
    }
    let effects = line.get("effects").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    words.extend(effects.iter().take(length.effects).map(|asked| effect_at(asked, length)));
    if let Some(more) = effects.len().checked_sub(length.effects + 1) {
        words.push(format!("… and {} more", more + 1));
    }
    words
}

/// What happened, in a sentence.
pub(crate) fn happened(line: &Value) -> String {
    happened_at(line, Length::BRIEF)
}

fn happened_at(line: &Value, length: Length) -> String {
    let content = |body| content_at(body, length);
    let of = |key| text(line, key);
    match of("kind").as_str() {
        "message" => format!("{} gets {} from {}: {}", of("node"), of("msg"), of("from"), content(line.get("body"))),
        "own" => format!("{} gets its own {}: {}", of("node"), of("msg"), content(line.get("body"))),
        "request" => format!("{} is asked to {} ({})", of("node"), of("op"), of("request")),
        "ask" if line.get("ret").is_some() => {
            let (request, ret) = (of("request"), of("ret"));
            format!("{request} is answered: {ret}; then {} asks: {} ({})", of("client"), of("op"), of("operation"))
        }
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

/// A fault in a few words: what strikes whom, if it is nodes that it strikes, and what a crash has taken.
pub(crate) fn struck(line: &Value) -> String {
    let (fault, what) = (text(line, "fault"), text(line, "what"));
    let whom = what.strip_prefix("{ node = ").and_then(first_value).filter(|_| !COMMANDS.contains(&fault.as_str()));
    let Some(whom) = whom else { return format!("{fault} = {what}") };
    let effects = line.get("effects").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let (mut records, mut disks) = (0, 0);
    for effect in effects.iter().filter(|effect| effect.get("loses").is_some()) {
        records += effect.get("unsynced").and_then(Value::as_array).map_or(0, |unsynced| unsynced.len() as u64);
        disks += u64::from(effect.get("durable").and_then(Value::as_u64) > Some(0));
    }
    let lost: Vec<String> = [(disks, "disk"), (records, "unsynced record")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| counted(count, what))
        .collect();
    let lost = if lost.is_empty() { String::new() } else { format!(" ({} lost)", lost.join(" and ")) };
    let rest = what["{ node = ".len() + whom.len()..].trim_start_matches(',').trim_end_matches('}').trim();
    let rest = match rest {
        // Of a crash it is said what it has taken, instead of all that might have decided that.
        "" => String::new(),
        _ if fault == "crash" => later(rest).map(|effects| format!(", {effects} later")).unwrap_or_default(),
        rest => format!(": {rest}"),
    };
    format!("{fault} strikes {}{lost}{rest}", whom.replace(['"', '[', ']'], ""))
}

/// After how many effects a crash comes, if not at once.
fn later(args: &str) -> Option<String> {
    let (_, rest) = args.split_once("after-effects = ")?;
    let effects: u64 = rest.split([',', ' ']).next()?.parse().ok()?;
    (effects > 0).then(|| counted(effects, "effect"))
}

/// The first value of what is left of a table: a text, or a list of texts.
fn first_value(table: &str) -> Option<&str> {
    let end = if table.starts_with('[') { table.find(']')? + 1 } else { table.find([',', ' '])? };
    Some(&table[..end])
}

/// What was asked for, in a sentence.
pub(crate) fn effect(asked: &Value) -> String {
    effect_at(asked, Length::BRIEF)
}

fn effect_at(effect: &Value, length: Length) -> String {
    let content = |body| content_at(body, length);
    let Some(fields) = effect.as_object() else { return format!("→ {}", plain(effect)) };
    if let Some(node) = fields.get("loses") {
        return format!("→ {} loses {}", plain(node), taken(effect, length));
    }
    match (fields.get("send"), fields.get("write"), fields.get("request")) {
        (Some(to), _, _) => format!("→ sends {} {}: {}", plain(to), text(effect, "msg"), content(fields.get("body"))),
        (_, Some(record), _) => format!("→ writes {}", record_at(record, length)),
        (_, _, Some(to)) => format!("→ asks {} to {} ({})", plain(to), text(effect, "op"), text(effect, "id")),
        _ => format!("→ {}", content(Some(effect))),
    }
}

/// What a crash has taken from a disk.
fn taken(effect: &Value, length: Length) -> String {
    let unsynced = effect.get("unsynced").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut what: Vec<String> = unsynced.iter().take(length.effects).map(|record| record_at(record, length)).collect();
    if let (Some(first), Some(true)) = (what.first_mut(), effect.get("torn").and_then(Value::as_bool)) {
        first.push_str(" (torn: something damaged is in its place)");
    }
    if let Some(more) = unsynced.len().checked_sub(length.effects + 1) {
        what.push(format!("and {} more", more + 1));
    }
    let what = what.join("; ");
    let count = unsynced.len();
    match (effect.get("durable").and_then(Value::as_u64).unwrap_or(0), count) {
        (0, _) => format!("what it had not synced ({count}): {what}"),
        (durable, 0) => format!("its disk, with {}", counted(durable, "record")),
        (durable, _) => {
            format!("its disk, with {}, and what it had not synced ({count}): {what}", counted(durable, "record"))
        }
    }
}

fn text(line: &Value, key: &str) -> String {
    line.get(key).map(plain).unwrap_or_default()
}

/// What a message or a record holds, without its name, as far as somebody will read.
pub(crate) fn content(body: Option<&Value>) -> String {
    content_at(body, Length::BRIEF)
}

/// A record with what kind it is: that a key is erased looks like that it is written otherwise.
fn record_at(record: &Value, length: Length) -> String {
    match record.as_object().map(|fields| fields.keys().next()) {
        Some(Some(kind)) => format!("{kind}: {}", content_at(Some(record), length)),
        _ => content_at(Some(record), length),
    }
}

fn content_at(body: Option<&Value>, length: Length) -> String {
    let body = body.map_or(String::new(), |body| match body.as_object() {
        Some(fields) if fields.len() == 1 => fields.values().map(plain).collect(),
        _ => plain(body),
    });
    if body.chars().count() <= length.content {
        return body;
    }
    format!("{}…", body.chars().take(length.content).collect::<String>())
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
            "→ writes ballot: term 50",
            "→ sends n1 AppendEntries: entries [1, 2]",
        ];
        assert_eq!(told(&line, Length::BRIEF), expected);
    }

    #[test]
    fn what_a_crash_has_taken_is_told() {
        let loses = |unsynced: Value, durable: u64, torn: bool| {
            effect(&json!({ "loses": "n2", "unsynced": unsynced, "durable": durable, "torn": torn }))
        };
        let entry = json!({ "entry": { "term": 2, "index": 7 } });
        assert_eq!(
            loses(json!([entry, "a compaction to 3 records"]), 0, false),
            "→ n2 loses what it had not synced (2): entry: term 2, index 7; a compaction to 3 records"
        );
        let torn =
            "→ n2 loses what it had not synced (1): entry: term 2, index 7 (torn: something damaged is in its place)";
        assert_eq!(loses(json!([entry]), 0, true), torn);
        let many = loses(json!([1, 2, 3, 4, 5, 6, 7, 8]), 0, false);
        assert_eq!(many, "→ n2 loses what it had not synced (8): 1; 2; 3; 4; 5; 6; and 2 more");
        assert_eq!(loses(json!([]), 9, false), "→ n2 loses its disk, with 9 records");
        assert_eq!(
            loses(json!([1]), 9, false),
            "→ n2 loses its disk, with 9 records, and what it had not synced (1): 1"
        );
    }

    #[test]
    fn a_fault_is_told_by_whom_it_strikes_and_what_it_takes() {
        let line = json!({ "kind": "fault", "fault": "crash", "what": "{ node = [\"n1\", \"n3\"], keep = \"0%\" }",
            "effects": [{ "loses": "n1", "unsynced": [1, 2], "durable": 0 }, { "loses": "n3", "unsynced": [], "durable": 4 }] });
        assert_eq!(struck(&line), "crash strikes n1, n3 (1 disk and 2 unsynced records lost)");
        let one = json!({ "kind": "fault", "fault": "isolate", "what": "{ node = \"n2\" }", "on": ["n1", "n2", "n3"] });
        assert_eq!(struck(&one), "isolate strikes n2");
        let slow = json!({ "kind": "fault", "fault": "clock-drift", "what": "{ node = [\"n2\", \"n3\"], by = \"45%\", direction = \"slow\" }" });
        assert_eq!(struck(&slow), "clock-drift strikes n2, n3: by = \"45%\", direction = \"slow\"");
        let armed = json!({ "kind": "fault", "fault": "crash", "what": "{ node = \"n2\", keep = \"0%\", after-effects = 3, max-down = \"any\" }" });
        assert_eq!(struck(&armed), "crash strikes n2, 3 effects later");
        let asked = json!({ "kind": "fault", "fault": "transfer", "what": "{ node = \"n1\", to = \"n2\" }" });
        assert_eq!(struck(&asked), "transfer = { node = \"n1\", to = \"n2\" }");
        let all = json!({ "kind": "fault", "fault": "partition", "what": "{ side = [\"n1\"] }", "on": ["n1", "n2"] });
        assert_eq!(struck(&all), "partition = { side = [\"n1\"] }");
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
            assert_eq!(told(&line, Length::BRIEF), [sentence]);
        }
    }

    #[test]
    fn nobody_has_to_read_all_of_it() {
        let line = json!({ "kind": "message", "node": "n1", "from": "n2", "msg": "Big", "body": { "big": "x".repeat(500) },
            "effects": ["a", "b", "c", "d", "e", "f", "g", "h"] });
        let words = told(&line, Length::BRIEF);
        assert_eq!(words.len(), 1 + Length::BRIEF.effects + 1);
        assert!(words[0].ends_with("x…") && words[0].chars().count() < 200, "{}", words[0]);
        assert_eq!(words.last().map(String::as_str), Some("… and 2 more"));
        let words = told(&line, Length::FULL);
        assert!(words.len() == 1 + 8 && words[0].ends_with(&"x".repeat(500)), "{words:?}");
    }
}
