//! Isolation: of which levels a history of transactions on several objects is.
//!
//! A transaction *depends* on another if it wrote the next version of an object (ww), read what that one wrote (wr), or wrote
//! the version after one that it had read (rw). Adya, Liskov and O'Neil (2000, "Generalized Isolation Level Definitions") define levels by the
//! cycles of this graph that each forbids. Kingsbury and Alvaro (2020, "Elle: Inferring Isolation Anomalies from Experimental
//! Observations") infer the graph from what clients saw: if every value is written once, a read tells whom it
//! depends on; if objects are lists, it tells the order of versions, too. [`Level`] has the levels, [`Anomaly`] the anomalies,
//! each with its source.
//!
//! ```
//! use shaketable_sim::check::transactions::*;
//! // Each read the other's key as it was before: write skew, which snapshot isolation allows.
//! let skew = |id, reads, writes| Transaction {
//!     id: TransactionId(id),
//!     process: Process(id),
//!     ops: vec![
//!         ListOp::Read { key: Key(reads), list: Some(vec![]) },
//!         ListOp::Append { key: Key(writes), value: Value(id) },
//!     ],
//!     invoked: id,
//!     outcome: Outcome::Committed { completed: 10 + id },
//! };
//! let report = check_lists(&[skew(1, 1, 2), skew(2, 2, 1)])?;
//! assert_eq!(report.verdict(Level::StrongSnapshotIsolation), Verdict::Holds);
//! assert!(matches!(report.verdict(Level::Serializable), Verdict::Violated(_)));
//! assert_eq!(report.findings()[0].anomaly.name(), "G2-item");
//! # Ok::<(), Error>(())
//! ```
//!
//! # What a result proves
//!
//! *An anomaly is one.* Whatever the database did inside, a history that shows it is none of the levels that forbid it: what it rests on was seen, or
//! follows for every order of versions, or would need something that those levels forbid as well. Keys begin empty; if one of yours does not, let
//! a transaction that writes what it begins with open the history. Processes are sequential; an [`Error`] says where they are not. Values are unique on their keys; a key of which
//! that is not true is [left out](Report::left_out).
//!
//! *No anomaly* proves something if enough was seen; [`Verdict`] says whether it did. Of lists, serializability with
//! its variants and read committed are decided: a history without an anomaly of theirs *is* of that level, since the appends that nobody
//! read can be put into any order that the rest allows. Snapshot isolation is decided if of each key there is at most one committed transaction
//! whose appends nobody read; final reads of all keys see to that. Of registers it proves something only if what is known puts the versions of
//! each key into one order.
//!
//! *Unknown outcomes.* A transaction that may have committed did, if one that committed read from it; otherwise it is left out, as it can be left
//! out of any explanation of the rest. It precedes nobody in real time, nor in its process, since it may take effect at any later time.
//!
//! # Cost
//!
//! O(n log n) in time and O(n) in memory, where n counts operations and the elements of lists that were read, however many clients
//! there are and whatever they saw. Cycles are detected exactly; the search for the *smallest* looks at a number of edges that is linear in the graph, for each name.
//!
//! # Deviations
//!
//! - There are no predicates, so repeatable read (PL-2.99) forbids what serializability does.
//! - A transaction that does not see its own writes is no history at all for Adya, Liskov and O'Neil (2000). Here, as in Elle, it is
//!   [`Anomaly::Internal`], and forbidden from repeatable read and snapshot isolation on.
//! - Lists that contradict each other are not used for an order of versions, as any of them may be the wrong one; so less may be found of a
//!   level below those that this violates.
//! - Where Elle has a transitive reduction of real time, this has a chain that all transactions share: fewer edges, the same cycles.

mod anomaly;
mod cycles;
mod error;
mod explain;
mod graph;
mod history;
mod keys;
mod level;
mod lists;
mod lists_alone;
mod prepare;
mod registers;
mod report;
mod search;
mod text;

pub use anomaly::{Anomaly, Scope, Shape};
pub use error::{Assumption, Error};
pub use history::{Key, ListOp, Outcome, Process, RegisterOp, Transaction, TransactionId, Value};
pub use level::Level;
pub use report::{Ambiguous, Basis, Dependency, Evidence, Excerpt, Fault, Finding, Report, Seen, Step, Verdict};
pub use text::{Names, Numbers};

use std::collections::BTreeMap;

use explain::{Keys, explain};
use graph::{Graph, Kind, Link};
use history::Op;
use prepare::{Fate, Prepared, told_apart};
use report::Findings;

/// What may be assumed of registers, one at a time, besides what their values tell. Nothing is by default.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Assumptions {
    /// Each key by itself is linearizable: whoever is done with a version before another version is met, met the earlier.
    pub linearizable_keys: bool,
    /// Each key by itself is sequentially consistent: each process meets its versions in their order.
    pub sequential_keys: bool,
}

/// Checks transactions on append-only lists.
///
/// # Errors
/// If the history does not meet the preconditions.
pub fn check_lists(history: &[Transaction<ListOp>]) -> Result<Report, Error> {
    let (history, left_out) = told_apart(history);
    let mut prepared = Prepared::new(&history)?;
    let mut graph = Graph::new(history.len());
    let mut findings = Findings::default();
    let lists = lists::read(&mut prepared, &mut graph, &mut findings);
    let mut open = Vec::new();
    if lists.iter().any(|list| list.broken) {
        open.push(Level::ReadUncommitted);
    }
    // In which order two came whom nobody read, matters to snapshot isolation alone: see the documentation of this module.
    if lists.iter().any(|list| list.unread().len() > 1) {
        open.extend([Level::SnapshotIsolation, Level::StrongSessionSnapshotIsolation, Level::StrongSnapshotIsolation]);
    }
    Ok(report(&prepared, &lists, graph, findings, open, left_out))
}

/// Checks transactions on registers.
///
/// ```
/// use shaketable_sim::check::transactions::*;
/// let reads_its_own_write = Transaction {
///     id: TransactionId(1),
///     process: Process(1),
///     ops: vec![
///         RegisterOp::Write { key: Key(1), value: Value(5) },
///         RegisterOp::Read { key: Key(1), value: Some(Some(Value(5))) },
///     ],
///     invoked: 1,
///     outcome: Outcome::Committed { completed: 2 },
/// };
/// let report = check_registers(&[reads_its_own_write], Assumptions::default())?;
/// assert_eq!(report.strongest(), [Level::StrictSerializable]);
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// If the history does not meet the preconditions, or contradicts what is assumed.
pub fn check_registers(history: &[Transaction<RegisterOp>], assume: Assumptions) -> Result<Report, Error> {
    let (history, left_out) = told_apart(history);
    let mut prepared = Prepared::new(&history)?;
    let mut graph = Graph::new(history.len());
    let mut findings = Findings::default();
    let registers = registers::read(&mut prepared, assume, &mut graph, &mut findings)?;
    let decided = registers.iter().all(registers::Register::is_ordered);
    let open = if decided { Vec::new() } else { Level::ALL.to_vec() };
    Ok(report(&prepared, &registers, graph, findings, open, left_out))
}

/// Adds the orders of processes and of time to a graph, and says what cycles it has.
fn report<O: Op>(
    prepared: &Prepared<'_, O>,
    keys: &impl Keys<O>,
    mut graph: Graph,
    mut findings: Findings,
    open: Vec<Level>,
    left_out: Vec<Ambiguous>,
) -> Report {
    let open = if left_out.is_empty() { open } else { Level::ALL.to_vec() };
    graph.timeline(Kind::RealTime, &prepared.timeline());
    prepared.sessions().iter().for_each(|session| graph.timeline(Kind::Process, session));
    let times = (0..).zip(prepared.history).map(|(at, transaction)| (transaction.invoked, prepared.completed(at)));
    let mut smallest: BTreeMap<Anomaly, Vec<Link>> = BTreeMap::new();
    cycles::cycles(&graph, &times.collect(), |anomaly, cycle| {
        let best = smallest.entry(anomaly).or_insert_with(|| cycle.clone());
        if cycle.len() < best.len() {
            *best = cycle;
        }
    });
    for (anomaly, cycle) in smallest {
        findings.add(anomaly, || explain(prepared, keys, &cycle));
    }
    let revealed = prepared.history.iter().zip(&prepared.fates).filter(|(_, fate)| **fate == Fate::Revealed);
    let revealed = revealed.map(|(transaction, _)| transaction.id).collect();
    Report { findings: findings.into_vec(), open, revealed, left_out }
}
