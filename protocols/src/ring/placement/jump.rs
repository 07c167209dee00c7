//! Jump consistent hash: no table at all, and members known by their number alone.
//!
//! Lamping & Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm", 2014. Members are numbered from 0; only the last can leave
//! cheaply. Weights are not known to it.

use shaketable_sim::id::NodeId;

use super::{Member, Placement, Point, hash, spread};

/// Members by number.
#[derive(Clone, Debug)]
pub struct Jump {
    members: Vec<Member>,
}

impl Jump {
    /// Jump hashing over these members, numbered in this order. Their weights count for nothing.
    pub fn new(members: &[Member]) -> Jump {
        Jump { members: members.to_vec() }
    }
}

impl Placement for Jump {
    fn place(&self, keys: &[Point], count: usize) -> Vec<Vec<NodeId>> {
        if self.members.is_empty() {
            return vec![Vec::new(); keys.len()];
        }
        let buckets = self.members.len() as u32;
        let one = |&key: &Point| {
            // The first replica is the key's own bucket; each further one that of the key hashed again. Coming up with every bucket may
            // take for ever, so after many tries all members follow in order.
            let again = (0..u64::from(buckets) * 8).map(|turn| if turn == 0 { key.0 } else { hash(key.0, turn) });
            let order = again.map(|key| jump(key, buckets) as usize).chain(0..self.members.len());
            spread(&self.members, order, count)
        };
        keys.iter().map(one).collect()
    }
}

/// The bucket of a key, out of so many, at least 1: Figure 1 of the paper in integers. It differs from the paper's where a `double` rounds.
fn jump(key: u64, buckets: u32) -> u32 {
    let (mut key, mut bucket, mut next) = (key, 0, 0);
    while next < u64::from(buckets) {
        bucket = next;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        next = ((bucket + 1) << 31) / ((key >> 33) + 1);
    }
    bucket as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_those_of_the_published_implementations() {
        let known = [(1, 1, 0), (42, 57, 43), (0xdead_10cc, 1, 0), (0xdead_10cc, 666, 361), (256, 1024, 520)];
        for (key, buckets, bucket) in known {
            assert_eq!(jump(key, buckets), bucket, "key {key} of {buckets}");
        }
    }

    #[test]
    fn a_key_moves_only_to_the_bucket_that_is_new() {
        for key in (0..200).map(|key| hash(1, key)) {
            for buckets in 1..60 {
                let (before, after) = (jump(key, buckets), jump(key, buckets + 1));
                assert!(after == before || after == buckets, "key {key}: {before} of {buckets}, then {after}");
            }
        }
    }
}
