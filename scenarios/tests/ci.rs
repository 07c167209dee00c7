//! All that a change has to pass, as an engine of continuous integration runs it.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // It runs the program and reads what it leaves.

mod common;

use std::path::Path;
use std::process::Stdio;

use common::{ROOT, command, file, folder, shaketable};
use serde_json::Value as Json;

const RIGHT: &str = "protocol = \"raft\"\nnodes = 3\nduration = \"3s\"\nseeds = \"0..6\"\n";

/// A folder with one scenario that passes, one of a planted bug, and one kept case.
fn project(name: &str) -> (std::path::PathBuf, String) {
    let folder = folder(name);
    file(&folder, "right.toml", RIGHT);
    for copied in ["negative/raft-votes-twice", "regressions/raft-votes-twice-election-safety"] {
        let from = format!("{ROOT}/scenarios/{copied}.toml");
        std::fs::copy(from, folder.join(format!("{}.toml", copied.replace('/', "-")))).expect("a copy");
    }
    let name = folder.to_str().expect("text").to_owned();
    (folder, name)
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn json(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

#[test]
fn a_good_project_is_green_in_all_reports_at_once() {
    let (folder, dir) = project("green");
    let out = folder.join("reports");
    let path = |name: &str| out.join(name).to_str().expect("text").to_owned();
    let (junit, results, summary) = (path("junit.xml"), path("ci.json"), path("summary.md"));
    let files = ["--junit", &junit, "--json", &results, "--summary", &summary];
    let output = shaketable(&[&["ci", &dir, "--fresh-from", "0123abc", "--fresh", "4"], &files[..]].concat());
    assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);
    for words in ["caught at seed", "still fails", "fresh seeds from 0123abc"] {
        assert!(output.stdout.contains(words), "`{words}` is missing in {}", output.stdout);
    }
    let results = json(&text(Path::new(&results)));
    let fresh = &results["fresh"]["scenarios"];
    assert_eq!((fresh.as_array().map(Vec::len), &fresh[0]["seeds"]["ran"]), (Some(1), &4.into()), "{fresh}");
    assert!(fresh[0]["seeds"]["first"].as_u64() > Some(6), "{fresh}");
    let own = results["own"].as_array().expect("scenarios");
    assert_eq!(own.len(), 2, "a kept case is no scenario here");
    let junit = text(Path::new(&junit));
    assert!(junit.contains("failures=\"0\"") && junit.contains("name=\"linearizability\""), "{junit}");
    assert!(text(Path::new(&summary)).contains("all as expected"));
    assert_eq!(std::fs::read_dir(&out).expect("reports").count(), 3, "nothing else is left behind");
}

/// The cases that a text tells how to replay.
fn told(text: &str) -> std::collections::BTreeSet<String> {
    let words = text.split_whitespace().map(|word| word.trim_matches(|letter| "`|\"".contains(letter)));
    words.filter(|word| word.ends_with(".toml") && word.contains("/cases/")).map(str::to_owned).collect()
}

#[test]
fn every_case_that_is_told_is_there_and_no_other() {
    let folder = folder("ci-cases");
    let broken = text(&Path::new(ROOT).join("scenarios/negative/raft-local-reads.toml"));
    let (broken, _) = broken.split_once("[expect]").expect("what it expects");
    let broken = broken.lines().filter(|line| !line.starts_with("seeds")).collect::<Vec<_>>().join("\n");
    let (head, rest) = broken.split_once("nodes").expect("a number of nodes");
    file(&folder, "mine.toml", &format!("{head}seeds = \"0..12\"\nnodes{rest}"));
    let (dir, out) = (folder.to_str().expect("text").to_owned(), folder.join("cases"));
    for more in [&["--fresh", "60"][..], &["--for", "8s"]] {
        let _ = std::fs::remove_dir_all(&out);
        let fixed = ["ci", &dir, "--fresh-from", "abc", "--out", out.to_str().expect("text")];
        let output = shaketable(&[&fixed[..], more].concat());
        assert_eq!(output.code, Some(1), "{}{}", output.stdout, output.stderr);
        let told = told(&output.stdout);
        let files = std::fs::read_dir(&out).expect("cases").map(|file| file.expect("a file").path());
        let there = files.map(|path| path.to_str().expect("text").to_owned()).filter(|path| path.ends_with(".toml"));
        assert_eq!(there.collect::<std::collections::BTreeSet<_>>(), told, "{more:?}: {}", output.stdout);
        assert!(!told.is_empty(), "{}", output.stdout);
    }
}

#[test]
fn the_same_text_gives_the_same_report_whatever_the_number_of_threads() {
    let (_, dir) = project("same");
    let run = |from: &str, jobs: &str| {
        shaketable(&["ci", &dir, "--fresh-from", from, "--format", "json", "--jobs", jobs]).stdout
    };
    let one = run("0123abc", "1");
    assert_eq!(one, run("0123abc", "3"));
    assert_ne!(json(&one)["fresh"], json(&run("0123abd", "1"))["fresh"]);
}

#[test]
fn a_failure_is_red_annotated_at_its_line_and_saved_as_a_case() {
    let (folder, dir) = project("red");
    let wrong = RIGHT.replace("\"raft\"", "\"raft/no-session-dedup\"").replace("0..6", "0..40");
    let loss = "[network]\nloss = \"20%\"\n[clients]\nworkload = \"counter\"\n[check]\ninvariants = \"all\"\nlinearizable = true\n";
    let wrong = file(&folder, "wrong.toml", &format!("{wrong}{loss}"));
    let (page, out) = (folder.join("page.md"), folder.join("out"));
    std::fs::write(&page, "# What another step has said\n").expect("a page");
    let mut command = command(&["ci", &dir, "--format", "github", "--out", out.to_str().expect("text")]);
    let output = command.env("GITHUB_STEP_SUMMARY", &page).output().expect("the program runs");
    let stdout = String::from_utf8(output.stdout).expect("text");
    assert_eq!(output.status.code(), Some(1), "{stdout}");
    let note = format!("::error file={wrong},line=11,title=linearizability::violates linearizability/");
    let line = stdout.lines().find(|line| line.starts_with(&note)).unwrap_or_else(|| panic!("no {note} in {stdout}"));
    let case = line.rsplit("reproduce: shaketable replay ").next().expect("a command");
    assert!(shaketable(&["replay", case]).stdout.contains("still fails, exactly as recorded"), "{case}");
    let page = text(&page);
    assert!(page.starts_with("# What another step has said\n## Shaketable: not as expected"), "{page}");
}

#[test]
fn what_had_no_turn_is_said_and_is_not_green() {
    let (folder, dir) = project("late");
    file(&folder, "long.toml", &RIGHT.replace("0..6", "0..1000000"));
    let output = shaketable(&["ci", &dir, "--for", "1s", "--fresh-from", "x", "--format", "json"]);
    assert_eq!(output.code, Some(3), "{}{}", output.stdout, output.stderr);
    let results = json(&output.stdout);
    assert!(results["left-out"].as_str().is_some_and(|left| left.starts_with("out of time")), "{results}");
    assert_eq!(results["fresh"], Json::Null, "own seeds come first");
    let long = &results["own"][0];
    let statuses: Vec<_> =
        long["properties"].as_array().expect("properties").iter().map(|one| &one["status"]).collect();
    assert!(statuses.iter().all(|status| *status == "unknown"), "{long}");
    // With time for its own seeds, it goes on with fresh ones until the time is up, and that is green.
    std::fs::remove_file(folder.join("long.toml")).expect("it is there");
    let output = shaketable(&["ci", &dir, "--for", "4s", "--fresh-from", "x", "--format", "json"]);
    assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);
    let fresh = json(&output.stdout)["fresh"]["scenarios"][0]["seeds"]["ran"].as_u64();
    assert!(fresh >= Some(20), "{fresh:?} fresh seeds");
}

#[test]
fn an_interrupt_keeps_what_is_known() {
    let (folder, dir) = project("stopped");
    file(&folder, "long.toml", &RIGHT.replace("0..6", "0..1000000"));
    let junit = folder.join("junit.xml");
    let mut command = command(&["ci", &dir, "--junit", junit.to_str().expect("text")]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(kill.success());
    let output = child.wait_with_output().expect("it ends");
    let stdout = String::from_utf8(output.stdout).expect("text");
    assert_eq!(output.status.code(), Some(130), "{stdout}");
    assert!(stdout.contains("interrupted: not all seeds of") && stdout.contains("still fails"), "{stdout}");
    assert!(text(&junit).contains("<skipped"), "what had no turn is skipped");
}

#[test]
fn what_came_of_it_is_in_the_files_even_if_it_cannot_be_printed() {
    let (folder, dir) = project("full");
    let junit = folder.join("junit.xml");
    let mut command = command(&["ci", &dir, "--junit", junit.to_str().expect("text")]);
    let full = std::fs::File::options().write(true).open("/dev/full").expect("a device that is full");
    let output = command.stdout(full).stderr(Stdio::piped()).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(text(&junit).contains("failures=\"0\""), "{}", text(&junit));
}

#[test]
fn a_file_that_cannot_be_written_is_refused_before_anything_runs() {
    let (folder, dir) = project("refused");
    file(&folder, "long.toml", &RIGHT.replace("0..6", "0..1000000000"));
    let below = file(&folder, "file", "") + "/report";
    for asked in ["--junit", "--json", "--summary"] {
        let output = shaketable(&["ci", &dir, asked, &below]);
        assert_eq!(output.code, Some(2), "{}{}", output.stdout, output.stderr);
        assert!(output.stderr.starts_with(&format!("error: cannot write {below}: ")), "{}", output.stderr);
        assert_eq!(output.stdout, "");
    }
    let mut command = command(&["ci", &dir, "--format", "github"]);
    let output = command.env("GITHUB_STEP_SUMMARY", &below).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn where_nothing_was_finished_nothing_is_as_expected() {
    let (_, dir) = project("no-time");
    let output = shaketable(&["ci", &dir, "--for", "0s"]);
    assert_eq!(output.code, Some(3), "{}{}", output.stdout, output.stderr);
    assert!(output.stdout.contains("no scenario was finished"), "{}", output.stdout);
    assert!(!output.stdout.contains("scenarios as expected"), "{}", output.stdout);
}
