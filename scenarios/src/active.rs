//! Which faults were in force at some time of a run.

use shaketable_sim::faults::{Applied, FAULTS};
use shaketable_sim::param::Value;
use shaketable_sim::plan::Plan;
use shaketable_sim::run::{Run, Violation};
use shaketable_sim::spec::Spec;
use shaketable_sim::time::Instant;

/// How many faults that were over before are shown at most.
const OVER: usize = 3;

/// How many faults are shown at most: the latest.
const MOST: usize = 8;

/// The faults that have acted and were in force at some time from one moment to another, in the order in which they struck, each as a scenario file would say it.
/// If there is room, after the last commands and the like before, and if there is none else, after the last of any kind. Those that were over by the end are marked.
pub(crate) fn faults_within(from: Instant, to: Instant, applied: &[Applied], plan: &Plan) -> Vec<String> {
    let over_by = |at: Instant, fault: &Applied| {
        fault.lasting.is_some_and(|lasting| fault.at + lasting <= at)
            || is_instantaneous(fault) && fault.at <= at
            || !fault.permanent && plan.heal.is_some_and(|heal| heal.at <= at)
    };
    let struck: Vec<&Applied> = applied.iter().filter(|fault| fault.at <= to && fault.acted > 0).collect();
    let (before, within): (Vec<_>, Vec<_>) =
        struck.into_iter().enumerate().partition(|(_, fault)| over_by(from, fault));
    let hidden = within.len().saturating_sub(MOST);
    let room = OVER.min(MOST - within.len().min(MOST));
    // Of what was over before, a command or a jump of a clock may have left its mark; a cut that is over has not.
    let marks = |(_, fault): &(usize, &Applied)| within.is_empty() || is_instantaneous(fault);
    let marks: Vec<_> = before.into_iter().filter(marks).collect();
    let mut shown = marks[marks.len().saturating_sub(room)..].to_vec();
    shown.extend_from_slice(&within[hidden..]);
    shown.sort_by_key(|(place, _)| *place);
    let more = (hidden > 0).then(|| format!("… {hidden} more before these, since {from}:"));
    let shown = shown
        .into_iter()
        .map(|(_, fault)| if over_by(to, fault) { format!("{} (over by {to})", told(fault)) } else { told(fault) });
    more.into_iter().chain(shown).collect()
}

/// The faults that have to do with what a run violates: from when [what it is about began](Run::began) until it came to it.
pub(crate) fn faults_of<S: Spec>(violation: &Violation, run: &Run<S>, plan: &Plan) -> Vec<String> {
    faults_within(run.began(violation), violation.came.unwrap_or(violation.at), &run.applied, plan)
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

    fn millis(at: u64) -> Instant {
        Instant::ZERO + Span::millis(at)
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
            let told = faults_within(millis(at), millis(at), &faults, plan);
            told.iter()
                .filter(|text| !text.contains("over by"))
                .map(|text| text[..1].to_owned())
                .collect::<Vec<_>>()
                .concat()
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
        let told = faults_within(millis(56), millis(56), &faults, &plan);
        let expected = [30, 40, 50].map(|at| format!("crash = {{ at = \"{at}ms\", for = \"5ms\" }} (over by 56ms)"));
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_over_at_once_is_never_active() {
        let plan = scenario("fake", "").plan;
        let faults = [fault("transfer", 10, None, false), fault("cut", 10, None, false)];
        assert_eq!(
            faults_within(millis(10), millis(10), &faults, &plan),
            ["transfer = { at = \"10ms\" } (over by 10ms)", "cut = { at = \"10ms\" }"]
        );
        let told = faults_within(millis(10), millis(10), &faults[..1], &plan);
        assert_eq!(told, ["transfer = { at = \"10ms\" } (over by 10ms)"]);
    }

    #[test]
    fn of_a_while_all_faults_are_told_that_acted_meanwhile() {
        let plan = scenario("fake", "").plan;
        let mut faults: Vec<Applied> = (1..=6).map(|at| fault("crash", at * 10, Some(5), false)).collect();
        faults[2].acted = 0;
        faults.push(fault("transfer", 70, None, false));
        faults.insert(1, fault("transfer", 15, None, false));
        faults.insert(0, fault("drift", 5, None, true));
        let told = faults_within(millis(25), millis(70), &faults, &plan);
        let crash = |at| format!("crash = {{ at = \"{at}ms\", for = \"5ms\" }} (over by 70ms)");
        let transfer = |at| format!("transfer = {{ at = \"{at}ms\" }} (over by 70ms)");
        let drift = "drift = { at = \"5ms\", permanent = true }".to_owned();
        assert_eq!(told, [drift, transfer(15), crash(40), crash(50), crash(60), transfer(70)]);
        let many: Vec<Applied> = (1..=20).map(|at| fault("crash", at * 10, None, false)).collect();
        let told = faults_within(millis(15), millis(155), &many, &plan);
        assert_eq!((told.len(), &*told[0]), (1 + MOST, "… 7 more before these, since 15ms:"));
        assert_eq!(told[MOST], "crash = { at = \"150ms\" }");
    }

    #[test]
    fn faults_are_told_as_a_scenario_file_would() {
        assert_eq!(told(&fault("crash", 10, Some(20), false)), "crash = { at = \"10ms\", for = \"20ms\" }");
        assert_eq!(told(&fault("cut", 10, None, true)), "cut = { at = \"10ms\", permanent = true }");
    }
}
