//! What a replay says, and how it ends.

use insta::assert_snapshot;
use shaketable_reports::{
    Bar, Expects, Faithful, Judgement, Left, Matches, Part, Past, Replayed, Share, Split, Style, replayed,
};
use shaketable_sim::run::{Checkpoint, Verdict, Violation};
use shaketable_sim::time::Instant;

fn violation(property: &str) -> Verdict {
    Verdict::Violation(Violation::new(
        "invariant",
        property,
        Instant::nanos(12_345_678_900),
        vec!["n1 became leader of term 7.".to_owned(), "n4 became leader of term 7.".to_owned()],
    ))
}

fn run(verdict: Verdict) -> Replayed {
    Replayed {
        scenario: "shaketable-out/crashes-invariant-election-safety-17.toml".to_owned(),
        protocol: "raft/forgets-vote".to_owned(),
        seed: 17,
        verdict,
        digest: 0x0123_4567_89ab_cdef,
        events: 20_412,
        end: Instant::nanos(12_345_678_900),
        operations: Vec::new(),
        faults: vec![r#"crash = { node = "n2", at = "12.2s", for = "300ms" }"#.to_owned()],
        recorded: None,
        wavering: None,
    }
}

fn same() -> Past {
    Past {
        signature: "invariant/election-safety".to_owned(),
        expects: Expects::Violation,
        digest: 0x0123_4567_89ab_cdef,
        other_version: None,
        faithful: Faithful::Exactly,
        left: None,
    }
}

#[test]
fn operations_that_contradict_each_other_are_drawn() {
    let bar = |lane: &str, label: &str, from, to, part| {
        let note = format!("{lane}#1, 1s … 2s");
        Bar { lane: lane.to_owned(), label: label.to_owned(), note, from, to: Some(to), part }
    };
    let stale = vec![
        bar("c1", "write k1 1", 0, 1, Part::Story),
        bar("c3", "read k1 → 1", 2, 5, Part::Story),
        bar("c2", "read k1 → none", 3, 4, Part::Culprit),
    ];
    let long: Vec<Bar> =
        stale.iter().map(|bar| Bar { label: bar.label.replace(" 1", " 1000000090000001"), ..bar.clone() }).collect();
    let drawn = [stale, long].map(|operations| {
        let text = replayed(&Replayed { operations, ..run(violation("read")) }, Style::Plain);
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        text
    });
    assert_snapshot!(drawn.join("---\n"));
}

fn other() -> Past {
    let checkpoint = |event| Checkpoint { event, at: Instant::nanos(event * 1_000_000), digest: event };
    let event = Some(r#"{"id":1025,"kind":"timer","node":"n3","t":1024500000}"#.to_owned());
    let left = Left { after: Some(checkpoint(1_024)), before: Some(checkpoint(1_280)), event };
    let faithful = Faithful::Unknown;
    Past { digest: 7, other_version: Some("0.0.9".to_owned()), faithful, left: Some(left), ..same() }
}

/// As `other`, and this was not met again.
fn matched(amiss: &[&str], parted: &[&str]) -> Past {
    let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    let short = |of, by: &[&str]| Share { met: of - by.len() as u64, of };
    let matches = Matches {
        faults: short(2, amiss),
        operations: Share { met: 3, of: 3 },
        messages: short(118, parted),
        amiss: lines(amiss),
        parted: lines(parted),
    };
    Past { faithful: Faithful::ByMeaning(matches), ..other() }
}

fn judged(replay: &Replayed) -> (Judgement, u8) {
    (replay.judgement(), replay.exit().code())
}

fn last_line(replay: &Replayed) -> String {
    replayed(replay, Style::Plain).lines().last().expect("a report has lines").to_owned()
}

#[test]
fn a_run_by_itself_tells_its_verdict() {
    let failing = run(violation("election-safety"));
    assert_eq!(judged(&failing), (Judgement::Alone, 1));
    assert_snapshot!(replayed(&failing, Style::Plain));
    assert_eq!(judged(&run(Verdict::Pass)), (Judgement::Alone, 0));
    assert_eq!(last_line(&run(Verdict::Pass)), "pass");
    assert_eq!(run(Verdict::Inconclusive("too long".to_owned())).exit().code(), 3);
    assert_eq!(run(Verdict::AssumptionExceeded("no quorum".to_owned())).exit().code(), 4);
}

#[test]
fn a_case_that_still_fails_says_that_it_is_the_same() {
    let replay = Replayed { recorded: Some(same()), ..run(violation("election-safety")) };
    assert_eq!(judged(&replay), (Judgement::StillFails, 1));
    assert_eq!(last_line(&replay), "still fails, exactly as recorded: invariant/election-safety");
}

#[test]
fn a_case_that_went_the_same_way_still_fails_although_its_digest_is_another() {
    let replay = Replayed { recorded: Some(matched(&[], &[])), ..run(violation("election-safety")) };
    assert_eq!(judged(&replay), (Judgement::StillFails, 1));
    assert_eq!(last_line(&replay), "still fails, in a run that went the same way: invariant/election-safety");
}

#[test]
fn a_case_that_passes_is_fixed_if_what_led_to_the_violation_was_met_again() {
    let parted = matched(&[], &["n2→n1 AppendEntries of epoch 2: 0 sent, 1 recorded"]);
    let replay = Replayed { recorded: Some(parted), ..run(Verdict::Pass) };
    assert_eq!(judged(&replay), (Judgement::Fixed, 0));
    assert_eq!(last_line(&replay), "fixed: passes now; recorded was a violation of invariant/election-safety");
    assert_snapshot!(replayed(&replay, Style::Plain));
}

#[test]
fn a_pass_that_missed_a_fault_is_no_silent_pass() {
    let missed = ["fault 2 (hold { from = \"n1\", to = \"n2\" }) did nothing; when recorded it acted 3 times"];
    let replay = Replayed { recorded: Some(matched(&missed, &[])), ..run(Verdict::Pass) };
    assert_eq!(judged(&replay), (Judgement::Diverged, 5));
    assert_snapshot!(replayed(&replay, Style::Plain));
    let replay = Replayed { recorded: Some(other()), ..run(Verdict::Pass) };
    assert_eq!(judged(&replay), (Judgement::Diverged, 5), "nothing is known of what was met again");
}

#[test]
fn a_case_that_was_fixed_holds_or_fails_again() {
    let closed = |past: Past| Some(Past { expects: Expects::Pass, ..past });
    let replay = Replayed { recorded: closed(same()), ..run(Verdict::Pass) };
    assert_eq!(judged(&replay), (Judgement::Holds, 0));
    let once = "holds: passes, exactly as recorded; it was a violation of invariant/election-safety once";
    assert_eq!(last_line(&replay), once);
    let replay = Replayed { recorded: closed(other()), ..run(Verdict::Pass) };
    assert_eq!(judged(&replay), (Judgement::Diverged, 5));
    for past in [same(), other()] {
        let replay = Replayed { recorded: closed(past), ..run(violation("election-safety")) };
        assert_eq!(judged(&replay), (Judgement::FailsAgain, 1));
        assert_eq!(last_line(&replay), "fails again: the violation of invariant/election-safety that was fixed");
    }
}

#[test]
fn a_case_that_breaks_something_else_says_what() {
    let replay = Replayed { recorded: Some(other()), ..run(violation("log-matching")) };
    assert_eq!(judged(&replay), (Judgement::FailsDifferently, 1));
    let sentence =
        "fails differently: violation of invariant/log-matching; recorded was one of invariant/election-safety";
    assert_eq!(last_line(&replay), sentence);
}

#[test]
fn a_case_that_took_another_way_says_where_it_parted() {
    let replay = Replayed { recorded: Some(other()), ..run(violation("election-safety")) };
    assert_eq!(judged(&replay), (Judgement::Diverged, 5));
    assert_snapshot!(replayed(&replay, Style::Plain));
}

#[test]
fn a_case_that_cannot_be_decided_is_neither_fixed_nor_failing() {
    let replay = Replayed { recorded: Some(other()), ..run(Verdict::Inconclusive("too long".to_owned())) };
    assert_eq!(judged(&replay), (Judgement::Undecided, 3));
}

#[test]
fn two_runs_of_one_seed_outweigh_all_else() {
    let split = Split::Event { event: 9, first: Some("{}".to_owned()), second: None };
    for recorded in [None, Some(same()), Some(other())] {
        let replay = Replayed { recorded, wavering: Some(split.clone()), ..run(Verdict::Pass) };
        assert_eq!(judged(&replay), (Judgement::Nondeterministic, 5));
        assert_eq!(last_line(&replay), "nondeterministic: the same seed gave two different runs");
    }
}
