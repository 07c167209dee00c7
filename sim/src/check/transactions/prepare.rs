//! A history made ready: its preconditions checked, its keys numbered, its writes sorted.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::error::Error;
use super::history::{Key, Op, Outcome, Process, Transaction, Value};
use super::report::Ambiguous;

/// How many operations and elements of lists a history may have, so that all numbers below fit into 32 bits.
const LIMIT: usize = 1 << 28;

/// Whether a transaction takes part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    /// Its client knows that it committed.
    Committed,
    /// Its client knows that it did not.
    Aborted,
    /// Nobody knows, and nobody who committed read from it.
    Unknown,
    /// Its client does not know, but somebody who committed read from it.
    Revealed,
}

impl Fate {
    /// Whether it committed for all that is known.
    pub(super) fn counts(self) -> bool {
        matches!(self, Fate::Committed | Fate::Revealed)
    }
}

/// One append or write.
#[derive(Clone, Copy, Debug)]
pub(super) struct Write {
    key: u32,
    pub(super) value: Value,
    /// Whose: a place in the history.
    pub(super) transaction: u32,
    /// Which of its operations.
    pub(super) op: u32,
    /// How many writes of the same transaction to the same key come before it.
    pub(super) nth: u32,
    /// Whether none comes after it.
    pub(super) last: bool,
    /// Which version of the key it makes, from 1; 0 if that is not known, or it makes none.
    pub(super) version: u32,
}

/// An invocation or a completion.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    order: u64,
    pub(super) transaction: u32,
    pub(super) completes: bool,
}

/// What is left of a history without the keys to which somebody wrote one value twice, and why each of these was left out. Whatever level a
/// history is of, it is of the same without any operations on some keys.
pub(super) fn told_apart<O: Op + Clone>(history: &[Transaction<O>]) -> (Cow<'_, [Transaction<O>]>, Vec<Ambiguous>) {
    let mut writes: Vec<(Key, Value, usize)> = Vec::new();
    for (place, transaction) in history.iter().enumerate() {
        writes.extend(transaction.ops.iter().filter_map(|op| Some((op.key(), op.written()?, place))));
    }
    writes.sort_unstable();
    let twice = writes.windows(2).filter(|pair| (pair[0].0, pair[0].1) == (pair[1].0, pair[1].1));
    let mut left_out: Vec<Ambiguous> = twice
        .map(|pair| {
            let [first, second] = [pair[0], pair[1]].map(|(.., place)| history[place].id);
            Ambiguous { key: pair[0].0, value: pair[0].1, first, second }
        })
        .collect();
    left_out.dedup_by_key(|ambiguous| ambiguous.key);
    if left_out.is_empty() {
        return (Cow::Borrowed(history), left_out);
    }
    let mut rest = history.to_vec();
    for transaction in &mut rest {
        transaction.ops.retain(|op| left_out.binary_search_by_key(&op.key(), |ambiguous| ambiguous.key).is_err());
    }
    (Cow::Owned(rest), left_out)
}

/// A history that meets the preconditions. Transactions and keys are numbered from 0.
pub(super) struct Prepared<'h, O> {
    pub(super) history: &'h [Transaction<O>],
    pub(super) fates: Vec<Fate>,
    /// All keys, sorted; the place of each is its number.
    keys: Vec<Key>,
    /// Sorted by key and value.
    writes: Vec<Write>,
    /// All events, in their order.
    events: Vec<Event>,
}

impl<'h, O: Op> Prepared<'h, O> {
    /// Checks the preconditions that both kinds of workload share. Takes O(n log n) for n operations.
    pub(super) fn new(history: &'h [Transaction<O>]) -> Result<Prepared<'h, O>, Error> {
        let size = history.iter().map(|transaction| 1 + transaction.ops.iter().map(Op::size).sum::<usize>()).sum();
        if size > LIMIT {
            return Err(Error::TooLarge { size, limit: LIMIT });
        }
        let mut names = BTreeSet::new();
        if let Some(again) = history.iter().find(|transaction| !names.insert(transaction.id)) {
            return Err(Error::SameId(again.id));
        }
        let events = events(history)?;
        let mut keys: Vec<Key> = history.iter().flat_map(|transaction| &transaction.ops).map(Op::key).collect();
        keys.sort_unstable();
        keys.dedup();
        let fates = history.iter().map(|transaction| match transaction.outcome {
            Outcome::Committed { .. } => Fate::Committed,
            Outcome::Aborted => Fate::Aborted,
            Outcome::Unknown => Fate::Unknown,
        });
        let mut prepared = Prepared { history, fates: fates.collect(), keys, writes: Vec::new(), events };
        prepared.writes = prepared.sorted_writes();
        Ok(prepared)
    }

    fn sorted_writes(&self) -> Vec<Write> {
        let mut writes = Vec::new();
        for (transaction, of) in self.history.iter().enumerate() {
            let begin = writes.len();
            writes.extend(of.ops.iter().enumerate().filter_map(|(op, of)| {
                let (key, value) = (self.key(of.key()), of.written()?);
                let (transaction, op) = (transaction as u32, op as u32);
                Some(Write { key, value, transaction, op, nth: 0, last: true, version: 0 })
            }));
            let own = &mut writes[begin..];
            own.sort_unstable_by_key(|write| (write.key, write.op));
            for at in 1..own.len() {
                if own[at].key == own[at - 1].key {
                    own[at].nth = own[at - 1].nth + 1;
                    own[at - 1].last = false;
                }
            }
        }
        writes.sort_unstable_by_key(|write| (write.key, write.value));
        writes
    }

    /// How many keys there are.
    pub(super) fn keys(&self) -> usize {
        self.keys.len()
    }

    /// The number of a key that some operation names.
    pub(super) fn key(&self, key: Key) -> u32 {
        self.keys.partition_point(|other| *other < key) as u32
    }

    /// The name of a key.
    pub(super) fn name(&self, key: u32) -> Key {
        self.keys[key as usize]
    }

    /// Where the write of a value is in [`Prepared::writes`], if anyone asked for it.
    pub(super) fn find(&self, key: u32, value: Value) -> Option<usize> {
        self.writes.binary_search_by_key(&(key, value), |write| (write.key, write.value)).ok()
    }

    /// The write at a place of [`Prepared::writes`].
    pub(super) fn write_at(&self, at: usize) -> &Write {
        &self.writes[at]
    }

    /// The write of a value, if anyone asked for it.
    pub(super) fn write(&self, key: u32, value: Value) -> Option<&Write> {
        self.find(key, value).map(|at| &self.writes[at])
    }

    /// All writes.
    pub(super) fn writes(&mut self) -> &mut [Write] {
        &mut self.writes
    }

    /// Where the writes to a key are in [`Prepared::writes`].
    pub(super) fn writes_to(&self, key: u32) -> Range<usize> {
        let below = |bound: u32| self.writes.partition_point(|write| write.key < bound);
        below(key)..below(key + 1)
    }

    /// What became of the transaction of a write.
    pub(super) fn fate(&self, write: &Write) -> Fate {
        self.fates[write.transaction as usize]
    }

    /// The transactions that committed for all that is known, in the order of the history.
    pub(super) fn committed(&self) -> impl Iterator<Item = u32> + use<'_, 'h, O> {
        (0..self.history.len() as u32).filter(|&transaction| self.fates[transaction as usize].counts())
    }

    /// When a transaction was done, if its client knows.
    pub(super) fn completed(&self, transaction: u32) -> Option<u64> {
        match self.history[transaction as usize].outcome {
            Outcome::Committed { completed } => Some(completed),
            Outcome::Aborted | Outcome::Unknown => None,
        }
    }

    /// Invocations and completions of the transactions that committed for all that is known, in their order.
    pub(super) fn timeline(&self) -> Vec<Event> {
        self.events.iter().filter(|event| self.fates[event.transaction as usize].counts()).copied().collect()
    }

    /// The timelines of all processes.
    pub(super) fn sessions(&self) -> Vec<Vec<Event>> {
        let mut sessions: BTreeMap<Process, Vec<Event>> = BTreeMap::new();
        for event in self.timeline() {
            sessions.entry(self.history[event.transaction as usize].process).or_default().push(event);
        }
        sessions.into_values().collect()
    }
}

/// All invocations and completions, in their order; checks that they can be such.
fn events<O>(history: &[Transaction<O>]) -> Result<Vec<Event>, Error> {
    let mut events = Vec::with_capacity(2 * history.len());
    for (place, transaction) in history.iter().enumerate() {
        events.push(Event { order: transaction.invoked, transaction: place as u32, completes: false });
        if let Outcome::Committed { completed } = transaction.outcome {
            if completed < transaction.invoked {
                return Err(Error::Backwards(transaction.id));
            }
            events.push(Event { order: completed, transaction: place as u32, completes: true });
        }
    }
    events.sort_unstable_by_key(|event| (event.order, event.transaction, event.completes));
    let id = |event: &Event| history[event.transaction as usize].id;
    if let Some(tie) = events.windows(2).find(|pair| pair[0].order == pair[1].order) {
        return Err(Error::SameMoment { order: tie[0].order, first: id(&tie[0]), second: id(&tie[1]) });
    }
    // Only a transaction that committed has a known end; whoever gave one up may ask for the next.
    let mut open: BTreeMap<Process, Event> = BTreeMap::new();
    for event in &events {
        let transaction = &history[event.transaction as usize];
        let ends = matches!(transaction.outcome, Outcome::Committed { .. });
        match open.get(&transaction.process) {
            Some(own) if own.transaction == event.transaction => drop(open.remove(&transaction.process)),
            Some(other) => {
                let (process, second) = (transaction.process, transaction.id);
                return Err(Error::Overlap { process, first: id(other), second });
            }
            None if ends => drop(open.insert(transaction.process, *event)),
            None => {}
        }
    }
    Ok(events)
}
