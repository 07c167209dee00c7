//! Paxos' words.
//!
//! A proposal is written as its ballot and its value: `1.n1 put k1 1 (c1#1)`, `2.n3 no-op`, `2.n3 reconfigure n1 n2`. Of a node's slots, each is the ballot of its vote,
//! with `!` if the slot is known to be decided, and those that it has dropped are counted: `dropped 2, [1.n1! 2.n3 -]`. A `disk` line knows
//! `promised`, as in `disk n1 promised=3.n2`.

use shaketable_protocols::paxos::bugs::{Planted, planted};
use shaketable_protocols::paxos::quorums::Quorums;
use shaketable_protocols::paxos::rules::Rules;
use shaketable_protocols::paxos::types::{Ballot, Msg, Record, Round, Slot, Value, Vote};
use shaketable_protocols::paxos::{Config, Paxos};
use shaketable_sim::id::NodeId;
use shaketable_sim::node::{Node, Role};
use shaketable_sim::param::{Args, ParamError};
use shaketable_sim::spec::any::{Any, Op};

use crate::spoken::{Setup, Spoken};

impl Spoken for Paxos<Any> {
    const LINEARIZABLE: bool = true;

    fn config(args: &Args, nodes: usize) -> Result<Config, Vec<(&'static str, ParamError)>> {
        Config::from_args(args, nodes)
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
            "is_chosen" => &ChosenTooSoon,
            "frees_from_lease" => &AnybodyFrees,
            _ => return None,
        };
        Some(Setup::plain(config.with_rules(rules)))
    }

    fn records(words: &[(String, String)]) -> Result<Vec<Self::Record>, String> {
        let ballot = |(word, value): &(String, String)| match word.as_str() {
            "promised" => ballot(value).map(Record::Promised),
            other => Err(format!("Paxos' disks know promised, not `{other}`")),
        };
        words.iter().map(ballot).collect()
    }

    fn state(&self) -> String {
        let seen = self.observe();
        let role = match (seen.role, seen.leader) {
            (Role::Follower, Some(leader)) => format!("follower of {leader}"),
            (role, _) => role.name().to_owned(),
        };
        let ledger = self.ledger();
        let slot = |slot| {
            let vote = ledger.vote(slot).map_or("-".to_owned(), |vote| vote.ballot.to_string());
            if ledger.is_decided(slot) { format!("{vote}!") } else { vote }
        };
        let start = ledger.start();
        let slots: Vec<String> = (start.next().get()..=ledger.last().get()).map(Slot::new).map(slot).collect();
        let dropped = if start == Slot::ZERO { String::new() } else { format!("dropped {start}, ") };
        format!("{role}, promised {}, {dropped}[{}], applied {}", self.promised(), slots.join(" "), seen.applied)
    }

    fn message(msg: &Self::Msg) -> String {
        match msg {
            Msg::Canvass(ballot) | Msg::Nack(ballot) | Msg::TakeOver(ballot) => ballot.to_string(),
            Msg::Willing { ballot, seen } => format!("{ballot}, has seen {seen}"),
            Msg::Prepare { ballot, from, handed_over: None } => format!("{ballot}, slots from {from}"),
            Msg::Prepare { ballot, from, handed_over: Some(leader) } => {
                format!("{ballot}, slots from {from}, handed over by {leader}")
            }
            Msg::Promise { ballot, votes, dropped } => {
                let votes: Vec<String> =
                    votes.iter().map(|(slot, vote)| format!("{slot}: {}", proposal(vote))).collect();
                format!("{ballot}, votes [{}], dropped {dropped}", votes.join(", "))
            }
            Msg::Accept { slot, vote, commit } => format!("{slot}: {}, commit {commit}", proposal(vote)),
            Msg::Accepted { ballot, slot } => format!("{slot}: {ballot}"),
            Msg::Heartbeat { ballot, commit, beat } => format!("{ballot}, commit {commit}, beat {beat}"),
            Msg::Alive { ballot, beat } => format!("{ballot}, beat {beat}"),
            Msg::Lacks { first, received: None } => format!("from {first}"),
            Msg::Lacks { first, received: Some(received) } => {
                format!("from {first}, has {} pieces of the snapshot up to {}", received.pieces, received.last)
            }
            Msg::Learn { first, values, sent, commit } => {
                let values: Vec<String> = values.iter().map(value).collect();
                format!("{first}: [{}], sent up to {sent}, commit {commit}", values.join(", "))
            }
            Msg::Install(part) => {
                let (first, last) = (part.offset, part.offset as usize + part.pieces.len());
                format!("up to {}, pieces {first}..{last} of {}, sent {}", part.last, part.total, part.sent)
            }
        }
    }

    fn record(record: &Self::Record) -> String {
        match record {
            Record::Promised(ballot) => format!("promised {ballot}"),
            Record::Accepted { slot, vote } => format!("accepted {slot}: {}", proposal(vote)),
            Record::Chosen { slot, value: chosen } => format!("chosen {slot}: {}", value(chosen)),
            Record::Snapshot(snapshot) => format!("snapshot up to {}: {} pieces", snapshot.last, snapshot.pieces.len()),
        }
    }
}

/// An acceptor promises lower ballots after higher ones.
#[derive(Debug)]
struct PromisesAnything;

impl Rules for PromisesAnything {
    fn may_promise(&self, _: Ballot, _: Ballot) -> bool {
        true
    }
}

/// One acceptance fewer than a quorum will do.
#[derive(Debug)]
struct ChosenTooSoon;

impl Rules for ChosenTooSoon {
    fn is_chosen(&self, acceptances: usize, quorums: Quorums) -> bool {
        acceptances + 1 >= quorums.phase2()
    }
}

/// Whoever asks frees from a lease.
#[derive(Debug)]
struct AnybodyFrees;

impl Rules for AnybodyFrees {
    fn frees_from_lease(&self, _: Option<Ballot>, _: Option<Ballot>) -> bool {
        true
    }
}

fn proposal(vote: &Vote<Op>) -> String {
    format!("{} {}", vote.ballot, value(&vote.value))
}

fn value(value: &Value<Op>) -> String {
    match value {
        Value::NoOp => "no-op".to_owned(),
        Value::Reconfigure(servers) => format!("reconfigure {servers}"),
        Value::Command { id, op } => format!("{op} ({id})"),
    }
}

fn ballot(text: &str) -> Result<Ballot, String> {
    let parts =
        text.split_once(".n").and_then(|(round, node)| Some((round.parse().ok()?, node.parse::<usize>().ok()?)));
    match parts {
        Some((round, node @ 1..1_000)) => Ok(Ballot { round: Round::new(round), node: NodeId::at(node - 1) }),
        _ => Err(format!("expected a ballot, as 2.n1, found `{text}`")),
    }
}
