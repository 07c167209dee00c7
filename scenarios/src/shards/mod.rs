//! A sweep in parts, run wherever there is a machine for them, and put together again.
//!
//! Which seeds a shard runs follows from the sweep, its number and how many there are: nobody hands out work. It writes what came of them
//! into one file ([`sheet`]), and all files together give ([`merge()`]) what one run of the whole sweep would have given.

mod merge;
mod sheet;

use std::fmt;
use std::num::NonZeroU32;
use std::ops::Range;
use std::str::FromStr;

pub(crate) use merge::{Refusal, merge};
pub(crate) use sheet::{Flaw, Probe, Sheet, probes};

/// One part of so many. Written as people count: `3/16` is the third.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Shard {
    /// Invariant: less than `count`.
    index: u32,
    count: NonZeroU32,
}

impl Shard {
    /// The one with this index, counted from `base`.
    ///
    /// # Errors
    /// If there is none, in lower case.
    pub(crate) fn new(index: u32, base: u32, count: NonZeroU32) -> Result<Shard, String> {
        let from_zero = index.checked_sub(base).filter(|index| *index < count.get());
        let last = u64::from(base) + u64::from(count.get()) - 1;
        let index =
            from_zero.ok_or_else(|| format!("there is no shard {index}: {count} are numbered {base} to {last}"))?;
        Ok(Shard { index, count })
    }

    /// All of so many.
    pub(crate) fn all(count: NonZeroU32) -> impl Iterator<Item = Shard> {
        (0..count.get()).map(move |index| Shard { index, count })
    }

    /// Its number, from 1.
    pub(crate) fn number(self) -> u64 {
        u64::from(self.index) + 1
    }

    /// How many there are.
    pub(crate) fn count(self) -> NonZeroU32 {
        self.count
    }

    /// Its part of `length` things in a row, if that row is the one at `place` among many. The parts of all shards are as equal as they
    /// can be, and stand behind each other in the order of their [blocks](Shard::block).
    pub(crate) fn share(self, place: usize, length: u64) -> Range<u64> {
        let bound = |block: u64| {
            let scaled = u128::from(length) * u128::from(block) / u128::from(self.count.get());
            u64::try_from(scaled).expect("no block ends behind the row")
        };
        let block = self.block(place);
        bound(block)..bound(block + 1)
    }

    /// Which of the blocks of the row at `place` is its own, from 0. It moves on from row to row: of many rows with fewer things than
    /// shards, each shard gets as many things as any other.
    pub(crate) fn block(self, place: usize) -> u64 {
        (u64::from(self.index) + place as u64) % u64::from(self.count.get())
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number(), self.count)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let form = || "write which shard of how many, from 1 on, as `3/16`".to_owned();
        let (number, count) = text.split_once('/').ok_or_else(form)?;
        Shard::new(number.parse().map_err(|_| form())?, 1, count.parse().map_err(|_| form())?)
    }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
