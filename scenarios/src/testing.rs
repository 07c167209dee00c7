//! A protocol and faults that stand in for the shipped ones, so that what is said about files stays the same when those change.

use std::path::Path;

use shaketable_protocols::{Bug, Protocol};
use shaketable_sim::check::invariant::Property;
use shaketable_sim::faults::{Action, FaultType};
use shaketable_sim::node::Milestone;
use shaketable_sim::param::{Args, Default, Literal, Param, ParamError, Shape};
use shaketable_sim::plan::Plan;
use shaketable_sim::swarm::Tolerance;
use shaketable_sim::time::{Ppm, Span};
use shaketable_sim::workload::WORKLOADS;

use crate::load::load;
use crate::scenario::Scenario;
use crate::tables::Tables;

/// The scenario that a text says.
pub(crate) fn read(text: &str, tables: &Tables) -> Scenario {
    load(Path::new("case.toml"), text, tables).unwrap_or_else(|wrong| panic!("{wrong}\n{text}"))
}

/// The stand-ins, with the shipped workloads.
pub(crate) fn tables() -> Tables {
    Tables { protocols: PROTOCOLS, faults: FAULTS, workloads: WORKLOADS }
}

static PROTOCOLS: &[Protocol] = &[
    Protocol {
        name: "raft",
        doc: "a replicated log with one leader at a time (Ongaro and Ousterhout 2014)",
        tolerates: "crashes of fewer than half of the nodes, with their disks intact",
        notation: "numbers",
        params: &[
            Param {
                name: "election-timeout",
                shape: Shape::Spans,
                default: Default::Value(Literal::Texts(&["150ms", "300ms"])),
                doc: "how long a follower waits for a leader",
            },
            Param {
                name: "heartbeat",
                shape: Shape::Span,
                default: Default::Value(Literal::Text("50ms")),
                doc: "how often a leader shows itself",
            },
            Param {
                name: "read",
                shape: Shape::Choice(&[("log", "through the log"), ("read-index", "after a round of heartbeats")]),
                default: Default::Value(Literal::Text("log")),
                doc: "how reads are answered",
            },
            Param { name: "learners", shape: Shape::Target, default: Default::Absent, doc: "nodes that do not vote" },
        ],
        properties: &[
            Property { name: "election-safety", doc: "at most one leader a term (§5.2)" },
            Property { name: "log-matching", doc: "equal entries have equal pasts (§5.3)" },
        ],
        dials: &[],
        messages: &[],
        bears: bears_all,
        milestones: &[Milestone { name: "snapshots-installed", doc: "Snapshots that servers have installed." }],
        bugs: &[Bug {
            name: "forgets-vote",
            doc: "does not write its vote to disk",
            source: "§5.2",
            caught_by: "invariant/election-safety",
        }],
        check: timeouts_fit,
        run: |_, _, _, _, _| unreachable!("stand-ins do not run"),
        fork: |_, _, _, _, _, _| unreachable!("stand-ins do not run"),
    },
    Protocol {
        name: "paxos",
        doc: "agreement on one value (Lamport 1998)",
        tolerates: "crashes of fewer than half of the nodes",
        notation: "numbers",
        params: &[Param {
            name: "retry",
            shape: Shape::Span,
            default: Default::Value(Literal::Text("100ms")),
            doc: "how long a proposer waits before it tries again",
        }],
        properties: &[Property { name: "agreement", doc: "no two learners learn different values" }],
        dials: &[],
        messages: &[],
        bears: bears_all,
        milestones: &[],
        bugs: &[],
        check: |_, _| Vec::new(),
        run: |_, _, _, _, _| unreachable!("stand-ins do not run"),
        fork: |_, _, _, _, _, _| unreachable!("stand-ins do not run"),
    },
];

/// What stand-ins bear: faults that need no knowledge of them.
pub(crate) fn bears_all(_: &Args, _: &Plan) -> Tolerance {
    Tolerance {
        disks: 0,
        for_ever: true,
        drift: Ppm::ZERO,
        jumps: false,
        under_way: None,
        leaders: false,
        patience: Span::millis(100),
        messages: &[],
        milestones: &[],
        commands: &[],
    }
}

fn timeouts_fit(args: &Args, plan: &Plan) -> Vec<(&'static str, ParamError)> {
    let mut errors = Vec::new();
    if args.span("heartbeat") >= args.spans("election-timeout").0 {
        errors.push(("heartbeat", ParamError::new(0..0, "a heartbeat must be shorter than `election-timeout`")));
    }
    if plan.nodes == 2 {
        errors.push(("election-timeout", ParamError::new(0..0, "two nodes bear no crash").help("write three nodes")));
    }
    errors
}

const NODE: Param = Param {
    name: "node",
    shape: Shape::Target,
    default: Default::Value(Literal::Text("random")),
    doc: "whom it strikes",
};

static FAULTS: &[FaultType] = &[
    FaultType {
        name: "crash",
        doc: "kills processes; they start again when it is over",
        params: &[
            NODE,
            Param {
                name: "disk",
                shape: Shape::Choice(&[("keep", "all"), ("lose-unsynced", "what was synced"), ("lose-all", "nothing")]),
                default: Default::Value(Literal::Text("lose-unsynced")),
                doc: "what their disks keep",
            },
        ],
        instantaneous: false,
        resolve: |args, _, _| Some(args.clone()),
        action: |_, _| Action::Pause { nodes: Vec::new() },
    },
    FaultType {
        name: "partition",
        doc: "cuts the links between groups of nodes",
        params: &[Param {
            name: "groups",
            shape: Shape::Groups,
            default: Default::Required,
            doc: "who can still reach whom",
        }],
        instantaneous: false,
        resolve: |args, _, _| Some(args.clone()),
        action: |_, _| Action::Pause { nodes: Vec::new() },
    },
    FaultType {
        name: "jump",
        doc: "moves clocks, for ever",
        params: &[NODE, Param { name: "by", shape: Shape::Shifts, default: Default::Required, doc: "how far" }],
        instantaneous: true,
        resolve: |args, _, _| Some(args.clone()),
        action: |_, _| Action::Pause { nodes: Vec::new() },
    },
];
