//! Levels below linearizability and levels of isolation, as the user of `shaketable check` meets them.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // It runs the program and reads what it leaves.

mod common;

use common::{Output, file, folder, shaketable};
use serde_json::Value as Json;

const HISTORIES: &str = "scenarios/tests/histories";

fn check(args: &[&str]) -> Output {
    shaketable(&[&["check"][..], args].concat())
}

fn json(args: &[&str]) -> Json {
    let output = check(&[args, &["--format", "json"]].concat());
    serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", output.stdout, output.stderr))
}

#[test]
fn programs_get_weaker_levels_and_anomalies() {
    let named = |name: &str| format!("{HISTORIES}/{name}");
    let report = json(&[&named("sessions-bad.ndjson"), &named("append-bad.edn"), &named("append-unknown.edn")]);
    insta::assert_snapshot!(format!("{report:#}"));
}

/// The level that is asked for decides the exit code, and no other.
#[test]
fn a_level_can_be_asked_for() {
    let named = |name: &str| format!("{HISTORIES}/{name}");
    let cases = [
        ("weaker-bad.edn", "linearizable", 1),
        ("weaker-bad.edn", "sequential", 1),
        ("weaker-bad.edn", "causal-convergence", 0),
        ("register-stale.ndjson", "sequential", 0),
        ("register-ok.ndjson", "monotonic-reads", 0),
        ("sessions-bad.ndjson", "causal", 1),
        ("sessions-bad.ndjson", "monotonic-reads", 0),
        ("sessions-bad.ndjson", "session-guarantees", 1),
        ("append-ok.edn", "strict-serializable", 0),
        ("append-bad.edn", "serializable", 1),
        ("append-bad.edn", "snapshot-isolation", 0),
        ("txn-bad.ndjson", "snapshot-isolation", 1),
        ("txn-bad.ndjson", "read-committed", 3),
        // Levels are those of the model.
        ("append-ok.edn", "linearizable", 2),
        ("register-ok.ndjson", "serializable", 2),
        ("list-ok.ndjson", "causal", 2),
    ];
    for (name, level, code) in cases {
        let output = check(&[&named(name), "--level", level]);
        assert_eq!(output.code, Some(code), "{name} {level}: {}{}", output.stdout, output.stderr);
        let report = json(&[&named(name), "--level", level]);
        let file = &report["files"][0];
        assert_eq!(file["level"] == level, code != 2, "{report:#}");
        let word = ["holds", "violated", "", "inconclusive"][code as usize];
        let asked = |finding: &&Json| finding["level"] == level;
        let found = file["findings"].as_array().and_then(|findings| findings.iter().find(asked));
        assert_eq!(found.map(|finding| finding["verdict"] == word), (code != 2).then_some(true), "{report:#}");
    }
    // Those that hold do not say so one by one.
    assert_eq!(check(&[&named("txn-ok.edn")]).stdout.lines().count(), 1);
    // What is assumed gives dependencies, where without it there is a search.
    let blind = named("blind-ok.edn");
    for (assumed, searched) in [(&[][..], true), (&["--assume", "linearizable-keys"], false)] {
        let found = &json(&[&[blind.as_str()], assumed].concat())["files"][0]["findings"][0];
        assert!(found["verdict"] == "holds" && found["states"].is_u64() == searched, "{found:#}");
    }
    let mistaken = check(&[&named("register-ok.ndjson"), "--level", "sequentail"]);
    assert!(mistaken.code == Some(2) && mistaken.stderr.contains("'sequential'"), "{}", mistaken.stderr);
}

/// What is put twice, nobody can tell apart: that is no verdict on the weaker levels, nor on transactions.
#[test]
fn what_cannot_be_told_is_not_guessed() {
    let folder = folder("check-twice");
    let register = |process: u32, kind: &str, f: &str, value: &str| {
        format!("{{:process {process}, :type :{kind}, :f :{f}, :value {value}}}\n")
    };
    let mut text = String::new();
    for (process, f, value) in
        [(0, "write", "1"), (1, "write", "1"), (2, "write", "2"), (2, "read", "1"), (2, "read", "nil")]
    {
        text += &register(process, "invoke", f, value);
        text += &register(process, "ok", f, value);
    }
    let path = file(&folder, "twice.edn", &text);
    for (level, code) in [("sequential", 1), ("causal", 3), ("read-your-writes", 3)] {
        let output = check(&[&path, "--level", level]);
        assert_eq!(output.code, Some(code), "{level}: {}", output.stdout);
        let words: Vec<&str> = output.stdout.split_whitespace().collect();
        assert!(words.join(" ").contains("lines 1 and 3 put the same there"), "{}", output.stdout);
    }
    let output = check(&[&format!("{HISTORIES}/append-unknown.edn")]);
    assert_eq!(output.code, Some(3), "{}", output.stdout);
    assert!(output.stdout.contains("1 was put there in lines 2 and 4"), "{}", output.stdout);
}

/// A key to which one value was put twice says nothing; the others do.
#[test]
fn a_key_is_left_out_if_nobody_can_tell_who_was_read() {
    let folder = folder("levels-left-out");
    let txn = |process: u64, asked: &str, found: &str| {
        format!(
            "{{:process {process}, :type :invoke, :f :txn, :value {asked}}}\n{{:process {process}, :type :ok, :f :txn, :value {found}}}\n"
        )
    };
    let twice = txn(0, "[[:append x 1]]", "[[:append x 1]]") + &txn(1, "[[:append x 1]]", "[[:append x 1]]");
    let history = twice.clone() + &txn(0, "[[:append y 2]]", "[[:append y 2]]");
    let path = file(&folder, "twice.edn", &(history.clone() + &txn(1, "[[:r y nil]]", "[[:r y [2]]]")));
    let output = check(&[&path]);
    assert_eq!(output.code, Some(3), "{}{}", output.stdout, output.stderr);
    assert!(output.stdout.contains("1 was put there in lines 1 and 3"), "{}", output.stdout);
    let path = file(&folder, "and-wrong.edn", &(history + &txn(1, "[[:r y nil]]", "[[:r y []]]")));
    let output = check(&[&path]);
    assert_eq!(output.code, Some(1), "{}{}", output.stdout, output.stderr);
    assert!(output.stdout.contains("G-single-realtime"), "{}", output.stdout);
}

/// Where the wrong answer comes from, if nobody can have put it there.
#[test]
fn an_answer_that_nobody_put_there_says_so() {
    let folder = folder("levels-origin");
    let event = |kind: &str, process: u64, f: &str, value: &str| {
        format!("{{\"type\":\"{kind}\",\"process\":{process},\"f\":\"{f}\",\"value\":{value}}}\n")
    };
    let read = |value: &str| event("invoke", 1, "read", "null") + &event("ok", 1, "read", value);
    let write = |fate: &str| event("invoke", 0, "write", "9") + &event(fate, 0, "write", "9");
    let cases = [
        (read("9"), "nobody ever asked for 9"),
        (read("9") + &write("ok"), "9 was asked for only later, in line 3"),
        (write("fail") + &read("9"), "9 was asked for in line 1, and that failed"),
        (write("fail") + &read("9") + &write("ok"), "9 was asked for only later, in line 5"),
    ];
    for (history, said) in cases {
        let output = check(&[&file(&folder, "history.ndjson", &history), "--model", "register"]);
        assert_eq!(output.code, Some(1), "{}{}", output.stdout, output.stderr);
        assert!(output.stdout.contains(said), "{said}: {}", output.stdout);
    }
    // Some clients only tell when they are done what they have written; and a count is nobody's value.
    let late = event("invoke", 0, "write", "null") + &event("ok", 0, "write", "9");
    let counted = event("invoke", 0, "append-and-count", "9") + &event("ok", 0, "append-and-count", "3");
    let overwritten = event("invoke", 0, "write", "8") + &event("ok", 0, "write", "8");
    for (model, history) in [("register", late + &overwritten + &read("9")), ("list", counted)] {
        let output = check(&[&file(&folder, "no-origin.ndjson", &history), "--model", model]);
        assert_eq!(output.code, Some(1), "{}{}", output.stdout, output.stderr);
        assert!(!output.stdout.contains("asked for"), "{}", output.stdout);
    }
    // Who read what is no longer there was answered with what somebody had put there.
    let stale = write("ok") + &event("invoke", 0, "write", "8") + &event("ok", 0, "write", "8") + &read("9");
    let output = check(&[&file(&folder, "stale.ndjson", &stale), "--model", "register"]);
    assert!(!output.stdout.contains("asked for"), "{}", output.stdout);
}
