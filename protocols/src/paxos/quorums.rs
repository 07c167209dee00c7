//! How many acceptors are enough: Howard, Malkhi & Spiegelman, "Flexible Paxos: Quorum intersection revisited", 2016.
//!
//! Only a quorum of phase 1 and one of phase 2 must share an acceptor (§3): two quorums of the same phase need not.

use serde::Serialize;

/// The sizes of both phases' quorums.
///
/// Guarantees: each is between 1 and the number of nodes, and together they are more than that, so any quorum of phase 1
/// shares an acceptor with any quorum of phase 2. Sizes that do not meet cannot be made.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
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

/// What is said of the sizes of quorums before it is known among how many acceptors.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sizes {
    /// Majorities for both phases.
    Majorities,
    /// So many promises, and as many acceptances as must meet them.
    Phase1(usize),
    /// So many acceptances, and as many promises as must meet them.
    Phase2(usize),
    /// So many of each.
    Both {
        /// Promises.
        phase1: usize,
        /// Acceptances.
        phase2: usize,
    },
}

impl Sizes {
    /// The quorums of these sizes among so many acceptors. None if there are none, or they need not meet.
    pub fn among(self, nodes: usize) -> Option<Quorums> {
        let complement = |size: usize| (nodes + 1).saturating_sub(size);
        match self {
            Sizes::Majorities => (nodes > 0).then(|| Quorums::majorities(nodes)),
            Sizes::Phase1(phase1) => Quorums::new(nodes, phase1, complement(phase1)),
            Sizes::Phase2(phase2) => Quorums::new(nodes, complement(phase2), phase2),
            Sizes::Both { phase1, phase2 } => Quorums::new(nodes, phase1, phase2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_are_said_once_make_quorums_that_meet_among_any_number_of_acceptors() {
        assert_eq!(Sizes::Majorities.among(0), None);
        for nodes in 1..=6 {
            assert_eq!(Sizes::Majorities.among(nodes), Some(Quorums::majorities(nodes)));
            for size in 0..=7 {
                let fits = (1..=nodes).contains(&size);
                let quorums = fits.then(|| Quorums { phase1: size, phase2: nodes + 1 - size });
                assert_eq!(Sizes::Phase1(size).among(nodes), quorums, "{size} of {nodes}");
                let quorums = fits.then(|| Quorums { phase1: nodes + 1 - size, phase2: size });
                assert_eq!(Sizes::Phase2(size).among(nodes), quorums, "{size} of {nodes}");
            }
        }
        let both = Sizes::Both { phase1: 3, phase2: 3 };
        let fit: Vec<usize> = (0..9).filter(|&nodes| both.among(nodes).is_some()).collect();
        assert_eq!(fit, [3, 4, 5], "of more they need not meet, of fewer there are not enough");
    }

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
