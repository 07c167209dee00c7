//! What the check of levels below linearizability costs: all levels, of histories that keep them and of such that do not.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use shaketable_sim::check::consistency::{Budget, check};

#[path = "../tests/consistency/memory.rs"]
mod memory;

const AMPLE: Budget = Budget { states: 100_000_000, bytes: 1_000_000_000 };

/// By name: how many operations, of how many processes, on how many keys; and whether one answer in two hundred is old.
const CASES: &[(&str, u64, u64, u64, bool)] = &[
    ("10,000, 10 processes, 5 keys", 10_000, 10, 5, false),
    ("10,000, 10 processes, 5 keys, stale", 10_000, 10, 5, true),
    ("100,000, 10 processes, 5 keys", 100_000, 10, 5, false),
    ("100,000, 10 processes, 1,000 keys", 100_000, 10, 1_000, false),
    ("100,000, 100 processes, 1,000 keys", 100_000, 100, 1_000, false),
];

fn consistency(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("consistency");
    group.sample_size(10);
    for &(name, operations, processes, keys, stale) in CASES {
        let history = memory::memory(operations, processes, keys, stale);
        group.throughput(Throughput::Elements(operations));
        group.bench_function(name, |bencher| bencher.iter(|| check(&history, AMPLE)));
    }
    group.finish();
}

criterion_group!(benches, consistency);
criterion_main!(benches);
