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

/// All of them.
pub(super) const ALL: &[Milestone] = &[HINT_KEPT, HINT_HANDED, SIBLINGS_READ, LEAF_DIFFERED, DECLARED_DEAD, REFUTED];
