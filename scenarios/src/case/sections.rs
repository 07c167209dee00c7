//! The sections of a scenario file that give a plan again.

use shaketable_sim::param::{Args, Value};
use shaketable_sim::plan::{CheckPlan, ClientPlan, ClockPlan, DiskPlan, Heal, Limits, NetworkPlan, Plan};
use shaketable_sim::time::{Instant, Span};

/// A moment as files say it.
pub(super) fn since_start(at: Instant) -> Span {
    at.since(Instant::ZERO)
}

/// What each section must say so that this plan comes of it. Each plan is taken apart in full, so that a part that is added to one
/// cannot be forgotten here.
pub(super) fn sections(plan: &Plan) -> Vec<(&'static str, Args)> {
    let Plan {
        nodes: _,
        duration: _,
        network,
        disk,
        clock,
        clients,
        faults: _,
        heal,
        check,
        limits,
        states: _,
        fork: _,
    } = plan;
    let mut sections = vec![
        ("network", network_args(network)),
        ("disk", disk_args(disk)),
        ("clock", clock_args(clock)),
        ("clients", client_args(clients)),
    ];
    sections.extend(heal.iter().map(|heal| ("heal", heal_args(heal))));
    sections.extend([("check", check_args(check)), ("limits", limit_args(limits))]);
    sections
}

pub(super) fn network_args(plan: &NetworkPlan) -> Args {
    let NetworkPlan { delay, client_delay, loss, duplicate, reorder, fifo } = plan;
    Args::new(vec![
        ("delay", Value::Delay(*delay)),
        ("client-delay", Value::Delay(*client_delay)),
        ("loss", Value::Odds(*loss)),
        ("duplicate", Value::Odds(*duplicate)),
        ("reorder", Value::Odds(*reorder)),
        ("order", Value::Choice(if *fifo { "fifo" } else { "any" })),
    ])
}

fn disk_args(plan: &DiskPlan) -> Args {
    let DiskPlan { sync, restart } = plan;
    Args::new(vec![("sync", Value::Delay(*sync)), ("restart", Value::Spans(restart.0, restart.1))])
}

fn clock_args(plan: &ClockPlan) -> Args {
    let ClockPlan { offset, drift } = plan;
    Args::new(vec![("offset", Value::Shifts(offset.0, offset.1)), ("drift", Value::Odds(*drift))])
}

fn client_args(plan: &ClientPlan) -> Args {
    let ClientPlan { count, start, pause, open, timeout, give_up, workload, mix, script } = plan;
    let mut args = Args::new(vec![
        ("count", Value::Count(*count as u64)),
        ("start", Value::Span(since_start(*start))),
        ("loop", Value::Choice(if *open { "open" } else { "closed" })),
        ("pause", Value::Delay(*pause)),
        ("timeout", Value::Span(*timeout)),
        ("give-up", Value::Span(*give_up)),
        ("workload", Value::Text((*workload).to_owned())),
    ]);
    mix.iter().for_each(|(name, value)| args.set(name, value.clone()));
    if script.is_some() {
        // How clients would draw what they ask for says nothing beside a script of it.
        ["loop", "pause"].into_iter().chain(mix.iter().map(|(name, _)| name)).for_each(|name| args.remove(name));
    }
    args
}

pub(super) fn heal_args(plan: &Heal) -> Args {
    let Heal { at, within } = plan;
    Args::new(vec![("at", Value::Span(since_start(*at))), ("within", Value::Span(*within))])
}

fn check_args(plan: &CheckPlan) -> Args {
    let CheckPlan { linearizable, at_once, invariants, states, bytes } = plan;
    let invariants = match invariants.as_deref() {
        None => vec!["all".to_owned()],
        Some([]) => vec!["none".to_owned()],
        Some(names) => names.to_vec(),
    };
    Args::new(vec![
        ("linearizable", Value::Flag(*linearizable)),
        ("at-once", Value::Flag(*at_once)),
        ("invariants", Value::Names(invariants)),
        ("states", Value::Count(*states)),
        ("bytes", Value::Count(*bytes)),
    ])
}

fn limit_args(plan: &Limits) -> Args {
    let Limits { events, pending, instant } = plan;
    Args::new(vec![
        ("events", Value::Count(*events)),
        ("pending", Value::Count(*pending)),
        ("instant", Value::Count(*instant)),
    ])
}
