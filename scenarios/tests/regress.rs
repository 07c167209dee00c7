//! Cases that are kept, as a project meets them: found, kept, repaired, broken again, and led astray by a change.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // It runs the program and reads what it leaves.

mod common;

use std::path::{Path, PathBuf};

use common::{ROOT, folder, shaketable};
use serde_json::Value as Json;

/// A case that is kept in this repository: a deposed leader answers a read, because it is isolated.
const CASE: &str = "scenarios/regressions/raft-local-reads-linearizability-read.toml";

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).expect("text")
}

/// A folder with a copy of the case.
fn kept(name: &str) -> (PathBuf, String) {
    let path = folder(name).join("case.toml");
    std::fs::copy(format!("{ROOT}/{CASE}"), &path).expect("a copy");
    let name = path.to_str().expect("text").to_owned();
    (path, name)
}

fn change(path: &Path, from: &str, to: &str) {
    let old = text(path);
    assert!(old.contains(from), "`{from}` is not in {old}");
    std::fs::write(path, old.replace(from, to)).expect("a file");
}

/// The result of the only case in the folder, and how the tool ended.
fn result(case: &str) -> (String, Option<i32>) {
    let output = shaketable(&["regress", "run", case, "--format", "json"]);
    let json: Json = serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{}", output.stderr));
    (json["cases"][0]["result"].as_str().expect("a result").to_owned(), output.code)
}

#[test]
fn every_kept_case_is_as_expected_and_the_right_protocols_survive_them() {
    let output = shaketable(&["regress", "run"]);
    assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);
    assert!(output.stdout.contains("as expected"), "{}", output.stdout);
    // A kept case is a scenario, too.
    let output = shaketable(&["run", "scenarios/regressions"]);
    assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);
}

#[test]
fn a_case_is_added_once_under_a_name_that_says_what_it_shows() {
    let folder = folder("added");
    let dir = folder.to_str().expect("text");
    let add = |extra: &[&str]| shaketable(&[&["regress", "add", CASE, "--dir", dir], extra].concat());
    let added = add(&[]);
    let file = folder.join("raft-local-reads-linearizability-read.toml");
    assert_eq!((added.code, added.stdout), (Some(0), format!("added {}\n", file.display())), "{}", added.stderr);
    let known = add(&[]);
    assert_eq!(known.code, Some(0));
    let kept = format!("the same case is kept already: {}", file.display());
    assert_eq!(known.stdout, format!("{kept}\n"));
    let renamed = add(&["--name", "stale-reads"]);
    assert_eq!(renamed.stdout, format!("{kept}; it is not kept again as stale-reads\n"));
    // The same name for another case: neither is lost.
    let other = "scenarios/regressions/raft-votes-twice-election-safety.toml";
    let name = "raft-local-reads-linearizability-read";
    let second = shaketable(&["regress", "add", other, "--dir", dir, "--name", name]);
    assert!(second.stdout.contains(&format!("{name}-2.toml")), "{}{}", second.stdout, second.stderr);
    let list = shaketable(&["regress", "list", dir, "--format", "json"]);
    let list: Json = serde_json::from_str(&list.stdout).expect("JSON");
    let signatures: Vec<_> = list["cases"].as_array().expect("cases").iter().map(|case| &case["signature"]).collect();
    assert_eq!(signatures, ["invariant/election-safety", "linearizability/read"]);
}

#[test]
fn what_does_not_fail_as_it_says_is_not_added() {
    let (path, case) = kept("refused");
    let empty = folder("refused-into");
    let add = || shaketable(&["regress", "add", &case, "--dir", empty.to_str().expect("text")]);
    change(&path, "protocol = \"raft/local-reads\"", "protocol = \"raft\"");
    let refused = add();
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("does not fail as it says: fixed"), "{}", refused.stderr);
    let scenario = shaketable(&["regress", "add", "scenarios/raft/calm.toml"]);
    assert!(scenario.code == Some(2) && scenario.stderr.contains("no saved case"), "{}", scenario.stderr);
    assert_eq!(std::fs::read_dir(empty).expect("a folder").count(), 0);
}

#[test]
fn a_repaired_case_is_red_until_somebody_says_that_it_is_repaired_and_guards_it_from_then_on() {
    let (path, case) = kept("repaired");
    assert_eq!(result(&case), ("still-fails".to_owned(), Some(0)));
    change(&path, "protocol = \"raft/local-reads\"", "protocol = \"raft\"");
    assert_eq!(result(&case), ("fixed".to_owned(), Some(1)));
    let before = text(&path);
    let refused = shaketable(&["regress", "refresh", &case]);
    assert_eq!((refused.code, text(&path)), (Some(1), before), "nothing changes in silence");
    assert!(refused.stdout.contains("--accept fixed"), "{}", refused.stdout);
    let accepted = shaketable(&["regress", "refresh", &case, "--accept", "fixed"]);
    assert_eq!(accepted.code, Some(0), "{}{}", accepted.stdout, accepted.stderr);
    assert_eq!(result(&case), ("holds".to_owned(), Some(0)));
    let again = shaketable(&["regress", "refresh", &case]);
    assert!(again.code == Some(0) && again.stdout.starts_with("up to date"), "{}", again.stdout);
    change(&path, "protocol = \"raft\"", "protocol = \"raft/local-reads\"");
    assert_eq!(result(&case), ("fails-again".to_owned(), Some(1)));
}

#[test]
fn a_case_whose_fault_meets_nothing_any_more_is_no_silent_pass() {
    let (path, case) = kept("astray");
    let fault = text(&path).lines().find(|line| line.starts_with("isolate")).expect("a fault").to_owned();
    // As if the fault had been about a kind of message that was renamed since.
    change(&path, &fault, "cut = { from = \"n3\", to = \"all\", message = \"Append\", at = \"300ms\" }");
    change(&path, "\"isolate ×", "\"cut ×");
    let output = shaketable(&["regress", "run", &case]);
    assert_eq!(output.code, Some(5), "{}", output.stdout);
    for words in ["diverged", "fault 1 (cut", "did nothing; when recorded it acted", "shaketable regress refresh"] {
        assert!(output.stdout.contains(words), "`{words}` is missing in {}", output.stdout);
    }
    assert_eq!(shaketable(&["replay", &case]).code, Some(5));
    let refused = shaketable(&["regress", "refresh", &case, "--accept", "fixed"]);
    assert_eq!(refused.code, Some(5), "that is not what was found: {}", refused.stdout);
    let accepted = shaketable(&["regress", "refresh", &case, "--accept", "diverged"]);
    assert_eq!(accepted.code, Some(0), "{}{}", accepted.stdout, accepted.stderr);
    assert_eq!(result(&case), ("holds".to_owned(), Some(0)));
}

#[test]
fn a_case_that_goes_the_same_way_is_brought_up_to_date_and_nothing_else_in_it_changes() {
    let (path, case) = kept("renewed");
    let original = text(&path);
    let digest = original.lines().find(|line| line.starts_with("digest = ")).expect("a digest").to_owned();
    // As if the code had changed a little since: another digest, in another version, and somebody's words.
    change(&path, &digest, "digest = \"0123456789abcdef\"");
    change(&path, "version = \"", "version = \"0.0.");
    change(&path, "\nnodes = 3\n", "\nnodes = 3 # as few as possible\n");
    assert_eq!(result(&case), ("still-fails".to_owned(), Some(0)));
    let renewed = shaketable(&["regress", "refresh", &case]);
    assert_eq!(renewed.code, Some(0), "{}{}", renewed.stdout, renewed.stderr);
    assert_eq!(text(&path), original.replace("\nnodes = 3\n", "\nnodes = 3 # as few as possible\n"));
}
