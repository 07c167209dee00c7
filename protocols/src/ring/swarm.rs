//! What a swarm may ask of the ring store.

use shaketable_sim::param::{Args, Literal};
use shaketable_sim::plan::Plan;
use shaketable_sim::swarm::{Dial, Tolerance};
use shaketable_sim::time::Ppm;

/// The kinds of its messages.
pub(super) const MESSAGES: &[&str] =
    &["Ask", "Told", "Claim", "Claimed", "Store", "Stored", "Refused", "Compare", "Differs"];

/// What is worth varying.
pub(super) const DIALS: &[Dial] = &[Dial {
    param: "placement",
    values: &[Literal::Text("ring"), Literal::Text("rendezvous"), Literal::Text("jump")],
}];

/// Fewer than half of a key's disks, and any clocks.
pub(super) fn bears(args: &Args, plan: &Plan) -> Tolerance {
    let replicas = args.count("replicas") as usize;
    Tolerance {
        disks: (replicas.min(plan.nodes) - 1) / 2,
        for_ever: true,
        drift: Ppm::percent(20),
        jumps: true,
        under_way: None,
        leaders: false,
        patience: args.spans("retry").1.times(3),
        messages: MESSAGES,
        milestones: &[],
        commands: &[],
    }
}
