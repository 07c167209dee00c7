//! Orders of what happened, as clocks: for each event and each chain, how many events of the chain come before it.
//!
//! Chains are what makes this cheap: an order of n events on p chains takes O(n·p) and not O(n²) (Fidge 1988; Mattern 1989).

use petgraph::algo::toposort;
use petgraph::graph::{DiGraph, NodeIndex};

use super::prepare::{Found, Prepared};

/// Whose version a read found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Source {
    /// The object as it was at first.
    Initial,
    /// What this event put.
    Event(u32),
}

/// A read, a write, or both at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    /// Its operation.
    pub(super) op: u32,
    pub(super) chain: u32,
    pub(super) at: u32,
    pub(super) key: u32,
    pub(super) source: Option<Source>,
    pub(super) writes: bool,
}

/// Whether a compare-and-set is one event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Swaps {
    /// It finds and puts at one moment.
    Atomic,
    /// It is a read, and then a write of the same process.
    Split,
}

/// By chain of writers of one object: its writes, in order.
type Writes = Vec<(u32, Vec<u32>)>;

/// Events on chains, and which of them read from which.
#[derive(Clone, Debug)]
pub(super) struct Events {
    pub(super) all: Vec<Event>,
    pub(super) chains: Vec<Vec<u32>>,
    /// By chain: the event right before its first, if there is one.
    pub(super) forks: Vec<Option<u32>>,
    /// By object.
    pub(super) writes: Vec<Writes>,
    /// The order of processes, and from each write to its readers.
    pub(super) causes: DiGraph<(), ()>,
}

/// How an order can fail to be had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stop {
    /// Something comes before itself.
    Cycle,
    /// A budget ran out.
    States,
    Bytes,
}

impl Events {
    /// The events of a history whose reads are not ambiguous, and none from nowhere. Operations that need not have happened, and those that say only what they did not find,
    /// are left out.
    pub(super) fn new(prepared: &Prepared, swaps: Swaps) -> Events {
        let mut events = Events {
            all: Vec::new(),
            chains: Vec::new(),
            forks: vec![None; prepared.chains.len()],
            writes: vec![Vec::new(); prepared.initial.len()],
            causes: DiGraph::new(),
        };
        // By content: the event that puts it.
        let mut puts: Vec<Option<u32>> = vec![None; prepared.writers.len()];
        for (chain, of) in (0..).zip(&prepared.chains) {
            let mut nodes = Vec::with_capacity(of.ops.len());
            for &op in &of.ops {
                let known = &prepared.ops[op as usize];
                let finds = known.finds().map(|_| Source::Initial);
                let halves = match (finds, known.put) {
                    _ if !known.revealed || matches!(known.found, Found::Not(_)) => vec![],
                    (Some(_), Some(_)) if swaps == Swaps::Split => vec![(finds, false), (None, true)],
                    (source, put) => vec![(source, put.is_some())],
                };
                for (source, writes) in halves {
                    let number = events.all.len() as u32;
                    if let (true, Some(put)) = (writes, known.put) {
                        puts[put as usize] = Some(number);
                    }
                    events.all.push(Event { op, chain, at: nodes.len() as u32, key: known.key, source, writes });
                    nodes.push(number);
                }
            }
            events.chains.push(nodes);
        }
        for event in events.all.iter_mut().filter(|event| event.source.is_some()) {
            let content = prepared.ops[event.op as usize].finds().expect("a read found something");
            event.source = Some(puts[content as usize].map_or(Source::Initial, Source::Event));
        }
        events.link(prepared);
        events
    }

    fn link(&mut self, prepared: &Prepared) {
        for (chain, of) in (0..).zip(&prepared.chains) {
            let Some((before, count)) = of.after else { continue };
            let earlier = self.chains[before as usize].iter().rev();
            let mut earlier = earlier.filter(|&&event| prepared.ops[self.all[event as usize].op as usize].at < count);
            self.forks[chain] = earlier.next().copied();
        }
        self.causes = DiGraph::with_capacity(self.all.len(), 2 * self.all.len());
        self.all.iter().for_each(|_| _ = self.causes.add_node(()));
        for (chain, nodes) in (0..).zip(&self.chains) {
            for (before, after) in
                self.forks[chain].iter().chain(nodes).zip(self.forks[chain].iter().chain(nodes).skip(1))
            {
                self.causes.add_edge(node(*before), node(*after), ());
            }
            for &event in nodes.iter().filter(|&&event| self.all[event as usize].writes) {
                let writes = &mut self.writes[self.all[event as usize].key as usize];
                match writes.last_mut() {
                    Some((last, list)) if *last == chain as u32 => list.push(event),
                    _ => writes.push((chain as u32, vec![event])),
                }
            }
        }
        for (reader, event) in (0..).zip(&self.all) {
            if let Some(Source::Event(writer)) = event.source {
                self.causes.add_edge(node(writer), node(reader), ());
            }
        }
    }

    /// All reads with their sources.
    pub(super) fn reads(&self) -> impl Iterator<Item = (u32, &Event, Source)> {
        (0..).zip(&self.all).filter_map(|(number, event)| Some((number, event, event.source?)))
    }

    /// Whether an event is of a chain, or comes in the order of its process before what the chain begins with.
    pub(super) fn leads_to(&self, event: &Event, chain: u32) -> bool {
        let fork = self.forks[chain as usize].map(|fork| &self.all[fork as usize]);
        event.chain == chain || fork.is_some_and(|fork| fork.chain == event.chain && event.at <= fork.at)
    }

    /// For a read or write: of each chain the last write to its object that comes before it.
    pub(super) fn before<'a>(&'a self, clocks: &'a Clocks, event: u32) -> impl Iterator<Item = u32> + 'a {
        let row = clocks.row(event);
        self.writes[self.all[event as usize].key as usize].iter().filter_map(move |(chain, list)| {
            let known = list.partition_point(|&write| self.all[write as usize].at < row[*chain as usize]);
            list[..known].last().copied()
        })
    }

    /// The order that the edges of a graph make of the events.
    ///
    /// # Errors
    /// If they make none, or a budget runs out.
    pub(super) fn clocks(&self, graph: &DiGraph<(), ()>, work: &mut Work) -> Result<Clocks, Stop> {
        work.spend((graph.node_count() + graph.edge_count()) as u64)?;
        let chains = self.chains.len();
        if (self.all.len() as u64).saturating_mul(chains as u64 * size_of::<u32>() as u64) > work.bytes {
            return Err(Stop::Bytes);
        }
        let sorted = toposort(graph, None).map_err(|_| Stop::Cycle)?;
        let mut clocks = Clocks { chains, counts: vec![0; self.all.len() * chains] };
        let mut row = vec![0; chains];
        for event in sorted {
            row.fill(0);
            for before in graph.neighbors_directed(event, petgraph::Incoming) {
                let known = clocks.row(before.index() as u32);
                row.iter_mut().zip(known).for_each(|(count, &known)| *count = known.max(*count));
                let Event { chain, at, .. } = self.all[before.index()];
                row[chain as usize] = row[chain as usize].max(at + 1);
            }
            clocks.counts[event.index() * chains..][..chains].copy_from_slice(&row);
        }
        Ok(clocks)
    }
}

/// The node of an event.
pub(super) fn node(event: u32) -> NodeIndex {
    NodeIndex::new(event as usize)
}

/// An order of events.
#[derive(Clone, Debug)]
pub(super) struct Clocks {
    chains: usize,
    counts: Vec<u32>,
}

impl Clocks {
    /// For each chain, how many of its events come before this one.
    pub(super) fn row(&self, event: u32) -> &[u32] {
        &self.counts[event as usize * self.chains..][..self.chains]
    }

    /// Whether one event comes before another.
    pub(super) fn is_before(&self, events: &Events, one: u32, other: u32) -> bool {
        let Event { chain, at, .. } = events.all[one as usize];
        at < self.row(other)[chain as usize]
    }
}

/// What a check may still spend.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work {
    pub(super) states: u64,
    pub(super) bytes: u64,
}

impl Work {
    /// Counts some states.
    ///
    /// # Errors
    /// If there are not so many left.
    pub(super) fn spend(&mut self, states: u64) -> Result<(), Stop> {
        match self.states.checked_sub(states) {
            Some(left) => {
                self.states = left;
                Ok(())
            }
            None => {
                self.states = 0;
                Err(Stop::States)
            }
        }
    }
}
