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
