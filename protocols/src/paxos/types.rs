//! The words of Multi-Paxos: ballots, slots, values, votes, messages and records.
//!
//! "Ballot" and "slot" are the words of van Renesse & Altinbuken, "Paxos Made Moderately Complex", 2015; Lamport says "proposal
//! number" and "instance". Who sent a message is told by the network.

use std::fmt;

use serde::Serialize;
use shaketable_sim::id::{NodeId, OpId};
use shaketable_sim::node::Message;
use shaketable_sim::spec::Data;

macro_rules! number {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
        pub struct $type(u64);

        impl $type {
            /// The one before the first.
            pub const ZERO: $type = $type(0);

            /// This one.
            pub const fn new(number: u64) -> $type {
                $type(number)
            }

            /// The one that follows.
            pub const fn next(self) -> $type {
                $type(self.0 + 1)
            }

            /// As a bare number.
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// The part of a ballot that grows. The first that anybody prepares is 1.
    Round
}

number! {
    /// A place in the sequence of decisions: one instance of single-decree Paxos. The first is 1; at 0 is nothing to decide.
    Slot
}

number! {
    /// A leader's question whether it still leads, within its one ballot. Every heartbeat carries the current one, and its answer brings it back.
    Beat
}

/// A ballot: the number of a proposal (Paxos Made Simple §2.2). Ordered by round, then by node, so that two nodes never use the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Ballot {
    /// What is raised to get a higher one.
    pub round: Round,
    /// Whose it is: nobody else prepares it.
    pub node: NodeId,
}

impl Ballot {
    /// Below every ballot that anybody prepares, as those begin at round 1.
    pub const BOTTOM: Ballot = Ballot { round: Round::ZERO, node: NodeId::at(0) };
}

impl fmt::Display for Ballot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.round, self.node)
    }
}

impl fmt::Debug for Ballot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What can be decided in a slot.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value<O> {
    /// Nothing: fills a slot of which nothing is known, so that those behind it can be applied (Paxos Made Simple §3).
    NoOp,
    /// A client's operation.
    Command {
        /// Whose and which, for exactly-once semantics.
        id: OpId,
        /// What is asked.
        op: O,
    },
}

/// A proposal that an acceptor has accepted in some slot.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Vote<O> {
    /// Its number.
    pub ballot: Ballot,
    /// Its value.
    pub value: Value<O>,
}

/// What nodes send each other. Who leads sends all but the answers to itself as well: proposer and acceptor are different parts of one node.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Msg<O> {
    /// Would you promise me this ballot? Changes nothing at the receiver.
    Canvass(Ballot),
    /// I would, for I hear of no leader.
    Willing {
        /// The ballot that was asked about.
        ballot: Ballot,
        /// The highest that the sender has seen.
        seen: Ballot,
    },
    /// Phase 1a, for all slots from `from` on at once.
    Prepare {
        /// What to promise.
        ballot: Ballot,
        /// The first slot that it is about.
        from: Slot,
    },
    /// Phase 1b: no proposal below `ballot` will be accepted any more. Leaves its sender when that is durable.
    Promise {
        /// The ballot promised.
        ballot: Ballot,
        /// What the sender has accepted in the slots that were asked about, in their order.
        votes: Vec<(Slot, Vote<O>)>,
    },
    /// Phase 2a.
    Accept {
        /// Where.
        slot: Slot,
        /// Which proposal.
        vote: Vote<O>,
        /// All slots up to this one are decided, as the leader knows.
        commit: Slot,
    },
    /// Phase 2b. Leaves its sender when the vote is durable.
    Accepted {
        /// The proposal's number.
        ballot: Ballot,
        /// Where.
        slot: Slot,
    },
    /// A higher ballot than yours was promised: this one. Binds nobody, so it need not be durable.
    Nack(Ballot),
    /// The leader is alive.
    Heartbeat {
        /// Its ballot.
        ballot: Ballot,
        /// All slots up to this one are decided, as it knows.
        commit: Slot,
        /// Its current question.
        beat: Beat,
    },
    /// When the heartbeat was handled, its receiver had not promised any higher ballot.
    Alive {
        /// The leader's ballot.
        ballot: Ballot,
        /// The question that this answers.
        beat: Beat,
    },
    /// What was decided from this slot on?
    Lacks(Slot),
    /// This was.
    Learn {
        /// Where the first of `values` was decided; each other in the slot behind the one before it.
        first: Slot,
        /// The decisions.
        values: Vec<Value<O>>,
        /// How far the sender's knowledge goes without a gap.
        commit: Slot,
    },
}

impl<O: Data> Message for Msg<O> {
    fn kind(&self) -> &'static str {
        match self {
            Msg::Canvass(_) => "Canvass",
            Msg::Willing { .. } => "Willing",
            Msg::Prepare { .. } => "Prepare",
            Msg::Promise { .. } => "Promise",
            Msg::Accept { .. } => "Accept",
            Msg::Accepted { .. } => "Accepted",
            Msg::Nack(_) => "Nack",
            Msg::Heartbeat { .. } => "Heartbeat",
            Msg::Alive { .. } => "Alive",
            Msg::Lacks(_) => "Lacks",
            Msg::Learn { .. } => "Learn",
        }
    }
}

/// What a node writes to its journal: the stable storage of Paxos Made Simple §2.5, as changes to it.
///
/// Guarantee: the first record of a journal is a [`Record::Promised`], from the very first boot.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Record<O> {
    /// The acceptor promised this ballot.
    Promised(Ballot),
    /// The acceptor accepted a proposal; what it accepted in that slot before is overwritten.
    Accepted {
        /// Where.
        slot: Slot,
        /// Which.
        vote: Vote<O>,
    },
    /// The learner learned a decision. It could ask for it again, so it is never waited for.
    Chosen {
        /// Where.
        slot: Slot,
        /// What.
        value: Value<O>,
    },
}

/// The names of a node's timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Timer {
    /// No leader was heard of for long, or an attempt to lead came to nothing; a leader looks whether a quorum still hears it.
    Election,
    /// A leader makes itself heard, and sends again what was not accepted.
    Heartbeat,
}
