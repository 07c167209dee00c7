//! The monitor is tested itself: every property is broken by hand, and what only looks like a breach is let pass.

use super::*;

const NODES: usize = 3;
const DECREE: Key = Key::at(0);

/// A node's part in the one decree, as the properties see it.
#[derive(Clone, Default)]
struct Part {
    asked: Vec<u64>,
    attempt: Option<Attempt<u64>>,
    promised: Option<Ballot>,
    vote: Option<Vote<u64>>,
    heard: BTreeMap<Ballot, Heard<u64>>,
    decided: Option<u64>,
}

/// The ballot of this round of the node of this index.
fn ballot(round: u64, node: usize) -> Ballot {
    Ballot { round, node: NodeId::at(node) }
}

fn nodes(indices: &[usize]) -> Vec<NodeId> {
    indices.iter().copied().map(NodeId::at).collect()
}

impl Part {
    fn asked(mut self, value: u64) -> Part {
        self.asked.push(value);
        self
    }

    fn preparing(mut self, ballot: Ballot, promises: &[usize]) -> Part {
        let promises = nodes(promises);
        self.attempt = Some(Attempt::Preparing { ballot, own: 0, promises, reported: Vec::new() });
        self
    }

    fn proposing(mut self, ballot: Ballot, value: u64, promises: &[usize]) -> Part {
        self.attempt = Some(Attempt::Proposing { vote: Vote { ballot, value }, promises: nodes(promises) });
        self
    }

    fn promised(mut self, ballot: Ballot) -> Part {
        self.promised = Some(ballot);
        self
    }

    fn voting(mut self, ballot: Ballot, value: u64) -> Part {
        self.vote = Some(Vote { ballot, value });
        self.promised = self.promised.max(Some(ballot));
        self
    }

    fn hearing(mut self, ballot: Ballot, value: u64, from: &[usize]) -> Part {
        self.heard.insert(ballot, Heard { value, from: nodes(from) });
        self
    }

    fn knowing(mut self, value: u64) -> Part {
        self.decided = Some(value);
        self
    }
}

/// What happens to a monitor: it looks at a node, or the node crashes.
enum Step {
    Look(usize, Part),
    Crash(usize),
}
use Step::{Crash, Look};

/// The properties that are found broken, in order.
fn play(steps: Vec<Step>) -> Vec<&'static str> {
    let mut monitor = Safety { booting: vec![false; NODES], decrees: BTreeMap::new(), now: Now::default() };
    let mut broken = Vec::new();
    for step in steps {
        match step {
            Crash(id) => monitor.crashed(NodeId::at(id)),
            Look(id, part) => {
                let view = View {
                    asked: part.asked.iter().collect(),
                    attempt: part.attempt.as_ref(),
                    promised: part.promised,
                    vote: part.vote.as_ref(),
                    heard: &part.heard,
                    decided: part.decided.as_ref(),
                };
                broken.extend(monitor.look(NodeId::at(id), DECREE, &view).err().map(|breach| breach.property));
                monitor.booting[id] = false;
            }
        }
    }
    broken
}

fn part() -> Part {
    Part::default()
}

/// n1 proposes 7 with its first ballot, n1 and n2 having promised it.
fn proposed() -> Vec<Step> {
    let first = ballot(1, 0);
    vec![
        Look(0, part().asked(7).asked(8).promised(first)),
        Look(1, part().promised(first)),
        Look(0, part().promised(first).proposing(first, 7, &[0, 1])),
    ]
}

/// Then n1 and n2 accept it, and the learner of n1 hears of both.
fn chosen() -> Vec<Step> {
    let first = ballot(1, 0);
    let mut steps = proposed();
    steps.push(Look(0, part().voting(first, 7)));
    steps.push(Look(1, part().voting(first, 7)));
    steps.push(Look(0, part().voting(first, 7).hearing(first, 7, &[0, 1]).knowing(7)));
    steps
}

fn broken_by(before: Vec<Step>, steps: Vec<Step>) -> Vec<&'static str> {
    play(before.into_iter().chain(steps).collect())
}

#[test]
fn a_value_that_is_chosen_and_taken_up_breaks_nothing() {
    let second = ballot(2, 1);
    let rest = vec![
        Look(2, part().promised(second)),
        Look(1, part().voting(ballot(1, 0), 7).promised(second)),
        Look(1, part().voting(ballot(1, 0), 7).promised(second).proposing(second, 7, &[1, 2])),
        Look(2, part().voting(second, 7)),
        Look(1, part().voting(second, 7)),
        Look(2, part().voting(second, 7).hearing(second, 7, &[1, 2])),
    ];
    assert_eq!(broken_by(chosen(), rest), [] as [&str; 0]);
}

#[test]
fn two_decisions_break_agreement() {
    let steps = vec![Look(2, part().knowing(8))];
    assert_eq!(broken_by(chosen(), steps), [AGREEMENT]);
}

#[test]
fn what_nobody_asked_for_or_nobody_proposed_breaks_validity() {
    let first = ballot(1, 0);
    let unasked = vec![Look(0, part().promised(first)), Look(0, part().promised(first).proposing(first, 9, &[0]))];
    assert_eq!(broken_by(Vec::new(), unasked), [VALIDITY]);
    assert_eq!(broken_by(proposed(), vec![Look(1, part().voting(first, 8))]), [VALIDITY], "another value");
    assert_eq!(broken_by(proposed(), vec![Look(1, part().voting(ballot(2, 0), 7))]), [VALIDITY], "another ballot");
    assert_eq!(broken_by(proposed(), vec![Look(2, part().hearing(first, 8, &[1]))]), [VALIDITY], "hearsay");
}

#[test]
fn a_decision_without_a_majority_in_one_ballot_is_found() {
    let first = ballot(1, 0);
    let alone =
        vec![Look(0, part().voting(first, 7)), Look(0, part().voting(first, 7).hearing(first, 7, &[0]).knowing(7))];
    assert_eq!(broken_by(proposed(), alone), [CHOSEN_BY_MAJORITY]);
    let twice = vec![Look(0, part().voting(first, 7).hearing(first, 7, &[0, 0]).knowing(7))];
    assert_eq!(broken_by(proposed(), twice), [CHOSEN_BY_MAJORITY], "one acceptor counted twice");
}

#[test]
fn one_ballot_for_two_values_is_found() {
    let first = ballot(1, 0);
    let steps =
        vec![Crash(0), Look(0, part().promised(first)), Look(0, part().promised(first).proposing(first, 8, &[0, 1]))];
    assert_eq!(broken_by(proposed(), steps), [ONE_VALUE_PER_BALLOT]);
}

#[test]
fn a_promise_that_falls_or_is_forgotten_or_was_never_made_is_found() {
    let (first, second) = (ballot(1, 0), ballot(2, 1));
    let falls = vec![Look(2, part().promised(second)), Look(2, part().promised(first))];
    assert_eq!(broken_by(Vec::new(), falls), [PROMISE_KEPT]);
    assert_eq!(broken_by(proposed(), vec![Crash(1), Look(1, part())]), [PROMISE_KEPT], "n1 relies on it");
    let invented = vec![Look(0, part().promised(first).preparing(first, &[0, 2]))];
    assert_eq!(broken_by(Vec::new(), invented), [PROMISE_KEPT]);
    let untold = vec![Look(2, part().promised(second)), Crash(2), Look(2, part())];
    assert_eq!(broken_by(Vec::new(), untold), [] as [&str; 0], "what nobody was told may be lost");
}

#[test]
fn a_vote_that_a_learner_has_heard_of_and_that_is_forgotten_or_lowered_is_found() {
    let (first, second) = (ballot(1, 0), ballot(2, 0));
    assert_eq!(broken_by(chosen(), vec![Crash(1), Look(1, part().promised(first))]), [VOTE_KEPT]);
    let lowered = vec![
        Look(0, part().voting(first, 7).promised(second)),
        Look(1, part().voting(first, 7).promised(second)),
        Look(0, part().voting(first, 7).promised(second).proposing(second, 7, &[0, 1])),
        Look(1, part().voting(second, 7)),
        Look(0, part().voting(first, 7).promised(second).hearing(second, 7, &[1])),
        Crash(1),
        Look(1, part().voting(first, 7).promised(second)),
    ];
    assert_eq!(broken_by(chosen(), lowered), [VOTE_KEPT]);
    let unheard = vec![Look(1, part().voting(first, 7)), Crash(1), Look(1, part().promised(first))];
    assert_eq!(broken_by(proposed(), unheard), [] as [&str; 0], "what nobody was told may be lost");
}

#[test]
fn a_vote_below_the_promise_breaks_p1a() {
    let steps =
        vec![Look(2, part().promised(ballot(2, 1))), Look(2, part().promised(ballot(2, 1)).voting(ballot(1, 0), 7))];
    assert_eq!(broken_by(proposed(), steps), [P1A]);
}

#[test]
fn another_value_above_a_chosen_one_breaks_p2b_whenever_it_shows() {
    // n2 and n3 promise a higher ballot, n2 proposes 8 with it, and only then n1 and n2 accept the lower one: P1a apart, the value is chosen below.
    let (first, second) = (ballot(1, 0), ballot(2, 1));
    let steps = vec![
        Look(1, part().promised(second)),
        Look(2, part().promised(second)),
        Look(1, part().promised(second).proposing(second, 8, &[1, 2])),
        Look(0, part().voting(first, 7)),
        Look(0, part().voting(first, 7).hearing(first, 7, &[0, 1])),
    ];
    assert_eq!(broken_by(proposed(), steps), [P2B]);
}

#[test]
fn a_proposal_that_no_majority_stands_behind_breaks_p2c() {
    let second = ballot(2, 1);
    let steps = vec![
        Look(2, part().promised(second)),
        Look(1, part().voting(ballot(1, 0), 7).promised(second)),
        Look(1, part().voting(ballot(1, 0), 7).promised(second).proposing(second, 8, &[1, 2])),
    ];
    assert_eq!(broken_by(chosen(), steps), [P2C]);
}

/// P2c read word by word: all majorities are tried.
fn p2c_word_by_word(instance: &Instance, ballot: Ballot, value: u64) -> bool {
    (0_u32..1 << instance.nodes.len()).filter(|set| set.count_ones() as usize >= instance.majority()).any(|set| {
        let members = instance.nodes.iter().enumerate().filter(|(index, _)| set & (1 << index) != 0);
        let below = members.flat_map(|(_, seen)| seen.accepted.range(..ballot));
        below.max_by_key(|&(ballot, _)| ballot).is_none_or(|(_, &(highest, _))| highest == value)
    })
}

#[test]
fn p2c_is_what_trying_all_majorities_says() {
    use shaketable_sim::rng::Seed;
    let mut rng = Seed(1).stream("votes");
    let mut held = 0;
    for case in 0..20_000 {
        let size = 1 + rng.below(5) as usize;
        let mut instance = Instance::unseen(size);
        let values: Vec<u64> = (0..4).map(|_| rng.below(2)).collect();
        let by = instance.seen(NodeId::at(0));
        for seen in &mut instance.nodes {
            for round in 0..4 {
                if rng.below(4) == 0 {
                    seen.accepted.insert(ballot(round, 0), (values[round as usize], by));
                }
            }
        }
        let (at, value) = (ballot(rng.below(5), 0), rng.below(2));
        let expected = p2c_word_by_word(&instance, at, value);
        assert_eq!(instance.stands_behind(at, value), expected, "case {case}: {instance:?}, {value} with {at}");
        held += u32::from(expected);
    }
    assert!((2_000..18_000).contains(&held), "both answers are common: {held}");
}

#[test]
fn a_proposal_made_by_a_crashing_proposer_is_known_by_its_votes() {
    let first = ballot(1, 0);
    let preparing = part().asked(7).promised(first).preparing(first, &[0]);
    let steps = |crash: bool| {
        let mut steps = vec![Look(0, part().promised(first)), Look(0, preparing.clone())];
        steps.extend(crash.then_some(Crash(0)));
        steps.push(Look(1, part().voting(first, 7)));
        steps
    };
    assert_eq!(play(steps(true)), [] as [&str; 0]);
    assert_eq!(play(steps(false)), [VALIDITY]);
}
