//! Consistent hashing: members and keys lie on one ring, and a key belongs to the members that follow it.
//!
//! Karger et al., "Consistent Hashing and Random Trees", 1997. Each member lies in many places, its virtual nodes, so that
//! its share is near the mean and its load falls to many others when it leaves (DeCandia et al., "Dynamo", 2007, §4.2).

use shaketable_sim::id::NodeId;

use super::{Member, Placement, Point, hash, spread};

/// A ring of virtual nodes.
#[derive(Clone, Debug)]
pub struct Ring {
    members: Vec<Member>,
    /// Every virtual node: where it lies, and the place of its member in `members`. Invariant: in order.
    tokens: Vec<(u64, usize)>,
}

impl Ring {
    /// A ring on which a member of weight 1 has so many virtual nodes, at least 1.
    pub fn new(members: &[Member], virtual_nodes: u32) -> Ring {
        let token = |(place, member): (usize, &Member)| {
            let node = member.node.index() as u64;
            (0..virtual_nodes.max(1) * member.weight.max(1)).map(move |copy| (hash(node, u64::from(copy)), place))
        };
        let mut tokens: Vec<(u64, usize)> = members.iter().enumerate().flat_map(token).collect();
        // Should two tokens be equal, the order of their nodes decides, which is the same whoever lists the members in whatever order.
        tokens.sort_unstable_by_key(|&(token, place)| (token, members[place].node));
        Ring { members: members.to_vec(), tokens }
    }

    /// The members that follow a point, each as often as it has virtual nodes.
    pub(super) fn walk(&self, point: Point) -> impl Iterator<Item = usize> {
        let start = self.tokens.partition_point(|&(token, _)| token < point.0);
        let (before, after) = self.tokens.split_at(start);
        after.iter().chain(before).map(|&(_, place)| place)
    }

    /// Its members.
    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }
}

impl Placement for Ring {
    fn place(&self, keys: &[Point], count: usize) -> Vec<Vec<NodeId>> {
        keys.iter().map(|&key| spread(&self.members, self.walk(key), count)).collect()
    }
}
