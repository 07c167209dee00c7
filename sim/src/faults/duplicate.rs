//! Duplication: some messages arrive twice.

use super::settle::{EPOCH, MESSAGE, NTH, about, end, ends, links, settle_ends};
use super::{Action, FaultType, LinkRule};
use crate::param::{Default, Literal, Param, Shape};

pub(super) const DUPLICATE: FaultType = FaultType {
    name: "duplicate",
    doc: "lets some messages on some links arrive twice, the second copy after a delay of its own",
    params: &[
        Param { name: "odds", shape: Shape::Odds, default: Default::Required, doc: "how many messages arrive twice" },
        Param {
            name: "later",
            shape: Shape::Delay,
            default: Default::Value(Literal::Text("0s")),
            doc: "by how much the second copy is later still than its own delay makes it",
        },
        end("from", "the senders"),
        end("to", "the receivers"),
        MESSAGE,
        EPOCH,
        NTH,
    ],
    instantaneous: false,
    resolve: settle_ends,
    action: |args, _| Action::Links {
        rule: LinkRule::Duplicate(args.odds("odds"), args.delay("later")),
        about: about(args),
        links: links(&ends(args, "from"), &ends(args, "to"), false),
    },
};
