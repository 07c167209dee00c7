//! The decisions on which the safety of the Synod rests, each a pure function that cites its paper.
//!
//! §: Lamport, "Paxos Made Simple", 2001. Parliament §: Lamport, "The Part-Time Parliament", 1998.
//!
//! The default bodies are the papers; [`Paper`] changes none of them. A node holds its rules as `&'static dyn Rules`, so that a
//! variant of one rule is run by the very code that is run as the Synod.

use std::fmt::Debug;

use shaketable_sim::id::NodeId;

use super::types::Ballot;

/// The decisions of single-decree Paxos. See the [module](self).
pub trait Rules: Debug + Sync {
    /// §2.5: different proposers choose their numbers from disjoint sets, and none uses one twice: a round above all that it has tried
    /// (which it remembers in stable storage) or heard of, and its own name.
    ///
    /// Without it, two values are proposed with one number, and "the highest-numbered proposal" is not one.
    fn next_ballot(&self, seen: Option<Ballot>, me: NodeId) -> Ballot {
        Ballot { round: seen.map_or(0, |seen| seen.round) + 1, node: me }
    }

    /// §2.2, phase 1: an acceptor promises what is not below its promise. Asked again for the same ballot, it says the same again: that
    /// ballot has one owner, who was told what matters.
    ///
    /// Without it, an older proposer goes on with phase 2 when a newer one has already been told what to propose.
    fn may_promise(&self, promised: Ballot, asked: Ballot) -> bool {
        asked >= promised
    }

    /// §2.2, P1a: "an acceptor can accept a proposal numbered n iff it has not responded to a prepare request having a number greater than n."
    ///
    /// Without it, a value gets chosen behind the back of a proposer that was promised it would not be.
    fn may_accept(&self, promised: Ballot, proposed: Ballot) -> bool {
        proposed >= promised
    }

    /// §2.2 by implication; Parliament §2.1, B3 rests on it: to accept a ballot is to promise it.
    ///
    /// Without it, an acceptor that missed the prepare accepts a newer proposal, and an older one after it.
    fn promise_after_accept(&self, promised: Option<Ballot>, accepted: Ballot) -> Option<Ballot> {
        promised.max(Some(accepted))
    }

    /// §2.2, phase 2: a promise counts for the ballot that it was made for.
    ///
    /// An answer to an earlier attempt tells what was accepted then, and binds its sender to nothing that matters now.
    fn counts_promise(&self, promised: Ballot, ballot: Ballot) -> bool {
        promised == ballot
    }

    /// §2.2, §2.3: a majority is one of acceptors, not of messages: who has answered is not counted again. Messages "can be duplicated" (§2.1).
    ///
    /// Without it, one acceptor whose answer comes twice is a majority.
    fn counts_answer(&self, counted: &[NodeId], from: NodeId) -> bool {
        !counted.contains(&from)
    }

    /// §2.2: "any two majorities have at least one acceptor in common."
    ///
    /// With fewer, a value that one of them has chosen may be known to none of another.
    fn is_majority(&self, acceptors: usize, nodes: usize) -> bool {
        acceptors > nodes / 2
    }

    /// §2.2, P2c and phase 2: of the proposals that a majority reports as accepted, the value of the highest-numbered one is the only one
    /// that may be proposed. Its place among them; none if none is reported, and then the proposer is free.
    ///
    /// Another value, or that of a lower ballot, may differ from one that is already chosen.
    fn value_to_propose(&self, reported: &[Ballot]) -> Option<usize> {
        (0..reported.len()).max_by_key(|&place| reported[place])
    }

    /// §2.2: a value is chosen when a single proposal with it has been accepted by a majority of the acceptors: acceptances count together if they
    /// are of one ballot.
    ///
    /// The same value accepted by a majority in different ballots is not chosen: a higher ballot may yet choose another.
    fn counts_together(&self, accepted: Ballot, other: Ballot) -> bool {
        accepted == other
    }
}

/// The rules as they are in the papers.
#[derive(Clone, Copy, Debug)]
pub struct Paper;

impl Rules for Paper {}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
