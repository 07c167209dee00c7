//! The world: takes the earliest event, lets the node that it concerns handle it, carries out the effects, and checks
//! what came of it; then the next.
//!
//! - [`effects`] carries out what nodes ask for.
//! - [`clients`] lets clients ask, wait, try again and give up.
//! - [`strikes`] lets faults strike and end.
//! - [`healing`] ends the trouble and demands progress.

mod clients;
mod effects;
mod healing;
mod server;
mod strikes;

use crate::check::invariant::{Breach, Invariants, Property};
use crate::check::linearizable;
use crate::digest::Digest;
use crate::history::History;
use crate::id::{ClientId, NodeId, RequestId};
use crate::network::{Arrival, Network, Route};
use crate::node::{EffectOf, Node, Op, Ret, Role};
use crate::plan::Plan;
use crate::queue::{Due, Queue, Rank};
use crate::rng::Seed;
use crate::run::{Checkpoint, Coverage, Run, Verdict, Violation};
use crate::time::Instant;
use crate::timers::{Expiry, Slot};
use crate::trace::{Recorder, Sink};
use crate::workload::Workload;

use clients::Client;
use server::Server;
use strikes::Strikes;

/// How many checkpoints of the digest a run keeps at most.
const CHECKPOINTS: usize = 512;

/// Runs a cluster of `N` through `plan`, from `seed`. The same arguments give the same result, always and everywhere;
/// a trace changes nothing.
///
/// A panic of the protocol passes through: whoever runs many seeds catches it.
pub fn run<N: Node>(
    plan: &Plan,
    config: &N::Config,
    workload: &dyn Workload<N::Service>,
    seed: Seed,
    mut trace: Option<Sink<'_>>,
) -> Run<N::Service> {
    let mut world = World::<N>::new(plan, config, workload, seed);
    if trace.is_some() {
        world.recorder = Some(Box::default());
    }
    while world.step() {
        if let (Some(recorder), Some(sink)) = (&mut world.recorder, &mut trace) {
            recorder.flush(sink);
        }
    }
    if let (Some(recorder), Some(sink)) = (&mut world.recorder, &mut trace) {
        recorder.flush(sink);
    }
    world.finish()
}

/// A cluster and everything around it, at one moment of a run.
#[derive(Clone)]
pub struct World<'a, N: Node> {
    plan: &'a Plan,
    config: &'a N::Config,
    workload: &'a dyn Workload<N::Service>,
    seed: Seed,
    now: Instant,
    end: Instant,
    queue: Queue<Event<N>>,
    network: Network<Event<N>>,
    servers: Vec<Server<N>>,
    clients: Vec<Client<N::Service>>,
    arrivals: clients::Pace,
    history: History<N::Service>,
    moments: u32,
    strikes: Strikes,
    /// What a heal asked the cluster to catch up with, once there was one.
    healed: Option<healing::Healed>,
    invariants: N::Invariants,
    digest: Digest,
    checkpoints: Vec<Checkpoint>,
    /// A checkpoint is taken when the number of events has none of these bits.
    between_checkpoints: u64,
    coverage: Coverage,
    /// How many events have happened at this very instant.
    at_this_instant: u64,
    /// Set when the run is over before its time.
    verdict: Option<Verdict>,
    effects: Vec<EffectOf<N>>,
    recorder: Option<Box<Recorder>>,
}

/// Something that happens at an instant.
#[derive(Clone)]
enum Event<N: Node> {
    /// A message reaches another node.
    Message { from: NodeId, to: NodeId, msg: N::Msg },
    /// A message reaches the node that sent it, in the same life.
    Own { node: NodeId, life: u32, msg: N::Msg },
    /// A request reaches a node.
    Request { to: NodeId, id: RequestId, op: Op<N> },
    /// An answer reaches a client: the result, or a rejection with a hint.
    Answer { from: NodeId, id: RequestId, answer: Result<Ret<N>, Option<NodeId>> },
    /// A timer may have run out; `due` is where its event was queued first, also if the node was paused since.
    Timer { node: NodeId, life: u32, slot: Slot, due: Due },
    /// A sync returns.
    Synced { node: NodeId, life: u32 },
    /// A node starts, unless something else keeps it down.
    Boot { node: NodeId },
    /// A client's wait may be over.
    Wake { client: ClientId, slot: Slot },
    /// Open loop: the next operation is due.
    Arrival,
    /// The planned fault of this index is due.
    Strike { planned: usize },
    /// The applied fault of this index is over.
    Undo { applied: usize },
    /// The trouble ends.
    Heal,
    /// The cluster must have recovered.
    Deadline,
}

/// Whether a node handles an event.
enum Attention {
    Now,
    /// It is down, or the event was meant for an earlier life.
    Never,
    /// When it is no longer paused.
    Later,
}

impl<'a, N: Node> World<'a, N> {
    /// A cluster about to boot.
    pub fn new(
        plan: &'a Plan,
        config: &'a N::Config,
        workload: &'a dyn Workload<N::Service>,
        seed: Seed,
    ) -> World<'a, N> {
        let clock = |node: NodeId| {
            let mut rng = seed.stream(format_args!("clock {node}"));
            let (low, high) = plan.clock.offset;
            let offset = low.wrapping_add(rng.between(0, high.abs_diff(low)) as i64);
            let drift = i64::from(plan.clock.drift.parts());
            (offset, (rng.between(0, 2 * drift as u64) as i64 - drift) as i32)
        };
        let server = |node: NodeId| {
            let (offset, drift) = clock(node);
            Server::new(node, seed, offset, drift)
        };
        let mut world = World {
            plan,
            config,
            workload,
            seed,
            now: Instant::ZERO,
            end: Instant::ZERO + plan.duration,
            queue: Queue::new(),
            network: Network::new(plan.network, seed, plan.nodes, plan.clients.count),
            servers: NodeId::all(plan.nodes).map(server).collect(),
            clients: (0..plan.clients.count).map(|index| Client::new(ClientId::at(index), seed, plan.nodes)).collect(),
            arrivals: clients::Pace::new(seed),
            history: Vec::new(),
            moments: 0,
            strikes: Strikes::new(plan, seed),
            healed: None,
            invariants: N::Invariants::new(plan.nodes),
            digest: Digest::new(),
            checkpoints: Vec::new(),
            between_checkpoints: 0xff,
            coverage: Coverage::default(),
            at_this_instant: 0,
            verdict: None,
            effects: Vec::new(),
            recorder: None,
        };
        for node in NodeId::all(plan.nodes) {
            world.push(Instant::ZERO, Event::Boot { node });
        }
        world.plan_strikes();
        world.start_clients();
        if let Some(heal) = plan.heal {
            world.queue.push(Due { at: heal.at, rank: Rank::HEAL }, Event::Heal);
            world.queue.push(Due { at: heal.at + heal.within, rank: Rank::DEADLINE }, Event::Deadline);
        }
        world
    }

    /// Lets the earliest event happen. False if the run is over.
    pub fn step(&mut self) -> bool {
        if self.verdict.is_some() || self.queue.peek().is_none_or(|due| due.at > self.end) {
            return false;
        }
        let Some((due, slot, event)) = self.queue.pop() else {
            return false;
        };
        self.at_this_instant = if due.at == self.now { self.at_this_instant + 1 } else { 0 };
        self.now = due.at;
        if let Event::Strike { planned } = event {
            // Planning is no event: a recording has nothing to plan. If something strikes, that is one.
            self.strike(planned);
        } else {
            self.count_event(slot);
            self.happen(due, event);
        }
        self.keep_within_limits();
        true
    }

    /// How many events have happened, by true time, and the digest so far.
    pub fn progress(&self) -> Checkpoint {
        Checkpoint { event: self.coverage.events, at: self.now, digest: self.digest.value() }
    }

    /// Begins an event: everything that goes into the digest, a checkpoint or the trace from here on belongs to it.
    #[inline]
    fn count_event(&mut self, slot: u32) {
        if self.coverage.events & self.between_checkpoints == 0 {
            self.checkpoint();
        }
        self.coverage.events += 1;
        self.digest.fold(self.now.as_nanos());
        if let Some(recorder) = &mut self.recorder {
            recorder.begin(self.coverage.events, self.now, slot);
        }
    }

    fn happen(&mut self, due: Due, event: Event<N>) {
        match event {
            Event::Message { from, to, msg } => self.on_message(from, to, msg),
            Event::Own { node, life, msg } => self.on_own(node, life, msg),
            Event::Request { to, id, op } => self.on_request(to, id, op),
            Event::Answer { from, id, answer } => {
                self.mark(3, from.index(), id.op.client.index());
                let route = Route::answer(from, id.op.client);
                match self.arrive(route) {
                    Arrival::Deliver => {
                        self.coverage.delivered += 1;
                        self.on_answer(id, answer);
                    }
                    Arrival::Dropped => {}
                    Arrival::Held => self.network.hold(route, Event::Answer { from, id, answer }),
                }
            }
            Event::Timer { node, life, slot, due } => self.on_timer(due, node, life, slot),
            Event::Synced { node, life } => {
                self.mark(5, node.index(), 0);
                match self.attention(node, Some(life)) {
                    Attention::Now => self.on_synced(node),
                    Attention::Never => {}
                    Attention::Later => self.postpone(node, Event::Synced { node, life }),
                }
            }
            Event::Boot { node } => {
                self.mark(6, node.index(), 0);
                self.lift(node);
            }
            Event::Wake { client, slot } => self.on_wake(due, client, slot),
            Event::Arrival => self.on_arrival(),
            Event::Strike { .. } => unreachable!("planning is no event"),
            Event::Undo { applied } => self.undo(applied),
            Event::Heal => self.heal(),
            Event::Deadline => self.demand_progress(),
        }
    }

    #[inline]
    fn on_message(&mut self, from: NodeId, to: NodeId, msg: N::Msg) {
        self.mark(0, from.index(), to.index());
        let route = Route::nodes(from, to);
        match self.arrive(route) {
            Arrival::Deliver => {}
            Arrival::Dropped => return,
            Arrival::Held => return self.network.hold(route, Event::Message { from, to, msg }),
        }
        match self.attention(to, None) {
            Attention::Now => {
                self.coverage.delivered += 1;
                self.record("message", |line| line.message(from, to, &msg));
                self.handle(to, |state, ctx| state.on_message(from, msg, ctx));
            }
            Attention::Never => self.drop_at(to),
            Attention::Later => self.postpone(to, Event::Message { from, to, msg }),
        }
    }

    fn on_own(&mut self, node: NodeId, life: u32, msg: N::Msg) {
        self.mark(1, node.index(), 0);
        match self.attention(node, Some(life)) {
            Attention::Now => {
                self.record("own", |line| line.message(node, node, &msg));
                self.handle(node, |state, ctx| state.on_message(node, msg, ctx));
            }
            Attention::Never => {}
            Attention::Later => self.postpone(node, Event::Own { node, life, msg }),
        }
    }

    fn on_request(&mut self, to: NodeId, id: RequestId, op: Op<N>) {
        self.mark(2, id.op.client.index(), to.index());
        let route = Route::request(id.op.client, to);
        match self.arrive(route) {
            Arrival::Deliver => {}
            Arrival::Dropped => return,
            Arrival::Held => return self.network.hold(route, Event::Request { to, id, op }),
        }
        match self.attention(to, None) {
            Attention::Now => {
                self.coverage.delivered += 1;
                self.record("request", |line| line.text("node", to).text("id", id).text("op", &op));
                self.handle(to, |state, ctx| state.on_request(id, op, ctx));
            }
            Attention::Never => self.drop_at(to),
            Attention::Later => self.postpone(to, Event::Request { to, id, op }),
        }
    }

    fn on_timer(&mut self, due: Due, node: NodeId, life: u32, slot: Slot) {
        self.mark(4, node.index(), 0);
        match self.attention(node, Some(life)) {
            Attention::Now => {}
            Attention::Never => return,
            // A paused node's timers run out when it goes on.
            Attention::Later => return self.postpone(node, Event::Timer { node, life, slot, due }),
        }
        match self.servers[node.index()].timers.expire(slot, due) {
            Expiry::Fire(timer) => {
                self.coverage.timers += 1;
                self.record("timer", |line| line.text("node", node).debug("timer", &timer));
                self.handle(node, |state, ctx| state.on_timer(timer, ctx));
            }
            Expiry::Later(later) => self.push_due(later, Event::Timer { node, life, slot, due: later }),
            Expiry::Stale => {}
        }
    }

    /// Judges what arrives over the network.
    #[inline]
    fn arrive(&mut self, route: Route) -> Arrival {
        let World { network, coverage, strikes, .. } = self;
        let arrival = network.arrive(route, coverage, |fault| strikes.acted(fault));
        match arrival {
            Arrival::Deliver => {}
            Arrival::Dropped => self.record("dropped", |line| line.text("to", route.to).text("why", "link cut")),
            Arrival::Held => self.record("held", |line| line.text("to", route.to)),
        }
        arrival
    }

    fn drop_at(&mut self, node: NodeId) {
        self.coverage.dropped_down += 1;
        self.record("dropped", |line| line.text("to", node).text("why", "node down"));
    }

    /// Whether a node handles an event now, if it is meant for this life of it.
    #[inline]
    fn attention(&self, node: NodeId, life: Option<u32>) -> Attention {
        let server = &self.servers[node.index()];
        if server.node.is_none() || life.is_some_and(|life| life != server.life) {
            Attention::Never
        } else if server.paused.is_empty() {
            Attention::Now
        } else {
            Attention::Later
        }
    }

    fn postpone(&mut self, node: NodeId, event: Event<N>) {
        self.coverage.paused_events += 1;
        self.servers[node.index()].inbox.push(event);
    }

    /// Queues an event.
    #[inline]
    fn push(&mut self, at: Instant, event: Event<N>) {
        let due = self.queue.next_due(at);
        self.push_due(due, event);
    }

    #[inline]
    fn push_due(&mut self, due: Due, event: Event<N>) {
        let slot = self.queue.push(due, event);
        if let Some(recorder) = &mut self.recorder {
            recorder.caused(slot);
        }
    }

    /// Folds what an event or effect is, and whom it concerns, into the digest.
    #[inline]
    fn mark(&mut self, kind: u64, one: usize, other: usize) {
        self.digest.fold(kind << 40 | (one as u64) << 20 | other as u64);
    }

    /// Adds to the trace, if there is one, what the present event is.
    #[inline]
    fn record(&mut self, kind: &'static str, fill: impl FnOnce(&mut crate::trace::Line) -> &mut crate::trace::Line) {
        if let Some(recorder) = &mut self.recorder {
            fill(recorder.line(kind));
        }
    }

    fn checkpoint(&mut self) {
        if self.checkpoints.len() == CHECKPOINTS {
            self.between_checkpoints = self.between_checkpoints * 2 + 1;
            let mask = self.between_checkpoints;
            self.checkpoints.retain(|checkpoint| checkpoint.event & mask == 0);
        }
        if self.coverage.events > 0 && self.coverage.events & self.between_checkpoints == 0 {
            self.checkpoints.push(self.progress());
        }
    }

    #[inline]
    fn keep_within_limits(&mut self) {
        let limits = &self.plan.limits;
        if self.at_this_instant >= limits.instant {
            let story = vec![format!(
                "time stands still: {} events at {}, and more to come at the same instant",
                limits.instant, self.now
            )];
            self.fail("liveness", "time-stands-still".to_owned(), story);
        } else if self.coverage.events >= limits.events {
            self.stop(Verdict::Inconclusive(format!("{} events did not end the run", limits.events)));
        } else if self.queue.len() as u64 > limits.pending {
            self.stop(Verdict::Inconclusive(format!("more than {} events were pending", limits.pending)));
        }
    }

    fn stop(&mut self, verdict: Verdict) {
        self.verdict.get_or_insert(verdict);
    }

    fn fail(&mut self, check: &'static str, property: String, mut story: Vec<String>) {
        story.extend(self.nodes_now());
        self.stop(Verdict::Violation(Violation { check, property, at: self.now, story }));
    }

    fn breached(&mut self, node: NodeId, breach: Breach) {
        let on = |names: &Vec<String>| names.iter().any(|name| name == breach.property);
        if self.plan.check.invariants.as_ref().is_none_or(on) {
            let known = <N::Invariants as Invariants<N>>::PROPERTIES.iter();
            let doc =
                known.filter(|Property { name, .. }| *name == breach.property).map(|property| property.doc).next();
            let mut story = vec![format!("{} (seen when {node} had acted)", breach.story)];
            story.extend(doc.map(|doc| format!("the property says: {doc}")));
            self.fail("invariant", breach.property.to_owned(), story);
        }
    }

    /// What every node is now, a line for all of them.
    fn nodes_now(&self) -> Option<String> {
        let describe = |(index, server): (usize, &Server<N>)| {
            let node = NodeId::at(index);
            let seen = &server.observation;
            let state = match (&server.node, server.paused.is_empty()) {
                (None, _) => return format!("{node} down"),
                (Some(_), false) => " (paused)",
                (Some(_), true) => "",
            };
            let leader = match (seen.role, seen.leader) {
                (Role::Follower, Some(leader)) => format!(" of {leader}"),
                _ => String::new(),
            };
            format!("{node} {}{leader}{state}, epoch {}, commit {}", seen.role.name(), seen.epoch, seen.commit)
        };
        let nodes: Vec<String> = self.servers.iter().enumerate().map(describe).collect();
        Some(format!("nodes: {}", nodes.join(" · ")))
    }

    fn finish(mut self) -> Run<N::Service> {
        self.leave_unknown();
        let check = &self.plan.check;
        let mut verdict = self.verdict.unwrap_or(Verdict::Pass);
        // Wrong answers weigh more than missing ones; a broken invariant has ended the run before any more were given.
        let open = matches!(&verdict, Verdict::Pass | Verdict::AssumptionExceeded(_))
            || matches!(&verdict, Verdict::Violation(violation) if violation.check == "liveness");
        if check.linearizable && open {
            let budget = linearizable::Budget { states: check.states, bytes: check.bytes };
            match linearizable::verdict(&self.history, budget) {
                Verdict::Pass => {}
                other => {
                    if verdict == Verdict::Pass || matches!(other, Verdict::Violation(_)) {
                        verdict = other;
                    }
                }
            }
        }
        let applied = self.strikes.into_applied();
        self.coverage.faults = applied.len() as u64;
        self.coverage.faults_acted = applied.iter().filter(|fault| fault.acted > 0).count() as u64;
        Run {
            seed: self.seed,
            verdict,
            digest: self.digest.value(),
            checkpoints: self.checkpoints,
            end: self.now,
            applied,
            coverage: self.coverage,
            history: self.history,
        }
    }
}
