//! Rendezvous hashing, or highest random weight: every member draws a number for the key, and the highest keep it.
//!
//! Thaler & Ravishankar, "Using Name-Based Mappings to Increase Hit Rates", 1998. A member of weight w draws w times, which gives it
//! exactly its share without the logarithms of the usual formula.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::iter;

use shaketable_sim::id::NodeId;

use super::{Member, Placement, Point, hash, spread};

/// Members that draw for every key.
#[derive(Clone, Debug)]
pub struct Rendezvous {
    members: Vec<Member>,
}

impl Rendezvous {
    /// Rendezvous hashing over these members.
    pub fn new(members: &[Member]) -> Rendezvous {
        Rendezvous { members: members.to_vec() }
    }
}

impl Placement for Rendezvous {
    fn place(&self, keys: &[Point], count: usize) -> Vec<Vec<NodeId>> {
        let one = |&key: &Point| {
            let draw = |(place, member): (usize, &Member)| (draw(member, key), Reverse(member.node), place);
            // A heap, as only the first few are asked for.
            let mut order: BinaryHeap<_> = self.members.iter().enumerate().map(draw).collect();
            spread(&self.members, iter::from_fn(|| order.pop().map(|(_, _, place)| place)), count)
        };
        keys.iter().map(one).collect()
    }
}

/// The highest number that a member draws for a key.
fn draw(member: &Member, key: Point) -> u64 {
    let node = member.node.index() as u64;
    (0..member.weight.max(1)).map(|copy| hash(key.0, node << 32 | u64::from(copy))).max().unwrap_or(0)
}
