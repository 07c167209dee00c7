//! Handing over: a leader names its successor, as an operator has asked it to.
//!
//! The successor prepares at once, without a canvass, which it would lose: all hear of a leader. Nothing has to be waited for, since phase 1
//! brings a new leader whatever it lacks (§2.2, §3). Until it is deposed the old one goes on as before, but for its lease; if its call is lost,
//! it stays.

use shaketable_sim::id::NodeId;
use shaketable_sim::node::Ctx;
use shaketable_sim::spec::Spec;

use super::types::{Ballot, Msg};
use super::{Following, Paxos, Role};

impl<S: Spec> Paxos<S> {
    /// The operator's command. A leader does not hand over to itself, nor to who is not to run any slot behind those that are open.
    pub(super) fn hand_over(&mut self, to: NodeId, ctx: &mut Ctx<'_, Self>) {
        let heir = self.replica.configurations().latest().configuration.has(to);
        let Role::Leader(leader) = &mut self.role else { return };
        if to != self.me && heir {
            leader.resigned = true;
            ctx.send(to, Msg::TakeOver(leader.ballot));
        }
    }

    /// The leader of this ballot wants this node to lead. Whoever follows another by now has nothing to take over.
    pub(super) fn on_take_over(&mut self, ballot: Ballot, ctx: &mut Ctx<'_, Self>) {
        if let Role::Follower(Following { leader: Some(leader), .. }) = self.role
            && leader == ballot
        {
            self.prepare(Some(ballot), ctx);
        }
    }
}
