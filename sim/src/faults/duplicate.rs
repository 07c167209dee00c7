//! Duplication: some messages arrive twice.

use super::settle::{MESSAGE, end, ends, links, only, settle_ends};
use super::{Action, FaultType, LinkRule};
use crate::param::{Default, Param, Shape};

pub(super) const DUPLICATE: FaultType = FaultType {
    name: "duplicate",
    doc: "lets some messages on some links arrive twice, the second copy after a delay of its own",
    params: &[
        Param { name: "odds", shape: Shape::Odds, default: Default::Required, doc: "how many messages arrive twice" },
        end("from", "the senders"),
        end("to", "the receivers"),
        MESSAGE,
    ],
    instantaneous: false,
    resolve: settle_ends,
    action: |args, _| Action::Links {
        rule: LinkRule::Duplicate(args.odds("odds")),
        only: only(args),
        links: links(&ends(args, "from"), &ends(args, "to"), false),
    },
};
