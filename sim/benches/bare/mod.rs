//! The reference that the simulator is measured against: a bare event loop of some sixty lines, with a 4-ary heap of small
//! keys, payloads in a slab and ChaCha8 delays; no network, no faults, no digest, no checks.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Pending events of payload `P`, earliest first.
pub(crate) struct Bare<P> {
    heap: Vec<(u64, u64, u32)>,
    slab: Vec<Option<P>>,
    free: Vec<u32>,
    sequence: u64,
    rng: ChaCha8Rng,
}

impl<P> Bare<P> {
    /// Nothing is pending.
    pub(crate) fn new() -> Bare<P> {
        let rng = ChaCha8Rng::from_seed([7; 32]);
        Bare { heap: Vec::new(), slab: Vec::new(), free: Vec::new(), sequence: 0, rng }
    }

    /// A uniform delay between two, in nanoseconds.
    pub(crate) fn delay(&mut self, low: u64, high: u64) -> u64 {
        low + ((u128::from(self.rng.next_u64()) * u128::from(high - low)) >> 64) as u64
    }

    /// Adds an event.
    pub(crate) fn push(&mut self, at: u64, payload: P) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slab.push(None);
            (self.slab.len() - 1) as u32
        });
        self.slab[slot as usize] = Some(payload);
        self.sequence += 1;
        let entry = (at, self.sequence, slot);
        let mut place = self.heap.len();
        self.heap.push(entry);
        while place > 0 && self.heap[(place - 1) / 4] > entry {
            self.heap[place] = self.heap[(place - 1) / 4];
            place = (place - 1) / 4;
        }
        self.heap[place] = entry;
    }

    /// Takes the earliest event.
    pub(crate) fn pop(&mut self) -> Option<(u64, P)> {
        let last = self.heap.pop()?;
        let first = self.heap.first().copied().unwrap_or(last);
        if !self.heap.is_empty() {
            let mut place = 0;
            while let Some(least) =
                (4 * place + 1..self.heap.len().min(4 * place + 5)).min_by_key(|&child| self.heap[child])
            {
                if self.heap[least] >= last {
                    break;
                }
                self.heap[place] = self.heap[least];
                place = least;
            }
            self.heap[place] = last;
        }
        self.free.push(first.2);
        self.slab[first.2 as usize].take().map(|payload| (first.0, payload))
    }
}
