//! What can be set in a scenario's `[ring]` table, and the configuration that comes of it.

use std::rc::Rc;

use shaketable_sim::id::NodeId;
use shaketable_sim::param::{Args, Default, Literal, Param, ParamError, Shape};
use shaketable_sim::plan::Plan;
use shaketable_sim::spec::{any, kv};
use shaketable_sim::time::Span;

use super::placement::jump::Jump;
use super::placement::rendezvous::Rendezvous;
use super::placement::ring::Ring;
use super::placement::{Member, Placement, Rack};
use super::rules::{Paper, Rules};

/// `[ring]`.
pub static PARAMS: &[Param] = &[REPLICAS, READ_QUORUM, WRITE_QUORUM, PLACEMENT, VIRTUAL_NODES, RACKS, RETRY, COMPARE];

pub(crate) const REPLICAS: Param = Param {
    name: "replicas",
    shape: Shape::Count(1, 9),
    default: Default::Value(Literal::Count(3)),
    doc: "how many nodes keep each key (N)",
};

pub(crate) const READ_QUORUM: Param = Param {
    name: "read-quorum",
    shape: Shape::Count(1, 9),
    default: Default::Value(Literal::Count(2)),
    doc: "how many replicas a read or the first phase of a write waits for (R)",
};

pub(crate) const WRITE_QUORUM: Param = Param {
    name: "write-quorum",
    shape: Shape::Count(1, 9),
    default: Default::Value(Literal::Count(2)),
    doc: "how many replicas the second phase of a write waits for (W)",
};

pub(crate) const PLACEMENT: Param = Param {
    name: "placement",
    shape: Shape::Choice(&[
        ("ring", "consistent hashing with virtual nodes"),
        ("rendezvous", "highest random weight"),
        ("jump", "jump consistent hash"),
    ]),
    default: Default::Value(Literal::Text("ring")),
    doc: "which nodes keep which keys",
};

pub(crate) const VIRTUAL_NODES: Param = Param {
    name: "virtual-nodes",
    shape: Shape::Count(1, 1_024),
    default: Default::Value(Literal::Count(16)),
    doc: "how many places each node has on the ring",
};

pub(crate) const RACKS: Param = Param {
    name: "racks",
    shape: Shape::Count(1, 100),
    default: Default::Value(Literal::Count(100)),
    doc: "into how many racks the nodes are dealt in turn; replicas are spread over them",
};

pub(crate) const RETRY: Param = Param {
    name: "retry",
    shape: Shape::Spans,
    default: Default::Value(Literal::Texts(&["40ms", "80ms"])),
    doc: "how long a coordinator waits before it asks again those who have not answered (drawn from the range)",
};

pub(crate) const COMPARE: Param = Param {
    name: "compare",
    shape: Shape::Spans,
    default: Default::Value(Literal::Texts(&["50ms", "100ms"])),
    doc: "how long until a node compares its versions with those of the next node (drawn from the range)",
};

/// How a node is set up.
///
/// Guarantees: R + W > N, R and W are at most N, and no wait is zero.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    pub(super) replicas: usize,
    pub(super) read_quorum: usize,
    pub(super) write_quorum: usize,
    pub(super) layout: Layout,
    pub(super) retry: (Span, Span),
    pub(super) compare: (Span, Span),
    pub(super) rules: &'static dyn Rules,
}

/// How keys are placed on the members of a cluster.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Layout {
    placement: Kind,
    virtual_nodes: u32,
    racks: usize,
}

/// Which placement is used. Bounded loads are not among them: where they put a key depends on all other keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// [`Ring`].
    Ring,
    /// [`Rendezvous`].
    Rendezvous,
    /// [`Jump`].
    Jump,
}

impl Layout {
    /// From the values of [`PLACEMENT`], [`VIRTUAL_NODES`] and [`RACKS`].
    pub(crate) fn from_args(args: &Args) -> Layout {
        Layout {
            placement: match args.choice("placement") {
                "rendezvous" => Kind::Rendezvous,
                "jump" => Kind::Jump,
                _ => Kind::Ring,
            },
            virtual_nodes: args.count("virtual-nodes") as u32,
            racks: args.count("racks") as usize,
        }
    }

    /// How keys are placed on these nodes.
    pub(crate) fn place(&self, members: &[NodeId]) -> Rc<dyn Placement> {
        let rack = |node: NodeId| Rack((node.index() % self.racks) as u16);
        let members: Vec<Member> = members.iter().map(|&node| Member { node, weight: 1, rack: rack(node) }).collect();
        match self.placement {
            Kind::Ring => Rc::new(Ring::new(&members, self.virtual_nodes)),
            Kind::Rendezvous => Rc::new(Rendezvous::new(&members)),
            Kind::Jump => Rc::new(Jump::new(&members)),
        }
    }
}

impl Config {
    /// From the values of [`PARAMS`].
    ///
    /// # Errors
    /// What does not fit together, by parameter.
    pub fn from_args(args: &Args) -> Result<Config, Vec<(&'static str, ParamError)>> {
        let config = Config {
            replicas: args.count("replicas") as usize,
            read_quorum: args.count("read-quorum") as usize,
            write_quorum: args.count("write-quorum") as usize,
            layout: Layout::from_args(args),
            retry: args.spans("retry"),
            compare: args.spans("compare"),
            rules: &Paper,
        };
        let errors = config.errors();
        if errors.is_empty() { Ok(config) } else { Err(errors) }
    }

    /// The same with other rules.
    pub fn with_rules(self, rules: &'static dyn Rules) -> Config {
        Config { rules, ..self }
    }

    /// How keys are placed on a cluster of so many nodes.
    pub(super) fn place(&self, nodes: usize) -> Rc<dyn Placement> {
        self.layout.place(&NodeId::all(nodes).collect::<Vec<_>>())
    }

    fn errors(&self) -> Vec<(&'static str, ParamError)> {
        let Config { replicas: n, read_quorum: r, write_quorum: w, .. } = *self;
        let mut errors = Vec::new();
        if r + w <= n {
            let message = format!("{r} replicas that are read and {w} that are written, out of {n}, need not meet");
            let help = format!("R + W > N: write a read quorum of at least {}", (n + 1).saturating_sub(w));
            errors.push(("read-quorum", error(message, help)));
        }
        errors.extend(oversized(n, r, w));
        errors.extend(endless(&[("retry", self.retry), ("compare", self.compare)]));
        errors
    }
}

/// Quorums of more replicas than a key has.
pub(crate) fn oversized(n: usize, r: usize, w: usize) -> impl Iterator<Item = (&'static str, ParamError)> {
    let quorums = [("read-quorum", r), ("write-quorum", w)].into_iter();
    quorums.filter(move |(_, quorum)| *quorum > n).map(move |(name, quorum)| {
        let message = format!("a quorum of {quorum} is more than the {n} replicas that a key has");
        (name, error(message, format!("write {n} at most")))
    })
}

/// Waits of which no time may pass.
pub(crate) fn endless(waits: &[(&'static str, (Span, Span))]) -> impl Iterator<Item = (&'static str, ParamError)> {
    waits.iter().filter(|(_, (low, _))| *low == Span::ZERO).map(|&(name, _)| {
        let message = "a node that waits 0s before the next time never stops".to_owned();
        (name, error(message, "write 40ms".to_owned()))
    })
}

/// Whether clients may ask for a compare-and-set: by their script, or by what they draw if they have none.
fn may_ask_for_cas(plan: &Plan) -> bool {
    let is_cas = |op: &any::Op| matches!(op, any::Op::Kv(kv::Op { action: kv::Action::Cas { .. }, .. }));
    match &plan.clients.script {
        Some(script) => script.iter().any(|line| is_cas(&line.op)),
        None => plan.clients.mix.count("cas") > 0,
    }
}

/// What a store of registers cannot do for a plan. Registers do not solve consensus (Herlihy 1991), and compare-and-set does; counters and lists
/// are made with it.
pub(crate) fn unservable(args: &Args, plan: &Plan) -> Vec<(&'static str, ParamError)> {
    let mut errors = Vec::new();
    let replicas = args.count("replicas");
    if replicas > plan.nodes as u64 {
        let message = format!("{replicas} replicas of a key do not fit on {} nodes", plan.nodes);
        errors.push(("replicas", error(message, format!("write {} at most", plan.nodes))));
    }
    match plan.clients.workload {
        "register" => {}
        "kv" if !may_ask_for_cas(plan) => {}
        "kv" => {
            let message = "the store cannot compare and set: its quorums make registers, and registers cannot decide between two clients";
            errors.push((
                "workload",
                error(message.to_owned(), "write `cas = 0`, or `workload = \"register\"`".to_owned()),
            ));
        }
        other => {
            let message =
                format!("the store cannot serve `{other}`: a write to a register does not depend on what was there");
            errors.push((
                "workload",
                error(message, "write `workload = \"register\"`, or \"kv\" with `cas = 0`".to_owned()),
            ));
        }
    }
    errors
}

pub(crate) fn error(message: String, help: String) -> ParamError {
    ParamError { at: 0..0, message, help: Some(help) }
}

#[cfg(test)]
mod tests {
    use shaketable_sim::param::Value;

    use super::*;

    fn args(n: u64, r: u64, w: u64) -> Args {
        let mut args = Args::defaults(PARAMS);
        for (name, count) in [("replicas", n), ("read-quorum", r), ("write-quorum", w)] {
            args.set(name, Value::Count(count));
        }
        args
    }

    #[test]
    fn every_declared_parameter_is_read() {
        let mut given = args(5, 2, 4);
        given.set("placement", Value::Choice("jump"));
        given.set("virtual-nodes", Value::Count(7));
        given.set("racks", Value::Count(2));
        given.set("retry", Value::Spans(Span::millis(1), Span::millis(2)));
        given.set("compare", Value::Spans(Span::millis(3), Span::millis(4)));
        assert_eq!(given.iter().count(), PARAMS.len(), "a parameter is missing from this test");
        let config = Config::from_args(&given).unwrap();
        assert_eq!((config.replicas, config.read_quorum, config.write_quorum), (5, 2, 4));
        assert_eq!(config.layout, Layout { placement: Kind::Jump, virtual_nodes: 7, racks: 2 });
        assert_eq!(config.retry, (Span::millis(1), Span::millis(2)));
        assert_eq!(config.compare, (Span::millis(3), Span::millis(4)));
    }

    #[test]
    fn quorums_that_need_not_meet_are_refused() {
        let all = (1..=5).flat_map(|n| (1..=6).flat_map(move |r| (1..=6).map(move |w| (n, r, w))));
        for (n, r, w) in all {
            let fits = r + w > n && r <= n && w <= n;
            assert_eq!(Config::from_args(&args(n, r, w)).is_ok(), fits, "N {n}, R {r}, W {w}");
        }
    }
}
