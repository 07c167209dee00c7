//! The gallery in `reports/gallery`: famous bugs, each as small as it can be told, with its story and its picture.
//!
//! `UPDATE=1 cargo test -p shaketable --test gallery` writes it anew; without that, what is there must be what comes out.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // It runs the program, and reads and writes files.

mod common;

use std::fmt::Write;

use common::{ROOT, file, folder, shaketable};

/// A title, the directed scenario that shows the bug, and what is famous about it.
const PICTURES: [(&str, &str, &str); 11] = [
    (
        "Figure 8",
        "raft-commits-old-term",
        "Raft's best known trap: an entry of an earlier term is on a majority, and is lost all the same.",
    ),
    ("A stale read", "raft-local-reads", "A leader that was deposed without knowing it answers from what it has."),
    ("Split brain", "raft-votes-twice", "Two leaders in one term, because a voter forgot that it had voted."),
    (
        "One server at a time, and yet two majorities",
        "raft-single-server-change-2015",
        "The bug that Raft's author announced in 2015: two changes of the members, each by one server, meet.",
    ),
    (
        "Acknowledged and lost",
        "raft-acks-before-sync",
        "An acknowledgement ran ahead of the disk, and the power failed.",
    ),
    (
        "A lease by a wrong clock",
        "raft-lease-ignores-clock-bound",
        "A lease is over for everybody but for who holds it.",
    ),
    ("Twice for once", "raft-no-session-dedup", "A client asks again, and its operation takes effect twice."),
    (
        "A value proposed over a chosen one",
        "synod-proposes-own-value",
        "What the second phase of Paxos is all about: whoever finds a vote must propose its value.",
    ),
    ("A promise forgotten", "paxos-forgets-promise", "An acceptor that restarts accepts what it had promised not to."),
    (
        "A read that does not write back",
        "ring-no-read-write-back",
        "A quorum register whose second reader finds less than the first.",
    ),
    (
        "A lost handoff",
        "dynamo-hints-in-memory",
        "A stand-in keeps a write for a node that is away, and forgets it when it restarts.",
    ),
];

/// How wide the pictures are, in columns.
const WIDTH: &str = "110";

fn said(args: &[&str]) -> String {
    let output = shaketable(args);
    assert!(output.code == Some(0), "{args:?}: {}{}", output.stdout, output.stderr);
    output.stdout
}

fn page((title, name, famous): (&str, &str, &str)) -> String {
    let path = format!("scenarios/negative/directed/{name}.toml");
    let (protocol, bug) = name.split_once('-').expect("a protocol and its bug");
    let explained = said(&["explain", &format!("{protocol}/{bug}")]);
    let seed = ["--seed", "1"];
    let replayed = shaketable(&[&["replay", &path][..], &seed].concat()).stdout;
    let story: String = replayed
        .lines()
        .skip_while(|line| !line.starts_with("  story "))
        .take_while(|line| line.starts_with("  story ") || line.starts_with("        "))
        .fold(String::new(), |text, line| text + line.get(14..).unwrap_or_default() + "\n");
    assert!(!story.is_empty(), "{name} violates nothing: {replayed}");
    let shown = |shape: &str| said(&[&["trace", &path, "--as", shape, "--width", WIDTH][..], &seed].concat());
    let difference = said(&[&["diff", &path, "--right"][..], &seed].concat());
    let parted = difference.split_once("\n\n").map_or("", |(_, parted)| parted);
    format!(
        "# {title}\n\n{famous}\n\n```text\n{explained}```\n\nIt is planted in [`{path}`](../../{path}). To see it:\n\n    shaketable replay {path} --seed 1 --page page.html\n\n\
         ## What went wrong\n\n```text\n{story}```\n\n```text\n{}```\n\n## Where the right protocol does otherwise\n\n```text\n{parted}```\n\n## As a diagram\n\n```mermaid\n{}```\n",
        shown("lanes"),
        shown("mermaid"),
    )
}

/// A report that the program writes, but for how fast it went.
fn reported(args: &[&str]) -> String {
    let path = folder("gallery").join("report.html");
    let path = path.to_str().expect("text");
    shaketable(&[args, &["--report", path]].concat());
    let text = std::fs::read_to_string(path).expect("a report");
    let of_speed = ["took", "runs a second", "events a second", "simulated seconds a second"];
    let is_of_speed = |line: &&str| of_speed.iter().any(|name| line.contains(&format!("<dt>{name}</dt>")));
    text.lines().filter(|line| !is_of_speed(line)).fold(String::new(), |text, line| text + line + "\n")
}

/// Small sweeps of directed scenarios, of right protocols, and of a broken one that is supposed to be right.
fn sweep() -> String {
    let folder = folder("gallery-sweep");
    let broken =
        std::fs::read_to_string(format!("{ROOT}/scenarios/negative/raft-votes-twice.toml")).expect("a scenario");
    let (broken, _) = broken.split_once("[expect]").expect("what it expects");
    let mine = file(&folder, "mine.toml", broken);
    let out = folder.join("out");
    let out = out.to_str().expect("text");
    let paths = [&mine, "scenarios/negative/directed", "scenarios/raft/crashes.toml", "scenarios/paxos/crashes.toml"];
    let text = reported(&[&["run"][..], &paths, &["--seeds", "0..6", "--quiet", "--out", out]].concat());
    // Its run is not in the gallery, and where it was is nobody's business.
    let linked = |line: &&str| line.starts_with("<p><a href=");
    let text = text.lines().filter(|line| !linked(line)).fold(String::new(), |text, line| text + line + "\n");
    text.replace(&mine, "mine.toml").replace(out, "shaketable-out")
}

fn placements() -> String {
    reported(&["placements", "--keys", "20000"])
}

#[test]
fn the_gallery_is_current() {
    let folder = format!("{ROOT}/reports/gallery");
    let mut index = "# Famous bugs, each on a page\n\nEach is a planted bug with a scenario that leads to it step by step; all of this is written by the program:\n\n    \
                     UPDATE=1 cargo test -p shaketable --test gallery\n\n| | |\n|---|---|\n"
        .to_owned();
    let mut files = vec![];
    for picture in PICTURES {
        let (title, name, famous) = picture;
        writeln!(index, "| [{title}]({name}.md) | {famous} |").expect("text");
        files.push((format!("{name}.md"), page(picture)));
    }
    index += "\n## What a whole sweep looks like\n\n`shaketable run --report FILE` and `shaketable placements --report FILE`, written by the same test:\n\n";
    for (name, what, text) in [
        ("sweep.html", "a sweep over planted bugs, right protocols, and one of your own that breaks", sweep()),
        ("placements.html", "how placements spread keys over nodes, and how many move", placements()),
    ] {
        writeln!(index, "- [{name}]({name}): {what}").expect("text");
        files.push((name.to_owned(), text));
    }
    files.push(("README.md".to_owned(), index));
    for (name, text) in &files {
        let path = format!("{folder}/{name}");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::create_dir_all(&folder).expect("a folder");
            std::fs::write(&path, text).expect("a file that can be written");
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == *text, "{name} is not what comes out: UPDATE=1 cargo test -p shaketable --test gallery");
    }
    let there = std::fs::read_dir(&folder).expect("a folder").count();
    assert_eq!(there, files.len(), "there are other files in the gallery");
}
