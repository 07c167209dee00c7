//! A node's clock: off by some, running fast or slow, and sometimes moved.
//!
//! It goes on while the node is down. Timers run on its rate and do not notice when it is moved, as with a monotonic clock.

use crate::time::{Instant, Span};

/// What every clock shows at the beginning, but for its offset: far from zero, so that nothing works only because all clocks agree.
const EPOCH: i128 = 3_600_000_000_000;

/// Binary digits of a rate.
const DIGITS: u32 = 40;

#[derive(Clone, Debug)]
pub(crate) struct Clock {
    /// When the rate or the offset last changed, by true time, and what the clock showed then.
    since: Instant,
    shown: i128,
    /// By how much it gains on true time, with 40 binary digits.
    gain: i64,
    /// By how much true time gains on it: `1 / (1 + gain) - 1`.
    inverse: i64,
}

impl Clock {
    pub(crate) fn new(offset: i64, rate_ppm: i32) -> Clock {
        let mut clock = Clock { since: Instant::ZERO, shown: EPOCH + i128::from(offset), gain: 0, inverse: 0 };
        clock.set_rate(Instant::ZERO, rate_ppm);
        clock
    }

    /// What the clock shows at a true time.
    #[inline]
    pub(crate) fn read(&self, now: Instant) -> Instant {
        let passed = now.since(self.since).as_nanos();
        let shown = self.shown + scaled(passed, self.gain);
        Instant::nanos(u64::try_from(shown.max(0)).unwrap_or(u64::MAX))
    }

    /// How long by true time until so much has passed on this clock, at its present rate.
    #[inline]
    pub(crate) fn true_span(&self, local: Span) -> Span {
        Span::nanos(u64::try_from(scaled(local.as_nanos(), self.inverse)).unwrap_or(u64::MAX))
    }

    /// How much passes on this clock in a true span, at its present rate.
    pub(crate) fn local_span(&self, span: Span) -> Span {
        Span::nanos(u64::try_from(scaled(span.as_nanos(), self.gain)).unwrap_or(u64::MAX))
    }

    pub(crate) fn set_rate(&mut self, now: Instant, rate_ppm: i32) {
        self.shown += scaled(now.since(self.since).as_nanos(), self.gain);
        self.since = now;
        let rate = i128::from(rate_ppm.max(-999_999));
        self.gain = ((rate << DIGITS) / 1_000_000) as i64;
        self.inverse = ((-rate << DIGITS) / (1_000_000 + rate)) as i64;
    }

    pub(crate) fn jump(&mut self, by: i64) {
        self.shown += i128::from(by);
    }
}

/// `nanos · (1 + gain)`.
fn scaled(nanos: u64, gain: i64) -> i128 {
    i128::from(nanos) + ((i128::from(nanos) * i128::from(gain)) >> DIGITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Instant = Instant::nanos(1_000_000_000);

    fn shown(clock: &Clock, now: Instant) -> i128 {
        i128::from(clock.read(now).as_nanos()) - EPOCH
    }

    #[test]
    fn a_clock_shows_its_offset_its_rate_and_its_jumps() {
        assert_eq!(shown(&Clock::new(0, 0), SECOND), 1_000_000_000);
        assert_eq!(shown(&Clock::new(-7, 0), SECOND), 999_999_993);
        assert_eq!(shown(&Clock::new(0, 500_000), SECOND), 1_500_000_000);
        assert_eq!(shown(&Clock::new(0, -500_000), SECOND), 500_000_000);
        let mut clock = Clock::new(0, 0);
        clock.jump(-250);
        assert_eq!(shown(&clock, SECOND), 999_999_750);
    }

    #[test]
    fn a_new_rate_counts_from_now_on() {
        let mut clock = Clock::new(0, 0);
        clock.set_rate(SECOND, 1_000_000);
        assert_eq!(shown(&clock, SECOND), 1_000_000_000);
        assert_eq!(shown(&clock, Instant::nanos(1_500_000_000)), 2_000_000_000);
    }

    #[test]
    fn spans_convert_both_ways() {
        for rate in [-900_000, -200, 0, 1, 100, 300_000, 4_000_000] {
            let clock = Clock::new(0, rate);
            for nanos in [0, 1, 1_000, 150_000_000, 86_400_000_000_000] {
                let there = clock.true_span(Span::nanos(nanos));
                let back = clock.local_span(there).as_nanos();
                assert!(back.abs_diff(nanos) <= 1 + nanos / 100_000_000 + 5, "{rate} ppm: {nanos} became {back}");
            }
        }
        assert_eq!(Clock::new(0, 1_000_000).true_span(Span::millis(2)), Span::millis(1));
    }
}
