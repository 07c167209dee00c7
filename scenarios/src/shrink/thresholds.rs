//! Smaller numbers in the protocol's configuration. Some failures take as many operations as there are entries to a snapshot.

use shaketable_sim::param::Value;

use super::Shrinker;
use super::bold::planned;
use super::edit::changed;
use super::passes::{FEW, faults, is_readable, operations};

/// Makes each number that the protocol is configured with smaller, if less is left to read then. Where it makes no difference, the usual number tells more.
pub(super) fn all(shrinker: &mut Shrinker<'_>) {
    for param in shrinker.scenario().protocol.params {
        let Some(&Value::Count(count)) = shrinker.scenario().config.get(param.name) else { continue };
        let mut smaller: Vec<u64> =
            [1, 2, 4, count / 2].into_iter().filter(|&smaller| (1..count).contains(&smaller)).collect();
        smaller.sort_unstable();
        smaller.dedup();
        for value in smaller {
            if is_readable(shrinker.scenario()) || shrinker.is_over() {
                return;
            }
            let (before, kept) = (planned(shrinker.scenario()), shrinker.kept);
            let change = changed(shrinker.scenario(), |scenario| scenario.config.set(param.name, Value::Count(value)));
            shrinker.on_trial(
                |shrinker| {
                    if shrinker.try_one(change, FEW) {
                        operations(shrinker);
                        faults(shrinker);
                    }
                },
                |left| planned(&left.scenario) < before,
            );
            if shrinker.kept > kept {
                break;
            }
        }
    }
}
