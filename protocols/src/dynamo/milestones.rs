//! What happens inside nodes that a run should be able to show.

use shaketable_sim::node::Milestone;

/// A hint was written.
pub(super) const HINT_KEPT: Milestone =
    Milestone { name: "hints-kept", doc: "writes that a stand-in kept for owners that were dead to it" };
/// A hint reached its owner.
pub(super) const HINT_HANDED: Milestone =
    Milestone { name: "hints-handed-over", doc: "hints that all their owners have acknowledged" };
/// A get found siblings.
pub(super) const SIBLINGS_READ: Milestone =
    Milestone { name: "siblings-read", doc: "gets that found more than one version in force" };
/// A comparison found something.
pub(super) const LEAF_DIFFERED: Milestone =
    Milestone { name: "leaves-differed", doc: "leaves of trees of hashes that two owners found to differ" };
/// A node took another for dead.
pub(super) const DECLARED_DEAD: Milestone =
    Milestone { name: "nodes-declared-dead", doc: "suspects that a node declared dead, since they did not contradict" };
/// A node contradicted.
pub(super) const REFUTED: Milestone =
    Milestone { name: "suspicions-refuted", doc: "nodes that contradicted what was said of them" };

/// Another ring is in force.
pub(super) const RING_CHANGED: Milestone =
    Milestone { name: "rings-changed", doc: "nodes at which a newer ring came into force" };
/// Two rings were made at once.
pub(super) const RING_OVERRULED: Milestone = Milestone {
    name: "rings-overruled",
    doc: "nodes at which a ring gave way to another that was made at the same time",
};
/// An owner is none any more.
pub(super) const RESIGNED: Milestone =
    Milestone { name: "keys-resigned", doc: "keys that a node kept and owned no longer when the ring had changed" };
/// A node is out.
pub(super) const LEFT: Milestone = Milestone {
    name: "nodes-left",
    doc: "nodes that are not in the ring and have handed over the last of what they kept",
};
/// A tombstone is gone.
pub(super) const COLLECTED: Milestone = Milestone {
    name: "tombstones-collected",
    doc: "tombstones that a node has forgotten, since nobody knew anything else of the key",
};
/// A journal is short again.
pub(super) const COMPACTED: Milestone =
    Milestone { name: "journals-compacted", doc: "journals that were replaced by the shortest that says the same" };

/// All of them.
pub(super) const ALL: &[Milestone] = &[
    HINT_KEPT,
    HINT_HANDED,
    SIBLINGS_READ,
    LEAF_DIFFERED,
    DECLARED_DEAD,
    REFUTED,
    RING_CHANGED,
    RING_OVERRULED,
    RESIGNED,
    LEFT,
    COLLECTED,
    COMPACTED,
];
