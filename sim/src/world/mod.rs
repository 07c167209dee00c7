//! The world: takes the earliest event, lets the node that it concerns handle it, carries out the effects, and checks
//! what came of it; then the next.
//!
//! - `events` lets an event happen to whom it concerns; `effects` carries out what nodes ask for.
//! - `clients` lets clients ask, wait, try again and give up.
//! - `strikes` lets faults strike and end; `triggers` watches for what some of them wait for.
//! - `healing` ends the trouble and demands progress; `verdict` says what came of it all.
//! - `fork` tells what else could have come of it.
//! - `abstraction` remembers where a run has been, if asked.

mod abstraction;
mod clients;
mod clocks;
mod effects;
mod events;
mod fork;
mod healing;
mod lives;
mod server;
mod strikes;
mod triggers;
mod verdict;
mod watch;

use std::hash::Hash;

use crate::check::invariant::Invariants;
use crate::check::linearizable::Online;
use crate::digest::{Digest, digest_of};
use crate::history::History;
use crate::id::{ClientId, NodeId, RequestId};
use crate::network::Network;
use crate::node::{Command, EffectOf, Node, Op, Ret};
use crate::plan::{Fork, Plan};
use crate::queue::{Due, Queue, Rank};
use crate::rng::Seed;
use crate::run::{Checkpoint, Coverage, Run, Verdict};
use crate::time::Instant;
use crate::timers::Slot;
use crate::trace::{Recorder, Sink};
use crate::workload::Workload;

use abstraction::States;
use clients::Client;
use server::Server;
use strikes::Strikes;

pub use fork::{Rest, fork};

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
    let mut step = |world: &mut World<'_, N>| {
        let goes_on = world.step();
        if let (Some(recorder), Some(sink)) = (&mut world.recorder, &mut trace) {
            recorder.flush(sink);
        }
        goes_on
    };
    if let Some(Fork { events, seed }) = plan.fork {
        while world.coverage.events < events && step(&mut world) {}
        world.reseed(seed);
    }
    while step(&mut world) {}
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
    /// The check of the history as it grows, if that is asked for.
    online: Option<Box<Online<N::Service>>>,
    strikes: Strikes,
    /// When a clock first did what the protocol relies on that none does.
    beyond: Option<clocks::Beyond>,
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
    /// Where it has been, if that is asked for.
    states: Option<Box<States>>,
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
    /// An operator asks something of a node.
    Command { node: NodeId, command: Command },
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
            online: None,
            strikes: Strikes::new(plan, seed),
            beyond: None,
            healed: None,
            invariants: N::Invariants::new(plan.nodes),
            digest: Digest::new(),
            checkpoints: Vec::new(),
            between_checkpoints: 0xff,
            coverage: Coverage::before(N::MILESTONES),
            at_this_instant: 0,
            verdict: None,
            effects: Vec::new(),
            recorder: None,
            states: plan.states.then(Box::default),
        };
        world.start_clocks();
        for node in NodeId::all(plan.nodes) {
            world.push(Instant::ZERO, Event::Boot { node });
        }
        world.online = world.watcher();
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
        debug_assert!(due.at >= self.now, "time goes back from {} to {}", self.now, due.at);
        self.at_this_instant = if due.at == self.now { self.at_this_instant + 1 } else { 0 };
        self.now = due.at;
        if let Event::Strike { planned } = event {
            // Planning is no event: a recording has nothing to plan. If something strikes, that is one.
            self.strike(planned);
        } else {
            self.count_event(slot);
            self.happen(due, event);
            self.check_happened();
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

    /// The same, with content. It is hashed by itself first: the processor does that while it waits for something else.
    #[inline]
    fn mark_with(&mut self, kind: u64, one: usize, other: usize, content: &impl Hash) {
        let content = digest_of(content);
        self.mark(kind, one, other);
        self.digest.fold(content);
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
}
