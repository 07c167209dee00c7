//! Which answers an operation could have had.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::calls::{Call, Fate};
use super::explain::Trial;
use super::monitors;
use super::search::Decision;
use crate::spec::{Discipline, Footprint, Passage, Spec};

/// How many possible answers are looked for.
const MOST_ANSWERS: usize = 4;
/// How many answers are tried to find them.
const MOST_TRIED: usize = 32;

/// Answers that an operation could have had.
pub(super) struct Answers<R> {
    /// Those that were found.
    pub(super) possible: Vec<R>,
    /// Whether there are no others.
    pub(super) all: bool,
}

/// What the culprit, which returns last, could have answered instead.
pub(super) fn possible<S: Spec>(calls: &[Call<'_, S>], culprit: usize, trial: &mut Trial<'_, S>) -> Answers<S::Ret> {
    match candidates(calls, culprit).or_else(|| contents(calls, culprit)) {
        Some(candidates) => tried(calls, culprit, candidates, trial),
        None => probed(calls, culprit, trial),
    }
}

/// Tries one answer after another.
fn tried<S: Spec>(
    calls: &[Call<'_, S>],
    culprit: usize,
    candidates: Vec<S::Ret>,
    trial: &mut Trial<'_, S>,
) -> Answers<S::Ret> {
    let order = calls[culprit].returned().expect("the culprit has returned");
    let mut possible = Vec::new();
    let mut all = candidates.len() <= MOST_TRIED;
    for answer in candidates.into_iter().take(MOST_TRIED) {
        if possible.len() == MOST_ANSWERS {
            all = false;
            break;
        }
        let mut asked = calls.to_vec();
        asked[culprit].fate = Fate::Returned(order, &answer);
        match trial.decide(&asked) {
            Decision::Linearizable => possible.push(answer),
            Decision::Violation { .. } => {}
            Decision::Inconclusive { .. } => all = false,
        }
    }
    Answers { possible, all }
}

/// The answers of the culprit in all states in which it can have found the object, the likeliest first; nothing if
/// these states are not known, for want of a footprint.
fn candidates<S: Spec>(calls: &[Call<'_, S>], culprit: usize) -> Option<Vec<S::Ret>> {
    let others = || calls[..culprit].iter().chain(&calls[culprit + 1..]);
    let footprint = |call: &Call<'_, S>| match call.fate {
        Fate::Returned(_, ret) => S::footprint(&call.operation.op, Some(ret)),
        Fate::Open | Fate::Probe(..) => S::footprint(&call.operation.op, None),
    };
    // What has returned before something was invoked that overwrites it, and that has returned before the culprit was
    // invoked, is gone by then.
    let begun = calls[culprit].invoked();
    let hides = |call: &&Call<'_, S>| {
        call.returned().is_some_and(|order| order < begun) && matches!(footprint(call), Footprint::Overwrites(_))
    };
    let hidden = others().filter(hides).map(Call::invoked).max();
    let lasts = |call: &&Call<'_, S>| call.returned().is_none_or(|order| hidden.is_none_or(|hidden| order > hidden));
    let mut answers: Vec<S::Ret> = Vec::new();
    let mut add = |mut state: S::State| {
        let answer = S::apply(&mut state, &calls[culprit].operation.op);
        let known = matches!(calls[culprit].fate, Fate::Returned(_, given) if *given == answer);
        if !known && !answers.contains(&answer) {
            answers.push(answer);
        }
    };
    // What had returned when it was asked is likelier to be there than what was under way; the later, the likelier.
    let mut makers: Vec<&Call<'_, S>> = others().rev().filter(lasts).collect();
    makers.sort_by_key(|call| Reverse(call.returned().filter(|order| *order < begun)));
    for call in makers {
        match footprint(call) {
            Footprint::Overwrites(state) => add(state),
            Footprint::Finds(mut state) | Footprint::Changes(mut state) => {
                S::apply(&mut state, &call.operation.op);
                add(state);
            }
            Footprint::Misses(_) => {}
            Footprint::Passes(..) | Footprint::Unclear => return None,
        }
    }
    if hidden.is_none() {
        add(S::State::default());
    }
    Some(answers)
}

/// The answers of the culprit if it takes something out of a buffer: that there is nothing, and each value that others are not known to have taken, the
/// likeliest first. Nothing if the object is no buffer.
fn contents<S: Spec>(calls: &[Call<'_, S>], culprit: usize) -> Option<Vec<S::Ret>> {
    let (discipline, passages) = monitors::passages(calls)?;
    let mut inside: BTreeMap<u64, i64> = BTreeMap::new();
    let mut puts: Vec<(u64, &Call<'_, S>)> = Vec::new();
    for (call, passage) in calls.iter().zip(passages) {
        match passage {
            Passage::In(value) => {
                *inside.entry(value).or_default() += 1;
                puts.push((value, call));
            }
            Passage::Out(value) => *inside.entry(value).or_default() -= 1,
            Passage::Empty | Passage::Unheard => {}
        }
    }
    if discipline == Discipline::Stack {
        puts.reverse();
    }
    // What is listed once need not be again.
    puts.retain(|(value, _)| inside.insert(*value, 0).is_some_and(|count| count > 0));
    let answer = |mut state: S::State| S::apply(&mut state, &calls[culprit].operation.op);
    let after = |call: &Call<'_, S>| {
        let mut state = S::State::default();
        S::apply(&mut state, &call.operation.op);
        answer(state)
    };
    let mut answers = vec![answer(S::State::default())];
    answers.extend(puts.into_iter().map(|(_, call)| after(call)));
    answers.retain(|ret| !matches!(calls[culprit].fate, Fate::Returned(_, given) if given == ret));
    Some(answers)
}

/// Searches for an answer that differs from those found, until there is none.
fn probed<S: Spec>(calls: &[Call<'_, S>], culprit: usize, trial: &mut Trial<'_, S>) -> Answers<S::Ret> {
    let order = calls[culprit].returned().expect("the culprit has returned");
    let mut possible: Vec<S::Ret> = Vec::new();
    while possible.len() < MOST_ANSWERS {
        let mut asked = calls.to_vec();
        asked[culprit].fate = Fate::Probe(order, &possible);
        match (trial.decide(&asked), trial.memory.probed.take()) {
            (Decision::Linearizable, Some(answer)) => possible.push(answer),
            (Decision::Violation { .. }, _) => return Answers { possible, all: true },
            _ => return Answers { possible, all: false },
        }
    }
    Answers { possible, all: false }
}
