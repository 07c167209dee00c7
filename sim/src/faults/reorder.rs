//! Reordering: some messages are so late that others overtake them.

use super::settle::{EPOCH, MESSAGE, NTH, about, end, ends, links, settle_ends};
use super::{Action, FaultType, LinkRule};
use crate::param::{Default, Literal, Param, Shape};

pub(super) const REORDER: FaultType = FaultType {
    name: "reorder",
    doc: "lets some messages on some links be late, so that others overtake them",
    params: &[
        Param { name: "odds", shape: Shape::Odds, default: Default::Required, doc: "how many messages are late" },
        Param {
            name: "by",
            shape: Shape::Delay,
            default: Default::Value(Literal::Table("uniform", &["0ms", "500ms"])),
            doc: "by how much",
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
        rule: LinkRule::Reorder(args.odds("odds"), args.delay("by")),
        about: about(args),
        links: links(&ends(args, "from"), &ends(args, "to"), false),
    },
};
