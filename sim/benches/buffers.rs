//! What the check of queues, stacks and sets costs, of eight clients on one object: the verdict, and the verdict with an explanation.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use shaketable_sim::check::linearizable::{Budget, Verdict, check, decide};
use shaketable_sim::history::Operation;
use shaketable_sim::id::{Key, OpId};
use shaketable_sim::rng::{Seed, Stream};
use shaketable_sim::spec::queue::{self, Queue};
use shaketable_sim::spec::set::{self, Set};
use shaketable_sim::spec::stack::{self, Stack};
use shaketable_sim::spec::{Objects, Spec};
use shaketable_sim::time::Ppm;

#[path = "../tests/linearizability/generate.rs"]
#[allow(dead_code)] // The tests use more of it.
mod generate;

use generate::Shape;

const AMPLE: Budget = Budget { states: 20_000_000, bytes: 1_000_000_000 };

const KEY: Key = Key::at(0);

fn queue(id: OpId, rng: &mut Stream) -> queue::Op {
    let action = if rng.below(2) == 0 { queue::Action::Enqueue(id.seq.into()) } else { queue::Action::Dequeue };
    queue::Op { key: KEY, action }
}

fn stack(id: OpId, rng: &mut Stream) -> stack::Op {
    let action = if rng.below(2) == 0 { stack::Action::Push(id.seq.into()) } else { stack::Action::Pop };
    stack::Op { key: KEY, action }
}

fn set(_: OpId, rng: &mut Stream) -> set::Op {
    let element = rng.below(1_000);
    let action = match rng.below(3) {
        0 => set::Action::Add(element),
        1 => set::Action::Remove(element),
        _ => set::Action::Contains(element),
    };
    set::Op { key: KEY, action }
}

/// Measures histories of one kind: right, with some operations of unknown outcome, and with wrong answers in the last tenth.
fn measure<S: Spec>(criterion: &mut Criterion, name: &str, op: fn(OpId, &mut Stream) -> S::Op) {
    for operations in [10_000, 100_000] {
        for (kind, unknown, spoilt) in [("right", 0, false), ("1 % unknown", 1, false), ("wrong", 0, true)] {
            let shape = Shape { clients: 8, operations, unknown: Ppm::percent(unknown) };
            let mut rng = Seed(1).stream("bench");
            let mut history = generate::history::<S>(shape, &mut rng, op);
            if spoilt {
                spoil(&mut history, &mut rng);
            }
            let mut group = criterion.benchmark_group(format!("{name}, {operations}, {kind}"));
            group.sample_size(10);
            group.throughput(Throughput::Elements(operations as u64));
            group.bench_function("verdict", |bencher| bencher.iter(|| decide(&history, AMPLE)));
            group.bench_function("explained", |bencher| bencher.iter(|| check(&history, AMPLE)));
            group.bench_function("carried out", |bencher| bencher.iter(|| carried_out(&history)));
            group.finish();
        }
    }
}

/// What any check does at least: it carries each operation out once.
fn carried_out<S: Spec>(history: &[Operation<S>]) -> Objects<S> {
    let mut objects = Objects::default();
    history.iter().for_each(|operation| drop(objects.apply(&operation.op)));
    objects
}

/// Changes answers in the last tenth of a history until it is not linearizable.
fn spoil<S: Spec>(history: &mut [Operation<S>], rng: &mut Stream) {
    while matches!(decide(history, AMPLE), Verdict::Linearizable(_)) {
        let late = history.len() * 9 / 10;
        generate::spoil(&mut history[late..], rng);
    }
}

fn buffers(criterion: &mut Criterion) {
    measure::<Queue>(criterion, "queue", queue);
    measure::<Stack>(criterion, "stack", stack);
    measure::<Set>(criterion, "set of 1,000", set);
}

criterion_group!(benches, buffers);
criterion_main!(benches);
