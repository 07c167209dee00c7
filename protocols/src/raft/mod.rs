//! Raft: a replicated state machine with a strong leader.
//!
//! Ongaro & Ousterhout, "In Search of an Understandable Consensus Algorithm (Extended Version)", 2014 (cited by §), and
//! Ongaro, "Consensus: Bridging Theory and Practice", 2014 (cited as thesis §).
//!
//! | what | where in the papers | here |
//! |---|---|---|
//! | the decisions on which safety rests | §5.1–§5.4, §8 | [`rules`] |
//! | terms, votes, elections; pre-vote; check-quorum | §5.1, §5.2, §5.4.1; thesis §6.2, §9.6 | `election` |
//! | a follower's log and commit index | §5.3 | `replication` |
//! | a leader's view of its followers, commitment, pipelining | §5.3, §5.4.2; thesis §10.2 | `leader`, `progress` |
//! | leadership transfer | thesis §3.10 | `transfer` |
//! | configurations and their quorums; changes of membership, learners | §6; thesis ch. 4 | [`configuration`], `membership` |
//! | linearizable reads | §8; thesis §6.4, §6.4.1 | `read`, [`lease`] |
//! | a server whose disk was lost comes back | thesis §11.7.3 | [`rejoin`] |
//! | snapshots and log compaction | §7, Figure 13; thesis ch. 5 | `snapshot` |
//! | sessions and the state machine | §8; thesis §6.3 | `session` |
//! | persistent state | Figure 2; thesis §3.8, §11.7.3 | [`types::Record`], `recovery` |
//! | the five properties | Figure 3 | [`invariants`] |
//!
//! Deviations from the papers:
//! - A message does not say who sent it: the network does.
//! - Vote requests are not repeated; an election that fails by their loss is followed by another.
//! - A new leader appends a no-op at once, as §8 asks for the sake of reads; it also commits what its predecessors left.
//! - A follower that rejects AppendEntries hints at the last entry that could agree, which serves the purpose of the optimisation at the
//!   end of §5.3 in at most one round trip a term, on either side.
//! - Heartbeats tell of the entry up to which leader and follower are known to agree, and not of the leader's last, so that
//!   they may overtake the entries before them.
//! - A server that is asked for its pre-vote refuses it within the shortest election timeout of the last message of a leader;
//!   to a real vote request no such rule applies (thesis §4.2.3), as pre-vote already keeps out those who cannot win, unless there are leases, or
//!   check-quorum without pre-vote while members change. With plain elections servers that have left the cluster disturb those who stay.
//! - Applied state is volatile: it is built again from snapshot and log after a crash.
//! - A chunk of a snapshot is a number of its objects and sessions, not of its bytes; followers acknowledge each as they do entries. A
//!   server keeps no entries that its snapshot stands for: a follower that lags behind it is sent the snapshot.
//! - A server whose disk has lost promises takes no part any more ([`Role::Faulty`](NodeRole::Faulty)), until it has left the cluster and is made a
//!   member again.
//! - A learner is promoted as soon as it has all that was in the log two heartbeats ago, and not after a number of rounds (thesis §4.2.1). A
//!   leader makes no change by which the cluster would depend on servers that lag behind.
//! - A leader that has committed its own removal tells another server to stand for election.

use shaketable_sim::id::{NodeId, RequestId};
use shaketable_sim::node::{
    Cluster, Command, Ctx, Electorate, Milestone, Node, Observation, Op, Recovered, Role as NodeRole,
};
use shaketable_sim::spec::Spec;
use shaketable_sim::time::{Instant, Ppm, Span};

pub mod bugs;
mod catalogue;
pub mod config;
pub mod configuration;
mod election;
pub mod invariants;
mod leader;
pub mod lease;
pub mod log;
mod membership;
mod milestones;
mod progress;
mod read;
mod recovery;
pub mod rejoin;
mod replication;
pub mod rules;
mod session;
mod shared;
mod snapshot;
mod swarm;
mod transfer;
pub mod types;

pub use catalogue::RAFT;
pub use config::Config;
use configuration::Configuration;
use election::Candidacy;
use leader::Leader;
use log::Log;
use membership::Membership;
use recovery::Persistent;
use rejoin::Loss;
use rules::Standing;
use session::Machine;
use snapshot::Incoming;
use types::{LogIndex, Msg, MsgOf, PieceOf, RecordOf, Snapshot, Term, Timer};

/// A server.
#[derive(Clone, Debug)]
pub struct Raft<S: Spec> {
    config: Config,
    me: NodeId,
    nodes: usize,
    /// `currentTerm`. Invariant: written to the journal before anything is sent that reveals it, and never falls.
    term: Term,
    /// `votedFor`. Invariant: as for `term`; within one term it changes from none to one, and no more.
    vote: Option<NodeId>,
    /// Invariant: as for `term`, but that a leader sends entries before they are durable and counts itself only then.
    log: Log<S::Op>,
    /// `commitIndex`. Invariant: never falls in one life.
    commit: LogIndex,
    /// Invariant: it knows the configurations that are in the log, and those alone.
    membership: Membership,
    machine: Machine<S>,
    role: Role<S>,
    /// The election timeout, drawn anew whenever the server changes its role.
    timeout: Span,
    /// What stands for the entries before the log. Invariant: as for `log`; there is one exactly if the log does not begin at 1.
    snapshot: Option<Snapshot<PieceOf<S>>>,
    incoming: Option<Incoming<PieceOf<S>>>,
    /// From which entry on it takes part: 0 if its disk was never lost. Invariant: as for `term`.
    rejoined: LogIndex,
}

/// What a server does, with the state that it needs for that alone: to change the role is to discard it.
#[derive(Clone, Debug)]
enum Role<S: Spec> {
    Follower(Following),
    Candidate(Candidacy),
    Leader(Box<Leader<S>>),
    /// Promises are lost with the disk (see `recovery`): no vote, no acknowledgement, no answer.
    Faulty(Loss),
}

/// What a follower knows.
#[derive(Clone, Copy, Debug, Default)]
struct Following {
    /// The leader of the current term, once it has been heard of.
    leader: Option<NodeId>,
    /// When a leader was last heard of, in whatever term.
    heard: Option<Instant>,
}

impl<S: Spec> Node for Raft<S> {
    type Config = Config;
    type Msg = MsgOf<S>;
    type Timer = Timer;
    type Record = RecordOf<S>;
    type Service = S;
    type Invariants = invariants::Figure3;
    const MILESTONES: &'static [Milestone] = milestones::ALL;

    fn boot(config: &Config, disk: Recovered<RecordOf<S>>, ctx: &mut Ctx<'_, Self>) -> Self {
        let kept = Persistent::recover(&disk, config.rules);
        let first = Configuration::first(NodeId::all(ctx.nodes().min(config.members)).collect());
        let mut server = Raft {
            config: *config,
            me: ctx.me(),
            nodes: ctx.nodes(),
            term: Term::ZERO,
            vote: None,
            log: Log::default(),
            commit: LogIndex::ZERO,
            membership: Membership::new(ctx.me(), first, config.rules),
            machine: Machine::new(),
            role: Role::Follower(Following::default()),
            timeout: Span::ZERO,
            snapshot: None,
            incoming: None,
            rejoined: LogIndex::ZERO,
        };
        match kept {
            Err(why) => {
                ctx.note(why);
                ctx.reached(milestones::DISK_DISTRUSTED);
                server.role = Role::Faulty(Loss::new(ctx.rng()));
            }
            Ok(kept) => {
                if kept.torn {
                    ctx.reached(milestones::TORN_RECORD_CUT);
                }
                if disk.first_boot || kept.torn {
                    // From now on an empty journal means that the disk was lost, and a damaged record that it has rotted.
                    ctx.compact(kept.records());
                    ctx.after_sync(|_| {});
                }
                if let Some(snapshot) = &kept.snapshot {
                    (server.machine, server.commit) = (Machine::restore(snapshot), snapshot.last.index);
                }
                (server.term, server.vote, server.log) = (kept.term, kept.vote, kept.log);
                (server.snapshot, server.rejoined) = (kept.snapshot, kept.rejoined);
                server.membership.restart(server.machine.configuration());
                let first = server.log.start().index.next();
                server.membership.extend(first, server.log.slice(first, usize::MAX));
                let heard = server.leases().then(|| ctx.now());
                server.role = Role::Follower(Following { leader: None, heard });
                server.await_election(ctx);
            }
        }
        server
    }

    fn on_message(&mut self, from: NodeId, msg: MsgOf<S>, ctx: &mut Ctx<'_, Self>) {
        if let Role::Faulty(loss) = self.role {
            return self.on_message_when_lost(from, msg, loss, ctx);
        }
        match msg {
            Msg::RequestPreVote(request) => self.on_request_pre_vote(from, request, ctx),
            Msg::PreVote(vote) => self.on_pre_vote(from, vote, ctx),
            Msg::RequestVote(request) => self.on_request_vote(from, request, ctx),
            Msg::Vote(vote) => self.on_vote(from, vote, ctx),
            Msg::AppendEntries(append) => self.on_append_entries(from, append, ctx),
            Msg::Appended(reply) => self.on_appended(from, reply, ctx),
            Msg::Durable(durable) => self.on_durable(durable, ctx),
            Msg::TimeoutNow(term) => self.on_timeout_now(term, ctx),
            Msg::InstallSnapshot(install) => self.on_install_snapshot(from, install, ctx),
            Msg::Lost(loss) => self.on_lost(from, loss, ctx),
            Msg::Rejoin(_) => {} // It has.
        }
    }

    fn on_request(&mut self, id: RequestId, op: Op<Self>, ctx: &mut Ctx<'_, Self>) {
        match &self.role {
            Role::Leader(leader) if leader.transfer.is_some() => ctx.reject(id, None),
            Role::Leader(_) if S::is_read(&op) && self.config.read != config::Read::Log => self.on_read(id, op, ctx),
            Role::Leader(_) => self.on_operation(id, op, ctx),
            Role::Follower(following) => ctx.reject(id, following.leader),
            Role::Candidate(_) | Role::Faulty(_) => ctx.reject(id, None),
        }
    }

    fn on_timer(&mut self, timer: Timer, ctx: &mut Ctx<'_, Self>) {
        match (timer, &self.role) {
            (Timer::Election, Role::Leader(_)) => self.check_quorum(ctx),
            (Timer::Election, Role::Follower(_) | Role::Candidate(_)) => self.campaign(ctx),
            (Timer::Heartbeat, _) => self.on_heartbeat(ctx),
            (Timer::Transfer, _) => self.abort_transfer(),
            (Timer::Election, Role::Faulty(_)) => {}
        }
    }

    fn on_command(&mut self, command: &Command, ctx: &mut Ctx<'_, Self>) {
        match (command, &self.role) {
            // A server that has promised not to vote has promised not to stand.
            (Command::Campaign, _) if self.leases() && self.hears_a_leader(ctx) => {}
            (Command::Campaign, Role::Follower(_) | Role::Candidate(_)) => self.campaign(ctx),
            (Command::Transfer(to), Role::Leader(_)) => self.begin_transfer(*to, ctx),
            (Command::Reconfigure(voters), Role::Leader(_)) => self.begin_reconfiguration(voters, ctx),
            (Command::Campaign | Command::Transfer(_) | Command::Reconfigure(_), _) => {}
        }
    }

    fn observe(&self) -> Observation {
        let (role, leader) = match &self.role {
            Role::Follower(following) => (self.follower_role(), following.leader),
            Role::Candidate(_) => (NodeRole::Candidate, None),
            Role::Leader(_) => (NodeRole::Leader, Some(self.me)),
            Role::Faulty(_) => (NodeRole::Faulty, None),
        };
        let (commit, applied) = (self.commit.get(), self.machine.applied().get());
        let reconfigurations = self.machine.configuration().map_or(0, Configuration::number);
        Observation { role, epoch: self.term.get(), leader, commit, applied, reconfigurations }
    }

    fn electorates(&self, cluster: Cluster) -> Vec<Electorate> {
        self.all_electorates(LogIndex::new(cluster.decided))
    }

    /// Leases rely on clocks.
    fn clock_bound(config: &Config) -> Option<Ppm> {
        match config.read {
            config::Read::Lease(bound) => Some(bound),
            _ => None,
        }
    }

    fn lease_until(&self) -> Option<Instant> {
        self.lease().map(|lease| lease.begun + lease.reliable())
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        let vote = self.vote.map_or("none".to_owned(), |node| node.to_string());
        let mut details = vec![("vote", vote), ("last", self.log.last().to_string())];
        if self.config.change.is_some() {
            details.push(("members", self.configuration().to_string()));
        }
        details
    }
}

impl<S: Spec> Raft<S> {
    /// Its current term.
    pub fn term(&self) -> Term {
        self.term
    }

    /// Whom it has voted for in that term.
    pub fn vote(&self) -> Option<NodeId> {
        self.vote
    }

    /// Its log.
    pub fn log(&self) -> &Log<S::Op> {
        &self.log
    }

    /// What stands for the entries before its log.
    pub fn snapshot(&self) -> Option<&Snapshot<PieceOf<S>>> {
        self.snapshot.as_ref()
    }

    /// The last entry that it knows to be committed.
    pub fn commit(&self) -> LogIndex {
        self.commit
    }

    fn follower_role(&self) -> NodeRole {
        match self.configuration().standing(self.me) {
            Standing::Voter => NodeRole::Follower,
            Standing::Learner => NodeRole::Learner,
            Standing::Outsider => NodeRole::Outsider,
        }
    }

    /// Sends what reveals this server's term, vote or log, once all of those are durable. Whether they already are is nothing to
    /// find out here: a sync with nothing to do returns at once.
    fn say(to: NodeId, msg: MsgOf<S>, ctx: &mut Ctx<'_, Self>) {
        ctx.after_sync(|ctx| ctx.send(to, msg));
    }

    /// Applies what is committed and not yet applied, and answers the clients whose operations those are.
    fn apply_committed(&mut self, ctx: &mut Ctx<'_, Self>) {
        while self.machine.applied() < self.commit {
            let index = self.machine.applied().next();
            let Some(entry) = self.log.get(index) else { break };
            if self.machine.has_applied(&entry.payload, self.config.rules) {
                ctx.reached(milestones::DUPLICATE_ABSORBED);
            }
            let answer = self.machine.apply(&entry.payload, self.config.rules);
            if let Role::Leader(leader) = &mut self.role
                && let Some(request) = leader.take_request(index)
                && let Some(ret) = answer
            {
                ctx.reply(request, ret.clone());
            }
        }
        self.compact_if_due(ctx);
    }
}
