//! Consistent hashing with bounded loads: a member that is full passes keys on to the next on the ring.
//!
//! Mirrokni, Thorup & Zadimoghaddam, "Consistent Hashing with Bounded Loads", 2018 (arXiv 2016). With a mean load of m, no member keeps more than
//! ⌈(1 + ε) m⌉ keys; a change of the membership moves O(1/ε²) times the minimum in expectation.

use shaketable_sim::id::NodeId;
use shaketable_sim::time::Ppm;

use super::ring::Ring;
use super::{Member, Placement, Point, spread};

/// A ring whose members are never much fuller than the mean.
#[derive(Clone, Debug)]
pub struct Bounded {
    ring: Ring,
    /// ε.
    slack: Ppm,
}

impl Bounded {
    /// A ring with so many virtual nodes for a weight of 1, and this ε.
    pub fn new(members: &[Member], virtual_nodes: u32, slack: Ppm) -> Bounded {
        Bounded { ring: Ring::new(members, virtual_nodes), slack }
    }

    /// How many copies of keys a member keeps at most, if there are so many in all: its share by weight times 1 + ε, rounded up.
    pub fn capacity(&self, member: &Member, copies: u64) -> u64 {
        let weights: u128 = self.ring.members().iter().map(|member| u128::from(member.weight.max(1))).sum();
        let share =
            u128::from(copies) * u128::from(member.weight.max(1)) * (1_000_000 + u128::from(self.slack.parts()));
        share.div_ceil(weights * 1_000_000) as u64
    }
}

impl Placement for Bounded {
    /// Unlike the other functions, where a key goes depends on all other `keys`: on those before it, in order.
    ///
    /// A key whose racks or members are too full for `count` copies goes to full members as well, so the bound is strict for one copy.
    fn place(&self, keys: &[Point], count: usize) -> Vec<Vec<NodeId>> {
        let members = self.ring.members();
        let copies = keys.len() as u64 * count.min(members.len()) as u64;
        let mut room: Vec<u64> = members.iter().map(|member| self.capacity(member, copies)).collect();
        let mut placed = Vec::with_capacity(keys.len());
        for &key in keys {
            let free = self.ring.walk(key).filter(|&place| room[place] > 0);
            let nodes = spread(members, free.chain(self.ring.walk(key)), count);
            for (place, _) in members.iter().enumerate().filter(|(_, member)| nodes.contains(&member.node)) {
                room[place] = room[place].saturating_sub(1);
            }
            placed.push(nodes);
        }
        placed
    }
}
