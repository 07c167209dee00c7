//! What a search keeps in mind: where it is, how it came there, and what it has not tried.

use super::Reason;
use super::memo::{Memo, OutOfMemory};
use super::timeline::Timeline;

/// The memory of searches, kept from one to the next.
#[derive(Debug)]
pub(super) struct Stacks<State> {
    pub(super) timeline: Timeline,
    /// What has been linearized, in order.
    pub(super) trail: Vec<Move>,
    /// Where something else could have been done.
    pub(super) frames: Vec<Frame<State>>,
    /// What is left to try in the frames that were come back to: the last of the last frame first.
    pub(super) moves: Vec<Move>,
    pub(super) memo: Memo,
    /// The calls that never return, by class; those of a class in the order of invocations.
    pub(super) queues: Vec<Queue>,
    /// The calls that the queues have used, in the order of their names.
    pub(super) used: Vec<u32>,
    /// By class: the last list of moves that has one of it.
    pub(super) listed: Vec<u64>,
    /// What the states in `frames` own, in bytes.
    pub(super) owned_bytes: u64,
}

/// One step of the search.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Move {
    /// To linearize a call that returns.
    Call(u32),
    /// To use the next call of a queue.
    Open(u32),
}

#[derive(Debug)]
pub(super) struct Frame<State> {
    pub(super) state: State,
    /// The length of the trail.
    pub(super) trail: usize,
    /// The call whose return waits.
    pub(super) due: u32,
    /// What was tried first.
    pub(super) tried: u32,
    /// Where its moves begin, once they are listed.
    pub(super) moves: Option<usize>,
}

#[derive(Debug)]
pub(super) struct Queue {
    pub(super) class: u32,
    pub(super) calls: Vec<u32>,
    pub(super) used: usize,
}

impl<State> Stacks<State> {
    pub(super) fn new() -> Stacks<State> {
        Stacks {
            timeline: Timeline::default(),
            trail: Vec::new(),
            frames: Vec::new(),
            moves: Vec::new(),
            memo: Memo::default(),
            queues: Vec::new(),
            used: Vec::new(),
            listed: Vec::new(),
            owned_bytes: 0,
        }
    }

    /// The memory they take, in bytes. (The timeline and the queues are a part of the history, in another form.)
    pub(super) fn bytes(&self) -> u64 {
        let stacks = self.trail.capacity() * size_of::<Move>()
            + self.frames.capacity() * size_of::<Frame<State>>()
            + self.moves.capacity() * size_of::<Move>()
            + self.listed.capacity() * size_of::<u64>();
        stacks as u64 + self.owned_bytes + self.memo.bytes()
    }

    /// The calls that the last search has linearized, in order.
    pub(super) fn linearized(&self) -> Vec<u32> {
        let mut used = vec![0; self.queues.len()];
        let call = |made: &Move| match *made {
            Move::Call(call) => call,
            Move::Open(queue) => {
                let queue = queue as usize;
                used[queue] += 1;
                self.queues[queue].calls[used[queue] - 1]
            }
        };
        self.trail.iter().map(call).collect()
    }

    pub(super) fn clear(&mut self) {
        self.trail.clear();
        self.frames.clear();
        self.moves.clear();
        self.memo.clear();
        self.queues.clear();
        self.used.clear();
        self.listed.clear();
        self.owned_bytes = 0;
    }
}

/// Makes room for more in a vector, doubling it, if that takes no more than `room` bytes.
pub(super) fn reserve<T>(vec: &mut Vec<T>, more: usize, room: u64) -> Result<(), OutOfMemory> {
    if vec.capacity() - vec.len() < more {
        let capacity = (vec.len() + more).max(vec.capacity() * 2).max(16);
        // Both exist while one is copied into the other.
        if (capacity * size_of::<T>()) as u64 > room {
            return Err(OutOfMemory);
        }
        vec.reserve_exact(capacity - vec.len());
    }
    Ok(())
}

impl From<OutOfMemory> for Reason {
    fn from(_: OutOfMemory) -> Reason {
        Reason::Bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_made_by_doubling_or_not_at_all() {
        for (len, capacity, more, room) in
            (0..40).flat_map(|len| [(len, 40, 41 - len, 640), (len, 40, 41 - len, 639), (len, 40, 40 - len, 0)])
        {
            let mut vec: Vec<u64> = Vec::with_capacity(capacity);
            vec.resize(len, 0);
            let fits = more <= capacity - len || room >= 640;
            assert_eq!(reserve(&mut vec, more, room).is_ok(), fits, "{more} more than {len} in {room} bytes");
            let expected = if more > capacity - len && fits { 2 * capacity } else { capacity };
            assert_eq!((vec.len(), vec.capacity()), (len, expected));
        }
        let mut vec: Vec<u8> = Vec::new();
        assert!(reserve(&mut vec, 1, 15).is_err() && reserve(&mut vec, 1, 16).is_ok());
        assert!(reserve(&mut vec, 100, 99).is_err() && reserve(&mut vec, 100, 100).is_ok());
        assert_eq!(vec.capacity(), 100);
    }

    #[test]
    fn what_each_stack_takes_is_counted() {
        let mut stacks: Stacks<u64> = Stacks::new();
        assert_eq!(stacks.bytes(), 0);
        let mut expected = 0;
        stacks.trail = Vec::with_capacity(10);
        expected += 10 * size_of::<Move>() as u64;
        assert_eq!(stacks.bytes(), expected);
        stacks.frames = Vec::with_capacity(20);
        expected += 20 * size_of::<Frame<u64>>() as u64;
        assert_eq!(stacks.bytes(), expected);
        stacks.moves = Vec::with_capacity(30);
        expected += 30 * size_of::<Move>() as u64;
        assert_eq!(stacks.bytes(), expected);
        stacks.listed = Vec::with_capacity(40);
        expected += 40 * size_of::<u64>() as u64;
        assert_eq!(stacks.bytes(), expected);
        stacks.owned_bytes = 50;
        stacks.memo.insert(super::super::memo::Fingerprint::default(), &[1], u64::MAX).expect("there is room");
        assert_eq!(stacks.bytes(), expected + 50 + stacks.memo.bytes());
    }
}
