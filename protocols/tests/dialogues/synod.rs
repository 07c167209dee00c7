//! The Synod's words.
//!
//! A proposal is written as its ballot and its value: `1.n1 propose k1 7`. Of a node's part in a decree is told what its proposer is at, what its
//! acceptor has promised and accepted, and what its learner knows. There is no `disk` line: what is on a disk, a script writes there by what happens.

use shaketable_protocols::synod::bugs::{Planted, planted};
use shaketable_protocols::synod::proposer::Attempt;
use shaketable_protocols::synod::rules::Rules;
use shaketable_protocols::synod::types::{Ballot, Msg, Record, Vote, Word};
use shaketable_protocols::synod::{Config, Decree, Synod};
use shaketable_sim::id::NodeId;
use shaketable_sim::node::{Node, Role};
use shaketable_sim::param::{Args, ParamError};
use shaketable_sim::spec::any::{Any, Op};

use crate::spoken::{Setup, Spoken};

impl Spoken for Synod<Any> {
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
            "next_ballot" => &AlwaysTheFirst,
            _ => return None,
        };
        Some(Setup::plain(config.with_rules(rules)))
    }

    fn records(_: &[(String, String)]) -> Result<Vec<Self::Record>, String> {
        Err("no script writes to the Synod's disks before it boots".to_owned())
    }

    fn state(&self) -> String {
        if self.observe().role == Role::Faulty {
            return "faulty".to_owned();
        }
        let decrees = self.decrees().iter().map(|(key, Decree { proposer, acceptor, learner, .. })| {
            let attempt = match proposer.attempt() {
                None => "rests".to_owned(),
                Some(Attempt::Preparing { ballot, promises, .. }) => {
                    let promises: Vec<String> = promises.iter().map(ToString::to_string).collect();
                    format!("prepares {ballot} [{}]", promises.join(" "))
                }
                Some(Attempt::Proposing { vote, .. }) => format!("proposes {}", proposal(vote)),
            };
            let accepted = acceptor.vote().map_or("nothing".to_owned(), proposal);
            let chosen = learner.decided().map_or(String::new(), |chosen| format!(", knows `{chosen}` is chosen"));
            format!("{key}: {attempt}, promised {}, accepted {accepted}{chosen}", told(acceptor.promised()))
        });
        let decrees: Vec<String> = decrees.collect();
        if decrees.is_empty() { "at nothing".to_owned() } else { decrees.join("; ") }
    }

    fn message(msg: &Self::Msg) -> String {
        let Msg { decree, word } = msg;
        match word {
            Word::Prepare(ballot) | Word::Nack(ballot) => format!("{decree}: {ballot}"),
            Word::Promise { ballot, vote: None } => format!("{decree}: {ballot}, accepted nothing"),
            Word::Promise { ballot, vote: Some(vote) } => format!("{decree}: {ballot}, accepted {}", proposal(vote)),
            Word::Accept(vote) | Word::Accepted(vote) => format!("{decree}: {}", proposal(vote)),
        }
    }

    fn record(record: &Self::Record) -> String {
        match record {
            Record::Formatted => "formatted".to_owned(),
            Record::Tried { decree, ballot } => format!("{decree}: tried {ballot}"),
            Record::Promised { decree, ballot } => format!("{decree}: promised {ballot}"),
            Record::Accepted { decree, vote } => format!("{decree}: accepted {}", proposal(vote)),
        }
    }
}

/// A proposer uses the first of its ballots again and again.
#[derive(Debug)]
struct AlwaysTheFirst;

impl Rules for AlwaysTheFirst {
    fn next_ballot(&self, _: Option<Ballot>, me: NodeId) -> Ballot {
        Ballot { round: 1, node: me }
    }
}

fn proposal(vote: &Vote<Op>) -> String {
    format!("{} {}", vote.ballot, vote.value)
}

fn told(ballot: Option<Ballot>) -> String {
    ballot.map_or("nothing".to_owned(), |ballot| ballot.to_string())
}
