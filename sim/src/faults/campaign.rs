//! A node stands for election: what directed scenarios use in place of luck, and what a node that was cut off does anyway.

use super::settle::{nodes, settle_node, whom};
use super::{Action, FaultType};
use crate::node::Command;

pub(super) const CAMPAIGN: FaultType = FaultType {
    name: "campaign",
    doc: "lets nodes stand for election at once, as if they had heard of no leader for long",
    params: &[whom("node", "which nodes")],
    instantaneous: true,
    resolve: settle_node,
    action: |args, _| Action::Command { nodes: nodes(args), command: Command::Campaign },
};
