//! The learner: it finds out what was chosen, by hearing of it from a majority of the acceptors (§2.3).

use std::collections::BTreeMap;

use shaketable_sim::id::NodeId;

use super::rules::Rules;
use super::types::{Ballot, Vote};

/// What a learner knows of one decree. It may forget all of it in a crash: acceptors do not forget.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Learner<O> {
    heard: BTreeMap<Ballot, Heard<O>>,
    decided: Option<O>,
}

/// A proposal that some acceptors are known to have accepted.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Heard<O> {
    /// Its value.
    pub value: O,
    /// Those acceptors, in order.
    pub from: Vec<NodeId>,
}

impl<O> Default for Learner<O> {
    fn default() -> Self {
        Learner { heard: BTreeMap::new(), decided: None }
    }
}

impl<O: Clone + Eq> Learner<O> {
    /// What was chosen, as soon as it knows.
    pub fn decided(&self) -> Option<&O> {
        self.decided.as_ref()
    }

    /// What it has heard of, by ballot. Nothing is added once it knows the decision.
    pub fn heard(&self) -> &BTreeMap<Ballot, Heard<O>> {
        &self.heard
    }

    /// An acceptor has accepted a proposal. Whether the learner knows thereby, and did not know before, what is chosen.
    pub fn on_accepted(&mut self, from: NodeId, vote: Vote<O>, nodes: usize, rules: &dyn Rules) -> bool {
        if self.decided.is_some() {
            return false;
        }
        let heard = self.heard.entry(vote.ballot);
        let heard = heard.or_insert_with(|| Heard { value: vote.value.clone(), from: Vec::new() });
        if !rules.counts_answer(&heard.from, from) {
            return false;
        }
        heard.from.insert(heard.from.partition_point(|&known| known < from), from);
        let together = self
            .heard
            .iter()
            .filter(|(ballot, heard)| rules.counts_together(**ballot, vote.ballot) && heard.value == vote.value);
        let acceptances = together.map(|(_, heard)| heard.from.len()).sum();
        let chosen = rules.is_majority(acceptances, nodes);
        if chosen {
            self.decided = Some(vote.value);
        }
        chosen
    }
}
