//! The monitor of stacks.
//!
//! A value without a zone can be taken right after it is put, at a moment of both its calls; nobody notices. Of the others, those whose zones overlap, directly or by way of others, are
//! a *tower*: in none of its moments, from the first `b` to the last `c`, is the stack empty. So a value lies at the bottom all the time: its put can come before everything else of the tower (its `a` is before all `b`)
//! and its take after it (its `d` is after all `c`). If there is none, that is a contradiction. If there are several, any will do: in a linearization, the put of one and its take can be moved to the begin and the end
//! of the tower, because whatever else is inside at once with it then lies above it. Without it the rest falls into towers again, one after another; what is in one has nothing to do with the others. So all values are taken
//! away, one by one, each in logarithmic time.
//!
//! If a tower has no bottom and never ends, then the value of it that was put in first, of those that stayed, was taken by a lost take: before it was put in, the others did without it.

use std::collections::BTreeSet;

use super::cover::Cover;
use super::empty::Moment;
use super::peaks::Peaks;
use super::{Conflict, Item, Lost, NEVER, Stuck, Time, chain};

/// Puts the calls of all items and empties in an order, if there is one.
pub(super) fn arrange(items: Vec<Item>, moments: &[Moment], lost: &[Lost]) -> Result<Vec<u32>, Stuck> {
    let mut towers = Towers::new(items.clone(), moments, lost, Lending::Each);
    let calls = match towers.lend_before(moments).and_then(|()| towers.take_down()) {
        Ok(()) => return Ok(towers.linearized()),
        Err(calls) => calls,
    };
    if towers.deadlines.is_empty() {
        return Err(Stuck::Contradiction(calls));
    }
    let mut towers = Towers::new(items, &[], lost, Lending::First);
    let explained = towers.take_down().is_ok() && towers.has_enough(lost);
    Err(if explained { Stuck::Unclear } else { Stuck::Contradiction(Vec::new()) })
}

/// How lost takes are lent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Lending {
    /// Each once, as it can have been.
    Each,
    /// The first of them to all, as long as there are enough. What cannot be explained so cannot be explained.
    First,
}

struct Towers {
    /// The values that have a zone, in the order of the ends of their puts. From here on, they are known by their places here.
    items: Vec<Item>,
    /// Which of them are taken away.
    gone: Vec<bool>,
    /// How many of them, from the first on, are.
    first: usize,
    /// Values that are taken right after they are put.
    pairs: Vec<Item>,
    /// The complements of `a`, of those that are not known to be put in before all of their tower.
    begins: Peaks,
    /// `d`, of those that are.
    ends: Peaks,
    /// The zones of all that are not gone.
    cover: Cover,
    /// Those that nobody took.
    stayed: BTreeSet<usize>,
    /// The lost takes that can be lent.
    lost: BTreeSet<Lost>,
    lending: Lending,
    /// Before when what was lent must have begun.
    deadlines: Vec<Time>,
    /// When the stack is found empty, the last first.
    empties: Vec<Moment>,
    /// Values that lie below what is taken away now, with the ends of their towers.
    below: Vec<(Item, Time)>,
    /// What happens, one after another, with the moment before which it cannot.
    order: Vec<(Time, u32)>,
}

impl Towers {
    fn new(items: Vec<Item>, moments: &[Moment], lost: &[Lost], lending: Lending) -> Towers {
        let (mut items, pairs): (Vec<Item>, Vec<Item>) = items.into_iter().partition(|item| item.b < item.c);
        items.sort_unstable_by_key(|item| item.b);
        let ends = items.iter().flat_map(|item| [item.b, item.c]);
        let mut cover = Cover::new(ends.chain(lost.iter().map(|lost| lost.from)).chain([NEVER]).collect());
        items.iter().for_each(|item| cover.add(item.b, item.c, 1));
        Towers {
            gone: vec![false; items.len()],
            first: 0,
            pairs,
            begins: Peaks::new(items.iter().map(|item| !item.a)),
            ends: Peaks::new(items.iter().map(|_| 0)),
            cover,
            stayed: (0..items.len()).filter(|&place| items[place].take.is_none()).collect(),
            lost: lost.iter().copied().collect(),
            lending,
            deadlines: Vec::new(),
            empties: moments.iter().rev().copied().collect(),
            below: Vec::new(),
            order: Vec::new(),
            items,
        }
    }

    /// Lets whatever was put in before these moments have been taken before them.
    fn lend_before(&mut self, moments: &[Moment]) -> Result<(), Conflict> {
        for moment in moments {
            while self.stayed.first().is_some_and(|&place| self.items[place].b < moment.at) {
                if !self.lend(moment.at) {
                    return Err(Vec::new());
                }
            }
        }
        Ok(())
    }

    /// Takes all values away, always one that lies at the bottom of the first tower.
    fn take_down(&mut self) -> Result<(), Conflict> {
        while let Some(from) = self.begin() {
            let to = self.cover.free_from(from);
            let tower = self.first..self.items.partition_point(|item| item.b < to);
            while let Some((begin, place)) = self.begins.largest(tower.clone()).filter(|&(begin, _)| !begin < from) {
                debug_assert_eq!(!begin, self.items[place].a);
                self.begins.set(place, 0);
                self.ends.set(place, self.items[place].d);
            }
            match self.ends.largest(tower) {
                Some((end, bottom)) if to < end => self.take_away(bottom, from, to),
                last => {
                    let last = last.map_or(0, |(end, _)| end);
                    if to < NEVER || !self.lend(last) {
                        let left = (0..self.items.len()).filter(|&place| !self.gone[place]);
                        return Err(chain(left.map(|place| &self.items[place]), from, to));
                    }
                }
            }
        }
        self.come_to(NEVER);
        Ok(())
    }

    /// Where the first tower begins, if there is one.
    fn begin(&mut self) -> Option<Time> {
        while *self.gone.get(self.first)? {
            self.first += 1;
        }
        Some(self.items[self.first].b)
    }

    /// Takes away the value at the bottom of a tower. What is above it comes next.
    fn take_away(&mut self, bottom: usize, from: Time, to: Time) {
        self.come_to(from);
        let item = self.items[bottom];
        self.order.push((item.a, item.put));
        self.below.push((item, to));
        self.remove(bottom);
    }

    /// Ends the towers that end before this moment, and then places the empties before it, if it is in none.
    fn come_to(&mut self, moment: Time) {
        while let Some((item, _)) = self.below.pop_if(|(_, to)| *to < moment) {
            self.order.extend(item.take.map(|take| (item.c, take)));
        }
        if self.below.is_empty() {
            while let Some(Moment { at, call }) = self.empties.pop_if(|empty| empty.at < moment) {
                self.order.push((at, call));
            }
        }
    }

    fn remove(&mut self, place: usize) {
        let item = self.items[place];
        self.gone[place] = true;
        self.begins.set(place, 0);
        self.ends.set(place, 0);
        self.stayed.remove(&place);
        self.cover.add(item.b, item.c, -1);
    }

    /// Lets a lost take that was invoked before a deadline have taken the value that was put in first of those that stayed. Says whether there is one.
    fn lend(&mut self, deadline: Time) -> bool {
        let Some(&place) = self.stayed.first() else { return false };
        let item = self.items[place];
        let Some(lost) = self.choose(item.b, deadline) else { return false };
        self.deadlines.push(deadline);
        self.stayed.remove(&place);
        let mut lent = item;
        lent.lend(lost);
        if lent.b < lent.c {
            self.items[place] = lent;
            self.cover.add(lent.c, item.c, -1);
        } else {
            self.remove(place);
            self.pairs.push(lent);
        }
        true
    }

    /// A lost take that was invoked before a deadline: of those that leave a value without a zone the last, or else the first.
    fn choose(&mut self, put: Time, deadline: Time) -> Option<Lost> {
        let first = *self.lost.first().filter(|lost| lost.from < deadline)?;
        if self.lending == Lending::First {
            return Some(first);
        }
        let before = Lost { from: put.min(deadline), call: 0 };
        let chosen = *self.lost.range(..before).next_back().unwrap_or(&first);
        self.lost.remove(&chosen);
        Some(chosen)
    }

    /// Whether each value that was lent something can have been lent its own.
    fn has_enough(&mut self, lost: &[Lost]) -> bool {
        self.deadlines.sort_unstable();
        self.deadlines.len() <= lost.len()
            && self.deadlines.iter().zip(lost).all(|(deadline, lost)| lost.from < *deadline)
    }

    /// All calls, each as early as it can be.
    fn linearized(self) -> Vec<u32> {
        let mut now = 0;
        let in_order = self.order.iter().map(|&(from, call)| {
            now = now.max(from);
            (now, call)
        });
        let pairs = self.pairs.iter().flat_map(|item| item.calls().map(|call| (item.a.max(item.c), call)));
        let mut calls: Vec<(Time, u32)> = in_order.chain(pairs).collect();
        calls.sort_by_key(|&(moment, _)| moment);
        calls.into_iter().map(|(_, call)| call).collect()
    }
}
