//! Multi-Paxos: a replicated state machine whose every slot is decided by an instance of Paxos.
//!
//! Lamport, "Paxos Made Simple", 2001 (cited by §); Chandra, Griesemer & Redstone, "Paxos Made Live", 2007 (Live §); van Renesse &
//! Altinbuken, "Paxos Made Moderately Complex", 2015; Howard, Malkhi & Spiegelman, "Flexible Paxos", 2016 (Flexible §); Lamport, Malkhi & Zhou,
//! "Reconfiguring a State Machine", 2010 (LMZ).
//!
//! | what | where in the papers | here |
//! |---|---|---|
//! | the decisions on which safety rests | §2.2–§3, Flexible §3 | [`rules`] |
//! | quorums of both phases | §2.2; Flexible §3 | [`quorums`] |
//! | who runs which slot, and how that is changed | §3, last paragraph; LMZ | [`configuration`], `membership` |
//! | acceptors: promises and votes | §2.2 | `acceptor` |
//! | proposers: ballots, phase 1, who may lead | §2.2, §2.4, §3 | `proposer` |
//! | the leader: phase 2, gaps, heartbeats | §3 | `leader` |
//! | linearizable reads, leases | Live §5.2 | `read`, [`lease`] |
//! | handing over | | `transfer` |
//! | learners: decisions, catch-up, applying in order | §2.3, §3 | `learner`, `replica` |
//! | snapshots, truncation | Live §5.5 | `snapshot` |
//! | stable storage | §2.5; Live §5.1 | [`types::Record`], `recovery` |
//! | what must always hold | §2.1, §2.2 | [`invariants`] |
//!
//! Each node is proposer, acceptor and learner at once (§2.5). Deviations from the papers, and choices where they leave one:
//! - The leader is the distinguished learner (§2.3); others learn from what it says is decided, if they accepted its own proposal
//!   there, and otherwise ask it.
//! - A node that wants to lead first asks whether a quorum would promise (`elections = "canvass"`), so that one that hears nobody does
//!   not depose a leader that others hear. After each failure it waits longer, by chance: duels end (§2.4 asks for no more).
//! - A leader that does not hear of a phase-2 quorum for an election timeout resigns.
//! - Reads need no slot: a phase-2 quorum confirms that it has promised nobody else. That quorum meets every quorum of phase 1,
//!   so no other leader had begun when the read arrived.
//! - A new leader that lacks decisions which its acceptors have dropped catches up before it leads, and one that meets servers which
//!   come to run later slots and have dropped more than it knows steps down. So no leader has to learn from anybody but its own acceptors.
//! - An acceptor votes in a slot only if it knows by the decisions that it is one of the slot's servers. §3 does not ask for that. So a quorum
//!   that has accepted something knows, durably, why it is one, and the servers before can be switched off once α slots more are decided.
//! - A reconfiguration names the sizes of the quorums with the members; sizes that do not meet have no spelling.
//! - A leader proposes a reconfiguration only when it hears from quorums of its members. A command that comes before it is proposed takes its place.
//! - A node whose disk has lost promises takes no part any more ([`Role::Faulty`](NodeRole::Faulty)).

use shaketable_sim::id::{NodeId, RequestId};
use shaketable_sim::node::{
    Cluster, Command, Ctx, Electorate, Milestone, Node, Observation, Op, Recovered, Role as NodeRole,
};
use shaketable_sim::spec::Spec;
use shaketable_sim::time::{Instant, Ppm, Span};

mod acceptor;
pub mod bugs;
mod catalogue;
pub mod config;
pub mod configuration;
pub mod invariants;
mod leader;
mod learner;
pub mod lease;
pub mod ledger;
mod membership;
mod milestones;
mod proposer;
pub mod quorums;
mod read;
mod recovery;
mod replica;
pub mod rules;
mod snapshot;
mod swarm;
mod transfer;
pub mod types;

pub use catalogue::PAXOS;
pub use config::Config;
use configuration::Configuration;
use leader::Leader;
use ledger::Ledger;
use proposer::Candidacy;
use recovery::Persistent;
use replica::Replica;
use snapshot::Snapshots;
use types::{Ballot, Msg, MsgOf, PieceOf, RecordOf, Slot, Timer};

/// A node.
#[derive(Clone, Debug)]
pub struct Paxos<S: Spec> {
    config: Config,
    me: NodeId,
    nodes: usize,
    /// The acceptor's promise. Invariant: durable before it is told, and never falls.
    promised: Ballot,
    /// The highest ballot heard of. Invariant: at least `promised`.
    seen: Ballot,
    /// The acceptor's votes, durable before they are told, and the learner's decisions.
    ledger: Ledger<S::Op>,
    replica: Replica<S>,
    snapshots: Snapshots<PieceOf<S>>,
    role: Role<S::Op>,
    /// The election timeout, drawn anew whenever the node changes its role.
    timeout: Span,
    /// How often in a row it has tried to lead and failed.
    failures: u32,
}

/// What a node does besides accepting and learning, with the state that it needs for that alone.
#[derive(Clone, Debug)]
enum Role<O> {
    Follower(Following),
    Candidate(Candidacy<O>),
    Leader(Leader<O>),
    /// Promises are lost with the disk (see `recovery`): no promise, no vote, no answer.
    Faulty,
}

/// What a follower knows.
#[derive(Clone, Copy, Debug, Default)]
struct Following {
    /// The ballot of the one that it takes for the leader.
    leader: Option<Ballot>,
    /// When a leader was last heard of.
    heard: Option<Instant>,
}

impl<S: Spec> Node for Paxos<S> {
    type Config = Config;
    type Msg = MsgOf<S>;
    type Timer = Timer;
    type Record = RecordOf<S>;
    type Service = S;
    type Invariants = invariants::Safety;
    const MILESTONES: &'static [Milestone] = milestones::ALL;

    fn boot(config: &Config, disk: Recovered<RecordOf<S>>, ctx: &mut Ctx<'_, Self>) -> Self {
        let mut node = Paxos {
            config: *config,
            me: ctx.me(),
            nodes: ctx.nodes(),
            promised: Ballot::BOTTOM,
            seen: Ballot::BOTTOM,
            ledger: Ledger::default(),
            replica: Replica::new(config.first()),
            snapshots: Snapshots::new(None),
            role: Role::Faulty,
            timeout: Span::ZERO,
            failures: 0,
        };
        let first_boot = disk.first_boot;
        match Persistent::recover(disk, config.rules) {
            Err(why) => ctx.note(why),
            Ok(kept) => {
                if first_boot || kept.torn {
                    // From now on an empty journal means that the disk was lost, and a damaged record that it has rotted.
                    ctx.compact(kept.records());
                    ctx.after_sync(|_| {});
                }
                (node.promised, node.seen, node.ledger) = (kept.promised, kept.promised, kept.ledger);
                if let Some(snapshot) = &kept.snapshot {
                    node.replica = Replica::restore(snapshot, config.first());
                }
                node.snapshots = Snapshots::new(kept.snapshot);
                let heard = (node.leases() && config.rules.keeps_lease_over_restart()).then(|| ctx.now());
                node.role = Role::Follower(Following { leader: None, heard });
                node.await_election(ctx);
                node.apply_chosen(ctx);
            }
        }
        node
    }

    fn on_message(&mut self, from: NodeId, msg: MsgOf<S>, ctx: &mut Ctx<'_, Self>) {
        if let Role::Faulty = self.role {
            return;
        }
        match msg {
            Msg::Canvass(ballot) => self.on_canvass(from, ballot, ctx),
            Msg::Willing { ballot, seen } => self.on_willing(from, ballot, seen, ctx),
            Msg::Prepare { ballot, from: first, handed_over } => self.on_prepare(from, ballot, first, handed_over, ctx),
            Msg::Promise { ballot, votes, dropped } => self.on_promise(from, ballot, votes, dropped, ctx),
            Msg::Accept { slot, vote, commit } => self.on_accept(from, slot, vote, commit, ctx),
            Msg::Accepted { ballot, slot } => self.on_accepted(from, ballot, slot, ctx),
            Msg::Nack(ballot) => self.on_nack(ballot, ctx),
            Msg::Heartbeat { ballot, commit, beat } => self.on_leader_heartbeat(from, ballot, commit, beat, ctx),
            Msg::Alive { ballot, beat } => self.on_alive(from, ballot, beat, ctx),
            Msg::TakeOver(ballot) => self.on_take_over(ballot, ctx),
            Msg::Lacks { first, received } => self.on_lacks(from, first, received, ctx),
            Msg::Learn { first, values, sent, commit } => self.on_learn(from, first, values, sent, commit, ctx),
            Msg::Install(part) => self.on_install(from, part, ctx),
        }
    }

    fn on_request(&mut self, id: RequestId, op: Op<Self>, ctx: &mut Ctx<'_, Self>) {
        match &self.role {
            Role::Leader(_) if S::is_read(&op) && self.config.read != config::Read::Log => self.on_read(id, op, ctx),
            Role::Leader(_) => self.on_operation(id, op, ctx),
            Role::Follower(following) => ctx.reject(id, following.leader.map(|ballot| ballot.node)),
            Role::Candidate(_) | Role::Faulty => ctx.reject(id, None),
        }
    }

    fn on_timer(&mut self, timer: Timer, ctx: &mut Ctx<'_, Self>) {
        match (timer, &self.role) {
            (Timer::Election, Role::Leader(_)) => self.check_quorum(ctx),
            (Timer::Election, Role::Follower(_) | Role::Candidate(_)) => self.campaign(ctx),
            (Timer::Heartbeat, Role::Leader(_)) => self.on_heartbeat_due(ctx),
            (Timer::Heartbeat, _) | (Timer::Election, Role::Faulty) => {}
        }
    }

    fn on_command(&mut self, command: &Command, ctx: &mut Ctx<'_, Self>) {
        match (command, &self.role) {
            // A node that has promised to follow a leader for a while has promised not to prepare.
            (Command::Campaign, _) if self.keeps_to_leader(None, ctx) => {}
            (Command::Campaign, Role::Follower(_) | Role::Candidate(_)) => self.campaign(ctx),
            (Command::Transfer(to), Role::Leader(_)) => self.hand_over(*to, ctx),
            (Command::Reconfigure(members), Role::Leader(_)) => self.begin_reconfiguration(members, ctx),
            (Command::Campaign | Command::Transfer(_) | Command::Reconfigure(_), _) => {}
        }
    }

    fn observe(&self) -> Observation {
        let (role, leader) = match &self.role {
            Role::Follower(following) if !self.is_needed() => {
                (NodeRole::Outsider, following.leader.map(|ballot| ballot.node))
            }
            Role::Follower(following) => (NodeRole::Follower, following.leader.map(|ballot| ballot.node)),
            Role::Candidate(_) => (NodeRole::Candidate, None),
            Role::Leader(_) => (NodeRole::Leader, Some(self.me)),
            Role::Faulty => (NodeRole::Faulty, None),
        };
        let (commit, applied) = (self.ledger.commit().get(), self.replica.applied().get());
        let reconfigurations = self.replica.configurations().latest().number;
        Observation { role, epoch: self.promised.round.get(), leader, commit, applied, reconfigurations }
    }

    fn electorates(&self, cluster: Cluster) -> Vec<Electorate> {
        self.all_electorates(Slot::new(cluster.decided))
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
        let mut details = vec![("promised", self.promised.to_string()), ("last", self.ledger.last().to_string())];
        if self.replica.configurations().alpha().is_some() {
            let window: Vec<String> = self.window().map(Configuration::to_string).collect();
            details.push(("servers", window.join(" → ")));
        }
        details
    }
}

impl<S: Spec> Paxos<S> {
    /// The acceptor's promise.
    pub fn promised(&self) -> Ballot {
        self.promised
    }

    /// The acceptor's votes and the learner's decisions.
    pub fn ledger(&self) -> &Ledger<S::Op> {
        &self.ledger
    }
}
