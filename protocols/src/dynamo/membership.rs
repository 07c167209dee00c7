//! The ring: who its members are, and which of them are preferred for a key.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::Serialize;
use shaketable_sim::id::{Key, NodeId};

use super::config::Config;
use crate::ring::placement::{Placement, Point};

/// Which ring: the later has the greater one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Epoch {
    /// One more than that of the ring that it was made from.
    pub number: u64,
    /// Who made it: of two that were made at once, the order of their makers decides.
    pub by: NodeId,
}

/// A ring, as nodes tell each other.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Ring {
    /// Which one.
    pub epoch: Epoch,
    /// Its members, in order.
    pub members: Vec<NodeId>,
}

impl Ring {
    /// The ring of a cluster in which nobody has joined or left: its first so many nodes.
    pub(super) fn first(members: usize) -> Ring {
        Ring { epoch: Epoch { number: 0, by: NodeId::at(0) }, members: NodeId::all(members).collect() }
    }
}

/// A ring, and who is preferred for which key by it.
#[derive(Clone, Debug)]
pub(super) struct Preferences {
    ring: Ring,
    replicas: usize,
    placement: Rc<dyn Placement>,
    /// What was worked out so far.
    lists: BTreeMap<Key, Rc<[NodeId]>>,
}

impl Preferences {
    pub(super) fn new(ring: Ring, config: &Config) -> Preferences {
        let placement = config.layout.place(&ring.members);
        Preferences { ring, replicas: config.replicas, placement, lists: BTreeMap::new() }
    }

    pub(super) fn ring(&self) -> &Ring {
        &self.ring
    }

    pub(super) fn epoch(&self) -> Epoch {
        self.ring.epoch
    }

    /// Whether a node is in the ring.
    pub(super) fn has(&self, node: NodeId) -> bool {
        self.ring.members.contains(&node)
    }

    /// All members, the most preferred for a key first (Dynamo §4.3). The first N own it.
    pub(super) fn list(&mut self, key: Key) -> Rc<[NodeId]> {
        let (placement, members) = (&self.placement, self.ring.members.len());
        let list = self.lists.entry(key).or_insert_with(|| {
            placement.place(&[Point::of(key.index() as u64)], members).into_iter().flatten().collect()
        });
        Rc::clone(list)
    }

    /// The nodes that own a key, the most preferred first.
    pub(super) fn owners(&mut self, key: Key) -> Vec<NodeId> {
        self.list(key).iter().take(self.replicas).copied().collect()
    }

    pub(super) fn owns(&mut self, node: NodeId, key: Key) -> bool {
        self.list(key).iter().take(self.replicas).any(|&owner| owner == node)
    }
}
