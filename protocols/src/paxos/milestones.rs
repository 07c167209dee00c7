//! What nodes do inside that a scenario can demand of its runs.

use shaketable_sim::node::Milestone;

/// All milestones of Paxos.
pub(super) const ALL: &[Milestone] = &[
    GAP_FILLED,
    VALUE_ADOPTED,
    SNAPSHOT_TAKEN,
    SNAPSHOT_INSTALLED,
    CAUGHT_UP_TO_LEAD,
    READ_CONFIRMED,
    READ_BY_LEASE,
    TRANSFER_COMPLETED,
    DUPLICATE_ABSORBED,
    JOINER_PREPARED,
    WINDOW_FILLED,
    LEADER_LEFT,
];

/// §3.
pub(super) const GAP_FILLED: Milestone = Milestone {
    name: "gaps-filled",
    doc: "Slots that phase 1 has shown to be free and that a new leader filled with no-ops.",
};

/// §2.2, P2c.
pub(super) const VALUE_ADOPTED: Milestone = Milestone {
    name: "values-adopted",
    doc: "Slots in which a new leader proposed the value that P2c left it, of the highest ballot reported.",
};

/// Live §5.5.
pub(super) const SNAPSHOT_TAKEN: Milestone =
    Milestone { name: "snapshots-taken", doc: "Snapshots that nodes have taken of their own state." };

/// Live §5.5.
pub(super) const SNAPSHOT_INSTALLED: Milestone =
    Milestone { name: "snapshots-installed", doc: "Snapshots that nodes have received and installed." };

/// §3 with truncation.
pub(super) const CAUGHT_UP_TO_LEAD: Milestone = Milestone {
    name: "leads-after-catch-up",
    doc: "Candidates that caught up with what their acceptors had dropped, and then led.",
};

/// Live §5.2.
pub(super) const READ_CONFIRMED: Milestone = Milestone {
    name: "reads-confirmed",
    doc: "Reads answered once a quorum had confirmed that it has promised nobody else.",
};

/// Live §5.2.
pub(super) const READ_BY_LEASE: Milestone =
    Milestone { name: "reads-by-lease", doc: "Reads answered by a lease, without asking anybody." };

/// §2.4 leaves the choice of a leader open.
pub(super) const TRANSFER_COMPLETED: Milestone =
    Milestone { name: "transfers-completed", doc: "Nodes that came to lead because their leader had handed over." };

/// Ongaro's thesis §6.3.
pub(super) const DUPLICATE_ABSORBED: Milestone = Milestone {
    name: "duplicates-absorbed",
    doc: "Operations that were decided again and, having been applied before, were not applied again.",
};

/// §3.
pub(super) const JOINER_PREPARED: Milestone = Milestone {
    name: "joiners-prepared",
    doc: "Promises that leaders waited for, of servers that were to run slots in which nothing was proposed yet.",
};

/// §3 on reconfiguration and on no-ops.
pub(super) const WINDOW_FILLED: Milestone = Milestone {
    name: "windows-filled",
    doc: "No-ops that leaders proposed because a reconfiguration waited for more slots to be decided.",
};

/// §3.
pub(super) const LEADER_LEFT: Milestone = Milestone {
    name: "leaders-left",
    doc: "Leaders that stepped down because they had been replaced, and nothing was left that they were needed for.",
};
