//! What a swarm may ask of Multi-Paxos.

use shaketable_sim::param::{Args, Literal};
use shaketable_sim::plan::Plan;
use shaketable_sim::swarm::{Dial, Tolerance};
use shaketable_sim::time::Ppm;

use super::milestones;

/// The kinds of its messages that travel.
pub(super) const MESSAGES: &[&str] = &[
    "Canvass",
    "Willing",
    "Prepare",
    "Promise",
    "Accept",
    "Accepted",
    "Nack",
    "Heartbeat",
    "Alive",
    "TakeOver",
    "Lacks",
    "Learn",
    "Install",
];

/// What is worth varying.
pub(super) const DIALS: &[Dial] = &[
    Dial { param: "elections", values: &[Literal::Text("plain"), Literal::Text("canvass")] },
    Dial { param: "read", values: &[Literal::Text("confirm"), Literal::Text("log"), Literal::Text("lease")] },
    Dial { param: "window", values: &[Literal::Count(1), Literal::Count(4), Literal::Count(16)] },
    Dial { param: "batch", values: &[Literal::Count(1), Literal::Count(3), Literal::Count(64)] },
    Dial {
        param: "snapshot-every",
        values: &[Literal::Count(1), Literal::Count(3), Literal::Count(10), Literal::Count(50)],
    },
    Dial { param: "chunk", values: &[Literal::Count(1), Literal::Count(2)] },
    Dial { param: "alpha", values: &[Literal::Count(1), Literal::Count(2), Literal::Count(4), Literal::Count(32)] },
];

/// As many disks as are in no quorum of either phase, as long as the members are all nodes; any clocks, but for leases.
pub(super) fn bears(args: &Args, plan: &Plan) -> Tolerance {
    let leases = args.choice("read") == "lease";
    let fixed = args.get("alpha").is_none() && args.get("members").is_none();
    let plain = args.get("phase1-quorum").is_none() && args.get("phase2-quorum").is_none();
    Tolerance {
        disks: if fixed && plain { (plan.nodes - 1) / 2 } else { 0 },
        for_ever: true,
        drift: if leases { args.odds("clock-bound").beyond(plan.clock.drift) } else { Ppm::percent(20) },
        jumps: !leases,
        under_way: None,
        leaders: true,
        patience: args.spans("election-timeout").1,
        messages: MESSAGES,
        milestones: milestones::ALL,
        commands: match args.get("alpha") {
            Some(_) => &["campaign", "transfer", "reconfigure"],
            None => &["campaign", "transfer"],
        },
    }
}
