//! Swarms: each seed draws its own few kinds of trouble, and how strong they are.
//!
//! A test that always does everything a little finds little: what one fault brings about another undoes (Groce et al., "Swarm testing",
//! ISSTA 2012). So a seed draws a subset: of faults, of noise, of the protocol's parameters. Their weights follow what has broken real systems:
//! 88 % of failures under partitions need but one isolated node, 29 % a partial partition (Alquraan et al., OSDI 2018); most concurrency bugs
//! one untimely message, 92 % one untimely event (Leesatapornwongsa et al., ASPLOS 2016); nearly all crash bugs at most three crashes (Gao et al.,
//! FSE 2018); many others a variant of the configuration under which nothing hides them.
//!
//! What is drawn stays within what the protocol claims to bear, its [`Tolerance`]. Drawing happens before the run, from a stream of its own: what
//! comes of it is a plan like any other, which can be written down.

use crate::faults::Planned;
use crate::node::Milestone;
use crate::param::{Args, Default, Literal, Param, Shape};
use crate::plan::{NetworkPlan, Plan};
use crate::rng::{Seed, Stream};
use crate::time::{Ppm, Span};

mod menu;
mod pct;

pub use pct::priorities;

/// `[swarm]`.
pub static SWARM: &[Param] = &[
    Param {
        name: "faults",
        shape: Shape::Names,
        default: Default::Value(Literal::Text("all")),
        doc: "each seed draws some of these kinds of faults, within what the protocol tolerates, beside the faults that the file plans: \"all\", \"none\" or a list of kinds",
    },
    Param {
        name: "config",
        shape: Shape::Names,
        default: Default::Value(Literal::Text("all")),
        doc: "each seed draws values for these parameters of the protocol, if the file leaves them at their defaults: \"all\", \"none\" or a list",
    },
    Param {
        name: "network",
        shape: Shape::Flag,
        default: Default::Value(Literal::Flag(true)),
        doc: "half of the seeds draw how many messages are lost, doubled and reordered, more than `[network]` says",
    },
];

/// What each seed of a scenario draws.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Swarm {
    /// Which kinds of faults.
    pub faults: Which,
    /// Which parameters of the protocol.
    pub config: Which,
    /// Whether how bad the network is.
    pub network: bool,
}

/// Some of a family, by name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Which {
    /// Every one.
    All,
    /// These.
    These(Vec<String>),
}

/// What a protocol claims to bear, as set up in some run: as much as a swarm may ask of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tolerance {
    /// How many nodes may lose their disk, or find it damaged, in a whole run.
    pub disks: usize,
    /// Whether some nodes may stay away for ever, as far as quorums can do without.
    pub for_ever: bool,
    /// How much faster or slower than true time a clock may run.
    pub drift: Ppm,
    /// Whether clocks may be set.
    pub jumps: bool,
    /// How long a message may be under way; for ever if none.
    pub under_way: Option<Span>,
    /// Whether its nodes elect leaders.
    pub leaders: bool,
    /// How long a node waits before it gives another up: the measure of what is untimely.
    pub patience: Span,
    /// The kinds of its messages.
    pub messages: &'static [&'static str],
    /// Its milestones.
    pub milestones: &'static [Milestone],
    /// The commands that it knows, by the names of the faults that give them.
    pub commands: &'static [&'static str],
}

/// A parameter of a protocol that a swarm may turn, and the values worth trying.
#[derive(Clone, Copy, Debug)]
pub struct Dial {
    /// The parameter.
    pub param: &'static str,
    /// Its values, as they would be written.
    pub values: &'static [Literal],
}

impl Tolerance {
    /// Whether whatever these faults do to disks and clocks is borne, as far as `own` bears it. So a swarm sees that no value of a parameter that it
    /// draws takes away what a plan leans on.
    pub fn still_bears(&self, faults: &[Planned], own: &Tolerance) -> bool {
        let borne = |fault: &Planned| match fault.kind.name {
            "wipe" | "rot" => self.disks >= own.disks,
            "clock-jump" => self.jumps >= own.jumps,
            "clock-drift" => self.drift >= own.drift.min(fault.args.odds("by")),
            _ => true,
        };
        faults.iter().all(borne)
    }

    /// What is left of it beside these faults.
    fn beside(&self, faults: &[Planned]) -> Tolerance {
        let lost = faults.iter().filter(|fault| matches!(fault.kind.name, "wipe" | "rot")).map(|fault| {
            let nodes = fault.args.target("node").most();
            nodes.map_or(usize::MAX, |nodes| nodes.saturating_mul(fault.times as usize))
        });
        Tolerance { disks: self.disks.saturating_sub(lost.fold(0, usize::saturating_add)), ..self.clone() }
    }
}

impl Which {
    /// From the names in a list: `all` is all of them, `none` is none.
    pub fn from_names(names: &[String]) -> Which {
        match names {
            [all] if all == "all" => Which::All,
            [none] if none == "none" => Which::These(Vec::new()),
            names => Which::These(names.to_vec()),
        }
    }

    /// Whether it names this one.
    pub fn has(&self, name: &str) -> bool {
        match self {
            Which::All => true,
            Which::These(names) => names.iter().any(|known| known == name),
        }
    }
}

impl Swarm {
    /// All of it.
    pub const ALL: Swarm = Swarm { faults: Which::All, config: Which::All, network: true };

    /// From the values of [`SWARM`].
    pub fn from_args(args: &Args) -> Swarm {
        Swarm {
            faults: Which::from_names(args.names("faults")),
            config: Which::from_names(args.names("config")),
            network: args.flag("network"),
        }
    }

    /// Draws a protocol's parameters: some of those that stand at their defaults. The caller sees whether they fit together, and
    /// may ask for another `draw` if not.
    pub fn config(&self, config: &Args, params: &'static [Param], dials: &[Dial], seed: Seed, draw: u32) -> Args {
        let mut rng = seed.stream(format_args!("swarm config {draw}"));
        let defaults = Args::defaults(params);
        let mut drawn = config.clone();
        for dial in dials.iter().filter(|dial| self.config.has(dial.param)) {
            let value = rng.pick(dial.values).copied();
            let turned = rng.below(2) == 0; // Drawn in any case, so that no dial shifts another.
            let param = params.iter().find(|param| param.name == dial.param);
            if let (Some(value), Some(param), true) = (value, param, turned)
                && config.get(param.name) == defaults.get(param.name)
                && let Some(value) = Default::Value(value).value(&param.shape)
            {
                drawn.set(param.name, value);
            }
        }
        drawn
    }

    /// Draws the trouble of a run: its plan with more faults, and with a worse network in half of all seeds. The caller sees whether the
    /// protocol accepts it, and may ask for another `draw` if not.
    pub fn plan(&self, plan: &Plan, tolerance: &Tolerance, seed: Seed, draw: u32) -> Plan {
        let mut drawn = plan.clone();
        let tolerance = &tolerance.beside(&plan.faults);
        if self.network {
            noise(&mut drawn.network, tolerance, &mut seed.stream(format_args!("swarm network {draw}")));
        }
        let rng = &mut seed.stream(format_args!("swarm faults {draw}"));
        drawn.faults.extend(menu::faults(plan, tolerance, &self.faults, rng));
        drawn
    }
}

fn noise(network: &mut NetworkPlan, tolerance: &Tolerance, rng: &mut Stream) {
    if rng.below(2) == 0 {
        return;
    }
    let mut worse = |odds: &mut Ppm, most: u64| *odds = (*odds).max(Ppm::percent(rng.between(0, most) as u32));
    worse(&mut network.loss, 4);
    worse(&mut network.duplicate, 3);
    if tolerance.under_way.is_none() {
        worse(&mut network.reorder, 10);
    }
}

/// A fault of a swarm, drawn from fixed words. See [`Planned::new`].
fn fault(kind: &str, params: &[(&str, String)]) -> Planned {
    let params: Vec<(&str, &str)> = params.iter().map(|(name, text)| (*name, text.as_str())).collect();
    Planned::new(kind, &params).expect("a swarm draws faults that there are")
}
