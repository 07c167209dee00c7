//! The network: a directed matrix of links, each with its own chance and its own rules.
//!
//! A message is judged twice. When it is sent: it may be lost, doubled, and gets its delay. When it arrives: a link that was
//! cut meanwhile drops it, a link that is held keeps it. Every fault that is in force on a link is one rule in its list, and
//! is taken back by itself, so that faults may overlap in any way.

use crate::faults::LinkRule;
use crate::id::{ClientId, Endpoint, NodeId};
use crate::plan::NetworkPlan;
use crate::rng::{Delay, Seed, Stream};
use crate::run::Coverage;
use crate::time::{Instant, Ppm, Span};

/// How many more delays a message is held up by, at most, when it is reordered.
const REORDER_DELAYS: u64 = 10;

#[derive(Clone)]
struct Link<M> {
    /// Made when the first message is sent, as most links of a large cluster never carry one.
    rng: Option<Box<Stream>>,
    /// The arrival of the latest message, for links that keep their order.
    latest: Instant,
    /// What is in force.
    rules: Vec<Rule>,
    /// What waits for a hold to end, in order of arrival.
    held: Vec<M>,
}

#[derive(Clone)]
struct Rule {
    /// The index of the applied fault that put it there.
    fault: usize,
    what: LinkRule,
    /// The kind of message that it is about; all if none.
    only: Option<Box<str>>,
    /// The rule's own chance, so that taking it away shifts no draw of the link.
    rng: Option<Stream>,
}

impl Rule {
    fn is_about(&self, kind: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == kind)
    }
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
        let link = || Link { rng: None, latest: Instant::ZERO, rules: Vec::new(), held: Vec::new() };
        let links = (0..nodes * nodes + 2 * clients * nodes).map(|_| link()).collect();
        Network { plan, seed, nodes, clients, links, rules: 0 }
    }

    /// Judges a message that is sent. Marks in `acted` the faults that had a hand in it.
    #[inline]
    pub(crate) fn send(
        &mut self,
        route: Route,
        kind: &str,
        now: Instant,
        coverage: &mut Coverage,
        acted: impl FnMut(usize),
    ) -> Arrivals {
        let index = self.index(route);
        let (plan, seed) = (self.plan, self.seed);
        let link = &mut self.links[index];
        coverage.sent += 1;
        let rng =
            link.rng.get_or_insert_with(|| Box::new(seed.stream(format_args!("link {}→{}", route.from, route.to))));
        let delay = match (route.from, route.to) {
            (Endpoint::Node(_), Endpoint::Node(_)) => plan.delay,
            _ => plan.client_delay,
        };
        if rng.chance(plan.loss) {
            coverage.lost += 1;
            return Arrivals::default();
        }
        let mut late = Span::ZERO;
        if rng.chance(plan.reorder) {
            coverage.reordered += 1;
            late = (0..rng.between(1, REORDER_DELAYS)).fold(Span::ZERO, |sum, _| sum + delay.sample(rng));
        }
        let mut copy = rng.chance(plan.duplicate).then(|| delay.sample(rng));
        let takes = delay.sample(rng); // Drawn before the rules are asked, so that they shift no draw of the link.
        if !link.rules.is_empty() {
            match judge(&mut link.rules, kind, delay, coverage, acted) {
                None => return Arrivals::default(),
                Some(judged) => {
                    late = late + judged.late;
                    copy = copy.or(judged.copy);
                }
            }
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
        kind: &str,
        coverage: &mut Coverage,
        acted: impl FnMut(usize),
    ) -> Arrival {
        if self.rules == 0 {
            return Arrival::Deliver;
        }
        self.ask_rules(route, kind, coverage, acted)
    }

    fn ask_rules(
        &mut self,
        route: Route,
        kind: &str,
        coverage: &mut Coverage,
        mut acted: impl FnMut(usize),
    ) -> Arrival {
        let link = &self.links[self.index(route)];
        let about = || link.rules.iter().filter(|rule| rule.is_about(kind));
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

    /// Puts a rule on a link. `at` is when its fault struck: it names the rule's stream of chance.
    pub(crate) fn add_rule(&mut self, route: Route, fault: usize, what: LinkRule, only: Option<&str>, at: Instant) {
        let (name, draws) = match what {
            LinkRule::Cut | LinkRule::Hold => ("", false),
            LinkRule::Loss(_) => ("loss", true),
            LinkRule::Duplicate(_) => ("duplicate", true),
            LinkRule::Reorder(..) => ("reorder", true),
            LinkRule::Slow(_) => ("slow", true),
        };
        let Route { from, to } = route;
        let stream = || self.seed.stream(format_args!("{name} of {} on link {from}→{to}", at.as_nanos()));
        let rng = draws.then(stream);
        let index = self.index(route);
        self.links[index].rules.push(Rule { fault, what, only: only.map(Box::from), rng });
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
        let keeps_all = |rule: &Rule| {
            rule.only.is_none() && matches!(rule.what, LinkRule::Cut | LinkRule::Hold | LinkRule::Loss(Ppm::ONE))
        };
        !self.links[self.index(Route::nodes(from, to))].rules.iter().any(keeps_all)
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

struct Judged {
    late: Span,
    /// The delay of a second copy.
    copy: Option<Span>,
}

/// What the rules of a link make of a message that is sent on it; none if it is dropped. A hold takes effect on arrival.
fn judge(
    rules: &mut [Rule],
    kind: &str,
    delay: Delay,
    coverage: &mut Coverage,
    mut acted: impl FnMut(usize),
) -> Option<Judged> {
    let mut judged = Judged { late: Span::ZERO, copy: None };
    for Rule { fault, what, rng, .. } in rules.iter_mut().filter(|rule| rule.is_about(kind)) {
        let mut happens = |odds| rng.as_mut().is_some_and(|rng| rng.chance(odds));
        match *what {
            LinkRule::Cut => {
                coverage.cut_on_sending += 1;
                acted(*fault);
                return None;
            }
            LinkRule::Loss(odds) if happens(odds) => {
                coverage.lost += 1;
                acted(*fault);
                return None;
            }
            LinkRule::Duplicate(odds) if happens(odds) => {
                judged.copy = rng.as_mut().map(|rng| delay.sample(rng));
                acted(*fault);
            }
            LinkRule::Reorder(odds, delay) if happens(odds) => {
                coverage.reordered += 1;
                judged.late = judged.late + rng.as_mut().map_or(Span::ZERO, |rng| delay.sample(rng));
                acted(*fault);
            }
            LinkRule::Slow(delay) => {
                coverage.slowed += 1;
                judged.late = judged.late + rng.as_mut().map_or(Span::ZERO, |rng| delay.sample(rng));
                acted(*fault);
            }
            LinkRule::Hold | LinkRule::Loss(_) | LinkRule::Duplicate(_) | LinkRule::Reorder(..) => {}
        }
    }
    Some(judged)
}
