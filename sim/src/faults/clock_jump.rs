//! Clock jumps: somebody sets the clock.

use super::settle::{nodes, settle_node, whom};
use super::target::View;
use super::{Action, FaultType};
use crate::param::{Args, Default, Param, Shape, Value};
use crate::rng::Stream;

pub(super) const CLOCK_JUMP: FaultType = FaultType {
    name: "clock-jump",
    doc: "moves the clocks of nodes, for good; their timers do not notice",
    params: &[
        whom("node", "whose clocks"),
        Param {
            name: "by",
            shape: Shape::Shifts,
            default: Default::Required,
            doc: "by how much (drawn from the range)",
        },
    ],
    instantaneous: true,
    resolve,
    action: |args, _| Action::Jump { nodes: nodes(args), by: args.shifts("by").0 },
};

fn resolve(args: &Args, view: &View<'_>, rng: &mut Stream) -> Option<Args> {
    let mut settled = settle_node(args, view, rng)?;
    let (low, high) = args.shifts("by");
    let by = low.wrapping_add(rng.between(0, high.abs_diff(low)) as i64);
    settled.set("by", Value::Shifts(by, by));
    Some(settled)
}
