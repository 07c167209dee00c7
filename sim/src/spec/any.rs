//! The union of all specifications: one service that is whichever object is asked for.
//!
//! The protocols of the command line serve this, so that each is compiled once and every workload fits every one.

use std::fmt;

use serde::Serialize;

use super::{Spec, counter, kv, list, register};
use crate::id::Key;

/// A service whose objects are registers, map entries, counters or lists: each what its first operation makes of it.
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
            /// No operation has changed it yet, so it may still become any of them.
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
                match (op, state) {
                    $((Op::$variant(op), State::$variant(state)) => Ret::$variant($module::$spec::apply(state, op)),)*
                    $((Op::$variant(op), state) => {
                        // An object of another kind is replaced by a fresh one: a workload never asks for that.
                        let mut fresh = Default::default();
                        let ret = $module::$spec::apply(&mut fresh, op);
                        if !$module::$spec::is_read(op) {
                            *state = State::$variant(fresh);
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

union! {
    /// A register.
    Register(register::Register),
    /// An entry of a key-value map.
    Kv(kv::Kv),
    /// A counter.
    Counter(counter::Counter),
    /// An append-only list.
    List(list::List),
}
