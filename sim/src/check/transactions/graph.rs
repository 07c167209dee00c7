//! The dependency graph: its nodes are transactions, and relays that stand for many edges at once.
//!
//! Whatever relates each of many transactions to each of many others goes through *relays*, so that the graph stays linear
//! in the history: real time is one chain of relays (a transaction enters it when it completes, and whoever is invoked later
//! leaves it), and not the O(n·p) edges of a transitive reduction. A path from one transaction through relays to another is one dependency: its first
//! edge has the kind, and all others are [`Kind::Via`].

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, EdgeIndex, NodeIndex};
use petgraph::visit::EdgeFiltered;

use super::prepare::Event;

/// What an edge is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// The second made a later version of a key than the first.
    Ww,
    /// The second read a version that the first made.
    Wr,
    /// The first read an earlier version of a key than the second made.
    Rw,
    /// The first was done when the same process asked for the second.
    Process,
    /// The first was done when the second was asked for.
    RealTime,
    /// Onwards from a relay.
    Via,
}

/// An edge. Of which key, and which of its versions, is told for those of data: version 0 is the initial one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Edge {
    pub(super) kind: Kind,
    pub(super) key: u32,
    /// The version that the first transaction read or made; of wr its write, as a place in the table of all writes.
    pub(super) from: u32,
    /// The version that the second one made; of wr the length of the list that it read.
    pub(super) to: u32,
}

impl Edge {
    pub(super) fn data(kind: Kind, key: u32, from: u32, to: u32) -> Edge {
        Edge { kind, key, from, to }
    }

    fn order(kind: Kind) -> Edge {
        Edge { kind, key: 0, from: 0, to: 0 }
    }
}

/// One dependency between two transactions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Link {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) edge: Edge,
}

/// The graph. The first nodes are the transactions, numbered as in the history.
pub(super) struct Graph {
    pub(super) graph: DiGraph<(), Edge>,
    transactions: usize,
}

impl Graph {
    /// Without an edge yet.
    pub(super) fn new(transactions: usize) -> Graph {
        let mut graph = DiGraph::with_capacity(2 * transactions, 8 * transactions);
        for _ in 0..transactions {
            graph.add_node(());
        }
        Graph { graph, transactions }
    }

    /// Adds a dependency, but none of a transaction on itself (Adya, Liskov, O'Neil 2000: conflicts are between distinct ones).
    pub(super) fn link(&mut self, from: u32, to: u32, edge: Edge) {
        if from != to {
            self.graph.add_edge(NodeIndex::new(from as usize), NodeIndex::new(to as usize), edge);
        }
    }

    /// Adds an rw from each source, with the version that it read, to each target but itself, with the version that it made. Targets are
    /// distinct, and sorted by transaction. Takes as many edges as there are sources and targets, up to a factor.
    pub(super) fn fan(&mut self, key: u32, sources: &[(u32, u32)], targets: &[(u32, u32)]) {
        if sources.len().min(targets.len()) <= 2 {
            for &(source, from) in sources {
                for &(target, to) in targets {
                    self.link(source, target, Edge::data(Kind::Rw, key, from, to));
                }
            }
            return;
        }
        // From `onwards[i]` all targets from the ith on are reached, from `back[i]` all up to it.
        let via = |to| Edge::data(Kind::Via, key, 0, to);
        let relays: Vec<[NodeIndex; 2]> =
            targets.iter().map(|_| [self.graph.add_node(()), self.graph.add_node(())]).collect();
        for (at, &(target, to)) in targets.iter().enumerate() {
            let [onwards, back] = relays[at];
            for relay in [onwards, back] {
                self.graph.add_edge(relay, NodeIndex::new(target as usize), via(to));
            }
            if at > 0 {
                self.graph.add_edge(relays[at - 1][0], onwards, via(0));
                self.graph.add_edge(back, relays[at - 1][1], via(0));
            }
        }
        for &(source, from) in sources {
            let (before, after) = match targets.binary_search_by_key(&source, |(target, _)| *target) {
                Ok(own) => (own.checked_sub(1), own + 1),
                Err(_) => (None, 0),
            };
            let entries = [before.map(|at| relays[at][1]), relays.get(after).map(|relay| relay[0])];
            for relay in entries.into_iter().flatten() {
                self.graph.add_edge(NodeIndex::new(source as usize), relay, Edge::data(Kind::Rw, key, from, 0));
            }
        }
    }

    /// Adds an edge from each transaction to each that was invoked after it completed. Takes at most three edges an event.
    pub(super) fn timeline(&mut self, kind: Kind, events: &[Event]) {
        let mut last: Option<NodeIndex> = None;
        let mut was_completion = false;
        for event in events {
            let node = NodeIndex::new(event.transaction as usize);
            if event.completes {
                // Who completes right after another is followed by the same ones.
                if !was_completion {
                    let relay = self.graph.add_node(());
                    if let Some(before) = last {
                        self.graph.add_edge(before, relay, Edge::order(Kind::Via));
                    }
                    last = Some(relay);
                }
                let relay = last.expect("a completion has a relay");
                self.graph.add_edge(node, relay, Edge::order(kind));
            } else if let Some(relay) = last {
                self.graph.add_edge(relay, node, Edge::order(Kind::Via));
            }
            was_completion = event.completes;
        }
    }

    /// Whether a node is a transaction.
    pub(super) fn is_transaction(&self, node: NodeIndex) -> bool {
        node.index() < self.transactions
    }

    /// For each node the number of its strongly connected component among the edges of some kinds; from 1, or 0 if it is on no cycle.
    ///
    /// Kosaraju's algorithm and not Tarjan's, because petgraph's Tarjan recurses, and a chain of relays is as long as the history.
    pub(super) fn components(&self, allowed: impl Fn(Kind) -> bool) -> Vec<u32> {
        let filtered = EdgeFiltered::from_fn(&self.graph, |edge| allowed(edge.weight().kind));
        number(&kosaraju_scc(&filtered), self.graph.node_count())
    }

    /// The dependencies along a path of edges that begins and ends at transactions.
    pub(super) fn links(&self, path: &[EdgeIndex]) -> Vec<Link> {
        let mut links: Vec<Link> = Vec::new();
        let mut complete = true;
        for &edge in path {
            let (source, target) = self.graph.edge_endpoints(edge).expect("the edge is of this graph");
            let weight = self.graph[edge];
            if complete {
                links.push(Link { from: source.index() as u32, to: 0, edge: weight });
            }
            let link = links.last_mut().expect("a path begins at a transaction");
            (link.to, link.edge.to) = (target.index() as u32, weight.to);
            complete = self.is_transaction(target);
        }
        links
    }
}

/// Numbers components of more than one node from 1; all other nodes have 0.
pub(super) fn number(components: &[Vec<NodeIndex>], nodes: usize) -> Vec<u32> {
    let mut numbers = vec![0; nodes];
    let knots = components.iter().filter(|component| component.len() > 1);
    for (at, component) in knots.enumerate() {
        component.iter().for_each(|node| numbers[node.index()] = at as u32 + 1);
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fan_is_linear_and_reaches_all_but_oneself() {
        for (sources, targets) in [(1, 9), (9, 1), (2, 9), (9, 9), (30, 50), (50, 30), (1_000, 1_000)] {
            let mut graph = Graph::new(1_000);
            let some =
                |count: u32, step: u32| -> Vec<(u32, u32)> { (0..count).map(|at| (at * step % 1_000, 0)).collect() };
            let (from, mut to) = (some(sources, 1), some(targets, 7));
            to.sort_unstable();
            graph.fan(0, &from, &to);
            assert!(graph.graph.edge_count() as u32 <= 2 * sources + 4 * targets, "{sources} {targets}");
            for &(source, _) in from.iter().take(20) {
                let mut reached: Vec<u32> = Vec::new();
                let mut nodes: Vec<NodeIndex> = graph.graph.neighbors(NodeIndex::new(source as usize)).collect();
                while let Some(node) = nodes.pop() {
                    if graph.is_transaction(node) {
                        reached.push(node.index() as u32);
                    } else {
                        nodes.extend(graph.graph.neighbors(node));
                    }
                }
                reached.sort_unstable();
                let others: Vec<u32> =
                    to.iter().map(|(target, _)| *target).filter(|target| *target != source).collect();
                assert_eq!(reached, others, "{source} of {sources} {targets}");
            }
        }
    }
}
