//! `shaketable check` as its user meets it: verdicts, pictures, mistakes, exit codes, and histories of our own runs.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // It runs the program and reads what it leaves.

mod common;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use common::{Output, ROOT, command, file, folder, shaketable};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value as Json;

const HISTORIES: &str = "scenarios/tests/histories";

/// The histories of the tests, in order.
fn histories() -> Vec<String> {
    let entries = fs::read_dir(Path::new(ROOT).join(HISTORIES)).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name of text")).collect();
    names.sort();
    names.into_iter().map(|name| format!("{HISTORIES}/{name}")).collect()
}

fn check(args: &[&str]) -> Output {
    shaketable(&[&["check"][..], args].concat())
}

fn json(args: &[&str]) -> Json {
    let output = check(&[args, &["--format", "json"]].concat());
    serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", output.stdout, output.stderr))
}

/// Runs `shaketable check` with this on its stdin.
fn check_stdin(args: &[&str], input: &[u8]) -> Output {
    let mut command = command(&[&["check", "-"][..], args].concat());
    let mut child: Child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
    // It may see enough before it has read all.
    let _ = child.stdin.take().expect("a pipe").write_all(input);
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes| String::from_utf8(bytes).expect("the program prints UTF-8");
    Output { stdout: text(output.stdout), stderr: text(output.stderr), code: output.status.code() }
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

#[test]
fn each_history_has_the_verdict_in_its_name_and_a_picture_if_it_is_bad() {
    let mut all = String::new();
    for path in histories() {
        let output = check(&[&path]);
        let expected = if path.contains("-ok.") {
            0
        } else if path.contains("-unknown.") {
            3
        } else {
            1
        };
        assert_eq!(output.code, Some(expected), "{path}: {}{}", output.stdout, output.stderr);
        all += &output.stdout;
    }
    insta::assert_snapshot!(all);
}

#[test]
fn several_histories_have_a_line_each_and_the_worst_decides() {
    let named = |name: &str| format!("{HISTORIES}/{name}");
    let (good, bad) = (named("cas-ok.edn"), named("cas-bad.edn"));
    let folder = folder("check-several");
    let wrong = file(&folder, "wrong.ndjson", "{\"type\":\"invok\",\"process\":0,\"f\":\"read\"}\n");
    let missing = folder.join("missing.edn");
    let missing = missing.to_str().expect("text");
    // What a counter was is searched for; what tells who wrote it is not, and costs nothing.
    let (searched, starved) = (named("counter-ok.edn"), ["--budget-states", "1"]);
    let all = check(&[&good, missing, &bad, &wrong, &good]);
    assert_eq!(all.code, Some(2));
    let words = ["linearizable ", "not read ", "not linearizable ", "not read ", "linearizable "];
    let lines: Vec<&str> =
        all.stdout.lines().filter(|line| line.contains(".edn") || line.contains(".ndjson")).collect();
    assert_eq!(lines.len(), words.len(), "{}", all.stdout);
    for (line, word) in lines.iter().zip(words) {
        assert!(line.starts_with(word), "`{line}` should begin with `{word}`");
    }
    assert!(all.stdout.ends_with("5 histories: 2 hold, 1 violated, 2 not read\n"), "{}", all.stdout);
    assert!(all.stderr.contains("wrong.ndjson:1\n") && all.stderr.contains("missing.edn\n"), "{}", all.stderr);
    assert_eq!(check(&[&good, &bad]).code, Some(1));
    assert_eq!(check(&[&[good.as_str(), &searched][..], &starved].concat()).code, Some(3));
    // A violation is worse than a budget that ran out, whatever the order.
    let keyed_bad = named("keyed-bad.edn");
    for files in [[&keyed_bad, &searched], [&searched, &keyed_bad]] {
        let output = check(&[&[files[0].as_str(), files[1].as_str()][..], &starved].concat());
        assert_eq!(output.code, Some(1), "{}", output.stdout);
        assert!(output.stdout.contains("1 violated, 1 inconclusive"), "{}", output.stdout);
    }
}

#[test]
fn a_budget_that_runs_out_is_inconclusive_and_says_which() {
    let history = format!("{HISTORIES}/counter-ok.edn");
    let states = check(&[&history, "--budget-states", "1"]);
    assert_eq!(states.code, Some(3), "{}", states.stdout);
    assert!(states.stdout.contains("as many states as it may"), "{}", states.stdout);
    // Many appends at once, in an order that somebody saw: not the one that the read shows, which only all orders tell.
    let mut hard = String::new();
    for kind in ["invoke", "ok"] {
        for process in 0..14 {
            let letter = char::from(b'a' + process);
            hard += &format!("{{:process {process}, :type :{kind}, :f :append, :key 1, :value \"{letter}\"}}\n");
        }
    }
    hard += "{:process 0, :type :invoke, :f :get, :key 1}\n{:process 0, :type :ok, :f :get, :key 1, :value \"z\"}\n";
    let folder = folder("check-hard");
    let hard = file(&folder, "hard.edn", &hard);
    for budget in [["--budget-bytes", "10kB"], ["--budget-states", "1000"]] {
        let output = check(&[&[hard.as_str()][..], &budget].concat());
        assert_eq!(output.code, Some(3), "{budget:?}: {}", output.stdout);
    }
    let report = json(&[&hard, "--budget-bytes", "10kB"]);
    let finding = &report["files"][0]["findings"][0];
    assert_eq!((&finding["level"], &finding["verdict"]), (&"linearizable".into(), &"inconclusive".into()));
    assert!(finding["reason"].as_str().expect("a reason").contains("memory"), "{finding}");
    // All appends can be explained; the read that nobody can decide on is alone.
    assert_eq!((&finding["explained"], &finding["open"]), (&14.into(), &1.into()), "{finding:#}");
    assert_eq!(finding["next"]["operation"], "get", "{finding:#}");
    let output = check(&[&hard, "--budget-states", "1000"]);
    assert!(output.stdout.contains("can be explained; then get → \"z\" by process 0"), "{}", output.stdout);
}

#[test]
fn programs_get_the_verdict_the_culprit_and_the_story() {
    let report = json(&[&format!("{HISTORIES}/register-stale.ndjson"), &format!("{HISTORIES}/cas-ok.edn")]);
    insta::assert_snapshot!(format!("{report:#}"));
}

#[test]
fn what_is_wrong_is_said_with_its_line_and_what_is_allowed() {
    let folder = folder("check-mistakes");
    let files = [
        (
            "events.ndjson",
            concat!(
                "{\"type\":\"invoke\",\"process\":0,\"f\":\"read\"}\n",
                "{\"type\":\"invok\",\"process\":1,\"f\":\"read\"}\n",
                "{\"process\":1,\"f\":\"read\"}\n",
                "{\"type\":\"invoke\",\"f\":\"read\"}\n",
                "{\"type\":\"invoke\",\"process\":1}\n",
                "{\"type\":\"invoke\",\"process\":1,\"f\":7}\n",
                "{\"type\":\"invoke\",\"process\":0,\"f\":\"write\",\"value\":1}\n",
                "{\"type\":\"ok\",\"process\":2}\n",
                "{\"type\":\"ok\",\"process\":0,\"f\":\"write\"}\n",
                "\n",
                "{\"type\":\"invoke\",\n",
                "[1]\n",
            ),
        ),
        (
            "keys.ndjson",
            concat!(
                "{\"type\":\"invoke\",\"process\":0,\"f\":\"read\",\"key\":\"x\"}\n",
                "{\"type\":\"ok\",\"process\":0,\"f\":\"read\",\"key\":\"y\"}\n",
            ),
        ),
        ("version.ndjson", "{\"history\":2}\n"),
        (
            "model.ndjson",
            "{\"history\":1,\"model\":\"cas-registr\"}\n{\"type\":\"invoke\",\"process\":0,\"f\":\"read\"}\n",
        ),
        ("numbers.ndjson", "{\"type\":\"invoke\",\"process\":0,\"f\":\"write\",\"value\":9007199254740993000001}\n"),
        (
            "keyless.ndjson",
            concat!(
                "{\"type\":\"invoke\",\"process\":0,\"f\":\"write\",\"value\":1}\n",
                "{\"type\":\"invoke\",\"process\":1,\"f\":\"write\",\"key\":\"x\",\"value\":2}\n",
            ),
        ),
        (
            "other.edn",
            "{:process 0, :type :invoke, :f :write, :value 1}\n{:process 0, :type :ok, :f :write, :value 2}\n",
        ),
        ("escapes.txt", "\u{1b}]0;title\u{7}\n"),
        ("empty.log", ""),
        ("blank.log", "\n\n"),
        ("nothing.edn", "[]"),
        ("prose.txt", "\nCall me Ishmael.\n"),
        ("array.json", "[{\"type\":\"invoke\"}]"),
        ("open.edn", "[{:process 0, :type :invoke, :f :read, :value nil}\n"),
        ("brackets.edn", "[{:process 0, :type :invoke, :f :read, :value nil)\n]"),
        ("behind.edn", "({:process 0, :type :invoke, :f :read, :value nil})\n7\n"),
        ("closes.edn", "{:process 0, :type :invoke, :f :read, :value nil}\n]\n"),
        (
            "maps.edn",
            concat!(
                "[7\n{:type :invoke, :f :read}\n{:process 1, :f :read}\n{:process 1, :type :begin, :f :read}\n",
                "{:process 1, :type :invoke, :f 7}]",
            ),
        ),
        ("lines.log", "0\t:invoke\t:read\tnil\n0 :invoke\n0\t:begin\t:read\tnil\nsomething else\n"),
        ("queue.edn", "{:process 0, :type :invoke, :f :enqueue, :value 1}\n{:process 0, :type :invoke, :f :dequeue}"),
        ("unknown.edn", "{:process 0, :type :invoke, :f :swim, :value 1}\n"),
        ("several.edn", "{:process 0, :type :invoke, :f :get}\n"),
        (
            "values.edn",
            concat!(
                "{:process 0, :type :invoke, :f :cas, :value 1}\n",
                "{:process 1, :type :invoke, :f :cas, :value [1 2]}\n",
                "{:process 1, :type :ok, :f :cas, :value [1 3]}\n",
                "{:process 2, :type :invoke, :f :write, :value 1}\n",
            ),
        ),
        (
            "sums.edn",
            concat!(
                "{:process 0, :type :invoke, :f :add-and-get, :value -1}\n",
                "{:process 1, :type :invoke, :f :read, :value nil}\n",
                "{:process 1, :type :ok, :f :read, :value :many}\n",
            ),
        ),
        (
            "txn.edn",
            concat!(
                "{:process 0, :type :invoke, :f :txn, :value [[:append :x 1] [:r :x nil]]}\n",
                "{:process 0, :type :ok, :f :txn, :value [[:append :x 2] [:r :x [1]]]}\n",
                "{:process 1, :type :invoke, :f :txn, :value [[:append :x]]}\n",
                "{:process 2, :type :invoke, :f :txn, :value 7}\n",
                "{:process 3, :type :invoke, :f :txn, :value [[:append :x nil]]}\n",
                "{:process 5, :type :invoke, :f :txn, :value [[:r :x nil]]}\n",
                "{:process 5, :type :ok, :f :txn, :value [[:r :x 5]]}\n",
            ),
        ),
        ("keyed-txn.edn", "{:process 4, :type :invoke, :f :txn, :key :k, :value [[:append :x 3]]}\n"),
        ("both.edn", "{:process 0, :type :invoke, :f :txn, :value [[:append :x 1] [:w :y 2]]}\n"),
    ];
    let mut all = String::new();
    for (name, text) in files {
        let path = file(&folder, name, text);
        let output = check(&[&path]);
        assert_eq!(output.code, Some(2), "{name}: {}{}", output.stdout, output.stderr);
        assert!(output.stdout.starts_with("not read"), "{name}: {}", output.stdout);
        all += &output.stderr.replace(folder.to_str().expect("text"), "…");
    }
    let pairs = file(&folder, "pairs.edn", "{:process 0, :type :invoke, :f :write, :value 1}\n");
    all += &check(&[&pairs, "--keyed", "always"]).stderr.replace(folder.to_str().expect("text"), "…");
    let report = check(&[&pairs, "--model", "text", "--format", "json"]);
    assert_eq!(report.code, Some(2));
    assert!(report.stdout.contains("\"given\": \"an unknown operation `write`\""), "{}", report.stdout);
    insta::assert_snapshot!(all);
}

#[test]
fn many_mistakes_are_told_up_to_a_bound() {
    let output = check_stdin(&[], "{\"type\":\"what\",\"process\":0}\n".repeat(1_000).as_bytes());
    assert_eq!((output.code, output.stderr.matches("error:").count()), (Some(2), 20), "{}", output.stderr);
    assert!(output.stderr.contains("--> stdin:20\n"), "{}", output.stderr);
}

#[test]
fn of_a_folder_all_histories_below_it_are_checked() {
    let files = histories();
    let (one, each) = (check(&[HISTORIES]), check(&files.iter().map(String::as_str).collect::<Vec<_>>()));
    assert_eq!((&one.stdout, one.code), (&each.stdout, each.code), "{}", one.stderr);
    let folder = folder("check-folder");
    let path = folder.to_str().expect("text");
    file(&folder, "readme.md", "No history.");
    let none = check(&[path]);
    assert!(none.code == Some(2) && none.stderr.contains("there is no history in"), "{}", none.stderr);
    let packed = gzipped(&fs::read(Path::new(ROOT).join(&files[0])).expect("a history"));
    fs::create_dir_all(folder.join("deep")).expect("a folder");
    fs::write(folder.join("deep/one.edn.gz"), packed).expect("a file");
    fs::write(folder.join("deep/results.edn"), "{:valid? true}").expect("a file");
    assert_eq!(check(&[path]).code, check(&[&files[0]]).code);
    // What is wrong with one keeps nothing from being checked, and no file is checked twice.
    let one = check(&[&files[0], HISTORIES, "missing"]);
    assert!(one.code == Some(2) && one.stdout.contains(&format!("{} histories: ", files.len() + 1)), "{}", one.stdout);
}

#[test]
fn a_history_comes_from_stdin_compressed_or_not_whatever_its_name() {
    let folder = folder("check-gzip");
    for path in histories() {
        let bytes = fs::read(Path::new(ROOT).join(&path)).expect("a history");
        let plain = check(&[&path]);
        let expected = plain.stdout.replace(&path, "stdin");
        let packed = gzipped(&bytes);
        for input in [&bytes, &packed, &[&b"\xef\xbb\xbf"[..], &bytes].concat()] {
            let output = check_stdin(&[], input);
            assert_eq!((&output.stdout, output.code), (&expected, plain.code), "{path}: {}", output.stderr);
        }
        let name = folder.join("history");
        fs::write(&name, &packed).expect("a file");
        assert_eq!(check(&[name.to_str().expect("text")]).code, plain.code, "{path}");
        // What is cut off is no history, and is not taken for a shorter one.
        let cut = check_stdin(&[], &packed[..packed.len() - 12]);
        assert!(cut.code == Some(2) && cut.stderr.contains("stdin:"), "{path}: {}{}", cut.stdout, cut.stderr);
    }
}

#[test]
fn format_model_and_keys_can_be_said() {
    let folder = folder("check-said");
    // Read as a map, the register was never written; read as a string, it is empty at first.
    let gets = "{:process 0, :type :invoke, :f :get, :key 1}\n{:process 0, :type :ok, :f :get, :key 1, :value \"\"}\n";
    let gets = file(&folder, "gets.edn", gets);
    assert_eq!(check(&[&gets]).code, Some(2), "kv or text");
    assert_eq!(check(&[&gets, "--model", "text"]).code, Some(0));
    assert_eq!(check(&[&gets, "--model", "kv"]).code, Some(1));
    let clap = check(&[&gets, "--model", "txt"]);
    assert!(clap.code == Some(2) && clap.stderr.contains("'text'"), "{}", clap.stderr);
    // Pairs are keys and values, unless it is said that they are values.
    let pairs = concat!(
        "{:process 0, :type :invoke, :f :write, :value [1 2]}\n{:process 0, :type :ok, :f :write, :value [1 2]}\n",
        "{:process 0, :type :invoke, :f :write, :value [2 2]}\n{:process 0, :type :ok, :f :write, :value [2 2]}\n",
    );
    let pairs = file(&folder, "pairs.edn", pairs);
    for (keyed, keys) in [("auto", 2), ("always", 2), ("never", 1)] {
        assert_eq!(json(&[&pairs, "--keyed", keyed])["files"][0]["keys"], keys, "{keyed}");
    }
    // What looks like a log is not read as EDN by mistake.
    let log = format!("{HISTORIES}/log-ok.log");
    assert_eq!(check(&[&log, "--input", "log"]).code, Some(0));
    assert_eq!(check(&[&log, "--input", "edn"]).code, Some(2));
}

/// Inside, keys are numbered with sixteen bits; outside, nobody knows.
#[test]
fn there_may_be_more_keys_than_are_looked_at_together() {
    let mut text = String::new();
    let mut write = |key: u32, read: u32| {
        text +=
            &format!("{{:process 0, :type :invoke, :f :write, :key {key}, :value {key}}}\n{{:process 0, :type :ok}}\n");
        text += &format!("{{:process 1, :type :invoke, :f :read, :key {key}}}\n");
        text += &format!("{{:process 1, :type :ok, :value {read}}}\n");
    };
    (0..70_000).for_each(|key| write(key, key));
    write(70_000, 1);
    let folder = folder("check-keys");
    let path = file(&folder, "keys.edn", &text);
    let report = json(&[&path]);
    assert_eq!(report["files"][0]["keys"], 70_001);
    let finding = &report["files"][0]["findings"][0];
    assert_eq!((&finding["verdict"], &finding["key"]), (&"violated".into(), &"70000".into()), "{finding}");
    assert_eq!(finding["culprit"]["returned"]["line"], 4 * 70_001);
}

#[test]
fn a_picture_is_as_narrow_as_is_asked() {
    let path = format!("{HISTORIES}/register-stale.ndjson");
    for width in ["30", "45", "60", "200"] {
        let output = check(&[&path, "--width", width]);
        let width: usize = width.parse().expect("a number");
        let text: Vec<&str> = output.stdout.lines().skip(1).collect();
        assert!(text.iter().all(|line| line.chars().count() <= width), "{width}: {}", output.stdout);
        assert!(text.iter().any(|line| line.contains('╞')), "{}", output.stdout);
    }
}

/// Histories of our own runs say what the runs said, whether they were written as such or are taken from a trace.
#[test]
fn a_run_and_its_history_have_the_same_verdict() {
    let folder = folder("check-round-trip");
    let (history, trace) = (folder.join("history.ndjson"), folder.join("trace.ndjson"));
    let (history, trace) = (history.to_str().expect("text"), trace.to_str().expect("text"));
    let runs = [
        ("scenarios/raft/calm.toml", 0..2),
        ("scenarios/negative/raft-local-reads.toml", 0..6),
        ("scenarios/negative/raft-no-session-dedup.toml", 0..3),
        ("scenarios/negative/ring-small-quorums.toml", 0..3),
        ("scenarios/negative/dynamo-lww-not-linearizable.toml", 0..1),
        ("scenarios/synod/calm.toml", 0..2),
    ];
    let (mut passed, mut violated, mut same) = (0, 0, 0);
    for (scenario, seeds) in runs {
        for seed in seeds {
            let seed = seed.to_string();
            let run = shaketable(&["replay", scenario, "--seed", &seed, "--history", history, "--trace", trace]);
            let checked = json(&[history, trace]);
            let verdict = match run.stdout.lines().last() {
                Some("pass") => "holds",
                Some(last) if last.starts_with("violation of linearizability/") => "violated",
                _ => continue, // Another check has ended the run.
            };
            for file in checked["files"].as_array().expect("files") {
                assert_eq!(file["findings"][0]["verdict"], verdict, "{scenario}, seed {seed}: {file:#}");
            }
            assert_eq!(checked["files"][0]["operations"], checked["files"][1]["operations"], "{scenario}, seed {seed}");
            // The culprit is the same operation, too, if it is of the same object: it is named first in the story of the run.
            let finding = &checked["files"][0]["findings"][0];
            let story = run.stdout.lines().find(|line| line.trim_start().starts_with("story ")).unwrap_or_default();
            if let (Some(key), Some(culprit)) = (finding["key"].as_str(), finding["culprit"]["process"].as_str())
                && story.contains(&format!(" {key} "))
            {
                assert!(story.contains(&format!(" {culprit}#")), "{story}\n{finding:#}");
                same += 1;
            }
            *(if verdict == "holds" { &mut passed } else { &mut violated }) += 1;
        }
    }
    assert!(
        passed >= 4 && violated >= 4 && same >= 3,
        "{passed} passed, {violated} did not, {same} for the same reason"
    );
    let to_stdout = shaketable(&["replay", "scenarios/raft/calm.toml", "--seed", "1", "--history", "-"]);
    assert!(to_stdout.stdout.starts_with("{\"history\":1,\"model\":"), "{}", to_stdout.stdout);
    assert_eq!(check_stdin(&[], to_stdout.stdout.as_bytes()).code, Some(0));
    let nowhere = shaketable(&["replay", "scenarios/raft/calm.toml", "--seed", "1", "--history", "missing/x"]);
    assert_eq!(nowhere.code, Some(2));
}

#[test]
fn an_interrupt_keeps_what_was_found() {
    let good = format!("{HISTORIES}/cas-ok.edn");
    // A history from a pipe that nobody closes.
    let mut command = command(&["check", &good, "-"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
    let pipe = child.stdin.take();
    std::thread::sleep(Duration::from_millis(1_000));
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(kill.success());
    let output = child.wait_with_output().expect("it ends");
    drop(pipe);
    assert_eq!(output.status.code(), Some(130));
    let stdout = String::from_utf8(output.stdout).expect("text");
    assert!(stdout.starts_with("linearizable "), "{stdout}");
}

#[test]
fn what_the_readme_shows_is_what_comes_out() {
    let readme = fs::read_to_string(Path::new(ROOT).join("README.md")).expect("text");
    let section = readme.split("## Check a history of your own").nth(1).expect("a section");
    let block = |language: &str| {
        let begin = section.split(&format!("```{language}\n")).nth(1).unwrap_or_else(|| panic!("no {language}"));
        begin.split("```").next().expect("a block")
    };
    let folder = folder("check-readme");
    file(&folder, "mine.ndjson", block("json"));
    let (line, expected) = block("text").split_once('\n').expect("a command and its output");
    assert_eq!(line, "$ shaketable check mine.ndjson");
    let output = command(&["check", "mine.ndjson"]).current_dir(&folder).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8(output.stdout).expect("text").trim_end(), expected.trim_end());
}
