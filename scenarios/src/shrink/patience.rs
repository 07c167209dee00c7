//! What is still large when all else has failed rests on chance: less of it fails, too, but of few seeds.

use super::Shrinker;
use super::bold::{moments, without_moments};
use super::passes::{FEW, is_readable};
use crate::scenario::Scenario;

/// How many times as many seeds are tried as of any other change, one after the other.
const PATIENCE: [u64; 4] = [4, 16, 64, 256];

/// Of more faults and operations, so many are tried, evenly chosen.
const TRIED: usize = 64;

/// Without one of what is left, or two that follow each other, with more and more seeds.
pub(super) fn all(shrinker: &mut Shrinker<'_>) {
    if shrinker.coarse || is_readable(shrinker.scenario()) {
        return;
    }
    let left = moments(shrinker.scenario()).len();
    let every = left.div_ceil(TRIED);
    let changes: Vec<(usize, usize)> =
        (0..left).step_by(every).flat_map(|from| [(from, (from + 2).min(left)), (from, from + 1)]).collect();
    let without = |scenario: &Scenario, place: usize| {
        let (from, to) = changes[place];
        without_moments(scenario, &moments(scenario)[from..to])
    };
    for times in PATIENCE {
        if shrinker.is_over() || shrinker.try_all(changes.len(), without, FEW.times(times)).is_some() {
            return;
        }
    }
}
