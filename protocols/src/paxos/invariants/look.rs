//! Looking at a node: what is new about it, and whether that may be.

use std::collections::BTreeSet;
use std::hash::Hash;

use shaketable_sim::check::invariant::Breach;
use shaketable_sim::digest::digest_of;
use shaketable_sim::id::NodeId;

use super::super::ledger::Change;
use super::super::types::{Ballot, Slot};
use super::*;

impl Safety {
    pub(super) fn look<O: Clone + Hash>(&mut self, id: NodeId, view: &View<'_, O>) -> Result<(), Box<Breach>> {
        if view.faulty {
            return Ok(());
        }
        self.take_proposals(id, view)?;
        self.take_votes(id, view)?;
        self.take_promises(id, view)?;
        self.take_decisions(id, view)?;
        self.take_snapshot(id, view)?;
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
        let dropped = view.ledger.start();
        self.nodes[id.index()].dropped = dropped;
        let changed: Vec<Slot> = if booting {
            (1..=view.ledger.last().get().max(self.slots.len() as u64)).map(Slot::new).collect()
        } else {
            view.ledger.changes()[changes..].iter().filter_map(Change::accepted).collect()
        };
        for slot in changed.into_iter().filter(|&slot| slot > dropped) {
            let before = self.instance(slot).votes.get(&id).copied();
            if booting {
                let kept = view.ledger.vote(slot).map(|vote| vote.ballot);
                self.forget_votes(id, slot, kept);
            }
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

    /// Votes become durable in their order: what was accepted after the one that a crash has kept is lost, and nobody was told. No decision
    /// can rest on it.
    fn forget_votes(&mut self, id: NodeId, slot: Slot, kept: Option<Ballot>) {
        for proposal in self.instance(slot).proposals.iter_mut().filter(|proposal| Some(proposal.ballot) > kept) {
            proposal.voters.remove(&id);
        }
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
        let holds =
            |id: &NodeId| self.nodes[id.index()].dropped >= slot || instance.votes.get(id) >= Some(&decided.ballot);
        let holders = NodeId::all(self.nodes.len()).filter(holds).count();
        if holders >= quorum {
            return Ok(());
        }
        let story = format!(
            "slot {slot} was decided with ballot {}, and only {holders} acceptors still hold that ballot or a higher one there, or a snapshot",
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
        for change in &view.ledger.changes()[from..] {
            let &Change::Chosen(slot, value) = change else { continue };
            let decided = self.instance(slot).decided;
            match decided {
                Some(decided) if decided.value == value => {}
                Some(Decided { by, ballot, .. }) => {
                    let story = format!(
                        "{id} takes another value for decided in slot {slot} than {by} did, for which it was with ballot {ballot}"
                    );
                    return Err(Breach::new(AGREEMENT, story));
                }
                None if self.decide(slot, |known| known.value == value, id, view.quorum) => {}
                None => {
                    let story = format!(
                        "{id} takes a value for decided in slot {slot} that no quorum has accepted in one ballot"
                    );
                    return Err(Breach::new(CHOSEN_BY_QUORUM, story));
                }
            }
        }
        Ok(())
    }

    /// What a node has dropped is decided, and what it keeps in place of that is what others keep. Nobody need have been seen to know
    /// the decisions: who has found them out may have crashed before anybody looked. But a quorum had accepted them.
    fn take_snapshot<O: Clone + Hash>(&mut self, id: NodeId, view: &View<'_, O>) -> Result<(), Box<Breach>> {
        let Some(snapshot) = view.snapshot else { return Ok(()) };
        let last = view.ledger.start();
        for slot in (1..=last.get()).rev().map(Slot::new) {
            if self.instance(slot).dropped {
                break;
            }
            self.instance(slot).dropped = true;
            if self.instance(slot).decided.is_none() && !self.decide(slot, |_| true, id, view.quorum) {
                let story =
                    format!("{id} has dropped slot {slot}, where no quorum has accepted any value in one ballot");
                return Err(Breach::new(CHOSEN_BY_QUORUM, story));
            }
        }
        if *self.snapshots.entry(last).or_insert(snapshot) != snapshot {
            let story = format!(
                "the snapshot of {id} up to slot {last} is not the one that another node has made of the same decisions"
            );
            return Err(Breach::new(SAME_STATE, story));
        }
        Ok(())
    }

    /// Takes a slot for decided, with the lowest ballot in which a quorum has accepted a value that `fits`. Whether there is one.
    fn decide(&mut self, slot: Slot, fits: impl Fn(&Proposed) -> bool, by: NodeId, quorum: usize) -> bool {
        let instance = self.instance(slot);
        let chosen = instance.proposals.iter().filter(|known| fits(known) && known.voters.len() >= quorum);
        let lowest = chosen.min_by_key(|known| known.ballot).map(|known| Decided {
            ballot: known.ballot,
            value: known.value,
            by,
        });
        instance.decided = lowest;
        lowest.is_some()
    }

    fn instance(&mut self, slot: Slot) -> &mut Instance {
        let index = slot.get().checked_sub(1).expect("slots begin at 1") as usize;
        if index >= self.slots.len() {
            self.slots.resize_with(index + 1, Instance::default);
        }
        &mut self.slots[index]
    }
}
