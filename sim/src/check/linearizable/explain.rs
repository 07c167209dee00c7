//! Why a key's calls are not linearizable: the first return that nothing explains, and the few operations that suffice to see it.

use super::answers::{self, Answers};
use super::calls::{Call, prefix};
use super::counterexample::Counterexample;
use super::footprints::ByFootprint;
use super::search::Decision;
use super::{Budget, Memory};
use crate::id::Key;
use crate::spec::Spec;

/// How many states an explanation may visit, over all its searches, besides some for each call and for each state of
/// the verdict.
const EFFORT: u64 = 1_000_000;
/// How many operations are looked at when most are forgotten for the first time. Most violations are short stories.
const FIRST_LOOK: usize = 16;

/// What is known of calls that are not linearizable.
pub(super) struct Violation<'c, 'h, S: Spec> {
    pub(super) key: Key,
    pub(super) calls: &'c [Call<'h, S>],
    /// How many returns, from the first on, can be explained for certain.
    pub(super) explained: usize,
    /// What the verdict took: as many states, and at most as many bytes.
    pub(super) cost: Budget,
}

/// Explains calls that are not linearizable. What it spends on that has no influence on the verdict.
pub(super) fn explain<S: Spec>(violation: &Violation<'_, '_, S>, memory: &mut Memory<S>) -> Counterexample<S> {
    let &Violation { key, calls, explained, cost } = violation;
    let left = Budget { states: EFFORT + 4 * cost.states + 32 * calls.len() as u64, ..cost };
    let mut trial = Trial { memory, verdict: cost.states, left };
    let mut returns: Vec<u32> = calls.iter().filter_map(Call::returned).collect();
    returns.sort_unstable();
    let first = first_violation(calls, &returns, explained, &mut trial);
    let calls = prefix(calls, returns[first]);
    let culprit = calls.iter().position(|call| call.returned() == Some(returns[first]));
    let culprit = culprit.expect("each return is some call's");
    let Answers { possible, all } = answers::possible(&calls, culprit, &mut trial);
    let mut story = minimised(&calls, &mut trial);
    story.retain(|call| call.invoked() != calls[culprit].invoked());
    Counterexample {
        key,
        explained: first,
        culprit: calls[culprit].operation.clone(),
        answers: possible,
        all_answers: all,
        story: story.into_iter().map(|call| call.operation.clone()).collect(),
    }
}

/// Searches for the sake of an explanation.
pub(super) struct Trial<'m, S: Spec> {
    pub(super) memory: &'m mut Memory<S>,
    /// How many states the verdict took.
    verdict: u64,
    left: Budget,
}

impl<S: Spec> Trial<'_, S> {
    pub(super) fn decide(&mut self, calls: &[Call<'_, S>]) -> Decision {
        let allowed = 20_000 + 20 * calls.len() as u64 + 2 * self.verdict;
        let mut budget = Budget { states: self.left.states.min(allowed), ..self.left };
        let before = budget.states;
        let decision = self.memory.decide(calls, &mut budget);
        // Even a search that decides at once has looked at each call, if not for long.
        self.left.states = self.left.states.saturating_sub(before - budget.states + calls.len() as u64 / 4);
        if matches!(decision, Decision::Inconclusive { .. }) {
            // Where one search is in vain, the next may well be too.
            self.left.states /= 2;
        }
        decision
    }

    fn is_violation(&mut self, calls: &[Call<'_, S>]) -> bool {
        matches!(self.decide(calls), Decision::Violation { .. })
    }
}

/// The place among `returns` of the first that cannot be explained.
fn first_violation<S: Spec>(
    calls: &[Call<'_, S>],
    returns: &[u32],
    explained: usize,
    trial: &mut Trial<'_, S>,
) -> usize {
    // What the search got stuck at is often the first already; so begin there, and go on in growing strides.
    let (mut low, mut high, mut stride) = (explained, returns.len() - 1, 0);
    while low < high {
        let middle = low + ((high - low) / 2).min(stride);
        if trial.is_violation(&prefix(calls, returns[middle])) {
            high = middle;
        } else {
            low = middle + 1;
            stride = stride * 2 + 1;
        }
    }
    high
}

/// As few calls as can be found that cannot be explained by themselves, nor with the help of all others, whatever
/// became of those: a call is left out only if there is still no linearization when its outcome is unknown.
fn minimised<'h, S: Spec>(calls: &[Call<'h, S>], trial: &mut Trial<'_, S>) -> Vec<Call<'h, S>> {
    let looked_at = |calls: &[Call<'h, S>]| calls.iter().filter(|call| call.returned().is_some()).count();
    let mut calls = latest(calls, looked_at(calls), trial);
    let mut chunk = looked_at(&calls).div_ceil(2);
    while chunk > 0 {
        let before = looked_at(&calls);
        let mut begin = 0;
        while begin < looked_at(&calls) && trial.left.states > 0 {
            let fewer = forget(&calls, begin, begin + chunk);
            if trial.is_violation(&fewer) {
                calls = ByFootprint::useful(fewer);
            } else {
                begin += chunk;
            }
        }
        let again = chunk == 1 && looked_at(&calls) < before && trial.left.states > 0;
        chunk = if again { 1 } else { chunk / 2 };
    }
    calls.retain(|call| call.returned().is_some());
    calls
}

/// The calls, when nobody looks at the outcomes of any but the last that returned: as few of these as will do, by growing
/// strides. There are `returned` in all.
fn latest<'h, S: Spec>(calls: &[Call<'h, S>], returned: usize, trial: &mut Trial<'_, S>) -> Vec<Call<'h, S>> {
    let mut look = FIRST_LOOK;
    while look < returned / 2 && trial.left.states > 0 {
        let fewer = ByFootprint::useful(forget(calls, 0, returned - look));
        if trial.is_violation(&fewer) {
            return fewer;
        }
        look *= 4;
    }
    calls.to_vec()
}

/// The calls, when nobody looks at the outcomes of some of those that returned: from the `begin`th to the `end`th.
fn forget<'h, S: Spec>(calls: &[Call<'h, S>], begin: usize, end: usize) -> Vec<Call<'h, S>> {
    let mut number = 0;
    let kept = calls.iter().filter_map(|call| {
        let forgotten = call.returned().is_some() && {
            number += 1;
            (begin + 1..=end).contains(&number)
        };
        if forgotten { call.forgotten() } else { Some(call.clone()) }
    });
    kept.collect()
}
