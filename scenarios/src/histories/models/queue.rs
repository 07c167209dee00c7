//! Queues.

use shaketable_sim::id::Key;
use shaketable_sim::spec::queue::{Action, Op, Queue, Ret};

use super::Translate;
use crate::histories::value::{Names, Value};

/// `enqueue`, `dequeue`.
pub(super) struct Words;

impl Translate for Words {
    type Spec = Queue;

    fn op(verb: &str, key: Key, argument: &Value, names: &mut Names) -> Option<Op> {
        let action = match verb {
            "enqueue" => Action::Enqueue(names.something(argument)?),
            "dequeue" => Action::Dequeue,
            _ => return None,
        };
        Some(Op { key, action })
    }

    fn ret(op: &Op, answer: &Value, names: &mut Names) -> Option<Ret> {
        Some(match op.action {
            Action::Enqueue(_) => Ret::Done,
            Action::Dequeue => Ret::Value(names.something(answer)),
        })
    }

    fn shown(ret: &Ret, names: &Names) -> Option<String> {
        match ret {
            Ret::Done => None,
            Ret::Value(value) => Some(names.shown(*value)),
        }
    }
}
