//! Slow disks: syncs take longer, and what must wait for them waits.

use super::settle::{nodes, settle_node, whom};
use super::{Action, DiskTrouble, FaultType};
use crate::param::{Default, Param, Shape};

pub(super) const SLOW_DISK: FaultType = FaultType {
    name: "slow-disk",
    doc: "lets every sync of nodes take longer",
    params: &[
        whom("node", "whose disks"),
        Param { name: "by", shape: Shape::Delay, default: Default::Required, doc: "by how much" },
    ],
    instantaneous: false,
    resolve: settle_node,
    action: |args, _| Action::Disk { nodes: nodes(args), trouble: DiskTrouble::Slow(args.delay("by")) },
};
