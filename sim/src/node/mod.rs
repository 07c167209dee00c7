//! A node: a function from events to effects.
//!
//! A protocol implements [`Node`]. Its handlers are told what happened, change their own state, and ask for
//! effects through [`Ctx`]; they have no clock, no chance and no I/O of their own. The world carries the effects
//! out in the order in which they were asked for, and may crash the node between any two of them.
//!
//! What a handler may rely on:
//! - A crash drops the node. A restart is [`Node::boot`] with what the disk kept, so volatile state cannot survive.
//! - What is [written](Ctx::write) is durable once a sync has returned, and not before. [`Ctx::after_sync`] holds
//!   effects back until everything written so far is durable.
//! - A message to another node may be lost, delayed, duplicated and overtaken. A message to oneself is none of
//!   these: it arrives at the same instant, after what was already due, unless the node crashes first.
//! - A timer that is set again is replaced; timers die with the node's life.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::hash::Hash;

use serde::Serialize;

use crate::id::{NodeId, RequestId};
use crate::spec::{Data, Spec};
use crate::time::{Instant, Ppm};

mod ctx;

pub use ctx::{Ctx, Effect, EffectOf};

/// A protocol, as seen by the simulator: one server of it.
///
/// ```
/// use shaketable_sim::check::invariant::NoInvariants;
/// use shaketable_sim::id::{NodeId, RequestId};
/// use shaketable_sim::node::{Ctx, Message, Node, Observation, Op, Recovered};
/// use shaketable_sim::spec::{Objects, Spec, counter::Counter};
///
/// /// A counter on one server: every other node sends its clients there.
/// #[derive(Clone)]
/// struct Lonely(Objects<Counter>);
///
/// #[derive(Clone, Debug, Hash, serde::Serialize)]
/// enum NoMessage {}
/// impl Message for NoMessage {
///     fn kind(&self) -> &'static str {
///         match *self {}
///     }
/// }
///
/// impl Node for Lonely {
///     type Config = ();
///     type Msg = NoMessage;
///     type Timer = ();
///     type Record = ();
///     type Service = Counter;
///     type Invariants = NoInvariants;
///
///     fn boot(_: &(), _: Recovered<()>, _: &mut Ctx<'_, Self>) -> Self {
///         Lonely(Objects::default())
///     }
///     fn on_message(&mut self, _: NodeId, msg: NoMessage, _: &mut Ctx<'_, Self>) {
///         match msg {}
///     }
///     fn on_request(&mut self, id: RequestId, op: Op<Self>, ctx: &mut Ctx<'_, Self>) {
///         let server = NodeId::at(0);
///         if ctx.me() == server {
///             let ret = self.0.apply(&op);
///             ctx.reply(id, ret);
///         } else {
///             ctx.reject(id, Some(server));
///         }
///     }
///     fn on_timer(&mut self, _: (), _: &mut Ctx<'_, Self>) {}
///     fn observe(&self) -> Observation {
///         Observation::default()
///     }
/// }
/// ```
pub trait Node: Sized + Clone + 'static {
    /// The protocol's own parameters, validated.
    type Config: Clone + 'static;
    /// What nodes send each other.
    type Msg: Message;
    /// The names of its timers.
    type Timer: Copy + Ord + Debug + Hash + 'static;
    /// What it writes to its journal.
    type Record: Data;
    /// What it serves to clients.
    type Service: Spec;
    /// What must hold in every state that its nodes reach.
    type Invariants: crate::check::invariant::Invariants<Self>;

    /// What its nodes do now and then that nobody outside can see, and that a run should be able to show: see [`Ctx::reached`].
    const MILESTONES: &'static [Milestone] = &[];

    /// Starts a node: for the first time, or after a crash, with what its disk has kept.
    fn boot(config: &Self::Config, disk: Recovered<Self::Record>, ctx: &mut Ctx<'_, Self>) -> Self;

    /// A message from another node, or from itself.
    fn on_message(&mut self, from: NodeId, msg: Self::Msg, ctx: &mut Ctx<'_, Self>);

    /// An operation that a client asks for: to be answered, now or later, with [`Ctx::reply`] or [`Ctx::reject`], or not at all.
    fn on_request(&mut self, id: RequestId, op: Op<Self>, ctx: &mut Ctx<'_, Self>);

    /// A timer has run out.
    fn on_timer(&mut self, timer: Self::Timer, ctx: &mut Ctx<'_, Self>);

    /// Something that an operator asks of this node. Protocols that know no such command ignore it, as by default.
    fn on_command(&mut self, command: &Command, ctx: &mut Ctx<'_, Self>) {
        let _ = (command, ctx);
    }

    /// The disk could not do what was asked. What waited for the sync is dropped, and what was not yet durable may be lost.
    ///
    /// The default stops the node, to be started again with what the disk has kept: after a failed sync a process
    /// cannot know what its own writes are worth (Rebello et al., "Can applications recover from fsync failures?", ATC 2020).
    fn on_disk_error(&mut self, error: DiskError, ctx: &mut Ctx<'_, Self>) {
        ctx.halt(error.name());
    }

    /// The few things about a node that fault targets, triggers, checks and viewers understand of every protocol.
    fn observe(&self) -> Observation;

    /// The electorates of which each needs a working quorum for the cluster to serve, as far as this node knows: the members of
    /// the cluster, and before and after a change that is under way or that this node is about to make. Whoever is in none is outside.
    ///
    /// A node whose log does not reach what is decided in the cluster may go by members of the past: it returns none. By default, all
    /// nodes are members for ever, and a majority of them is a quorum.
    fn electorates(&self, cluster: Cluster) -> Vec<Electorate> {
        vec![Electorate::majority(NodeId::all(cluster.nodes).collect())]
    }

    /// By how much clocks may run fast or slow, at most, and without ever jumping, for the answers to clients to be linearizable: what a leader's lease takes for granted. None, as by default, if nothing does.
    ///
    /// Where clocks were beyond it, answers that are wrong prove nothing: the verdict is that an [assumption was exceeded](crate::run::Verdict::AssumptionExceeded). Whatever else is violated still is.
    fn clock_bound(config: &Self::Config) -> Option<Ppm> {
        let _ = config;
        None
    }

    /// Until when, on its own clock, this node relies on a lease; over or not. None if it has none.
    fn lease_until(&self) -> Option<Instant> {
        None
    }

    /// Anything else worth showing in a trace, by name.
    fn details(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// What a whole cluster is, and how far it has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cluster {
    /// How many nodes there are, members or not.
    pub nodes: usize,
    /// How many log entries somebody knows to be decided.
    pub decided: u64,
    /// How many objects clients may ask about: those of the keys from 0 on.
    pub keys: usize,
}

/// Members of a cluster, and how many of them must work for it to serve.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Electorate {
    /// Who they are.
    pub members: BTreeSet<NodeId>,
    /// How many of them are enough for everything that needs a quorum: where that takes quorums of several sizes, the largest.
    pub quorum: usize,
}

impl Electorate {
    /// These members, of whom more than half must work.
    pub fn majority(members: BTreeSet<NodeId>) -> Electorate {
        Electorate { quorum: members.len() / 2 + 1, members }
    }
}

/// What nodes send each other.
pub trait Message: Data {
    /// The name of this kind of message: `AppendEntries`.
    fn kind(&self) -> &'static str;

    /// The term, ballot number or version that it belongs to; 0 of what belongs to none, as by default.
    ///
    /// A single message is named by sender, receiver, kind, epoch and the how-manieth it is of those. By that name chance decides what becomes of
    /// it, and a recorded run finds it again when the protocol has changed a little.
    fn epoch(&self) -> u64 {
        0
    }

    /// Whether it is sent again and again though nothing happens, as heartbeats are. Whoever looks at a run is spared these at first; nothing else
    /// depends on it.
    fn is_routine(&self) -> bool {
        false
    }
}

/// The operations of a node's service.
pub type Op<N> = <<N as Node>::Service as Spec>::Op;

/// The answers of a node's service.
pub type Ret<N> = <<N as Node>::Service as Spec>::Ret;

/// What a node's disk gives back when it boots.
#[derive(Clone, Debug)]
pub struct Recovered<R> {
    /// Whether nothing has ever become durable on this disk. An empty journal on a disk that is not new means that it was
    /// lost: the node has forgotten promises that others rely on.
    pub first_boot: bool,
    /// The records that are there, oldest first.
    pub records: Vec<Stored<R>>,
}

/// A record as it is read back.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Stored<R> {
    /// As it was written.
    Intact(R),
    /// Its checksum does not match: the last record torn by a crash in the middle of writing it, or one that rotted at rest.
    Damaged,
}

/// Something that a node does inside: a snapshot installed, a read answered by lease. Runs count it, and a scenario can demand
/// in `[expect] reach` that it has happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Milestone {
    /// Its name in scenario files, in the plural: `snapshots-installed`.
    pub name: &'static str,
    /// What is counted, in a sentence.
    pub doc: &'static str,
}

/// What an operator can ask of a node. A scenario plans commands as it plans faults, so that they meet.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Stand for election (try to lead) now, as if no leader had been heard of for long.
    Campaign,
    /// Hand leadership over to this node.
    Transfer(NodeId),
    /// Let these be the members, in order, from now on.
    Reconfigure(Vec<NodeId>),
}

/// What went wrong with a disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiskError {
    /// A sync has failed; what it should have made durable may or may not be.
    SyncFailed,
    /// There is no room for another record; it was not written.
    Full,
}

impl DiskError {
    /// Its name, as in traces.
    pub const fn name(self) -> &'static str {
        match self {
            DiskError::SyncFailed => "sync failed",
            DiskError::Full => "disk full",
        }
    }
}

/// What a node is, as far as any protocol's node is anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default, Serialize)]
pub struct Observation {
    /// Its part in the cluster.
    pub role: Role,
    /// Term, ballot number or ring version: never goes down in one node's life.
    pub epoch: u64,
    /// Whom it takes for the leader.
    pub leader: Option<NodeId>,
    /// How many log entries (slots, versions) it knows to be decided.
    pub commit: u64,
    /// How many of them it has applied to its state machine.
    pub applied: u64,
    /// How many changes of the cluster's members it knows to be decided.
    pub reconfigurations: u64,
}

/// A node's part in its cluster.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// One among equals: protocols without leaders.
    #[default]
    Peer,
    /// Follows a leader, or waits for one.
    Follower,
    /// Wants to lead.
    Candidate,
    /// Leads, as far as it knows.
    Leader,
    /// Follows without a vote.
    Learner,
    /// Is no member of the cluster, as far as it knows, and waits to become one.
    Outsider,
    /// Takes no part, because its disk cannot be trusted.
    Faulty,
}

impl Role {
    /// Its name, as in traces.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Peer => "peer",
            Role::Follower => "follower",
            Role::Candidate => "candidate",
            Role::Leader => "leader",
            Role::Learner => "learner",
            Role::Outsider => "outsider",
            Role::Faulty => "faulty",
        }
    }
}
