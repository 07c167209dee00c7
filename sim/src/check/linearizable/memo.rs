//! Configurations from which the search is known to fail.
//!
//! A configuration is: which calls that return are linearized, in which state the object is, and which calls that
//! never return have been used. The first two make a [`Fingerprint`]. As for the third, what fails with few
//! of these calls used fails with more: they are options, not duties. So the memo keeps minimal sets alone.

/// 128 bits that stand for the calls linearized and the state reached.
///
/// Each call has a random-looking mark, and a set of calls is the sum of their marks in GF(2). Two sets among a
/// hundred million collide with odds of 1 to 10^22. Two states with the same calls linearized are told apart by
/// 64 bits; there are seldom more than hundreds of such states, so the odds of a collision stay below 1 to 10^9 in
/// the largest search that a budget allows. What is shown to be linearizable does not depend on it at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Fingerprint(u64, u64);

impl Fingerprint {
    /// Adds a call that returns, or takes it away again.
    pub(super) fn toggle(&mut self, call: u32) {
        let high = mix(u64::from(call).wrapping_add(0x9e37_79b9_7f4a_7c15));
        self.0 ^= high;
        self.1 ^= mix(high);
    }

    /// That of these calls and a state with this digest.
    pub(super) fn with(self, digest: u64) -> Fingerprint {
        let high = mix(digest ^ 0xd1b5_4a32_d192_ed03);
        Fingerprint(self.0 ^ high, self.1 ^ mix(high))
    }
}

/// The finalizer of SplitMix64: every bit of the result depends on every bit of the argument.
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The memory that something would need is not there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct OutOfMemory;

/// The table of configurations that fail.
#[derive(Debug, Default)]
pub(super) struct Memo {
    /// Open addressing, a power of two in size, at most three quarters full.
    slots: Vec<Slot>,
    full: usize,
    /// Sets of used calls, each as the set to try next (see [`Slot::sets`]), its size and its members in order.
    sets: Vec<u32>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    fingerprint: Fingerprint,
    sets: Sets,
}

/// With which sets of used calls a configuration fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Sets {
    /// None is known: the slot is free.
    #[default]
    Free,
    /// With every one.
    All,
    /// With those that contain the set at this place in [`Memo::sets`], or one that follows it.
    From(u32),
}

impl Memo {
    /// Forgets everything, and all memory beyond a little.
    pub(super) fn clear(&mut self) {
        if self.full > 0 {
            *self = Memo::default();
        }
    }

    /// Whether nothing is known to fail.
    pub(super) fn is_empty(&self) -> bool {
        self.full == 0
    }

    /// How much memory it takes, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        (self.slots.capacity() * size_of::<Slot>() + self.sets.capacity() * size_of::<u32>()) as u64
    }

    /// Whether a configuration with these calls used (in order) is known to fail.
    pub(super) fn fails(&self, fingerprint: Fingerprint, used: &[u32]) -> bool {
        if self.is_empty() {
            return false;
        }
        let mut sets = self.slots[self.find(fingerprint)].sets;
        loop {
            match sets {
                Sets::Free => return false,
                Sets::All => return true,
                Sets::From(place) => {
                    let (next, set) = self.set(place);
                    if is_subset(set, used) {
                        return true;
                    }
                    sets = next;
                }
            }
        }
    }

    /// Remembers that a configuration with these calls used (in order) fails.
    ///
    /// # Errors
    /// If that takes more than `room` bytes beyond what the memo has.
    pub(super) fn insert(&mut self, fingerprint: Fingerprint, used: &[u32], room: u64) -> Result<(), OutOfMemory> {
        if self.full * 4 >= self.slots.len() * 3 {
            self.grow(room)?;
        }
        let at = self.find(fingerprint);
        let known = self.slots[at].sets;
        let sets = if used.is_empty() { Sets::All } else { self.add_set(known, used, room)? };
        self.full += usize::from(known == Sets::Free);
        self.slots[at] = Slot { fingerprint, sets };
        Ok(())
    }

    fn add_set(&mut self, next: Sets, used: &[u32], room: u64) -> Result<Sets, OutOfMemory> {
        let place = self.sets.len();
        super::stacks::reserve(&mut self.sets, used.len() + 2, room)?;
        self.sets.push(match next {
            Sets::Free | Sets::All => 0,
            Sets::From(place) => place + 1,
        });
        self.sets.push(used.len() as u32);
        self.sets.extend_from_slice(used);
        u32::try_from(place).map(Sets::From).map_err(|_| OutOfMemory)
    }

    fn set(&self, place: u32) -> (Sets, &[u32]) {
        let place = place as usize;
        let next = self.sets[place].checked_sub(1).map_or(Sets::Free, Sets::From);
        (next, &self.sets[place + 2..][..self.sets[place + 1] as usize])
    }

    /// The slot of a fingerprint, or the free one that it would take.
    fn find(&self, fingerprint: Fingerprint) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = fingerprint.1 as usize & mask;
        while self.slots[at].sets != Sets::Free && self.slots[at].fingerprint != fingerprint {
            at = (at + 1) & mask;
        }
        at
    }

    fn grow(&mut self, room: u64) -> Result<(), OutOfMemory> {
        let len = (self.slots.len() * 2).max(64);
        // Both tables exist while one is copied into the other.
        if (len * size_of::<Slot>()) as u64 > room {
            return Err(OutOfMemory);
        }
        let old = std::mem::replace(&mut self.slots, vec![Slot::default(); len]);
        for slot in old.into_iter().filter(|slot| slot.sets != Sets::Free) {
            let at = self.find(slot.fingerprint);
            self.slots[at] = slot;
        }
        Ok(())
    }
}

/// Whether all of `few` are among `many`, both in order.
fn is_subset(few: &[u32], many: &[u32]) -> bool {
    let mut rest = many.iter();
    few.len() <= many.len() && few.iter().all(|member| rest.any(|other| other == member))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Seed, Stream};

    /// Some numbers below a bound, in order.
    fn some(below: u64, rng: &mut Stream) -> Vec<u32> {
        (0..below as u32).filter(|_| rng.below(3) == 0).collect()
    }

    fn fingerprint(done: &[u32], digest: u64) -> Fingerprint {
        let mut fingerprint = Fingerprint::default();
        done.iter().for_each(|&call| fingerprint.toggle(call));
        fingerprint.with(digest)
    }

    #[test]
    fn it_knows_what_a_list_of_all_failures_knows() {
        for seed in 0..50 {
            let mut rng = Seed(seed).stream("memo");
            let mut memo = Memo::default();
            let mut list: Vec<(Vec<u32>, u64, Vec<u32>)> = Vec::new();
            for _ in 0..400 {
                let (done, state, used) = (some(5, &mut rng), rng.below(3), some(4, &mut rng));
                let expected = list.iter().any(|(other, in_state, fewer)| {
                    (other, *in_state) == (&done, state) && fewer.iter().all(|call| used.contains(call))
                });
                assert_eq!(memo.fails(fingerprint(&done, state), &used), expected, "seed {seed}");
                if !expected && rng.below(2) == 0 {
                    memo.insert(fingerprint(&done, state), &used, u64::MAX).expect("there is room");
                    list.push((done, state, used));
                }
                assert_eq!(memo.is_empty(), list.is_empty());
            }
            memo.clear();
            assert!(memo.is_empty() && memo.bytes() == 0);
        }
    }

    /// In each half of the fingerprint by itself, so that both together have the odds that are promised.
    #[test]
    fn sets_of_calls_and_states_differ_in_both_halves_of_their_fingerprints() {
        let mut halves: [Vec<u64>; 2] = Default::default();
        for set in 0..1_u32 << 12 {
            let done: Vec<u32> = (0..12).filter(|call| set >> call & 1 == 1).collect();
            for state in [0, 1, 1 << 63] {
                let Fingerprint(one, other) = fingerprint(&done, state);
                halves[0].push(one);
                halves[1].push(other);
            }
        }
        for mut half in halves {
            let bits = half.iter().fold([0_usize; 64], |mut bits, &number| {
                (0..64).for_each(|bit| bits[bit] += (number >> bit & 1) as usize);
                bits
            });
            let all = half.len();
            assert!(bits.iter().all(|&ones| (all * 9 / 20..all * 11 / 20).contains(&ones)), "{bits:?} of {all}");
            half.sort_unstable();
            half.dedup();
            assert_eq!(half.len(), all);
        }
    }

    #[test]
    fn it_takes_no_more_memory_than_there_is_and_says_how_much() {
        let mut rng = Seed(0).stream("memo");
        for room in [0, 1_000, 10_000, 100_000, 1_000_000] {
            let mut memo = Memo::default();
            let mut call = 0;
            let full = loop {
                let used: Vec<u32> = (0..rng.below(6) as u32).collect();
                let before = memo.bytes();
                call += 1;
                let inserted = memo.insert(fingerprint(&[call], 0), &used, room - before);
                assert_eq!(memo.bytes(), (memo.slots.capacity() * 24 + memo.sets.capacity() * 4) as u64);
                assert!(memo.bytes() <= room, "{} of {room} bytes", memo.bytes());
                if inserted.is_err() {
                    break before;
                }
            };
            // It doubles, and for a moment there is the old table, too.
            assert!(room < 2_000 || full > room / 6, "only {full} of {room} bytes");
        }
    }
}
