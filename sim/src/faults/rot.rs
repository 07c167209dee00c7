//! Bit rot: a durable record is damaged at rest. It shows when the node boots next.

use super::settle::{MAX_DOWN, nodes, settle_within_budget, whom};
use super::target::View;
use super::{Action, FaultType};
use crate::param::{Args, Default, Literal, Param, Shape, Value};
use crate::rng::Stream;
use crate::time::Ppm;

pub(super) const ROT: FaultType = FaultType {
    name: "rot",
    doc: "damages one durable record on the disks of nodes, for good; it shows when they boot next",
    params: &[
        whom("node", "whose disks"),
        Param {
            name: "record",
            shape: Shape::Choice(&[
                ("any-but-newest", "one by chance, but not the newest: nobody can take it for a torn write"),
                ("newest", "the newest, which looks like a torn write and is none"),
                ("exact", "the one at `place`"),
            ]),
            default: Default::Value(Literal::Text("any-but-newest")),
            doc: "which record",
        },
        Param {
            name: "place",
            shape: Shape::Odds,
            default: Default::Value(Literal::Text("0%")),
            doc: "how far from the oldest (0%) to the newest (100%); with `record = \"exact\"`",
        },
        MAX_DOWN,
    ],
    instantaneous: true,
    resolve,
    action: |args, _| Action::Rot { nodes: nodes(args), place: args.odds("place") },
};

fn resolve(args: &Args, view: &View<'_>, rng: &mut Stream) -> Option<Args> {
    let mut settled = settle_within_budget(args, view, rng)?;
    let place = match args.choice("record") {
        "any-but-newest" => Ppm::new(rng.below(1_000_000) as u32),
        "newest" => Ppm::ONE,
        _ => args.odds("place"),
    };
    settled.set("record", Value::Choice("exact"));
    settled.set("place", Value::Odds(place));
    Some(settled)
}
