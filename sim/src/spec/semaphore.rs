//! A semaphore: a number of permits, each held by somebody or free. With one permit, it is a lock.
//!
//! Holders have names, so that nobody gives back what somebody else holds: such a release is answered with *no*, and changes nothing. A holder may hold several
//! permits; whoever holds a lock and asks for it again is answered with *no* like anybody else. Where asking waits for a permit, there is no *no*: the operation is
//! answered when there is one.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::Spec;
use crate::id::Key;

/// A semaphore, of one permit unless it is made to have others.
///
/// ```
/// use shaketable_sim::id::Key;
/// use shaketable_sim::spec::Spec;
/// use shaketable_sim::spec::semaphore::{Action, Op, Ret, Semaphore, State};
/// let mut lock = State::default();
/// let mut ask = |action| Semaphore::apply(&mut lock, &Op { key: Key::at(0), action }) == Ret(true);
/// assert!(ask(Action::Acquire(1)));
/// assert!(!ask(Action::Acquire(2)) && !ask(Action::Release(2)));
/// assert!(ask(Action::Release(1)) && ask(Action::Acquire(2)));
/// ```
#[derive(Clone, Debug)]
pub struct Semaphore;

/// An operation on a semaphore.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Op {
    /// Which semaphore.
    pub key: Key,
    /// What to do with it.
    pub action: Action,
}

/// What can be done with a semaphore.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub enum Action {
    /// Let there be so many permits, if nobody has said so before and nobody holds one.
    Init(u64),
    /// Give this holder a permit, if one is free.
    Acquire(u64),
    /// Take a permit back from this holder, if it has one.
    Release(u64),
}

/// Whether a semaphore did as it was asked.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Ret(pub bool);

/// The state of a semaphore.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize)]
pub struct State {
    /// How many permits there are, if somebody has said so; else one.
    permits: Option<u64>,
    /// How many each holder has, of those that have any.
    held: BTreeMap<u64, u64>,
}

impl Spec for Semaphore {
    type Op = Op;
    type Ret = Ret;
    type State = State;

    fn key(op: &Op) -> Key {
        op.key
    }

    fn apply(state: &mut State, op: &Op) -> Ret {
        let State { permits, held } = state;
        Ret(match op.action {
            Action::Init(count) => {
                let first = permits.is_none() && held.is_empty();
                if first {
                    *permits = Some(count);
                }
                first
            }
            Action::Acquire(holder) => {
                let free = held.values().sum::<u64>() < permits.unwrap_or(1);
                if free {
                    *held.entry(holder).or_default() += 1;
                }
                free
            }
            Action::Release(holder) => match held.get_mut(&holder) {
                None => false,
                Some(1) => held.remove(&holder).is_some(),
                Some(count) => {
                    *count -= 1;
                    true
                }
            },
        })
    }

    fn is_read(_: &Op) -> bool {
        false
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.action {
            Action::Init(count) => write!(f, "init {} {count}", self.key),
            Action::Acquire(holder) => write!(f, "acquire {} {holder}", self.key),
            Action::Release(holder) => write!(f, "release {} {holder}", self.key),
        }
    }
}

impl fmt::Display for Ret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 { "ok" } else { "no" })
    }
}
