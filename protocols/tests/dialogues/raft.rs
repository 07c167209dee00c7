//! Raft's words.
//!
//! An entry is written as its term, a dot and what it asks: `2.no-op`, `2.put k1 1`; its place and term as `3@2`. A `disk` line
//! knows `term`, `vote` and `log`: the terms of the entries, all no-ops, as in `disk n1 term=3 vote=n2 log=1,1,2`.

use shaketable_protocols::raft::bugs::{Planted, planted};
use shaketable_protocols::raft::rules::Rules;
use shaketable_protocols::raft::types::{Entries, Entry, LogIndex, Msg, Payload, Record, Term};
use shaketable_protocols::raft::{Config, Raft};
use shaketable_sim::id::NodeId;
use shaketable_sim::node::{Node, Role};
use shaketable_sim::param::{Args, ParamError};
use shaketable_sim::spec::any::{Any, Op};

use crate::spoken::{Setup, Spoken};

impl Spoken for Raft<Any> {
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
            "adopts_term" => &AdoptsNoTerm,
            "takes_part" => &TakesPartAtOnce,
            _ => return None,
        };
        Some(Setup::plain(config.with_rules(rules)))
    }

    fn records(words: &[(String, String)]) -> Result<Vec<Self::Record>, String> {
        let (mut term, mut vote, mut log) = (Term::ZERO, None, Vec::new());
        for (word, value) in words {
            match word.as_str() {
                "term" => term = Term::new(number(value)?),
                "vote" => vote = Some(node(value)?),
                "log" => log = value.split(',').map(number).collect::<Result<_, _>>()?,
                other => return Err(format!("Raft's disks know term, vote and log, not `{other}`")),
            }
        }
        if !log.is_sorted() || log.last().is_some_and(|&last| Term::new(last) > term) {
            return Err("the terms of a log never fall, and none is above the server's own".to_owned());
        }
        let entries: Vec<Entry<Op>> = log.iter().map(|&term| Entry::new(Term::new(term), Payload::NoOp)).collect();
        let append = Record::Append { after: LogIndex::ZERO, entries: Entries::from(&entries[..]) };
        Ok(vec![Record::Ballot { term, vote }, append])
    }

    fn state(&self) -> String {
        let seen = self.observe();
        let role = match (seen.role, seen.leader) {
            (Role::Follower, Some(leader)) => format!("follower of {leader}"),
            (role, _) => role.name().to_owned(),
        };
        let vote = self.vote().map_or("nobody".to_owned(), |vote| vote.to_string());
        let log: Vec<String> =
            self.log().slice(LogIndex::new(1), usize::MAX).iter().map(|entry| entry.term.to_string()).collect();
        let members = match self.configuration() {
            first if first.number() == 0 => String::new(),
            changed => format!(", members {changed}"),
        };
        format!(
            "{role}, term {}, voted for {vote}, log [{}], commit {}{members}",
            seen.epoch,
            log.join(" "),
            seen.commit
        )
    }

    fn message(msg: &Self::Msg) -> String {
        match msg {
            Msg::RequestPreVote(ask) | Msg::RequestVote(ask) => format!("term {}, last {}", ask.term, ask.last),
            Msg::PreVote(vote) | Msg::Vote(vote) => {
                format!("term {}, {}", vote.term, if vote.granted { "granted" } else { "denied" })
            }
            Msg::AppendEntries(append) => format!(
                "term {}, prev {}, [{}], commit {}, round {}",
                append.term,
                append.prev,
                entries(&append.entries),
                append.commit,
                append.round
            ),
            Msg::Appended(reply) => format!("term {}, {:?}, round {}", reply.term, reply.outcome, reply.round),
            Msg::Lost(_) => String::new(),
            Msg::Rejoin(rejoin) => format!("term {}, from {}", rejoin.term, rejoin.from),
            other => {
                let text = format!("{other:?}");
                text.find('{').map_or(String::new(), |fields| text[fields..].trim_end_matches(')').to_owned())
            }
        }
    }

    fn record(record: &Self::Record) -> String {
        match record {
            Record::Append { after, entries: new } => format!("after {after}: [{}]", entries(new)),
            other => format!("{other:?}"),
        }
    }
}

/// A server that has begun anew votes with whatever log it has.
#[derive(Debug)]
struct TakesPartAtOnce;

impl Rules for TakesPartAtOnce {
    fn takes_part(&self, _: LogIndex, _: LogIndex) -> bool {
        true
    }
}

/// A server keeps to its own term, whatever it hears.
#[derive(Debug)]
struct AdoptsNoTerm;

impl Rules for AdoptsNoTerm {
    fn adopts_term(&self, _: Term, _: Term) -> bool {
        false
    }
}

fn entries(entries: &[Entry<Op>]) -> String {
    let entry = |entry: &Entry<Op>| match &entry.payload {
        Payload::Command { id, op } => format!("{}.{op} ({id})", entry.term),
        Payload::NoOp => format!("{}.no-op", entry.term),
        Payload::Config(configuration) => format!("{}.config {configuration}", entry.term),
    };
    entries.iter().map(entry).collect::<Vec<_>>().join(", ")
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("expected a term, found `{text}`"))
}

fn node(text: &str) -> Result<NodeId, String> {
    match text.strip_prefix('n').and_then(|number| number.parse::<usize>().ok()) {
        Some(number @ 1..1_000) => Ok(NodeId::at(number - 1)),
        _ => Err(format!("expected a node, as n1, found `{text}`")),
    }
}
