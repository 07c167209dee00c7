//! Clients: they ask, wait, try again elsewhere, follow redirects, and give up.
//!
//! A client is sequential. Attempts at one operation share its [`OpId`], so that a service can recognise them. What a client
//! was never told stays unknown for ever, unless every single attempt was rejected.

use serde_json::json;

use super::events::REQUEST;
use super::{Event, World};
use crate::faults::trigger::Phase;
use crate::history::{Moment, Operation, Outcome};
use crate::id::{ClientId, NodeId, OpId, RequestId};
use crate::network::Route;
use crate::node::{Node, Ret};
use crate::queue::Due;
use crate::rng::{Seed, Stream};
use crate::spec::Spec;
use crate::time::{Instant, Span};
use crate::timers::{Expiry, Slot, Timers};
use crate::trace::LOST;
use crate::workload::Turn;

/// How often a client follows redirects at once before it waits a little.
const REDIRECTS: u16 = 3;

/// How long a client waits when it was rejected and does not know where to go.
const BACK_OFF: (Span, Span) = (Span::millis(5), Span::millis(40));

/// A client has one timer.
type Only = ();

#[derive(Clone)]
pub(super) struct Client<S: Spec> {
    /// Whom it asks, and how long it waits when it was rejected.
    rng: Stream,
    /// What it asks for, and when: a stream of its own, so that a script can take its place.
    asks: Stream,
    /// How many operations it has asked for.
    seq: u32,
    /// The node that it asks next.
    target: NodeId,
    asking: Option<Asking>,
    /// Its last answered operation.
    last: Option<(S::Op, S::Ret)>,
    timer: Timers<Only>,
    /// When it first asked for anything since the heal, or the heal itself if it was asking then; and whether it was answered since.
    pub(super) asked_since_heal: Option<Instant>,
    /// When it last gave an operation up.
    pub(super) gave_up: Instant,
    pub(super) served_since_heal: bool,
}

/// An operation on its way.
#[derive(Clone)]
struct Asking {
    /// Its place in the history.
    place: usize,
    attempt: u16,
    /// Which attempts may still take effect, a bit for each of the first 64.
    open: u64,
    /// Redirects followed in a row.
    redirects: u16,
    give_up: Instant,
    /// Set when the latest attempt was rejected, so that a second copy of the rejection changes nothing.
    rejected: bool,
    /// Whether it may take effect for all that rejections say: the network has doubled a request, whose second copy may
    /// be taken when the first was rejected, or there were more attempts than `open` has bits.
    doubtful: bool,
}

/// When operations come in an open loop.
#[derive(Clone)]
pub(super) struct Pace(Stream);

impl Pace {
    pub(super) fn new(seed: Seed) -> Pace {
        Pace(seed.stream("arrivals"))
    }

    pub(super) fn reseed(&mut self, seed: Seed) {
        self.0.reseed(seed);
    }
}

impl<S: Spec> Client<S> {
    pub(super) fn new(id: ClientId, seed: Seed, nodes: usize) -> Client<S> {
        let mut rng = seed.stream(format_args!("client {id}"));
        let target = NodeId::at(rng.below(nodes as u64) as usize);
        Client {
            rng,
            asks: seed.stream(format_args!("asks of {id}")),
            seq: 0,
            target,
            asking: None,
            last: None,
            timer: Timers::new(),
            asked_since_heal: None,
            gave_up: Instant::ZERO,
            served_since_heal: false,
        }
    }

    pub(super) fn reseed(&mut self, seed: Seed) {
        self.rng.reseed(seed);
        self.asks.reseed(seed);
    }

    /// The place in the history of the operation that it waits for.
    pub(super) fn waits_for(&self) -> Option<usize> {
        self.asking.as_ref().map(|asking| asking.place)
    }

    pub(super) fn target(&self) -> NodeId {
        self.target
    }

    /// Another node than the one that was asked last, if there is one.
    fn go_elsewhere(&mut self, nodes: usize) {
        if nodes > 1 {
            let step = 1 + self.rng.below(nodes as u64 - 1) as usize;
            self.target = NodeId::at((self.target.index() + step) % nodes);
        }
    }
}

impl<N: Node> World<'_, N> {
    pub(super) fn start_clients(&mut self) {
        let start = self.plan.clients.start;
        if self.plan.clients.open {
            let first = start + self.plan.clients.pause.sample(&mut self.arrivals.0);
            return self.push(first, Event::Arrival);
        }
        for client in (0..self.clients.len()).map(ClientId::at) {
            if let Some(at) = self.next_turn(client, start) {
                self.wake_at(client, at);
            }
        }
    }

    /// Open loop: an operation comes, and takes the first idle client.
    pub(super) fn on_arrival(&mut self) {
        self.mark(7, 0, 0);
        let may_ask = |(index, client): (usize, &Client<N::Service>)| {
            let id = OpId { client: ClientId::at(index), seq: client.seq + 1 };
            client.asking.is_none() && self.workload.turn(id) != Turn::Over
        };
        if let Some(index) = self.clients.iter().enumerate().position(may_ask) {
            self.ask(ClientId::at(index));
        }
        let pause = self.plan.clients.pause.sample(&mut self.arrivals.0).max(Span::nanos(1));
        self.push(self.now + pause, Event::Arrival);
    }

    /// A client's wait may be over.
    pub(super) fn on_wake(&mut self, due: Due, client: ClientId, slot: Slot) {
        self.mark(8, client.index(), 0);
        match self.clients[client.index()].timer.expire(slot, due) {
            Expiry::Stale => {}
            Expiry::Later(later) => self.push_due(later, Event::Wake { client, slot }),
            Expiry::Fire(()) => match &self.clients[client.index()].asking {
                None => self.ask(client),
                Some(asking) if self.now >= asking.give_up || asking.attempt == u16::MAX => self.give_up(client),
                Some(_) => {
                    let nodes = self.plan.nodes;
                    let state = &mut self.clients[client.index()];
                    let rejected = state.asking.as_ref().is_some_and(|asking| asking.rejected);
                    if !rejected {
                        state.go_elsewhere(nodes); // It was not answered at all.
                    }
                    self.attempt(client);
                }
            },
        }
    }

    /// Asks for the client's next operation.
    fn ask(&mut self, client: ClientId) {
        let healed = self.healed.is_some();
        let give_up = self.now + self.plan.clients.give_up;
        let place = self.history.len();
        let invoked = self.moment();
        let state = &mut self.clients[client.index()];
        state.seq += 1;
        if healed {
            state.asked_since_heal.get_or_insert(self.now);
        }
        let id = OpId { client, seq: state.seq };
        let op = self.workload.next(id, state.last.as_ref(), &mut state.asks);
        state.target = self.workload.first(id).unwrap_or(state.target);
        state.asking =
            Some(Asking { place, attempt: 0, open: 0, redirects: 0, give_up, rejected: false, doubtful: false });
        let node = state.target;
        self.record("ask", |line| line.text("client", client).text("operation", id).text("op", &op));
        self.history.push(Operation { id, op, invoked, node, outcome: Outcome::Unknown });
        self.watch_asked(place);
        self.attempt(client);
    }

    /// Tries the client's operation once (more), at its present target.
    fn attempt(&mut self, client: ClientId) {
        let state = &mut self.clients[client.index()];
        let Some(asking) = &mut state.asking else { return };
        asking.attempt += 1;
        asking.rejected = false;
        asking.open |= bit(asking.attempt);
        asking.doubtful |= bit(asking.attempt) == 0;
        self.coverage.retries += u64::from(asking.attempt > 1);
        let (to, operation) = (state.target, &mut self.history[asking.place]);
        operation.node = to;
        let id = RequestId { op: operation.id, attempt: asking.attempt };
        let op = operation.op.clone();
        let wake = (self.now + self.plan.clients.timeout).min(asking.give_up);
        let World { network, coverage, strikes, .. } = self;
        let route = Route::request(client, to);
        let arrivals = network.send(route, REQUEST, self.now, coverage, |fault| strikes.acted(fault));
        if let Some(recorder) = &mut self.recorder {
            recorder.effect(json!({ "request": to, "id": id, "op": op.to_string() })); // `asking` borrows the client.
        }
        if let Some(at) = arrivals.second {
            asking.doubtful = true;
            self.push(at, Event::Request { to, id, op: op.clone() });
        }
        match arrivals.first {
            Some(at) => self.push(at, Event::Request { to, id, op }),
            None => self.note_effect(|| LOST.to_owned()),
        }
        self.wake_at(client, wake);
        self.check_message(|| REQUEST.passing(route, Phase::Sent));
    }

    /// An answer has come from a node.
    pub(super) fn on_answer(&mut self, from: NodeId, id: RequestId, answer: Result<Ret<N>, Option<NodeId>>) {
        self.record("answer", |line| match &answer {
            Ok(ret) => line.text("request", id).text("ret", ret),
            Err(_) => line.text("request", id).text("ret", "rejected"),
        });
        let client = id.op.client;
        let Some(asking) = &self.clients[client.index()].asking else { return };
        if self.history[asking.place].id != id.op {
            return; // About an operation that was answered or given up long ago.
        }
        match answer {
            Ok(ret) => self.complete(client, ret, from),
            Err(hint) => self.rejected(client, id.attempt, hint),
        }
    }

    fn complete(&mut self, client: ClientId, ret: Ret<N>, by: NodeId) {
        let returned = self.moment();
        let healed_at = self.healed.as_ref().map(|healed| healed.at);
        let state = &mut self.clients[client.index()];
        let Some(asking) = state.asking.take() else { return };
        let place = asking.place;
        let operation = &mut self.history[place];
        state.last = Some((operation.op.clone(), ret.clone()));
        operation.outcome = Outcome::Ok { ret, returned };
        state.served_since_heal |= healed_at.is_some();
        self.coverage.completed_ops += 1;
        self.coverage.ops_after_heal += u64::from(healed_at.is_some_and(|at| operation.invoked.at >= at));
        self.watch_ended(place);
        self.rest(client);
        self.check_triggers(by);
    }

    fn rejected(&mut self, client: ClientId, attempt: u16, hint: Option<NodeId>) {
        let nodes = self.plan.nodes;
        let state = &mut self.clients[client.index()];
        let Some(asking) = &mut state.asking else { return };
        asking.open &= !bit(attempt);
        if attempt != asking.attempt || asking.rejected {
            return;
        }
        asking.rejected = true;
        asking.redirects += 1;
        let at_once = asking.redirects <= REDIRECTS;
        let give_up = asking.give_up;
        match hint.filter(|&hint| hint.index() < nodes && hint != state.target) {
            Some(hint) => {
                self.coverage.redirects += 1;
                state.target = hint;
                if at_once && asking.attempt < u16::MAX {
                    return self.attempt(client);
                }
                asking.redirects = 0;
            }
            None => state.go_elsewhere(nodes),
        }
        let back_off = state.rng.span(BACK_OFF);
        self.wake_at(client, (self.now + back_off).min(give_up));
    }

    fn give_up(&mut self, client: ClientId) {
        let nodes = self.plan.nodes;
        let state = &mut self.clients[client.index()];
        let Some(asking) = state.asking.take() else { return };
        state.gave_up = self.now;
        let failed = asking.open == 0 && !asking.doubtful;
        let operation = &mut self.history[asking.place];
        let id = operation.id;
        if failed {
            operation.outcome = Outcome::Failed;
            self.coverage.failed_ops += 1;
        } else {
            self.coverage.unknown_ops += 1;
        }
        let fate = if failed { "failed" } else { "unknown" };
        self.record("give-up", |line| line.text("gave-up", id).text("fate", fate));
        let state = &mut self.clients[client.index()];
        state.go_elsewhere(nodes);
        self.watch_ended(asking.place);
        self.rest(client);
    }

    /// The run is over: what was not answered stays unknown.
    pub(super) fn leave_unknown(&mut self) {
        self.coverage.unknown_ops += self.clients.iter().filter(|client| client.asking.is_some()).count() as u64;
    }

    /// Waits before the client's next operation; in an open loop, that comes by itself.
    fn rest(&mut self, client: ClientId) {
        let state = &mut self.clients[client.index()];
        state.timer.cancel(());
        if self.plan.clients.open {
            return;
        }
        match self.next_turn(client, self.now) {
            Some(at) if at > self.now => self.wake_at(client, at),
            Some(_) => self.ask(client),
            None => {}
        }
    }

    /// When a client asks next, if it has nothing to do from `free` on; none if never.
    fn next_turn(&mut self, client: ClientId, free: Instant) -> Option<Instant> {
        let state = &mut self.clients[client.index()];
        match self.workload.turn(OpId { client, seq: state.seq + 1 }) {
            Turn::Paced => Some(free + self.plan.clients.pause.sample(&mut state.asks)),
            Turn::At(at) => Some(at.max(free)),
            Turn::Over => None,
        }
    }

    fn wake_at(&mut self, client: ClientId, at: Instant) {
        let due = self.queue.next_due(at);
        if let Some(slot) = self.clients[client.index()].timer.set((), due) {
            self.push_due(due, Event::Wake { client, slot });
        }
    }

    /// The next place in the history.
    fn moment(&mut self) -> Moment {
        let moment = Moment { order: self.moments, at: self.now };
        self.moments += 1;
        moment
    }
}

/// The bit of an attempt; none beyond the 64th.
fn bit(attempt: u16) -> u64 {
    1_u64.checked_shl(u32::from(attempt) - 1).unwrap_or(0)
}
