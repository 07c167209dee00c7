//! The union of all specifications: one service that is whichever object is asked for.
//!
//! The protocols of the command line serve this, so that each is compiled once and every workload fits every one.

use std::fmt;

use serde::Serialize;

use super::{Footprint, Spec, consensus, counter, kv, list, register};
use crate::id::Key;

/// A service whose objects are registers, map entries, counters, lists or consensus objects: each what its first operation makes of it,
/// and that for good. (Asked for as another kind, an object answers as a fresh one of that kind; only as long as no
/// workload does so are [`Any::footprint`] and [`Any::too_late`] right.)
#[derive(Clone, Debug)]
pub struct Any;

macro_rules! union {
    ($($(#[$doc:meta])* $variant:ident($module:ident::$spec:ident)),* $(,)?) => {
        /// An operation of one of the specifications.
        #[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
        #[serde(untagged)]
        pub enum Op {
            $($(#[$doc])* $variant($module::Op),)*
        }

        /// An answer of one of the specifications.
        #[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
        #[serde(untagged)]
        pub enum Ret {
            $($(#[$doc])* $variant($module::Ret),)*
        }

        /// The state of one object: nothing yet, or that of one of the specifications.
        #[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize)]
        #[serde(untagged)]
        pub enum State {
            /// What every member begins with: it may still become any of them.
            #[default]
            Fresh,
            $($(#[$doc])* $variant(<$module::$spec as Spec>::State),)*
        }

        impl Spec for Any {
            type Op = Op;
            type Ret = Ret;
            type State = State;

            fn key(op: &Op) -> Key {
                match op {
                    $(Op::$variant(op) => op.key,)*
                }
            }

            fn apply(state: &mut State, op: &Op) -> Ret {
                match op {
                    $(Op::$variant(op) => {
                        let State::$variant(member) = state else {
                            // An object of another kind is replaced by a fresh one: a workload never asks for that.
                            let mut fresh = <$module::$spec as Spec>::State::default();
                            let ret = $module::$spec::apply(&mut fresh, op);
                            if !$module::$spec::is_read(op) {
                                *state = State::of(fresh, State::$variant);
                            }
                            return Ret::$variant(ret);
                        };
                        let ret = $module::$spec::apply(member, op);
                        if *member == <$module::$spec as Spec>::State::default() {
                            *state = State::Fresh;
                        }
                        Ret::$variant(ret)
                    })*
                }
            }

            fn is_read(op: &Op) -> bool {
                match op {
                    $(Op::$variant(op) => $module::$spec::is_read(op),)*
                }
            }

            fn footprint(op: &Op, ret: Option<&Ret>) -> Footprint<State> {
                match (op, ret) {
                    $((Op::$variant(op), None) => {
                        $module::$spec::footprint(op, None).map(|state| State::of(state, State::$variant))
                    })*
                    $((Op::$variant(op), Some(Ret::$variant(ret))) => {
                        $module::$spec::footprint(op, Some(ret)).map(|state| State::of(state, State::$variant))
                    })*
                    _ => Footprint::Unclear,
                }
            }

            fn too_late(state: &State, op: &Op, ret: &Ret) -> bool {
                match (state, op, ret) {
                    $((State::$variant(state), Op::$variant(op), Ret::$variant(ret)) => {
                        $module::$spec::too_late(state, op, ret)
                    })*
                    $((State::Fresh, Op::$variant(op), Ret::$variant(ret)) => {
                        $module::$spec::too_late(&Default::default(), op, ret)
                    })*
                    _ => false,
                }
            }
        }

        impl fmt::Display for Op {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Op::$variant(op) => op.fmt(f),)*
                }
            }
        }

        impl fmt::Display for Ret {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Ret::$variant(ret) => ret.fmt(f),)*
                }
            }
        }
    };
}

impl State {
    /// The state of a member of the union. What a member begins with is always spelled [`State::Fresh`].
    fn of<Member: Default + PartialEq>(member: Member, variant: fn(Member) -> State) -> State {
        if member == Member::default() { State::Fresh } else { variant(member) }
    }
}

union! {
    /// A register.
    Register(register::Register),
    /// An entry of a key-value map.
    Kv(kv::Kv),
    /// A counter.
    Counter(counter::Counter),
    /// An append-only list.
    List(list::List),
    /// A consensus object.
    Consensus(consensus::Consensus),
}
