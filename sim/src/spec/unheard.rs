//! Objects some of whose answers nobody has kept: it is known that an operation was answered, and when, but not with what.
//!
//! Many histories are recorded so. What an answer would have told is lost, but the operation still happened before it was answered.

use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;

use super::{Footprint, Passage, Spec};
use crate::id::Key;

/// The same objects as those of `S`, but each operation says whether its answer was kept.
///
/// ```
/// use shaketable_sim::id::Key;
/// use shaketable_sim::spec::counter::{self, Counter};
/// use shaketable_sim::spec::unheard::{Op, Ret, Unheard};
/// use shaketable_sim::spec::Spec;
/// let add = |heard| Op { op: counter::Op { key: Key::at(0), action: counter::Action::Add(2) }, heard };
/// let mut sum = 0;
/// assert_eq!(Unheard::<Counter>::apply(&mut sum, &add(false)), Ret(None));
/// assert_eq!(Unheard::<Counter>::apply(&mut sum, &add(true)), Ret(Some(counter::Ret(4))));
/// ```
#[derive(Clone, Debug)]
pub struct Unheard<S>(PhantomData<S>);

/// An operation.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Op<O> {
    /// What was asked.
    pub op: O,
    /// Whether the answer was kept.
    pub heard: bool,
}

/// The answer, if it was kept.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Ret<R>(pub Option<R>);

impl<S: Spec> Spec for Unheard<S> {
    type Op = Op<S::Op>;
    type Ret = Ret<S::Ret>;
    type State = S::State;

    fn key(op: &Self::Op) -> Key {
        S::key(&op.op)
    }

    fn part(op: &Self::Op) -> Option<u64> {
        S::part(&op.op)
    }

    fn apply(state: &mut S::State, op: &Self::Op) -> Self::Ret {
        let ret = S::apply(state, &op.op);
        Ret(op.heard.then_some(ret))
    }

    fn is_read(op: &Self::Op) -> bool {
        S::is_read(&op.op)
    }

    fn footprint(op: &Self::Op, ret: Option<&Self::Ret>) -> Footprint<S::State> {
        match (op.heard, ret) {
            (_, None) => S::footprint(&op.op, None),
            (true, Some(Ret(Some(ret)))) => S::footprint(&op.op, Some(ret)),
            // That it happened is known, so unlike one that was not answered it may have found any state.
            (false, Some(Ret(None))) => match S::footprint(&op.op, None) {
                known @ (Footprint::Overwrites(_) | Footprint::Passes(_, Passage::In(_))) => known,
                _ => Footprint::Unclear,
            },
            _ => Footprint::Unclear,
        }
    }

    fn too_late(state: &S::State, op: &Self::Op, ret: &Self::Ret) -> bool {
        op.heard && ret.0.as_ref().is_some_and(|ret| S::too_late(state, &op.op, ret))
    }
}

impl<O: fmt::Display> fmt::Display for Op<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.op.fmt(f)
    }
}

impl<R: fmt::Display> fmt::Display for Ret<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(ret) => ret.fmt(f),
            None => f.write_str("ok"),
        }
    }
}
