//! Why a key's calls are not linearizable: the first return that nothing explains, and the few operations that suffice to see it.

use super::answers::{self, Answers};
use super::calls::{Call, Fate, prefix};
use super::counterexample::Counterexample;
use super::footprints::ByFootprint;
use super::intern::Interner;
use super::monitors;
use super::online::{Configuration, Online, Watch};
use super::search::Decision;
use super::{Budget, Memory};
use crate::id::Key;
use crate::spec::{Passage, Spec};

/// How many states an explanation may visit, over all its searches, besides some for each call and for each state of
/// the verdict.
const EFFORT: u64 = 1_000_000;
/// How many operations are looked at when most are forgotten for the first time. Most violations are short stories.
const FIRST_LOOK: usize = 16;
/// Up to how many calls are watched one by one for the sake of what the object can have been in the end, and in how many ways it can be at once. Watching takes a microsecond or some for a call.
const MOST_WATCHED: usize = 20_000;
const MOST_SURVIVORS: usize = 100;

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
    let survivors = survivors(&calls, culprit, cost.bytes);
    let Answers { possible, all } = answers::possible(&calls, culprit, &mut trial);
    let values = of_few_values(&calls, &mut trial);
    let of_values = values.is_some();
    let (mut story, origin) = values.map_or_else(|| minimised(&calls, &mut trial), |story| (story, Origin::Start));
    story.retain(|call| call.invoked() != calls[culprit].invoked());
    Counterexample {
        key,
        explained: first,
        culprit: calls[culprit].operation.clone(),
        answers: possible,
        all_answers: all,
        story: story.into_iter().map(|call| call.operation.clone()).collect(),
        from: match origin {
            Origin::Start => None,
            Origin::Anywhere(from) => Some(from),
        },
        survivors,
        of_values,
    }
}

/// How the object can have been right before the culprit's return, the last of all.
fn survivors<S: Spec>(calls: &[Call<'_, S>], culprit: usize, bytes: u64) -> Option<Vec<Configuration<S>>> {
    if calls.len() > MOST_WATCHED {
        return None;
    }
    let mut events: Vec<(u32, usize)> = Vec::with_capacity(2 * calls.len());
    for (at, call) in calls.iter().enumerate() {
        events.push((call.invoked(), at));
        events.extend(call.returned().map(|order| (order, at)));
    }
    events.sort_unstable();
    let mut online = Online::within(MOST_SURVIVORS, bytes);
    for (order, at) in events {
        let Call { place, operation, fate } = calls[at].clone();
        match fate {
            Fate::Returned(returned, ret) if returned == order => match online.returned(place, ret) {
                Watch::Violation(survivors) if at == culprit => return Some(survivors),
                Watch::Violation(_) => return None,
                Watch::Explained => {}
            },
            _ => online.invoked(place, &operation.op),
        }
    }
    None
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
        self.spend(calls, Memory::decide)
    }

    fn spend<'h>(
        &mut self,
        calls: &[Call<'h, S>],
        decide: impl FnOnce(&mut Memory<S>, &[Call<'h, S>], &mut Budget) -> Decision,
    ) -> Decision {
        let allowed = 20_000 + 20 * calls.len() as u64 + 2 * self.verdict;
        let mut budget = Budget { states: self.left.states.min(allowed), ..self.left };
        let before = budget.states;
        let decision = decide(self.memory, calls, &mut budget);
        // Even a search that decides at once has looked at each call, if not for long.
        self.left.states = self.left.states.saturating_sub(before - budget.states + calls.len() as u64 / 4);
        if matches!(decision, Decision::Inconclusive { .. }) {
            // Where one search is in vain, the next may well be too.
            self.left.states /= 2;
        }
        decision
    }

    /// The place among `returns` of the last of the calls that contradict each other, if the last decision was made by such.
    fn last_of_conflict(&self, calls: &[Call<'_, S>], returns: &[u32]) -> Option<usize> {
        let last = self.memory.conflict.iter().filter_map(|&call| calls[call as usize].returned()).max()?;
        returns.binary_search(&last).ok()
    }

    fn is_violation(&mut self, calls: &[Call<'_, S>]) -> bool {
        matches!(self.decide(calls), Decision::Violation { .. })
    }

    fn is_violation_from(&mut self, origin: Origin, calls: &[Call<'_, S>]) -> bool {
        match origin {
            Origin::Start => self.is_violation(calls),
            Origin::Anywhere(_) => {
                matches!(self.spend(calls, Memory::decide_from_anywhere), Decision::Violation { .. })
            }
        }
    }
}

/// The place among `returns` of the first that cannot be explained.
fn first_violation<S: Spec>(
    calls: &[Call<'_, S>],
    returns: &[u32],
    explained: usize,
    trial: &mut Trial<'_, S>,
) -> usize {
    // What the verdict got stuck at is often the first already; so begin there, and go on in growing strides.
    let (mut low, mut high, mut stride) = (explained, returns.len() - 1, 0);
    let mut guess = trial.last_of_conflict(calls, returns);
    while low < high {
        let middle = guess.take().unwrap_or(low + ((high - low) / 2).min(stride)).clamp(low, high - 1);
        let calls = prefix(calls, returns[middle]);
        if trial.is_violation(&calls) {
            high = middle;
            // If few calls contradict each other, then not before the last of them returns. If that is at `high`, it is likely to be the first; so the one before is asked about.
            guess = trial.last_of_conflict(&calls, returns);
        } else {
            low = middle + 1;
            stride = stride * 2 + 1;
        }
    }
    high
}

/// The calls on a buffer about as few values as can be found that contradict each other, if it is a buffer: taking a value away with all that is known of it
/// explains nothing. Takes of unknown outcome are about any value, and stay.
fn of_few_values<'h, S: Spec>(calls: &[Call<'h, S>], trial: &mut Trial<'_, S>) -> Option<Vec<Call<'h, S>>> {
    let (_, passages) = monitors::passages(calls)?;
    if !trial.is_violation(calls) {
        return None;
    }
    let conflict = std::mem::take(&mut trial.memory.conflict);
    if !conflict.is_empty() {
        return Some(conflict.iter().map(|&call| calls[call as usize].clone()).collect());
    }
    let mut values = Interner::new(calls.len() / 2);
    let number = |(place, passage): (usize, &Passage)| match *passage {
        Passage::In(value) | Passage::Out(value) => Some(values.number((None, value))),
        Passage::Empty => Some(values.number((Some(place), 0))),
        Passage::Unheard => None,
    };
    let about: Vec<Option<u32>> = passages.iter().enumerate().map(number).collect();
    let mut kept: Vec<u32> = (0..values.values().len() as u32).collect();
    let of = |kept: &[u32]| -> Vec<Call<'h, S>> {
        let is_kept = |value: &Option<u32>| value.is_none_or(|value| kept.binary_search(&value).is_ok());
        calls.iter().zip(&about).filter(|(_, value)| is_kept(value)).map(|(call, _)| call.clone()).collect()
    };
    let mut chunk = kept.len().div_ceil(2);
    while chunk > 0 {
        let mut begin = 0;
        while begin < kept.len() && trial.left.states > 0 {
            let fewer = [&kept[..begin], &kept[(begin + chunk).min(kept.len())..]].concat();
            if trial.is_violation(&of(&fewer)) {
                kept = fewer;
            } else {
                begin += chunk;
            }
        }
        chunk /= 2;
    }
    let few = calls.iter().zip(&about).filter(|(_, value)| value.is_some_and(|value| kept.contains(&value)));
    Some(few.map(|(call, _)| call.clone()).collect())
}

/// As few calls as can be found that cannot be explained by themselves, nor with the help of all others, whatever
/// became of those: a call is left out only if there is still no linearization when its outcome is unknown. Or, if that is
/// a shorter story, whatever came before: what had begun by its beginning has left one state or another.
fn minimised<'h, S: Spec>(calls: &[Call<'h, S>], trial: &mut Trial<'_, S>) -> (Vec<Call<'h, S>>, Origin) {
    let begun = contradictory(calls, trial).or_else(|| latest(calls, trial));
    let (mut calls, origin) = begun.unwrap_or_else(|| (calls.to_vec(), Origin::Start));
    let mut chunk = looked_at(&calls).div_ceil(2);
    while chunk > 0 {
        let before = looked_at(&calls);
        let mut begin = 0;
        while begin < looked_at(&calls) && trial.left.states > 0 {
            let fewer = forget(&calls, begin, begin + chunk);
            if trial.is_violation_from(origin, &fewer) {
                calls = ByFootprint::useful(fewer);
            } else {
                begin += chunk;
            }
        }
        // What was needed once is needed by all that is left; but a search that came to no end may come to one when there is less to look at.
        let again = chunk == 1 && looked_at(&calls) < before && trial.left.states > 0;
        chunk = if again { 1 } else { chunk / 2 };
    }
    calls.retain(|call| call.returned().is_some());
    (calls, origin)
}

/// In which state a story finds the object.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// As it is at first.
    Start,
    /// In any, right after this return.
    Anywhere(u32),
}

fn looked_at<S: Spec>(calls: &[Call<'_, S>]) -> usize {
    calls.iter().filter(|call| call.returned().is_some()).count()
}

/// The calls, when nobody looks at the outcomes of any but the few that contradict each other, if there are such.
fn contradictory<'h, S: Spec>(calls: &[Call<'h, S>], trial: &mut Trial<'_, S>) -> Option<(Vec<Call<'h, S>>, Origin)> {
    if !trial.is_violation(calls) || trial.memory.conflict.is_empty() {
        return None;
    }
    let conflict = std::mem::take(&mut trial.memory.conflict);
    let few = |call: u32| conflict.binary_search(&call).is_ok();
    let calls =
        (0..).zip(calls).filter_map(|(place, call)| if few(place) { Some(call.clone()) } else { call.forgotten() });
    let calls = ByFootprint::useful(calls.collect());
    trial.is_violation(&calls).then_some((calls, Origin::Start))
}

/// The calls from a moment on, so many returns before the end and by growing strides more, if they contradict each other in whichever state that moment finds the object. What had returned
/// is over then. Of all others that were invoked before, nobody looks at the outcomes, for they may have taken effect by then.
fn latest<'h, S: Spec>(calls: &[Call<'h, S>], trial: &mut Trial<'_, S>) -> Option<(Vec<Call<'h, S>>, Origin)> {
    let mut returns: Vec<u32> = calls.iter().filter_map(Call::returned).collect();
    returns.sort_unstable();
    let mut look = FIRST_LOOK;
    while look < returns.len() && trial.left.states > 0 {
        let begin = returns[returns.len() - 1 - look];
        let lasting = |call: &Call<'h, S>| match call.returned() {
            Some(order) if order <= begin => None,
            Some(_) if call.invoked() < begin => call.forgotten(),
            _ => Some(call.clone()),
        };
        let window: Vec<_> = calls.iter().filter_map(lasting).collect();
        let origin = Origin::Anywhere(begin);
        if trial.is_violation_from(origin, &window) {
            return Some((window, origin));
        }
        look *= 4;
    }
    None
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
