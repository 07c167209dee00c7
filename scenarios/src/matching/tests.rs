use shaketable_sim::history::{Moment, Operation, Outcome};
use shaketable_sim::id::{ClientId, NodeId, OpId};
use shaketable_sim::rng::Seed;
use shaketable_sim::run::{Coverage, Violation};
use shaketable_sim::time::Span;

use super::*;
use crate::recorded::Acted;
use crate::testing;

const CASE: &str = r#"
protocol = "raft"
nodes = 3
duration = "10s"
[clients]
count = 2
workload = "register"
script = ["c1 1s write k1 1", "c2 2s read k1", "c1 3s read k1"]
[[fault]]
crash = { node = "n1", disk = "keep", at = "1s" }
[[fault]]
crash = { node = "n2", disk = "keep", at = "1s" }
[[fault]]
jump = { node = "n3", by = "+3s", at = "4s" }
"#;

fn case() -> Scenario {
    testing::read(CASE, &testing::tables())
}

/// What was recorded: the second fault had done nothing.
fn meaning(messages: &[&str]) -> Meaning {
    let acted = |(kind, times): (&str, u64)| Acted { kind: kind.to_owned(), times };
    Meaning {
        acted: [("crash", 1), ("crash", 0), ("jump", 3)].map(acted).into(),
        messages: messages.iter().map(|line| Traffic::read(line).expect("a line")).collect(),
    }
}

/// A run of the case in which these faults struck, so often each, and these clients asked once each.
fn run(case: &Scenario, struck: &[(usize, u64)], clients: &[usize]) -> Run<Any> {
    let applied = struck.iter().map(|&(place, acted)| {
        let planned = &case.plan.faults[place];
        let Start::At(at) = planned.start else { unreachable!("it is settled") };
        Applied { kind: planned.kind.name, args: planned.args.clone(), at, lasting: None, permanent: false, acted }
    });
    let line = |&client: &usize| {
        let script = case.plan.clients.script.as_ref().expect("a script");
        let moment = Moment { at: Instant::ZERO, order: 0 };
        let id = OpId { client: ClientId::at(client), seq: 1 };
        let op = script.iter().find(|line| line.client == id.client).expect("a line").op.clone();
        Operation { id, op, invoked: moment, node: NodeId::at(0), outcome: Outcome::Unknown }
    };
    Run {
        seed: Seed(1),
        verdict: Verdict::Pass,
        digest: 7,
        checkpoints: Vec::new(),
        end: Instant::ZERO + Span::secs(10),
        applied: applied.collect(),
        messages: Vec::new(),
        coverage: Coverage::default(),
        states: Vec::new(),
        history: clients.iter().map(line).collect(),
    }
}

fn share(met: u64, of: u64) -> Share {
    Share { met, of }
}

#[test]
fn a_fault_that_did_something_must_do_something_again() {
    let case = case();
    let met = |struck: &[(usize, u64)]| {
        let matches = matches(&case, &meaning(&[]), &run(&case, struck, &[0, 0, 1]));
        (matches.faults, matches.amiss)
    };
    // The second did nothing when it was recorded: nobody misses it.
    assert_eq!(met(&[(0, 1), (1, 1), (2, 1)]), (share(2, 2), Vec::new()));
    assert_eq!(met(&[(0, 1), (2, 9)]), (share(2, 2), Vec::new()));
    let (faults, amiss) = met(&[(0, 1), (2, 0)]);
    assert_eq!(faults, share(1, 2));
    let line = r#"fault 3 (jump { node = "n3", by = "+3s" }) did nothing; when recorded it acted 3 times"#;
    assert_eq!(amiss, [line]);
    let (faults, amiss) = met(&[(1, 1), (2, 1)]);
    assert_eq!(faults, share(1, 2));
    assert!(
        amiss[0].starts_with(r#"fault 1 (crash { node = "n1""#) && amiss[0].ends_with("it acted once"),
        "{amiss:?}"
    );
}

#[test]
fn every_scripted_operation_must_be_asked_for() {
    let case = case();
    let met = |clients: &[usize]| {
        let matches = matches(&case, &meaning(&[]), &run(&case, &[(0, 1), (2, 1)], clients));
        (matches.operations, matches.amiss)
    };
    assert_eq!(met(&[0, 1, 0]), (share(3, 3), Vec::new()));
    assert_eq!(met(&[0, 1]), (share(2, 3), vec![r#"operation "c1 3s read k1" was not asked for"#.to_owned()]));
    assert_eq!(met(&[0, 0]), (share(2, 3), vec![r#"operation "c2 2s read k1" was not asked for"#.to_owned()]));
}

#[test]
fn what_lies_behind_a_violation_is_not_asked_for() {
    let case = case();
    let mut early = run(&case, &[(0, 1)], &[0]);
    early.end = Instant::ZERO + Span::millis(1_500);
    assert_eq!(matches(&case, &meaning(&[]), &early).operations, share(1, 3));
    early.verdict = Verdict::Violation(Violation::new("panic", "x", early.end, Vec::new()));
    let matches = matches(&case, &meaning(&[]), &early);
    assert_eq!((matches.faults, matches.operations, matches.amiss), (share(1, 1), share(1, 1), Vec::new()));
}

/// How many messages were met again, what is amiss, and what has parted, where a violation is to come.
fn messages(was: &[&str], now: &[&str]) -> (Share, Vec<String>, Vec<String>) {
    messages_of(&Expected::Violation { signature: "x".to_owned(), within_seeds: 1 }, was, now)
}

fn messages_of(expected: &Expected, was: &[&str], now: &[&str]) -> (Share, Vec<String>, Vec<String>) {
    let read = |lines: &[&str]| lines.iter().map(|line| Traffic::read(line).expect("a line")).collect::<Vec<_>>();
    let none = share(0, 0);
    let mut matches = Matches { faults: none, operations: none, messages: none, amiss: Vec::new(), parted: Vec::new() };
    match_messages(&mut matches, expected, &read(was), &read(now));
    (matches.messages, matches.amiss, matches.parted)
}

#[test]
fn messages_are_counted_by_what_they_are_and_more_of_them_are_no_matter() {
    let was = ["n1→n2 Append e1 ×3, e2 ×5", "n2→n1 Vote e2 ×1"];
    assert_eq!(messages(&was, &was), (share(9, 9), Vec::new(), Vec::new()));
    let more = ["n1→n2 Append e1 ×4, e2 ×5, e3 ×9", "n2→n1 Gossip e0 ×70", "n2→n1 Vote e2 ×1"];
    assert_eq!(messages(&was, &more), (share(9, 9), Vec::new(), Vec::new()));
}

#[test]
fn messages_may_be_missing_in_the_last_epoch_alone() {
    let was = ["c1→n1 Request e0 ×4", "n1→n2 Append e1 ×3, e2 ×5"];
    let end = messages(&was, &["c1→n1 Request e0 ×3", "n1→n2 Append e1 ×3, e2 ×4"]);
    let parted = ["c1→n1 Request of epoch 0: 3 sent, 4 recorded", "n1→n2 Append of epoch 2: 4 sent, 5 recorded"];
    assert_eq!(end, (share(10, 12), Vec::new(), parted.map(str::to_owned).into()));
    let before = messages(&was, &["c1→n1 Request e0 ×4", "n1→n2 Append e1 ×1, e2 ×5"]);
    assert_eq!(before, (share(10, 12), vec!["n1→n2 Append of epoch 1: 1 sent, 3 recorded".to_owned()], Vec::new()));
}

#[test]
fn of_a_case_that_has_to_pass_every_message_must_be_met_again() {
    let was = ["c1→n1 Request e0 ×4", "n1→n2 Append e1 ×3, e2 ×5"];
    let pass = |now: &[&str]| messages_of(&Expected::Pass, &was, now);
    assert_eq!(pass(&was), (share(12, 12), Vec::new(), Vec::new()));
    let no_epoch = pass(&["c1→n1 Request e0 ×3", "n1→n2 Append e1 ×3, e2 ×5"]);
    assert_eq!(no_epoch, (share(11, 12), vec!["c1→n1 Request of epoch 0: 3 sent, 4 recorded".to_owned()], Vec::new()));
    let last = pass(&["c1→n1 Request e0 ×4", "n1→n2 Append e1 ×3, e2 ×4"]);
    assert_eq!(last, (share(11, 12), vec!["n1→n2 Append of epoch 2: 4 sent, 5 recorded".to_owned()], Vec::new()));
}

#[test]
fn a_kind_that_is_gone_is_amiss_whenever_it_was_sent() {
    let was = ["n1→n2 Append e1 ×3", "n2→n1 Vote e1 ×1"];
    let renamed = messages(&was, &["n1→n2 AppendEntries e1 ×3", "n2→n1 Vote e1 ×1"]);
    assert_eq!(renamed, (share(1, 4), vec!["no Append is sent any more; 3 recorded".to_owned()], Vec::new()));
}

#[test]
fn no_more_lines_are_told_than_somebody_will_read() {
    let epochs: Vec<String> = (1..=20).map(|epoch| format!("e{epoch} ×2")).collect();
    let (_, amiss, _) = messages(&[&format!("n1→n2 Append {}", epochs.join(", "))], &["n1→n2 Append e20 ×2"]);
    assert_eq!((amiss.len(), amiss[0].as_str()), (TOLD + 1, "n1→n2 Append of epoch 1: 0 sent, 2 recorded"));
    assert_eq!(amiss[TOLD], "… and 13 more like it");
}
