//! The monitor is tested itself: every property is broken by hand, and on random histories a slow twin, which reads
//! Figure 3 word by word over all that ever was, must come to the same conclusion.

use std::collections::BTreeSet;

use shaketable_sim::spec::register::Register;

use super::super::configuration::Configuration;
use super::super::types::{Entry, Payload};
use super::*;

mod twin;

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
    breach(monitor, node, state).map(|breach| breach.property)
}

fn breach(monitor: &mut Figure3, node: usize, state: &State) -> Option<Box<Breach>> {
    let mut log = state.log.clone();
    let index = LogIndex::new(state.compacted.min(log.last_index().get()));
    log.compact(EntryId { term: log.term_at(index).unwrap(), index });
    let (_, base) = state.configurations(index).pop().unwrap();
    let (term, commit) = (Term::new(state.term), LogIndex::new(state.commit));
    let view = View { term, leads: state.leads, commit, log: &log, base: &base };
    monitor.look(NodeId::at(node), &view).err()
}

/// Shows states to a monitor, one after the other; the last must break `property`, and none before it anything.
/// The places of the states that it says this goes against.
fn breaks(property: &str, states: &[(usize, &State)]) -> Vec<usize> {
    let mut monitor = monitor(5);
    let mut show = |(place, &(node, state)): (usize, &(usize, &State))| {
        Invariants::<Raft<Register>>::at(&mut monitor, Now { event: place as u64, ..Now::default() });
        breach(&mut monitor, node, state)
    };
    let mut results: Vec<_> = states.iter().enumerate().map(&mut show).collect();
    let last = results.pop().flatten().unwrap();
    assert_eq!(last.property, property);
    assert!(results.iter().all(Option::is_none), "{results:?}");
    let places = last.against.iter().map(|earlier| (earlier.sight.node, earlier.sight.event as usize));
    places.inspect(|&(node, place)| assert_eq!(node, NodeId::at(states[place].0))).map(|(_, place)| place).collect()
}

fn holds(states: &[(usize, &State)]) {
    let mut monitor = monitor(5);
    for &(node, state) in states {
        assert_eq!(look(&mut monitor, node, state), None, "n{} {state:?}", node + 1);
    }
}

#[test]
fn two_leaders_of_one_term_break_election_safety() {
    let against = breaks(ELECTION_SAFETY, &[(0, &leader(3)), (0, &follower(4)), (1, &leader(3))]);
    assert_eq!(against, [0]);
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
    assert_eq!(breaks(LOG_MATCHING, &[(0, &one), (1, &follower(2).appending(&[(2, 7), (2, 8)]))]), [0]);
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
    assert_eq!(breaks(LEADER_COMPLETENESS, &[(0, &old), (1, &leader(2).appending(&[(1, 7)]))]), [0]);
    breaks(LEADER_COMPLETENESS, &[(0, &old), (1, &leader(2).appending(&[(1, 7), (2, 8)]))]);
}

#[test]
fn an_entry_that_is_committed_although_a_later_leader_lacks_it_breaks_leader_completeness() {
    let old = leader(1).appending(&[(1, 7), (1, 8)]);
    let later = leader(2).appending(&[(1, 7)]);
    assert_eq!(breaks(LEADER_COMPLETENESS, &[(0, &old), (1, &later), (0, &old.clone().knowing(2))]), [1]);
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
    assert_eq!(breaks(STATE_MACHINE_SAFETY, &[(0, &one), (1, &follower(2).appending(&[(2, 7)]).knowing(1))]), [0]);
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
