//! What can be set in a scenario's `[raft]` table, and the configuration that comes of it.

use shaketable_sim::param::{Args, Default, Literal, Param, ParamError, Shape};
use shaketable_sim::time::{Ppm, Span};

use super::configuration::Change;
use super::rules::{Paper, Rules};

/// `[raft]`.
pub static PARAMS: &[Param] = &[
    Param {
        name: "election-timeout",
        shape: Shape::Spans,
        default: Default::Value(Literal::Texts(&["150ms", "300ms"])),
        doc: "how long a server waits for a leader before it stands for election (drawn from the range)",
    },
    Param {
        name: "heartbeat",
        shape: Shape::Span,
        default: Default::Value(Literal::Text("50ms")),
        doc: "how often a leader makes itself heard, and looks what was not acknowledged",
    },
    Param {
        name: "elections",
        shape: Shape::Choice(&[
            ("plain", "as in the paper, and nothing else"),
            ("check-quorum", "a leader that does not hear of a quorum for an election timeout steps down"),
            (
                "pre-vote",
                "that, and a server stands for election only when a quorum says that it would vote for it and hears of no leader",
            ),
        ]),
        default: Default::Value(Literal::Text("pre-vote")),
        doc: "what is done so that elections disturb less",
    },
    Param {
        name: "read",
        shape: Shape::Choice(&[
            ("read-index", "a leader answers from its own state once a quorum has confirmed that it still leads"),
            (
                "lease",
                "as long as a quorum has promised to follow no other, a leader answers at once; else as with read-index. No clock may be set",
            ),
            ("log", "reads go through the log as writes do"),
        ]),
        default: Default::Value(Literal::Text("read-index")),
        doc: "how reads are made linearizable",
    },
    Param {
        name: "clock-bound",
        shape: Shape::Odds,
        default: Default::Value(Literal::Text("1%")),
        doc: "how much a clock runs fast or slow, at most, as far as leases rely on it",
    },
    Param {
        name: "batch",
        shape: Shape::Count(1, 4_096),
        default: Default::Value(Literal::Count(64)),
        doc: "how many entries a message holds at most",
    },
    Param {
        name: "window",
        shape: Shape::Count(1, 256),
        default: Default::Value(Literal::Count(4)),
        doc: "how many messages with entries may be under way to a follower; further entries wait for the next batch",
    },
    Param {
        name: "members",
        shape: Shape::Count(1, 100),
        default: Default::Absent,
        doc: "the first so many servers are the members in the beginning, and vote; the others wait to join (without it: all are members)",
    },
    Param {
        name: "membership",
        shape: Shape::Choice(&[
            ("fixed", "it never changes"),
            ("single-server", "one server joins or leaves at a time"),
            ("joint", "any number at once, through a configuration in which old and new ones must both agree"),
        ]),
        default: Default::Value(Literal::Text("fixed")),
        doc: "how a leader changes the members when an operator asks it to",
    },
    Param {
        name: "snapshot-every",
        shape: Shape::Count(1, 1_000_000),
        default: Default::Absent,
        doc: "after how many applied entries a server takes a snapshot and drops them from its log (without it: never)",
    },
    Param {
        name: "chunk",
        shape: Shape::Count(1, 65_535),
        default: Default::Value(Literal::Count(16)),
        doc: "how many objects and sessions of a snapshot a message holds at most",
    },
];

/// How a server is set up.
///
/// Guarantees: the election timeout is a range and not a point, heartbeats are at most half as far apart as its
/// low end, `batch`, `window`, `snapshot_every` and `chunk` are at least 1.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    pub(super) election_timeout: (Span, Span),
    pub(super) heartbeat: Span,
    pub(super) elections: Elections,
    pub(super) read: Read,
    pub(super) batch: usize,
    pub(super) window: usize,
    pub(super) snapshot_every: usize,
    pub(super) chunk: usize,
    /// How many servers are members in the beginning; all, if there are not so many.
    pub(super) members: usize,
    /// None if the members never change.
    pub(super) change: Option<Change>,
    pub(super) rules: &'static dyn Rules,
}

/// What is done so that elections disturb less. All three are safe; they differ in when there is a leader.
///
/// Pre-vote without check-quorum has no spelling. A server that hears of a leader refuses its pre-vote; so a leader that
/// reaches too few to commit anything, but is heard by those on whom a quorum depends, would stay for ever. It has to step
/// down by itself. The other way round, check-quorum alone only makes a leader step down that could do nothing anyway.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Elections {
    /// As in the paper.
    Plain,
    /// Thesis §6.2: a leader steps down that does not hear of a quorum for an election timeout.
    CheckQuorum,
    /// Thesis §9.6: moreover, a server that could not win does not raise its term.
    PreVoteAndCheckQuorum,
}

/// How reads are made linearizable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Read {
    /// Thesis §6.4: a quorum confirms the leader, which then answers from its own state.
    ReadIndex,
    /// Thesis §6.4.1: a quorum has promised to follow no other leader for a while, on clocks that drift by this much at most.
    Lease(Ppm),
    /// Reads go through the log.
    Log,
}

impl Config {
    /// From the values of [`PARAMS`].
    ///
    /// # Errors
    /// What does not fit together, by parameter.
    pub fn from_args(args: &Args) -> Result<Config, Vec<(&'static str, ParamError)>> {
        let config = Config {
            election_timeout: args.spans("election-timeout"),
            heartbeat: args.span("heartbeat"),
            elections: match args.choice("elections") {
                "plain" => Elections::Plain,
                "check-quorum" => Elections::CheckQuorum,
                _ => Elections::PreVoteAndCheckQuorum,
            },
            read: match args.choice("read") {
                "log" => Read::Log,
                "lease" => Read::Lease(args.odds("clock-bound")),
                _ => Read::ReadIndex,
            },
            batch: args.count("batch") as usize,
            window: args.count("window") as usize,
            snapshot_every: args.get("snapshot-every").map_or(usize::MAX, |_| args.count("snapshot-every") as usize),
            chunk: args.count("chunk") as usize,
            members: args.get("members").map_or(usize::MAX, |_| args.count("members") as usize),
            change: match args.choice("membership") {
                "single-server" => Some(Change::SingleServer),
                "joint" => Some(Change::Joint),
                _ => None,
            },
            rules: &Paper,
        };
        let errors = config.errors();
        if errors.is_empty() { Ok(config) } else { Err(errors) }
    }

    /// The same with other rules.
    pub fn with_rules(self, rules: &'static dyn Rules) -> Config {
        Config { rules, ..self }
    }

    fn errors(&self) -> Vec<(&'static str, ParamError)> {
        let mut errors = Vec::new();
        let (low, high) = self.election_timeout;
        if low >= high {
            let message = format!(
                "an election timeout of always {high} leaves nothing to chance: candidates would split every vote"
            );
            let help = format!("write a range, such as [\"{high}\", \"{}\"]", high.times(2).max(Span::millis(1)));
            errors.push(("election-timeout", error(message, help)));
        }
        if self.heartbeat == Span::ZERO {
            errors.push(("heartbeat", error("a heartbeat every 0s never ends".to_owned(), "write 50ms".to_owned())));
        }
        if self.heartbeat.times(2) > low {
            let heartbeat = self.heartbeat;
            let message =
                format!("with a heartbeat every {heartbeat}, followers that wait {low} depose a healthy leader");
            let help = "a heartbeat is at most half the shortest election timeout: a leader that has just sent entries skips one";
            errors.push(("heartbeat", error(message, help.to_owned())));
        }
        errors
    }
}

fn error(message: String, help: String) -> ParamError {
    ParamError { at: 0..0, message, help: Some(help) }
}

#[cfg(test)]
mod tests {
    use shaketable_sim::param::Value;

    use super::*;

    fn args(low: u64, high: u64, heartbeat: u64) -> Args {
        Args::new(vec![
            ("election-timeout", Value::Spans(Span::millis(low), Span::millis(high))),
            ("heartbeat", Value::Span(Span::millis(heartbeat))),
            ("elections", Value::Choice("check-quorum")),
            ("read", Value::Choice("lease")),
            ("clock-bound", Value::Odds(Ppm::percent(3))),
            ("batch", Value::Count(3)),
            ("window", Value::Count(2)),
            ("snapshot-every", Value::Count(5)),
            ("chunk", Value::Count(7)),
            ("members", Value::Count(4)),
            ("membership", Value::Choice("joint")),
        ])
    }

    #[test]
    fn every_declared_parameter_is_read() {
        let args = args(150, 300, 50);
        for param in PARAMS {
            assert!(args.get(param.name).is_some(), "{} is missing from this test", param.name);
        }
        let config = Config::from_args(&args).unwrap();
        assert_eq!(config.election_timeout, (Span::millis(150), Span::millis(300)));
        assert_eq!(config.heartbeat, Span::millis(50));
        assert_eq!((config.elections, config.read), (Elections::CheckQuorum, Read::Lease(Ppm::percent(3))));
        assert_eq!((config.batch, config.window), (3, 2));
        assert_eq!((config.snapshot_every, config.chunk), (5, 7));
        assert_eq!((config.members, config.change), (4, Some(Change::Joint)));
    }

    #[test]
    fn values_that_do_not_fit_together_are_named() {
        for (low, high, heartbeat, expected) in [
            (150, 150, 50, vec!["election-timeout"]),
            (150, 300, 0, vec!["heartbeat"]),
            (150, 300, 76, vec!["heartbeat"]),
            (150, 150, 150, vec!["election-timeout", "heartbeat"]),
            (150, 300, 75, vec![]),
        ] {
            let errors = Config::from_args(&args(low, high, heartbeat)).err().unwrap_or_default();
            let named: Vec<&str> = errors.iter().map(|(name, _)| *name).collect();
            assert_eq!(named, expected, "{low}..{high}, heartbeat {heartbeat}");
        }
    }
}
