//! What nodes do inside that a scenario can demand of its runs.

use shaketable_sim::node::Milestone;

/// All milestones of the Synod.
pub(super) const ALL: &[Milestone] = &[VALUE_TAKEN_OVER, ATTEMPT_GIVEN_UP, DECREE_LEARNED];

/// §2.2, P2c.
pub(super) const VALUE_TAKEN_OVER: Milestone = Milestone {
    name: "values-taken-over",
    doc: "Proposals of a value that promises reported, in place of the one that the proposer's client asked for.",
};

/// §2.2, its end.
pub(super) const ATTEMPT_GIVEN_UP: Milestone = Milestone {
    name: "attempts-given-up",
    doc: "Attempts that a proposer gave up because an acceptor has promised a higher ballot.",
};

/// §2.3.
pub(super) const DECREE_LEARNED: Milestone =
    Milestone { name: "decrees-learned", doc: "Times a learner has heard of a majority that has accepted a proposal." };
