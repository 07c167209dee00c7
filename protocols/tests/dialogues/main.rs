//! Dialogues: scripts of what happens to a cluster, command by command, and the transcripts of what it does.
//!
//! `scripts/<protocol>/*.txt` are the scripts; the module `script` says what can be in them. Each is played by the protocols that its `boot` line
//! names, and the transcripts are in `transcripts/`. The right protocol must break nothing; one with a planted bug must break what its
//! table says, and its transcript ends there. Each rule of each protocol has a script that comes out otherwise where the rule is broken. After a change, `INSTA_UPDATE=always cargo test -p shaketable-protocols --test
//! dialogues` writes the transcripts anew: commit only those that you understand.
#![allow(clippy::disallowed_methods)] // It reads the scripts.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

mod clients;
mod cluster;
mod disk;
mod dynamo;
mod links;
mod paxos;
mod play;
mod raft;
mod ring;
mod script;
mod spoken;
mod synod;

use play::{Expected, play};
use shaketable_protocols::CATALOGUE;

#[test]
fn every_script_plays_as_its_transcript_says() {
    let (mut names, mut wrong) = (BTreeSet::new(), Vec::new());
    for Script { name, text, .. } in scripts() {
        let all_played = play(&text).unwrap_or_else(|why| panic!("{name}: {why}"));
        let right = &all_played[0];
        if right.expected != Expected::Nothing {
            wrong.push(format!("{name}: the right protocol does not play first, and so nothing is compared with it"));
        }
        for played in &all_played {
            let (protocol, broken) = (&played.protocol, played.broken.as_deref());
            let as_expected = match played.expected {
                Expected::Nothing => broken.is_none(),
                Expected::Breach(property) => broken == Some(property) && played.differs_from(right),
                Expected::Difference => played.differs_from(right),
            };
            if !as_expected {
                wrong.push(format!("{name}: {protocol} breaks {broken:?}; expected: {:?}", played.expected));
            }
            let transcript = format!("{name}__{}", protocol.replace(['/', ':'], "-"));
            insta::with_settings!({ snapshot_path => "transcripts", prepend_module_to_snapshot => false, omit_expression => true }, {
                insta::assert_snapshot!(transcript.as_str(), &played.transcript);
            });
            names.insert(format!("{transcript}.snap"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let kept = files("transcripts").into_iter().map(|path| file_name(&path)).collect::<BTreeSet<_>>();
    assert_eq!(kept, names, "each transcript is that of a script");
}

#[test]
fn every_script_says_first_which_sentence_it_checks() {
    for Script { name, text, .. } in scripts() {
        let first = text.lines().next().unwrap_or_default();
        assert!(first.starts_with("# ") && first.contains('§'), "{name} begins with `{first}`");
    }
}

/// A script says by the words "Rule: its_name" behind its sentence which rule it is about. It shows it only if it comes out otherwise where the rule is broken.
#[test]
fn every_rule_has_a_script_that_comes_out_otherwise_without_it() {
    let mut missing = Vec::new();
    for protocol in CATALOGUE {
        let rules = rules_of(protocol.name);
        assert!(rules.len() > 5, "{}: {rules:?}", protocol.name);
        let scripts: Vec<Script> = scripts().into_iter().filter(|script| script.protocol == protocol.name).collect();
        let shown = |rule: &String| {
            let about = format!("Rule: {rule}.");
            let mut about =
                scripts.iter().filter(|script| script.text.lines().next().is_some_and(|first| first.contains(&about)));
            about.any(|script| script.players().len() > 1)
        };
        missing.extend(rules.into_iter().filter(|rule| !shown(rule)).map(|rule| format!("{}: {rule}", protocol.name)));
    }
    assert!(missing.is_empty(), "no script would come out otherwise without {missing:?}");
}

#[test]
fn every_planted_bug_has_a_script() {
    let scripts = scripts();
    let players: BTreeSet<&str> = scripts.iter().flat_map(Script::players).collect();
    let bugs =
        CATALOGUE.iter().flat_map(|protocol| protocol.bugs.iter().map(|bug| format!("{}/{}", protocol.name, bug.name)));
    let missing: Vec<String> = bugs.filter(|bug| !players.contains(bug.as_str())).collect();
    assert!(missing.is_empty(), "no script is played by {missing:?}");
}

/// The functions of the trait of rules of a protocol.
fn rules_of(protocol: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(protocol).join("rules.rs");
    let text = fs::read_to_string(path).expect("the rules can be read");
    let (_, rules) = text.split_once("pub trait Rules").expect("there is a trait of rules");
    let (rules, _) = rules.split_once("\n}\n").expect("the trait ends");
    rules.split("\n    fn ").skip(1).filter_map(|rest| rest.split('(').next()).map(str::to_owned).collect()
}

#[test]
fn a_command_that_makes_no_sense_is_an_error_with_its_line() {
    for (script, error) in [
        ("boot 3 raft\nshake n1", "line 2: there is no command `shake`: `shake n1`"),
        ("boot 3 raft\ntimeout m1", "line 2: expected a node, as n1, found `m1`: `timeout m1`"),
        ("boot 3 raft\ntimeout n0", "line 2: expected a node, as n1, found `n0`: `timeout n0`"),
        ("boot 3 raft\ntimeout", "line 2: expected a node, as n1, found the end of the line: `timeout`"),
        ("boot 3 raft\nshow all", "line 2: `all` is one word too many: `show all`"),
        ("boot 3 raft\ncrash n1 after 2", "line 2: expected effects, found the end of the line: `crash n1 after 2`"),
        (
            "boot 3 raft\nrequest n1 put k1 as c1",
            "line 2: expected a number, found `as` (invalid digit found in string): `request n1 put k1 as c1`",
        ),
        ("# Nothing.\n", "nothing is booted: write `boot 3 raft`"),
        ("\nboot 3 raft/lies", "line 2: raft has no bug `lies`"),
        ("boot 3 paxos/lies", "line 1: paxos has no bug `lies`"),
        ("disk n1 promised=n2\nboot 3 paxos", "line 1: expected a ballot, as 2.n1, found `n2`: `disk n1 promised=n2`"),
        (
            "boot 3 paxos phase1-quorum=2 phase2-quorum=1",
            "line 1: phase2-quorum: of 3 members, 2 that promise and 1 that accept need not meet (each is at most 3, and together they are at least 4)",
        ),
        ("boot 3 raft/without:lies", "line 1: no script breaks a rule `lies`"),
        ("boot 3 synod\ntick n1", "line 2: n1 has no timer Heartbeat set; it has {}: `tick n1`"),
        ("boot 3 dynamo versions=bent", "line 1: unknown word `bent` (allowed: `\"dotted\"` or `{ clock-bound = … }`)"),
        ("boot 3 wraft", "line 1: there is no protocol `wraft`"),
        ("boot 3 raft batch=0", "line 1: 0 is out of range (allowed: from 1 to 4096)"),
        ("timeout n1\nboot 3 raft", "line 1: nothing is booted yet: `timeout n1`"),
        ("boot 3 raft\nboot 3 raft", "line 2: the cluster has booted already: `boot 3 raft`"),
        ("disk n4 term=1\nboot 3 raft", "line 2: there is no n4, and it has a disk: `boot 3 raft`"),
        (
            "disk n1 term=1 log=2\nboot 3 raft",
            "line 1: the terms of a log never fall, and none is above the server's own: `disk n1 term=1 log=2`",
        ),
        ("boot 3 raft\ntimeout n4", "line 2: there is no n4: `timeout n4`"),
        ("boot 3 raft\ntick n1", "line 2: n1 has no timer Heartbeat set; it has {Election}: `tick n1`"),
        ("boot 3 raft\ndeliver n1 n2", "line 2: nothing is under way from n1 to n2: `deliver n1 n2`"),
        (
            "boot 3 raft elections=plain\nauto-sync on\ntimeout n1\ndeliver n1 n2 Vote",
            "line 4: no Vote is under way from n1 to n2, only RequestVote: `deliver n1 n2 Vote`",
        ),
        ("boot 3 raft\nsync n1", "line 2: n1 waits for no sync: `sync n1`"),
        (
            "boot 3 raft\ncrash n1 keep 1",
            "line 2: only 0 of its records are written and not durable: `crash n1 keep 1`",
        ),
        ("boot 3 raft\ncrash n1\ntimeout n1", "line 3: n1 is down: `timeout n1`"),
        ("boot 3 raft\ncrash n1\nrot n1 2", "line 3: there are 1 records, and no record 2: `rot n1 2`"),
        ("boot 3 raft\nrot n1 1", "line 2: n1 is up: a disk is lost or damaged while its node is down: `rot n1 1`"),
        ("boot 3 raft\ngain n1", "line 2: expected a time, as 20ms, found the end of the line: `gain n1`"),
        ("boot 3 raft\nretry n1 as c1", "line 2: c1 waits for no answer: `retry n1 as c1`"),
    ] {
        assert_eq!(play(script).err().as_deref(), Some(error), "{script}");
    }
}

/// A script, as it is kept.
struct Script {
    /// The protocol whose folder it is in.
    protocol: String,
    name: String,
    text: String,
}

impl Script {
    /// Who plays it, as its `boot` line says: `raft`, `raft/forgets-vote`.
    fn players(&self) -> Vec<&str> {
        let boot = self.text.lines().find(|line| line.starts_with("boot ")).unwrap_or_default();
        boot.split_whitespace().skip(2).filter(|word| !word.contains('=')).collect()
    }
}

/// All scripts, in order.
fn scripts() -> Vec<Script> {
    let mut scripts = Vec::new();
    for folder in files("scripts") {
        for path in entries(&folder) {
            let text = fs::read_to_string(&path).expect("a script can be read");
            scripts.push(Script { protocol: file_name(&folder), name: file_name(&path).replace(".txt", ""), text });
        }
    }
    assert!(!scripts.is_empty());
    scripts
}

fn files(folder: &str) -> Vec<PathBuf> {
    entries(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialogues").join(folder))
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    paths.sort();
    paths
}

fn file_name(path: &Path) -> String {
    path.file_name().expect("a file has a name").to_string_lossy().into_owned()
}
