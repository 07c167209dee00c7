//! Changes of membership got wrong.

use std::collections::BTreeSet;

use shaketable_sim::id::NodeId;

use crate::raft::configuration::{Change, Voters};
use crate::raft::rules::{Changing, Rules, Standing};
use crate::raft::types::LogIndex;

#[derive(Debug)]
pub(super) struct DirectConfigSwap;

impl Rules for DirectConfigSwap {
    fn next_voters(&self, _: Change, _: &BTreeSet<NodeId>, goal: &BTreeSet<NodeId>, _: NodeId) -> Voters {
        Voters::Simple(goal.clone())
    }
}

#[derive(Debug)]
pub(super) struct SingleServerChange2015;

impl Rules for SingleServerChange2015 {
    fn may_change_configuration(&self, changing: Changing) -> bool {
        changing.commit >= changing.latest
    }
}

#[derive(Debug)]
pub(super) struct ConfigNotRolledBack;

impl Rules for ConfigNotRolledBack {
    fn rolls_back_configurations(&self) -> bool {
        false
    }
}

#[derive(Debug)]
pub(super) struct UsesCommittedConfig;

impl Rules for UsesCommittedConfig {
    fn takes_effect(&self, at: LogIndex, commit: LogIndex) -> bool {
        at <= commit
    }
}

#[derive(Debug)]
pub(super) struct RemovedLeaderCountsItself;

impl Rules for RemovedLeaderCountsItself {
    fn counts(&self, standing: Standing) -> bool {
        standing != Standing::Learner
    }
}

#[derive(Debug)]
pub(super) struct LearnerVotesCounted;

impl Rules for LearnerVotesCounted {
    fn counts(&self, standing: Standing) -> bool {
        standing != Standing::Outsider
    }
}

#[derive(Debug)]
pub(super) struct LearnerRefusesVote;

impl Rules for LearnerRefusesVote {
    fn may_vote_as(&self, standing: Standing) -> bool {
        standing == Standing::Voter
    }
}

#[derive(Debug)]
pub(super) struct WipedServerVotesAgain;

impl Rules for WipedServerVotesAgain {
    fn rejoins_from(&self, _: Standing, _: LogIndex, _: LogIndex) -> Option<LogIndex> {
        Some(LogIndex::ZERO)
    }
}
