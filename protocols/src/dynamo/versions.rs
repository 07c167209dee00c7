//! Versions of a key: which of them there are, and what is known of those that are gone.
//!
//! Preguiça, Baquero, Almeida, Fonte & Gonçalves, "Brief Announcement: Efficient Causality Tracking in Distributed Storage Systems With Dotted Version Vectors",
//! PODC 2012: every write has a dot, a name of its own, apart from the version vector that says what it has seen. A node always passes on all that
//! it knows of a key together, so one vector does for all siblings: who knows a dot of an actor knows every earlier one of that actor and key.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};
use shaketable_sim::id::NodeId;
use shaketable_sim::time::Span;

use super::rules::Rules;

/// The name of one write: no two have the same. Their order is that of their counters, and so never against that of cause and effect.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Dot {
    /// Above all that the coordinator had read when it chose it: a Lamport clock, or a time of its own clock.
    pub counter: u64,
    /// The coordinator, in one stint.
    pub actor: Actor,
}

/// A coordinator, for as long as it remembers what it has written of a key: whoever knows a dot of an actor knows all earlier ones of it and the key. An owner remembers for good; a
/// stand-in forgets with its hint, and is another actor the next time (as keys have epochs in Riak since kv679).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Actor {
    /// The node.
    pub node: NodeId,
    /// Of a stand-in, the first counter of its stint.
    pub stint: Option<u64>,
}

impl fmt::Display for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.counter, self.actor)
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.stint {
            Some(stint) => write!(f, "{}.{stint}", self.node),
            None => self.node.fmt(f),
        }
    }
}

impl Serialize for Actor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Which writes of a key are known: of each actor, all up to a counter. A version vector.
///
/// It has one counter for each node that has owned the key all along and written it, and one for each stint in which another node has: those of stand-ins, and of owners that have
/// forgotten the key. A stint ends with a restart, with the hint, or when the key is collected, and nothing but that collection makes the past shorter: with C such writers that have been restarted or
/// have handed over H times in all, it has at most C + H counters besides the owners'. As in Riak, it grows for as long as nodes come and go and the key is never deleted.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize)]
pub struct Past(BTreeMap<Actor, u64>);

impl Past {
    /// The highest counter that is known of an actor; 0 if none is.
    pub fn of(&self, actor: Actor) -> u64 {
        self.0.get(&actor).copied().unwrap_or(0)
    }

    /// Whether a write is among them.
    pub fn knows(&self, dot: Dot) -> bool {
        dot.counter <= self.of(dot.actor)
    }

    /// Whether all that `other` knows is among them.
    pub fn covers(&self, other: &Past) -> bool {
        other.0.iter().all(|(&actor, &counter)| counter <= self.of(actor))
    }

    /// The highest counter of all; 0 if nothing is known.
    pub fn highest(&self) -> u64 {
        self.0.values().copied().max().unwrap_or(0)
    }

    /// Knows this write, too, and the earlier ones of its actor.
    pub fn add(&mut self, dot: Dot) {
        let known = self.0.entry(dot.actor).or_default();
        *known = dot.counter.max(*known);
    }

    /// Knows what `other` knows, too.
    pub fn join(&mut self, other: &Past) {
        other.0.iter().for_each(|(&actor, &counter)| self.add(Dot { counter, actor }));
    }
}

impl fmt::Display for Past {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let actors: Vec<String> = self.0.iter().map(|(actor, counter)| format!("{actor}:{counter}")).collect();
        f.write_str(&actors.join(" "))
    }
}

/// What becomes of versions that do not know of each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Versions {
    /// They are siblings, until a write that has read them takes their place.
    Dotted,
    /// The one of the latest time stays.
    LastWriterWins {
        /// By how much two clocks differ at most.
        clock_bound: Span,
    },
}

/// One version.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Version<V> {
    /// Its name.
    pub dot: Dot,
    /// The versions that its coordinator had read in force, and that it took the place of.
    pub overwrites: Vec<Dot>,
    /// The object's state. That of a deleted key is the state before any write: such a version is a tombstone.
    pub value: V,
}

/// All that a node knows of a key.
///
/// Guarantee: every version is in the past; versions are in the order of their dots.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize)]
pub struct Object<V> {
    past: Past,
    versions: Vec<Version<V>>,
}

impl<V: Clone + PartialEq + Default> Object<V> {
    /// The writes that it knows of, in force or not.
    pub fn past(&self) -> &Past {
        &self.past
    }

    /// The versions in force: more than one if they are siblings.
    pub fn versions(&self) -> &[Version<V>] {
        &self.versions
    }

    /// What a reader is answered: the greatest sibling that is no tombstone; if there is none, the state before any write.
    pub fn visible(&self) -> V {
        let live = self.versions.iter().rev().find(|version| !version.is_tombstone());
        live.map(|version| version.value.clone()).unwrap_or_default()
    }

    /// Whether it was deleted: it has versions, and all are tombstones.
    pub fn is_deleted(&self) -> bool {
        !self.versions.is_empty() && self.versions.iter().all(Version::is_tombstone)
    }

    /// Takes over what another node knows of the key. Tells whether anything was new.
    pub fn merge(&mut self, other: &Object<V>, versions: Versions, rules: &dyn Rules) -> bool {
        let dots = |object: &Object<V>| object.versions.iter().map(|version| version.dot).collect::<Vec<_>>();
        let before = (self.past.clone(), dots(self));
        let news = other.versions.iter().filter(|told| !self.versions.iter().any(|known| known.dot == told.dot));
        let mut news: Vec<Version<V>> = news.cloned().collect();
        if versions == Versions::Dotted {
            news.retain(|told| !rules.is_obsolete(told.dot, &self.past));
            let told = |dot| other.versions.iter().any(|told| told.dot == dot);
            self.versions.retain(|known| told(known.dot) || !rules.is_obsolete(known.dot, &other.past));
        }
        self.versions.append(&mut news);
        self.past.join(&other.past);
        self.reconcile(versions);
        (&self.past, &dots(self)) != (&before.0, &before.1)
    }

    /// Writes a value, in place of all versions that are in force here.
    pub fn write(&mut self, dot: Dot, value: V, versions: Versions, rules: &dyn Rules) {
        let overwrites = self.versions.iter().map(|version| version.dot).collect();
        if versions == Versions::Dotted {
            self.versions.retain(|known| !rules.is_obsolete(known.dot, &self.past));
        }
        self.past.add(dot);
        self.versions.push(Version { dot, overwrites, value });
        self.reconcile(versions);
    }

    fn reconcile(&mut self, versions: Versions) {
        self.versions.sort_by_key(|version| version.dot);
        if matches!(versions, Versions::LastWriterWins { .. }) {
            self.versions.drain(..self.versions.len().saturating_sub(1));
        }
    }
}

impl<V: PartialEq + Default> Version<V> {
    /// Whether it says that the key was deleted.
    pub fn is_tombstone(&self) -> bool {
        self.value == V::default()
    }
}

#[cfg(test)]
mod tests {
    use shaketable_sim::rng::{Seed, Stream};

    use super::super::rules::Paper;
    use super::*;

    const LWW: Versions = Versions::LastWriterWins { clock_bound: Span::ZERO };

    fn dot(counter: u64, node: usize) -> Dot {
        Dot { counter, actor: Actor { node: NodeId::at(node), stint: None } }
    }

    fn values(object: &Object<u64>) -> Vec<u64> {
        object.versions().iter().map(|version| version.value).collect()
    }

    fn merged(one: &Object<u64>, other: &Object<u64>, versions: Versions) -> Object<u64> {
        let mut all = one.clone();
        all.merge(other, versions, &Paper);
        all
    }

    /// Four nodes that write one key and tell each other all that they know of it, in any order; and every write, with what it had seen.
    fn gossiping(rng: &mut Stream, versions: Versions) -> (Vec<Object<u64>>, Vec<(Dot, Past)>) {
        let (mut nodes, mut writes) = (vec![Object::default(); 4], Vec::new());
        for value in 1..=rng.between(1, 30) {
            let (one, other) = (rng.below(4) as usize, rng.below(4) as usize);
            match rng.below(2) {
                0 => {
                    let dot = dot(nodes[one].past().highest() + rng.between(1, 3), one);
                    writes.push((dot, nodes[one].past().clone()));
                    nodes[one].write(dot, value, versions, &Paper);
                }
                _ => nodes[one] = merged(&nodes[one], &nodes[other], versions),
            }
        }
        (nodes, writes)
    }

    #[test]
    fn merging_is_idempotent_commutative_and_associative() {
        for (seed, versions) in (0..300).flat_map(|seed| [(seed, Versions::Dotted), (seed, LWW)]) {
            let (nodes, _) = gossiping(&mut Seed(seed).stream("versions"), versions);
            let [a, b, c] = [&nodes[0], &nodes[1], &nodes[2]];
            assert_eq!(merged(a, a, versions), *a, "seed {seed}");
            assert_eq!(merged(a, b, versions), merged(b, a, versions), "seed {seed}");
            let (left, right) =
                (merged(&merged(a, b, versions), c, versions), merged(a, &merged(b, c, versions), versions));
            assert_eq!(left, right, "seed {seed}");
        }
    }

    #[test]
    fn the_siblings_are_the_writes_that_no_other_write_had_seen() {
        for seed in 0..300 {
            let (nodes, writes) = gossiping(&mut Seed(seed).stream("versions"), Versions::Dotted);
            let all = nodes.iter().fold(Object::default(), |all, node| merged(&all, node, Versions::Dotted));
            let unseen = |(dot, _): &&(Dot, Past)| !writes.iter().any(|(_, seen)| seen.knows(*dot));
            let mut expected: Vec<Dot> = writes.iter().filter(unseen).map(|(dot, _)| *dot).collect();
            expected.sort_unstable();
            assert_eq!(all.versions().iter().map(|version| version.dot).collect::<Vec<_>>(), expected, "seed {seed}");
        }
    }

    #[test]
    fn of_two_times_the_later_stays_even_against_a_write_that_has_read_it() {
        let mut object = Object::default();
        object.write(dot(7, 1), 70, LWW, &Paper);
        object.write(dot(5, 2), 50, LWW, &Paper);
        assert_eq!(values(&object), [70]);
        object.write(dot(8, 2), 80, LWW, &Paper);
        assert_eq!(values(&object), [80]);
    }

    #[test]
    fn a_merge_tells_of_news_only_if_it_has_changed_anything() {
        let (mut earlier, mut later) = (Object::default(), Object::default());
        earlier.write(dot(5, 1), 50, LWW, &Paper);
        later.merge(&earlier, LWW, &Paper);
        later.write(dot(7, 2), 70, LWW, &Paper);
        assert!(!later.merge(&earlier, LWW, &Paper), "the earlier version has lost, and is known");
        assert!(earlier.merge(&later, LWW, &Paper));
        let mut other = Object::default();
        other.write(dot(6, 3), 60, LWW, &Paper);
        assert!(later.merge(&other, LWW, &Paper), "it has lost, and was not known");
        assert!(!later.merge(&other, LWW, &Paper));
    }

    #[test]
    fn a_reader_sees_the_greatest_sibling_that_is_no_tombstone() {
        let written = |counter, node, value| {
            let mut object = Object::default();
            object.write(dot(counter, node), value, Versions::Dotted, &Paper);
            object
        };
        let both = merged(&written(1, 1, 10), &written(2, 2, 0), Versions::Dotted);
        assert_eq!((values(&both), both.visible(), both.is_deleted()), (vec![10, 0], 10, false));
        let deleted = written(3, 1, 0);
        assert_eq!((deleted.visible(), deleted.is_deleted()), (0, true));
        assert_eq!((Object::<u64>::default().visible(), Object::<u64>::default().is_deleted()), (0, false));
    }
}
