//! The operations on one key, as the search sees them.

use crate::history::{Operation, Outcome};
use crate::id::Key;
use crate::spec::Spec;

/// One operation, and what is taken for its outcome: that of the history, or less, when a part of it is tried.
#[derive(Clone, Debug)]
pub(super) struct Call<'h, S: Spec> {
    /// Its place in the history.
    pub(super) place: u32,
    pub(super) operation: &'h Operation<S>,
    pub(super) fate: Fate<'h, S::Ret>,
}

/// When an operation must have taken effect, and with which answer. Moments are places in the order of the history.
#[derive(Debug)]
pub(super) enum Fate<'h, R> {
    /// Before this moment, with this answer.
    Returned(u32, &'h R),
    /// At any time, or never, with any answer.
    Open,
    /// Before this moment, with any answer but these. At most one call has this fate, and it returns last.
    Probe(u32, &'h [R]),
}

impl<R> Clone for Fate<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Fate<'_, R> {}

impl<'h, S: Spec> Call<'h, S> {
    /// The call of an operation, if it constrains anything or can explain anything: a failed operation never happened,
    /// and a read that was not answered saw nothing that anybody knows of.
    pub(super) fn new(place: u32, operation: &'h Operation<S>) -> Option<Call<'h, S>> {
        let fate = match &operation.outcome {
            Outcome::Ok { ret, returned } => Fate::Returned(returned.order, ret),
            Outcome::Failed => return None,
            Outcome::Unknown if S::is_read(&operation.op) => return None,
            Outcome::Unknown => Fate::Open,
        };
        Some(Call { place, operation, fate })
    }

    /// The same operation when nobody looks at its outcome; nothing if it then means nothing.
    pub(super) fn forgotten(&self) -> Option<Call<'h, S>> {
        (!S::is_read(&self.operation.op)).then_some(Call { fate: Fate::Open, ..*self })
    }

    pub(super) fn invoked(&self) -> u32 {
        self.operation.invoked.order
    }

    /// When it returned, if it did.
    pub(super) fn returned(&self) -> Option<u32> {
        match self.fate {
            Fate::Returned(order, _) | Fate::Probe(order, _) => Some(order),
            Fate::Open => None,
        }
    }
}

/// What is left of `calls` when the history ends with the return at `end`.
pub(super) fn prefix<'h, S: Spec>(calls: &[Call<'h, S>], end: u32) -> Vec<Call<'h, S>> {
    let begun = calls.iter().take_while(|call| call.invoked() < end);
    begun
        .filter_map(|call| match call.returned() {
            Some(order) if order > end => call.forgotten(),
            _ => Some(call.clone()),
        })
        .collect()
}

/// A history split by key: keys share nothing, so each can be checked alone (Herlihy & Wing 1990, §3.3, locality).
pub(super) struct Split<'h, S: Spec> {
    history: &'h [Operation<S>],
    /// The places of operations in the history, grouped by key, in order within each group.
    places: Vec<u32>,
    /// The end of each key's group in `places`; it begins where the group before ends.
    ends: Vec<u32>,
}

impl<'h, S: Spec> Split<'h, S> {
    pub(super) fn new(history: &'h [Operation<S>]) -> Split<'h, S> {
        let mut ends: Vec<u32> = Vec::new();
        for operation in history {
            let key = S::key(&operation.op).index();
            if key >= ends.len() {
                ends.resize(key + 1, 0);
            }
            ends[key] += 1;
        }
        let mut begin = 0;
        for end in &mut ends {
            begin += std::mem::replace(end, begin);
        }
        // Each `ends` entry is its group's beginning now, and moves to its end as the group fills.
        let mut places = vec![0; history.len()];
        for (place, operation) in (0..).zip(history) {
            let end = &mut ends[S::key(&operation.op).index()];
            places[*end as usize] = place;
            *end += 1;
        }
        Split { history, places, ends }
    }

    /// All keys that any operation is about, in order.
    pub(super) fn keys(&self) -> Vec<Key> {
        (0..self.ends.len()).filter(|&index| !self.group(index).is_empty()).map(Key::at).collect()
    }

    /// Puts the calls on one key into `calls`, in the order of their invocations.
    pub(super) fn calls(&self, key: Key, calls: &mut Vec<Call<'h, S>>) {
        calls.clear();
        calls.extend(
            self.group(key.index()).iter().filter_map(|&place| Call::new(place, &self.history[place as usize])),
        );
        if !calls.is_sorted_by_key(Call::invoked) {
            calls.sort_by_key(Call::invoked);
        }
    }

    fn group(&self, index: usize) -> &[u32] {
        let begin = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.places[begin as usize..self.ends[index] as usize]
    }
}
