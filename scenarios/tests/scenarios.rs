//! Every shipped scenario, over a few of its seeds (CI takes more, with a release build): the right protocols pass, the planted bugs are caught within their seeds,
//! and the right protocols survive those. `shaketable run scenarios` runs all seeds; `make hunt` ten thousand more.

#![allow(clippy::disallowed_methods)] // It reads the scenarios.

mod common;

use common::{ROOT, shaketable};
use shaketable_protocols::CATALOGUE;

#[test]
fn right_protocols_pass_a_share_of_their_seeds() {
    let folders: Vec<String> = CATALOGUE.iter().map(|protocol| format!("scenarios/{}", protocol.name)).collect();
    let args = ["run"].into_iter().chain(folders.iter().map(String::as_str)).chain(["--seeds", "0..4"]);
    let output = shaketable(&args.collect::<Vec<_>>());
    assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);
}

#[test]
fn every_planted_bug_is_caught_within_its_seeds() {
    let output = shaketable(&["run", "scenarios/negative"]);
    assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);
}

/// They say step by step what happens, so that whoever reads one knows why it fails. What chance is left in a run must not matter.
#[test]
fn every_directed_scenario_shows_its_bug_from_any_seed_and_the_right_protocol_survives_it() {
    for seed in 1..=8 {
        let seeds = format!("{seed}..{}", seed + 1);
        let output = shaketable(&["run", "scenarios/negative/directed", "--seeds", &seeds]);
        assert_eq!(output.code, Some(0), "seed {seed}: {}{}", output.stdout, output.stderr);
    }
}

/// Bugs that random search does not find in reasonable time: the directed scenario is all there is.
const NOT_BY_CHANCE: &[&str] = &[];

#[test]
fn every_planted_bug_has_a_directed_scenario_and_one_for_random_search() {
    for protocol in CATALOGUE {
        assert!(!protocol.bugs.is_empty(), "{} has no planted bugs", protocol.name);
        for bug in protocol.bugs {
            let name = format!("{}-{}", protocol.name, bug.name);
            let by_chance = !NOT_BY_CHANCE.contains(&name.as_str());
            for (folder, wanted) in [("negative/directed", true), ("negative", by_chance)] {
                let path = format!("{ROOT}/scenarios/{folder}/{name}.toml");
                let plants = std::fs::read_to_string(&path)
                    .is_ok_and(|text| text.contains(&format!("protocol = \"{}/{}\"\n", protocol.name, bug.name)));
                assert_eq!(plants, wanted, "{path}");
            }
        }
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
