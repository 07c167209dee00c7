//! Holds: messages that come very late, and all at once. One untimely message is the commonest trigger of concurrency bugs (TaxDC, ASPLOS 2016).

use super::settle::{EPOCH, MESSAGE, about, ends, links, settle_ends, switch, target};
use super::{Action, FaultType, LinkRule};

pub(super) const HOLD: FaultType = FaultType {
    name: "hold",
    doc: "keeps every message on some links at the receiver's end; when it ends they all arrive, in order",
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
        rule: LinkRule::Hold,
        about: about(args),
        links: links(&ends(args, "from"), &ends(args, "to"), args.flag("both")),
    },
};
