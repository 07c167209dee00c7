//! Faults: from what is planned, over whom it strikes, to what is done.
//!
//! A scenario *plans* a fault: a kind, a target such as `leader`, and when (at a time, again and again, or when the cluster
//! reaches some state). When it is due, the planner *resolves* it: draws what is left to chance, names the nodes. The result is an
//! [`Applied`] fault: absolute, recorded, and itself a planned fault that draws nothing. So a recording is a scenario.
//! The world carries out its [`Action`], and undoes it when it is over. Faults may overlap; each is undone by itself.
//!
//! A kind of fault is one file here and one line in [`FAULTS`].

use std::collections::BTreeSet;
use std::fmt;

use crate::id::{Endpoint, NodeId};
use crate::node::Command;
use crate::param::{Args, Default, Param, Shape};
use crate::rng::{Delay, Stream};
use crate::time::{Instant, Ppm, Span};

mod build;
mod campaign;
mod clock_drift;
mod clock_jump;
mod crash;
mod cut;
mod duplicate;
mod fail_sync;
mod full_disk;
mod hold;
mod isolate;
mod loss;
mod partition;
mod pause;
mod reconfigure;
mod reorder;
mod rot;
mod settle;
mod show;
mod slow_disk;
mod slow_link;
pub mod target;
mod transfer;
pub mod trigger;
mod wipe;

use target::View;
use trigger::{ON_MESSAGE, Trigger, WHEN};

/// All kinds of faults.
pub static FAULTS: &[FaultType] = &[
    isolate::ISOLATE,
    partition::PARTITION,
    cut::CUT,
    hold::HOLD,
    loss::LOSS,
    duplicate::DUPLICATE,
    reorder::REORDER,
    slow_link::SLOW_LINK,
    crash::CRASH,
    pause::PAUSE,
    wipe::WIPE,
    rot::ROT,
    slow_disk::SLOW_DISK,
    fail_sync::FAIL_SYNC,
    full_disk::FULL_DISK,
    clock_jump::CLOCK_JUMP,
    clock_drift::CLOCK_DRIFT,
    campaign::CAMPAIGN,
    transfer::TRANSFER,
    reconfigure::RECONFIGURE,
];

/// A kind of fault. Shown by its name: where its functions lie in memory differs from build to build.
pub struct FaultType {
    /// Its name in scenario files: `crash`.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub doc: &'static str,
    /// What can be written in its table, besides the [`SCHEDULE`].
    pub params: &'static [Param],
    /// Whether it is over at once, so that `for` makes no sense.
    pub instantaneous: bool,
    /// Settles everything that is left open: whom it strikes, what chance decides. The result satisfies the same `params`
    /// and resolves to itself without drawing. None if there is nobody to strike.
    pub resolve: fn(&Args, &View<'_>, &mut Stream) -> Option<Args>,
    /// What the world is to do, once resolved.
    pub action: fn(&Args, &View<'_>) -> Action,
}

impl fmt::Debug for FaultType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// When a fault strikes: keys that every fault's table may have. No kind of fault may have one of the same name.
pub static SCHEDULE: &[Param] = &[
    Param {
        name: "at",
        shape: Shape::Span,
        default: Default::Absent,
        doc: "strike once, at this time since the beginning",
    },
    Param {
        name: "every",
        shape: Shape::Spans,
        default: Default::Absent,
        doc: "strike again and again, waiting this long (drawn from the range) before each time",
    },
    Param {
        name: "when",
        shape: Shape::Table(WHEN),
        default: Default::Absent,
        doc: "strike when all of these hold; `times` is 1 unless written",
    },
    Param {
        name: "after",
        shape: Shape::Text,
        default: Default::Absent,
        doc: "strike when a node reaches this milestone of its protocol, while what `when` says holds; `times` is 1 unless written",
    },
    Param {
        name: "on-message",
        shape: Shape::Table(ON_MESSAGE),
        default: Default::Absent,
        doc: "strike when such a message is sent or delivered, while what `when` says holds; `times` is 1 unless written",
    },
    Param {
        name: "delay",
        shape: Shape::Spans,
        default: Default::Absent,
        doc: "wait this long (drawn from the range) after what `when`, `after` or `on-message` wait for",
    },
    Param {
        name: "for",
        shape: Shape::Spans,
        default: Default::Absent,
        doc: "undo it after this long (drawn from the range); without this it lasts until the heal",
    },
    Param { name: "since", shape: Shape::Span, default: Default::Absent, doc: "do not strike before this time" },
    Param {
        name: "until",
        shape: Shape::Span,
        default: Default::Absent,
        doc: "do not strike after this time; the heal ends all but permanent faults in any case",
    },
    Param {
        name: "times",
        shape: Shape::Count(1, 1_000_000),
        default: Default::Absent,
        doc: "strike at most this often",
    },
    Param {
        name: "permanent",
        shape: Shape::Flag,
        default: Default::Absent,
        doc: "the heal does not undo it, unless a quorum could not work without the nodes that it strikes",
    },
];

/// A fault as a scenario plans it.
#[derive(Clone, Debug)]
pub struct Planned {
    /// What kind.
    pub kind: &'static FaultType,
    /// Its parameters, open or settled.
    pub args: Args,
    /// When it strikes first.
    pub start: Start,
    /// Not before.
    pub from: Instant,
    /// Not after.
    pub until: Instant,
    /// How often at most.
    pub times: u32,
    /// How long each time; until the heal if none.
    pub lasting: Option<(Span, Span)>,
    /// Whether the heal leaves it.
    pub permanent: bool,
}

/// When a planned fault strikes.
#[derive(Clone, PartialEq, Debug)]
pub enum Start {
    /// Once, at this time.
    At(Instant),
    /// Again and again, so long after the last time (or the beginning).
    Every(Span, Span),
    /// So long after this.
    When(Trigger, (Span, Span)),
}

/// A fault as it struck: everything is settled, and it says so in the language of scenario files.
#[derive(Clone, PartialEq, Debug)]
pub struct Applied {
    /// The name of its kind.
    pub kind: &'static str,
    /// Its parameters, all settled.
    pub args: Args,
    /// When it struck.
    pub at: Instant,
    /// For how long; until the heal if none.
    pub lasting: Option<Span>,
    /// Whether the heal leaves it.
    pub permanent: bool,
    /// How often it did something: messages dropped, held, doubled or delayed, syncs slowed or failed, processes stopped.
    pub acted: u64,
}

/// What the world can be told to do, in absolute terms.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// Put a rule on these directed links, until it is undone.
    Links {
        /// The rule.
        rule: LinkRule,
        /// Which messages it is about.
        about: About,
        /// From where to where.
        links: Vec<(Endpoint, Endpoint)>,
    },
    /// Kill these processes; undoing starts them again.
    Crash {
        /// Which.
        nodes: Vec<NodeId>,
        /// What their disks keep.
        keep: Keep,
        /// Not at once, but after so many more effects of the node: so between two effects of one handler.
        after_effects: u32,
    },
    /// Stop these processes in their tracks; undoing lets them go on.
    Pause {
        /// Which.
        nodes: Vec<NodeId>,
    },
    /// Trouble these disks, until it is undone.
    Disk {
        /// Whose.
        nodes: Vec<NodeId>,
        /// How.
        trouble: DiskTrouble,
    },
    /// Damage one durable record on each of these disks, for ever.
    Rot {
        /// Whose.
        nodes: Vec<NodeId>,
        /// Which: this share of the way from the oldest to the newest. The newest itself only at 100%.
        place: Ppm,
    },
    /// Move these nodes' clocks by so many nanoseconds, for ever.
    Jump {
        /// Whose.
        nodes: Vec<NodeId>,
        /// By how much.
        by: i64,
    },
    /// Give these nodes a command, once; those that are down do not hear it.
    Command {
        /// Which.
        nodes: Vec<NodeId>,
        /// What.
        command: Command,
    },
    /// Let these nodes' clocks run fast or slow by so many parts per million, until it is undone.
    Drift {
        /// Whose.
        nodes: Vec<NodeId>,
        /// By how much.
        rate: i32,
    },
}

impl Action {
    /// The nodes that it is about; of links, those at either end.
    pub fn nodes(&self) -> BTreeSet<NodeId> {
        let node = |end: &Endpoint| if let Endpoint::Node(node) = end { Some(*node) } else { None };
        match self {
            Action::Links { links, .. } => {
                links.iter().flat_map(|(from, to)| [node(from), node(to)]).flatten().collect()
            }
            Action::Crash { nodes, .. }
            | Action::Pause { nodes }
            | Action::Disk { nodes, .. }
            | Action::Rot { nodes, .. }
            | Action::Jump { nodes, .. }
            | Action::Command { nodes, .. }
            | Action::Drift { nodes, .. } => nodes.iter().copied().collect(),
        }
    }
}

/// Which messages of a link a rule is about: those that are all of what is given.
#[derive(Clone, PartialEq, Eq, Debug, std::default::Default)]
pub struct About {
    /// Of this kind.
    pub kind: Option<String>,
    /// Of this epoch.
    pub epoch: Option<u64>,
    /// The one that was sent as the so-manieth of its kind on its link, from 1: in its epoch if that is given, else since the beginning.
    /// Known when a message is sent, and no longer when it arrives.
    pub nth: Option<u64>,
}

/// What happens to the messages of a link.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum LinkRule {
    /// None get through: neither those sent, nor those that arrive.
    Cut,
    /// They wait at the receiver's end, and go on, in order, when this is undone.
    Hold,
    /// Some are lost.
    Loss(Ppm),
    /// Some arrive twice; the second copy takes a delay of its own, and so much more.
    Duplicate(Ppm, Delay),
    /// Some are late by so much more, so that others overtake them.
    Reorder(Ppm, Delay),
    /// All are late by so much more.
    Slow(Delay),
}

/// What a disk keeps of what was written and not yet synced when its node crashes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keep {
    /// The oldest so much of it; and whether the next record is torn, if there is one.
    Share(Ppm, bool),
    /// Not even what was synced: the disk comes back empty.
    Nothing,
}

/// What can be wrong with a disk for a while.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DiskTrouble {
    /// Syncs take this much longer.
    Slow(Delay),
    /// Syncs fail.
    FailSync,
    /// Nothing more can be written.
    Full,
}

impl DiskTrouble {
    /// A word for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            DiskTrouble::Slow(_) => "slow disk",
            DiskTrouble::FailSync => "failing syncs",
            DiskTrouble::Full => "full disk",
        }
    }
}
