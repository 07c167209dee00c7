//! What a healed cluster owes, node against node.

use std::collections::{BTreeMap, BTreeSet};

use shaketable_sim::check::invariant::Breach;
use shaketable_sim::id::{Key, NodeId};
use shaketable_sim::spec::Spec;

use super::super::Dynamo;
use super::super::config::Config;
use super::super::gossip::Probe;
use super::super::membership::Ring;
use super::super::merkle::Branch;
use super::super::versions::{Dot, Object, Past, Versions};
use super::fates::Fates;
use super::{CONVERGENCE, DELETED, HANDOFF, KEPT, RINGS_AGREE, SEEN_ALIVE};

/// How often a node may have probed all others and still take one for dead that is up: probes and answers may be lost, and news of its death be on their way.
const TURNS: u64 = 4;

/// The nodes of a healed cluster that can be trusted.
pub(super) struct Cluster<'a, S: Spec> {
    pub(super) nodes: &'a [Option<&'a Dynamo<S>>],
    pub(super) config: Config,
}

impl<'a, S: Spec> Cluster<'a, S> {
    fn object(&self, node: NodeId, key: Key) -> Option<&'a Object<S::State>> {
        self.nodes[node.index()]?.replica()?.object(key)
    }

    fn up(&self, node: NodeId) -> bool {
        self.nodes[node.index()].is_some()
    }

    /// No node takes another that is up for dead, and has for long: it has had time to ask it several times.
    pub(super) fn seen_alive(&self, dead_since: &BTreeMap<(NodeId, NodeId), Probe>) -> Result<(), Box<Breach>> {
        for (&(id, other), &since) in dead_since {
            let Some(node) = self.nodes[id.index()].filter(|node| !node.swim.is_healthy(other)) else { continue };
            let probes = node.swim.next_probe().since(since);
            if self.up(other) && probes > TURNS * self.nodes.len() as u64 {
                let incarnation = node.swim.status(other).incarnation;
                let story = format!(
                    "{id} takes {other} for dead, which is up, in incarnation {incarnation}, and has sent {probes} probes since"
                );
                return Err(Breach::new(SEEN_ALIVE, story));
            }
        }
        Ok(())
    }

    /// All nodes know the same ring.
    pub(super) fn rings_agree(&self, ring: &Ring) -> Result<(), Box<Breach>> {
        for (id, node) in NodeId::all(self.nodes.len()).zip(self.nodes) {
            if let Some(other) = node.map(|node| node.preferences.ring()).filter(|other| *other != ring) {
                return Err(Breach::new(RINGS_AGREE, format!("{id} goes by {other:?}, and another node by {ring:?}")));
            }
        }
        Ok(())
    }

    /// An acknowledged write that none has overwritten is in force somewhere; where the last writer wins, it is known.
    pub(super) fn kept(&self, key: Key, dot: Dot, fates: &Fates) -> Result<(), Box<Breach>> {
        let missing = fates.holders(key, dot).filter(|&node| !self.up(node)).count();
        let holds = |object: &Object<S::State>| match self.config.versions {
            Versions::Dotted => object.versions().iter().any(|version| version.dot == dot),
            Versions::LastWriterWins { .. } => object.past().knows(dot),
        };
        let knows = |node| self.object(node, key).is_some_and(holds);
        if missing >= self.config.write_quorum || NodeId::all(self.nodes.len()).any(knows) {
            return Ok(());
        }
        let story = format!(
            "the write {} of {key} was acknowledged, nobody has overwritten it, and no node has it: {}",
            fates.named(key, dot),
            fates.told(key, dot, |node| self.up(node))
        );
        let breach = fates.replaced_by(key, dot).into_iter().fold(Breach::new(KEPT, story), Breach::about);
        Err(match fates.lost(key, dot, |node| self.up(node)) {
            Some(at) => breach.came(at),
            None => breach,
        })
    }

    /// Every owner knows a write that was acknowledged long ago, if it can have heard of it: from another owner, or from who keeps it for one that is up.
    ///
    /// What is kept for owners that never come back alone, as it can be with W = 1, reaches nobody until an operator takes those out of the ring (Dynamo §4.6, §4.8.1);
    /// what nobody has any more is lost. Whether it may be is for [`Cluster::kept`] to say.
    pub(super) fn caught_up(&self, key: Key, dot: Dot, owners: &[NodeId], fates: &Fates) -> Result<(), Box<Breach>> {
        let knows = |node| self.object(node, key).is_some_and(|object| object.past().knows(dot));
        let Some(lacking) = owners.iter().find(|&&node| self.up(node) && !knows(node)) else { return Ok(()) };
        let Some(teacher) = NodeId::all(self.nodes.len()).find(|&node| knows(node) && self.tells(node, key, owners))
        else {
            return Ok(());
        };
        let story = format!(
            "{lacking} owns {key} and does not know the write {}, which was acknowledged long before and which {teacher} knows{}",
            fates.named(key, dot),
            self.comparison(*lacking, teacher, key, owners)
        );
        Err(Breach::new(CONVERGENCE, story))
    }

    /// What two owners find who compare their trees of a key on which they differ; nothing if one of them is none, so that they compare none.
    fn comparison(&self, one: NodeId, other: NodeId, key: Key, owners: &[NodeId]) -> String {
        let [Some(a), Some(b)] = [one, other].map(|id| self.nodes[id.index()].filter(|_| owners.contains(&id))) else {
            return String::new();
        };
        match a.alike_above(b, key) {
            Some(branch) => format!(
                "; their trees have the same hash for {}, so that {one} and {other} see nothing to repair (Dynamo §4.7)",
                if branch == Branch::ROOT {
                    "everything".to_owned()
                } else if branch.is_leaf() {
                    format!("the leaf of {key}")
                } else {
                    format!("a branch above {key}")
                }
            ),
            None => format!(
                "; their trees differ down to the leaf of {key}, and still they have not repaired it (Dynamo §4.7)"
            ),
        }
    }

    /// Whether a node owes it to owners that are up to tell them what it knows of a key.
    fn tells(&self, node: NodeId, key: Key, owners: &[NodeId]) -> bool {
        let hint = self.nodes[node.index()].and_then(Dynamo::replica).and_then(|replica| replica.hint(key));
        hint.is_none_or(|hint| hint.missing.iter().any(|owner| self.up(*owner) || !owners.contains(owner)))
    }

    /// All owners have the same versions in force, if all of those are of long ago.
    pub(super) fn agreed(
        &self,
        key: Key,
        owners: &[NodeId],
        fates: &Fates,
        settled: impl Fn(Dot) -> bool,
    ) -> Result<(), Box<Breach>> {
        let dots = |&node: &NodeId| {
            let object = self.object(node, key)?;
            Some((node, object.versions().iter().map(|version| version.dot).collect::<Vec<_>>()))
        };
        let holders: Vec<(NodeId, Vec<Dot>)> = owners.iter().filter_map(dots).collect();
        let views: BTreeSet<&Vec<Dot>> = holders.iter().map(|(_, dots)| dots).collect();
        if views.len() > 1 && views.iter().copied().flatten().all(|&dot| settled(dot)) {
            let told = |(node, dots): &(NodeId, Vec<Dot>)| {
                let dots: Vec<String> = dots.iter().map(|dot| fates.named(key, *dot)).collect();
                format!("{node} {}", if dots.is_empty() { "none".to_owned() } else { dots.join(" and ") })
            };
            let told: Vec<String> = holders.iter().map(told).collect();
            let (first, dots) = &holders[0];
            let other = holders.iter().find(|(_, others)| others != dots).expect("there are several views");
            let compared = self.comparison(*first, other.0, key, owners);
            let story = format!("the owners of {key} have different versions in force: {}{compared}", told.join(", "));
            let all: BTreeSet<Dot> = views.into_iter().flatten().copied().collect();
            return Err(fates.about(Breach::new(CONVERGENCE, story), key, all));
        }
        Ok(())
    }

    /// No owner has a value in force that a tombstone has deleted whose coordinator knew of these writes.
    pub(super) fn stays_deleted(
        &self,
        key: Key,
        dot: Dot,
        past: &Past,
        owners: &[NodeId],
        fates: &Fates,
    ) -> Result<(), Box<Breach>> {
        for &node in owners {
            let versions = self.object(node, key).into_iter().flat_map(Object::versions);
            if let Some(back) = versions.into_iter().find(|version| !version.is_tombstone() && past.knows(version.dot))
            {
                let (back, by) = (back.dot, fates.named(key, dot));
                let story = format!(
                    "{node} has the version {} of {key} in force, which {by} has deleted long ago",
                    fates.named(key, back)
                );
                return Err(fates.about(Breach::new(DELETED, story), key, [back, dot]));
            }
        }
        Ok(())
    }

    /// No hint is left of what was acknowledged long ago.
    pub(super) fn delivered(&self, settled: &BTreeSet<(Key, Dot)>) -> Result<(), Box<Breach>> {
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
