//! Lists made shorter.

use std::ops::Range;

use super::Shrinker;
use super::edit::{without_faults, without_operations};
use super::passes::{FEW, MANY, SMALL};
use crate::scenario::Scenario;

/// Into how many parts long lists are cut as long as anything else makes a case smaller.
const PARTS: usize = 64;

/// How many leaps of one size are tried.
const LEAPS: usize = 20;

/// Takes parts of a list away: half of it, a quarter, …, one by one (Zeller & Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002, without its
/// complements: what is left after one part has gone is tried on in any case).
pub(super) fn thin(
    shrinker: &mut Shrinker<'_>,
    length: impl Fn(&Scenario) -> usize,
    without: impl Fn(&Scenario, Range<usize>) -> Scenario + Sync,
) {
    if length(shrinker.scenario()) > 0 {
        shrinker.try_one(without(shrinker.scenario(), 0..length(shrinker.scenario())), MANY);
    }
    let parts = if shrinker.coarse { PARTS } else { usize::MAX };
    let mut size = length(shrinker.scenario()).div_ceil(2);
    while size > 0 && length(shrinker.scenario()) <= size.saturating_mul(parts) {
        let mut from = 0;
        while !shrinker.is_over() {
            let length = length(shrinker.scenario());
            let start = |place: usize| from + place * size;
            let part = |place: usize| start(place)..(start(place) + size).min(length);
            let effort = if length <= 16 { MANY } else { FEW };
            let count = length.saturating_sub(from).div_ceil(size);
            match shrinker.try_all(count, |scenario, place| without(scenario, part(place)), effort) {
                Some(place) => from = start(place),
                None => break,
            }
        }
        size = if size == 1 { 0 } else { size.div_ceil(2) };
    }
}

/// Where taking away part after part has got stuck: only some of what is left, chosen by chance, most of them late, as those are nearest to the failure.
pub(super) fn leaps(shrinker: &mut Shrinker<'_>) {
    leap(shrinker, |scenario| scenario.plan.faults.len(), without_faults);
    leap(shrinker, |scenario| scenario.plan.clients.script.as_ref().map_or(0, Vec::len), without_operations);
}

fn leap(
    shrinker: &mut Shrinker<'_>,
    length: impl Fn(&Scenario) -> usize,
    without: impl Fn(&Scenario, Range<usize>) -> Scenario + Sync,
) {
    for size in 1..=SMALL {
        let length = length(shrinker.scenario());
        if length <= SMALL || shrinker.is_over() {
            return;
        }
        let seed = shrinker.smallest.run.seed;
        let leap = |scenario: &Scenario, place: usize| {
            let mut rng = seed.stream(format_args!("leap {place} to {size} of {length}"));
            let late = if rng.below(2) == 0 { length.saturating_sub(2 * SMALL) } else { 0 };
            let mut stays: Vec<usize> = (late..length).collect();
            rng.shuffle(&mut stays);
            stays.truncate(size);
            let gone = (0..length).rev().filter(|place| !stays.contains(place));
            gone.fold(scenario.clone(), |scenario, place| without(&scenario, place..place + 1))
        };
        shrinker.try_all(LEAPS, leap, FEW);
    }
}
