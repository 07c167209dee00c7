//! Stacks.

use shaketable_sim::id::Key;
use shaketable_sim::spec::stack::{Action, Op, Ret, Stack};

use super::Translate;
use crate::histories::value::{Names, Value};

/// `push`, `pop`.
pub(super) struct Words;

impl Translate for Words {
    type Spec = Stack;

    fn op(verb: &str, key: Key, argument: &Value, names: &mut Names) -> Option<Op> {
        let action = match verb {
            "push" => Action::Push(names.something(argument)?),
            "pop" => Action::Pop,
            _ => return None,
        };
        Some(Op { key, action })
    }

    fn ret(op: &Op, answer: &Value, names: &mut Names) -> Option<Ret> {
        Some(match op.action {
            Action::Push(_) => Ret::Done,
            Action::Pop => Ret::Value(names.something(answer)),
        })
    }

    fn shown(ret: &Ret, names: &Names) -> Option<String> {
        match ret {
            Ret::Done => None,
            Ret::Value(value) => Some(names.shown(*value)),
        }
    }
}
