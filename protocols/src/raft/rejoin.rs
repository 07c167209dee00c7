//! A server whose disk was lost begins anew (thesis §11.7.3; Alagappan et al., "Protocol-Aware Recovery for Consensus-Based Storage", FAST 2018).
//!
//! It has forgotten what it has promised: votes, and entries that it has acknowledged. Under its old identity it must never speak again. The
//! operator removes it and adds it again; then it is another server that happens to have the same name, and all that is to be shown is that nobody
//! takes one for the other.
//!
//! Whoever is faulty answers its leader that it is [lost](super::types::Msg::Lost), with a random number that names this [`Loss`]. The leader notes where its log ends and begins a
//! new round of confirmation. When [the rule](super::rules::Rules::rejoins_from) allows it, it answers that the server may [rejoin](Rejoin): with an empty log, in the leader's term, having
//! voted for that leader, and taking part once its log reaches what was committed by then.
//!
//! Let L be the leader, T its term, e an entry that it appended after it had been told of the loss and that is committed, and C the configuration as of the
//! commit index c, in which, as in all later ones of L's log, the server is no voter.
//! 1. Nobody led in a term above T when L was told. Otherwise that leader's voters share a server with those who stored e; it stored e before it
//!    voted, and so that leader was elected with e in its log, which did not exist. So whatever the old server has done in
//!    terms above T is to have voted for candidates that did not win yet, or to have stood.
//! 2. A candidate that does not have C goes by a configuration from before it. With quorums of the one directly before C, those of C have a server in common that is
//!    not this one, and C is committed; so that candidate cannot win in a term above T. But of configurations that follow each other further back this server may be
//!    the only one in common. So it must not vote for a candidate that does not have C: it takes part only with all up to c, and so with C, in its log
//!    ([`takes_part`](super::rules::Rules::takes_part)), and then its log is the more up to date. A candidate that has C counts the server only by a configuration after C,
//!    which L or a leader after L has appended, after the loss: its log was fixed when it stood, so what it counts was said by the new server.
//! 3. In T the server has voted for L, and in terms below T it does not vote any more.
//! 4. Votes that others gave the old server, as a candidate in a term above T, may elect the new one. They were given before e was stored by
//!    their senders, so whatever was committed by then that the old server's log was compared with stands up to c, and the new one has it.
//! 5. What the old server has acknowledged to L is not taken for what the new one has: answers of earlier rounds are dropped. To leaders of other terms the
//!    term tells.
//! 6. A leader D of a term T' below T may have made the server a voter by a configuration P that L does not have: it was deposed, and the old server has acknowledged P to it. Let K be the
//!    configuration that P follows; the server is no voter of K. D had committed an entry of its own before it appended P ([`may_change_configuration`](super::rules::Rules::may_change_configuration)),
//!    so every later leader has that entry, and up to it no configuration behind K. Let e' be the first entry of a term above T' that was committed. Its leader goes by K: it does not have P, or
//!    L would; and whoever appended another one in its log had committed an entry of a term above T' first, which would be e'. So a quorum of K stores e', and any quorum of P has a server of K in common
//!    with it, which is not this one. That server votes for nobody any more who lacks e'. So nobody wins by P, whatever this server has said and forgotten; nor does D commit P,
//!    since what is committed in T' is in the logs of all later leaders.
//! 7. A promise not to vote for a while (thesis §6.4.1) is older than the loss; the new server counts such a while from its beginning.

use serde::Serialize;
use shaketable_sim::id::NodeId;
use shaketable_sim::node::Ctx;
use shaketable_sim::rng::Stream;
use shaketable_sim::spec::Spec;

use super::progress::Progress;
use super::rules::Standing;
use super::types::{LogIndex, Msg, MsgOf, Payload, Round, Term};
use super::{Following, Raft, Role, milestones};

/// The loss of a disk, as one life of the server names it: late words of earlier ones are known as such.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Loss(u64);

impl Loss {
    /// One that was never named before.
    pub(super) fn new(rng: &mut Stream) -> Loss {
        Loss(rng.next())
    }
}

/// A leader lets a server that has lost its disk begin anew.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Rejoin {
    /// The leader's term.
    pub term: Term,
    /// Which loss is spoken of: whoever has suffered another one, or none, is not meant.
    pub loss: Loss,
    /// From which entry on the server takes part.
    pub from: LogIndex,
}

/// What a leader knows of a server that has told it of a loss.
#[derive(Clone, Copy, Debug)]
pub(super) struct ToldLost {
    loss: Loss,
    /// Where the leader's log ended then.
    told: LogIndex,
    /// The round that began then.
    pub(super) round: Round,
}

impl<S: Spec> Raft<S> {
    /// Whether its log reaches what it has to know before it votes or stands.
    pub(super) fn takes_part(&self) -> bool {
        self.config.rules.takes_part(self.rejoined, self.log.last_index())
    }

    /// A faulty server tells who wants it to follow, and hears nothing but that it may begin anew.
    pub(super) fn on_message_when_lost(&mut self, from: NodeId, msg: MsgOf<S>, loss: Loss, ctx: &mut Ctx<'_, Self>) {
        match msg {
            Msg::AppendEntries(_) | Msg::InstallSnapshot(_) => ctx.send(from, Msg::Lost(loss)),
            Msg::Rejoin(rejoin) if rejoin.loss == loss => self.rejoin(from, rejoin, ctx),
            _ => {}
        }
    }

    fn rejoin(&mut self, leader: NodeId, rejoin: Rejoin, ctx: &mut Ctx<'_, Self>) {
        (self.term, self.vote, self.rejoined) = (rejoin.term, Some(leader), rejoin.from);
        self.replace_journal(ctx);
        ctx.after_sync(|_| {});
        self.role = Role::Follower(Following { leader: Some(leader), heard: Some(ctx.now()) });
        self.await_election(ctx);
        ctx.reached(milestones::REJOINED);
    }

    /// A server has lost its disk. What it has acknowledged before counts no more as what it has. It tells so again with each heartbeat.
    pub(super) fn on_lost(&mut self, from: NodeId, loss: Loss, ctx: &mut Ctx<'_, Self>) {
        let Role::Leader(leader) = &mut self.role else { return };
        let known = leader.told_lost.get(&from).filter(|known| known.loss == loss).copied();
        let ToldLost { told, .. } = known.unwrap_or_else(|| self.note_loss(from, loss, ctx));
        let standing = if self.votes(from) { Standing::Voter } else { self.configuration().standing(from) };
        if let Some(after) = self.config.rules.rejoins_from(standing, told, self.commit) {
            let rejoin = Rejoin { term: self.term, loss, from: after };
            Self::say(from, Msg::Rejoin(rejoin), ctx);
        }
    }

    /// Something has to be committed after this, and sent to that server, too: if no client asks for anything, an entry that does nothing. The word may be late, and the server a
    /// voter that is well: what it has acknowledged it will not acknowledge again before it is sent something that comes after it.
    fn note_loss(&mut self, server: NodeId, loss: Loss, ctx: &mut Ctx<'_, Self>) -> ToldLost {
        let told = self.log.last_index();
        let Role::Leader(leader) = &mut self.role else { unreachable!("only a leader is told") };
        leader.begin_round(self.me, ctx.now());
        let noted = ToldLost { loss, told, round: leader.round };
        leader.told_lost.insert(server, noted);
        leader.peers[server.index()] = Progress::new(told);
        leader.outgoing.remove(&server);
        self.append(Payload::NoOp, None, ctx);
        noted
    }
}
