//! The monitor is tested itself: every property is broken by hand, and on random histories a slow twin, which reads
//! Figure 3 word by word over all that ever was, must come to the same conclusion.

use std::collections::BTreeSet;

use shaketable_sim::rng::{Seed, Stream};
use shaketable_sim::spec::register::Register;

use super::super::types::{Entry, Payload};
use super::*;

/// A server as the properties see it. Entries are (term, content).
#[derive(Clone, Debug, Default)]
struct State {
    term: u64,
    leads: bool,
    commit: u64,
    log: Log<u64>,
}

impl State {
    fn appending(mut self, entries: &[(u64, u64)]) -> State {
        for &(term, content) in entries {
            let id = shaketable_sim::id::OpId { client: shaketable_sim::id::ClientId::at(0), seq: 1 };
            self.log.push(Entry::new(Term::new(term), Payload::Command { id, op: content }));
        }
        self
    }

    fn truncated(mut self, last: u64) -> State {
        self.log.truncate(LogIndex::new(last));
        self
    }

    fn knowing(mut self, commit: u64) -> State {
        self.commit = commit;
        self
    }

    fn in_term(mut self, term: u64, leads: bool) -> State {
        (self.term, self.leads) = (term, leads);
        self
    }
}

fn leader(term: u64) -> State {
    State::default().in_term(term, true)
}

fn follower(term: u64) -> State {
    State::default().in_term(term, false)
}

fn monitor(nodes: usize) -> Figure3 {
    <Figure3 as Invariants<Raft<Register>>>::new(nodes)
}

fn crash(monitor: &mut Figure3, node: usize) {
    Invariants::<Raft<Register>>::after_crash(monitor, NodeId::at(node));
}

fn look(monitor: &mut Figure3, node: usize, state: &State) -> Option<&'static str> {
    let view =
        View { term: Term::new(state.term), leads: state.leads, commit: LogIndex::new(state.commit), log: &state.log };
    monitor.look(NodeId::at(node), &view).err().map(|breach| breach.property)
}

/// Shows states to a monitor, one after the other; the last must break `property`, and none before it anything.
fn breaks(property: &str, states: &[(usize, &State)]) {
    let mut monitor = monitor(5);
    let results: Vec<_> = states.iter().map(|&(node, state)| look(&mut monitor, node, state)).collect();
    let (last, before) = results.split_last().unwrap();
    assert_eq!(*last, Some(property));
    assert!(before.iter().all(Option::is_none), "{before:?}");
}

fn holds(states: &[(usize, &State)]) {
    let mut monitor = monitor(5);
    for &(node, state) in states {
        assert_eq!(look(&mut monitor, node, state), None, "n{} {state:?}", node + 1);
    }
}

#[test]
fn two_leaders_of_one_term_break_election_safety() {
    breaks(ELECTION_SAFETY, &[(0, &leader(3)), (0, &follower(4)), (1, &leader(3))]);
}

#[test]
fn two_leaders_of_different_terms_are_no_breach() {
    holds(&[(0, &leader(3)), (1, &leader(4)), (0, &leader(3))]);
}

#[test]
fn a_leader_that_deletes_breaks_leader_append_only() {
    let before = leader(2).appending(&[(1, 7), (2, 8)]);
    let after = before.clone().truncated(1).appending(&[(2, 9)]);
    breaks(LEADER_APPEND_ONLY, &[(0, &before), (0, &after)]);
}

#[test]
fn a_server_may_delete_before_and_after_it_leads() {
    let before = follower(1).appending(&[(1, 7), (1, 8)]);
    let leads = before.clone().truncated(1).in_term(2, true).appending(&[(2, 9)]);
    let after = leads.clone().truncated(1).in_term(3, false);
    holds(&[(0, &before), (0, &leads), (0, &after)]);
}

#[test]
fn logs_that_share_a_later_entry_but_not_an_earlier_one_break_log_matching() {
    let one = follower(2).appending(&[(1, 7), (2, 8)]);
    breaks(LOG_MATCHING, &[(0, &one), (1, &follower(2).appending(&[(2, 7), (2, 8)]))]);
}

#[test]
fn different_entries_of_one_term_at_one_index_break_log_matching() {
    let one = follower(1).appending(&[(1, 7)]);
    breaks(LOG_MATCHING, &[(0, &one), (0, &one.clone().truncated(0)), (1, &follower(1).appending(&[(1, 8)]))]);
}

#[test]
fn conflicting_entries_of_different_terms_are_no_breach() {
    holds(&[(0, &follower(1).appending(&[(1, 7)])), (1, &follower(2).appending(&[(2, 7)]))]);
}

#[test]
fn a_new_leader_that_lacks_a_committed_entry_breaks_leader_completeness() {
    let old = leader(1).appending(&[(1, 7), (1, 8)]).knowing(2);
    breaks(LEADER_COMPLETENESS, &[(0, &old), (1, &leader(2).appending(&[(1, 7)]))]);
    breaks(LEADER_COMPLETENESS, &[(0, &old), (1, &leader(2).appending(&[(1, 7), (2, 8)]))]);
}

#[test]
fn an_entry_that_is_committed_although_a_later_leader_lacks_it_breaks_leader_completeness() {
    let old = leader(1).appending(&[(1, 7), (1, 8)]);
    let later = leader(2).appending(&[(1, 7)]);
    breaks(LEADER_COMPLETENESS, &[(0, &old), (1, &later), (0, &old.clone().knowing(2))]);
}

#[test]
fn a_leader_of_an_earlier_term_may_lack_what_later_ones_commit() {
    let old = leader(1).appending(&[(1, 7)]);
    holds(&[
        (0, &old),
        (1, &leader(2).appending(&[(1, 7), (2, 8)]).knowing(2)),
        (0, &old.clone().appending(&[(1, 9)])),
    ]);
}

#[test]
fn different_entries_committed_at_one_index_break_state_machine_safety() {
    let one = follower(2).appending(&[(1, 7)]).knowing(1);
    breaks(STATE_MACHINE_SAFETY, &[(0, &one), (1, &follower(2).appending(&[(2, 7)]).knowing(1))]);
}

#[test]
fn a_crash_excuses_lost_entries_but_not_two_leaders() {
    let mut monitor = monitor(3);
    let full = leader(2).appending(&[(1, 7), (2, 8)]);
    assert_eq!(look(&mut monitor, 0, &full), None);
    crash(&mut monitor, 0);
    let less = State { log: Log::default(), ..follower(2) }.appending(&[(1, 7)]);
    assert_eq!(look(&mut monitor, 0, &less), None);
    assert_eq!(look(&mut monitor, 1, &leader(2).appending(&[(1, 7)])), Some(ELECTION_SAFETY));
}

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

    fn look(&mut self, node: usize, state: &State) -> BTreeSet<&'static str> {
        let mut broken = BTreeSet::new();
        let log = Twin::terms_and_prefixes(state);
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
    let term = state.term.max(state.log.last().term.get()) + rng.below(3);
    match rng.below(10) {
        0 | 1 => state.in_term(term, rng.below(2) == 0),
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
