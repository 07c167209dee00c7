//! Slow links: every message takes longer.

use super::settle::{EPOCH, MESSAGE, NTH, about, end, ends, links, settle_ends};
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
        EPOCH,
        NTH,
    ],
    instantaneous: false,
    resolve: settle_ends,
    action: |args, _| Action::Links {
        rule: LinkRule::Slow(args.delay("by")),
        about: about(args),
        links: links(&ends(args, "from"), &ends(args, "to"), false),
    },
};
