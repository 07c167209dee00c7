//! What a swarm may ask of Raft.

use shaketable_sim::param::{Args, Literal};
use shaketable_sim::plan::Plan;
use shaketable_sim::swarm::{Dial, Tolerance};
use shaketable_sim::time::Ppm;

use super::milestones;

/// The kinds of its messages that travel.
pub(super) const MESSAGES: &[&str] = &[
    "RequestPreVote",
    "PreVote",
    "RequestVote",
    "Vote",
    "AppendEntries",
    "Appended",
    "InstallSnapshot",
    "TimeoutNow",
    "Lost",
    "Rejoin",
];

/// What is worth varying.
pub(super) const DIALS: &[Dial] = &[
    Dial {
        param: "elections",
        values: &[Literal::Text("plain"), Literal::Text("check-quorum"), Literal::Text("pre-vote")],
    },
    Dial { param: "read", values: &[Literal::Text("read-index"), Literal::Text("log"), Literal::Text("lease")] },
    Dial { param: "batch", values: &[Literal::Count(1), Literal::Count(3), Literal::Count(64)] },
    Dial { param: "window", values: &[Literal::Count(1), Literal::Count(2), Literal::Count(16)] },
    Dial {
        param: "snapshot-every",
        values: &[Literal::Count(1), Literal::Count(3), Literal::Count(10), Literal::Count(50)],
    },
    Dial { param: "chunk", values: &[Literal::Count(1), Literal::Count(2)] },
    Dial { param: "membership", values: &[Literal::Text("single-server"), Literal::Text("joint")] },
];

/// Fewer than half of the disks, as long as the members are all servers; any clocks, but for leases.
pub(super) fn bears(args: &Args, plan: &Plan) -> Tolerance {
    let leases = args.choice("read") == "lease";
    let fixed = args.choice("membership") == "fixed" && args.get("members").is_none();
    Tolerance {
        disks: if fixed { (plan.nodes - 1) / 2 } else { 0 },
        for_ever: true,
        drift: if leases { args.odds("clock-bound").beyond(plan.clock.drift) } else { Ppm::percent(20) },
        jumps: !leases,
        under_way: None,
        leaders: true,
        patience: args.spans("election-timeout").1,
        messages: MESSAGES,
        milestones: milestones::ALL,
        commands: if fixed { &["campaign", "transfer"] } else { &["campaign", "transfer", "reconfigure"] },
    }
}
