//! Whom a fault strikes: nodes and clients by name, by role, or by chance.

use std::fmt;
use std::str::FromStr;

use super::trigger::Subject;
use crate::id::{ClientId, Endpoint, NodeId};
use crate::node::{Observation, Role};
use crate::rng::Stream;

/// Nodes or clients, as a scenario file names them. Which ones it means is settled when the fault strikes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// This node: `n1`.
    Node(NodeId),
    /// This client: `c1`.
    Client(ClientId),
    /// The node that leads, of the highest epoch if several think so. None if nobody does.
    Leader,
    /// Any one node that is up and does not lead.
    Follower,
    /// Any one node that is up.
    Random,
    /// So many random nodes that the rest is still a majority: at least one, at most half.
    Minority,
    /// Random nodes that are a majority.
    Majority,
    /// Any number of random nodes, at least one.
    Some,
    /// All nodes.
    All,
    /// All clients.
    Clients,
    /// All nodes but these.
    Not(Box<Target>),
    /// All of these together.
    Each(Vec<Target>),
    /// The node that the fault's trigger is about.
    It,
    /// The sender of the message that set the fault off.
    Sender,
}

/// The words that can be written for a target, and what each means. `n1` and `c1` stand for any node and client.
pub const WORDS: &[(&str, &str)] = &[
    ("n1", "the node of that number"),
    ("c1", "the client of that number"),
    ("leader", "the node that leads, of the highest epoch if several think so"),
    ("follower", "any one node that is up and does not lead"),
    ("random", "any one node that is up"),
    ("minority", "random nodes: at least one, fewer than half"),
    ("majority", "random nodes: more than half"),
    ("some", "random nodes: any number, at least one"),
    ("all", "all nodes"),
    ("clients", "all clients"),
    (
        "it",
        "the node that set the fault off: that has come into its state or reached its milestone; of a message, the receiver",
    ),
    ("sender", "the sender of the message that set the fault off"),
    ("not(…)", "all nodes but those"),
];

/// What a fault's planner may look at.
#[derive(Clone, Debug)]
pub struct View<'a> {
    /// Every node, in order.
    pub nodes: &'a [NodeView],
    /// How many clients there are.
    pub clients: usize,
    /// Whom the fault's trigger was about.
    pub subject: Subject,
}

/// A node, as a fault's planner sees it.
#[derive(Clone, Copy, Debug)]
pub struct NodeView {
    /// Whether its process runs. Paused counts as running.
    pub up: bool,
    /// Whether it is paused.
    pub paused: bool,
    /// Whether its disk was wiped or damaged, so that it may have forgotten what others rely on.
    pub doubtful: bool,
    /// What it was when it last acted.
    pub observation: Observation,
}

impl View<'_> {
    /// The node that leads, of the highest epoch if several think so.
    pub fn leader(&self) -> Option<NodeId> {
        let leads = |node: &NodeId| {
            let view = &self.nodes[node.index()];
            view.up && view.observation.role == Role::Leader
        };
        NodeId::all(self.nodes.len()).filter(leads).max_by_key(|node| self.nodes[node.index()].observation.epoch)
    }

    /// How many nodes are down, paused, or not to be trusted.
    pub fn troubled(&self) -> impl Iterator<Item = NodeId> {
        let troubled = |view: &NodeView| !view.up || view.paused || view.doubtful;
        NodeId::all(self.nodes.len()).filter(move |node| troubled(&self.nodes[node.index()]))
    }

    fn up(&self) -> Vec<NodeId> {
        NodeId::all(self.nodes.len()).filter(|node| self.nodes[node.index()].up).collect()
    }
}

impl Target {
    /// How many nodes it may mean at most; none if that depends on the cluster.
    pub(crate) fn most(&self) -> Option<usize> {
        match self {
            Target::Client(_) | Target::Clients => Some(0),
            Target::Node(_) | Target::Leader | Target::Follower | Target::Random | Target::It | Target::Sender => {
                Some(1)
            }
            Target::Minority | Target::Majority | Target::Some | Target::All | Target::Not(_) => None,
            Target::Each(targets) => targets.iter().map(Target::most).sum(),
        }
    }

    /// Settles whom this means now. Empty if nobody fits. Each endpoint occurs once, nodes first, in order.
    pub fn resolve(&self, view: &View<'_>, rng: &mut Stream) -> Vec<Endpoint> {
        let count = view.nodes.len();
        let mut chosen: Vec<Endpoint> = match self {
            Target::Node(node) => vec![Endpoint::Node(*node)],
            Target::Client(client) => vec![Endpoint::Client(*client)],
            Target::Leader => view.leader().map(Endpoint::Node).into_iter().collect(),
            Target::Follower => {
                let leader = view.leader();
                let followers: Vec<NodeId> = view.up().into_iter().filter(|&node| Some(node) != leader).collect();
                rng.pick(&followers).copied().map(Endpoint::Node).into_iter().collect()
            }
            Target::Random => rng.pick(&view.up()).copied().map(Endpoint::Node).into_iter().collect(),
            Target::Minority => some_nodes(count, 1, (count.max(2) - 1) / 2, rng),
            Target::Majority => some_nodes(count, count / 2 + 1, count.max(2) - 1, rng),
            Target::Some => some_nodes(count, 1, count, rng),
            Target::All => NodeId::all(count).map(Endpoint::Node).collect(),
            Target::Clients => (0..view.clients).map(|index| Endpoint::Client(ClientId::at(index))).collect(),
            Target::It => view.subject.it.into_iter().collect(),
            Target::Sender => view.subject.sender.into_iter().collect(),
            Target::Not(inner) => {
                let without = inner.resolve(view, rng);
                if without.is_empty() {
                    return Vec::new(); // Not the leader, when there is none: nobody, rather than everybody.
                }
                NodeId::all(count).map(Endpoint::Node).filter(|node| !without.contains(node)).collect()
            }
            Target::Each(targets) => targets.iter().flat_map(|target| target.resolve(view, rng)).collect(),
        };
        chosen.sort_unstable();
        chosen.dedup();
        chosen
    }

    /// As [`resolve`](Target::resolve), nodes only.
    pub fn resolve_nodes(&self, view: &View<'_>, rng: &mut Stream) -> Vec<NodeId> {
        let node = |endpoint| match endpoint {
            Endpoint::Node(node) => Some(node),
            Endpoint::Client(_) => None,
        };
        self.resolve(view, rng).into_iter().filter_map(node).collect()
    }

    /// Whether it means this endpoint, as far as that can be said without chance: of random nodes, any.
    pub fn includes(&self, end: Endpoint, view: &View<'_>) -> bool {
        let Endpoint::Node(node) = end else {
            return match self {
                Target::Client(client) => end == Endpoint::Client(*client),
                Target::Clients => true,
                Target::Each(targets) => targets.iter().any(|target| target.includes(end, view)),
                _ => false,
            };
        };
        match self {
            Target::Node(named) => *named == node,
            Target::Client(_) | Target::Clients => false,
            Target::Leader => view.leader() == Some(node),
            Target::Follower => view.leader() != Some(node),
            Target::Random | Target::Minority | Target::Majority | Target::Some | Target::All => true,
            Target::Not(inner) => !inner.includes(end, view),
            Target::Each(targets) => targets.iter().any(|target| target.includes(end, view)),
            Target::It => view.subject.it == Some(end),
            Target::Sender => view.subject.sender == Some(end),
        }
    }

    /// Exactly these endpoints, by name.
    pub fn exactly(endpoints: &[Endpoint]) -> Target {
        let one = |endpoint: &Endpoint| match *endpoint {
            Endpoint::Node(node) => Target::Node(node),
            Endpoint::Client(client) => Target::Client(client),
        };
        match endpoints {
            [endpoint] => one(endpoint),
            many => Target::Each(many.iter().map(one).collect()),
        }
    }

    /// The endpoints that this names, if it names them all without looking at a running cluster.
    pub fn named(&self) -> Option<Vec<Endpoint>> {
        match self {
            Target::Node(node) => Some(vec![Endpoint::Node(*node)]),
            Target::Client(client) => Some(vec![Endpoint::Client(*client)]),
            Target::Each(targets) => {
                Some(targets.iter().map(Target::named).collect::<Option<Vec<_>>>()?.into_iter().flatten().collect())
            }
            _ => None,
        }
    }

    /// Whether it speaks of clients, wherever that stands.
    pub fn speaks_of_clients(&self) -> bool {
        match self {
            Target::Client(_) | Target::Clients => true,
            Target::Not(inner) => inner.speaks_of_clients(),
            Target::Each(targets) => targets.iter().any(Target::speaks_of_clients),
            _ => false,
        }
    }

    /// Whether it speaks of what sets a fault off, wherever that stands.
    pub fn speaks_of_trigger(&self) -> bool {
        match self {
            Target::It | Target::Sender => true,
            Target::Not(inner) => inner.speaks_of_trigger(),
            Target::Each(targets) => targets.iter().any(Target::speaks_of_trigger),
            _ => false,
        }
    }

    /// Every endpoint that is mentioned by name, wherever it stands.
    pub fn mentions(&self) -> Vec<Endpoint> {
        match self {
            Target::Not(inner) => inner.mentions(),
            Target::Each(targets) => targets.iter().flat_map(Target::mentions).collect(),
            other => other.named().unwrap_or_default(),
        }
    }
}

fn some_nodes(count: usize, least: usize, most: usize, rng: &mut Stream) -> Vec<Endpoint> {
    let mut nodes: Vec<Endpoint> = NodeId::all(count).map(Endpoint::Node).collect();
    rng.shuffle(&mut nodes);
    nodes.truncate(rng.between(least as u64, most.max(least) as u64) as usize);
    nodes
}

/// A word that names no target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownTarget(
    /// The word.
    pub String,
);

impl FromStr for Target {
    type Err = UnknownTarget;

    /// Reads one of the [`WORDS`]; `not(…)` may hold a list separated by commas, but no other `not(…)`.
    ///
    /// # Errors
    /// If it is none of them.
    fn from_str(text: &str) -> Result<Target, UnknownTarget> {
        let Some(inner) = text.trim().strip_prefix("not(").and_then(|rest| rest.strip_suffix(')')) else {
            return one_word(text);
        };
        let targets = inner.split(',').map(one_word).collect::<Result<Vec<Target>, _>>()?;
        Ok(Target::Not(Box::new(match <[Target; 1]>::try_from(targets) {
            Ok([one]) => one,
            Err(many) => Target::Each(many),
        })))
    }
}

fn one_word(text: &str) -> Result<Target, UnknownTarget> {
    let text = text.trim();
    Ok(match text {
        "leader" => Target::Leader,
        "follower" => Target::Follower,
        "random" => Target::Random,
        "minority" => Target::Minority,
        "majority" => Target::Majority,
        "some" => Target::Some,
        "all" => Target::All,
        "clients" => Target::Clients,
        "it" => Target::It,
        "sender" => Target::Sender,
        _ => match (text.parse(), text.parse()) {
            (Ok(node), _) => Target::Node(node),
            (_, Ok(client)) => Target::Client(client),
            _ => return Err(UnknownTarget(text.to_owned())),
        },
    })
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Node(node) => node.fmt(f),
            Target::Client(client) => client.fmt(f),
            Target::Leader => f.write_str("leader"),
            Target::Follower => f.write_str("follower"),
            Target::Random => f.write_str("random"),
            Target::Minority => f.write_str("minority"),
            Target::Majority => f.write_str("majority"),
            Target::Some => f.write_str("some"),
            Target::All => f.write_str("all"),
            Target::Clients => f.write_str("clients"),
            Target::It => f.write_str("it"),
            Target::Sender => f.write_str("sender"),
            Target::Not(inner) => write!(f, "not({inner})"),
            Target::Each(targets) => {
                for (place, target) in targets.iter().enumerate() {
                    write!(f, "{}{target}", if place == 0 { "" } else { "," })?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_written_as_they_are_read() {
        for text in ["n1", "c12", "leader", "minority", "some", "clients", "it", "sender", "not(leader)", "not(n1,n2)"]
        {
            assert_eq!(text.parse::<Target>().expect("a target").to_string(), text);
        }
        assert_eq!(" not( n2 , leader ) ".parse::<Target>().expect("a target").to_string(), "not(n2,leader)");
    }

    #[test]
    fn what_is_no_target_is_named() {
        for text in ["", "n0", "n+1", "n", "n65535", "boss", "n1,n2", "not()", "not(not(n1))", "not(n1"] {
            assert!(text.parse::<Target>().is_err(), "{text} was read as a target");
        }
        assert_eq!("not(n1, boss)".parse::<Target>(), Err(UnknownTarget("boss".to_owned())));
    }

    #[test]
    fn a_double_negation_of_any_depth_is_refused_without_recursion() {
        let deep = format!("{}n1{}", "not(".repeat(100_000), ")".repeat(100_000));
        assert!(deep.parse::<Target>().is_err());
    }
}
