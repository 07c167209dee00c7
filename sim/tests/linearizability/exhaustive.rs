//! All small histories, compared with the slow twin.

use shaketable_sim::history::{Operation, Outcome};
use shaketable_sim::id::Key;
use shaketable_sim::spec::any::{self, Any};
use shaketable_sim::spec::{Spec, consensus, counter, kv, list, register};

use crate::{brute, is_linearizable, is_proved, moment, operation};

/// What became of an operation, before it is said when.
pub(crate) enum Fate<R> {
    Answered(R),
    Unanswered,
    Failed,
}

/// How many histories were compared, and how many of them are linearizable.
#[derive(Debug, PartialEq, Eq, Default)]
pub(crate) struct Compared {
    pub(crate) histories: u64,
    pub(crate) linearizable: u64,
}

/// Compares all histories of `size` operations, each an operation with its fate out of `kinds`.
///
/// Operations are invoked in their order. An answered one returns in one of the gaps that follow: right before
/// some later invocation, or at the end. The order of returns within a gap says nothing, so one will do.
pub(crate) fn compare_all<S: Spec>(size: usize, kinds: &[(S::Op, Fate<S::Ret>)]) -> Compared {
    let mut compared = Compared::default();
    // A number in mixed radix: for each operation, its kind and the gap in which it returns, if it does.
    let choices: Vec<Vec<(usize, usize)>> = (0..size)
        .map(|place| {
            let gaps =
                |kind: usize| if matches!(kinds[kind].1, Fate::Answered(_)) { place..size } else { place..place + 1 };
            (0..kinds.len()).flat_map(|kind| gaps(kind).map(move |gap| (kind, gap))).collect()
        })
        .collect();
    let mut chosen = vec![0; size];
    loop {
        let picks: Vec<(usize, usize)> = chosen.iter().zip(&choices).map(|(&at, of)| of[at]).collect();
        let history = history::<S>(&picks, kinds);
        let expected = brute::is_linearizable(&history);
        assert_eq!(is_proved(&history), expected, "{history:#?}");
        compared.histories += 1;
        compared.linearizable += u64::from(expected);
        // Explaining takes longer than deciding, so a share will do.
        if !expected && compared.histories.is_multiple_of(41) {
            assert!(!is_linearizable(&history));
        }
        let Some(place) = (0..size).find(|&place| chosen[place] + 1 < choices[place].len()) else {
            return compared;
        };
        chosen[place] += 1;
        chosen[..place].fill(0);
    }
}

fn history<S: Spec>(picks: &[(usize, usize)], kinds: &[(S::Op, Fate<S::Ret>)]) -> Vec<Operation<S>> {
    let width = picks.len() as u32 + 1;
    let of = |(place, &(kind, gap)): (usize, &(usize, usize))| {
        let (op, fate) = &kinds[kind];
        let outcome = match fate {
            Fate::Answered(ret) => {
                Outcome::Ok { ret: ret.clone(), returned: moment(gap as u32 * width + 1 + place as u32) }
            }
            Fate::Unanswered => Outcome::Unknown,
            Fate::Failed => Outcome::Failed,
        };
        operation(place, op.clone(), place as u32 * width, outcome)
    };
    picks.iter().enumerate().map(of).collect()
}

fn registers() -> Vec<(register::Op, Fate<register::Ret>)> {
    use register::{Action, Op, Ret};
    let op = |action| Op { key: Key::at(0), action };
    let mut kinds = vec![(op(Action::Read), Fate::Answered(Ret::Value(None)))];
    for value in [1, 2] {
        kinds.push((op(Action::Write(value)), Fate::Answered(Ret::Done)));
        kinds.push((op(Action::Write(value)), Fate::Unanswered));
        kinds.push((op(Action::Read), Fate::Answered(Ret::Value(Some(value)))));
    }
    kinds
}

#[test]
fn every_history_of_five_operations_on_a_register_is_judged_as_by_the_slow_twin() {
    let compared = [1, 2, 3, 4, 5].map(|size| compare_all::<register::Register>(size, &registers()).histories);
    assert_eq!(compared, [7, 7 * 12, 7 * 12 * 17, 7 * 12 * 17 * 22, 7 * 12 * 17 * 22 * 27]);
}

#[test]
fn failed_and_unanswered_operations_of_every_kind_are_judged_as_by_the_slow_twin() {
    use register::{Action, Op};
    let mut kinds = registers();
    for action in [Action::Read, Action::Write(1), Action::Write(2)] {
        kinds.push((Op { key: Key::at(0), action: action.clone() }, Fate::Failed));
        if action == Action::Read {
            kinds.push((Op { key: Key::at(0), action }, Fate::Unanswered));
        }
    }
    let compared = compare_all::<register::Register>(3, &kinds);
    assert_eq!(compared.histories, 11 * 16 * 21);
}

#[test]
fn every_history_of_four_operations_on_a_map_entry_is_judged_as_by_the_slow_twin() {
    use kv::{Action, Op, Ret};
    let op = |action| Op { key: Key::at(0), action };
    let mut kinds = vec![
        (op(Action::Get), Fate::Answered(Ret::Value(None))),
        (op(Action::Delete), Fate::Answered(Ret::Done)),
        (op(Action::Delete), Fate::Unanswered),
    ];
    for (value, other) in [(1, 2), (2, 1)] {
        let cas = Action::Cas { expect: value, new: other };
        kinds.push((op(Action::Get), Fate::Answered(Ret::Value(Some(value)))));
        kinds.push((op(Action::Put(value)), Fate::Answered(Ret::Done)));
        kinds.push((op(Action::Put(value)), Fate::Unanswered));
        kinds.push((op(cas.clone()), Fate::Answered(Ret::Swapped(true))));
        kinds.push((op(cas.clone()), Fate::Answered(Ret::Swapped(false))));
        kinds.push((op(cas), Fate::Unanswered));
    }
    let compared = [2, 3, 4].map(|size| compare_all::<kv::Kv>(size, &kinds).histories);
    assert_eq!(compared, [15 * 25, 15 * 25 * 35, 15 * 25 * 35 * 45]);
}

#[test]
fn every_history_of_four_operations_on_a_counter_is_judged_as_by_the_slow_twin() {
    use counter::{Action, Op, Ret};
    let op = |action| Op { key: Key::at(0), action };
    let mut kinds = vec![(op(Action::Read), Fate::Answered(Ret(0)))];
    for sum in [1, 2, 3] {
        kinds.push((op(Action::Read), Fate::Answered(Ret(sum))));
        kinds.push((op(Action::Add(1)), Fate::Answered(Ret(sum))));
    }
    for sum in [2, 3] {
        kinds.push((op(Action::Add(2)), Fate::Answered(Ret(sum))));
    }
    let answered = compare_all::<counter::Counter>(4, &kinds).histories;
    assert_eq!(answered, 9 * 18 * 27 * 36);
    kinds.push((op(Action::Add(1)), Fate::Unanswered));
    kinds.push((op(Action::Add(2)), Fate::Unanswered));
    let compared = compare_all::<counter::Counter>(4, &kinds).histories;
    assert_eq!(compared, 11 * 20 * 29 * 38);
}

#[test]
fn every_history_of_four_operations_on_a_list_is_judged_as_by_the_slow_twin() {
    use list::{Action, Op, Ret};
    let op = |action| Op { key: Key::at(0), action };
    let mut kinds: Vec<_> = [vec![], vec![1], vec![2], vec![1, 2], vec![2, 1], vec![1, 1]]
        .map(|items| (op(Action::Read), Fate::Answered(Ret::Items(items))))
        .into();
    for item in [1, 2] {
        kinds.push((op(Action::Append(item)), Fate::Unanswered));
        for length in [1, 2] {
            kinds.push((op(Action::Append(item)), Fate::Answered(Ret::Length(length))));
        }
    }
    let compared = compare_all::<list::List>(4, &kinds).histories;
    assert_eq!(compared, 12 * 22 * 32 * 42);
}

#[test]
fn every_history_of_four_proposals_is_judged_as_by_the_slow_twin() {
    use consensus::{Op, Ret};
    let op = |propose| Op { key: Key::at(0), propose };
    let mut kinds = Vec::new();
    for value in [1, 2] {
        kinds.push((op(value), Fate::Unanswered));
        for decided in [1, 2, 3] {
            kinds.push((op(value), Fate::Answered(Ret(decided))));
        }
    }
    let compared = compare_all::<consensus::Consensus>(4, &kinds).histories;
    assert_eq!(compared, 8 * 14 * 20 * 26);
}

#[test]
fn every_history_of_three_operations_on_two_objects_of_any_kind_is_judged_as_by_the_slow_twin() {
    let keys = [Key::at(0), Key::at(1)];
    let mut kinds = Vec::new();
    for key in keys {
        let kv = |action| any::Op::Kv(kv::Op { key, action });
        for value in [None, Some(1)] {
            kinds.push((kv(kv::Action::Get), Fate::Answered(any::Ret::Kv(kv::Ret::Value(value)))));
        }
        kinds.push((kv(kv::Action::Put(1)), Fate::Answered(any::Ret::Kv(kv::Ret::Done))));
        kinds.push((kv(kv::Action::Put(1)), Fate::Unanswered));
        kinds.push((kv(kv::Action::Delete), Fate::Answered(any::Ret::Kv(kv::Ret::Done))));
        kinds.push((kv(kv::Action::Delete), Fate::Unanswered));
    }
    let compared = compare_all::<Any>(3, &kinds).histories;
    assert_eq!(compared, 12 * 20 * 28);
}
