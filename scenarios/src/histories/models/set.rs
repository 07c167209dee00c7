//! Sets, of whose answers some or all are known.

use shaketable_sim::id::Key;
use shaketable_sim::spec::set::{self, Action, Set};
use shaketable_sim::spec::unheard::{Op, Ret, Unheard};

use super::Translate;
use crate::histories::value::{Names, Value};

/// `add`, `add-and-tell`, `remove`, `remove-and-tell`, `contains`, `read`.
pub(super) struct Words;

impl Translate for Words {
    type Spec = Unheard<Set>;

    fn op(verb: &str, key: Key, argument: &Value, names: &mut Names) -> Option<Op<set::Op>> {
        let mut element = || names.number(argument).into();
        let (action, heard) = match verb {
            "add" => (Action::Add(element()), false),
            "add-and-tell" => (Action::Add(element()), true),
            "remove" => (Action::Remove(element()), false),
            "remove-and-tell" => (Action::Remove(element()), true),
            "contains" => (Action::Contains(element()), true),
            "read" => (Action::Read, true),
            _ => return None,
        };
        Some(Op { op: set::Op { key, action }, heard })
    }

    fn ret(op: &Op<set::Op>, answer: &Value, names: &mut Names) -> Option<Ret<set::Ret>> {
        if !op.heard {
            return Some(Ret(None));
        }
        let ret = match (&op.op.action, answer) {
            (Action::Read, Value::Nil) => set::Ret::Elements([].into()),
            (Action::Read, Value::List(elements) | Value::Set(elements)) => {
                set::Ret::Elements(elements.iter().map(|element| names.number(element).into()).collect())
            }
            (Action::Read, _) => return None,
            (_, Value::Bool(answer)) => set::Ret::Bool(*answer),
            (_, _) => return None,
        };
        Some(Ret(Some(ret)))
    }

    fn shown(ret: &Ret<set::Ret>, names: &Names) -> Option<String> {
        Some(match ret.0.as_ref()? {
            set::Ret::Bool(answer) => answer.to_string(),
            set::Ret::Elements(elements) => {
                let mut values: Vec<Value> =
                    elements.iter().map(|&element| names.value(element as u32).clone()).collect();
                values.sort();
                Value::Set(values).to_string()
            }
        })
    }
}
