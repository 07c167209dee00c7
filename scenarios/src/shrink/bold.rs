//! The boldest cuts, which rest on what failures are like: most need only what happened last, one key, a few of the clients, and the check that they fail by.

use std::collections::BTreeSet;

use shaketable_sim::id::{ClientId, Key};
use shaketable_sim::run::Verdict;
use shaketable_sim::script::Scripted;
use shaketable_sim::spec::Spec;
use shaketable_sim::spec::any::Any;
use shaketable_sim::time::{Instant, Span};

use super::edit::{changed, ends, since, without_faults, without_operations};
use super::lists::thin;
use super::passes::{FEW, MANY};
use super::settle::strikes_at;
use super::{Failing, Shrinker};
use crate::scenario::Scenario;

/// What part of the time up to the failure is kept, one in so many.
const LAST: [u64; 5] = [32, 16, 8, 4, 2];

/// Enough time for most protocols to find a leader.
const LEAD: Span = Span::millis(500);

/// How what happened last is kept.
#[derive(Clone, Copy)]
enum Last {
    /// The run begins so long before.
    Alone(Span),
    /// Everything keeps its time. Which of what was earlier is gone?
    AtItsTime { faults: bool, operations: bool },
}

impl Last {
    /// What is left of a scenario.
    fn of(self, scenario: &Scenario, from: Instant) -> Scenario {
        let (faults, operations) = match self {
            Last::Alone(begun) => return since(scenario, from, begun),
            Last::AtItsTime { faults, operations } => (faults, operations),
        };
        changed(scenario, |scenario| {
            let plan = &mut scenario.plan;
            plan.faults.retain(|fault| !faults || ends(fault).is_none_or(|end| end >= from));
            plan.clients.script.iter_mut().for_each(|script| script.retain(|line| !operations || line.at >= from));
        })
    }
}

/// The ways to keep it.
const CUTS: [Last; 5] = [
    Last::Alone(Span::ZERO),
    Last::Alone(LEAD),
    Last::AtItsTime { faults: true, operations: true },
    Last::AtItsTime { faults: false, operations: true },
    Last::AtItsTime { faults: true, operations: false },
];

/// How many keys are tried by themselves.
const KEYS: usize = 12;

/// How many faults and operations, taken together, are few enough to take pairs of them away.
const PAIRS: usize = 16;

/// The history is checked at the end of every run, and that takes long. What fails by something else can do without.
pub(super) fn checks(shrinker: &mut Shrinker<'_>) {
    if shrinker.scenario().plan.check.linearizable && !shrinker.signature.starts_with("linearizability") {
        let change = changed(shrinker.scenario(), |scenario| scenario.plan.check.linearizable = false);
        shrinker.try_one(change, FEW);
    }
}

/// Only what happened last: as if the run had begun shortly before, or at the same times as ever.
pub(super) fn late(shrinker: &mut Shrinker<'_>) {
    while planned(shrinker.scenario()) > PAIRS && !shrinker.is_over() {
        let Some(until) = struck_until(&shrinker.smallest) else { return };
        let all = LAST.into_iter().flat_map(|part| CUTS.map(|cut| (part, cut)));
        let later = |scenario: &Scenario, (part, cut): (u64, Last)| {
            cut.of(scenario, Instant::nanos(until.as_nanos() - until.as_nanos() / part))
        };
        let before = shrinker.scenario();
        let changes: Vec<(u64, Last)> =
            all.filter(|&change| planned(&later(before, change)) < planned(before)).collect();
        // What makes a run so much shorter may be tried so much more often.
        let (events, span) = (shrinker.smallest.run.coverage.events, millis(before.plan.duration).max(1));
        let cost = |&change| events * millis(later(before, change).plan.duration) / span;
        let effort = if shrinker.coarse { FEW } else { MANY };
        let seeds: Vec<u64> = changes.iter().map(|change| shrinker.seeds(effort, cost(change))).collect();
        if shrinker.try_each(&seeds, |scenario, place| later(scenario, changes[place])).is_none() {
            return;
        }
    }
}

/// When the last came that can have mattered: what the healed cluster owes is asked for at the deadline, and what broke it came before the heal.
fn struck_until(failing: &Failing) -> Option<Instant> {
    let Verdict::Violation(violation) = &failing.run.verdict else { return None };
    let heal = failing.scenario.plan.heal.filter(|heal| violation.at >= heal.at + heal.within);
    Some(heal.map_or(violation.at, |heal| heal.at))
}

fn millis(span: Span) -> u64 {
    span.as_nanos() / 1_000_000
}

/// How many faults and operations there are.
pub(super) fn planned(scenario: &Scenario) -> usize {
    scenario.plan.faults.len() + script(scenario).len()
}

/// Only the operations on one key, first on those that the violation tells of; else without some of the keys.
pub(super) fn keys(shrinker: &mut Shrinker<'_>) {
    let all = groups(shrinker.scenario(), key);
    if all.len() < 2 {
        return;
    }
    let story = match &shrinker.smallest.run.verdict {
        Verdict::Violation(violation) => violation.story.join(" "),
        _ => String::new(),
    };
    let words: BTreeSet<&str> = story.split(|letter: char| !letter.is_alphanumeric()).collect();
    let (told, others): (Vec<Key>, Vec<Key>) =
        all.into_iter().partition(|key| words.contains(key.to_string().as_str()));
    let tried: Vec<Key> = told.into_iter().chain(others).take(KEYS).collect();
    let only = |scenario: &Scenario, place: usize| {
        changed(scenario, |scenario| {
            scenario.plan.clients.script.iter_mut().for_each(|script| script.retain(|line| key(line) == tried[place]));
        })
    };
    if shrinker.try_all(tried.len(), only, FEW).is_none() {
        without_groups(shrinker, key);
    }
}

/// Without the operations of some clients.
pub(super) fn askers(shrinker: &mut Shrinker<'_>) {
    without_groups(shrinker, |line: &Scripted| -> ClientId { line.client });
}

fn without_groups<G: Ord>(shrinker: &mut Shrinker<'_>, group: impl Fn(&Scripted) -> G + Sync + Copy) {
    let count = |scenario: &Scenario| groups(scenario, group).len();
    thin(shrinker, count, |scenario, places| {
        let all = groups(scenario, group);
        let gone: BTreeSet<&G> = all.iter().skip(places.start).take(places.len()).collect();
        changed(scenario, |scenario| {
            scenario
                .plan
                .clients
                .script
                .iter_mut()
                .for_each(|script| script.retain(|line| !gone.contains(&group(line))));
        })
    });
}

/// Faults and operations together, as they follow each other in time: what makes no difference by itself may make none together.
pub(super) fn together(shrinker: &mut Shrinker<'_>) {
    let size = |scenario: &Scenario| moments(scenario).len();
    thin(shrinker, size, |scenario, places| {
        let moments = moments(scenario);
        without_moments(scenario, &moments[places])
    });
    loop {
        let size = size(shrinker.scenario());
        if !(3..=PAIRS).contains(&size) || shrinker.is_over() {
            return;
        }
        let pairs: Vec<(usize, usize)> =
            (0..size).flat_map(|one| (one + 1..size).map(move |other| (one, other))).collect();
        let without = |scenario: &Scenario, place: usize| {
            let (moments, (one, other)) = (moments(scenario), pairs[place]);
            without_moments(scenario, &[moments[one], moments[other]])
        };
        if shrinker.try_all(pairs.len(), without, MANY).is_none() {
            return;
        }
    }
}

/// Something that is planned, by its place among its like.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Planned {
    Fault(usize),
    Operation(usize),
}

/// All that is planned, in the order of time.
pub(super) fn moments(scenario: &Scenario) -> Vec<Planned> {
    let faults = scenario.plan.faults.iter().enumerate();
    let faults = faults.map(|(place, fault)| (strikes_at(fault), Planned::Fault(place)));
    let operations = script(scenario).iter().enumerate().map(|(place, line)| (line.at, Planned::Operation(place)));
    let mut moments: Vec<_> = faults.chain(operations).collect();
    moments.sort_unstable();
    moments.into_iter().map(|(_, planned)| planned).collect()
}

pub(super) fn without_moments(scenario: &Scenario, gone: &[Planned]) -> Scenario {
    let mut gone = gone.to_vec();
    gone.sort_unstable();
    // From the end, so that no place shifts before its turn.
    gone.into_iter().rev().fold(scenario.clone(), |scenario, planned| match planned {
        Planned::Fault(place) => without_faults(&scenario, place..place + 1),
        Planned::Operation(place) => without_operations(&scenario, place..place + 1),
    })
}

fn key(line: &Scripted) -> Key {
    Any::key(&line.op)
}

/// The groups that the operations fall into.
fn groups<G: Ord>(scenario: &Scenario, group: impl Fn(&Scripted) -> G) -> BTreeSet<G> {
    script(scenario).iter().map(group).collect()
}

fn script(scenario: &Scenario) -> &[Scripted] {
    scenario.plan.clients.script.as_deref().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::Tables;
    use crate::testing::read;

    const PLANNED: &str = r#"protocol = "raft"
nodes = 3
duration = "2s"
[clients]
count = 2
workload = "kv"
script = ["c1 1ms put k1 1", "c2 200ms put k2 2", "c1 900ms get k1"]
[[fault]]
isolate = { node = "n1", at = "100ms" }
[[fault]]
pause = { node = "n2", at = "1s", for = "1ms" }
"#;

    #[test]
    fn what_is_planned_is_one_list_in_the_order_of_time() {
        let scenario = read(PLANNED, &Tables::shipped());
        let moments = moments(&scenario);
        let expected =
            [Planned::Operation(0), Planned::Fault(0), Planned::Operation(1), Planned::Operation(2), Planned::Fault(1)];
        assert!(moments == expected);
        let less = without_moments(&scenario, &moments[1..4]);
        assert_eq!(script(&less), &script(&scenario)[..1]);
        assert_eq!(less.plan.faults.iter().map(|fault| fault.kind.name).collect::<Vec<_>>(), ["pause"]);
    }

    #[test]
    fn operations_fall_into_groups_by_key_and_by_client() {
        let scenario = read(PLANNED, &Tables::shipped());
        assert_eq!(groups(&scenario, key).len(), 2);
        assert_eq!(groups(&scenario, |line| line.client).len(), 2);
    }
}
