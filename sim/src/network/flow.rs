//! Flows: the messages of one kind on one link.
//!
//! What chance decides about a message is drawn by what the message *is* (sender, receiver, kind, epoch, the how-manieth of that epoch) and
//! not by how many others of any kind went before it: each flow has a stream of its own for each epoch. So a protocol that
//! sends one more message, of another kind or in another epoch, shifts no draw of any other, and a recorded seed outlives many
//! a change of the code.

use super::Route;
use crate::faults::trigger::{Passing, Phase};
use crate::rng::Stream;

/// What a message is called: its kind and its epoch. See [`Message`](crate::node::Message).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Name {
    pub(crate) kind: &'static str,
    pub(crate) epoch: u64,
}

impl Name {
    /// A message of this name, somewhere on its way.
    pub(crate) fn passing(self, Route { from, to }: Route, phase: Phase) -> Passing {
        Passing { phase, from, to, kind: self.kind, epoch: self.epoch }
    }
}

/// The messages of one kind that were sent on a link, in order.
#[derive(Clone)]
pub(super) struct Flow {
    kind: &'static str,
    /// How many in all.
    sent: u64,
    /// How many of each epoch, by epoch. Never empty: the last is the highest.
    epochs: Vec<(u64, u64)>,
    /// What chance has in store for those of the highest epoch.
    pub(super) chance: Box<Stream>,
    /// What it has for the last that came late, from an earlier epoch. They are few, and each has a stream of its own.
    late: Option<Box<Stream>>,
}

/// A message that has been counted.
pub(super) struct Counted<'a> {
    /// The how-manieth of its kind it is on its link.
    pub(super) nth: u64,
    /// The how-manieth of its kind and epoch.
    pub(super) nth_in_epoch: u64,
    /// What chance has in store for it.
    pub(super) chance: &'a mut Stream,
}

impl Flow {
    /// Counts a message of this name. `stream` makes the stream of an epoch, or of the n-th message of an epoch if that is late.
    #[inline]
    pub(super) fn count(
        flows: &mut Vec<Flow>,
        name: Name,
        stream: impl Fn(Name, Option<u64>) -> Stream,
    ) -> Counted<'_> {
        let Name { kind, epoch } = name;
        let place = match flows.iter().position(|flow| flow.kind == kind) {
            Some(place) => place,
            None => {
                let chance = Box::new(stream(name, None));
                flows.push(Flow { kind, sent: 0, epochs: vec![(epoch, 0)], chance, late: None });
                flows.len() - 1
            }
        };
        let flow = &mut flows[place];
        flow.sent += 1;
        match flow.epochs.last_mut() {
            Some((highest, sent)) if *highest == epoch => {
                *sent += 1;
                Counted { nth: flow.sent, nth_in_epoch: *sent, chance: &mut flow.chance }
            }
            _ => flow.count_another(name, stream),
        }
    }

    /// Counts a message of another epoch than the highest.
    #[cold]
    fn count_another(&mut self, name: Name, stream: impl Fn(Name, Option<u64>) -> Stream) -> Counted<'_> {
        let place = match self.epochs.binary_search_by_key(&name.epoch, |&(epoch, _)| epoch) {
            Ok(place) => place,
            Err(place) => {
                self.epochs.insert(place, (name.epoch, 0));
                place
            }
        };
        self.epochs[place].1 += 1;
        let nth_in_epoch = self.epochs[place].1;
        let chance = if place + 1 < self.epochs.len() {
            self.late.insert(Box::new(stream(name, Some(nth_in_epoch))))
        } else {
            *self.chance = stream(name, None);
            &mut self.chance
        };
        Counted { nth: self.sent, nth_in_epoch, chance }
    }

    /// How many messages of each epoch were sent, with their kind.
    pub(super) fn counts(&self) -> impl Iterator<Item = (Name, u64)> {
        let kind = self.kind;
        self.epochs.iter().map(move |&(epoch, count)| (Name { kind, epoch }, count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    /// For messages of these epochs in order: the how-manieth of all and of its epoch each is, and what chance says of it.
    fn count(epochs: &[u64]) -> (Vec<(u64, u64)>, Vec<u64>) {
        let mut flows = Vec::new();
        let stream = |name: Name, late: Option<u64>| Seed(1).stream(format_args!("{name:?} {late:?}"));
        let one = |&epoch: &u64| {
            let counted = Flow::count(&mut flows, Name { kind: "vote", epoch }, stream);
            ((counted.nth, counted.nth_in_epoch), counted.chance.below(u64::MAX))
        };
        epochs.iter().map(one).unzip()
    }

    #[test]
    fn a_message_of_an_earlier_epoch_counts_as_one_of_its_own_and_shifts_none_of_the_later() {
        let (places, draws) = count(&[1, 2, 1, 2, 4, 3, 1]);
        assert_eq!(places, [(1, 1), (2, 1), (3, 2), (4, 2), (5, 1), (6, 1), (7, 3)]);
        let (_, in_order) = count(&[1, 2, 2, 4]);
        assert_eq!([draws[0], draws[1], draws[3], draws[4]], in_order[..]);
        let distinct: std::collections::BTreeSet<&u64> = draws.iter().collect();
        assert_eq!(distinct.len(), draws.len(), "{draws:?}");
    }

    #[test]
    fn counts_are_those_of_each_epoch() {
        let mut flows = Vec::new();
        for epoch in [5, 7, 5, 2] {
            Flow::count(&mut flows, Name { kind: "vote", epoch }, |_, _| Seed(1).stream("any"));
        }
        let counts: Vec<(u64, u64)> = flows[0].counts().map(|(name, count)| (name.epoch, count)).collect();
        assert_eq!(counts, [(2, 1), (5, 2), (7, 1)]);
    }
}
