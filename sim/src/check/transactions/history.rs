//! What clients saw of transactions: the input of the check.

/// The name of a transaction, unique in its history.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TransactionId(pub u64);

/// Who asks: one transaction after another. What Jepsen calls a process is a session elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Process(pub u64);

/// The name of an object.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key(pub u64);

/// What is appended or written. Invariant: on one key, each value is written at most once in a history.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Value(pub u64);

/// One transaction as its client saw it. `O` is [`ListOp`] or [`RegisterOp`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transaction<O> {
    /// Which.
    pub id: TransactionId,
    /// Whose.
    pub process: Process,
    /// What it did, in this order.
    pub ops: Vec<O>,
    /// When its client asked for it: a place among all invocations and completions of the history. No two are equal.
    pub invoked: u64,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a transaction, as far as its client knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It took effect.
    Committed {
        /// When its client knew: a place in the same order as that of invocations, after its own.
        completed: u64,
    },
    /// It certainly has no effect.
    Aborted,
    /// It may take effect at any time after its invocation, or never. If a transaction that took effect has read from it, it did.
    Unknown,
}

/// An operation on an append-only list. Every list begins empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ListOp {
    /// Puts a value at the end.
    Append {
        /// Of which list.
        key: Key,
        /// What.
        value: Value,
    },
    /// Returns the list.
    Read {
        /// Which.
        key: Key,
        /// What it was, in the order of the appends. `None` if the client never had the answer.
        list: Option<Vec<Value>>,
    },
}

/// An operation on a register. Every register begins as nil.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RegisterOp {
    /// Replaces the value, whatever it was.
    Write {
        /// Of which register.
        key: Key,
        /// By what.
        value: Value,
    },
    /// Returns the value.
    Read {
        /// Of which register.
        key: Key,
        /// What it was; `Some(None)` is nil. `None` if the client never had the answer.
        value: Option<Option<Value>>,
    },
}

/// What both kinds of operation have in common.
pub(super) trait Op {
    /// The object.
    fn key(&self) -> Key;
    /// What is appended or written, if this is no read.
    fn written(&self) -> Option<Value>;
    /// How much there is to look at: 1, and the length of a list.
    fn size(&self) -> usize;
}

impl Op for ListOp {
    fn key(&self) -> Key {
        let (ListOp::Append { key, .. } | ListOp::Read { key, .. }) = self;
        *key
    }

    fn written(&self) -> Option<Value> {
        match self {
            ListOp::Append { value, .. } => Some(*value),
            ListOp::Read { .. } => None,
        }
    }

    fn size(&self) -> usize {
        match self {
            ListOp::Append { .. } | ListOp::Read { list: None, .. } => 1,
            ListOp::Read { list: Some(list), .. } => 1 + list.len(),
        }
    }
}

impl Op for RegisterOp {
    fn key(&self) -> Key {
        let (RegisterOp::Write { key, .. } | RegisterOp::Read { key, .. }) = self;
        *key
    }

    fn written(&self) -> Option<Value> {
        match self {
            RegisterOp::Write { value, .. } => Some(*value),
            RegisterOp::Read { .. } => None,
        }
    }

    fn size(&self) -> usize {
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_to_look_at_is_counted() {
        let (key, value) = (Key(1), Value(1));
        let read = |list| ListOp::Read { key, list };
        let lists = [ListOp::Append { key, value }, read(None), read(Some(vec![])), read(Some(vec![value; 5]))];
        assert_eq!(lists.map(|op| op.size()), [1, 1, 1, 6]);
        let registers = [RegisterOp::Write { key, value }, RegisterOp::Read { key, value: Some(Some(value)) }];
        assert_eq!(registers.map(|op| op.size()), [1, 1]);
    }
}
