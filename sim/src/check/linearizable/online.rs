//! The check of a history that is still growing: it says so at the first return that nothing explains.
//!
//! Of each object it keeps all *configurations* in which it can be: a state, and which of the calls under way have taken effect, with which answers. A call takes effect no sooner than some
//! return needs it ("just in time": Lowe 2017, §4); so between two returns nothing is to be done, and memory depends on what is open at once, not on the length of the history. Calls
//! that never change a state take effect whenever that helps: of them a configuration remembers which answers they can have had.
//!
//! A call whose outcome nobody will ever know stays open for good. Of two configurations that differ in such calls alone the one that has used fewer can do all that the other one can.

use std::collections::BTreeMap;

use super::model::owned_bytes;
use crate::digest::digest_of;
use crate::id::Key;
use crate::spec::Spec;

/// How many configurations may be looked at in one step for each that may be kept.
const TRIED: usize = 16;

/// Checks a history while it grows. Operations are named by their places in the history, or any other numbers that differ.
///
/// ```
/// use shaketable_sim::check::linearizable::{Online, Watch};
/// use shaketable_sim::id::Key;
/// use shaketable_sim::spec::register::{Action, Op, Register, Ret};
/// let op = |action| Op { key: Key::at(0), action };
/// let mut online = Online::<Register>::new(1_000);
/// online.invoked(0, &op(Action::Write(7)));
/// assert!(matches!(online.returned(0, &Ret::Done), Watch::Explained));
/// online.invoked(1, &op(Action::Read));
/// let Watch::Violation(survivors) = online.returned(1, &Ret::Value(None)) else { panic!("7 was written before") };
/// assert_eq!((survivors[0].state, survivors.len()), (Some(7), 1));
/// ```
#[derive(Clone, Debug)]
pub struct Online<S: Spec> {
    objects: BTreeMap<Key, Object<S>>,
    /// Where each open operation is.
    keys: BTreeMap<u32, Key>,
    limit: Limit,
}

/// How much may be kept of one object, and looked at in one step.
#[derive(Clone, Copy, Debug)]
struct Limit {
    /// How many configurations may be kept.
    most: usize,
    /// How much memory those may take that are looked at, in bytes.
    bytes: u64,
}

/// What is known after an event.
#[derive(Clone, Debug)]
pub enum Watch<S: Spec> {
    /// All that happened on this key can be explained, or at least could be when it was looked at last.
    Explained,
    /// Nothing explains this event. These are all configurations in which the object can have been right before it.
    Violation(Vec<Configuration<S>>),
}

/// How an object can be, with regard to the operations under way.
#[derive(Clone, Debug)]
pub struct Configuration<S: Spec> {
    /// Its state.
    pub state: S::State,
    /// The open operations that have taken effect, in order; with the answer that they then have, unless nobody will ever know it.
    pub done: Vec<(u32, Option<S::Ret>)>,
    /// The open operations that change nothing, in order, and the answers that they can have had so far.
    seen: Vec<Seen<S>>,
}

/// An operation that changes nothing, and the answers that it can have had.
type Seen<S> = (u32, Vec<<S as Spec>::Ret>);

#[derive(Clone, Debug)]
struct Object<S: Spec> {
    open: Vec<Open<S>>,
    /// None if there were too many: then nothing more is said of this object.
    configurations: Option<Vec<Configuration<S>>>,
}

/// An operation under way that can change something, or is without an answer for good.
#[derive(Clone, Debug)]
struct Open<S: Spec> {
    place: u32,
    op: S::Op,
    /// Whether nobody will ever know what became of it.
    lost: bool,
}

impl<S: Spec> Online<S> {
    /// The check of a history that has not begun, which gives an object up when it can be in more than `most` configurations at once.
    pub fn new(most: usize) -> Online<S> {
        Online::within(most, u64::MAX)
    }

    /// The same, which also gives an object up when it takes more than so many bytes.
    pub(super) fn within(most: usize, bytes: u64) -> Online<S> {
        // There are as many that were kept before, and that will be; and vectors keep something free.
        let limit = Limit { most, bytes: bytes / 4 };
        Online { objects: BTreeMap::new(), keys: BTreeMap::new(), limit }
    }

    /// A client has asked for an operation.
    pub fn invoked(&mut self, place: u32, op: &S::Op) {
        let key = S::key(op);
        self.keys.insert(place, key);
        self.objects.entry(key).or_insert_with(Object::new).invoked(place, op);
    }

    /// It was answered.
    pub fn returned(&mut self, place: u32, ret: &S::Ret) -> Watch<S> {
        self.on_end(place, |object, limit| object.returned(place, ret, limit))
    }

    /// It certainly had no effect.
    pub fn failed(&mut self, place: u32) -> Watch<S> {
        self.on_end(place, |object, _| object.failed(place))
    }

    /// Nobody will ever know what became of it.
    pub fn lost(&mut self, place: u32) {
        let _ = self.on_end(place, |object, _| object.lost(place));
    }

    /// The first object of which nothing more is said, if there is one.
    pub fn given_up(&self) -> Option<Key> {
        self.objects.iter().find(|(_, object)| object.configurations.is_none()).map(|(&key, _)| key)
    }

    /// How an object can be now; nothing if nobody has asked for it, or if it was given up.
    pub fn configurations(&self, key: Key) -> Option<&[Configuration<S>]> {
        self.objects.get(&key)?.configurations.as_deref()
    }

    fn on_end(&mut self, place: u32, end: impl FnOnce(&mut Object<S>, Limit) -> Watch<S>) -> Watch<S> {
        let limit = self.limit;
        match self.keys.remove(&place).and_then(|key| self.objects.get_mut(&key)) {
            Some(object) => end(object, limit),
            None => Watch::Explained,
        }
    }
}

impl<S: Spec> Object<S> {
    fn new() -> Object<S> {
        let start = Configuration { state: S::State::default(), done: Vec::new(), seen: Vec::new() };
        Object { open: Vec::new(), configurations: Some(vec![start]) }
    }

    fn invoked(&mut self, place: u32, op: &S::Op) {
        self.open.push(Open { place, op: op.clone(), lost: false });
        if S::is_read(op) {
            for configuration in self.configurations.iter_mut().flatten() {
                let answer = S::apply(&mut configuration.state.clone(), op);
                configuration.seen.push((place, vec![answer]));
            }
        }
    }

    fn returned(&mut self, place: u32, ret: &S::Ret, limit: Limit) -> Watch<S> {
        let Some(before) = self.configurations.take() else { return Watch::Explained };
        let mut after = Vec::new();
        let mut paths = before.clone();
        let mut waiting: u64 = paths.iter().map(Configuration::bytes).sum();
        let mut looked_at = Known::new();
        while let Some(mut path) = paths.pop() {
            waiting -= path.bytes();
            if !looked_at.add(&path) {
                continue;
            }
            match path.answer(place, ret) {
                Some(true) => after.push(path),
                Some(false) => {}
                None => {
                    for next in (0..self.open.len()).filter(|&at| self.is_next(at, &path)) {
                        paths.push(path.with(&self.open[next], &self.open));
                        waiting += paths.last().map_or(0, Configuration::bytes);
                    }
                }
            }
            if looked_at.count > TRIED * limit.most || looked_at.bytes + waiting > limit.bytes {
                return Watch::Explained; // Without configurations: it is given up.
            }
        }
        self.open.retain(|open| open.place != place);
        self.keep(before, after, limit.most)
    }

    /// Whether the open call at this place can be the next to take effect: of equal calls that are lost the first will do.
    fn is_next(&self, at: usize, path: &Configuration<S>) -> bool {
        let open = &self.open[at];
        let stands_for = |other: &Open<S>| other.lost && other.op == open.op && !path.is_done(other.place);
        if S::is_read(&open.op) || path.is_done(open.place) {
            return false;
        }
        !open.lost || !self.open[..at].iter().any(stands_for)
    }

    fn failed(&mut self, place: u32) -> Watch<S> {
        let Some(before) = self.configurations.take() else { return Watch::Explained };
        self.open.retain(|open| open.place != place);
        let mut after = before.clone();
        after.retain(|configuration| !configuration.is_done(place));
        after.iter_mut().for_each(|configuration| configuration.seen.retain(|&(other, _)| other != place));
        self.keep(before, after, usize::MAX)
    }

    fn lost(&mut self, place: u32) -> Watch<S> {
        let Some(mut configurations) = self.configurations.take() else { return Watch::Explained };
        let is_read = |open: &Open<S>| open.place == place && S::is_read(&open.op);
        self.open.retain(|open| !is_read(open));
        for open in self.open.iter_mut().filter(|open| open.place == place) {
            open.lost = true;
        }
        for configuration in &mut configurations {
            configuration.seen.retain(|&(other, _)| other != place);
            for (_, answer) in configuration.done.iter_mut().filter(|(other, _)| *other == place) {
                *answer = None;
            }
        }
        self.keep(Vec::new(), configurations, usize::MAX)
    }

    fn keep(&mut self, before: Vec<Configuration<S>>, mut after: Vec<Configuration<S>>, most: usize) -> Watch<S> {
        if after.is_empty() {
            return Watch::Violation(before);
        }
        // Who has used less comes first, so nobody that is kept is better than one before it.
        after.sort_by_key(|configuration| configuration.done.len());
        let mut kept = Known::new();
        after.retain(|configuration| kept.add(configuration));
        if after.len() > most {
            return Watch::Explained;
        }
        self.configurations = Some(after);
        Watch::Explained
    }
}

/// Configurations that are known, by a digest of their states.
struct Known<S: Spec> {
    by_state: BTreeMap<u64, Vec<Configuration<S>>>,
    count: usize,
    /// The memory that they take.
    bytes: u64,
}

impl<S: Spec> Known<S> {
    fn new() -> Known<S> {
        Known { by_state: BTreeMap::new(), count: 0, bytes: 0 }
    }

    /// Adds a configuration, unless there is one that can do all that it can. Says whether it was added.
    fn add(&mut self, configuration: &Configuration<S>) -> bool {
        let alike = self.by_state.entry(digest_of(&configuration.state)).or_default();
        let is_new = !alike.iter().any(|better| better.can_do_all_of(configuration));
        if is_new {
            alike.push(configuration.clone());
            self.count += 1;
            self.bytes += configuration.bytes();
        }
        is_new
    }
}

impl<S: Spec> Configuration<S> {
    /// The memory that it takes.
    fn bytes(&self) -> u64 {
        let seen = self.seen.iter().flat_map(|(_, answers)| answers);
        let answers = self.done.iter().filter_map(|(_, answer)| answer.as_ref()).chain(seen);
        let entries = size_of_val(self.done.as_slice()) + size_of_val(self.seen.as_slice());
        let own = (size_of::<Self>() + entries) as u64 + owned_bytes(&self.state);
        answers.fold(own, |bytes, answer| bytes + size_of_val(answer) as u64 + owned_bytes(answer))
    }

    fn is_done(&self, place: u32) -> bool {
        self.done.iter().any(|&(other, _)| other == place)
    }

    /// Takes the call that has returned out, if it has taken effect: says whether with this answer. Nothing if it has not, or not with an answer that it can still have.
    fn answer(&mut self, place: u32, ret: &S::Ret) -> Option<bool> {
        if let Some(at) = self.seen.iter().position(|&(other, _)| other == place) {
            return self.seen[at].1.contains(ret).then(|| {
                self.seen.remove(at);
                true
            });
        }
        let at = self.done.iter().position(|&(other, _)| other == place)?;
        let (_, answer) = self.done.remove(at);
        Some(answer.as_ref() == Some(ret))
    }

    /// The configuration after another call has taken effect.
    fn with(&self, next: &Open<S>, open: &[Open<S>]) -> Configuration<S> {
        let mut after = self.clone();
        let answer = S::apply(&mut after.state, &next.op);
        let at = after.done.partition_point(|&(other, _)| other < next.place);
        after.done.insert(at, (next.place, (!next.lost).then_some(answer)));
        for (reader, answers) in &mut after.seen {
            let Some(open) = open.iter().find(|open| open.place == *reader) else { continue };
            let answer = S::apply(&mut after.state.clone(), &open.op);
            if !answers.contains(&answer) {
                answers.push(answer);
            }
        }
        after
    }

    /// Whether whatever comes after the other one can come after this one: it is in the same state, its calls under way have the same answers, those that change nothing can have had
    /// all answers that they can have had there, and of the calls that are lost it has used no others.
    fn can_do_all_of(&self, other: &Configuration<S>) -> bool {
        let answered = |configuration: &Configuration<S>| -> Vec<(u32, Option<S::Ret>)> {
            configuration.done.iter().filter(|(_, answer)| answer.is_some()).cloned().collect()
        };
        let lost_is_used = |(place, answer): &(u32, Option<S::Ret>)| answer.is_some() || other.is_done(*place);
        let seen_too = |(mine, theirs): (&Seen<S>, &Seen<S>)| {
            mine.0 == theirs.0 && theirs.1.iter().all(|answer| mine.1.contains(answer))
        };
        self.state == other.state
            && self.done.iter().all(lost_is_used)
            && answered(self) == answered(other)
            && self.seen.iter().zip(&other.seen).all(seen_too)
    }
}
