//! What has become of every version, at every node that has ever had it in force: so that the story of one that is lost says where it went.

use std::collections::BTreeMap;
use std::mem;

use shaketable_sim::check::invariant::Breach;
use shaketable_sim::id::{Key, NodeId, OpId};
use shaketable_sim::time::Instant;

use super::super::versions::Dot;

/// What became of a version at a node that has had it in force.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Fate {
    /// It has it still, as far as anybody knows.
    Kept,
    /// It crashed then, and did not have it when it was back.
    Crashed(Instant),
    /// It did not have it any more then, and had these in its place.
    Dropped(Instant, Vec<Dot>),
}

/// The versions of all nodes, and what became of them.
#[derive(Clone, Debug)]
pub(super) struct Fates {
    holders: BTreeMap<(Key, Dot), BTreeMap<NodeId, Fate>>,
    /// By node, what it has in force.
    in_force: Vec<BTreeMap<Key, Vec<Dot>>>,
    /// The write that made each version.
    writes: BTreeMap<(Key, Dot), OpId>,
    /// Who has collected a tombstone of a key, and when.
    collected: BTreeMap<Key, Vec<(NodeId, Instant)>>,
    pub(super) now: Instant,
}

impl Fates {
    pub(super) fn new(nodes: usize) -> Fates {
        Fates {
            holders: BTreeMap::new(),
            in_force: vec![BTreeMap::new(); nodes],
            writes: BTreeMap::new(),
            collected: BTreeMap::new(),
            now: Instant::ZERO,
        }
    }

    /// A write has made a version.
    pub(super) fn made(&mut self, key: Key, dot: Dot, by: OpId) {
        self.writes.insert((key, dot), by);
    }

    /// A node has these versions of a key in force now, and no others.
    pub(super) fn holds(&mut self, node: NodeId, key: Key, dots: Vec<Dot>) {
        let before = self.in_force[node.index()].insert(key, dots.clone()).unwrap_or_default();
        if before == dots {
            return;
        }
        let fresh: Vec<Dot> = dots.iter().filter(|dot| !before.contains(dot)).copied().collect();
        for &dot in before.iter().filter(|dot| !dots.contains(dot)) {
            self.settle(node, key, dot, Fate::Dropped(self.now, fresh.clone()));
        }
        for dot in fresh {
            self.settle(node, key, dot, Fate::Kept);
        }
    }

    /// A node has crashed. What it has when it is back, it will say.
    pub(super) fn crashed(&mut self, node: NodeId) {
        for (key, dots) in mem::take(&mut self.in_force[node.index()]) {
            dots.into_iter().for_each(|dot| self.settle(node, key, dot, Fate::Crashed(self.now)));
        }
    }

    /// A node has collected a tombstone.
    pub(super) fn collects(&mut self, node: NodeId, key: Key) {
        self.collected.entry(key).or_default().push((node, self.now));
    }

    /// The breach, about the writes that made these versions.
    pub(super) fn about(&self, breach: Box<Breach>, key: Key, dots: impl IntoIterator<Item = Dot>) -> Box<Breach> {
        let writes = dots.into_iter().filter_map(|dot| self.writes.get(&(key, dot)));
        writes.fold(breach, |breach, &op| breach.about(op))
    }

    /// Who has collected tombstones of a key, and when, in words.
    pub(super) fn collectors(&self, key: Key) -> String {
        let told = |(node, at): &(NodeId, Instant)| format!("{node} at {at}");
        let told: Vec<String> = self.collected.get(&key).into_iter().flatten().map(told).collect();
        told.join(", ")
    }

    fn settle(&mut self, node: NodeId, key: Key, dot: Dot, fate: Fate) {
        self.holders.entry((key, dot)).or_default().insert(node, fate);
    }

    /// The nodes that have ever had a version in force.
    pub(super) fn holders(&self, key: Key, dot: Dot) -> impl Iterator<Item = NodeId> {
        self.holders.get(&(key, dot)).into_iter().flat_map(BTreeMap::keys).copied()
    }

    /// What became of a version, node by node, in words; `up` says of a node whether it is there and to be trusted.
    pub(super) fn told(&self, key: Key, dot: Dot, up: impl Fn(NodeId) -> bool) -> String {
        let told = |(node, fate): (&NodeId, &Fate)| match fate {
            Fate::Crashed(at) if !up(*node) => {
                format!("{node} had it when it crashed at {at}, and is down or not to be trusted")
            }
            _ if !up(*node) => format!("{node} had it, and is down or not to be trusted"),
            Fate::Kept => format!("{node} had it"),
            Fate::Crashed(at) => format!("{node} had it until it crashed at {at}"),
            Fate::Dropped(at, others) => {
                let others: Vec<String> = others.iter().map(|other| self.named(key, *other)).collect();
                let place = if others.is_empty() { String::new() } else { format!(" for {}", others.join(" and ")) };
                format!("{node} dropped it at {at}{place}")
            }
        };
        let told: Vec<String> = self.holders.get(&(key, dot)).into_iter().flatten().map(told).collect();
        if told.is_empty() { "none ever had".to_owned() } else { told.join(", ") }
    }

    /// A version with the write that made it.
    pub(super) fn named(&self, key: Key, dot: Dot) -> String {
        match self.writes.get(&(key, dot)) {
            Some(op) => format!("{dot} ({op})"),
            None => dot.to_string(),
        }
    }

    /// When the last node lost a version. None if one may have it still, such as on a disk that nobody can look at, or none ever had.
    pub(super) fn lost(&self, key: Key, dot: Dot, up: impl Fn(NodeId) -> bool) -> Option<Instant> {
        let times = self.holders.get(&(key, dot))?.iter().map(|(node, fate)| match fate {
            _ if !up(*node) => None,
            Fate::Kept => None,
            Fate::Crashed(at) | Fate::Dropped(at, _) => Some(*at),
        });
        times.collect::<Option<Vec<Instant>>>()?.into_iter().max()
    }

    /// The writes whose versions took the place of this one.
    pub(super) fn replaced_by(&self, key: Key, dot: Dot) -> Vec<OpId> {
        let fates = self.holders.get(&(key, dot)).into_iter().flat_map(BTreeMap::values);
        let others = fates.flat_map(|fate| match fate {
            Fate::Dropped(_, others) => &others[..],
            Fate::Kept | Fate::Crashed(_) => &[],
        });
        let mut writes: Vec<OpId> = others.filter_map(|other| self.writes.get(&(key, *other))).copied().collect();
        writes.sort_unstable();
        writes.dedup();
        writes
    }
}
