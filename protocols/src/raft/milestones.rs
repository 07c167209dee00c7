//! What servers do inside that a scenario can demand of its runs.

use shaketable_sim::node::Milestone;

/// All milestones of Raft.
pub(super) const ALL: &[Milestone] = &[
    SNAPSHOT_TAKEN,
    SNAPSHOT_INSTALLED,
    READ_AFTER_ROUND,
    READ_BY_LEASE,
    TRANSFER_COMPLETED,
    DUPLICATE_ABSORBED,
    COMMITTED_BEFORE_OWN_SYNC,
    LEARNER_PROMOTED,
    CONFIGURATION_ROLLED_BACK,
    LEADER_LEFT,
    TORN_RECORD_CUT,
    DISK_DISTRUSTED,
    REJOINED,
];

/// §7.
pub(super) const SNAPSHOT_TAKEN: Milestone =
    Milestone { name: "snapshots-taken", doc: "Snapshots that servers have taken of their own state." };

/// §7, Figure 13.
pub(super) const SNAPSHOT_INSTALLED: Milestone =
    Milestone { name: "snapshots-installed", doc: "Snapshots that servers have received from a leader and installed." };

/// Thesis §6.4.
pub(super) const READ_AFTER_ROUND: Milestone = Milestone {
    name: "reads-after-round",
    doc: "Reads answered after a round in which a quorum has confirmed the leader.",
};

/// Thesis §6.4.1.
pub(super) const READ_BY_LEASE: Milestone =
    Milestone { name: "reads-by-lease", doc: "Reads answered by a lease, without asking anybody." };

/// Thesis §3.10.
pub(super) const TRANSFER_COMPLETED: Milestone =
    Milestone { name: "transfers-completed", doc: "Elections won by a server to which its leader has handed over." };

/// Thesis §6.3.
pub(super) const DUPLICATE_ABSORBED: Milestone = Milestone {
    name: "duplicates-absorbed",
    doc: "Operations that were committed again and, having been applied before, were not applied again.",
};

/// Thesis §10.2.1.
pub(super) const COMMITTED_BEFORE_OWN_SYNC: Milestone = Milestone {
    name: "commits-before-own-sync",
    doc: "Commits by a quorum of followers of what was not yet durable on the leader itself.",
};

/// Thesis §4.2.1.
pub(super) const LEARNER_PROMOTED: Milestone =
    Milestone { name: "learners-promoted", doc: "Learners that had the log and were made voters." };

/// §6.
pub(super) const CONFIGURATION_ROLLED_BACK: Milestone = Milestone {
    name: "configurations-rolled-back",
    doc: "Configurations that a server went by and that were deleted from its log again.",
};

/// §6, thesis §4.2.2.
pub(super) const LEADER_LEFT: Milestone =
    Milestone { name: "leaders-left", doc: "Leaders that stepped down because they had committed their own removal." };

/// Alagappan et al., "Protocol-Aware Recovery for Consensus-Based Storage", FAST 2018, §3.3.3.
pub(super) const TORN_RECORD_CUT: Milestone = Milestone {
    name: "torn-records-cut",
    doc: "Records at the ends of journals that were taken for torn and cut off.",
};

/// The same; thesis §11.7.3.
pub(super) const DISK_DISTRUSTED: Milestone = Milestone {
    name: "disks-distrusted",
    doc: "Boots of servers whose disks have lost promises, so that they took no part.",
};

/// Thesis §11.7.3.
pub(super) const REJOINED: Milestone = Milestone {
    name: "servers-rejoined",
    doc: "Servers that had lost their disks, were made members again and began anew.",
};
