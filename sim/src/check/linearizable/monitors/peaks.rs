//! The largest of some numbers.

use std::ops::Range;

/// Numbers at places, of which the largest in a range of places is found in logarithmic time. A place without a number has 0.
#[derive(Debug)]
pub(super) struct Peaks {
    /// A segment tree: by node, the largest number.
    largest: Vec<u64>,
}

impl Peaks {
    pub(super) fn new(numbers: impl ExactSizeIterator<Item = u64>) -> Peaks {
        let leaves = numbers.len().next_power_of_two();
        let mut largest = vec![0; leaves];
        largest.extend(numbers);
        largest.resize(2 * leaves, 0);
        for node in (1..leaves).rev() {
            largest[node] = largest[2 * node].max(largest[2 * node + 1]);
        }
        Peaks { largest }
    }

    pub(super) fn set(&mut self, place: usize, number: u64) {
        let mut node = place + self.largest.len() / 2;
        self.largest[node] = number;
        while node > 1 {
            node /= 2;
            self.largest[node] = self.largest[2 * node].max(self.largest[2 * node + 1]);
        }
    }

    /// The largest number in a range, with a place that has it; nothing if no place there has a number.
    pub(super) fn largest(&self, places: Range<usize>) -> Option<(u64, usize)> {
        let leaves = self.largest.len() / 2;
        let (mut low, mut high) = (places.start + leaves, places.end + leaves);
        let mut best = (0, 0);
        while low < high {
            if low % 2 == 1 {
                best = best.max((self.largest[low], low));
                low += 1;
            }
            if high % 2 == 1 {
                high -= 1;
                best = best.max((self.largest[high], high));
            }
            (low, high) = (low / 2, high / 2);
        }
        let (number, mut node) = best;
        while number > 0 && node < leaves {
            node = if self.largest[2 * node] == number { 2 * node } else { 2 * node + 1 };
        }
        (number > 0).then(|| (number, node - leaves))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    #[test]
    fn it_finds_what_looking_at_all_finds() {
        for seed in 0..200 {
            let mut rng = Seed(seed).stream("peaks");
            let count = 1 + rng.below(20);
            let mut numbers: Vec<u64> = (0..count).map(|_| rng.below(10)).collect();
            let mut peaks = Peaks::new(numbers.iter().copied());
            for _ in 0..30 {
                let place = rng.below(count) as usize;
                numbers[place] = rng.below(10);
                peaks.set(place, numbers[place]);
                let start = rng.below(count) as usize;
                let range = start..start + rng.below(count + 1 - start as u64) as usize;
                let expected = numbers[range.clone()].iter().copied().max().filter(|&number| number > 0);
                let found = peaks.largest(range.clone());
                assert_eq!(found.map(|(number, _)| number), expected, "seed {seed}");
                assert!(found.is_none_or(|(number, place)| range.contains(&place) && numbers[place] == number));
            }
        }
    }
}
