//! Reports in files, as their user asks for them.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // It runs the program and reads what it leaves.

mod common;

use std::fs;
use std::path::Path;

use common::{file, folder, shaketable};

/// A protocol that breaks, under a scenario that expects nothing of the kind.
fn broken(folder: &Path) -> String {
    let path = Path::new(common::ROOT).join("scenarios/negative/raft-votes-twice.toml");
    let text = fs::read_to_string(path).expect("the scenario");
    let (before, _) = text.split_once("[expect]").expect("what it expects");
    file(folder, "broken.toml", before)
}

/// All that the page links to is there.
fn links_lead_somewhere(page: &Path) -> usize {
    let text = fs::read_to_string(page).expect("the page");
    let links = text.split(" href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let files: Vec<&str> = links.filter(|link| !link.starts_with('#')).collect();
    for link in &files {
        let file = page.parent().expect("a folder").join(link);
        assert!(file.is_file(), "{link} leads nowhere");
    }
    files.len()
}

#[test]
fn a_sweep_is_told_as_a_page_and_as_markdown() {
    let folder = folder("reports-run");
    let scenario = broken(&folder);
    let out = folder.join("out");
    let run = |report: &Path| {
        let args = ["run", &scenario, "scenarios/raft/crashes.toml", "scenarios/negative/raft-forgets-vote.toml"];
        let more =
            ["--seeds", "0..40", "--out", out.to_str().expect("text"), "--report", report.to_str().expect("text")];
        shaketable(&[&args[..], &more].concat())
    };
    let page = folder.join("deep/er/report.html");
    let output = run(&page);
    assert_eq!(output.code, Some(1), "{}{}", output.stdout, output.stderr);
    assert_eq!(links_lead_somewhere(&page), 1);
    let markdown = folder.join("report.md");
    assert_eq!(run(&markdown).stdout, output.stdout, "what is printed does not depend on the report");
    let text = fs::read_to_string(&markdown).expect("the report");
    for part in [
        "not as expected",
        "invariant/election-safety",
        "| `raft/forgets-vote` |",
        "| `crash` |",
        "`reads-after-round`",
        "runs a second",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn a_hunt_shows_what_it_found_and_how_its_search_grew() {
    let folder = folder("reports-hunt");
    let scenario = broken(&folder);
    let (out, page) = (folder.join("out"), folder.join("report.html"));
    let args = ["hunt", &scenario, "--runs", "60", "--from", "7", "--strategy", "guided"];
    let more = ["--out", out.to_str().expect("text"), "--report", page.to_str().expect("text")];
    let output = shaketable(&[&args[..], &more].concat());
    assert_eq!(output.code, Some(1), "{}{}", output.stdout, output.stderr);
    assert!(links_lead_somewhere(&page) >= 1);
    assert!(output.stdout.contains("\npage:      "), "{}", output.stdout);
    let text = fs::read_to_string(&page).expect("the page");
    for part in ["<polyline", "invariant/election-safety", "New states", "Protocol states"] {
        assert!(text.contains(part), "{part}");
    }
}

#[test]
fn a_change_the_kill_matrix_and_placements_are_told_as_well() {
    let folder = folder("reports-others");
    let told = |name: &str, args: &[&str]| {
        let page = folder.join(name);
        let output = shaketable(&[args, &["--report", page.to_str().expect("text")]].concat());
        assert_eq!(output.code, Some(0), "{args:?}: {}{}", output.stdout, output.stderr);
        fs::read_to_string(page).expect("the page")
    };
    let directed = "scenarios/negative/directed/raft-votes-twice.toml";
    let out = folder.join("out");
    let ci = told("ci.html", &["ci", directed, "--out", out.to_str().expect("text")]);
    assert!(ci.contains("all as expected") && ci.contains("raft/votes-twice"));
    let bugs = told("bugs.md", &["bugs", directed, "--sweeps", "3"]);
    assert!(bugs.contains("all 1 scenario catch their bug") && bugs.contains("| `raft/votes-twice` | 1 |"), "{bugs}");
    let placements = told("placements.htm", &["placements", "--nodes", "3,9", "--keys", "1000"]);
    assert_eq!(placements.matches("<svg class=\"plot\"").count(), 4);
}

#[test]
fn histories_are_told_with_what_contradicts_itself() {
    let folder = folder("reports-check");
    let right = [
        r#"{"type":"invoke","process":0,"f":"write","value":1}"#,
        r#"{"type":"ok","process":0}"#,
        r#"{"type":"invoke","process":1,"f":"read"}"#,
        r#"{"type":"ok","process":1,"value":1}"#,
    ];
    let wrong = right.join("\n").replace(r#""process":1,"value":1"#, r#""process":1,"value":2"#);
    let [right, wrong, odd] = [("right", right.join("\n")), ("wrong", wrong), ("odd", "{}".to_owned())]
        .map(|(name, text)| file(&folder, &format!("{name}.ndjson"), &text));
    let page = folder.join("report.html");
    let output = shaketable(&["check", &right, &wrong, &odd, "--report", page.to_str().expect("text")]);
    assert_eq!(output.code, Some(2), "{}{}", output.stdout, output.stderr);
    let text = fs::read_to_string(&page).expect("the page");
    for part in ["1 of 3 histories hold", "cannot be read: 1 mistake", "read → 2", "cannot be placed", "linearizable"]
    {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn a_report_that_cannot_be_written_is_refused_before_anything_runs() {
    let folder = folder("reports-refused");
    let directed = "scenarios/negative/directed/raft-votes-twice.toml";
    let refused = |args: &[&str], why: &str| {
        let output = shaketable(args);
        assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""), "{args:?}: {}", output.stderr);
        assert!(output.stderr.contains(why), "{args:?}: {}", output.stderr);
    };
    refused(&["run", directed, "--report", "report.pdf"], "a report is a page, `NAME.html`, or Markdown, `NAME.md`");
    let file = file(&folder, "file", "");
    let below = format!("{file}/report.html");
    for command in ["run", "ci", "bugs", "merge", "check"] {
        refused(&[command, directed, "--report", &below], "error: cannot write ");
    }
    refused(&["placements", "--report", &below], "error: cannot write ");
    refused(&["hunt", directed, "--runs", "1", "--report", &below], "error: cannot write ");
    let report = format!("{}/r.html", folder.display());
    refused(&["run", directed, "--shard", "1/2", "--report", &report], "shaketable merge --report FILE");
}
