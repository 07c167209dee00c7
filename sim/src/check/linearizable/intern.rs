//! Numbers for values: equal values have the same number.

use std::hash::Hash;

use crate::digest::digest_of;

/// Values, each once, by the order in which they came.
#[derive(Debug)]
pub(super) struct Interner<T> {
    values: Vec<T>,
    /// Open addressing, a power of two in size, at most half full: for each value its number plus one, else 0.
    table: Vec<u32>,
}

impl<T: Eq + Hash> Interner<T> {
    /// Without a value yet, and with room for about `expected`.
    pub(super) fn new(expected: usize) -> Interner<T> {
        let size = (expected * 2).next_power_of_two().max(16);
        Interner { values: Vec::with_capacity(expected), table: vec![0; size] }
    }

    /// The number of a value. Numbers are given out from 0.
    pub(super) fn number(&mut self, value: T) -> u32 {
        if self.values.len() * 2 >= self.table.len() {
            self.grow();
        }
        let at = self.find(&value);
        match self.table[at].checked_sub(1) {
            Some(number) => number,
            None => {
                let number = self.values.len() as u32;
                self.table[at] = number + 1;
                self.values.push(value);
                number
            }
        }
    }

    /// All values, each at the place that is its number.
    pub(super) fn values(&self) -> &[T] {
        &self.values
    }

    /// Where the table has a value, or would have it.
    fn find(&self, value: &T) -> usize {
        let mask = self.table.len() - 1;
        let mut at = digest_of(value) as usize & mask;
        while let Some(number) = self.table[at].checked_sub(1)
            && self.values[number as usize] != *value
        {
            at = (at + 1) & mask;
        }
        at
    }

    fn grow(&mut self) {
        self.table = vec![0; self.table.len() * 2];
        for number in 0..self.values.len() {
            let at = self.find(&self.values[number]);
            self.table[at] = number as u32 + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    #[test]
    fn equal_values_have_the_same_number_however_many_there_are() {
        let mut rng = Seed(0).stream("intern");
        let (mut interner, mut list): (Interner<u64>, Vec<u64>) = (Interner::new(0), Vec::new());
        for _ in 0..2_000 {
            let value = rng.below(500);
            let number = list.iter().position(|&other| other == value).unwrap_or_else(|| {
                list.push(value);
                list.len() - 1
            });
            assert_eq!(interner.number(value) as usize, number);
        }
        assert_eq!(interner.values(), list);
        assert!(interner.table.len() <= 4 * list.len(), "at most half full, and not much less than a quarter");
    }
}
