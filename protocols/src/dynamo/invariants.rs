//! What the store promises: the honest contract of a store that can always be written.
//!
//! The names of writes are checked after every event, on the node that has just acted; what a cluster at rest owes, after the heal. A write that was
//! acknowledged shortly before the end has not been everywhere; only those count that owners have had time to exchange. Owners are those of the last ring.

use std::collections::{BTreeMap, BTreeSet};

use shaketable_sim::check::invariant::{Breach, Invariants, Now, Property};
use shaketable_sim::history::{History, Operation, Outcome};
use shaketable_sim::id::{Key, NodeId, OpId};
use shaketable_sim::spec::Spec;
use shaketable_sim::time::Span;

use super::gossip::Probe;
use super::membership::{Epoch, Ring};
use super::versions::{Actor, Dot, Object, Past, Versions};
use super::{Dynamo, Named};

mod fates;
mod healed;

use fates::Fates;
use healed::Cluster;

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
/// A ring that is passed does not come back.
pub const RINGS_ADVANCE: &str = "rings-advance";
/// All know the ring.
pub const RINGS_AGREE: &str = "rings-agree";
/// What was deleted does not come back.
pub const DELETED: &str = "deletes-stay-deleted";

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
        doc: "after the heal, each acknowledged write is in force at some node, unless a write has taken its place that had read it, or it is a tombstone that was collected (where the last writer wins: or lost to one), or as many of the disks that have had it were lost as had to have it (Dynamo §4.4 to §4.6)",
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
    Property {
        name: SEEN_ALIVE,
        doc: "after the heal, no node has taken one that is up for dead for so long that it has probed every node several times since (SWIM §4.2)",
    },
    Property {
        name: RINGS_ADVANCE,
        doc: "no node goes back to an earlier ring, not over a restart either, and no two rings have one epoch (Dynamo §4.8.1)",
    },
    Property { name: RINGS_AGREE, doc: "after the heal, all nodes know the same ring (Dynamo §4.8.1)" },
    Property {
        name: DELETED,
        doc: "no node takes over a value that was deleted by a tombstone which was collected; and after the heal, no owner has one in force whose deletion was acknowledged some rounds ago",
    },
];

/// Checks the store as a run goes.
#[derive(Clone, Debug)]
pub struct Contract {
    /// By node: how much of it was looked at in its present life.
    seen: Vec<Seen>,
    /// By node: the ring that was in force there last, in this life or an earlier one.
    latest: Vec<Option<Epoch>>,
    /// The members of every ring that was in force anywhere.
    rings: BTreeMap<Epoch, Vec<NodeId>>,
    /// The highest counter of each actor and key that somebody else knows.
    known: BTreeMap<(Key, Actor), u64>,
    /// What was acknowledged: a client that repeats a write may have it acknowledged twice, by two coordinators.
    acknowledged: BTreeMap<OpId, BTreeSet<(Key, Dot)>>,
    /// What some coordinator had read in force when it made another version.
    overwritten: BTreeSet<(Key, Dot)>,
    /// What has become of every version.
    fates: Fates,
    /// By node, and by node that it takes for dead: the probe before which it first did.
    dead_since: BTreeMap<(NodeId, NodeId), Probe>,
    /// Every tombstone that was made, with what its coordinator knew of the key: all that it deletes.
    deletions: BTreeMap<(Key, Dot), Past>,
    /// What is known to be gone of the keys of which tombstones were collected, those too.
    collected: BTreeMap<Key, Past>,
}

/// How many of a node's changes, names, acknowledgements and collected tombstones were looked at, and how far its probes were.
#[derive(Clone, Copy, Default, Debug)]
struct Seen {
    changes: usize,
    named: usize,
    acknowledged: usize,
    collected: usize,
    /// Its next probe then.
    probe: Option<Probe>,
}

impl<S: Spec> Invariants<Dynamo<S>> for Contract {
    const PROPERTIES: &'static [Property] = PROPERTIES;

    fn new(nodes: usize) -> Self {
        Contract {
            seen: vec![Seen::default(); nodes],
            latest: vec![None; nodes],
            rings: BTreeMap::new(),
            known: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            overwritten: BTreeSet::new(),
            fates: Fates::new(nodes),
            dead_since: BTreeMap::new(),
            deletions: BTreeMap::new(),
            collected: BTreeMap::new(),
        }
    }

    fn after_event(&mut self, id: NodeId, node: &Dynamo<S>) -> Result<(), Box<Breach>> {
        let Some(replica) = node.replica() else { return Ok(()) };
        let seen = self.seen[id.index()];
        self.in_force(id, node.preferences.ring())?;
        if self.seen[id.index()].probe != Some(node.swim.next_probe()) {
            self.probed(id, node);
        }
        for named in &node.named[seen.named..] {
            self.named(named)?;
        }
        for (key, past) in &node.collected[seen.collected..] {
            self.collected.entry(*key).or_default().join(past);
            self.fates.collects(id, *key);
        }
        for &key in &replica.changes()[seen.changes..] {
            match replica.object(key) {
                Some(object) => self.changed(id, key, object)?,
                None => self.fates.holds(id, key, Vec::new()),
            }
        }
        for &(key, op, dot) in &node.acknowledged[seen.acknowledged..] {
            self.acknowledged.entry(op).or_default().insert((key, dot));
            self.heard_of(key, dot);
        }
        self.seen[id.index()] = Seen {
            changes: replica.changes().len(),
            named: node.named.len(),
            acknowledged: node.acknowledged.len(),
            collected: node.collected.len(),
            probe: Some(node.swim.next_probe()),
        };
        Ok(())
    }

    fn after_heal(&mut self, nodes: &[Option<&Dynamo<S>>], history: &History<S>) -> Result<(), Box<Breach>> {
        let Some(node) = nodes.iter().flatten().next() else { return Ok(()) };
        let (config, mut preferences) = (node.config, node.preferences.clone());
        let cluster = Cluster { nodes, config };
        cluster.seen_alive(&self.dead_since)?;
        cluster.rings_agree(preferences.ring())?;
        let settled = self.settled(history, config.rounds(nodes.len()));
        for &(key, dot) in self.acknowledged.values().flatten() {
            if !self.overwritten.contains(&(key, dot)) && !self.may_be_forgotten(key, dot, config.versions) {
                cluster.kept(key, dot, &self.fates).map_err(|breach| self.fates.about(breach, key, [dot]))?;
            }
        }
        for &(key, dot) in settled.iter().filter(|&&(key, dot)| !self.is_collected(key, dot)) {
            let owners = preferences.owners(key);
            cluster.caught_up(key, dot, &owners, &self.fates).map_err(|breach| self.fates.about(breach, key, [dot]))?;
        }
        for key in settled.iter().map(|&(key, _)| key).collect::<BTreeSet<_>>() {
            cluster.agreed(key, &preferences.owners(key), &self.fates, |dot| settled.contains(&(key, dot)))?;
        }
        for &(key, dot) in &settled {
            if let Some(past) = self.deletions.get(&(key, dot)) {
                let owners = preferences.owners(key);
                cluster.stays_deleted(key, dot, past, &owners, &self.fates)?;
            }
        }
        cluster.delivered(&settled)?;
        match config.versions {
            Versions::Dotted => Ok(()),
            Versions::LastWriterWins { clock_bound } => self.last_write_wins(history, clock_bound),
        }
    }

    fn at(&mut self, now: Now) {
        self.fates.now = now.at;
    }

    fn after_crash(&mut self, id: NodeId) {
        self.seen[id.index()] = Seen::default();
        self.fates.crashed(id);
        self.dead_since.retain(|&(observer, _), _| observer != id);
    }
}

impl Contract {
    /// A ring is in force at a node.
    fn in_force(&mut self, id: NodeId, ring: &Ring) -> Result<(), Box<Breach>> {
        if self.latest[id.index()] == Some(ring.epoch) {
            return Ok(());
        }
        let Epoch { number, by } = ring.epoch;
        if let Some(latest) = self.latest[id.index()].filter(|latest| *latest > ring.epoch) {
            let story = format!(
                "{id} goes by ring {number} of {by}, and went by ring {} of {} before",
                latest.number, latest.by
            );
            return Err(Breach::new(RINGS_ADVANCE, story));
        }
        self.latest[id.index()] = Some(ring.epoch);
        let members = self.rings.entry(ring.epoch).or_insert_with(|| ring.members.clone());
        if *members != ring.members {
            let story =
                format!("ring {number} of {by} has the members {:?} at {id}, and {members:?} elsewhere", ring.members);
            return Err(Breach::new(RINGS_ADVANCE, story));
        }
        Ok(())
    }

    /// A node has sent another probe.
    fn probed<S: Spec>(&mut self, id: NodeId, node: &Dynamo<S>) {
        for other in NodeId::all(self.latest.len()) {
            if node.swim.is_healthy(other) {
                self.dead_since.remove(&(id, other));
            } else {
                self.dead_since.entry((id, other)).or_insert(node.swim.next_probe());
            }
        }
    }

    /// A tombstone whose coordinator knew of this version when it was made.
    fn tombstone(&self, key: Key, dot: Dot) -> Option<Dot> {
        let of_key = self.deletions.iter().filter(|((other, _), past)| *other == key && past.knows(dot));
        of_key.map(|(&(_, tombstone), _)| tombstone).find(|tombstone| *tombstone != dot)
    }

    /// Whether it is known of a write that it is gone with its tombstone, or is the tombstone.
    fn is_collected(&self, key: Key, dot: Dot) -> bool {
        self.collected.get(&key).is_some_and(|past| past.knows(dot))
    }

    /// Whether nobody need have a write any more that none has overwritten. Of siblings that is a tombstone alone: a value is gone because some write had read it, or it is lost,
    /// whatever was collected of its key. Where the last writer wins, it may have lost to the tombstone and gone unread.
    fn may_be_forgotten(&self, key: Key, dot: Dot, versions: Versions) -> bool {
        let explained = match versions {
            Versions::Dotted => self.deletions.contains_key(&(key, dot)),
            Versions::LastWriterWins { .. } => true,
        };
        explained && self.is_collected(key, dot)
    }

    /// A coordinator has made a version.
    fn named(&mut self, named: &Named) -> Result<(), Box<Breach>> {
        let Named { key, op, dot, read, deletes } = named;
        self.fates.made(*key, *dot, *op);
        self.overwritten.extend(read.iter().map(|&dot| (*key, dot)));
        self.deletions.extend(deletes.iter().map(|past| ((*key, *dot), past.clone())));
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
        if let Some(back) =
            object.versions().iter().find(|version| !version.is_tombstone() && self.is_collected(key, version.dot))
        {
            let tombstone = self.tombstone(key, back.dot);
            let by = tombstone.map_or("a tombstone".to_owned(), |dot| self.fates.named(key, dot));
            let story = format!(
                "{id} has the version {} of {key}, which {by} had deleted; that was collected by {}",
                self.fates.named(key, back.dot),
                self.fates.collectors(key)
            );
            return Err(self.fates.about(Breach::new(DELETED, story), key, [back.dot].into_iter().chain(tombstone)));
        }
        self.fates.holds(id, key, object.versions().iter().map(|version| version.dot).collect());
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
                    return Err(self.fates.about(Breach::new(LAST_WRITE, story), key, [*before]).about(operation.id));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "invariants_tests.rs"]
mod tests;
