//! What the reports look like. A change here is a change that people and programs see.

use insta::assert_snapshot;
use serde_json::Value;
use shaketable_reports::{
    Example, Found, Notice, Outcome, Pace, Seeds, Side, Sought, Split, Style, Summary, Tested, Unmet, Wavering, human,
    json,
};
use shaketable_sim::run::Coverage;
use shaketable_sim::time::{Instant, Span};

fn summary(scenarios: Vec<Tested>) -> Summary {
    Summary { version: "0.1.0".to_owned(), scenarios, interrupted: false }
}

fn tested(name: &str, seeds: u64) -> Tested {
    let coverage = Coverage {
        completed_ops: 612 * seeds,
        failed_ops: 3,
        retries: 17 * seeds,
        leader_changes: 4 * seeds,
        elections: 6 * seeds,
        crashes: 5 * seeds,
        restarts: 5 * seeds,
        sent: 20_111 * seeds,
        delivered: 19_876 * seeds,
        faults: 8 * seeds,
        faults_acted: 8 * seeds - 2,
        events: 48_123 * seeds,
        ..Coverage::default()
    };
    Tested {
        name: format!("scenarios/{name}.toml"),
        protocol: "raft".to_owned(),
        outcome: Outcome::Passed,
        sought: None,
        seeds: Seeds { first: 0, asked: seeds, ran: seeds },
        simulated: Span::secs(30 * seeds),
        coverage,
        unmet: Vec::new(),
        violations: Vec::new(),
        inconclusive: None,
        exceeded: None,
        wavering: None,
    }
}

fn caught(name: &str, seed: u64) -> Tested {
    let found = found("invariant/election-safety", Side::Own, 1);
    let example =
        Example { seed, reproduce: format!("shaketable replay scenarios/{name}.toml --seed {seed}"), ..found.example };
    Tested {
        protocol: "raft/forgets-vote".to_owned(),
        outcome: Outcome::Caught,
        sought: Some(Sought { signature: "invariant/election-safety".to_owned(), within: 300, caught: Some(seed) }),
        seeds: Seeds { first: 0, asked: 300, ran: seed + 1 },
        violations: vec![Found { example, ..found }],
        ..tested(name, seed + 1)
    }
}

fn found(signature: &str, side: Side, seeds: u64) -> Found {
    let slug = signature.replace('/', "-");
    Found {
        signature: signature.to_owned(),
        side,
        seeds,
        example: Example {
            seed: 17,
            digest: 0x0123_4567_89ab_cdef,
            at: Instant::nanos(12_345_678_900),
            events: 20_412,
            story: vec![
                "n1 became leader of term 7 at 12.1s, with votes of n1, n2 and n3.".to_owned(),
                "n4 became leader of term 7 at 12.3456789s, with votes of n2, n4 and n5.".to_owned(),
                "So n2 voted twice in term 7: it crashed at 12.2s and forgot its first vote.".to_owned(),
            ],
            faults: vec![
                "crash n2, since 12.2s, for 100ms".to_owned(),
                "cut n1 → n4, since 11s, until the heal".to_owned(),
            ],
            page: None,
            reproduce: format!("shaketable replay shaketable-out/crashes-{slug}-17.toml"),
        },
    }
}

fn violated() -> Tested {
    Tested {
        outcome: Outcome::Violated,
        violations: vec![found("linearizability/get", Side::Own, 1), found("invariant/election-safety", Side::Own, 3)],
        ..tested("raft/crashes", 200)
    }
}

fn got_away() -> Tested {
    Tested {
        outcome: Outcome::GotAway,
        sought: Some(Sought { signature: "linearizability".to_owned(), within: 300, caught: None }),
        violations: vec![found("invariant/log-matching", Side::Own, 2)],
        ..tested("negative/reads-locally", 300)
    }
}

fn right_violated() -> Tested {
    let mut scenario = caught("negative/forgets-vote", 4);
    scenario.outcome = Outcome::RightViolated;
    scenario.violations.push(found("invariant/election-safety", Side::Right, 1));
    scenario
}

fn nothing_tested() -> Tested {
    Tested {
        outcome: Outcome::NothingTested,
        unmet: vec![
            Unmet { name: "leader-changes".to_owned(), wanted: 1_000, got: 800 },
            Unmet { name: "disks-wiped".to_owned(), wanted: 1, got: 0 },
        ],
        ..tested("raft/quiet", 200)
    }
}

fn no_operation() -> Tested {
    let exceeded = Notice { seeds: 20, first: 0, why: "n1, n2 and n3 of 5 lost their disks".to_owned() };
    let tested = tested("raft/doomed", 20);
    Tested {
        outcome: Outcome::NothingTested,
        exceeded: Some(exceeded),
        coverage: Coverage { completed_ops: 0, ..tested.coverage },
        ..tested
    }
}

fn inconclusive() -> Tested {
    let why = "the linearizability check visited 2,000,000 states".to_owned();
    Tested {
        outcome: Outcome::Inconclusive,
        inconclusive: Some(Notice { seeds: 2, first: 31, why }),
        ..tested("raft/crowded", 64)
    }
}

fn nondeterministic() -> Tested {
    let split = Split::Event {
        event: 4_012,
        first: Some(r#"{"id":4012,"kind":"timer","node":"n3","t":812000417}"#.to_owned()),
        second: None,
    };
    Tested {
        outcome: Outcome::Nondeterministic,
        wavering: Some(Wavering {
            seeds: 2,
            first: 5,
            split,
            reproduce: "shaketable replay scenarios/raft/clocks.toml --seed 5".to_owned(),
        }),
        ..tested("raft/clocks", 64)
    }
}

fn interrupted() -> Summary {
    let mut half = tested("raft/crashes", 57);
    half.seeds.asked = 200;
    half.outcome = Outcome::Unfinished;
    let mut not_begun = tested("raft/partitions", 1);
    not_begun.seeds = Seeds { first: 0, asked: 200, ran: 0 };
    not_begun.outcome = Outcome::Unfinished;
    not_begun.coverage = Coverage::default();
    not_begun.simulated = Span::ZERO;
    Summary { interrupted: true, ..summary(vec![tested("raft/basic", 200), half, not_begun]) }
}

/// Without the names of what was never exercised, of which there are more and more.
fn without_never(text: &str) -> String {
    let Some((before, rest)) = text.split_once("never") else { return text.to_owned() };
    let (_, after) = rest.split_once("\n\n").expect("more follows");
    format!("{before}never  …\n\n{after}")
}

fn plain(summary: &Summary) -> String {
    without_never(&human(summary, Style::Plain))
}

/// Without the zeros among the coverage, of which there are more and more.
fn pretty(summary: &Summary) -> String {
    let mut report = json(summary);
    let prune = |part: &mut Value| {
        let numbers = part["coverage"].as_object_mut().expect("coverage has names");
        numbers.retain(|_, number| *number != 0);
    };
    report["scenarios"].as_array_mut().expect("scenarios are a list").iter_mut().for_each(prune);
    prune(&mut report["totals"]);
    serde_json::to_string_pretty(&report).expect("a value is JSON")
}

#[test]
fn all_as_expected_is_short_and_ends_well() {
    let all =
        summary(vec![tested("raft/basic", 200), tested("raft/partitions", 2_000), caught("negative/forgets-vote", 16)]);
    assert_snapshot!(plain(&all));
    assert_eq!(all.exit().code(), 0);
}

#[test]
fn a_violation_ends_with_the_line_that_reproduces_it() {
    let mixed = summary(vec![violated(), tested("raft/basic", 200)]);
    assert_snapshot!(plain(&mixed));
    let last = plain(&mixed).lines().last().map(str::to_owned);
    assert_eq!(
        last.as_deref(),
        Some("reproduce: shaketable replay shaketable-out/crashes-invariant-election-safety-17.toml")
    );
    assert_eq!(mixed.exit().code(), 1);
}

#[test]
fn colours_change_nothing_but_colours() {
    let mixed = summary(vec![violated(), nothing_tested(), caught("negative/forgets-vote", 16)]);
    let colored = human(&mixed, Style::Color);
    assert_snapshot!(without_never(&colored).replace('\x1b', "␛"));
    let mut bare = String::new();
    for (place, part) in colored.split('\x1b').enumerate() {
        bare.push_str(if place == 0 { part } else { part.split_once('m').expect("an escape ends").1 });
    }
    assert_eq!(bare, human(&mixed, Style::Plain));
}

#[test]
fn one_caught_alone_tells_its_story() {
    assert_snapshot!(plain(&summary(vec![caught("negative/forgets-vote", 16)])));
}

#[test]
fn what_got_away_is_said_last() {
    let summary = summary(vec![got_away()]);
    assert_snapshot!(plain(&summary));
    assert_eq!(summary.exit().code(), 1);
}

#[test]
fn a_right_protocol_that_fails_is_told_apart_from_the_wrong_one() {
    let summary = summary(vec![right_violated()]);
    assert_snapshot!(plain(&summary));
    assert_eq!(summary.exit().code(), 1);
}

#[test]
fn nothing_tested_says_what_was_missed() {
    let summary = summary(vec![nothing_tested(), no_operation()]);
    assert_snapshot!(plain(&summary));
    assert_eq!(summary.exit().code(), 4);
}

#[test]
fn inconclusive_names_its_budget() {
    let summary = summary(vec![inconclusive()]);
    assert_snapshot!(plain(&summary));
    assert_eq!(summary.exit().code(), 3);
}

#[test]
fn nondeterminism_shows_where_the_runs_part() {
    let summary = summary(vec![nondeterministic(), violated()]);
    assert_snapshot!(plain(&summary));
    assert_eq!(summary.exit().code(), 5);
}

#[test]
fn an_interrupt_says_how_far_it_came() {
    let summary = interrupted();
    assert_snapshot!(plain(&summary));
    assert_eq!(summary.exit().code(), 130);
}

#[test]
fn programs_get_all_of_it() {
    let all = summary(vec![
        violated(),
        caught("negative/forgets-vote", 16),
        got_away(),
        right_violated(),
        nothing_tested(),
        no_operation(),
        inconclusive(),
        nondeterministic(),
    ]);
    assert_snapshot!(pretty(&all));
    assert_snapshot!(pretty(&interrupted()));
}

#[test]
fn runs_that_agree_when_traced_say_so() {
    let wavering =
        nondeterministic().wavering.map(|wavering| Wavering { split: Split::Hidden { lines: 9_001 }, ..wavering });
    let text = plain(&summary(vec![Tested { wavering, ..nondeterministic() }]));
    assert!(text.contains("two further runs, traced, were the same for 9,001 lines"), "{text}");
}

#[test]
fn every_number_is_told_as_met_or_as_never_met() {
    let report = human(&summary(vec![tested("raft/basic", 200)]), Style::Plain);
    let (_, numbers) = report.split_once("coverage").expect("a table, then coverage");
    let (met, never) = numbers.split_once("never").expect("some were never met");
    let coverage = tested("raft/basic", 200).coverage;
    let in_table = ["completed-ops", "events", "faults", "faults-acted"];
    for (name, number) in coverage.named().into_iter().filter(|(name, _)| !in_table.contains(name)) {
        let words = |text: &str| text.split([' ', ',', '\n']).any(|word| word == name);
        assert_eq!((words(met), words(never)), (number > 0, number == 0), "{name}");
    }
}

#[test]
fn a_sweep_in_full_says_what_went_wrong_first() {
    let all = vec![
        tested("raft/crashes", 200),
        caught("negative/forgets-vote", 17),
        Tested {
            outcome: Outcome::GotAway,
            sought: Some(Sought { signature: "linearizability".to_owned(), within: 40, caught: None }),
            protocol: "raft/local-reads".to_owned(),
            ..tested("negative/local-reads", 40)
        },
        Tested {
            outcome: Outcome::Violated,
            violations: vec![found("linearizability/read", Side::Own, 3)],
            ..tested("raft/partitions", 200)
        },
    ];
    let document = summary(all).document(Some(Pace { elapsed: Span::secs(20), threads: 2 }));
    let markdown = document.markdown();
    assert_snapshot!(markdown);
    assert!(markdown.find("raft/local-reads") < markdown.find("raft/forgets-vote"), "who got away comes first");
}

#[test]
fn of_a_planted_bug_that_had_no_turn_nothing_is_claimed() {
    let idle = Tested {
        outcome: Outcome::Unfinished,
        sought: Some(Sought { signature: "linearizability".to_owned(), within: 40, caught: None }),
        protocol: "raft/local-reads".to_owned(),
        seeds: Seeds { first: 0, asked: 40, ran: 0 },
        ..tested("negative/local-reads", 1)
    };
    let cut_short = Summary { interrupted: true, ..summary(vec![idle]) };
    let markdown = cut_short.document(None).markdown();
    assert!(markdown.contains("| not yet in 0 of 40 |") && markdown.contains("| not run |"), "{markdown}");
    assert!(!markdown.contains("survived"), "{markdown}");
}
