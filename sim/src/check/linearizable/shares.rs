//! The keys of one history, looked at by several at once, with the result that one alone would come to.

use std::num::NonZeroUsize;

use super::calls::{Object, Split};
use super::search::Decision;
use super::{Budget, Keys, Linearizability, Memory, Patience};
use crate::history::Operation;
use crate::spec::Spec;

/// A history whose keys are shared out. Nothing here starts a thread: whoever has some lets each [look](Self::look) at shares, in any order, and gives what they found to
/// [`check`](Self::check). A share that nobody looked at is only decided later.
///
/// ```
/// use std::num::NonZeroUsize;
/// use shaketable_sim::check::linearizable::{Budget, Linearizability, Shares};
/// use shaketable_sim::spec::register::Register;
/// let shares = Shares::<Register>::new(&[], Budget { states: 1_000, bytes: 100_000 }, NonZeroUsize::new(2).unwrap());
/// let seen = std::thread::scope(|scope| {
///     let looks: Vec<_> = (0..shares.count()).map(|share| scope.spawn({
///         let shares = &shares;
///         move || shares.look(share)
///     })).collect();
///     looks.into_iter().map(|look| look.join().unwrap()).collect()
/// });
/// assert!(matches!(shares.check(seen), Linearizability::Linearizable { states: 0 }));
/// ```
pub struct Shares<'h, S: Spec> {
    split: Split<'h, S>,
    budget: Budget,
    /// Where each share begins among the objects, and where the last one ends.
    bounds: Vec<usize>,
}

/// What somebody found in a share.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// The place of its first object.
    begin: usize,
    /// By object: how many states it took to find it linearizable, if it was found so.
    states: Vec<Option<u64>>,
}

impl<'h, S: Spec> Shares<'h, S> {
    /// Shares out a history, as evenly as its keys allow. All shares together take as much memory as one check may.
    pub fn new(history: &'h [Operation<S>], budget: Budget, count: NonZeroUsize) -> Shares<'h, S> {
        let split = Split::new(history);
        let mut bounds = vec![0];
        let mut operations = 0;
        for (place, object) in split.objects().iter().enumerate() {
            operations += object.len();
            if operations * count.get() >= history.len() * bounds.len() {
                bounds.push(place + 1);
            }
        }
        Shares { split, budget, bounds }
    }

    /// How many shares there are: no more than keys.
    pub fn count(&self) -> usize {
        self.bounds.len() - 1
    }

    /// Looks at a share, up to the first object that is not linearizable.
    ///
    /// # Panics
    /// If there is no such share.
    pub fn look(&self, share: usize) -> Seen {
        let begin = self.bounds[share];
        let mut memory = Memory::new();
        let mut calls = Vec::new();
        let mut states = Vec::new();
        let all = Budget { states: u64::MAX, bytes: self.budget.bytes / self.count() as u64 };
        for object in &self.split.objects()[begin..self.bounds[share + 1]] {
            self.split.calls(object, &mut calls);
            let given = Patience::Short.share(all, calls.len());
            let mut left = given;
            match memory.decide(&calls, &mut left) {
                Decision::Linearizable => states.push(Some(given.states - left.states)),
                Decision::Inconclusive { .. } => states.push(None),
                Decision::Violation { .. } => break,
            }
        }
        Seen { begin, states }
    }

    /// Checks the history as [`check`](super::check) does, sparing what was seen. The result is the same, whatever that is.
    pub fn check(&self, seen: Vec<Seen>) -> Linearizability<S> {
        let mut known = vec![None; self.split.objects().len()];
        for Seen { begin, states } in seen {
            known[begin..begin + states.len()].copy_from_slice(&states);
        }
        Keys::new(&self.split, self.budget, known).check()
    }
}

impl Object {
    /// How many operations are about it.
    fn len(&self) -> usize {
        self.group.len()
    }
}
