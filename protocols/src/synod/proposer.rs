//! The proposer: it learns what it must propose, and proposes it (§2.2).

use shaketable_sim::id::NodeId;

use super::rules::Rules;
use super::types::{Ballot, Vote};

/// What a proposer knows of one decree.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Proposer<O> {
    /// The highest ballot that it has tried, which it remembers in stable storage, or heard of.
    seen: Option<Ballot>,
    attempt: Option<Attempt<O>>,
}

/// A proposal in the making.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Attempt<O> {
    /// Phase 1: it asks a majority for promises.
    Preparing {
        /// Which ballot is to be promised.
        ballot: Ballot,
        /// What it proposes if it is free to.
        own: O,
        /// Who has promised, in order.
        promises: Vec<NodeId>,
        /// What those have accepted, by ballot.
        reported: Vec<Vote<O>>,
    },
    /// Phase 2: it asks a majority to accept.
    Proposing {
        /// What is proposed, once and for all with this ballot.
        vote: Vote<O>,
        /// Who has promised, in order.
        promises: Vec<NodeId>,
    },
}

impl<O> Attempt<O> {
    /// Who has promised that ballot, in order.
    pub fn promises(&self) -> &[NodeId] {
        match self {
            Attempt::Preparing { promises, .. } | Attempt::Proposing { promises, .. } => promises,
        }
    }

    /// The ballot that it uses.
    pub fn ballot(&self) -> Ballot {
        match self {
            Attempt::Preparing { ballot, .. } => *ballot,
            Attempt::Proposing { vote, .. } => vote.ballot,
        }
    }
}

impl<O> Default for Proposer<O> {
    fn default() -> Self {
        Proposer { seen: None, attempt: None }
    }
}

impl<O: Clone> Proposer<O> {
    /// What it was before a restart, which ends any attempt: it has tried no higher ballot than this one.
    pub fn recovered(tried: Option<Ballot>) -> Proposer<O> {
        Proposer { seen: tried, attempt: None }
    }

    /// The highest ballot that it has tried or heard of.
    pub fn seen(&self) -> Option<Ballot> {
        self.seen
    }

    /// What it is at, if anything.
    pub fn attempt(&self) -> Option<&Attempt<O>> {
        self.attempt.as_ref()
    }

    /// Begins phase 1 with a new ballot, which must be durable before it is sent to anybody. An earlier attempt is forgotten.
    pub fn prepare(&mut self, own: O, me: NodeId, rules: &dyn Rules) -> Ballot {
        let ballot = rules.next_ballot(self.seen, me);
        self.seen = self.seen.max(Some(ballot));
        self.attempt = Some(Attempt::Preparing { ballot, own, promises: Vec::new(), reported: Vec::new() });
        ballot
    }

    /// A promise. What is to be proposed now, if it makes a majority.
    pub fn on_promise(
        &mut self,
        from: NodeId,
        promised: Ballot,
        vote: Option<Vote<O>>,
        nodes: usize,
        rules: &dyn Rules,
    ) -> Option<Vote<O>> {
        let Some(Attempt::Preparing { ballot, own, promises, reported }) = &mut self.attempt else { return None };
        if !rules.counts_promise(promised, *ballot) || !rules.counts_answer(promises, from) {
            return None;
        }
        promises.insert(promises.partition_point(|&known| known < from), from);
        if let Some(vote) = vote {
            reported.insert(reported.partition_point(|known| known.ballot < vote.ballot), vote);
        }
        if !rules.is_majority(promises.len(), nodes) {
            return None;
        }
        let ballots: Vec<Ballot> = reported.iter().map(|vote| vote.ballot).collect();
        let bound = rules.value_to_propose(&ballots).map(|place| &reported[place].value);
        let vote = Vote { ballot: *ballot, value: bound.unwrap_or(own).clone() };
        let promises = std::mem::take(promises);
        self.attempt = Some(Attempt::Proposing { vote: vote.clone(), promises });
        Some(vote)
    }

    /// Some acceptor has promised this ballot: "it is probably a good idea to abandon a proposal if some proposer has begun
    /// trying to issue a higher-numbered one" (the end of §2.2). Whether it gives its attempt up.
    pub fn on_nack(&mut self, promised: Ballot) -> bool {
        self.seen = self.seen.max(Some(promised));
        self.attempt.take_if(|attempt| attempt.ballot() < promised).is_some()
    }

    /// Nothing is left to propose.
    pub fn rest(&mut self) {
        self.attempt = None;
    }
}
