//! What the store promises beyond what its clients see, checked after every event on the node that has just acted.
//!
//! A write counts as settled when some coordinator has heard from a write quorum that it is kept. Replicas say so when it is durable, so no
//! crash takes it back.

use std::collections::{BTreeMap, BTreeSet};

use shaketable_sim::check::invariant::{Breach, Invariants, Now, Property, Sight};
use shaketable_sim::history::{History, Outcome};
use shaketable_sim::id::{Key, NodeId, OpId};
use shaketable_sim::spec::Spec;
use shaketable_sim::time::Span;

use super::Store;
use super::types::Tag;

/// A write is settled under one tag.
pub const ONE_TAG: &str = "one-tag-a-write";
/// A tag is that of one write.
pub const UNIQUE_TAGS: &str = "unique-tags";
/// Keys are kept by their replicas.
pub const PLACEMENT: &str = "placement";
/// What was acknowledged is kept.
pub const KEPT: &str = "acknowledged-writes-kept";
/// All replicas have what was acknowledged.
pub const CONVERGENCE: &str = "convergence";

/// What is checked.
pub static PROPERTIES: &[Property] = &[
    Property { name: ONE_TAG, doc: "however often a write is attempted, it is settled under one tag (Paxos §2.2)" },
    Property { name: UNIQUE_TAGS, doc: "no two writes of a key have the same tag (ABD for many writers)" },
    Property {
        name: PLACEMENT,
        doc: "a key is kept by N distinct nodes, the same whoever is asked, and by no others (Dynamo §4.2, §4.3)",
    },
    Property {
        name: KEPT,
        doc: "after the heal, so many replicas hold each acknowledged write, under the tag that it was settled with, that every read quorum meets one (Dynamo §4.5)",
    },
    Property {
        name: CONVERGENCE,
        doc: "after the heal, every replica of a key has each write, or a newer one, that was acknowledged before the last few rounds of comparisons (Dynamo §4.7)",
    },
];

/// Checks the store as a run goes.
#[derive(Clone, Debug)]
pub struct Register {
    /// By node: how many of its changes and of its settled writes were looked at in its present life.
    seen: Vec<(usize, usize)>,
    replicas: BTreeMap<Key, Vec<NodeId>>,
    /// Whose each tag is, and who kept that write first.
    tags: BTreeMap<(Key, Tag), (OpId, Sight)>,
    /// Under which tag each write was settled first, and by whom.
    settled: BTreeMap<OpId, (Key, Tag, Sight)>,
    now: Now,
}

impl<S: Spec> Invariants<Store<S>> for Register {
    const PROPERTIES: &'static [Property] = PROPERTIES;

    fn new(nodes: usize) -> Self {
        Register {
            seen: vec![(0, 0); nodes],
            replicas: BTreeMap::new(),
            tags: BTreeMap::new(),
            settled: BTreeMap::new(),
            now: Now::default(),
        }
    }

    fn at(&mut self, now: Now) {
        self.now = now;
    }

    fn after_event(&mut self, id: NodeId, node: &Store<S>) -> Result<(), Box<Breach>> {
        let (changes, settled) = self.seen[id.index()];
        for &(key, op) in node.replica.iter().flat_map(|replica| &replica.changes()[changes..]) {
            self.placed(id, key, &node.replicas(key), node.config.replicas)?;
            let accepted = node.replica.as_ref().and_then(|replica| replica.accepted(key, op));
            if let Some(proposal) = accepted {
                self.unique(id, key, proposal.version.tag, op)?;
            }
        }
        for &(key, op, tag) in &node.settled[settled..] {
            self.settle(id, key, op, tag)?;
        }
        let changes = node.replica.as_ref().map_or(0, |replica| replica.changes().len());
        self.seen[id.index()] = (changes, node.settled.len());
        Ok(())
    }

    fn after_heal(&mut self, nodes: &[Option<&Store<S>>], history: &History<S>) -> Result<(), Box<Breach>> {
        let acknowledged = |outcome: &Outcome<S::Ret>| matches!(outcome, Outcome::Ok { .. });
        for write in history.iter().filter(|write| acknowledged(&write.outcome) && !S::is_read(&write.op)) {
            let key = S::key(&write.op);
            let tag = self.settled.get(&write.id).map(|&(_, tag, _)| tag);
            let lacks = |&node: &NodeId| {
                let replica = nodes[node.index()].and_then(Store::replica);
                replica.is_some_and(|replica| replica.accepted(key, write.id).map(|kept| kept.version.tag) != tag)
            };
            let lacking: Vec<NodeId> = self.replicas.get(&key).into_iter().flatten().copied().filter(lacks).collect();
            let read_quorum = nodes.iter().flatten().map(|node| node.config.read_quorum).next();
            self.kept(write.id, tag, &lacking, read_quorum).map_err(|breach| breach.about(write.id))?;
        }
        self.converged(nodes, history)
    }

    fn after_crash(&mut self, id: NodeId) {
        self.seen[id.index()] = (0, 0);
    }
}

impl Register {
    /// Every replica has what was acknowledged so long ago that all have been compared twice since, with time to spare for what gets lost.
    fn converged<S: Spec>(&self, nodes: &[Option<&Store<S>>], history: &History<S>) -> Result<(), Box<Breach>> {
        let Some(config) = nodes.iter().flatten().map(|node| node.config).next() else { return Ok(()) };
        let rounds = config.compare.1.times(2 * nodes.len() as u64) + Span::secs(1);
        let Some(last) = history.last().map(|operation| operation.invoked.at) else { return Ok(()) };
        for write in history.iter().filter(|write| !S::is_read(&write.op)) {
            let Outcome::Ok { returned, .. } = &write.outcome else { continue };
            let Some(&(key, tag, _)) = self.settled.get(&write.id) else { continue };
            if returned.at + rounds > last {
                continue;
            }
            for &id in self.replicas.get(&key).into_iter().flatten() {
                let replica = nodes[id.index()].and_then(Store::replica);
                let newest = replica.map(|replica| replica.newest(key).map(|newest| newest.version.tag));
                Register::caught_up(id, key, newest, tag).map_err(|breach| breach.about(write.id))?;
            }
        }
        Ok(())
    }

    /// A replica, if it can be trusted, has a version of a key that is not older than this one.
    fn caught_up(id: NodeId, key: Key, newest: Option<Option<Tag>>, tag: Tag) -> Result<(), Box<Breach>> {
        match newest {
            Some(newest) if newest < Some(tag) => {
                let has = newest.map_or("nothing".to_owned(), |newest| newest.to_string());
                Err(Breach::new(
                    CONVERGENCE,
                    format!("{id} has {has} of {key}, and {tag} was acknowledged long before"),
                ))
            }
            _ => Ok(()),
        }
    }

    /// A node keeps a key, which it says has these replicas.
    fn placed(&mut self, id: NodeId, key: Key, replicas: &[NodeId], count: usize) -> Result<(), Box<Breach>> {
        let known = self.replicas.entry(key).or_insert_with(|| replicas.to_vec());
        let distinct: BTreeSet<NodeId> = replicas.iter().copied().collect();
        let story = if *known != replicas {
            format!("{id} takes {replicas:?} for the replicas of {key}; another node takes {known:?} for them")
        } else if distinct.len() != count {
            format!("{key} should have {count} replicas, and has {replicas:?}")
        } else if !distinct.contains(&id) {
            format!("{id} keeps {key}, whose replicas are {replicas:?}")
        } else {
            return Ok(());
        };
        Err(Breach::new(PLACEMENT, story))
    }

    /// A node has accepted a write under a tag.
    fn unique(&mut self, id: NodeId, key: Key, tag: Tag, op: OpId) -> Result<(), Box<Breach>> {
        let (first, by) = *self.tags.entry((key, tag)).or_insert((op, Sight::of(id, self.now)));
        if first == op {
            return Ok(());
        }
        let story = format!("{id} keeps the write {op} of {key} under tag {tag}, which is that of the write {first}");
        Err(Breach::new(UNIQUE_TAGS, story).about(op).about(first).against(by, "kept the other under it"))
    }

    /// A coordinator knows that a write quorum keeps a write under a tag.
    fn settle(&mut self, id: NodeId, key: Key, op: OpId, tag: Tag) -> Result<(), Box<Breach>> {
        let (_, first, by) = *self.settled.entry(op).or_insert((key, tag, Sight::of(id, self.now)));
        if first == tag {
            return Ok(());
        }
        let story = format!(
            "{id} has settled the write {op} of {key} under tag {tag}, and it was settled under {first} before"
        );
        Err(Breach::new(ONE_TAG, story).about(op).against(by, "had settled it"))
    }

    /// All is healed, and these replicas lack an acknowledged write.
    fn kept(
        &self,
        op: OpId,
        tag: Option<Tag>,
        lacking: &[NodeId],
        read_quorum: Option<usize>,
    ) -> Result<(), Box<Breach>> {
        let Some(tag) = tag else {
            return Err(Breach::new(KEPT, format!("the write {op} was acknowledged and never settled")));
        };
        match read_quorum {
            Some(read_quorum) if lacking.len() >= read_quorum => {
                let story = format!(
                    "the write {op} was acknowledged under tag {tag}, and {lacking:?}, a read quorum, do not hold it"
                );
                Err(Breach::new(KEPT, story))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use shaketable_sim::id::ClientId;
    use shaketable_sim::spec::register::Register as Spec;

    use super::*;

    const KEY: Key = Key::at(0);

    fn monitor() -> Register {
        <Register as Invariants<Store<Spec>>>::new(5)
    }

    fn node(number: usize) -> NodeId {
        NodeId::at(number - 1)
    }

    fn op(client: usize) -> OpId {
        OpId { client: ClientId::at(client), seq: 1 }
    }

    fn tag(counter: u64, client: usize) -> Tag {
        Tag { counter, writer: op(client) }
    }

    fn property(result: Result<(), Box<Breach>>) -> Option<&'static str> {
        result.err().map(|breach| breach.property)
    }

    #[test]
    fn a_write_settled_under_two_tags_is_a_breach_and_one_settled_twice_is_none() {
        let mut monitor = monitor();
        assert_eq!(property(monitor.settle(node(1), KEY, op(1), tag(1, 1))), None);
        assert_eq!(property(monitor.settle(node(2), KEY, op(1), tag(1, 1))), None);
        assert_eq!(property(monitor.settle(node(2), KEY, op(2), tag(1, 2))), None);
        assert_eq!(property(monitor.settle(node(3), KEY, op(1), tag(2, 1))), Some(ONE_TAG));
    }

    #[test]
    fn two_writes_of_a_key_under_one_tag_are_a_breach() {
        let mut monitor = monitor();
        assert_eq!(property(monitor.unique(node(1), KEY, tag(1, 1), op(1))), None);
        assert_eq!(property(monitor.unique(node(2), KEY, tag(1, 1), op(1))), None);
        assert_eq!(property(monitor.unique(node(2), Key::at(1), tag(1, 1), op(2))), None, "of another key");
        assert_eq!(property(monitor.unique(node(2), KEY, tag(1, 1), op(2))), Some(UNIQUE_TAGS));
    }

    #[test]
    fn replicas_that_are_too_few_or_disputed_or_others_are_a_breach() {
        let replicas = [node(1), node(2), node(3)];
        assert_eq!(property(monitor().placed(node(2), KEY, &replicas, 3)), None);
        assert_eq!(property(monitor().placed(node(4), KEY, &replicas, 3)), Some(PLACEMENT), "not a replica");
        assert_eq!(property(monitor().placed(node(1), KEY, &[node(1), node(2), node(1)], 3)), Some(PLACEMENT));
        let mut monitor = monitor();
        assert_eq!(property(monitor.placed(node(1), KEY, &replicas, 3)), None);
        assert_eq!(
            property(monitor.placed(node(4), KEY, &[node(1), node(2), node(4)], 3)),
            Some(PLACEMENT),
            "disputed"
        );
    }

    #[test]
    fn an_acknowledged_write_that_a_read_quorum_lacks_or_nobody_settled_is_a_breach() {
        let monitor = monitor();
        assert_eq!(property(monitor.kept(op(1), Some(tag(1, 1)), &[node(1)], Some(2))), None);
        assert_eq!(property(monitor.kept(op(1), Some(tag(1, 1)), &[node(1), node(2)], Some(2))), Some(KEPT));
        assert_eq!(property(monitor.kept(op(1), None, &[], Some(2))), Some(KEPT));
    }

    #[test]
    fn a_replica_that_is_behind_an_acknowledged_write_is_a_breach() {
        let caught_up = |newest| property(Register::caught_up(node(1), KEY, newest, tag(2, 1)));
        assert_eq!(caught_up(Some(Some(tag(2, 1)))), None);
        assert_eq!(caught_up(Some(Some(tag(3, 2)))), None, "a newer one");
        assert_eq!(caught_up(None), None, "its disk was lost");
        assert_eq!(caught_up(Some(Some(tag(1, 2)))), Some(CONVERGENCE));
        assert_eq!(caught_up(Some(None)), Some(CONVERGENCE));
    }
}
