//! Which faults were active at some moment of a run.

use shaketable_sim::faults::Applied;
use shaketable_sim::param::Value;
use shaketable_sim::plan::Plan;
use shaketable_sim::time::Instant;

/// The faults that were active at this time, in the order in which they struck, each as a scenario file would say it.
/// Those that are over at once count at the very moment only.
pub(crate) fn faults_at(at: Instant, applied: &[Applied], plan: &Plan) -> Vec<String> {
    let healed = plan.heal.is_some_and(|heal| heal.at <= at);
    let active = |fault: &&Applied| {
        let over = fault.lasting.is_some_and(|lasting| fault.at + lasting <= at);
        fault.at <= at && !over && (fault.permanent || !healed)
    };
    applied.iter().filter(active).map(told).collect()
}

fn told(fault: &Applied) -> String {
    let mut args = fault.args.clone();
    args.set("at", Value::Span(fault.at.since(Instant::ZERO)));
    if let Some(lasting) = fault.lasting {
        args.set("for", Value::Spans(lasting, lasting));
    }
    if fault.permanent {
        args.set("permanent", Value::Flag(true));
    }
    format!("{} = {args}", fault.kind)
}
