//! The words of the Synod: ballots, votes, messages and records.
//!
//! "Ballot" and "vote" are the words of "The Part-Time Parliament"; "Paxos Made Simple" says "proposal number" and "accepted
//! proposal". Who sent a message is told by the network.

use std::fmt;

use serde::Serialize;
use shaketable_sim::id::{Key, NodeId};
use shaketable_sim::node::Message;
use shaketable_sim::spec::Data;

/// The number of a proposal (§2.2). Ordered by round, then by node, so that two nodes never use the same. There is no ballot
/// below all others: who has promised none says so.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Ballot {
    /// What is raised to get a higher one. The first is 1.
    pub round: u64,
    /// Whose it is: nobody else proposes with it.
    pub node: NodeId,
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

/// A proposal: "a proposal consists of a proposal number and a value" (§2.2). For an acceptor, the one that it has accepted.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Vote<O> {
    /// Its number.
    pub ballot: Ballot,
    /// Its value: what some client asked for.
    pub value: O,
}

/// What nodes send each other about one decree, each from one role to another. A node's roles talk by messages too.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Msg<O> {
    /// The decree.
    pub decree: Key,
    /// What is said.
    pub word: Word<O>,
}

/// What is said about a decree.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Word<O> {
    /// Phase 1a, a proposer to the acceptors: promise to accept nothing below this ballot, and say what you have accepted.
    Prepare(Ballot),
    /// Phase 1b, an acceptor to the proposer. Leaves its sender when the promise is durable.
    Promise {
        /// What is promised.
        ballot: Ballot,
        /// What the acceptor has accepted last, if anything.
        vote: Option<Vote<O>>,
    },
    /// Phase 2a, a proposer to the acceptors: accept this proposal.
    Accept(Vote<O>),
    /// Phase 2b, an acceptor to the learners. Leaves its sender when the vote is durable.
    Accepted(Vote<O>),
    /// An acceptor to a proposer whose ballot comes too late: this one is promised already (§2.4, the end of §2.2). It binds nobody.
    Nack(Ballot),
}

impl<O: Data> Message for Msg<O> {
    fn kind(&self) -> &'static str {
        match self.word {
            Word::Prepare(_) => "Prepare",
            Word::Promise { .. } => "Promise",
            Word::Accept(_) => "Accept",
            Word::Accepted(_) => "Accepted",
            Word::Nack(_) => "Nack",
        }
    }

    fn epoch(&self) -> u64 {
        match &self.word {
            Word::Prepare(ballot) | Word::Promise { ballot, .. } | Word::Nack(ballot) => ballot.round,
            Word::Accept(vote) | Word::Accepted(vote) => vote.ballot.round,
        }
    }
}

/// What a node writes to its journal: the stable storage of §2.5.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Record<O> {
    /// There is a journal: from now on an empty one means that the disk was lost.
    Formatted,
    /// The proposer is about to use this ballot, and will use no lower one any more.
    Tried {
        /// For which decree.
        decree: Key,
        /// Which.
        ballot: Ballot,
    },
    /// The acceptor has promised this ballot.
    Promised {
        /// For which decree.
        decree: Key,
        /// Which.
        ballot: Ballot,
    },
    /// The acceptor has accepted a proposal; what it had accepted before is overwritten.
    Accepted {
        /// For which decree.
        decree: Key,
        /// Which.
        vote: Vote<O>,
    },
}

/// The names of a node's timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Timer {
    /// A proposal has come to nothing for so long that its proposer tries another.
    Retry(Key),
}
