//! Where a run has been, seen from so far away that the same place is met again: for each node whether it is up, its role, and how its
//! epoch and what it knows to be decided compare with those of the others.
//!
//! Which node is which makes no difference, nor do the numbers by themselves. A search that is guided by novelty counts such states; a run
//! that is not asked for them pays nothing.

use std::collections::BTreeSet;

use super::World;
use super::server::Server;
use crate::digest::Digest;
use crate::node::Node;

/// The abstract states that a run has been in.
#[derive(Clone, Default)]
pub(super) struct States {
    seen: BTreeSet<u64>,
    nodes: Vec<Seen>,
}

/// A node in an abstract state.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Seen {
    Down,
    Up {
        paused: bool,
        role: u8,
        /// How many different epochs of others are later.
        epochs_behind: u8,
        /// How many different numbers of decided entries that others know are higher.
        commits_behind: u8,
    },
}

impl States {
    /// Their digests, in ascending order.
    pub(super) fn into_digests(self) -> Vec<u64> {
        self.seen.into_iter().collect()
    }
}

impl<N: Node> World<'_, N> {
    /// Some node is not what it was.
    #[inline]
    pub(super) fn see_state(&mut self) {
        if let Some(states) = &mut self.states {
            let up = |server: &&Server<N>| server.node.is_some();
            let behind = |of: fn(&Server<N>) -> u64, mine: u64| {
                let higher: BTreeSet<u64> =
                    self.servers.iter().filter(up).map(of).filter(|&other| other > mine).collect();
                higher.len() as u8
            };
            let epoch = |server: &Server<N>| server.observation.epoch;
            let commit = |server: &Server<N>| server.observation.commit;
            let seen = |server: &Server<N>| match server.node {
                None => Seen::Down,
                Some(_) => Seen::Up {
                    paused: !server.paused.is_empty(),
                    role: server.observation.role as u8,
                    epochs_behind: behind(epoch, epoch(server)),
                    commits_behind: behind(commit, commit(server)),
                },
            };
            states.nodes.clear();
            states.nodes.extend(self.servers.iter().map(seen));
            states.nodes.sort_unstable();
            let mut digest = Digest::new();
            for node in &states.nodes {
                digest.fold(match *node {
                    Seen::Down => 0,
                    Seen::Up { paused, role, epochs_behind, commits_behind } => {
                        u64::from_le_bytes([1, paused.into(), role, epochs_behind, commits_behind, 0, 0, 0])
                    }
                });
            }
            states.seen.insert(digest.value());
        }
    }
}
