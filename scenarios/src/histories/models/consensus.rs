//! Consensus objects.

use shaketable_sim::id::Key;
use shaketable_sim::spec::consensus::{Consensus, Op, Ret};

use super::Translate;
use crate::histories::value::{Names, Value};

/// `propose`.
pub(super) struct Words;

impl Translate for Words {
    type Spec = Consensus;

    fn op(verb: &str, key: Key, argument: &Value, names: &mut Names) -> Option<Op> {
        (verb == "propose").then(|| Op { key, propose: names.number(argument).into() })
    }

    fn ret(_: &Op, answer: &Value, names: &mut Names) -> Option<Ret> {
        Some(Ret(names.number(answer).into()))
    }

    fn shown(ret: &Ret, names: &Names) -> Option<String> {
        Some(names.value(ret.0 as u32).to_string())
    }
}
