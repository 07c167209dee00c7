//! What is decided by what is known of values, compared with the search that knows nothing of them: on histories that are too long for the slow twin.
//!
//! `SHAKETABLE_HISTORIES=2000000 cargo test --release -p shaketable-sim --test linearizability general` compares as many of each kind.

use shaketable_sim::check::linearizable::{Budget, Verdict, decide};
use shaketable_sim::history::{Operation, Outcome};
use shaketable_sim::id::{Key, OpId};
use shaketable_sim::rng::{Seed, Stream};
use shaketable_sim::spec::Spec;
use shaketable_sim::spec::kv::{Action, Kv, Op, Ret};
use shaketable_sim::time::Ppm;

use crate::differential::Taciturn;
use crate::generate::{Shape, history, spoil};
use crate::{is_linearizable, is_proved, verify};

/// What the general search may take: few of these histories take more, and those say nothing.
const BUDGET: Budget = Budget { states: 20_000, bytes: 20_000_000 };

#[allow(clippy::disallowed_methods)] // How many are compared is no matter of any of them.
fn histories() -> u64 {
    let told = std::env::var("SHAKETABLE_HISTORIES").ok();
    told.map_or(2_500, |count| count.parse().expect("SHAKETABLE_HISTORIES is a number"))
}

/// The same history, of an object of which nothing is known but what it does.
fn taciturn(history: &[Operation<Kv>]) -> Vec<Operation<Taciturn>> {
    let same = |operation: &Operation<Kv>| {
        let Operation { id, op, invoked, node, outcome } = operation.clone();
        Operation { id, op, invoked, node, outcome }
    };
    history.iter().map(same).collect()
}

/// Compares random histories of up to forty operations, most of them spoilt a little.
fn compare(name: &str, op: impl Fn(OpId, &mut Stream) -> Op) {
    let (mut right, mut wrong, mut undecided, mut few) = (0, 0, 0, 0);
    for seed in 0..histories() {
        let mut rng = Seed(seed).stream(name);
        let shape = Shape {
            clients: rng.between(2, 8) as usize,
            operations: rng.between(8, 40) as usize,
            unknown: Ppm::percent(rng.below(3) as u32 * 8),
        };
        let mut history = history::<Kv>(shape, &mut rng, &op);
        for _ in 0..rng.below(3) {
            spoil(&mut history, &mut rng);
        }
        // Explaining takes longer than deciding, so a share will do.
        let found = if seed % 8 == 0 { is_linearizable(&history) } else { is_proved(&history) };
        match decide(&taciturn(&history), BUDGET) {
            Verdict::Linearizable(proof) => {
                verify::assert_explains(&history, &proof.order);
                assert!(found, "{name}, seed {seed}");
                right += 1;
            }
            Verdict::Violation { .. } => {
                assert!(!found, "{name}, seed {seed}");
                wrong += 1;
            }
            Verdict::Inconclusive(_) => undecided += 1,
        }
        few +=
            u64::from(matches!(decide(&history, BUDGET), Verdict::Violation { conflict, .. } if !conflict.is_empty()));
    }
    let all = histories();
    assert!(
        right > all / 8 && wrong > all / 8 && undecided < all / 8,
        "{right} right, {wrong} wrong, {undecided} unknown"
    );
    assert!(few > wrong / 2, "only {few} of {wrong} contradictions were found without a search");
}

/// A number that nobody else writes.
fn unique(id: OpId) -> u64 {
    u64::from(id.seq)
}

fn recent(id: OpId, rng: &mut Stream) -> u64 {
    u64::from(id.seq).saturating_sub(1 + rng.below(6))
}

#[test]
fn values_that_tell_who_wrote_them_are_judged_as_by_the_general_search() {
    compare("general: unique", |id, rng| {
        let action = if rng.below(2) == 0 { Action::Get } else { Action::Put(unique(id)) };
        Op { key: Key::at(0), action }
    });
}

#[test]
fn chains_of_compare_and_set_are_judged_as_by_the_general_search() {
    compare("general: chains", |id, rng| {
        let action = match rng.below(10) {
            0..3 => Action::Get,
            3..5 => Action::Put(unique(id)),
            _ => Action::Cas { expect: recent(id, rng), new: unique(id) },
        };
        Op { key: Key::at(0), action }
    });
}

#[test]
fn values_some_of_which_are_written_twice_are_judged_as_by_the_general_search() {
    compare("general: some twice", |id, rng| {
        let value = if rng.below(4) == 0 { rng.below(3) } else { unique(id) };
        let action = match rng.below(10) {
            0..4 => Action::Get,
            4..7 => Action::Put(value),
            7 | 8 => Action::Cas { expect: recent(id, rng), new: value },
            _ => Action::Delete,
        };
        Op { key: Key::at(0), action }
    });
}

/// What the search that knows nothing says of an operation that was answered as none can be.
#[test]
fn an_answer_that_is_none_is_wrong_for_both() {
    let mut wrong = history::<Kv>(
        Shape { clients: 1, operations: 1, unknown: Ppm::ZERO },
        &mut Seed(0).stream("general: none"),
        |_, _| Op { key: Key::at(0), action: Action::Put(1) },
    );
    if let Outcome::Ok { ret, .. } = &mut wrong[0].outcome {
        *ret = Ret::Swapped(true);
    }
    assert!(!is_proved(&wrong) && Kv::footprint(&wrong[0].op, None) == Kv::footprint(&wrong[0].op, Some(&Ret::Done)));
    assert!(matches!(decide(&taciturn(&wrong), BUDGET), Verdict::Violation { .. }));
}
