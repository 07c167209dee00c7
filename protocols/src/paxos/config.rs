//! What can be set in a scenario's `[paxos]` table, and the configuration that comes of it.

use shaketable_sim::id::NodeId;
use shaketable_sim::param::{Args, Default, Literal, Param, ParamError, Shape, Value};
use shaketable_sim::time::{Ppm, Span};

use super::configuration::{Configuration, Configurations};
use super::quorums::Sizes;
use super::rules::{Paper, Rules};

/// `[paxos]`.
pub static PARAMS: &[Param] = &[
    Param {
        name: "election-timeout",
        shape: Shape::Spans,
        default: Default::Value(Literal::Texts(&["150ms", "300ms"])),
        doc: "how long a node waits for a leader before it tries to lead (drawn from the range; doubled, up to fourfold, after each failure)",
    },
    Param {
        name: "heartbeat",
        shape: Shape::Span,
        default: Default::Value(Literal::Text("50ms")),
        doc: "how often a leader makes itself heard, and sends again what was not accepted",
    },
    Param {
        name: "elections",
        shape: Shape::Choice(&[
            ("plain", "a node that hears of no leader prepares a higher ballot at once: proposers may duel"),
            (
                "canvass",
                "it first asks whether a quorum would promise, which those do that hear of no leader themselves",
            ),
        ]),
        default: Default::Value(Literal::Text("canvass")),
        doc: "how a node comes to lead",
    },
    Param {
        name: "read",
        shape: Shape::Choice(&[
            (
                "confirm",
                "the leader answers from its own state once a quorum has confirmed that it promised nobody else",
            ),
            (
                "lease",
                "as long as a quorum has promised to follow no other, the leader answers at once; else as with confirm. No clock may be set",
            ),
            ("log", "reads are decided in a slot as writes are"),
        ]),
        default: Default::Value(Literal::Text("confirm")),
        doc: "how reads are made linearizable",
    },
    Param {
        name: "clock-bound",
        shape: Shape::Odds,
        default: Default::Value(Literal::Text("1%")),
        doc: "how much a clock runs fast or slow, at most, as far as leases rely on it",
    },
    Param {
        name: "window",
        shape: Shape::Count(1, 1_024),
        default: Default::Value(Literal::Count(16)),
        doc: "how many slots a leader proposes in before the first of them is decided (further operations wait), and how many messages are \
              under way to a node that catches up",
    },
    Param {
        name: "batch",
        shape: Shape::Count(1, 4_096),
        default: Default::Value(Literal::Count(64)),
        doc: "how many decisions a message holds that lets a node catch up",
    },
    Param {
        name: "snapshot-every",
        shape: Shape::Count(1, 1_000_000),
        default: Default::Absent,
        doc: "after how many applied slots a node takes a snapshot and drops what it knows of them (without it: never)",
    },
    Param {
        name: "chunk",
        shape: Shape::Count(1, 65_535),
        default: Default::Value(Literal::Count(16)),
        doc: "how many objects and sessions of a snapshot a message holds at most",
    },
    Param {
        name: "members",
        shape: Shape::Count(1, 100),
        default: Default::Absent,
        doc: "the first so many nodes are the members in the beginning; the others only learn (without it: all are members)",
    },
    Param {
        name: "alpha",
        shape: Shape::Count(1, 1_024),
        default: Default::Absent,
        doc: "so many slots behind the one in which a change of the members was decided, it is in force; no leader proposes in a slot before \
              it knows the decisions up to so many slots before it (without it: the members never change)",
    },
    Param {
        name: "phase1-quorum",
        shape: Shape::Count(1, 1_000),
        default: Default::Absent,
        doc: "how many promises let a proposer propose, among however many members; unless written, as many as must meet every quorum of phase 2",
    },
    Param {
        name: "phase2-quorum",
        shape: Shape::Count(1, 1_000),
        default: Default::Absent,
        doc: "how many acceptances choose a value, among however many members; unless written, as many as must meet every quorum of \
              phase 1, or a majority. Members among whom the quorums that are written need not meet are refused",
    },
];

/// How a node is set up.
///
/// Guarantees: the election timeout is a range and not a point, heartbeats are at most half as far apart as its
/// low end, there is a first configuration (of so many nodes with quorums of these sizes), `window`, `batch`, `snapshot_every` and `chunk` are at least 1.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    pub(super) election_timeout: (Span, Span),
    pub(super) heartbeat: Span,
    pub(super) elections: Elections,
    pub(super) read: Read,
    pub(super) window: usize,
    pub(super) batch: usize,
    pub(super) snapshot_every: u64,
    pub(super) chunk: usize,
    /// How many nodes are members in the beginning.
    members: usize,
    /// Of quorums, whoever the members are.
    pub(super) sizes: Sizes,
    /// None if the members never change.
    alpha: Option<u64>,
    pub(super) rules: &'static dyn Rules,
}

/// How a node comes to lead. Both are safe.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Elections {
    /// It prepares at once.
    Plain,
    /// It asks around first, so that a node that hears nobody does not depose a leader that others hear.
    Canvass,
}

/// How reads are made linearizable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Read {
    /// A quorum confirms the leader, which then answers from its own state.
    Confirm,
    /// A quorum has promised to follow no other leader for a while, on clocks that drift by this much at most.
    Lease(Ppm),
    /// Reads go through the log.
    Log,
}

impl Config {
    /// From the values of [`PARAMS`], for so many nodes.
    ///
    /// # Errors
    /// What does not fit together, by parameter.
    pub fn from_args(args: &Args, nodes: usize) -> Result<Config, Vec<(&'static str, ParamError)>> {
        let mut errors = timing_errors(args.spans("election-timeout"), args.span("heartbeat"));
        let members = args.get("members").map_or(nodes, |_| nodes.min(args.count("members") as usize));
        match sizes(args, members) {
            Ok(sizes) if errors.is_empty() => Ok(Config {
                election_timeout: args.spans("election-timeout"),
                heartbeat: args.span("heartbeat"),
                elections: match args.choice("elections") {
                    "plain" => Elections::Plain,
                    _ => Elections::Canvass,
                },
                read: match args.choice("read") {
                    "log" => Read::Log,
                    "lease" => Read::Lease(args.odds("clock-bound")),
                    _ => Read::Confirm,
                },
                window: args.count("window") as usize,
                batch: args.count("batch") as usize,
                snapshot_every: args.get("snapshot-every").map_or(u64::MAX, |_| args.count("snapshot-every")),
                chunk: args.count("chunk") as usize,
                members,
                sizes,
                alpha: args.get("alpha").map(|_| args.count("alpha")),
                rules: &Paper,
            }),
            Ok(_) => Err(errors),
            Err(error) => {
                errors.push(error);
                Err(errors)
            }
        }
    }

    /// What the cluster begins with, before anything is decided.
    pub(super) fn first(&self) -> Configurations {
        let members = NodeId::all(self.members).collect();
        let first = Configuration::new(members, self.sizes).expect("the sizes fit the first members");
        Configurations::new(first, self.alpha)
    }

    /// The same with other rules.
    pub fn with_rules(self, rules: &'static dyn Rules) -> Config {
        Config { rules, ..self }
    }
}

/// The sizes that are written, if there can be quorums of them among so many members.
fn sizes(args: &Args, members: usize) -> Result<Sizes, (&'static str, ParamError)> {
    let written = |name| match args.get(name) {
        Some(Value::Count(size)) => Some(*size as usize),
        _ => None,
    };
    let sizes = match (written("phase1-quorum"), written("phase2-quorum")) {
        (None, None) => Sizes::Majorities,
        (Some(one), None) => Sizes::Phase1(one),
        (None, Some(two)) => Sizes::Phase2(two),
        (Some(phase1), Some(phase2)) => Sizes::Both { phase1, phase2 },
    };
    let (name, message) = match sizes {
        _ if sizes.among(members).is_some() => return Ok(sizes),
        Sizes::Majorities => ("members", "there are no members".to_owned()),
        Sizes::Phase1(one) => ("phase1-quorum", format!("of {members} members, {one} cannot promise")),
        Sizes::Phase2(two) => ("phase2-quorum", format!("of {members} members, {two} cannot accept")),
        Sizes::Both { phase1, phase2 } => {
            let message = format!("of {members} members, {phase1} that promise and {phase2} that accept need not meet");
            ("phase2-quorum", message)
        }
    };
    let help = format!("each is at most {members}, and together they are at least {}", members + 1);
    Err((name, error(message, help)))
}

fn timing_errors((low, high): (Span, Span), heartbeat: Span) -> Vec<(&'static str, ParamError)> {
    let mut errors = Vec::new();
    if low >= high {
        let message =
            format!("an election timeout of always {high} leaves nothing to chance: proposers would duel for ever");
        let help = format!("write a range, such as [\"{high}\", \"{}\"]", high.times(2).max(Span::millis(1)));
        errors.push(("election-timeout", error(message, help)));
    }
    if heartbeat == Span::ZERO {
        errors.push(("heartbeat", error("a heartbeat every 0s never ends".to_owned(), "write 50ms".to_owned())));
    }
    if heartbeat.times(2) > low {
        let message = format!("with a heartbeat every {heartbeat}, nodes that wait {low} depose a healthy leader");
        let help = "a heartbeat is at most half the shortest election timeout: one may get lost".to_owned();
        errors.push(("heartbeat", error(message, help)));
    }
    errors
}

fn error(message: String, help: String) -> ParamError {
    ParamError { at: 0..0, message, help: Some(help) }
}

#[cfg(test)]
mod tests {
    use super::super::quorums::Quorums;
    use super::super::types::Slot;
    use super::*;

    fn args(low: u64, high: u64, heartbeat: u64) -> Args {
        Args::new(vec![
            ("election-timeout", Value::Spans(Span::millis(low), Span::millis(high))),
            ("heartbeat", Value::Span(Span::millis(heartbeat))),
            ("elections", Value::Choice("plain")),
            ("read", Value::Choice("lease")),
            ("clock-bound", Value::Odds(Ppm::percent(3))),
            ("window", Value::Count(2)),
            ("batch", Value::Count(3)),
            ("snapshot-every", Value::Count(5)),
            ("chunk", Value::Count(7)),
        ])
    }

    fn sized(phase1: Option<u64>, phase2: Option<u64>, members: u64) -> Args {
        let mut args = args(150, 300, 50);
        args.set("members", Value::Count(members));
        args.set("alpha", Value::Count(6));
        phase1.into_iter().for_each(|size| args.set("phase1-quorum", Value::Count(size)));
        phase2.into_iter().for_each(|size| args.set("phase2-quorum", Value::Count(size)));
        args
    }

    #[test]
    fn every_declared_parameter_is_read() {
        let args = sized(Some(4), Some(3), 4);
        for param in PARAMS {
            assert!(args.get(param.name).is_some(), "{} is missing from this test", param.name);
        }
        let config = Config::from_args(&args, 5).unwrap();
        assert_eq!(config.election_timeout, (Span::millis(150), Span::millis(300)));
        assert_eq!(config.heartbeat, Span::millis(50));
        assert_eq!((config.elections, config.read), (Elections::Plain, Read::Lease(Ppm::percent(3))));
        assert_eq!((config.window, config.batch), (2, 3));
        assert_eq!((config.snapshot_every, config.chunk), (5, 7));
        assert_eq!((config.members, config.alpha), (4, Some(6)));
        assert_eq!(config.first().of(Slot::ZERO).quorums(), Quorums::new(4, 4, 3).unwrap());
    }

    #[test]
    fn one_quorum_completes_the_other_and_two_that_do_not_meet_are_an_error() {
        let quorums = |one, two| {
            let config = Config::from_args(&sized(one, two, 5), 5).ok()?;
            Some(config.first().of(Slot::ZERO).quorums())
        };
        assert_eq!(quorums(None, None), Some(Quorums::majorities(5)));
        assert_eq!(quorums(None, Some(2)), Quorums::new(5, 4, 2));
        assert_eq!(quorums(Some(5), None), Quorums::new(5, 5, 1));
        assert_eq!(quorums(Some(3), Some(2)), None);
        assert_eq!(quorums(Some(6), None), None);
        assert_eq!(quorums(None, Some(6)), None);
    }

    #[test]
    fn quorums_are_among_the_first_members_and_not_among_all_nodes() {
        let named = |one, two, members| match Config::from_args(&sized(one, two, members), 5) {
            Ok(config) => Ok(config.first().of(Slot::ZERO).to_string()),
            Err(errors) => Err(errors[0].0),
        };
        assert_eq!(named(None, None, 3), Ok("n1 n2 n3".to_owned()));
        assert_eq!(named(None, None, 9), Ok("n1 n2 n3 n4 n5".to_owned()), "there are no more");
        assert_eq!(named(Some(4), None, 3), Err("phase1-quorum"));
        assert_eq!(named(None, Some(4), 3), Err("phase2-quorum"));
        assert_eq!(named(Some(3), Some(3), 5), Ok("n1 n2 n3 n4 n5".to_owned()));
        assert_eq!(named(Some(3), Some(3), 2), Err("phase2-quorum"));
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
            let errors = Config::from_args(&args(low, high, heartbeat), 5).err().unwrap_or_default();
            let named: Vec<&str> = errors.iter().map(|(name, _)| *name).collect();
            assert_eq!(named, expected, "{low}..{high}, heartbeat {heartbeat}");
        }
    }
}
