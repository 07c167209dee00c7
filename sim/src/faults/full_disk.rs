//! Full disks: nothing more can be written.

use super::settle::{nodes, settle_node, whom};
use super::{Action, DiskTrouble, FaultType};

pub(super) const FULL_DISK: FaultType = FaultType {
    name: "full-disk",
    doc: "lets every write of nodes fail",
    params: &[whom("node", "whose disks")],
    instantaneous: false,
    resolve: settle_node,
    action: |args, _| Action::Disk { nodes: nodes(args), trouble: DiskTrouble::Full },
};
