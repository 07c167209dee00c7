//! Consistency of single objects below linearizability: sequential, causal in three variants, and session guarantees.
//!
//! Objects are registers or entries of a map, read, written, and compared and set. Other than linearizability none of these levels is
//! local: all objects are looked at together. None knows time: only the order of each process matters.
//!
//! ```
//! use shaketable_sim::check::consistency::*;
//! use shaketable_sim::check::linearizable::Budget;
//! let call = |process, key, action| Call { process: Process(process), key: Key(key), action, answered: true };
//! // Store buffering: neither sees the other's write.
//! let history = [
//!     call(1, 1, Action::Write(Some(1))),
//!     call(1, 2, Action::Read(None)),
//!     call(2, 2, Action::Write(Some(1))),
//!     call(2, 1, Action::Read(None)),
//! ];
//! let report = check(&history, Budget { states: 10_000, bytes: 1_000_000 });
//! assert!(matches!(report.verdict(Level::Sequential), Verdict::Violated(_)));
//! assert_eq!(report.strongest(), [Level::CausalConvergence, Level::CausalMemory]);
//! ```
//!
//! # What a result proves
//!
//! *Holds*: some explanation exists. *Violated*: none does, whatever became of what was not answered. The causal levels and the session guarantees rest on knowing whose version a
//! read found. So what was found must have been put only once, and nothing only if it was never put there; if not, they are
//! [*undecided*](Doubt), unless the history is sequential, which implies them all. Sequential consistency needs no such precondition.
//!
//! # Cost
//!
//! Of n operations by p processes, session guarantees take O(n) a set for each object that is suspected, CC and CCv O(n·p), CM that for each process and
//! round of inference, of which there are few. Sequential consistency is NP-complete; a [`Budget`] bounds all of it. Each level may spend it.
//!
//! # Deviations
//!
//! - Bouajjani et al. 2017 have no compare-and-set. Here one that swapped is a read and then a write, at one moment for sequential consistency, and one after the other of the same process
//!   for all other levels: nothing weaker could forbid two to swap the same version. One that did not swap says only what it did not find: it counts for sequential consistency,
//!   and leaves the other levels [undecided](Doubt::Vague) where nothing else violates them.
//! - Processes go on after operations that were not answered, as the clients of our runs do. Such an operation comes after what its process had been answered before, and
//!   before nothing.
//! - Burckhardt 2014 has one order `ar` of the versions of all objects for monotonic writes and writes follow reads. Here each object has its own: whatever
//!   is violated here is violated there.

mod causal;
mod history;
mod minimal;
mod order;
mod prepare;
mod report;
mod sequential;
mod sessions;

pub use super::linearizable::Budget;
pub use history::{Action, Call, Content, Key, Process};
pub use report::{Doubt, Evidence, Guarantee, Guarantees, Level, Pattern, Report, Verdict};

use causal::{Bad, Rules};
use order::{Events, Stop, Swaps, Work};
use prepare::{Found, Op, Prepared};
use sequential::Derived;

/// Something that a history keeps or not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Promise {
    Sequential,
    CausalConvergence,
    CausalMemory,
    Causal,
    Sessions(Guarantees),
}

/// What is wrong with a history, and whose answer, if it is one.
type Broken = (Pattern, Option<u32>);

/// Checks a history for all levels, the weakest first: what breaks one breaks all that imply it.
pub fn check(history: &[Call], budget: Budget) -> Report {
    let prepared = Prepared::new(history);
    let mut verdicts: Vec<(Level, Verdict)> = Vec::new();
    for level in WEAKEST_FIRST {
        let mut weaker = verdicts.iter().filter(|(weaker, _)| level.implies(*weaker));
        let broken = weaker.find(|(_, verdict)| matches!(verdict, Verdict::Violated(_)));
        let verdict = match broken {
            Some((_, verdict)) => verdict.clone(),
            None => judged(history, &prepared, level.into(), budget),
        };
        verdicts.push((level, verdict));
    }
    // What could not be told of a level by itself follows from a stronger one that holds.
    for at in 0..verdicts.len() {
        let holds =
            |(stronger, verdict): &(Level, Verdict)| *verdict == Verdict::Holds && stronger.implies(verdicts[at].0);
        if verdicts.iter().any(holds) {
            verdicts[at].1 = Verdict::Holds;
        }
    }
    let mut report = Report { verdicts, clashes: Vec::new() };
    if matches!(report.verdict(Level::Sessions), Verdict::Violated(_)) {
        clashes(history, &prepared, budget, &mut report);
    }
    report
}

/// All levels, each after those that it implies, but one. What breaks session guarantees breaks causal convergence, too, which has a pattern of its own for it.
const WEAKEST_FIRST: [Level; 9] = [
    Level::Causal,
    Level::CausalConvergence,
    Level::CausalMemory,
    Level::Session(Guarantee::ReadYourWrites),
    Level::Session(Guarantee::MonotonicReads),
    Level::Session(Guarantee::MonotonicWrites),
    Level::Session(Guarantee::WritesFollowReads),
    Level::Sessions,
    Level::Sequential,
];

/// Adds the least sets of guarantees that cannot hold together.
fn clashes(history: &[Call], prepared: &Prepared, budget: Budget, report: &mut Report) {
    let alone = |guarantee: &Guarantee| matches!(report.verdict(Level::Session(*guarantee)), Verdict::Violated(_));
    let mut broken: Vec<Guarantees> = Guarantee::ALL.iter().filter(|one| alone(one)).map(|&one| one.into()).collect();
    for set in Guarantees::sets().filter(|set| set.members().count() > 1) {
        if !broken.iter().any(|part| part.is_part_of(set))
            && let Verdict::Violated(evidence) = judged(history, prepared, Promise::Sessions(set), budget)
        {
            broken.push(set);
            report.clashes.push((set, evidence));
        }
    }
}

/// Decides a promise, and finds the few operations that break it.
fn judged(history: &[Call], prepared: &Prepared, promise: Promise, budget: Budget) -> Verdict {
    let mut work = Work { states: budget.states, bytes: budget.bytes };
    match broken(prepared, promise, &mut work) {
        Ok(None) => Verdict::Holds,
        Err(doubt) => Verdict::Undecided(doubt),
        // One is as few as there can be.
        Ok(Some((pattern @ Pattern::ThinAirRead, culprit))) => {
            Verdict::Violated(Evidence { pattern, culprit, story: culprit.into_iter().collect() })
        }
        Ok(Some(_)) => {
            let mut is_broken =
                |calls: &[Call]| matches!(broken(&Prepared::new(calls), promise, &mut work), Ok(Some(_)));
            let (places, calls) = minimal::minimal(history, &mut is_broken);
            let mut again = Work { states: budget.states, bytes: budget.bytes };
            let broken = broken(&Prepared::new(&calls), promise, &mut again);
            let (pattern, culprit) = broken.ok().flatten().expect("what is left is broken, and takes no more");
            Verdict::Violated(Evidence { pattern, culprit: culprit.map(|at| places[at as usize]), story: places })
        }
    }
}

/// What breaks a promise, if anything does.
fn broken(prepared: &Prepared, promise: Promise, work: &mut Work) -> Result<Option<Broken>, Doubt> {
    // Who was not answered has happened for certain only if nobody else can have put what was found.
    let happened = |op: &Op| op.answered || (op.revealed && prepared.ambiguity.is_none());
    if let Some(op) = prepared.ops.iter().find(|op| happened(op) && prepared.is_from_nowhere(op)) {
        return Ok(Some((Pattern::ThinAirRead, Some(op.place))));
    }
    if promise == Promise::Sequential {
        return sequential_broken(prepared, work);
    }
    if let Some(prepare::Ambiguity { reader, first, second }) = prepared.ambiguity {
        return Err(Doubt::Ambiguous { reader, first, second });
    }
    let events = Events::new(prepared, Swaps::Split);
    let mut causal_and = |further: fn(&Events, &mut Work) -> Result<Option<Bad>, Stop>| {
        causal::causal(&events, work)?.map_or_else(|| further(&events, work), |bad| Ok(Some(bad)))
    };
    let bad = match promise {
        Promise::Sequential | Promise::Causal => causal_and(|_, _| Ok(None)),
        Promise::CausalConvergence => causal_and(causal::convergent),
        Promise::CausalMemory => causal_and(causal::memory),
        Promise::Sessions(together) => sessions::violated(&events, together, work),
    }?;
    let place = |event: u32| prepared.ops[events.all[event as usize].op as usize].place;
    match (bad, prepared.ops.iter().find(|op| matches!(op.found, Found::Not(_)))) {
        (Some(bad), _) => Ok(Some((bad.pattern, bad.reader.map(place)))),
        (None, Some(vague)) => Err(Doubt::Vague(vague.place)),
        (None, None) => Ok(None),
    }
}

fn sequential_broken(prepared: &Prepared, work: &mut Work) -> Result<Option<Broken>, Doubt> {
    let no_order = Ok(Some((Pattern::NoOrder, None)));
    let derived = match prepared.ambiguity {
        Some(_) => None,
        None => {
            let events = Events::new(prepared, Swaps::Atomic);
            match causal::saturate(&events, Rules { of: None, overwritten: true }, work) {
                Ok(clocks) => Some(Derived::new(prepared, &events, clocks)),
                Err(Stop::Cycle) => return no_order,
                Err(other) => return Err(other.into()),
            }
        }
    };
    match sequential::search(prepared, derived.as_ref(), work)? {
        Some(_) => Ok(None),
        None => no_order,
    }
}

impl From<Level> for Promise {
    fn from(level: Level) -> Promise {
        match level {
            Level::Sequential => Promise::Sequential,
            Level::CausalConvergence => Promise::CausalConvergence,
            Level::CausalMemory => Promise::CausalMemory,
            Level::Causal => Promise::Causal,
            Level::Sessions => Promise::Sessions(Guarantees::ALL),
            Level::Session(guarantee) => Promise::Sessions(guarantee.into()),
        }
    }
}

impl From<Stop> for Doubt {
    fn from(stop: Stop) -> Doubt {
        match stop {
            Stop::Bytes => Doubt::Bytes,
            // A cycle is no doubt: all who can meet one take it for an answer.
            Stop::States | Stop::Cycle => Doubt::States,
        }
    }
}
