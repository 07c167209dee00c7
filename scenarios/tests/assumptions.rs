//! Faults beyond what a protocol claims to bear prove nothing against it, and nothing else is excused by them.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // It runs the program and reads what it leaves.

mod common;

use common::{ROOT, file, folder, shaketable};
use serde_json::Value as Json;

/// The scenario for leases that ignore the bound on clocks, with other lines here and there, over its hundred seeds.
fn lease(name: &str, changes: &[(&str, &str)]) -> Json {
    let path = std::path::Path::new(ROOT).join("scenarios/negative/raft-lease-ignores-clock-bound.toml");
    let mut text = std::fs::read_to_string(path).expect("the scenario");
    for (line, other) in changes {
        assert!(text.contains(line), "{line}");
        text = text.replace(line, other);
    }
    let folder = folder(name);
    let (scenario, out) = (file(&folder, "lease.toml", &text), folder.join("out"));
    let output = shaketable(&["run", &scenario, "--format", "json", "--out", out.to_str().expect("text")]);
    let result: Json = serde_json::from_str(&output.stdout).expect("JSON");
    result["scenarios"][0].clone()
}

const RIGHT: (&str, &str) = ("raft/lease-ignores-clock-bound", "raft");
const PASSES: (&str, &str) = ("{ violation = \"linearizability\", within-seeds = 100 }", "\"pass\"");

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
    let elections = ("\"linearizability\", within-seeds = 100", "\"invariant/election-safety\", within-seeds = 100");
    let broken = lease("votes", &[votes, elections, ("\"50%\"", "\"1%\"")]);
    assert_eq!(broken["outcome"], "caught", "{broken}");
}
