//! Reading operations as they are shown: `put k1 7`.

use std::fmt;

use crate::id::Key;

/// A text that is no operation of some specification.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotAnOperation {
    /// What would be one: ``"`read k1` or `write k1 7`"``.
    pub allowed: &'static str,
}

impl fmt::Display for NotAnOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "allowed: {}", self.allowed)
    }
}

impl std::error::Error for NotAnOperation {}

/// An operation in words.
pub(super) struct Words<'a> {
    pub(super) verb: &'a str,
    pub(super) key: Key,
    pub(super) numbers: Vec<u64>,
}

/// A verb, a key, and numbers with spaces or arrows between them. None if the text is anything else.
pub(super) fn words(text: &str) -> Option<Words<'_>> {
    let mut words = text.split_whitespace();
    let (verb, key) = (words.next()?, words.next()?.parse().ok()?);
    let numbers = words.flat_map(|word| word.split('→')).flat_map(|word| word.split("->")).map(str::parse);
    Some(Words { verb, key, numbers: numbers.collect::<Result<_, _>>().ok()? })
}

#[cfg(test)]
mod tests {
    use crate::spec::{consensus, counter, kv, list, register};

    fn same<T: std::str::FromStr + std::fmt::Display>(text: &str) {
        assert_eq!(text.parse::<T>().ok().map(|op| op.to_string()).as_deref(), Some(text));
    }

    #[test]
    fn operations_are_read_as_they_are_shown() {
        ["read k1", "write k65534 7"].into_iter().for_each(same::<register::Op>);
        ["get k1", "put k2 7", "cas k3 5→18446744073709551615", "delete k4"].into_iter().for_each(same::<kv::Op>);
        ["read k1", "add k2 0"].into_iter().for_each(same::<counter::Op>);
        ["read k1", "append k2 9"].into_iter().for_each(same::<list::Op>);
        same::<consensus::Op>("propose k9 1");
        assert_eq!("cas k1 2->3".parse::<kv::Op>(), "cas k1 2→3".parse());
    }

    #[test]
    fn what_is_no_operation_is_refused() {
        let texts = [
            "",
            "read",
            "read 1",
            "read k0",
            "read k1 1",
            "write k1",
            "write k1 1 2",
            "write k1 -1",
            "write k1 1x",
            "Write k1 1",
        ];
        for text in texts {
            assert!(text.parse::<register::Op>().is_err(), "{text} was read as an operation");
        }
        for text in ["cas k1 2", "cas k1 2→", "cas k1 1→2→3", "get k1→2", "put k1 18446744073709551616"] {
            assert!(text.parse::<kv::Op>().is_err(), "{text} was read as an operation");
        }
    }
}
