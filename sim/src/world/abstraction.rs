//! Where a run has been, seen from so far away that the same place is met again.
//!
//! Of the cluster: for each node whether it is up, its role, and how its epoch and what it knows to be decided compare with those of the others. Of messages: what kind
//! of message met a node in what role, how its epoch and what its sender knows to be decided compare with the node's own, and about
//! how often. Untimely messages are what most bugs of protocols wait for, and leave no trace in a state if they are ignored rightly.
//!
//! Which node is which makes no difference, nor do the numbers by themselves. A search that is guided by novelty counts such states; a run
//! that is not asked for them pays nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::World;
use super::server::Server;
use crate::digest::{Digest, digest_of};
use crate::id::NodeId;
use crate::network::Name;
use crate::node::Node;

/// The abstract states that a run has been in.
#[derive(Clone, Default)]
pub(super) struct States {
    seen: BTreeSet<u64>,
    /// How often each kind of encounter of a message with a node was.
    met: BTreeMap<u64, u64>,
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
        let about = self.met.into_iter().map(|(meeting, times)| digest_of(&(meeting, times.ilog2() / 2)));
        let all: BTreeSet<u64> = self.seen.into_iter().chain(about).collect();
        all.into_iter().collect()
    }
}

impl<N: Node> World<'_, N> {
    /// A node is about to handle a message.
    #[inline]
    pub(super) fn see_message(&mut self, from: NodeId, to: NodeId, name: Name) {
        if let Some(states) = &mut self.states {
            let [theirs, mine] = [from, to].map(|node| self.servers[node.index()].observation);
            let (epoch, commit) = (name.epoch.cmp(&mine.epoch), theirs.commit.cmp(&mine.commit));
            let meeting = digest_of(&(name.kind, theirs.role as u8, mine.role as u8, epoch as i8, commit as i8));
            *states.met.entry(meeting).or_default() += 1;
        }
    }

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
