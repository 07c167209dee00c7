//! A swarm draws what the protocol tolerates, all of it, and the same from the same seed.

use std::collections::BTreeSet;

use crate::common::{calm, run};
use shaketable_sim::faults::Planned;
use shaketable_sim::node::Milestone;
use shaketable_sim::param::{Args, Default, Literal, Param, Shape, Value};
use shaketable_sim::plan::{Heal, Plan};
use shaketable_sim::rng::Seed;
use shaketable_sim::swarm::{Dial, Swarm, Tolerance, Which, priorities};
use shaketable_sim::time::{Instant, Ppm, Span};

const TENS: Milestone = Milestone { name: "tens-of-ticks", doc: "times a node has ticked ten times more" };

fn bold() -> Tolerance {
    Tolerance {
        disks: 1,
        for_ever: true,
        drift: Ppm::percent(3),
        jumps: true,
        under_way: None,
        leaders: true,
        patience: Span::millis(100),
        messages: &["Beat"],
        milestones: &[TENS],
        commands: &["campaign", "transfer", "reconfigure"],
    }
}

fn plan() -> Plan {
    Plan { heal: Some(Heal { at: Instant::ZERO + Span::millis(1_500), within: Span::millis(400) }), ..calm() }
}

fn drawn(tolerance: &Tolerance, seeds: u64) -> Vec<Vec<Planned>> {
    (0..seeds).map(|seed| Swarm::ALL.plan(&plan(), tolerance, Seed(seed), 0).faults).collect()
}

fn kinds(drawn: &[Vec<Planned>]) -> BTreeSet<&'static str> {
    drawn.iter().flatten().map(|fault| fault.kind.name).collect()
}

#[test]
fn every_kind_is_drawn_by_some_seed_and_none_by_all() {
    let drawn = drawn(&bold(), 600);
    let mut known: BTreeSet<&str> = shaketable_sim::faults::FAULTS.iter().map(|kind| kind.name).collect();
    known.remove("slow-link"); // That is for priorities.
    assert_eq!(kinds(&drawn), known);
    for kind in known {
        let with = drawn.iter().filter(|faults| faults.iter().any(|fault| fault.kind.name == kind)).count();
        assert!((4..500).contains(&with), "{kind} is in {with} of 600");
    }
    let count = |faults: &Vec<Planned>| faults.len();
    let average = drawn.iter().map(count).sum::<usize>() / drawn.len();
    assert!((3..=7).contains(&average), "{average} faults a run");
}

#[test]
fn what_the_protocol_does_not_bear_is_not_drawn() {
    let timid = Tolerance {
        disks: 0,
        for_ever: false,
        drift: Ppm::ZERO,
        jumps: false,
        under_way: Some(Span::millis(50)),
        leaders: false,
        commands: &[],
        ..bold()
    };
    let drawn = drawn(&timid, 600);
    let late = ["wipe", "rot", "clock-jump", "clock-drift", "hold", "pause", "reorder", "campaign"];
    assert!(late.iter().all(|kind| !kinds(&drawn).contains(kind)), "{:?}", kinds(&drawn));
    assert!(drawn.iter().flatten().all(|fault| !fault.permanent));
    for fault in drawn.iter().flatten() {
        assert!(!fault.written().to_string().contains("leader"), "{}", fault.written());
    }
}

#[test]
fn disks_and_clocks_stay_within_what_is_borne() {
    for (seed, faults) in drawn(&bold(), 2_000).iter().enumerate() {
        let lost = faults.iter().filter(|fault| ["wipe", "rot"].contains(&fault.kind.name));
        assert!(lost.map(|fault| fault.times).sum::<u32>() <= 1, "seed {seed}");
        for drift in faults.iter().filter(|fault| fault.kind.name == "clock-drift") {
            assert!(drift.args.odds("by") <= Ppm::percent(3), "seed {seed}");
        }
    }
}

#[test]
fn what_a_plan_does_to_disks_by_itself_is_not_done_again() {
    let most = |node: &str, disks| {
        let wipe = Planned::new("wipe", &[("node", node)]).expect("a fault").at(Span::millis(100));
        let plan = Plan { faults: vec![wipe], ..plan() };
        let lost = |seed| {
            let drawn = Swarm::ALL.plan(&plan, &Tolerance { disks, ..bold() }, Seed(seed), 0).faults;
            let more = drawn[1..].iter().filter(|fault| ["wipe", "rot"].contains(&fault.kind.name));
            more.map(|fault| fault.times).sum::<u32>()
        };
        (0..600).map(lost).max()
    };
    assert_eq!((most("n1", 1), most("n1", 2)), (Some(0), Some(1)));
    assert_eq!((most("some", 2), most("minority", 9)), (Some(0), Some(0)), "who knows how many");
}

#[test]
fn a_tolerance_still_bears_what_is_no_more_than_either_bears() {
    let fault = |kind, params: &[(&str, &str)]| vec![Planned::new(kind, params).expect("a fault")];
    let (wipe, jump) = (fault("wipe", &[("node", "n1")]), fault("clock-jump", &[("node", "n1"), ("by", "1s")]));
    let drift = |by| fault("clock-drift", &[("node", "n1"), ("by", by)]);
    let timid = Tolerance { disks: 0, jumps: false, drift: Ppm::percent(1), ..bold() };
    assert!(bold().still_bears(&wipe, &bold()) && !timid.still_bears(&wipe, &bold()));
    assert!(bold().still_bears(&jump, &bold()) && !timid.still_bears(&jump, &bold()));
    assert!(timid.still_bears(&drift("1%"), &bold()) && !timid.still_bears(&drift("2%"), &bold()));
    // What was beyond it before may stay so.
    assert!(timid.still_bears(&[wipe, jump, drift("2%")].concat(), &timid));
}

#[test]
fn what_is_drawn_depends_on_the_seed_alone_and_acts() {
    let (mut faults, mut acted) = (0, 0);
    for seed in 0..60 {
        let plans = [0, 1].map(|_| Swarm::ALL.plan(&plan(), &bold(), Seed(seed), 0));
        let written = |plan: &Plan| -> Vec<String> {
            plan.faults.iter().map(|fault| format!("{} {}", fault.kind.name, fault.written())).collect()
        };
        assert_eq!(written(&plans[0]), written(&plans[1]));
        let run = run(&plans[0], seed);
        faults += run.coverage.faults;
        acted += run.coverage.faults_acted;
    }
    assert!(faults > 150 && acted * 2 > faults, "{acted} of {faults} acted");
}

#[test]
fn a_list_of_kinds_or_parameters_is_kept_to() {
    let swarm = Swarm { faults: Which::These(vec!["crash".to_owned()]), ..Swarm::ALL };
    let drawn: Vec<_> = (0..100).map(|seed| swarm.plan(&plan(), &bold(), Seed(seed), 0).faults).collect();
    assert_eq!(kinds(&drawn), BTreeSet::from(["crash"]));

    static PARAMS: &[Param] = &[
        Param { name: "batch", shape: Shape::Count(1, 99), default: Default::Value(Literal::Count(64)), doc: "" },
        Param { name: "window", shape: Shape::Count(1, 99), default: Default::Value(Literal::Count(4)), doc: "" },
        Param { name: "chunk", shape: Shape::Count(1, 99), default: Default::Absent, doc: "" },
    ];
    let dial = |param| Dial { param, values: &[Literal::Count(1), Literal::Count(2)] };
    let dials = [dial("batch"), dial("window"), dial("chunk")];
    let swarm = Swarm { config: Which::These(vec!["batch".to_owned(), "chunk".to_owned()]), ..Swarm::ALL };
    let draw = |config: &Args, seed| swarm.config(config, PARAMS, &dials, Seed(seed), 0);
    let defaults = Args::defaults(PARAMS);
    let count = |args: &Args, name| args.get(name).map(|_| args.count(name));
    let all: Vec<Args> = (0..100).map(|seed| draw(&defaults, seed)).collect();
    let values = |name| all.iter().map(|args| count(args, name)).collect::<BTreeSet<_>>();
    assert_eq!(values("batch"), BTreeSet::from([Some(1), Some(2), Some(64)]));
    assert_eq!(values("chunk"), BTreeSet::from([None, Some(1), Some(2)]));
    assert_eq!(values("window"), BTreeSet::from([Some(4)]), "it is not in the list");
    let mut chosen = defaults;
    chosen.set("batch", Value::Count(7));
    assert!((0..100).all(|seed| count(&draw(&chosen, seed), "batch") == Some(7)), "the file has chosen it");
}

#[test]
fn priorities_are_delays_of_chains_of_messages() {
    let faults = priorities(&plan(), &bold(), Seed(1), 0);
    assert!(faults.iter().all(|fault| fault.kind.name == "slow-link"));
    let late = Plan { faults, ..plan() };
    assert!(run(&late, 1).coverage.slowed > 100);
}
