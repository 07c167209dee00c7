//! What can be set in a scenario's `[dynamo]` table, and the configuration that comes of it.

use shaketable_sim::param::{Args, Default, Literal, Param, ParamError, Shape, Value};
use shaketable_sim::plan::Plan;
use shaketable_sim::time::Span;

use super::rules::{Paper, Rules};
use super::under_way;
use super::versions::Versions;
use crate::ring::config::{self as ring, Layout};

/// `[dynamo]`.
pub static PARAMS: &[Param] = &[
    ring::REPLICAS,
    Param { doc: "how many nodes a get, or the first phase of a put, waits for (R)", ..ring::READ_QUORUM },
    Param { doc: "how many nodes the second phase of a put waits for (W)", ..ring::WRITE_QUORUM },
    Param {
        name: "versions",
        shape: Shape::ChoiceOrTable(
            &[("dotted", "siblings, told apart by dotted version vectors; a get is answered with the greatest")],
            LAST_WRITER_WINS,
        ),
        default: Default::Value(Literal::Text("dotted")),
        doc: "what becomes of versions that were written without knowing of each other",
    },
    Param {
        name: "members",
        shape: Shape::Count(1, 99),
        default: Default::Absent,
        doc: "the first so many nodes are in the ring in the beginning; the others wait to join (without it: all are)",
    },
    ring::PLACEMENT,
    ring::VIRTUAL_NODES,
    ring::RACKS,
    ring::RETRY,
    ring::COMPARE,
    wait(
        "handoff",
        &["50ms", "100ms"],
        "how long until a stand-in tries to hand over its hints (drawn from the range)",
    ),
    wait(
        "probe",
        &["40ms", "60ms"],
        "how long until a node asks the next one whether it is alive (drawn from the range)",
    ),
    Param {
        name: "patience",
        shape: Shape::Span,
        default: Default::Value(Literal::Text("30ms")),
        doc: "how long a probe waits before others are asked to probe; and twice as long for them",
    },
    Param {
        name: "suspicion",
        shape: Shape::Span,
        default: Default::Value(Literal::Text("200ms")),
        doc: "how long a node that did not answer has to contradict before it is declared dead",
    },
    Param {
        name: "tombstone-grace",
        shape: Shape::Span,
        default: Default::Absent,
        doc: "longer than any message with a version is under way, whatever faults keep it: a tombstone is collected when every node has said twice, with this between, that it knows nothing else of the key (without it: never)",
    },
    Param {
        name: "journal-limit",
        shape: Shape::Count(4, 1_000),
        default: Default::Absent,
        doc: "how many times as many records as there are keys a node's journal may have before it is compacted (without it: any number)",
    },
];

/// `versions = { … }`.
static LAST_WRITER_WINS: &[Param] = &[Param {
    name: "clock-bound",
    shape: Shape::Span,
    default: Default::Required,
    doc: "the last writer wins, by clocks that differ by at most so much",
}];

const fn wait(name: &'static str, default: &'static [&'static str], doc: &'static str) -> Param {
    Param { name, shape: Shape::Spans, default: Default::Value(Literal::Texts(default)), doc }
}

/// How a node is set up.
///
/// Guarantees: R and W are at most N, and no wait is zero.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    pub(super) replicas: usize,
    pub(super) read_quorum: usize,
    pub(super) write_quorum: usize,
    pub(super) versions: Versions,
    /// How many nodes are in the first ring; all, if there are not so many.
    pub(super) members: usize,
    pub(super) layout: Layout,
    pub(super) retry: (Span, Span),
    pub(super) compare: (Span, Span),
    pub(super) handoff: (Span, Span),
    pub(super) probe: (Span, Span),
    pub(super) patience: Span,
    pub(super) suspicion: Span,
    /// None if tombstones are kept for ever.
    pub(super) tombstone_grace: Option<Span>,
    /// None if journals are never compacted.
    pub(super) journal_limit: Option<usize>,
    pub(super) rules: &'static dyn Rules,
}

impl Config {
    /// From the values of [`PARAMS`].
    ///
    /// # Errors
    /// What does not fit together, by parameter.
    pub fn from_args(args: &Args) -> Result<Config, Vec<(&'static str, ParamError)>> {
        let config = Config {
            replicas: args.count("replicas") as usize,
            read_quorum: args.count("read-quorum") as usize,
            write_quorum: args.count("write-quorum") as usize,
            versions: match args.get("versions") {
                Some(Value::Table(lww)) => Versions::LastWriterWins { clock_bound: lww.span("clock-bound") },
                _ => Versions::Dotted,
            },
            members: args.get("members").map_or(usize::MAX, |_| args.count("members") as usize),
            layout: Layout::from_args(args),
            retry: args.spans("retry"),
            compare: args.spans("compare"),
            handoff: args.spans("handoff"),
            probe: args.spans("probe"),
            patience: args.span("patience"),
            suspicion: args.span("suspicion"),
            tombstone_grace: args.get("tombstone-grace").map(|_| args.span("tombstone-grace")),
            journal_limit: args.get("journal-limit").map(|_| args.count("journal-limit") as usize),
            rules: &Paper,
        };
        let errors = config.errors();
        if errors.is_empty() { Ok(config) } else { Err(errors) }
    }

    /// The same with other rules.
    pub fn with_rules(self, rules: &'static dyn Rules) -> Config {
        Config { rules, ..self }
    }

    /// How long until what was acknowledged is everywhere, in a cluster of so many nodes with time to spare for what gets lost: the dead are found alive, all hear of the ring, hints are
    /// handed over, and each pair of owners compares twice.
    pub(super) fn rounds(&self, nodes: usize) -> Span {
        let round = self.compare.1 + self.probe.1;
        round.times(2 * nodes as u64) + self.handoff.1.times(4) + self.suspicion + Span::secs(1)
    }

    fn errors(&self) -> Vec<(&'static str, ParamError)> {
        let once = |span| (span, span);
        let waits = [
            ("retry", self.retry),
            ("compare", self.compare),
            ("handoff", self.handoff),
            ("probe", self.probe),
            ("patience", once(self.patience)),
            ("suspicion", once(self.suspicion)),
            ("tombstone-grace", once(self.tombstone_grace.unwrap_or(self.suspicion))),
        ];
        let oversized = ring::oversized(self.replicas, self.read_quorum, self.write_quorum);
        let lonely = (self.members < self.replicas).then(|| {
            let message = format!("{} members cannot keep {} copies of each key", self.members, self.replicas);
            ("members", ring::error(message, format!("write {} at least", self.replicas)))
        });
        oversized.chain(ring::endless(&waits)).chain(lonely).collect()
    }
}

/// What a store without consensus cannot do for a plan.
pub(super) fn unservable(args: &Args, plan: &Plan) -> Vec<(&'static str, ParamError)> {
    let mut errors = ring::unservable(args, plan);
    let Ok(config) = Config::from_args(args) else { return errors };
    let under_way = under_way::longest(plan);
    if let Some(grace) = config.tombstone_grace.filter(|&grace| grace <= under_way) {
        let message = format!(
            "a grace of {grace} is too short: an old version may be under way for {under_way}, and come back when its tombstone is gone"
        );
        errors.push(("tombstone-grace", ring::error(message, format!("write more than {under_way}"))));
    }
    if let Some(heal) = plan.heal {
        let rounds = config.rounds(plan.nodes);
        if heal.within < rounds {
            let message = format!(
                "a heal of {} is too short: it takes up to {rounds} until what was acknowledged is everywhere",
                heal.within
            );
            errors.push(("heal", ring::error(message, format!("write `within = \"{rounds}\"` at least, in [heal]"))));
        }
    }
    errors
}

#[cfg(test)]
mod tests {
    use shaketable_sim::rng::Delay;

    use super::*;

    #[test]
    fn every_declared_parameter_is_read() {
        let mut given = Args::defaults(PARAMS);
        let spans = |low| Value::Spans(Span::millis(low), Span::millis(low + 1));
        for (name, count) in [
            ("replicas", 4),
            ("read-quorum", 1),
            ("write-quorum", 3),
            ("virtual-nodes", 7),
            ("racks", 2),
            ("members", 5),
            ("journal-limit", 6),
        ] {
            given.set(name, Value::Count(count));
        }
        given.set("placement", Value::Choice("jump"));
        given.set("versions", Value::Table(Args::new(vec![("clock-bound", Value::Span(Span::millis(9)))])));
        for (name, low) in [("retry", 11), ("compare", 12), ("handoff", 13), ("probe", 14)] {
            given.set(name, spans(low));
        }
        for (name, span) in [("patience", 15), ("suspicion", 16), ("tombstone-grace", 17)] {
            given.set(name, Value::Span(Span::millis(span)));
        }
        assert_eq!(given.iter().count(), PARAMS.len(), "a parameter is missing from this test");
        let config = Config::from_args(&given).unwrap();
        assert_eq!((config.replicas, config.read_quorum, config.write_quorum), (4, 1, 3));
        assert_eq!((config.members, config.journal_limit), (5, Some(6)));
        assert_eq!(config.tombstone_grace, Some(Span::millis(17)));
        assert_eq!(config.layout, Layout::from_args(&given));
        assert_eq!(config.versions, Versions::LastWriterWins { clock_bound: Span::millis(9) });
        let lows =
            [config.retry.0, config.compare.0, config.handoff.0, config.probe.0, config.patience, config.suspicion];
        assert_eq!(lows, [11, 12, 13, 14, 15, 16].map(Span::millis));
    }

    #[test]
    fn a_grace_no_longer_than_a_message_is_under_way_does_not_fit_the_plan() {
        let mut plan = Plan::calm(5, Span::secs(9));
        plan.network.delay = Delay::Uniform(Span::millis(1), Span::millis(10));
        plan.clients.workload = "register";
        let misfits = |grace: Option<u64>| -> Vec<&'static str> {
            let mut args = Args::defaults(PARAMS);
            grace.into_iter().for_each(|millis| args.set("tombstone-grace", Value::Span(Span::millis(millis))));
            unservable(&args, &plan).into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(misfits(None), Vec::<&str>::new());
        assert_eq!(misfits(Some(11)), Vec::<&str>::new());
        assert_eq!(misfits(Some(10)), ["tombstone-grace"]);
    }

    #[test]
    fn quorums_need_not_meet_but_must_exist_and_no_wait_is_zero() {
        let refused = |name, value: Value| -> Vec<&'static str> {
            let mut args = Args::defaults(PARAMS);
            args.set(name, value);
            Config::from_args(&args).err().unwrap_or_default().into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(refused("read-quorum", Value::Count(1)), Vec::<&str>::new());
        assert_eq!(refused("read-quorum", Value::Count(4)), ["read-quorum"]);
        assert_eq!(refused("write-quorum", Value::Count(4)), ["write-quorum"]);
        assert_eq!(refused("patience", Value::Span(Span::ZERO)), ["patience"]);
        assert_eq!(refused("tombstone-grace", Value::Span(Span::ZERO)), ["tombstone-grace"]);
        assert_eq!(refused("members", Value::Count(3)), Vec::<&str>::new());
        assert_eq!(refused("members", Value::Count(2)), ["members"]);
        assert_eq!(refused("handoff", Value::Spans(Span::ZERO, Span::millis(1))), ["handoff"]);
    }
}
