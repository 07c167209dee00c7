//! Small worlds, explored exhaustively: not some runs of a protocol but all that a handful of nodes, requests, timeouts and crashes allow.
//!
//! A [`SmallWorld`] is closed: its requests are given, and its timeouts, crashes and doubled messages are budgeted. From its first state, in which
//! all nodes have booted, [`explore`] follows every step that is possible, breadth first, so that the first violation that it meets has the
//! shortest history. A step is
//! - a request that is given to its node;
//! - a message that arrives, whichever: so messages are overtaken, late, and (as none need ever arrive) lost;
//! - a message that arrives and will arrive again, a timer that is set and runs out, or a node that crashes, has lost some of its unsynced writes,
//!   the newest, and restarts: each as long as its budget lasts;
//! - a sync that returns, while a crash may still come. When none can, what is written is durable at once: nothing could tell the difference.
//!
//! What differs from the [world](crate::world):
//! - There is no time. Clocks show the same instant always, and of the timers that are set any may run out. So what is found to hold
//!   does not rest on timing; and what rests on timing (a lease) is not found.
//! - A node's chance is the same in every handler, so that what it does depends on nothing but its state and the event. A protocol that draws
//!   only its timeouts loses nothing by that.
//! - A message to oneself is handled at once, before anything else happens.
//! - A node that halts stays down. Records never rot, disks never fail. Clients do not repeat themselves, and their answers are not looked at: what is
//!   checked is the protocol's [invariants](crate::check::invariant).
//!
//! Two states are taken for the same if all nodes, with their disks and set timers, the messages on their way, what is left of the budgets, and
//! *what the invariants remember* are shown the same by [`Debug`]: so `Debug` must show all that a node decides by, as a derived one does. The
//! invariants are part of the state because they judge the past: two pasts that lead to one present of the nodes may not be equally innocent. What
//! is compared is not the text but a fingerprint of 128 bits. Of a million states, two share one by chance with odds of about 10⁻²⁷.

use std::collections::BTreeSet;
use std::fmt::Debug;

use crate::check::invariant::Breach;
use crate::id::NodeId;
use crate::node::{Node, Op};

mod print;
mod state;

use state::State;

/// What there is, and what may happen to it.
pub struct SmallWorld<N: Node> {
    /// How many nodes.
    pub nodes: usize,
    /// How each is set up.
    pub config: N::Config,
    /// What clients ask, each once, at any time: which node, and for what.
    pub requests: Vec<(NodeId, Op<N>)>,
    /// What may go wrong.
    pub budget: Budget,
    /// How much may be explored.
    pub limits: Limits,
}

/// How often things may happen in one history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Budget {
    /// How many timers may run out at each node.
    pub timers: u32,
    /// How many crashes there may be, of all nodes together.
    pub crashes: u32,
    /// How many messages may be doubled, of all together.
    pub duplicates: u32,
}

/// What an exploration may cost. Counted, not measured, so that its outcome is the same everywhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// How many states.
    pub states: u64,
    /// How many bytes, about.
    pub bytes: u64,
}

/// What came of an exploration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explored {
    /// Whether the invariants hold.
    pub outcome: Outcome,
    /// How many different states were reached.
    pub states: u64,
    /// How many steps were taken from them, to new states and to known ones.
    pub transitions: u64,
    /// How many steps away from the first the furthest state is, by the shortest way; or the violation.
    pub depth: u64,
}

/// Whether the invariants hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// In every state that can be reached.
    Hold,
    /// Not after these steps, in words; no shorter history breaks anything.
    Violated {
        /// What does not hold.
        breach: Breach,
        /// How it comes to that.
        steps: Vec<String>,
    },
    /// In all states that were reached, before this budget was used up.
    Inconclusive(&'static str),
}

/// How a state was reached: from which, by the how-manieth of its steps.
struct Trail {
    from: u32,
    step: u32,
}

/// What a state costs besides itself: its place in the set of fingerprints and on the trail.
const BYTES_A_STATE: u64 = 40;

/// Reaches every state that there is, unless a breach or a limit comes first.
///
/// # Panics
/// If a handler of the protocol does.
pub fn explore<N>(world: &SmallWorld<N>) -> Explored
where
    N: Node + Debug,
    N::Invariants: Debug,
{
    let mut explored = Explored { outcome: Outcome::Hold, states: 1, transitions: 0, depth: 0 };
    let first = match State::first(world) {
        Ok(first) => first,
        Err(breach) => {
            return Explored { outcome: Outcome::Violated { breach: *breach, steps: Vec::new() }, ..explored };
        }
    };
    let mut seen = BTreeSet::from([first.print()]);
    let mut trail = vec![Trail { from: 0, step: 0 }];
    let mut frontier = vec![(0, first)];
    while !frontier.is_empty() {
        let (mut further, mut bytes) = (Vec::new(), 0);
        for (from, state) in frontier {
            for (step, taken) in (0..).zip(state.steps()) {
                explored.transitions += 1;
                let next = match state.after(&taken, world) {
                    Ok(next) => next,
                    Err(breach) => {
                        let mut steps = retrace(world, &trail, from);
                        steps.push(state.tell(&taken, world));
                        explored.depth += 1;
                        return Explored { outcome: Outcome::Violated { breach: *breach, steps }, ..explored };
                    }
                };
                if !seen.insert(next.print()) {
                    continue;
                }
                explored.states += 1;
                bytes += next.bytes();
                further.push((trail.len() as u32, next));
                trail.push(Trail { from, step });
                if explored.states > world.limits.states {
                    return Explored { outcome: Outcome::Inconclusive("states"), ..explored };
                }
                if bytes + explored.states * BYTES_A_STATE > world.limits.bytes {
                    return Explored { outcome: Outcome::Inconclusive("bytes"), ..explored };
                }
            }
        }
        explored.depth += u64::from(!further.is_empty());
        frontier = further;
    }
    explored
}

/// The steps to a state, in words.
fn retrace<N>(world: &SmallWorld<N>, trail: &[Trail], mut at: u32) -> Vec<String>
where
    N: Node + Debug,
    N::Invariants: Debug,
{
    let mut taken = Vec::new();
    while at != 0 {
        taken.push(trail[at as usize].step);
        at = trail[at as usize].from;
    }
    let held = "what held once holds again";
    let mut state = State::first(world).map_err(|_| held).expect(held);
    let mut told = Vec::new();
    for step in taken.into_iter().rev() {
        let step = &state.steps()[step as usize];
        told.push(state.tell(step, world));
        state = state.after(step, world).map_err(|_| held).expect(held);
    }
    told
}

#[cfg(test)]
mod tests;
