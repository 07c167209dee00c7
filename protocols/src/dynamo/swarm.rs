//! What a swarm may ask of Dynamo.

use shaketable_sim::param::{Args, Literal, Value};
use shaketable_sim::plan::Plan;
use shaketable_sim::swarm::{Dial, Tolerance};
use shaketable_sim::time::Ppm;

use super::milestones;

/// The kinds of its messages.
pub(super) const MESSAGES: &[&str] = &[
    "Get", "Got", "Put", "Kept", "Repair", "Handoff", "Handed", "Hashes", "Leaf", "Ring", "RingKept", "Vouch",
    "Vouched", "Collect", "Ping", "Ack", "PingReq",
];

/// What is worth varying.
pub(super) const DIALS: &[Dial] = &[
    Dial { param: "placement", values: &[Literal::Text("ring"), Literal::Text("rendezvous"), Literal::Text("jump")] },
    Dial { param: "tombstone-grace", values: &[Literal::Text("200ms"), Literal::Text("400ms")] },
    Dial { param: "journal-limit", values: &[Literal::Count(4), Literal::Count(8), Literal::Count(20)] },
];

/// Fewer disks than a write waits for; any clocks, but where the last writer wins; no messages that outlast the grace of tombstones. Who stays away for
/// ever may take along the only copy of what was acknowledged with W = 1, or what too few others were handed when it stood in for them.
pub(super) fn bears(args: &Args, plan: &Plan) -> Tolerance {
    let by_clocks = matches!(args.get("versions"), Some(Value::Table(_)));
    Tolerance {
        disks: (args.count("write-quorum") as usize - 1).min((plan.nodes - 1) / 2),
        for_ever: true,
        drift: if by_clocks { Ppm::ZERO } else { Ppm::percent(20) },
        jumps: !by_clocks,
        under_way: args.get("tombstone-grace").map(|_| args.span("tombstone-grace")),
        leaders: false,
        patience: args.spans("retry").1.times(3),
        messages: MESSAGES,
        milestones: milestones::ALL,
        commands: &["reconfigure"],
    }
}
