//! What a swarm may ask of the Synod.

use shaketable_sim::param::{Args, Literal};
use shaketable_sim::plan::Plan;
use shaketable_sim::swarm::{Dial, Tolerance};
use shaketable_sim::time::Ppm;

use super::milestones;

/// The kinds of its messages that travel.
pub(super) const MESSAGES: &[&str] = &["Prepare", "Promise", "Accept", "Accepted", "Nack"];

/// What is worth varying.
pub(super) const DIALS: &[Dial] =
    &[Dial { param: "learners", values: &[Literal::Text("all"), Literal::Text("proposer")] }];

/// Fewer than half of the disks, and any clocks.
pub(super) fn bears(args: &Args, plan: &Plan) -> Tolerance {
    Tolerance {
        disks: (plan.nodes - 1) / 2,
        for_ever: true,
        drift: Ppm::percent(20),
        jumps: true,
        under_way: None,
        leaders: false,
        patience: args.spans("retry").1,
        messages: MESSAGES,
        milestones: milestones::ALL,
        commands: &[],
    }
}
