//! Clients ask, retry under the same id, follow redirects and give up; budgets stop a run; runs repeat.

use crate::common::{Chatter, adding, again, calm, fault, run, target, trace};
use serde_json::Value as Json;
use shaketable_sim::history::Outcome;
use shaketable_sim::id::{Key, NodeId, OpId};
use shaketable_sim::param::Value;
use shaketable_sim::plan::{CheckPlan, ClientPlan, Limits, NetworkPlan, Plan};
use shaketable_sim::rng::{Delay, Seed, Stream};
use shaketable_sim::run::Verdict;
use shaketable_sim::spec::counter::{self, Counter};
use shaketable_sim::time::{Instant, Ppm, Span};
use shaketable_sim::workload::{Turn, Workload};
use shaketable_sim::world::{self, World};

#[test]
fn clients_find_the_server_by_redirects_and_are_served() {
    for seed in 0..10 {
        let run = run(&calm(), seed);
        assert!(run.coverage.completed_ops > 100);
        assert_eq!(run.coverage.failed_ops, 0);
        assert!(run.coverage.redirects <= 2, "once known, the server is asked at once");
        assert!(run.history.windows(2).all(|pair| pair[0].invoked.order < pair[1].invoked.order));
        let open = run.history.iter().filter(|operation| operation.outcome == Outcome::Unknown).count() as u64;
        assert_eq!(open, run.coverage.unknown_ops);
    }
}

#[test]
fn what_was_never_answered_is_unknown_and_what_was_always_rejected_has_failed() {
    // Nobody reaches the server; every other node rejects.
    let deaf = fault("isolate", &[("node", target("n1")), ("clients", Value::Flag(true))], Span::ZERO, None);
    let run = run(&Plan { faults: vec![deaf], ..calm() }, 1);
    assert_eq!(run.coverage.completed_ops, 0);
    assert!(run.coverage.unknown_ops > 0, "an attempt at n1 may have had an effect, for all that its client knows");
    let mut tried = run.history.iter().filter(|operation| operation.outcome == Outcome::Failed);
    assert!(tried.all(|operation| operation.node != shaketable_sim::id::NodeId::at(0)));
    let lost = Plan { network: NetworkPlan { loss: Ppm::ONE, ..calm().network }, ..calm() };
    let run = crate::common::run(&lost, 1);
    assert!(run.history.len() > 4 && run.history.iter().all(|operation| operation.outcome == Outcome::Unknown));
}

#[test]
fn retries_of_an_operation_share_its_id() {
    let lossy = Plan { network: NetworkPlan { loss: Ppm::percent(30), ..calm().network }, ..calm() };
    let lines = trace(&lossy, 1);
    let requests: Vec<&str> =
        lines.iter().filter(|line| line["kind"] == "request").filter_map(|line| line["request"].as_str()).collect();
    let retry = requests.iter().find(|id| id.ends_with(".2")).expect("a retry");
    let operation = retry.trim_end_matches(".2");
    assert!(
        lines.iter().any(|line| line["kind"] == "ask" && line["operation"] == operation),
        "{operation} was asked for"
    );
    assert!(run(&lossy, 1).coverage.retries > 10);
}

#[test]
fn an_open_loop_asks_at_its_own_pace() {
    let clients = ClientPlan { open: true, count: 50, pause: Delay::Fixed(Span::millis(2)), ..calm().clients };
    let plan = Plan { clients, ..calm() };
    let run = run(&plan, 1);
    assert!((995..=1_000).contains(&run.history.len()), "{} operations in 2 s", run.history.len());
    let overlapping = run.history.windows(2).filter(|pair| match &pair[0].outcome {
        Outcome::Ok { returned, .. } => pair[1].invoked.order < returned.order,
        _ => true,
    });
    assert!(overlapping.count() > 500, "operations do not wait for each other");
}

#[test]
fn budgets_end_a_run_without_a_verdict_on_the_protocol() {
    let limited = |limits: Limits| run(&Plan { limits, ..calm() }, 1).verdict;
    assert!(matches!(limited(Limits { events: 1_000, ..calm().limits }), Verdict::Inconclusive(_)));
    assert!(matches!(limited(Limits { pending: 3, ..calm().limits }), Verdict::Inconclusive(_)));
    let still = limited(Limits { instant: 2, ..calm().limits });
    let Verdict::Violation(violation) = still else { panic!("{still:?}") };
    assert_eq!(violation.signature(), "liveness/time-stands-still");
}

#[test]
#[allow(clippy::disallowed_methods)] // One run on another thread, to see that it makes no difference.
fn the_same_seed_gives_the_same_run_and_another_seed_another() {
    let faults = vec![fault("crash", &[("node", target("random"))], Span::millis(300), Some(Span::millis(200)))];
    let plan = Plan { faults, ..calm() };
    let (one, two, other) = (run(&plan, 1), run(&plan, 1), run(&plan, 2));
    assert_eq!(one.digest, two.digest);
    assert_eq!(one.checkpoints, two.checkpoints);
    assert_eq!(one.coverage, two.coverage);
    assert_ne!(one.digest, other.digest);
    assert!(one.checkpoints.len() > 4 && one.checkpoints.windows(2).all(|pair| pair[0].event < pair[1].event));
    let elsewhere = std::thread::scope(|scope| scope.spawn(|| run(&plan, 1).digest).join().expect("no panic"));
    assert_eq!(elsewhere, one.digest);
    assert_eq!(run(&Plan { faults: again(&one.applied), ..calm() }, 1).digest, one.digest);
}

#[test]
fn a_trace_changes_nothing_and_names_causes() {
    let plan = calm();
    let mut lines: Vec<Json> = Vec::new();
    let mut keep = |line| lines.push(line);
    let traced = shaketable_sim::world::run::<Chatter>(&plan, &(), &adding, Seed(1), Some(&mut keep));
    assert_eq!(traced.digest, run(&plan, 1).digest);
    let ids: Vec<u64> = lines.iter().map(|line| line["id"].as_u64().expect("an event has a number")).collect();
    assert!(ids.is_sorted_by(|one, next| one < next), "events are numbered in their order");
    let by_id = |id: &Json| lines.iter().find(|line| line["id"] == *id);
    let message = lines.iter().find(|line| line["msg"] == "Beat").expect("a message");
    let cause = by_id(&message["cause"]).expect("its cause has a line");
    assert_eq!(cause["node"], message["from"], "what caused the message happened at its sender: {cause} {message}");
    assert!(lines.windows(2).all(|pair| pair[0]["t"].as_u64() <= pair[1]["t"].as_u64()));
}

#[test]
fn a_world_can_be_copied_in_the_middle_and_both_go_on_alike() {
    let plan = calm();
    let mut world = World::<Chatter>::new(&plan, &(), &adding, Seed(5));
    (0..2_000).for_each(|_| assert!(world.step()));
    let mut copy = world.clone();
    while world.step() {}
    assert_ne!(world.progress(), copy.progress());
    while copy.step() {}
    assert_eq!(world.progress(), copy.progress());
}

/// Client 1 asks n2 at two times, the second while it still waits; client 2 asks nothing.
struct Twice;

impl Workload<Counter> for Twice {
    fn next(&self, _: OpId, _: Option<&(counter::Op, counter::Ret)>, _: &mut Stream) -> counter::Op {
        counter::Op { key: Key::at(0), action: counter::Action::Add(1) }
    }

    fn turn(&self, id: OpId) -> Turn {
        match (id.client.index(), id.seq) {
            (0, 1) => Turn::At(Instant::ZERO + Span::millis(700)),
            (0, 2) => Turn::At(Instant::ZERO + Span::millis(701)),
            _ => Turn::Over,
        }
    }

    fn first(&self, _: OpId) -> Option<NodeId> {
        Some(NodeId::at(1))
    }
}

#[test]
fn a_workload_may_say_when_and_whom_to_ask() {
    for open in [false, true] {
        let plan = Plan { clients: ClientPlan { open, ..calm().clients }, ..calm() };
        let mut lines = Vec::new();
        let run = world::run::<Chatter>(&plan, &(), &Twice, Seed(3), Some(&mut |line| lines.push(line)));
        let clients: Vec<_> = run.history.iter().map(|operation| operation.id.to_string()).collect();
        assert_eq!(clients, ["c1#1", "c1#2"], "nobody asks for more");
        let asked = |event: &&Json| event["kind"] == "ask";
        let first = lines.iter().find(asked).expect("somebody asks");
        assert_eq!(first["effects"][0]["request"], "n2");
        if !open {
            assert_eq!(run.history[0].invoked.at, Instant::ZERO + Span::millis(700));
            let Outcome::Ok { returned, .. } = &run.history[0].outcome else { panic!("nothing is wrong") };
            assert_eq!(run.history[1].invoked.at, returned.at, "what is late is asked for at once");
        }
    }
}

#[test]
fn a_history_checked_at_once_ends_the_run_with_its_first_wrong_answer_and_changes_no_other() {
    let crash = fault("crash", &[("node", target("n1"))], Span::secs(1), Some(Span::millis(100)));
    let plan = |at_once: bool, faults: Vec<_>| {
        let check = CheckPlan { linearizable: true, at_once, ..calm().check };
        Plan { check, faults, ..calm() }
    };
    for seed in 0..20 {
        // The server keeps its counters in memory alone.
        let late = run(&plan(false, vec![crash.clone()]), seed);
        let soon = run(&plan(true, vec![crash.clone()]), seed);
        let Verdict::Violation(found) = &soon.verdict else { panic!("{:?}", soon.verdict) };
        let Verdict::Violation(later) = &late.verdict else { panic!("{:?}", late.verdict) };
        assert_eq!((found.check, found.at), ("linearizability", soon.end));
        assert!(found.check == later.check && found.at <= later.at, "at the end, keys are looked at one by one");
        assert!(soon.coverage.events < late.coverage.events && late.end > soon.end);
        let (late, soon) = (run(&plan(false, vec![]), seed), run(&plan(true, vec![]), seed));
        assert_eq!((late.verdict, late.digest), (Verdict::Pass, soon.digest));
    }
}
