//! Dynamo's words.
//!
//! What is known of a key is written as its versions in force, each with its dot, and the writes that are known at all: `[7 2@n1] knows n1:2 n2:1`. Of other nodes
//! is told who does not pass for alive in its first incarnation: `n3 dead in 0`; of a ring that is not the first, whose it is, and its members: `ring 1 of n2: n2 n3`. Calls, probes,
//! tickets and hashes say nothing to a reader, so they are not told.

use shaketable_protocols::dynamo::bugs::{Planted, planted};
use shaketable_protocols::dynamo::gossip::{Health, News, Status};
use shaketable_protocols::dynamo::membership::Ring;
use shaketable_protocols::dynamo::rules::Rules;
use shaketable_protocols::dynamo::types::{Hint, Msg, Record};
use shaketable_protocols::dynamo::versions::{Object, Past};
use shaketable_protocols::dynamo::{Config, Dynamo};
use shaketable_sim::digest::digest_of;
use shaketable_sim::id::{Key, NodeId};
use shaketable_sim::param::{Args, ParamError};
use shaketable_sim::spec::any::{Any, State};

use crate::spoken::{Setup, Spoken, value};

impl Spoken for Dynamo<Any> {
    const LINEARIZABLE: bool = false;

    fn config(args: &Args, _: usize) -> Result<Config, Vec<(&'static str, ParamError)>> {
        Config::from_args(args)
    }

    fn planted(config: Config, bug: &str) -> Option<Setup<Self>> {
        Some(match planted(bug)? {
            Planted::Rules(rules) => Setup::plain(config.with_rules(rules)),
            Planted::Effects(tamper) => Setup { config, tamper: Some(tamper) },
        })
    }

    fn broken(config: Config, rule: &str) -> Option<Setup<Self>> {
        let rules: &'static dyn Rules = match rule {
            "may_forget_hint" => &ForgetsAnyHint,
            "fingerprint" => &ComparesKeys,
            "believes" => &BelievesTheLast,
            _ => return None,
        };
        Some(Setup::plain(config.with_rules(rules)))
    }

    fn records(_: &[(String, String)]) -> Result<Vec<Self::Record>, String> {
        Err("no script writes to Dynamo's disks before it boots".to_owned())
    }

    fn state(&self) -> String {
        let Some(replica) = self.replica() else { return "faulty".to_owned() };
        let owned = replica.owned().map(|(key, object)| format!("{key}: {}", known(object)));
        let hints = replica.hints().map(|(key, kept)| format!("{key}: {}", hint(kept)));
        let changed = (self.ring().epoch.number > 0).then(|| ring(self.ring()));
        let all: Vec<String> = changed.into_iter().chain(owned).chain(hints).chain(notable(self.statuses())).collect();
        if all.is_empty() { "empty".to_owned() } else { all.join("; ") }
    }

    fn message(msg: &Self::Msg) -> String {
        match msg {
            Msg::Get { key, .. } => key.to_string(),
            Msg::Got { object, .. } => known(object),
            Msg::Put { key, object, stands_for: None, .. } => format!("{key}: {}", known(object)),
            Msg::Put { key, object, stands_for: Some(owner), .. } => format!("{key}: {}, for {owner}", known(object)),
            Msg::Repair { objects } | Msg::Leaf { objects, .. } => {
                let line = |(key, object): &(Key, _)| format!("{key}: {}", known(object));
                objects.iter().map(line).collect::<Vec<_>>().join(", ")
            }
            Msg::Handoff { key, object } => format!("{key}: {}", known(object)),
            Msg::Handed { key, past } => format!("{key}: {}", told(past)),
            Msg::Ring { ring: told } | Msg::RingKept { ring: told } => ring(told),
            Msg::Vouch { tombs, .. } | Msg::Collect { tombs } => {
                let line = |(key, past): &(Key, Past)| format!("{key}: {}", told(past));
                tombs.iter().map(line).collect::<Vec<_>>().join(", ")
            }
            Msg::Vouched { tickets, .. } if tickets.is_empty() => "none".to_owned(),
            Msg::Vouched { tickets, .. } => {
                tickets.iter().map(|(key, _)| key.to_string()).collect::<Vec<_>>().join(", ")
            }
            Msg::Ping { news, .. } | Msg::Ack { news, .. } => gossip(news),
            Msg::PingReq { target, news, .. } => format!("{target}, {}", gossip(news)),
            Msg::Kept { place, .. } => format!("for {place}"),
            Msg::Hashes { .. } => String::new(),
        }
    }

    fn record(record: &Self::Record) -> String {
        match record {
            Record::Owned { key, object } => format!("{key}: {}", known(object)),
            Record::Hinted { key, hint: kept } => format!("{key}: {}", hint(kept)),
            Record::HandedOver { key } => format!("{key}: handed over"),
            Record::Collected { key } => format!("{key}: collected"),
            Record::Ring { ring: kept } => ring(kept),
            Record::Formatted | Record::Forgotten { .. } => format!("{record:?}"),
        }
    }
}

/// A stand-in deletes a hint whatever of it was acknowledged.
#[derive(Debug)]
struct ForgetsAnyHint;

impl Rules for ForgetsAnyHint {
    fn may_forget_hint(&self, _: &Past, _: &Past) -> bool {
        true
    }
}

/// Replicas that have a key at all take themselves for equal.
#[derive(Debug)]
struct ComparesKeys;

impl Rules for ComparesKeys {
    fn fingerprint(&self, key: Key, _: u64) -> u64 {
        digest_of(&key)
    }
}

/// The last news counts, however old.
#[derive(Debug)]
struct BelievesTheLast;

impl Rules for BelievesTheLast {
    fn believes(&self, known: Status, told: Status) -> bool {
        told != known
    }
}

fn known(object: &Object<State>) -> String {
    let version = object.versions().iter().map(|version| format!("{} {}", value(&version.value), version.dot));
    format!("[{}] {}", version.collect::<Vec<_>>().join(", "), told(object.past()))
}

fn hint(hint: &Hint<State>) -> String {
    let missing: Vec<String> = hint.missing.iter().map(ToString::to_string).collect();
    format!("{} for {}", known(&hint.object), missing.join(" "))
}

fn ring(ring: &Ring) -> String {
    let members: Vec<String> = ring.members.iter().map(ToString::to_string).collect();
    format!("ring {} of {}: {}", ring.epoch.number, ring.epoch.by, members.join(" "))
}

fn told(past: &Past) -> String {
    let past = past.to_string();
    if past.is_empty() { "knows nothing".to_owned() } else { format!("knows {past}") }
}

fn gossip(news: &News) -> String {
    let notable: Vec<String> = notable(&news.statuses).collect();
    if notable.is_empty() { "all alive".to_owned() } else { notable.join(", ") }
}

/// Those that are not simply alive.
fn notable(statuses: &[Status]) -> impl Iterator<Item = String> {
    let first = Status { incarnation: 0, health: Health::Alive };
    let notable = NodeId::all(statuses.len()).zip(statuses).filter(move |&(_, &status)| status != first);
    notable.map(|(node, status)| {
        format!("{node} {} in {}", format!("{:?}", status.health).to_lowercase(), status.incarnation)
    })
}
