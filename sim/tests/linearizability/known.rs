//! Histories written by hand, whose verdicts are known, and what is said of those that are wrong.

use shaketable_sim::check::linearizable::{Linearizability, check};
use shaketable_sim::history::{Operation, Outcome};
use shaketable_sim::id::Key;
use shaketable_sim::spec::kv::{Action, Kv, Op, Ret};
use shaketable_sim::spec::unheard::{self, Unheard};
use shaketable_sim::spec::{Spec, counter, list};

use crate::{AMPLE, is_linearizable, moment, operation};

/// An operation on the first key.
fn op(action: Action) -> Op {
    Op { key: Key::at(0), action }
}

/// An operation that was answered.
fn answered<S: Spec>(client: usize, invoked: u32, returned: u32, op: S::Op, ret: S::Ret) -> Operation<S> {
    operation(client, op, invoked, Outcome::Ok { ret, returned: moment(returned) })
}

fn put(client: usize, invoked: u32, returned: u32, value: u64) -> Operation<Kv> {
    answered(client, invoked, returned, op(Action::Put(value)), Ret::Done)
}

fn get(client: usize, invoked: u32, returned: u32, value: impl Into<Option<u64>>) -> Operation<Kv> {
    answered(client, invoked, returned, op(Action::Get), Ret::Value(value.into()))
}

fn cas(client: usize, invoked: u32, returned: u32, (expect, new): (u64, u64), swapped: bool) -> Operation<Kv> {
    answered(client, invoked, returned, op(Action::Cas { expect, new }), Ret::Swapped(swapped))
}

fn unknown(client: usize, invoked: u32, action: Action) -> Operation<Kv> {
    operation(client, op(action), invoked, Outcome::Unknown)
}

/// What people are told of a history that is not linearizable.
#[track_caller]
fn told<S: Spec>(history: &[Operation<S>]) -> String {
    match check(history, AMPLE) {
        Linearizability::Violation(counterexample) => counterexample.tell().join("\n"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_at_all_is_linearizable() {
    assert!(is_linearizable::<Kv>(&[]));
    assert!(is_linearizable(&[unknown(0, 0, Action::Get), operation(1, op(Action::Put(1)), 1, Outcome::Failed)]));
}

#[test]
fn a_read_must_see_a_write_that_returned_before_it() {
    let stale = [put(0, 0, 1, 1), put(1, 2, 3, 2), get(2, 4, 5, 1)];
    assert!(!is_linearizable(&stale));
    assert_eq!(
        told(&stale),
        "c3#1 get k1 → 1   4ms … 5ms   cannot be placed: only 2 was possible\n\
         c1#1 put k1 1 → ok   0s … 1ms\n\
         c2#1 put k1 2 → ok   2ms … 3ms"
    );
}

#[test]
fn a_read_may_see_either_of_two_values_while_a_write_goes_on() {
    for value in [1, 2] {
        assert!(is_linearizable(&[put(0, 0, 1, 1), put(1, 2, 5, 2), get(2, 3, 4, value)]));
    }
}

#[test]
fn once_a_new_value_was_read_the_old_one_is_gone() {
    assert!(is_linearizable(&[put(0, 0, 1, 1), put(1, 2, 9, 2), get(2, 3, 4, 1), get(2, 5, 6, 2)]));
    assert!(!is_linearizable(&[put(0, 0, 1, 1), put(1, 2, 9, 2), get(2, 3, 4, 2), get(2, 5, 6, 1)]));
}

#[test]
fn of_two_operations_that_overlap_either_may_come_first() {
    assert!(is_linearizable(&[put(0, 0, 2, 1), get(1, 1, 3, None)]));
    assert!(is_linearizable(&[get(1, 0, 2, 1), put(0, 1, 3, 1)]));
    assert!(!is_linearizable(&[put(0, 0, 1, 1), get(1, 2, 3, None)]));
}

#[test]
fn two_clients_cannot_both_swap_the_same_value() {
    let lost_update = [put(0, 0, 1, 1), cas(1, 2, 4, (1, 2), true), cas(2, 3, 5, (1, 3), true)];
    assert!(!is_linearizable(&lost_update));
    assert!(
        told(&lost_update)
            .starts_with("c3#1 cas k1 1→3 → swapped   3ms … 5ms   cannot be placed: only differs was possible")
    );
    let retold = [put(0, 0, 1, 1), cas(1, 2, 4, (1, 2), true), cas(2, 3, 5, (1, 3), false)];
    assert!(is_linearizable(&retold));
}

#[test]
fn a_swap_that_differs_needs_a_moment_at_which_it_differs() {
    assert!(!is_linearizable(&[put(0, 0, 1, 1), cas(1, 2, 3, (1, 2), false)]));
    assert!(is_linearizable(&[put(0, 0, 1, 1), put(2, 2, 9, 7), cas(1, 3, 4, (1, 2), false)]));
    // A write of unknown outcome that nobody ever sees will do.
    assert!(is_linearizable(&[put(0, 0, 1, 1), unknown(2, 2, Action::Put(7)), cas(1, 3, 4, (1, 2), false)]));
    assert!(!is_linearizable(&[put(0, 0, 1, 1), cas(1, 2, 3, (1, 2), false), unknown(2, 4, Action::Put(7))]));
}

#[test]
fn of_two_swaps_that_differ_the_later_needs_the_later_moment() {
    let both = |first, second| {
        [put(0, 0, 1, 1), put(1, 2, 9, 2), cas(2, 3, 4, (first, 7), false), cas(2, 5, 6, (second, 8), false)]
    };
    assert!(is_linearizable(&both(2, 1)));
    assert!(!is_linearizable(&both(1, 2)));
}

#[test]
fn a_write_of_unknown_outcome_may_take_effect_late_but_once() {
    let late = [unknown(0, 0, Action::Put(1)), put(1, 1, 2, 2), get(2, 3, 4, 2), get(2, 5, 6, 1)];
    assert!(is_linearizable(&late));
    let mut twice = late.to_vec();
    twice.extend([put(1, 7, 8, 3), get(2, 9, 10, 1)]);
    assert!(!is_linearizable(&twice));
    assert!(told(&twice).starts_with("c3#1 get k1 → 1   9ms … 10ms   cannot be placed: only 3 was possible"));
}

#[test]
fn a_write_of_unknown_outcome_may_never_take_effect() {
    assert!(is_linearizable(&[put(1, 0, 1, 2), unknown(0, 2, Action::Put(1)), get(2, 3, 4, 2), get(2, 5, 6, 2)]));
}

#[test]
fn nobody_sees_a_write_before_it_is_asked_for() {
    let early = [get(0, 0, 1, 1), put(1, 2, 3, 1)];
    assert!(!is_linearizable(&early));
    assert_eq!(told(&early), "c1#1 get k1 → 1   0s … 1ms   cannot be placed: only none was possible");
}

#[test]
fn a_write_that_failed_is_never_seen() {
    assert!(!is_linearizable(&[operation(0, op(Action::Put(1)), 0, Outcome::Failed), get(1, 1, 2, 1)]));
}

#[test]
fn an_addition_that_happens_twice_shows() {
    use counter::{Action, Counter, Op, Ret};
    let op = |action| Op { key: Key::at(0), action };
    let added = answered::<Counter>(0, 0, 1, op(Action::Add(5)), Ret(5));
    let reads = |sum| answered::<Counter>(1, 2, 3, op(Action::Read), Ret(sum));
    assert!(is_linearizable(&[added.clone(), reads(5)]));
    assert!(!is_linearizable(&[added.clone(), reads(10)]));
    // An addition of unknown outcome explains it, if it is of the right amount.
    let unknown = |amount| operation::<Counter>(2, op(Action::Add(amount)), 4, Outcome::Unknown);
    let later = |sum| answered::<Counter>(1, 5, 6, op(Action::Read), Ret(sum));
    assert!(is_linearizable(&[added.clone(), unknown(5), later(10)]));
    assert!(!is_linearizable(&[added.clone(), unknown(4), later(10)]));
}

#[test]
fn an_append_that_happens_twice_shows() {
    use list::{Action, List, Op, Ret};
    let op = |action| Op { key: Key::at(0), action };
    let appended = operation::<List>(0, op(Action::Append(7)), 0, Outcome::Unknown);
    let reads = |items: &[u64]| answered::<List>(1, 2, 3, op(Action::Read), Ret::Items(items.to_vec()));
    assert!(is_linearizable(&[appended.clone(), reads(&[])]));
    assert!(is_linearizable(&[appended.clone(), reads(&[7])]));
    assert!(!is_linearizable(&[appended.clone(), reads(&[7, 7])]));
}

#[test]
fn what_was_read_on_one_key_says_nothing_about_another() {
    let on = |key: usize, mut operation: Operation<Kv>| {
        operation.op.key = Key::at(key);
        operation
    };
    let crossed = [put(0, 0, 1, 1), on(4, get(1, 2, 3, None)), get(1, 4, 5, 1), on(4, get(1, 6, 7, 1))];
    let Linearizability::Violation(counterexample) = check(&crossed, AMPLE) else {
        panic!("nobody wrote what was read on the fifth key");
    };
    assert_eq!((counterexample.key, counterexample.explained), (Key::at(4), 1));
    assert_eq!((counterexample.kind().as_str(), counterexample.at()), ("get", moment(7).at));
}

#[test]
fn the_order_of_the_slice_means_nothing() {
    let mut history = vec![put(0, 0, 1, 1), put(1, 2, 3, 2), get(2, 4, 5, 2)];
    history.reverse();
    assert!(is_linearizable(&history));
    history[0] = get(2, 4, 5, 1);
    assert!(!is_linearizable(&history));
    // Of values that are written twice, the search decides.
    let mut twice = vec![put(0, 0, 1, 1), put(1, 2, 3, 2), put(0, 4, 5, 1), put(1, 6, 7, 2), get(2, 8, 9, 2)];
    twice.reverse();
    assert!(is_linearizable(&twice));
    twice[0] = get(2, 8, 9, 1);
    assert!(!is_linearizable(&twice));
}

#[test]
fn a_long_story_is_told_in_a_dozen_short_lines() {
    use list::{Action, List, Op, Ret};
    let op = |action| Op { key: Key::at(0), action };
    // Each append pins the next, and the last read has them all in the wrong order.
    let mut history: Vec<Operation<List>> = (0..40)
        .map(|at| {
            let ret = Ret::Length(u64::from(at) + 1);
            answered(0, 2 * at, 2 * at + 1, op(Action::Append(1_000_000 + u64::from(at))), ret)
        })
        .collect();
    let items = (0..40).map(|at| 1_000_039 - at).collect();
    history.push(answered(1, 80, 81, op(Action::Read), Ret::Items(items)));
    let Linearizability::Violation(counterexample) = check(&history, AMPLE) else {
        panic!("the order is wrong");
    };
    let lines = counterexample.tell();
    assert!(lines.len() <= 12);
    assert!(lines.iter().all(|line| line.chars().count() < 300), "{lines:#?}");
    assert!(lines[0].starts_with("c2#1 read k1 → [1000039 1000038 "), "{lines:#?}");
    // Of an answer of 40 items, sixty characters.
    let answer: Vec<char> = lines[0].chars().skip("c2#1 read k1 → ".chars().count()).take(60).collect();
    let answer: String = answer.into_iter().collect();
    assert_eq!(answer, "[1000039 1000038 1000037 1000 … 003 1000002 1000001 1000000]");
}

/// Additions without answers: so many are needed to see that a sum is too small that most are counted only.
#[test]
fn of_a_long_story_the_last_ten_operations_are_told_and_the_others_counted() {
    use counter::{Action, Counter, Op, Ret};
    let asked = |action, heard| unheard::Op { op: Op { key: Key::at(0), action }, heard };
    let add =
        |at: u32| answered::<Unheard<Counter>>(0, 2 * at, 2 * at + 1, asked(Action::Add(1), false), unheard::Ret(None));
    for (sum, lines, first) in [
        (9, 11, "c1#1 add k1 1 → ok   0s … 1ms"),
        (10, 12, "c1#1 add k1 1 → ok   0s … 1ms"),
        (11, 12, "… 2 operations on k1 before these:"),
        (12, 12, "… 3 operations on k1 before these:"),
    ] {
        let mut history: Vec<_> = (0..20).map(add).collect();
        history.push(answered(1, 40, 41, asked(Action::Read, true), unheard::Ret(Some(Ret(sum)))));
        let Linearizability::Violation(counterexample) = check(&history, AMPLE) else { panic!("20 were added") };
        let told = counterexample.tell();
        assert_eq!((counterexample.story.len(), told.len()), (sum as usize + 1, lines), "{told:#?}");
        assert!(told[1].contains(first) || told[1].contains("add k1 1 → ok") && !first.starts_with('…'), "{told:#?}");
    }
}
