//! Pauses: a process does nothing for a while, as under a long garbage collection, and then goes on as if no time had passed.

use super::settle::{MAX_DOWN, nodes, settle_within_budget, whom};
use super::{Action, FaultType};

pub(super) const PAUSE: FaultType = FaultType {
    name: "pause",
    doc: "stops nodes in their tracks; state, timers and messages wait until it ends",
    params: &[whom("node", "which nodes"), MAX_DOWN],
    instantaneous: false,
    resolve: settle_within_budget,
    action: |args, _| Action::Pause { nodes: nodes(args) },
};
