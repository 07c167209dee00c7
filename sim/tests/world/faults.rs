//! Every kind of fault acts, is recorded in full, and does the same again when the recording is played.

use crate::common::{again, calm, fault, run, target, trace};
use serde_json::Value as Json;
use shaketable_sim::faults::{FAULTS, Planned, Start};
use shaketable_sim::param::Value;
use shaketable_sim::plan::{Heal, NetworkPlan, Plan};
use shaketable_sim::rng::Delay;
use shaketable_sim::run::{Sent, Verdict};
use shaketable_sim::time::{Instant, Ppm, Span};

/// In the middle of a round of messages, so that some are on their way.
const AT: Span = Span::millis(504);
const FOR: Span = Span::millis(396);

/// A kind of fault, its parameters, and what it must have brought about.
type Kind = (&'static str, Vec<(&'static str, Value)>, &'static str);

/// One of each kind.
fn kinds() -> Vec<Kind> {
    let late = Value::Delay(Delay::Uniform(Span::millis(20), Span::millis(40)));
    let half = ("odds", Value::Odds(Ppm::percent(50)));
    let node = |text| ("node", target(text));
    vec![
        ("isolate", vec![node("n1")], "messages-cut-on-sending"),
        ("partition", vec![], "messages-cut-on-arrival"),
        ("cut", vec![("from", target("n1")), ("to", target("not(n1)"))], "messages-cut-on-sending"),
        ("hold", vec![("from", target("n1")), ("to", target("n2"))], "messages-held"),
        ("loss", vec![half.clone()], "messages-lost"),
        ("duplicate", vec![half.clone()], "messages-duplicated"),
        ("reorder", vec![half], "messages-reordered"),
        ("slow-link", vec![("by", late.clone())], "messages-slowed"),
        ("crash", vec![node("follower"), ("after-effects", Value::Counts(1, 6))], "crashes-between-effects"),
        ("pause", vec![node("random")], "events-paused"),
        ("wipe", vec![node("n2")], "disks-wiped"),
        ("rot", vec![node("n3")], "records-rotted"),
        ("slow-disk", vec![node("all"), ("by", late)], "syncs-slowed"),
        ("fail-sync", vec![node("n2")], "syncs-failed"),
        ("full-disk", vec![node("n2")], "writes-refused"),
        ("clock-jump", vec![node("n2"), ("by", Value::Shifts(-5_000_000, -1_000_000))], "clock-jumps"),
        ("clock-drift", vec![node("n2"), ("by", Value::Odds(Ppm::percent(20)))], "clock-drifts"),
        ("campaign", vec![node("n2")], "commands"),
        ("transfer", vec![node("leader"), ("to", target("follower"))], "commands"),
        ("reconfigure", vec![node("leader"), ("members", target("majority"))], "commands"),
    ]
}

fn with(faults: Vec<Planned>) -> Plan {
    Plan { faults, ..calm() }
}

fn planned(kind: &str, params: &[(&'static str, Value)]) -> Planned {
    let instantaneous = FAULTS.iter().any(|known| known.name == kind && known.instantaneous);
    fault(kind, params, AT, (!instantaneous).then_some(FOR))
}

fn reached(run: &shaketable_sim::run::Run<shaketable_sim::spec::counter::Counter>, name: &str) -> u64 {
    run.coverage.named().into_iter().find(|(known, _)| *known == name).expect("a number of the coverage").1
}

#[test]
fn every_kind_acts_changes_the_run_and_replays_to_the_same_digest() {
    let kinds = kinds();
    let names: Vec<&str> = kinds.iter().map(|(kind, ..)| *kind).collect();
    for known in FAULTS {
        assert!(names.contains(&known.name), "{} has no test", known.name);
    }
    for (kind, params, number) in kinds {
        let mut brought_about = 0;
        for seed in 0..5 {
            let (calm, struck) = (run(&calm(), seed), run(&with(vec![planned(kind, &params)]), seed));
            assert_eq!(reached(&calm, number), 0, "{number} without {kind}");
            brought_about += reached(&struck, number);
            assert_eq!(struck.applied.len(), 1);
            assert!(struck.applied[0].acted > 0, "{kind} does not count what it does");
            assert_ne!(calm.digest, struck.digest, "{kind} changed nothing with seed {seed}");
            let replayed = run(&with(again(&struck.applied)), seed);
            // The event that plans a strike is the same one, so everything is.
            assert_eq!(replayed.digest, struck.digest, "{kind} did not replay with seed {seed}");
            assert_eq!(replayed.applied, struck.applied);
        }
        assert!(brought_about > 0, "{kind} brought about no {number}");
    }
}

#[test]
fn a_fault_that_is_taken_away_shifts_no_other_draw() {
    // The clock of a node without messages or clients in common with the struck link: only the fault itself may differ.
    let loss =
        planned("loss", &[("odds", Value::Odds(Ppm::percent(50))), ("from", target("n1")), ("to", target("n2"))]);
    let arrivals = |plan: &Plan, from: &str, to: &str| -> Vec<String> {
        let line = |line: Json| (line["from"] == from && line["node"] == to).then(|| format!("{}", line["t"]));
        trace(plan, 3).into_iter().filter_map(line).collect()
    };
    for (from, to) in [("n2", "n1"), ("n1", "n3"), ("n3", "n2")] {
        let (with, without) = (arrivals(&with(vec![loss.clone()]), from, to), arrivals(&calm(), from, to));
        assert!(with.len() > 100);
        assert_eq!(with, without, "{from}→{to} was shifted");
    }
    let (with, without) = (arrivals(&with(vec![loss]), "n1", "n2"), arrivals(&calm(), "n1", "n2"));
    assert!(with.len() < without.len());
    assert!(with.iter().all(|arrival| without.contains(arrival)), "what was not lost came at another time");
}

#[test]
fn a_rule_that_drops_a_message_shifts_no_rule_after_it() {
    let on_link = [("from", target("n1")), ("to", target("n2"))];
    let rule = |kind, param| planned(kind, &[&on_link[..], &[param]].concat());
    let loss = rule("loss", ("odds", Value::Odds(Ppm::percent(50))));
    let slow = rule("slow-link", ("by", Value::Delay(Delay::Uniform(Span::ZERO, Span::millis(5)))));
    let arrivals = |network: NetworkPlan, faults: &[&Planned]| -> Vec<String> {
        let line = |line: Json| (line["from"] == "n1" && line["node"] == "n2").then(|| format!("{}", line["t"]));
        let faults = faults.iter().copied().cloned().collect();
        trace(&Plan { network, ..with(faults) }, 3).into_iter().filter_map(line).collect()
    };
    let calm = calm().network;
    let lossy = NetworkPlan { loss: Ppm::percent(50), ..calm };
    let slowed = arrivals(calm, &[&slow]);
    let both = arrivals(calm, &[&loss, &slow]);
    assert!(both.len() < slowed.len());
    assert!(both.iter().all(|arrival| slowed.contains(arrival)), "a loss before it shifted the slow link");
    // What the network loses by itself is the same with a rule in force or without.
    let noisy = arrivals(lossy, &[&slow]);
    assert_eq!(noisy.len(), arrivals(lossy, &[]).len());
    assert!(noisy.len() < slowed.len());
}

fn heard(plan: &Plan, from: &str, to: &str) -> usize {
    let during = |line: &&Json| {
        let at = line["t"].as_u64().expect("a time");
        (505_000_000..900_000_000).contains(&at) && line["from"] == from && line["node"] == to
    };
    trace(plan, 1).iter().filter(during).count()
}

#[test]
fn cuts_are_directed_and_partial() {
    let one_way = with(vec![planned("cut", &[("from", target("n1")), ("to", target("n2"))])]);
    assert_eq!(heard(&one_way, "n1", "n2"), 0);
    assert!(heard(&one_way, "n2", "n1") > 10 && heard(&one_way, "n1", "n3") > 10);
    let deaf = with(vec![planned("isolate", &[("node", target("n1")), ("direction", Value::Choice("in"))])]);
    assert_eq!(heard(&deaf, "n2", "n1") + heard(&deaf, "n3", "n1"), 0);
    assert!(heard(&deaf, "n1", "n2") > 10);
}

#[test]
fn a_rule_can_be_about_one_kind_of_message() {
    let cut = |kind: &str| {
        let message = ("message", Value::Text(kind.to_owned()));
        with(vec![planned("cut", &[("from", target("n1")), ("to", target("n2")), message])])
    };
    assert_eq!(heard(&cut("Beat"), "n1", "n2"), 0);
    assert!(heard(&cut("Vote"), "n1", "n2") > 10);
}

#[test]
fn a_rule_can_be_about_one_message_by_its_meaning() {
    let beat = |tick: u64, plan: &Plan| -> Vec<u64> {
        let line = |line: &Json| {
            let heard = line["from"] == "n1" && line["node"] == "n2" && line["body"]["Beat"]["tick"] == tick;
            heard.then(|| line["t"].as_u64().expect("a time"))
        };
        trace(plan, 1).iter().filter_map(line).collect()
    };
    let about = |kind: &str, nth: u64, params: &[(&'static str, Value)]| {
        let mut all = vec![("from", target("n1")), ("to", target("n2"))];
        all.extend([("message", Value::Text(kind.to_owned())), ("nth", Value::Count(nth))]);
        all.extend(params.iter().cloned());
        all
    };
    let odds = ("odds", Value::Odds(Ppm::ONE));
    let late = ("by", Value::Delay(Delay::Fixed(Span::millis(300))));
    let strike = |kind: &str, params: &[(&'static str, Value)]| with(vec![fault(kind, params, Span::ZERO, None)]);
    let calm = calm();
    let [at] = beat(7, &calm)[..] else { panic!("n1 ticks, and n2 hears of it once") };

    let lost = strike("loss", &about("Beat", 7, std::slice::from_ref(&odds)));
    assert_eq!(beat(7, &lost), [] as [u64; 0]);
    assert_eq!((beat(6, &lost), beat(8, &lost)), (beat(6, &calm), beat(8, &calm)));
    assert_eq!(run(&lost, 1).applied[0].acted, 1);
    assert_eq!(beat(7, &strike("slow-link", &about("Beat", 7, &[late]))), [at + 300_000_000]);
    let later = ("later", Value::Delay(Delay::Fixed(Span::millis(500))));
    let [first, second] = beat(7, &strike("duplicate", &about("Beat", 7, &[odds.clone(), later])))[..] else {
        panic!("doubled")
    };
    assert!(first == at && (at + 495_000_000..at + 505_000_000).contains(&second));
    // Its epoch is 0, as that of every message which has none.
    let epoch = |epoch| strike("loss", &about("Beat", 7, &[odds.clone(), ("epoch", Value::Count(epoch))]));
    assert_eq!(beat(7, &epoch(0)), [] as [u64; 0]);
    assert_eq!(beat(7, &epoch(1)), [at]);
}

#[test]
fn faults_that_begin_at_one_instant_have_each_a_chance_of_its_own() {
    let slow = || {
        let by = ("by", Value::Delay(Delay::Uniform(Span::ZERO, Span::millis(100))));
        planned("slow-link", &[("from", target("n1")), ("to", target("n2")), by])
    };
    let arrivals = |faults| -> Vec<u64> {
        let line = |line: Json| {
            let beat = line["from"] == "n1" && line["node"] == "n2";
            beat.then(|| (line["body"]["Beat"]["tick"].as_u64().expect("a tick"), line["t"].as_u64().expect("a time")))
        };
        let mut beats: Vec<(u64, u64)> = trace(&with(faults), 1).into_iter().filter_map(line).collect();
        beats.sort_unstable();
        beats.into_iter().map(|(_, at)| at).take(80).collect()
    };
    let (none, one, two) = (arrivals(vec![]), arrivals(vec![slow()]), arrivals(vec![slow(), slow()]));
    let late = |slow: &[u64]| -> Vec<u64> { slow.iter().zip(&none).map(|(slow, calm)| slow - calm).collect() };
    let (one, two) = (late(&one), late(&two));
    let independent = one.iter().zip(&two).filter(|(one, two)| **one > 0 && **two != 2 * **one).count();
    assert!(independent > 20, "{independent}: {one:?} and {two:?}");
}

#[test]
fn what_was_sent_is_counted_by_its_meaning() {
    let run = run(&calm(), 1);
    let count = |from: &str, to: &str, kind: &str| {
        let is = |sent: &&Sent| sent.from.to_string() == from && sent.to.to_string() == to && sent.kind == kind;
        run.messages.iter().filter(is).map(|sent| sent.count).sum::<u64>()
    };
    assert!(count("n1", "n2", "Beat") > 150);
    assert_eq!(count("n1", "n2", "Durable"), 0, "what a node says to itself is on no link");
    assert!(count("c1", "n1", "Request") > 10 && count("n1", "c1", "Answer") > 10);
    assert_eq!(run.messages.iter().map(|sent| sent.count).sum::<u64>(), run.coverage.sent);
    assert!(run.messages.is_sorted());
}

#[test]
fn overlapping_cuts_end_each_by_itself() {
    let cut = |at, lasting| fault("cut", &[("from", target("n1")), ("to", target("n2"))], at, Some(lasting));
    let both = with(vec![cut(Span::millis(300), Span::millis(300)), cut(AT, FOR)]);
    assert_eq!(heard(&both, "n1", "n2"), 0, "the end of the first must not end the second");
}

#[test]
fn held_messages_arrive_in_order_when_the_hold_ends() {
    let held = with(vec![planned("hold", &[("from", target("n1")), ("to", target("n2"))])]);
    assert_eq!(heard(&held, "n1", "n2"), 0);
    let released: Vec<u64> = trace(&held, 1)
        .iter()
        .filter(|line| line["t"] == 900_000_000 && line["from"] == "n1")
        .map(|line| line["body"]["Beat"]["tick"].as_u64().expect("a tick"))
        .collect();
    assert!(released.len() > 20, "{released:?}");
}

#[test]
fn a_crash_comes_between_two_effects_of_one_handler() {
    let mut cut_short = std::collections::BTreeSet::new();
    for effects in 0..8 {
        let after = ("after-effects", Value::Counts(effects, effects));
        let lines = trace(&with(vec![planned("crash", &[("node", target("n2")), after])]), 1);
        let crash = lines.iter().find(|line| line["effects"].to_string().contains("…crash"));
        if effects > 0 {
            let crashed = crash.expect("the armed crash must come");
            cut_short.insert(crashed["effects"].as_array().expect("effects").len());
        }
        assert_eq!(lines.iter().filter(|line| line["kind"] == "boot" && line["node"] == "n2").count(), 2);
    }
    assert!(cut_short.len() > 2, "crashes came at different places of a handler: {cut_short:?}");
}

#[test]
fn a_paused_node_does_nothing_and_then_goes_on_with_everything() {
    let paused = with(vec![planned("pause", &[("node", target("n2"))])]);
    let lines = trace(&paused, 1);
    let during = |line: &&Json| {
        let at = line["t"].as_u64().expect("a time");
        (AT.as_nanos() + 1..900_000_000).contains(&at) && line["node"] == "n2"
    };
    assert_eq!(lines.iter().filter(during).count(), 0);
    let resumed = lines.iter().filter(|line| line["t"] == 900_000_000 && line["node"] == "n2");
    let kinds: std::collections::BTreeSet<&str> = resumed.filter_map(|line| line["kind"].as_str()).collect();
    assert!(kinds.contains("message") && kinds.contains("timer"), "{kinds:?}");
    assert_eq!(lines.iter().filter(|line| line["kind"] == "boot" && line["node"] == "n2").count(), 1);
}

#[test]
fn a_timer_that_ran_out_during_a_pause_does_not_turn_time_back() {
    // A slow clock puts timers off that are queued already, so their events come up early: here, during the pause.
    let slow = [("node", target("all")), ("by", Value::Odds(Ppm::percent(50))), ("direction", Value::Choice("slow"))];
    let stopped = [("node", target("all")), ("max-down", Value::Choice("any"))];
    let pause = fault("pause", &stopped, AT + Span::millis(1), Some(FOR));
    let plan = with(vec![planned("clock-drift", &slow), pause]);
    for seed in 0..5 {
        let times: Vec<u64> = trace(&plan, seed).iter().map(|line| line["t"].as_u64().expect("a time")).collect();
        assert!(times.is_sorted(), "with seed {seed}");
        let struck = run(&plan, seed);
        assert_eq!(run(&with(again(&struck.applied)), seed).digest, struck.digest, "with seed {seed}");
    }
}

#[test]
fn of_several_drifts_of_one_clock_the_strongest_counts() {
    let drift = |by: u32, direction| {
        let by = Value::Odds(Ppm::percent(by));
        planned("clock-drift", &[("node", target("n2")), ("by", by), ("direction", Value::Choice(direction))])
    };
    let timers = |drifts: Vec<_>| -> Vec<u64> {
        let lines = trace(&with(drifts), 1);
        let timers = lines.iter().filter(|line| line["kind"] == "timer" && line["node"] == "n2");
        // Each new rate rounds the timers that are under way by a nanosecond or so.
        timers.map(|line| line["t"].as_u64().expect("a time") / 1_000).collect()
    };
    let strong = timers(vec![drift(20, "slow")]);
    assert_eq!(timers(vec![drift(20, "slow"), drift(10, "slow"), drift(15, "fast")]), strong);
    assert_ne!(timers(vec![drift(10, "slow"), drift(15, "fast")]), strong);
}

#[test]
fn a_wiped_node_knows_that_it_is_not_new() {
    let wiped = trace(&with(vec![planned("wipe", &[("node", target("n2"))])]), 1);
    let boots: Vec<&Json> = wiped.iter().filter(|line| line["kind"] == "boot" && line["node"] == "n2").collect();
    assert_eq!(boots[1]["records"], 0);
    assert_eq!(boots[1]["life"], 2);
}

#[test]
fn the_budget_of_nodes_out_of_order_is_kept() {
    let mut crashes = planned("crash", &[("node", target("random"))]);
    (crashes.start, crashes.times) = (Start::Every(Span::millis(10), Span::millis(30)), 1_000);
    for seed in 0..5 {
        let run = run(&with(vec![crashes.clone()]), seed);
        assert!(run.applied.len() >= 3, "{}", run.applied.len());
        for (index, fault) in run.applied.iter().enumerate() {
            let earlier = &run.applied[..index];
            let down = earlier.iter().filter(|other| other.at + other.lasting.expect("all end") > fault.at).count();
            assert_eq!(down, 0, "of three nodes one may be down");
        }
    }
}

#[test]
fn the_heal_undoes_all_but_permanent_faults_and_demands_progress() {
    let heal = Some(Heal { at: Instant::ZERO + Span::secs(1), within: Span::millis(900) });
    let forever = |kind: &str, node: &str| {
        let mut fault = fault(kind, &[("node", target(node))], AT, None);
        fault.permanent = true;
        fault
    };
    let healed = |faults: Vec<Planned>| run(&Plan { heal, faults, ..calm() }, 1);
    let passing = fault("crash", &[("node", target("n1"))], AT, None);
    assert_eq!(healed(vec![passing]).verdict, Verdict::Pass, "the only server came back");
    assert_eq!(healed(vec![forever("crash", "n2")]).verdict, Verdict::Pass, "the server was not struck");
    let run = healed(vec![forever("crash", "n1")]);
    let Verdict::Violation(violation) = run.verdict else { panic!("nobody can be served: {:?}", run.verdict) };
    assert_eq!(violation.signature(), "liveness/service");
    let story = violation.story.join("\n");
    assert!(story.contains("c1 waits for") && story.contains("n1 down"), "{story}");
    assert!(story.contains("n2 n3"), "{story}");
    // Two of three wiped: whatever follows, it is not the protocol's fault.
    let wipe = |node| planned("wipe", &[("node", target(node)), ("max-down", Value::Choice("any"))]);
    let run = healed(vec![wipe("n2"), wipe("n3")]);
    assert!(matches!(run.verdict, Verdict::AssumptionExceeded(_)), "{:?}", run.verdict);
}
