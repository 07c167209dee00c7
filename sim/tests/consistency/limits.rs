//! Large histories, and budgets that run out.

use shaketable_sim::check::consistency::{Budget, Call, Doubt, Level, Verdict, check};
use shaketable_sim::rng::Seed;

use crate::differential::{Shape, drawn};
use crate::memory::memory;
use crate::{AMPLE, read, write};

#[test]
fn a_large_history_that_is_sequential_is_found_to_be() {
    for (size, processes, keys) in [(20_000, 10, 5), (20_000, 4, 2_000), (2_000, 200, 3)] {
        let budget = Budget { states: 3_000_000, bytes: 100_000_000 };
        let report = check(&memory(size, processes, keys, false), budget);
        assert_eq!(*report.verdict(Level::Sequential), Verdict::Holds, "{size} {processes} {keys}");
    }
}

#[test]
fn a_large_history_that_is_not_is_told_with_few_operations() {
    let history = memory(10_000, 10, 5, true);
    let report = check(&history, Budget { states: 20_000_000, bytes: 100_000_000 });
    for level in Level::ALL.into_iter().take(5) {
        match report.verdict(level) {
            Verdict::Violated(evidence) => assert!((3..=12).contains(&evidence.story.len()), "{level}: {evidence:?}"),
            other => panic!("{level}: {other:?}"),
        }
    }
}

#[test]
fn a_budget_that_runs_out_is_no_verdict() {
    let history = memory(2_000, 10, 5, false);
    for (budget, doubt) in [
        (Budget { states: 100, bytes: 100_000_000 }, Doubt::States),
        (Budget { states: 1_000_000, bytes: 1_000 }, Doubt::Bytes),
    ] {
        let report = check(&history, budget);
        for level in Level::ALL.into_iter().take(4) {
            assert_eq!(*report.verdict(level), Verdict::Undecided(doubt), "{level}");
        }
    }
}

/// Values that repeat, and an answer that nothing explains: all orders must be tried.
#[test]
fn what_is_hard_is_given_up() {
    let mut history: Vec<Call> =
        (0..12).flat_map(|process| (0..12).map(move |at| write(process, at % 3, (process + at) % 5))).collect();
    history.extend([read(20, 0, 1), read(20, 1, 2), read(20, 0, 1), read(20, 1, 3), read(21, 0, 2), read(21, 4, 1)]);
    history.push(write(22, 4, 1));
    history.extend([read(22, 4, None)]);
    let report = check(&history, Budget { states: 50_000, ..AMPLE });
    assert_eq!(*report.verdict(Level::Sequential), Verdict::Undecided(Doubt::States), "{report:?}");
}

/// The least number for which something is so.
fn least(is: impl Fn(u64) -> bool) -> u64 {
    let mut high = 1;
    while !is(high) {
        high *= 2;
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = low.midpoint(high);
        *(if is(middle) { &mut high } else { &mut low }) = middle;
    }
    high
}

/// How many states, and bytes, it takes to decide a level.
fn cost(history: &[Call], level: Level) -> (u64, u64) {
    let is_decided = |budget: Budget| {
        let report = check(history, budget);
        !matches!(report.verdict(level), Verdict::Undecided(Doubt::States | Doubt::Bytes))
    };
    let states = least(|states| is_decided(Budget { states, ..AMPLE }));
    (states, least(|bytes| is_decided(Budget { bytes, ..AMPLE })))
}

#[test]
fn clocks_take_four_bytes_for_each_event_and_chain() {
    let history = [write(1, 1, 1), read(1, 1, 1), read(2, 1, None), read(2, 1, 1), read(3, 1, 1)];
    // Five events, and as many pairs of one process or of a write and a reader.
    assert_eq!(cost(&history, Level::Causal), (10, 5 * 3 * 4));
}

/// What each search takes is known, and may sink.
#[test]
fn searches_take_no_more_than_they_did() {
    let mut found: Vec<Vec<(u64, u64)>> = Vec::new();
    for (unique, swaps, keys) in [(true, false, 2), (true, true, 2), (false, false, 2), (false, true, 3)] {
        let shape = Shape { size: 16, processes: 4, keys, unique, swaps };
        let hard = (0..).filter_map(|seed| {
            let history = drawn(&shape, &mut Seed(seed).stream("cost"));
            let report = check(&history, AMPLE);
            // What breaks a weaker level needs no search.
            let weaker = Level::ALL.iter().skip(1).any(|level| matches!(report.verdict(*level), Verdict::Violated(_)));
            let cost = (!weaker).then(|| cost(&history, Level::Sequential));
            cost.filter(|(states, _)| *states > 40)
        });
        found.push(hard.take(10).collect());
    }
    let known = [
        [
            (136, 928),
            (66, 288),
            (55, 160),
            (60, 544),
            (71, 672),
            (62, 800),
            (60, 544),
            (68, 672),
            (117, 1056),
            (85, 544),
        ],
        [(74, 800), (44, 416), (70, 800), (57, 220), (53, 544), (87, 960), (42, 224), (43, 544), (110, 260), (50, 240)],
        [
            (119, 2944),
            (51, 1312),
            (85, 2112),
            (86, 2048),
            (44, 1472),
            (243, 4320),
            (64, 1408),
            (81, 1600),
            (152, 2464),
            (59, 1376),
        ],
        [
            (115, 2720),
            (338, 6976),
            (85, 1696),
            (50, 1536),
            (65, 1888),
            (98, 2240),
            (50, 1600),
            (74, 1664),
            (212, 4256),
            (57, 1568),
        ],
    ];
    assert_eq!(found, known);
}
