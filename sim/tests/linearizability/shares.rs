//! A history whose keys are looked at by several comes to what one alone comes to, whoever looked at what.

use std::num::NonZeroUsize;

use shaketable_sim::check::linearizable::{Budget, Linearizability, Shares, check};
use shaketable_sim::id::OpId;
use shaketable_sim::rng::{Seed, Stream};
use shaketable_sim::spec::kv::{Action, Kv, Op};
use shaketable_sim::time::Ppm;

use crate::generate::{Shape, history, key, spoil};

/// Few values, so that there is something to search.
fn op(keys: u64) -> impl Fn(OpId, &mut Stream) -> Op {
    move |_, rng| {
        let action = match rng.below(10) {
            0..4 => Action::Get,
            4..8 => Action::Put(rng.below(3)),
            _ => Action::Cas { expect: rng.below(3), new: rng.below(3) },
        };
        Op { key: key(keys, rng), action }
    }
}

#[test]
fn shares_come_to_what_one_alone_comes_to_whatever_the_budget() {
    let (mut right, mut wrong, mut undecided) = (0, 0, 0);
    for seed in 0..300 {
        let mut rng = Seed(seed).stream("shares");
        let shape = Shape { clients: 12, operations: rng.between(20, 400) as usize, unknown: Ppm::percent(3) };
        let keys = rng.between(1, 9);
        let mut history = history::<Kv>(shape, &mut rng, op(keys));
        if rng.below(2) == 0 {
            spoil(&mut history, &mut rng);
        }
        let budget = Budget {
            states: [30, 300, 3_000, 1_000_000][rng.below(4) as usize],
            bytes: [3_000, 30_000, 100_000_000][rng.below(3) as usize],
        };
        let alone = check(&history, budget);
        *match &alone {
            Linearizability::Linearizable { .. } => &mut right,
            Linearizability::Violation(_) => &mut wrong,
            Linearizability::Inconclusive { .. } => &mut undecided,
        } += 1;
        let alone = format!("{alone:?}");
        let shares = Shares::new(&history, budget, NonZeroUsize::new(rng.between(1, 6) as usize).expect("not zero"));
        assert!(shares.count() <= keys as usize, "no share without a key");
        let mut seen: Vec<_> = (0..shares.count()).map(|share| shares.look(share)).collect();
        assert_eq!(format!("{:?}", shares.check(seen.clone())), alone, "seed {seed}, all shares");
        seen.reverse();
        seen.pop();
        assert_eq!(format!("{:?}", shares.check(seen)), alone, "seed {seed}, all shares but one");
    }
    assert!(right > 50 && wrong > 50 && undecided > 20, "{right} right, {wrong} wrong, {undecided} undecided");
}
