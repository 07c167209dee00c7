//! Priority queues.

use shaketable_sim::id::Key;
use shaketable_sim::spec::priority::{Action, Op, PriorityQueue, Ret};

use super::Translate;
use crate::histories::value::{Names, Value};

/// `insert`, `take-min`.
pub(super) struct Words;

impl Translate for Words {
    type Spec = PriorityQueue;

    fn op(verb: &str, key: Key, argument: &Value, names: &mut Names) -> Option<Op> {
        let action = match verb {
            "insert" => {
                let (priority, value) = argument.pair()?;
                Action::Insert { priority: priority.count()?, value: names.something(value)? }
            }
            "take-min" => Action::TakeMin,
            _ => return None,
        };
        Some(Op { key, action })
    }

    fn ret(op: &Op, answer: &Value, names: &mut Names) -> Option<Ret> {
        Some(match op.action {
            Action::Insert { .. } => Ret::Done,
            Action::TakeMin => Ret::Value(names.something(answer)),
        })
    }

    fn shown(ret: &Ret, names: &Names) -> Option<String> {
        match ret {
            Ret::Done => None,
            Ret::Value(value) => Some(names.shown(*value)),
        }
    }
}
