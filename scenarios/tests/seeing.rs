//! `trace`, `diff` and the pages of runs, as their user meets them.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // It runs the program and reads what it leaves.

mod common;

use std::collections::BTreeSet;

use common::{Output, file, folder, shaketable};
use serde_json::Value;

/// A script: the same run from any seed, and a stale read in it.
const STALE: &str = "scenarios/negative/directed/raft-local-reads.toml";

fn trace(more: &[&str]) -> Output {
    shaketable(&[&["trace", STALE, "--seed", "1"], more].concat())
}

fn text(more: &[&str]) -> String {
    let output = trace(more);
    assert_eq!(output.code, Some(0), "{more:?}: {}", output.stderr);
    output.stdout
}

#[test]
fn a_run_is_shown_in_lines_and_as_a_picture() {
    insta::assert_snapshot!(text(&["--operation", "c2#1"]));
    insta::assert_snapshot!(text(&["--as", "lanes", "--width", "100"]));
    insta::assert_snapshot!(text(&["--as", "mermaid", "--cause", "violation", "--hops", "2"]));
}

#[test]
fn a_trace_that_was_written_shows_the_same_as_the_run_itself() {
    let folder = folder("seeing-same");
    let path = folder.join("run.ndjson");
    let path = path.to_str().expect("text");
    let written = shaketable(&["replay", STALE, "--seed", "1", "--trace", path]);
    assert_eq!(written.code, Some(1), "{}", written.stderr);
    for shape in ["text", "lanes", "json", "page", "perfetto", "shiviz", "mermaid", "dot", "csv"] {
        let output = shaketable(&["trace", path, "--as", shape]);
        assert_eq!(output.code, Some(0), "{shape}: {}", output.stderr);
        assert!(output.stdout == text(&["--as", shape]), "{shape}");
        assert!(output.stdout.len() > 200, "{shape}: {}", output.stdout);
    }
}

#[test]
fn only_what_is_asked_for_is_shown() {
    let events = |more: &[&str]| -> Vec<Value> {
        let text = text(&[more, &["--as", "json"]].concat());
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    };
    let (all, calm) = (events(&["--routine"]), events(&[]));
    assert!(all.len() == 116 && calm.len() < all.len() / 2 + 30, "{} and {}", all.len(), calm.len());
    let of = |events: &[Value], key: &str, value: &str| events.iter().all(|event| event[key] == value);
    let clients = events(&["--node", "c1"]);
    assert!(clients.len() == 4 && of(&clients, "client", "c1"), "{clients:?}");
    let votes = events(&["--kind", "message", "--about", "RequestVote,Vote"]);
    assert!(
        votes.len() >= 6 && votes.iter().all(|event| event["msg"].as_str().is_some_and(|msg| msg.ends_with("Vote")))
    );
    let keyed = events(&["--about", "k1"]);
    assert!(keyed.len() > 4 && keyed.iter().all(|event| event.to_string().contains("k1")), "{keyed:?}");
    assert_eq!(events(&["--about", "k12"]).len(), 0);
    let late = events(&["--from", "400ms", "--to", "410ms"]);
    assert!(
        !late.is_empty()
            && late.iter().all(|event| (400_000_000..=410_000_000).contains(&event["t"].as_u64().expect("a time")))
    );
    let wrong = [
        (["--node", "the-third"], "there are n1, n2, n3, c1, c2, world"),
        (["--kind", "mesage"], "did you mean `message`?"),
        (["--about", "Apended"], "did you mean `Appended`?"),
        (["--operation", "c1#99"], "there is no operation `c1#99`"),
        (["--cause", "100000"], "events have numbers up to 116"),
    ];
    let backwards = (&["--from", "5s", "--to", "1s"][..], "nothing is from 5s on and up to 1s");
    for (args, said) in wrong.iter().map(|(args, said)| (&args[..], *said)).chain([backwards]) {
        let output = trace(args);
        assert!(output.code == Some(2) && output.stderr.contains(said), "{args:?}: {}", output.stderr);
    }
}

#[test]
fn what_a_crash_has_taken_is_shown() {
    let case = "scenarios/negative/directed/raft-acks-before-sync.toml";
    let text = shaketable(&["trace", case, "--seed", "1", "--kind", "fault"]).stdout;
    assert!(text.contains("→ n2 loses what it had not synced (1): append: "), "{text}");
    let mut wide = common::command(&["replay", case, "--seed", "1"]);
    let wide = wide.env("COLUMNS", "200").output().expect("it runs").stdout;
    assert!(String::from_utf8_lossy(&wide).contains("crash strikes n2 (1 unsynced record lost)"));
}

#[test]
fn where_two_runs_part_is_told() {
    let folder = folder("seeing-diff");
    let page = folder.join("both.html");
    let page = page.to_str().expect("text");
    let output = shaketable(&["diff", STALE, "--seed", "1", "--right", "--page", page]);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    insta::assert_snapshot!(output.stdout);
    let page = std::fs::read_to_string(page).expect("a page");
    assert!(page.contains("<title>linearizability/read: raft/local-reads, seed 1 · Shaketable</title>"));
    let same = shaketable(&["diff", STALE, STALE, "--seed", "1"]);
    assert!(same.code == Some(0) && same.stdout.contains("The same run: "), "{}", same.stdout);
}

#[test]
fn what_is_no_trace_is_refused_with_its_line() {
    let folder = folder("seeing-wrong");
    let header = "{\"trace\":1,\"seed\":1}\n";
    let cases = [
        ("no-header.ndjson", "{\"t\":1}\n".to_owned(), "no header of a trace", ":1"),
        ("cut.ndjson", format!("{header}{{\"t\":1,\"id\"\n"), "no JSON", ":2"),
        (
            "later.ndjson",
            format!("{header}{{\"t\":5,\"id\":5}}\n{{\"t\":4,\"id\":6}}\n"),
            "event 6 at 4ns, after one that comes later",
            ":3",
        ),
    ];
    for (name, content, said, line) in cases {
        let path = file(&folder, name, &content);
        let output = shaketable(&["trace", &path]);
        assert!(output.code == Some(2) && output.stderr.contains(said), "{name}: {}", output.stderr);
        assert!(output.stderr.contains(&format!("{name}{line}\n")), "{name}: {}", output.stderr);
    }
    let seedless = shaketable(&["trace", STALE]);
    assert!(seedless.code == Some(2) && seedless.stderr.contains("--seed N"), "{}", seedless.stderr);
}

#[test]
fn a_failing_run_is_compared_with_the_nearest_that_passes() {
    let folder = folder("seeing-nearest");
    let page = folder.join("both.html");
    let page = page.to_str().expect("text");
    let nearest = |path: &str, more: &[&str]| shaketable(&[&["diff", path, "--nearest"][..], more].concat());
    let by_chance = nearest("scenarios/negative/raft-votes-twice.toml", &["--seed", "0", "--page", page]);
    assert_eq!(by_chance.code, Some(0), "{}", by_chance.stderr);
    let text = &by_chance.stdout;
    let line = text.lines().find(|line| line.starts_with("   B is the same until ")).expect("how it follows");
    assert!(line.ends_with("s, then other chance"), "{line}");
    assert!(text.contains(": violates invariant/election-safety ") && text.contains(": pass "), "{text}");
    let common = text.lines().find_map(|line| line.strip_suffix(" events are the same.")).expect("how far");
    assert!(common.replace(',', "").parse::<usize>().expect("a number") > 500, "{text}");
    assert!(std::fs::read_to_string(page).expect("a page").contains("<script"));
    // A script leaves nothing to chance: only its faults can be missing.
    let without = nearest(STALE, &["--seed", "1"]);
    assert_eq!(without.code, Some(0), "{}", without.stderr);
    assert!(without.stdout.contains("   B is the same without campaign = { node = "), "{}", without.stdout);
    let hopeless = nearest("scenarios/negative/directed/raft-votes-twice.toml", &["--seed", "1", "--for", "0s"]);
    assert_eq!(hopeless.code, Some(3), "{}", hopeless.stdout);
    assert!(
        hopeless.stderr.contains("out of time (`--for`): none that passes was found in 0 runs"),
        "{}",
        hopeless.stderr
    );
    for (path, more, why) in [
        ("scenarios/raft/calm.toml", &["--seed", "0"][..], "does not fail"),
        (STALE, &[], "say which seed"),
        (STALE, &["--seed", "1", "--right"], "cannot be used with"),
    ] {
        let refused = nearest(path, more);
        assert_eq!(refused.code, Some(2), "{path}: {}", refused.stdout);
        assert!(refused.stderr.contains(why), "{}", refused.stderr);
    }
}

/// Two elections in a term, a promise and what was done in spite of it: whoever sees one must see the other, however long ago it was.
#[test]
fn what_a_violation_goes_against_is_drawn_too() {
    let bugs = [
        "raft-votes-twice",
        "raft-commits-old-term",
        "raft-commits-unverified",
        "raft-matches-by-index",
        "paxos-forgets-promise",
        "paxos-duplicate-ballot",
        "paxos-ignores-accepted-value",
        "paxos-acks-before-sync",
        "synod-promise-not-durable",
        "synod-vote-not-durable",
    ];
    for bug in bugs {
        let scenario = format!("scenarios/negative/directed/{bug}.toml");
        let text = shaketable(&["replay", &scenario, "--seed", "1"]).stdout;
        let told = text.lines().filter_map(|line| line.trim().strip_prefix("before that, "));
        let times = BTreeSet::from_iter(told.map(|line| line.rsplit_once(" at ").expect("a time").1));
        // A mark is below its event, and what that has sent in vain.
        let (mut time, mut marked) = ("", BTreeSet::new());
        for line in text.lines().map(str::trim) {
            if line.starts_with("↑ the violation goes against this") {
                marked.insert(time);
            } else if line.starts_with(|first: char| first.is_ascii_digit()) {
                time = line.split_whitespace().next().expect("a time");
            }
        }
        assert_eq!(marked, times, "{bug}:\n{text}");
        assert!(!times.is_empty(), "{bug}:\n{text}");
    }
}
