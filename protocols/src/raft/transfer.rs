//! Leadership transfer (thesis §3.10): a leader hands over to a server that an operator names.
//!
//! It takes no new requests, brings the server's log up to date, and lets it stand for election at once. If it still leads an election
//! timeout later, it goes on as before.

use shaketable_sim::id::NodeId;
use shaketable_sim::node::Ctx;
use shaketable_sim::spec::Spec;

use super::types::{Msg, Term, Timer};
use super::{Raft, Role};

/// A transfer that is under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Transfer {
    to: NodeId,
    /// Whether the server has been told to stand for election.
    told: bool,
}

impl<S: Spec> Raft<S> {
    /// The operator's command. A leader does not hand over to itself, nor to one that does not vote, nor to two servers at once.
    pub(super) fn begin_transfer(&mut self, to: NodeId, ctx: &mut Ctx<'_, Self>) {
        let voter = self.configuration().is_voter(to);
        let Role::Leader(leader) = &mut self.role else { return };
        if to != self.me && voter && leader.transfer.is_none() {
            leader.transfer = Some(Transfer { to, told: false });
            ctx.set_timer(Timer::Transfer, self.config.election_timeout.1);
            self.hand_over(ctx);
        }
    }

    /// Tells the server to stand for election as soon as it has the whole log.
    pub(super) fn hand_over(&mut self, ctx: &mut Ctx<'_, Self>) {
        let last = self.log.last_index();
        let Role::Leader(leader) = &mut self.role else { return };
        if let Some(Transfer { to, told: told @ false }) = &mut leader.transfer
            && leader.peers[to.index()].matched == last
        {
            *told = true;
            leader.resigned = true;
            ctx.send(*to, Msg::TimeoutNow(self.term));
        }
    }

    /// The time for the transfer is over, and this server still leads.
    pub(super) fn abort_transfer(&mut self) {
        if let Role::Leader(leader) = &mut self.role {
            leader.transfer = None;
        }
    }

    /// The leader of this term wants this server to lead. It stands at once and without a pre-vote, which it would lose: all hear of a leader.
    pub(super) fn on_timeout_now(&mut self, term: Term, ctx: &mut Ctx<'_, Self>) {
        let obeys = self.config.rules.obeys_call(self.term, term);
        if obeys && matches!(self.role, Role::Follower(_)) && self.may_campaign() {
            self.stand(true, ctx);
        }
    }
}
