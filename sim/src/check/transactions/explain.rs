//! Evidence for dependencies, looked up when a cycle is reported.

use super::graph::{Edge, Kind, Link};
use super::history::{ListOp, Op, RegisterOp, TransactionId};
use super::keys::Ground;
use super::lists::List;
use super::prepare::Prepared;
use super::registers::Register;
use super::report::{Basis, Dependency, Evidence, Seen, Step};

/// What is known of the keys of a history, by the kind of its operations.
pub(super) trait Keys<O> {
    /// What a transaction saw when it read from a write, which is a place in the table of writes; of a list, this many elements.
    fn read(&self, prepared: &Prepared<'_, O>, reader: u32, key: u32, write: usize, length: u32) -> Seen;
    /// What a version looks like.
    fn version(&self, key: u32, version: u32) -> Seen;
    /// What made a version that is not the initial one.
    fn made(&self, key: u32, version: u32) -> super::history::Value;
    /// How it is known that one version comes before another.
    fn basis(&self, prepared: &Prepared<'_, O>, key: u32, from: u32, to: u32) -> Basis;
}

/// A cycle with its evidence.
pub(super) fn explain<O: Op>(prepared: &Prepared<'_, O>, keys: &impl Keys<O>, cycle: &[Link]) -> Evidence {
    let id = |transaction: u32| prepared.history[transaction as usize].id;
    let step = |link: &Link| Step { from: id(link.from), to: id(link.to), why: why(prepared, keys, link) };
    Evidence::Cycle(cycle.iter().map(step).collect())
}

fn why<O: Op>(prepared: &Prepared<'_, O>, keys: &impl Keys<O>, link: &Link) -> Dependency {
    let Edge { kind, key, from, to } = link.edge;
    match kind {
        Kind::Ww => Dependency::Ww {
            key: prepared.name(key),
            earlier: keys.made(key, from),
            later: keys.made(key, to),
            basis: keys.basis(prepared, key, from, to),
        },
        Kind::Wr => Dependency::Wr {
            key: prepared.name(key),
            value: prepared.write_at(from as usize).value,
            seen: keys.read(prepared, link.to, key, from as usize, to),
        },
        Kind::Rw => Dependency::Rw {
            key: prepared.name(key),
            seen: keys.version(key, from),
            later: keys.made(key, to),
            basis: keys.basis(prepared, key, from, to),
        },
        Kind::Process => Dependency::Process(prepared.history[link.from as usize].process),
        Kind::RealTime | Kind::Via => Dependency::RealTime,
    }
}

impl Keys<ListOp> for Vec<List<'_>> {
    fn read(&self, prepared: &Prepared<'_, ListOp>, reader: u32, key: u32, write: usize, length: u32) -> Seen {
        let last = prepared.write_at(write).value;
        let mut lists = prepared.history[reader as usize].ops.iter().filter_map(|op| match op {
            ListOp::Read { key: of, list: Some(list) } if prepared.key(*of) == key => Some(list),
            _ => None,
        });
        let list = lists.find(|list| list.len() == length as usize && list.last() == Some(&last));
        Seen::end(list.map_or(&[last], |list| list))
    }

    fn version(&self, key: u32, version: u32) -> Seen {
        Seen::end(&self[key as usize].longest[..version as usize])
    }

    fn made(&self, key: u32, version: u32) -> super::history::Value {
        self[key as usize].order[version as usize - 1].value
    }

    fn basis(&self, prepared: &Prepared<'_, ListOp>, key: u32, _: u32, to: u32) -> Basis {
        let List { longest, reader, .. } = self[key as usize];
        let by = prepared.history[reader as usize].id;
        match to as usize {
            place if place <= longest.len() => Basis::Read(by, Seen::near(longest, place)),
            _ if longest.is_empty() => Basis::Unread(None),
            _ => Basis::Unread(Some((by, Seen::end(longest)))),
        }
    }
}

impl Keys<RegisterOp> for Vec<Register> {
    fn read(&self, prepared: &Prepared<'_, RegisterOp>, _: u32, _: u32, write: usize, _: u32) -> Seen {
        Seen::Register(Some(prepared.write_at(write).value))
    }

    fn version(&self, key: u32, version: u32) -> Seen {
        Seen::Register(self[key as usize].value(version))
    }

    fn made(&self, key: u32, version: u32) -> super::history::Value {
        self[key as usize].versions[version as usize - 1].0
    }

    fn basis(&self, prepared: &Prepared<'_, RegisterOp>, key: u32, from: u32, to: u32) -> Basis {
        let id = |transaction: u32| -> TransactionId { prepared.history[transaction as usize].id };
        let orders = &self[key as usize].orders;
        match orders.binary_search_by_key(&(from, to), |order| (order.from, order.to)).map(|at| orders[at].ground) {
            Ok(Ground::Replaced(by)) => Basis::Replaced(id(by)),
            Ok(Ground::LinearizableKeys(first, second)) => Basis::LinearizableKeys(id(first), id(second)),
            Ok(Ground::SequentialKeys(first, second)) => Basis::SequentialKeys(id(first), id(second)),
            // All other orders are in the table.
            Err(_) => Basis::Initial,
        }
    }
}
