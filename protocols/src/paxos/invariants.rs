//! What must always hold of Paxos, checked after every event, on the node that has just acted.
//!
//! The monitor sees what no node can: all promises, proposals and votes at once. What a node has not changed since it was last looked
//! at is not looked at again; after a crash, all of its slots are.
//!
//! What was promised or accepted in memory and lost in a crash before its sync was told to nobody, and is no breach. So what must survive is
//! read off those who relied on it: a promise that a proposer has counted, a quorum of votes on which a decision rests.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;

use shaketable_sim::check::invariant::{Breach, Invariants, Property};
use shaketable_sim::digest::digest_of;
use shaketable_sim::history::History;
use shaketable_sim::id::{NodeId, OpId};
use shaketable_sim::spec::Spec;

use super::leader::Proposal;
use super::ledger::Ledger;
use super::proposer::Candidacy;
use super::types::{Ballot, Slot, Value};
use super::{Paxos, Role};

/// "Only a single value is chosen." §2.1, for each slot.
pub const AGREEMENT: &str = "agreement";
/// Numbers are unique, so that one number means one value. §2.2, §2.5
pub const ONE_VALUE_PER_BALLOT: &str = "one-value-per-ballot";
/// P1a: "if it has not responded to a prepare request having a number greater than n". §2.2
pub const ACCEPTED_BELOW_PROMISE: &str = "accepted-below-promise";
/// A promise is for ever. §2.2, §2.5
pub const PROMISE_KEPT: &str = "promise-kept";
/// "Only a value that has been proposed may be chosen." §2.1
pub const VALIDITY: &str = "validity";
/// "A process never learns that a value has been chosen unless it actually has been." §2.1
pub const CHOSEN_BY_QUORUM: &str = "chosen-by-quorum";
/// What was chosen stays chosen: a quorum still knows of it. §2.5
pub const STABILITY: &str = "stability";
/// Commands are executed in the order of their slots. §3
pub const IN_ORDER: &str = "in-order";

/// All of them.
pub static PROPERTIES: &[Property] = &[
    Property { name: AGREEMENT, doc: "no two nodes take different values for decided in one slot (§2.1)" },
    Property { name: ONE_VALUE_PER_BALLOT, doc: "with one ballot, no two values are proposed in one slot (§2.2)" },
    Property { name: ACCEPTED_BELOW_PROMISE, doc: "no acceptor accepts a ballot below its promise (§2.2, P1a)" },
    Property {
        name: PROMISE_KEPT,
        doc: "an acceptor's promise never falls; and one that a proposer has counted was made, and survives restarts (§2.2, §2.5)",
    },
    Property {
        name: VALIDITY,
        doc: "only what its leader proposed is accepted, and only no-ops and what clients asked for are decided (§2.1)",
    },
    Property {
        name: CHOSEN_BY_QUORUM,
        doc: "what a node takes for decided was accepted by a phase-2 quorum in one ballot (§2.1, §2.3)",
    },
    Property {
        name: STABILITY,
        doc: "as many acceptors as decided a slot still hold its ballot there or a higher one, also after restarts (§2.5)",
    },
    Property { name: IN_ORDER, doc: "no node applies a slot before all slots below it (§3)" },
];

/// Checks the properties as a run goes.
#[derive(Clone, Debug)]
pub struct Safety {
    nodes: Vec<Seen>,
    /// By slot, from 1.
    slots: Vec<Instance>,
}

/// A node when it was last looked at.
#[derive(Clone, Debug)]
struct Seen {
    /// Whether it was not looked at since it booted.
    booting: bool,
    promised: Ballot,
    /// The highest promise of it that a proposer has counted.
    owed: Ballot,
    /// How many changes of its ledger were looked at.
    changes: usize,
    /// The ballot that it led with, if it led, and where its next proposal goes.
    led: Option<(Ballot, Slot)>,
    /// The ballots of its own with which it crashed. A crash between two effects of one handler lets proposals get out that nobody saw it make.
    crashed_with: BTreeSet<Ballot>,
}

/// What was seen of one slot.
#[derive(Clone, Debug, Default)]
struct Instance {
    proposals: Vec<Proposed>,
    /// By node, the ballot of its last vote.
    votes: BTreeMap<NodeId, Ballot>,
    decided: Option<Decided>,
}

/// A proposal, and all who have ever accepted it.
#[derive(Clone, Debug)]
struct Proposed {
    ballot: Ballot,
    value: u64,
    voters: BTreeSet<NodeId>,
}

/// A decision: the lowest ballot in which a quorum has accepted the value.
#[derive(Clone, Copy, Debug)]
struct Decided {
    ballot: Ballot,
    value: u64,
    by: NodeId,
}

/// What the properties are about.
struct View<'a, O> {
    promised: Ballot,
    /// Whether its disk is lost, so that nothing is expected of it any more.
    faulty: bool,
    applied: Slot,
    /// How many acceptances choose a value.
    quorum: usize,
    ledger: &'a Ledger<O>,
    /// The ballot that it prepares or leads with, and whose promises of it have been counted.
    counted: Option<(Ballot, &'a BTreeSet<NodeId>)>,
    leads: Option<Leads<'a, O>>,
}

/// What they are about in a leader.
struct Leads<'a, O> {
    ballot: Ballot,
    next: Slot,
    proposals: &'a BTreeMap<Slot, Proposal<O>>,
}

impl<S: Spec> Invariants<Paxos<S>> for Safety {
    const PROPERTIES: &'static [Property] = PROPERTIES;

    fn new(nodes: usize) -> Self {
        let unseen = Seen {
            booting: true,
            promised: Ballot::BOTTOM,
            owed: Ballot::BOTTOM,
            changes: 0,
            led: None,
            crashed_with: BTreeSet::new(),
        };
        Safety { nodes: vec![unseen; nodes], slots: Vec::new() }
    }

    fn after_event(&mut self, id: NodeId, node: &Paxos<S>) -> Result<(), Box<Breach>> {
        let counted = match &node.role {
            Role::Candidate(Candidacy::Prepare(phase)) => Some((phase.ballot, &phase.promises)),
            Role::Leader(leader) => Some((leader.ballot, &leader.promises)),
            Role::Candidate(Candidacy::Canvass { .. }) | Role::Follower(_) | Role::Faulty => None,
        };
        let leads = match &node.role {
            Role::Leader(leader) => {
                Some(Leads { ballot: leader.ballot, next: leader.next, proposals: &leader.proposals })
            }
            _ => None,
        };
        let view = View {
            promised: node.promised,
            faulty: matches!(node.role, Role::Faulty),
            applied: node.replica.applied(),
            quorum: node.config.quorums.phase2(),
            ledger: &node.ledger,
            counted,
            leads,
        };
        self.look(id, &view)
    }

    fn after_heal(&mut self, nodes: &[Option<&Paxos<S>>], history: &History<S>) -> Result<(), Box<Breach>> {
        let asked: BTreeMap<OpId, &S::Op> = history.iter().map(|operation| (operation.id, &operation.op)).collect();
        for node in nodes.iter().flatten() {
            for value in node.ledger.chosen_from(Slot::new(1), usize::MAX) {
                if let Value::Command { id, op } = value
                    && asked.get(&id) != Some(&&op)
                {
                    let story = format!("{} takes `{op}` of {id} for decided, which nobody has asked for", node.me);
                    return Err(Breach::new(VALIDITY, story));
                }
            }
        }
        Ok(())
    }

    fn after_crash(&mut self, id: NodeId) {
        let seen = &mut self.nodes[id.index()];
        (seen.booting, seen.changes, seen.led) = (true, 0, None);
        if seen.promised.node == id {
            seen.crashed_with.insert(seen.promised);
        }
    }
}

impl Safety {
    fn look<O: Clone + Hash>(&mut self, id: NodeId, view: &View<'_, O>) -> Result<(), Box<Breach>> {
        if view.faulty {
            return Ok(());
        }
        self.take_proposals(id, view)?;
        self.take_votes(id, view)?;
        self.take_promises(id, view)?;
        self.take_decisions(id, view)?;
        let seen = &mut self.nodes[id.index()];
        seen.booting = false;
        seen.promised = view.promised;
        seen.changes = view.ledger.changes().len();
        seen.led = view.leads.as_ref().map(|leads| (leads.ballot, leads.next));
        if view.applied > view.ledger.commit() {
            let (applied, commit) = (view.applied, view.ledger.commit());
            let story = format!("{id} has applied slot {applied}, and knows no decision of slot {}", commit.next());
            return Err(Breach::new(IN_ORDER, story));
        }
        Ok(())
    }

    /// What a leader has proposed since it was last looked at.
    fn take_proposals<O: Hash>(&mut self, id: NodeId, view: &View<'_, O>) -> Result<(), Box<Breach>> {
        let Some(leads) = &view.leads else { return Ok(()) };
        let from = match self.nodes[id.index()].led {
            Some((ballot, next)) if ballot == leads.ballot => next,
            _ => Slot::ZERO,
        };
        for (&slot, proposal) in leads.proposals.range(from..) {
            let value = digest_of(&proposal.value);
            let instance = self.instance(slot);
            match instance.proposals.iter().find(|known| known.ballot == leads.ballot) {
                Some(known) if known.value != value => {
                    let story = format!(
                        "{id} proposes in slot {slot} with ballot {}, with which another value was proposed",
                        leads.ballot
                    );
                    return Err(Breach::new(ONE_VALUE_PER_BALLOT, story));
                }
                Some(_) => {}
                None => {
                    let voters = BTreeSet::new();
                    instance.proposals.push(Proposed { ballot: leads.ballot, value, voters });
                }
            }
        }
        Ok(())
    }

    /// What an acceptor has accepted since it was last looked at; all that it has if it has just booted.
    fn take_votes<O: Clone + Hash>(&mut self, id: NodeId, view: &View<'_, O>) -> Result<(), Box<Breach>> {
        let Seen { booting, promised, changes, .. } = self.nodes[id.index()];
        let changed: Vec<Slot> = if booting {
            (1..=view.ledger.last().get().max(self.slots.len() as u64)).map(Slot::new).collect()
        } else {
            view.ledger.changes()[changes..].to_vec()
        };
        for slot in changed {
            let before = self.instance(slot).votes.get(&id).copied();
            let Some(vote) = view.ledger.vote(slot) else {
                self.instance(slot).votes.remove(&id);
                self.stability(slot, view.quorum)?;
                continue;
            };
            if !booting && before != Some(vote.ballot) && vote.ballot < promised {
                let ballot = vote.ballot;
                let story =
                    format!("{id} has accepted ballot {ballot} in slot {slot}, although it had promised {promised}");
                return Err(Breach::new(ACCEPTED_BELOW_PROMISE, story));
            }
            self.count_vote(id, slot, vote.ballot, digest_of(&vote.value))?;
            self.stability(slot, view.quorum)?;
        }
        Ok(())
    }

    /// A vote must be for what the ballot's leader has proposed, so far as it was seen to.
    fn count_vote(&mut self, id: NodeId, slot: Slot, ballot: Ballot, value: u64) -> Result<(), Box<Breach>> {
        let unseen = self.nodes[ballot.node.index()].crashed_with.contains(&ballot);
        let instance = self.instance(slot);
        instance.votes.insert(id, ballot);
        match instance.proposals.iter_mut().find(|known| known.ballot == ballot) {
            Some(known) if known.value == value => drop(known.voters.insert(id)),
            None if unseen => instance.proposals.push(Proposed { ballot, value, voters: BTreeSet::from([id]) }),
            Some(_) | None => {
                let story = format!("{id} has accepted in slot {slot} what nobody proposed with ballot {ballot}");
                return Err(Breach::new(VALIDITY, story));
            }
        }
        Ok(())
    }

    /// The acceptors on which a decision rests have not forgotten it.
    fn stability(&self, slot: Slot, quorum: usize) -> Result<(), Box<Breach>> {
        let instance = &self.slots[slot.get() as usize - 1];
        let Some(decided) = instance.decided else { return Ok(()) };
        let holders = instance.votes.values().filter(|&&ballot| ballot >= decided.ballot).count();
        if holders >= quorum {
            return Ok(());
        }
        let story = format!(
            "slot {slot} was decided with ballot {}, and only {holders} acceptors still hold that ballot or a higher one there",
            decided.ballot
        );
        Err(Breach::new(STABILITY, story))
    }

    /// An acceptor's own promise, and those that it has counted as a proposer.
    fn take_promises<O>(&mut self, id: NodeId, view: &View<'_, O>) -> Result<(), Box<Breach>> {
        let seen = &self.nodes[id.index()];
        if !seen.booting && view.promised < seen.promised {
            let story = format!("{id} has promised {}, and now only {}", seen.promised, view.promised);
            return Err(Breach::new(PROMISE_KEPT, story));
        }
        if view.promised < seen.owed {
            let story = format!(
                "{id} came back with a promise of {}; a proposer relies on its promise of {}",
                view.promised, seen.owed
            );
            return Err(Breach::new(PROMISE_KEPT, story));
        }
        self.nodes[id.index()].promised = view.promised;
        let Some((ballot, promises)) = view.counted else { return Ok(()) };
        for &acceptor in promises {
            let other = &mut self.nodes[acceptor.index()];
            if other.promised < ballot {
                let story = format!(
                    "{id} counts a promise of {acceptor} for ballot {ballot}, which has promised {}",
                    other.promised
                );
                return Err(Breach::new(PROMISE_KEPT, story));
            }
            other.owed = other.owed.max(ballot);
        }
        Ok(())
    }

    /// What a learner takes for decided since it was last looked at; all that it does if it has just booted.
    fn take_decisions<O: Clone + Hash>(&mut self, id: NodeId, view: &View<'_, O>) -> Result<(), Box<Breach>> {
        let from = self.nodes[id.index()].changes;
        for &slot in &view.ledger.changes()[from..] {
            let Some(value) = view.ledger.chosen(slot).map(digest_of) else { continue };
            let instance = self.instance(slot);
            match instance.decided {
                Some(decided) if decided.value == value => {}
                Some(Decided { by, ballot, .. }) => {
                    let story = format!(
                        "{id} takes another value for decided in slot {slot} than {by} did, for which it was with ballot {ballot}"
                    );
                    return Err(Breach::new(AGREEMENT, story));
                }
                None => {
                    let chosen = instance
                        .proposals
                        .iter()
                        .filter(|known| known.value == value && known.voters.len() >= view.quorum);
                    let Some(ballot) = chosen.map(|known| known.ballot).min() else {
                        let story = format!(
                            "{id} takes a value for decided in slot {slot} that no quorum has accepted in one ballot"
                        );
                        return Err(Breach::new(CHOSEN_BY_QUORUM, story));
                    };
                    instance.decided = Some(Decided { ballot, value, by: id });
                }
            }
        }
        Ok(())
    }

    fn instance(&mut self, slot: Slot) -> &mut Instance {
        let index = slot.get().checked_sub(1).expect("slots begin at 1") as usize;
        if index >= self.slots.len() {
            self.slots.resize_with(index + 1, Instance::default);
        }
        &mut self.slots[index]
    }
}

#[cfg(test)]
#[path = "invariants_tests.rs"]
mod tests;
