//! Which kinds of cycles a graph has.
//!
//! Whether there is a cycle that a level forbids is decided exactly, by strongly connected components: of some kinds of edges for
//! read uncommitted (ww), read committed (ww, wr) and serializable (all); for snapshot isolation of a graph in which each node is
//! doubled, so that no two rw follow each other ([`Class::NonAdjacent`]). One cycle of each is extracted; then [`search`] looks
//! for smaller ones and for others that have names.
//!
//! All is linear in the graph, which is linear in the history.

use std::collections::{BTreeMap, VecDeque};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, EdgeIndex, NodeIndex};
use petgraph::visit::EdgeRef;

use super::anomaly::{Anomaly, Scope, Shape};
use super::graph::{Graph, Kind, Link, number};
use super::search::{self, Times};

#[cfg(test)]
mod tests;

/// What a level forbids cycles of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Class {
    /// ww: read uncommitted.
    Ww,
    /// ww and wr: read committed.
    Dependencies,
    /// ww, wr, and rw that do not follow each other: snapshot isolation (Cerone, Gotsman 2016).
    NonAdjacent,
    /// All: serializable.
    All,
}

impl Scope {
    pub(super) const ALL: [Scope; 3] = [Scope::Data, Scope::Session, Scope::RealTime];

    /// Whether its cycles may have edges of a kind. The order of a process is part of real time.
    pub(super) fn allows(self, kind: Kind) -> bool {
        match kind {
            Kind::Ww | Kind::Wr | Kind::Rw | Kind::Via => true,
            Kind::Process => self == Scope::Session,
            Kind::RealTime => self == Scope::RealTime,
        }
    }
}

impl Class {
    const ALL: [Class; 4] = [Class::Ww, Class::Dependencies, Class::NonAdjacent, Class::All];

    /// How many states a walk through the graph can be in.
    fn states(self) -> usize {
        if self == Class::NonAdjacent { 2 } else { 1 }
    }

    /// The state of a walk after an edge, if it may take that. In state 1 its last was an rw.
    fn step(self, state: usize, kind: Kind) -> Option<usize> {
        match (self, kind) {
            (_, Kind::Via) => Some(state),
            (Class::Ww, Kind::Wr | Kind::Rw) | (Class::Dependencies, Kind::Rw) => None,
            (Class::NonAdjacent, Kind::Rw) => (state == 0).then_some(1),
            _ => Some(0),
        }
    }
}

/// Tells `found` of cycles, each without a transaction twice: at least one that each level forbids that forbids any, and small ones of each name.
pub(super) fn cycles(graph: &Graph, times: &Times, mut found: impl FnMut(Anomaly, Vec<Link>)) {
    if graph.components(|_| true).iter().all(|&component| component == 0) {
        return;
    }
    let mut tell = |walk: Vec<Link>| simple(walk).into_iter().for_each(|cycle| found(name(&cycle), cycle));
    for scope in Scope::ALL {
        let knots = Knots::new(graph, scope);
        for class in Class::ALL {
            // What has no cycle here has none in any class, and the last is the widest.
            let Some(walk) = knots.walk(graph, scope, class) else { continue };
            tell(walk);
            let shapes: &[Shape] = match class {
                Class::Ww => &[Shape::G0],
                Class::Dependencies => &[Shape::G1c],
                Class::NonAdjacent => &[Shape::GSingle, Shape::GNonadjacent],
                Class::All => &[Shape::G2Item],
            };
            for &shape in shapes {
                search::smallest(graph, &knots, times, scope, shape).map(&mut tell);
            }
        }
    }
}

/// The strongly connected parts of a graph.
pub(super) struct Knots {
    /// For each node the number of its part, from 1, or 0.
    component: Vec<u32>,
    /// The nodes that are in a part, and for each node its place among them.
    pub(super) members: Vec<NodeIndex>,
    place: Vec<u32>,
}

impl Knots {
    fn new(graph: &Graph, scope: Scope) -> Knots {
        let component = graph.components(|kind| scope.allows(kind));
        let mut place = vec![0; component.len()];
        let mut members = Vec::new();
        for node in graph.graph.node_indices().filter(|node| component[node.index()] > 0) {
            place[node.index()] = members.len() as u32;
            members.push(node);
        }
        Knots { component, members, place }
    }

    /// The place of a node among the members.
    pub(super) fn place(&self, node: NodeIndex) -> usize {
        self.place[node.index()] as usize
    }

    /// Whether an edge from a member lies within its part.
    pub(super) fn holds(&self, member: NodeIndex, other: NodeIndex) -> bool {
        self.component[member.index()] == self.component[other.index()]
    }

    /// A closed walk of a class, if there is any.
    fn walk(&self, graph: &Graph, scope: Scope, class: Class) -> Option<Vec<Link>> {
        let states = class.states();
        let mut product: DiGraph<(), EdgeIndex> = DiGraph::with_capacity(self.members.len() * states, 0);
        for _ in 0..self.members.len() * states {
            product.add_node(());
        }
        for &node in &self.members {
            for edge in graph.graph.edges(node) {
                let (kind, target) = (edge.weight().kind, edge.target());
                if !scope.allows(kind) || !self.holds(node, target) {
                    continue;
                }
                for state in 0..states {
                    if let Some(next) = class.step(state, kind) {
                        let at = |node, state| NodeIndex::new(self.place(node) * states + state);
                        product.add_edge(at(node, state), at(target, next), edge.id());
                    }
                }
            }
        }
        let component = number(&kosaraju_scc(&product), product.node_count());
        let start = component.iter().position(|&component| component > 0)?;
        let mut path = round(&product, &component, NodeIndex::new(start));
        let source = |edge: &EdgeIndex| graph.graph.edge_endpoints(*edge).expect("the edge is of this graph").0;
        let first = path.iter().position(|edge| graph.is_transaction(source(edge)));
        path.rotate_left(first.expect("relays alone make no cycle"));
        Some(graph.links(&path))
    }
}

/// A shortest path from a node of some component back to it, within that component.
fn round(graph: &DiGraph<(), EdgeIndex>, component: &[u32], start: NodeIndex) -> Vec<EdgeIndex> {
    let mut came: BTreeMap<NodeIndex, EdgeIndex> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        for edge in graph.edges(node).filter(|edge| component[edge.target().index()] == component[start.index()]) {
            came.entry(edge.target()).or_insert_with(|| {
                queue.push_back(edge.target());
                edge.id()
            });
        }
        if came.contains_key(&start) {
            break;
        }
    }
    let mut path = Vec::new();
    let mut node = start;
    while path.is_empty() || node != start {
        let edge = came[&node];
        path.push(graph[edge]);
        node = graph.edge_endpoints(edge).expect("the edge is of this graph").0;
    }
    path.reverse();
    path
}

/// Takes a closed walk apart into cycles without a transaction twice.
///
/// If no two rw follow each other in the walk, the same is true of one of the cycles: where a walk is cut into two at a transaction, rw
/// could come together in both only if they had been together in it.
fn simple(walk: Vec<Link>) -> Vec<Vec<Link>> {
    let mut cycles = Vec::new();
    let mut open: Vec<Link> = Vec::new();
    let mut places: BTreeMap<u32, usize> = BTreeMap::new();
    for link in walk {
        places.insert(link.from, open.len());
        open.push(link);
        if let Some(&place) = places.get(&link.to) {
            let cycle = open.split_off(place);
            for link in &cycle {
                places.remove(&link.from);
            }
            cycles.push(cycle);
        }
    }
    cycles
}

/// What a cycle is called.
fn name(cycle: &[Link]) -> Anomaly {
    let any = |kind: Kind| cycle.iter().any(|link| link.edge.kind == kind);
    let is_rw = |at: usize| cycle[at % cycle.len()].edge.kind == Kind::Rw;
    let scope = if any(Kind::RealTime) {
        Scope::RealTime
    } else if any(Kind::Process) {
        Scope::Session
    } else {
        Scope::Data
    };
    let shape = match (0..cycle.len()).filter(|&at| is_rw(at)).count() {
        0 if any(Kind::Wr) => Shape::G1c,
        0 => Shape::G0,
        1 => Shape::GSingle,
        _ if (0..cycle.len()).any(|at| is_rw(at) && is_rw(at + 1)) => Shape::G2Item,
        _ => Shape::GNonadjacent,
    };
    Anomaly::Cycle(scope, shape)
}
