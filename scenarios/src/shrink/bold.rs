//! The boldest cuts, which rest on what failures are like: most need only what happened last, one key, a few of the clients, and the check that they fail by.

use std::collections::BTreeSet;

use shaketable_sim::faults::Start;
use shaketable_sim::id::{ClientId, Key};
use shaketable_sim::run::Verdict;
use shaketable_sim::script::Scripted;
use shaketable_sim::spec::Spec;
use shaketable_sim::spec::any::Any;
use shaketable_sim::time::Instant;

use super::Shrinker;
use super::edit::{changed, without_faults, without_operations};
use super::passes::{FEW, MANY, thin};
use crate::scenario::Scenario;

/// What part of the time up to the failure is kept, one in so many.
const LAST: [u64; 4] = [16, 8, 4, 2];

/// What is cut off from the beginning: faults, operations.
const OF_BOTH: [(bool, bool); 3] = [(true, true), (false, true), (true, false)];

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

/// Only what happened last.
pub(super) fn late(shrinker: &mut Shrinker<'_>) {
    let Verdict::Violation(violation) = &shrinker.smallest.run.verdict else { return };
    let until = violation.at.as_nanos();
    let changes: Vec<(Instant, (bool, bool))> =
        LAST.into_iter().flat_map(|part| OF_BOTH.map(|both| (Instant::nanos(until - until / part), both))).collect();
    let later = |scenario: &Scenario, place: usize| {
        let (from, (faults, operations)) = changes[place];
        changed(scenario, |scenario| {
            let plan = &mut scenario.plan;
            plan.faults.retain(|fault| !faults || ends(fault).is_none_or(|end| end >= from));
            plan.clients.script.iter_mut().for_each(|script| script.retain(|line| !operations || line.at >= from));
        })
    };
    let size = |scenario: &Scenario| scenario.plan.faults.len() + script(scenario).len();
    let now = size(shrinker.scenario());
    if now > PAIRS {
        shrinker.try_all(changes.len(), later, FEW);
    }
}

/// When a fault of a case is over; none if the heal ends it.
fn ends(fault: &shaketable_sim::faults::Planned) -> Option<Instant> {
    match (&fault.start, fault.lasting) {
        (Start::At(at), _) if fault.kind.instantaneous => Some(*at),
        (Start::At(at), Some((lasting, _))) => Some(*at + lasting),
        _ => None,
    }
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
enum Planned {
    Fault(usize),
    Operation(usize),
}

/// All that is planned, in the order of time.
fn moments(scenario: &Scenario) -> Vec<Planned> {
    let faults = scenario.plan.faults.iter().enumerate();
    let faults = faults.map(|(place, fault)| (super::settle::strikes_at(fault), Planned::Fault(place)));
    let operations = script(scenario).iter().enumerate().map(|(place, line)| (line.at, Planned::Operation(place)));
    let mut moments: Vec<_> = faults.chain(operations).collect();
    moments.sort_unstable();
    moments.into_iter().map(|(_, planned)| planned).collect()
}

fn without_moments(scenario: &Scenario, gone: &[Planned]) -> Scenario {
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
    use std::path::Path;

    use super::*;
    use crate::load::load;
    use crate::tables::Tables;

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
        let scenario = load(Path::new("case.toml"), PLANNED, &Tables::shipped()).unwrap();
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
        let scenario = load(Path::new("case.toml"), PLANNED, &Tables::shipped()).unwrap();
        assert_eq!(groups(&scenario, key).len(), 2);
        assert_eq!(groups(&scenario, |line| line.client).len(), 2);
    }
}
