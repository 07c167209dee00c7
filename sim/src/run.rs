//! A run and what came of it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::check::invariant::Earlier;
use crate::faults::Applied;
use crate::history::History;
use crate::id::{Endpoint, OpId};
use crate::node::Milestone;
use crate::rng::Seed;
use crate::spec::Spec;
use crate::time::Instant;

/// All that is known of a run when it is over.
#[derive(Clone, Debug)]
pub struct Run<S: Spec> {
    /// What it followed from.
    pub seed: Seed,
    /// What came of it.
    pub verdict: Verdict,
    /// The digest of all its events and effects.
    pub digest: u64,
    /// The digest along the way, at some hundreds of places.
    pub checkpoints: Vec<Checkpoint>,
    /// When it ended, by true time.
    pub end: Instant,
    /// The faults that struck, in order.
    pub applied: Vec<Applied>,
    /// How many messages were sent, by what they are: in order.
    pub messages: Vec<Sent>,
    /// The digests of the abstract states that it was in (roles, and how epochs and decided entries compare; which messages met whom in what
    /// role; which node is which makes no difference), in ascending order. None unless [asked for](crate::plan::Plan::states).
    pub states: Vec<u64>,
    /// What it exercised.
    pub coverage: Coverage,
    /// What the clients saw.
    pub history: History<S>,
}

/// The digest after some number of events.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Checkpoint {
    /// How many events had happened.
    pub event: u64,
    /// When the last of them did.
    pub at: Instant,
    /// The digest then.
    pub digest: u64,
}

/// How many messages of one kind and epoch were sent on a link.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Sent {
    /// The sender.
    pub from: Endpoint,
    /// The receiver.
    pub to: Endpoint,
    /// Their kind; `Request` and `Answer` between clients and nodes.
    pub kind: &'static str,
    /// Their epoch.
    pub epoch: u64,
    /// How many.
    pub count: u64,
}

/// What came of a run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything that was checked holds.
    Pass,
    /// Something that was checked does not hold.
    Violation(Violation),
    /// The faults exceeded what the protocol claims to bear, as this text proves: nothing follows about the protocol.
    AssumptionExceeded(String),
    /// A budget ran out, as this text says: nothing follows at all.
    Inconclusive(String),
}

/// Something that does not hold.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Violation {
    /// Which check found it: `linearizability`, `invariant`, `liveness` or `panic`.
    pub check: &'static str,
    /// Which property: `election-safety`, or what kind of operation cannot be placed.
    pub property: String,
    /// When it was seen, by true time.
    pub at: Instant,
    /// What happened, for people: one sentence a line.
    pub story: Vec<String>,
    /// The operations of clients that it is about, if it is about some: those that contradict each other, or the write that is lost.
    pub about: Vec<OpId>,
    /// When it came to it, by true time, if that was before it was seen and is known: a check after the heal finds what was lost long ago.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub came: Option<Instant>,
    /// What nodes were or did before that does not go together with what was seen, in the order of time, if that is known: the other election in the term.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub against: Vec<Earlier>,
}

impl Violation {
    /// A violation that was seen at this time, and of which no more is known than this story.
    pub fn new(check: &'static str, property: impl Into<String>, at: Instant, story: Vec<String>) -> Violation {
        let property = property.into();
        Violation { check, property, at, story, about: Vec::new(), came: None, against: Vec::new() }
    }

    /// The name under which violations are counted and told apart: `invariant/election-safety`.
    pub fn signature(&self) -> String {
        format!("{}/{}", self.check, self.property)
    }
}

impl<S: Spec> Run<S> {
    /// When what a violation is about began: when the first of its [operations](Violation::about) was asked for, or what it is [against](Violation::against) was seen; when it was seen itself,
    /// if nothing of that is known.
    pub fn began(&self, violation: &Violation) -> Instant {
        let about = self.history.iter().filter(|operation| violation.about.contains(&operation.id));
        let against = violation.against.iter().map(|earlier| earlier.sight.at);
        about.map(|operation| operation.invoked.at).chain(against).min().unwrap_or(violation.at)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Pass => f.write_str("pass"),
            Verdict::Violation(violation) => write!(f, "violation of {}", violation.signature()),
            Verdict::AssumptionExceeded(proof) => write!(f, "assumption exceeded: {proof}"),
            Verdict::Inconclusive(budget) => write!(f, "inconclusive: {budget}"),
        }
    }
}

/// The faults of one kind that struck.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Struck {
    /// How many.
    pub struck: u64,
    /// How many of them changed something: a message, a sync, a process, a record, a clock.
    pub acted: u64,
}

impl Coverage {
    /// Of a run of a protocol with these milestones, before anything has happened.
    pub(crate) fn before(milestones: &[Milestone]) -> Coverage {
        let milestones = milestones.iter().map(|milestone| (Cow::Borrowed(milestone.name), 0)).collect();
        Coverage { milestones, ..Coverage::default() }
    }
}

macro_rules! coverage {
    ($($(#[doc = $doc:literal])* $field:ident = $name:literal,)*) => {
        /// What a run exercised, in numbers. The names are those of `[expect] reach`.
        #[derive(Clone, PartialEq, Eq, Debug, std::default::Default, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Coverage {
            $($(#[doc = $doc])* #[serde(rename = $name)] pub $field: u64,)*
            /// How often nodes have reached each [milestone](Milestone) of their protocol, by its name.
            pub milestones: BTreeMap<Cow<'static, str>, u64>,
            /// The faults that struck, by the name of their kind.
            #[serde(rename = "faults-by-kind")] pub kinds: BTreeMap<Cow<'static, str>, Struck>,
        }

        impl Coverage {
            /// The name and meaning of every number that there is of every protocol.
            pub const NAMES: &'static [(&'static str, &'static str)] = &[$(($name, concat!($($doc),*)),)*];

            /// Every number with its name: those of every protocol, then the milestones.
            pub fn named(&self) -> Vec<(&str, u64)> {
                let milestones = self.milestones.iter().map(|(name, &number)| (name.as_ref(), number));
                [$(($name, self.$field),)*].into_iter().chain(milestones).collect()
            }

            /// Adds another run's numbers.
            pub fn add(&mut self, other: &Coverage) {
                $(self.$field += other.$field;)*
                for (name, number) in &other.milestones {
                    *self.milestones.entry(name.clone()).or_default() += number;
                }
                for (kind, &Struck { struck, acted }) in &other.kinds {
                    let sum = self.kinds.entry(kind.clone()).or_default();
                    (sum.struck, sum.acted) = (sum.struck + struck, sum.acted + acted);
                }
            }
        }
    };
}

coverage! {
    /// Operations that were answered.
    completed_ops = "completed-ops",
    /// Operations that were rejected every time they were tried, so that they certainly had no effect.
    failed_ops = "failed-ops",
    /// Operations whose fate stayed unknown.
    unknown_ops = "unknown-ops",
    /// Attempts beyond the first at some operation.
    retries = "retries",
    /// Times a client was sent to another node.
    redirects = "redirects",
    /// Operations answered that were asked for after the heal.
    ops_after_heal = "ops-after-heal",
    /// Times a node became leader.
    leader_changes = "leader-changes",
    /// Times a node became leader while another still took itself for one.
    rival_leaders = "rival-leaders",
    /// Times a node became a candidate.
    elections = "elections",
    /// The highest number of decided entries that any node knew.
    commits = "commits",
    /// The highest number of decided changes of the members that any node knew.
    reconfigurations = "reconfigurations",
    /// The highest epoch that any node reached.
    epochs = "epochs",
    /// Processes that crashed or stopped.
    crashes = "crashes",
    /// Processes that crashed between two effects of one handler.
    crashes_between_effects = "crashes-between-effects",
    /// Processes that started again.
    restarts = "restarts",
    /// Processes that started again and knew of fewer decided entries than before.
    commits_forgotten = "commits-forgotten",
    /// Unsynced records that crashes have lost.
    records_lost = "records-lost",
    /// Records that crashes have torn.
    records_torn = "records-torn",
    /// Durable records that have rotted.
    records_rotted = "records-rotted",
    /// Disks that came back empty.
    disks_wiped = "disks-wiped",
    /// Syncs that returned.
    syncs = "syncs",
    /// Syncs that failed.
    syncs_failed = "syncs-failed",
    /// Syncs that took longer because of a fault.
    syncs_slowed = "syncs-slowed",
    /// Writes that found the disk full.
    writes_refused = "writes-refused",
    /// Messages sent between nodes or between clients and nodes.
    sent = "messages-sent",
    /// Messages delivered.
    delivered = "messages-delivered",
    /// Messages lost by chance.
    lost = "messages-lost",
    /// Messages dropped because their link was cut when they were sent.
    cut_on_sending = "messages-cut-on-sending",
    /// Messages dropped because their link was cut when they arrived.
    cut_on_arrival = "messages-cut-on-arrival",
    /// Messages dropped because the node was down when they arrived.
    dropped_down = "messages-dropped-node-down",
    /// Messages that were delivered twice.
    duplicated = "messages-duplicated",
    /// Messages that were held up so that others could overtake them.
    reordered = "messages-reordered",
    /// Messages that were late because of a slow link.
    slowed = "messages-slowed",
    /// Messages that a hold has kept for a while.
    held = "messages-held",
    /// Events that waited because their node was paused.
    paused_events = "events-paused",
    /// Clocks that were moved.
    clock_jumps = "clock-jumps",
    /// Clocks whose rate was changed.
    clock_drifts = "clock-drifts",
    /// Commands that nodes were given.
    commands = "commands",
    /// Faults that struck.
    faults = "faults",
    /// Faults that struck and changed something: a message, a sync, a process, a record, a clock.
    faults_acted = "faults-acted",
    /// Timers that ran out.
    timers = "timers",
    /// Events in all.
    events = "events",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_exercised_adds_up() {
        let one = |kind, struck, acted| Coverage {
            syncs: 2,
            milestones: BTreeMap::from([(Cow::Borrowed("snapshots-taken"), 3)]),
            kinds: BTreeMap::from([(Cow::Borrowed(kind), Struck { struck, acted })]),
            ..Coverage::default()
        };
        let mut sum = one("crash", 5, 4);
        sum.add(&one("pause", 1, 0));
        sum.add(&one("crash", 2, 2));
        let kinds = [("crash", Struck { struck: 7, acted: 6 }), ("pause", Struck { struck: 1, acted: 0 })];
        assert_eq!((sum.syncs, sum.milestones["snapshots-taken"]), (6, 9));
        assert_eq!(sum.kinds, BTreeMap::from(kinds.map(|(kind, struck)| (Cow::Borrowed(kind), struck))));
    }

    #[test]
    fn coverage_is_read_back_as_it_was_written_and_nothing_may_be_missing_or_unknown() {
        let milestones = BTreeMap::from([(Cow::Borrowed("snapshots-taken"), 3)]);
        let kinds = BTreeMap::from([(Cow::Borrowed("crash"), Struck { struck: 5, acted: 4 })]);
        let coverage = Coverage { completed_ops: 7, events: u64::MAX, milestones, kinds, ..Coverage::default() };
        let written = serde_json::to_value(&coverage).unwrap();
        assert_eq!(written["faults-by-kind"]["crash"]["acted"], 4);
        assert_eq!((&written["completed-ops"], &written["milestones"]["snapshots-taken"]), (&7.into(), &3.into()));
        assert_eq!(serde_json::from_value::<Coverage>(written.clone()).unwrap(), coverage);
        let read = |text: &str| serde_json::from_str::<Coverage>(text);
        assert!(read(&written.to_string().replace("\"retries\":0,", "")).is_err(), "a missing number was read");
        assert!(read(&written.to_string().replace("retries", "retires")).is_err(), "an unknown number was read");
    }
}
