//! Much work at once, handed over in order.
//!
//! Work stands in lanes, one piece behind the other. Pieces are done by several threads at once, but what comes of them is
//! taken piece by piece and lane by lane, by one thread, as if there were no other. So whatever is decided on taking
//! does not depend on the number of threads, nor on which of them was fast.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;

/// How many pieces per thread may be done before those ahead of them are taken: enough that nobody waits for a
/// slow one, few enough that what waits fits in memory.
const AHEAD: u64 = 16;

/// Where a piece of work stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Piece {
    /// The lane, from 0.
    pub(crate) lane: usize,
    /// The place in its lane, from 0.
    pub(crate) place: u64,
}

/// Does the work of all lanes, of these lengths, on so many threads. `take` gets what comes of it, in order; when it breaks, the rest
/// of that lane is left. When `stop` is set, what has been begun is finished and taken, and nothing more is begun.
///
/// # Panics
/// If `work` or `take` does, with the same payload.
pub(crate) fn in_order<T: Send>(
    lengths: &[u64],
    threads: NonZeroUsize,
    stop: &AtomicBool,
    work: impl Fn(Piece) -> T + Sync,
    mut take: impl FnMut(Piece, T) -> ControlFlow<()>,
) {
    on_threads(lengths, threads, stop, &work, &mut take);
}

/// [`in_order`], built once for all work that gives the same: threads and channels are much to build.
fn on_threads<T: Send>(
    lengths: &[u64],
    threads: NonZeroUsize,
    stop: &AtomicBool,
    work: &(dyn Fn(Piece) -> T + Sync),
    take: &mut dyn FnMut(Piece, T) -> ControlFlow<()>,
) {
    let queue = Queue::new(lengths, AHEAD * threads.get() as u64);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        // If `take` panics, the threads must not wait for it for ever.
        let _end = EndOnDrop(&queue);
        for _ in 0..threads.get() {
            let (sender, queue) = (sender.clone(), &queue);
            scope.spawn(move || {
                while let Some((turn, piece)) = queue.claim(stop) {
                    let result = panic::catch_unwind(AssertUnwindSafe(|| work(piece)));
                    if sender.send((turn, piece, result)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut next = 0;
        for (turn, piece, result) in receiver {
            waiting.insert(turn, (piece, result));
            while let Some((piece, result)) = waiting.remove(&next) {
                next += 1;
                let result = result.unwrap_or_else(|payload| panic::resume_unwind(payload));
                let flow = if queue.is_closed(piece.lane) { ControlFlow::Break(()) } else { take(piece, result) };
                queue.taken(piece.lane, flow);
            }
        }
    });
}

/// Which piece is next, for all threads.
struct Queue {
    lengths: Vec<u64>,
    ahead: u64,
    state: Mutex<State>,
    room: Condvar,
}

struct State {
    next: Piece,
    claimed: u64,
    taken: u64,
    closed: Vec<bool>,
    ended: bool,
}

struct EndOnDrop<'a>(&'a Queue);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.lock().ended = true;
        self.0.room.notify_all();
    }
}

impl Queue {
    fn new(lengths: &[u64], ahead: u64) -> Queue {
        let next = Piece { lane: 0, place: 0 };
        let state = State { next, claimed: 0, taken: 0, closed: vec![false; lengths.len()], ended: false };
        Queue { lengths: lengths.to_vec(), ahead, state: Mutex::new(state), room: Condvar::new() }
    }

    /// The next piece and its turn; waits while too many are ahead of the one that is taken next.
    fn claim(&self, stop: &AtomicBool) -> Option<(u64, Piece)> {
        let mut state = self.lock();
        loop {
            if state.ended || stop.load(Ordering::Relaxed) {
                return None;
            }
            let Piece { lane, place } = state.next;
            if lane == self.lengths.len() {
                return None;
            }
            if place == self.lengths[lane] || state.closed[lane] {
                state.next = Piece { lane: lane + 1, place: 0 };
            } else if state.claimed - state.taken >= self.ahead {
                state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
            } else {
                let turn = state.claimed;
                state.claimed += 1;
                state.next.place += 1;
                return Some((turn, Piece { lane, place }));
            }
        }
    }

    fn taken(&self, lane: usize, flow: ControlFlow<()>) {
        let mut state = self.lock();
        state.taken += 1;
        state.closed[lane] |= flow.is_break();
        self.room.notify_all();
    }

    fn is_closed(&self, lane: usize) -> bool {
        self.lock().closed[lane]
    }

    /// No thread panics while it holds the lock, so its state is never half changed.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU64;
    use std::time::Duration;

    fn threads(count: usize) -> NonZeroUsize {
        NonZeroUsize::new(count).unwrap()
    }

    /// What is taken of three lanes, the second of which is left after its sixth piece.
    fn taken_with(count: usize) -> Vec<(usize, u64, u64)> {
        let mut taken = Vec::new();
        let work = |piece: Piece| {
            // Some pieces are slow, so that others overtake them.
            thread::sleep(Duration::from_micros(if piece.place.is_multiple_of(7) { 3_000 } else { 10 }));
            piece.place * 10
        };
        in_order(&[40, 200, 0, 3], threads(count), &AtomicBool::new(false), work, |piece, result| {
            taken.push((piece.lane, piece.place, result));
            if piece == (Piece { lane: 1, place: 5 }) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        taken
    }

    #[test]
    fn the_same_is_taken_in_the_same_order_by_any_number_of_threads() {
        let lanes = [(0, 40), (1, 6), (3, 3)];
        let expected: Vec<_> =
            lanes.iter().flat_map(|&(lane, length)| (0..length).map(move |place| (lane, place, place * 10))).collect();
        for count in [1, 2, 7] {
            assert_eq!(taken_with(count), expected, "{count} threads");
        }
    }

    #[test]
    fn nobody_runs_far_ahead_of_a_slow_piece() {
        let (begun, most) = (AtomicU64::new(0), AtomicU64::new(0));
        let work = |piece: Piece| {
            begun.fetch_add(1, Ordering::SeqCst);
            if piece.place == 0 {
                thread::sleep(Duration::from_millis(100));
                most.store(begun.load(Ordering::SeqCst), Ordering::SeqCst);
            }
        };
        in_order(&[10_000], threads(2), &AtomicBool::new(false), work, |_, ()| ControlFlow::Continue(()));
        assert_eq!(begun.into_inner(), 10_000);
        assert!(most.into_inner() <= 2 * AHEAD);
    }

    #[test]
    fn after_a_stop_a_prefix_has_been_taken() {
        let stop = AtomicBool::new(false);
        let mut places = Vec::new();
        in_order(
            &[1_000_000],
            threads(3),
            &stop,
            |piece| piece.place,
            |_, place| {
                places.push(place);
                stop.store(place >= 99, Ordering::Relaxed);
                ControlFlow::Continue(())
            },
        );
        assert!(places.len() >= 100 && places.len() < 1_000, "{}", places.len());
        assert!(places.iter().copied().eq(0..places.len() as u64));
    }

    #[test]
    fn a_panic_of_either_side_ends_it_all() {
        let never = AtomicBool::new(false);
        let working = || {
            in_order(
                &[1_000],
                threads(2),
                &never,
                |piece| assert!(piece.place < 50, "work"),
                |_, ()| ControlFlow::Continue(()),
            )
        };
        let taking = || {
            in_order(
                &[1_000],
                threads(2),
                &never,
                |_| (),
                |piece, ()| {
                    assert!(piece.place < 50, "take");
                    ControlFlow::Continue(())
                },
            )
        };
        assert_eq!(crate::panics::caught(taking).unwrap_err().message, "take");
        let payload = panic::catch_unwind(working).unwrap_err();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"work"));
    }
}
