//! Isolation of single nodes: of all partitions that break systems, the commonest (Alquraan et al., OSDI 2018: 88 %).

use super::settle::{ends, links, settle_node, switch, whom};
use super::{About, Action, FaultType, LinkRule};
use crate::id::{ClientId, Endpoint, NodeId};
use crate::param::{Default, Literal, Param, Shape};

pub(super) const ISOLATE: FaultType = FaultType {
    name: "isolate",
    doc: "cuts nodes off from all other nodes; clients still reach them unless `clients` is true",
    params: &[
        whom("node", "which nodes"),
        Param {
            name: "direction",
            shape: Shape::Choice(&[
                ("both", "nothing comes in and nothing goes out"),
                ("in", "nothing comes in"),
                ("out", "nothing goes out"),
            ]),
            default: Default::Value(Literal::Text("both")),
            doc: "which messages are lost",
        },
        switch("clients", "cut the nodes off from clients too"),
    ],
    instantaneous: false,
    resolve: settle_node,
    action: |args, view| {
        let isolated = ends(args, "node");
        let mut others: Vec<Endpoint> = NodeId::all(view.nodes.len()).map(Endpoint::Node).collect();
        if args.flag("clients") {
            others.extend((0..view.clients).map(|index| Endpoint::Client(ClientId::at(index))));
        }
        let links = match args.choice("direction") {
            "in" => links(&others, &isolated, false),
            "out" => links(&isolated, &others, false),
            _ => links(&isolated, &others, true),
        };
        Action::Links { rule: LinkRule::Cut, about: About::default(), links }
    },
};
