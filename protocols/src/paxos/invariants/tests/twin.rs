//! The properties over all that ever was, without any cleverness, and random histories on which the monitor must agree with that.

use std::collections::btree_map::Entry;

use super::*;

/// Keeps every state and every crash, in order.
#[derive(Default)]
struct Twin {
    past: Vec<(usize, Option<State>)>,
}

impl Twin {
    /// Every state of a node, oldest first, each with the number of its life.
    fn states(&self, id: usize) -> Vec<(usize, &State)> {
        let mut life = 0;
        let mut states = Vec::new();
        for (_, state) in self.past.iter().filter(|(node, _)| *node == id) {
            match state {
                Some(state) => states.push((life, state)),
                None => life += 1,
            }
        }
        states
    }

    fn all(&self) -> impl Iterator<Item = (usize, &State)> {
        self.past.iter().filter_map(|(id, state)| Some((*id, state.as_ref()?)))
    }

    fn slots(&self) -> impl Iterator<Item = Slot> {
        let last = self.all().map(|(_, state)| state.ledger.last().get()).max().unwrap_or(0);
        (1..=last).map(Slot::new)
    }

    /// Who has ever accepted a value in a ballot.
    fn voters(&self, slot: Slot, ballot: Ballot, value: &Value<u64>) -> usize {
        let voted =
            |state: &State| state.ledger.vote(slot).is_some_and(|vote| vote.ballot == ballot && vote.value == *value);
        let voters: BTreeSet<usize> = self.all().filter(|(_, state)| voted(state)).map(|(id, _)| id).collect();
        voters.len()
    }

    /// The lowest ballot in which a quorum has accepted a value.
    fn chosen_in(&self, slot: Slot, value: &Value<u64>) -> Option<Ballot> {
        let votes = self.all().filter_map(|(_, state)| state.ledger.vote(slot));
        let ballots: BTreeSet<Ballot> = votes.map(|vote| vote.ballot).collect();
        ballots.into_iter().find(|&ballot| self.voters(slot, ballot, value) >= QUORUM)
    }

    /// What a quorum has accepted in one ballot, the lowest if there are several.
    fn chosen(&self, slot: Slot) -> Option<(Value<u64>, Ballot)> {
        let votes = self.all().filter_map(|(_, state)| state.ledger.vote(slot));
        let chosen = votes.filter(|vote| self.voters(slot, vote.ballot, &vote.value) >= QUORUM);
        chosen.min_by_key(|vote| vote.ballot).map(|vote| (vote.value.clone(), vote.ballot))
    }

    fn proposed(&self) -> BTreeSet<(Slot, Ballot, String)> {
        let leads = self.all().filter_map(|(_, state)| state.leads.as_ref());
        let of = |(ballot, _, proposals): &(Ballot, Slot, BTreeMap<Slot, Proposal<u64>>)| {
            let ballot = *ballot;
            let named = |(slot, proposal): (&Slot, &Proposal<u64>)| (*slot, ballot, format!("{:?}", proposal.value));
            proposals.iter().map(named).collect::<Vec<_>>()
        };
        leads.flat_map(of).collect()
    }

    /// Everything that does not hold. `known` is what was decided before, by slot, with its ballot.
    fn broken(&self, known: &mut BTreeMap<Slot, (Value<u64>, Ballot)>) -> BTreeSet<&'static str> {
        let mut broken = BTreeSet::new();
        let proposed = self.proposed();
        let places: BTreeSet<(Slot, Ballot)> = proposed.iter().map(|(slot, ballot, _)| (*slot, *ballot)).collect();
        if places.len() < proposed.len() {
            broken.insert(ONE_VALUE_PER_BALLOT);
        }
        for (id, state) in self.all() {
            for slot in self.slots() {
                if let Some(vote) = state.ledger.vote(slot)
                    && !proposed.contains(&(slot, vote.ballot, format!("{:?}", vote.value)))
                {
                    broken.insert(VALIDITY);
                }
                if let Some(value) = state.ledger.chosen(slot) {
                    match (known.get(&slot), self.chosen_in(slot, value)) {
                        (Some((other, _)), _) if other != value => drop(broken.insert(AGREEMENT)),
                        (None, None) => drop(broken.insert(CHOSEN_BY_QUORUM)),
                        (None, Some(ballot)) => drop(known.insert(slot, (value.clone(), ballot))),
                        (Some(_), _) => {}
                    }
                }
            }
            for slot in (1..=state.ledger.start().get()).map(Slot::new) {
                if let Entry::Vacant(unknown) = known.entry(slot) {
                    match self.chosen(slot) {
                        Some(decision) => drop(unknown.insert(decision)),
                        None => drop(broken.insert(CHOSEN_BY_QUORUM)),
                    }
                }
            }
            let start = state.ledger.start();
            if self.all().any(|(_, other)| other.ledger.start() == start && other.snapshot != state.snapshot) {
                broken.insert(SAME_STATE);
            }
            let missing = |slot| slot > start && state.ledger.chosen(slot).is_none();
            if (1..=state.applied).map(Slot::new).any(missing) {
                broken.insert(IN_ORDER);
            }
            if let Some((ballot, promises)) = &state.counted {
                let made = |acceptor: &NodeId| {
                    acceptor.index() == id
                        || self.states(acceptor.index()).iter().any(|(_, state)| state.promised >= *ballot)
                };
                if !promises.iter().all(made) {
                    broken.insert(PROMISE_KEPT);
                }
            }
        }
        for id in 0..NODES {
            self.changes(id, &mut broken);
        }
        for (slot, (_, ballot)) in known.iter() {
            let holds = |id: &usize| {
                self.states(*id).last().is_some_and(|(_, state)| {
                    let voted = state.ledger.vote(*slot).is_some_and(|vote| vote.ballot >= *ballot);
                    voted || state.ledger.start() >= *slot
                })
            };
            let holders = (0..NODES).filter(holds).count();
            if holders < QUORUM {
                broken.insert(STABILITY);
            }
        }
        broken
    }

    /// What must hold between one state of a node and the next.
    fn changes(&self, id: usize, broken: &mut BTreeSet<&'static str>) {
        let states = self.states(id);
        for pair in states.windows(2) {
            let [(life, before), (next_life, after)] = pair else { continue };
            if life != next_life {
                continue;
            }
            if after.promised < before.promised {
                broken.insert(PROMISE_KEPT);
            }
            let below = |slot: Slot| {
                let (old, new) = (before.ledger.vote(slot), after.ledger.vote(slot));
                new.is_some_and(|new| old.map(|old| old.ballot) != Some(new.ballot) && new.ballot < before.promised)
            };
            if self.slots().any(below) {
                broken.insert(ACCEPTED_BELOW_PROMISE);
            }
        }
        // What a proposer has counted binds all later states.
        let mut owed = Ballot::BOTTOM;
        for (node, state) in self.all() {
            if node == id && state.promised < owed {
                broken.insert(PROMISE_KEPT);
            }
            if let Some((ballot, promises)) = &state.counted
                && promises.contains(&NodeId::at(id))
            {
                owed = owed.max(*ballot);
            }
        }
    }
}

/// What a node might be next: mostly as Paxos would have it, now and then not.
fn next(states: &[State], id: usize, rng: &mut Stream) -> State {
    let state = states[id].clone();
    let other = &states[rng.below(NODES as u64) as usize];
    let slot = 1 + u64::from(rng.below(4) == 0);
    match rng.below(19) {
        0 => {
            let promised = state.promised.round.get();
            let own = (promised + 1..).find(|&round| ballot(round).node == NodeId::at(id));
            let higher = own.filter(|_| rng.below(2) == 0).unwrap_or(promised + rng.below(3));
            State { counted: None, leads: None, ..state }.promising(higher)
        }
        1 | 2 => {
            let round = state.promised.round.get();
            let (counted, mine) = (&state.counted, ballot(round).node == NodeId::at(id));
            if mine && round > 0 && counted.is_none() {
                let who: Vec<usize> =
                    (0..NODES).filter(|&node| node == id || states[node].promised >= ballot(round)).collect();
                let lies = rng.below(200) == 0;
                state.counting(round, if lies { &[0, 1, 2] } else { &who })
            } else {
                state
            }
        }
        3 | 4 => match &state.counted {
            Some((ballot, _)) => {
                let round = ballot.round.get();
                let free = state.leads.as_ref().is_none_or(|(_, next, _)| *next <= Slot::new(slot));
                if free { state.proposing(round, slot, rng.below(2)) } else { state }
            }
            None => state,
        },
        5..=9 => match &other.leads {
            Some((ballot, _, proposals)) if *ballot >= state.promised || rng.below(60) == 0 => {
                let Some(proposal) = proposals.get(&Slot::new(slot)) else { return state };
                let Value::Command { op, .. } = proposal.value else { return state };
                let round = ballot.round.get();
                let promised = state.promised.max(*ballot);
                let mut state = state.accepting(slot, round, op ^ u64::from(rng.below(300) == 0));
                state.promised = promised;
                state
            }
            _ => state,
        },
        10..=12 => match other.ledger.vote(Slot::new(slot)) {
            Some(vote @ Vote { value: Value::Command { op, .. }, .. }) => {
                let holders = states.iter().filter(|state| state.ledger.vote(Slot::new(slot)) == Some(vote)).count();
                if holders >= QUORUM || rng.below(100) == 0 { state.knowing(slot, *op) } else { state }
            }
            _ => state,
        },
        13 => {
            let applied = state.ledger.commit().get() + u64::from(rng.below(200) == 0);
            state.applying(applied)
        }
        16 => {
            let (start, commit) = (state.ledger.start().get(), state.ledger.commit().get());
            let last = commit + u64::from(rng.below(300) == 0);
            let content = |slot| state.ledger.chosen(Slot::new(slot)).map_or(0, digest_of);
            let snapshot = (start + 1..=last).fold(state.snapshot, |before, slot| digest_of(&(before, content(slot))));
            state.dropping(last, snapshot ^ u64::from(last > start && rng.below(6) == 0))
        }
        17 | 18 if other.ledger.start() > state.ledger.start() => {
            state.dropping(other.ledger.start().get(), other.snapshot)
        }
        _ => state,
    }
}

#[test]
fn the_monitor_and_its_slow_twin_agree_on_random_histories() {
    let mut found = BTreeSet::new();
    let (mut steps_without_breach, mut decided, mut dropped) = (0, 0, 0);
    for seed in 0..2_500 {
        let mut rng = Seed(seed).stream("histories");
        let mut states = vec![node(0); NODES];
        let (mut monitor, mut twin, mut known) = (monitor(), Twin::default(), BTreeMap::new());
        for step in 0..100 {
            let id = rng.below(NODES as u64) as usize;
            // A leader that is down proposes nothing that nobody sees: here, a state is looked at whenever it changes.
            if rng.below(15) == 0 && states[id].promised.node != NodeId::at(id) {
                states[id] = match rng.below(12) {
                    0 => node(states[id].promised.round.get()),
                    1 if rng.below(4) == 0 => node(states[id].promised.round.get() / 2),
                    _ => states[id].restarted(),
                };
                crash(&mut monitor, id);
                twin.past.push((id, None));
            } else {
                states[id] = next(&states, id, &mut rng);
            }
            twin.past.push((id, Some(states[id].clone())));
            let fast = look(&mut monitor, id, &states[id]);
            let slow = twin.broken(&mut known);
            assert_eq!(fast.is_some(), !slow.is_empty(), "seed {seed}, step {step}: {fast:?}, {slow:?}");
            if let Some(property) = fast {
                assert!(slow.contains(property), "seed {seed}, step {step}: {property} is not among {slow:?}");
                found.insert(property);
                break;
            }
            steps_without_breach += 1;
        }
        decided += known.len();
        dropped += states.iter().filter(|state| state.ledger.start() > Slot::ZERO).count();
    }
    // The servers never change here: `servers` has histories in which they do.
    let all = PROPERTIES.iter().map(|property| property.name).filter(|&name| name != SERVERS_OF_SLOTS);
    assert_eq!(found, all.collect(), "every property was broken at least once");
    assert!(steps_without_breach > 20_000, "histories are long enough: {steps_without_breach}");
    assert!(decided > 100 && dropped > 100, "something is decided in them, and dropped: {decided}, {dropped}");
}
