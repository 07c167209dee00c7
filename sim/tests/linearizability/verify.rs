//! Whether a proof holds: by the specification and the order of the history alone, without anything of the check.

use std::collections::BTreeSet;

use shaketable_sim::history::{Operation, Outcome};
use shaketable_sim::spec::{Objects, Spec};

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
