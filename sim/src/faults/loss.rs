//! Loss: some messages never arrive.

use super::settle::{EPOCH, MESSAGE, NTH, about, end, ends, links, settle_ends};
use super::{Action, FaultType, LinkRule};
use crate::param::{Default, Param, Shape};

pub(super) const LOSS: FaultType = FaultType {
    name: "loss",
    doc: "loses some messages on some links",
    params: &[
        Param { name: "odds", shape: Shape::Odds, default: Default::Required, doc: "how many messages are lost" },
        end("from", "the senders"),
        end("to", "the receivers"),
        MESSAGE,
        EPOCH,
        NTH,
    ],
    instantaneous: false,
    resolve: settle_ends,
    action: |args, _| Action::Links {
        rule: LinkRule::Loss(args.odds("odds")),
        about: about(args),
        links: links(&ends(args, "from"), &ends(args, "to"), false),
    },
};
