//! Which moments lie in a zone.

use super::Time;

/// Counts, for each gap between some moments, the zones that it lies in. Everything takes logarithmic time.
#[derive(Debug)]
pub(super) struct Cover {
    times: Vec<Time>,
    /// A segment tree over the gaps, each named by the moment before it: what was added to all of a node's gaps.
    added: Vec<i32>,
    /// By node: its least count, without what was added to nodes above it.
    least: Vec<i32>,
}

impl Cover {
    /// Without a zone yet. Zones will begin and end at these moments, and only these will be asked for.
    pub(super) fn new(mut times: Vec<Time>) -> Cover {
        times.sort_unstable();
        times.dedup();
        let size = 2 * times.len().next_power_of_two();
        Cover { times, added: vec![0; size], least: vec![0; size] }
    }

    /// Adds a zone, or takes it away (`by` is 1 or -1).
    pub(super) fn add(&mut self, from: Time, to: Time, by: i32) {
        let leaves = self.least.len() / 2;
        let (mut low, mut high) = (self.at(from) + leaves, self.at(to) + leaves);
        let ends = [low, high - 1];
        while low < high {
            if low % 2 == 1 {
                self.raise(low, by);
                low += 1;
            }
            if high % 2 == 1 {
                high -= 1;
                self.raise(high, by);
            }
            (low, high) = (low / 2, high / 2);
        }
        for end in ends {
            let mut node = end / 2;
            while node > 0 {
                self.least[node] = self.least[2 * node].min(self.least[2 * node + 1]) + self.added[node];
                node /= 2;
            }
        }
    }

    /// The first of the moments from this one on whose gap is in no zone. There is one if no zone goes beyond the last moment.
    pub(super) fn free_from(&self, from: Time) -> Time {
        let free = self.first_free(1, 0, self.least.len() / 2, self.at(from), 0);
        self.times[free.expect("the last gap is in no zone")]
    }

    /// The first gap from `from` on, in a node of so many gaps that begins at `begin`, whose count is 0 with what was added above.
    fn first_free(&self, node: usize, begin: usize, gaps: usize, from: usize, above: i32) -> Option<usize> {
        if begin + gaps <= from || self.least[node] + above > 0 {
            return None;
        }
        if gaps == 1 {
            return Some(begin);
        }
        let (half, above) = (gaps / 2, above + self.added[node]);
        self.first_free(2 * node, begin, half, from, above)
            .or_else(|| self.first_free(2 * node + 1, begin + half, half, from, above))
    }

    fn raise(&mut self, node: usize, by: i32) {
        self.added[node] += by;
        self.least[node] += by;
    }

    fn at(&self, time: Time) -> usize {
        self.times.binary_search(&time).expect("it was said that this would be asked for")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    #[test]
    fn it_finds_what_counting_one_by_one_finds() {
        for seed in 0..200 {
            let mut rng = Seed(seed).stream("cover");
            let moments = 2 + rng.below(20);
            let mut cover = Cover::new((0..moments).collect());
            let mut zones = Vec::new();
            for _ in 0..30 {
                if rng.below(3) == 0 && !zones.is_empty() {
                    let (from, to) = zones.swap_remove(rng.below(zones.len() as u64) as usize);
                    cover.add(from, to, -1);
                } else {
                    let from = rng.below(moments - 1);
                    let to = from + 1 + rng.below(moments - 1 - from);
                    zones.push((from, to));
                    cover.add(from, to, 1);
                }
                for from in 0..moments {
                    let is_free = |&time: &Time| !zones.iter().any(|&(from, to)| from <= time && time < to);
                    assert_eq!(Some(cover.free_from(from)), (from..moments).find(is_free), "seed {seed}");
                }
            }
        }
    }
}
