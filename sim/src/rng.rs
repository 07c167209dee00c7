//! Chance: ChaCha8 streams named by what they are for, and integer sampling of our own.
//!
//! Every part of a world draws from its own stream, derived from the run's [`Seed`] and a name such as
//! `link n1→n3` or `fault #4`. So taking a fault or a client away shifts no other draw. The sampling is ours
//! because a library may change its own between versions; the tests below pin the first outputs.

use std::convert::Infallible;
use std::fmt::{self, Write};

use rand::rand_core::{SeedableRng, TryRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::time::{Ppm, Span};

/// What a whole run follows from, together with its scenario.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Seed(pub u64);

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Seed {
    /// The stream of this name. The same seed and name give the same stream, whatever else is drawn.
    ///
    /// ```
    /// use shaketable_sim::rng::Seed;
    /// let mut a = Seed(7).stream(format_args!("link n{}→n{}", 1, 3));
    /// let mut b = Seed(7).stream("link n1→n3");
    /// assert_eq!(a.next(), b.next());
    /// ```
    pub fn stream(self, name: impl fmt::Display) -> Stream {
        // The seed is ChaCha's key, the name its stream number: two names share a key and never a block.
        let mut hash = Fnv1a(0xcbf2_9ce4_8422_2325);
        write!(hash, "{name}").expect("a hash takes any text");
        self.stream_of(hash)
    }

    fn stream_of(self, name: Fnv1a) -> Stream {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.0.to_le_bytes());
        key[8..18].copy_from_slice(b"shaketable");
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(name.0);
        Stream(rng)
    }
}

/// FNV-1a of 64 bits: names are short, and this never changes.
struct Fnv1a(u64);

impl Write for Fnv1a {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Ok(())
    }
}

/// One source of chance. It also implements the generator trait of `rand`, for protocols that use that crate;
/// the sampling of the simulator itself goes through the methods below alone.
#[derive(Clone, Debug)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// Becomes the stream of the same name from another seed, at its beginning.
    pub(crate) fn reseed(&mut self, seed: Seed) {
        *self = seed.stream_of(Fnv1a(self.0.get_stream()));
    }

    /// 64 random bits.
    #[allow(clippy::should_implement_trait)] // An endless stream is no iterator over options.
    pub fn next(&mut self) -> u64 {
        let Ok(bits) = self.0.try_next_u64();
        bits
    }

    /// Uniform below `bound`, without bias (Lemire's multiplication with rejection).
    ///
    /// # Panics
    /// If `bound` is 0: nothing lies below it.
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "no number lies below 0");
        let mut product = u128::from(self.next()) * u128::from(bound);
        if (product as u64) < bound {
            let reject_below = bound.wrapping_neg() % bound;
            while (product as u64) < reject_below {
                product = u128::from(self.next()) * u128::from(bound);
            }
        }
        (product >> 64) as u64
    }

    /// Uniform from `low` to `high`, both included. `low` if the range is empty.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        match high.saturating_sub(low).checked_add(1) {
            Some(1) => low,
            Some(width) => low + self.below(width),
            None => self.next(),
        }
    }

    /// Uniform between two spans, both included.
    pub fn span(&mut self, (low, high): (Span, Span)) -> Span {
        Span::nanos(self.between(low.as_nanos(), high.as_nanos()))
    }

    /// Whether something of these odds happens. Draws nothing when it is impossible.
    pub fn chance(&mut self, odds: Ppm) -> bool {
        odds != Ppm::ZERO && self.below(1_000_000) < u64::from(odds.parts())
    }

    /// An index into `weights`, each as likely as its weight says.
    ///
    /// # Panics
    /// If the weights add up to 0.
    pub fn weighted(&mut self, weights: &[u32]) -> usize {
        let total = weights.iter().map(|&weight| u64::from(weight)).sum();
        let mut left = self.below(total);
        for (index, &weight) in weights.iter().enumerate() {
            match left.checked_sub(u64::from(weight)) {
                Some(rest) => left = rest,
                None => return index,
            }
        }
        unreachable!("a draw below the total lies within some weight")
    }

    /// One of `items`, or none of an empty slice.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        (!items.is_empty()).then(|| &items[self.below(items.len() as u64) as usize])
    }

    /// Puts `items` in a random order (Fisher–Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

impl TryRng for Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.0.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0.try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.try_fill_bytes(bytes)
    }
}

/// How long something takes: a distribution of spans.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Delay {
    /// Always the same.
    Fixed(Span),
    /// Any span between two, both included, equally likely.
    Uniform(Span, Span),
    /// At least `min`, and `mean` on average: most are short, a few are many times as long.
    Exponential {
        /// The least.
        min: Span,
        /// The average, including `min`.
        mean: Span,
    },
    /// Half are below `median`, one in a hundred above `p99`: the long tail of real networks and disks.
    LogNormal {
        /// Half are below.
        median: Span,
        /// One in a hundred is above.
        p99: Span,
    },
}

impl Delay {
    /// Draws one.
    pub fn sample(&self, stream: &mut Stream) -> Span {
        match *self {
            Delay::Fixed(span) => span,
            Delay::Uniform(low, high) => stream.span((low, high)),
            Delay::Exponential { min, mean } => min + exponential(stream.next(), mean - min),
            Delay::LogNormal { median, p99 } => lognormal(stream, median, p99),
        }
    }

    /// What is never exceeded, or practically never: the bound for [`Delay::Exponential`] (44 means) and
    /// [`Delay::LogNormal`] (2.6 times as far from the median as `p99`, on a logarithmic scale) is that of the sampler.
    pub fn longest(&self) -> Span {
        match *self {
            Delay::Fixed(span) => span,
            Delay::Uniform(_, high) => high,
            Delay::Exponential { min, mean } => min + (mean - min).times(45),
            Delay::LogNormal { median, p99 } => Span::nanos(scale_by_power(median, spread(median, p99), 6 << 16)),
        }
    }
}

/// `-ln(u) · mean`, where `u` is uniform on (0, 1].
fn exponential(bits: u64, mean: Span) -> Span {
    const LN_2: u128 = 2_977_044_472; // ln 2 in 32 binary digits
    let minus_log2 = (64_u64 << 32) - log2(bits.saturating_add(1));
    Span::nanos(((u128::from(mean.as_nanos()) * u128::from(minus_log2) * LN_2) >> 64) as u64)
}

/// `median · 2^(σ·z)`, where `z` is nearly normal: a sum of twelve uniform numbers has variance 1 (Irwin–Hall).
fn lognormal(stream: &mut Stream, median: Span, p99: Span) -> Span {
    let mut sum = 0_i64;
    for _ in 0..3 {
        let bits = stream.next();
        sum += (0..4).map(|part| (bits >> (16 * part) & 0xffff) as i64).sum::<i64>();
    }
    Span::nanos(scale_by_power(median, spread(median, p99), sum - 6 * 0xffff))
}

/// The standard deviation, in powers of two (32 binary digits), of a lognormal with this median and 99th percentile.
fn spread(median: Span, p99: Span) -> u64 {
    const Z_99: u128 = 152_459; // The 99th percentile of the normal distribution, 2.32635, in 16 binary digits.
    let ratio = log2(p99.as_nanos().max(1)).saturating_sub(log2(median.as_nanos().max(1)));
    ((u128::from(ratio) << 16) / Z_99) as u64
}

/// `span · 2^(sigma·z)`, where `sigma` has 32 binary digits and `z` has 16. Saturates.
fn scale_by_power(span: Span, sigma: u64, z: i64) -> u64 {
    let power = (i128::from(sigma) * i128::from(z)) >> 16;
    let (whole, fraction) = ((power >> 32).clamp(-64, 63), (power & 0xffff_ffff) as u64);
    let scaled = u128::from(span.as_nanos()) * u128::from(exp2(fraction));
    let shift = 32 - whole;
    if shift >= 128 {
        return 0;
    }
    let result = if shift >= 0 { scaled >> shift } else { scaled.saturating_mul(1 << -shift) };
    u64::try_from(result).unwrap_or(u64::MAX)
}

/// log₂ of a positive number, in 32 binary digits, from a table with linear interpolation (error below 2⁻¹⁸).
fn log2(number: u64) -> u64 {
    let whole = 63 - u64::from(number.leading_zeros());
    let mantissa = number << (63 - whole) << 1; // The digits behind the leading one.
    let (index, rest) = ((mantissa >> 56) as usize, mantissa << 8 >> 32);
    let (low, high) = (LOG2[index], LOG2[index + 1]);
    (whole << 32) + low + (((high - low) * rest) >> 32)
}

/// 2 to the power of a fraction of 32 binary digits: from 1 to 2, with 32 binary digits.
fn exp2(fraction: u64) -> u64 {
    let (index, rest) = ((fraction >> 24) as usize, fraction & 0xff_ffff);
    let (low, high) = (EXP2[index], EXP2[index + 1]);
    low + (((high - low) * rest) >> 24)
}

/// log₂(1 + i/256) in 32 binary digits, one digit a squaring.
static LOG2: [u64; 257] = {
    let mut table = [0; 257];
    let mut i = 1;
    while i < 256 {
        let mut x = (256 + i as u128) << 55; // 63 binary digits
        let (mut result, mut digit) = (0_u64, 0);
        while digit < 32 {
            x = (x * x) >> 63;
            result <<= 1;
            if x >= 1 << 64 {
                result |= 1;
                x >>= 1;
            }
            digit += 1;
        }
        table[i] = result;
        i += 1;
    }
    table[256] = 1 << 32;
    table
};

/// 2^(i/256) in 32 binary digits, as products of square roots of two.
static EXP2: [u64; 257] = {
    let mut table = [0; 257];
    let mut i = 0;
    while i <= 256 {
        let (mut product, mut root, mut bit) = (1_u128 << 62, 2_u128 << 62, 256_usize);
        while bit > 0 {
            if i & bit != 0 {
                product = (product * root) >> 62;
            }
            root = (root << 62).isqrt();
            bit >>= 1;
        }
        table[i] = (product >> 30) as u64;
        i += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    fn draws(count: usize, mut draw: impl FnMut(&mut Stream) -> u64) -> Vec<u64> {
        let mut stream = Seed(1).stream("test");
        (0..count).map(|_| draw(&mut stream)).collect()
    }

    #[test]
    fn the_first_outputs_never_change() {
        assert_eq!(draws(3, Stream::next), PINNED_BITS);
        assert_eq!(draws(6, |s| s.below(100)), PINNED_BELOW);
        assert_eq!(draws(6, |s| s.between(10, 12)), PINNED_BETWEEN);
        assert_eq!(draws(8, |s| s.weighted(&[1, 0, 5, 2]) as u64), PINNED_WEIGHTED);
        let mean = Span::millis(10);
        assert_eq!(
            draws(4, |s| Delay::Exponential { min: Span::millis(1), mean }.sample(s).as_nanos()),
            PINNED_EXPONENTIAL
        );
        let heavy = Delay::LogNormal { median: Span::millis(2), p99: Span::millis(20) };
        assert_eq!(draws(4, |s| heavy.sample(s).as_nanos()), PINNED_LOGNORMAL);
        let mut cards = [1, 2, 3, 4, 5, 6, 7];
        Seed(1).stream("test").shuffle(&mut cards);
        assert_eq!(cards, PINNED_SHUFFLE);
    }

    const PINNED_BITS: [u64; 3] = [12016647463123279867, 12846161133802921033, 8556140828090095521];
    const PINNED_BELOW: [u64; 6] = [65, 69, 46, 32, 75, 18];
    const PINNED_BETWEEN: [u64; 6] = [11, 12, 11, 10, 12, 10];
    const PINNED_WEIGHTED: [u64; 8] = [2, 2, 2, 2, 3, 2, 3, 2];
    const PINNED_EXPONENTIAL: [u64; 4] = [4857364, 4256594, 7914148, 11029483];
    const PINNED_LOGNORMAL: [u64; 4] = [5176462, 2320204, 5265247, 11296670];
    const PINNED_SHUFFLE: [u32; 7] = [4, 1, 6, 2, 3, 7, 5];

    #[test]
    fn streams_depend_on_seed_and_name() {
        let first = |seed: u64, name: &str| Seed(seed).stream(name).next();
        assert_eq!(first(1, "link n1→n2"), first(1, "link n1→n2"));
        assert_ne!(first(1, "link n1→n2"), first(1, "link n2→n1"));
        assert_ne!(first(1, "link n1→n2"), first(2, "link n1→n2"));
    }

    #[test]
    fn uniform_draws_stay_in_range_and_reach_both_ends() {
        let values = draws(1_000, |s| s.between(5, 9));
        assert!(values.iter().all(|v| (5..=9).contains(v)));
        assert!((5..=9).all(|v| values.contains(&v)));
        assert_eq!(draws(1, |s| s.between(4, 4)), [4]);
        assert!(draws(100, |s| u64::from(s.chance(Ppm::ONE))).iter().all(|&v| v == 1));
        assert!(draws(100, |s| u64::from(s.chance(Ppm::ZERO))).iter().all(|&v| v == 0));
    }

    #[test]
    fn weights_are_kept() {
        let values = draws(8_000, |s| s.weighted(&[1, 0, 5, 2]) as u64);
        let count = |index| values.iter().filter(|&&v| v == index).count();
        assert!((900..1_100).contains(&count(0)), "{}", count(0));
        assert_eq!(count(1), 0);
        assert!((4_800..5_200).contains(&count(2)), "{}", count(2));
    }

    #[test]
    fn tables_agree_with_the_mathematics() {
        for number in [1, 2, 3, 5, 255, 256, 257, 1_000_003, u64::MAX] {
            let error = (log2(number) as f64 / 2_f64.powi(32) - (number as f64).log2()).abs();
            assert!(error < 1e-5, "log2({number}) is {error} off");
        }
        for fraction in [0_u64, 1, 1 << 31, 0xffff_ffff, 123_456_789] {
            let error = exp2(fraction) as f64 / 2_f64.powi(32) - 2_f64.powf(fraction as f64 / 2_f64.powi(32));
            assert!(error.abs() < 1e-5, "exp2({fraction}) is {error} off");
        }
    }

    #[test]
    fn the_shapes_of_delays_are_as_asked() {
        let mean = Span::millis(10);
        let exponential = draws(20_000, |s| Delay::Exponential { min: Span::millis(4), mean }.sample(s).as_nanos());
        assert!(exponential.iter().all(|&v| v >= 4_000_000));
        let average = exponential.iter().sum::<u64>() / 20_000;
        assert!((9_800_000..10_200_000).contains(&average), "{average}");

        let heavy = Delay::LogNormal { median: Span::millis(2), p99: Span::millis(20) };
        let mut values = draws(20_000, |s| heavy.sample(s).as_nanos());
        values.sort_unstable();
        assert!((1_900_000..2_100_000).contains(&values[10_000]), "{}", values[10_000]);
        assert!((18_000_000..22_000_000).contains(&values[19_800]), "{}", values[19_800]);
        assert!(values[19_999] <= heavy.longest().as_nanos());
    }
}
