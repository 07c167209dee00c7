//! Whether a story is about what is wrong, and about no more: its outcomes contradict each other, and without any one of them they do not.

use shaketable_sim::check::linearizable::{Counterexample, Linearizability, Verdict, check, decide};
use shaketable_sim::history::{Moment, Operation, Outcome};
use shaketable_sim::id::{Key, OpId};
use shaketable_sim::rng::{Seed, Stream};
use shaketable_sim::spec::kv::{Action, Kv, Op, Ret};
use shaketable_sim::spec::{Footprint, Passage, Spec};
use shaketable_sim::time::Ppm;

use crate::generate::{Shape, history, spoil};
use crate::{AMPLE, assert_holds, looked_at, moment, operation};

/// The operations of a story, the culprit's last.
fn told<S: Spec>(found: &Counterexample<S>) -> Vec<&Operation<S>> {
    found.story.iter().chain([&found.culprit]).collect()
}

fn is_told<S: Spec>(told: &[&Operation<S>], operation: &Operation<S>) -> bool {
    told.iter().any(|told| told.invoked == operation.invoked)
}

fn contradicts<S: Spec>(history: &[Operation<S>]) -> bool {
    match decide(history, AMPLE) {
        Verdict::Linearizable(_) => false,
        Verdict::Violation { .. } => true,
        Verdict::Inconclusive(undecided) => panic!("{undecided:?}: {history:#?}"),
    }
}

/// What was looked at, up to the return of the culprit. Who had not returned by then has no outcome.
fn until_culprit<S: Spec>(history: &[Operation<S>], found: &Counterexample<S>) -> Vec<Operation<S>> {
    let Outcome::Ok { returned: end, .. } = &found.culprit.outcome else { panic!("the culprit has returned") };
    let begun = looked_at(history, found).map(|(_, operation)| operation).filter(|operation| operation.invoked < *end);
    begun
        .map(|operation| match &operation.outcome {
            Outcome::Ok { returned, .. } if returned > end => {
                Operation { outcome: Outcome::Unknown, ..operation.clone() }
            }
            _ => operation.clone(),
        })
        .collect()
}

/// Asserts that all of a story is needed, if it begins with the history.
pub(crate) fn assert_minimal<S: Spec>(history: &[Operation<S>], found: &Counterexample<S>) {
    let until = until_culprit(history, found);
    if found.of_values {
        return assert_few_values(&until, found);
    }
    let told = told(found);
    for left_out in (0..told.len()).map(Some).chain([None]) {
        let mut told = told.clone();
        left_out.map(|place| told.remove(place));
        let forgotten = |operation: &Operation<S>| match operation.outcome {
            Outcome::Ok { .. } if !is_told(&told, operation) => {
                Operation { outcome: Outcome::Unknown, ..operation.clone() }
            }
            _ => operation.clone(),
        };
        let rest: Vec<_> = until.iter().map(forgotten).collect();
        assert_eq!(contradicts(&rest), left_out.is_none(), "without {left_out:?}: {:#?} of {history:#?}", found.tell());
    }
}

/// The value that an operation on a buffer is about.
fn value<S: Spec>(operation: &Operation<S>) -> Option<u64> {
    let ret = if let Outcome::Ok { ret, .. } = &operation.outcome { Some(ret) } else { None };
    match S::footprint(&operation.op, ret) {
        Footprint::Passes(_, Passage::In(value) | Passage::Out(value)) => Some(value),
        _ => None,
    }
}

/// Asserts that all values of a story are needed, if a search has found it. (What is found without one is told by few calls, though not always by the fewest.)
fn assert_few_values<S: Spec>(until: &[Operation<S>], found: &Counterexample<S>) {
    if !matches!(decide(until, AMPLE), Verdict::Violation { conflict, .. } if conflict.is_empty()) {
        return;
    }
    let ret = |operation: &Operation<S>| {
        if let Outcome::Ok { ret, .. } = &operation.outcome { Some(ret.clone()) } else { None }
    };
    let unheard = |operation: &Operation<S>| {
        matches!(S::footprint(&operation.op, ret(operation).as_ref()), Footprint::Passes(_, Passage::Unheard))
    };
    let with_unheard = |told: &[&Operation<S>]| -> Vec<Operation<S>> {
        until.iter().filter(|operation| is_told(told, operation) || unheard(operation)).cloned().collect()
    };
    // Whoever takes out the wrong value may be missed by others, which are told then, and not for that value.
    let mut told: Vec<&Operation<S>> = found.story.iter().collect();
    if !contradicts(&with_unheard(&told)) {
        told.push(&found.culprit);
    }
    let of_story = with_unheard(&told);
    assert!(contradicts(&of_story), "{of_story:#?} do not contradict each other");
    for left_out in told {
        let same = |other: &Operation<S>| match value(left_out) {
            Some(left_out) => value(other) == Some(left_out),
            None => other.invoked == left_out.invoked,
        };
        let rest: Vec<_> = of_story.iter().filter(|operation| !same(operation)).cloned().collect();
        assert!(!contradicts(&rest), "without {left_out:#?}, {rest:#?} contradict each other as well");
    }
}

/// Whether these outcomes contradict each other in whichever state the entry is at a moment. What had returned by then is over; of all others that were invoked before, nothing is
/// known: they may have happened by then.
fn contradicts_from(begin: u32, until: &[Operation<Kv>], told: &[&Operation<Kv>]) -> bool {
    let later = |at: Moment| Moment { order: at.order + 2, ..at };
    let left = until.iter().filter_map(|operation| {
        let outcome = match &operation.outcome {
            Outcome::Ok { returned, .. } if returned.order <= begin => return None,
            Outcome::Ok { ret, returned } if is_told(told, operation) => {
                Outcome::Ok { ret: ret.clone(), returned: later(*returned) }
            }
            _ => Outcome::Unknown,
        };
        Some(Operation { invoked: later(operation.invoked), outcome, ..operation.clone() })
    });
    let left: Vec<Operation<Kv>> = left.collect();
    let values = (0..10).map(Action::Put).chain([Action::Delete]);
    values.into_iter().all(|action| {
        let op = Op { key: Key::at(0), action };
        let first = operation::<Kv>(0, op, 0, Outcome::Ok { ret: Ret::Done, returned: moment(1) });
        contradicts(&[vec![first], left.clone()].concat())
    })
}

/// Asserts that a story that begins late contradicts itself whatever came before, and that all of it is needed for that.
fn assert_contradicts_from(begin: u32, history: &[Operation<Kv>], found: &Counterexample<Kv>) {
    let (until, told) = (until_culprit(history, found), told(found));
    assert!(told.iter().all(|operation| operation.invoked.order > begin), "{:#?} begins after {begin}", found.tell());
    for left_out in (0..told.len()).map(Some).chain([None]) {
        let mut told = told.clone();
        left_out.map(|place| told.remove(place));
        let found = contradicts_from(begin, &until, &told);
        assert_eq!(found, left_out.is_none(), "from {begin}, without {left_out:?}: {told:#?}");
    }
}

fn few(_: OpId, rng: &mut Stream) -> Op {
    let action = match rng.below(20) {
        0..8 => Action::Get,
        8..12 => Action::Put(rng.below(4)),
        12..19 => Action::Cas { expect: rng.below(4), new: rng.below(4) },
        _ => Action::Delete,
    };
    Op { key: Key::at(0), action }
}

#[test]
fn a_story_that_begins_late_contradicts_itself_whatever_came_before() {
    let (mut late, mut early) = (0, 0);
    for seed in 0..500 {
        let mut rng = Seed(seed).stream("late stories");
        let shape = Shape {
            clients: rng.between(2, 6) as usize,
            operations: rng.between(20, 60) as usize,
            unknown: Ppm::percent(rng.below(3) as u32 * 4),
        };
        let mut history = history::<Kv>(shape, &mut rng, few);
        let end = history.len() - 10;
        for _ in 0..3 {
            spoil(&mut history[end..], &mut rng);
        }
        let Linearizability::Violation(found) = check(&history, AMPLE) else { continue };
        match found.from {
            Some(begin) => assert_contradicts_from(begin, &history, &found),
            None => assert_minimal(&history, &found),
        }
        *(if found.from.is_some() { &mut late } else { &mut early }) += 1;
    }
    assert!(late > 50 && early > 50, "{late} stories begin late, {early} with the history");
}

fn answered(from: u32, to: u32, action: Action, ret: Ret) -> Operation<Kv> {
    operation(from as usize, Op { key: Key::at(0), action }, from, Outcome::Ok { ret, returned: moment(to) })
}

fn put(at: u32, value: u64) -> Operation<Kv> {
    answered(at, at + 1, Action::Put(value), Ret::Done)
}

fn get(from: u32, to: u32, value: u64) -> Operation<Kv> {
    answered(from, to, Action::Get, Ret::Value(Some(value)))
}

fn unknown(at: u32, action: Action) -> Operation<Kv> {
    operation(at as usize, Op { key: Key::at(0), action }, at, Outcome::Unknown)
}

/// Two writes of unknown outcome are seen, and overwritten, and the second is seen again. Meanwhile somebody reads for long what was there before: that may be over when the others begin, so it contradicts none of them.
#[test]
fn who_began_before_a_story_contradicts_nobody_in_it() {
    let mut history = vec![unknown(0, Action::Put(3)), unknown(1, Action::Put(3)), put(2, 1), get(4, 50, 1)];
    history.extend([get(5, 6, 3), put(7, 2), get(9, 10, 3), put(11, 2)]);
    history.extend((0..14).map(|read| 30 + 2 * read + if read < 7 { 0 } else { 20 }).map(|at| get(at, at + 1, 2)));
    history.push(get(90, 91, 3));
    let Linearizability::Violation(found) = check(&history, AMPLE) else { panic!("3 was written twice only") };
    assert_holds(&history, &found);
    assert_eq!((found.culprit.invoked, found.from), (moment(90), None));
    assert!(!is_told(&told(&found), &get(4, 50, 1)), "{:#?}", found.tell());
    assert_minimal(&history, &found);
}

/// Watching takes its time, for the sake of one line.
#[test]
fn how_an_object_can_have_been_is_told_after_up_to_twenty_thousand_calls() {
    for (puts, is_told) in [(19_999, true), (20_000, false)] {
        let mut history: Vec<_> = (0..puts).map(|at| put(2 * at, at.into())).collect();
        history.push(get(2 * puts, 2 * puts + 1, 0));
        let Linearizability::Violation(found) = check(&history, AMPLE) else { panic!("0 was overwritten") };
        assert_eq!(found.survivors.map(|survivors| survivors.len()), is_told.then_some(1), "after {puts} writes");
        assert_eq!((found.answers, found.all_answers), (vec![Ret::Value(Some(u64::from(puts) - 1))], true));
    }
}
