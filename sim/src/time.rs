//! Time in integer nanoseconds, odds in integer parts per million: no float decides anything in a run.
//!
//! Both are written as people write them (`150ms`, `1.5s`, `2%`) and read back exactly.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A length of time, in nanoseconds. Written with its unit: `250us`, `150ms`, `1.5s`, `2min`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(u64);

/// A moment, in nanoseconds since the run began (or since a node's clock read zero). Arithmetic saturates.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(u64);

/// Odds, in parts per million. Written as a percentage (`1%`, `0.05%`) or as `50ppm`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ppm(u32);

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);
    /// Longer than any run.
    pub const MAX: Span = Span(u64::MAX);

    /// So many nanoseconds.
    pub const fn nanos(nanos: u64) -> Span {
        Span(nanos)
    }

    /// So many microseconds.
    pub const fn micros(micros: u64) -> Span {
        Span(micros.saturating_mul(1_000))
    }

    /// So many milliseconds.
    pub const fn millis(millis: u64) -> Span {
        Span(millis.saturating_mul(1_000_000))
    }

    /// So many seconds.
    pub const fn secs(secs: u64) -> Span {
        Span(secs.saturating_mul(1_000_000_000))
    }

    /// In nanoseconds.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// So many times as long; the longest span if that overflows.
    pub const fn times(self, factor: u64) -> Span {
        Span(self.0.saturating_mul(factor))
    }
}

impl Instant {
    /// The beginning.
    pub const ZERO: Instant = Instant(0);
    /// Later than any run.
    pub const MAX: Instant = Instant(u64::MAX);

    /// So many nanoseconds after the beginning.
    pub const fn nanos(nanos: u64) -> Instant {
        Instant(nanos)
    }

    /// Nanoseconds since the beginning.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The time that has passed since an earlier moment; none if it is not earlier.
    pub const fn since(self, earlier: Instant) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Span> for Instant {
    type Output = Instant;
    fn add(self, span: Span) -> Instant {
        Instant(self.0.saturating_add(span.0))
    }
}

impl Sub<Span> for Instant {
    type Output = Instant;
    fn sub(self, span: Span) -> Instant {
        Instant(self.0.saturating_sub(span.0))
    }
}

impl AddAssign<Span> for Instant {
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl Sub for Span {
    type Output = Span;
    fn sub(self, other: Span) -> Span {
        Span(self.0.saturating_sub(other.0))
    }
}

impl Ppm {
    /// Never.
    pub const ZERO: Ppm = Ppm(0);
    /// Always.
    pub const ONE: Ppm = Ppm(1_000_000);

    /// So many parts per million, at most a million.
    pub const fn new(parts: u32) -> Ppm {
        assert!(parts <= 1_000_000, "odds above 100%");
        Ppm(parts)
    }

    /// So many per cent.
    pub const fn percent(percent: u32) -> Ppm {
        Ppm::new(percent * 10_000)
    }

    /// In parts per million.
    pub const fn parts(self) -> u32 {
        self.0
    }

    /// By how much this is more than `other`; never if it is not.
    pub const fn beyond(self, other: Ppm) -> Ppm {
        Ppm(self.0.saturating_sub(other.0))
    }

    /// This share of `whole`, rounded down.
    pub const fn of(self, whole: u64) -> u64 {
        ((whole as u128 * self.0 as u128) / 1_000_000) as u64
    }
}

/// Why a quantity could not be read. Its text says what was expected, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseQuantityError(String);

impl ParseQuantityError {
    /// With this text.
    pub(crate) fn new(text: String) -> ParseQuantityError {
        ParseQuantityError(text)
    }
}

impl fmt::Display for ParseQuantityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ParseQuantityError {}

const SPAN_UNITS: [(&str, u64); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

impl FromStr for Span {
    type Err = ParseQuantityError;

    /// Reads a number and its unit: `ns`, `us`, `ms`, `s`, `min` or `h`.
    ///
    /// # Errors
    /// If there is no number, no unit or an unknown one, or a fraction of a nanosecond.
    fn from_str(text: &str) -> Result<Span, ParseQuantityError> {
        let (number, unit) = split_unit(text);
        let Some((_, scale)) = SPAN_UNITS.iter().find(|(name, _)| *name == unit) else {
            let what = if unit.is_empty() { "no unit".to_owned() } else { format!("unknown unit `{unit}`") };
            return Err(ParseQuantityError(format!(
                "{what}: write a duration as `150ms`, `1.5s` or `2min` (ns, us, ms, s, min, h)"
            )));
        };
        scaled(number, *scale).map(Span).map_err(|why| ParseQuantityError(format!("{why} in the duration `{text}`")))
    }
}

impl FromStr for Ppm {
    type Err = ParseQuantityError;

    /// Reads `1%`, `0.05%` or `50ppm`.
    ///
    /// # Errors
    /// If there is no number, no unit or an unknown one, more than 100%, or less than a part per million.
    fn from_str(text: &str) -> Result<Ppm, ParseQuantityError> {
        let (number, unit) = split_unit(text);
        let scale = match unit {
            "%" => 10_000,
            "ppm" => 1,
            _ => return Err(ParseQuantityError("write odds as `1%`, `0.05%` or `50ppm`".to_owned())),
        };
        match scaled(number, scale) {
            Ok(parts) if parts <= 1_000_000 => Ok(Ppm(parts as u32)),
            Ok(_) => Err(ParseQuantityError(format!("odds of `{text}` are above 100%"))),
            Err(why) => Err(ParseQuantityError(format!("{why} in the odds `{text}`"))),
        }
    }
}

fn split_unit(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_').unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
}

/// A decimal number times `scale`, exactly.
fn scaled(number: &str, scale: u64) -> Result<u64, &'static str> {
    let digits = number.replace('_', "");
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    if whole.is_empty() || (fraction.is_empty() && digits.contains('.')) {
        return Err("no number");
    }
    let too_large = "a number too large";
    let mut value = whole.parse::<u64>().map_err(|_| too_large)?.checked_mul(scale).ok_or(too_large)?;
    let mut place = scale;
    for digit in fraction.bytes() {
        let digit = u64::from(digit.wrapping_sub(b'0'));
        if digit > 9 {
            return Err("a second decimal point");
        }
        if digit != 0 && !place.is_multiple_of(10) {
            return Err("more digits than the smallest unit has");
        }
        place /= 10;
        value = value.checked_add(digit * place).ok_or(too_large)?;
    }
    Ok(value)
}

/// Writes `value / scale` with all its digits and no trailing zero.
fn decimal(f: &mut fmt::Formatter<'_>, value: u64, scale: u64, unit: &str) -> fmt::Result {
    let (whole, mut rest) = (value / scale, value % scale);
    if rest == 0 {
        return f.pad(&format!("{whole}{unit}"));
    }
    let mut digits = scale.ilog10() as usize;
    while rest.is_multiple_of(10) {
        rest /= 10;
        digits -= 1;
    }
    f.pad(&format!("{whole}.{rest:0digits$}{unit}"))
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scale, unit) = match self.0 {
            0 => return f.pad("0s"),
            1..1_000 => (1, "ns"),
            1_000..1_000_000 => (1_000, "us"),
            1_000_000..1_000_000_000 => (1_000_000, "ms"),
            _ => (1_000_000_000, "s"),
        };
        decimal(f, self.0, scale, unit)
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Span(self.0).fmt(f)
    }
}

impl fmt::Display for Ppm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal(f, u64::from(self.0), 10_000, "%")
    }
}

macro_rules! shown {
    ($($type:ident)*) => {$(
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    )*};
}

shown!(Span Instant Ppm);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Instant, D::Error> {
        u64::deserialize(deserializer).map(Instant)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
        u64::deserialize(deserializer).map(Span)
    }
}

impl Serialize for Ppm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_written_as_they_are_read() {
        for (text, nanos) in [
            ("0s", 0),
            ("7ns", 7),
            ("1.5us", 1_500),
            ("12.345678ms", 12_345_678),
            ("150ms", 150_000_000),
            ("1.5s", 1_500_000_000),
            ("12.345678901s", 12_345_678_901),
        ] {
            assert_eq!(text.parse::<Span>(), Ok(Span::nanos(nanos)), "{text}");
            assert_eq!(Span::nanos(nanos).to_string(), text);
        }
        assert_eq!("2min".parse::<Span>(), Ok(Span::secs(120)));
        assert_eq!("1_000 us".parse::<Span>(), Ok(Span::millis(1)));
    }

    #[test]
    fn every_span_reads_back_as_itself() {
        let mut nanos = 1_u64;
        while nanos < u64::MAX / 7 {
            for near in [nanos - 1, nanos, nanos + 1] {
                assert_eq!(Span(near).to_string().parse::<Span>(), Ok(Span(near)));
            }
            nanos = nanos * 7 / 3 + 1;
        }
    }

    #[test]
    fn every_odds_reads_back_as_itself() {
        for parts in (0..=1_000_000).step_by(37).chain([1, 999_999, 1_000_000]) {
            assert_eq!(Ppm::new(parts).to_string().parse::<Ppm>(), Ok(Ppm::new(parts)));
        }
        assert_eq!(Ppm::new(500).to_string(), "0.05%");
        assert_eq!("50ppm".parse::<Ppm>(), Ok(Ppm::new(50)));
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_a_reason() {
        for text in ["", "5", "ms", "1.5ns", "1..5s", "1.2.3s", "3 weeks", ".5s", "99999999999h", "-1s"] {
            assert!(text.parse::<Span>().is_err(), "{text} was read as a span");
        }
        for text in ["", "1", "101%", "0.00001%", "1%%", "half"] {
            assert!(text.parse::<Ppm>().is_err(), "{text} was read as odds");
        }
        assert_eq!(
            "5".parse::<Span>().expect_err("no unit").to_string(),
            "no unit: write a duration as `150ms`, `1.5s` or `2min` (ns, us, ms, s, min, h)"
        );
    }
}
