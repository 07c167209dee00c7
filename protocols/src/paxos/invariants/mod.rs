//! What must always hold of Paxos, checked after every event, on the node that has just acted.
//!
//! The monitor sees what no node can: all promises, proposals and votes at once. What a node has not changed since it was last looked
//! at is not looked at again; after a crash, all of its slots are.
//!
//! What was promised or accepted in memory and lost in a crash before its sync was told to nobody, and is no breach. So what must survive is
//! read off those who relied on it: a promise that a proposer has counted, a quorum of votes on which a decision rests.
//!
//! A node that has dropped slots knows them to be decided, and holds those decisions in its snapshot.

use std::collections::{BTreeMap, BTreeSet};

use shaketable_sim::check::invariant::{Breach, Invariants, Now, Property, Sight};
use shaketable_sim::digest::digest_of;
use shaketable_sim::history::History;
use shaketable_sim::id::{NodeId, OpId};
use shaketable_sim::spec::Spec;

use super::configuration::{Configuration, Tenure};
use super::leader::Proposal;
use super::ledger::Ledger;
use super::proposer::Candidacy;
use super::types::{Ballot, Slot, Value};
use super::{Paxos, Role};

mod electors;
mod look;

use electors::Electors;

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

/// "... by letting the set of servers that execute instance i+α of the consensus algorithm be specified by the state after execution of
/// the ith state machine command." §3
pub const SERVERS_OF_SLOTS: &str = "servers-of-slots";

/// Who starts in the same state and executes the same commands in the same order is in the same state. §3
pub const SAME_STATE: &str = "same-state";

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
        doc: "what a node takes for decided, or has dropped as decided, was accepted by a phase-2 quorum of its slot's servers in one ballot (§2.1, §2.3)",
    },
    Property {
        name: STABILITY,
        doc: "as many of a slot's servers as decided it still hold its ballot there or a higher one, or a snapshot of it, also after restarts (§2.5)",
    },
    Property { name: IN_ORDER, doc: "no node applies a slot before all slots below it (§3)" },
    Property {
        name: SERVERS_OF_SLOTS,
        doc: "no leader proposes in a slot before it knows the decisions that tell who runs it, and no node takes others for its servers than \
              those decisions say (§3)",
    },
    Property { name: SAME_STATE, doc: "snapshots up to the same slot are the same, whoever took them (§3)" },
];

/// Checks the properties as a run goes.
#[derive(Clone, Debug)]
pub struct Safety {
    nodes: Vec<Seen>,
    /// By slot, from 1.
    slots: Vec<Instance>,
    /// By the last slot that they stand for: the digests of snapshots, and who had them first.
    snapshots: BTreeMap<Slot, (u64, Sight)>,
    now: Now,
    /// Unknown before any node was looked at.
    electors: Option<Electors>,
}

/// A node when it was last looked at.
#[derive(Clone, Debug)]
struct Seen {
    /// Whether it was not looked at since it booted.
    booting: bool,
    promised: Ballot,
    /// When it was first seen with each promise.
    promises: BTreeMap<Ballot, Sight>,
    /// The highest promise of it that a proposer has counted.
    owed: Ballot,
    /// Who has counted that.
    owed_to: Option<Sight>,
    /// How many changes of its ledger were looked at.
    changes: usize,
    /// The last slot that it has dropped.
    dropped: Slot,
    /// The number of the last reconfiguration that it had applied.
    reconfigurations: u64,
    /// The ballot that it led with, if it led, and where its next proposal goes.
    led: Option<(Ballot, Slot)>,
    /// The ballots of its own with which it crashed. A crash between two effects of one handler lets proposals get out that nobody saw it make.
    crashed_with: BTreeSet<Ballot>,
}

impl Seen {
    /// The same breach, against a promise of this node.
    fn having_promised(&self, ballot: Ballot, breach: Box<Breach>) -> Box<Breach> {
        match self.promises.range(ballot..).next() {
            Some((_, made)) => breach.against(*made, "promised that"),
            None => breach,
        }
    }
}

/// What was seen of one slot.
#[derive(Clone, Debug, Default)]
struct Instance {
    proposals: Vec<Proposed>,
    /// By node, the ballot of its last vote.
    votes: BTreeMap<NodeId, Ballot>,
    decided: Option<Decided>,
    /// Whether some node has dropped it, and so all before it.
    dropped: bool,
}

/// A proposal, and all who have accepted it, but for those who have lost that in a crash.
#[derive(Clone, Debug)]
struct Proposed {
    ballot: Ballot,
    value: u64,
    /// What it is if it is a reconfiguration.
    reconfiguration: Option<Box<Configuration>>,
    voters: BTreeSet<NodeId>,
    /// Who was seen with it first: its proposer, or else who has accepted it.
    by: Sight,
}

/// A decision: the lowest ballot in which a quorum has accepted the value, and who took that for decided first.
#[derive(Clone, Copy, Debug)]
struct Decided {
    ballot: Ballot,
    value: u64,
    by: Sight,
}

/// What the properties are about.
struct View<'a, O> {
    promised: Ballot,
    /// Whether its disk is lost, so that nothing is expected of it any more.
    faulty: bool,
    applied: Slot,
    /// The last reconfiguration that it has applied.
    latest: &'a Tenure,
    ledger: &'a Ledger<O>,
    /// The digest of its snapshot, if it was not looked at with one up to that slot.
    snapshot: Option<u64>,
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
            promises: BTreeMap::new(),
            owed: Ballot::BOTTOM,
            owed_to: None,
            changes: 0,
            dropped: Slot::ZERO,
            reconfigurations: 0,
            led: None,
            crashed_with: BTreeSet::new(),
        };
        let (nodes, now) = (vec![unseen; nodes], Now::default());
        Safety { nodes, slots: Vec::new(), snapshots: BTreeMap::new(), now, electors: None }
    }

    fn at(&mut self, now: Now) {
        self.now = now;
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
        let seen = &self.nodes[id.index()];
        let new = seen.booting || node.ledger.start() > seen.dropped;
        let snapshot = node.snapshots.own.as_ref().filter(|_| new).map(digest_of);
        let view = View {
            promised: node.promised,
            faulty: matches!(node.role, Role::Faulty),
            applied: node.replica.applied(),
            latest: node.replica.configurations().latest(),
            ledger: &node.ledger,
            snapshot,
            counted,
            leads,
        };
        if self.electors.is_none() {
            let first = node.config.first();
            self.electors = Some(Electors::new(first.latest().configuration.clone(), first.alpha()));
        }
        self.look(id, &view)
    }

    fn after_heal(&mut self, nodes: &[Option<&Paxos<S>>], history: &History<S>) -> Result<(), Box<Breach>> {
        let asked: BTreeMap<OpId, &S::Op> = history.iter().map(|operation| (operation.id, &operation.op)).collect();
        for node in nodes.iter().flatten() {
            for value in node.ledger.chosen_from(node.ledger.start().next(), usize::MAX) {
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
        (seen.booting, seen.changes, seen.dropped, seen.led) = (true, 0, Slot::ZERO, None);
        if seen.promised.node == id {
            seen.crashed_with.insert(seen.promised);
        }
    }
}

#[cfg(test)]
mod tests;
