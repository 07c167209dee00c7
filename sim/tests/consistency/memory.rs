//! Histories of one memory, of any size.

use std::collections::BTreeMap;

use shaketable_sim::check::consistency::{Action, Call, Content, Key, Process};
use shaketable_sim::rng::{Seed, Stream};

/// A history of one memory that all processes use one after another: a process in a hundred operations sees what was there a while ago, if `stale`.
pub(crate) fn memory(size: u64, processes: u64, keys: u64, stale: bool) -> Vec<Call> {
    let mut rng: Stream = Seed(size).stream("memory");
    let mut versions: BTreeMap<u64, Vec<Content>> = (0..keys).map(|key| (key, vec![None])).collect();
    (0..size)
        .map(|value| {
            let (process, key) = (rng.below(processes), rng.below(keys));
            let call = |action| Call { process: Process(process), key: Key(key), action, answered: true };
            let versions = versions.get_mut(&key).expect("of all keys");
            if rng.below(2) == 0 {
                versions.push(Some(value));
                return call(Action::Write(Some(value)));
            }
            let old =
                if stale && rng.below(100) == 0 { versions.len() - versions.len().min(4) } else { versions.len() - 1 };
            call(Action::Read(versions[old]))
        })
        .collect()
}
