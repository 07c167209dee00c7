//! What a node knows of each slot: as an acceptor, what it has accepted last; as a learner, what was decided.
//!
//! Of the slots for which its snapshot stands it knows only that they are decided.

use std::hash::Hash;

use shaketable_sim::digest::digest_of;

use super::types::{Slot, Value, Vote};

/// All slots of a node, as they are in memory.
#[derive(Clone, Debug)]
pub struct Ledger<O> {
    /// The last slot that is no longer here. Invariant: at most `commit`.
    start: Slot,
    /// By slot, from the one behind `start`.
    places: Vec<Place<O>>,
    /// Invariant: all slots up to this one are decided, the next is not known to be.
    commit: Slot,
    /// What changed in this life, in order: who watches looks at what is new.
    changes: Vec<Change>,
}

/// Something that a node came to know of a slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// Its acceptor has accepted a proposal.
    Accepted(Slot),
    /// Its learner has learned the decision: of a value with this digest. The place itself may have been dropped since.
    Chosen(Slot, u64),
}

/// One slot.
#[derive(Clone, Debug)]
struct Place<O> {
    vote: Option<Vote<O>>,
    chosen: Option<Value<O>>,
}

impl Change {
    /// The slot, if something was accepted in it.
    pub fn accepted(&self) -> Option<Slot> {
        match *self {
            Change::Accepted(slot) => Some(slot),
            Change::Chosen(..) => None,
        }
    }
}

impl<O> Default for Ledger<O> {
    fn default() -> Self {
        Ledger { start: Slot::ZERO, places: Vec::new(), commit: Slot::ZERO, changes: Vec::new() }
    }
}

impl<O: Clone + Hash> Ledger<O> {
    /// The last slot that is no longer here, since a snapshot stands for it and all before it; 0 if there is none.
    pub fn start(&self) -> Slot {
        self.start
    }

    /// What was accepted last in a slot.
    pub fn vote(&self, slot: Slot) -> Option<&Vote<O>> {
        self.place(slot)?.vote.as_ref()
    }

    /// What is known to be decided in a slot that is here.
    pub fn chosen(&self, slot: Slot) -> Option<&Value<O>> {
        self.place(slot)?.chosen.as_ref()
    }

    /// Whether a slot is known to be decided, be it here or not.
    pub fn is_decided(&self, slot: Slot) -> bool {
        slot <= self.commit || self.chosen(slot).is_some()
    }

    /// All slots up to this one are known to be decided.
    pub fn commit(&self) -> Slot {
        self.commit
    }

    /// The last slot of which anything is known.
    pub fn last(&self) -> Slot {
        Slot::new(self.start.get() + self.places.len() as u64)
    }

    /// What changed since the node booted, in order.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// What was accepted in the slots from `first` on, as far as they are here.
    pub fn votes_from(&self, first: Slot) -> Vec<(Slot, Vote<O>)> {
        let slots = (first.max(self.start.next()).get()..=self.last().get()).map(Slot::new);
        slots.filter_map(|slot| Some((slot, self.vote(slot)?.clone()))).collect()
    }

    /// The decisions from `first` on, up to the first that is not known, at most `max` of them. None if the first is no longer here.
    pub fn chosen_from(&self, first: Slot, max: usize) -> Vec<Value<O>> {
        let slots = (first.get()..=self.commit.get()).map(Slot::new);
        slots.take(max).map_while(|slot| self.chosen(slot).cloned()).collect()
    }

    /// The first decision behind a slot that is here.
    pub fn next_chosen(&self, after: Slot) -> Option<(Slot, &Value<O>)> {
        let slots = (after.next().get()..=self.last().get()).map(Slot::new);
        slots.filter_map(|slot| Some((slot, self.chosen(slot)?))).next()
    }

    /// The acceptor accepts a proposal. What was accepted is forgotten where the decision is known for good.
    pub fn accept(&mut self, slot: Slot, vote: Vote<O>) {
        if slot > self.start {
            self.changes.push(Change::Accepted(slot));
            self.place_mut(slot).vote = Some(vote);
        }
    }

    /// The learner learns a decision. The first that it hears of stays.
    pub fn choose(&mut self, slot: Slot, value: Value<O>) {
        if self.is_decided(slot) {
            return;
        }
        self.changes.push(Change::Chosen(slot, digest_of(&value)));
        self.place_mut(slot).chosen = Some(value);
        self.advance();
    }

    /// Drops all slots up to `last`, for which a snapshot stands now: they are decided, known here or not.
    pub fn drop_until(&mut self, last: Slot) {
        let count = last.distance(self.start).min(self.places.len() as u64);
        self.places.drain(..count as usize);
        self.start = self.start.max(last);
        self.commit = self.commit.max(last);
        self.advance();
    }

    fn advance(&mut self) {
        while self.chosen(self.commit.next()).is_some() {
            self.commit = self.commit.next();
        }
    }

    fn place(&self, slot: Slot) -> Option<&Place<O>> {
        self.places.get(slot.get().checked_sub(self.start.next().get())? as usize)
    }

    fn place_mut(&mut self, slot: Slot) -> &mut Place<O> {
        let index = slot.get().checked_sub(self.start.next().get()).expect("a slot behind the start") as usize;
        if index >= self.places.len() {
            self.places.resize_with(index + 1, || Place { vote: None, chosen: None });
        }
        &mut self.places[index]
    }
}

#[cfg(test)]
mod tests {
    use super::super::types::Ballot;
    use super::*;

    fn vote() -> Vote<u8> {
        Vote { ballot: Ballot::BOTTOM, value: Value::NoOp }
    }

    #[test]
    fn the_commit_point_stops_at_the_first_gap() {
        let mut ledger: Ledger<u8> = Ledger::default();
        ledger.choose(Slot::new(2), Value::NoOp);
        ledger.accept(Slot::new(1), vote());
        assert_eq!((ledger.commit(), ledger.last()), (Slot::ZERO, Slot::new(2)));
        assert_eq!(ledger.next_chosen(Slot::ZERO).map(|(slot, _)| slot), Some(Slot::new(2)));
        assert!(ledger.chosen_from(Slot::new(1), 9).is_empty());
        ledger.choose(Slot::new(1), Value::NoOp);
        assert_eq!(ledger.commit(), Slot::new(2));
        assert_eq!(ledger.chosen_from(Slot::new(1), 9).len(), 2);
        assert_eq!(ledger.chosen_from(Slot::new(1), 1).len(), 1);
        let chosen = digest_of(&Value::<u8>::NoOp);
        let [one, two] = [1, 2].map(Slot::new);
        assert_eq!(ledger.changes(), [Change::Chosen(two, chosen), Change::Accepted(one), Change::Chosen(one, chosen)]);
    }

    /// For every way of knowing some of five slots, and every snapshot: what lies behind it stays as it was.
    #[test]
    fn what_a_snapshot_stands_for_is_decided_and_the_rest_is_untouched() {
        for known in 0..1_u32 << 5 {
            for last in 0..=7 {
                let mut ledger: Ledger<u8> = Ledger::default();
                let knows = |slot: u64| (1..=5).contains(&slot) && known >> (slot - 1) & 1 == 1;
                (1..=5).for_each(|slot| ledger.accept(Slot::new(slot), vote()));
                (1..=5).filter(|&slot| knows(slot)).for_each(|slot| ledger.choose(Slot::new(slot), Value::NoOp));
                ledger.drop_until(Slot::new(last));
                assert_eq!(ledger.start(), Slot::new(last));
                let commit = (0..).take_while(|&slot| slot <= last || knows(slot)).last();
                assert_eq!(Some(ledger.commit().get()), commit, "{known:05b}, snapshot of {last}");
                for slot in 1..=8 {
                    let decided = slot <= last || knows(slot);
                    assert_eq!(ledger.is_decided(Slot::new(slot)), decided, "{known:05b}, {last}, slot {slot}");
                    assert_eq!(ledger.vote(Slot::new(slot)).is_some(), slot > last && slot <= 5);
                }
                ledger.accept(Slot::new(1), vote());
                ledger.drop_until(Slot::new(1));
                assert_eq!(ledger.start(), Slot::new(last.max(1)), "an older snapshot drops nothing more");
            }
        }
    }

    #[test]
    fn votes_are_reported_with_their_slots_and_gaps_left_out() {
        let mut ledger: Ledger<u8> = Ledger::default();
        for slot in [1, 3, 4] {
            ledger.accept(Slot::new(slot), vote());
        }
        let slots =
            |first| -> Vec<u64> { ledger.votes_from(Slot::new(first)).iter().map(|(slot, _)| slot.get()).collect() };
        assert_eq!(slots(1), [1, 3, 4]);
        assert_eq!(slots(2), [3, 4]);
        assert_eq!(slots(5), [0; 0]);
    }
}
