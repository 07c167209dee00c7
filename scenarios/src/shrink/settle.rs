//! What follows of a run for the scenario that it came of: what it did not need is gone.

use shaketable_sim::faults::{Planned, Start};
use shaketable_sim::plan::Heal;
use shaketable_sim::run::Verdict;
use shaketable_sim::time::{Instant, Span};

use super::Failing;
use crate::scenario::Scenario;

/// How much later a changed run may fail: as long again as it took, but no less than the one and no more than the other.
const ROOM: (Span, Span) = (Span::millis(500), Span::millis(2_500));

/// The scenario with only those faults that struck and those operations that were asked for, and no longer than until it failed.
pub(super) fn settled(failing: &Failing) -> Scenario {
    let mut scenario = failing.scenario.clone();
    let plan = &mut scenario.plan;
    plan.faults = failing.run.applied.iter().map(Planned::from).collect();
    if let Some(script) = &mut plan.clients.script {
        let mut asked = vec![0_usize; plan.clients.count];
        failing.run.history.iter().for_each(|operation| asked[operation.id.client.index()] += 1);
        script.retain(|line| {
            let left = &mut asked[line.client.index()];
            let keeps = *left > 0;
            *left = left.saturating_sub(1);
            keeps
        });
    }
    let Verdict::Violation(violation) = &failing.run.verdict else { return scenario };
    // What the healed cluster owes is asked for at the deadline: then nothing is known any earlier.
    let at_deadline = plan.heal.is_some_and(|heal| violation.at >= heal.at + heal.within);
    if violation.check != "liveness" && !at_deadline && violation.at > Instant::ZERO {
        plan.duration = violation.at.since(Instant::ZERO);
    }
    within_bounds(scenario)
}

/// The scenario with time to fail a little later than it did: what is changed may come later. No longer than `longest`.
pub(super) fn with_room(mut scenario: Scenario, longest: Span) -> Scenario {
    let duration = &mut scenario.plan.duration;
    let room = (*duration + ROOM.0).min(ROOM.1);
    *duration = (*duration + room).min(longest.max(*duration));
    within_bounds(scenario)
}

/// What a scenario says of times that lie behind its end is gone.
pub(super) fn within_bounds(mut scenario: Scenario) -> Scenario {
    let plan = &mut scenario.plan;
    let end = Instant::ZERO + plan.duration;
    plan.heal =
        plan.heal.filter(|heal| heal.at < end).map(|heal| Heal { within: heal.within.min(end.since(heal.at)), ..heal });
    plan.heal = plan.heal.filter(|heal| heal.within > Span::ZERO);
    if plan.clients.start >= end {
        plan.clients.start = Instant::ZERO;
    }
    plan.clients.script.iter_mut().for_each(|script| script.retain(|line| line.at <= end));
    let healed = plan.heal.map_or(Instant::MAX, |heal| heal.at);
    plan.faults.retain(|fault| {
        let at = strikes_at(fault);
        at <= end && (fault.permanent || at < healed)
    });
    scenario
}

/// When a fault of a case strikes.
pub(super) fn strikes_at(fault: &Planned) -> Instant {
    match fault.start {
        Start::At(at) => at,
        _ => Instant::ZERO,
    }
}
