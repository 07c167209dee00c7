//! Scenario files and saved cases: read, or refused with diagnostics that point into the file; and written as they are read.

use std::path::Path;

use shaketable_reports::Expects;
use shaketable_sim::param::{Args, Value, parse_table};
use shaketable_sim::plan::{ClientPlan, Plan};
use shaketable_sim::rng::Seed;

use super::robust::SHAPES;
use super::{GOOD, load, raw};
use crate::case::{render_drawn, render_kept};
use crate::fuzz::{Fuzz, files};
use crate::recorded::Recorded;
use crate::scenario::{Expected, Scenario};
use crate::schema::schema;
use crate::strategy::Strategy;
use crate::tables::Tables;

const PATH: &str = "spoilt.toml";

const WORDS: &[&str] = &[
    "[[fault]]\n",
    "[heal]\n",
    "[swarm]\n",
    "[recorded]\n",
    "[expect]\n",
    "=",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\n",
    "\u{feff}",
    "é",
    "n99",
    "0",
    "-",
    "\"9999999h\"",
    "crash = { ",
    "partition = { ",
    "at = ",
    "every = ",
    "when = { ",
    "after = ",
    "on-message = { ",
    "for = ",
    "times = ",
    "node = ",
    "\0",
    "not(",
    "18446744073709551615",
    "script = [",
    "\"c1 1s put k1 7\"",
    "# ",
    "'''",
    "\\u",
    "1979-05-27",
    "0x",
    "nan",
];

/// A scenario as a saved case has it, and what a case has no place for: the faults as they were planned.
fn written(scenario: &Scenario) -> String {
    let recorded = scenario.recorded.clone().unwrap_or(Recorded {
        seed: scenario.seeds.start,
        digest: 7,
        version: "1".to_owned(),
        signature: String::new(),
        scenario: None,
        shrunk_from: None,
        meaning: None,
        checkpoints: Vec::new(),
    });
    let (expects, signature) = match &scenario.expect.verdict {
        Expected::Pass => (Expects::Pass, recorded.signature.clone()),
        Expected::Violation { signature, .. } => (Expects::Violation, signature.clone()),
    };
    let mut text = render_kept(scenario, &[], expects, &Recorded { signature, ..recorded });
    for fault in &scenario.plan.faults {
        let args = Args::new(vec![(fault.kind.name, Value::Table(fault.written()))]);
        text += &args.iter().map(|(name, value)| format!("\n[[fault]]\n{name} = {value}\n")).collect::<String>();
    }
    text
}

/// What of a plan matters: beside a script it does not matter how clients would draw what they ask for.
fn matters(plan: &Plan) -> String {
    let mut plan = plan.clone();
    if plan.clients.script.is_some() {
        let ClientPlan { pause, open, mix, .. } = &mut plan.clients;
        (*pause, *open, *mix) = (plan.network.delay, false, Args::default());
    }
    format!("{plan:#?}")
}

fn without_comments(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with('#')).collect()
}

fn read_as_written(scenario: &Scenario, text: &str, tables: &Tables) {
    let case = written(scenario);
    assert!(case.len() <= 20_000 + 12 * text.len(), "{} bytes of {}", case.len(), text.len());
    let again = load(Path::new(PATH), &case, tables).unwrap_or_else(|wrong| panic!("{wrong}\n{case}"));
    assert_eq!(matters(&again.plan), matters(&scenario.plan), "{case}");
    assert_eq!(again.config, scenario.config, "{case}");
    assert_eq!(without_comments(&written(&again)), without_comments(&case));
}

#[test]
fn scenarios() {
    let tables = Tables::shipped();
    let schema = jsonschema::validator_for(&schema(&tables)).expect("the schema compiles");
    let mut seeds = vec![GOOD.as_bytes().to_vec()];
    for folder in ["raft", "paxos", "synod", "ring", "dynamo", "regressions", "negative/directed"] {
        seeds.extend(files(folder, ".toml").into_iter().filter(|file| file.len() < 8_000).take(12));
    }
    Fuzz { name: "scenarios", seeds, words: WORDS, inputs: 2_500 }.run(|input| {
        let text = String::from_utf8_lossy(input);
        let loaded = || load(Path::new(PATH), &text, &tables);
        let scenario = match loaded() {
            Ok(scenario) => scenario,
            Err(wrong) => {
                let lines = text.matches('\n').count() + 1;
                for error in wrong.errors() {
                    let (line, column) = wrong.position(error);
                    assert!((1..=lines).contains(&line) && (1..=text.len() + 1).contains(&column), "{line}:{column}");
                }
                assert!(wrong.errors().len() <= 20 + text.len(), "{}", wrong.errors().len());
                let shown = wrong.render(false);
                let begins = shown.lines().filter(|line| line.starts_with("error: ")).count();
                assert_eq!(begins, wrong.errors().len(), "{shown}");
                assert!(shown.len() <= 8_000 * wrong.errors().len(), "{} bytes", shown.len());
                assert!(shown.chars().all(|letter| !letter.is_control() || letter == '\n'), "{}", shown.escape_debug());
                assert_eq!(loaded().err().map(|wrong| wrong.render(false)), Some(shown), "diagnostics differ");
                return;
            }
        };
        let json = toml::from_str(&text).expect("TOML");
        assert!(schema.is_valid(&json), "the loader reads what the schema forbids:\n{text}");
        read_as_written(&scenario, &text, &tables);
        for strategy in [Strategy::File, Strategy::Swarm, Strategy::Pct] {
            let drawn = Scenario { strategy, ..scenario.clone() };
            assert!(!render_drawn(&drawn, Seed(scenario.seeds.start)).is_empty());
        }
    });
}

#[test]
fn values() {
    let seeds = [
        "flag = true\ncount = 7\ncounts = [1, 0x10]\ncounts = 3",
        "span = \"1.5s\"\nspans = [\"1ms\", \"2ms\"]\nshift = \"-3s\"\nshifts = [\"-3s\", \"+3s\"]\nodds = \"0.05%\"",
        "choice = \"fifo\"\nnames = [\"a\", 'b', \"\\u00e9\"]\ntext = \"\"\"\na\\\n b\"\"\"",
        "delay = { uniform = [\"1ms\", \"10ms\"] }",
        "delay = { exponential = { min = \"1ms\", mean = \"1s\" } }\n[table]\nafter = \"1s\"\nby = 2",
        "delay.lognormal = { median = \"1ms\", p99 = \"1s\" }\nchoice-or-table.after = [\"1s\", \"2h\"]",
        "target = [\"n1\", \"not(leader, c2)\"]\nnodes = \"minority\"\ngroups = [[\"n1\", \"n2\"], \"leader\"]\nchoice-or-table = \"x-1\"",
    ];
    Fuzz { name: "values", seeds: seeds.map(Into::into).to_vec(), words: WORDS, inputs: 6_000 }.run(|input| {
        let Ok(text) = str::from_utf8(input) else { return };
        let Ok(read) = raw::read(text) else { return };
        let (args, errors) = parse_table(&[SHAPES], &read);
        for error in errors {
            assert!(error.at.start <= error.at.end && error.at.end <= text.len(), "{error:?}");
            assert!(!error.message.is_empty());
        }
        let printed: String = args.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
        assert!(printed.len() <= 500 + 8 * text.len(), "{printed}");
        let again = raw::read(&printed).unwrap_or_else(|wrong| panic!("{wrong}: {printed}"));
        assert_eq!(parse_table(&[SHAPES], &again), (args, Vec::new()), "{printed}");
    });
}
