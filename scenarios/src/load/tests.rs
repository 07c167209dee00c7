use super::*;
use crate::testing::tables;

const GOOD: &str = r#"# A leader that is cut off must not answer reads from the past
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
