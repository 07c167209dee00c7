//! What a node knows of each slot: as an acceptor, what it has accepted last; as a learner, what was decided.

use super::types::{Slot, Value, Vote};

/// All slots of a node, as they are in memory.
#[derive(Clone, Debug)]
pub struct Ledger<O> {
    /// By slot, from 1.
    places: Vec<Place<O>>,
    /// Invariant: all slots up to this one are decided, the next is not.
    commit: Slot,
    /// Every slot that changed in this life, in order: who watches looks at what is new.
    changes: Vec<Slot>,
}

/// One slot.
#[derive(Clone, Debug)]
struct Place<O> {
    vote: Option<Vote<O>>,
    chosen: Option<Value<O>>,
}

impl<O> Default for Ledger<O> {
    fn default() -> Self {
        Ledger { places: Vec::new(), commit: Slot::ZERO, changes: Vec::new() }
    }
}

impl<O: Clone> Ledger<O> {
    /// What was accepted last in a slot.
    pub fn vote(&self, slot: Slot) -> Option<&Vote<O>> {
        self.place(slot)?.vote.as_ref()
    }

    /// What is known to be decided in a slot.
    pub fn chosen(&self, slot: Slot) -> Option<&Value<O>> {
        self.place(slot)?.chosen.as_ref()
    }

    /// All slots up to this one are known to be decided.
    pub fn commit(&self) -> Slot {
        self.commit
    }

    /// The last slot of which anything is known.
    pub fn last(&self) -> Slot {
        Slot::new(self.places.len() as u64)
    }

    /// Every slot that changed since the node booted, in order.
    pub fn changes(&self) -> &[Slot] {
        &self.changes
    }

    /// What was accepted in the slots from `first` on.
    pub fn votes_from(&self, first: Slot) -> Vec<(Slot, Vote<O>)> {
        let slots = (first.get()..=self.last().get()).map(Slot::new);
        slots.filter_map(|slot| Some((slot, self.vote(slot)?.clone()))).collect()
    }

    /// The decisions from `first` on, up to the first that is not known, at most `max` of them.
    pub fn chosen_from(&self, first: Slot, max: usize) -> Vec<Value<O>> {
        let slots = (first.get()..=self.commit.get()).map(Slot::new);
        slots.take(max).map_while(|slot| self.chosen(slot).cloned()).collect()
    }

    /// The first known decision behind a slot.
    pub fn next_chosen(&self, after: Slot) -> Option<(Slot, &Value<O>)> {
        let slots = (after.next().get()..=self.last().get()).map(Slot::new);
        slots.filter_map(|slot| Some((slot, self.chosen(slot)?))).next()
    }

    /// The acceptor accepts a proposal.
    pub fn accept(&mut self, slot: Slot, vote: Vote<O>) {
        self.place_mut(slot).vote = Some(vote);
    }

    /// The learner learns a decision. The first that it hears of stays.
    pub fn choose(&mut self, slot: Slot, value: Value<O>) {
        self.place_mut(slot).chosen.get_or_insert(value);
        while self.chosen(self.commit.next()).is_some() {
            self.commit = self.commit.next();
        }
    }

    fn place(&self, slot: Slot) -> Option<&Place<O>> {
        self.places.get(slot.get().checked_sub(1)? as usize)
    }

    fn place_mut(&mut self, slot: Slot) -> &mut Place<O> {
        let index = slot.get().checked_sub(1).expect("slots begin at 1") as usize;
        if index >= self.places.len() {
            self.places.resize_with(index + 1, || Place { vote: None, chosen: None });
        }
        self.changes.push(slot);
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
        assert_eq!(ledger.changes(), [2, 1, 1].map(Slot::new));
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
