//! Whether a proof holds: by the specification and the order of the history alone, without anything of the check.

use std::collections::BTreeSet;

use shaketable_sim::check::linearizable::Counterexample;

use shaketable_sim::history::{Operation, Outcome};
use shaketable_sim::spec::{Objects, Spec};

use crate::looked_at;

/// Asserts that carrying out the operations at these places one after another gives all answers of a history, each operation between its invocation and its return. Keys share
/// nothing, so only what is on one key has an order.
pub(crate) fn assert_explains<S: Spec>(history: &[Operation<S>], order: &[u32]) {
    let mut objects = Objects::<S>::default();
    let mut done = BTreeSet::new();
    let mut latest: Vec<Option<u32>> = Vec::new();
    for &place in order {
        let Operation { op, invoked, outcome, .. } = &history[place as usize];
        assert!(done.insert(place), "the operation {place} occurs twice");
        let key = S::key(op).index();
        latest.resize(latest.len().max(key + 1), None);
        let ret = objects.apply(op);
        match outcome {
            Outcome::Ok { ret: given, returned } => {
                assert_eq!(ret, *given, "the operation {place} is answered otherwise");
                assert!(
                    latest[key] < Some(returned.order),
                    "the operation {place} comes after one invoked after its return"
                );
            }
            Outcome::Failed => panic!("the operation {place} failed"),
            Outcome::Unknown => {}
        }
        latest[key] = latest[key].max(Some(invoked.order));
    }
    let answered = |operation: &Operation<S>| matches!(operation.outcome, Outcome::Ok { .. });
    let missing = (0..).zip(history).find(|(place, operation)| answered(operation) && !done.contains(place));
    assert!(missing.is_none(), "{missing:?} is not in the order");
}

/// Asserts that the configurations that are said to survive until the culprit returns are all that there are, as far as that can be told from outside: whatever state the object can be
/// in then, with whatever calls under way carried out, is that of a survivor after some more of these calls; and each survivor can be.
///
/// What can be is found without any of the check's ideas: after each event, each open operation may take effect at once, or not yet.
pub(crate) fn assert_survivors<S: Spec>(history: &[Operation<S>], found: &Counterexample<S>) {
    let Some(survivors) = &found.survivors else {
        let calls = history.iter().filter(|operation| operation.outcome != Outcome::Failed).count();
        return assert!(calls > 4, "four calls can be in few ways");
    };
    let Outcome::Ok { returned: end, .. } = &found.culprit.outcome else { panic!("the culprit has returned") };
    let begun = |operation: &Operation<S>| operation.outcome != Outcome::Failed && operation.invoked < *end;
    let places = looked_at(history, found).filter(|(_, operation)| begun(operation));
    let mut events: Vec<(u32, u32, bool)> = Vec::new();
    for (place, operation) in places {
        events.push((operation.invoked.order, place, false));
        if let Outcome::Ok { returned, .. } = &operation.outcome
            && returned < end
        {
            events.push((returned.order, place, true));
        }
    }
    events.sort_unstable();
    let (mut all, mut open): (Vec<Way<S>>, Vec<u32>) = (vec![(S::State::default(), Vec::new())], Vec::new());
    for (_, place, is_return) in events {
        match (&history[place as usize].outcome, is_return) {
            (Outcome::Ok { ret, .. }, true) => {
                open.retain(|&other| other != place);
                all.retain(|(_, done)| done.iter().any(|(other, answer)| *other == place && answer == ret));
                all.iter_mut().for_each(|(_, done)| done.retain(|(other, _)| *other != place));
            }
            _ => open.push(place),
        }
        spread(&mut all, &open, history);
    }
    assert_answers(history, found, &all);
    let mut theirs: Vec<Way<S>> = Vec::new();
    for survivor in survivors {
        let answer =
            |(place, answer): &(u32, Option<S::Ret>)| (*place, answer.clone().expect("nobody said that it was lost"));
        theirs.push((survivor.state.clone(), survivor.done.iter().map(answer).collect()));
    }
    let is_read = |place: u32| S::is_read(&history[place as usize].op);
    let writes =
        |(state, done): &Way<S>| (state.clone(), done.iter().filter(|(place, _)| !is_read(*place)).cloned().collect());
    let all: Vec<Way<S>> = all.iter().map(writes).collect();
    assert!(theirs.iter().all(|way| all.contains(way)), "{theirs:#?} are not all among {all:#?}");
    let writers: Vec<u32> = open.into_iter().filter(|&place| !is_read(place)).collect();
    spread(&mut theirs, &writers, history);
    assert!(all.iter().all(|way| theirs.contains(way)), "{all:#?} are not all reached from {survivors:#?}");
}

/// Asserts that what the culprit is said to could have been answered is so in one of all the ways until it returned; and if it is said to be all, that it is all.
fn assert_answers<S: Spec>(history: &[Operation<S>], found: &Counterexample<S>, all: &[Way<S>]) {
    let culprit =
        (0..).zip(history).find(|(_, operation)| operation.invoked == found.culprit.invoked).map(|(place, _)| place);
    let answers = all.iter().flat_map(|(_, done)| done).filter(|(place, _)| Some(*place) == culprit);
    let mut possible: Vec<&S::Ret> = Vec::new();
    for (_, answer) in answers {
        if !possible.contains(&answer) {
            possible.push(answer);
        }
    }
    let told = &found.answers;
    assert!(
        told.iter().all(|answer| possible.contains(&answer)),
        "{told:?} are not all among {possible:?}: {history:#?}"
    );
    // Of few possible answers all are found, and it is said so.
    assert_eq!(told.len(), possible.len().min(4), "{told:?} of {possible:?}: {history:#?}");
    assert!(found.all_answers || possible.len() > 3, "{told:?} are all of {possible:?}: {history:#?}");
    assert!(
        !found.all_answers || possible.iter().all(|answer| told.contains(answer)),
        "{told:?} are not all of {possible:?}: {history:#?}"
    );
}

/// A state, and the open operations that have taken effect, in order, with their answers.
type Way<S> = (<S as Spec>::State, Vec<(u32, <S as Spec>::Ret)>);

/// Adds all ways that come of others when open operations take effect.
fn spread<S: Spec>(all: &mut Vec<Way<S>>, open: &[u32], history: &[Operation<S>]) {
    let mut next = 0;
    while next < all.len() {
        for &place in
            open.iter().filter(|&&place| !all[next].1.iter().any(|&(other, _)| other == place)).collect::<Vec<_>>()
        {
            let (mut state, mut done) = all[next].clone();
            let answer = S::apply(&mut state, &history[place as usize].op);
            done.insert(done.partition_point(|&(other, _)| other < place), (place, answer));
            if !all.contains(&(state.clone(), done.clone())) {
                all.push((state, done));
            }
        }
        next += 1;
    }
}
