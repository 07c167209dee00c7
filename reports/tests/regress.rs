//! What is said of saved cases that are kept, and how that ends.

use insta::assert_snapshot;
use shaketable_reports::{
    Case, Expects, Faithful, Kept, Matches, Past, Regressions, Replayed, Share, Style, kept, kept_json, regressions,
    regressions_json,
};
use shaketable_sim::run::{Verdict, Violation};
use shaketable_sim::time::Instant;

fn fails(property: &str) -> Verdict {
    let story = vec!["n4 became leader of term 7, too.".to_owned()];
    let at = Instant::nanos(812_000_000);
    Verdict::Violation(Violation::new("invariant", property, at, story))
}

fn by_meaning(amiss: &[&str]) -> Faithful {
    let amiss: Vec<String> = amiss.iter().map(|line| (*line).to_owned()).collect();
    let met = Share { met: 2 - amiss.len() as u64, of: 2 };
    let rest = Share { met: 99, of: 99 };
    Faithful::ByMeaning(Matches {
        faults: met,
        operations: Share::default(),
        messages: rest,
        amiss,
        parted: Vec::new(),
    })
}

fn case(name: &str, verdict: Verdict, expects: Expects, faithful: Faithful) -> Case {
    let path = format!("scenarios/regressions/{name}.toml");
    let past = Past {
        signature: "invariant/election-safety".to_owned(),
        expects,
        digest: 7,
        other_version: None,
        faithful,
        left: None,
    };
    Case {
        replayed: Replayed {
            scenario: path.clone(),
            protocol: "raft/forgets-vote".to_owned(),
            seed: 17,
            verdict,
            digest: 7,
            events: 1_234,
            end: Instant::nanos(812_000_000),
            operations: Vec::new(),
            faults: Vec::new(),
            recorded: Some(past),
            wavering: None,
        },
        path,
    }
}

fn all(cases: Vec<Case>) -> Regressions {
    let asked = cases.len() as u64;
    Regressions { version: "0.1.0".to_owned(), cases, asked }
}

fn good() -> Vec<Case> {
    vec![
        case("forgets-vote", fails("election-safety"), Expects::Violation, Faithful::Exactly),
        case("forgets-vote-2", fails("election-safety"), Expects::Violation, by_meaning(&[])),
        case("repaired", Verdict::Pass, Expects::Pass, by_meaning(&[])),
    ]
}

fn bad() -> Vec<Case> {
    let met_nothing = ["fault 2 (hold { from = \"n1\", to = \"n2\" }) did nothing; when recorded it acted 3 times"];
    vec![
        case("gone", Verdict::Pass, Expects::Violation, by_meaning(&[])),
        case("elsewhere", Verdict::Pass, Expects::Violation, by_meaning(&met_nothing)),
        case("back", fails("election-safety"), Expects::Pass, by_meaning(&[])),
        case("other", fails("log-matching"), Expects::Violation, by_meaning(&[])),
        case("undecided", Verdict::Inconclusive("out of states".to_owned()), Expects::Violation, by_meaning(&[])),
    ]
}

#[test]
fn cases_as_expected_are_a_line_each() {
    assert_snapshot!(regressions(&all(good()), Style::Plain));
    assert_eq!(all(good()).exit().code(), 0);
}

#[test]
fn what_is_not_as_expected_says_why_and_what_can_be_done() {
    assert_snapshot!(regressions(&all([good(), bad()].concat()), Style::Plain));
}

#[test]
fn a_case_that_passes_unexpectedly_is_red_and_one_that_diverged_says_so() {
    let codes: Vec<u8> = bad().into_iter().map(|case| all(vec![case]).exit().code()).collect();
    assert_eq!(codes, [1, 5, 1, 1, 3]);
    assert_eq!(all(bad()).exit().code(), 5);
    assert_eq!(all(Vec::new()).exit().code(), 4);
    assert_eq!(Regressions { asked: 9, ..all(good()) }.exit().code(), 130);
}

#[test]
fn programs_read_the_same() {
    let json = regressions_json(&all([good(), bad()].concat()));
    assert_eq!(json["exit"], 5);
    let results: Vec<_> = json["cases"].as_array().expect("cases").iter().map(|case| case["result"].as_str()).collect();
    let names =
        ["still-fails", "still-fails", "holds", "fixed", "diverged", "fails-again", "fails-differently", "undecided"];
    assert_eq!(results, names.map(Some));
    assert_snapshot!(format!("{:#}", json["cases"][4]));
}

#[test]
fn cases_are_listed_with_what_they_expect() {
    let open = Kept {
        case: "scenarios/regressions/forgets-vote.toml".to_owned(),
        protocol: "raft/forgets-vote".to_owned(),
        signature: "invariant/election-safety".to_owned(),
        expects: Expects::Violation,
        nodes: 3,
        faults: 1,
        operations: Some(2),
        version: "0.1.0".to_owned(),
    };
    let closed = Kept { expects: Expects::Pass, operations: None, ..open.clone() };
    assert_snapshot!(kept(&[open.clone(), closed], Style::Plain));
    assert_eq!(kept_json(&[open])["cases"][0]["expected"], "violation");
}
