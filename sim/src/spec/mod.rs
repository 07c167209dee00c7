//! Sequential specifications: what a service does when nothing happens at once.
//!
//! A [`Spec`] describes one object; a service holds many, told apart by [`Key`], which never influence each
//! other. That is what lets the linearizability check look at each key alone (Herlihy & Wing 1990, §3.3, locality).
//! The same description is the state machine that protocols replicate ([`Objects`]), so that what is served
//! and what is checked cannot drift apart.
//!
//! A member of this family is one file and one line in [`any`], the union that the command line's protocols serve. Those that no protocol
//! serves ([`cell`], [`string`], [`set`], [`queue`], [`stack`], [`priority`], [`semaphore`], [`map`], [`unheard`]) are for histories from elsewhere.

use std::fmt::{Debug, Display};
use std::hash::Hash;

use serde::Serialize;

use crate::id::Key;

pub mod any;
pub mod cell;
pub mod consensus;
pub mod counter;
pub mod kv;
pub mod list;
pub mod map;
pub mod priority;
pub mod queue;
pub mod register;
pub mod semaphore;
pub mod set;
pub mod stack;
pub mod string;
mod text;
pub mod unheard;

pub use text::NotAnOperation;

/// What travels in messages, journals and histories: copied, shown, hashed into the digest, written to the trace.
pub trait Data: Clone + Debug + Hash + Serialize + 'static {}
impl<T: Clone + Debug + Hash + Serialize + 'static> Data for T {}

/// The sequential specification of one kind of object.
///
/// ```
/// use shaketable_sim::id::Key;
/// use shaketable_sim::spec::{Spec, register::{Action, Op, Register, Ret}};
/// let mut state = <Register as Spec>::State::default();
/// let op = |action| Op { key: Key::at(0), action };
/// assert_eq!(Register::apply(&mut state, &op(Action::Read)), Ret::Value(None));
/// Register::apply(&mut state, &op(Action::Write(7)));
/// assert_eq!(Register::apply(&mut state, &op(Action::Read)), Ret::Value(Some(7)));
/// ```
pub trait Spec: Clone + Debug + 'static {
    /// What a client can ask. Shown as `put k1 7`.
    type Op: Data + Eq + Display;
    /// What it is answered.
    type Ret: Data + Eq + Display;
    /// The state of one object; its default is the state before any operation.
    type State: Clone + Debug + Eq + Hash + Default + Serialize + 'static;

    /// The object that an operation is about.
    fn key(op: &Self::Op) -> Key;

    /// The part of its object that an operation is about, if the object has parts that never influence each other and the operation is about one alone: an element
    /// of a set. If all operations on an object have a part, the linearizability check looks at each part alone (Horn & Kroening 2015, P-compositionality).
    ///
    /// This, too, only spares it work: none is always right.
    fn part(op: &Self::Op) -> Option<u64> {
        let _ = op;
        None
    }

    /// Carries out one operation on the object that it is about.
    fn apply(state: &mut Self::State, op: &Self::Op) -> Self::Ret;

    /// Whether an operation leaves every state as it is, whatever it answers. Protocols may answer such
    /// operations without writing them to a log.
    fn is_read(op: &Self::Op) -> bool;

    /// What an operation, answered thus or not at all, tells about the states around it.
    ///
    /// This only spares the linearizability check work: [`Footprint::Unclear`] is always right.
    fn footprint(op: &Self::Op, ret: Option<&Self::Ret>) -> Footprint<Self::State> {
        let _ = (op, ret);
        Footprint::Unclear
    }

    /// Whether an object in this state can never again answer an operation thus, whatever comes between: as a counter
    /// that has passed a number never shows it again. It spares the check work, too: `false` is always right.
    fn too_late(state: &Self::State, op: &Self::Op, ret: &Self::Ret) -> bool {
        let _ = (state, op, ret);
        false
    }
}

/// Which states an operation can have found, and which it leaves: what the linearizability check knows about an
/// object besides [`Spec::apply`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Footprint<State> {
    /// Whatever state it finds, it leaves this one, and its answer is always the same.
    Overwrites(State),
    /// Its answer is right on this state alone.
    Finds(State),
    /// Its answer is right on every state but this one, and it changes none of those.
    Misses(State),
    /// It was not answered, and this is the only state that it would change.
    Changes(State),
    /// The object is a buffer of values, empty at first, and this is what went through it.
    Passes(Discipline, Passage),
    /// Nothing is known.
    Unclear,
}

/// Which value a buffer gives out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Discipline {
    /// The one that was put in first.
    Queue,
    /// The one that was put in last.
    Stack,
}

/// What an operation on a buffer put in or took out. Values are told apart by numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Passage {
    /// It put this in, if it happened.
    In(u64),
    /// It took this out.
    Out(u64),
    /// It was to take something out, and found nothing.
    Empty,
    /// It was to take something out, and was not answered: it took out whatever was there, if anything was and if it happened.
    Unheard,
}

impl<State> Footprint<State> {
    /// The same footprint, of an object that contains this one.
    pub fn map<Whole>(self, within: impl FnOnce(State) -> Whole) -> Footprint<Whole> {
        match self {
            Footprint::Overwrites(state) => Footprint::Overwrites(within(state)),
            Footprint::Finds(state) => Footprint::Finds(within(state)),
            Footprint::Misses(state) => Footprint::Misses(within(state)),
            Footprint::Changes(state) => Footprint::Changes(within(state)),
            Footprint::Passes(discipline, passage) => Footprint::Passes(discipline, passage),
            Footprint::Unclear => Footprint::Unclear,
        }
    }
}

/// All objects of a service: the state machine that a protocol replicates.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Objects<S: Spec> {
    states: Vec<S::State>,
}

impl<S: Spec> Default for Objects<S> {
    fn default() -> Self {
        Objects { states: Vec::new() }
    }
}

impl<S: Spec> Objects<S> {
    /// Carries out one operation.
    pub fn apply(&mut self, op: &S::Op) -> S::Ret {
        let index = S::key(op).index();
        if index >= self.states.len() {
            self.states.resize_with(index + 1, S::State::default);
        }
        S::apply(&mut self.states[index], op)
    }

    /// Every object up to the last that was ever changed, with its key: what a snapshot of the service holds.
    pub fn iter(&self) -> impl Iterator<Item = (Key, &S::State)> {
        self.states.iter().enumerate().map(|(index, state)| (Key::at(index), state))
    }

    /// Puts an object in the place of the one of this key: how a snapshot is restored.
    pub fn insert(&mut self, key: Key, state: S::State) {
        if key.index() >= self.states.len() {
            self.states.resize_with(key.index() + 1, S::State::default);
        }
        self.states[key.index()] = state;
    }

    /// Answers an operation that [is a read](Spec::is_read), without changing anything.
    ///
    /// # Panics
    /// If the operation is no read.
    pub fn read(&self, op: &S::Op) -> S::Ret {
        assert!(S::is_read(op), "{op} is not a read");
        match self.states.get(S::key(op).index()) {
            Some(state) => S::apply(&mut state.clone(), op),
            None => S::apply(&mut S::State::default(), op),
        }
    }
}
