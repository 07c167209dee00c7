//! Databases in miniature, each of a known level, run by chance.

use std::collections::BTreeMap;

use shaketable_sim::check::transactions::{Key, ListOp, Outcome, Process, Transaction, TransactionId, Value};
use shaketable_sim::rng::Stream;
use shaketable_sim::time::Ppm;

use crate::Lists;
use crate::brute::State;

/// How a database executes transactions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Engine {
    /// One after another, each at a moment between its invocation and its completion.
    Serial,
    /// The same, but who only reads may see an old state; if `session`, one that has all that its process did and saw.
    OldReads { session: bool },
    /// From a snapshot; the first committer wins. The snapshot is the latest, or an old one; if `session`, one that has all that its process did and saw.
    Snapshot { old: bool, session: bool },
    /// From snapshots, but nobody looks for conflicts.
    Unguarded,
    /// Each read sees what is committed right then; writes are kept until the commit.
    ReadCommitted,
    /// All is seen and done at once; who aborts takes back its own.
    Dirty,
}

/// What to generate.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) processes: u64,
    pub(crate) transactions: usize,
    pub(crate) keys: u64,
    /// Operations of a transaction, at most.
    pub(crate) ops: u64,
    /// How often a transaction aborts by itself, and how often its client does not learn its outcome.
    pub(crate) aborts: Ppm,
    pub(crate) unknown: Ppm,
}

/// A transaction under way.
struct Running {
    place: usize,
    /// What is to be done; reads have no answer yet.
    plan: Vec<ListOp>,
    /// Which state it began with: so many commits.
    begin: usize,
    /// What it sees of it, and its own.
    view: State,
    done: usize,
    ended: bool,
}

struct Database<'r> {
    engine: Engine,
    rng: &'r mut Stream,
    history: Lists,
    /// The state after each commit, and which keys that wrote.
    states: Vec<(State, Vec<Key>)>,
    /// How much of that each process has seen.
    seen: BTreeMap<Process, usize>,
    /// What is there, committed or not.
    dirty: State,
    clock: u64,
    values: u64,
}

/// The history of a run.
pub(crate) fn run(engine: Engine, shape: Shape, rng: &mut Stream) -> Lists {
    let mut database = Database {
        engine,
        rng,
        history: Vec::new(),
        states: vec![(State::new(), Vec::new())],
        seen: BTreeMap::new(),
        dirty: State::new(),
        clock: 0,
        values: 0,
    };
    let mut running: Vec<Option<Running>> = (0..shape.processes).map(|_| None).collect();
    while database.history.len() < shape.transactions || running.iter().any(Option::is_some) {
        let process = database.rng.below(shape.processes);
        match running[process as usize].take() {
            None if database.history.len() < shape.transactions => {
                running[process as usize] = Some(database.begin(process, shape));
            }
            None => {}
            Some(mut transaction) => {
                if transaction.ended {
                    database.complete(&transaction, shape);
                } else {
                    database.advance(&mut transaction, shape);
                    running[process as usize] = Some(transaction);
                }
            }
        }
    }
    database.history
}

impl Database<'_> {
    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    fn begin(&mut self, process: u64, shape: Shape) -> Running {
        let place = self.history.len();
        let mut plan: Vec<ListOp> = Vec::new();
        for _ in 0..self.rng.between(1, shape.ops) {
            let key = Key(self.rng.below(shape.keys));
            self.values += 1;
            // Without locks or snapshots, to read one's own append would be to read a list that never was.
            let own = plan.iter().any(|op| matches!(op, ListOp::Append { key: of, .. } if *of == key));
            let blind = own && matches!(self.engine, Engine::Unguarded | Engine::ReadCommitted);
            plan.push(if self.rng.below(2) == 0 && !blind {
                ListOp::Read { key, list: None }
            } else {
                ListOp::Append { key, value: Value(self.values) }
            });
        }
        let invoked = self.tick();
        let (id, process) = (TransactionId(place as u64), Process(process));
        self.history.push(Transaction { id, process, ops: plan.clone(), invoked, outcome: Outcome::Unknown });
        let reads_only = plan.iter().all(|op| matches!(op, ListOp::Read { .. }));
        let last = self.states.len() - 1;
        let seen = self.seen.get(&process).copied().unwrap_or_default();
        let begin = match self.engine {
            Engine::Snapshot { old: true, session } => {
                self.rng.between(if session { seen } else { 0 } as u64, last as u64)
            }
            Engine::OldReads { session } if reads_only => {
                self.rng.between(if session { seen } else { 0 } as u64, last as u64)
            }
            _ => last as u64,
        } as usize;
        Running { place, plan, begin, view: self.states[begin].0.clone(), done: 0, ended: false }
    }

    /// Does something of a transaction: an operation, or all; at the end it commits or aborts.
    fn advance(&mut self, transaction: &mut Running, shape: Shape) {
        let reads_only = transaction.plan.iter().all(|op| matches!(op, ListOp::Read { .. }));
        let at_once = match self.engine {
            Engine::Serial => true,
            Engine::OldReads { .. } => !reads_only,
            _ => false,
        };
        if at_once {
            transaction.begin = self.states.len() - 1;
            transaction.view = self.states[transaction.begin].0.clone();
            while transaction.done < transaction.plan.len() {
                self.operate(transaction);
            }
            self.end(transaction, shape);
        } else if transaction.done < transaction.plan.len() {
            self.operate(transaction);
        } else {
            self.end(transaction, shape);
        }
    }

    fn operate(&mut self, transaction: &mut Running) {
        let Running { place, plan, view, done, .. } = transaction;
        if self.engine == Engine::ReadCommitted {
            view.clone_from(&self.states[self.states.len() - 1].0);
            plan[..*done].iter().for_each(|op| write(op, view));
        }
        let view = if self.engine == Engine::Dirty { &mut self.dirty } else { view };
        match &plan[*done] {
            op @ ListOp::Append { .. } => write(op, view),
            ListOp::Read { key, .. } => {
                let list = Some(view.get(key).cloned().unwrap_or_default());
                self.history[*place].ops[*done] = ListOp::Read { key: *key, list };
            }
        }
        *done += 1;
    }

    /// Commits, if it may.
    fn end(&mut self, transaction: &mut Running, shape: Shape) {
        transaction.ended = true;
        let writes: Vec<Key> = transaction
            .plan
            .iter()
            .filter_map(|op| match op {
                ListOp::Append { key, .. } => Some(*key),
                ListOp::Read { .. } => None,
            })
            .collect();
        let guarded = matches!(self.engine, Engine::Snapshot { .. });
        let since = &self.states[transaction.begin + 1..];
        let conflict = since.iter().flat_map(|(_, keys)| keys).any(|key| writes.contains(key));
        let process = self.history[transaction.place].process;
        let of = &mut self.history[transaction.place];
        if (guarded && conflict) || self.rng.chance(shape.aborts) {
            of.outcome = Outcome::Aborted;
            let own: Vec<Value> = transaction.plan.iter().filter_map(value).collect();
            self.dirty.values_mut().for_each(|list| list.retain(|value| !own.contains(value)));
            return;
        }
        of.outcome = Outcome::Committed { completed: 0 };
        let mut saw = transaction.begin;
        if !writes.is_empty() {
            let mut state = self.states[self.states.len() - 1].0.clone();
            transaction.plan.iter().for_each(|op| write(op, &mut state));
            self.states.push((state, writes));
            saw = self.states.len() - 1;
        }
        let seen = self.seen.entry(process).or_default();
        *seen = saw.max(*seen);
    }

    /// Tells the client.
    fn complete(&mut self, transaction: &Running, shape: Shape) {
        let completed = self.tick();
        let unknown = self.rng.chance(shape.unknown);
        let of = &mut self.history[transaction.place];
        if unknown {
            of.outcome = Outcome::Unknown;
            for op in &mut of.ops {
                if let ListOp::Read { list, .. } = op {
                    *list = None;
                }
            }
        } else if let Outcome::Committed { .. } = of.outcome {
            of.outcome = Outcome::Committed { completed };
        }
    }
}

fn value(op: &ListOp) -> Option<Value> {
    match op {
        ListOp::Append { value, .. } => Some(*value),
        ListOp::Read { .. } => None,
    }
}

fn write(op: &ListOp, state: &mut State) {
    if let ListOp::Append { key, value } = op {
        state.entry(*key).or_default().push(*value);
    }
}

/// Adds a transaction that reads all keys when all others are done.
pub(crate) fn read_all(history: &mut Lists, keys: u64, state: impl Fn(Key) -> Vec<Value>) {
    let last = history.iter().map(|of| match of.outcome {
        Outcome::Committed { completed } => completed,
        Outcome::Aborted | Outcome::Unknown => of.invoked,
    });
    let invoked = last.max().unwrap_or_default() + 1;
    let ops = (0..keys).map(|key| ListOp::Read { key: Key(key), list: Some(state(Key(key))) }).collect();
    let id = TransactionId(history.len() as u64);
    let outcome = Outcome::Committed { completed: invoked + 1 };
    history.push(Transaction { id, process: Process(99), ops, invoked, outcome });
}

/// Makes something of a history wrong, or unknown.
pub(crate) fn spoil(history: &mut Lists, rng: &mut Stream) {
    let mut values: BTreeMap<Key, Vec<Value>> = BTreeMap::new();
    for op in history.iter().flat_map(|of| &of.ops) {
        if let ListOp::Append { key, value } = op {
            values.entry(*key).or_default().push(*value);
        }
    }
    let place = rng.below(history.len() as u64) as usize;
    let of = &mut history[place];
    if rng.below(6) == 0 {
        of.outcome = if rng.below(2) == 0 { Outcome::Aborted } else { Outcome::Unknown };
    }
    let at = rng.below(of.ops.len() as u64) as usize;
    if let ListOp::Read { key, list: Some(list) } = &mut of.ops[at] {
        let values = values.get(key).cloned().unwrap_or_default();
        match rng.below(5) {
            0 => list.truncate(rng.below(list.len() as u64 + 1) as usize),
            1 => rng.shuffle(list),
            2 => drop(list.pop()),
            3 => list.extend(rng.pick(&values)),
            _ => *list = values[..rng.below(values.len() as u64 + 1) as usize].to_vec(),
        }
    }
}
