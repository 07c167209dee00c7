//! The house rules that no compiler knows, as a test: one pass over every source file.
#![allow(clippy::disallowed_methods)] // It reads the sources.

use std::path::{Path, PathBuf};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// How long a source file may be. Longer, and it is several.
const LINES: usize = 450;

fn files(folders: &[&str], ending: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
        let mut entries: Vec<PathBuf> =
            std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                if !path.ends_with("target") {
                    walk(&path, ending, found);
                }
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    folders.iter().for_each(|folder| walk(&Path::new(ROOT).join(folder), ending, &mut found));
    assert!(!found.is_empty(), "no {ending} in {folders:?}");
    found
}

const HOUSE: [&str; 4] = ["sim", "protocols", "reports", "scenarios"];

/// Reports everything that `wrong` says of some line, with the place.
fn every_line(files: &[PathBuf], wrong: impl Fn(&str) -> Option<&'static str>) {
    let mut found = Vec::new();
    for path in files.iter().filter(|path| !path.ends_with("tidy.rs")) {
        let text = std::fs::read_to_string(path).expect("text");
        for (number, line) in text.lines().enumerate() {
            found.extend(wrong(line).map(|why| format!("{}:{}: {why}", path.display(), number + 1)));
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn no_file_is_too_long() {
    for path in files(&HOUSE, ".rs") {
        let lines = std::fs::read_to_string(&path).expect("text").lines().count();
        assert!(lines <= LINES, "{} has {lines} lines: it wants to be several files", path.display());
    }
}

#[test]
fn nothing_is_left_for_later_and_no_test_sleeps() {
    every_line(&files(&HOUSE, ".rs"), |line| {
        let banned = [
            ("TODO", "do it now, or leave a note in an issue"),
            ("FIXME", "fix it now"),
            ("todo!(", "do it now"),
            ("unimplemented!(", "implement it"),
            ("#[ignore", "a test that does not run is not a test"),
            ("#[should_panic", "say what is expected, with catch_unwind or a Result"),
            ("dbg!(", "remove it"),
        ];
        banned.iter().find(|(word, _)| line.contains(word)).map(|(_, why)| *why)
    });
}

#[test]
fn the_world_knows_no_outside() {
    every_line(&files(&["sim/src", "protocols/src", "reports/src"], ".rs"), |line| {
        let code = line.split("//").next().unwrap_or_default();
        let banned = [
            ("HashMap", "its order changes from run to run: BTreeMap"),
            ("HashSet", "its order changes from run to run: BTreeSet"),
            ("std::time", "no wall clock decides anything"),
            ("std::thread", "a world lives in one thread"),
            ("thread_local!", "all a run knows is its arguments"),
            ("static mut", "all a run knows is its arguments"),
            ("std::env", "a run knows nothing of its environment"),
            ("std::fs", "only `scenarios` touches files"),
            ("println!", "only `scenarios` prints"),
        ];
        banned.iter().find(|(word, _)| code.contains(word)).map(|(_, why)| *why)
    });
}

#[test]
fn every_safety_rule_cites_its_paper() {
    let rules = files(&["protocols/src"], "rules.rs");
    for path in rules {
        let text = std::fs::read_to_string(&path).expect("text");
        let (mut doc, mut checked) = (String::new(), 0);
        for line in text.lines().map(str::trim) {
            if let Some(comment) = line.strip_prefix("///") {
                doc.push_str(comment);
            } else if line.starts_with("fn ") {
                assert!(doc.contains('§') || doc.contains("Figure"), "{}: `{line}` cites nothing", path.display());
                checked += 1;
            } else if !line.is_empty() && !line.starts_with("//") {
                doc.clear();
            }
            if line.starts_with("fn ") {
                doc.clear();
            }
        }
        assert!(checked >= 5, "{} has only {checked} rules", path.display());
    }
}

#[test]
fn every_scenario_says_what_it_guards_and_every_dependency_what_it_is_for() {
    // Those of the crate itself are no scenarios.
    let scenarios = files(&["scenarios"], ".toml").into_iter().filter(|path| !path.ends_with("Cargo.toml"));
    for path in scenarios {
        let text = std::fs::read_to_string(&path).expect("text");
        let comment = text.lines().take_while(|line| line.starts_with('#')).count();
        assert!(comment >= 3, "{} must open with what it guards and why", path.display());
    }
    let manifest = std::fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).expect("text");
    let dependencies = manifest.split("[workspace.dependencies]").nth(1).expect("a table of dependencies");
    let lines = dependencies.lines().take_while(|line| !line.starts_with('['));
    for line in lines.filter(|line| line.contains('=') && !line.contains("path =")) {
        assert!(line.contains("# "), "`{line}` does not say what it is for");
    }
}

#[test]
fn nothing_names_a_machine() {
    let mut all = files(&HOUSE, ".rs");
    all.extend(files(&HOUSE, ".toml"));
    all.extend(files(&[".ci"], ""));
    all.extend(
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "BUGS.md", "PLACEMENT.md", "SHRINKING.md"]
            .map(|name| Path::new(ROOT).join(name)),
    );
    all.retain(|path| path.exists());
    every_line(&all, |line| {
        let paths = ["/home/", "/root/", "/Users/", "/work/"];
        paths.iter().any(|path| line.contains(path)).then_some("a path of some machine")
    });
}

#[test]
fn files_are_written_whole_in_one_place() {
    let mut sources = files(&["scenarios/src"], ".rs");
    sources.retain(|path| !path.ends_with("whole.rs"));
    every_line(&sources, |line| {
        let banned = ["fs::rename(", "fs::hard_link(", ".unfinished"];
        banned.iter().any(|word| line.contains(word)).then_some("let `whole` write it")
    });
}
