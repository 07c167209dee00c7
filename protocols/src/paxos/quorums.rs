//! How many acceptors are enough: Howard, Malkhi & Spiegelman, "Flexible Paxos: Quorum intersection revisited", 2016.
//!
//! Only a quorum of phase 1 and one of phase 2 must share an acceptor (§3): two quorums of the same phase need not.

/// The sizes of both phases' quorums.
///
/// Guarantees: each is between 1 and the number of nodes, and together they are more than that, so any quorum of phase 1
/// shares an acceptor with any quorum of phase 2. Sizes that do not meet cannot be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quorums {
    phase1: usize,
    phase2: usize,
}

impl Quorums {
    /// Quorums of these sizes among so many nodes. None if they need not meet, or are larger than all.
    pub fn new(nodes: usize, phase1: usize, phase2: usize) -> Option<Quorums> {
        let possible = (1..=nodes).contains(&phase1) && (1..=nodes).contains(&phase2);
        (possible && phase1 + phase2 > nodes).then_some(Quorums { phase1, phase2 })
    }

    /// Majorities for both phases, as in the papers before.
    pub fn majorities(nodes: usize) -> Quorums {
        let majority = nodes / 2 + 1;
        Quorums { phase1: majority, phase2: majority }
    }

    /// How many promises let a proposer go on to phase 2.
    pub fn phase1(self) -> usize {
        self.phase1
    }

    /// How many acceptances choose a value.
    pub fn phase2(self) -> usize {
        self.phase2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By enumeration of all pairs of sets of acceptors, for all clusters of up to six.
    #[test]
    fn quorums_can_be_made_exactly_if_all_of_them_meet() {
        for nodes in 1..=6_usize {
            for (phase1, phase2) in (0..=nodes + 1).flat_map(|one| (0..=nodes + 1).map(move |two| (one, two))) {
                let of = |size: usize| {
                    let sets: Vec<u32> = (0..1_u32 << nodes).filter(|set| set.count_ones() as usize == size).collect();
                    sets
                };
                let possible = (1..=nodes).contains(&phase1) && (1..=nodes).contains(&phase2);
                let meet = of(phase1).iter().all(|one| of(phase2).iter().all(|two| one & two != 0));
                let made = Quorums::new(nodes, phase1, phase2);
                assert_eq!(made.is_some(), possible && meet, "{phase1} and {phase2} of {nodes}");
            }
            let majorities = Quorums::majorities(nodes);
            assert_eq!(Quorums::new(nodes, majorities.phase1(), majorities.phase2()), Some(majorities));
        }
    }
}
