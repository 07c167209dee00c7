//! A calm network, with what chance did to single messages written down.
//!
//! Where a failure rests on which messages were slow, lost or doubled, no calmer network keeps it. So the network is made calm, all that it did to messages between nodes in the failing run
//! becomes as many explicit faults about one message each, and these are taken away again like all others. What is left says which messages it was.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use shaketable_reports::Side;
use shaketable_sim::faults::target::Target;
use shaketable_sim::faults::{FAULTS, Planned, Start};
use shaketable_sim::id::NodeId;
use shaketable_sim::param::{Args, Value};
use shaketable_sim::rng::Delay;
use shaketable_sim::time::{Instant, Ppm, Span};

use super::edit::changed;
use super::passes::{FEW, faults};
use super::{Failing, Shrinker};
use crate::attempt::Subject;

/// How many messages are worth the attempt: each becomes a fault.
const MESSAGES: usize = 600;

/// Makes the network calm, if that takes no more than one fault in its place.
pub(super) fn network(shrinker: &mut Shrinker<'_>) {
    let plan = &shrinker.scenario().plan.network;
    let restless = [plan.loss, plan.duplicate, plan.reorder].iter().any(|odds| *odds != Ppm::ZERO);
    if shrinker.coarse || (!restless && matches!(plan.delay, Delay::Fixed(_))) {
        return;
    }
    let sent = messages(&shrinker.smallest);
    let Some(base) = sent.iter().filter_map(|message| message.arrivals.first()).copied().min() else { return };
    if sent.len() > MESSAGES {
        return;
    }
    let most = shrinker.scenario().plan.faults.len() + 1;
    let calm = changed(shrinker.scenario(), |scenario| {
        let network = &mut scenario.plan.network;
        (network.loss, network.duplicate, network.reorder) = (Ppm::ZERO, Ppm::ZERO, Ppm::ZERO);
        network.delay = Delay::Fixed(base);
        scenario.plan.faults.splice(0..0, sent.iter().flat_map(|message| message.faults(base)));
    });
    shrinker.on_trial(
        |shrinker| {
            if shrinker.try_one(calm, FEW) {
                faults(shrinker);
            }
        },
        |left| left.scenario.plan.faults.len() <= most,
    );
}

/// A message between two nodes, and what became of it.
struct Message {
    from: NodeId,
    to: NodeId,
    kind: String,
    /// The so-manieth of its kind on its link, from 1.
    nth: u64,
    /// When its copies arrived, since it was sent; none if it never did.
    arrivals: Vec<Span>,
}

impl Message {
    /// The faults that do the same to it in a network in which every message takes `base`.
    fn faults(&self, base: Span) -> Vec<Planned> {
        let fixed = |span: Span| Value::Delay(Delay::Fixed(span));
        let always = ("odds", Value::Odds(Ppm::ONE));
        match self.arrivals[..] {
            [] => vec![self.fault("loss", vec![always])],
            [first, ref more @ ..] => {
                let late = (first > base).then(|| self.fault("slow-link", vec![("by", fixed(first - base))]));
                // A slow message's copy is as late as itself.
                let later =
                    |second: &Span| self.fault("duplicate", vec![always.clone(), ("later", fixed(*second - first))]);
                late.into_iter().chain(more.first().map(later)).collect()
            }
        }
    }

    fn fault(&self, kind: &str, values: Vec<(&'static str, Value)>) -> Planned {
        let kind = FAULTS.iter().find(|known| known.name == kind).expect("a kind of fault");
        let mut args = Args::defaults(kind.params);
        values.into_iter().for_each(|(name, value)| args.set(name, value));
        args.set("from", Value::Target(Target::Node(self.from)));
        args.set("to", Value::Target(Target::Node(self.to)));
        args.set("message", Value::Text(self.kind.clone()));
        args.set("nth", Value::Count(self.nth));
        Planned {
            kind,
            args,
            start: Start::At(Instant::ZERO),
            from: Instant::ZERO,
            until: Instant::MAX,
            times: 1,
            lasting: None,
            permanent: false,
        }
    }
}

/// All messages between nodes of a failing run, in the order in which they were sent, as its trace tells it.
fn messages(failing: &Failing) -> Vec<Message> {
    let mut post = Post::default();
    let subject = Subject { scenario: &failing.scenario, side: Side::Own };
    subject.run(
        failing.run.seed,
        Some(&mut |line: Json| {
            post.read(&line);
        }),
    );
    post.sent
}

/// What was sent so far.
#[derive(Default)]
struct Post {
    sent: Vec<Message>,
    /// The messages that each event sent, by their places, with when.
    by_event: BTreeMap<u64, (u64, Vec<usize>)>,
    /// How many of each kind were sent on each link.
    counts: BTreeMap<(NodeId, NodeId, String), u64>,
}

impl Post {
    /// Reads a line of the trace; what is not about messages between nodes is passed over.
    fn read(&mut self, line: &Json) -> Option<()> {
        self.arrive(line);
        let (id, now) = (line.get("id")?.as_u64()?, line.get("t")?.as_u64()?);
        let from = node(line, "node")?;
        let mut lost = None;
        for effect in line.get("effects")?.as_array()? {
            if effect.get("send").is_some() {
                lost = self.send(id, now, from, effect);
            } else if let (Some("…lost"), Some(place)) = (effect.as_str(), lost.take()) {
                self.by_event.entry(id).and_modify(|(_, sent)| sent.retain(|other| *other != place));
            }
        }
        Some(())
    }

    /// A message is sent. Its place.
    fn send(&mut self, id: u64, now: u64, from: NodeId, effect: &Json) -> Option<usize> {
        let (to, kind) = (node(effect, "send")?, effect.get("msg")?.as_str()?.to_owned());
        if from == to {
            return None;
        }
        let count = self.counts.entry((from, to, kind.clone())).or_default();
        *count += 1;
        let place = self.sent.len();
        self.sent.push(Message { from, to, kind, nth: *count, arrivals: Vec::new() });
        self.by_event.entry(id).or_insert_with(|| (now, Vec::new())).1.push(place);
        Some(place)
    }

    /// A copy of a message reaches its receiver, who may be down, or its link, which may be cut or held.
    fn arrive(&mut self, line: &Json) -> Option<()> {
        let kind = line.get("kind")?.as_str()?;
        let to = match kind {
            "message" => node(line, "node")?,
            "dropped" | "held" => node(line, "to")?,
            _ => return None,
        };
        let (at, sent) = self.by_event.get(&line.get("cause")?.as_u64()?)?;
        let fits = |place: &&usize| {
            let message = &self.sent[**place];
            let named = line.get("msg").and_then(Json::as_str);
            message.to == to && named.is_none_or(|named| named == message.kind)
        };
        // Of several that fit, those come first that have not arrived yet.
        let place = *sent.iter().filter(fits).min_by_key(|place| self.sent[**place].arrivals.len())?;
        let took = line.get("t")?.as_u64()?.checked_sub(*at)?;
        self.sent[place].arrivals.push(Span::nanos(took));
        Some(())
    }
}

fn node(value: &Json, key: &str) -> Option<NodeId> {
    value.get(key)?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use shaketable_sim::rng::Seed;
    use shaketable_sim::run::Run;
    use shaketable_sim::spec::any::Any;

    use super::*;
    use crate::scenario::Scenario;
    use crate::tables::Tables;
    use crate::testing::read;

    const RESTLESS: &str = r#"protocol = "raft"
nodes = 3
duration = "2s"
[network]
delay = { uniform = ["1ms", "30ms"] }
loss = "5%"
duplicate = "3%"
reorder = "3%"
[clients]
script = []
[[fault]]
crash = { node = "n1", at = "700ms", for = "300ms" }
[[fault]]
cut = { from = "n2", to = "n3", at = "1200ms", for = "200ms" }
"#;

    fn run(scenario: &Scenario, seed: u64) -> Run<Any> {
        Subject { scenario, side: Side::Own }.run(Seed(seed), None)
    }

    #[test]
    fn a_calm_network_with_all_that_was_written_down_does_the_same() {
        let scenario = read(RESTLESS, &Tables::shipped());
        for seed in 0..5 {
            let before = run(&scenario, seed);
            let (lost, doubled) = (before.coverage.lost, before.coverage.duplicated);
            assert!(lost > 0 && doubled > 0 && before.coverage.reordered > 0, "seed {seed} is calm by itself");
            let failing = Failing { scenario: scenario.clone(), run: before.clone() };
            let sent = messages(&failing);
            let base = Span::millis(1);
            let calm = changed(&scenario, |scenario| {
                let network = &mut scenario.plan.network;
                (network.loss, network.duplicate, network.reorder) = (Ppm::ZERO, Ppm::ZERO, Ppm::ZERO);
                network.delay = Delay::Fixed(base);
                scenario.plan.faults.splice(0..0, sent.iter().flat_map(|message| message.faults(base)));
            });
            let after = run(&calm, seed);
            let did = |run: &Run<Any>| {
                let Run { coverage, .. } = run;
                (coverage.delivered, coverage.timers, coverage.elections, coverage.leader_changes, coverage.commits)
            };
            assert_eq!(did(&after), did(&before), "seed {seed}");
            let quiet = changed(&calm, |scenario| {
                scenario.plan.faults.truncate(0);
            });
            assert_ne!(did(&run(&quiet, seed)), did(&before), "it takes what was written down");
        }
    }
}
