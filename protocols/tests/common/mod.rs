//! Plans made in code, from the same tables as scenario files.

use shaketable_protocols::Bug;
use shaketable_protocols::raft::RAFT;
use shaketable_sim::faults::target::Target;
use shaketable_sim::faults::{FAULTS, Planned, Start};
use shaketable_sim::param::{Args, Value};
use shaketable_sim::plan::{
    CHECK, CLIENTS, CLOCK, CheckPlan, ClientPlan, ClockPlan, DISK, DiskPlan, Heal, LIMITS, Limits, NETWORK,
    NetworkPlan, Plan,
};
use shaketable_sim::rng::Seed;
use shaketable_sim::run::Run;
use shaketable_sim::spec::any::Any;
use shaketable_sim::time::{Instant, Span};
use shaketable_sim::workload::WORKLOADS;

/// A quiet world of so many nodes, for so many seconds, whose clients ask for this workload.
pub(crate) fn plan(nodes: usize, seconds: u64, workload: &str) -> Plan {
    let workload = WORKLOADS.iter().find(|known| known.name == workload).expect("a workload of that name");
    let mut clients = Args::defaults(CLIENTS);
    Args::defaults(workload.params).iter().for_each(|(name, value)| clients.set(name, value.clone()));
    Plan {
        nodes,
        duration: Span::secs(seconds),
        network: NetworkPlan::from_args(&Args::defaults(NETWORK)),
        disk: DiskPlan::from_args(&Args::defaults(DISK)),
        clock: ClockPlan::from_args(&Args::defaults(CLOCK)),
        clients: ClientPlan::from_args(&clients, workload),
        faults: Vec::new(),
        heal: None,
        check: CheckPlan::from_args(&Args::defaults(CHECK)),
        limits: Limits::from_args(&Args::defaults(LIMITS)),
        states: false,
        fork: None,
    }
}

/// Ends the trouble so many seconds before the end, and demands recovery by then.
pub(crate) fn heal(plan: &mut Plan, seconds: u64) {
    let at = Instant::ZERO + (plan.duration - Span::secs(seconds));
    plan.heal = Some(Heal { at, within: Span::secs(seconds) - Span::millis(1) });
}

/// A fault that strikes again and again: waits from `every` range, lasts for `lasting` range, both in milliseconds.
pub(crate) fn every(
    kind: &str,
    every: (u64, u64),
    lasting: Option<(u64, u64)>,
    args: &[(&'static str, Value)],
) -> Planned {
    let kind = FAULTS.iter().find(|known| known.name == kind).expect("a fault of that name");
    let span = |(low, high)| (Span::millis(low), Span::millis(high));
    let mut given = Args::defaults(kind.params);
    args.iter().for_each(|(name, value)| given.set(name, value.clone()));
    let (low, high) = span(every);
    Planned {
        kind,
        args: given,
        start: Start::Every(low, high),
        from: Instant::ZERO,
        until: Instant::MAX,
        times: u32::MAX,
        lasting: lasting.map(span),
        permanent: false,
    }
}

/// A target as a scenario file writes it.
pub(crate) fn target(text: &str) -> Value {
    Value::Target(text.parse::<Target>().expect("a target"))
}

/// The parameters of Raft, some of them changed.
pub(crate) fn raft(changes: &[(&'static str, Value)]) -> Args {
    let mut args = Args::defaults(RAFT.params);
    changes.iter().for_each(|(name, value)| args.set(name, value.clone()));
    args
}

/// Runs Raft, right or with the bug of this name.
pub(crate) fn run(plan: &Plan, args: &Args, bug: Option<&str>, seed: u64) -> Run<Any> {
    let named =
        |name: &str| -> &'static Bug { RAFT.bugs.iter().find(|bug| bug.name == name).expect("a bug of that name") };
    assert_eq!((RAFT.check)(args, plan), vec![]);
    (RAFT.run)(plan, args, bug.map(named), Seed(seed), None)
}
