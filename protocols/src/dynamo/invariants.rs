//! What the store promises: the honest contract of a store that can always be written.
//!
//! The names of writes are checked after every event, on the node that has just acted; what a cluster at rest owes, after the heal. A write that was
//! acknowledged shortly before the end has not been everywhere; only those count that owners have had time to exchange.

use std::collections::{BTreeMap, BTreeSet};

use shaketable_sim::check::invariant::{Breach, Invariants, Property};
use shaketable_sim::history::{History, Operation, Outcome};
use shaketable_sim::id::{Key, NodeId, OpId};
use shaketable_sim::spec::Spec;
use shaketable_sim::time::Span;

use super::config::Config;
use super::versions::{Actor, Dot, Object, Versions};
use super::{Dynamo, Named};

/// A write has a name of its own.
pub const UNIQUE_DOTS: &str = "unique-dots";
/// A write is later than what it has read.
pub const HAPPENS_BEFORE: &str = "happens-before";
/// Siblings are of different coordinators.
pub const ONE_SIBLING: &str = "one-sibling-an-actor";
/// What was acknowledged is kept.
pub const KEPT: &str = "acknowledged-writes-kept";
/// Owners agree.
pub const CONVERGENCE: &str = "convergence";
/// Hints find their owners.
pub const HANDOFF: &str = "hints-delivered";
/// The last write wins.
pub const LAST_WRITE: &str = "last-write-wins";
/// Nobody is dead who is alive.
pub const SEEN_ALIVE: &str = "live-nodes-seen";

/// What is checked.
pub static PROPERTIES: &[Property] = &[
    Property {
        name: UNIQUE_DOTS,
        doc: "no write has the name of an earlier write of its key and coordinator that others know, nor a lower one (dotted version vectors §4)",
    },
    Property {
        name: HAPPENS_BEFORE,
        doc: "a write is later, in the order of all writes, than every one that its coordinator had read for it (Lamport 1978)",
    },
    Property {
        name: ONE_SIBLING,
        doc: "no two siblings are of one coordinator in one stint: a later write of its has read the earlier (dotted version vectors §3)",
    },
    Property {
        name: KEPT,
        doc: "after the heal, each acknowledged write is in force at some node, unless a write has taken its place that had read it, or as many disks were lost as had to have it (Dynamo §4.4 to §4.6)",
    },
    Property {
        name: CONVERGENCE,
        doc: "after the heal, all owners of a key know each write that was acknowledged some rounds of comparisons ago, and have the same versions in force unless it was written since (Dynamo §4.7)",
    },
    Property {
        name: HANDOFF,
        doc: "after the heal, no hint is left of writes that were all acknowledged some rounds ago (Dynamo §4.6)",
    },
    Property {
        name: LAST_WRITE,
        doc: "where the last writer wins: of two acknowledged writes of a key, one acknowledged longer than the bound on clocks before the other was asked for, the other is the later",
    },
    Property { name: SEEN_ALIVE, doc: "after the heal, no node takes one that is up for dead (SWIM §4.2)" },
];

/// Checks the store as a run goes.
#[derive(Clone, Debug)]
pub struct Contract {
    /// By node: how many of its changes, of its names and of its acknowledgements were looked at in its present life.
    seen: Vec<(usize, usize, usize)>,
    /// The highest counter of each actor and key that somebody else knows.
    known: BTreeMap<(Key, Actor), u64>,
    /// What was acknowledged: a client that repeats a write may have it acknowledged twice, by two coordinators.
    acknowledged: BTreeMap<OpId, BTreeSet<(Key, Dot)>>,
    /// What some coordinator had read in force when it made another version.
    overwritten: BTreeSet<(Key, Dot)>,
}

impl<S: Spec> Invariants<Dynamo<S>> for Contract {
    const PROPERTIES: &'static [Property] = PROPERTIES;

    fn new(nodes: usize) -> Self {
        Contract {
            seen: vec![(0, 0, 0); nodes],
            known: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            overwritten: BTreeSet::new(),
        }
    }

    fn after_event(&mut self, id: NodeId, node: &Dynamo<S>) -> Result<(), Box<Breach>> {
        let (changes, names, acknowledged) = self.seen[id.index()];
        for named in &node.named[names..] {
            self.named(named)?;
            self.overwritten.extend(named.read.iter().map(|&dot| (named.key, dot)));
        }
        if let Some(replica) = node.replica() {
            for &key in &replica.changes()[changes..] {
                if let Some(object) = replica.object(key) {
                    self.changed(id, key, object)?;
                }
            }
        }
        for &(key, op, dot) in &node.acknowledged[acknowledged..] {
            self.acknowledged.entry(op).or_default().insert((key, dot));
            self.heard_of(key, dot);
        }
        let changes = node.replica().map_or(0, |replica| replica.changes().len());
        self.seen[id.index()] = (changes, node.named.len(), node.acknowledged.len());
        Ok(())
    }

    fn after_heal(&mut self, nodes: &[Option<&Dynamo<S>>], history: &History<S>) -> Result<(), Box<Breach>> {
        let Some(node) = nodes.iter().flatten().next() else { return Ok(()) };
        let (config, mut preferences) = (node.config, node.preferences.clone());
        seen_alive(nodes)?;
        let cluster = Cluster { nodes, config };
        let settled = self.settled(history, rounds(&config, nodes.len()));
        for &(key, dot) in self.acknowledged.values().flatten() {
            if !self.overwritten.contains(&(key, dot)) {
                cluster.kept(key, dot)?;
            }
        }
        for &(key, dot) in &settled {
            cluster.caught_up(key, dot, &preferences.owners(key))?;
        }
        for key in settled.iter().map(|&(key, _)| key).collect::<BTreeSet<_>>() {
            cluster.agreed(key, &preferences.owners(key), |dot| settled.contains(&(key, dot)))?;
        }
        cluster.delivered(&settled)?;
        match config.versions {
            Versions::Dotted => Ok(()),
            Versions::LastWriterWins { clock_bound } => self.last_write_wins(history, clock_bound),
        }
    }

    fn after_crash(&mut self, id: NodeId) {
        self.seen[id.index()] = (0, 0, 0);
    }
}

/// How long until what was acknowledged is everywhere, with time to spare for what gets lost: the dead are found alive, hints are handed over, and each pair of
/// owners compares twice.
fn rounds(config: &Config, nodes: usize) -> Span {
    let round = config.compare.1 + config.probe.1;
    round.times(2 * nodes as u64) + config.handoff.1.times(4) + config.suspicion + Span::secs(1)
}

/// No node takes another that is up for dead.
fn seen_alive<S: Spec>(nodes: &[Option<&Dynamo<S>>]) -> Result<(), Box<Breach>> {
    for (id, node) in NodeId::all(nodes.len()).zip(nodes) {
        let Some(node) = node else { continue };
        let up = NodeId::all(nodes.len()).filter(|other| nodes[other.index()].is_some());
        if let Some(other) = up.into_iter().find(|&other| !node.swim.is_healthy(other)) {
            let story = format!(
                "{id} takes {other} for dead, which is up, in incarnation {}",
                node.swim.status(other).incarnation
            );
            return Err(Breach::new(SEEN_ALIVE, story));
        }
    }
    Ok(())
}

impl Contract {
    /// A coordinator has made a version.
    fn named(&self, named: &Named) -> Result<(), Box<Breach>> {
        let Named { key, op, dot, read } = named;
        let known = self.known.get(&(*key, dot.actor)).copied().unwrap_or(0);
        if dot.counter <= known {
            let story =
                format!("the write {op} of {key} is named {dot}, and others know those of that node up to {known}");
            return Err(Breach::new(UNIQUE_DOTS, story));
        }
        if let Some(read) = read.iter().find(|read| *read >= dot) {
            let story = format!("the write {op} of {key} is named {dot}, and its coordinator had read {read} for it");
            return Err(Breach::new(HAPPENS_BEFORE, story));
        }
        Ok(())
    }

    /// A node knows something else of a key than before.
    fn changed<V: Clone + PartialEq + Default>(
        &mut self,
        id: NodeId,
        key: Key,
        object: &Object<V>,
    ) -> Result<(), Box<Breach>> {
        // Its coordinator may have crashed before anybody could look at what it had named.
        let overwritten = object.versions().iter().flat_map(|version| &version.overwrites);
        self.overwritten.extend(overwritten.map(|&dot| (key, dot)));
        let mut actors = BTreeSet::new();
        for dot in object.versions().iter().map(|version| version.dot) {
            if dot.actor.node != id {
                self.heard_of(key, dot);
            }
            if !actors.insert(dot.actor) {
                let dots: Vec<String> = object.versions().iter().map(|version| version.dot.to_string()).collect();
                return Err(Breach::new(ONE_SIBLING, format!("{id} has the siblings {} of {key}", dots.join(" "))));
            }
        }
        Ok(())
    }

    fn heard_of(&mut self, key: Key, dot: Dot) {
        let known = self.known.entry((key, dot.actor)).or_default();
        *known = dot.counter.max(*known);
    }

    /// The writes that were acknowledged so long before the end of a history.
    fn settled<S: Spec>(&self, history: &History<S>, rounds: Span) -> BTreeSet<(Key, Dot)> {
        let Some(last) = history.last().map(|operation| operation.invoked.at) else { return BTreeSet::new() };
        let long_ago = |operation: &&Operation<S>| match operation.outcome {
            Outcome::Ok { returned, .. } => returned.at + rounds <= last,
            Outcome::Failed | Outcome::Unknown => false,
        };
        let writes = history.iter().filter(long_ago).filter_map(|operation| self.acknowledged.get(&operation.id));
        writes.flatten().copied().collect()
    }

    /// Of two writes one after the other, the later one is later by its time.
    fn last_write_wins<S: Spec>(&self, history: &History<S>, clock_bound: Span) -> Result<(), Box<Breach>> {
        let mut returned = Vec::new();
        for operation in history {
            let Some(names) = self.acknowledged.get(&operation.id) else { continue };
            if let Outcome::Ok { returned: moment, .. } = operation.outcome {
                // If an attempt of which the client had lost patience was late, it may have a later name than this moment.
                returned.extend(names.first().map(|&(key, dot)| (moment.at + clock_bound, key, dot)));
            }
        }
        returned.sort_unstable();
        let mut returned = returned.into_iter().peekable();
        let mut latest = BTreeMap::<Key, Dot>::new();
        for operation in history {
            while let Some((_, key, dot)) = returned.next_if(|&(at, ..)| at < operation.invoked.at) {
                latest.entry(key).and_modify(|latest| *latest = dot.max(*latest)).or_insert(dot);
            }
            for &(key, dot) in self.acknowledged.get(&operation.id).into_iter().flatten() {
                if let Some(before) = latest.get(&key).filter(|&&before| before > dot) {
                    let story = format!(
                        "the write {} of {key} was asked for more than {clock_bound} after one was acknowledged that is {} by its clock; it is {}, and loses",
                        operation.id, before, dot
                    );
                    return Err(Breach::new(LAST_WRITE, story));
                }
            }
        }
        Ok(())
    }
}

/// The nodes of a healed cluster that can be trusted.
struct Cluster<'a, S: Spec> {
    nodes: &'a [Option<&'a Dynamo<S>>],
    config: Config,
}

impl<'a, S: Spec> Cluster<'a, S> {
    fn object(&self, node: NodeId, key: Key) -> Option<&'a Object<S::State>> {
        self.nodes[node.index()]?.replica()?.object(key)
    }

    fn up(&self, node: NodeId) -> bool {
        self.nodes[node.index()].is_some()
    }

    /// An acknowledged write that none has overwritten is in force somewhere; where the last writer wins, it is known.
    fn kept(&self, key: Key, dot: Dot) -> Result<(), Box<Breach>> {
        let missing = self.nodes.iter().filter(|node| node.is_none()).count();
        let holds = |object: &Object<S::State>| match self.config.versions {
            Versions::Dotted => object.versions().iter().any(|version| version.dot == dot),
            Versions::LastWriterWins { .. } => object.past().knows(dot),
        };
        let knows = |node| self.object(node, key).is_some_and(holds);
        if missing >= self.config.write_quorum || NodeId::all(self.nodes.len()).any(knows) {
            return Ok(());
        }
        Err(Breach::new(
            KEPT,
            format!("the write {dot} of {key} was acknowledged, nobody has overwritten it, and no node has it"),
        ))
    }

    /// Every owner knows a write that was acknowledged long ago.
    fn caught_up(&self, key: Key, dot: Dot, owners: &[NodeId]) -> Result<(), Box<Breach>> {
        let lacks =
            |&&node: &&NodeId| self.up(node) && !self.object(node, key).is_some_and(|object| object.past().knows(dot));
        match owners.iter().find(lacks) {
            Some(node) => {
                let story =
                    format!("{node} owns {key} and does not know the write {dot}, which was acknowledged long before");
                Err(Breach::new(CONVERGENCE, story))
            }
            None => Ok(()),
        }
    }

    /// All owners have the same versions in force, if all of those are of long ago.
    fn agreed(&self, key: Key, owners: &[NodeId], settled: impl Fn(Dot) -> bool) -> Result<(), Box<Breach>> {
        let dots = |&node: &NodeId| {
            let object = self.object(node, key)?;
            Some(object.versions().iter().map(|version| version.dot).collect::<Vec<_>>())
        };
        let views: BTreeSet<Vec<Dot>> = owners.iter().filter_map(dots).collect();
        if views.len() > 1 && views.iter().flatten().all(|&dot| settled(dot)) {
            return Err(Breach::new(
                CONVERGENCE,
                format!("the owners of {key} have different versions in force: {views:?}"),
            ));
        }
        Ok(())
    }

    /// No hint is left of what was acknowledged long ago.
    fn delivered(&self, settled: &BTreeSet<(Key, Dot)>) -> Result<(), Box<Breach>> {
        for (id, node) in NodeId::all(self.nodes.len()).zip(self.nodes) {
            let hints = node.and_then(Dynamo::replica).into_iter().flat_map(|replica| replica.hints());
            for (key, hint) in hints {
                let old = hint.object.versions().iter().all(|version| settled.contains(&(key, version.dot)));
                if let Some(owner) = hint.missing.iter().find(|&&owner| old && self.up(owner)) {
                    let story = format!("{id} still keeps {key} for {owner}, which has been up for long");
                    return Err(Breach::new(HANDOFF, story));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "invariants_tests.rs"]
mod tests;
