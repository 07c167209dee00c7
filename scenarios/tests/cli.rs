//! The program as its user meets it: what it prints, what it leaves behind, and how it exits.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // It runs the program and reads what it leaves.

mod common;

use std::process::Stdio;

use common::{command, file, folder, shaketable};
use serde_json::Value as Json;

/// A scenario in which a leader is cut off; `head` comes first.
fn scenario(head: &str, rest: &str) -> String {
    format!("{head}\nnodes = 3\nduration = \"12s\"\n{rest}")
}

const TEN_MISTAKES: &str = r#"# Ten mistakes.
protocol = "raftt"
nodes = 0
duration = "30"
colour = "red"

[network]
loss = "101%"
dellay = "5ms"

[clients]
workload = "kvs"
count = "four"

[[fault]]
crash = { node = "leadr", every = "2s" }

[[fault]]
crsh = { node = "leader", every = "2s" }
"#;

#[test]
fn ten_mistakes_are_ten_diagnostics_and_exit_2() {
    let folder = folder("ten");
    let bad = file(&folder, "bad.toml", TEN_MISTAKES);
    let output = shaketable(&["run", &bad]);
    assert_eq!(output.code, Some(2), "{}", output.stderr);
    assert_eq!(output.stdout, "", "nothing runs while a file is bad");
    let errors = output.stderr.lines().filter(|line| line.starts_with("error")).count();
    assert_eq!(errors, 10, "{}", output.stderr);
    for named in ["`raft`", "`delay`", "`kv`", "`leader`", "`crash`", "bad.toml:2:", "bad.toml:19:"] {
        assert!(output.stderr.contains(named), "{named} is missing from\n{}", output.stderr);
    }
}

#[test]
fn what_cannot_be_run_says_why() {
    let folder = folder("cannot");
    let code = |args: &[&str]| shaketable(args).code;
    assert_eq!(code(&["run", folder.join("missing.toml").to_str().expect("text")]), Some(2));
    assert_eq!(code(&["run", folder.to_str().expect("text")]), Some(4), "a folder without scenarios tests nothing");
    assert_eq!(code(&["run", "--seeds", "9..3", "scenarios/raft/calm.toml"]), Some(2));
    assert_eq!(code(&["explain", "crsh"]), Some(2));
    assert!(shaketable(&["explain", "crsh"]).stderr.contains("crash"), "the nearest name is told");
    assert_eq!(code(&["frobnicate"]), Some(2));
    let last = u64::MAX.to_string();
    assert_eq!(code(&["run", "--seed", &last, "scenarios/raft/calm.toml"]), Some(2), "no range ends behind it");
}

#[test]
fn clients_that_never_complete_anything_are_not_green() {
    let folder = folder("dead");
    let dead =
        file(&folder, "dead.toml", &scenario("protocol = \"raft\"", "seeds = \"0..2\"\n[network]\nloss = \"100%\"\n"));
    let output = shaketable(&["run", &dead]);
    assert_eq!(output.code, Some(4), "{}{}", output.stdout, output.stderr);
}

#[test]
fn a_found_bug_is_saved_and_replays_exactly() {
    let folder = folder("found");
    let reads = "seeds = \"0..20\"\n[raft]\nelections = \"plain\"\n[clients]\nworkload = \"register\"\nkeys = 1\nreads = 90\n\
                 [[fault]]\nisolate = { node = \"leader\", every = [\"500ms\", \"2s\"], for = [\"500ms\", \"2s\"] }\n";
    let wrong = file(&folder, "wrong.toml", &scenario("protocol = \"raft/local-reads\"", reads));
    let out = folder.join("out");
    let found = shaketable(&["run", &wrong, "--out", out.to_str().expect("text")]);
    assert_eq!(found.code, Some(1), "a scenario that expects a pass fails: {}{}", found.stdout, found.stderr);
    let mut lines = found.stdout.lines().rev();
    let page = lines.next().and_then(|line| line.strip_prefix("page:      ")).expect("the last line names a page");
    let text = std::fs::read_to_string(page).expect("a page");
    assert!(text.starts_with("<!doctype html>") && text.contains("linearizability/read: raft/local-reads, seed "));
    let last = lines.next().expect("output");
    let case = last.strip_prefix("reproduce: shaketable replay ").expect("the last line but one reproduces it");
    let replayed = shaketable(&["replay", case]);
    assert_eq!(replayed.code, Some(1), "{}{}", replayed.stdout, replayed.stderr);
    assert!(replayed.stdout.contains("still fails"), "{}", replayed.stdout);
    // The same file without the bug: the right protocol survives, and the replay says that it does.
    let text = std::fs::read_to_string(case).expect("a saved case");
    let right = file(&folder, "right.toml", &text.replace("raft/local-reads", "raft"));
    let fixed = shaketable(&["replay", &right]);
    assert!(!fixed.stdout.contains("still fails"), "{}", fixed.stdout);
    assert!(fixed.code == Some(0) || fixed.code == Some(5), "{:?}: {}", fixed.code, fixed.stdout);
    // A saved case is a scenario, and passes where the bug is still there.
    let again = shaketable(&["run", case]);
    assert_eq!(again.code, Some(0), "{}{}", again.stdout, again.stderr);
}

#[test]
fn a_bug_that_gets_away_is_a_failure() {
    let folder = folder("away");
    let expect = "seeds = \"0..2\"\n[expect]\nverdict = { violation = \"linearizability\", within-seeds = 2 }\n";
    let harmless = file(&folder, "harmless.toml", &scenario("protocol = \"raft/local-reads\"", expect));
    let output = shaketable(&["run", &harmless]);
    assert_eq!(output.code, Some(1), "{}", output.stdout);
    assert!(output.stdout.contains("got away"), "{}", output.stdout);
}

#[test]
fn a_trace_is_json_lines_with_a_head_and_a_foot() {
    let folder = folder("trace");
    let trace = folder.join("trace.ndjson");
    let trace = trace.to_str().expect("text");
    let output = shaketable(&["replay", "scenarios/raft/calm.toml", "--seed", "1", "--trace", trace]);
    assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);
    let text = std::fs::read_to_string(trace).expect("a trace");
    let lines: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    assert_eq!(lines[0]["seed"], 1);
    assert_eq!(lines[0]["trace"], 1);
    let last = lines.last().expect("a foot");
    assert_eq!(last["verdict"], "pass");
    assert!(output.stdout.contains(last["digest"].as_str().expect("a digest")), "{}", output.stdout);
    let ids: Vec<u64> = lines.iter().filter_map(|line| line["id"].as_u64()).collect();
    assert!(ids.len() > 1_000 && ids.windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(
        shaketable(&["replay", "scenarios/raft/calm.toml", "--seed", "1", "--trace", "missing/x"]).code,
        Some(2)
    );
}

#[test]
fn an_interrupt_keeps_what_is_done() {
    let mut command = command(&["run", "scenarios/raft/crashes.toml", "--seeds", "0..1000000", "--jobs", "2"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(kill.success());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130));
    let stdout = String::from_utf8(output.stdout).expect("text");
    assert!(stdout.contains("crashes.toml") && stdout.contains("interrupted"), "{stdout}");
}

#[test]
fn placements_are_measured_for_people_and_for_programs() {
    let args = ["placements", "--nodes", "3,10", "--keys", "2000"];
    let table = shaketable(&args);
    assert_eq!((table.code, table.stdout.matches("| rendezvous |").count()), (Some(0), 2), "{}", table.stdout);
    let json: Json =
        serde_json::from_str(&shaketable(&[&args[..], &["--format", "json"]].concat()).stdout).expect("JSON");
    let rows = json["rows"].as_array().expect("rows");
    let measured: Vec<_> = rows.iter().map(|row| (row["nodes"].as_u64(), row["placement"].as_str())).collect();
    let placements = ["ring", "rendezvous", "jump", "bounded", "modulo"];
    let expected: Vec<_> =
        [3, 10].iter().flat_map(|&nodes| placements.map(|placement| (Some(nodes), Some(placement)))).collect();
    assert_eq!(measured, expected);
    assert_eq!(shaketable(&["placements", "--nodes", "0"]).code, Some(2));
}

#[test]
fn the_schema_lists_and_explanations_are_printed_from_the_tables() {
    let schema: Json = serde_json::from_str(&shaketable(&["schema"]).stdout).expect("a schema");
    assert!(schema["properties"]["fault"].is_object(), "{schema}");
    for (what, named) in [
        ("protocols", "raft"),
        ("bugs", "raft/local-reads"),
        ("faults", "crash"),
        ("checks", "election-safety"),
        ("workloads", "counter"),
        ("models", "cas-register"),
        ("scenarios", "scenarios/raft/calm.toml"),
    ] {
        let output = shaketable(&["list", what]);
        assert_eq!(output.code, Some(0), "{what}: {}", output.stderr);
        assert!(output.stdout.contains(named), "{what}: {}", output.stdout);
    }
    for name in [
        "raft",
        "raft/local-reads",
        "crash",
        "linearizability",
        "kv",
        "network",
        "completed-ops",
        "leader",
        "cas-register",
    ] {
        let output = shaketable(&["explain", name]);
        assert!(output.code == Some(0) && output.stdout.len() > 60, "{name}: {}{}", output.stdout, output.stderr);
    }
}

#[test]
fn a_case_is_made_smaller_on_disk_and_goes_on_where_it_was() {
    let folder = folder("shrink");
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/negative/synod-learner-mixes-ballots.toml");
    let to = folder.join("small.toml");
    let small = to.to_str().expect("text");
    let fails = |seed: &String| shaketable(&["replay", scenario, "--seed", seed]).code == Some(1);
    let seed = (0..50).map(|seed: u32| seed.to_string()).find(fails).expect("a seed that fails");
    let shrink = |extra: &[&str]| {
        let words = ["shrink", scenario, "--seed", &seed, "--to", small, "--for", "5min", "-q"];
        shaketable(&[&words[..], extra].concat())
    };
    let begun = shrink(&["--runs", "5"]);
    assert_eq!(begun.code, Some(75), "{}", begun.stderr);
    let done = shrink(&["--format", "json"]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let report: Json = serde_json::from_str(&done.stdout).expect("JSON");
    let (before, after) = (report["before"]["operations"].as_u64(), report["after"]["operations"].as_u64());
    assert!(before > Some(5) && after <= Some(1), "{report}");
    assert_eq!(report["right"], "pass", "the right protocol is shown what is left, too");
    let replayed = shaketable(&["replay", small]);
    assert_eq!(replayed.code, Some(1));
    assert!(replayed.stdout.contains("still fails, exactly as recorded: invariant/chosen-by-majority"));
    // The file of another case is not written over; a seed that passes cannot be made smaller.
    let other = std::fs::read_to_string(scenario).expect("a shipped scenario");
    file(&folder, "small.toml", &other);
    assert_eq!(shrink(&[]).code, Some(2));
    let right = concat!(env!("CARGO_MANIFEST_DIR"), "/synod/calm.toml");
    let passes = shaketable(&["shrink", right, "--seed", "1", "--to", small]);
    assert!(passes.code == Some(2) && passes.stderr.contains("does not fail: pass"), "{}", passes.stderr);
}

#[test]
fn what_a_seed_draws_by_a_strategy_is_reproduced_with_it() {
    let folder = folder("strategy");
    let scenario = "scenarios/negative/synod-value-by-count.toml";
    let out = folder.to_str().expect("text");
    let run = shaketable(&["run", scenario, "--strategy", "swarm", "--out", out, "--format", "json"]);
    let report: Json = serde_json::from_str(&run.stdout).expect("JSON");
    let found = report["scenarios"][0]["violations"].as_array().expect("violations");
    let found =
        found.iter().find(|found| found["right-protocol"] == false).unwrap_or_else(|| panic!("nothing in {report}"));
    let command = found["reproduce"].as_str().expect("a command");
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    assert!(command.starts_with("shaketable replay") && command.ends_with(" --strategy swarm"), "{command}");
    let digest = found["digest"].as_str().expect("a digest");
    let again = shaketable(&words);
    assert!(again.code == Some(1) && again.stdout.contains(digest), "{}{}", again.stdout, again.stderr);
    let otherwise = shaketable(&words[..4]);
    assert!(!otherwise.stdout.contains(digest), "without the strategy it is another run: {}", otherwise.stdout);
    // What goes on from there draws the same.
    let small = folder.join("small.toml");
    let shrink = [&["shrink"][..], &words[1..], &["--to", small.to_str().expect("text"), "--runs", "1"]].concat();
    assert_eq!(shaketable(&shrink).code, Some(75));
    let blame = [&["blame"][..], &words[1..], &["--samples", "10", "--points", "2", "--format", "json"]].concat();
    let blamed: Json = serde_json::from_str(&shaketable(&blame).stdout).expect("JSON");
    assert_eq!(blamed["signature"], found["signature"]);
    let case = shaketable(&["replay", small.to_str().expect("text"), "--strategy", "swarm"]);
    assert!(case.code == Some(2) && case.stderr.contains("leave out `--strategy swarm`"), "{}", case.stderr);
}

#[test]
fn where_nothing_can_be_kept_is_said_before_anything_runs() {
    let folder = folder("kept-nowhere");
    let occupied = file(&folder, "occupied", "");
    let calm = "scenarios/raft/calm.toml";
    for args in [&["run", calm][..], &["run", calm, "--shard", "1/2"], &["ci", calm]] {
        let output = shaketable(&[args, &["--out", &format!("{occupied}/below")]].concat());
        assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""), "{args:?}: {}", output.stderr);
        assert!(output.stderr.contains("error: cannot write into "), "{args:?}: {}", output.stderr);
    }
}

#[test]
fn a_replay_draws_what_is_not_linearizable() {
    for (case, draws) in [("raft-local-reads-linearizability-read", true), ("raft-forgets-vote-election-safety", false)]
    {
        let replayed = shaketable(&["replay", &format!("scenarios/regressions/{case}.toml")]);
        assert_eq!(replayed.code, Some(1), "{}", replayed.stderr);
        assert_eq!(replayed.stdout.contains('╞'), draws, "{}", replayed.stdout);
    }
}

#[test]
fn blame_without_time_says_that_nothing_was_measured() {
    let case = "scenarios/regressions/synod-value-by-count-p2b.toml";
    let output = shaketable(&["blame", case, "--for", "0s"]);
    assert_eq!(output.code, Some(3), "{}{}", output.stdout, output.stderr);
    assert!(output.stdout.contains("nothing: time ran out"), "{}", output.stdout);
}
