//! Random histories, beside the slow twins.

use shaketable_sim::check::consistency::{Action, Call, Content, Level, Verdict, check};
use shaketable_sim::rng::{Seed, Stream};

use crate::exhaustive::{Counts, compare};
use crate::{AMPLE, brute, call, unanswered};

/// What histories are drawn of.
pub(crate) struct Shape {
    pub(crate) size: u64,
    pub(crate) processes: u64,
    pub(crate) keys: u64,
    /// Whether each value is put once, and nothing never.
    pub(crate) unique: bool,
    pub(crate) swaps: bool,
}

/// A history whose answers are mostly what some replica could have said.
pub(crate) fn drawn(shape: &Shape, rng: &mut Stream) -> Vec<Call> {
    let mut history: Vec<Call> = Vec::new();
    for value in 1..=shape.size {
        let (process, key) = (rng.below(shape.processes), rng.below(shape.keys));
        let mut put: Content = Some(value);
        if !shape.unique {
            put = [None, Some(1), Some(2)][rng.below(3) as usize];
        }
        let puts = |call: &Call| match call.action {
            Action::Write(put) | Action::Swap { put, .. } if call.key.0 == key => Some(put),
            _ => None,
        };
        let contents: Vec<Content> = [None].into_iter().chain(history.iter().filter_map(puts)).collect();
        let found = contents[rng.below(contents.len() as u64) as usize];
        let action = match rng.below(if shape.swaps { 10 } else { 7 }) {
            0..=3 => Action::Read(found),
            4..=6 => Action::Write(put),
            7..=8 => Action::Swap { found, put },
            _ => Action::Differs(found),
        };
        let call = call(process, key, action);
        history.push(if rng.below(6) == 0 { unanswered(call) } else { call });
    }
    // What is found may be asked for before it is put: only processes have an order.
    rng.shuffle(&mut history);
    history
}

#[test]
fn random_histories_of_five_operations() {
    let mut counts = Counts::default();
    for seed in 0..4_000 {
        let mut rng = Seed(seed).stream("differential");
        let shape = Shape {
            size: 4 + rng.below(2),
            processes: 2 + rng.below(2),
            keys: 1 + rng.below(2),
            unique: rng.below(4) > 0,
            swaps: rng.below(2) == 0,
        };
        let history = drawn(&shape, &mut rng);
        if brute::size(&history) <= 5 {
            compare(&history, &mut counts);
        }
    }
    counts.assert_both(100);
    assert!(counts.1 > 10 && counts.0[3][2] > 100, "{counts:?}");
}

/// Sequential consistency alone: its twin can bear more operations.
#[test]
fn random_histories_of_eight_operations() {
    let mut counts = [0; 2];
    for seed in 0..6_000 {
        let mut rng = Seed(seed).stream("sequential");
        let (unique, swaps) = (rng.below(2) == 0, rng.below(2) == 0);
        let shape = Shape { size: 6 + rng.below(3), processes: 3, keys: 1 + rng.below(3), unique, swaps };
        let history = drawn(&shape, &mut rng);
        let report = check(&history, AMPLE);
        let holds = *report.verdict(Level::Sequential) == Verdict::Holds;
        assert_eq!(holds, brute::holds(&history, Level::Sequential), "seed {seed}: {history:#?}");
        counts[usize::from(holds)] += 1;
    }
    assert!(counts.iter().all(|&count| count > 500), "{counts:?}");
}
