//! Append-only lists: what was read tells the order of versions.
//!
//! A list that was read has all its past in it, so the longest list that was read of a key gives the order of all appends in it
//! (Kingsbury, Alvaro 2020: lists are *traceable*). Of the appends that nobody read only this is known, and used: they come
//! after all that were read. Elle uses it only if there is one append to the key in all; without it, a lost append is
//! never found by real time, and no absence of cycles would prove anything.
//!
//! Every list is compared with the longest of its key, as slices, so all is linear in the length of what was read, but for the
//! logarithm of sorted tables.

use std::collections::BTreeMap;

use super::anomaly::Anomaly;
use super::graph::{Edge, Graph, Kind};
use super::history::{ListOp, Value};
use super::lists_alone;
use super::prepare::{Fate, Prepared, Write};
use super::report::{Evidence, Fault, Findings, Seen};

/// What is known of one list.
#[derive(Clone, Default)]
pub(super) struct List<'h> {
    /// The longest that was read.
    pub(super) longest: &'h [Value],
    /// By whom, if it is not empty.
    pub(super) reader: u32,
    /// Whether lists were read that do not fit together. Then there is no order.
    pub(super) broken: bool,
    /// The appends in their order: those of the longest list, then those nobody read, which have none among them. Of
    /// version `v` it is `order[v - 1]`. Of a broken list there are none.
    pub(super) order: Vec<Append>,
    /// For each version that was read, the next one that was read and whose writer committed; 0 if there is none.
    next: Vec<u32>,
}

/// One append in the order of a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Append {
    pub(super) value: Value,
    /// Whose, if that committed.
    pub(super) writer: Option<u32>,
}

/// A list that was read and is no prefix of the longest of its key.
struct Odd<'h> {
    reader: u32,
    key: u32,
    list: &'h [Value],
}

/// Reads a history of lists: adds what depends on what to a graph, and what is wrong without one to findings.
pub(super) fn read<'h>(
    prepared: &mut Prepared<'h, ListOp>,
    graph: &mut Graph,
    findings: &mut Findings,
) -> Vec<List<'h>> {
    let (mut lists, odd) = observe(prepared, findings);
    for (key, list) in lists.iter_mut().enumerate() {
        let whole = Odd { reader: list.reader, key: key as u32, list: list.longest };
        list.broken |= !examine(prepared, &whole, findings);
    }
    for odd in &odd {
        examine(prepared, odd, findings);
    }
    for (key, list) in lists.iter_mut().enumerate() {
        if !list.broken {
            put_in_order(prepared, key as u32, list);
            writes_in_order(key as u32, list, graph);
        }
    }
    lists_alone::read(prepared, &lists, graph, findings);
    lists
}

/// Finds the longest list of each key, and which transactions of unknown fate were read from.
fn observe<'h>(prepared: &mut Prepared<'h, ListOp>, findings: &mut Findings) -> (Vec<List<'h>>, Vec<Odd<'h>>) {
    let mut lists: Vec<List<'h>> = vec![List::default(); prepared.keys()];
    let mut odd = Vec::new();
    let mut queue: Vec<u32> = prepared.committed().collect();
    let mut next = 0;
    while let Some(&reader) = queue.get(next) {
        next += 1;
        for op in &prepared.history[reader as usize].ops {
            let ListOp::Read { key, list: Some(seen) } = op else { continue };
            let key = prepared.key(*key);
            let list = &mut lists[key as usize];
            let known = list.longest.len().min(seen.len());
            let fits = list.longest[..known] == seen[..known];
            if !fits {
                let (other, place) = (list.longest, list.longest.iter().zip(seen).position(|(a, b)| a != b));
                let near = |list: &[Value]| Seen::near(list, place.unwrap_or_default());
                let id = |transaction: u32| prepared.history[transaction as usize].id;
                findings.add(Anomaly::IncompatibleOrder, || Evidence::Lists {
                    key: prepared.name(key),
                    first: (id(list.reader), near(other)),
                    second: (id(reader), near(seen)),
                });
                list.broken = true;
            }
            let longer = seen.len() > list.longest.len();
            let (mine, others) =
                (Odd { reader, key, list: seen }, Odd { reader: list.reader, key, list: list.longest });
            if longer {
                (list.longest, list.reader) = (seen, reader);
            }
            if !fits {
                odd.push(if longer { others } else { mine });
            }
            // Of a list that fits, only what the others lack is new.
            for &value in if fits { &seen[known..] } else { seen } {
                if let Some(&Write { transaction, .. }) = prepared.write(key, value)
                    && prepared.fates[transaction as usize] == Fate::Unknown
                {
                    prepared.fates[transaction as usize] = Fate::Revealed;
                    queue.push(transaction);
                }
            }
        }
    }
    (lists, odd)
}

/// Looks at each element of a list; whether its order is one in which the appends can have been.
fn examine(prepared: &Prepared<'_, ListOp>, of: &Odd<'_>, findings: &mut Findings) -> bool {
    let mut sorted = of.list.to_vec();
    sorted.sort_unstable();
    if let Some(twice) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        let place = of.list.iter().position(|value| *value == twice[0]).unwrap_or_default();
        findings.add(Anomaly::DuplicateAppend, || of.fault(prepared, place, Fault::Twice(twice[0])));
        return false;
    }
    let mut in_turn = true;
    let mut aborted: Option<(u32, Value)> = None;
    let mut turns: BTreeMap<u32, u32> = BTreeMap::new();
    for (place, &value) in of.list.iter().enumerate() {
        let Some(write) = prepared.write(of.key, value) else {
            findings.add(Anomaly::GarbageRead, || of.fault(prepared, place, Fault::Garbage(value)));
            continue;
        };
        let writer = write.transaction;
        let id = |transaction: u32| prepared.history[transaction as usize].id;
        if prepared.fate(write) == Fate::Aborted {
            findings.add(Anomaly::AbortedRead, || of.fault(prepared, place, Fault::Aborted(id(writer), value)));
            aborted.get_or_insert((writer, value));
            continue;
        }
        if let Some((below_by, below)) = aborted {
            let fault = Fault::OnTop { aborted: id(below_by), below, committed: id(writer), above: value };
            findings.add(Anomaly::DirtyUpdate, || of.fault(prepared, place, fault));
        }
        // Most transactions append once to a key, and have no turns to keep.
        if write.nth > 0 || !write.last {
            let turn = turns.entry(writer).or_default();
            if *turn != write.nth {
                let fault = Fault::OutOfTurn(id(writer), value);
                findings.add(Anomaly::IncompatibleOrder, || of.fault(prepared, place, fault));
                in_turn = false;
            }
            *turn = write.nth + 1;
        }
    }
    in_turn
}

impl Odd<'_> {
    fn fault(&self, prepared: &Prepared<'_, ListOp>, place: usize, fault: Fault) -> Evidence {
        let reader = prepared.history[self.reader as usize].id;
        Evidence::Read { reader, key: prepared.name(self.key), seen: Seen::near(self.list, place), fault }
    }
}

/// Numbers the appends of a list by their order.
fn put_in_order(prepared: &mut Prepared<'_, ListOp>, key: u32, list: &mut List<'_>) {
    for (place, &value) in list.longest.iter().enumerate() {
        let at = prepared.find(key, value);
        let writer = at.map(|at| prepared.writes()[at]).filter(|write| prepared.fate(write).counts());
        list.order.push(Append { value, writer: writer.map(|write| write.transaction) });
        if let Some(at) = at {
            prepared.writes()[at].version = place as u32 + 1;
        }
    }
    list.next = vec![0; list.longest.len() + 1];
    for version in (1..=list.longest.len()).rev() {
        let made = list.order[version - 1].writer.is_some();
        list.next[version - 1] = if made { version as u32 } else { list.next[version] };
    }
    let mut unread: Vec<(u32, u32, usize)> = Vec::new();
    for at in prepared.writes_to(key) {
        let write = prepared.writes()[at];
        if write.version == 0 && prepared.fate(&write).counts() {
            unread.push((write.transaction, write.op, at));
        }
    }
    unread.sort_unstable();
    for (transaction, _, at) in unread {
        let write = &mut prepared.writes()[at];
        list.order.push(Append { value: write.value, writer: Some(transaction) });
        write.version = list.order.len() as u32;
    }
}

/// Adds ww between transactions whose appends follow each other.
fn writes_in_order(key: u32, list: &List<'_>, graph: &mut Graph) {
    let mut last: Option<(u32, u32)> = None;
    for (version, append) in (1..).zip(&list.order) {
        let Some(writer) = append.writer else { continue };
        if let Some((before, from)) = last {
            graph.link(before, writer, Edge::data(Kind::Ww, key, from, version));
        }
        // What nobody read follows all that was read, and not each other.
        if version as usize <= list.longest.len() {
            last = Some((writer, version));
        }
    }
}

impl List<'_> {
    /// The version after one that was read, if it was read, too, with its writer. An append that was aborted makes none, nor does garbage.
    pub(super) fn next(&self, version: u32) -> Option<(u32, u32)> {
        let made = self.next[version as usize];
        let append = self.order.get((made as usize).checked_sub(1)?)?;
        Some((made, append.writer?))
    }

    /// The first transactions of which nobody read what they appended, with their first such version; sorted.
    pub(super) fn unread(&self) -> Vec<(u32, u32)> {
        let unread = (1..).zip(&self.order).skip(self.longest.len());
        let mut unread: Vec<(u32, u32)> =
            unread.filter_map(|(version, append)| Some((append.writer?, version))).collect();
        unread.dedup_by_key(|(writer, _)| *writer);
        unread
    }
}
