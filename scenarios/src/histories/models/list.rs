//! Append-only lists, of whose lengths some or all are known.

use shaketable_sim::id::Key;
use shaketable_sim::spec::list::{self, Action, List};
use shaketable_sim::spec::unheard::{Op, Ret, Unheard};

use super::Translate;
use crate::histories::value::{Names, Value};

/// `read`, `append`, `append-and-count`.
pub(super) struct Words;

impl Translate for Words {
    type Spec = Unheard<List>;

    fn op(verb: &str, key: Key, argument: &Value, names: &mut Names) -> Option<Op<list::Op>> {
        let (action, heard) = match verb {
            "read" => (Action::Read, true),
            "append" => (Action::Append(names.number(argument).into()), false),
            "append-and-count" => (Action::Append(names.number(argument).into()), true),
            _ => return None,
        };
        Some(Op { op: list::Op { key, action }, heard })
    }

    fn ret(op: &Op<list::Op>, answer: &Value, names: &mut Names) -> Option<Ret<list::Ret>> {
        if !op.heard {
            return Some(Ret(None));
        }
        let ret = match (&op.op.action, answer) {
            (Action::Read, Value::Nil) => list::Ret::Items(Vec::new()),
            (Action::Read, Value::List(items)) => {
                list::Ret::Items(items.iter().map(|item| names.number(item).into()).collect())
            }
            (Action::Read, _) => return None,
            (Action::Append(_), length) => list::Ret::Length(length.count()?),
        };
        Some(Ret(Some(ret)))
    }

    fn shown(ret: &Ret<list::Ret>, names: &Names) -> Option<String> {
        Some(match ret.0.as_ref()? {
            list::Ret::Length(length) => length.to_string(),
            list::Ret::Items(items) => {
                Value::List(items.iter().map(|&item| names.value(item as u32).clone()).collect()).to_string()
            }
        })
    }
}
