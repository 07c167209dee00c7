//! A server: the node that runs on it, if one does, and what belongs to the machine and outlives the node.

use super::Event;
use crate::clock::Clock;
use crate::disk::Disk;
use crate::faults::{DiskTrouble, Keep};
use crate::id::NodeId;
use crate::node::{EffectOf, Node, Observation};
use crate::rng::{Seed, Stream};
use crate::time::Instant;
use crate::timers::Timers;

#[derive(Clone)]
pub(super) struct Server<N: Node> {
    /// The node; none while it is down.
    pub(super) node: Option<N>,
    /// While it is down, what it was before: what it knew of the members may be on its disk. None once that was wiped.
    pub(super) former: Option<N>,
    /// Counts the node's lives, from 1 at its first boot.
    pub(super) life: u32,
    /// How many reasons there are for it to be down.
    pub(super) down: u32,
    /// The faults that pause it.
    pub(super) paused: Vec<usize>,
    /// What waits for it to go on.
    pub(super) inbox: Vec<Event<N>>,
    /// Crashes that wait for so many more effects.
    pub(super) armed: Vec<Armed>,
    /// What the node was when it last acted.
    pub(super) observation: Observation,
    /// How many decided entries the node knew of when it last went down.
    pub(super) knew_decided: u64,
    /// Whether its disk was wiped or damaged.
    pub(super) doubtful: bool,
    pub(super) timers: Timers<N::Timer>,
    pub(super) clock: Clock,
    /// How fast or slow the clock runs by itself, in parts per million.
    pub(super) own_drift: i32,
    /// How much faster or slower it runs by the faults in force.
    pub(super) drifts: Vec<(usize, i32)>,
    pub(super) disk: Disk<N::Record, EffectOf<N>>,
    pub(super) troubles: Vec<Trouble>,
    /// Chance of the node's present life.
    pub(super) rng: Stream,
    pub(super) disk_rng: Stream,
}

/// A crash between two effects.
#[derive(Clone, Copy)]
pub(super) struct Armed {
    pub(super) fault: usize,
    pub(super) effects_left: u32,
    pub(super) keep: Keep,
}

/// What a fault does to a disk.
#[derive(Clone)]
pub(super) struct Trouble {
    pub(super) fault: usize,
    pub(super) what: DiskTrouble,
    /// When its fault struck.
    pub(super) since: Instant,
    /// The trouble's own chance, so that taking it away shifts no draw of the disk.
    pub(super) rng: Stream,
}

impl<N: Node> Server<N> {
    pub(super) fn new(node: NodeId, seed: Seed, offset: i64, own_drift: i32) -> Server<N> {
        Server {
            node: None,
            former: None,
            life: 0,
            down: 1,
            paused: Vec::new(),
            inbox: Vec::new(),
            armed: Vec::new(),
            observation: Observation::default(),
            knew_decided: 0,
            doubtful: false,
            timers: Timers::new(),
            clock: Clock::new(offset, own_drift),
            own_drift,
            drifts: Vec::new(),
            disk: Disk::new(),
            troubles: Vec::new(),
            rng: seed.stream(format_args!("node {node} life 0")),
            disk_rng: seed.stream(format_args!("disk {node}")),
        }
    }

    pub(super) fn reseed(&mut self, seed: Seed) {
        self.rng.reseed(seed);
        self.disk_rng.reseed(seed);
        self.troubles.iter_mut().for_each(|trouble| trouble.rng.reseed(seed));
    }
}
