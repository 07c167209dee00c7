//! Maps whose operations are transactions.

use shaketable_sim::id::Key;
use shaketable_sim::spec::map::{Map, Op, Ret, Step};

use super::Translate;
use crate::histories::value::{Names, Value};

/// `txn`.
pub(in crate::histories) struct Words;

/// A step as it is written: whether it reads, the entry, and the value.
fn written(step: &Value) -> Option<(bool, &Value, &Value)> {
    let Value::List(parts) = step else { return None };
    let [verb, entry, value] = parts.as_slice() else { return None };
    let (Value::Word(verb) | Value::Text(verb)) = verb else { return None };
    match verb.trim_start_matches(':') {
        "r" | "read" => Some((true, entry, value)),
        "w" | "write" => Some((false, entry, value)),
        _ => None,
    }
}

impl Translate for Words {
    type Spec = Map;

    fn op(_: &str, key: Key, argument: &Value, names: &mut Names) -> Option<Op> {
        let Value::List(steps) = argument else { return None };
        let mut step = |step| match written(step)? {
            (true, entry, _) => Some(Step::Read(names.number(entry).into())),
            (false, entry, value) => Some(Step::Write(names.number(entry).into(), names.something(value)?)),
        };
        Some(Op { key, steps: steps.iter().map(&mut step).collect::<Option<_>>()? })
    }

    fn ret(op: &Op, answer: &Value, names: &mut Names) -> Option<Ret> {
        let Value::List(steps) = answer else { return None };
        if steps.len() != op.steps.len() {
            return None;
        }
        let mut found = Vec::new();
        for (asked, step) in op.steps.iter().zip(steps) {
            let (reads, entry, value) = written(step)?;
            let (entry, value) = (names.number(entry).into(), names.something(value));
            match *asked {
                Step::Read(of) if reads && of == entry => found.push(value),
                Step::Write(of, put) if !reads && (of, Some(put)) == (entry, value) => {}
                Step::Read(_) | Step::Write(..) => return None,
            }
        }
        Some(Ret(found))
    }

    fn shown(ret: &Ret, names: &Names) -> Option<String> {
        let found: Vec<String> = ret.0.iter().map(|value| names.shown(*value)).collect();
        (!found.is_empty()).then(|| format!("[{}]", found.join(" ")))
    }
}
