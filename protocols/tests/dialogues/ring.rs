//! The ring's words.
//!
//! A version is written as its value, its tag and its attempt: `7 2@c1#1, attempt 1`. Calls are random numbers and say nothing to a reader, so they are not told.
//! A node is what its replica has of each key. There is no `disk` line: what is on a disk, a script writes there by what happens.

use shaketable_protocols::ring::bugs::{Planted, planted};
use shaketable_protocols::ring::rules::Rules;
use shaketable_protocols::ring::types::{Ballot, Msg, Proposal, Record, Tag};
use shaketable_protocols::ring::{Config, Store};
use shaketable_sim::id::Key;
use shaketable_sim::param::{Args, ParamError};
use shaketable_sim::spec::any::{Any, State};

use crate::spoken::{Setup, Spoken, value};

impl Spoken for Store<Any> {
    const LINEARIZABLE: bool = true;

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
            "may_promise" => &PromisesAnything,
            _ => return None,
        };
        Some(Setup::plain(config.with_rules(rules)))
    }

    fn records(_: &[(String, String)]) -> Result<Vec<Self::Record>, String> {
        Err("no script writes to the ring's disks before it boots".to_owned())
    }

    fn state(&self) -> String {
        let Some(replica) = self.replica() else { return "faulty".to_owned() };
        let keys: Vec<Key> = replica.all_newest().map(|(key, ..)| key).collect();
        let newest = keys.iter().map(|&key| format!("{key}: {}", known(replica.newest(key))));
        let newest: Vec<String> = newest.collect();
        if newest.is_empty() { "empty".to_owned() } else { newest.join("; ") }
    }

    fn message(msg: &Self::Msg) -> String {
        match msg {
            Msg::Ask { key, .. } => key.to_string(),
            Msg::Told { newest, .. } => known(newest.as_ref()),
            Msg::Claim { ballot, key, op } => format!("{key}: {op}, attempt {}", ballot.number),
            Msg::Claimed { highest, accepted: None, .. } => format!("highest {highest}"),
            Msg::Claimed { highest, accepted: Some(accepted), .. } => {
                format!("highest {highest}, accepted {}", proposal(accepted))
            }
            Msg::Store { key, proposal: told, .. } => format!("{key}: {}", proposal(told)),
            Msg::Stored { .. } => String::new(),
            Msg::Refused { promised, .. } => format!("attempt {} is promised", promised.number),
            Msg::Compare { .. } => "a digest".to_owned(),
            Msg::Differs { newest } => {
                let line = |(key, tag, ballot): &(Key, Tag, Ballot)| format!("{key}: {tag}, attempt {}", ballot.number);
                format!("[{}]", newest.iter().map(line).collect::<Vec<_>>().join(", "))
            }
        }
    }

    fn record(record: &Self::Record) -> String {
        match record {
            Record::Formatted => "formatted".to_owned(),
            Record::Promised { key, op, ballot } => format!("{key}: {op} promised to attempt {}", ballot.number),
            Record::Accepted { key, proposal: told } => format!("{key}: accepted {}", proposal(told)),
        }
    }
}

/// A replica promises itself to earlier attempts after later ones.
#[derive(Debug)]
struct PromisesAnything;

impl Rules for PromisesAnything {
    fn may_promise(&self, _: Option<Ballot>, _: Ballot) -> bool {
        true
    }
}

fn known(newest: Option<&Proposal<State>>) -> String {
    newest.map_or("nothing".to_owned(), proposal)
}

fn proposal(told: &Proposal<State>) -> String {
    let version = &told.version;
    format!("{} {}, attempt {}", value(&version.value), version.tag, told.ballot.number)
}
