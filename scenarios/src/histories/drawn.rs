//! The operations that make a run not linearizable, to be drawn.

use shaketable_reports::{Bar, Part};
use shaketable_sim::check::linearizable::{Budget, Linearizability, check};
use shaketable_sim::history::{Operation, Outcome};
use shaketable_sim::run::{Run, Verdict};
use shaketable_sim::spec::any::Any;

/// How many characters a label has at most.
const LONGEST: usize = 60;

/// The operations that contradict each other, in the order in which they were asked for; none, if it is something else that the run violates.
pub(crate) fn contradiction(run: &Run<Any>, budget: Budget) -> Vec<Bar> {
    let by_history = matches!(&run.verdict, Verdict::Violation(violation) if violation.check == "linearizability");
    if !by_history {
        return Vec::new();
    }
    let Linearizability::Violation(found) = check(&run.history, budget) else { return Vec::new() };
    let story = found.story.iter().map(|operation| bar(operation, Part::Story));
    let mut bars: Vec<Bar> = story.chain([bar(&found.culprit, Part::Culprit)]).collect();
    bars.sort_by_key(|bar| bar.from);
    bars
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
