//! The words of Multi-Paxos: ballots, slots, values, votes, messages and records.
//!
//! "Ballot" and "slot" are the words of van Renesse & Altinbuken, "Paxos Made Moderately Complex", 2015; Lamport says "proposal
//! number" and "instance". Who sent a message is told by the network.

use std::fmt;

use serde::Serialize;
use shaketable_sim::id::{Key, NodeId, OpId};
use shaketable_sim::node::Message;
use shaketable_sim::spec::{Data, Spec};

use super::configuration::{Configuration, Tenure};

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

            /// The one so many places behind this one.
            pub const fn plus(self, count: u64) -> $type {
                $type(self.0 + count)
            }

            /// The one so many places before this one; the one before the first if there are not so many.
            pub const fn minus(self, count: u64) -> $type {
                $type(self.0.saturating_sub(count))
            }

            /// How many lie above `earlier`, up to and including this one; none if it is not earlier.
            pub const fn distance(self, earlier: $type) -> u64 {
                self.0.saturating_sub(earlier.0)
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
    /// An operator's command: these servers run the slots from α behind this one on (Paxos Made Simple §3).
    Reconfigure(Box<Configuration>),
}

impl<O> Value<O> {
    /// Who are to be the servers, if that is what it says.
    pub fn reconfiguration(&self) -> Option<&Configuration> {
        match self {
            Value::Reconfigure(configuration) => Some(configuration),
            Value::NoOp | Value::Command { .. } => None,
        }
    }
}

/// A proposal that an acceptor has accepted in some slot.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Vote<O> {
    /// Its number.
    pub ballot: Ballot,
    /// Its value.
    pub value: Value<O>,
}

/// What the decisions of all slots up to one of them have made, in place of those decisions (Live §5.5).
///
/// Guarantee: those slots are decided, and the content follows from their decisions alone. So two snapshots with the same `last` are
/// the same, whoever took them.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Snapshot<P> {
    /// The last slot that it stands for.
    pub last: Slot,
    /// The objects by key, then the sessions by client, then the tenures of configurations by slot.
    pub pieces: Vec<P>,
}

/// A piece of a snapshot: one object of state `T`, the session of one client, whose last answer was an `R`, or who runs some slots.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Piece<T, R> {
    /// An object.
    Object {
        /// Which.
        key: Key,
        /// As the decisions have made it.
        state: T,
    },
    /// A session.
    Session {
        /// The client's last operation that was applied.
        id: OpId,
        /// The answer to it.
        ret: R,
    },
    /// A decided configuration that is in force, or will be, or was not long ago.
    Tenure(Tenure),
}

/// The pieces of snapshots of a service.
pub type PieceOf<S> = Piece<<S as Spec>::State, <S as Spec>::Ret>;

/// The messages of a service's nodes.
pub type MsgOf<S> = Msg<<S as Spec>::Op, PieceOf<S>>;

/// The records of a service's nodes.
pub type RecordOf<S> = Record<<S as Spec>::Op, PieceOf<S>>;

/// Some consecutive pieces of a snapshot.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Part<P> {
    /// The last slot that the snapshot stands for.
    pub last: Slot,
    /// How many pieces precede these.
    pub offset: u32,
    /// These.
    pub pieces: Vec<P>,
    /// How many pieces, the first ones, were sent together with these or before.
    pub sent: u32,
    /// How many the snapshot has.
    pub total: u32,
}

/// How much of a snapshot has arrived.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Received {
    /// The last slot that the snapshot stands for.
    pub last: Slot,
    /// How many of its pieces are there without a gap, the first ones.
    pub pieces: u32,
}

/// What nodes send each other: about operations `O`, and about snapshots in pieces `P`. Who leads sends all but the answers to itself as well: proposer and acceptor are different parts of one node.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Msg<O, P> {
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
        /// The ballot of the leader that wants this: one that has told the sender to take over, or that it leads with itself. Of a sender
        /// that nobody has told, none.
        handed_over: Option<Ballot>,
    },
    /// Phase 1b: no proposal below `ballot` will be accepted any more. Leaves its sender when that is durable.
    Promise {
        /// The ballot promised.
        ballot: Ballot,
        /// What the sender has accepted in the slots that were asked about, in their order, as far as it still knows.
        votes: Vec<(Slot, Vote<O>)>,
        /// All slots up to this one are decided, and the sender has dropped what it knew of them.
        dropped: Slot,
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
    /// Lead in my place: I lead with this ballot.
    TakeOver(Ballot),
    /// What was decided?
    Lacks {
        /// From this slot on: all before it are known.
        first: Slot,
        /// What has arrived from the receiver of a snapshot that is not complete.
        received: Option<Received>,
    },
    /// This was. Who has all that was sent and knows that there is more asks again.
    Learn {
        /// Where the first of `values` was decided; each other in the slot behind the one before it.
        first: Slot,
        /// The decisions.
        values: Vec<Value<O>>,
        /// The last slot of which a message like this one was sent at once.
        sent: Slot,
        /// How far the sender's knowledge goes without a gap.
        commit: Slot,
    },
    /// A part of a snapshot: the decisions that it stands for are no longer known to the sender. Who has all that was sent, and not the
    /// whole snapshot, asks again.
    Install(Part<P>),
}

impl<O: Data, P: Data> Message for Msg<O, P> {
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
            Msg::TakeOver(_) => "TakeOver",
            Msg::Lacks { .. } => "Lacks",
            Msg::Learn { .. } => "Learn",
            Msg::Install(_) => "Install",
        }
    }

    fn is_routine(&self) -> bool {
        matches!(self, Msg::Heartbeat { .. } | Msg::Alive { .. })
    }

    fn epoch(&self) -> u64 {
        let ballot = match self {
            Msg::Canvass(ballot) | Msg::Nack(ballot) | Msg::TakeOver(ballot) => ballot,
            Msg::Willing { ballot, .. }
            | Msg::Prepare { ballot, .. }
            | Msg::Promise { ballot, .. }
            | Msg::Accepted { ballot, .. }
            | Msg::Heartbeat { ballot, .. }
            | Msg::Alive { ballot, .. } => ballot,
            Msg::Accept { vote, .. } => &vote.ballot,
            Msg::Lacks { .. } | Msg::Learn { .. } | Msg::Install(_) => return 0,
        };
        ballot.round.get()
    }
}

/// What a node writes to its journal: the stable storage of Paxos Made Simple §2.5, as changes to it.
///
/// Guarantees: the first record of a journal is a [`Record::Promised`], from the very first boot. A [`Record::Snapshot`] is the second: it
/// comes with a journal that is replaced.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Record<O, P> {
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
    /// All slots up to the last of this snapshot are decided, and nothing else is kept of them.
    Snapshot(Snapshot<P>),
}

/// The names of a node's timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Timer {
    /// No leader was heard of for long, or an attempt to lead came to nothing; a leader looks whether a quorum still hears it.
    Election,
    /// A leader makes itself heard, and sends again what was not accepted.
    Heartbeat,
}
