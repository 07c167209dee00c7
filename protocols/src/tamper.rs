//! A node whose effects are changed before the world sees them, or whose state is changed behind its back: for planted bugs that lie not
//! in what a protocol decides but in what it does about it, such as an answer before its sync.
//!
//! The node inside does not know. Effects are values, so changing them takes no hook in the protocol.

use std::fmt::{self, Debug};

use shaketable_sim::check::invariant::{Breach, Invariants, Now, Property};
use shaketable_sim::history::History;
use shaketable_sim::id::{NodeId, RequestId};
use shaketable_sim::node::{
    Cluster, Command, Ctx, DiskError, EffectOf, Electorate, Milestone, Node, Observation, Op, Recovered,
};
use shaketable_sim::time::{Instant, Ppm};

/// A way of changing what a node does.
pub trait Tamper<N: Node>: Debug + Sync {
    /// Changes what one handler has asked for.
    fn tamper(&self, effects: &mut Vec<EffectOf<N>>) {
        let _ = effects;
    }

    /// After that: changes what the handler has made of the node, which was as `was` says before, and what it has asked for. Not at boot.
    fn meddle(&self, was: Observation, node: &mut N, effects: &mut Vec<EffectOf<N>>) {
        let _ = (was, node, effects);
    }
}

/// How a [`Tampered`] node is set up.
pub struct Setup<N: Node> {
    /// The node inside.
    pub inner: N::Config,
    /// What is done to its effects.
    pub tamper: &'static dyn Tamper<N>,
}

impl<N: Node> Clone for Setup<N> {
    fn clone(&self) -> Self {
        Setup { inner: self.inner.clone(), tamper: self.tamper }
    }
}

/// A node of type `N` whose effects are changed.
#[derive(Clone)]
pub struct Tampered<N: Node> {
    inner: N,
    tamper: &'static dyn Tamper<N>,
}

impl<N: Node + Debug> Debug for Tampered<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tampered").field(&self.tamper).field(&self.inner).finish()
    }
}

impl<N: Node> Tampered<N> {
    fn run(&mut self, ctx: &mut Ctx<'_, Self>, handler: impl FnOnce(&mut N, &mut Ctx<'_, N>)) {
        let was = self.inner.observe();
        let ((), mut effects) = ctx.nested(|ctx| handler(&mut self.inner, ctx));
        self.tamper.tamper(&mut effects);
        self.tamper.meddle(was, &mut self.inner, &mut effects);
        ctx.pass(effects);
    }
}

impl<N: Node> Node for Tampered<N> {
    type Config = Setup<N>;
    type Msg = N::Msg;
    type Timer = N::Timer;
    type Record = N::Record;
    type Service = N::Service;
    type Invariants = Inner<N::Invariants>;
    const MILESTONES: &'static [Milestone] = N::MILESTONES;

    fn boot(setup: &Setup<N>, disk: Recovered<N::Record>, ctx: &mut Ctx<'_, Self>) -> Self {
        let (inner, mut effects) = ctx.nested(|ctx| N::boot(&setup.inner, disk, ctx));
        setup.tamper.tamper(&mut effects);
        ctx.pass(effects);
        Tampered { inner, tamper: setup.tamper }
    }

    fn on_message(&mut self, from: NodeId, msg: N::Msg, ctx: &mut Ctx<'_, Self>) {
        self.run(ctx, |node, ctx| node.on_message(from, msg, ctx));
    }

    fn on_request(&mut self, id: RequestId, op: Op<Self>, ctx: &mut Ctx<'_, Self>) {
        self.run(ctx, |node, ctx| node.on_request(id, op, ctx));
    }

    fn on_timer(&mut self, timer: N::Timer, ctx: &mut Ctx<'_, Self>) {
        self.run(ctx, |node, ctx| node.on_timer(timer, ctx));
    }

    fn on_command(&mut self, command: &Command, ctx: &mut Ctx<'_, Self>) {
        self.run(ctx, |node, ctx| node.on_command(command, ctx));
    }

    fn on_disk_error(&mut self, error: DiskError, ctx: &mut Ctx<'_, Self>) {
        self.run(ctx, |node, ctx| node.on_disk_error(error, ctx));
    }

    fn observe(&self) -> Observation {
        self.inner.observe()
    }

    fn electorates(&self, cluster: Cluster) -> Vec<Electorate> {
        self.inner.electorates(cluster)
    }

    fn lease_until(&self) -> Option<Instant> {
        self.inner.lease_until()
    }

    fn clock_bound(config: &Self::Config) -> Option<Ppm> {
        N::clock_bound(&config.inner)
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        self.inner.details()
    }
}

/// The invariants of the node inside: what it promises, it promises still.
#[derive(Clone, Debug)]
pub struct Inner<I>(I);

impl<N: Node> Invariants<Tampered<N>> for Inner<N::Invariants> {
    const PROPERTIES: &'static [Property] = <N::Invariants as Invariants<N>>::PROPERTIES;

    fn new(nodes: usize) -> Self {
        Inner(Invariants::<N>::new(nodes))
    }

    fn after_event(&mut self, id: NodeId, node: &Tampered<N>) -> Result<(), Box<Breach>> {
        self.0.after_event(id, &node.inner)
    }

    fn after_heal(&mut self, nodes: &[Option<&Tampered<N>>], history: &History<N::Service>) -> Result<(), Box<Breach>> {
        let inner: Vec<Option<&N>> = nodes.iter().map(|node| node.map(|node| &node.inner)).collect();
        self.0.after_heal(&inner, history)
    }

    fn at(&mut self, now: Now) {
        Invariants::<N>::at(&mut self.0, now);
    }

    fn after_crash(&mut self, id: NodeId) {
        Invariants::<N>::after_crash(&mut self.0, id);
    }
}
