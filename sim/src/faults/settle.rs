//! What the kinds of faults share: parameters that many have, and settling whom they mean.

use super::About;
use super::target::View;
use crate::id::{Endpoint, NodeId};
use crate::param::{Args, Default, Literal, Param, Shape, Value};
use crate::rng::Stream;

/// Which nodes a fault strikes, or is about.
pub(super) const fn whom(name: &'static str, doc: &'static str) -> Param {
    Param { name, shape: Shape::Nodes, default: Default::Required, doc }
}

/// Which nodes or clients a fault strikes.
pub(super) const fn target(name: &'static str, doc: &'static str) -> Param {
    Param { name, shape: Shape::Target, default: Default::Required, doc }
}

/// One end of the links that a fault strikes; all nodes unless written.
pub(super) const fn end(name: &'static str, doc: &'static str) -> Param {
    Param { name, shape: Shape::Target, default: Default::Value(Literal::Text("all")), doc }
}

/// The kind of message that a link fault is about.
pub(super) const MESSAGE: Param = Param {
    name: "message",
    shape: Shape::Text,
    default: Default::Absent,
    doc: "only messages of this kind, such as \"AppendEntries\"; all unless written",
};

/// The epoch of the messages that a link fault is about.
pub(super) const EPOCH: Param = Param {
    name: "epoch",
    shape: Shape::Count(0, u64::MAX),
    default: Default::Absent,
    doc: "only messages of this term or ballot number; of any unless written",
};

/// The one message that a link fault is about.
pub(super) const NTH: Param = Param {
    name: "nth",
    shape: Shape::Count(1, u64::MAX),
    default: Default::Absent,
    doc: "only the one that is sent as the so-manieth of its kind on its link, from 1: in its `epoch` if that is written, else since the run began",
};

/// What [`MESSAGE`], [`EPOCH`] and [`NTH`] say.
pub(super) fn about(args: &Args) -> About {
    let count = |name| args.get(name).map(|_| args.count(name));
    About {
        kind: args.get("message").map(|_| args.text("message").to_owned()),
        epoch: count("epoch"),
        nth: count("nth"),
    }
}

/// A switch that is off unless written.
pub(super) const fn switch(name: &'static str, doc: &'static str) -> Param {
    Param { name, shape: Shape::Flag, default: Default::Value(Literal::Flag(false)), doc }
}

/// How many nodes may be out of order at once.
pub(super) const MAX_DOWN: Param = Param {
    name: "max-down",
    shape: Shape::Choice(&[
        ("minority", "strike only while, with the nodes struck, fewer than half are down, paused, wiped or damaged"),
        ("any", "strike in any case: more than a protocol promises to bear"),
    ]),
    default: Default::Value(Literal::Text("minority")),
    doc: "how many nodes may be down, paused, wiped or damaged at once",
};

/// Settles one target. None if nobody fits.
pub(super) fn settle(args: &mut Args, name: &'static str, view: &View<'_>, rng: &mut Stream) -> Option<Vec<Endpoint>> {
    let ends = args.target(name).resolve(view, rng);
    if ends.is_empty() {
        return None;
    }
    args.set(name, Value::Target(super::target::Target::exactly(&ends)));
    Some(ends)
}

/// Settles both ends of links. None if nobody fits.
pub(super) fn settle_ends(args: &Args, view: &View<'_>, rng: &mut Stream) -> Option<Args> {
    let mut args = args.clone();
    settle(&mut args, "from", view, rng)?;
    settle(&mut args, "to", view, rng)?;
    Some(args)
}

/// Settles the target `node`, nodes only. None if nobody fits.
pub(super) fn settle_node(args: &Args, view: &View<'_>, rng: &mut Stream) -> Option<Args> {
    let mut args = args.clone();
    settle(&mut args, "node", view, rng)?;
    (!nodes(&args).is_empty()).then_some(args)
}

/// As [`settle_node`], if then no more nodes than [`MAX_DOWN`] allows are out of order.
pub(super) fn settle_within_budget(args: &Args, view: &View<'_>, rng: &mut Stream) -> Option<Args> {
    let mut args = settle_node(args, view, rng)?;
    if args.choice("max-down") == "minority" {
        let mut out = nodes(&args);
        out.extend(view.troubled());
        out.sort_unstable();
        out.dedup();
        if out.len() > (view.nodes.len() - 1) / 2 {
            return None;
        }
    }
    args.set("max-down", Value::Choice("any")); // It was within the budget when it struck.
    Some(args)
}

/// The nodes that a settled `node` names.
pub(super) fn nodes(args: &Args) -> Vec<NodeId> {
    let node = |endpoint| match endpoint {
        Endpoint::Node(node) => Some(node),
        Endpoint::Client(_) => None,
    };
    ends(args, "node").into_iter().filter_map(node).collect()
}

/// Whom a settled target names.
pub(super) fn ends(args: &Args, name: &str) -> Vec<Endpoint> {
    args.target(name).named().unwrap_or_default()
}

/// All links from some endpoints to others, and back if `both`. Clients do not talk to each other.
pub(super) fn links(from: &[Endpoint], to: &[Endpoint], both: bool) -> Vec<(Endpoint, Endpoint)> {
    let mut links = Vec::new();
    for &from in from {
        for &to in to {
            let clients = matches!((from, to), (Endpoint::Client(_), Endpoint::Client(_)));
            if from != to && !clients {
                links.push((from, to));
                if both {
                    links.push((to, from));
                }
            }
        }
    }
    links.sort_unstable();
    links.dedup();
    links
}
