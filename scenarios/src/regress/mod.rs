//! Saved cases that are kept, so that what was found once never comes back unseen.
//!
//! A kept case is a scenario file: explicit, with its seed, what was recorded of its run, and what should come of it now: the violation while the bug is
//! there, a pass once it was repaired. The folder is for those that a project keeps; `shaketable-out/cases` is only where they are found.
//!
//! Because a case is a scenario, `shaketable run` takes a kept one, too, and holds it to its verdict, and the right protocol to the same seed. It
//! cannot say what a verdict is worth after a change; that is what [`replay_all`] is for.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use shaketable_reports::{Case, Expects, Kept, Regressions, Side};
use shaketable_sim::rng::Seed;

use crate::attempt::Subject;
use crate::cases::quoted;
use crate::compare::compare;
use crate::files::{Trouble, read_all};
use crate::lanes::in_order;
use crate::recorded::Recorded;
use crate::scenario::{Expected, Scenario};
use crate::tables::Tables;

mod add;
mod refresh;

pub(crate) use add::{Added, add};
pub(crate) use refresh::{Accept, Renewed, refresh};

/// Reads saved cases.
///
/// # Errors
/// All that is wrong with them, and with those that are none.
pub(crate) fn read_cases(paths: &[PathBuf], tables: &Tables, color: bool) -> Result<Vec<Scenario>, Trouble> {
    let cases = read_all(paths, tables, color)?;
    let no_cases = cases.iter().filter(|case| case.recorded.is_none());
    let wrong: Vec<String> = no_cases
        .map(|case| format!("error: {} is no saved case: nothing is recorded in it\n", case.path.display()))
        .collect();
    if wrong.is_empty() { Ok(cases) } else { Err(Trouble::Wrong(wrong.concat())) }
}

/// Replays saved cases, each twice, until they are done or `stop` is set. `watch` is told of each.
pub(crate) fn replay_all(
    cases: &[&Scenario],
    threads: NonZeroUsize,
    stop: &AtomicBool,
    mut watch: impl FnMut(&Case),
) -> Regressions {
    let mut done = Vec::new();
    in_order(
        &[cases.len() as u64],
        threads,
        stop,
        |piece| replay(cases[piece.place as usize]),
        |_, case| {
            watch(&case);
            done.push(case);
            ControlFlow::Continue(())
        },
    );
    Regressions { version: env!("CARGO_PKG_VERSION").to_owned(), cases: done, asked: cases.len() as u64 }
}

/// Replays one.
fn replay(case: &Scenario) -> Case {
    let subject = Subject { scenario: case, side: Side::Own };
    let (replayed, _) = compare(subject, Seed(recorded(case).seed));
    Case { replayed, path: quoted(&case.path) }
}

fn recorded(case: &Scenario) -> &Recorded {
    case.recorded.as_ref().expect("a case has a record")
}

/// What a case says of itself.
pub(crate) fn kept(case: &Scenario) -> Kept {
    let recorded = recorded(case);
    Kept {
        case: case.path.display().to_string(),
        protocol: Subject { scenario: case, side: Side::Own }.protocol(),
        signature: recorded.signature.clone(),
        expects: match case.expect.verdict {
            Expected::Pass => Expects::Pass,
            Expected::Violation { .. } => Expects::Violation,
        },
        nodes: case.plan.nodes as u64,
        faults: case.plan.faults.len() as u64,
        operations: case.plan.clients.script.as_ref().map(|script| script.len() as u64),
        version: recorded.version.clone(),
    }
}

#[cfg(test)]
mod refactored;
