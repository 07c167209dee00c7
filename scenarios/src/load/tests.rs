use super::*;
use crate::testing::tables;

pub(crate) const GOOD: &str = r#"# A leader that is cut off must not answer reads from the past
# (thesis §6.4).
#
# Second paragraph.
protocol = "raft"
nodes    = 5
duration = "30s"
seeds    = "0..200"

[raft]
election-timeout = ["150ms", "300ms"]
read = "read-index"
learners = ["n4", "n5"]

[network]
delay = { uniform = ["1ms", "10ms"] }
loss  = "1%"

[clients]
count    = 4
workload = "kv"
keys     = 3

[[fault]]
partition = { groups = [["leader"], "not(leader)"], when = { committed = 10 }, for = "3s", times = 1 }
[[fault]]
crash = { node = "random", every = ["2s", "6s"], for = ["100ms", "1s"], disk = "lose-unsynced" }
[[fault]]
jump = { node = ["n1", "n2"], by = ["-3s", "+3s"], at = "5s" }

[heal]
at     = "20s"
within = "8s"

[check]
linearizable = true
invariants   = "all"

[expect]
verdict = "pass"
reach   = { completed-ops = 100, leader-changes = 1 }
"#;

fn load_text(text: &str) -> Result<Scenario, Diagnostics> {
    load(Path::new("scenarios/some.toml"), text, &tables())
}

#[test]
fn a_right_file_becomes_a_scenario() {
    let scenario = match load_text(GOOD) {
        Ok(scenario) => scenario,
        Err(wrong) => panic!("{wrong}"),
    };
    assert_eq!(scenario.doc, "A leader that is cut off must not answer reads from the past (thesis §6.4).");
    assert_eq!(scenario.protocol.name, "raft");
    assert!(scenario.bug.is_none());
    assert_eq!(scenario.seeds, 0..200);
    assert_eq!(scenario.expect.reach, [("completed-ops", 100), ("leader-changes", 1)]);
    insta::assert_snapshot!(scenario.config);
    insta::assert_debug_snapshot!(scenario.plan);
}

#[test]
fn a_milestone_of_the_protocol_can_be_demanded() {
    let text = GOOD.replace("leader-changes = 1", "snapshots-installed = 7");
    let scenario = load_text(&text).unwrap_or_else(|wrong| panic!("{wrong}"));
    assert_eq!(scenario.expect.reach, [("completed-ops", 100), ("snapshots-installed", 7)]);
}

/// Everything that is wrong, as shown to people.
fn wrong(text: &str) -> String {
    match load_text(text) {
        Ok(_) => panic!("nothing was found wrong with:\n{text}"),
        Err(wrong) => wrong.to_string(),
    }
}

#[test]
fn ten_mistakes_are_ten_diagnostics() {
    let text = r#"# Ten mistakes.
protocol = "raft"
nodes    = 0
duration = "30"
loss     = "1%"

[raft]
elecion-timeout = ["150ms", "300ms"]

[netwrok]
delay = "5ms"

[clients]
workload = "kv"
reads    = 90
cas      = 20

[[fault]]
crash = { node = "leadre", at = "5s" }

[[fault]]
partition = { groups = [["c1"], ["n1"]], when = { committed = 10 } }

[[fault]]
jump = { by = "+3s" }

[check]
invariants = ["log-matching", "election-safty"]
"#;
    let Err(diagnostics) = load_text(text) else { panic!("nothing was found wrong") };
    insta::assert_snapshot!(diagnostics);
    assert_eq!(diagnostics.errors().len(), 10);
}

#[test]
fn a_syntax_error_is_one_diagnostic() {
    insta::assert_snapshot!(wrong("protocol = \"raft\"\nduration = 30s\nnodes = 5\nnodes = 6\n"));
}

/// Each mistake as `line:column: what is wrong (what is allowed)`.
fn lines(text: &str) -> String {
    let Err(diagnostics) = load_text(text) else { return String::new() };
    let line = |error| {
        let (line, column) = diagnostics.position(error);
        format!("{line}:{column}: {error}\n")
    };
    diagnostics.errors().iter().map(line).collect()
}

#[test]
fn what_cannot_be_read_beside_a_trigger_is_told_once() {
    for wrong in ["delay = 5", "delay = \"soon\"", "after = 3"] {
        let text = GOOD.replace("times = 1 }", &format!("times = 1, {wrong} }}"));
        let Err(told) = load_text(&text) else { panic!("{wrong} was read") };
        assert_eq!(told.errors().len(), 1, "{told}");
    }
}

/// Files with a mistake each: what is wrong, and the file. A case that brings no `protocol` follows a right head.
pub(crate) fn mistakes() -> impl Iterator<Item = (&'static str, String)> {
    include_str!("mistakes.txt").split("### ").skip(1).map(|case| {
        let (name, text) = case.split_once('\n').expect("a case has a name and a text");
        let head =
            if text.contains("protocol =") { "" } else { "protocol = \"raft\"\nnodes = 5\nduration = \"30s\"\n" };
        (name, format!("{head}{text}"))
    })
}

#[test]
fn every_mistake_has_words_of_its_own() {
    let mut told = String::new();
    for (name, text) in mistakes() {
        let found = lines(&text);
        assert!(!found.is_empty(), "nothing was found wrong with: {name}");
        told += &format!("{name}\n{found}\n");
    }
    insta::assert_snapshot!(told);
}
