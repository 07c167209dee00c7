//! The monitor of queues.
//!
//! Value `v` comes before `w` in a queue if it must be put in before (`b` of `v` is before `a` of `w`) or taken out before (`d` of `v` is before `c` of `w`), where a put also ends
//! when its value has been taken, and a take does not begin before its value is put. These are two interval orders. Of two edges of one interval order, the begin of one comes before the end of the other; so a
//! cycle of the two orders together can be made shorter until it has two values: `v` is put in before `w`, and `w` is taken out before `v` (Henzinger et al. 2013, VOrd). If there is no such pair,
//! the values can be put into one order, in which all puts and all takes can follow each other, each as soon as it is invoked.
//!
//! Whoever found the queue empty did so at a moment outside of all zones (VWit): there, it is like a value that is put in and taken out at that very moment.
//!
//! A value that nobody took, though another one that was put in later was taken, or though the queue was found empty later, must have been taken by a lost take that was invoked
//! before that. All such deadlines can be met if the earliest lost takes can meet them in order. If those of values cannot, that is a contradiction, too. If those of moments at which the queue was found
//! empty cannot, then other moments might have been better.

use std::collections::BTreeSet;

use super::empty::Moment;
use super::{Conflict, Item, Lost, OPEN, Stuck, Time};

/// Puts the calls of all items and empties in an order, if there is one.
pub(super) fn arrange(mut items: Vec<Item>, moments: &[Moment], lost: &[Lost]) -> Result<Vec<u32>, Stuck> {
    lend(&mut items, &[], lost).map_err(|()| Stuck::Contradiction(Vec::new()))?;
    lend(&mut items, moments, lost).map_err(|()| Stuck::Unclear)?;
    if let Some(calls) = out_of_order(&items) {
        return Err(Stuck::Contradiction(calls));
    }
    let found = |&Moment { at, call }: &Moment| Item { put: call, a: at, b: at, take: None, c: at, d: at };
    items.extend(moments.iter().map(found));
    for item in &mut items {
        item.b = item.b.min(item.d);
        item.c = item.c.max(item.a);
    }
    Ok(linearized(&in_queue(items)))
}

/// Lets lost takes have taken what cannot have stayed in the queue: that which must be gone first, what was lost first. That fails only if it cannot be done.
fn lend(items: &mut [Item], moments: &[Moment], lost: &[Lost]) -> Result<(), ()> {
    if lost.is_empty() {
        return Ok(());
    }
    // What is put in before the first of these moments is taken out before the second.
    let taken = items.iter().filter(|item| item.d < OPEN).map(|item| (item.a, item.d));
    let mut deadlines: Vec<(Time, Time)> = taken.chain(moments.iter().map(|moment| (moment.at, moment.at))).collect();
    deadlines.sort_unstable();
    for at in (1..deadlines.len()).rev() {
        deadlines[at - 1].1 = deadlines[at - 1].1.min(deadlines[at].1);
    }
    let deadline = |item: &Item| deadlines.get(deadlines.partition_point(|&(from, _)| from < item.b));
    let stayed = items.iter().enumerate().filter(|(_, item)| item.d >= OPEN);
    let mut urgent: Vec<(Time, usize)> = stayed.filter_map(|(place, item)| Some((deadline(item)?.1, place))).collect();
    urgent.sort_unstable();
    for (number, (deadline, place)) in urgent.into_iter().enumerate() {
        let own = lost.get(number).filter(|lost| lost.from < deadline).ok_or(())?;
        items[place].lend(*own);
    }
    Ok(())
}

/// Two values, the first put in before the second and taken out after it.
fn out_of_order(items: &[Item]) -> Option<Conflict> {
    let (mut by_a, mut by_b): (Vec<&Item>, Vec<&Item>) = (items.iter().collect(), items.iter().collect());
    by_a.sort_unstable_by_key(|item| item.a);
    by_b.sort_unstable_by_key(|item| item.b);
    let mut by_b = by_b.into_iter().peekable();
    let mut last: Option<&Item> = None;
    by_a.into_iter().find_map(|item| {
        while let Some(before) = by_b.next_if(|before| before.b < item.a) {
            last = last.filter(|last| last.c >= before.c).or(Some(before));
        }
        last.filter(|last| item.d < last.c).map(|last| last.calls().chain(item.calls()).collect())
    })
}

/// The items in the order of the queue: always one that no other must come before.
fn in_queue(items: Vec<Item>) -> Vec<Item> {
    let sorted_by = |key: fn(&Item) -> Time| {
        let mut places: Vec<usize> = (0..items.len()).collect();
        places.sort_unstable_by_key(|&place| key(&items[place]));
        places
    };
    // Who may still have to be put in, or taken out, before others; and who waits for that.
    let mut puts = Waiting { ends: sorted_by(|item| item.b), begins: sorted_by(|item| item.a), ..Waiting::default() };
    let mut takes = Waiting { ends: sorted_by(|item| item.d), begins: sorted_by(|item| item.c), ..Waiting::default() };
    let mut done = vec![false; items.len()];
    let mut passed = vec![0; items.len()];
    let mut ready = BTreeSet::new();
    let mut order = Vec::with_capacity(items.len());
    while order.len() < items.len() {
        let mut pass = |place: usize| {
            passed[place] += 1;
            if passed[place] == 2 {
                ready.insert(place);
            }
        };
        puts.advance(&done, |place| items[place].b, |place| items[place].a, &mut pass);
        takes.advance(&done, |place| items[place].d, |place| items[place].c, &mut pass);
        let next = ready.pop_first().expect("no two come before each other, so no more do");
        done[next] = true;
        order.push(items[next]);
    }
    order
}

/// The places of items, one interval of each, by their ends and by their begins.
#[derive(Default)]
struct Waiting {
    ends: Vec<usize>,
    /// How many of the ends are those of items that are done.
    ended: usize,
    begins: Vec<usize>,
    /// How many of the begins have been passed.
    begun: usize,
}

impl Waiting {
    /// Passes whatever begins before everything that is not done ends.
    fn advance(
        &mut self,
        done: &[bool],
        end: impl Fn(usize) -> Time,
        begin: impl Fn(usize) -> Time,
        mut pass: impl FnMut(usize),
    ) {
        while self.ends.get(self.ended).is_some_and(|&place| done[place]) {
            self.ended += 1;
        }
        let Some(&first) = self.ends.get(self.ended) else { return };
        while let Some(&place) = self.begins.get(self.begun).filter(|&&place| begin(place) <= end(first)) {
            self.begun += 1;
            pass(place);
        }
    }
}

/// The calls of items in the order of the queue: each as early as it can be.
fn linearized(queue: &[Item]) -> Vec<u32> {
    let mut calls = Vec::with_capacity(2 * queue.len());
    let (mut put, mut taken) = (0, 0);
    for (place, item) in queue.iter().enumerate() {
        put = put.max(item.a);
        taken = taken.max(item.c);
        calls.push((put, place, 0, item.put));
        calls.extend(item.take.map(|take| (taken, place, 1, take)));
    }
    calls.sort_unstable();
    calls.into_iter().map(|(.., call)| call).collect()
}
