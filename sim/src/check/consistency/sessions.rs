//! Session guarantees (Terry et al. 1994, "Session Guarantees for Weakly Consistent Replicated Data", §3), one by one and together.
//!
//! Terry et al. say what a server must have when a session reads from it, and in which order. Clients do not see servers, so a history has a guarantee if
//! *some* choice explains it (Burckhardt 2014, §5, with `vis` and `ar`): for each read a set of writes that it has, and for each object one order of its versions, the initial
//! one first, such that each read found the newest version of its object that it has, and
//!
//! - read your writes: a read has all earlier writes of its session;
//! - monotonic reads: it has what earlier reads of its session have;
//! - monotonic writes: who has a write has all earlier ones of its session, and they are older versions if they are of the same object;
//! - writes follow reads: who has a write has what earlier reads of its session have, and these are older versions likewise.
//!
//! More in a set only forbids more, so the least sets decide: a write is in that of a read if a path leads there, along reads-from and along those pairs of a
//! session that the guarantee is about. Each guarantee is one kind of pair. What a read has is no newer than what it found; that is an edge from the read to the
//! write that it found. An order of the versions of an object exists if with these edges no two versions of it reach each other.
//!
//! So a session that writes 1, then 2, and reads 1 violates neither read your writes nor monotonic writes: 2 may be older than 1 for the first, and
//! for the second the read need not have it. But no order does for both. Hence the guarantees are checked together, too.

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeFiltered;

use super::causal::Bad;
use super::order::{Events, Source, Stop, Work, node};
use super::report::{Guarantee, Guarantees, Pattern};

/// What an edge says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Edge {
    /// Who has the first has the second, or finds it older.
    Had,
    /// The read found this version of the object, so nothing that it has is newer.
    Newest(u32),
}

/// A node's object, if it is a version.
type Version = Option<u32>;

/// Whether a history without ThinAirRead violates guarantees that are to hold together, with one order of versions.
///
/// # Errors
/// If a budget runs out.
pub(super) fn violated(events: &Events, together: Guarantees, work: &mut Work) -> Result<Option<Bad>, Stop> {
    let bad = Ok(Some(Bad { pattern: Pattern::VersionOrder, reader: None }));
    let (graph, versions) = graph(events, together);
    let size = (graph.node_count() + graph.edge_count()) as u64;
    work.spend(size)?;
    let had = EdgeFiltered::from_fn(&graph, |edge| *edge.weight() == Edge::Had);
    if kosaraju_scc(&had).iter().any(|component| component.len() > 1) {
        return bad;
    }
    // With what all objects say at once too much follows; but where nothing does, nothing does for each.
    work.spend(size)?;
    let all: Vec<Vec<NodeIndex>> = kosaraju_scc(&graph);
    let mut suspects: Vec<u32> = all.iter().flat_map(|component| twice(component, &versions)).collect();
    suspects.sort_unstable();
    suspects.dedup();
    for key in suspects {
        work.spend(size)?;
        let of_key = EdgeFiltered::from_fn(&graph, |edge| match edge.weight() {
            Edge::Had => true,
            Edge::Newest(of) => *of == key,
        });
        if kosaraju_scc(&of_key).iter().any(|component| twice(component, &versions).contains(&key)) {
            return bad;
        }
    }
    Ok(None)
}

/// The objects of which there are several versions in a component.
fn twice(component: &[NodeIndex], versions: &[Version]) -> Vec<u32> {
    let mut keys: Vec<u32> = component.iter().filter_map(|node| versions.get(node.index()).copied()?).collect();
    keys.sort_unstable();
    let again = keys.windows(2).filter(|pair| pair[0] == pair[1]);
    let mut again: Vec<u32> = again.map(|pair| pair[0]).collect();
    again.dedup();
    again
}

/// The graph: events, then the initial versions of objects, then for each session what it has read and written so far.
fn graph(events: &Events, together: Guarantees) -> (DiGraph<(), Edge>, Vec<Version>) {
    let mut graph = DiGraph::with_capacity(3 * events.all.len(), 6 * events.all.len());
    let mut versions: Vec<Version> = Vec::with_capacity(events.all.len());
    for event in &events.all {
        graph.add_node(());
        versions.push(event.writes.then_some(event.key));
    }
    let initial: Vec<NodeIndex> = (0..)
        .zip(&events.writes)
        .map(|(key, writes)| {
            let initial = graph.add_node(());
            versions.push(Some(key));
            let firsts = writes.iter().flat_map(|(_, list)| list);
            firsts.for_each(|&write| _ = graph.add_edge(initial, node(write), Edge::Had));
            initial
        })
        .collect();
    for (reader, event, source) in events.reads() {
        let newest = match source {
            Source::Event(writer) => {
                graph.add_edge(node(writer), node(reader), Edge::Had);
                node(writer)
            }
            Source::Initial => initial[event.key as usize],
        };
        graph.add_edge(node(reader), newest, Edge::Newest(event.key));
    }
    // By event: what its session has read, and written, up to and with it. Chains that branch off come after those from which they do.
    let mut so_far: Vec<[Option<NodeIndex>; 2]> = vec![[None; 2]; events.all.len()];
    let (forked, whole): (Vec<usize>, Vec<usize>) =
        (0..events.chains.len()).partition(|&chain| events.forks[chain].is_some());
    for chain in whole.into_iter().chain(forked) {
        let mut sums = events.forks[chain].map_or([None; 2], |fork| so_far[fork as usize]);
        for &event in &events.chains[chain] {
            let writes = events.all[event as usize].writes;
            for (sum, written) in sums.into_iter().zip([false, true]) {
                if let (Some(sum), true) = (sum, together.has(Guarantee::between(written, writes))) {
                    graph.add_edge(sum, node(event), Edge::Had);
                }
            }
            let sum = graph.add_node(());
            graph.add_edge(node(event), sum, Edge::Had);
            let last = &mut sums[usize::from(writes)];
            last.iter().for_each(|&before| _ = graph.add_edge(before, sum, Edge::Had));
            *last = Some(sum);
            so_far[event as usize] = sums;
        }
    }
    (graph, versions)
}
