//! What the linearizability check costs for each operation of a history.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use shaketable_sim::check::linearizable::{Budget, Linearizability, check};
use shaketable_sim::history::Operation;
use shaketable_sim::id::OpId;
use shaketable_sim::rng::{Seed, Stream};
use shaketable_sim::spec::kv::{Action, Kv, Op};
use shaketable_sim::time::Ppm;

#[path = "../tests/linearizability/generate.rs"]
#[allow(dead_code)] // The tests use more of it.
mod generate;

use generate::Shape;

/// A kind of history.
#[derive(Clone, Copy)]
struct Case {
    clients: usize,
    keys: u64,
    operations: usize,
    values: Values,
    unknown: Ppm,
    /// Whether answers near its end are wrong, so that it is not linearizable.
    spoilt: bool,
}

#[derive(Clone, Copy)]
enum Values {
    /// Every value is written once.
    Unique,
    /// Only these many values are ever written.
    Few(u64),
}

const AMPLE: Budget = Budget { states: 50_000_000, bytes: 1_000_000_000 };

const LIGHT: Case =
    Case { clients: 4, keys: 3, operations: 10_000, values: Values::Unique, unknown: Ppm::ZERO, spoilt: false };

const CASES: &[(&str, Case)] = &[
    ("4 clients, 3 keys", LIGHT),
    ("4 clients, 3 keys, spoilt", Case { spoilt: true, ..LIGHT }),
    ("64 clients, 3 keys", Case { clients: 64, ..LIGHT }),
    ("64 clients, 3 keys, spoilt", Case { clients: 64, spoilt: true, ..LIGHT }),
    ("5 clients, 1 key, 100,000 operations", Case { clients: 5, keys: 1, operations: 100_000, ..LIGHT }),
    (
        "5 clients, 1 key, 100,000 operations, spoilt",
        Case { clients: 5, keys: 1, operations: 100_000, spoilt: true, ..LIGHT },
    ),
    ("16 clients, 1 key, 5 values", Case { clients: 16, keys: 1, operations: 1_000, values: Values::Few(5), ..LIGHT }),
    (
        "16 clients, 1 key, 5 values, spoilt",
        Case { clients: 16, keys: 1, operations: 1_000, values: Values::Few(5), spoilt: true, ..LIGHT },
    ),
    (
        "5 clients, 1 key, 30 unknown",
        Case { clients: 5, keys: 1, operations: 1_000, unknown: Ppm::percent(3), ..LIGHT },
    ),
    (
        "5 clients, 1 key, 30 unknown, spoilt",
        Case { clients: 5, keys: 1, operations: 1_000, unknown: Ppm::percent(3), spoilt: true, ..LIGHT },
    ),
];

fn history(case: Case) -> Vec<Operation<Kv>> {
    let shape = Shape { clients: case.clients, operations: case.operations, unknown: case.unknown };
    let mut rng = Seed(1).stream("bench");
    let mut history = generate::history::<Kv>(shape, &mut rng, |id, rng| op(case, id, rng));
    if case.spoilt {
        spoil(&mut history);
    }
    history
}

fn op(case: Case, id: OpId, rng: &mut Stream) -> Op {
    let key = generate::key(case.keys, rng);
    let value = match case.values {
        Values::Unique => u64::from(id.seq),
        Values::Few(count) => rng.below(count),
    };
    let action = match rng.below(100) {
        0..50 => Action::Get,
        50..90 => Action::Put(value),
        _ => {
            let expect = match case.values {
                Values::Unique => u64::from(id.seq).saturating_sub(1 + rng.below(case.clients as u64)),
                Values::Few(count) => rng.below(count),
            };
            Action::Cas { expect, new: value }
        }
    };
    Op { key, action }
}

/// Changes answers in the last tenth of the history until it is no longer linearizable.
fn spoil(history: &mut [Operation<Kv>]) {
    let mut rng = Seed(2).stream("spoil");
    while !matches!(check(history, AMPLE), Linearizability::Violation(_)) {
        let late = history.len() * 9 / 10;
        generate::spoil(&mut history[late..], &mut rng);
    }
}

fn linearizability(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("linearizability");
    group.sample_size(10);
    for (name, case) in CASES {
        let history = history(*case);
        group.throughput(Throughput::Elements(history.len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(name), &history, |bencher, history| {
            bencher.iter(|| check(history, AMPLE));
        });
    }
    group.finish();
}

criterion_group!(benches, linearizability);
criterion_main!(benches);
