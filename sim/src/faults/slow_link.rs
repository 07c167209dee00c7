//! Slow links: every message takes longer.

use super::settle::{MESSAGE, end, ends, links, only, settle_ends};
use super::{Action, FaultType, LinkRule};
use crate::param::{Default, Param, Shape};

pub(super) const SLOW_LINK: FaultType = FaultType {
    name: "slow-link",
    doc: "lets every message on some links take longer",
    params: &[
        Param { name: "by", shape: Shape::Delay, default: Default::Required, doc: "by how much" },
        end("from", "the senders"),
        end("to", "the receivers"),
        MESSAGE,
    ],
    instantaneous: false,
    resolve: settle_ends,
    action: |args, _| Action::Links {
        rule: LinkRule::Slow(args.delay("by")),
        only: only(args),
        links: links(&ends(args, "from"), &ends(args, "to"), false),
    },
};
