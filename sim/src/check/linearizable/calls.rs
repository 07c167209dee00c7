//! The operations on one object, as the search sees them.

use std::ops::Range;

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

/// A history split by object. Keys share nothing, so each can be checked alone (Herlihy & Wing 1990, §3.3, locality); nor do the parts of one key, if all that is
/// asked of it is about one part each (Horn & Kroening 2015, P-compositionality).
pub(super) struct Split<'h, S: Spec> {
    history: &'h [Operation<S>],
    /// The places of operations in the history, grouped by object, in order within each group.
    places: Vec<u32>,
    objects: Vec<Object>,
}

/// What is checked alone: a key, or a part of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Object {
    pub(super) key: Key,
    /// Its group among the places.
    pub(super) group: Range<usize>,
}

impl<'h, S: Spec> Split<'h, S> {
    pub(super) fn new(history: &'h [Operation<S>]) -> Split<'h, S> {
        let mut ends: Vec<usize> = Vec::new();
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
            places[*end] = place;
            *end += 1;
        }
        let mut split = Split { history, places, objects: Vec::new() };
        let mut begin = 0;
        for (key, end) in ends.into_iter().enumerate().filter(|&(_, end)| end > 0) {
            split.split_key(Key::at(key), begin..end);
            begin = end;
        }
        split
    }

    /// Finds the objects of one key.
    fn split_key(&mut self, key: Key, group: Range<usize>) {
        if group.is_empty() {
            return;
        }
        let matters = |&place: &u32| Call::new(place, &self.history[place as usize]).is_some();
        let part = |place: u32| S::part(&self.history[place as usize].op);
        let whole =
            self.places[group.clone()].iter().filter(|place| matters(place)).any(|&place| part(place).is_none());
        if whole {
            self.objects.push(Object { key, group });
            return;
        }
        let places = &mut self.places[group.clone()];
        places.sort_by_key(|&place| part(place));
        let mut begin = group.start;
        for of_part in places.chunk_by(|&one, &other| part(one) == part(other)) {
            let end = begin + of_part.len();
            self.objects.push(Object { key, group: begin..end });
            begin = end;
        }
    }

    /// All objects that any operation is about: by key, and those of one key by part.
    pub(super) fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// Puts the calls on one object into `calls`, in the order of their invocations.
    pub(super) fn calls(&self, object: &Object, calls: &mut Vec<Call<'h, S>>) {
        calls.clear();
        let places = self.places[object.group.clone()].iter();
        calls.extend(places.filter_map(|&place| {
            let operation = &self.history[place as usize];
            // Its operation is looked at here, where the processor can fetch those of many calls at once, and not first when one hangs on the other.
            assert!(S::key(&operation.op) == object.key, "groups are of one key");
            Call::new(place, operation)
        }));
        if !calls.is_sorted_by_key(Call::invoked) {
            calls.sort_by_key(Call::invoked);
        }
    }

    /// The places of operations that explain each object, one object after another, as an order that explains each key: every operation as early as it can be.
    pub(super) fn merged(&self, order: Vec<u32>) -> Vec<u32> {
        let of_one_key = |pair: &[Object]| pair[0].key == pair[1].key;
        let mut split: Vec<Key> =
            self.objects.windows(2).filter(|pair| of_one_key(pair)).map(|pair| pair[0].key).collect();
        split.dedup();
        if split.is_empty() {
            return order;
        }
        let of = |place: u32| {
            let op = &self.history[place as usize].op;
            let key = S::key(op);
            (key, split.binary_search(&key).ok().and_then(|_| S::part(op)))
        };
        let mut moments: Vec<(Key, u32, u32)> = Vec::with_capacity(order.len());
        for of_object in order.chunk_by(|&one, &other| of(one) == of(other)) {
            let mut now = 0;
            for &place in of_object {
                now = now.max(self.history[place as usize].invoked.order);
                moments.push((of(place).0, now, place));
            }
        }
        moments.sort_by_key(|&(key, moment, _)| (key, moment));
        moments.into_iter().map(|(.., place)| place).collect()
    }
}
