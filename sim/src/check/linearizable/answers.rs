//! Which answers an operation could have had.

use super::calls::{Call, Fate};
use super::explain::Trial;
use super::search::Decision;
use crate::spec::{Footprint, Spec};

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
    match candidates(calls, culprit) {
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
    for call in others().rev().filter(lasts) {
        match footprint(call) {
            Footprint::Overwrites(state) => add(state),
            Footprint::Finds(mut state) | Footprint::Changes(mut state) => {
                S::apply(&mut state, &call.operation.op);
                add(state);
            }
            Footprint::Misses(_) => {}
            Footprint::Unclear => return None,
        }
    }
    if hidden.is_none() {
        add(S::State::default());
    }
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
