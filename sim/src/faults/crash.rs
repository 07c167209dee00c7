//! Crashes: a process dies, between two events or between two effects of one handler, and its machine loses power.

use super::settle::{MAX_DOWN, nodes, settle_within_budget, whom};
use super::target::View;
use super::{Action, FaultType, Keep};
use crate::param::{Args, Default, Literal, Param, Shape, Value};
use crate::rng::Stream;
use crate::time::Ppm;

pub(super) const CRASH: FaultType = FaultType {
    name: "crash",
    doc: "kills nodes; they start again when it ends, with what their disks kept",
    params: &[
        whom("node", "which nodes"),
        Param {
            name: "disk",
            shape: Shape::Choice(&[
                ("random", "one of the next three, by chance"),
                ("lose-unsynced", "what was not synced is lost"),
                ("keep-unsynced", "all that was written is there, synced or not"),
                ("torn", "the oldest part of what was not synced is there, by chance, and the next record is torn"),
                ("exact", "what `keep` and `torn` say"),
            ]),
            default: Default::Value(Literal::Text("random")),
            doc: "what becomes of records that were written and not synced",
        },
        Param {
            name: "keep",
            shape: Shape::Odds,
            default: Default::Value(Literal::Text("0%")),
            doc: "how much of what was not synced is there, the oldest first; with `disk = \"exact\"`",
        },
        Param {
            name: "torn",
            shape: Shape::Flag,
            default: Default::Value(Literal::Flag(false)),
            doc: "whether the record after that is torn; with `disk = \"exact\"`",
        },
        Param {
            name: "after-effects",
            shape: Shape::Counts(0, 1_000_000),
            default: Default::Value(Literal::Count(0)),
            doc: "crash only after so many more effects of the node (drawn from the range), so between two effects of one handler",
        },
        MAX_DOWN,
    ],
    instantaneous: false,
    resolve,
    action: |args, _| Action::Crash {
        nodes: nodes(args),
        keep: Keep::Share(args.odds("keep"), args.flag("torn")),
        after_effects: args.counts("after-effects").0 as u32,
    },
};

fn resolve(args: &Args, view: &View<'_>, rng: &mut Stream) -> Option<Args> {
    let mut settled = settle_within_budget(args, view, rng)?;
    let disk = match args.choice("disk") {
        "random" => *rng.pick(&["lose-unsynced", "keep-unsynced", "torn"])?,
        chosen => chosen,
    };
    let (keep, torn) = match disk {
        "lose-unsynced" => (Ppm::ZERO, false),
        "keep-unsynced" => (Ppm::ONE, false),
        "torn" => (Ppm::new(rng.below(1_000_000) as u32), true),
        _ => (args.odds("keep"), args.flag("torn")),
    };
    let (low, high) = args.counts("after-effects");
    let after = rng.between(low, high);
    settled.set("disk", Value::Choice("exact"));
    settled.set("keep", Value::Odds(keep));
    settled.set("torn", Value::Flag(torn));
    settled.set("after-effects", Value::Counts(after, after));
    Some(settled)
}
