//! Invariants: what must hold in every state that the nodes of a protocol reach.

use serde::Serialize;

use crate::history::History;
use crate::id::{NodeId, OpId};
use crate::node::Node;
use crate::time::Instant;

/// One property that a protocol promises, under its paper's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Property {
    /// Its name in scenario files and verdicts: `election-safety`.
    pub name: &'static str,
    /// What it says, and where its paper says so.
    pub doc: &'static str,
}

/// That a node was looked at when it had acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Sight {
    /// Which node.
    pub node: NodeId,
    /// When, by true time.
    pub at: Instant,
    /// The number of the event that it had handled, as in traces.
    pub event: u64,
}

impl Sight {
    /// This node, looked at now.
    pub fn of(node: NodeId, now: Now) -> Sight {
        Sight { node, at: now.at, event: now.event }
    }
}

/// When a look is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// By true time.
    pub at: Instant,
    /// The number of the present event, as in traces.
    pub event: u64,
}

/// What was seen of a node before, and does not go together with what is seen now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Earlier {
    /// Of whom, and when.
    #[serde(flatten)]
    pub sight: Sight,
    /// What it did, as a verb and what belongs to it: `was elected`.
    pub what: &'static str,
}

/// A property that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// The name of the [`Property`].
    pub property: &'static str,
    /// What was seen, in a sentence that names the nodes.
    pub story: String,
    /// The operations of clients that it is about, if it is about some: an acknowledged write that is gone. What befell the cluster since they were asked for
    /// is told with the violation.
    pub about: Vec<OpId>,
    /// When it came to it, by true time, if that was before it was seen and is known: when the last copy was lost.
    pub came: Option<Instant>,
    /// What was seen before and does not go together with what is seen now: the other election in the term, the promise that is forgotten.
    pub against: Vec<Earlier>,
}

impl Breach {
    /// A breach of `property`, told by `story`.
    pub fn new(property: &'static str, story: impl Into<String>) -> Box<Breach> {
        Box::new(Breach { property, story: story.into(), about: Vec::new(), came: None, against: Vec::new() })
    }

    /// The same breach, about this operation.
    #[must_use]
    pub fn about(mut self: Box<Breach>, op: OpId) -> Box<Breach> {
        if !self.about.contains(&op) {
            self.about.push(op);
        }
        self
    }

    /// The same breach, which does not go together with this: what a node did, as a verb and what belongs to it (`was elected`).
    #[must_use]
    pub fn against(mut self: Box<Breach>, sight: Sight, what: &'static str) -> Box<Breach> {
        self.against.push(Earlier { sight, what });
        self
    }

    /// The same breach, to which it came at this time.
    #[must_use]
    pub fn came(mut self: Box<Breach>, at: Instant) -> Box<Breach> {
        self.came = Some(at);
        self
    }
}

/// The properties of a protocol, checked as the run goes: after each event, on the node that has just acted.
///
/// An implementation keeps what it has seen and looks at what is new; it must cost little when nothing is.
pub trait Invariants<N: Node>: Clone {
    /// What is checked.
    const PROPERTIES: &'static [Property];

    /// For a cluster of so many nodes, none of which has booted.
    fn new(nodes: usize) -> Self;

    /// When it is: told before every look, for those who tell when something came about. Small worlds that are explored have no time.
    fn at(&mut self, now: Now) {
        let _ = now;
    }

    /// Looks at a node that has just booted or handled an event.
    ///
    /// # Errors
    /// The property that does not hold. If several do not, the one that explains most.
    fn after_event(&mut self, id: NodeId, node: &N) -> Result<(), Box<Breach>>;

    /// The bound after the heal has passed, and the cluster serves: what must hold when all is quiet again, such as that replicas agree.
    /// `nodes` has none for those that are down, that a permanent fault strikes, or whose disks cannot be trusted; those that are no members are there. `history` is what clients have seen so far.
    ///
    /// # Errors
    /// The property that does not hold.
    fn after_heal(&mut self, nodes: &[Option<&N>], history: &History<N::Service>) -> Result<(), Box<Breach>> {
        let _ = (nodes, history);
        Ok(())
    }

    /// A node has crashed: what it had not synced is gone.
    fn after_crash(&mut self, id: NodeId) {
        let _ = id;
    }
}

/// Nothing is promised but what clients see.
#[derive(Clone, Debug)]
pub struct NoInvariants;

impl<N: Node> Invariants<N> for NoInvariants {
    const PROPERTIES: &'static [Property] = &[];

    fn new(_: usize) -> Self {
        NoInvariants
    }

    fn after_event(&mut self, _: NodeId, _: &N) -> Result<(), Box<Breach>> {
        Ok(())
    }
}
