//! Leadership transfer: an operator asks the leader to hand over.

use super::settle::{ends, nodes, settle, settle_node, whom};
use super::{Action, FaultType};
use crate::id::Endpoint;
use crate::node::Command;

pub(super) const TRANSFER: FaultType = FaultType {
    name: "transfer",
    doc: "asks nodes to hand leadership over to another",
    params: &[whom("node", "who is asked"), whom("to", "who is to lead")],
    instantaneous: true,
    resolve: |args, view, rng| {
        let mut args = settle_node(args, view, rng)?;
        let to = settle(&mut args, "to", view, rng)?;
        matches!(to[..], [Endpoint::Node(_)]).then_some(args)
    },
    action: |args, _| {
        let to = ends(args, "to").into_iter().find_map(|end| match end {
            Endpoint::Node(node) => Some(node),
            Endpoint::Client(_) => None,
        });
        Action::Command { nodes: nodes(args), command: Command::Transfer(to.expect("settled to one node")) }
    },
};
