//! The check of consistency against slow twins and histories with known verdicts.

mod brute;
mod differential;
mod exhaustive;
mod known;
mod limits;
mod memory;

use shaketable_sim::check::consistency::{Action, Budget, Call, Content, Key, Process};

const AMPLE: Budget = Budget { states: 1_000_000, bytes: 100_000_000 };

fn call(process: u64, key: u64, action: Action) -> Call {
    Call { process: Process(process), key: Key(key), action, answered: true }
}

fn write(process: u64, key: u64, value: u64) -> Call {
    call(process, key, Action::Write(Some(value)))
}

fn read(process: u64, key: u64, found: impl Into<Content>) -> Call {
    call(process, key, Action::Read(found.into()))
}

fn swap(process: u64, key: u64, found: impl Into<Content>, put: u64) -> Call {
    call(process, key, Action::Swap { found: found.into(), put: Some(put) })
}

fn unanswered(call: Call) -> Call {
    Call { answered: false, ..call }
}
