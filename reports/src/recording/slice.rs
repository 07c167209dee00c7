//! The causal slice of an event: what led to it, and what came of it.

use std::collections::BTreeSet;

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};

use super::{LaneAt, LaneKind, Place, Recording};

/// How many events somebody reads.
pub(super) const READABLE: usize = 40;

/// The events around one, by what led to what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slice {
    /// Around which event.
    pub of: Place,
    /// How many links back and how many onwards.
    pub hops: u32,
    /// Whether what came of it is wanted, too, or what led to it alone.
    pub onwards: bool,
    /// How many events at most, this one among them, which is always there.
    pub most: usize,
}

impl Slice {
    /// As many hops around an event as can be read.
    pub fn around(of: Place) -> Slice {
        Slice { of, hops: u32::MAX, onwards: true, most: READABLE }
    }
}

impl Recording {
    /// The events of a slice, in order.
    ///
    /// Links lead to an event from its cause; from [who sent it](Recording::origins), if what it has for its cause only released it; and, of what a node does, from
    /// the last event before it that changed the node's state, because what it did follows from what it had become. If there are more events than
    /// are wanted, the nearest are taken: fewest hops first, of these what led to the event before what came of it, and of these the nearest in time.
    pub fn slice(&self, slice: &Slice) -> Vec<Place> {
        let graph = self.links();
        let start = NodeIndex::new(slice.of.0 as usize);
        let mut found = BTreeSet::from([start]);
        let mut edges = [vec![start], if slice.onwards { vec![start] } else { Vec::new() }];
        let room = |found: &BTreeSet<NodeIndex>| found.len() < slice.most;
        for _ in 0..slice.hops {
            for (edge, direction) in edges.iter_mut().zip([Direction::Incoming, Direction::Outgoing]) {
                let next: BTreeSet<NodeIndex> =
                    edge.iter().flat_map(|event| graph.neighbors_directed(*event, direction)).collect();
                let mut next: Vec<NodeIndex> = next.into_iter().collect();
                if direction == Direction::Incoming {
                    next.reverse();
                }
                next.retain(|event| room(&found) && found.insert(*event));
                *edge = next;
            }
            if edges.iter().all(Vec::is_empty) || !room(&found) {
                break;
            }
        }
        found.into_iter().map(|event| Place(event.index() as u32)).collect()
    }

    /// What led to what: a graph of all events, each at its place.
    fn links(&self) -> DiGraph<(), ()> {
        let mut graph = DiGraph::with_capacity(self.events.len(), 2 * self.events.len());
        let mut changed: Vec<Option<Place>> = vec![None; self.lanes.len()];
        let origins = self.origins();
        for (place, event) in self.placed() {
            let here = graph.add_node(());
            let LaneAt(lane) = event.lane;
            let acts = self.lane(event.lane).kind == LaneKind::Node && !self.passes(event);
            let state = changed[lane as usize].filter(|_| acts);
            let origin = origins[place.0 as usize].map(|origin| origin.event);
            let before: BTreeSet<Place> = [event.cause, origin, state].into_iter().flatten().collect();
            for cause in before {
                graph.add_edge(NodeIndex::new(cause.0 as usize), here, ());
            }
            if acts && !self.changes_of(place).is_empty() {
                changed[lane as usize] = Some(place);
            }
        }
        graph
    }
}
