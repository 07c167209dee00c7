//! Clock drift: a clock runs fast or slow, and all timers with it.

use super::settle::{nodes, settle_node, whom};
use super::target::View;
use super::{Action, FaultType};
use crate::param::{Args, Default, Literal, Param, Shape, Value};
use crate::rng::Stream;

pub(super) const CLOCK_DRIFT: FaultType = FaultType {
    name: "clock-drift",
    doc: "lets the clocks of nodes run fast or slow, and their timers with them; of several drifts of one clock the strongest counts",
    params: &[
        whom("node", "whose clocks"),
        Param { name: "by", shape: Shape::Odds, default: Default::Required, doc: "by how much" },
        Param {
            name: "direction",
            shape: Shape::Choice(&[("either", "fast or slow, by chance"), ("fast", "fast"), ("slow", "slow")]),
            default: Default::Value(Literal::Text("either")),
            doc: "fast or slow",
        },
    ],
    instantaneous: false,
    resolve,
    action: |args, _| {
        let by = args.odds("by").parts() as i32;
        Action::Drift { nodes: nodes(args), rate: if args.choice("direction") == "slow" { -by } else { by } }
    },
};

fn resolve(args: &Args, view: &View<'_>, rng: &mut Stream) -> Option<Args> {
    let mut settled = settle_node(args, view, rng)?;
    let direction = match args.choice("direction") {
        "either" => *rng.pick(&["fast", "slow"])?,
        chosen => chosen,
    };
    settled.set("direction", Value::Choice(direction));
    Some(settled)
}
