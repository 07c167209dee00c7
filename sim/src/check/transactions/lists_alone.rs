//! Lists, one transaction after another: what it read from whom, what replaced that, and whether it contradicts itself.

use std::collections::BTreeMap;

use super::anomaly::Anomaly;
use super::graph::{Edge, Graph, Kind};
use super::history::{ListOp, Value};
use super::lists::List;
use super::prepare::Prepared;
use super::report::{Evidence, Excerpt, Fault, Findings, Seen};

/// What a transaction knows of a list by its own operations.
#[derive(Default)]
struct Local<'h> {
    /// What it read last.
    base: Option<&'h [Value]>,
    /// What it has appended since.
    own: Vec<Value>,
    /// How long the list was that it read before it appended, and whether it has appended.
    version: Option<usize>,
    appended: bool,
}

/// All transactions together.
struct Reading<'a, 'h> {
    prepared: &'a Prepared<'h, ListOp>,
    lists: &'a [List<'h>],
    graph: &'a mut Graph,
    findings: &'a mut Findings,
    /// Who read all that was ever read of a list: key, transaction, version.
    readers: Vec<(u32, u32, u32)>,
    /// Who read a list and appended to it: key, length, transaction.
    replaced: Vec<(u32, usize, u32)>,
}

/// Adds wr and rw to a graph, and what is wrong with single reads, and lost updates, to findings.
pub(super) fn read<'h>(
    prepared: &Prepared<'h, ListOp>,
    lists: &[List<'h>],
    graph: &mut Graph,
    findings: &mut Findings,
) {
    let mut reading = Reading { prepared, lists, graph, findings, readers: Vec::new(), replaced: Vec::new() };
    for transaction in prepared.committed() {
        reading.transaction(transaction);
        reading.future(transaction);
    }
    reading.unread_appends();
    reading.lost_updates();
}

impl<'h> Reading<'_, 'h> {
    fn transaction(&mut self, reader: u32) {
        let mut locals: BTreeMap<u32, Local<'h>> = BTreeMap::new();
        for op in &self.prepared.history[reader as usize].ops {
            match op {
                ListOp::Append { key, value } => {
                    let key = self.prepared.key(*key);
                    let local = locals.entry(key).or_default();
                    if let (Some(version), false) = (local.version, local.appended) {
                        self.replaced.push((key, version, reader));
                    }
                    local.appended = true;
                    local.own.push(*value);
                }
                ListOp::Read { key, list: Some(seen) } => {
                    let key = self.prepared.key(*key);
                    let local = locals.entry(key).or_default();
                    if !local.explains(seen) {
                        let fault = || Fault::Expected(local.expected());
                        self.findings.add(Anomaly::Internal, || fault_of(self.prepared, reader, key, seen, fault()));
                    }
                    if !local.appended {
                        local.version.get_or_insert(seen.len());
                    }
                    (local.base, local.own) = (Some(seen.as_slice()), Vec::new());
                    self.dependencies(reader, key, seen);
                }
                ListOp::Read { list: None, .. } => {}
            }
        }
    }

    /// Adds whom a read depends on, and who depends on it.
    fn dependencies(&mut self, reader: u32, key: u32, seen: &[Value]) {
        let list = &self.lists[key as usize];
        let version = seen.len() as u32;
        let last = seen.last().and_then(|&value| self.prepared.find(key, value));
        if let Some((at, write)) = last.map(|at| (at, self.prepared.write_at(at)))
            && self.prepared.fate(write).counts()
        {
            let writer = write.transaction;
            if writer == reader {
                // What comes before one's own append is ordered by ww, and so is what comes after.
                return;
            }
            if !write.last {
                let fault = Fault::Intermediate(self.prepared.history[writer as usize].id, write.value);
                let evidence = || fault_of(self.prepared, reader, key, seen, fault);
                self.findings.add(Anomaly::IntermediateRead, evidence);
            }
            self.graph.link(writer, reader, Edge::data(Kind::Wr, key, at as u32, version));
        }
        if list.broken {
            return;
        }
        match list.next(version) {
            Some((made, writer)) => self.graph.link(reader, writer, Edge::data(Kind::Rw, key, version, made)),
            None => self.readers.push((key, reader, version)),
        }
    }

    /// Whether some read has what its own transaction appended only afterwards.
    fn future(&mut self, reader: u32) {
        let mut first: BTreeMap<u32, (u32, Value)> = BTreeMap::new();
        for op in self.prepared.history[reader as usize].ops.iter().rev() {
            match op {
                ListOp::Append { key, value } => {
                    let key = self.prepared.key(*key);
                    let version = self.prepared.write(key, *value).map_or(0, |write| write.version);
                    if version > 0 {
                        let least = first.entry(key).or_insert((version, *value));
                        *least = (*least).min((version, *value));
                    }
                }
                ListOp::Read { key, list: Some(seen) } => {
                    let key = self.prepared.key(*key);
                    if let Some(&(version, value)) = first.get(&key)
                        && version as usize <= seen.len()
                    {
                        let evidence = || fault_of(self.prepared, reader, key, seen, Fault::Future(value));
                        self.findings.add(Anomaly::FutureRead, evidence);
                    }
                }
                ListOp::Read { list: None, .. } => {}
            }
        }
    }

    /// Adds rw from everyone who read all that was read of a list to everyone who appended what nobody read.
    fn unread_appends(&mut self) {
        self.readers.sort_unstable();
        self.readers.dedup();
        for of_key in self.readers.chunk_by(|one, other| one.0 == other.0) {
            let key = of_key[0].0;
            let list = &self.lists[key as usize];
            let sources: Vec<(u32, u32)> = of_key.iter().map(|&(_, reader, version)| (reader, version)).collect();
            self.graph.fan(key, &sources, &list.unread());
        }
    }

    fn lost_updates(&mut self) {
        self.replaced.retain(|(key, ..)| !self.lists[*key as usize].broken);
        self.replaced.sort_unstable();
        let twice = self.replaced.windows(2).find(|pair| (pair[0].0, pair[0].1) == (pair[1].0, pair[1].1));
        let Some(&[(key, version, first), (.., second)]) = twice else { return };
        let id = |transaction: u32| self.prepared.history[transaction as usize].id;
        self.findings.add(Anomaly::LostUpdate, || Evidence::Replaced {
            key: self.prepared.name(key),
            seen: Seen::end(&self.lists[key as usize].longest[..version]),
            first: id(first),
            second: id(second),
        });
    }
}

fn fault_of(prepared: &Prepared<'_, ListOp>, reader: u32, key: u32, seen: &[Value], fault: Fault) -> Evidence {
    let reader = prepared.history[reader as usize].id;
    Evidence::Read { reader, key: prepared.name(key), seen: Seen::end(seen), fault }
}

impl Local<'_> {
    /// Whether a list is what the transaction must see by its own operations.
    fn explains(&self, seen: &[Value]) -> bool {
        match self.base {
            Some(base) => {
                seen.len() == base.len() + self.own.len() && seen.starts_with(base) && seen.ends_with(&self.own)
            }
            None => seen.ends_with(&self.own),
        }
    }

    fn expected(&self) -> Seen {
        match self.base {
            Some(base) => Seen::end(&[base, &self.own].concat()),
            None => match Seen::end(&self.own) {
                Seen::List(end) => Seen::List(Excerpt { before: true, ..end }),
                seen @ Seen::Register(_) => seen,
            },
        }
    }
}
