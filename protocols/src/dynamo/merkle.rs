//! Merkle trees (Dynamo §4.7): two nodes find out which keys they differ on by comparing few hashes.
//!
//! A leaf holds the keys whose points lie in one stretch of the ring; the hash of a branch stands for all below it. Equal hashes mean
//! that there is nothing to look for below; of different ones the branches below are compared.

use std::collections::BTreeMap;

use serde::Serialize;
use shaketable_sim::id::Key;

use super::rules::Rules;
use crate::ring::placement::Point;

/// How many branches there are below a branch, as a power of two.
const BITS: u32 = 3;

/// How many levels there are below the root; those of the lowest are leaves.
const DEPTH: u32 = 3;

/// A branch, by its level below the root and its place among those of its level; on the lowest level, a leaf.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Branch {
    level: u32,
    place: u32,
}

impl Branch {
    /// The branch that everything is below.
    pub const ROOT: Branch = Branch { level: 0, place: 0 };

    /// Whether it holds keys and no branches.
    pub fn is_leaf(self) -> bool {
        self.level == DEPTH
    }

    /// The branches below, in order; none below a leaf.
    pub fn below(self) -> impl Iterator<Item = Branch> {
        let count = if self.is_leaf() { 0 } else { 1 << BITS };
        (0..count).map(move |index| Branch { level: self.level + 1, place: (self.place << BITS) + index })
    }

    /// The leaf of a key.
    pub fn of(key: Key) -> Branch {
        let point = Point::of(key.index() as u64).place();
        Branch { level: DEPTH, place: (point >> (u64::BITS - DEPTH * BITS)) as u32 }
    }

    /// The branches that a key is below, from the root to its leaf.
    pub fn path(key: Key) -> impl Iterator<Item = Branch> {
        let leaf = Branch::of(key);
        (0..=DEPTH).map(move |level| Branch { level, place: leaf.place >> ((DEPTH - level) * BITS) })
    }

    fn above(self) -> Option<Branch> {
        let level = self.level.checked_sub(1)?;
        Some(Branch { level, place: self.place >> BITS })
    }
}

/// The tree of some keys. Branches without keys have no hash of their own: all are alike.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tree(BTreeMap<Branch, u64>);

impl Tree {
    /// The tree of keys with a hash each, in the order of the keys.
    pub fn new(keys: impl IntoIterator<Item = (Key, u64)>, rules: &dyn Rules) -> Tree {
        let mut leaves = BTreeMap::<Branch, Vec<u64>>::new();
        for (key, hash) in keys {
            leaves.entry(Branch::of(key)).or_default().push(hash);
        }
        let mut tree = Tree(leaves.into_iter().map(|(leaf, hashes)| (leaf, rules.branch(&hashes))).collect());
        for level in (0..DEPTH).rev() {
            let lower = tree.0.keys().filter(|branch| branch.level == level + 1);
            let mut branches: Vec<Branch> = lower.filter_map(|branch| branch.above()).collect();
            branches.dedup();
            for branch in branches {
                let hash = rules.branch(&tree.below(branch));
                tree.0.insert(branch, hash);
            }
        }
        tree
    }

    /// The hash of everything that is below a branch.
    pub fn hash(&self, branch: Branch) -> u64 {
        self.0.get(&branch).copied().unwrap_or(0)
    }

    /// The hashes of the branches below one, in order.
    pub fn below(&self, branch: Branch) -> Vec<u64> {
        branch.below().map(|below| self.hash(below)).collect()
    }

    /// The branches below one whose hashes another tree has otherwise.
    pub fn differing(&self, branch: Branch, theirs: &[u64]) -> Vec<Branch> {
        let differs = |(below, &theirs): (Branch, &u64)| (self.hash(below) != theirs).then_some(below);
        branch.below().zip(theirs).filter_map(differs).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use shaketable_sim::rng::Seed;

    use super::super::rules::Paper;
    use super::*;

    /// All leaves that two trees differ on, as two nodes find them: each in turn looks below what the other sends.
    fn descend(one: &Tree, other: &Tree) -> (BTreeSet<Branch>, usize) {
        let (mut leaves, mut messages) = (BTreeSet::new(), 0);
        let mut open = vec![(Branch::ROOT, one, other)];
        while let Some((branch, sender, receiver)) = open.pop() {
            messages += 1;
            for below in receiver.differing(branch, &sender.below(branch)) {
                match below.is_leaf() {
                    true => _ = leaves.insert(below),
                    false => open.push((below, receiver, sender)),
                }
            }
        }
        (leaves, messages)
    }

    #[test]
    fn two_nodes_find_exactly_the_leaves_of_the_keys_that_they_differ_on() {
        for seed in 0..200 {
            let mut rng = Seed(seed).stream("trees");
            let keys = rng.between(0, 300) as usize;
            let one: BTreeMap<Key, u64> = (0..keys).map(|key| (Key::at(key), rng.next())).collect();
            let mut other = one.clone();
            let mut expected = BTreeSet::new();
            for _ in 0..rng.below(6) {
                let key = Key::at(rng.below(310) as usize);
                match rng.below(3) {
                    0 => _ = other.remove(&key),
                    _ => _ = other.insert(key, rng.next()),
                }
                expected.insert(key);
            }
            expected.retain(|key| one.get(key) != other.get(key));
            let tree = |keys: &BTreeMap<Key, u64>| Tree::new(keys.iter().map(|(&key, &hash)| (key, hash)), &Paper);
            let (leaves, messages) = descend(&tree(&one), &tree(&other));
            assert_eq!(leaves, expected.iter().map(|&key| Branch::of(key)).collect(), "seed {seed}");
            assert!(messages <= 1 + expected.len() * (DEPTH as usize - 1), "seed {seed}: {messages} messages");
            assert_eq!(one == other, tree(&one) == tree(&other), "seed {seed}: equal trees, equal keys");
        }
    }
}
