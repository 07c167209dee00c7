//! Raft in the simulated world: right, it survives what it claims to bear; wrong, it is found out.

mod common;

use common::{every, heal, plan, raft, run, target};
use shaketable_protocols::raft::RAFT;
use shaketable_protocols::raft::Raft;
use shaketable_protocols::raft::config::{Config, PARAMS};
use shaketable_protocols::tamper::{Setup, Tamper, Tampered};
use shaketable_sim::faults::Planned;
use shaketable_sim::faults::trigger::{Occasion, Phase, State, Trigger};
use shaketable_sim::node::{Effect, EffectOf, Role};
use shaketable_sim::param::{Args, Value};
use shaketable_sim::plan::Plan;
use shaketable_sim::rng::{Delay, Seed};
use shaketable_sim::run::{Coverage, Verdict};
use shaketable_sim::spec::any::Any;
use shaketable_sim::time::{Ppm, Span};
use shaketable_sim::workload::WORKLOADS;
use shaketable_sim::world;

/// Each seed draws its own mixture of faults, cluster size, workload and variant of the protocol.
fn swarm(seed: u64) -> (Plan, Args) {
    let mut rng = Seed(seed).stream("swarm");
    let workload = rng.pick(WORKLOADS).expect("there are workloads").name;
    let mut plan = plan(rng.between(1, 5) as usize, 12, workload);
    heal(&mut plan, 5);
    plan.network.loss = Ppm::percent(rng.below(4) as u32);
    plan.network.duplicate = Ppm::percent(rng.below(3) as u32);
    plan.network.reorder = Ppm::percent(rng.below(6) as u32);
    let leader = || ("node", target("leader"));
    let faults = [
        every("crash", (300, 2_000), Some((50, 800)), &[("node", target("random"))]),
        every("crash", (300, 2_000), Some((20, 300)), &[leader(), ("after-effects", Value::Counts(0, 12))]),
        every("partition", (300, 2_000), Some((200, 1_500)), &[]),
        every("isolate", (300, 2_000), Some((200, 1_500)), &[leader()]),
        every("pause", (300, 2_000), Some((100, 800)), &[leader()]),
        every("cut", (300, 2_000), Some((200, 1_500)), &[("from", target("random")), ("to", target("random"))]),
        every("hold", (300, 2_000), Some((50, 800)), &[("from", target("leader")), ("to", target("follower"))]),
        every(
            "clock-jump",
            (300, 2_000),
            None,
            &[("node", target("random")), ("by", Value::Shifts(-3_000_000_000, 3_000_000_000))],
        ),
        every(
            "slow-disk",
            (300, 2_000),
            Some((200, 1_500)),
            &[("node", target("random")), ("by", Value::Delay(Delay::Uniform(Span::millis(1), Span::millis(100))))],
        ),
    ];
    plan.faults.extend(faults.into_iter().filter(|_| rng.below(2) == 0));
    // Leases hold on clocks that drift as these do, and are not set.
    let reads = if plan.faults.iter().any(|fault| fault.kind.name == "clock-jump") { 2 } else { 3 };
    let commands = [
        every("transfer", (200, 2_000), None, &[leader(), ("to", target("random"))]),
        every("reconfigure", (100, 2_000), None, &[leader(), ("members", target("some"))]),
    ];
    plan.faults.extend(commands.into_iter().filter(|_| rng.below(2) == 0));
    let args = raft(&[
        ("elections", Value::Choice(["plain", "check-quorum", "pre-vote"][rng.below(3) as usize])),
        ("read", Value::Choice(["read-index", "log", "lease"][rng.below(reads) as usize])),
        ("membership", Value::Choice(["single-server", "joint"][rng.below(2) as usize])),
        ("members", Value::Count(rng.between(1, 5))),
        ("batch", Value::Count(*rng.pick(&[1, 3, 64]).expect("not empty"))),
        ("window", Value::Count(*rng.pick(&[1, 4]).expect("not empty"))),
        ("snapshot-every", Value::Count(*rng.pick(&[1, 10, 1_000_000]).expect("not empty"))),
        ("chunk", Value::Count(*rng.pick(&[1, 16]).expect("not empty"))),
    ]);
    (plan, args)
}

#[test]
fn raft_survives_what_it_claims_to_bear() {
    let mut reached = Coverage::default();
    for seed in 0..400 {
        let (plan, args) = swarm(seed);
        let run = run(&plan, &args, None, seed);
        assert_eq!(run.verdict, Verdict::Pass, "seed {seed}");
        reached.add(&run.coverage);
    }
    let least = [
        (reached.completed_ops, 150_000),
        (reached.ops_after_heal, 60_000),
        (reached.leader_changes, 1_500),
        (reached.restarts, 800),
        (reached.crashes_between_effects, 50),
        (reached.records_torn, 20),
        (reached.cut_on_sending, 10_000),
        (reached.held, 100),
        (reached.reconfigurations, 250),
    ];
    for (place, (count, least)) in least.into_iter().enumerate() {
        assert!(count >= least, "figure {place}: {count} of at least {least} in {:?}", reached.named());
    }
}

/// The worlds in which these bugs show to the invariants within a few seeds; the right protocol survives the same ones.
#[test]
fn bugs_that_show_at_once_are_caught_where_raft_survives() {
    let mut reordering = plan(5, 12, "kv");
    heal(&mut reordering, 5);
    reordering.clients.count = 12;
    reordering.network.reorder = Ppm::percent(20);
    reordering.faults = vec![every("crash", (300, 1_500), Some((100, 600)), &[("node", target("leader"))])];
    let mut cutting = plan(3, 12, "register");
    heal(&mut cutting, 5);
    cutting.faults = vec![
        every("isolate", (200, 800), Some((100, 600)), &[("node", target("leader"))]),
        every("crash", (100, 600), Some((30, 200)), &[("node", target("random"))]),
    ];
    let plain = raft(&[("elections", Value::Choice("plain"))]);
    for (bug, plan) in [("truncates-always", reordering), ("votes-shorter-log", cutting)] {
        let expected = RAFT.bugs.iter().find(|known| known.name == bug).expect("a bug of that name").caught_by;
        let mut caught = 0;
        for seed in 0..12 {
            assert_eq!(run(&plan, &plain, None, seed).verdict, Verdict::Pass, "right, seed {seed}");
            if let Verdict::Violation(violation) = run(&plan, &plain, Some(bug), seed).verdict {
                caught += u64::from(violation.signature() == expected);
            }
        }
        assert!(caught >= 6, "{bug}: {caught} of 12 seeds show {expected}");
    }
}

#[test]
fn every_planted_bug_runs() {
    let (plan, args) = swarm(1);
    for bug in RAFT.bugs {
        assert!(run(&plan, &args, Some(bug.name), 1).coverage.completed_ops > 0, "{}", bug.name);
    }
}

/// Changes nothing.
#[derive(Debug)]
struct HandsOff;

impl Tamper<Raft<Any>> for HandsOff {
    fn tamper(&self, _: &mut Vec<EffectOf<Raft<Any>>>) {}
}

/// Keeps to itself what it reaches.
#[derive(Debug)]
struct Modest;

impl Tamper<Raft<Any>> for Modest {
    fn tamper(&self, effects: &mut Vec<EffectOf<Raft<Any>>>) {
        effects.retain(|effect| !matches!(effect, Effect::Reached(_)));
    }
}

#[test]
fn to_count_milestones_changes_nothing_else() {
    let kv = WORKLOADS.iter().find(|known| known.name == "kv").expect("a workload");
    let workload = (kv.build)(&Args::defaults(kv.params));
    let (mut reached, mut between_effects) = (0, 0);
    for seed in 0..40 {
        let (mut plan, args) = swarm(seed);
        (plan.clients.workload, plan.clients.mix) = ("kv", Args::defaults(kv.params));
        let config = Config::from_args(&args).expect("the parameters fit together");
        let counted = world::run::<Raft<Any>>(&plan, &config, &*workload, Seed(seed), None);
        let setup = Setup { inner: config, tamper: &Modest };
        let uncounted = world::run::<Tampered<Raft<Any>>>(&plan, &setup, &*workload, Seed(seed), None);
        assert_eq!(counted.digest, uncounted.digest, "seed {seed}");
        assert!(uncounted.coverage.milestones.values().all(|&number| number == 0));
        reached += counted.coverage.milestones.values().sum::<u64>();
        between_effects += counted.coverage.crashes_between_effects;
    }
    assert!(reached > 1_000 && between_effects > 10, "{reached} milestones, {between_effects} crashes among them");
}

#[test]
fn a_wrapper_that_changes_nothing_changes_nothing() {
    let kv = WORKLOADS.iter().find(|known| known.name == "kv").expect("a workload");
    let workload = (kv.build)(&Args::defaults(kv.params));
    let config = Config::from_args(&Args::defaults(PARAMS)).expect("the defaults fit together");
    let setup = Setup { inner: config, tamper: &HandsOff };
    for seed in 0..5 {
        let (mut plan, _) = swarm(seed);
        (plan.clients.workload, plan.clients.mix) = ("kv", Args::defaults(kv.params));
        let bare = world::run::<Raft<Any>>(&plan, &config, &*workload, Seed(seed), None);
        let wrapped = world::run::<Tampered<Raft<Any>>>(&plan, &setup, &*workload, Seed(seed), None);
        assert_eq!(bare.digest, wrapped.digest, "seed {seed}");
        assert_eq!(bare.coverage.named(), wrapped.coverage.named());
        assert!(bare.coverage.completed_ops > 0);
    }
}

/// A server becomes a candidate and asks for votes in one handler, if its disk takes no time.
#[test]
fn a_fault_that_waits_for_what_a_candidate_sends_meets_a_candidate() {
    let mut plan = plan(3, 5, "register");
    plan.disk.sync = Delay::Fixed(Span::ZERO);
    let struck = |role, seed| {
        let occasion = Occasion::Message {
            kind: "RequestVote".to_owned(),
            nth: 1,
            epoch: Some(1),
            from: None,
            to: None,
            phase: Phase::Sent,
        };
        let state = State { role: Some(role), ..State::default() };
        let cut = Planned::new("cut", &[("from", "sender"), ("to", "it")]).expect("a fault");
        let plan = Plan { faults: vec![cut.when(Trigger { state, occasion: Some(occasion) })], ..plan.clone() };
        run(&plan, &raft(&[("elections", Value::Choice("plain"))]), None, seed).applied.len()
    };
    for seed in 0..10 {
        assert_eq!((struck(Role::Candidate, seed), struck(Role::Follower, seed)), (1, 0), "seed {seed}");
    }
}
