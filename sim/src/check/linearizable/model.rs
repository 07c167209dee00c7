//! What the search must know of an object; and the model that any specification gives.

use std::hash::{Hash, Hasher};

use super::calls::{Call, Fate};
use super::intern::Interner;
use crate::digest::digest_of;
use crate::spec::{Footprint, Spec};

/// An object and the calls on it. Calls are named by their places in the list that the model was made from.
pub(super) trait Model {
    /// The object's state.
    type State: Clone + Eq;

    /// The state before any call; nothing if it is certain that some call cannot be explained.
    fn initial(&self) -> Option<Self::State>;

    /// Carries a call out. If that is not legal, or can lead to nothing, says so, and leaves any state behind.
    fn step(&mut self, state: &mut Self::State, call: u32) -> bool;

    /// Takes back the call that was carried out last of those not taken back. The state is restored by others.
    fn undo(&mut self, call: u32);

    /// Whether a call that returns can no longer be carried out, once the object is in this state. No model needs
    /// to tell that has [`step`](Model::step) tell it.
    fn too_late(&self, state: &Self::State, call: u32) -> bool;

    /// Whether a call never changes a state in which it is legal, so that it may be carried out as soon as it is.
    fn observes(&self, call: u32) -> bool;

    /// Whether a call is legal in every state and hides what was before, so that others fit in right before it.
    fn overwrites(&self, call: u32) -> bool;

    /// Whether no call can tell that this one happened, unless by what it hides.
    fn is_spare(&self, call: u32) -> bool;

    /// Whether `call` leaves a state in which `other` is legal, as far as is known.
    fn serves(&self, call: u32, other: u32) -> bool;

    /// Whether `call` may be carried out while `due` is about to return and waits, as far as the future is known.
    fn is_timely(&self, call: u32, due: u32) -> bool;

    /// Whether a call that never returns cannot explain anything.
    fn is_useless(&self, call: u32) -> bool;

    /// The class of a call that does not observe: calls of one class can stand for each other.
    fn class(&self, call: u32) -> u32;

    /// How many classes there are.
    fn classes(&self) -> usize;

    /// A digest of a state: equal for states that no call left can tell apart.
    fn digest(&self, state: &Self::State) -> u64;

    /// The memory that a state takes besides its own size, in bytes.
    fn owned_bytes(&self, state: &Self::State) -> u64;
}

/// The model of any specification: states are the object's own, and a call is legal if it gives the answer recorded.
#[derive(Debug)]
pub(super) struct BySpec<'c, 'h, S: Spec> {
    calls: &'c [Call<'h, S>],
    classes: Vec<u32>,
    kinds: usize,
    /// The answer of the [probe](Fate::Probe) when it was carried out last.
    probed: Option<S::Ret>,
}

impl<'c, 'h, S: Spec> BySpec<'c, 'h, S> {
    pub(super) fn new(calls: &'c [Call<'h, S>]) -> BySpec<'c, 'h, S> {
        let mut kinds = Interner::new(calls.len());
        let classes = calls.iter().map(|call| {
            // A probe may not be answered as others may: no open call can stand for it.
            let (answer, probes) = match call.fate {
                Fate::Returned(_, ret) => (Some(ret), false),
                Fate::Open => (None, false),
                Fate::Probe(..) => (None, true),
            };
            kinds.number((&call.operation.op, answer, probes))
        });
        let classes = classes.collect();
        BySpec { calls, classes, kinds: kinds.values().len(), probed: None }
    }

    /// The answer of the probe in the linearization found last.
    pub(super) fn probed(self) -> Option<S::Ret> {
        self.probed
    }
}

impl<S: Spec> Model for BySpec<'_, '_, S> {
    type State = S::State;

    fn initial(&self) -> Option<S::State> {
        (!goes_back(self.calls)).then(S::State::default)
    }

    fn step(&mut self, state: &mut S::State, call: u32) -> bool {
        let Call { operation, fate, .. } = &self.calls[call as usize];
        match fate {
            Fate::Returned(_, ret) => S::apply(state, &operation.op) == **ret,
            Fate::Open => {
                S::apply(state, &operation.op);
                true
            }
            Fate::Probe(_, others) => {
                let answer = S::apply(state, &operation.op);
                let fits = !others.contains(&answer);
                self.probed = Some(answer);
                fits
            }
        }
    }

    fn undo(&mut self, _: u32) {}

    fn too_late(&self, state: &S::State, call: u32) -> bool {
        let Call { operation, fate, .. } = &self.calls[call as usize];
        matches!(fate, Fate::Returned(_, ret) if S::too_late(state, &operation.op, ret))
    }

    fn observes(&self, call: u32) -> bool {
        S::is_read(&self.calls[call as usize].operation.op)
    }

    fn overwrites(&self, _: u32) -> bool {
        false
    }

    fn is_spare(&self, _: u32) -> bool {
        false
    }

    fn serves(&self, _: u32, _: u32) -> bool {
        false
    }

    fn is_timely(&self, _: u32, _: u32) -> bool {
        true
    }

    fn is_useless(&self, _: u32) -> bool {
        false
    }

    fn class(&self, call: u32) -> u32 {
        self.classes[call as usize]
    }

    fn classes(&self) -> usize {
        self.kinds
    }

    fn digest(&self, state: &S::State) -> u64 {
        digest_of(state)
    }

    fn owned_bytes(&self, state: &S::State) -> u64 {
        owned_bytes(state)
    }
}

/// Whether some call comes too late after the one that returned last before it, if that one tells which state it left.
///
/// The search would find out as well, but perhaps only after trying how all calls of unknown outcome can lead there.
fn goes_back<S: Spec>(calls: &[Call<'_, S>]) -> bool {
    let mut returns: Vec<(u32, &Call<'_, S>)> =
        calls.iter().filter_map(|call| Some((call.returned()?, call))).collect();
    returns.sort_unstable_by_key(|&(order, _)| order);
    let mut returned = returns.iter().peekable();
    let mut left: Option<S::State> = None;
    calls.iter().any(|call| {
        while let Some((_, before)) = returned.next_if(|&&(order, _)| order < call.invoked()) {
            left = left_by(before).or_else(|| left.take());
        }
        let Fate::Returned(_, ret) = call.fate else { return false };
        left.as_ref().is_some_and(|left| S::too_late(left, &call.operation.op, ret))
    })
}

/// The state that a call left, if its answer tells.
fn left_by<S: Spec>(call: &Call<'_, S>) -> Option<S::State> {
    let Fate::Returned(_, ret) = call.fate else { return None };
    match S::footprint(&call.operation.op, Some(ret)) {
        Footprint::Finds(mut state) => (S::apply(&mut state, &call.operation.op) == *ret).then_some(state),
        Footprint::Overwrites(state) => Some(state),
        Footprint::Misses(_) | Footprint::Changes(_) | Footprint::Passes(..) | Footprint::Unclear => None,
    }
}

/// The memory that a value takes besides its own size, in bytes.
pub(super) fn owned_bytes<T: Hash>(value: &T) -> u64 {
    if !std::mem::needs_drop::<T>() {
        return 0;
    }
    let mut bytes = FedBytes(0);
    value.hash(&mut bytes);
    bytes.0.saturating_sub(size_of::<T>() as u64)
}

/// Counts the bytes that hashing a value goes through: all that it owns.
struct FedBytes(u64);

impl Hasher for FedBytes {
    fn write(&mut self, bytes: &[u8]) {
        self.0 += bytes.len() as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
