//! Membership change: an operator says who the members are to be.

use super::settle::{ends, nodes, settle, settle_node, whom};
use super::{Action, FaultType};
use crate::id::Endpoint;
use crate::node::Command;

pub(super) const RECONFIGURE: FaultType = FaultType {
    name: "reconfigure",
    doc: "asks nodes to change the members of the cluster",
    params: &[whom("node", "who is asked"), whom("members", "who are to be the members")],
    instantaneous: true,
    resolve: |args, view, rng| {
        let mut args = settle_node(args, view, rng)?;
        settle(&mut args, "members", view, rng)?;
        Some(args)
    },
    action: |args, _| {
        let node = |end| match end {
            Endpoint::Node(node) => Some(node),
            Endpoint::Client(_) => None,
        };
        let members = ends(args, "members").into_iter().filter_map(node).collect();
        Action::Command { nodes: nodes(args), command: Command::Reconfigure(members) }
    },
};
