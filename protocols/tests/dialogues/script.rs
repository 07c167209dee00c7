//! Scripts: what their lines mean.
//!
//! | line | what happens |
//! |---|---|
//! | `disk n1 WORD=VALUE …` | before `boot`: what `n1` has on its disk from earlier; the words are the protocol's |
//! | `boot 3 raft raft/BUG PARAM=VALUE …`, `… TABLE.PARAM=VALUE …` | boots so many nodes; the script is played once for each protocol named; `raft/without:RULE` is Raft with that rule broken, for a rule that no planted bug breaks; these first syncs return at once |
//! | `timeout n1`, `tick n1`, `timer n1 NAME` | its election timer, its heartbeat timer, its timer of that name runs out; of several `Retry(…)`, `Retry` is the first |
//! | `wait 300ms` | all clocks go on; no timer runs out by itself |
//! | `gain n1 20ms` | its clock alone goes on: it has run fast |
//! | `deliver n1 n2 [KIND or all]` | the oldest message on that link, or of that kind, or all that are on it now |
//! | `deliver all [n1 n2 …]` | whatever is under way, and what comes of it, until all is quiet; or only among these nodes |
//! | `drop n1 n2 [KIND or all]`, `drop all` | the same messages are lost |
//! | `duplicate n1 n2 [KIND]` | another copy of the message, behind all others |
//! | `hold n1 n2`, `release n1 n2` | `deliver all` passes by that link |
//! | `crash n1 [after 3 effects] [keep 1] [torn]` | its power goes, now or after so many effects more; of what is not durable the oldest so many records are kept, and the next is torn; setting a timer is an effect, and a sync too |
//! | `restart n1`, `wipe n1` | it boots with what its disk has kept; its disk loses everything (while it is down) |
//! | `rot n1 2` | the second record of its journal is damaged (while it is down) |
//! | `sync n1 [all]`, `fail-sync n1` | its oldest sync returns (or all, one by one), or fails |
//! | `auto-sync on`, `auto-sync off` | whether syncs return as soon as they are asked for; at first they do not |
//! | `request n1 put k1 1 as c1` | a client asks a node; `get k1`, `delete k1`, `cas k1 1 2`, `append k1 7`, `items k1`, `add k1 5`, `total k1`, `propose k1 7` |
//! | `retry n2 as c1` | it asks again for what it has no answer to, the same operation |
//! | `campaign n1`, `transfer n1 n2`, `reconfigure n1 n1 n2 n3` | what an operator can ask of a node |
//! | `show` | all nodes, and all that is under way |
//! | `quiet` | all is healed and quiet: what must hold then is checked |
//!
//! Everything from `#` on is a comment.

use std::fmt::Display;
use std::str::{FromStr, SplitWhitespace};

use shaketable_sim::id::{ClientId, Key, NodeId};
use shaketable_sim::node;
use shaketable_sim::spec::any::Op;
use shaketable_sim::spec::{consensus, counter, kv, list};
use shaketable_sim::time::Span;

/// A line of a script that is no comment.
pub(crate) struct Line<'a> {
    /// From 1.
    pub(crate) number: usize,
    pub(crate) text: &'a str,
    pub(crate) command: Command,
}

/// What a line asks for.
pub(crate) enum Command {
    Disk(NodeId, Vec<(String, String)>),
    Boot(Boot),
    Timer(NodeId, Timer),
    Wait(Span),
    Gain(NodeId, Span),
    Deliver(Messages),
    Drop(Messages),
    Duplicate(NodeId, NodeId, Pick),
    Hold(NodeId, NodeId),
    Release(NodeId, NodeId),
    Crash(NodeId, Crash),
    Restart(NodeId),
    Wipe(NodeId),
    Rot(NodeId, usize),
    Sync(NodeId, Pick),
    FailSync(NodeId),
    AutoSync(bool),
    Request(NodeId, Op, ClientId),
    Retry(NodeId, ClientId),
    Operate(NodeId, node::Command),
    Show,
    Quiet,
}

/// How the cluster is made.
#[derive(Clone)]
pub(crate) struct Boot {
    pub(crate) nodes: usize,
    /// As in scenario files: `raft`, `raft/forgets-vote`.
    pub(crate) protocols: Vec<String>,
    pub(crate) params: Vec<(String, String)>,
}

/// Which timer.
pub(crate) enum Timer {
    /// The one by which a node gives up waiting for a leader.
    Timeout,
    /// The one by which a leader makes itself heard.
    Tick,
    /// The one of this name.
    Named(String),
}

/// Which messages.
pub(crate) enum Messages {
    /// Of those on one link.
    On(NodeId, NodeId, Pick),
    /// All between these nodes, and what comes of them; between all nodes if none are named.
    Among(Vec<NodeId>),
}

/// Which of several.
pub(crate) enum Pick {
    Oldest,
    OldestOf(String),
    All,
}

/// A loss of power.
#[derive(Clone, Copy)]
pub(crate) struct Crash {
    /// How many effects are carried out before.
    pub(crate) after: Option<usize>,
    /// How many records are kept that were not durable.
    pub(crate) keep: usize,
    /// Whether the next one is torn.
    pub(crate) torn: bool,
}

/// Reads a script.
///
/// # Errors
/// Everything that cannot be read, each with its line.
pub(crate) fn parse(text: &str) -> Result<Vec<Line<'_>>, Vec<String>> {
    let (mut lines, mut errors) = (Vec::new(), Vec::new());
    for (place, line) in text.lines().enumerate() {
        let (number, text) = (place + 1, line.split('#').next().unwrap_or_default().trim());
        if text.is_empty() {
            continue;
        }
        match Words(text.split_whitespace()).command() {
            Ok(command) => lines.push(Line { number, text, command }),
            Err(why) => errors.push(format!("line {number}: {why}: `{text}`")),
        }
    }
    if errors.is_empty() { Ok(lines) } else { Err(errors) }
}

/// What is left of a line.
struct Words<'a>(SplitWhitespace<'a>);

impl<'a> Words<'a> {
    fn command(mut self) -> Result<Command, String> {
        let command = match self.word("a command")? {
            "disk" => Command::Disk(self.node()?, self.pairs()?),
            "boot" => Command::Boot(self.boot()?),
            "timeout" => Command::Timer(self.node()?, Timer::Timeout),
            "tick" => Command::Timer(self.node()?, Timer::Tick),
            "timer" => Command::Timer(self.node()?, Timer::Named(self.word("the name of a timer")?.to_owned())),
            "wait" => Command::Wait(self.value("a time, as 300ms")?),
            "gain" => Command::Gain(self.node()?, self.value("a time, as 20ms")?),
            "deliver" => Command::Deliver(self.messages()?),
            "drop" => Command::Drop(self.messages()?),
            "duplicate" => Command::Duplicate(self.node()?, self.node()?, self.pick()),
            "hold" => Command::Hold(self.node()?, self.node()?),
            "release" => Command::Release(self.node()?, self.node()?),
            "crash" => Command::Crash(self.node()?, self.crash()?),
            "restart" => Command::Restart(self.node()?),
            "wipe" => Command::Wipe(self.node()?),
            "rot" => Command::Rot(self.node()?, self.value("the number of a record")?),
            "sync" => Command::Sync(self.node()?, self.pick()),
            "fail-sync" => Command::FailSync(self.node()?),
            "auto-sync" => Command::AutoSync(match self.word("on or off")? {
                "on" => true,
                "off" => false,
                other => return Err(format!("expected on or off, found `{other}`")),
            }),
            "request" => Command::Request(self.node()?, self.op()?, self.client()?),
            "retry" => Command::Retry(self.node()?, self.client()?),
            "campaign" => Command::Operate(self.node()?, node::Command::Campaign),
            "transfer" => Command::Operate(self.node()?, node::Command::Transfer(self.node()?)),
            "reconfigure" => Command::Operate(self.node()?, node::Command::Reconfigure(self.nodes()?)),
            "show" => Command::Show,
            "quiet" => Command::Quiet,
            other => return Err(format!("there is no command `{other}`")),
        };
        match self.0.next() {
            None => Ok(command),
            Some(more) => Err(format!("`{more}` is one word too many")),
        }
    }

    fn boot(&mut self) -> Result<Boot, String> {
        let nodes = self.value("a number of nodes")?;
        let (params, protocols): (Vec<&str>, Vec<&str>) = self.0.by_ref().partition(|word| word.contains('='));
        if nodes == 0 || protocols.is_empty() {
            return Err("expected at least one node and one protocol, as in `boot 3 raft`".to_owned());
        }
        let params = params.into_iter().map(pair).collect::<Result<_, _>>()?;
        Ok(Boot { nodes, protocols: protocols.into_iter().map(str::to_owned).collect(), params })
    }

    fn messages(&mut self) -> Result<Messages, String> {
        let mut ahead = self.0.clone();
        if ahead.next() == Some("all") {
            self.0 = ahead;
            return Ok(Messages::Among(self.nodes()?));
        }
        Ok(Messages::On(self.node()?, self.node()?, self.pick()))
    }

    fn pick(&mut self) -> Pick {
        match self.0.next() {
            None => Pick::Oldest,
            Some("all") => Pick::All,
            Some(kind) => Pick::OldestOf(kind.to_owned()),
        }
    }

    fn crash(&mut self) -> Result<Crash, String> {
        let mut crash = Crash { after: None, keep: 0, torn: false };
        while let Some(word) = self.0.next() {
            match word {
                "after" => {
                    crash.after = Some(self.value("a number of effects")?);
                    self.literally(&["effects", "effect"])?;
                }
                "keep" => crash.keep = self.value("a number of records")?,
                "torn" => crash.torn = true,
                other => return Err(format!("expected after, keep or torn, found `{other}`")),
            }
        }
        Ok(crash)
    }

    fn op(&mut self) -> Result<Op, String> {
        let action = self.word("an operation, as `put k1 1`")?;
        let key = Key::at(self.name('k', "a key, as k1")?);
        let mut number = || self.value("a number");
        Ok(match action {
            "get" => Op::Kv(kv::Op { key, action: kv::Action::Get }),
            "put" => Op::Kv(kv::Op { key, action: kv::Action::Put(number()?) }),
            "delete" => Op::Kv(kv::Op { key, action: kv::Action::Delete }),
            "cas" => Op::Kv(kv::Op { key, action: kv::Action::Cas { expect: number()?, new: number()? } }),
            "append" => Op::List(list::Op { key, action: list::Action::Append(number()?) }),
            "propose" => Op::Consensus(consensus::Op { key, propose: number()? }),
            "items" => Op::List(list::Op { key, action: list::Action::Read }),
            "add" => Op::Counter(counter::Op { key, action: counter::Action::Add(number()?) }),
            "total" => Op::Counter(counter::Op { key, action: counter::Action::Read }),
            other => return Err(format!("there is no operation `{other}`")),
        })
    }

    fn client(&mut self) -> Result<ClientId, String> {
        self.literally(&["as"])?;
        Ok(ClientId::at(self.name('c', "a client, as c1")?))
    }

    fn node(&mut self) -> Result<NodeId, String> {
        Ok(NodeId::at(self.name('n', "a node, as n1")?))
    }

    fn nodes(&mut self) -> Result<Vec<NodeId>, String> {
        let mut nodes = Vec::new();
        while self.0.clone().next().is_some() {
            nodes.push(self.node()?);
        }
        Ok(nodes)
    }

    fn pairs(&mut self) -> Result<Vec<(String, String)>, String> {
        self.0.by_ref().map(pair).collect()
    }

    /// The zero-based place that a name such as `n1` stands for.
    fn name(&mut self, letter: char, what: &str) -> Result<usize, String> {
        let word = self.word(what)?;
        let number = word.strip_prefix(letter).and_then(|number| number.parse::<u16>().ok());
        match number {
            Some(number @ 1..1_000) => Ok(usize::from(number) - 1),
            _ => Err(format!("expected {what}, found `{word}`")),
        }
    }

    fn value<T: FromStr<Err: Display>>(&mut self, what: &str) -> Result<T, String> {
        let word = self.word(what)?;
        word.parse().map_err(|why| format!("expected {what}, found `{word}` ({why})"))
    }

    fn literally(&mut self, expected: &[&str]) -> Result<(), String> {
        match self.word(expected[0])? {
            word if expected.contains(&word) => Ok(()),
            word => Err(format!("expected {}, found `{word}`", expected[0])),
        }
    }

    fn word(&mut self, what: &str) -> Result<&'a str, String> {
        self.0.next().ok_or_else(|| format!("expected {what}, found the end of the line"))
    }
}

fn pair(word: &str) -> Result<(String, String), String> {
    match word.split_once('=') {
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => Err(format!("expected a word and its value, as term=3, found `{word}`")),
    }
}
