//! Which faults were active at some moment of a run.

use shaketable_sim::faults::{Applied, FAULTS};
use shaketable_sim::param::Value;
use shaketable_sim::plan::Plan;
use shaketable_sim::time::Instant;

/// How many faults that are over are shown if none is active.
const OVER: usize = 3;

/// The faults that were active at this time, in the order in which they struck, each as a scenario file would say it.
/// If none was, the last that had struck.
pub(crate) fn faults_at(at: Instant, applied: &[Applied], plan: &Plan) -> Vec<String> {
    let healed = plan.heal.is_some_and(|heal| heal.at <= at);
    let active = |fault: &&Applied| {
        let over = fault.lasting.is_some_and(|lasting| fault.at + lasting <= at) || is_instantaneous(fault);
        fault.at <= at && !over && (fault.permanent || !healed)
    };
    let now: Vec<String> = applied.iter().filter(active).map(told).collect();
    if !now.is_empty() {
        return now;
    }
    let before: Vec<&Applied> = applied.iter().filter(|fault| fault.at <= at).collect();
    let last = before.iter().skip(before.len().saturating_sub(OVER));
    last.map(|fault| format!("{} (over by then)", told(fault))).collect()
}

/// Whether a fault is over as soon as it has struck, such as a command or a jump of a clock.
fn is_instantaneous(fault: &Applied) -> bool {
    FAULTS.iter().any(|kind| kind.name == fault.kind && kind.instantaneous)
}

/// All faults, each with when it struck and as a scenario file would say it.
pub(crate) fn every_fault(applied: &[Applied]) -> impl Iterator<Item = (Instant, String)> {
    applied.iter().map(|fault| (fault.at, told(fault)))
}

/// A fault as a scenario file would say it.
pub(crate) fn told(fault: &Applied) -> String {
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

#[cfg(test)]
mod tests {
    use shaketable_sim::param::Args;
    use shaketable_sim::plan::Heal;
    use shaketable_sim::time::Span;

    use super::*;
    use crate::fakes::scenario;

    fn fault(kind: &'static str, at: u64, lasting: Option<u64>, permanent: bool) -> Applied {
        let (at, lasting) = (Instant::ZERO + Span::millis(at), lasting.map(Span::millis));
        Applied { kind, args: Args::default(), at, lasting, permanent, acted: 1 }
    }

    #[test]
    fn a_fault_is_active_from_its_strike_until_it_is_over_or_healed() {
        let mut plan = scenario("fake", "").plan;
        let faults = [
            fault("a", 10, Some(20), false),
            fault("b", 15, None, false),
            fault("c", 30, None, true),
            fault("d", 60, None, false),
        ];
        let active = |at, plan: &Plan| {
            let told = faults_at(Instant::ZERO + Span::millis(at), &faults, plan);
            told.iter().map(|text| text[..1].to_owned()).collect::<Vec<_>>().concat()
        };
        for (at, kinds) in [(9, ""), (10, "a"), (15, "ab"), (29, "ab"), (30, "bc"), (60, "bcd")] {
            assert_eq!(active(at, &plan), kinds, "at {at}ms");
        }
        plan.heal = Some(Heal { at: Instant::ZERO + Span::millis(40), within: Span::secs(1) });
        assert_eq!((active(39, &plan), active(40, &plan)), ("bc".to_owned(), "c".to_owned()));
    }

    #[test]
    fn if_none_is_active_the_last_ones_are_told() {
        let plan = scenario("fake", "").plan;
        let faults: Vec<Applied> = (1..=6).map(|at| fault("crash", at * 10, Some(5), false)).collect();
        let told = faults_at(Instant::ZERO + Span::millis(56), &faults, &plan);
        let expected = [30, 40, 50].map(|at| format!("crash = {{ at = \"{at}ms\", for = \"5ms\" }} (over by then)"));
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_over_at_once_is_never_active() {
        let plan = scenario("fake", "").plan;
        let faults = [fault("transfer", 10, None, false), fault("cut", 10, None, false)];
        assert_eq!(faults_at(Instant::ZERO + Span::millis(10), &faults, &plan), ["cut = { at = \"10ms\" }"]);
        let told = faults_at(Instant::ZERO + Span::millis(10), &faults[..1], &plan);
        assert_eq!(told, ["transfer = { at = \"10ms\" } (over by then)"]);
    }

    #[test]
    fn faults_are_told_as_a_scenario_file_would() {
        assert_eq!(told(&fault("crash", 10, Some(20), false)), "crash = { at = \"10ms\", for = \"20ms\" }");
        assert_eq!(told(&fault("cut", 10, None, true)), "cut = { at = \"10ms\", permanent = true }");
    }
}
