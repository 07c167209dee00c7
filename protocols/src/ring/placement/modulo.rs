//! The remainder of a division by the number of members: the placement that all others exist to replace.
//!
//! It is as even as chance and nearly everything moves when a member comes or goes (Karger et al., "Consistent Hashing and Random
//! Trees", 1997, §1). The survey shows it for comparison; no store here uses it.

use shaketable_sim::id::NodeId;

use super::{Member, Placement, Point, spread};

/// Members by number.
#[derive(Clone, Debug)]
pub struct Modulo {
    members: Vec<Member>,
}

impl Modulo {
    /// The members are numbered in this order. Their weights count for nothing.
    pub fn new(members: &[Member]) -> Modulo {
        Modulo { members: members.to_vec() }
    }
}

impl Placement for Modulo {
    /// The further copies of a key are with the members that follow.
    fn place(&self, keys: &[Point], count: usize) -> Vec<Vec<NodeId>> {
        let members = self.members.len();
        let first = |key: &Point| key.0.checked_rem(members as u64).unwrap_or(0) as usize;
        keys.iter().map(|key| spread(&self.members, (first(key)..members).chain(0..first(key)), count)).collect()
    }
}
