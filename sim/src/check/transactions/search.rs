//! The smallest cycle of a name.
//!
//! From each edge that such a cycle must have, a breadth-first search for the way back, that goes by a small automaton: what it
//! has seen of the cycle so far.
//! Each name has a budget of work that is linear in the graph, so of a component with many cycles the smallest is one of those
//! that were looked at; of a small component it is the smallest.

use std::collections::VecDeque;

use petgraph::graph::{EdgeIndex, NodeIndex};
use petgraph::visit::EdgeRef;

use super::anomaly::{Scope, Shape};
use super::cycles::Knots;
use super::graph::{Edge, Graph, Kind, Link};

/// How many edges a search may look at, besides some for each edge of the graph.
const LOOKS: usize = 200_000;

/// When a transaction was invoked, and when its client knew that it had completed.
pub(super) type Times = Vec<(u64, Option<u64>)>;

impl Shape {
    /// The edge at which the search begins.
    fn opening(self) -> Kind {
        match self {
            Shape::G0 => Kind::Ww,
            Shape::G1c => Kind::Wr,
            Shape::GSingle | Shape::GNonadjacent | Shape::G2Item => Kind::Rw,
        }
    }

    /// How many states its automaton has; the last accepts.
    fn states(self) -> usize {
        match self {
            Shape::G0 | Shape::G1c | Shape::GSingle => 1,
            Shape::G2Item => 2,
            Shape::GNonadjacent => 4,
        }
    }

    /// The state after an edge, if it may be taken. It begins in state 0, behind the opening edge.
    fn step(self, state: usize, kind: Kind) -> Option<usize> {
        match (self, kind) {
            (_, Kind::Via) => Some(state),
            (Shape::G0, Kind::Wr | Kind::Rw) | (Shape::G1c | Shape::GSingle, Kind::Rw) => None,
            (Shape::G0 | Shape::G1c | Shape::GSingle, _) => Some(0),
            // A second rw comes at once; then all is well.
            (Shape::G2Item, Kind::Rw) => Some(1),
            (Shape::G2Item, _) => (state == 1).then_some(1),
            // 0 and 2: the last was the first rw, or a later one. 1 and 3: the last was none.
            (Shape::GNonadjacent, Kind::Rw) => (state % 2 == 1).then_some(2),
            (Shape::GNonadjacent, _) => Some(state | 1),
        }
    }
}

/// The smallest closed walk of a shape that was found, with an edge of the scope's own kind unless that is data.
pub(super) fn smallest(graph: &Graph, knots: &Knots, times: &Times, scope: Scope, shape: Shape) -> Option<Vec<Link>> {
    let mut search = Search::new(graph, knots, times, scope, shape);
    let mut best: Option<Vec<Link>> = None;
    for &node in &knots.members {
        for edge in graph.graph.edges(node) {
            let bound = best.as_ref().map_or(u32::MAX, |best| best.len() as u32);
            // No cycle is shorter than two, since nothing depends on itself.
            if bound <= 2 || search.looks == 0 {
                return best;
            }
            search.looks = search.looks.saturating_sub(1);
            if edge.weight().kind == shape.opening() && knots.holds(node, edge.target()) {
                best = search.back(edge.id(), bound).or(best);
            }
        }
    }
    best
}

/// How a state was reached.
#[derive(Clone, Copy, Default)]
struct Mark {
    /// In which round; 0 is none.
    round: u32,
    /// Over how many dependencies.
    distance: u32,
    /// From which state, and by which edge.
    before: u32,
    edge: u32,
}

/// The edge of [`Mark`] that stands for real time without going through relays.
const AT_ONCE: u32 = u32::MAX;

struct Search<'g> {
    graph: &'g Graph,
    knots: &'g Knots,
    times: &'g Times,
    scope: Scope,
    shape: Shape,
    marks: Vec<Mark>,
    queue: VecDeque<(usize, u32)>,
    round: u32,
    /// How many edges may still be looked at.
    looks: usize,
}

impl<'g> Search<'g> {
    fn new(graph: &'g Graph, knots: &'g Knots, times: &'g Times, scope: Scope, shape: Shape) -> Search<'g> {
        let mut search = Search {
            graph,
            knots,
            times,
            scope,
            shape,
            marks: Vec::new(),
            queue: VecDeque::new(),
            round: 0,
            looks: LOOKS + 2 * graph.graph.edge_count(),
        };
        search.marks = vec![Mark::default(); knots.members.len() * search.states()];
        search
    }

    /// States of the shape, twice if the scope must have been seen.
    fn states(&self) -> usize {
        self.shape.states() * if self.scope == Scope::Data { 1 } else { 2 }
    }

    fn step(&self, state: usize, kind: Kind) -> Option<usize> {
        let states = self.shape.states();
        let seen = state >= states || matches!(kind, Kind::Process | Kind::RealTime);
        let next = self.shape.step(state % states, kind)?;
        self.scope.allows(kind).then_some(if seen { states + next } else { next })
    }

    /// The shortest way back from the end of an edge to its beginning, if all is less than `bound` dependencies long.
    fn back(&mut self, opening: EdgeIndex, bound: u32) -> Option<Vec<Link>> {
        let (home, start) = self.graph.graph.edge_endpoints(opening).expect("the edge is of this graph");
        let states = self.states();
        let goal = self.knots.place(home) * states + states - 1;
        self.round += 1;
        self.queue.clear();
        self.reach(self.knots.place(start) * states, Mark { round: self.round, distance: 1, before: 0, edge: 0 });
        while let Some((at, distance)) = self.queue.pop_front() {
            if at == goal {
                return Some(self.path(opening, self.knots.place(start) * states, goal));
            }
            // Whoever is reached on a shorter way later is in the queue again.
            if distance > self.marks[at].distance {
                continue;
            }
            if self.looks == 0 {
                return None;
            }
            self.close(at, goal, home, distance, bound);
            self.expand(at, distance, bound);
        }
        None
    }

    /// If real time leads from here right back, goes there without following its chain.
    fn close(&mut self, at: usize, goal: usize, home: NodeIndex, distance: u32, bound: u32) {
        let states = self.states();
        let node = self.knots.members[at / states];
        if self.scope != Scope::RealTime || !self.graph.is_transaction(node) || distance + 1 >= bound {
            return;
        }
        let (completed, invoked) = (self.times[node.index()].1, self.times[home.index()].0);
        let precedes = completed.is_some_and(|completed| completed < invoked);
        if precedes && self.step(at % states, Kind::RealTime) == Some(goal % states) {
            let mark = Mark { round: self.round, distance: distance + 1, before: at as u32, edge: AT_ONCE };
            self.reach(goal, mark);
        }
    }

    fn expand(&mut self, at: usize, distance: u32, bound: u32) {
        let states = self.states();
        let (graph, node) = (self.graph, self.knots.members[at / states]);
        for edge in graph.graph.edges(node) {
            self.looks = self.looks.saturating_sub(1);
            let Edge { kind, .. } = *edge.weight();
            let distance = if kind == Kind::Via { distance } else { distance + 1 };
            if distance >= bound || !self.knots.holds(node, edge.target()) {
                continue;
            }
            if let Some(next) = self.step(at % states, kind) {
                let mark = Mark { round: self.round, distance, before: at as u32, edge: edge.id().index() as u32 };
                self.reach(self.knots.place(edge.target()) * states + next, mark);
            }
        }
    }

    /// Marks a state if it was not reached as soon before.
    fn reach(&mut self, at: usize, mark: Mark) {
        let known = &mut self.marks[at];
        if known.round == self.round && known.distance <= mark.distance {
            return;
        }
        *known = mark;
        // The queue is sorted by distance, and steps are of length 0 or 1.
        match self.queue.front() {
            Some((_, least)) if mark.distance > *least => self.queue.push_back((at, mark.distance)),
            _ => self.queue.push_front((at, mark.distance)),
        }
    }

    fn path(&self, opening: EdgeIndex, start: usize, goal: usize) -> Vec<Link> {
        let mut path = Vec::new();
        let (mut at, mut at_once) = (goal, false);
        while at != start {
            let Mark { before, edge, .. } = self.marks[at];
            if edge == AT_ONCE {
                at_once = true;
            } else {
                path.push(EdgeIndex::new(edge as usize));
            }
            at = before as usize;
        }
        path.push(opening);
        path.reverse();
        let mut links = self.graph.links(&path);
        if at_once {
            let (from, to) = (links.last().expect("it has the opening").to, links[0].from);
            let edge = Edge { kind: Kind::RealTime, key: 0, from: 0, to: 0 };
            links.push(Link { from, to, edge });
        }
        links
    }
}
