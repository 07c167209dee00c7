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
