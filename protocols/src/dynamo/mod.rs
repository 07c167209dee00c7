//! Dynamo: a replicated key-value store that can always be written, and what it promises in return.
//!
//! DeCandia et al., "Dynamo: Amazon's Highly Available Key-value Store", SOSP 2007.
//!
//! | what | where in the papers | here |
//! |---|---|---|
//! | the decisions on which safety rests | | [`rules`] |
//! | which nodes own which keys | Dynamo §4.2, §4.3 | [`membership`], [`crate::ring::placement`] |
//! | gets and puts that R and W nodes answer; read repair | Dynamo §4.5, §5 | `coordinator` |
//! | sloppy quorums, hinted handoff | Dynamo §4.6 | `coordinator`, `handoff` |
//! | versions, siblings, last writer wins | Dynamo §4.4; dotted version vectors | [`versions`] |
//! | anti-entropy by Merkle trees | Dynamo §4.7 | [`merkle`], `repair` |
//! | who is alive | Dynamo §4.8; SWIM | [`gossip`] |
//! | joining and leaving | Dynamo §4.8.1, §4.9 | `churn` |
//! | when a deleted key can be forgotten | Cassandra's and ScyllaDB's grace of tombstones, and what it lacks | [`collection`] |
//! | what a node keeps | | [`replica`] |
//! | what must hold | | [`invariants`] |
//!
//! It is not linearizable and does not say so: stand-ins count for quorums, so a get need not meet the last put. It promises that nothing which was acknowledged is
//! lost, and that owners agree when all is quiet. A deletion is a write as any other, so it stays in force until a write takes its place that has read it, or it is collected with all that it has deleted.
//!
//! An owner that has just joined serves at once, whether what it owns now has reached it or not. So after a change of the ring gets may miss what was acknowledged, until those
//! who owned it have handed it over; and a put that has missed it makes a sibling.
//!
//! What clients see of siblings: a put is preceded by a get of its coordinator, whose answer is its context, so it takes the place of what that found, and of nothing else.
//! A get answers with the greatest sibling that is no tombstone. So a write that was acknowledged is in force, or one is that has seen it.
//! With `versions = { clock-bound = … }` the later time wins instead; then a write that begins more than the bound after another was acknowledged wins against it.
//!
//! Deviations from Dynamo:
//! - A node that is not preferred for a key turns its client away, with the name of one that is, as if all clients knew the ring (§6.4).
//! - Clients have no context of their own. One that repeats a put may so write it twice; both are its own.
//! - A node whose disk was lost takes no part any more.
//! - Tombstones are kept for ever unless there is a grace for them, and a journal only grows unless there is a limit for it.
//! - Only an operator changes the ring, as a whole, through any node. Of two changes at once one passes, with all that it asked for (§4.8.1 merges histories of single changes).

use std::collections::BTreeMap;

use shaketable_sim::id::{Key, NodeId, OpId, RequestId};
use shaketable_sim::node::{
    Cluster, Command, Ctx, Electorate, Milestone, Node, Observation, Op, Recovered, Role, Stored,
};
use shaketable_sim::spec::Spec;

pub mod bugs;
mod catalogue;
mod churn;
pub mod collection;
pub mod config;
mod coordinator;
pub mod gossip;
mod handoff;
pub mod invariants;
pub mod membership;
pub mod merkle;
mod milestones;
mod repair;
pub mod replica;
pub mod rules;
mod swarm;
pub mod types;
mod under_way;
pub mod versions;

pub use catalogue::DYNAMO;
use collection::Collection;
pub use config::Config;
use coordinator::Task;
use gossip::{Status, Swim};
use membership::{Preferences, Ring};
use replica::Replica;
use types::{Call, Msg, Record, Timer};
use versions::{Dot, Past};

/// A node: an owner of some keys, a stand-in for others, and a coordinator.
#[derive(Clone, Debug)]
pub struct Dynamo<S: Spec> {
    me: NodeId,
    config: Config,
    preferences: Preferences,
    swim: Swim,
    /// None if the disk has lost what others rely on: then it takes no part.
    replica: Option<Replica<S::State>>,
    tasks: BTreeMap<Call, Task<S>>,
    /// The next call.
    next: Call,
    /// Above it is the counter of the next write: the highest of any write that was ever kept here.
    counter: u64,
    /// Of the keys that it has written under a name for as long as it knows them: the first counter of each.
    stints: BTreeMap<Key, u64>,
    collection: Collection,
    /// How often it has compared its versions with another node's.
    comparisons: usize,
    /// Every version that this node has made in this life, in order.
    named: Vec<Named>,
    /// Every write that it has acknowledged in this life, in order.
    acknowledged: Vec<(Key, OpId, Dot)>,
    /// Every tombstone that it has collected in this life, in order.
    collected: Vec<(Key, Past)>,
}

/// A version that was made.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Named {
    key: Key,
    op: OpId,
    dot: Dot,
    /// The versions that its coordinator had read in force: those that it overwrites.
    read: Vec<Dot>,
    /// If it is a tombstone, all writes of the key that its coordinator knew of: they are deleted.
    deletes: Option<Past>,
}

impl<S: Spec> Node for Dynamo<S> {
    type Config = Config;
    type Msg = Msg<S::State>;
    type Timer = Timer;
    type Record = Record<S::State>;
    type Service = S;
    type Invariants = invariants::Contract;
    const MILESTONES: &'static [Milestone] = milestones::ALL;

    fn boot(config: &Config, disk: Recovered<Record<S::State>>, ctx: &mut Ctx<'_, Self>) -> Self {
        let replica = match Replica::recover(&disk) {
            Ok((replica, torn)) => {
                let intact: Vec<_> = disk.records.iter().filter_map(intact).collect();
                let blank = intact.is_empty();
                if blank {
                    // In one step: a crash that kept the empty journal and not the record would look like a lost disk.
                    ctx.compact(vec![Record::Formatted]);
                } else if torn {
                    ctx.compact(intact);
                }
                ctx.after_sync(|_| {});
                Some(replica)
            }
            Err(why) => {
                ctx.note(why);
                None
            }
        };
        let durable = replica.as_ref().map_or(0, Replica::counter);
        let kept = replica.as_ref().and_then(|replica| replica.ring().cloned());
        let ring = kept.unwrap_or_else(|| Ring::first(ctx.nodes().min(config.members)));
        let mut store = Dynamo {
            me: ctx.me(),
            config: *config,
            preferences: Preferences::new(ring, config),
            swim: Swim::new(ctx.nodes(), ctx.rng().next() >> 1),
            replica,
            tasks: BTreeMap::new(),
            next: Call(ctx.rng().next() >> 1), // A life has less than 2⁶³ calls.
            counter: config.rules.resumes(durable),
            stints: BTreeMap::new(),
            collection: Collection::default(),
            comparisons: 0,
            named: Vec::new(),
            acknowledged: Vec::new(),
            collected: Vec::new(),
        };
        if store.replica.is_some() {
            // The ring may have become durable just before a crash, and not what follows from it.
            store.settle(ctx);
            store.await_grace(ctx);
            store.await_comparison(ctx);
            store.await_handoff(ctx);
            store.await_probe(ctx);
        }
        store
    }

    fn on_message(&mut self, from: NodeId, msg: Msg<S::State>, ctx: &mut Ctx<'_, Self>) {
        if self.replica.is_none() {
            return;
        }
        match msg {
            Msg::Get { .. } | Msg::Put { .. } => self.serve(from, msg, ctx),
            Msg::Got { call, object } => self.on_got(from, call, object, ctx),
            Msg::Kept { call, place } => self.on_kept(from, call, place, ctx),
            Msg::Repair { objects } => self.on_repair(&objects, ctx),
            Msg::Handoff { key, object } => self.on_handoff(from, key, &object, ctx),
            Msg::Handed { key, past } => self.on_handed(from, key, &past, ctx),
            Msg::Hashes { epoch, at, below } => self.on_hashes(from, epoch, at, &below, ctx),
            Msg::Leaf { epoch, at, objects } => self.on_leaf(from, epoch, at, &objects, ctx),
            Msg::Ring { ring } => self.on_ring(from, &ring, ctx),
            Msg::RingKept { ring } => self.on_ring_kept(ring, ctx),
            Msg::Vouch { call, tombs } => self.on_vouch(from, call, &tombs, ctx),
            Msg::Vouched { call, tickets } => self.on_vouched(from, call, &tickets, ctx),
            Msg::Collect { tombs } => self.on_collect(&tombs, ctx),
            Msg::Ping { probe, news } => self.on_ping(from, probe, &news, ctx),
            Msg::Ack { probe, news } => self.on_ack(from, probe, &news, ctx),
            Msg::PingReq { probe, target, news } => self.on_ping_req(from, probe, target, &news, ctx),
        }
    }

    fn on_request(&mut self, id: RequestId, op: Op<Self>, ctx: &mut Ctx<'_, Self>) {
        match self.replica {
            Some(_) => self.coordinate(id, op, ctx),
            None => ctx.reject(id, None),
        }
    }

    fn on_timer(&mut self, timer: Timer, ctx: &mut Ctx<'_, Self>) {
        match timer {
            Timer::AskAgain(call) => self.ask(call, ctx),
            Timer::Compare => self.compare(ctx),
            Timer::Handoff => self.hand_over(ctx),
            Timer::Probe => self.probe(ctx),
            Timer::Patience(probe) => self.lose_patience(probe, ctx),
            Timer::Suspicion(node) => self.condemn(node, ctx),
            Timer::Grace => self.collect(ctx),
        }
    }

    fn on_command(&mut self, command: &Command, ctx: &mut Ctx<'_, Self>) {
        if let (Command::Reconfigure(members), Some(_)) = (command, &self.replica) {
            self.make_ring(members.clone(), ctx);
        }
    }

    fn observe(&self) -> Observation {
        let role = match &self.replica {
            None => Role::Faulty,
            Some(_) if self.preferences.has(self.me) => Role::Peer,
            Some(_) => Role::Outsider,
        };
        // What is decided here is the ring: the versions of keys are not in any one order.
        let epoch = self.preferences.epoch().number;
        Observation { role, epoch, commit: epoch, applied: epoch, reconfigurations: epoch, leader: None }
    }

    fn electorates(&self, cluster: Cluster) -> Vec<Electorate> {
        match &self.replica {
            Some(_) if self.preferences.epoch().number >= cluster.decided => {
                // Any nodes do for a sloppy quorum (§4.6), and a majority for a change of the ring.
                let mut all = Electorate::majority(self.preferences.ring().members.iter().copied().collect());
                all.quorum = all.quorum.max(self.config.read_quorum).max(self.config.write_quorum);
                vec![all]
            }
            _ => Vec::new(),
        }
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        let hints = self.replica.as_ref().map_or(0, |replica| replica.hints().count());
        vec![("tasks", self.tasks.len().to_string()), ("hints", hints.to_string())]
    }
}

impl<S: Spec> Dynamo<S> {
    /// What it keeps; none if its disk was lost.
    pub fn replica(&self) -> Option<&Replica<S::State>> {
        self.replica.as_ref()
    }

    /// The ring that is in force here.
    pub fn ring(&self) -> &Ring {
        self.preferences.ring()
    }

    /// What it has heard of all nodes, in their order.
    pub fn statuses(&self) -> &[Status] {
        self.swim.statuses()
    }

    /// Answers a coordinator that knows the same ring. Whatever an answer tells is durable before it leaves.
    fn serve(&mut self, from: NodeId, msg: Msg<S::State>, ctx: &mut Ctx<'_, Self>) {
        let answer = match msg {
            Msg::Get { epoch, .. } | Msg::Put { epoch, .. } if !self.agrees(from, epoch, ctx) => return,
            Msg::Get { call, key, .. } => {
                let object = self.replica.as_ref().and_then(|replica| replica.object(key));
                Msg::Got { call, object: object.cloned().unwrap_or_default() }
            }
            Msg::Put { call, key, object, stands_for, .. } => {
                self.keep(key, &object, stands_for, ctx);
                Msg::Kept { call, place: stands_for.unwrap_or(ctx.me()) }
            }
            _ => return,
        };
        ctx.after_sync(|ctx| ctx.send(from, answer));
    }

    /// A call that has no other's name.
    fn next_call(&mut self) -> Call {
        let call = self.next;
        self.next = Call(call.0 + 1);
        call
    }
}

fn intact<R: Clone>(stored: &Stored<R>) -> Option<R> {
    match stored {
        Stored::Intact(record) => Some(record.clone()),
        Stored::Damaged => None,
    }
}
