//! Figure 3, word by word, and random histories on which the monitor must agree with that.

use shaketable_sim::rng::{Seed, Stream};

use super::*;

/// Figure 3 over all that ever was, without any cleverness.
#[derive(Default)]
struct Twin {
    leaders: BTreeSet<(u64, usize)>,
    prefixes: BTreeSet<(usize, u64, String)>,
    committed: Vec<(String, u64)>,
    now: Vec<Option<State>>,
}

impl Twin {
    fn terms_and_prefixes(state: &State) -> Vec<(u64, String)> {
        let entries = state.log.slice(LogIndex::new(1), usize::MAX);
        (1..=entries.len()).map(|end| (entries[end - 1].term.get(), format!("{:?}", &entries[..end]))).collect()
    }

    /// All adjacent pairs, of which a leader must have had the right to append those that are new.
    fn look_at_configurations(&self, node: usize, state: &State) -> BTreeSet<&'static str> {
        let mut broken = BTreeSet::new();
        let found = state.configurations(state.log.last_index());
        let known = self.now[node].as_ref().map_or(0, |old| old.log.last_index().get());
        for ((before, old), (at, new)) in found.iter().zip(&found[1..]) {
            let majority = |of: &Configuration, bits: u32, flip: u32| {
                let Some(voters) = of.electorates().next() else { return false };
                2 * voters.iter().filter(|voter| (bits >> voter.index() & 1) != flip).count() > voters.len()
            };
            if (0..32).any(|bits| majority(old, bits, 0) && majority(new, bits, 1)) {
                broken.insert(CONFIGURATION_OVERLAP);
            }
            let appended = state.leads && at.get() > known && state.log.term_at(*at) == Some(Term::new(state.term));
            let committed = state.log.slice(LogIndex::new(1), state.commit as usize);
            let own = committed.iter().any(|entry| entry.term.get() == state.term);
            if appended && (before.get() > state.commit || !own) {
                broken.insert(CONFIGURATION_CHANGE);
            }
        }
        broken
    }

    fn look(&mut self, node: usize, state: &State) -> BTreeSet<&'static str> {
        let mut broken = BTreeSet::new();
        let log = Twin::terms_and_prefixes(state);
        broken.extend(self.look_at_configurations(node, state));
        if let Some(old) = &self.now[node]
            && (old.leads && state.leads && old.term == state.term)
            && old.log.truncations() != state.log.truncations()
        {
            broken.insert(LEADER_APPEND_ONLY);
        }
        if state.leads {
            self.leaders.insert((state.term, node));
        }
        self.prefixes.extend(log.iter().enumerate().map(|(place, (term, prefix))| (place, *term, prefix.clone())));
        for (place, (_, prefix)) in log.iter().enumerate().take(state.commit as usize) {
            match self.committed.get(place) {
                Some((known, _)) if known != prefix => drop(broken.insert(STATE_MACHINE_SAFETY)),
                Some(_) => {}
                None => self.committed.push((prefix.clone(), state.term)),
            }
        }
        self.now[node] = Some(state.clone());
        let mut leaders: Vec<u64> = self.leaders.iter().map(|(term, _)| *term).collect();
        leaders.dedup();
        if leaders.len() < self.leaders.len() {
            broken.insert(ELECTION_SAFETY);
        }
        let mut entries: Vec<(usize, u64)> = self.prefixes.iter().map(|(place, term, _)| (*place, *term)).collect();
        entries.dedup();
        if entries.len() < self.prefixes.len() {
            broken.insert(LOG_MATCHING);
        }
        for leader in self.now.iter().flatten().filter(|state| state.leads) {
            let log = Twin::terms_and_prefixes(leader);
            let lacks = |(place, (prefix, term)): (usize, &(String, u64))| {
                *term < leader.term && log.get(place).map(|(_, prefix)| prefix) != Some(prefix)
            };
            if self.committed.iter().enumerate().any(lacks) {
                broken.insert(LEADER_COMPLETENESS);
            }
        }
        broken
    }
}

/// What a server might be next: mostly as Raft would have it, now and then not.
fn next(states: &[State], node: usize, rng: &mut Stream) -> State {
    let state = states[node].clone();
    let other = &states[rng.below(states.len() as u64) as usize];
    let term = (state.term.max(state.log.last().term.get()) + rng.below(3)).max(1); // Nobody leads in term 0.
    match rng.below(10) {
        0 | 1 => state.in_term(term, rng.below(2) == 0),
        2 if state.leads && rng.below(4) == 0 => {
            let term = state.term;
            let voters: &[&[usize]] = &[&[1, 2], &[1, 2, 3], &[1, 2, 3, 4], &[1, 2, 3, 4, 5]];
            state.configuring(term, rng.pick(voters).unwrap())
        }
        2 | 3 if state.leads => {
            let term = state.term;
            state.appending(&[(term, rng.below(8))])
        }
        4..=6 if !state.leads => {
            let shared = state.log.slice(LogIndex::new(1), 99).iter().zip(other.log.slice(LogIndex::new(1), 99));
            let shared = shared.take_while(|(own, other)| own == other).count() as u64;
            let mut state = state.truncated(shared);
            state.log.extend(other.log.slice(LogIndex::new(shared + 1), 99));
            state.in_term(term.max(other.term), false)
        }
        9 => {
            let last = state.commit.min(state.log.last_index().get());
            state.compacted(last)
        }
        7 => {
            let commit = state.commit.max(rng.below(state.log.last_index().get() + 1));
            state.knowing(commit)
        }
        8 if rng.below(4) == 0 => {
            let last = rng.below(state.log.last_index().get() + 1);
            state.truncated(last)
        }
        _ => state,
    }
}

#[test]
fn the_monitor_and_its_slow_twin_agree_on_random_histories() {
    let mut found = BTreeSet::new();
    let mut steps_without_breach = 0;
    for seed in 0..2_000 {
        let mut rng = Seed(seed).stream("histories");
        let mut states = vec![State::default(); 3];
        let mut monitor = monitor(3);
        let mut twin = Twin { now: vec![None; 3], ..Twin::default() };
        for step in 0..60 {
            let node = rng.below(3) as usize;
            if rng.below(12) == 0 {
                let last = rng.below(states[node].log.last_index().get() + 1);
                let survived = State::default().in_term(states[node].term, false);
                let entries = states[node].log.slice(LogIndex::new(1), last as usize).to_vec();
                states[node] = survived;
                states[node].log.extend(&entries);
                crash(&mut monitor, node);
                twin.now[node] = None;
            } else {
                states[node] = next(&states, node, &mut rng);
            }
            let fast = look(&mut monitor, node, &states[node]);
            let slow = twin.look(node, &states[node]);
            assert_eq!(fast.is_some(), !slow.is_empty(), "seed {seed}, step {step}: {fast:?}, {slow:?}");
            if let Some(property) = fast {
                assert!(slow.contains(property), "seed {seed}, step {step}: {property} is not among {slow:?}");
                found.insert(property);
                break;
            }
            steps_without_breach += 1;
        }
    }
    assert_eq!(found.len(), PROPERTIES.len(), "every property was broken at least once: {found:?}");
    assert!(
        steps_without_breach > 20_000,
        "histories are long enough to test that nothing is found: {steps_without_breach}"
    );
}
