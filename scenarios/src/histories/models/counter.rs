//! Counters, of whose sums some or all are known.

use shaketable_sim::id::Key;
use shaketable_sim::spec::counter::{self, Action, Counter};
use shaketable_sim::spec::unheard::{Op, Ret, Unheard};

use super::Translate;
use crate::histories::value::{Names, Value};

/// `read`, `add`, `add-and-get`.
pub(super) struct Words;

/// What can be added. So small that no history reaches the largest number there is, where sums stop growing.
pub(super) const AMOUNT: &str = "a whole number from 0 to 4294967295";

impl Translate for Words {
    type Spec = Unheard<Counter>;
    const VERBATIM: bool = false;

    fn op(verb: &str, key: Key, argument: &Value, _: &mut Names) -> Option<Op<counter::Op>> {
        let amount = || argument.count().filter(|&amount| amount <= u64::from(u32::MAX));
        let (action, heard) = match verb {
            "read" => (Action::Read, true),
            "add" => (Action::Add(amount()?), false),
            "add-and-get" => (Action::Add(amount()?), true),
            _ => return None,
        };
        Some(Op { op: counter::Op { key, action }, heard })
    }

    fn ret(op: &Op<counter::Op>, answer: &Value, _: &mut Names) -> Option<Ret<counter::Ret>> {
        if op.heard { answer.count().map(|sum| Ret(Some(counter::Ret(sum)))) } else { Some(Ret(None)) }
    }

    fn shown(ret: &Ret<counter::Ret>, _: &Names) -> Option<String> {
        ret.0.as_ref().map(ToString::to_string)
    }
}
