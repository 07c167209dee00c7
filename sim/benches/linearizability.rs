//! What the linearizability check costs: the verdict, the verdict with an explanation, and the textbook's search in the same call.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use shaketable_sim::check::linearizable::{Budget, Linearizability, check, decide};
use shaketable_sim::history::Operation;
use shaketable_sim::id::OpId;
use shaketable_sim::rng::{Seed, Stream};
use shaketable_sim::spec::Spec;
use shaketable_sim::spec::kv::{Action, Kv, Op};
use shaketable_sim::spec::string::{self, Str, Text};
use shaketable_sim::time::Ppm;

#[path = "../tests/linearizability/generate.rs"]
#[allow(dead_code)] // The tests use more of it.
mod generate;
mod twin;

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

const AMPLE: Budget = Budget { states: 20_000_000, bytes: 1_000_000_000 };

const LIGHT: Case =
    Case { clients: 4, keys: 3, operations: 10_000, values: Values::Unique, unknown: Ppm::ZERO, spoilt: false };

const ONE_KEY: Case = Case { clients: 5, keys: 1, ..LIGHT };
const THOUSAND: Case = Case { operations: 1_000, ..ONE_KEY };
const HUNDRED_THOUSAND: Case = Case { operations: 100_000, ..ONE_KEY };

const CASES: &[(&str, Case)] = &[
    ("4 clients, 3 keys, 10,000", LIGHT),
    ("4 clients, 3 keys, 10,000, spoilt", Case { spoilt: true, ..LIGHT }),
    ("64 clients, 1 key, 1,000", Case { clients: 64, ..THOUSAND }),
    ("64 clients, 1 key, 1,000, spoilt", Case { clients: 64, spoilt: true, ..THOUSAND }),
    ("5 clients, 1 key, 1,000, 100 unknown", Case { unknown: Ppm::percent(10), ..THOUSAND }),
    ("5 clients, 1 key, 1,000, 100 unknown, spoilt", Case { unknown: Ppm::percent(10), spoilt: true, ..THOUSAND }),
    ("5 clients, 1 key, 100,000", HUNDRED_THOUSAND),
    ("5 clients, 1 key, 100,000, spoilt", Case { spoilt: true, ..HUNDRED_THOUSAND }),
    ("5 clients, 1 key, 100,000, 5 values", Case { values: Values::Few(5), ..HUNDRED_THOUSAND }),
    ("5 clients, 1 key, 100,000, 5 values, spoilt", Case { values: Values::Few(5), spoilt: true, ..HUNDRED_THOUSAND }),
    ("5 clients, 1 key, 1,000,000", Case { operations: 1_000_000, ..ONE_KEY }),
    ("5 clients, 1 key, 1,000,000, spoilt", Case { operations: 1_000_000, spoilt: true, ..ONE_KEY }),
    ("16 clients, 1 key, 1,000, 5 values", Case { clients: 16, values: Values::Few(5), ..THOUSAND }),
    (
        "16 clients, 1 key, 1,000, 5 values, spoilt",
        Case { clients: 16, values: Values::Few(5), spoilt: true, ..THOUSAND },
    ),
    (
        "5 clients, 1 key, 1,000, 30 unknown, 5 values",
        Case { unknown: Ppm::percent(3), values: Values::Few(5), ..THOUSAND },
    ),
    (
        "5 clients, 1 key, 1,000, 30 unknown, 5 values, spoilt",
        Case { unknown: Ppm::percent(3), values: Values::Few(5), spoilt: true, ..THOUSAND },
    ),
    ("10 clients, 1,000 keys, 100,000", Case { clients: 10, keys: 1_000, ..HUNDRED_THOUSAND }),
    ("20 clients, 1,000 keys, 1,000,000", Case { clients: 20, keys: 1_000, operations: 1_000_000, ..ONE_KEY }),
    ("32 clients, 1 key, 1,000, 5 values", Case { clients: 32, values: Values::Few(5), ..THOUSAND }),
    (
        "32 clients, 1 key, 1,000, 5 values, spoilt",
        Case { clients: 32, values: Values::Few(5), spoilt: true, ..THOUSAND },
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

/// A short history as recorders of services keep them: ten clients on ten strings, of which half the operations read and most of
/// the others append, so that one answer shows all that came before it.
fn strings(operations: usize, spoilt: bool) -> Vec<Operation<Str>> {
    let shape = Shape { clients: 10, operations, unknown: Ppm::ZERO };
    let mut history = generate::history::<Str>(shape, &mut Seed(1).stream("strings"), |id, rng| {
        let text = || Text::from(&*format!("x {} {} y", id.client, id.seq));
        let action = match rng.below(20) {
            0..10 => string::Action::Get,
            10..19 => string::Action::Append(text()),
            _ => string::Action::Put(text()),
        };
        string::Op { key: generate::key(10, rng), action }
    });
    if spoilt {
        spoil(&mut history);
    }
    history
}

/// Changes answers in the last tenth of the history until it is no longer linearizable, or that is beyond us.
fn spoil<S: Spec>(history: &mut [Operation<S>]) {
    let mut rng = Seed(2).stream("spoil");
    while matches!(check(history, AMPLE), Linearizability::Linearizable { .. }) {
        let late = history.len() * 9 / 10;
        generate::spoil(&mut history[late..], &mut rng);
    }
}

/// How many steps the textbook's search may take: above it, its time is not shown.
const TWIN: u64 = 3_000_000;

fn measure<S: Spec>(criterion: &mut Criterion, name: &str, history: &[Operation<S>]) {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10);
    group.throughput(Throughput::Elements(history.len() as u64));
    group.bench_function("verdict", |bencher| bencher.iter(|| decide(history, AMPLE)));
    group.bench_function("explained", |bencher| bencher.iter(|| check(history, AMPLE)));
    // Its memory is quadratic in the length.
    if history.len() <= 10_000 && twin::is_linearizable(history, TWIN).is_some() {
        group.bench_function("textbook", |bencher| bencher.iter(|| twin::is_linearizable(history, TWIN)));
    } else {
        println!("{name}/textbook: more than {TWIN} steps");
    }
    group.finish();
}

fn linearizability(criterion: &mut Criterion) {
    measure(criterion, "10 clients, 10 strings, 337", &strings(337, false));
    measure(criterion, "10 clients, 10 strings, 405, spoilt", &strings(405, true));
    for (name, case) in CASES {
        measure(criterion, name, &history(*case));
    }
}

criterion_group!(benches, linearizability);
criterion_main!(benches);
