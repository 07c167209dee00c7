//! What else could have come of a run: the same past, another future.

use super::World;
use crate::node::Node;
use crate::plan::Plan;
use crate::rng::Seed;
use crate::run::{Checkpoint, Run};
use crate::workload::Workload;

/// What may come of a run from some moment on: a function of the seed from which chance is drawn from there on. With none, the run goes on as it did.
pub type Rest<'a, S> = &'a dyn Fn(Option<Seed>) -> Run<S>;

/// Runs a cluster as [`run`](super::run) does, until so many events have happened or it is over, and then hands the moment and what may come of it to `then`. Each rest is
/// a whole run: the events before the moment are the same in all of them, and so is what was under way then. Messages on their way arrive as they would have, timers that
/// were set run out, faults that were planned `at` a time strike; only what is drawn later is drawn anew.
///
/// A panic of the protocol passes through, from here or from a rest.
pub fn fork<N: Node>(
    plan: &Plan,
    config: &N::Config,
    workload: &dyn Workload<N::Service>,
    seed: Seed,
    events: u64,
    then: &mut dyn FnMut(Checkpoint, Rest<'_, N::Service>),
) {
    let mut world = World::<N>::new(plan, config, workload, seed);
    while world.coverage.events < events && world.step() {}
    let rest = |other: Option<Seed>| {
        let mut world = world.clone();
        if let Some(other) = other {
            world.reseed(other);
        }
        while world.step() {}
        world.finish()
    };
    then(world.progress(), &rest);
}

impl<N: Node> World<'_, N> {
    /// From here on, chance is drawn from another seed. What has been drawn stays: what is on its way, the timers that run, the faults that are due, the rates of the clocks.
    pub fn reseed(&mut self, seed: Seed) {
        self.seed = seed;
        self.network.reseed(seed);
        self.servers.iter_mut().for_each(|server| server.reseed(seed));
        self.clients.iter_mut().for_each(|client| client.reseed(seed));
        self.arrivals.reseed(seed);
        self.strikes.reseed(seed);
    }
}
