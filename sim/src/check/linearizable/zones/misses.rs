//! Where calls that only miss a value fit into an order of all others: compare-and-sets that found something else.
//!
//! Each goes in as early as it can. For this order of the others that is as good as any: nothing depends on where a miss is but the misses that must follow it. Of another order of the others nothing is
//! said, so what finds no place here may still find one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{Act, Deed, Number};

/// The order of the other calls with all misses in it; nothing if one does not fit.
pub(super) fn placed(acts: &[Act], initial: Number, others: Vec<u32>) -> Option<Vec<u32>> {
    let misses = || (0_u32..).zip(acts).filter(|(_, act)| act.deed == Deed::Misses);
    if misses().next().is_none() {
        return Some(others);
    }
    let gaps = Gaps::new(acts, initial, &others);
    let mut placed: Vec<(u32, u32)> = Vec::new();
    let mut returns: BinaryHeap<Reverse<(u32, u32)>> = BinaryHeap::new();
    let mut after_misses = 0;
    for (call, act) in misses() {
        while let Some(&Reverse((returned, gap))) = returns.peek()
            && returned < act.invoked
        {
            returns.pop();
            after_misses = after_misses.max(gap);
        }
        let gap = gaps.first_without(act.found, gaps.after_returns_before(act.invoked).max(after_misses));
        if gap > gaps.before_invocations_after(act.returned?) {
            return None;
        }
        returns.push(Reverse((act.returned?, gap)));
        placed.push((gap, call));
    }
    placed.sort_by_key(|&(gap, _)| gap);
    let mut order = Vec::with_capacity(others.len() + placed.len());
    let mut placed = placed.into_iter().peekable();
    for (gap, call) in (0..).zip(others) {
        while let Some((_, miss)) = placed.next_if(|&(at, _)| at <= gap) {
            order.push(miss);
        }
        order.push(call);
    }
    order.extend(placed.map(|(_, miss)| miss));
    Some(order)
}

/// The gaps in an order: each is named by how many calls come before it.
struct Gaps {
    /// By gap: the value there.
    values: Vec<Number>,
    /// By gap: the next one with another value; one past the last, if there is none.
    changes: Vec<u32>,
    /// By call in the order: the last invocation of it and all before.
    latest: Vec<u32>,
    /// By call in the order: the first return of it and all after.
    earliest: Vec<u32>,
}

impl Gaps {
    fn new(acts: &[Act], initial: Number, order: &[u32]) -> Gaps {
        let act = |&call: &u32| acts[call as usize];
        let values: Vec<Number> = std::iter::once(initial).chain(order.iter().map(|call| act(call).left)).collect();
        let mut changes = vec![values.len() as u32; values.len()];
        for gap in (1..values.len()).rev() {
            changes[gap - 1] = if values[gap] == values[gap - 1] { changes[gap] } else { gap as u32 };
        }
        let mut latest: Vec<u32> = order.iter().map(|call| act(call).invoked).collect();
        let mut earliest: Vec<u32> = order.iter().map(|call| act(call).returned.unwrap_or(u32::MAX)).collect();
        for at in 1..order.len() {
            latest[at] = latest[at].max(latest[at - 1]);
        }
        for at in (1..order.len()).rev() {
            earliest[at - 1] = earliest[at - 1].min(earliest[at]);
        }
        Gaps { values, changes, latest, earliest }
    }

    /// The first gap from this one on where the value is another.
    fn first_without(&self, value: Number, gap: u32) -> u32 {
        if self.values[gap as usize] == value { self.changes[gap as usize] } else { gap }
    }

    /// The first gap that has all calls before it that returned before a moment.
    fn after_returns_before(&self, moment: u32) -> u32 {
        self.earliest.partition_point(|&returned| returned < moment) as u32
    }

    /// The last gap that has all calls after it that were invoked after a moment.
    fn before_invocations_after(&self, moment: u32) -> u32 {
        self.latest.partition_point(|&invoked| invoked < moment) as u32
    }
}
