//! What the check of isolation costs for each transaction of a history.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use shaketable_sim::check::transactions::{
    Assumptions, Key, ListOp, Outcome, Process, RegisterOp, Transaction, TransactionId, Value, check_lists,
    check_registers,
};
use shaketable_sim::rng::{Seed, Stream};

/// A kind of history: clients that each run one transaction after another, of two to five operations, half of them reads.
#[derive(Clone, Copy)]
struct Case {
    transactions: usize,
    clients: u64,
    /// How many keys are in use at a time; each is replaced by a fresh one after some appends.
    keys: u64,
    appends: usize,
    /// One in so many transactions sees what was there this many transactions ago; 0 is none.
    stale: u64,
}

const STALE_BY: usize = 20;

const LIGHT: Case = Case { transactions: 10_000, clients: 10, keys: 10, appends: 100, stale: 0 };

const CASES: &[(&str, Case)] = &[
    ("10,000", LIGHT),
    ("100,000", Case { transactions: 100_000, ..LIGHT }),
    ("100,000, 1,000 clients", Case { transactions: 100_000, clients: 1_000, ..LIGHT }),
    ("100,000, 1 in 10,000 stale", Case { transactions: 100_000, stale: 10_000, ..LIGHT }),
    ("100,000, 1 in 10 stale", Case { transactions: 100_000, stale: 10, ..LIGHT }),
];

/// The lists of a serial database, one transaction of which sees an old state now and then.
struct Database {
    lists: Vec<(Key, Vec<Value>)>,
    fresh: u64,
}

fn history(case: Case) -> Vec<Transaction<ListOp>> {
    let mut rng = Seed(1).stream("bench");
    let mut database = Database { lists: (0..case.keys).map(|key| (Key(key), Vec::new())).collect(), fresh: case.keys };
    let mut past: Vec<Vec<(Key, usize)>> = Vec::new();
    let mut value = 0;
    (0..case.transactions as u64)
        .map(|at| {
            past.push(database.lists.iter().map(|(key, list)| (*key, list.len())).collect());
            let old = past[past.len().saturating_sub(STALE_BY)].clone();
            let stale = case.stale > 0 && rng.below(case.stale) == 0;
            let mut ops: Vec<ListOp> = Vec::new();
            for _ in 0..rng.between(2, 5) {
                value += 1;
                let wrote = |key: Key| ops.iter().any(|op| matches!(op, ListOp::Append { key: of, .. } if *of == key));
                let op = database.operate(case, Value(value), stale.then_some(&old), wrote, &mut rng);
                ops.push(op);
            }
            // Each client's transaction overlaps with those of the others.
            let invoked = 2 * at + 1;
            let outcome = Outcome::Committed { completed: 2 * (at + case.clients) };
            Transaction { id: TransactionId(at), process: Process(at % (case.clients + 1)), ops, invoked, outcome }
        })
        .collect()
}

impl Database {
    fn operate(
        &mut self,
        case: Case,
        value: Value,
        old: Option<&Vec<(Key, usize)>>,
        wrote: impl Fn(Key) -> bool,
        rng: &mut Stream,
    ) -> ListOp {
        let at = rng.below(case.keys) as usize;
        if rng.below(2) == 0 {
            if self.lists[at].1.len() >= case.appends {
                self.lists[at] = (Key(self.fresh), Vec::new());
                self.fresh += 1;
            }
            let (key, list) = &mut self.lists[at];
            list.push(value);
            return ListOp::Append { key: *key, value };
        }
        let (key, list) = &self.lists[at];
        let seen =
            old.map(|old| old[at]).filter(|(of, _)| of == key && !wrote(*key)).map_or(list.len(), |(_, seen)| seen);
        ListOp::Read { key: *key, list: Some(list[..seen].to_vec()) }
    }
}

/// The same on registers.
fn registers(history: &[Transaction<ListOp>]) -> Vec<Transaction<RegisterOp>> {
    let op = |op: &ListOp| match op {
        ListOp::Append { key, value } => RegisterOp::Write { key: *key, value: *value },
        ListOp::Read { key, list } => {
            RegisterOp::Read { key: *key, value: list.as_ref().map(|list| list.last().copied()) }
        }
    };
    let transaction = |of: &Transaction<ListOp>| Transaction {
        id: of.id,
        process: of.process,
        ops: of.ops.iter().map(op).collect(),
        invoked: of.invoked,
        outcome: of.outcome,
    };
    history.iter().map(transaction).collect()
}

fn transactions(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("transactions");
    group.sample_size(10);
    for (name, case) in CASES {
        let lists = history(*case);
        group.throughput(Throughput::Elements(lists.len() as u64));
        group.bench_with_input(BenchmarkId::new("lists", name), &lists, |bencher, lists| {
            bencher.iter(|| check_lists(lists).expect("it meets the preconditions"));
        });
        if case.stale == 0 {
            let registers = registers(&lists);
            let assume = Assumptions { linearizable_keys: true, sequential_keys: false };
            for (kind, assume) in [("registers", Assumptions::default()), ("linearizable registers", assume)] {
                group.bench_with_input(BenchmarkId::new(kind, name), &registers, |bencher, registers| {
                    bencher.iter(|| check_registers(registers, assume).expect("it meets the preconditions"));
                });
            }
        }
    }
    group.finish();
}

criterion_group!(benches, transactions);
criterion_main!(benches);
