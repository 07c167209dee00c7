//! A plan: everything about a run but its protocol and its seed.
//!
//! Tables declare what a scenario file can say in each of its sections; [`Plan`] holds what it said.

use crate::faults::Planned;
use crate::param::Args;
use crate::rng::{Delay, Seed};
use crate::script::Scripted;
use crate::spec::Spec;
use crate::spec::any::Any;
use crate::time::{Instant, Ppm, Span};
use crate::workload::WorkloadType;

mod params;

pub use params::{CHECK, CLIENTS, CLOCK, DISK, HEAL, LIMITS, NETWORK};

/// Everything about a run but its protocol and its seed.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many nodes.
    pub nodes: usize,
    /// For how long.
    pub duration: Span,
    /// How messages travel.
    pub network: NetworkPlan,
    /// How disks behave.
    pub disk: DiskPlan,
    /// How wrong clocks are.
    pub clock: ClockPlan,
    /// Who asks for what.
    pub clients: ClientPlan,
    /// What goes wrong.
    pub faults: Vec<Planned>,
    /// When it stops going wrong; never if none.
    pub heal: Option<Heal>,
    /// What is checked.
    pub check: CheckPlan,
    /// What a run may cost.
    pub limits: Limits,
    /// Whether to remember which [abstract states](crate::run::Run::states) it was in. What happens does not depend on it.
    pub states: bool,
    /// From where on chance is that of another seed, if from anywhere.
    pub fork: Option<Fork>,
}

/// Where a run leaves the way that its seed would go, as a [rest](crate::world::Rest) of it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fork {
    /// After so many events.
    pub events: u64,
    /// From there on, chance is drawn from this seed.
    pub seed: Seed,
}

/// How messages travel when nothing is wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NetworkPlan {
    /// How long a message between nodes takes.
    pub delay: Delay,
    /// How long a message between a client and a node takes.
    pub client_delay: Delay,
    /// How many are lost.
    pub loss: Ppm,
    /// How many arrive twice.
    pub duplicate: Ppm,
    /// How many are held up by another delay or several, so that others overtake them.
    pub reorder: Ppm,
    /// Whether the messages of one link keep their order, as on a TCP connection.
    pub fifo: bool,
}

/// How disks behave when nothing is wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DiskPlan {
    /// How long a sync takes. If always zero, what is written is durable at once.
    pub sync: Delay,
    /// How long until a node that has stopped by itself is started again.
    pub restart: (Span, Span),
}

/// How wrong clocks are from the beginning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClockPlan {
    /// Each clock is off by as much, in nanoseconds, drawn from this range.
    pub offset: (i64, i64),
    /// Each clock runs fast or slow by at most as much.
    pub drift: Ppm,
}

/// Who asks for what.
#[derive(Clone, Debug)]
pub struct ClientPlan {
    /// How many clients.
    pub count: usize,
    /// When the first operations are asked for.
    pub start: Instant,
    /// How long a client waits between an answer and its next operation (closed loop). In an open loop: between one operation and the next, of all clients together.
    pub pause: Delay,
    /// Whether operations come at their own pace and not when the last is answered. Each takes a client that is idle; if none is, it is not asked at all.
    pub open: bool,
    /// How long a client waits for an answer before it tries another node, under the same id.
    pub timeout: Span,
    /// How long a client tries before it gives an operation up, its fate unknown.
    pub give_up: Span,
    /// What they ask for: the name of a workload.
    pub workload: &'static str,
    /// The workload's own parameters.
    pub mix: Args,
    /// What they ask for and when, in the place of what the workload draws.
    pub script: Option<Vec<Scripted>>,
}

/// When the trouble ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Heal {
    /// When all faults but permanent ones are undone.
    pub at: Instant,
    /// How long the cluster then has to serve every client and to catch up.
    pub within: Span,
}

/// What is checked.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckPlan {
    /// Whether the history must be linearizable.
    pub linearizable: bool,
    /// Whether it is checked as it grows, so that a run ends with the first answer that nothing explains.
    pub at_once: bool,
    /// Which of the protocol's invariants; all if none.
    pub invariants: Option<Vec<String>>,
    /// How many states the linearizability check may visit.
    pub states: u64,
    /// How much memory it may use, in bytes.
    pub bytes: u64,
}

/// What a run may cost. Counted, not timed, so that the verdict is the same everywhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// How many events.
    pub events: u64,
    /// How many events may be pending at once.
    pub pending: u64,
    /// How many events may happen at one instant: more, and time stands still.
    pub instant: u64,
}

impl Plan {
    /// A run in which nothing goes wrong, with the defaults of every section of a scenario file. The clients ask for whatever the run's
    /// workload says.
    ///
    /// ```
    /// use shaketable_sim::plan::{Heal, Plan};
    /// use shaketable_sim::time::{Instant, Span};
    /// let mut plan = Plan::calm(5, Span::secs(30));
    /// plan.clients.count = 4;
    /// plan.heal = Some(Heal { at: Instant::ZERO + Span::secs(20), within: Span::secs(8) });
    /// ```
    pub fn calm(nodes: usize, duration: Span) -> Plan {
        let clients = Args::defaults(CLIENTS);
        Plan {
            nodes,
            duration,
            network: NetworkPlan::from_args(&Args::defaults(NETWORK)),
            disk: DiskPlan::from_args(&Args::defaults(DISK)),
            clock: ClockPlan::from_args(&Args::defaults(CLOCK)),
            clients: ClientPlan {
                count: clients.count("count") as usize,
                start: Instant::ZERO + clients.span("start"),
                pause: clients.delay("pause"),
                open: false,
                timeout: clients.span("timeout"),
                give_up: clients.span("give-up"),
                workload: "own",
                mix: Args::default(),
                script: None,
            },
            faults: Vec::new(),
            heal: None,
            check: CheckPlan::from_args(&Args::defaults(CHECK)),
            limits: Limits::from_args(&Args::defaults(LIMITS)),
            states: false,
            fork: None,
        }
    }
}

impl NetworkPlan {
    /// From the values of [`NETWORK`].
    pub fn from_args(args: &Args) -> NetworkPlan {
        let delay = args.delay("delay");
        NetworkPlan {
            delay,
            client_delay: args.get("client-delay").map_or(delay, |_| args.delay("client-delay")),
            loss: args.odds("loss"),
            duplicate: args.odds("duplicate"),
            reorder: args.odds("reorder"),
            fifo: args.choice("order") == "fifo",
        }
    }
}

impl DiskPlan {
    /// From the values of [`DISK`].
    pub fn from_args(args: &Args) -> DiskPlan {
        DiskPlan { sync: args.delay("sync"), restart: args.spans("restart") }
    }
}

impl ClockPlan {
    /// From the values of [`CLOCK`].
    pub fn from_args(args: &Args) -> ClockPlan {
        ClockPlan { offset: args.shifts("offset"), drift: args.odds("drift") }
    }
}

impl ClientPlan {
    /// How many objects clients may ask about: those of the keys from 0 on.
    pub fn keys(&self) -> usize {
        match &self.script {
            Some(script) => script.iter().map(|line| Any::key(&line.op).index() + 1).max().unwrap_or(0),
            None => self.mix.get("keys").map_or(0, |_| self.mix.count("keys") as usize),
        }
    }

    /// From the values of [`CLIENTS`] and of the workload's own parameters.
    pub fn from_args(args: &Args, workload: &WorkloadType) -> ClientPlan {
        ClientPlan {
            count: args.count("count") as usize,
            start: Instant::ZERO + args.span("start"),
            pause: args.delay("pause"),
            open: args.choice("loop") == "open",
            timeout: args.span("timeout"),
            give_up: args.span("give-up"),
            workload: workload.name,
            mix: args.only(workload.params),
            script: args.get("script").map(|_| script(args.names("script"), workload)),
        }
    }
}

/// The lines of a script. What cannot be read is for a loader to find.
fn script(lines: &[String], workload: &WorkloadType) -> Vec<Scripted> {
    lines.iter().filter_map(|line| Scripted::read(line, workload).ok()).collect()
}

impl CheckPlan {
    /// From the values of [`CHECK`].
    pub fn from_args(args: &Args) -> CheckPlan {
        let invariants = match args.names("invariants") {
            [all] if all == "all" => None,
            [none] if none == "none" => Some(Vec::new()),
            names => Some(names.to_vec()),
        };
        CheckPlan {
            linearizable: args.flag("linearizable"),
            at_once: args.flag("at-once"),
            invariants,
            states: args.count("states"),
            bytes: args.count("bytes"),
        }
    }
}

impl Heal {
    /// From the values of [`HEAL`].
    pub fn from_args(args: &Args) -> Heal {
        Heal { at: Instant::ZERO + args.span("at"), within: args.span("within") }
    }
}

impl Limits {
    /// From the values of [`LIMITS`].
    pub fn from_args(args: &Args) -> Limits {
        Limits { events: args.count("events"), pending: args.count("pending"), instant: args.count("instant") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::WORKLOADS;

    #[test]
    fn a_section_in_which_nothing_is_written_follows_from_its_defaults() {
        let network = NetworkPlan::from_args(&Args::defaults(NETWORK));
        assert_eq!(network.client_delay, network.delay);
        assert_eq!(DiskPlan::from_args(&Args::defaults(DISK)).restart, (Span::millis(100), Span::millis(500)));
        assert_eq!(ClockPlan::from_args(&Args::defaults(CLOCK)).offset, (-50_000_000, 50_000_000));
        assert_eq!(CheckPlan::from_args(&Args::defaults(CHECK)).invariants, None);
        assert_eq!(Limits::from_args(&Args::defaults(LIMITS)).events, 50_000_000);
        for workload in WORKLOADS {
            let mut args = Args::defaults(CLIENTS);
            Args::defaults(workload.params).iter().for_each(|(name, value)| args.set(name, value.clone()));
            let clients = ClientPlan::from_args(&args, workload);
            assert_eq!(clients.mix, Args::defaults(workload.params), "{}", workload.name);
        }
    }
}
