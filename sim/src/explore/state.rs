//! One state of a small world, and what can happen in it.

use std::collections::{BTreeSet, VecDeque};
use std::fmt::{self, Debug};
use std::rc::Rc;

use super::SmallWorld;
use super::print::{Print, print_of, print_of_all};
use crate::check::invariant::{Breach, Invariants};
use crate::id::{ClientId, NodeId, OpId, RequestId};
use crate::node::{Ctx, Effect, EffectOf, Message, Node, Recovered, Stored};
use crate::rng::{Seed, Stream};
use crate::time::Instant;

/// Everything that decides what can come next. Parts that a step leaves alone are shared between states.
pub(super) struct State<N: Node> {
    servers: Vec<Rc<Server<N>>>,
    /// Ordered by fingerprint: which of two messages was sent first makes no difference.
    flights: Vec<Rc<Flight<N>>>,
    asked: Vec<bool>,
    timers_left: Vec<u32>,
    crashes_left: u32,
    duplicates_left: u32,
    monitor: Rc<N::Invariants>,
}

impl<N: Node> Clone for State<N> {
    fn clone(&self) -> Self {
        State {
            servers: self.servers.clone(),
            flights: self.flights.clone(),
            asked: self.asked.clone(),
            timers_left: self.timers_left.clone(),
            crashes_left: self.crashes_left,
            duplicates_left: self.duplicates_left,
            monitor: self.monitor.clone(),
        }
    }
}

/// A node with its timers and its disk.
struct Server<N: Node> {
    /// None if it has stopped by itself; it is not started again.
    node: Option<N>,
    timers: BTreeSet<N::Timer>,
    durable: Vec<N::Record>,
    /// What is written and not durable, oldest first.
    volatile: Vec<Write<N::Record>>,
    /// What waits until all of that is durable.
    waiting: Vec<EffectOf<N>>,
    /// Of all of the above; none before the first time.
    print: Option<Print>,
}

impl<N: Node> Clone for Server<N> {
    fn clone(&self) -> Self {
        Server {
            node: self.node.clone(),
            timers: self.timers.clone(),
            durable: self.durable.clone(),
            volatile: self.volatile.clone(),
            waiting: self.waiting.clone(),
            print: self.print,
        }
    }
}

#[derive(Clone, Debug)]
enum Write<R> {
    Append(R),
    Replace(Vec<R>),
}

/// A message on its way.
struct Flight<N: Node> {
    from: NodeId,
    to: NodeId,
    msg: N::Msg,
    print: Print,
}

/// Something that can happen.
pub(super) enum Step<N: Node> {
    /// A client asks.
    Ask(usize),
    /// This message arrives; and, if it is doubled, may arrive again.
    Arrive { flight: usize, doubled: bool },
    /// A timer runs out.
    Timer(NodeId, N::Timer),
    /// All that a node has written becomes durable.
    Sync(NodeId),
    /// A node crashes and starts again. So many of its unsynced writes, the oldest, have become durable all the same.
    Crash { node: NodeId, kept: usize },
}

/// How a step ends.
pub(super) type Stepped<T> = Result<T, Box<Breach>>;

impl<N: Node + Debug> State<N>
where
    N::Invariants: Debug,
{
    /// All nodes have booted, on new disks.
    pub(super) fn first(world: &SmallWorld<N>) -> Stepped<State<N>> {
        let server = Server {
            node: None,
            timers: BTreeSet::new(),
            durable: Vec::new(),
            volatile: Vec::new(),
            waiting: Vec::new(),
            print: None,
        };
        let mut state = State {
            servers: NodeId::all(world.nodes).map(|_| Rc::new(server.clone())).collect(),
            flights: Vec::new(),
            asked: vec![false; world.requests.len()],
            timers_left: vec![world.budget.timers; world.nodes],
            crashes_left: world.budget.crashes,
            duplicates_left: world.budget.duplicates,
            monitor: Rc::new(N::Invariants::new(world.nodes)),
        };
        for node in NodeId::all(world.nodes) {
            state.boot(world, node, true)?;
            state.sync(node)?;
        }
        state.tidy();
        Ok(state)
    }

    /// What can happen next, always in the same order.
    pub(super) fn steps(&self) -> Vec<Step<N>> {
        let mut steps = Vec::new();
        steps.extend((0..self.asked.len()).filter(|&request| !self.asked[request]).map(Step::Ask));
        for flight in 0..self.flights.len() {
            if flight > 0 && self.flights[flight - 1].print == self.flights[flight].print {
                continue; // Of two messages that are the same it makes no difference which arrives.
            }
            steps.push(Step::Arrive { flight, doubled: false });
            if self.duplicates_left > 0 {
                steps.push(Step::Arrive { flight, doubled: true });
            }
        }
        for (index, server) in self.servers.iter().enumerate() {
            let node = NodeId::at(index);
            if self.timers_left[index] > 0 {
                steps.extend(server.timers.iter().map(|&timer| Step::Timer(node, timer)));
            }
            if !server.waiting.is_empty() {
                steps.push(Step::Sync(node));
            }
            if self.crashes_left > 0 {
                steps.extend((0..=server.volatile.len()).map(|kept| Step::Crash { node, kept }));
            }
        }
        steps
    }

    /// The state after a step.
    ///
    /// # Errors
    /// The property that the step breaks.
    pub(super) fn after(&self, step: &Step<N>, world: &SmallWorld<N>) -> Stepped<State<N>> {
        let mut next = self.clone();
        match step {
            Step::Ask(request) => {
                next.asked[*request] = true;
                let (to, op) = world.requests[*request].clone();
                let id = request_id(*request);
                next.handle(to, |node, ctx| node.on_request(id, op, ctx))?;
            }
            Step::Arrive { flight, doubled } => {
                let arriving = next.flights[*flight].clone();
                if *doubled {
                    next.duplicates_left -= 1;
                } else {
                    next.flights.remove(*flight);
                }
                let Flight { from, to, msg, .. } = &*arriving;
                next.handle(*to, |node, ctx| node.on_message(*from, msg.clone(), ctx))?;
            }
            Step::Timer(id, timer) => {
                next.timers_left[id.index()] -= 1;
                Rc::make_mut(&mut next.servers[id.index()]).timers.remove(timer);
                next.handle(*id, |node, ctx| node.on_timer(*timer, ctx))?;
            }
            Step::Sync(id) => next.sync(*id)?,
            Step::Crash { node, kept } => next.crash(world, *node, *kept)?,
        }
        next.tidy();
        Ok(next)
    }

    /// Two states of one fingerprint are taken for the same. What the invariants remember is part of it: they may judge two
    /// pasts of one present differently.
    pub(super) fn print(&self) -> Print {
        let left = (&self.asked, &self.timers_left, self.crashes_left, self.duplicates_left);
        let flights = [self.flights.len() as Print].into_iter().chain(self.flights.iter().map(|flight| flight.print));
        let servers = self.servers.iter().filter_map(|server| server.print);
        print_of_all(servers.chain(flights).chain([print_of(&left), print_of(&self.monitor)]))
    }

    /// How many bytes it takes, about, besides what it shares.
    pub(super) fn bytes(&self) -> u64 {
        let own = size_of::<Self>() + size_of::<Server<N>>() + size_of::<N>() + size_of::<N::Invariants>();
        (own + 8 * (self.servers.len() + self.flights.len())) as u64
    }

    /// A step in words.
    pub(super) fn tell(&self, step: &Step<N>, world: &SmallWorld<N>) -> String {
        match step {
            Step::Ask(request) => {
                let (to, op) = &world.requests[*request];
                format!("{to} is asked: {op}")
            }
            Step::Arrive { flight, doubled } => {
                let Flight { from, to, msg, .. } = &*self.flights[*flight];
                let again = if *doubled { ", which will come again" } else { "" };
                format!("{to} receives {} of {from}{again}: {msg:?}", msg.kind())
            }
            Step::Timer(node, timer) => format!("{timer:?} of {node} runs out"),
            Step::Sync(node) => format!("what {node} has written becomes durable"),
            Step::Crash { node, kept } => {
                let unsynced = self.servers[node.index()].volatile.len();
                format!("{node} crashes, loses {} of {unsynced} unsynced writes, and restarts", unsynced - kept)
            }
        }
    }

    fn boot(&mut self, world: &SmallWorld<N>, id: NodeId, first_boot: bool) -> Stepped<()> {
        let (mut rng, mut effects) = (chance(id), Vec::new());
        let records = self.servers[id.index()].durable.iter().cloned().map(Stored::Intact).collect();
        let mut ctx = Ctx::new(id, self.servers.len(), NOON, &mut rng, &mut effects);
        let node = N::boot(&world.config, Recovered { first_boot, records }, &mut ctx);
        Rc::make_mut(&mut self.servers[id.index()]).node = Some(node);
        self.carry_out(id, effects)
    }

    /// Lets a node handle something, and then whatever it sends to itself.
    fn handle(&mut self, id: NodeId, handler: impl FnOnce(&mut N, &mut Ctx<'_, N>)) -> Stepped<()> {
        let nodes = self.servers.len();
        let Some(node) = &mut Rc::make_mut(&mut self.servers[id.index()]).node else { return Ok(()) };
        let (mut rng, mut effects) = (chance(id), Vec::new());
        handler(node, &mut Ctx::new(id, nodes, NOON, &mut rng, &mut effects));
        self.carry_out(id, effects)
    }

    fn carry_out(&mut self, id: NodeId, effects: Vec<EffectOf<N>>) -> Stepped<()> {
        let mut to_itself = VecDeque::new();
        self.take_effect(id, effects, &mut to_itself);
        self.look_at(id)?;
        while let Some(msg) = to_itself.pop_front() {
            let nodes = self.servers.len();
            let Some(node) = &mut Rc::make_mut(&mut self.servers[id.index()]).node else { break };
            let (mut rng, mut effects) = (chance(id), Vec::new());
            node.on_message(id, msg, &mut Ctx::new(id, nodes, NOON, &mut rng, &mut effects));
            self.take_effect(id, effects, &mut to_itself);
            self.look_at(id)?;
        }
        Ok(())
    }

    fn take_effect(&mut self, id: NodeId, effects: Vec<EffectOf<N>>, to_itself: &mut VecDeque<N::Msg>) {
        let server = Rc::make_mut(&mut self.servers[id.index()]);
        let mut held = 0;
        for effect in effects {
            if held > 0 {
                held -= 1;
                server.waiting.push(effect);
                continue;
            }
            match effect {
                Effect::Send { to, msg } if to == id => to_itself.push_back(msg),
                Effect::Send { to, msg } => {
                    let print = print_of(&(id, to, &msg));
                    let place = self.flights.partition_point(|flight| flight.print < print);
                    self.flights.insert(place, Rc::new(Flight { from: id, to, msg, print }));
                }
                Effect::SetTimer { timer, .. } => drop(server.timers.insert(timer)),
                Effect::CancelTimer { timer } => drop(server.timers.remove(&timer)),
                // Without a crash to come, what is written is never read.
                Effect::Write(_) | Effect::Compact(_) | Effect::Sync { .. } if self.crashes_left == 0 => {}
                Effect::Write(record) => server.volatile.push(Write::Append(record)),
                Effect::Compact(records) => server.volatile.push(Write::Replace(records)),
                Effect::Sync { held: following } if !server.volatile.is_empty() => held = following,
                Effect::Sync { .. } | Effect::Reply { .. } | Effect::Reject { .. } => {}
                Effect::Note(_) | Effect::Reached(_) => {}
                Effect::Halt(_) => {
                    server.node = None;
                    return;
                }
            }
        }
    }

    fn look_at(&mut self, id: NodeId) -> Stepped<()> {
        match &self.servers[id.index()].node {
            Some(node) => Rc::make_mut(&mut self.monitor).after_event(id, node),
            None => Ok(()),
        }
    }

    fn sync(&mut self, id: NodeId) -> Stepped<()> {
        let server = Rc::make_mut(&mut self.servers[id.index()]);
        server.settle(server.volatile.len());
        let released = std::mem::take(&mut server.waiting);
        self.carry_out(id, released)
    }

    fn crash(&mut self, world: &SmallWorld<N>, id: NodeId, kept: usize) -> Stepped<()> {
        self.crashes_left -= 1;
        let server = Rc::make_mut(&mut self.servers[id.index()]);
        server.settle(kept);
        (server.node, server.timers) = (None, BTreeSet::new());
        server.volatile.clear();
        server.waiting.clear();
        Rc::make_mut(&mut self.monitor).after_crash(id);
        let first_boot = server.durable.is_empty();
        self.boot(world, id, first_boot)?;
        if self.crashes_left == 0 {
            // Nothing can be lost any more, so when it becomes durable makes no difference.
            NodeId::all(self.servers.len()).try_for_each(|node| self.sync(node))?;
        }
        Ok(())
    }

    /// Forgets what can make no difference any more, so that more states are the same; and takes new fingerprints.
    fn tidy(&mut self) {
        let (no_crash, timers_left) = (self.crashes_left == 0, &self.timers_left);
        for (server, &timers) in self.servers.iter_mut().zip(timers_left) {
            let unread = no_crash && !server.durable.is_empty();
            let shared = Rc::get_mut(server).is_none();
            if shared && server.print.is_some() && !unread {
                continue; // It is as in the state before.
            }
            let server = Rc::make_mut(server);
            if no_crash {
                server.durable.clear();
            }
            if timers == 0 {
                server.timers.clear();
            }
            let Server { node, timers, durable, volatile, waiting, .. } = &*server;
            server.print = Some(print_of(&(node, timers, durable, volatile, waiting)));
        }
    }
}

impl<N: Node> Server<N> {
    /// The oldest so many unsynced writes become durable.
    fn settle(&mut self, count: usize) {
        for write in self.volatile.drain(..count) {
            match write {
                Write::Append(record) => self.durable.push(record),
                Write::Replace(records) => self.durable = records,
            }
        }
    }
}

/// All clocks show this, always.
const NOON: Instant = Instant::ZERO;

/// The same chance for every handler of a node: what it does depends on its state and the event alone.
fn chance(id: NodeId) -> Stream {
    Seed(0).stream(format_args!("small world {id}"))
}

/// Each request is of a client of its own.
fn request_id(request: usize) -> RequestId {
    RequestId { op: OpId { client: ClientId::at(request), seq: 1 }, attempt: 1 }
}

impl<N: Node> Debug for State<N>
where
    N: Debug,
    N::Invariants: Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for server in &self.servers {
            let Server { node, timers, durable, volatile, waiting, .. } = &**server;
            write!(f, "{node:?} {timers:?} {durable:?} {volatile:?} {waiting:?}; ")?;
        }
        for Flight { from, to, msg, .. } in self.flights.iter().map(|flight| &**flight) {
            write!(f, "{from} {to} {msg:?}; ")?;
        }
        let left = (&self.asked, &self.timers_left, self.crashes_left, self.duplicates_left);
        write!(f, "{left:?} {:?}", self.monitor)
    }
}
