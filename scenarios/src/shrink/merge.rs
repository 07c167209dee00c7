//! One fault in the place of several like it that follow each other.

use super::Shrinker;
use super::edit::{changed, ends};
use super::passes::FEW;
use super::settle::strikes_at;
use crate::scenario::Scenario;

/// Makes one of all faults that are alike but for their time, from the first to the end of the last; of some of them; of two that follow each other.
pub(super) fn faults(shrinker: &mut Shrinker<'_>) {
    loop {
        let alike = alike(shrinker.scenario());
        let pairs = alike.iter().flat_map(|places| places.windows(2).map(|pair| vec![pair.to_vec()]));
        let groups = alike.iter().filter(|places| places.len() > 2).map(|places| vec![places.clone()]);
        let all = (alike.len() > 1).then(|| alike.clone());
        let changes: Vec<Vec<Vec<usize>>> = all.into_iter().chain(groups).chain(pairs).collect();
        let merged = |scenario: &Scenario, place: usize| merged(scenario, &changes[place]);
        if shrinker.is_over() || shrinker.try_all(changes.len(), merged, FEW).is_none() {
            return;
        }
    }
}

/// The places of faults that are alike but for their time and last for a while; more than one each.
pub(super) fn alike(scenario: &Scenario) -> Vec<Vec<usize>> {
    let faults = &scenario.plan.faults;
    let mut alike: Vec<Vec<usize>> = Vec::new();
    for (place, fault) in faults.iter().enumerate().filter(|(_, fault)| !fault.kind.instantaneous) {
        let same = |places: &&mut Vec<usize>| {
            let first = &faults[places[0]];
            first.kind.name == fault.kind.name && first.args == fault.args && first.permanent == fault.permanent
        };
        match alike.iter_mut().find(same) {
            Some(places) => places.push(place),
            None => alike.push(vec![place]),
        }
    }
    alike.retain(|places| places.len() > 1);
    alike
}

/// With one fault in the place of each of these groups, in which they stand in the order of time.
pub(super) fn merged(scenario: &Scenario, groups: &[Vec<usize>]) -> Scenario {
    changed(scenario, |scenario| {
        let faults = &mut scenario.plan.faults;
        for places in groups {
            let end = places.iter().map(|&place| ends(&faults[place])).collect::<Option<Vec<_>>>();
            let first = &mut faults[places[0]];
            let lasting = end.and_then(|ends| Some(ends.into_iter().max()?.since(strikes_at(first))));
            first.lasting = lasting.map(|lasting| (lasting, lasting));
        }
        let mut place = 0;
        faults.retain(|_| {
            place += 1;
            !groups.iter().any(|places| places[1..].contains(&(place - 1)))
        });
    })
}
