//! What is tried to make a case smaller, from the boldest to what only pleases the eye.

use std::collections::BTreeMap;

use shaketable_sim::id::{NodeId, OpId};
use shaketable_sim::param::{Args, Param, Shape, Value};
use shaketable_sim::plan::{CLIENTS, ClockPlan, DiskPlan, Heal, NetworkPlan};
use shaketable_sim::rng::Delay;
use shaketable_sim::script::{self, Scripted};
use shaketable_sim::time::{Ppm, Span};
use shaketable_sim::workload::WORKLOADS;

use super::edit::{
    Names, changed, rounded, times, with_small_names, with_times, without_faults, without_idle_clients, without_node,
    without_operations,
};
use super::lists::{self, thin};
use super::{Failing, Shrinker, bold, calm, thresholds};
use crate::scenario::Scenario;

/// With how many seeds a change is tried: as many as make so many events together, within bounds. Short runs cost little.
#[derive(Clone, Copy)]
pub(super) struct Effort {
    events: u64,
    least: u64,
    most: u64,
}

/// Of changes of which there are many.
pub(super) const FEW: Effort = Effort { events: 50_000, least: 2, most: 40 };

/// Of changes of which there are few.
pub(super) const MANY: Effort = Effort { events: 500_000, least: 16, most: 400 };

/// Of changes that are worth no more.
const ONCE: Effort = Effort { events: 0, least: 1, most: 1 };

/// How many faults or operations a person can read.
pub(super) const SMALL: usize = 5;

/// How often what has pleased the eye may make something smaller again.
const ROUNDS: usize = 4;

impl Effort {
    /// How many seeds, if a run has so many events.
    pub(super) fn seeds(self, events: u64) -> u64 {
        (self.events / events.max(1)).clamp(self.least, self.most)
    }

    /// No more than is worth it as long as anything else makes a case smaller: later, all runs are shorter.
    pub(super) fn coarse(self) -> Effort {
        Effort { events: self.events.min(200_000), least: 1, most: self.most }
    }
}

/// All passes, again and again until none makes anything smaller.
pub(super) fn all(shrinker: &mut Shrinker<'_>) {
    scripted(shrinker);
    for _ in 0..ROUNDS {
        let before = shrinker.kept;
        fewer(shrinker);
        polish(shrinker);
        if shrinker.kept == before || shrinker.is_over() {
            return;
        }
    }
}

/// All passes that take something away, the boldest first.
const PASSES: &[fn(&mut Shrinker<'_>)] = &[
    bold::checks,
    bold::late,
    bold::keys,
    bold::askers,
    world,
    configuration,
    nodes,
    faults,
    addresses,
    operations,
    bold::together,
    clients,
    faults_themselves,
    idle_time,
];

/// What is tried when none of them takes anything away: it costs more.
const RESORTS: &[fn(&mut Shrinker<'_>)] = &[lists::leaps, calm::network, thresholds::all];

/// All of them, until none takes anything away. Long lists are cut into fine parts only when nothing else helps: other cuts may make all runs shorter.
fn fewer(shrinker: &mut Shrinker<'_>) {
    loop {
        let before = shrinker.kept;
        for pass in PASSES {
            if shrinker.is_over() {
                return;
            }
            pass(shrinker);
        }
        for resort in RESORTS {
            if shrinker.kept == before && !shrinker.is_over() {
                resort(shrinker);
            }
        }
        if shrinker.kept > before {
            continue;
        }
        if !shrinker.coarse {
            return;
        }
        shrinker.coarse = false;
    }
}

/// Writes down what the clients asked for, in the place of what they draw. How they would draw it means nothing any more.
fn scripted(shrinker: &mut Shrinker<'_>) {
    let Failing { scenario, run } = &shrinker.smallest;
    if scenario.plan.clients.script.is_none() {
        let script = script::of(&run.history);
        let change = changed(scenario, |scenario| {
            let clients = &mut scenario.plan.clients;
            clients.script = Some(script);
            clients.open = false;
            clients.pause = Args::defaults(CLIENTS).delay("pause");
            clients.mix = WORKLOADS
                .iter()
                .find(|workload| workload.name == clients.workload)
                .map_or_else(Args::default, |workload| Args::defaults(workload.params));
        });
        shrinker.try_one(change, MANY);
    } else {
        shrinker.try_one(scenario.clone(), ONCE);
    }
}

/// Without some faults, those first that have done nothing.
pub(super) fn faults(shrinker: &mut Shrinker<'_>) {
    let idle: Vec<bool> = shrinker.smallest.run.applied.iter().map(|fault| fault.acted == 0).collect();
    if idle.contains(&true) && idle.len() == shrinker.scenario().plan.faults.len() {
        let without = changed(shrinker.scenario(), |scenario| {
            let mut idle = idle.iter();
            scenario.plan.faults.retain(|_| idle.next() != Some(&true));
        });
        shrinker.try_one(without, FEW);
    }
    thin(shrinker, |scenario| scenario.plan.faults.len(), without_faults);
}

pub(super) fn operations(shrinker: &mut Shrinker<'_>) {
    thin(shrinker, |scenario| scenario.plan.clients.script.as_ref().map_or(0, Vec::len), without_operations);
}

/// Says of every operation which node is asked: the one that was asked last, so that nobody has to look for it.
fn addresses(shrinker: &mut Shrinker<'_>) {
    let Failing { scenario, run } = &shrinker.smallest;
    let asked: BTreeMap<OpId, NodeId> = run.history.iter().map(|operation| (operation.id, operation.node)).collect();
    let Some(script) = &scenario.plan.clients.script else { return };
    let mut seqs = vec![0; scenario.plan.clients.count];
    let addressed = |line: &Scripted| {
        let seq = &mut seqs[line.client.index()];
        *seq += 1;
        let to = line.to.or(asked.get(&OpId { client: line.client, seq: *seq }).copied());
        Scripted { to, ..line.clone() }
    };
    let lines: Vec<Scripted> = script.iter().map(addressed).collect();
    if lines == *script {
        return;
    }
    let unaddressed: Vec<usize> = (0..lines.len()).filter(|&place| lines[place] != script[place]).collect();
    let all = changed(scenario, |scenario| scenario.plan.clients.script = Some(lines.clone()));
    if shrinker.try_one(all, MANY) {
        return;
    }
    for place in unaddressed {
        let scenario = shrinker.scenario();
        let one = changed(scenario, |scenario| {
            let script = scenario.plan.clients.script.iter_mut().flatten().nth(place);
            script.into_iter().for_each(|line| line.to = lines[place].to);
        });
        if !shrinker.is_over() {
            shrinker.try_one(one, FEW);
        }
    }
}

fn clients(shrinker: &mut Shrinker<'_>) {
    if let Some(change) = without_idle_clients(shrinker.scenario()) {
        shrinker.try_one(change, MANY);
    }
}

fn nodes(shrinker: &mut Shrinker<'_>) {
    while shrinker.scenario().plan.nodes > 1 && !shrinker.is_over() {
        let nodes = shrinker.scenario().plan.nodes;
        let without = |scenario: &Scenario, place| without_node(scenario, NodeId::at(nodes - 1 - place));
        if shrinker.try_all(nodes, without, MANY).is_none() {
            return;
        }
    }
}

/// A calm world: nothing lost, nothing late, no clock off.
fn world(shrinker: &mut Shrinker<'_>) {
    let changes: &[fn(&mut Scenario)] = &[
        |scenario| {
            let network = &mut scenario.plan.network;
            (network.loss, network.duplicate, network.reorder) = (Ppm::ZERO, Ppm::ZERO, Ppm::ZERO);
        },
        |scenario| scenario.plan.network.loss = Ppm::ZERO,
        |scenario| scenario.plan.network.duplicate = Ppm::ZERO,
        |scenario| scenario.plan.network.reorder = Ppm::ZERO,
        |scenario| {
            let NetworkPlan { delay, client_delay, .. } = &mut scenario.plan.network;
            (*delay, *client_delay) = (steady(*delay), steady(*client_delay));
        },
        |scenario| scenario.plan.network.client_delay = steady(scenario.plan.network.client_delay),
        |scenario| scenario.plan.disk = DiskPlan { sync: steady(scenario.plan.disk.sync), ..scenario.plan.disk },
        |scenario| scenario.plan.disk = DiskPlan { sync: Delay::Fixed(Span::ZERO), ..scenario.plan.disk },
        |scenario| scenario.plan.clock = ClockPlan { offset: (0, 0), drift: Ppm::ZERO },
        |scenario| scenario.plan.clock.offset = (0, 0),
        |scenario| scenario.plan.clock.drift = Ppm::ZERO,
    ];
    for change in changes {
        let scenario = shrinker.scenario();
        let calmer = changed(scenario, change);
        let same = (calmer.plan.network, calmer.plan.disk, calmer.plan.clock)
            == (scenario.plan.network, scenario.plan.disk, scenario.plan.clock);
        if !same && !shrinker.is_over() {
            shrinker.try_one(calmer, MANY);
        }
    }
}

/// A delay that is always the same: what the given one is most of the time.
fn steady(delay: Delay) -> Delay {
    match delay {
        Delay::Fixed(_) => delay,
        Delay::Uniform(low, high) => Delay::Fixed(Span::nanos(low.as_nanos().midpoint(high.as_nanos()))),
        Delay::Exponential { mean, .. } => Delay::Fixed(mean),
        Delay::LogNormal { median, .. } => Delay::Fixed(median),
    }
}

/// The protocol's parameters as they are unless written.
pub(super) fn configuration(shrinker: &mut Shrinker<'_>) {
    for param in shrinker.scenario().protocol.params {
        let scenario = shrinker.scenario();
        let plain = changed(scenario, |scenario| match usual(param) {
            Some(value) => scenario.config.set(param.name, value),
            None => scenario.config.remove(param.name),
        });
        if plain.config.get(param.name) != scenario.config.get(param.name) && !shrinker.is_over() {
            shrinker.try_one(plain, MANY);
        }
    }
}

fn usual(param: &'static Param) -> Option<Value> {
    Args::defaults(std::slice::from_ref(param)).get(param.name).cloned()
}

/// Each fault by itself: until the end in the place of a while, one node in the place of several, every message in the place of some.
fn faults_themselves(shrinker: &mut Shrinker<'_>) {
    for place in 0..shrinker.scenario().plan.faults.len() {
        loop {
            let scenario = shrinker.scenario();
            let Some(fault) = scenario.plan.faults.get(place) else { return };
            let mut changes = Vec::new();
            if fault.lasting.is_some() {
                changes.push(changed(scenario, |scenario| scenario.plan.faults[place].lasting = None));
            }
            for param in fault.kind.params {
                for value in fault.args.get(param.name).map_or_else(Vec::new, |value| simpler(param, value)) {
                    changes.push(changed(scenario, |scenario| scenario.plan.faults[place].args.set(param.name, value)));
                }
            }
            let simpler = |_: &Scenario, place: usize| changes[place].clone();
            if shrinker.is_over() || shrinker.try_all(changes.len(), simpler, FEW).is_none() {
                break;
            }
        }
    }
}

/// Simpler values in the place of one.
fn simpler(param: &Param, value: &Value) -> Vec<Value> {
    use shaketable_sim::faults::target::Target;
    match (param.shape, value) {
        (_, Value::Target(Target::Each(targets))) => {
            let without = |gone: usize| {
                let mut left: Vec<Target> = targets.clone();
                left.remove(gone);
                Value::Target(if left.len() == 1 { left.remove(0) } else { Target::Each(left) })
            };
            (0..targets.len()).map(without).collect()
        }
        (Shape::Flag, Value::Flag(true)) => vec![Value::Flag(false)],
        (Shape::Odds, Value::Odds(odds)) if param.name == "odds" && *odds != Ppm::ONE => vec![Value::Odds(Ppm::ONE)],
        _ => Vec::new(),
    }
}

/// Takes out time in which nothing is planned to happen.
fn idle_time(shrinker: &mut Shrinker<'_>) {
    let mut place = 0;
    while !shrinker.is_over() {
        let scenario = shrinker.scenario();
        let times = times(scenario);
        let Some(&[from, to]) = times.get(place..place + 2) else { return };
        let gap = to.since(from);
        let cut = |scenario: &Scenario, place: usize| {
            let less = Span::nanos(gap.as_nanos() / 10 * [9, 5][place]);
            let moved = |at| if at >= to { at - less } else { at };
            let mut earlier = with_times(scenario, &moved);
            earlier.plan.duration = earlier.plan.duration - less;
            earlier.plan.heal = earlier.plan.heal.map(|heal| Heal { at: moved(heal.at), ..heal });
            earlier
        };
        let worth_it = gap >= Span::millis(100);
        if !worth_it || shrinker.try_all(2, cut, FEW).is_none() {
            place += 1;
        }
    }
}

/// Whether a person can read what is planned.
pub(super) fn is_readable(scenario: &Scenario) -> bool {
    let operations = scenario.plan.clients.script.as_ref().map_or(0, Vec::len);
    scenario.plan.faults.len() <= SMALL && operations <= SMALL + 1
}

/// What only pleases the eye: round times, small numbers.
fn polish(shrinker: &mut Shrinker<'_>) {
    for names in [Names::ALL, Names::VALUES, Names::KEYS] {
        if let Some(change) = with_small_names(shrinker.scenario(), names) {
            shrinker.try_one(change, FEW);
        }
    }
    for unit in [Span::millis(100), Span::millis(10), Span::millis(1), Span::micros(100)] {
        let all = with_times(shrinker.scenario(), &|at| rounded(at, unit));
        if times(&all) == times(shrinker.scenario()) || shrinker.is_over() || shrinker.try_one(all, FEW) {
            continue;
        }
        for time in times(shrinker.scenario()) {
            let scenario = shrinker.scenario();
            let one = with_times(scenario, &|at| if at == time { rounded(at, unit) } else { at });
            if times(&one) != times(scenario) && !shrinker.is_over() {
                shrinker.try_one(one, ONCE);
            }
        }
    }
}
