//! Faults that wait for a state or an occasion strike then, at whom it is about, and replay at their time.

use crate::common::{Chatter, again, calm, fault, run, target, trace};
use serde_json::Value as Json;
use shaketable_sim::faults::trigger::{Occasion, Phase, State, Trigger};
use shaketable_sim::faults::{Planned, Start};
use shaketable_sim::node::{Node, Role};
use shaketable_sim::param::Value;
use shaketable_sim::plan::Plan;
use shaketable_sim::run::Run;
use shaketable_sim::spec::counter::Counter;
use shaketable_sim::time::{Instant, Span};

const NO_DELAY: (Span, Span) = (Span::ZERO, Span::ZERO);

/// A fault that strikes for 30 ms when this comes.
fn waiting(kind: &str, params: &[(&'static str, Value)], trigger: Trigger, times: u32) -> Planned {
    let fault = fault(kind, params, Span::ZERO, Some(Span::millis(30)));
    Planned { start: Start::When(trigger, NO_DELAY), times, ..fault }
}

/// What came of it, which a recording repeats.
fn struck(fault: Planned) -> Run<Counter> {
    let run_with = |faults| run(&Plan { faults, ..calm() }, 1);
    let struck = run_with(vec![fault]);
    let replayed = run_with(again(&struck.applied));
    assert_eq!(replayed.digest, struck.digest, "a triggered fault replays at its time");
    struck
}

fn whom(run: &Run<Counter>) -> Vec<String> {
    run.applied.iter().map(|fault| fault.args.target("node").to_string()).collect()
}

fn beats(nth: u64, phase: Phase) -> Occasion {
    let (kind, from) = ("Beat".to_owned(), Some("n1".parse().expect("a target")));
    Occasion::Message { kind, nth, epoch: None, from, to: None, phase }
}

/// When lines of the calm run's trace are about such a message from n1, and who hears it.
fn calm_beats() -> Vec<(u64, String)> {
    let line = |line: Json| {
        let beat = line["kind"] == "message" && line["msg"] == "Beat" && line["from"] == "n1";
        beat.then(|| (line["t"].as_u64().expect("a time"), line["node"].as_str().expect("a node").to_owned()))
    };
    trace(&calm(), 1).into_iter().filter_map(line).collect()
}

#[test]
fn a_fault_strikes_when_the_cluster_has_come_so_far() {
    let state = State { committed: Some(20), completed: Some(5), ..State::default() };
    let run = struck(waiting("crash", &[("node", target("leader"))], Trigger { state, occasion: None }, 2));
    assert_eq!(whom(&run), ["n1", "n1"], "the leader is n1");
}

#[test]
fn a_fault_strikes_each_node_that_comes_into_a_state_once_in_each_epoch() {
    let state = State { role: Some(Role::Follower), epoch_at_least: Some(1), ..State::default() };
    let trigger = Trigger { state, occasion: None };
    let run = struck(waiting("isolate", &[("node", target("it"))], trigger.clone(), 10));
    let mut nodes = whom(&run);
    nodes.sort_unstable();
    assert_eq!(nodes, ["n2", "n3"], "n1 leads");
    let none = State { epoch_at_least: Some(2), ..state };
    let run = struck(waiting("isolate", &[("node", target("it"))], Trigger { state: none, ..trigger }, 10));
    assert!(run.applied.is_empty(), "no node comes so far");
}

#[test]
fn a_fault_strikes_on_the_nth_message_its_receiver_or_its_sender() {
    let (at, heard_by) = calm_beats()[6].clone();
    let on = |nth, phase| Trigger { occasion: Some(beats(nth, phase)), ..Trigger::default() };
    let run = struck(waiting("crash", &[("node", target("it"))], on(7, Phase::Delivered), 1));
    assert_eq!(whom(&run), [heard_by]);
    assert_eq!(run.applied[0].at, Instant::nanos(at + 1), "just after it was handled");
    let run = struck(waiting("pause", &[("node", target("sender"))], on(7, Phase::Sent), 1));
    assert_eq!(whom(&run), ["n1"]);
    assert!(run.applied[0].at < Instant::nanos(at));
    // Every twentieth, counted from the strike before.
    let run = struck(waiting("hold", &[("from", target("sender")), ("to", target("it"))], on(20, Phase::Sent), 5));
    assert_eq!(run.applied.len(), 5);
    assert!(run.applied.iter().all(|hold| hold.acted > 0), "each holds the message that set it off");
}

#[test]
fn an_occasion_counts_only_while_the_cluster_is_in_the_state() {
    let on = |role| {
        let state = State { role: Some(role), ..State::default() };
        let trigger = Trigger { state, occasion: Some(beats(1, Phase::Sent)) };
        struck(waiting("pause", &[("node", target("sender"))], trigger, 1)).applied.len()
    };
    assert_eq!((on(Role::Leader), on(Role::Follower)), (1, 0), "who sends these is the leader");
}

#[test]
fn a_fault_strikes_after_a_milestone_and_a_delay() {
    let occasion = Some(Occasion::Milestone(Chatter::MILESTONES[0].name.to_owned()));
    let trigger = Trigger { occasion, ..Trigger::default() };
    let run = struck(waiting("pause", &[("node", target("it"))], trigger.clone(), 3));
    assert_eq!(run.applied.len(), 3);
    let late = Planned {
        start: Start::When(trigger, (Span::millis(100), Span::millis(100))),
        ..waiting("pause", &[("node", target("it"))], Trigger::default(), 1)
    };
    assert_eq!(struck(late).applied[0].at, run.applied[0].at + Span::millis(100));
}

#[test]
fn a_strike_that_finds_nobody_uses_up_nothing_of_what_it_waited_for() {
    // While n3 is down, no other node may be: the seventh beat finds nobody to strike, and so does each one more until n3 is back.
    let down = Planned {
        lasting: Some((Span::secs(1), Span::secs(1))),
        ..fault("crash", &[("node", target("n3"))], Span::millis(500), None)
    };
    let trigger = Trigger { occasion: Some(beats(7, Phase::Delivered)), ..Trigger::default() };
    let waiting =
        Planned { from: Instant::ZERO + Span::millis(600), ..waiting("crash", &[("node", target("n2"))], trigger, 1) };
    let run = run(&Plan { faults: vec![down, waiting], ..calm() }, 1);
    let [first, second] = &run.applied[..] else { panic!("both strike: {:?}", run.applied) };
    let up_again = first.at + Span::secs(1);
    assert!(second.at > up_again && second.at < up_again + Span::millis(20), "at {}", second.at);
}
