//! Changes of a scenario: each makes another one.

use std::collections::BTreeMap;
use std::ops::Range;

use shaketable_sim::faults::target::Target;
use shaketable_sim::faults::{Planned, Start};
use shaketable_sim::id::{ClientId, Endpoint, NodeId};
use shaketable_sim::param::{Args, Value};
use shaketable_sim::plan::Heal;
use shaketable_sim::script::Scripted;
use shaketable_sim::spec::any;
use shaketable_sim::time::{Instant, Span};
use shaketable_sim::workload::WORKLOADS;

use crate::scenario::Scenario;

/// From this number on, values name the operation that writes them; below it they are amounts.
const UNIQUE: u64 = 1_000_000;

/// `scenario` after `change`.
pub(super) fn changed(scenario: &Scenario, change: impl FnOnce(&mut Scenario)) -> Scenario {
    let mut scenario = scenario.clone();
    change(&mut scenario);
    scenario
}

/// Without these faults.
pub(super) fn without_faults(scenario: &Scenario, places: Range<usize>) -> Scenario {
    changed(scenario, |scenario| drop(scenario.plan.faults.drain(places)))
}

/// Without these operations of its script.
pub(super) fn without_operations(scenario: &Scenario, places: Range<usize>) -> Scenario {
    changed(scenario, |scenario| {
        scenario.plan.clients.script.iter_mut().for_each(|script| drop(script.drain(places.clone())));
    })
}

/// Without one node; those behind it move up. What was about that node alone is gone.
pub(super) fn without_node(scenario: &Scenario, gone: NodeId) -> Scenario {
    let mut scenario = renamed(scenario, &|endpoint| match endpoint {
        Endpoint::Node(node) if node == gone => None,
        Endpoint::Node(node) if node > gone => Some(Endpoint::Node(NodeId::at(node.index() - 1))),
        other => Some(other),
    });
    scenario.plan.nodes -= 1;
    scenario
}

/// Without the clients that ask for nothing; at least one stays. None if all ask.
pub(super) fn without_idle_clients(scenario: &Scenario) -> Option<Scenario> {
    let script = scenario.plan.clients.script.as_ref()?;
    let mut asking: Vec<ClientId> = script.iter().map(|line| line.client).collect();
    asking.sort_unstable();
    asking.dedup();
    let count = asking.len().max(1);
    if count == scenario.plan.clients.count {
        return None;
    }
    let mut scenario = renamed(scenario, &|endpoint| match endpoint {
        Endpoint::Client(client) => {
            asking.binary_search(&client).ok().map(|place| Endpoint::Client(ClientId::at(place)))
        }
        node => Some(node),
    });
    scenario.plan.clients.count = count;
    Some(scenario)
}

/// With other names for nodes and clients. What is about none that has a name is gone.
fn renamed(scenario: &Scenario, name: &dyn Fn(Endpoint) -> Option<Endpoint>) -> Scenario {
    changed(scenario, |scenario| {
        let faults = std::mem::take(&mut scenario.plan.faults);
        for mut fault in faults {
            if let Some(args) = renamed_in(&fault.args, name) {
                fault.args = args;
                scenario.plan.faults.push(fault);
            }
        }
        if let Some(config) = renamed_in(&scenario.config, name) {
            scenario.config = config;
        }
        if let Some(script) = &mut scenario.plan.clients.script {
            *script = script.iter().filter_map(|line| renamed_line(line, name)).collect();
        }
    })
}

fn renamed_line(line: &Scripted, name: &dyn Fn(Endpoint) -> Option<Endpoint>) -> Option<Scripted> {
    let Some(Endpoint::Client(client)) = name(Endpoint::Client(line.client)) else { return None };
    let to = match line.to.and_then(|to| name(Endpoint::Node(to))) {
        Some(Endpoint::Node(to)) => Some(to),
        _ => None,
    };
    Some(Scripted { client, to, ..line.clone() })
}

/// The values with other names in them; none if one of them names nobody any more.
fn renamed_in(args: &Args, name: &dyn Fn(Endpoint) -> Option<Endpoint>) -> Option<Args> {
    let value = |value: &Value| {
        Some(match value {
            Value::Target(target) => Value::Target(renamed_target(target, name)?),
            Value::Groups(groups) => {
                let groups: Vec<Target> = groups.iter().filter_map(|group| renamed_target(group, name)).collect();
                (!groups.is_empty()).then_some(Value::Groups(groups))?
            }
            Value::Table(args) => Value::Table(renamed_in(args, name)?),
            other => other.clone(),
        })
    };
    let values = args.iter().map(|(key, old)| Some((key, value(old)?)));
    values.collect::<Option<Vec<_>>>().map(Args::new)
}

fn renamed_target(target: &Target, name: &dyn Fn(Endpoint) -> Option<Endpoint>) -> Option<Target> {
    let one = |endpoint: Endpoint| {
        Some(match endpoint {
            Endpoint::Node(node) => Target::Node(node),
            Endpoint::Client(client) => Target::Client(client),
        })
    };
    match target {
        Target::Node(node) => name(Endpoint::Node(*node)).and_then(one),
        Target::Client(client) => name(Endpoint::Client(*client)).and_then(one),
        Target::Not(inner) => {
            Some(renamed_target(inner, name).map_or(Target::All, |inner| Target::Not(Box::new(inner))))
        }
        Target::Each(targets) => {
            let mut targets: Vec<Target> = targets.iter().filter_map(|target| renamed_target(target, name)).collect();
            match targets.len() {
                0 => None,
                1 => targets.pop(),
                _ => Some(Target::Each(targets)),
            }
        }
        word => Some(word.clone()),
    }
}

/// Which names are made small.
#[derive(Clone, Copy)]
pub(super) struct Names {
    keys: bool,
    values: bool,
}

impl Names {
    pub(super) const ALL: Names = Names { keys: true, values: true };
    /// A failure may rest on where a key lies, and on no value.
    pub(super) const VALUES: Names = Names { keys: false, values: true };
    pub(super) const KEYS: Names = Names { keys: true, values: false };
}

/// With small values and keys in the place of those that the workload drew: 1, 2, … in the order in which they occur. None if they are small.
pub(super) fn with_small_names(scenario: &Scenario, names: Names) -> Option<Scenario> {
    let workload = WORKLOADS.iter().find(|workload| workload.name == scenario.plan.clients.workload)?;
    let (mut values, mut keys) = (BTreeMap::new(), BTreeMap::new());
    let mut word = |word: &str| match (word.strip_prefix('k'), word.parse::<u64>()) {
        (Some(key), _) if names.keys && key.parse::<u64>().is_ok() => {
            let next = keys.len() + 1;
            format!("k{}", keys.entry(word.to_owned()).or_insert(next))
        }
        (_, Ok(value)) if names.values && value >= UNIQUE => {
            let next = values.len() + 1;
            values.entry(value).or_insert(next).to_string()
        }
        _ => word.to_owned(),
    };
    let mut read = |op: &any::Op| {
        let text = op.to_string().replace('→', " → ");
        let words: Vec<String> = text.split(' ').map(&mut word).collect();
        (workload.read)(&words.join(" ").replace(" → ", "→")).ok()
    };
    let script = scenario.plan.clients.script.as_ref()?;
    let lines: Option<Vec<Scripted>> =
        script.iter().map(|line| Some(Scripted { op: read(&line.op)?, ..line.clone() })).collect();
    let lines = lines.filter(|lines| lines != script)?;
    Some(changed(scenario, |scenario| scenario.plan.clients.script = Some(lines)))
}

/// With every time of a fault or an operation moved as `moved` says.
pub(super) fn with_times(scenario: &Scenario, moved: &dyn Fn(Instant) -> Instant) -> Scenario {
    changed(scenario, |scenario| {
        for fault in &mut scenario.plan.faults {
            if let Start::At(at) = fault.start {
                let end = fault.lasting.map(|(lasting, _)| moved(at + lasting));
                fault.start = Start::At(moved(at));
                fault.lasting = end.map(|end| end.since(moved(at))).map(|lasting| (lasting, lasting));
            }
        }
        scenario.plan.clients.script.iter_mut().flatten().for_each(|line| line.at = moved(line.at));
    })
}

/// All times at which something is planned to happen, in order.
pub(super) fn times(scenario: &Scenario) -> Vec<Instant> {
    let mut times = vec![Instant::ZERO];
    for fault in &scenario.plan.faults {
        if let Start::At(at) = fault.start {
            times.push(at);
            times.extend(fault.lasting.map(|(lasting, _)| at + lasting));
        }
    }
    times.extend(scenario.plan.clients.script.iter().flatten().map(|line| line.at));
    times.extend(scenario.plan.heal.map(|heal| heal.at));
    times.sort_unstable();
    times.dedup();
    times
}

/// A time in whole units, down.
pub(super) fn rounded(at: Instant, unit: Span) -> Instant {
    Instant::nanos(at.as_nanos() / unit.as_nanos() * unit.as_nanos())
}

/// As if the run had begun so long before `from`: what was over then is gone, and the rest comes that much earlier.
pub(super) fn since(scenario: &Scenario, from: Instant, before: Span) -> Scenario {
    let less = Span::nanos(from.as_nanos().saturating_sub(before.as_nanos()));
    let begun = Instant::ZERO + less;
    let of_late = changed(scenario, |scenario| {
        scenario.plan.faults.retain(|fault| ends(fault).is_none_or(|end| end >= from));
        scenario.plan.clients.script.iter_mut().for_each(|script| script.retain(|line| line.at >= from));
    });
    // What was going on begins where the rest does.
    let mut earlier = with_times(&of_late, &|at| at.max(from) - less);
    earlier.plan.duration = earlier.plan.duration - less;
    earlier.plan.heal =
        earlier.plan.heal.filter(|heal| heal.at > begun).map(|heal| Heal { at: heal.at - less, ..heal });
    earlier
}

/// When a fault of a case is over; none if the heal ends it.
pub(super) fn ends(fault: &Planned) -> Option<Instant> {
    match (&fault.start, fault.lasting) {
        (Start::At(at), _) if fault.kind.instantaneous => Some(*at),
        (Start::At(at), Some((lasting, _))) => Some(*at + lasting),
        _ => None,
    }
}
