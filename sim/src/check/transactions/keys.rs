//! The order of the versions of a register, from what is assumed of single keys.
//!
//! If a key is *linearizable*, whoever met a version and was done before another was asked for that met another version, met the
//! earlier one. If it is *sequential*, the same holds within a process. Either may be false of a database that is serializable, so neither
//! is assumed unless asked for (Kingsbury, Alvaro 2020); and where the history itself says that it is false, that is an [`Error`].

use std::cmp::Reverse;

use petgraph::algo::{kosaraju_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};

use super::Assumptions;
use super::error::{Assumption, Error};
use super::graph::number;
use super::history::{Process, RegisterOp};
use super::prepare::Prepared;

/// How many next versions of a version are kept, if many were written at once. More would only add what a cycle could be made of.
const NEXT: usize = 64;

/// Somebody met a version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Access {
    pub(super) version: u32,
    pub(super) transaction: u32,
    pub(super) writes: bool,
}

/// One version comes before another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Order {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) ground: Ground,
}

/// Why.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Ground {
    /// This transaction read the one and wrote the other.
    Replaced(u32),
    /// The first met the one and was done before the second was asked for, which met the other.
    LinearizableKeys(u32, u32),
    /// The first met the one and the second the other, later in the same process.
    SequentialKeys(u32, u32),
}

/// Adds the orders that follow from what is assumed. Takes O(n log n) for n accesses, and the assumption at most [`NEXT`] orders a version.
pub(super) fn assume(
    prepared: &Prepared<'_, RegisterOp>,
    key: u32,
    assume: Assumptions,
    accesses: &[Access],
    versions: usize,
    orders: &mut Vec<Order>,
) -> Result<(), Error> {
    let id = |transaction: u32| prepared.history[transaction as usize].id;
    let broken = |assumption, (first, second)| Error::BrokenAssumption {
        assumption,
        key: prepared.name(key),
        first: id(first),
        second: id(second),
    };
    if assume.linearizable_keys {
        let spans = spans(prepared, accesses, versions);
        linearizable(&spans, orders).map_err(|pair| broken(Assumption::LinearizableKeys, pair))?;
    }
    if assume.sequential_keys {
        sequential(prepared, accesses, versions, orders).map_err(|pair| broken(Assumption::SequentialKeys, pair))?;
    }
    Ok(())
}

/// When a version was there for certain.
#[derive(Clone, Copy)]
struct Span {
    version: u32,
    /// When the first was done who met it, and who that is.
    first_done: u64,
    done: u32,
    /// When the last was asked for who met it, and who that is.
    last_asked: u64,
    asked: u32,
}

fn spans(prepared: &Prepared<'_, RegisterOp>, accesses: &[Access], versions: usize) -> Vec<Span> {
    let none = Span { version: 0, first_done: u64::MAX, done: 0, last_asked: 0, asked: 0 };
    let mut spans: Vec<Span> = (0..=versions as u32).map(|version| Span { version, ..none }).collect();
    for &Access { version, transaction, .. } in accesses {
        let span = &mut spans[version as usize];
        if let Some(done) = prepared.completed(transaction)
            && done < span.first_done
        {
            (span.first_done, span.done) = (done, transaction);
        }
        let asked = prepared.history[transaction as usize].invoked;
        if asked >= span.last_asked {
            (span.last_asked, span.asked) = (asked, transaction);
        }
    }
    spans
}

/// A version comes before another if it was done before the other was asked for. Such a relation has a cycle only if it has one of two
/// (Gibbons, Korach 1997, say it of zones), and then the key is not linearizable; the error is who was done with the one before who met the other.
fn linearizable(spans: &[Span], orders: &mut Vec<Order>) -> Result<(), (u32, u32)> {
    if let Some(early) = spans[1..].iter().find(|span| span.first_done < spans[0].last_asked) {
        return Err((early.done, spans[0].asked)); // The initial version is the first by definition.
    }
    let spans = &spans[1..];
    let mut by_done: Vec<Span> = spans.to_vec();
    by_done.sort_unstable_by_key(|span| (span.first_done, span.version));
    let latest = two_best(&by_done, |span| span.last_asked);
    for span in spans {
        let earlier = by_done.partition_point(|other| other.first_done < span.last_asked);
        let Some(best) = earlier.checked_sub(1) else { continue };
        let other = latest[best].into_iter().flatten().find(|other| other.version != span.version);
        if let Some(other) = other.filter(|other| other.last_asked > span.first_done) {
            return Err((span.done, other.asked));
        }
    }
    let mut by_asked: Vec<Span> = spans.to_vec();
    by_asked.sort_unstable_by_key(|span| (Reverse(span.last_asked), span.version));
    let soonest = two_best(&by_asked, |span| Reverse(span.first_done));
    for span in spans {
        let later = by_asked.partition_point(|other| other.last_asked > span.first_done);
        let Some(best) = later.checked_sub(1) else { continue };
        // Who comes after the one of them that was done first need not be named: that one will.
        let Some(next) = soonest[best].into_iter().flatten().find(|other| other.version != span.version) else {
            continue;
        };
        let others = by_asked[..later].iter().rev().take_while(|other| other.last_asked <= next.first_done);
        let others = others.filter(|other| ![span.version, next.version].contains(&other.version)).take(NEXT);
        for other in others.chain([&next]) {
            let ground = Ground::LinearizableKeys(span.done, other.asked);
            orders.push(Order { from: span.version, to: other.version, ground });
        }
    }
    Ok(())
}

/// For each beginning of a slice, its two elements with the greatest keys, the greatest first.
fn two_best<K: Ord>(spans: &[Span], key: impl Fn(&Span) -> K) -> Vec<[Option<Span>; 2]> {
    let mut best: [Option<Span>; 2] = [None, None];
    let greater = |span: &Span, than: Option<Span>| than.is_none_or(|than| key(span) > key(&than));
    let next = |span: &Span| {
        if greater(span, best[0]) {
            best = [Some(*span), best[0]];
        } else if greater(span, best[1]) {
            best[1] = Some(*span);
        }
        best
    };
    spans.iter().map(next).collect()
}

/// A version comes before another if a process met it first; the error is who met one and then the other, although that came first.
fn sequential(
    prepared: &Prepared<'_, RegisterOp>,
    accesses: &[Access],
    versions: usize,
    orders: &mut Vec<Order>,
) -> Result<(), (u32, u32)> {
    let whose = |access: &Access| {
        let transaction = &prepared.history[access.transaction as usize];
        (transaction.process, transaction.invoked, access.writes, access.version)
    };
    let mut accesses = accesses.to_vec();
    accesses.sort_unstable_by_key(whose);
    let mut found: Vec<Order> = Vec::new();
    let mut last: Option<(Process, [Access; 2])> = None;
    for own in accesses.chunk_by(|one, other| one.transaction == other.transaction) {
        // What it read, and what it wrote. Who read several versions contradicts itself; one of those will do.
        let met = [own[0], own[own.len() - 1]];
        let (process, transaction) = (whose(&own[0]).0, own[0].transaction);
        let before = last.filter(|(same, _)| *same == process).into_iter().flat_map(|(_, before)| before);
        for (from, to) in
            before.flat_map(|from| met.map(|to| (from, to))).filter(|(from, to)| from.version != to.version)
        {
            if to.version == 0 {
                return Err((from.transaction, to.transaction));
            }
            let ground = Ground::SequentialKeys(from.transaction, to.transaction);
            found.push(Order { from: from.version, to: to.version, ground });
        }
        // Whoever does not know that it is done does not precede.
        if prepared.completed(transaction).is_some() {
            last = Some((process, met));
        }
    }
    let mut graph: DiGraph<(), ()> = DiGraph::from_edges(found.iter().map(|order| (order.from, order.to)));
    while graph.node_count() <= versions {
        graph.add_node(());
    }
    let circle = number(&kosaraju_scc(&graph), graph.node_count());
    let circular = |order: &&Order| {
        let [from, to] = [order.from, order.to].map(|version| circle[version as usize]);
        from > 0 && from == to
    };
    if let Some(Order { ground: Ground::SequentialKeys(first, second), .. }) = found.iter().find(circular) {
        return Err((*first, *second));
    }
    orders.extend(found.into_iter().filter(|order| order.from > 0));
    Ok(())
}

/// Whether orders, sorted, put all versions from 1 on in a row.
pub(super) fn is_total(orders: &[Order], versions: usize) -> bool {
    let mut graph: DiGraph<(), ()> = DiGraph::new();
    for _ in 0..=versions {
        graph.add_node(());
    }
    let node = |version: u32| NodeIndex::new(version as usize);
    for order in orders {
        graph.add_edge(node(order.from), node(order.to), ());
    }
    let Ok(mut row) = toposort(&graph, None) else { return false };
    row.retain(|version| version.index() > 0);
    let known = |from: u32, to: u32| orders.binary_search_by_key(&(from, to), |order| (order.from, order.to)).is_ok();
    row.windows(2).all(|pair| known(pair[0].index() as u32, pair[1].index() as u32))
}
