//! Operations and answers of our own runs, from the words in which they are shown to those of histories.
//!
//! In a run an addition is answered with the sum, and an append with the length. In histories that is what `add-and-get` and
//! `append-and-count` are answered; `add` and `append` are answered with nothing that is known.

use super::value::Value;

/// An operation: what is asked for, of which object, with what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Asked {
    pub(crate) f: String,
    pub(crate) key: String,
    pub(crate) value: Value,
}

/// Reads an operation as it is shown: `cas k1 5→7`.
pub(crate) fn asked(text: &str) -> Option<Asked> {
    let mut words = text.split_whitespace();
    let (verb, key) = (words.next()?, words.next()?);
    let f = match verb {
        "add" => "add-and-get",
        "append" => "append-and-count",
        other => other,
    };
    let mut numbers: Vec<Value> = words.flat_map(|word| word.split('→')).map(number).collect::<Option<_>>()?;
    let value = match numbers.len() {
        0 => Value::Nil,
        1 => numbers.remove(0),
        _ => Value::List(numbers),
    };
    Some(Asked { f: f.to_owned(), key: key.to_owned(), value })
}

/// Reads an answer as it is shown.
pub(crate) fn answered(text: &str) -> Option<Value> {
    Some(match text {
        "ok" | "none" => Value::Nil,
        "swapped" => Value::Bool(true),
        "differs" => Value::Bool(false),
        _ => match (text.strip_prefix("length "), text.strip_prefix('[')) {
            (Some(length), _) => number(length)?,
            (_, Some(items)) => {
                let items = items.strip_suffix(']')?.split_whitespace();
                Value::List(items.map(number).collect::<Option<_>>()?)
            }
            _ => number(text)?,
        },
    })
}

fn number(digits: &str) -> Option<Value> {
    let number: u64 = digits.parse().ok()?;
    Some(i64::try_from(number).map_or_else(|_| Value::Number(number.to_string()), Value::Int))
}

#[cfg(test)]
mod tests {
    use shaketable_sim::id::Key;
    use shaketable_sim::spec::{consensus, counter, kv, list, register};

    use super::*;

    fn same(op: &impl ToString, expected: (&str, &str)) {
        let Asked { f, key, value } = asked(&op.to_string()).expect("an operation");
        assert_eq!((f.as_str(), key.as_str(), value.to_string().as_str()), (expected.0, "k1", expected.1));
    }

    #[test]
    fn operations_are_read_as_they_are_shown() {
        let key = Key::at(0);
        same(&register::Op { key, action: register::Action::Read }, ("read", "nil"));
        same(&register::Op { key, action: register::Action::Write(u64::MAX) }, ("write", "18446744073709551615"));
        same(&kv::Op { key, action: kv::Action::Get }, ("get", "nil"));
        same(&kv::Op { key, action: kv::Action::Put(7) }, ("put", "7"));
        same(&kv::Op { key, action: kv::Action::Delete }, ("delete", "nil"));
        same(&kv::Op { key, action: kv::Action::Cas { expect: 1, new: 2 } }, ("cas", "[1 2]"));
        same(&counter::Op { key, action: counter::Action::Add(7) }, ("add-and-get", "7"));
        same(&list::Op { key, action: list::Action::Append(7) }, ("append-and-count", "7"));
        same(&consensus::Op { key, propose: 7 }, ("propose", "7"));
    }

    #[test]
    fn answers_are_read_as_they_are_shown() {
        let shown = |ret: &dyn ToString| answered(&ret.to_string()).expect("an answer").to_string();
        assert_eq!(shown(&register::Ret::Value(Some(7))), "7");
        assert_eq!(shown(&register::Ret::Value(None)), "nil");
        assert_eq!(shown(&kv::Ret::Done), "nil");
        assert_eq!(shown(&kv::Ret::Swapped(true)), "true");
        assert_eq!(shown(&kv::Ret::Swapped(false)), "false");
        assert_eq!(shown(&counter::Ret(12)), "12");
        assert_eq!(shown(&list::Ret::Items(vec![1, 2])), "[1 2]");
        assert_eq!(shown(&list::Ret::Items(Vec::new())), "[]");
        assert_eq!(shown(&list::Ret::Length(3)), "3");
        assert_eq!(answered("rejected"), None);
    }
}
