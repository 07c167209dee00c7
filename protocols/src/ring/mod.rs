//! Consistent-hash nodes: a replicated key-value store without leaders, after Dynamo, with strict quorums.
//!
//! DeCandia et al., "Dynamo: Amazon's Highly Available Key-value Store", 2007; Attiya, Bar-Noy & Dolev, "Sharing Memory Robustly in
//! Message-Passing Systems" (ABD), 1995; Lamport, "Paxos Made Simple", 2001.
//!
//! | what | where in the papers | here |
//! |---|---|---|
//! | the decisions on which safety rests | Dynamo §4.5; ABD; Paxos §2.2 | [`rules`] |
//! | which nodes keep which keys | Dynamo §4.2, §4.3 | [`placement`] |
//! | N, R and W; quorum reads and writes that any node coordinates | Dynamo §4.5 | `coordinator` |
//! | versions, ordered by tags; read write-back | ABD | `coordinator`, `replica` |
//! | a write that its client repeats happens once | Paxos §2.2 | `coordinator`, `replica` |
//! | what a replica keeps | | [`replica`] |
//! | replicas that missed a write are brought up to it | Dynamo §4.7 | `repair` |
//! | what must hold | | [`invariants`] |
//!
//! A write asks R replicas for the tags that they know, and then stores its value under a higher one at W. A read asks R replicas for
//! their newest versions, and answers with the newest of them once W hold it; if it cannot know that they do, it stores it there itself. With
//! R + W > N this makes every key a linearizable register. It makes no more of it: registers cannot solve consensus (Herlihy 1991), so there is no
//! compare-and-set, and the store refuses workloads that ask for it.
//!
//! A client that had no answer asks another coordinator, which knows nothing of the first. If it chose a tag of its own, the write would happen
//! twice. So the coordinators agree on the tag of each write, by Paxos, whose two phases are those of the write: the question for tags
//! also makes replicas promise to accept no earlier attempt, and brings back the tag that an earlier attempt may have succeeded with. Whoever reads a version whose
//! attempt was overtaken settles that write first.
//!
//! Deviations from Dynamo:
//! - Quorums are strict: the N replicas of a key are fixed, no other node stands in for one that is down. So a key is unavailable while too
//!   few of its replicas can be reached.
//! - Versions are ordered by tags and not by vector clocks: there are no siblings.
//! - Membership is that of the cluster, and does not change.
//! - A replica keeps something of every write, tombstones too, and its journal only grows.
//!
//! - Replicas compare one hash over all keys that two of them share, and not trees of hashes.
//!
//! Sloppy quorums and hinted handoff (§4.6) would break what it promises: the store that has them is [`crate::dynamo`].

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use shaketable_sim::id::{Key, NodeId, OpId, RequestId};
use shaketable_sim::node::{Cluster, Ctx, Electorate, Node, Observation, Op, Recovered, Role};
use shaketable_sim::spec::Spec;

pub mod bugs;
mod catalogue;
pub mod config;
mod coordinator;
pub mod invariants;
pub mod placement;
mod repair;
pub mod replica;
pub mod rules;
mod swarm;
pub mod types;

pub use catalogue::RING;
pub use config::Config;
use coordinator::Task;
use placement::{Placement, Point};
use replica::Replica;
use types::{Call, Msg, Record, Tag, Timer};

/// A node: a replica of some keys, and a coordinator for whoever asks it.
#[derive(Clone, Debug)]
pub struct Store<S: Spec> {
    config: Config,
    placement: Rc<dyn Placement>,
    /// None if the disk has lost promises: then it takes no part.
    replica: Option<Replica<S::State>>,
    tasks: BTreeMap<Call, Task<S>>,
    /// The next call.
    next: Call,
    /// Every write that this node has seen to be settled in this life, in order, with its key and tag.
    settled: Vec<(Key, OpId, Tag)>,
    /// How often it has compared its versions with another node's.
    comparisons: usize,
}

impl<S: Spec> Node for Store<S> {
    type Config = Config;
    type Msg = Msg<S::State>;
    type Timer = Timer;
    type Record = Record<S::State>;
    type Service = S;
    type Invariants = invariants::Register;

    fn boot(config: &Config, disk: Recovered<Record<S::State>>, ctx: &mut Ctx<'_, Self>) -> Self {
        let replica = match Replica::recover(&disk) {
            Ok((replica, torn)) => {
                if torn {
                    ctx.compact(disk.records.iter().filter_map(intact).collect());
                }
                if disk.first_boot || disk.records.iter().filter_map(intact).next().is_none() {
                    ctx.write(Record::Formatted);
                }
                ctx.after_sync(|_| {});
                Some(replica)
            }
            Err(why) => {
                ctx.note(why);
                None
            }
        };
        let store = Store {
            config: *config,
            placement: config.place(ctx.nodes()),
            replica,
            tasks: BTreeMap::new(),
            next: Call(ctx.rng().next() >> 1), // A life has less than 2⁶³ calls.
            settled: Vec::new(),
            comparisons: 0,
        };
        if store.replica.is_some() {
            store.await_comparison(ctx);
        }
        store
    }

    fn on_message(&mut self, from: NodeId, msg: Msg<S::State>, ctx: &mut Ctx<'_, Self>) {
        if self.replica.is_none() {
            return;
        }
        match msg {
            Msg::Ask { .. } | Msg::Claim { .. } | Msg::Store { .. } => self.serve(from, msg, ctx),
            Msg::Told { call, newest } => self.on_told(from, call, newest, ctx),
            Msg::Claimed { call, highest, accepted } => self.on_claimed(from, call, highest, accepted, ctx),
            Msg::Stored { call } => self.on_stored(from, call, ctx),
            Msg::Refused { call, promised } => self.on_refused(call, promised),
            Msg::Compare { digest } => self.on_compare(from, digest, ctx),
            Msg::Differs { newest } => self.on_differs(from, &newest, ctx),
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
            Timer::AskAgain(call) => self.ask_again(call, ctx),
            Timer::Compare => self.compare(ctx),
        }
    }

    fn observe(&self) -> Observation {
        let role = if self.replica.is_some() { Role::Peer } else { Role::Faulty };
        Observation { role, ..Observation::default() }
    }

    /// Of each key its replicas, of whom as many must work as are read or written (strict quorums).
    fn electorates(&self, cluster: Cluster) -> Vec<Electorate> {
        let quorum = self.config.read_quorum.max(self.config.write_quorum);
        let replicas = (0..cluster.keys).map(|key| self.replicas(Key::at(key)).into_iter().collect());
        let apart: BTreeSet<BTreeSet<NodeId>> = replicas.collect();
        apart.into_iter().map(|members| Electorate { members, quorum }).collect()
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        vec![("tasks", self.tasks.len().to_string())]
    }
}

impl<S: Spec> Store<S> {
    /// What it keeps; none if its disk has lost promises.
    pub fn replica(&self) -> Option<&Replica<S::State>> {
        self.replica.as_ref()
    }

    /// The nodes that keep a key, the most preferred first.
    pub fn replicas(&self, key: Key) -> Vec<NodeId> {
        let placed = self.placement.place(&[Point::of(key.index() as u64)], self.config.replicas);
        placed.into_iter().flatten().collect()
    }

    /// Answers a coordinator, as a replica. Whatever an answer tells is durable before it leaves.
    fn serve(&mut self, from: NodeId, msg: Msg<S::State>, ctx: &mut Ctx<'_, Self>) {
        let rules = self.config.rules;
        let Some(replica) = &mut self.replica else { return };
        let (record, answer) = match msg {
            Msg::Ask { call, key } => (None, Msg::Told { call, newest: replica.newest(key).cloned() }),
            Msg::Claim { ballot, key, op } => {
                let call = ballot.call;
                match replica.claim(key, op, ballot, rules) {
                    Ok(record) => {
                        let highest = replica.newest(key).map_or(0, |newest| newest.version.tag.counter);
                        (record, Msg::Claimed { call, highest, accepted: replica.accepted(key, op).cloned() })
                    }
                    Err(promised) => (None, Msg::Refused { call, promised }),
                }
            }
            Msg::Store { call, key, proposal } => match replica.store(key, proposal, rules) {
                Ok(record) => (record, Msg::Stored { call }),
                Err(promised) => (None, Msg::Refused { call, promised }),
            },
            _ => return,
        };
        if let Some(record) = record {
            replica.apply(&record);
            ctx.write(record);
        }
        // Also an answer that writes nothing may tell of what is written and not yet durable.
        ctx.after_sync(|ctx| ctx.send(from, answer));
    }
}

fn intact<R: Clone>(stored: &shaketable_sim::node::Stored<R>) -> Option<R> {
    match stored {
        shaketable_sim::node::Stored::Intact(record) => Some(record.clone()),
        shaketable_sim::node::Stored::Damaged => None,
    }
}
