//! What can be set in a scenario's `[dynamo]` table, and the configuration that comes of it.

use shaketable_sim::param::{Args, Default, Literal, Param, ParamError, Shape, Value};
use shaketable_sim::plan::Plan;
use shaketable_sim::time::Span;

use super::rules::{Paper, Rules};
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
    pub(super) layout: Layout,
    pub(super) retry: (Span, Span),
    pub(super) compare: (Span, Span),
    pub(super) handoff: (Span, Span),
    pub(super) probe: (Span, Span),
    pub(super) patience: Span,
    pub(super) suspicion: Span,
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
            layout: Layout::from_args(args),
            retry: args.spans("retry"),
            compare: args.spans("compare"),
            handoff: args.spans("handoff"),
            probe: args.spans("probe"),
            patience: args.span("patience"),
            suspicion: args.span("suspicion"),
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
        let once = |span| (span, span);
        let waits = [
            ("retry", self.retry),
            ("compare", self.compare),
            ("handoff", self.handoff),
            ("probe", self.probe),
            ("patience", once(self.patience)),
            ("suspicion", once(self.suspicion)),
        ];
        ring::oversized(self.replicas, self.read_quorum, self.write_quorum).chain(ring::endless(&waits)).collect()
    }
}

/// What a store without consensus cannot do for a plan.
pub(super) fn unservable(args: &Args, plan: &Plan) -> Vec<(&'static str, ParamError)> {
    ring::unservable(args, plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_declared_parameter_is_read() {
        let mut given = Args::defaults(PARAMS);
        let spans = |low| Value::Spans(Span::millis(low), Span::millis(low + 1));
        for (name, count) in
            [("replicas", 4), ("read-quorum", 1), ("write-quorum", 3), ("virtual-nodes", 7), ("racks", 2)]
        {
            given.set(name, Value::Count(count));
        }
        given.set("placement", Value::Choice("jump"));
        given.set("versions", Value::Table(Args::new(vec![("clock-bound", Value::Span(Span::millis(9)))])));
        for (name, low) in [("retry", 11), ("compare", 12), ("handoff", 13), ("probe", 14)] {
            given.set(name, spans(low));
        }
        for (name, span) in [("patience", 15), ("suspicion", 16)] {
            given.set(name, Value::Span(Span::millis(span)));
        }
        assert_eq!(given.iter().count(), PARAMS.len(), "a parameter is missing from this test");
        let config = Config::from_args(&given).unwrap();
        assert_eq!((config.replicas, config.read_quorum, config.write_quorum), (4, 1, 3));
        assert_eq!(config.layout, Layout::from_args(&given));
        assert_eq!(config.versions, Versions::LastWriterWins { clock_bound: Span::millis(9) });
        let lows =
            [config.retry.0, config.compare.0, config.handoff.0, config.probe.0, config.patience, config.suspicion];
        assert_eq!(lows, [11, 12, 13, 14, 15, 16].map(Span::millis));
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
        assert_eq!(refused("handoff", Value::Spans(Span::ZERO, Span::millis(1))), ["handoff"]);
    }
}
