//! Cuts: one-way and partial partitions. A cluster must make progress as long as some quorum is connected.

use super::settle::{EPOCH, MESSAGE, about, ends, links, settle_ends, switch, target};
use super::{Action, FaultType, LinkRule};

pub(super) const CUT: FaultType = FaultType {
    name: "cut",
    doc: "drops every message on some links, in one direction unless `both` is true: one-way and partial partitions",
    params: &[
        target("from", "the senders"),
        target("to", "the receivers"),
        switch("both", "the other direction too"),
        MESSAGE,
        EPOCH,
    ],
    instantaneous: false,
    resolve: settle_ends,
    action: |args, _| Action::Links {
        rule: LinkRule::Cut,
        about: about(args),
        links: links(&ends(args, "from"), &ends(args, "to"), args.flag("both")),
    },
};
