//! Every shipped scenario, over a few of its seeds: the right protocols pass, the planted bugs are caught within their seeds,
//! and the right protocols survive those. `shaketable run scenarios` runs all seeds; `make hunt` ten thousand more.

#![allow(clippy::disallowed_methods)] // It reads the scenarios.

mod common;

use common::{ROOT, shaketable};
use shaketable_protocols::CATALOGUE;

#[test]
fn right_protocols_pass_a_share_of_their_seeds() {
    let output = shaketable(&["run", "scenarios/raft", "scenarios/paxos", "scenarios/ring", "--seeds", "0..20"]);
    assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);
}

#[test]
fn every_planted_bug_is_caught_within_its_seeds() {
    let output = shaketable(&["run", "scenarios/negative"]);
    assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);
}

#[test]
fn every_planted_bug_has_a_scenario_that_catches_it() {
    let bugs = shaketable(&["list", "bugs", "--format", "json"]).stdout;
    let bugs: serde_json::Value = serde_json::from_str(&bugs).expect("JSON");
    let scenarios = shaketable(&["list", "scenarios", "scenarios/negative", "--format", "json"]).stdout;
    let names: Vec<&str> = bugs.as_array().expect("a list").iter().filter_map(|bug| bug["name"].as_str()).collect();
    assert!(names.len() >= 7, "{names:?}");
    for name in names {
        assert!(scenarios.contains(&format!("\"{name}\"")), "no scenario catches {name}");
    }
}

#[test]
fn every_milestone_is_demanded_of_some_scenario() {
    for protocol in CATALOGUE {
        let folder = std::fs::read_dir(format!("{ROOT}/scenarios/{}", protocol.name)).expect("a folder of scenarios");
        let texts: Vec<String> =
            folder.map(|file| std::fs::read_to_string(file.expect("a file").path()).expect("text")).collect();
        for milestone in protocol.milestones {
            let demanded = texts.iter().any(|text| text.contains(&format!("{} = ", milestone.name)));
            assert!(demanded, "no scenario of {} has to reach {}", protocol.name, milestone.name);
        }
    }
}
