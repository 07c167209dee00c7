//! The same seed is the same run: in this process and the next, on one thread and on several, in debug and release builds.
//!
//! `digests.txt` holds the digests of some runs. A change of the simulator or of Raft that changes what happens changes them: then
//! `UPDATE=1 cargo test -p shaketable --test determinism` writes them anew, and the change says why in its commit. The
//! same file must hold for a release build, as CI does it: `SHAKETABLE_TESTED=$PWD/target/release/shaketable cargo test -p shaketable --test determinism`.
#![allow(clippy::disallowed_methods)] // It runs the program and reads a file.

mod common;

use common::{ROOT, shaketable};

const RUNS: [(&str, u64); 15] = [
    ("raft/calm", 1),
    ("raft/crashes", 1),
    ("raft/crashes", 7),
    ("raft/flaky-network", 1),
    ("raft/disk-trouble", 7),
    ("raft/held-messages", 1),
    ("raft/pauses", 1),
    ("raft/clock-trouble", 7),
    ("raft/triggers", 1),
    ("raft/swarm", 3),
    ("paxos/swarm", 3),
    ("synod/swarm", 3),
    ("ring/swarm", 3),
    ("dynamo/swarm", 3),
    ("negative/raft-local-reads", 0),
];

/// The digest of a run, in a process of its own.
fn digest(scenario: &str, seed: u64) -> String {
    let output = shaketable(&["replay", &format!("scenarios/{scenario}.toml"), "--seed", &seed.to_string()]);
    let line = output.stdout.lines().find(|line| line.trim_start().starts_with("digest"));
    let line = line.unwrap_or_else(|| panic!("no digest in\n{}{}", output.stdout, output.stderr));
    line.split_whitespace().last().expect("a digest").to_owned()
}

#[test]
fn digests_are_as_recorded_in_every_process_and_build() {
    let file = format!("{ROOT}/scenarios/tests/digests.txt");
    let line = |&(scenario, seed): &(&str, u64)| format!("{scenario} {seed} {}\n", digest(scenario, seed));
    let (once, again): (String, String) = (RUNS.iter().map(line).collect(), RUNS.iter().map(line).collect());
    assert_eq!(once, again, "two processes disagree");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, &once).expect("the file can be written");
    }
    let recorded = std::fs::read_to_string(&file).expect("the file is there");
    assert_eq!(once, recorded, "see the head of this test");
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    for format in ["human", "json"] {
        let run = |jobs: &str| {
            let files = [
                "scenarios/raft/crashes.toml",
                "scenarios/raft/calm.toml",
                "scenarios/negative/raft-forgets-vote.toml",
            ];
            let mut args = vec!["run", "--format", format, "--jobs", jobs];
            args.extend(files);
            args.extend(["--seeds", if format == "json" { "3..9" } else { "0..50" }]);
            let output = shaketable(&args);
            assert!(output.stdout.len() > 500, "{}{}", output.stdout, output.stderr);
            output.stdout
        };
        let one = run("1");
        assert_eq!(one, run("2"), "{format}");
        assert_eq!(one, run("7"), "{format}");
    }
}
