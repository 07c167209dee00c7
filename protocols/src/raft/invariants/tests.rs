//! The monitor is tested itself: every property is broken by hand, and on random histories a slow twin, which reads
//! Figure 3 word by word over all that ever was, must come to the same conclusion.

use std::collections::BTreeSet;

use shaketable_sim::rng::{Seed, Stream};
use shaketable_sim::spec::register::Register;

use super::super::configuration::Configuration;
use super::super::types::{Entry, Payload};
use super::*;

/// A server as the properties see it. Entries are (term, content).
#[derive(Clone, Debug, Default)]
struct State {
    term: u64,
    leads: bool,
    commit: u64,
    log: Log<u64>,
    /// How many of its first entries the monitor is not shown, because a snapshot stands for them.
    compacted: u64,
}

impl State {
    fn compacted(mut self, last: u64) -> State {
        self.compacted = last;
        self
    }

    fn appending(mut self, entries: &[(u64, u64)]) -> State {
        for &(term, content) in entries {
            let id = shaketable_sim::id::OpId { client: shaketable_sim::id::ClientId::at(0), seq: 1 };
            self.log.push(Entry::new(Term::new(term), Payload::Command { id, op: content }));
        }
        self
    }

    /// With an entry that makes these the voters.
    fn configuring(mut self, term: u64, voters: &[usize]) -> State {
        let configuration = Configuration::first(set(voters));
        self.log.push(Entry::new(Term::new(term), Payload::Config(Box::new(configuration))));
        self
    }

    /// Where its configurations stand up to an entry, beginning with the first.
    fn configurations(&self, last: LogIndex) -> Vec<(LogIndex, Configuration)> {
        let mut found = vec![(LogIndex::ZERO, Configuration::first(set(&[1, 2, 3])))];
        for (place, entry) in self.log.slice(LogIndex::new(1), last.get() as usize).iter().enumerate() {
            if let Payload::Config(configuration) = &entry.payload {
                found.push((LogIndex::ZERO.plus(place + 1), (**configuration).clone()));
            }
        }
        found
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

fn set(numbers: &[usize]) -> BTreeSet<NodeId> {
    numbers.iter().map(|number| NodeId::at(number - 1)).collect()
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
    let mut log = state.log.clone();
    let index = LogIndex::new(state.compacted.min(log.last_index().get()));
    log.compact(EntryId { term: log.term_at(index).unwrap(), index });
    let (_, base) = state.configurations(index).pop().unwrap();
    let (term, commit) = (Term::new(state.term), LogIndex::new(state.commit));
    let view = View { term, leads: state.leads, commit, log: &log, base: &base };
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
fn a_log_that_begins_behind_a_snapshot_is_checked_as_if_it_were_whole() {
    let old = leader(1).appending(&[(1, 7), (1, 8)]);
    let known = old.clone().knowing(2);
    // One that has seen neither entry gets a snapshot of the first, and goes on with another second entry.
    let other = follower(2).appending(&[(1, 7), (2, 9)]).compacted(1);
    holds(&[(0, &old), (0, &known), (1, &other)]);
    breaks(STATE_MACHINE_SAFETY, &[(0, &old), (0, &known), (1, &other.clone().knowing(2))]);
    breaks(LEADER_COMPLETENESS, &[(0, &old), (0, &known), (1, &other.in_term(2, true))]);
}

#[test]
fn a_snapshot_of_entries_that_no_log_had_breaks_state_machine_safety() {
    let known = leader(1).appending(&[(1, 7)]).knowing(1);
    breaks(STATE_MACHINE_SAFETY, &[(0, &known), (1, &follower(2).appending(&[(1, 7), (1, 8)]).compacted(2))]);
    breaks(STATE_MACHINE_SAFETY, &[(0, &known), (1, &follower(2).appending(&[(2, 7)]).compacted(1))]);
}

#[test]
fn a_snapshot_of_an_entry_whose_commitment_nobody_saw_is_no_breach() {
    let mut monitor = monitor(3);
    let state = leader(1).appending(&[(1, 7), (1, 8)]);
    assert_eq!(look(&mut monitor, 0, &state), None);
    crash(&mut monitor, 0);
    let booted = state.in_term(1, false).knowing(2).compacted(2);
    assert_eq!(look(&mut monitor, 0, &booted), None, "it crashed in the middle of committing and compacting");
    assert_eq!(look(&mut monitor, 1, &leader(2)), Some(LEADER_COMPLETENESS));
}

#[test]
fn a_configuration_whose_quorums_miss_some_of_the_one_before_breaks_configuration_overlap() {
    let state = leader(1).appending(&[(1, 7)]).knowing(1);
    breaks(CONFIGURATION_OVERLAP, &[(0, &state), (0, &state.clone().configuring(1, &[1, 4, 5]))]);
    let grown = state.configuring(1, &[1, 2, 3, 4]);
    holds(&[(0, &grown)]);
    let next = grown.clone().knowing(2).configuring(1, &[1, 5]).compacted(2);
    breaks(CONFIGURATION_OVERLAP, &[(0, &grown), (0, &next)]);
}

#[test]
fn a_second_configuration_before_the_first_is_committed_breaks_configuration_change() {
    let first = leader(1).appending(&[(1, 7)]).knowing(1).configuring(1, &[1, 2, 3, 4]);
    breaks(CONFIGURATION_CHANGE, &[(0, &first), (0, &first.clone().configuring(1, &[1, 2, 3]))]);
    holds(&[(0, &first), (0, &first.clone().knowing(2)), (0, &first.clone().knowing(2).configuring(1, &[1, 2, 3]))]);
}

#[test]
fn a_configuration_before_any_entry_of_the_leaders_term_is_committed_breaks_configuration_change() {
    let state = leader(2).appending(&[(1, 7), (2, 8)]).knowing(1);
    breaks(CONFIGURATION_CHANGE, &[(0, &state), (0, &state.clone().configuring(2, &[1, 2]))]);
    holds(&[(0, &state), (0, &state.clone().knowing(2).configuring(2, &[1, 2]))]);
}

#[test]
fn a_follower_may_take_several_configurations_at_once() {
    let state = follower(2).appending(&[(1, 7)]).configuring(1, &[1, 2, 3, 4]).configuring(1, &[1, 2, 3, 4, 5]);
    holds(&[(0, &state), (1, &state.clone().in_term(3, true))]);
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
