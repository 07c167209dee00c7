//! The monitor is tested itself: every property is broken by hand, and on random histories a slow twin, which keeps every state that ever was
//! and reads the properties word by word over all of them, must come to the same conclusion.

use shaketable_sim::id::ClientId;
use shaketable_sim::rng::{Seed, Stream};
use shaketable_sim::spec::register::Register;

use super::super::quorums::Sizes;
use super::super::types::{Round, Value, Vote};
use super::*;

const NODES: usize = 3;
const QUORUM: usize = 2;

/// A node as the properties see it.
#[derive(Clone, Debug)]
struct State {
    promised: Ballot,
    applied: u64,
    ledger: Ledger<u64>,
    /// What it has made of the slots that it has dropped.
    snapshot: u64,
    counted: Option<(Ballot, BTreeSet<NodeId>)>,
    leads: Option<(Ballot, Slot, BTreeMap<Slot, Proposal<u64>>)>,
    latest: Tenure,
}

/// Who runs the first slots: everybody.
fn first() -> Configuration {
    Configuration::new(NodeId::all(NODES).collect(), Sizes::Majorities).unwrap()
}

fn ballot(round: u64) -> Ballot {
    Ballot { round: Round::new(round), node: NodeId::at(round as usize % NODES) }
}

fn value(content: u64) -> Value<u64> {
    Value::Command { id: OpId { client: ClientId::at(0), seq: 1 }, op: content }
}

/// A node that has promised the ballot of this round.
fn node(round: u64) -> State {
    State {
        promised: ballot(round),
        applied: 0,
        ledger: Ledger::default(),
        snapshot: 0,
        counted: None,
        leads: None,
        latest: Tenure { from: Slot::ZERO, number: 0, configuration: first() },
    }
}

impl State {
    fn promising(mut self, round: u64) -> State {
        self.promised = ballot(round);
        self
    }

    fn accepting(mut self, slot: u64, round: u64, content: u64) -> State {
        self.ledger.accept(Slot::new(slot), Vote { ballot: ballot(round), value: value(content) });
        self
    }

    fn knowing(mut self, slot: u64, content: u64) -> State {
        self.ledger.choose(Slot::new(slot), value(content));
        self
    }

    fn applying(mut self, applied: u64) -> State {
        self.applied = applied;
        self
    }

    fn counting(mut self, round: u64, promises: &[usize]) -> State {
        self.counted = Some((ballot(round), promises.iter().copied().map(NodeId::at).collect()));
        self
    }

    /// Leads with a ballot, and proposes one more value.
    fn proposing(mut self, round: u64, slot: u64, content: u64) -> State {
        let (_, next, proposals) = self.leads.get_or_insert_with(|| (ballot(round), Slot::new(1), BTreeMap::new()));
        proposals.insert(Slot::new(slot), Proposal::new(value(content)));
        *next = (*next).max(Slot::new(slot).next());
        self
    }

    /// Drops all slots up to one, for which this snapshot stands.
    fn dropping(mut self, last: u64, snapshot: u64) -> State {
        self.ledger.drop_until(Slot::new(last));
        (self.snapshot, self.applied) = (snapshot, self.applied.max(last));
        self
    }

    /// What is there after a crash that has kept everything.
    fn restarted(&self) -> State {
        let mut state = State { promised: self.promised, ..node(0) }.dropping(self.ledger.start().get(), self.snapshot);
        for slot in (self.ledger.start().next().get()..=self.ledger.last().get()).map(Slot::new) {
            self.ledger.vote(slot).into_iter().for_each(|vote| state.ledger.accept(slot, vote.clone()));
            self.ledger.chosen(slot).into_iter().for_each(|value| state.ledger.choose(slot, value.clone()));
        }
        state
    }
}

fn monitor() -> Safety {
    let safety = <Safety as Invariants<Paxos<Register>>>::new(NODES);
    Safety { electors: Some(Electors::new(first(), None)), ..safety }
}

fn crash(monitor: &mut Safety, id: usize) {
    Invariants::<Paxos<Register>>::after_crash(monitor, NodeId::at(id));
}

fn look(monitor: &mut Safety, id: usize, state: &State) -> Option<&'static str> {
    let view = View {
        promised: state.promised,
        faulty: false,
        applied: Slot::new(state.applied),
        latest: &state.latest,
        ledger: &state.ledger,
        snapshot: (state.ledger.start() > Slot::ZERO).then_some(state.snapshot),
        counted: state.counted.as_ref().map(|(ballot, promises)| (*ballot, promises)),
        leads: state.leads.as_ref().map(|(ballot, next, proposals)| Leads { ballot: *ballot, next: *next, proposals }),
    };
    monitor.look(NodeId::at(id), &view).err().map(|breach| breach.property)
}

/// Something that a history consists of.
#[derive(Clone)]
enum Step<'a> {
    Look(usize, &'a State),
    Crash(usize),
}
use Step::{Crash, Look};

fn play(steps: &[Step<'_>]) -> Vec<&'static str> {
    let mut monitor = monitor();
    let mut broken = Vec::new();
    for step in steps {
        match step {
            Look(id, state) => broken.extend(look(&mut monitor, *id, state)),
            Crash(id) => crash(&mut monitor, *id),
        }
    }
    broken
}

/// The last step breaks the property, and none before it anything.
fn breaks(property: &'static str, steps: &[Step<'_>]) {
    assert_eq!(play(&steps[..steps.len() - 1]), [""; 0]);
    assert_eq!(play(steps), [property]);
}

fn holds(steps: &[Step<'_>]) {
    assert_eq!(play(steps), [""; 0]);
}

#[test]
fn two_decisions_of_one_slot_break_agreement() {
    let (one, two) = (node(1).proposing(1, 1, 7), node(2).proposing(2, 1, 8));
    let first = [one.clone().accepting(1, 1, 7), node(1).accepting(1, 1, 7)];
    let later = [node(2).accepting(1, 2, 8), two.clone().accepting(1, 2, 8)];
    let known = first[0].clone().knowing(1, 7);
    let known_again = later[1].clone().knowing(1, 8);
    breaks(
        AGREEMENT,
        &[
            Look(1, &one),
            Look(1, &first[0]),
            Look(0, &first[1]),
            Look(1, &known),
            Look(2, &two),
            Look(0, &later[0]),
            Look(2, &later[1]),
            Look(2, &known_again),
        ],
    );
}

#[test]
fn two_values_with_one_ballot_break_its_uniqueness() {
    breaks(ONE_VALUE_PER_BALLOT, &[Look(1, &node(1).proposing(1, 1, 7)), Look(2, &node(1).proposing(1, 1, 8))]);
    holds(&[Look(1, &node(1).proposing(1, 1, 7)), Look(2, &node(2).proposing(2, 1, 8))]);
}

#[test]
fn a_vote_below_the_promise_is_a_breach_and_one_at_it_is_none() {
    let leader = node(1).proposing(1, 1, 7);
    breaks(ACCEPTED_BELOW_PROMISE, &[Look(1, &leader), Look(0, &node(2)), Look(0, &node(2).accepting(1, 1, 7))]);
    holds(&[Look(1, &leader), Look(0, &node(1)), Look(0, &node(1).accepting(1, 1, 7).promising(2))]);
}

#[test]
fn a_promise_that_falls_breaks_it_and_so_does_one_that_was_counted_and_is_lost() {
    breaks(PROMISE_KEPT, &[Look(0, &node(2)), Look(0, &node(1))]);
    let candidate = node(2).counting(2, &[0, 2]);
    breaks(PROMISE_KEPT, &[Look(0, &node(2)), Look(2, &candidate), Crash(0), Look(0, &node(1))]);
    holds(&[Look(0, &node(2)), Crash(0), Look(0, &node(1))]); // Nobody relied on it.
}

#[test]
fn a_promise_that_was_never_made_must_not_be_counted() {
    breaks(PROMISE_KEPT, &[Look(0, &node(1)), Look(2, &node(2).counting(2, &[0, 2]))]);
}

#[test]
fn a_vote_for_what_nobody_proposed_breaks_validity_unless_its_leader_crashed_unseen() {
    breaks(VALIDITY, &[Look(1, &node(1).proposing(1, 1, 7)), Look(0, &node(1).accepting(1, 1, 8))]);
    breaks(VALIDITY, &[Look(1, &node(1)), Look(0, &node(1).accepting(1, 1, 8))]);
    holds(&[Look(1, &node(1)), Crash(1), Look(0, &node(1).accepting(1, 1, 8))]);
    breaks(
        VALIDITY,
        &[Look(1, &node(1)), Crash(1), Look(0, &node(1).accepting(1, 1, 8)), Look(2, &node(1).accepting(1, 1, 7))],
    );
}

#[test]
fn a_decision_that_no_quorum_has_accepted_in_one_ballot_is_a_breach() {
    let leader = node(1).proposing(1, 1, 7);
    let alone = leader.clone().accepting(1, 1, 7);
    breaks(CHOSEN_BY_QUORUM, &[Look(1, &leader), Look(1, &alone), Look(1, &alone.clone().knowing(1, 7))]);
    let again = node(2).proposing(2, 1, 7);
    let other = again.clone().accepting(1, 2, 7); // One vote in each of two ballots is no quorum.
    breaks(
        CHOSEN_BY_QUORUM,
        &[Look(1, &leader), Look(1, &alone), Look(2, &again), Look(2, &other), Look(2, &other.clone().knowing(1, 7))],
    );
}

#[test]
fn a_vote_that_a_crash_has_lost_counts_for_no_later_decision() {
    let leader = node(1).proposing(1, 1, 7);
    let (own, other) = (leader.clone().accepting(1, 1, 7), node(1).accepting(1, 1, 7));
    let (kept, lost, known) = (other.restarted(), node(1), own.clone().knowing(1, 7));
    let until_crash = || vec![Look(1, &leader), Look(1, &own), Look(0, &other), Crash(0)];
    holds(&[until_crash(), vec![Look(0, &kept), Look(1, &known)]].concat());
    breaks(CHOSEN_BY_QUORUM, &[until_crash(), vec![Look(0, &lost), Look(1, &known)]].concat());
}

#[test]
fn a_decision_whose_votes_are_lost_breaks_stability() {
    let leader = node(1).proposing(1, 1, 7);
    let votes = [leader.clone().accepting(1, 1, 7), node(1).accepting(1, 1, 7)];
    let known = votes[0].clone().knowing(1, 7);
    let until_crash = [Look(1, &leader), Look(1, &votes[0]), Look(0, &votes[1]), Look(1, &known), Crash(0)];
    let restarted = votes[1].restarted();
    let lost = node(1);
    let mut steps: Vec<Step<'_>> = until_crash.into_iter().collect();
    steps.push(Look(0, &restarted));
    holds(&steps);
    steps.pop();
    steps.push(Look(0, &lost));
    breaks(STABILITY, &steps);
}

#[test]
fn a_slot_that_was_dropped_is_held_and_one_whose_snapshot_is_lost_is_not() {
    let leader = node(1).proposing(1, 1, 7);
    let votes = [leader.clone().accepting(1, 1, 7), node(1).accepting(1, 1, 7)];
    let known = votes[0].clone().knowing(1, 7);
    let (dropped, lost) = (votes[1].clone().dropping(1, 9), node(1));
    let (learned, empty) = (node(1).dropping(1, 9), node(1));
    let until_crash =
        [Look(1, &leader), Look(1, &votes[0]), Look(0, &votes[1]), Look(1, &known), Look(0, &dropped), Crash(0)];
    let restarted = dropped.restarted();
    let mut steps: Vec<Step<'_>> = until_crash.into_iter().collect();
    steps.push(Look(0, &restarted));
    holds(&steps);
    steps.pop();
    steps.push(Look(0, &lost));
    breaks(STABILITY, &steps);
    // A third node that was sent the snapshot holds the decision as well.
    steps.truncate(5);
    steps.extend([Look(2, &learned), Crash(0), Look(0, &empty)]);
    holds(&steps);
}

#[test]
fn a_slot_that_was_dropped_before_a_quorum_had_accepted_anything_is_a_breach() {
    let leader = node(1).proposing(1, 1, 7);
    let (one, two) = (leader.clone().accepting(1, 1, 7), node(1).accepting(1, 1, 7));
    let dropped = one.clone().dropping(1, 9);
    breaks(CHOSEN_BY_QUORUM, &[Look(1, &leader), Look(1, &one), Look(1, &dropped)]);
    holds(&[Look(1, &leader), Look(1, &one), Look(0, &two), Look(1, &dropped)]);
    // What follows from the votes of others is decided from then on, though nobody was seen to know it.
    let other = node(2).knowing(1, 8);
    breaks(AGREEMENT, &[Look(1, &leader), Look(1, &one), Look(0, &two), Look(1, &dropped), Look(2, &other)]);
}

#[test]
fn two_snapshots_of_the_same_slots_must_be_the_same() {
    let leader = node(1).proposing(1, 1, 7);
    let (one, two) = (leader.clone().accepting(1, 1, 7), node(1).accepting(1, 1, 7));
    let (first, same, other) = (one.clone().dropping(1, 9), two.clone().dropping(1, 9), two.clone().dropping(1, 8));
    let steps = |last| [Look(1, &leader), Look(1, &one), Look(0, &two), Look(1, &first), Look(0, last)];
    holds(&steps(&same));
    breaks(SAME_STATE, &steps(&other));
}

#[test]
fn a_slot_applied_before_the_one_below_it_is_known_breaks_the_order() {
    let leader = node(1).proposing(1, 1, 7).proposing(1, 2, 8);
    let (one, two) = (leader.clone().accepting(2, 1, 8), node(1).accepting(2, 1, 8));
    let known = one.clone().knowing(2, 8);
    let steps = [Look(1, &leader), Look(1, &one), Look(0, &two), Look(1, &known)];
    holds(&steps);
    let applied = known.clone().applying(2);
    breaks(IN_ORDER, &[Look(1, &leader), Look(1, &one), Look(0, &two), Look(1, &known), Look(1, &applied)]);
}

#[test]
fn what_nobody_asked_for_must_not_be_decided() {
    use shaketable_sim::history::{Moment, Operation, Outcome};
    use shaketable_sim::id::Key;
    use shaketable_sim::node::{Ctx, Node, Recovered};
    use shaketable_sim::spec::register::{Action, Op};
    use shaketable_sim::time::Instant;

    let args = shaketable_sim::param::Args::defaults(super::super::config::PARAMS);
    let config = super::super::Config::from_args(&args, NODES).unwrap();
    let (mut rng, mut effects) = (Seed(1).stream("node"), Vec::new());
    let mut ctx = Ctx::new(NodeId::at(0), NODES, Instant::ZERO, &mut rng, &mut effects);
    let mut learner: Paxos<Register> = Node::boot(&config, Recovered { first_boot: true, records: vec![] }, &mut ctx);
    let id = OpId { client: ClientId::at(0), seq: 1 };
    let op = |value| Op { key: Key::at(0), action: Action::Write(value) };
    learner.ledger.choose(Slot::new(1), Value::Command { id, op: op(7) });
    let after_heal = |asked: u64| {
        let invoked = Moment { order: 0, at: Instant::ZERO };
        let history = vec![Operation { id, op: op(asked), invoked, node: NodeId::at(0), outcome: Outcome::Unknown }];
        let nodes = [Some(&learner), None, None];
        monitor().after_heal(&nodes, &history).err().map(|breach| breach.property)
    };
    assert_eq!(after_heal(7), None);
    assert_eq!(after_heal(8), Some(VALIDITY));
}

mod servers;
mod twin;
