//! Triggers: what a fault waits for, in place of a time.
//!
//! A *state* of the cluster (`when`), an *occasion* (`after` a milestone, `on-message`), or an occasion while the cluster is in a state. The
//! node that it is about can be the target, as `it`; of a message that is the receiver, and `sender` is the other.

use super::target::{Target, View};
use crate::id::{Endpoint, NodeId};
use crate::node::{Observation, Role};
use crate::param::{Args, Default, Param, Shape};
use crate::run::Coverage;

/// What `when` can say: a state of the cluster. All that are written must hold.
pub static WHEN: &[Param] = &[
    Param {
        name: "role",
        shape: Shape::Choice(&[
            ("peer", "a node of a protocol without leaders"),
            ("follower", "a node that follows, or waits for a leader"),
            ("candidate", "a node that wants to lead"),
            ("leader", "a node that leads, as far as it knows"),
            ("learner", "a node that follows without a vote"),
            ("outsider", "a node that is no member"),
            ("faulty", "a node that takes no part, because its disk cannot be trusted"),
        ]),
        default: Default::Absent,
        doc: "a node has this role; each node counts once in each epoch",
    },
    Param {
        name: "epoch-at-least",
        shape: Shape::Count(1, u64::MAX),
        default: Default::Absent,
        doc: "a node, the one of the `role` if that is written, has reached this term, ballot or version; each node counts once in each epoch",
    },
    Param {
        name: "committed",
        shape: Shape::Count(1, u64::MAX),
        default: Default::Absent,
        doc: "some node knows so many more decided entries than when the fault last struck (or the run began)",
    },
    Param {
        name: "leader-changes",
        shape: Shape::Count(1, u64::MAX),
        default: Default::Absent,
        doc: "leadership was won so many more times than when the fault last struck (or the run began)",
    },
    Param {
        name: "completed",
        shape: Shape::Count(1, u64::MAX),
        default: Default::Absent,
        doc: "so many more operations were answered than when the fault last struck (or the run began)",
    },
];

/// What `on-message` can say: which message.
pub static ON_MESSAGE: &[Param] = &[
    Param {
        name: "kind",
        shape: Shape::Text,
        default: Default::Required,
        doc: "a message of this kind, such as \"AppendEntries\"; \"Request\" and \"Answer\" are those between clients and nodes",
    },
    Param {
        name: "nth",
        shape: Shape::Count(1, u64::MAX),
        default: Default::Absent,
        doc: "the so-manieth of them since the fault last struck (or the run began); 1 unless written",
    },
    Param {
        name: "epoch",
        shape: Shape::Count(0, u64::MAX),
        default: Default::Absent,
        doc: "of this term or ballot number; of any unless written",
    },
    Param {
        name: "from",
        shape: Shape::Target,
        default: Default::Absent,
        doc: "from one of these; from anyone unless written",
    },
    Param {
        name: "to",
        shape: Shape::Target,
        default: Default::Absent,
        doc: "to one of these; to anyone unless written",
    },
    Param {
        name: "phase",
        shape: Shape::Choice(&[
            ("delivered", "strike just after its receiver has handled it"),
            (
                "sent",
                "strike just after it was sent: what cuts or holds its link then still catches it, unless it takes no time at all",
            ),
        ]),
        default: Default::Absent,
        doc: "at which end of its way; \"delivered\" unless written",
    },
];

/// What a fault waits for: a state, an occasion, or an occasion in a state.
#[derive(Clone, PartialEq, Debug, std::default::Default)]
pub struct Trigger {
    /// A state of the cluster: that of [`WHEN`].
    pub state: State,
    /// Something that happens while it is in that state. Without one the state itself is enough.
    pub occasion: Option<Occasion>,
}

/// A state of the cluster. All that are given must hold. See [`WHEN`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, std::default::Default)]
pub struct State {
    /// What a node is.
    pub role: Option<Role>,
    /// How far that node has come.
    pub epoch_at_least: Option<u64>,
    /// Decided entries since the last strike.
    pub committed: Option<u64>,
    /// Leaderships won since the last strike.
    pub leader_changes: Option<u64>,
    /// Operations answered since the last strike.
    pub completed: Option<u64>,
}

/// Something that happens.
#[derive(Clone, PartialEq, Debug)]
pub enum Occasion {
    /// A node reaches the milestone of this name.
    Milestone(String),
    /// A message is sent or delivered. See [`ON_MESSAGE`].
    Message {
        /// Its kind.
        kind: String,
        /// The how-manieth of them since the last strike, from 1.
        nth: u64,
        /// Its epoch.
        epoch: Option<u64>,
        /// Its sender.
        from: Option<Target>,
        /// Its receiver.
        to: Option<Target>,
        /// At which end of its way.
        phase: Phase,
    },
}

/// One end of a message's way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// It was sent.
    Sent,
    /// Its receiver has handled it.
    Delivered,
}

/// A message that is somewhere on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Passing {
    pub(crate) phase: Phase,
    pub(crate) from: Endpoint,
    pub(crate) to: Endpoint,
    pub(crate) kind: &'static str,
    pub(crate) epoch: u64,
}

/// Whom a trigger was about when it went off.
#[derive(Clone, Copy, PartialEq, Eq, Debug, std::default::Default)]
pub struct Subject {
    /// The node that has come into the state or reached the milestone; of a message, its receiver.
    pub it: Option<Endpoint>,
    /// Of a message, its sender.
    pub sender: Option<Endpoint>,
}

impl Trigger {
    /// From the values of a fault's schedule. None if it says nothing of a trigger.
    pub fn from_args(schedule: &Args) -> Option<Trigger> {
        let table = |name| match schedule.get(name) {
            Some(crate::param::Value::Table(table)) => Some(table),
            _ => None,
        };
        let state = table("when").map(State::from_args);
        let milestone = schedule.get("after").map(|_| Occasion::Milestone(schedule.text("after").to_owned()));
        let occasion = milestone.or_else(|| table("on-message").map(Occasion::message));
        (state.is_some() || occasion.is_some()).then(|| Trigger { state: state.unwrap_or_default(), occasion })
    }
}

impl State {
    fn from_args(args: &Args) -> State {
        let count = |name| args.get(name).map(|_| args.count(name));
        State {
            role: args.get("role").map(|_| role(args.choice("role"))),
            epoch_at_least: count("epoch-at-least"),
            committed: count("committed"),
            leader_changes: count("leader-changes"),
            completed: count("completed"),
        }
    }

    /// Whether it says anything of a single node.
    pub(crate) fn is_about_a_node(&self) -> bool {
        self.role.is_some() || self.epoch_at_least.is_some()
    }

    /// Whether a node is as it says.
    pub(crate) fn fits(&self, node: &Observation) -> bool {
        self.role.is_none_or(|role| node.role == role) && self.epoch_at_least.is_none_or(|epoch| node.epoch >= epoch)
    }

    /// Whether the cluster has come so far since the last strike.
    pub(crate) fn reached(&self, now: &Coverage, since: &Coverage) -> bool {
        let more = |wanted: Option<u64>, now: u64, since: u64| wanted.is_none_or(|wanted| now >= since + wanted);
        more(self.committed, now.commits, since.commits)
            && more(self.leader_changes, now.leader_changes, since.leader_changes)
            && more(self.completed, now.completed_ops, since.completed_ops)
    }
}

impl Occasion {
    fn message(args: &Args) -> Occasion {
        let count = |name| args.get(name).map(|_| args.count(name));
        let target = |name| args.get(name).map(|_| args.target(name).clone());
        Occasion::Message {
            kind: args.text("kind").to_owned(),
            nth: count("nth").unwrap_or(1),
            epoch: count("epoch"),
            from: target("from"),
            to: target("to"),
            phase: match args.get("phase").map(|_| args.choice("phase")) {
                Some("sent") => Phase::Sent,
                _ => Phase::Delivered,
            },
        }
    }

    /// Whether it is this message, apart from the how-manieth.
    pub(crate) fn is(&self, passing: Passing, view: &View<'_>) -> bool {
        let Occasion::Message { kind, epoch, from, to, phase, .. } = self else { return false };
        let among = |target: &Option<Target>, end| target.as_ref().is_none_or(|target| target.includes(end, view));
        *phase == passing.phase
            && kind == passing.kind
            && epoch.is_none_or(|epoch| epoch == passing.epoch)
            && among(from, passing.from)
            && among(to, passing.to)
    }
}

impl Passing {
    /// Its sender and receiver.
    pub(crate) fn subject(self) -> Subject {
        Subject { it: Some(self.to), sender: Some(self.from) }
    }

    /// The node that has just acted.
    pub(crate) fn actor(self) -> Option<NodeId> {
        match (self.phase, self.from, self.to) {
            (Phase::Sent, Endpoint::Node(node), _) | (Phase::Delivered, _, Endpoint::Node(node)) => Some(node),
            _ => None,
        }
    }
}

fn role(name: &str) -> Role {
    let roles =
        [Role::Peer, Role::Follower, Role::Candidate, Role::Leader, Role::Learner, Role::Outsider, Role::Faulty];
    roles.into_iter().find(|role| role.name() == name).expect("the words of `role` are the names of the roles")
}
