//! Failing syncs: what should have become durable may be or not, and the next sync does not make up for it.

use super::settle::{nodes, settle_node, whom};
use super::{Action, DiskTrouble, FaultType};

pub(super) const FAIL_SYNC: FaultType = FaultType {
    name: "fail-sync",
    doc: "lets every sync of nodes fail",
    params: &[whom("node", "whose disks")],
    instantaneous: false,
    resolve: settle_node,
    action: |args, _| Action::Disk { nodes: nodes(args), trouble: DiskTrouble::FailSync },
};
