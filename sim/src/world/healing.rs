//! The end of the trouble, and the demand for progress.
//!
//! The heal undoes every fault that is in force, but for permanent ones; those stay, as long as a quorum can work without the
//! nodes that they strike: the core. Then, within a bound, every client must be served, and every member in the core must
//! catch up with what was decided before the heal. Faults that end by themselves, here and there, would hide a
//! cluster that has locked itself up.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::tarjan_scc;
use petgraph::graph::DiGraph;

use super::World;
use crate::check::invariant::{Invariants, Now};
use crate::faults::{Action, LinkRule};
use crate::id::{ClientId, Endpoint, NodeId};
use crate::node::{Cluster, Electorate, Node, Role};
use crate::run::Verdict;
use crate::time::{Instant, Span};

/// What a heal asks the cluster for.
#[derive(Clone)]
pub(super) struct Healed {
    pub(super) at: Instant,
    /// The nodes that no permanent fault strikes and whose disks can be trusted.
    core: BTreeSet<NodeId>,
    /// Those of them that were members then.
    members: BTreeSet<NodeId>,
    /// What they must catch up with.
    commit: u64,
}

/// What the nodes know of the members of their cluster: what each that has a say takes for its electorates.
///
/// Every node that knows all that is decided has a say, or was to be known when it went down: it may lead and go by what it knows, and if that
/// is not decided yet, nobody can tell whether it will be. So the cluster needs a quorum of each electorate that is named by anyone. Where
/// that asks too much, a permanent fault is undone that need not have been; where it asked too little, a cluster would
/// be blamed that cannot serve. For the same reason a node must catch up only if it is in all of them: a member, whatever comes of a change.
struct Words(Vec<Vec<Electorate>>);

impl Words {
    /// An electorate of which these nodes are no quorum, if there is one.
    fn without_quorum(&self, core: &BTreeSet<NodeId>) -> Option<&Electorate> {
        let lacks = |electorate: &&Electorate| electorate.members.intersection(core).count() < electorate.quorum;
        self.0.iter().flatten().find(lacks)
    }

    /// Whether this node is in every electorate.
    fn are_for(&self, node: NodeId) -> bool {
        self.0.iter().flatten().all(|electorate| electorate.members.contains(&node))
    }
}

impl<N: Node> World<'_, N> {
    pub(super) fn heal(&mut self) {
        self.mark(11, 0, 0);
        let passing = self.strikes.in_force().filter(|(_, fault, _)| !fault.permanent);
        let passing: Vec<usize> = passing.map(|(index, ..)| index).collect();
        passing.into_iter().for_each(|fault| self.heal_fault(fault));
        // A quorum must be able to work: permanent faults are undone, the latest first, until one is.
        let words = self.words();
        let core = loop {
            let core = self.core();
            let latest = self.strikes.in_force().map(|(index, ..)| index).max();
            match latest {
                Some(fault) if words.without_quorum(&core).is_some() => self.heal_fault(fault),
                _ => break core,
            }
        };
        self.record("heal", |line| line.debug("core", &core));
        for client in &mut self.clients {
            client.asked_since_heal = client.waits_for().is_some().then_some(self.now);
        }
        let commit = core.iter().map(|node| self.servers[node.index()].observation.commit).max();
        let members = core.iter().copied().filter(|&node| words.are_for(node)).collect();
        self.healed = Some(Healed { at: self.now, core, members, commit: commit.unwrap_or(0) });
    }

    fn heal_fault(&mut self, fault: usize) {
        if let Some(kind) = self.undo(fault) {
            self.note_effect(|| format!("end {kind}"));
        }
    }

    /// The nodes that no fault in force strikes and whose disks can be trusted.
    fn core(&self) -> BTreeSet<NodeId> {
        let struck: BTreeSet<NodeId> = self.strikes.in_force().flat_map(|(_, _, action)| struck(action)).collect();
        let trusted = |node: &NodeId| {
            let server = &self.servers[node.index()];
            !server.doubtful && server.observation.role != Role::Faulty
        };
        NodeId::all(self.plan.nodes).filter(|node| !struck.contains(node) && trusted(node)).collect()
    }

    /// What the nodes know of the members. If nobody has a say, all nodes may be members.
    fn words(&self) -> Words {
        let cluster =
            Cluster { nodes: self.plan.nodes, decided: self.coverage.commits, keys: self.plan.clients.keys() };
        let known = self.servers.iter().filter_map(|server| server.node.as_ref().or(server.former.as_ref()));
        let words = known.map(|node| node.electorates(cluster)).filter(|word| !word.is_empty());
        let words: Vec<Vec<Electorate>> = words.collect();
        let everyone = || vec![Electorate::majority(NodeId::all(cluster.nodes).collect())];
        Words(if words.is_empty() { vec![everyone()] } else { words })
    }

    /// The bound has passed: whoever still waits is named.
    pub(super) fn demand_progress(&mut self) {
        self.mark(12, 0, 0);
        let Some(healed) = self.healed.clone() else { return };
        // Not the electorates of the heal: those may have been left behind since, and others have come into force.
        let words = self.words();
        if let Some(electorate) = words.without_quorum(&healed.core) {
            return self.stop(Verdict::AssumptionExceeded(self.who_is_lost(&healed.core, electorate)));
        }
        // Half of the bound is what each may claim: who asked only just now has not waited long, nor has who gave up soon and asks for nothing more.
        let enough = Span::nanos(self.now.since(healed.at).as_nanos() / 2);
        let unserved: Vec<ClientId> = (0..self.clients.len())
            .filter(|&index| {
                let client = &self.clients[index];
                let tried_until = if client.waits_for().is_some() { self.now } else { client.gave_up };
                let tried = |asked: Instant| asked <= tried_until && tried_until.since(asked) >= enough;
                client.asked_since_heal.is_some_and(tried) && !client.served_since_heal
            })
            .map(ClientId::at)
            .collect();
        let behind = |node: &&NodeId| {
            let server = &self.servers[node.index()];
            server.node.is_none() || server.observation.applied < healed.commit
        };
        let members: BTreeSet<NodeId> = healed.members.iter().copied().filter(|&node| words.are_for(node)).collect();
        let behind: Vec<NodeId> = members.iter().filter(behind).copied().collect();
        if unserved.is_empty() && behind.is_empty() {
            return self.demand_rest(&healed.core);
        }
        let property = if unserved.is_empty() { "catch-up" } else { "service" };
        let mut story = vec![format!(
            "the trouble ended at {}; {} later the cluster has not recovered",
            healed.at,
            self.now.since(healed.at)
        )];
        story.extend(unserved.iter().take(3).map(|&client| self.who_waits(client)));
        story.extend(behind.iter().take(3).map(|&node| self.who_lags(node, healed.commit)));
        story.push(self.who_reaches_whom());
        self.fail("liveness", property.to_owned(), story);
    }

    /// The cluster works: the protocol's own demands on a healed one, whose nodes need not all be members.
    fn demand_rest(&mut self, core: &BTreeSet<NodeId>) {
        let nodes: Vec<Option<&N>> = self
            .servers
            .iter()
            .enumerate()
            .map(|(index, server)| server.node.as_ref().filter(|_| core.contains(&NodeId::at(index))))
            .collect();
        self.invariants.at(Now { at: self.now, event: self.coverage.events });
        if let Err(breach) = self.invariants.after_heal(&nodes, &self.history) {
            self.breached(None, *breach);
        }
    }

    /// Why nothing follows from what this electorate does, since only the core can be relied on.
    fn who_is_lost(&self, core: &BTreeSet<NodeId>, electorate: &Electorate) -> String {
        let names = |nodes: Vec<&NodeId>| nodes.into_iter().map(NodeId::to_string).collect::<Vec<_>>().join(", ");
        let members = &electorate.members;
        let gone = names(members.difference(core).collect());
        let left = members.intersection(core).count();
        format!(
            "{gone} cannot be relied on, because their disks were lost or damaged or they never came back, and the other {left} of {} \
             members ({}) are no quorum",
            members.len(),
            names(members.iter().collect())
        )
    }

    fn who_waits(&self, client: ClientId) -> String {
        let state = &self.clients[client.index()];
        match state.waits_for().map(|place| &self.history[place]) {
            Some(waiting) => format!(
                "{client} waits for `{}` since {}; it asked {} last",
                waiting.op,
                waiting.invoked.at,
                state.target()
            ),
            None => format!("{client} was not answered since the heal, and gave up"),
        }
    }

    fn who_lags(&self, node: NodeId, commit: u64) -> String {
        let server = &self.servers[node.index()];
        if server.node.is_none() {
            return format!("{node} is down");
        }
        let applied = server.observation.applied;
        match server.observation.leader {
            Some(leader) => {
                format!("{node} has applied {applied} of the {commit} entries decided before; it waits for {leader}")
            }
            None => format!("{node} has applied {applied} of the {commit} entries decided before; it knows no leader"),
        }
    }

    /// Which nodes that are up can talk to each other, both ways: `n1 n2 n3 | n4`.
    fn who_reaches_whom(&self) -> String {
        let up: Vec<NodeId> =
            NodeId::all(self.plan.nodes).filter(|node| self.servers[node.index()].node.is_some()).collect();
        let mut graph = DiGraph::<NodeId, ()>::new();
        let places: Vec<_> = up.iter().map(|&node| graph.add_node(node)).collect();
        for (from, &sender) in up.iter().enumerate() {
            for (to, &receiver) in up.iter().enumerate() {
                if from != to && self.network.is_open(sender, receiver) {
                    graph.add_edge(places[from], places[to], ());
                }
            }
        }
        let mut groups: Vec<Vec<NodeId>> = tarjan_scc(&graph)
            .into_iter()
            .map(|group| {
                let mut nodes: Vec<NodeId> = group.into_iter().map(|place| graph[place]).collect();
                nodes.sort_unstable();
                nodes
            })
            .collect();
        groups.sort_unstable();
        let show = |group: &Vec<NodeId>| group.iter().map(NodeId::to_string).collect::<Vec<_>>().join(" ");
        format!("who reaches whom, there and back: {}", groups.iter().map(show).collect::<Vec<_>>().join(" | "))
    }
}

/// The nodes that a fault keeps from working. Of a cut between nodes, so few that every link which it strikes ends at one of them;
/// of one between nodes and clients, the nodes.
fn struck(action: &Action) -> Vec<NodeId> {
    match action {
        // Messages that come twice or in another order keep nobody from working.
        Action::Links { rule: LinkRule::Duplicate(..) | LinkRule::Reorder(..), .. } => Vec::new(),
        Action::Links { links, .. } => cover(links),
        Action::Crash { nodes, .. }
        | Action::Pause { nodes }
        | Action::Disk { nodes, .. }
        | Action::Drift { nodes, .. } => nodes.clone(),
        Action::Rot { .. } | Action::Jump { .. } | Action::Command { .. } => Vec::new(),
    }
}

/// Nodes at which all of these links end: always the one at which most of those that are left do (the first of several).
fn cover(links: &[(Endpoint, Endpoint)]) -> Vec<NodeId> {
    let mut cover = BTreeSet::new();
    let mut between = Vec::new();
    for &link in links {
        match link {
            (Endpoint::Node(from), Endpoint::Node(to)) => between.push((from, to)),
            (Endpoint::Node(node), Endpoint::Client(_)) | (Endpoint::Client(_), Endpoint::Node(node)) => {
                cover.insert(node);
            }
            (Endpoint::Client(_), Endpoint::Client(_)) => {}
        }
    }
    loop {
        between.retain(|(from, to)| !cover.contains(from) && !cover.contains(to));
        let mut degrees = BTreeMap::<NodeId, usize>::new();
        for node in between.iter().flat_map(|&(from, to)| [from, to]) {
            *degrees.entry(node).or_default() += 1;
        }
        match degrees.iter().max_by_key(|&(node, degree)| (degree, std::cmp::Reverse(node))) {
            Some((&node, _)) => cover.insert(node),
            None => return cover.into_iter().collect(),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(number: usize) -> Endpoint {
        Endpoint::Node(NodeId::at(number - 1))
    }

    fn covered(links: &[(Endpoint, Endpoint)]) -> Vec<String> {
        cover(links).iter().map(NodeId::to_string).collect()
    }

    #[test]
    fn a_cut_strikes_as_few_nodes_as_explain_it() {
        let both = |one, other| [(node(one), node(other)), (node(other), node(one))];
        let isolated: Vec<_> = [1, 2, 4, 5].into_iter().flat_map(|other| both(3, other)).collect();
        assert_eq!(covered(&isolated), ["n3"]);
        let deaf: Vec<_> = [1, 2, 4, 5].map(|other| (node(other), node(3))).to_vec();
        assert_eq!(covered(&deaf), ["n3"]);
        let partition: Vec<_> =
            [1, 2].into_iter().flat_map(|one| [3, 4, 5].into_iter().flat_map(move |other| both(one, other))).collect();
        assert_eq!(covered(&partition), ["n1", "n2"]);
        assert_eq!(covered(&[(node(2), Endpoint::Client(ClientId::at(0)))]), ["n2"]);
        assert_eq!(covered(&[]), [] as [&str; 0]);
    }
}
