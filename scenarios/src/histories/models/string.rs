//! Strings that are replaced and appended to.

use shaketable_sim::id::Key;
use shaketable_sim::spec::string::{Action, Op, Ret, Str, Text};

use super::Translate;
use crate::histories::value::{Names, Value};

/// `get`, `put`, `append`.
pub(super) struct Words;

fn text(value: &Value) -> Option<Text> {
    match value {
        Value::Text(text) => Some(text.as_str().into()),
        _ => None,
    }
}

impl Translate for Words {
    type Spec = Str;
    const VERBATIM: bool = false;

    fn op(verb: &str, key: Key, argument: &Value, _: &mut Names) -> Option<Op> {
        let action = match verb {
            "get" => Action::Get,
            "put" => Action::Put(text(argument)?),
            "append" => Action::Append(text(argument)?),
            _ => return None,
        };
        Some(Op { key, action })
    }

    fn ret(op: &Op, answer: &Value, _: &mut Names) -> Option<Ret> {
        match (&op.action, answer) {
            (Action::Get, Value::Nil) => Some(Ret::Text(Text::default())),
            (Action::Get, answer) => text(answer).map(Ret::Text),
            (Action::Put(_) | Action::Append(_), _) => Some(Ret::Done),
        }
    }

    fn shown(ret: &Ret, _: &Names) -> Option<String> {
        match ret {
            Ret::Text(text) => Some(text.to_string()),
            Ret::Done => None,
        }
    }
}
