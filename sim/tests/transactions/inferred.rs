//! The slow twin of what is inferred of registers: every pair of versions, every dependency, every cycle, one by one.

use std::collections::{BTreeMap, BTreeSet};

use shaketable_sim::check::transactions::{
    Anomaly, Assumption, Assumptions, Error, Key, Level, Outcome, RegisterOp, Report, Scope, Shape, Transaction, Value,
};

use crate::brute::precedes;
use crate::evidence::Fact;
use crate::singles::participants;

/// A transaction that met a version of a key, `None` the initial one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Access {
    key: Key,
    version: Option<Value>,
    transaction: usize,
    writes: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Kind {
    Ww,
    Wr,
    Rw,
    Process,
    RealTime,
}

/// What a history of registers says.
#[derive(Default)]
struct Inferred {
    accesses: BTreeSet<Access>,
    /// Key, and two versions of it the first of which is the earlier; and whether some transaction replaced the one by the other.
    orders: BTreeSet<(Key, Option<Value>, Value, bool)>,
    edges: BTreeMap<(usize, usize), BTreeSet<Kind>>,
}

/// Two versions of a key, the first of which was met first.
type Pair = (Key, Option<Value>, Option<Value>);

type Registers = [Transaction<RegisterOp>];

impl Inferred {
    fn new(history: &Registers) -> Inferred {
        let mut inferred = Inferred::default();
        let all = participants(history);
        for (at, of) in history.iter().enumerate().filter(|(_, of)| all.contains(&of.id)) {
            let mut first: BTreeMap<Key, Option<Access>> = BTreeMap::new();
            for op in &of.ops {
                match *op {
                    RegisterOp::Read { key, value: Some(version) } => {
                        let access = Access { key, version, transaction: at, writes: false };
                        let met = inferred.read(history, access);
                        first.entry(key).or_insert(met.then_some(access));
                    }
                    RegisterOp::Read { .. } => {}
                    RegisterOp::Write { key, value } => {
                        let read = *first.entry(key).or_insert(None);
                        if is_last(of, key, value) {
                            let access = Access { key, version: Some(value), transaction: at, writes: true };
                            inferred.accesses.insert(access);
                            inferred.orders.extend(read.map(|read| (key, read.version, value, true)));
                        }
                    }
                }
            }
        }
        inferred
    }

    /// Notes what a read says; whether it met a version that is not its own.
    fn read(&mut self, history: &Registers, access: Access) -> bool {
        if let Some(value) = access.version {
            let writer = history.iter().position(|of| of.ops.iter().any(|op| op.wrote() == Some((access.key, value))));
            let Some(writer) = writer.filter(|writer| *writer != access.transaction) else { return false };
            if history[writer].outcome == Outcome::Aborted {
                return false;
            }
            self.edge(writer, access.transaction, Kind::Wr);
            if !is_last(&history[writer], access.key, value) {
                return false;
            }
        }
        self.accesses.insert(access);
        true
    }

    fn edge(&mut self, from: usize, to: usize, kind: Kind) {
        if from != to {
            self.edges.entry((from, to)).or_default().insert(kind);
        }
    }

    /// Adds that of two accesses to one key, the first of which comes before the second at a level, the first met the earlier version. Whether that can be so, and who shows
    /// that it cannot.
    fn assume(&mut self, history: &Registers, level: Level) -> BTreeSet<(Key, usize, usize)> {
        let mut before: BTreeMap<Pair, Vec<(usize, usize)>> = BTreeMap::new();
        for one in &self.accesses {
            for other in self.accesses.iter().filter(|other| other.key == one.key && other.version != one.version) {
                if precedes(level, &history[one.transaction], &history[other.transaction]) {
                    let pair = (one.transaction, other.transaction);
                    before.entry((one.key, one.version, other.version)).or_default().push(pair);
                }
            }
        }
        // What comes before what by way of others.
        let mut all: BTreeSet<Pair> = before.keys().copied().collect();
        loop {
            let further: Vec<_> = all
                .iter()
                .flat_map(|&(key, one, middle)| {
                    all.iter().filter(move |of| (of.0, of.1) == (key, middle)).map(move |of| (key, one, of.2))
                })
                .filter(|order| !all.contains(order))
                .collect();
            if further.is_empty() {
                break;
            }
            all.extend(further);
        }
        let is_circular =
            |key: Key, one: Option<Value>, other: Option<Value>| other.is_none() || all.contains(&(key, other, one));
        let broken = before.iter().filter(|((key, one, other), _)| is_circular(*key, *one, *other));
        let broken = broken.flat_map(|((key, ..), pairs)| pairs.iter().map(|&(one, other)| (*key, one, other)));
        let broken: BTreeSet<(Key, usize, usize)> = broken.collect();
        let known = before.keys().filter_map(|&(key, one, other)| Some((key, one, other?, false)));
        self.orders.extend(known);
        broken
    }

    /// Adds what the order of versions says, and the orders of processes and of time.
    fn depend(&mut self, history: &Registers) {
        let written: BTreeSet<Access> = self.accesses.iter().filter(|access| access.writes).copied().collect();
        let first = written.iter().filter_map(|access| Some((access.key, None, access.version?, true)));
        self.orders.extend(first);
        for (key, earlier, later, replaced) in self.orders.clone() {
            let of = |version: Option<Value>| {
                written.iter().find(move |access| (access.key, access.version) == (key, version))
            };
            let Some(to) = of(Some(later)) else { continue };
            if let (Some(from), false) = (of(earlier), replaced) {
                self.edge(from.transaction, to.transaction, Kind::Ww);
            }
            for reader in self.accesses.clone() {
                if (reader.key, reader.version, reader.writes) == (key, earlier, false) {
                    self.edge(reader.transaction, to.transaction, Kind::Rw);
                }
            }
        }
        let all = participants(history);
        for (at, one) in history.iter().enumerate().filter(|(_, of)| all.contains(&of.id)) {
            for (to, other) in history.iter().enumerate().filter(|(_, of)| all.contains(&of.id)) {
                if precedes(Level::StrictSerializable, one, other) {
                    self.edge(at, to, Kind::RealTime);
                }
                if precedes(Level::StrongSessionSerializable, one, other) {
                    self.edge(at, to, Kind::Process);
                }
            }
        }
    }

    /// Adds the names of all cycles that go on from a path, whose first transaction is the least.
    fn cycles(&self, path: &mut Vec<usize>, kinds: &mut Vec<Kind>, names: &mut BTreeSet<Anomaly>) {
        let (first, last) = (path[0], path[path.len() - 1]);
        for (&(_, to), choice) in self.edges.range((last, first)..=(last, usize::MAX)) {
            for &kind in choice {
                kinds.push(kind);
                if to == first {
                    names.insert(name(kinds));
                } else if !path.contains(&to) {
                    path.push(to);
                    self.cycles(path, kinds, names);
                    path.pop();
                }
                kinds.pop();
            }
        }
    }
}

fn is_last(of: &Transaction<RegisterOp>, key: Key, value: Value) -> bool {
    of.ops.iter().rev().filter_map(Fact::wrote).find(|(of, _)| *of == key) == Some((key, value))
}

fn name(kinds: &[Kind]) -> Anomaly {
    let count = |kind: Kind| kinds.iter().filter(|of| **of == kind).count();
    let adjacent = (0..kinds.len()).any(|at| [kinds[at], kinds[(at + 1) % kinds.len()]] == [Kind::Rw, Kind::Rw]);
    let scope = match (count(Kind::RealTime), count(Kind::Process)) {
        (0, 0) => Scope::Data,
        (0, _) => Scope::Session,
        _ => Scope::RealTime,
    };
    let shape = match (count(Kind::Rw), count(Kind::Wr)) {
        (0, 0) => Shape::G0,
        (0, _) => Shape::G1c,
        (1, _) => Shape::GSingle,
        _ if adjacent => Shape::G2Item,
        _ => Shape::GNonadjacent,
    };
    Anomaly::Cycle(scope, shape)
}

/// Asserts that the check of registers found all that can be inferred, or that what is assumed is false.
pub(crate) fn assert_same(found: Result<&Report, &Error>, history: &Registers, assume: Assumptions) {
    let mut inferred = Inferred::new(history);
    let assumptions = [
        (assume.linearizable_keys, Level::StrictSerializable, Assumption::LinearizableKeys),
        (assume.sequential_keys, Level::StrongSessionSerializable, Assumption::SequentialKeys),
    ];
    let mut broken: BTreeSet<(Assumption, Key, usize, usize)> = BTreeSet::new();
    for (.., level, assumption) in assumptions.into_iter().filter(|(is, ..)| *is) {
        let pairs = inferred.assume(history, level).into_iter();
        broken.extend(pairs.map(|(key, one, other)| (assumption, key, one, other)));
    }
    let report = match found {
        Ok(report) => report,
        Err(&Error::BrokenAssumption { assumption, key, first, second }) => {
            let place = |id| history.iter().position(|of| of.id == id).expect("it names transactions of the history");
            let told = (assumption, key, place(first), place(second));
            return assert!(broken.contains(&told), "{told:?}: {broken:?} {history:?}");
        }
        Err(error) => panic!("{error}: {history:?}"),
    };
    let found: BTreeSet<Anomaly> = report.findings().iter().map(|finding| finding.anomaly).collect();
    // Of the versions that one transaction read of a key, contradicting itself, the check looks at one.
    if found.contains(&Anomaly::Internal) {
        return;
    }
    assert!(broken.is_empty(), "{broken:?}: {history:?}");
    inferred.depend(history);
    let mut names: BTreeSet<Anomaly> = BTreeSet::new();
    (0..history.len()).for_each(|at| inferred.cycles(&mut vec![at], &mut Vec::new(), &mut names));
    names.extend(found.iter().filter(|anomaly| !matches!(anomaly, Anomaly::Cycle(..))));
    for level in Level::ALL {
        let is_violated = |by: &BTreeSet<Anomaly>| by.iter().any(|anomaly| level.forbids(*anomaly));
        assert_eq!(is_violated(&found), is_violated(&names), "{level}: {found:?}, not {names:?}: {history:?}");
    }
}
