//! What a handler may know and ask for.

use super::{Milestone, Node, Ret};
use crate::id::{NodeId, RequestId};
use crate::rng::Stream;
use crate::time::{Instant, Span};

/// Something that a handler wants done. Effects are values, so that they can be recorded, counted, changed by a
/// [wrapper](Ctx::nested), and cut off by a crash.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect<M, T, R, A> {
    /// Send a message.
    Send {
        /// To whom; to oneself is allowed.
        to: NodeId,
        /// What.
        msg: M,
    },
    /// Answer a request.
    Reply {
        /// Which.
        to: RequestId,
        /// With what.
        ret: A,
    },
    /// Turn a request away: this attempt certainly has no effect.
    Reject {
        /// Which.
        to: RequestId,
        /// Who might take it.
        hint: Option<NodeId>,
    },
    /// Set a timer, in place of the one of that name if there is one.
    SetTimer {
        /// Which.
        timer: T,
        /// How long from now, on the node's own clock.
        after: Span,
    },
    /// Clear a timer, if it is set.
    CancelTimer {
        /// Which.
        timer: T,
    },
    /// Put a record at the journal's end. Written is not durable.
    Write(R),
    /// Replace the whole journal by these records, atomically: after a crash it is the old one or the new one. Not durable either until a sync.
    Compact(Vec<R>),
    /// Make all that is written durable, and only then carry out the next `held` effects.
    Sync {
        /// How many of the effects that follow are held back.
        held: u32,
    },
    /// Say something in the trace.
    Note(String),
    /// Count that the node has got this far. It changes nothing: it is not in the digest, and no crash comes before it.
    Reached(Milestone),
    /// Stop, as a process does that cannot go on. It is started again after a while.
    Halt(&'static str),
}

/// The effects of a node of type `N`.
pub type EffectOf<N> = Effect<<N as Node>::Msg, <N as Node>::Timer, <N as Node>::Record, Ret<N>>;

/// What a handler may know and ask for.
pub struct Ctx<'a, N: Node> {
    me: NodeId,
    nodes: usize,
    now: Instant,
    rng: &'a mut Stream,
    effects: &'a mut Vec<EffectOf<N>>,
    /// Where the innermost `Sync` stands whose held effects are being collected.
    holding: bool,
}

impl<'a, N: Node> Ctx<'a, N> {
    /// A context whose effects go to `effects`. The world makes these; so may a test of a single node.
    pub fn new(
        me: NodeId,
        nodes: usize,
        now: Instant,
        rng: &'a mut Stream,
        effects: &'a mut Vec<EffectOf<N>>,
    ) -> Ctx<'a, N> {
        Ctx { me, nodes, now, rng, effects, holding: false }
    }

    /// This node.
    pub fn me(&self) -> NodeId {
        self.me
    }

    /// How many nodes the cluster has.
    pub fn nodes(&self) -> usize {
        self.nodes
    }

    /// All other nodes, in order.
    pub fn peers(&self) -> impl Iterator<Item = NodeId> + use<N> {
        let me = self.me;
        NodeId::all(self.nodes).filter(move |&node| node != me)
    }

    /// What this node's clock says: it may run fast or slow, be off, and jump.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Chance of the node's own, from a stream of its own for each of its lives.
    pub fn rng(&mut self) -> &mut Stream {
        self.rng
    }

    /// Sends a message.
    pub fn send(&mut self, to: NodeId, msg: N::Msg) {
        self.effects.push(Effect::Send { to, msg });
    }

    /// Answers a request.
    pub fn reply(&mut self, to: RequestId, ret: Ret<N>) {
        self.effects.push(Effect::Reply { to, ret });
    }

    /// Turns a request away, with a hint who might take it. Only where this attempt can have no effect any more:
    /// a client may take it for certain that a rejected attempt never happened.
    pub fn reject(&mut self, to: RequestId, hint: Option<NodeId>) {
        self.effects.push(Effect::Reject { to, hint });
    }

    /// Sets a timer to run out after `after` on this node's clock. Setting one again replaces it.
    pub fn set_timer(&mut self, timer: N::Timer, after: Span) {
        self.effects.push(Effect::SetTimer { timer, after });
    }

    /// Clears a timer.
    pub fn cancel_timer(&mut self, timer: N::Timer) {
        self.effects.push(Effect::CancelTimer { timer });
    }

    /// Puts a record at the journal's end.
    pub fn write(&mut self, record: N::Record) {
        self.effects.push(Effect::Write(record));
    }

    /// Replaces the whole journal by these records, atomically.
    pub fn compact(&mut self, records: Vec<N::Record>) {
        self.effects.push(Effect::Compact(records));
    }

    /// Asks for a sync, and holds back the effects that `then` asks for until everything written so far is durable.
    /// `then` runs at once: it must not change the node's state as if the sync had returned. To be told when it has,
    /// send a message to [oneself](Ctx::me) from `then`.
    ///
    /// # Panics
    /// If called within itself.
    pub fn after_sync(&mut self, then: impl FnOnce(&mut Ctx<'_, N>)) {
        assert!(!self.holding, "after_sync within after_sync");
        let marker = self.effects.len();
        self.effects.push(Effect::Sync { held: 0 });
        self.holding = true;
        then(self);
        self.holding = false;
        let held = (self.effects.len() - marker - 1) as u32;
        self.effects[marker] = Effect::Sync { held };
    }

    /// Says something in the trace. `text` is called in every run, so keep it cheap.
    pub fn note(&mut self, text: impl Into<String>) {
        self.effects.push(Effect::Note(text.into()));
    }

    /// Counts that this node has done what the milestone says. Runs add that up; a scenario can demand some number of it.
    /// The milestone must be one of the protocol's [`MILESTONES`](Node::MILESTONES).
    pub fn reached(&mut self, milestone: Milestone) {
        self.effects.push(Effect::Reached(milestone));
    }

    /// Stops this node as a crash does. It is started again after the restart delay of its disk's plan.
    pub fn halt(&mut self, why: &'static str) {
        self.effects.push(Effect::Halt(why));
    }

    /// Runs a node that is wrapped in this one, and returns what it asked for, to be [passed on](Ctx::pass) as it is or changed.
    pub fn nested<M: Node, T>(&mut self, run: impl FnOnce(&mut Ctx<'_, M>) -> T) -> (T, Vec<EffectOf<M>>) {
        let mut effects = Vec::new();
        let result = run(&mut Ctx::new(self.me, self.nodes, self.now, self.rng, &mut effects));
        (result, effects)
    }

    /// Asks for effects as they are.
    pub fn pass(&mut self, effects: impl IntoIterator<Item = EffectOf<N>>) {
        self.effects.extend(effects);
    }
}
