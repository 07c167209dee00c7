//! Shards as an engine runs them: by the program, each in a process of its own, some of which are killed.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // It runs the program and reads what it leaves.

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use common::{Output, command, file, folder, shaketable};
use serde_json::Value as Json;

/// A few short runs: one scenario that passes, one that fails, and two with a planted bug, one of which gets away.
fn scenarios(folder: &Path) -> PathBuf {
    let below = folder.join("scenarios");
    std::fs::create_dir_all(&below).expect("a folder");
    let calm = "nodes = 3\nduration = \"3s\"\nseeds = \"0..20\"\n";
    file(&below, "calm.toml", &format!("protocol = \"raft\"\n{calm}"));
    let cut_off = "nodes = 3\nduration = \"12s\"\nseeds = \"0..20\"\n[raft]\nelections = \"plain\"\n[clients]\nworkload = \"register\"\nkeys = 1\n\
                   reads = 90\n[[fault]]\nisolate = { node = \"leader\", every = [\"500ms\", \"2s\"], for = [\"500ms\", \"2s\"] }\n";
    file(&below, "failing.toml", &format!("protocol = \"raft/local-reads\"\n{cut_off}"));
    let expect = "[expect]\nverdict = { violation = \"linearizability\", within-seeds = 20 }\n";
    file(&below, "caught.toml", &format!("protocol = \"raft/local-reads\"\n{cut_off}{expect}"));
    file(&below, "away.toml", &format!("protocol = \"raft/local-reads\"\n{calm}{expect}"));
    below
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of text")
}

fn run_shard(scenarios: &Path, shard: &str, out: &Path, rest: &[&str]) -> Output {
    shaketable(&[&["run", text(scenarios), "--shard", shard, "--out", text(out)], rest].concat())
}

/// The files in a folder that are not hidden, with what is in them.
fn files(folder: &Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let shown = entries.filter(|path| !path.file_name().expect("a name").to_string_lossy().starts_with('.'));
    let mut files: Vec<_> = shown
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).expect("text");
            // A page has in it, compressed, where its case is; which is another folder.
            if name.ends_with(".html") { (name, text[..100].to_owned()) } else { (name, text) }
        })
        .collect();
    files.sort();
    files
}

#[test]
fn merged_shards_print_and_leave_what_one_run_prints_and_leaves() {
    let folder = folder("shards");
    let scenarios = scenarios(&folder);
    let (whole, out) = (folder.join("whole"), folder.join("merged"));
    let alone = shaketable(&["run", text(&scenarios), "--format", "json", "--out", text(&whole)]);
    assert_eq!(alone.code, Some(1), "{}", alone.stderr);
    for count in [1, 3, 7] {
        let sheets = folder.join(format!("sheets-{count}"));
        for number in (1..=count).rev() {
            let jobs = ["1", "2", "3"][number % 3];
            let shard = run_shard(&scenarios, &format!("{number}/{count}"), &sheets, &["--jobs", jobs]);
            assert_eq!(shard.code, Some(0), "a shard that is written is no failure: {}", shard.stderr);
        }
        let args = ["merge", text(&sheets), text(&sheets), "--out", text(&out), "--format", "json"];
        let merged = shaketable(&args);
        assert_eq!(merged.stdout, alone.stdout.replace(text(&whole), text(&out)), "{count} shards");
        assert_eq!((merged.code, files(&out)), (alone.code, files(&whole)), "{count} shards: {}", merged.stderr);
        // Once more, with what was left the first time.
        assert_eq!(shaketable(&args).stdout, merged.stdout);
        assert_eq!(files(&out), files(&whole));
    }
    let merged = shaketable(&["merge", text(&folder.join("sheets-3")), "--out", text(&out)]);
    let case = merged.stdout.lines().find_map(|line| line.strip_prefix("reproduce: shaketable ")).expect("a command");
    let replayed = shaketable(&case.split(' ').collect::<Vec<_>>());
    assert_eq!(replayed.code, Some(1), "{case}: {}{}", replayed.stdout, replayed.stderr);
}

#[test]
fn an_engine_gives_the_index_and_never_the_count() {
    let folder = folder("indexed");
    let calm = file(&folder, "calm.toml", "protocol = \"raft\"\nnodes = 3\nduration = \"3s\"\nseeds = \"0..6\"\n");
    let run = |rest: &str, value: Option<&str>| {
        let out = folder.join("out");
        let words: Vec<_> = rest.split(' ').collect();
        let mut command = command(&[&["run", &calm, "--out", text(&out)], &words[..]].concat());
        // What Slurm says to a task that was submitted again by itself must not matter.
        command.env("SLURM_ARRAY_TASK_COUNT", "1").env("SLURM_ARRAY_TASK_MIN", "3");
        match value {
            Some(value) => command.env("TASK", value),
            None => command.env_remove("TASK"),
        };
        let output = command.output().expect("the program runs");
        (output.status.code(), String::from_utf8(output.stderr).expect("text"))
    };
    assert_eq!(run("--shard-index TASK --shard-count 3", Some("0")).0, Some(0));
    assert_eq!(run("--shard-index TASK --shard-count 3 --shard-base 1", Some("2")).0, Some(0));
    assert_eq!(run("--shard 3/3", None).0, Some(0));
    let names: Vec<_> = files(&folder.join("out")).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["shard-0001-of-0003.ndjson", "shard-0002-of-0003.ndjson", "shard-0003-of-0003.ndjson"]);
    let merged = shaketable(&["merge", text(&folder.join("out"))]);
    assert_eq!(merged.code, Some(0), "{}{}", merged.stdout, merged.stderr);

    for (rest, value, said) in [
        ("--shard-index TASK", Some("0"), "--shard-count"),
        ("--shard-count 3", Some("0"), "--shard-index"),
        ("--shard-index TASK --shard-count 3", None, "no variable TASK"),
        ("--shard-index TASK --shard-count 3", Some(""), "no index"),
        ("--shard-index TASK --shard-count 3", Some("two"), "`two`"),
        ("--shard-index TASK --shard-count 3", Some("3"), "TASK is 3, but there is no shard 3: 3 are numbered 0 to 2"),
        ("--shard-index TASK --shard-count 3 --shard-base 1", Some("0"), "3 are numbered 1 to 3"),
        ("--shard-index 2 --shard-count 3", None, "without a `$`"),
        ("--shard 4/3", None, "no shard 4"),
        ("--shard 1/3 --seeds random:9", None, "each shard would draw seeds of its own"),
        ("--shard 1/3 --shard-index TASK --shard-count 3", Some("0"), "cannot be used with"),
    ] {
        let (code, stderr) = run(rest, value);
        assert!(code == Some(2) && stderr.contains(said), "{rest} with {value:?}: {code:?}, {stderr}");
    }
    assert_eq!(files(&folder.join("out")).len(), 3, "nothing else was written");
}

#[test]
fn what_is_not_one_whole_sweep_is_refused_and_says_why() {
    let folder = folder("refused");
    let calm = |seeds: &str| format!("protocol = \"raft\"\nnodes = 3\nduration = \"3s\"\nseeds = \"{seeds}\"\n");
    let scenario = file(&folder, "calm.toml", &calm("0..6"));
    let scenario = Path::new(&scenario);
    let sheet = |shard: &str, out: &str| {
        let out = folder.join(out);
        let told = run_shard(scenario, shard, &out, &["--format", "json"]);
        let told: Json = serde_json::from_str(&told.stdout).expect("JSON");
        told["file"].as_str().expect("a file").to_owned()
    };
    let merge = |paths: &[&str]| {
        let output = shaketable(&[&["merge", "--out", text(&folder.join("out"))], paths].concat());
        assert_eq!(output.stdout, "", "nothing is reported of what is refused");
        (output.code, output.stderr)
    };
    let one = sheet("1/2", "sheets");
    assert_eq!(merge(&[&one]), (Some(3), "error: 1 of 2 shards are missing: 2/2\n".to_owned()));
    let (code, said) = merge(&[&one, &sheet("2/3", "thirds")]);
    assert!(code == Some(2) && said.contains("one is of 2 shards, the other of 3"), "{said}");
    let two = sheet("2/2", "sheets");
    let whole = std::fs::read_to_string(&two).expect("a shard");
    for broken in [&whole[..whole.len() / 2], &whole.replacen("\"ran\":3", "\"ran\":4", 1)] {
        assert_ne!(broken, whole);
        std::fs::write(&two, broken).expect("a file");
        let (code, said) = merge(&[&one, &two]);
        assert!(code == Some(3) && said.contains("is damaged; run this shard again"), "{said}");
    }
    std::fs::write(&two, whole.replacen("\"shaketable-shard\":1", "\"shaketable-shard\":2", 1)).expect("a file");
    assert_eq!(merge(&[&one, &two]).0, Some(2));
    file(&folder, "calm.toml", &calm("0..8"));
    let (code, said) = merge(&[&one, &sheet("2/2", "sheets")]);
    assert!(code == Some(2) && said.contains("with seeds 0..6 and 0..8"), "{said}");
    assert_eq!(merge(&[text(&folder.join("missing"))]).0, Some(2));
    std::fs::create_dir(folder.join("empty")).expect("a folder");
    assert_eq!(merge(&[text(&folder.join("empty"))]).0, Some(4));
    assert_eq!(merge(&[text(scenario)]).0, Some(2), "a scenario is no shard");
    assert!(!folder.join("out").exists());
}

#[test]
fn a_shard_that_is_killed_leaves_the_file_of_before_or_its_own_and_never_half_of_it() {
    let folder = folder("killed");
    let calm = "protocol = \"raft\"\nnodes = 3\nduration = \"3s\"\nseeds = \"0..40\"\n";
    let (scenario, out) = (PathBuf::from(file(&folder, "calm.toml", calm)), folder.join("sheets"));
    let shard = || assert_eq!(run_shard(&scenario, "1/1", &out, &[]).code, Some(0));
    let began = std::time::Instant::now();
    shard();
    let took = began.elapsed();
    let whole = files(&out);
    assert_eq!(whole.len(), 1);
    let mut killed = 0;
    for round in 0..12_u32 {
        let (nothing_there, on_writing) = (round % 3 > 0, round % 3 == 1);
        if nothing_there {
            std::fs::remove_dir_all(&out).expect("a folder");
            std::fs::create_dir(&out).expect("a folder");
        } else {
            shard();
            assert_eq!(files(&out), whole, "it is written over with the same bytes");
        }
        let args = ["run", text(&scenario), "--shard", "1/1", "--out", text(&out)];
        let mut child = command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program runs");
        if on_writing {
            let empty = || std::fs::read_dir(&out).expect("a folder").next().is_none();
            while empty() && child.try_wait().expect("it runs").is_none() {
                std::hint::spin_loop();
            }
        } else {
            std::thread::sleep(took * round / 12);
        }
        child.kill().expect("it can be killed");
        killed += u32::from(!child.wait().expect("it ends").success());
        let left = files(&out);
        assert!(left == whole || nothing_there && left.is_empty(), "half a file is left: {left:?}");
        let merged = if left.is_empty() { Some(4) } else { Some(0) };
        assert_eq!(shaketable(&["merge", text(&out)]).code, merged, "what is left beside it does not matter");
    }
    assert!(killed > 0, "none was killed in time");
    shard();
    assert_eq!(files(&out), whole);
}

#[test]
fn an_interrupted_shard_leaves_no_file() {
    let out = folder("interrupted");
    let args = ["run", "scenarios/raft/crashes.toml", "--seeds", "0..1000000", "--shard", "1/2", "--out", text(&out)];
    let child = command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
    std::thread::sleep(Duration::from_millis(700));
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs").success());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(130), true));
    assert_eq!(files(&out), []);
}
