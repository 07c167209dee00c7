//! Registers, with compare-and-set or without, and the entries of a map: cells whose values are told apart by number.

use shaketable_sim::id::Key;
use shaketable_sim::spec::cell::{Action, Cell, Op, Ret};

use super::Translate;
use crate::histories::value::{Names, Value};

/// `read`, `write`, `cas`; `get`, `put`, `delete`.
pub(in crate::histories) struct Words;

impl Translate for Words {
    type Spec = Cell;

    fn op(verb: &str, key: Key, argument: &Value, names: &mut Names) -> Option<Op> {
        let action = match verb {
            "read" | "get" => Action::Read,
            "write" | "put" => Action::Write(names.something(argument)),
            "delete" => Action::Write(None),
            "cas" => {
                let (expect, new) = argument.pair()?;
                Action::Cas { expect: names.something(expect), new: names.something(new) }
            }
            _ => return None,
        };
        Some(Op { key, action })
    }

    fn ret(op: &Op, answer: &Value, names: &mut Names) -> Option<Ret> {
        Some(match op.action {
            Action::Read => Ret::Value(names.something(answer)),
            Action::Write(_) => Ret::Done,
            Action::Cas { expect, new } => match answer {
                Value::Bool(swapped) => Ret::Swapped(*swapped),
                other => {
                    let (old, put) = other.pair()?;
                    if (names.something(old), names.something(put)) != (expect, new) {
                        return None;
                    }
                    Ret::Swapped(true)
                }
            },
        })
    }

    fn shown(ret: &Ret, names: &Names) -> Option<String> {
        match ret {
            Ret::Value(value) => Some(names.shown(*value)),
            Ret::Done => None,
            Ret::Swapped(swapped) => Some(if *swapped { "swapped" } else { "differs" }.to_owned()),
        }
    }
}
