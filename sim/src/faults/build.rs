//! Planning faults in code, for tests of protocols of one's own.

use super::trigger::Trigger;
use super::{Applied, FAULTS, Planned, Start};
use crate::param::{Args, ParamError, Raw, RawKind};
use crate::time::{Instant, Span};

impl Planned {
    /// A fault of the kind of this name, that strikes at the beginning and lasts until the heal; `params` as in a scenario file, the
    /// others have their defaults.
    ///
    /// ```
    /// use shaketable_sim::faults::Planned;
    /// use shaketable_sim::time::Span;
    /// let second = Span::secs(1);
    /// let fault = Planned::new("isolate", &[("node", "leader")]).expect("a fault");
    /// let fault = fault.every(second, second.times(3)).lasting(Span::millis(200), second);
    /// assert_eq!(fault.args.target("node").to_string(), "leader");
    /// assert!(Planned::new("isolate", &[("node", "leadr")]).is_err());
    /// ```
    ///
    /// # Errors
    /// If there is no such kind, or a parameter is unknown, missing or cannot be read: what is wrong with each.
    pub fn new(kind: &str, params: &[(&str, &str)]) -> Result<Planned, Vec<ParamError>> {
        let wrong = |message: String| vec![ParamError::new(0..0, message)];
        let known = FAULTS.iter().find(|known| known.name == kind);
        let kind = known.ok_or_else(|| wrong(format!("unknown kind of fault `{kind}`")))?;
        let mut args = Args::defaults(kind.params);
        for (name, text) in params {
            let param = kind.params.iter().find(|param| param.name == *name);
            let param = param.ok_or_else(|| wrong(format!("{} has no parameter `{name}`", kind.name)))?;
            let raw =
                Raw { at: 0..0, kind: text.parse().map_or_else(|_| RawKind::Text((*text).to_owned()), RawKind::Flag) };
            args.set(param.name, param.shape.parse(&raw)?);
        }
        let missing = kind
            .params
            .iter()
            .find(|param| matches!(param.default, crate::param::Default::Required) && args.get(param.name).is_none());
        match missing {
            Some(param) => Err(wrong(format!("{} needs `{}`: {}", kind.name, param.name, param.doc))),
            None => Ok(Planned {
                kind,
                args,
                start: Start::At(Instant::ZERO),
                from: Instant::ZERO,
                until: Instant::MAX,
                times: 1,
                lasting: None,
                permanent: false,
            }),
        }
    }

    /// Strikes once, so long after the beginning.
    #[must_use]
    pub fn at(self, time: Span) -> Planned {
        Planned { start: Start::At(Instant::ZERO + time), times: 1, ..self }
    }

    /// Strikes again and again, waiting between `low` and `high` before each time.
    #[must_use]
    pub fn every(self, low: Span, high: Span) -> Planned {
        Planned { start: Start::Every(low, high), times: u32::MAX, ..self }
    }

    /// Strikes once, as soon as that has come which it waits for.
    #[must_use]
    pub fn when(self, trigger: Trigger) -> Planned {
        Planned { start: Start::When(trigger, (Span::ZERO, Span::ZERO)), times: 1, ..self }
    }

    /// Is undone after a time between `low` and `high`, instead of at the heal.
    #[must_use]
    pub fn lasting(self, low: Span, high: Span) -> Planned {
        Planned { lasting: Some((low, high)), ..self }
    }
}

/// Strikes as it struck.
impl From<&Applied> for Planned {
    fn from(applied: &Applied) -> Planned {
        let kind = FAULTS.iter().find(|kind| kind.name == applied.kind);
        Planned {
            kind: kind.expect("what has struck is one of the kinds"),
            args: applied.args.clone(),
            start: Start::At(applied.at),
            from: Instant::ZERO,
            until: Instant::MAX,
            times: 1,
            lasting: applied.lasting.map(|lasting| (lasting, lasting)),
            permanent: applied.permanent,
        }
    }
}
