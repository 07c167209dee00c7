//! Partitions: the cluster falls into groups that do not reach each other.

use super::settle::links;
use super::target::{Target, View};
use super::{About, Action, FaultType, LinkRule};
use crate::id::{Endpoint, NodeId};
use crate::param::{Args, Default, Literal, Param, Shape, Value};
use crate::rng::Stream;

pub(super) const PARTITION: FaultType = FaultType {
    name: "partition",
    doc: "splits the nodes into groups that do not reach each other; clients reach all",
    params: &[
        Param {
            name: "side",
            shape: Shape::Nodes,
            default: Default::Value(Literal::Text("minority")),
            doc: "the nodes of one group; the rest is the other",
        },
        Param {
            name: "groups",
            shape: Shape::Groups,
            default: Default::Absent,
            doc: "the groups, instead of `side`; a node in none of them is alone, a node in several reaches all of them",
        },
    ],
    instantaneous: false,
    resolve,
    action: |args, view| {
        let groups = groups(args);
        let together =
            |one: Endpoint, other: Endpoint| groups.iter().any(|group| group.contains(&one) && group.contains(&other));
        let nodes: Vec<Endpoint> = NodeId::all(view.nodes.len()).map(Endpoint::Node).collect();
        let mut apart = links(&nodes, &nodes, false);
        apart.retain(|&(from, to)| !together(from, to));
        Action::Links { rule: LinkRule::Cut, about: About::default(), links: apart }
    },
};

fn resolve(args: &Args, view: &View<'_>, rng: &mut Stream) -> Option<Args> {
    let mut settled = args.clone();
    let groups: Vec<Vec<Endpoint>> = match args.get("groups") {
        Some(Value::Groups(groups)) => groups.iter().map(|group| group.resolve(view, rng)).collect(),
        _ => {
            let side = args.target("side").resolve(view, rng);
            let rest = NodeId::all(view.nodes.len()).map(Endpoint::Node).filter(|node| !side.contains(node)).collect();
            vec![side, rest]
        }
    };
    if groups.iter().any(Vec::is_empty) {
        return None;
    }
    settled.set("groups", Value::Groups(groups.iter().map(|group| Target::exactly(group)).collect()));
    settled.set("side", Value::Target(Target::Minority)); // Overruled by the groups.
    Some(settled)
}

fn groups(args: &Args) -> Vec<Vec<Endpoint>> {
    match args.get("groups") {
        Some(Value::Groups(groups)) => groups.iter().map(|group| group.named().unwrap_or_default()).collect(),
        _ => Vec::new(),
    }
}
