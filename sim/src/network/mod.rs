//! The network: a directed matrix of links, each with its own chance and its own rules.
//!
//! A message is judged twice. When it is sent: it may be lost, doubled, and gets its delay. When it arrives: a link that was
//! cut meanwhile drops it, a link that is held keeps it. Every fault that is in force on a link is one rule in its list, and
//! is taken back by itself, so that faults may overlap in any way.

mod flow;
mod rule;

use crate::faults::{About, LinkRule};
use crate::id::{ClientId, Endpoint, NodeId};
use crate::plan::NetworkPlan;
use crate::rng::Seed;
use crate::run::{Coverage, Sent as Messages};
use crate::time::{Instant, Span};

use flow::Flow;
pub(crate) use flow::Name;
use rule::{Rule, Sent, judge};

/// How many more delays a message is held up by, at most, when it is reordered.
const REORDER_DELAYS: u64 = 10;

#[derive(Clone)]
struct Link<M> {
    /// What was sent on it, kind by kind.
    flows: Vec<Flow>,
    /// The arrival of the latest message, for links that keep their order.
    latest: Instant,
    /// What is in force.
    rules: Vec<Rule>,
    /// What waits for a hold to end, in order of arrival.
    held: Vec<M>,
}

/// The network, which carries messages `M`.
#[derive(Clone)]
pub(crate) struct Network<M> {
    plan: NetworkPlan,
    seed: Seed,
    nodes: usize,
    clients: usize,
    links: Vec<Link<M>>,
    /// How many rules are in force on any link. None, most of the time: then no link's list needs to be looked at.
    rules: usize,
}

/// A link, from one endpoint to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Route {
    pub(crate) from: Endpoint,
    pub(crate) to: Endpoint,
}

impl Route {
    #[inline]
    pub(crate) fn nodes(from: NodeId, to: NodeId) -> Route {
        Route { from: Endpoint::Node(from), to: Endpoint::Node(to) }
    }

    #[inline]
    pub(crate) fn request(client: ClientId, to: NodeId) -> Route {
        Route { from: Endpoint::Client(client), to: Endpoint::Node(to) }
    }

    #[inline]
    pub(crate) fn answer(from: NodeId, client: ClientId) -> Route {
        Route { from: Endpoint::Node(from), to: Endpoint::Client(client) }
    }
}

/// When the copies of a message arrive: none, one or two of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Arrivals {
    pub(crate) first: Option<Instant>,
    pub(crate) second: Option<Instant>,
}

/// What becomes of a message that arrives.
pub(crate) enum Arrival {
    Deliver,
    /// Its link was cut while it was on its way.
    Dropped,
    /// Its link is held: the caller gives it to [`Network::hold`].
    Held,
}

impl<M> Network<M> {
    pub(crate) fn new(plan: NetworkPlan, seed: Seed, nodes: usize, clients: usize) -> Network<M> {
        let link = || Link { flows: Vec::new(), latest: Instant::ZERO, rules: Vec::new(), held: Vec::new() };
        let links = (0..nodes * nodes + 2 * clients * nodes).map(|_| link()).collect();
        Network { plan, seed, nodes, clients, links, rules: 0 }
    }

    /// From here on, chance is drawn from another seed.
    pub(crate) fn reseed(&mut self, seed: Seed) {
        self.seed = seed;
        for link in &mut self.links {
            let of_rules = link.rules.iter_mut().flat_map(|rule| &mut rule.flows);
            link.flows.iter_mut().chain(of_rules).for_each(|flow| flow.chance.reseed(seed));
        }
    }

    /// Judges a message that is sent. Marks in `acted` the faults that had a hand in it.
    #[inline]
    pub(crate) fn send(
        &mut self,
        route: Route,
        name: Name,
        now: Instant,
        coverage: &mut Coverage,
        acted: impl FnMut(usize),
    ) -> Arrivals {
        let index = self.index(route);
        let (plan, seed) = (self.plan, self.seed);
        let link = &mut self.links[index];
        coverage.sent += 1;
        let Route { from, to } = route;
        let counted = Flow::count(&mut link.flows, name, |Name { kind, epoch }, late| match late {
            None => seed.stream(format_args!("link {from}→{to} {kind} {epoch}")),
            Some(nth) => seed.stream(format_args!("link {from}→{to} {kind} {epoch} late {nth}")),
        });
        let (sent, rng) = (Sent { name, nth: counted.nth, nth_in_epoch: counted.nth_in_epoch }, counted.chance);
        let delay = match (route.from, route.to) {
            (Endpoint::Node(_), Endpoint::Node(_)) => plan.delay,
            _ => plan.client_delay,
        };
        let lost = rng.chance(plan.loss);
        coverage.lost += u64::from(lost); // And yet everything is drawn, so that a loss shifts nothing that comes after it.
        let mut late = Span::ZERO;
        if rng.chance(plan.reorder) {
            coverage.reordered += u64::from(!lost);
            late = (0..rng.between(1, REORDER_DELAYS)).fold(Span::ZERO, |sum, _| sum + delay.sample(rng));
        }
        let mut copy = rng.chance(plan.duplicate).then(|| delay.sample(rng));
        let takes = delay.sample(rng); // Drawn before the rules are asked, so that they shift no draw of the link.
        let mut dropped = lost;
        if !link.rules.is_empty() {
            let stream = |draws: &str,
                          (since, twins): (Instant, usize),
                          Name { kind, epoch }: Name,
                          late: Option<u64>| {
                let (since, late) = (since.as_nanos(), late.unwrap_or(0));
                seed.stream(format_args!("{draws} of {since} ({twins}) on link {from}→{to} {kind} {epoch} late {late}"))
            };
            let judged = judge(&mut link.rules, sent, lost, delay, coverage, stream, acted);
            dropped = judged.dropped;
            late = late + judged.late;
            copy = copy.or(judged.copy);
        }
        if dropped {
            return Arrivals::default();
        }
        let first = now + takes + late;
        let second = copy.map(|copy| now + copy + late);
        coverage.duplicated += u64::from(copy.is_some());
        if !plan.fifo {
            return Arrivals { first: Some(first), second };
        }
        let first = first.max(link.latest);
        let second = second.map(|second| second.max(first));
        link.latest = second.unwrap_or(first);
        Arrivals { first: Some(first), second }
    }

    /// Judges a message that arrives.
    #[inline]
    pub(crate) fn arrive(
        &mut self,
        route: Route,
        name: Name,
        coverage: &mut Coverage,
        acted: impl FnMut(usize),
    ) -> Arrival {
        if self.rules == 0 {
            return Arrival::Deliver;
        }
        self.ask_rules(route, name, coverage, acted)
    }

    fn ask_rules(
        &mut self,
        route: Route,
        name: Name,
        coverage: &mut Coverage,
        mut acted: impl FnMut(usize),
    ) -> Arrival {
        let link = &self.links[self.index(route)];
        let about = || link.rules.iter().filter(|rule| rule.is_about(name));
        let find = |wanted| about().find(|rule| rule.what == wanted).map(|rule| rule.fault);
        if let Some(fault) = find(LinkRule::Cut) {
            coverage.cut_on_arrival += 1;
            acted(fault);
            Arrival::Dropped
        } else if let Some(fault) = find(LinkRule::Hold) {
            coverage.held += 1;
            acted(fault);
            Arrival::Held
        } else {
            Arrival::Deliver
        }
    }

    /// Keeps a message until no rule holds its link any more.
    pub(crate) fn hold(&mut self, route: Route, message: M) {
        let index = self.index(route);
        self.links[index].held.push(message);
    }

    /// Puts a rule on a link. `since` is when its fault struck: it names the rule's streams of chance.
    pub(crate) fn add_rule(&mut self, route: Route, fault: usize, what: LinkRule, about: &About, since: Instant) {
        let index = self.index(route);
        let rules = &mut self.links[index].rules;
        let mut rule = Rule { fault, what, about: about.clone(), since, twins: 0, flows: Vec::new() };
        rule.twins = rules.iter().filter(|other| other.since == since && other.draws() == rule.draws()).count();
        rules.push(rule);
        self.rules += 1;
    }

    /// Takes a fault's rules off a link. Messages whose last hold this ends move to `released`, in order.
    pub(crate) fn remove_rules(&mut self, route: Route, fault: usize, released: &mut Vec<M>) {
        let index = self.index(route);
        let link = &mut self.links[index];
        let before = link.rules.len();
        link.rules.retain(|rule| rule.fault != fault);
        self.rules -= before - link.rules.len();
        if !link.rules.iter().any(|rule| rule.what == LinkRule::Hold) {
            released.append(&mut link.held);
        }
    }

    /// Whether messages can get from one node to another: no rule keeps all of them.
    pub(crate) fn is_open(&self, from: NodeId, to: NodeId) -> bool {
        !self.links[self.index(Route::nodes(from, to))].rules.iter().any(Rule::keeps_all)
    }

    /// What was sent on every link: by sender, receiver, kind and epoch.
    pub(crate) fn sent(&self) -> Vec<Messages> {
        let mut sent = Vec::new();
        for route in self.routes() {
            for flow in &self.links[self.index(route)].flows {
                let Route { from, to } = route;
                let messages = |(Name { kind, epoch }, count)| Messages { from, to, kind, epoch, count };
                sent.extend(flow.counts().filter(|&(_, count)| count > 0).map(messages));
            }
        }
        sent.sort_unstable();
        sent
    }

    fn routes(&self) -> impl Iterator<Item = Route> + use<M> {
        let (nodes, clients) = (self.nodes, self.clients);
        let between = NodeId::all(nodes).flat_map(move |from| NodeId::all(nodes).map(move |to| Route::nodes(from, to)));
        let talk = move |client| {
            NodeId::all(nodes).flat_map(move |node| [Route::request(client, node), Route::answer(node, client)])
        };
        let outside = (0..clients).map(ClientId::at).flat_map(talk);
        between.chain(outside)
    }

    #[inline]
    fn index(&self, route: Route) -> usize {
        let (nodes, matrix) = (self.nodes, self.nodes * self.nodes);
        match (route.from, route.to) {
            (Endpoint::Node(from), Endpoint::Node(to)) => from.index() * nodes + to.index(),
            (Endpoint::Client(client), Endpoint::Node(node)) => matrix + client.index() * nodes + node.index(),
            (Endpoint::Node(node), Endpoint::Client(client)) => {
                matrix + (self.clients + client.index()) * nodes + node.index()
            }
            (Endpoint::Client(_), Endpoint::Client(_)) => panic!("clients do not talk to each other"),
        }
    }
}
