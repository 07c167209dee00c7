//! Small worlds of the Synod, to be explored exhaustively: one decree, and some clients that propose different values for it.

use shaketable_sim::explore::{Budget, Explored, Limits, SmallWorld, explore};
use shaketable_sim::id::{Key, NodeId};
use shaketable_sim::spec::any::{self, Any};
use shaketable_sim::spec::consensus;
use shaketable_sim::time::Span;

use super::Synod;
use super::bugs::{Planted, planted};
use super::config::{Config, Learners};
use crate::Bug;
use crate::tamper::{Setup, Tampered};

/// What there is in such a world. Acceptors tell the proposer alone what they accept: otherwise what the other learners have heard would
/// multiply the states, and they learn nothing that proposing does not tell them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Small {
    /// How many nodes.
    pub nodes: usize,
    /// The first so many of them are asked by a client each.
    pub proposers: usize,
    /// What may go wrong. A timer that runs out is another attempt of its proposer.
    pub budget: Budget,
    /// How much may be explored.
    pub limits: Limits,
}

/// Explores a small world of the Synod, right or with a bug of its own.
///
/// # Panics
/// If the bug is another protocol's, or there are more proposers than nodes.
pub fn explore_small(small: &Small, bug: Option<&'static Bug>) -> Explored {
    assert!(small.proposers <= small.nodes, "each proposer is a node");
    let config = Config::new((Span::millis(1), Span::millis(2)), Learners::Proposer);
    let how = bug.map(|bug| planted(bug.name).expect("the Synod is explored with bugs of its own"));
    let propose = |index| {
        let op = consensus::Op { key: Key::at(0), propose: index as u64 + 1 };
        (NodeId::at(index), any::Op::Consensus(op))
    };
    let requests = (0..small.proposers).map(propose).collect();
    let Small { nodes, budget, limits, .. } = *small;
    match how {
        None => explore(&SmallWorld::<Synod<Any>> { nodes, config, requests, budget, limits }),
        Some(Planted::Rules(rules)) => {
            let config = config.with_rules(rules);
            explore(&SmallWorld::<Synod<Any>> { nodes, config, requests, budget, limits })
        }
        Some(Planted::Effects(tamper)) => {
            let config = Setup { inner: config, tamper };
            explore(&SmallWorld::<Tampered<Synod<Any>>> { nodes, config, requests, budget, limits })
        }
    }
}
