//! The running digest: one number that two runs share if and only if (as far as 64 bits can tell) all
//! their events and effects were the same, in the same order.

use std::hash::{Hash, Hasher};

/// A running hash of 64 bits. It depends on the values fed to it alone: not on the platform's word size or byte
/// order, nor on the version of any library. It detects difference; it does not resist an adversary.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Digest(u64);

impl Digest {
    /// The digest of nothing.
    pub const fn new() -> Digest {
        Digest(0x2d35_8dcc_aa6c_78a5)
    }

    /// Folds one number in.
    #[inline]
    pub fn fold(&mut self, number: u64) {
        let product = u128::from(self.0 ^ number) * 0x9e37_79b9_7f4a_7c15;
        // A zero factor would forget what came before; adding the rotated state keeps it.
        self.0 = (product as u64 ^ (product >> 64) as u64).wrapping_add(self.0.rotate_left(23));
    }

    /// The number.
    pub const fn value(self) -> u64 {
        self.0
    }
}

impl Default for Digest {
    fn default() -> Self {
        Digest::new()
    }
}

/// The digest of one value.
pub fn digest_of(value: &impl Hash) -> u64 {
    let mut digest = Digest::new();
    value.hash(&mut digest);
    digest.value()
}

impl Hasher for Digest {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.fold(bytes.len() as u64);
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.fold(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.fold(u64::from(number));
    }

    fn write_u16(&mut self, number: u16) {
        self.fold(u64::from(number));
    }

    fn write_u32(&mut self, number: u32) {
        self.fold(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.fold(number);
    }

    fn write_u128(&mut self, number: u128) {
        self.fold(number as u64);
        self.fold((number >> 64) as u64);
    }

    fn write_usize(&mut self, number: usize) {
        self.fold(number as u64);
    }

    fn write_i8(&mut self, number: i8) {
        self.fold(number as u64);
    }

    fn write_i16(&mut self, number: i16) {
        self.fold(number as u64);
    }

    fn write_i32(&mut self, number: i32) {
        self.fold(number as u64);
    }

    fn write_i64(&mut self, number: i64) {
        self.fold(number as u64);
    }

    fn write_isize(&mut self, number: isize) {
        self.fold(number as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_never_changes() {
        let mut digest = Digest::new();
        (1_u8, -2_i64, "three", [4_u32, 5], Some(6_usize)).hash(&mut digest);
        assert_eq!(digest.value(), PINNED);
    }

    const PINNED: u64 = 11_565_344_158_680_954_843;

    #[test]
    fn order_and_repetition_show() {
        let of = |numbers: &[u64]| {
            let mut digest = Digest::new();
            numbers.iter().for_each(|&number| digest.fold(number));
            digest.value()
        };
        let all = [of(&[]), of(&[0]), of(&[0, 0]), of(&[1, 2]), of(&[2, 1]), of(&[1, 2, 0])];
        for (index, digest) in all.iter().enumerate() {
            assert!(!all[..index].contains(digest), "{index} collides");
        }
    }
}
