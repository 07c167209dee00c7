//! Files of shards, damaged and made up: refused, or read and put together with others.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use shaketable_reports as reports;
use shaketable_sim::digest::digest_of;

use super::tests::{scenarios, sheet};
use super::{Flaw, Shard, Sheet, merge};
use crate::cases::Cases;
use crate::counts::{Again, Part};
use crate::fakes::{render, tables};
use crate::fuzz::Fuzz;
use crate::sweep::{Choice, summary};

/// The same text with the digests that it would have if this tool had written it: otherwise nothing behind them is ever reached.
fn with_its_digests(text: &str) -> Option<String> {
    let (body, _) = text.split_at(text.strip_suffix('\n')?.rfind('\n')? + 1);
    let (head, rest) = body.split_once('\n')?;
    let mut head: Value = serde_json::from_str(head).ok()?;
    let parts: Vec<Part> = rest.lines().map(serde_json::from_str).collect::<Result<_, _>>().ok()?;
    let sweep = Sheet { shard: "1/1".parse().ok()?, probes: Vec::new(), parts }.sweep();
    head.as_object_mut()?.insert("sweep".to_owned(), json!(format!("{sweep:016x}")));
    let body = format!("{head}\n{rest}");
    let end = json!({ "end": format!("{:016x}", digest_of(&body)) });
    Some(format!("{body}{end}\n"))
}

fn judge(text: &str) {
    let Ok(sheet) = Sheet::parse(text) else { return };
    assert_eq!(sheet.render(), text, "it was read, so this tool writes it so");
    let (count, own) = (sheet.shard.count(), sheet.shard);
    assert!(own.number() <= u64::from(count.get()));
    // As if every shard had come to the same.
    let all = Shard::all(count).take(3).map(|shard| Sheet { shard, ..sheet.clone() });
    let read: Vec<_> = all.map(|sheet| (PathBuf::from(sheet.file_name()), sheet)).collect();
    match merge(&read) {
        Ok(mut parts) => {
            // Cases would be written.
            let met = parts.iter_mut().flat_map(|part| &mut part.counts.violations);
            met.for_each(|met| met.cheapest.again = Again::Command(String::new()));
            assert!(count.get() <= 3 && parts.len() == sheet.parts.len());
            let mut cases = Cases::for_later(Path::new("nowhere"), render, tables());
            assert!(reports::json(&summary(parts, &mut cases)).is_object());
        }
        Err(refusal) => assert!(refusal.text.starts_with("error: ") && refusal.text.len() < 2_000 + 4 * text.len()),
    }
}

#[test]
fn sheets() {
    let words = &[
        "0",
        "18446744073709551615",
        "-1",
        "null",
        "[]",
        "{}",
        "\"\"",
        ",",
        "\n",
        "\0",
        "\"of\":",
        "\"shard\":1,\"of\":1",
        "\"probes\":[]",
        "\"violations\":[]",
        "\"caught\":",
        "\"seeds\":",
        "{\"shaketable-shard\":",
        "\\u0000",
        "\"case\"",
        "\"command\"",
    ];
    let made = |few: usize, shard: &str| {
        sheet(&scenarios()[..few], &Choice::File, shard.parse().expect("a shard"), 1).render().into_bytes()
    };
    let seeds = vec![made(2, "1/1"), made(3, "1/2"), made(8, "2/3"), made(8, "1/1")];
    Fuzz { name: "sheets", seeds, words, inputs: 1_500 }.run(|input| {
        let text = String::from_utf8_lossy(input);
        judge(&text);
        with_its_digests(&text).iter().for_each(|text| judge(text));
    });
}

/// What was wrong once.
mod repaired {
    use super::*;

    #[test]
    fn counts_that_would_not_add_up_are_refused() {
        let right = sheet(&scenarios()[..1], &Choice::File, "1/1".parse().expect("a shard"), 1);
        for (ran, events) in [(u64::MAX, 0), (0, u64::MAX)] {
            let mut wrong = right.clone();
            let counts = &mut wrong.parts[0].counts;
            (counts.ran, counts.coverage.events) = (ran, events);
            assert!(matches!(Sheet::parse(&wrong.render()), Err(Flaw::Foreign(_))));
        }
    }

    #[test]
    fn what_this_tool_would_have_written_otherwise_is_refused() {
        let right = sheet(&scenarios()[..1], &Choice::File, "1/1".parse().expect("a shard"), 1).render();
        let spaced = with_its_digests(&right.replacen("{\"terms\":", "{ \"terms\":", 1));
        assert!(matches!(Sheet::parse(&spaced.expect("a sheet")), Err(Flaw::Foreign(_))));
    }
}
