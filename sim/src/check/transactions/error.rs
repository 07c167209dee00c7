//! Why a history cannot be checked at all: what the inference rests on does not hold.

use std::error;
use std::fmt;

use super::history::{Key, Process, TransactionId};

/// A precondition that a history does not meet. Nothing is said of its isolation then: an anomaly that were derived from it
/// might be none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Error {
    /// Two transactions have one name.
    SameId(TransactionId),
    /// A transaction completed before it was invoked.
    Backwards(TransactionId),
    /// Two invocations or completions have one place in the order of all.
    SameMoment {
        /// The place.
        order: u64,
        /// One of the two.
        first: TransactionId,
        /// The other, which is the same if it is its own invocation and completion.
        second: TransactionId,
    },
    /// A process asked for a transaction before one of its own that committed had completed.
    Overlap {
        /// Whose.
        process: Process,
        /// The one under way.
        first: TransactionId,
        /// The one asked for meanwhile.
        second: TransactionId,
    },
    /// The keys are not what was assumed of them: two versions of one key come before each other.
    BrokenAssumption {
        /// What was assumed.
        assumption: Assumption,
        /// The key.
        key: Key,
        /// Who was done with the one version,
        first: TransactionId,
        /// before this one met the other. As much can be said the other way round.
        second: TransactionId,
    },
    /// There is more to look at than the check has numbers for.
    TooLarge {
        /// How many operations and elements of lists there are.
        size: usize,
        /// How many are allowed.
        limit: usize,
    },
}

/// What can be assumed of registers besides what their values tell.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Assumption {
    /// [`Assumptions::linearizable_keys`](super::Assumptions::linearizable_keys).
    LinearizableKeys,
    /// [`Assumptions::sequential_keys`](super::Assumptions::sequential_keys).
    SequentialKeys,
}

impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Assumption::LinearizableKeys => "linearizable",
            Assumption::SequentialKeys => "sequential",
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::SameId(TransactionId(id)) => {
                write!(f, "two transactions are called T{id}: each needs a name of its own")
            }
            Error::Backwards(TransactionId(id)) => write!(f, "T{id} completed before it was invoked"),
            Error::SameMoment { order, first: TransactionId(first), second: TransactionId(second) } => write!(
                f,
                "an event of T{first} and one of T{second} are both the {order}th: the order of events must have no ties"
            ),
            Error::Overlap {
                process: Process(process),
                first: TransactionId(first),
                second: TransactionId(second),
            } => {
                write!(
                    f,
                    "process {process} asked for T{second} while T{first} was under way: a process asks for one transaction \
                     after another"
                )
            }
            Error::BrokenAssumption {
                assumption,
                key: Key(key),
                first: TransactionId(first),
                second: TransactionId(second),
            } => write!(
                f,
                "k{key} is not {assumption}, as was assumed: T{first} was done with one version before T{second} met \
                 another, and yet that other one came first"
            ),
            Error::TooLarge { size, limit } => {
                write!(f, "there are {size} operations and elements of lists, and at most {limit} can be checked")
            }
        }
    }
}

impl error::Error for Error {}
