//! Running a protocol of the catalogue, whose nodes are known only there.

use shaketable_sim::node::Node;
use shaketable_sim::param::Args;
use shaketable_sim::plan::Plan;
use shaketable_sim::rng::Seed;
use shaketable_sim::run::{Checkpoint, Run};
use shaketable_sim::spec::any::Any;
use shaketable_sim::trace::Sink;
use shaketable_sim::workload::{WORKLOADS, Workload};
use shaketable_sim::world::{self, Rest};

use crate::Bug;

/// A kind of nodes, which come right or with a bug.
pub(crate) trait Kind {
    /// Sends `errand` to the nodes that these parameters and this bug say.
    ///
    /// # Panics
    /// If the parameters have not been checked, or the bug is another protocol's.
    fn with<E: Errand>(plan: &Plan, args: &Args, bug: Option<&'static Bug>, errand: E) -> E::Done;
}

/// What is to be done with nodes, whatever their type.
pub(crate) trait Errand {
    /// What comes of it.
    type Done;

    /// Does it with nodes of type `N`, configured like this.
    fn go<N: Node<Service = Any>>(self, config: &N::Config) -> Self::Done;
}

/// Every protocol's [`Runner`](crate::Runner).
pub(crate) fn run<K: Kind>(
    plan: &Plan,
    args: &Args,
    bug: Option<&'static Bug>,
    seed: Seed,
    trace: Option<Sink<'_>>,
) -> Run<Any> {
    K::with(plan, args, bug, Whole { plan, seed, trace })
}

/// Every protocol's [`Forker`](crate::Forker).
pub(crate) fn fork<K: Kind>(
    plan: &Plan,
    args: &Args,
    bug: Option<&'static Bug>,
    seed: Seed,
    events: u64,
    then: &mut dyn FnMut(Checkpoint, Rest<'_, Any>),
) {
    K::with(plan, args, bug, Forked { plan, seed, events, then });
}

struct Whole<'a, 'b> {
    plan: &'a Plan,
    seed: Seed,
    trace: Option<Sink<'b>>,
}

impl Errand for Whole<'_, '_> {
    type Done = Run<Any>;

    fn go<N: Node<Service = Any>>(self, config: &N::Config) -> Run<Any> {
        world::run::<N>(self.plan, config, &*workload(self.plan), self.seed, self.trace)
    }
}

struct Forked<'a> {
    plan: &'a Plan,
    seed: Seed,
    events: u64,
    then: &'a mut dyn FnMut(Checkpoint, Rest<'_, Any>),
}

impl Errand for Forked<'_> {
    type Done = ();

    fn go<N: Node<Service = Any>>(self, config: &N::Config) {
        world::fork::<N>(self.plan, config, &*workload(self.plan), self.seed, self.events, self.then);
    }
}

/// What the clients of a plan ask for.
///
/// # Panics
/// If the plan names no workload: it was not loaded from a scenario that was found right.
fn workload(plan: &Plan) -> Box<dyn Workload<Any>> {
    let named = WORKLOADS.iter().find(|workload| workload.name == plan.clients.workload);
    let kind = named.expect("a plan names one of the workloads");
    kind.of(&plan.clients)
}
