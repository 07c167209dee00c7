//! Why a key's calls are not linearizable: the first return that nothing explains, and the few operations that suffice to see it.

use super::calls::{Call, Fate, prefix};
use super::counterexample::Counterexample;
use super::search::Decision;
use super::{Budget, Memory};
use crate::id::Key;
use crate::spec::Spec;

/// How many possible answers are looked for.
const MOST_ANSWERS: usize = 4;
/// How many states an explanation may visit, over all its searches. It never changes the verdict.
const EFFORT: u64 = 2_000_000;

/// Explains calls that are not linearizable. So many returns from the first on are known to be explicable.
pub(super) fn explain<S: Spec>(
    key: Key,
    calls: &[Call<'_, S>],
    explained: usize,
    memory: &mut Memory<S>,
    bytes: u64,
) -> Counterexample<S> {
    let mut trial = Trial { memory, left: Budget { states: EFFORT, bytes } };
    let mut returns: Vec<u32> = calls.iter().filter_map(Call::returned).collect();
    returns.sort_unstable();
    let first = first_violation(calls, &returns, explained, &mut trial);
    let calls = prefix(calls, returns[first]);
    let culprit = calls.iter().position(|call| call.returned() == Some(returns[first]));
    let culprit = culprit.expect("each return is some call's");
    let (answers, all_answers) = possible_answers(&calls, culprit, &mut trial);
    let mut story = minimised(&calls, &mut trial);
    story.retain(|call| call.invoked() != calls[culprit].invoked());
    Counterexample {
        key,
        explained: first,
        culprit: calls[culprit].operation.clone(),
        answers,
        all_answers,
        story: story.into_iter().map(|call| call.operation.clone()).collect(),
    }
}

/// Searches for the sake of an explanation.
struct Trial<'m, S: Spec> {
    memory: &'m mut Memory<S>,
    left: Budget,
}

impl<S: Spec> Trial<'_, S> {
    fn decide(&mut self, calls: &[Call<'_, S>]) -> Decision {
        let allowed = 100 * calls.len() as u64 + 20_000;
        let mut budget = Budget { states: self.left.states.min(allowed), ..self.left };
        let before = budget.states;
        let decision = self.memory.decide(calls, &mut budget);
        // Even a search that decides at once has looked at each call.
        self.left.states = self.left.states.saturating_sub(before - budget.states + calls.len() as u64);
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

/// What the culprit, which returns last, could have answered instead, and whether that is all.
fn possible_answers<S: Spec>(calls: &[Call<'_, S>], culprit: usize, trial: &mut Trial<'_, S>) -> (Vec<S::Ret>, bool) {
    let mut answers: Vec<S::Ret> = Vec::new();
    while answers.len() < MOST_ANSWERS {
        let mut asked = calls.to_vec();
        let order = asked[culprit].returned().expect("the culprit has returned");
        asked[culprit].fate = Fate::Probe(order, &answers);
        let decision = trial.decide(&asked);
        match (decision, trial.memory.probed.take()) {
            (Decision::Linearizable, Some(answer)) => answers.push(answer),
            (Decision::Violation { .. }, _) => return (answers, true),
            _ => return (answers, false),
        }
    }
    (answers, false)
}

/// As few calls as can be found that cannot be explained by themselves, nor with the help of all others, whatever
/// became of those: a call is left out only if there is still no linearization when its outcome is unknown.
fn minimised<'h, S: Spec>(calls: &[Call<'h, S>], trial: &mut Trial<'_, S>) -> Vec<Call<'h, S>> {
    // In terms of places in `calls`: what is looked at, of all that have returned.
    let mut kept: Vec<usize> = (0..calls.len()).filter(|&place| calls[place].returned().is_some()).collect();
    let mut chunk = kept.len().div_ceil(2);
    while chunk > 0 {
        let mut begin = 0;
        let before = kept.len();
        while begin < kept.len() && trial.left.states > 0 {
            let end = (begin + chunk).min(kept.len());
            let fewer: Vec<usize> = kept[..begin].iter().chain(&kept[end..]).copied().collect();
            if trial.is_violation(&looked_at(calls, &fewer)) {
                kept = fewer;
            } else {
                begin = end;
            }
        }
        let again = chunk == 1 && kept.len() < before && trial.left.states > 0;
        chunk = if again { 1 } else { chunk / 2 };
    }
    kept.into_iter().map(|place| calls[place].clone()).collect()
}

/// All calls, the outcomes of those outside `places` (which are in order) being unknown.
fn looked_at<'h, S: Spec>(calls: &[Call<'h, S>], places: &[usize]) -> Vec<Call<'h, S>> {
    let mut places = places.iter().peekable();
    let seen = (0..calls.len()).map(|place| places.next_if_eq(&&place).is_some());
    seen.zip(calls).filter_map(|(seen, call)| if seen { Some(call.clone()) } else { call.forgotten() }).collect()
}
