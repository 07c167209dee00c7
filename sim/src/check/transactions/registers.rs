//! Registers: each value tells who wrote it, and little of the order of versions.
//!
//! Known are: the initial version comes before all others; and if a transaction read one version and wrote another, that one is later (or
//! information flows in a circle, which is G1c). Nobody can tell more without assuming something of single keys; what follows from
//! that is in `keys`. So the check of registers is sound and not complete, unless what is known happens to put all versions of each key in one order.

use std::collections::BTreeMap;

use super::Assumptions;
use super::anomaly::Anomaly;
use super::error::Error;
use super::graph::{Edge, Graph, Kind};
use super::history::{RegisterOp, Value};
use super::keys::{self, Access, Ground, Order};
use super::prepare::{Fate, Prepared, Write};
use super::report::{Evidence, Fault, Findings, Seen};

/// What is known of one register.
#[derive(Default)]
pub(super) struct Register {
    /// Version `v` is `versions[v - 1]`: what a transaction that committed wrote last, and whose it is.
    pub(super) versions: Vec<(Value, u32)>,
    /// Which version comes before which, sorted; the initial one is left out, as it comes before all.
    pub(super) orders: Vec<Order>,
    /// Who met which version.
    accesses: Vec<Access>,
}

/// Reads a history of registers: adds what depends on what to a graph, and what is wrong without one to findings.
pub(super) fn read(
    prepared: &mut Prepared<'_, RegisterOp>,
    assume: Assumptions,
    graph: &mut Graph,
    findings: &mut Findings,
) -> Result<Vec<Register>, Error> {
    reveal(prepared);
    let mut registers = versions(prepared);
    let mut reading = Reading { prepared, registers: &mut registers, graph, findings, replaced: Vec::new() };
    for transaction in prepared.committed() {
        reading.transaction(transaction);
    }
    reading.lost_updates();
    for (key, register) in registers.iter_mut().enumerate() {
        let key = key as u32;
        register.accesses.sort_unstable();
        register.accesses.dedup();
        keys::assume(prepared, key, assume, &register.accesses, register.versions.len(), &mut register.orders)?;
        register.orders.sort_unstable();
        register.orders.dedup_by_key(|order| (order.from, order.to));
        register.depend(key, graph);
    }
    Ok(registers)
}

/// Finds the transactions of unknown fate that were read from.
fn reveal(prepared: &mut Prepared<'_, RegisterOp>) {
    let mut queue: Vec<u32> = prepared.committed().collect();
    while let Some(reader) = queue.pop() {
        for op in &prepared.history[reader as usize].ops {
            if let RegisterOp::Read { key, value: Some(Some(value)) } = op
                && let Some(&Write { transaction, .. }) = prepared.write(prepared.key(*key), *value)
                && prepared.fates[transaction as usize] == Fate::Unknown
            {
                prepared.fates[transaction as usize] = Fate::Revealed;
                queue.push(transaction);
            }
        }
    }
}

/// Numbers the versions of all keys.
fn versions(prepared: &mut Prepared<'_, RegisterOp>) -> Vec<Register> {
    let mut registers: Vec<Register> = (0..prepared.keys()).map(|_| Register::default()).collect();
    for (key, register) in registers.iter_mut().enumerate() {
        for at in prepared.writes_to(key as u32) {
            let write = prepared.writes()[at];
            if write.last && prepared.fate(&write).counts() {
                register.versions.push((write.value, write.transaction));
                prepared.writes()[at].version = register.versions.len() as u32;
            }
        }
    }
    registers
}

/// All transactions together.
struct Reading<'a, 'h> {
    prepared: &'a Prepared<'h, RegisterOp>,
    registers: &'a mut [Register],
    graph: &'a mut Graph,
    findings: &'a mut Findings,
    /// Who read a version and then wrote the key: key, version, transaction.
    replaced: Vec<(u32, u32, u32)>,
}

/// What a transaction knows of a register by its own operations.
#[derive(Default)]
struct Local {
    /// What it read or wrote last.
    last: Option<Value>,
    /// The version that it read first, if it did so before it wrote.
    read: Option<u32>,
}

impl Reading<'_, '_> {
    fn transaction(&mut self, transaction: u32) {
        let mut locals: BTreeMap<u32, Local> = BTreeMap::new();
        for (place, op) in self.prepared.history[transaction as usize].ops.iter().enumerate() {
            match *op {
                RegisterOp::Write { key, value } => {
                    let key = self.prepared.key(key);
                    let local = locals.entry(key).or_default();
                    local.last = Some(value);
                    // Its version of the key is what it writes last; that is the one which has a number.
                    if let Some(&Write { version: own @ 1.., .. }) = self.prepared.write(key, value) {
                        self.wrote(key, local.read, transaction, own);
                    }
                }
                RegisterOp::Read { key, value: Some(seen) } => {
                    let key = self.prepared.key(key);
                    let version = self.dependency(transaction, place as u32, key, seen);
                    match locals.get_mut(&key) {
                        Some(local) => {
                            if local.last != seen {
                                let fault = Fault::Expected(Seen::Register(local.last));
                                self.fault(Anomaly::Internal, transaction, key, seen, fault);
                            }
                            local.last = seen;
                        }
                        None => drop(locals.insert(key, Local { last: seen, read: version })),
                    }
                }
                RegisterOp::Read { value: None, .. } => {}
            }
        }
    }

    /// Notes that a transaction made a version of a key, of which it had read some other before or none.
    fn wrote(&mut self, key: u32, read: Option<u32>, transaction: u32, own: u32) {
        let register = &mut self.registers[key as usize];
        register.accesses.push(Access { version: own, transaction, writes: true });
        let Some(from) = read else { return };
        self.replaced.push((key, from, transaction));
        if from > 0 {
            register.orders.push(Order { from, to: own, ground: Ground::Replaced(transaction) });
        }
    }

    /// Adds whom a read depends on; the version that it saw, if it is another's and is one.
    fn dependency(&mut self, reader: u32, place: u32, key: u32, seen: Option<Value>) -> Option<u32> {
        let version = match seen {
            None => 0,
            Some(value) => {
                let Some(at) = self.prepared.find(key, value) else {
                    self.fault(Anomaly::GarbageRead, reader, key, seen, Fault::Garbage(value));
                    return None;
                };
                let write = *self.prepared.write_at(at);
                let writer = self.prepared.history[write.transaction as usize].id;
                if write.transaction == reader {
                    if write.op > place {
                        self.fault(Anomaly::FutureRead, reader, key, seen, Fault::Future(value));
                    }
                    return None;
                }
                if self.prepared.fate(&write) == Fate::Aborted {
                    self.fault(Anomaly::AbortedRead, reader, key, seen, Fault::Aborted(writer, value));
                    return None;
                }
                self.graph.link(write.transaction, reader, Edge::data(Kind::Wr, key, at as u32, 0));
                if !write.last {
                    self.fault(Anomaly::IntermediateRead, reader, key, seen, Fault::Intermediate(writer, value));
                    return None;
                }
                write.version
            }
        };
        self.registers[key as usize].accesses.push(Access { version, transaction: reader, writes: false });
        Some(version)
    }

    fn fault(&mut self, anomaly: Anomaly, reader: u32, key: u32, seen: Option<Value>, fault: Fault) {
        let (reader, key) = (self.prepared.history[reader as usize].id, self.prepared.name(key));
        self.findings.add(anomaly, || Evidence::Read { reader, key, seen: Seen::Register(seen), fault });
    }

    fn lost_updates(&mut self) {
        self.replaced.sort_unstable();
        let twice = self.replaced.windows(2).find(|pair| (pair[0].0, pair[0].1) == (pair[1].0, pair[1].1));
        let Some(&[(key, version, first), (.., second)]) = twice else { return };
        let id = |transaction: u32| self.prepared.history[transaction as usize].id;
        let seen = Seen::Register(self.registers[key as usize].value(version));
        self.findings.add(Anomaly::LostUpdate, || Evidence::Replaced {
            key: self.prepared.name(key),
            seen,
            first: id(first),
            second: id(second),
        });
    }
}

impl Register {
    /// The value of a version.
    pub(super) fn value(&self, version: u32) -> Option<Value> {
        Some(self.versions[(version as usize).checked_sub(1)?].0)
    }

    /// Adds ww and rw, as far as the order of versions is known.
    fn depend(&self, key: u32, graph: &mut Graph) {
        let writer = |version: u32| self.versions[version as usize - 1].1;
        for order in self.orders.iter().filter(|order| !matches!(order.ground, Ground::Replaced(_))) {
            // Who replaced what it read depends on that by wr already.
            graph.link(writer(order.from), writer(order.to), Edge::data(Kind::Ww, key, order.from, order.to));
        }
        let mut later: Vec<(u32, u32)> = (1..).zip(&self.versions).map(|(version, of)| (of.1, version)).collect();
        for readers in self.accesses.chunk_by(|one, other| one.version == other.version) {
            let version = readers[0].version;
            if version > 0 {
                let begin = self.orders.partition_point(|order| order.from < version);
                let orders = self.orders[begin..].iter().take_while(|order| order.from == version);
                later = orders.map(|order| (writer(order.to), order.to)).collect();
            }
            later.sort_unstable();
            let readers = readers.iter().filter(|access| !access.writes);
            let sources: Vec<(u32, u32)> = readers.map(|access| (access.transaction, version)).collect();
            graph.fan(key, &sources, &later);
        }
    }

    /// Whether what is known puts all versions in one order.
    pub(super) fn is_ordered(&self) -> bool {
        keys::is_total(&self.orders, self.versions.len())
    }
}
