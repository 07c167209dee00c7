//! The timers of one node. Setting one again is common (every heartbeat does it) and must cost almost nothing, so
//! an event that is already queued stays where it is: when it comes too early, it goes to the back of the line.

use std::collections::BTreeMap;

use crate::queue::Due;

/// Where to find a timer: the place is used again when a timer has run out, so an event also has to match in time.
pub(crate) type Slot = u32;

/// With more timers than this, an ordered index finds them.
const FEW: usize = 8;

#[derive(Clone)]
struct Timer<T> {
    name: T,
    /// When it runs out, if it is set.
    deadline: Option<Due>,
    /// The queued event that stands for it, at the deadline or before. Invariant: there is one if there is a deadline.
    queued: Option<Due>,
}

#[derive(Clone)]
pub(crate) struct Timers<T> {
    timers: Vec<Timer<T>>,
    free: Vec<Slot>,
    index: BTreeMap<T, Slot>,
    indexed: bool,
    /// How many timers have run out since the index was last swept.
    idle: usize,
}

/// What to do about a queued event whose time has come.
pub(crate) enum Expiry<T> {
    /// The timer has run out.
    Fire(T),
    /// It was set again meanwhile: queue the event once more, for then.
    Later(Due),
    /// It was cancelled, or stands for a deadline that is gone.
    Stale,
}

impl<T: Copy + Ord> Timers<T> {
    pub(crate) fn new() -> Timers<T> {
        Timers { timers: Vec::new(), free: Vec::new(), index: BTreeMap::new(), indexed: false, idle: 0 }
    }

    /// Sets a timer. Whether an event must be queued, at `deadline`, for the slot.
    #[inline]
    pub(crate) fn set(&mut self, name: T, deadline: Due) -> Option<Slot> {
        let slot = match self.find(name) {
            Some(slot) => slot,
            None => self.add(name),
        };
        let timer = &mut self.timers[slot as usize];
        timer.deadline = Some(deadline);
        if timer.queued.is_some_and(|queued| queued <= deadline) {
            return None;
        }
        timer.queued = Some(deadline);
        Some(slot)
    }

    pub(crate) fn cancel(&mut self, name: T) {
        if let Some(slot) = self.find(name) {
            self.timers[slot as usize].deadline = None;
        }
    }

    /// The event of `slot` that was queued at `due` has come up.
    #[inline]
    pub(crate) fn expire(&mut self, slot: Slot, due: Due) -> Expiry<T> {
        let Some(timer) = self.timers.get_mut(slot as usize).filter(|timer| timer.queued == Some(due)) else {
            return Expiry::Stale;
        };
        timer.queued = timer.deadline.filter(|&deadline| deadline != due);
        if let Some(later) = timer.queued {
            return Expiry::Later(later);
        }
        let fired = timer.deadline.take();
        let name = timer.name;
        if self.indexed {
            self.retire();
        }
        fired.map_or(Expiry::Stale, |_| Expiry::Fire(name))
    }

    /// Every timer that is set, with its deadline.
    pub(crate) fn pending(&self) -> Vec<(T, Due)> {
        self.timers.iter().filter_map(|timer| timer.deadline.map(|deadline| (timer.name, deadline))).collect()
    }

    /// A timer is idle. Its place is kept, as it may well be set again; but when half are idle, all those places are freed, in
    /// one pass instead of a search for each.
    fn retire(&mut self) {
        self.idle += 1;
        if self.idle <= 16 * FEW || 2 * self.idle <= self.timers.len() {
            return;
        }
        self.idle = 0;
        let (timers, free) = (&self.timers, &mut self.free);
        self.index.retain(|_, slot| {
            let timer = &timers[*slot as usize];
            let used = timer.deadline.is_some() || timer.queued.is_some();
            if !used {
                free.push(*slot);
            }
            used
        });
    }

    #[inline]
    fn find(&self, name: T) -> Option<Slot> {
        if self.indexed {
            return self.index.get(&name).copied();
        }
        self.timers.iter().position(|timer| timer.name == name).map(|slot| slot as Slot)
    }

    fn add(&mut self, name: T) -> Slot {
        if !self.indexed && self.timers.len() == FEW {
            self.indexed = true;
            self.index = self.timers.iter().zip(0..).map(|(timer, slot)| (timer.name, slot)).collect();
        }
        let timer = Timer { name, deadline: None, queued: None };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.timers[slot as usize] = timer;
                slot
            }
            None => {
                self.timers.push(timer);
                (self.timers.len() - 1) as Slot
            }
        };
        if self.indexed {
            self.index.insert(name, slot);
        }
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::Queue;
    use crate::rng::Seed;
    use crate::time::Instant;

    /// Sets, resets and cancels at random, and compares what fires with a map from name to deadline.
    fn agrees_with_a_map(names: u64) {
        let mut rng = Seed(names).stream("timers");
        let mut queue: Queue<Slot> = Queue::new();
        let (mut timers, mut twin) = (Timers::new(), BTreeMap::new());
        let mut fired = 0;
        for now in 0..20_000 {
            for _ in 0..rng.below(3) {
                let name = rng.below(names);
                if rng.below(4) == 0 {
                    timers.cancel(name);
                    twin.remove(&name);
                } else {
                    let due = queue.next_due(Instant::nanos(now + 1 + rng.below(4 * names)));
                    twin.insert(name, due);
                    if let Some(slot) = timers.set(name, due) {
                        queue.push(due, slot);
                    }
                }
            }
            while queue.peek().is_some_and(|due| due.at <= Instant::nanos(now)) {
                let (due, _, slot) = queue.pop().expect("peeked");
                match timers.expire(slot, due) {
                    Expiry::Fire(name) => {
                        assert_eq!(twin.remove(&name), Some(due));
                        fired += 1;
                    }
                    Expiry::Later(later) => {
                        queue.push(later, slot);
                    }
                    Expiry::Stale => {}
                }
            }
            assert!(twin.values().all(|due| due.at > Instant::nanos(now)), "a timer was missed");
        }
        assert!(fired > 1_000, "only {fired} fired");
        let mut pending = timers.pending();
        pending.sort();
        assert_eq!(pending, twin.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn few_timers_fire_as_they_were_last_set() {
        agrees_with_a_map(2);
        agrees_with_a_map(FEW as u64);
    }

    #[test]
    fn many_timers_fire_as_they_were_last_set() {
        agrees_with_a_map(FEW as u64 + 1);
        agrees_with_a_map(500);
    }
}
