//! The queue of pending events: a 4-ary heap of small keys, with the events themselves in a slab.
//!
//! Order is `(instant, rank)`, and no two keys are equal, so ties never depend on the heap. Moving 24-byte keys instead of
//! events, in a tree half as deep as a binary one, is what makes it fast; see `sim/benches`.

use crate::time::Instant;

/// The order of events at one instant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Rank(u64);

impl Rank {
    const CLASS: u32 = 60;

    /// The end of the applied fault of this index: before anything else of its instant.
    pub(crate) fn undo(applied: usize) -> Rank {
        Rank(applied as u64)
    }

    /// The heal: after faults that end at the same instant, before those that begin.
    pub(crate) const HEAL: Rank = Rank(1 << Rank::CLASS);

    /// The strike of the planned fault of this index.
    pub(crate) fn strike(planned: usize) -> Rank {
        Rank((2 << Rank::CLASS) + planned as u64)
    }

    /// Everything else, in the order in which it was asked for.
    fn ordinary(sequence: u64) -> Rank {
        Rank((3 << Rank::CLASS) + sequence)
    }

    /// The end of a bound on progress: after everything else of its instant.
    pub(crate) const DEADLINE: Rank = Rank(4 << Rank::CLASS);
}

/// Where an event stands in time. Unique.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Due {
    pub(crate) at: Instant,
    pub(crate) rank: Rank,
}

#[derive(Clone, Copy)]
struct Entry {
    due: Due,
    slot: u32,
}

/// Pending events, earliest first.
#[derive(Clone)]
pub(crate) struct Queue<E> {
    heap: Vec<Entry>,
    slab: Vec<Option<E>>,
    free: Vec<u32>,
    sequence: u64,
}

impl<E> Queue<E> {
    pub(crate) fn new() -> Queue<E> {
        Queue { heap: Vec::new(), slab: Vec::new(), free: Vec::new(), sequence: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.heap.len()
    }

    /// The place of the next ordinary event at `at`; each call gives a later one.
    #[inline]
    pub(crate) fn next_due(&mut self, at: Instant) -> Due {
        self.sequence += 1;
        Due { at, rank: Rank::ordinary(self.sequence) }
    }

    /// Adds an event, and returns the slot of the slab that holds it.
    #[inline]
    pub(crate) fn push(&mut self, due: Due, event: E) -> u32 {
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slab[slot as usize] = Some(event);
                slot
            }
            None => {
                self.slab.push(Some(event));
                (self.slab.len() - 1) as u32
            }
        };
        self.sift_up(Entry { due, slot });
        slot
    }

    /// The place of the earliest event.
    #[inline]
    pub(crate) fn peek(&self) -> Option<Due> {
        self.heap.first().map(|entry| entry.due)
    }

    /// Takes the earliest event, with its place and its slot.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<(Due, u32, E)> {
        let last = self.heap.pop()?;
        let first = match self.heap.first().copied() {
            Some(first) => {
                self.sift_down(last);
                first
            }
            None => last,
        };
        let event = self.slab[first.slot as usize].take().expect("a slot in the heap is full");
        self.free.push(first.slot);
        Some((first.due, first.slot, event))
    }

    #[inline]
    fn sift_up(&mut self, entry: Entry) {
        let mut place = self.heap.len();
        self.heap.push(entry);
        while place > 0 {
            let parent = (place - 1) / 4;
            if self.heap[parent].due <= entry.due {
                break;
            }
            self.heap[place] = self.heap[parent];
            place = parent;
        }
        self.heap[place] = entry;
    }

    /// Puts `entry` in the root's place, which is free.
    #[inline]
    fn sift_down(&mut self, entry: Entry) {
        let heap = &mut self.heap[..];
        let mut place = 0;
        loop {
            let child = 4 * place + 1;
            let Some(children) = heap.get(child..heap.len().min(child + 4)).filter(|children| !children.is_empty())
            else {
                break;
            };
            let mut least = 0;
            for other in 1..children.len() {
                if children[other].due < children[least].due {
                    least = other;
                }
            }
            if entry.due <= children[least].due {
                break;
            }
            heap[place] = children[least];
            place = child + least;
        }
        heap[place] = entry;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::rng::Seed;

    #[test]
    fn events_come_in_order_whatever_the_order_of_asking() {
        let mut rng = Seed(1).stream("queue");
        let mut queue = Queue::new();
        let mut twin = BTreeMap::new(); // Slow and obviously right.
        for step in 0..20_000_u64 {
            if rng.below(100) < 52 {
                let due = queue.next_due(Instant::nanos(rng.below(50)));
                queue.push(due, step);
                twin.insert(due, step);
            } else {
                let popped = queue.pop().map(|(due, _, event)| (due, event));
                assert_eq!(popped, twin.pop_first());
            }
            assert_eq!(queue.len(), twin.len());
            assert_eq!(queue.peek(), twin.first_key_value().map(|(due, _)| *due));
        }
        assert!(queue.len() > 100, "the test must have kept events pending");
    }

    #[test]
    fn at_one_instant_faults_come_first_and_deadlines_last() {
        let at = Instant::nanos(7);
        let mut queue = Queue::new();
        let ordinary = queue.next_due(at);
        queue.push(Due { at, rank: Rank::DEADLINE }, "deadline");
        queue.push(ordinary, "ordinary");
        queue.push(Due { at, rank: Rank::strike(0) }, "strike");
        queue.push(Due { at, rank: Rank::HEAL }, "heal");
        queue.push(Due { at, rank: Rank::undo(9) }, "undo");
        let order: Vec<&str> = std::iter::from_fn(|| queue.pop()).map(|(_, _, event)| event).collect();
        assert_eq!(order, ["undo", "heal", "strike", "ordinary", "deadline"]);
    }
}
