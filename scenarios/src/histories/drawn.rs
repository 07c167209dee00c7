//! The operations that a violation is about, to be drawn.

use serde_json::{Value, json};
use shaketable_reports::{Bar, Part};
use shaketable_sim::check::linearizable::{Budget, Counterexample, Linearizability, Verdict as Decided, check, decide};
use shaketable_sim::history::{Operation, Outcome, until};
use shaketable_sim::id::OpId;
use shaketable_sim::run::{Run, Verdict};
use shaketable_sim::spec::Spec;
use shaketable_sim::spec::any::Any;

/// How many characters a label has at most.
const LONGEST: usize = 60;

/// The operations that the violation of a run is about, in the order in which they were asked for; none, if it is about none.
pub(crate) fn contradiction(run: &Run<Any>, budget: Budget) -> Vec<Bar> {
    let mut bars: Vec<Bar> = match violated(run, budget) {
        Some(found) => {
            let story = found.story.iter().map(|operation| bar(operation, Part::Story));
            story.chain([bar(&found.culprit, Part::Culprit)]).collect()
        }
        None => {
            let about = run.history.iter().filter(|operation| about(run).contains(&operation.id));
            about.map(|operation| bar(operation, Part::Story)).collect()
        }
    };
    bars.sort_by_key(|bar| bar.from);
    bars
}

/// What the operations of a history have to do with its violation, for the end of a trace; nothing, if it is about none.
pub(crate) fn involved(run: &Run<Any>, budget: Budget) -> Option<Value> {
    let names = |ids: Vec<OpId>| ids.iter().map(OpId::to_string).collect::<Vec<_>>();
    let Some(found) = violated(run, budget) else {
        return (!about(run).is_empty()).then(|| json!({ "story": names(about(run).to_vec()) }));
    };
    let story = names(found.story.iter().map(|operation| operation.id).collect());
    let order: Vec<String> = explained(&run.history, &found, budget);
    Some(json!({ "culprit": found.culprit.id.to_string(), "story": story, "order": order }))
}

/// The operations that a run's violation is about.
fn about(run: &Run<Any>) -> &[OpId] {
    match &run.verdict {
        Verdict::Violation(violation) => &violation.about,
        _ => &[],
    }
}

fn violated(run: &Run<Any>, budget: Budget) -> Option<Counterexample<Any>> {
    let Verdict::Violation(violation) = &run.verdict else { return None };
    if violation.check != "linearizability" {
        return None;
    }
    // What is wrong only later is not what the verdict is about.
    match check(&until(&run.history, |moment| moment.at <= violation.at), budget) {
        Linearizability::Violation(found) => Some(*found),
        _ => None,
    }
}

/// The operations on the culprit's object in an order that explains every answer before the culprit's.
fn explained(history: &[Operation<Any>], found: &Counterexample<Any>, budget: Budget) -> Vec<String> {
    let Outcome::Ok { returned: end, .. } = &found.culprit.outcome else { return Vec::new() };
    let mut before = until(history, |moment| moment < *end);
    before.retain(|operation| Any::key(&operation.op) == found.key);
    match decide(&before, budget) {
        Decided::Linearizable(found) => {
            found.order.iter().map(|&place| before[place as usize].id.to_string()).collect()
        }
        _ => Vec::new(),
    }
}

fn bar(operation: &Operation<Any>, part: Part) -> Bar {
    let Operation { id, op, invoked, outcome, .. } = operation;
    let (answer, to, until) = match outcome {
        Outcome::Ok { ret, returned } => (ret.to_string(), Some(returned.order), returned.at.to_string()),
        Outcome::Failed | Outcome::Unknown => ("?".to_owned(), None, String::new()),
    };
    let label = if answer == "ok" { op.to_string() } else { format!("{op} → {answer}") };
    Bar {
        lane: id.client.to_string(),
        label: super::value::cut(&label, LONGEST),
        note: format!("{id}, {} … {until}", invoked.at).trim_end().to_owned(),
        from: invoked.order,
        to,
        part,
    }
}
