//! Worlds so small that their states can be counted by other means.

use std::collections::BTreeSet;

use serde::Serialize;

use super::state::State;
use super::*;
use crate::check::invariant::{Invariants, Property};
use crate::id::{Key, RequestId};
use crate::node::{Ctx, Message, Observation, Recovered, Stored};
use crate::spec::counter::{Action, Counter, Op as CounterOp};

/// Every node adds up what it hears of; what it is asked to add, it writes down, and tells the others when that is durable.
#[derive(Clone, Debug)]
struct Sums {
    hasty: bool,
    own: u64,
    heard: u64,
    timeouts: u64,
}

#[derive(Clone, Debug, Hash, Serialize)]
struct Add(u64);

impl Message for Add {
    fn kind(&self) -> &'static str {
        "Add"
    }
}

impl Node for Sums {
    /// Whether it tells before it is durable.
    type Config = bool;
    type Msg = Add;
    type Timer = ();
    type Record = u64;
    type Service = Counter;
    type Invariants = Durable;

    fn boot(hasty: &bool, disk: Recovered<u64>, ctx: &mut Ctx<'_, Self>) -> Self {
        ctx.set_timer((), crate::time::Span::millis(1));
        let intact = |record: &Stored<u64>| match record {
            Stored::Intact(amount) => *amount,
            Stored::Damaged => 0,
        };
        Sums { hasty: *hasty, own: disk.records.iter().map(intact).sum(), heard: 0, timeouts: 0 }
    }

    fn on_message(&mut self, _: NodeId, Add(amount): Add, _: &mut Ctx<'_, Self>) {
        self.heard += amount;
    }

    fn on_request(&mut self, _: RequestId, op: CounterOp, ctx: &mut Ctx<'_, Self>) {
        let Action::Add(amount) = op.action else { return };
        self.own += amount;
        ctx.write(amount);
        let peers: Vec<NodeId> = ctx.peers().collect();
        let tell = |ctx: &mut Ctx<'_, Self>| peers.into_iter().for_each(|peer| ctx.send(peer, Add(amount)));
        if self.hasty {
            tell(ctx);
            ctx.after_sync(|_| {});
        } else {
            ctx.after_sync(tell);
        }
    }

    fn on_timer(&mut self, (): (), _: &mut Ctx<'_, Self>) {
        self.timeouts += 1;
    }

    fn observe(&self) -> Observation {
        Observation::default()
    }
}

/// Nobody has heard of more than what the others still know of (messages doubled apart).
#[derive(Clone, Debug)]
struct Durable(Vec<(u64, u64)>);

impl Invariants<Sums> for Durable {
    const PROPERTIES: &'static [Property] = &[Property { name: "durable", doc: "what is told is durable" }];

    fn new(nodes: usize) -> Self {
        Durable(vec![(0, 0); nodes])
    }

    fn after_event(&mut self, id: NodeId, node: &Sums) -> Result<(), Box<Breach>> {
        self.0[id.index()] = (node.own, node.heard);
        let known: u64 = self.0.iter().map(|(own, _)| own).sum();
        match self.0.iter().find(|(own, heard)| own + heard > known) {
            Some((own, heard)) => Err(Breach::new("durable", format!("{own} and {heard} of {known}"))),
            None => Ok(()),
        }
    }
}

const AMPLE: Limits = Limits { states: 1_000_000, bytes: 1 << 30 };
const QUIET: Budget = Budget { timers: 0, crashes: 0, duplicates: 0 };

/// So many nodes; the request of each index adds 1 at that node.
fn world(nodes: usize, requests: usize, budget: Budget) -> SmallWorld<Sums> {
    let add = |amount| CounterOp { key: Key::at(0), action: Action::Add(amount) };
    let requests = (0..requests).map(|index| (NodeId::at(index), add(1 << index))).collect();
    SmallWorld { nodes, config: false, requests, budget, limits: AMPLE }
}

#[test]
fn messages_that_arrive_in_any_order_or_never_make_as_many_states_as_there_are_sets_of_them() {
    // Not asked, or asked and any of the messages to the others arrived.
    assert_eq!(explore(&world(2, 1, QUIET)).states, 1 + 2);
    assert_eq!(explore(&world(4, 1, QUIET)).states, 1 + 8);
    assert_eq!(explore(&world(4, 2, QUIET)).states, 9 * 9);
    let explored = explore(&world(3, 3, QUIET));
    assert_eq!((explored.states, explored.depth, explored.outcome), (5 * 5 * 5, 9, Outcome::Hold));
}

#[test]
fn timers_and_duplicates_happen_as_often_as_their_budgets_allow() {
    let timers = Budget { timers: 2, ..QUIET };
    // A timer that has run out is not set again: it happens once at each node, or not.
    assert_eq!(explore(&world(3, 0, timers)).states, 8);
    // Not asked; under way; arrived; arrived, with another to come. That one is heard of twice, which these invariants forbid.
    let duplicates = Budget { duplicates: 1, ..QUIET };
    let doubled = explore(&world(2, 1, duplicates));
    assert_eq!((doubled.states, doubled.depth), (4, 3));
    assert!(matches!(doubled.outcome, Outcome::Violated { ref steps, .. } if steps.len() == 3), "{doubled:?}");
}

/// Every state by its text, found depth first.
fn texts(state: &State<Sums>, world: &SmallWorld<Sums>, found: &mut BTreeSet<String>) {
    if found.insert(format!("{state:?}")) {
        for step in state.steps() {
            texts(&state.after(&step, world).expect("nothing is wrong"), world, found);
        }
    }
}

#[test]
fn as_many_states_are_explored_as_a_search_that_compares_whole_states_finds() {
    for (nodes, requests, timers, crashes) in [(2, 1, 1, 1), (2, 2, 0, 2), (3, 2, 0, 1), (2, 2, 1, 1)] {
        let world = world(nodes, requests, Budget { timers, crashes, duplicates: 0 });
        let mut found = BTreeSet::new();
        texts(&State::first(&world).expect("nothing is wrong"), &world, &mut found);
        let explored = explore(&world);
        assert_eq!(explored.outcome, Outcome::Hold, "{nodes} nodes, {requests} requests");
        assert_eq!(explored.states, found.len() as u64, "{nodes} nodes, {requests} requests, {crashes} crashes");
    }
}

#[test]
fn a_crash_takes_back_what_was_told_before_it_was_durable_and_no_shorter_history_shows_it() {
    let budget = Budget { timers: 0, crashes: 1, duplicates: 0 };
    assert_eq!(explore(&world(3, 1, budget)).outcome, Outcome::Hold);
    let hasty = SmallWorld { config: true, ..world(3, 1, budget) };
    let Outcome::Violated { breach, steps } = explore(&hasty).outcome else { panic!("nothing was found") };
    assert_eq!(breach.property, "durable");
    assert_eq!(steps.len(), 3, "{steps:?}");
    assert_eq!(steps[0], "n1 is asked: add k1 1");
    assert!(steps.contains(&"n1 crashes, loses 1 of 1 unsynced writes, and restarts".to_owned()), "{steps:?}");
}

#[test]
fn without_a_crash_to_come_nobody_can_tell_when_a_write_is_durable() {
    let hasty = SmallWorld { config: true, ..world(3, 2, QUIET) };
    let (hasty, patient) = (explore(&hasty), explore(&world(3, 2, QUIET)));
    assert_eq!((hasty.states, hasty.transitions), (patient.states, patient.transitions));
}

#[test]
fn a_limit_that_is_reached_makes_the_exploration_inconclusive() {
    let of = |limits| explore(&SmallWorld { limits, ..world(4, 2, QUIET) }).outcome;
    assert_eq!(of(Limits { states: 80, ..AMPLE }), Outcome::Inconclusive("states"));
    assert_eq!(of(Limits { states: 81, ..AMPLE }), Outcome::Hold);
    assert_eq!(of(Limits { bytes: 5_000, ..AMPLE }), Outcome::Inconclusive("bytes"));
}
