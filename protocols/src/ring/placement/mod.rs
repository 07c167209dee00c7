//! Which nodes keep which keys: pure functions of the membership, so that all who know the members agree.
//!
//! | function | paper | load | moves on a change |
//! |---|---|---|---|
//! | [`ring`] | Karger et al. 1997; DeCandia et al., "Dynamo", 2007, §4.2 | near the mean, with enough virtual nodes | the minimum |
//! | [`rendezvous`] | Thaler & Ravishankar 1998 | as of random choice | the minimum |
//! | [`jump`] | Lamping & Veach 2014 | as of random choice | the minimum, if the last member joins or leaves |
//! | [`bounded`] | Mirrokni, Thorup & Zadimoghaddam 2018 | at most (1 + ε) of the mean, rounded up | a few times the minimum |
//! | [`modulo`] | none: what it was before | as of random choice | nearly everything |
//!
//! All of it is integer arithmetic.

use std::fmt::Debug;

use shaketable_sim::id::NodeId;

pub mod bounded;
pub mod jump;
pub mod modulo;
pub mod rendezvous;
pub mod ring;
pub mod survey;

pub use survey::survey;

/// A member of the cluster.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Member {
    /// Which node.
    pub node: NodeId,
    /// Its capacity: a node of weight 2 keeps twice as many keys as one of weight 1. At least 1.
    pub weight: u32,
    /// What it fails together with.
    pub rack: Rack,
}

/// A set of nodes that fail together: they share a power supply or a switch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Rack(pub u16);

impl Member {
    /// A member of weight 1, alone in its rack.
    pub const fn alone(node: NodeId) -> Member {
        Member { node, weight: 1, rack: Rack(node.index() as u16) }
    }
}

/// A key's place among all keys: its hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Point(u64);

impl Point {
    /// The place of a key of this number.
    pub const fn of(key: u64) -> Point {
        Point(hash(0x6b65_7973, key))
    }

    /// Where it lies, between 0 and the largest number: neighbours are close.
    pub const fn place(self) -> u64 {
        self.0
    }
}

/// A way of placing keys on the members of a cluster.
pub trait Placement: Debug {
    /// For each of `keys`, in their order, the `count` nodes that keep it, the most preferred first: distinct, in as many racks as
    /// there are, and fewer than `count` only if there are fewer members.
    fn place(&self, keys: &[Point], count: usize) -> Vec<Vec<NodeId>>;
}

/// The first `count` nodes of an `order` of preference, but nodes in racks that are not yet taken before all others
/// (Dynamo §4.6 spreads preference lists over data centres in this way). `order` may name a node more than once.
fn spread(members: &[Member], order: impl Iterator<Item = usize>, count: usize) -> Vec<NodeId> {
    let mut all: Vec<Rack> = members.iter().map(|member| member.rack).collect();
    all.sort_unstable();
    all.dedup();
    let (mut racks, mut taken, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for member in order.map(|place| members[place]) {
        let rest = count.min(members.len()) - taken.len();
        if rest == 0 || (racks.len() == all.len() && others.len() >= rest) {
            break;
        }
        if taken.contains(&member.node) || others.contains(&member.node) {
            continue;
        }
        if racks.contains(&member.rack) {
            others.push(member.node);
        } else {
            racks.push(member.rack);
            taken.push(member.node);
        }
    }
    let rest = count.min(members.len()) - taken.len();
    taken.extend(others.into_iter().take(rest));
    taken
}

/// A hash of two numbers: the finaliser of SplitMix64 (Steele, Lea & Flood 2014), applied once for each. It never changes: where
/// data lies depends on it.
const fn hash(a: u64, b: u64) -> u64 {
    mix(mix(a).wrapping_add(b))
}

const fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
