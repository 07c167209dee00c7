//! What can be set in a scenario's `[synod]` table, and the configuration that comes of it.

use shaketable_sim::param::{Args, Default, Literal, Param, ParamError, Shape};
use shaketable_sim::plan::Plan;
use shaketable_sim::time::Span;

use super::rules::{Paper, Rules};

/// `[synod]`.
pub static PARAMS: &[Param] = &[
    Param {
        name: "retry",
        shape: Shape::Spans,
        default: Default::Value(Literal::Texts(&["50ms", "100ms"])),
        doc: "how long a proposal may take before its proposer tries another (drawn from the range; doubled, up to sixteenfold, after each)",
    },
    Param {
        name: "learners",
        shape: Shape::Choice(&[
            ("all", "acceptors tell the learners of all nodes what they accept"),
            ("proposer", "they tell the node alone whose proposal it is; others find out by proposing"),
        ]),
        default: Default::Value(Literal::Text("all")),
        doc: "who learns what is chosen",
    },
];

/// How a node is set up.
///
/// Guarantee: the time to a retry is a range and not a point.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    pub(super) retry: (Span, Span),
    pub(super) learners: Learners,
    pub(super) rules: &'static dyn Rules,
}

/// To whom acceptors tell what they accept (§2.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Learners {
    /// To every node: the fewest delays, the most messages.
    All,
    /// To the node whose proposal it is.
    Proposer,
}

impl Config {
    /// As the paper has it.
    ///
    /// # Panics
    /// If the range of `retry` is a point or upside down: proposers would duel for ever (§2.4).
    pub fn new(retry: (Span, Span), learners: Learners) -> Config {
        assert!(retry.0 < retry.1, "a retry after always {} leaves nothing to chance", retry.1);
        Config { retry, learners, rules: &Paper }
    }

    /// From the values of [`PARAMS`].
    ///
    /// # Errors
    /// What does not fit together, by parameter.
    pub fn from_args(args: &Args) -> Result<Config, Vec<(&'static str, ParamError)>> {
        let retry = args.spans("retry");
        let learners = match args.choice("learners") {
            "proposer" => Learners::Proposer,
            _ => Learners::All,
        };
        if retry.0 < retry.1 && retry.0 > Span::ZERO {
            return Ok(Config::new(retry, learners));
        }
        let message = "proposers that try again at once, or always after the same time, may duel for ever".to_owned();
        Err(vec![("retry", error(message, "write a range, such as [\"50ms\", \"100ms\"]"))])
    }

    /// The same with other rules.
    pub fn with_rules(self, rules: &'static dyn Rules) -> Config {
        Config { rules, ..self }
    }
}

/// A decree is decided once, so the Synod serves what is written once.
pub(super) fn unservable(plan: &Plan) -> Option<(&'static str, ParamError)> {
    let workload = plan.clients.workload;
    (workload != "consensus").then(|| {
        let message = format!("the Synod cannot serve `{workload}`: each of its decrees is decided once and for all");
        ("workload", error(message, "write `workload = \"consensus\"`"))
    })
}

fn error(message: String, help: &str) -> ParamError {
    ParamError { at: 0..0, message, help: Some(help.to_owned()) }
}

#[cfg(test)]
mod tests {
    use shaketable_sim::param::Value;

    use super::*;

    fn args(low: u64, high: u64, learners: &'static str) -> Args {
        let retry = Value::Spans(Span::millis(low), Span::millis(high));
        Args::new(vec![("retry", retry), ("learners", Value::Choice(learners))])
    }

    #[test]
    fn every_declared_parameter_is_read() {
        let args = args(3, 5, "proposer");
        assert_eq!(args.iter().count(), PARAMS.len(), "a parameter is missing from this test");
        let config = Config::from_args(&args).unwrap();
        assert_eq!((config.retry, config.learners), ((Span::millis(3), Span::millis(5)), Learners::Proposer));
    }

    #[test]
    fn a_retry_that_leaves_nothing_to_chance_is_refused() {
        for (low, high, fits) in [(3, 5, true), (5, 5, false), (0, 5, false), (0, 0, false)] {
            assert_eq!(Config::from_args(&args(low, high, "all")).is_ok(), fits, "{low}..{high}");
        }
    }
}
