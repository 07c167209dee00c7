//! Semaphores, and locks, which have one permit.

use shaketable_sim::id::Key;
use shaketable_sim::spec::semaphore::{Action, Op, Ret, Semaphore};

use super::Translate;
use crate::histories::value::{Names, Value};

/// `init`, `acquire`, `release`.
pub(super) struct Words;

impl Translate for Words {
    type Spec = Semaphore;

    fn op(verb: &str, key: Key, argument: &Value, names: &mut Names) -> Option<Op> {
        let action = match verb {
            "init" => Action::Init(argument.count()?),
            "acquire" => Action::Acquire(names.number(argument).into()),
            "release" => Action::Release(names.number(argument).into()),
            _ => return None,
        };
        Some(Op { key, action })
    }

    fn ret(op: &Op, answer: &Value, names: &mut Names) -> Option<Ret> {
        let again = match op.action {
            Action::Init(count) => answer.count() == Some(count),
            Action::Acquire(holder) | Action::Release(holder) => holder == u64::from(names.number(answer)),
        };
        match answer {
            Value::Bool(done) => Some(Ret(*done)),
            answer => (again || *answer == Value::Nil).then_some(Ret(true)),
        }
    }

    fn shown(ret: &Ret, _: &Names) -> Option<String> {
        (!ret.0).then(|| "false".to_owned())
    }
}
