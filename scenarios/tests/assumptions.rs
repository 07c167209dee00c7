//! Faults beyond what a protocol claims to bear prove nothing against it, and nothing else is excused by them.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // It runs the program and reads what it leaves.

mod common;

use common::{ROOT, file, folder, shaketable};
use serde_json::Value as Json;

/// What came of a scenario with this text.
fn result(name: &str, text: &str) -> Json {
    let folder = folder(name);
    let (scenario, out) = (file(&folder, "lease.toml", text), folder.join("out"));
    let output = shaketable(&["run", &scenario, "--format", "json", "--out", out.to_str().expect("text")]);
    let result: Json = serde_json::from_str(&output.stdout).expect("JSON");
    result["scenarios"][0].clone()
}

/// The scenario for leases that ignore the bound on clocks, with other lines here and there, over thirty seeds.
fn lease(name: &str, changes: &[(&str, &str)]) -> Json {
    let path = std::path::Path::new(ROOT).join("scenarios/negative/raft-lease-ignores-clock-bound.toml");
    let text = std::fs::read_to_string(path).expect("the scenario");
    let mut text = text.replace("0..100", "0..30").replace("within-seeds = 100", "within-seeds = 30");
    for (line, other) in changes {
        assert!(text.contains(line), "{line}");
        text = text.replace(line, other);
    }
    result(name, &text)
}

const RIGHT: (&str, &str) = ("raft/lease-ignores-clock-bound", "raft");
const PASSES: (&str, &str) = ("{ violation = \"linearizability\", within-seeds = 30 }", "\"pass\"");

#[test]
fn clocks_beyond_the_bound_of_a_lease_prove_nothing_against_it() {
    let within = lease("within", &[RIGHT, PASSES]);
    assert_eq!((&within["outcome"], &within["assumption-exceeded"]), (&"passed".into(), &Json::Null), "{within}");
    let beyond = lease("beyond", &[RIGHT, PASSES, ("\"50%\"", "\"1%\"")]);
    assert_eq!(beyond["outcome"], "passed", "{beyond}");
    let (seeds, why) = (&beyond["assumption-exceeded"]["seeds"], beyond["assumption-exceeded"]["why"].as_str());
    assert!(seeds.as_u64().is_some_and(|seeds| seeds > 0), "{beyond}");
    let why = why.expect("a reason");
    assert!(why.contains("the clock of n") && why.contains("rely on clocks that run at most 1% fast or slow"), "{why}");
}

#[test]
fn after_a_clock_was_set_even_a_planted_lease_is_not_blamed() {
    let jump = "[[fault]]\nclock-jump = { node = \"n1\", by = \"+1ms\", at = \"1ms\" }\n\n[heal]";
    let jumped = lease("jumped", &[("[heal]", jump)]);
    let why = jumped["assumption-exceeded"]["why"].as_str().expect("a reason");
    assert!(jumped["outcome"] != "caught" && why.starts_with("the clock of n1 jumped at 1ms, "), "{jumped}");
}

#[test]
fn whatever_does_not_rest_on_clocks_is_violated_for_all_they_do() {
    let votes = ("raft/lease-ignores-clock-bound", "raft/votes-twice");
    let elections = ("\"linearizability\", within-seeds = 30", "\"invariant/election-safety\", within-seeds = 30");
    let broken = lease("votes", &[votes, elections, ("\"50%\"", "\"1%\"")]);
    assert_eq!(broken["outcome"], "caught", "{broken}");
}

/// Answers of the past on four keys, from the beginning to the end; a clock is set at six seconds.
const LOCAL_READS: &str = r#"
protocol = "raft/local-reads"
nodes    = 5
duration = "12s"
seeds    = "0..30"

[raft]
read = "lease"

[clients]
count    = 6
workload = "register"
keys     = 4
reads    = 90

[[fault]]
isolate = { node = "leader", every = ["500ms", "2s"], for = ["500ms", "2s"] }

[[fault]]
clock-jump = { node = "n1", by = "+1ms", at = "6s" }
"#;

#[test]
fn what_was_wrong_before_a_clock_was_set_is_not_excused_by_that() {
    let seeds = |result: &Json| {
        let violations = result["violations"].as_array().expect("violations");
        let wrong: u64 = violations.iter().filter_map(|violation| violation["seeds"].as_u64()).sum();
        let latest = violations.iter().filter_map(|violation| violation["at"].as_u64()).max();
        assert!(latest.is_some_and(|at| at < 6_000_000_000), "{result}");
        (wrong, result["assumption-exceeded"]["seeds"].as_u64().unwrap_or(0))
    };
    let end = result("set-late", LOCAL_READS);
    let (wrong, excused) = seeds(&end);
    assert!(wrong > 0 && excused > 0, "{end}");
    let once = result("set-late-at-once", &format!("{LOCAL_READS}\n[check]\nat-once = true\n"));
    assert_eq!(seeds(&once), (wrong, excused), "{once}");
    // What is drawn is what is told, though more was wrong later.
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("set-late/lease.toml");
    let mut drawn = 0;
    for seed in 0..30 {
        let text = shaketable(&["replay", path.to_str().expect("text"), "--seed", &seed.to_string()]).stdout;
        let Some(told) = text.lines().find_map(|line| line.trim().strip_prefix("story")) else { continue };
        let culprit = told.split_whitespace().skip(1).take(4).collect::<Vec<_>>().join(" ");
        assert!(text.lines().any(|line| line.contains(&culprit) && line.ends_with("╡ ✗")), "{seed}: {culprit}\n{text}");
        drawn += 1;
    }
    assert_eq!(drawn, wrong);
}
