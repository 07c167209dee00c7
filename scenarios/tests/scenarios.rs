//! Every shipped scenario, over a few of its seeds: the right protocols pass, the planted bugs are caught within their seeds,
//! and the right protocols survive those. `shaketable run scenarios` runs all seeds; `make hunt` ten thousand more.

mod common;

use common::shaketable;

#[test]
fn right_protocols_pass_a_share_of_their_seeds() {
    let output = shaketable(&["run", "scenarios/raft", "--seeds", "0..40"]);
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
