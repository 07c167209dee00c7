//! Wiped disks: a node comes back with nothing, and has forgotten its promises.

use super::settle::{MAX_DOWN, nodes, settle_within_budget, whom};
use super::{Action, FaultType, Keep};

pub(super) const WIPE: FaultType = FaultType {
    name: "wipe",
    doc: "kills nodes and empties their disks; they start again when it ends, with nothing",
    params: &[whom("node", "which nodes"), MAX_DOWN],
    instantaneous: false,
    resolve: settle_within_budget,
    action: |args, _| Action::Crash { nodes: nodes(args), keep: Keep::Nothing, after_effects: 0 },
};
