//! Hunts that are killed: what was found is there, whole, and the next start goes on.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // It runs the program and reads what it leaves.

mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use common::{command, file, folder, shaketable};
use serde_json::Value as Json;

/// Scenarios of which each finds something now and then, in short runs.
fn scenarios(folder: &Path) -> Vec<String> {
    let crashes = "[disk]\nsync = { uniform = [\"1ms\", \"20ms\"] }\n[clients]\ncount = 4\nworkload = \"consensus\"\nspread = 2\n\
                   [[fault]]\ncrash = { node = \"random\", every = [\"50ms\", \"500ms\"], for = [\"20ms\", \"200ms\"] }\n\
                   [heal]\nat = \"1s\"\nwithin = \"1s\"\n";
    let synod = |bug: &str| format!("protocol = \"synod/{bug}\"\nnodes = 3\nduration = \"2s\"\n{crashes}");
    ["promise-not-durable", "vote-not-durable", "half-is-a-majority", "learner-mixes-ballots"]
        .iter()
        .map(|bug| file(folder, &format!("{bug}.toml"), &synod(bug)))
        .collect()
}

/// A hunt of so many runs, to be told what to do with its folder and as a program.
fn arguments<'a>(scenarios: &'a [String], runs: &'a str, out: &'a str) -> Vec<&'a str> {
    let mut words = vec!["hunt"];
    words.extend(scenarios.iter().map(String::as_str));
    words.extend(["--runs", runs, "--from", "1000", "--format", "json", "--out", out]);
    words
}

/// What was found, without what differs from one folder to another.
fn found(scenarios: &[String], runs: &str, out: &Path, more: &[&str]) -> Json {
    let out = out.to_str().expect("text");
    let words = [&arguments(scenarios, runs, out)[..], more].concat();
    let output = shaketable(&words);
    assert_eq!(output.code, Some(1), "{}{}", output.stdout, output.stderr);
    let mut report: Json = serde_json::from_str(&output.stdout.replace(out, "out")).expect("JSON");
    report.as_object_mut().expect("an object").remove("speed");
    report
}

fn cases(out: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(out) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    paths
}

/// What the cases of a folder show. Files alone are no measure: when the hunt is killed between the writing of a cheaper case and the
/// removal of the one it replaces, there are two of the same.
fn shown(out: &Path) -> BTreeSet<String> {
    let mut shown = BTreeSet::new();
    for case in cases(out) {
        let text = std::fs::read_to_string(case).expect("a whole case");
        let says = |what: &str| text.lines().find(|line| line.starts_with(what)).expect("cases say it").to_owned();
        shown.insert(format!("{} {}", says("protocol = "), says("signature = ")));
    }
    shown
}

#[test]
fn a_hunt_that_is_killed_again_and_again_loses_no_case_and_ends_as_if_it_had_not_been() {
    let folder = folder("hunt-killed");
    let scenarios = scenarios(&folder);
    let (unbroken, broken) = (folder.join("unbroken"), folder.join("broken"));
    let expected = found(&scenarios, "640", &unbroken, &["--jobs", "1"]);
    assert!(expected["found"].as_array().expect("finds").len() >= 3, "{expected:#}");
    let mut known = BTreeSet::new();
    for round in 0..10_u64 {
        let out = broken.to_str().expect("text");
        let mut hunting = command(&arguments(&scenarios, "640", out));
        let mut hunting = hunting.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program runs");
        std::thread::sleep(Duration::from_millis(30 + round * 7_919 % 170));
        hunting.kill().expect("it can be killed");
        hunting.wait().expect("it ends");
        let there = shown(&broken);
        assert!(there.is_superset(&known), "a case is lost: {known:?}, then {there:?}");
        known = there;
    }
    for case in cases(&broken) {
        let replayed = shaketable(&["replay", case.to_str().expect("text")]);
        assert_eq!(replayed.code, Some(1), "{}{}", replayed.stdout, replayed.stderr);
        assert!(replayed.stdout.contains("still fails, exactly as recorded"), "{}", replayed.stdout);
    }
    assert_eq!(found(&scenarios, "640", &broken, &["--jobs", "2"]), expected);
    let names = |out| cases(out).iter().map(|path| path.file_name().expect("a name").to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&broken), names(&unbroken));
}

#[test]
fn cases_that_are_there_are_taken_into_account_when_the_rest_is_lost() {
    let folder = folder("hunt-recall");
    let scenarios = scenarios(&folder);
    let out = folder.join("out");
    let before = found(&scenarios, "320", &out, &[]);
    std::fs::write(out.join("hunt.json"), "{").expect("a file");
    let refused = shaketable(&arguments(&scenarios, "320", out.to_str().expect("text")));
    assert_eq!(refused.code, Some(2));
    assert!(
        refused.stderr.contains("it is damaged") && refused.stderr.contains("remove the file"),
        "{}",
        refused.stderr
    );
    std::fs::remove_file(out.join("hunt.json")).expect("it was there");
    let kept = |report: &Json| {
        let finds = report["found"].as_array().expect("finds").iter();
        finds.map(|find| (find["signature"].clone(), find["cheapest"].clone())).collect::<Vec<_>>()
    };
    // No run at all: what is known comes of the cases alone.
    let again = found(&scenarios, "0", &out, &[]);
    assert_eq!(kept(&again), kept(&before));
    assert!(again["found"].as_array().expect("finds").iter().all(|find| find["runs"] == 0));
}

#[test]
fn a_hunt_needs_a_budget() {
    let output = shaketable(&["hunt", "scenarios/raft/calm.toml"]);
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("--for") && output.stderr.contains("--runs"), "{}", output.stderr);
}

#[test]
fn right_protocols_are_hunted_in_vain_and_the_canary_shows_that_they_were() {
    let folder = folder("hunt-vain");
    let out = folder.join("out");
    let hunt =
        ["hunt", "scenarios/synod/crashes.toml", "--for", "2s", "--runs", "16", "--out", out.to_str().expect("text")];
    let output = shaketable(&hunt);
    assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);
    assert!(
        output.stdout.contains("canary: synod/") && output.stdout.contains("nothing found in"),
        "{}",
        output.stdout
    );
    assert_eq!(cases(&out), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_guided_hunt_is_the_same_whoever_does_its_runs_and_wherever_it_is_interrupted() {
    let folder = folder("hunt-guided");
    let scenarios = scenarios(&folder);
    let hunt = |name: &str, runs: &str, jobs: &str| {
        found(&scenarios, runs, &folder.join(name), &["--strategy", "guided", "--jobs", jobs])
    };
    let expected = hunt("one", "512", "1");
    assert_eq!(hunt("two", "512", "3"), expected);
    hunt("three", "150", "2");
    hunt("three", "384", "2");
    assert_eq!(hunt("three", "512", "1"), expected);
    for case in cases(&folder.join("one")) {
        let replayed = shaketable(&["replay", case.to_str().expect("text")]);
        assert!(replayed.stdout.contains("still fails, exactly as recorded"), "{}", replayed.stdout);
    }
}

#[test]
fn what_was_found_is_said_even_if_how_far_it_came_cannot_be_kept() {
    let folder = folder("hunt-not-kept");
    let scenarios = scenarios(&folder);
    let out = folder.join("out");
    let mut words = arguments(&scenarios, "1000000", out.to_str().expect("text"));
    words.extend(["--for", "4s"]);
    let hunting = command(&words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
    // A folder of its name is in the way of the file from now on.
    let (file, began) = (out.join("hunt.json"), std::time::Instant::now());
    while std::fs::remove_file(&file).is_err() || std::fs::create_dir(&file).is_err() {
        assert!(began.elapsed() < Duration::from_secs(60), "the hunt never began");
        std::thread::yield_now();
    }
    let output = hunting.wait_with_output().expect("it ends");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("error: cannot keep how far the hunt has come in "), "{stderr}");
    let report: Json = serde_json::from_slice(&output.stdout).expect("the report");
    assert!(report["runs"].as_u64().is_some_and(|runs| runs > 0), "{report}");
}
