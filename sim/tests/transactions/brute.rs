//! The slow twin of serializability and snapshot isolation: every order of every choice of transactions, executed.

use std::collections::BTreeMap;

use shaketable_sim::check::transactions::{Key, Level, ListOp, Outcome, RegisterOp, Transaction, Value};

/// An object: a list, or a register as the list of all it ever was.
pub(crate) type State = BTreeMap<Key, Vec<Value>>;

/// An operation that can be executed.
pub(crate) trait Execute {
    /// Executes it; whether its answer is the one that was seen.
    fn execute(&self, state: &mut State) -> bool;
    /// Which key it writes.
    fn writes(&self) -> Option<Key>;
}

impl Execute for ListOp {
    fn execute(&self, state: &mut State) -> bool {
        match self {
            ListOp::Append { key, value } => {
                state.entry(*key).or_default().push(*value);
                true
            }
            ListOp::Read { key, list } => list.as_ref().is_none_or(|list| state.get(key).unwrap_or(&vec![]) == list),
        }
    }

    fn writes(&self) -> Option<Key> {
        match self {
            ListOp::Append { key, .. } => Some(*key),
            ListOp::Read { .. } => None,
        }
    }
}

impl Execute for RegisterOp {
    fn execute(&self, state: &mut State) -> bool {
        match self {
            RegisterOp::Write { key, value } => {
                state.entry(*key).or_default().push(*value);
                true
            }
            RegisterOp::Read { key, value } => {
                value.is_none_or(|value| state.get(key).and_then(|all| all.last().copied()) == value)
            }
        }
    }

    fn writes(&self) -> Option<Key> {
        match self {
            RegisterOp::Write { key, .. } => Some(*key),
            RegisterOp::Read { .. } => None,
        }
    }
}

/// Whether one transaction must come before another: by nothing, by its process, or by real time.
pub(crate) fn precedes<O>(level: Level, one: &Transaction<O>, other: &Transaction<O>) -> bool {
    let Outcome::Committed { completed } = one.outcome else { return false };
    let before = completed < other.invoked;
    match level {
        Level::StrictSerializable | Level::StrongSnapshotIsolation => before,
        Level::StrongSessionSerializable | Level::StrongSessionSnapshotIsolation => {
            before && one.process == other.process
        }
        _ => false,
    }
}

/// Whether a history has a level at which transactions are executed whole: all but read uncommitted and read committed.
///
/// `accept` is asked about the states after each transaction of an order that would do.
pub(crate) fn has<O: Execute>(level: Level, history: &[Transaction<O>], accept: &dyn Fn(&State) -> bool) -> bool {
    let left: Vec<&Transaction<O>> = history.iter().filter(|of| of.outcome != Outcome::Aborted).collect();
    let start = Commit { writes: Vec::new(), after: State::new(), of: None };
    place(level, &left, &mut vec![start], accept)
}

/// A transaction that was placed.
struct Commit<'h, O> {
    writes: Vec<Key>,
    after: State,
    of: Option<&'h Transaction<O>>,
}

/// Whether the transactions that are left can commit after others.
fn place<'h, O: Execute>(
    level: Level,
    left: &[&'h Transaction<O>],
    commits: &mut Vec<Commit<'h, O>>,
    accept: &dyn Fn(&State) -> bool,
) -> bool {
    let done = left.iter().all(|transaction| transaction.outcome == Outcome::Unknown);
    if done && accept(&commits[commits.len() - 1].after) {
        return true;
    }
    (0..left.len()).any(|next| {
        let transaction = left[next];
        let Some(commit) = commit(level, transaction, commits) else { return false };
        if left.iter().any(|other| precedes(level, other, transaction)) {
            return false;
        }
        let mut rest = left.to_vec();
        rest.remove(next);
        commits.push(commit);
        let found = place(level, &rest, commits, accept);
        commits.pop();
        found
    })
}

/// A transaction that commits now, if it can have begun at some time: right now if it is to be serializable; if it has a snapshot, after any earlier commit
/// since which nobody wrote what it writes (the first committer wins), and not before those that precede it.
fn commit<'h, O: Execute>(
    level: Level,
    transaction: &'h Transaction<O>,
    commits: &[Commit<'h, O>],
) -> Option<Commit<'h, O>> {
    let has_snapshot = matches!(
        level,
        Level::SnapshotIsolation | Level::StrongSessionSnapshotIsolation | Level::StrongSnapshotIsolation
    );
    let writes: Vec<Key> = transaction.ops.iter().filter_map(O::writes).collect();
    let now = commits.len() - 1;
    let begins = if has_snapshot { 0..=now } else { now..=now };
    let possible = |&begin: &usize| {
        let mut state = commits[begin].after.clone();
        let since = &commits[begin + 1..];
        let late = since.iter().filter_map(|commit| commit.of).any(|other| precedes(level, other, transaction));
        let conflict = since.iter().flat_map(|commit| &commit.writes).any(|key| writes.contains(key));
        !late && !conflict && transaction.ops.iter().all(|op| op.execute(&mut state))
    };
    begins.into_iter().find(possible)?;
    let mut after = commits[now].after.clone();
    for op in transaction.ops.iter().filter(|op| op.writes().is_some()) {
        op.execute(&mut after);
    }
    Some(Commit { writes, after, of: Some(transaction) })
}
