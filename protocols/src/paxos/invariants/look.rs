//! Looking at a node: what is new about it, and whether that may be.

use std::collections::BTreeSet;
use std::hash::Hash;

use shaketable_sim::check::invariant::{Breach, Sight};
use shaketable_sim::digest::digest_of;
use shaketable_sim::id::NodeId;

use super::super::ledger::Change;
use super::super::types::{Ballot, Slot, Value, Vote};
use super::*;

impl Safety {
    pub(super) fn look<O: Clone + Hash>(&mut self, id: NodeId, view: &View<'_, O>) -> Result<(), Box<Breach>> {
        if view.faulty {
            return Ok(());
        }
        self.take_proposals(id, view)?;
        self.take_votes(id, view)?;
        self.take_promises(id, view)?;
        let start = view.ledger.start();
        self.take_decisions(id, view, |slot| slot <= start)?;
        self.take_snapshot(id, view)?;
        self.take_decisions(id, view, |slot| slot > start)?;
        self.compare_servers(id, view)?;
        let seen = &mut self.nodes[id.index()];
        seen.booting = false;
        seen.changes = view.ledger.changes().len();
        seen.reconfigurations = view.latest.number;
        seen.led = view.leads.as_ref().map(|leads| (leads.ballot, leads.next));
        if view.applied > view.ledger.commit() {
            let (applied, commit) = (view.applied, view.ledger.commit());
            let story = format!("{id} has applied slot {applied}, and knows no decision of slot {}", commit.next());
            return Err(Breach::new(IN_ORDER, story));
        }
        Ok(())
    }

    /// What a leader has proposed since it was last looked at.
    fn take_proposals<O: Clone + Hash>(&mut self, id: NodeId, view: &View<'_, O>) -> Result<(), Box<Breach>> {
        let Some(leads) = &view.leads else { return Ok(()) };
        let from = match self.nodes[id.index()].led {
            Some((ballot, next)) if ballot == leads.ballot => next,
            _ => Slot::ZERO,
        };
        for (&slot, proposal) in leads.proposals.range(from..) {
            let value = digest_of(&proposal.value);
            let commit = view.ledger.commit();
            if !self.electors().are_known(slot, commit) {
                let story = format!(
                    "{id} proposes in slot {slot}, and knows the decisions up to {commit} alone: not those that tell who runs the slot"
                );
                return Err(Breach::new(SERVERS_OF_SLOTS, story));
            }
            let now = self.seen(id);
            let instance = self.instance(slot);
            match instance.proposals.iter().find(|known| known.ballot == leads.ballot) {
                Some(known) if known.value != value => {
                    let story = format!(
                        "{id} proposes in slot {slot} with ballot {}, with which another value was proposed",
                        leads.ballot
                    );
                    return Err(Breach::new(ONE_VALUE_PER_BALLOT, story).against(known.by, "was seen with the other"));
                }
                Some(_) => {}
                None => {
                    let (voters, reconfiguration) = (BTreeSet::new(), reconfiguration(&proposal.value));
                    instance.proposals.push(Proposed { ballot: leads.ballot, value, reconfiguration, voters, by: now });
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
                self.stability(slot)?;
                continue;
            };
            if !booting && before != Some(vote.ballot) && vote.ballot < promised {
                let ballot = vote.ballot;
                let story =
                    format!("{id} has accepted ballot {ballot} in slot {slot}, although it had promised {promised}");
                return Err(
                    self.nodes[id.index()].having_promised(promised, Breach::new(ACCEPTED_BELOW_PROMISE, story))
                );
            }
            self.count_vote(id, slot, vote)?;
            self.stability(slot)?;
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
    fn count_vote<O: Hash>(&mut self, id: NodeId, slot: Slot, vote: &Vote<O>) -> Result<(), Box<Breach>> {
        let (ballot, value) = (vote.ballot, digest_of(&vote.value));
        let unseen = self.nodes[ballot.node.index()].crashed_with.contains(&ballot);
        let now = self.seen(id);
        let instance = self.instance(slot);
        instance.votes.insert(id, ballot);
        match instance.proposals.iter_mut().find(|known| known.ballot == ballot) {
            Some(known) if known.value == value => drop(known.voters.insert(id)),
            None if unseen => {
                let (voters, reconfiguration) = (BTreeSet::from([id]), reconfiguration(&vote.value));
                instance.proposals.push(Proposed { ballot, value, reconfiguration, voters, by: now });
            }
            Some(_) | None => {
                let story = format!("{id} has accepted in slot {slot} what nobody proposed with ballot {ballot}");
                return Err(Breach::new(VALIDITY, story));
            }
        }
        Ok(())
    }

    /// The acceptors on which a decision rests have not forgotten it.
    fn stability(&self, slot: Slot) -> Result<(), Box<Breach>> {
        let instance = &self.slots[slot.get() as usize - 1];
        let Some(decided) = instance.decided else { return Ok(()) };
        let holds =
            |id: &NodeId| self.nodes[id.index()].dropped >= slot || instance.votes.get(id) >= Some(&decided.ballot);
        let Some(servers) = self.electors().of(slot) else { return Ok(()) };
        let holders = servers.members().iter().filter(|id| holds(id)).count();
        if holders >= servers.quorums().phase2() {
            return Ok(());
        }
        let story = format!(
            "slot {slot} was decided with ballot {}, and only {holders} of its servers still hold that ballot or a higher one there, or a snapshot",
            decided.ballot
        );
        Err(Breach::new(STABILITY, story).against(decided.by, "took it for decided"))
    }

    /// An acceptor's own promise, and those that it has counted as a proposer.
    fn take_promises<O>(&mut self, id: NodeId, view: &View<'_, O>) -> Result<(), Box<Breach>> {
        let now = self.seen(id);
        let seen = &mut self.nodes[id.index()];
        if !seen.booting && view.promised < seen.promised {
            let story = format!("{id} has promised {}, and now only {}", seen.promised, view.promised);
            return Err(seen.having_promised(seen.promised, Breach::new(PROMISE_KEPT, story)));
        }
        if view.promised < seen.owed {
            let story = format!(
                "{id} came back with a promise of {}; a proposer relies on its promise of {}",
                view.promised, seen.owed
            );
            let breach = seen.having_promised(seen.owed, Breach::new(PROMISE_KEPT, story));
            return Err(match seen.owed_to {
                Some(counted) => breach.against(counted, "counted it"),
                None => breach,
            });
        }
        if view.promised != seen.promised {
            seen.promised = view.promised;
            seen.promises.entry(view.promised).or_insert(now);
        }
        let Some((ballot, promises)) = view.counted else { return Ok(()) };
        for &acceptor in promises {
            let other = &mut self.nodes[acceptor.index()];
            if other.promised < ballot {
                let story = format!(
                    "{id} counts a promise of {acceptor} for ballot {ballot}, which has promised {}",
                    other.promised
                );
                return Err(other.having_promised(other.promised, Breach::new(PROMISE_KEPT, story)));
            }
            if other.owed < ballot {
                (other.owed, other.owed_to) = (ballot, Some(now));
            }
        }
        Ok(())
    }

    /// What a learner takes for decided since it was last looked at, in some of the slots; all that it does if it has just booted.
    fn take_decisions<O: Clone + Hash>(
        &mut self,
        id: NodeId,
        view: &View<'_, O>,
        within: impl Fn(Slot) -> bool,
    ) -> Result<(), Box<Breach>> {
        let from = self.nodes[id.index()].changes;
        for change in &view.ledger.changes()[from..] {
            let &Change::Chosen(slot, value) = change else { continue };
            if within(slot) {
                self.take_decision(id, slot, value)?;
            }
        }
        Ok(())
    }

    fn take_decision(&mut self, id: NodeId, slot: Slot, value: u64) -> Result<(), Box<Breach>> {
        let known = self.instance(slot).decided;
        match known {
            Some(decided) if decided.value == value => Ok(()),
            Some(Decided { by, ballot, .. }) => {
                let story = format!(
                    "{id} takes another value for decided in slot {slot} than {} did, for which it was with ballot {ballot}",
                    by.node
                );
                Err(Breach::new(AGREEMENT, story).against(by, "took the other for decided"))
            }
            None if self.decide(slot, |known| known.value == value, self.seen(id)) => Ok(()),
            None => {
                let story = format!(
                    "{id} takes a value for decided in slot {slot} that no quorum of its servers has accepted in one ballot"
                );
                Err(Breach::new(CHOSEN_BY_QUORUM, story))
            }
        }
    }

    /// What a node has dropped is decided, and what it keeps in place of that is what others keep. Nobody need have been seen to know
    /// the decisions: who has found them out may have crashed before anybody looked. But a quorum had accepted them.
    fn take_snapshot<O: Clone + Hash>(&mut self, id: NodeId, view: &View<'_, O>) -> Result<(), Box<Breach>> {
        let Some(snapshot) = view.snapshot else { return Ok(()) };
        let (last, now) = (view.ledger.start(), self.seen(id));
        let known = (1..=last.get()).rev().find(|&slot| self.instance(Slot::new(slot)).dropped);
        for slot in (known.unwrap_or(0) + 1..=last.get()).map(Slot::new) {
            self.instance(slot).dropped = true;
            if self.instance(slot).decided.is_none() && !self.decide(slot, |_| true, now) {
                let story = format!(
                    "{id} has dropped slot {slot}, where no quorum of its servers has accepted any value in one ballot"
                );
                return Err(Breach::new(CHOSEN_BY_QUORUM, story));
            }
        }
        let (known, by) = *self.snapshots.entry(last).or_insert((snapshot, now));
        if known != snapshot {
            let story = format!(
                "the snapshot of {id} up to slot {last} is not the one that {} has made of the same decisions",
                by.node
            );
            return Err(Breach::new(SAME_STATE, story).against(by, "had that snapshot"));
        }
        Ok(())
    }

    /// Takes a slot for decided, with the lowest ballot in which a quorum of its servers has accepted a value that `fits`. Whether there
    /// is one. Nobody can decide a slot of which it is not decided who runs it.
    fn decide(&mut self, slot: Slot, fits: impl Fn(&Proposed) -> bool, by: Sight) -> bool {
        self.instance(slot); // It is there from now on.
        let Some(servers) = self.electors().of(slot) else { return false };
        let is_quorum = |known: &Proposed| servers.count(&known.voters) >= servers.quorums().phase2();
        let instance = &self.slots[slot.get() as usize - 1];
        let chosen = instance.proposals.iter().filter(|known| fits(known) && is_quorum(known));
        let lowest = chosen.min_by_key(|known| known.ballot).map(|known| Decided {
            ballot: known.ballot,
            value: known.value,
            by,
        });
        self.instance(slot).decided = lowest;
        self.take_reconfigurations();
        lowest.is_some()
    }

    /// Who runs the slots behind all that are decided up to the first gap.
    fn take_reconfigurations(&mut self) {
        let electors = self.electors.as_mut().expect("a node was looked at");
        while let Some(instance) = self.slots.get(electors.next().get() as usize - 1)
            && let Some(decided) = instance.decided
        {
            let is_decided = |known: &&Proposed| (known.ballot, known.value) == (decided.ballot, decided.value);
            let proposed = instance.proposals.iter().find(is_decided);
            electors.decide(proposed.and_then(|proposed| proposed.reconfiguration.as_deref()));
        }
    }

    /// Whom a node takes for the servers of the slots to come.
    fn compare_servers<O>(&self, id: NodeId, view: &View<'_, O>) -> Result<(), Box<Breach>> {
        let seen = &self.nodes[id.index()];
        let new = seen.booting || view.snapshot.is_some() || seen.reconfigurations != view.latest.number;
        if !new || self.electors().agree(view.applied, view.latest) {
            return Ok(());
        }
        let Tenure { from, number, configuration } = view.latest;
        let story = format!(
            "{id} has applied all slots up to {} and takes {configuration} for the servers from slot {from} on, after {number} \
             reconfigurations; the decisions say otherwise",
            view.applied
        );
        Err(Breach::new(SERVERS_OF_SLOTS, story))
    }

    /// What is seen of a node now.
    fn seen(&self, node: NodeId) -> Sight {
        Sight::of(node, self.now)
    }

    fn electors(&self) -> &Electors {
        self.electors.as_ref().expect("a node was looked at")
    }

    fn instance(&mut self, slot: Slot) -> &mut Instance {
        let index = slot.get().checked_sub(1).expect("slots begin at 1") as usize;
        if index >= self.slots.len() {
            self.slots.resize_with(index + 1, Instance::default);
        }
        &mut self.slots[index]
    }
}

fn reconfiguration<O>(value: &Value<O>) -> Option<Box<Configuration>> {
    value.reconfiguration().cloned().map(Box::new)
}
