//! What can be set in a scenario's `[ring]` table, and the configuration that comes of it.

use std::rc::Rc;

use shaketable_sim::id::NodeId;
use shaketable_sim::param::{Args, Default, Literal, Param, ParamError, Shape};
use shaketable_sim::plan::Plan;
use shaketable_sim::time::Span;

use super::placement::jump::Jump;
use super::placement::rendezvous::Rendezvous;
use super::placement::ring::Ring;
use super::placement::{Member, Placement, Rack};
use super::rules::{Paper, Rules};

/// `[ring]`.
pub static PARAMS: &[Param] = &[
    Param {
        name: "replicas",
        shape: Shape::Count(1, 9),
        default: Default::Value(Literal::Count(3)),
        doc: "how many nodes keep each key (N)",
    },
    Param {
        name: "read-quorum",
        shape: Shape::Count(1, 9),
        default: Default::Value(Literal::Count(2)),
        doc: "how many replicas a read or the first phase of a write waits for (R)",
    },
    Param {
        name: "write-quorum",
        shape: Shape::Count(1, 9),
        default: Default::Value(Literal::Count(2)),
        doc: "how many replicas the second phase of a write waits for (W)",
    },
    Param {
        name: "placement",
        shape: Shape::Choice(&[
            ("ring", "consistent hashing with virtual nodes"),
            ("rendezvous", "highest random weight"),
            ("jump", "jump consistent hash"),
        ]),
        default: Default::Value(Literal::Text("ring")),
        doc: "which nodes keep which keys",
    },
    Param {
        name: "virtual-nodes",
        shape: Shape::Count(1, 1_024),
        default: Default::Value(Literal::Count(16)),
        doc: "how many places each node has on the ring",
    },
    Param {
        name: "racks",
        shape: Shape::Count(1, 100),
        default: Default::Value(Literal::Count(100)),
        doc: "into how many racks the nodes are dealt in turn; replicas are spread over them",
    },
    Param {
        name: "retry",
        shape: Shape::Spans,
        default: Default::Value(Literal::Texts(&["40ms", "80ms"])),
        doc: "how long a coordinator waits before it asks again those who have not answered (drawn from the range)",
    },
    Param {
        name: "compare",
        shape: Shape::Spans,
        default: Default::Value(Literal::Texts(&["50ms", "100ms"])),
        doc: "how long until a node compares its versions with those of the next node (drawn from the range)",
    },
];

/// How a node is set up.
///
/// Guarantees: R + W > N, R and W are at most N, and no wait is zero.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    pub(super) replicas: usize,
    pub(super) read_quorum: usize,
    pub(super) write_quorum: usize,
    pub(super) placement: Kind,
    pub(super) virtual_nodes: u32,
    pub(super) racks: usize,
    pub(super) retry: (Span, Span),
    pub(super) compare: (Span, Span),
    pub(super) rules: &'static dyn Rules,
}

/// Which placement is used. Bounded loads are not among them: where they put a key depends on all other keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// [`Ring`].
    Ring,
    /// [`Rendezvous`].
    Rendezvous,
    /// [`Jump`].
    Jump,
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
            placement: match args.choice("placement") {
                "rendezvous" => Kind::Rendezvous,
                "jump" => Kind::Jump,
                _ => Kind::Ring,
            },
            virtual_nodes: args.count("virtual-nodes") as u32,
            racks: args.count("racks") as usize,
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
        let rack = |node: NodeId| Rack((node.index() % self.racks) as u16);
        let members: Vec<Member> =
            NodeId::all(nodes).map(|node| Member { node, weight: 1, rack: rack(node) }).collect();
        match self.placement {
            Kind::Ring => Rc::new(Ring::new(&members, self.virtual_nodes)),
            Kind::Rendezvous => Rc::new(Rendezvous::new(&members)),
            Kind::Jump => Rc::new(Jump::new(&members)),
        }
    }

    fn errors(&self) -> Vec<(&'static str, ParamError)> {
        let Config { replicas: n, read_quorum: r, write_quorum: w, .. } = *self;
        let mut errors = Vec::new();
        if r + w <= n {
            let message = format!("{r} replicas that are read and {w} that are written, out of {n}, need not meet");
            let help = format!("R + W > N: write a read quorum of at least {}", (n + 1).saturating_sub(w));
            errors.push(("read-quorum", error(message, help)));
        }
        for (name, quorum) in [("read-quorum", r), ("write-quorum", w)] {
            if quorum > n {
                let message = format!("a quorum of {quorum} is more than the {n} replicas that a key has");
                errors.push((name, error(message, format!("write {n} at most"))));
            }
        }
        for (name, (low, _)) in [("retry", self.retry), ("compare", self.compare)] {
            if low == Span::ZERO {
                let message = "a node that waits 0s before the next time never stops".to_owned();
                errors.push((name, error(message, "write 40ms".to_owned())));
            }
        }
        errors
    }
}

/// What a store of registers cannot do for a plan. Registers do not solve consensus (Herlihy 1991), and compare-and-set does; counters and lists
/// are made with it.
pub(super) fn unservable(args: &Args, plan: &Plan) -> Vec<(&'static str, ParamError)> {
    let mut errors = Vec::new();
    let replicas = args.count("replicas");
    if replicas > plan.nodes as u64 {
        let message = format!("{replicas} replicas of a key do not fit on {} nodes", plan.nodes);
        errors.push(("replicas", error(message, format!("write {} at most", plan.nodes))));
    }
    match plan.clients.workload {
        "register" => {}
        "kv" if plan.clients.mix.count("cas") == 0 => {}
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

fn error(message: String, help: String) -> ParamError {
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
        assert_eq!((config.placement, config.virtual_nodes, config.racks), (Kind::Jump, 7, 2));
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
