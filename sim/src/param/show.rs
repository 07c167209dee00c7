//! Writing: every value as TOML text that reads back as the same value.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use super::{Args, Value};
use crate::faults::target::Target;
use crate::rng::Delay;
use crate::time::{ParseQuantityError, Span};

/// A span with a sign, in nanoseconds. Written `+50ms`, `-3s`, `0s`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Shift(pub i64);

impl FromStr for Shift {
    type Err = ParseQuantityError;

    /// Reads a span with or without a sign.
    ///
    /// # Errors
    /// If what follows the sign is no span, or one of more than 292 years.
    fn from_str(text: &str) -> Result<Shift, ParseQuantityError> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let nanos = i128::from(rest.parse::<Span>()?.as_nanos());
        let signed = if negative { -nanos } else { nanos };
        i64::try_from(signed)
            .map(Shift)
            .map_err(|_| ParseQuantityError::new(format!("a number too large in the duration `{text}`")))
    }
}

impl Display for Shift {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let sign = match self.0 {
            0 => "",
            1.. => "+",
            _ => "-",
        };
        write!(f, "{sign}{}", Span::nanos(self.0.unsigned_abs()))
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Value::Flag(flag) => flag.fmt(f),
            Value::Count(count) => count.fmt(f),
            Value::Counts(low, high) if low == high => low.fmt(f),
            Value::Counts(low, high) => write!(f, "[{low}, {high}]"),
            Value::Span(span) => write!(f, "\"{span}\""),
            Value::Spans(low, high) => range(f, low, high),
            Value::Shift(shift) => write!(f, "\"{}\"", Shift(*shift)),
            Value::Shifts(low, high) => range(f, &Shift(*low), &Shift(*high)),
            Value::Odds(odds) => write!(f, "\"{odds}\""),
            Value::Choice(word) => quoted(f, word),
            Value::Names(names) => match names.as_slice() {
                [name] => quoted(f, name),
                names => list(f, names, |f, name| quoted(f, name)),
            },
            Value::Delay(delay) => show_delay(f, delay),
            Value::Target(target) => show_target(f, target),
            Value::Groups(groups) => list(f, groups, show_target),
            Value::Table(args) => args.fmt(f),
            Value::Text(text) => quoted(f, text),
        }
    }
}

impl Display for Args {
    /// As an inline table.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut entries = self.iter();
        let Some((name, value)) = entries.next() else { return f.write_str("{}") };
        write!(f, "{{ {name} = {value}")?;
        entries.try_for_each(|(name, value)| write!(f, ", {name} = {value}"))?;
        f.write_str(" }")
    }
}

fn range<T: Display + PartialEq>(f: &mut Formatter<'_>, low: &T, high: &T) -> fmt::Result {
    if low == high { write!(f, "\"{low}\"") } else { write!(f, "[\"{low}\", \"{high}\"]") }
}

fn list<T>(f: &mut Formatter<'_>, items: &[T], show: impl Fn(&mut Formatter<'_>, &T) -> fmt::Result) -> fmt::Result {
    f.write_str("[")?;
    for (place, item) in items.iter().enumerate() {
        f.write_str(if place == 0 { "" } else { ", " })?;
        show(f, item)?;
    }
    f.write_str("]")
}

fn show_delay(f: &mut Formatter<'_>, delay: &Delay) -> fmt::Result {
    match delay {
        Delay::Fixed(span) => write!(f, "\"{span}\""),
        Delay::Uniform(low, high) => write!(f, "{{ uniform = [\"{low}\", \"{high}\"] }}"),
        Delay::Exponential { min, mean } => {
            write!(f, "{{ exponential = {{ min = \"{min}\", mean = \"{mean}\" }} }}")
        }
        Delay::LogNormal { median, p99 } => {
            write!(f, "{{ lognormal = {{ median = \"{median}\", p99 = \"{p99}\" }} }}")
        }
    }
}

fn show_target(f: &mut Formatter<'_>, target: &Target) -> fmt::Result {
    match target {
        Target::Each(targets) => list(f, targets, |f, target| write!(f, "\"{target}\"")),
        one => write!(f, "\"{one}\""),
    }
}

/// A basic string: TOML 1.0 forbids quotes, backslashes and control characters in it unless escaped.
fn quoted(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for letter in text.chars() {
        match letter {
            '"' | '\\' => write!(f, "\\{letter}")?,
            '\n' => f.write_str("\\n")?,
            '\t' => f.write_str("\\t")?,
            control if control.is_ascii_control() => write!(f, "\\u{:04X}", u32::from(control))?,
            other => write!(f, "{other}")?,
        }
    }
    f.write_str("\"")
}
