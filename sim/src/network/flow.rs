//! Flows: the messages of one kind on one link.
//!
//! What chance decides about a message is drawn by what the message *is* (sender, receiver, kind, epoch, the how-manieth) and not by how
//! many others of any kind went before it: each flow has a stream of its own for each epoch. So a protocol that sends one more
//! message, of another kind or in an earlier epoch, shifts no draw of any other, and a recorded seed outlives many a change of the code.

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
    /// The highest epoch of any of them. A late message of an earlier one is counted and drawn as one of this.
    epoch: u64,
    /// How many, with those of earlier epochs.
    pub(super) sent: u64,
    /// How many of this epoch.
    pub(super) sent_in_epoch: u64,
    /// How many of each earlier epoch.
    past: Vec<(u64, u64)>,
    /// What chance has in store for those of this epoch.
    pub(super) chance: Box<Stream>,
}

impl Flow {
    /// The flow that a message of this name belongs to, which counts it. `stream` makes the stream of an epoch of it.
    #[inline]
    pub(super) fn count(flows: &mut Vec<Flow>, name: Name, stream: impl Fn(Name) -> Stream) -> &mut Flow {
        let place = match flows.iter().position(|flow| flow.kind == name.kind) {
            Some(place) => {
                if flows[place].epoch < name.epoch {
                    flows[place].enter(name, stream);
                }
                place
            }
            None => {
                let Name { kind, epoch } = name;
                let chance = Box::new(stream(name));
                flows.push(Flow { kind, epoch, sent: 0, sent_in_epoch: 0, past: Vec::new(), chance });
                flows.len() - 1
            }
        };
        let flow = &mut flows[place];
        flow.sent += 1;
        flow.sent_in_epoch += 1;
        flow
    }

    #[cold]
    fn enter(&mut self, name: Name, stream: impl Fn(Name) -> Stream) {
        self.past.push((self.epoch, self.sent_in_epoch));
        self.epoch = name.epoch;
        self.sent_in_epoch = 0;
        *self.chance = stream(name);
    }

    /// How many messages of each epoch were sent, with their kind.
    pub(super) fn counts(&self) -> impl Iterator<Item = (Name, u64)> {
        let present = (self.epoch, self.sent_in_epoch);
        let kind = self.kind;
        self.past.iter().copied().chain([present]).map(move |(epoch, count)| (Name { kind, epoch }, count))
    }
}
