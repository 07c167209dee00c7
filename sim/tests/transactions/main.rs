//! The check of isolation against slow twins, histories with known verdicts, and databases of known levels.

mod brute;
mod differential;
mod engine;
mod evidence;
mod exhaustive;
mod inferred;
mod judge;
mod known;
mod limits;
mod registers;
mod singles;
mod versions;

use shaketable_sim::check::transactions::{
    Key, ListOp, Outcome, Process, RegisterOp, Transaction, TransactionId, Value,
};

type Lists = Vec<Transaction<ListOp>>;
type Registers = Vec<Transaction<RegisterOp>>;

/// A transaction that committed, with its place as its process, if it has none.
fn committed<O>(id: u64, process: u64, ops: Vec<O>, (invoked, completed): (u64, u64)) -> Transaction<O> {
    let outcome = Outcome::Committed { completed };
    Transaction { id: TransactionId(id), process: Process(process), ops, invoked, outcome }
}

/// The same operations on registers: what is at the end of a list is the value.
fn as_registers(history: &[Transaction<ListOp>]) -> Registers {
    let op = |op: &ListOp| match op {
        ListOp::Append { key, value } => RegisterOp::Write { key: *key, value: *value },
        ListOp::Read { key, list } => {
            RegisterOp::Read { key: *key, value: list.as_ref().map(|list| list.last().copied()) }
        }
    };
    let transaction = |of: &Transaction<ListOp>| Transaction {
        id: of.id,
        process: of.process,
        ops: of.ops.iter().map(op).collect(),
        invoked: of.invoked,
        outcome: of.outcome,
    };
    history.iter().map(transaction).collect()
}

fn append(key: u64, value: u64) -> ListOp {
    ListOp::Append { key: Key(key), value: Value(value) }
}

fn read(key: u64, list: &[u64]) -> ListOp {
    ListOp::Read { key: Key(key), list: Some(list.iter().map(|&value| Value(value)).collect()) }
}
