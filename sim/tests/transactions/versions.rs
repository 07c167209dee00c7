//! The slow twin of read committed and read uncommitted for lists: every order of all appends, judged by the definitions of Adya.

use std::collections::BTreeSet;

use shaketable_sim::check::transactions::{Key, ListOp, Outcome, Transaction, Value};

/// One append of a transaction that takes part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Append {
    transaction: usize,
    op: usize,
    value: Value,
}

/// Who takes part: who committed, and all whom they read from, unless those aborted.
fn participants(history: &[Transaction<ListOp>]) -> BTreeSet<usize> {
    let mut all: BTreeSet<usize> =
        (0..history.len()).filter(|&at| matches!(history[at].outcome, Outcome::Committed { .. })).collect();
    loop {
        let unknown = (0..history.len()).filter(|&at| history[at].outcome == Outcome::Unknown);
        let seen =
            |key: Key, value: Value| all.iter().any(|&at| reads(history, at, key).any(|list| list.contains(&value)));
        let revealed: Vec<usize> = unknown
            .filter(|at| !all.contains(at))
            .filter(|&at| {
                history[at].ops.iter().any(|op| matches!(op, ListOp::Append { key, value } if seen(*key, *value)))
            })
            .collect();
        if revealed.is_empty() {
            return all;
        }
        all.extend(revealed);
    }
}

fn reads(history: &[Transaction<ListOp>], at: usize, of: Key) -> impl Iterator<Item = &Vec<Value>> {
    history[at].ops.iter().filter_map(move |op| match op {
        ListOp::Read { key, list: Some(list) } if *key == of => Some(list),
        _ => None,
    })
}

fn appends(history: &[Transaction<ListOp>], of: Key, by: &BTreeSet<usize>) -> Vec<Append> {
    let mut appends = Vec::new();
    for &transaction in by {
        for (op, what) in history[transaction].ops.iter().enumerate() {
            match what {
                ListOp::Append { key, value } if *key == of => appends.push(Append { transaction, op, value: *value }),
                _ => {}
            }
        }
    }
    appends
}

/// Whether the versions of all keys can be ordered as read committed (PL-2) demands or, if not `committed`, read uncommitted (PL-1).
pub(crate) fn can_be_ordered(history: &[Transaction<ListOp>], committed: bool) -> bool {
    let by = participants(history);
    let mut keys: Vec<Key> = history
        .iter()
        .flat_map(|transaction| &transaction.ops)
        .map(|op| match op {
            ListOp::Append { key, .. } | ListOp::Read { key, .. } => *key,
        })
        .collect();
    keys.sort_unstable();
    keys.dedup();
    let orders: Vec<Vec<Vec<Append>>> = keys
        .iter()
        .map(|&key| {
            let fits = |order: &Vec<Append>| explains(history, &by, key, order, committed);
            orders_of(history, &by, key).into_iter().filter(fits).collect()
        })
        .collect();
    let mut edges = BTreeSet::new();
    if committed {
        for (at, &key) in keys.iter().enumerate() {
            let Some(order) = orders[at].first() else { return false };
            for &reader in &by {
                for last in reads(history, reader, key).filter_map(|list| list.last()) {
                    let writer = order.iter().find(|append| append.value == *last).map(|append| append.transaction);
                    edges.extend(writer.filter(|&writer| writer != reader).map(|writer| (writer, reader)));
                }
            }
        }
    }
    choose(&orders, &edges)
}

/// Whether one order can be chosen of each key such that all is acyclic.
fn choose(orders: &[Vec<Vec<Append>>], edges: &BTreeSet<(usize, usize)>) -> bool {
    let Some((first, rest)) = orders.split_first() else { return is_acyclic(edges) };
    first.iter().any(|order| {
        let mut edges = edges.clone();
        let pairs = order.windows(2).map(|pair| (pair[0].transaction, pair[1].transaction));
        edges.extend(pairs.filter(|(from, to)| from != to));
        choose(rest, &edges)
    })
}

fn is_acyclic(edges: &BTreeSet<(usize, usize)>) -> bool {
    let mut left = edges.clone();
    loop {
        let targets: BTreeSet<usize> = left.iter().map(|(_, to)| *to).collect();
        let before = left.len();
        left.retain(|(from, _)| targets.contains(from));
        if left.len() == before {
            return left.is_empty();
        }
    }
}

/// Whether an order of all appends to a key explains what was read of it.
fn explains(
    history: &[Transaction<ListOp>],
    by: &BTreeSet<usize>,
    key: Key,
    order: &[Append],
    committed: bool,
) -> bool {
    let in_turn = order
        .iter()
        .enumerate()
        .all(|(at, one)| order[at..].iter().all(|other| one.transaction != other.transaction || one.op <= other.op));
    let everyone: BTreeSet<usize> = (0..history.len()).collect();
    let all = appends(history, key, &everyone);
    in_turn
        && by.iter().all(|&reader| {
            history[reader].ops.iter().enumerate().all(|(at, op)| match op {
                ListOp::Read { key: of, list: Some(list) } if *of == key => {
                    is_explained(list, (reader, at), order, &all, committed)
                }
                _ => true,
            })
        })
}

fn is_explained(
    list: &[Value],
    (reader, at): (usize, usize),
    order: &[Append],
    all: &[Append],
    committed: bool,
) -> bool {
    let by_values = |order: &[Append]| -> Vec<Value> { order.iter().map(|append| append.value).collect() };
    let order_values = by_values(order);
    if !committed {
        // Versions that were aborted may be read, and garbage may not; nothing is there twice.
        let all = by_values(all);
        let made: Vec<Value> = list.iter().filter(|value| order_values.contains(value)).copied().collect();
        let distinct: BTreeSet<&Value> = list.iter().collect();
        let known = list.iter().all(|value| all.contains(value));
        return known && distinct.len() == list.len() && order_values.starts_with(&made);
    }
    let Some(last) = list.len().checked_sub(1).and_then(|last| order.get(last)) else { return list.is_empty() };
    let future = order[..list.len()].iter().any(|append| append.transaction == reader && append.op > at);
    let is_final = !order.iter().any(|append| append.transaction == last.transaction && append.op > last.op);
    order_values.starts_with(list) && !future && (last.transaction == reader || is_final)
}

/// All orders of the appends to a key that can be acyclic and explain the longest list that was read: that list, and then whatever
/// each transaction appended besides, one transaction after another. Were those of two interleaved, that would be a cycle of ww.
fn orders_of(history: &[Transaction<ListOp>], by: &BTreeSet<usize>, key: Key) -> Vec<Vec<Append>> {
    let all = appends(history, key, by);
    let longest = by.iter().flat_map(|&at| reads(history, at, key)).max_by_key(|list| list.len());
    let mut order: Vec<Append> = Vec::new();
    for value in longest.into_iter().flatten() {
        let append = all.iter().find(|append| append.value == *value);
        order.extend(append.filter(|append| !order.contains(append)));
    }
    let left: Vec<Append> = all.into_iter().filter(|append| !order.contains(append)).collect();
    let blocks: Vec<Vec<Append>> =
        left.chunk_by(|one, other| one.transaction == other.transaction).map(<[_]>::to_vec).collect();
    permutations(&blocks).into_iter().map(|blocks| [order.clone(), blocks.concat()].concat()).collect()
}

fn permutations<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for at in 0..items.len() {
        let mut rest = items.to_vec();
        let first = rest.remove(at);
        all.extend(permutations(&rest).into_iter().map(|mut order| {
            order.insert(0, first.clone());
            order
        }));
    }
    all
}
