//! Whether a history is linearizable: whether each operation can be thought to happen at one moment between its
//! invocation and its return, such that all answers are those of the objects' [`Spec`] (Herlihy & Wing 1990).
//!
//! [`check`] splits the history by key, searches for a linearization of each key's operations, and explains a key that has none. Its
//! parts, in reading order: `calls` (the history, split), `search` (the algorithm, with its `timeline` and `memo`),
//! `model` (objects as the search sees them; `footprints` when more is known of them) and `explain` (the smallest story). [`Shares`] let several look at keys at once. Where values tell who made them, `zones` and
//! `monitors` decide without a search.
//!
//! The general problem is NP-complete (Gibbons & Korach 1997), so there is a [`Budget`]: counted, never timed, so that
//! the same history has the same verdict everywhere.

use std::fmt;

use crate::history::Operation;
use crate::id::Key;
use crate::spec::Spec;

mod answers;
mod calls;
mod counterexample;
mod explain;
mod footprints;
mod intern;
mod memo;
mod model;
mod monitors;
mod online;
mod search;
mod shares;
mod stacks;
mod timeline;
mod zones;

pub use counterexample::Counterexample;
pub(crate) use counterexample::told;
pub use online::{Configuration, Online, Watch};
pub use shares::{Seen, Shares};

use calls::{Call, Object, Split};
use footprints::ByFootprint;
use model::BySpec;
use search::{Decision, search};
use stacks::Stacks;
use zones::Judgement;

/// What a check may cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Budget {
    /// How many times it may try to linearize an operation, over all keys.
    pub states: u64,
    /// How much memory its stacks and its memo may take at any time, in bytes. Besides these it takes
    /// some 100 to 250 bytes for each operation on the key that has most, and as much as their answers own.
    pub bytes: u64,
}

/// Whether a history is linearizable.
#[derive(Clone, Debug)]
pub enum Linearizability<S: Spec> {
    /// It is.
    Linearizable {
        /// How many times the search tried to linearize an operation.
        states: u64,
    },
    /// It is not, and this is why.
    Violation(Box<Counterexample<S>>),
    /// The budget ran out before it was known.
    Inconclusive {
        /// The first key that is not decided.
        key: Key,
        /// Which budget ran out.
        reason: Reason,
        /// How many returns on that key can be explained, from its first on. If its [parts](Spec::part) were looked at alone, then on the part that is not decided.
        explained: usize,
    },
}

/// Which part of a [`Budget`] ran out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// [`Budget::states`].
    States,
    /// [`Budget::bytes`].
    Bytes,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::States => "the linearizability check has visited as many states as it may",
            Reason::Bytes => "the linearizability check has used as much memory as it may",
        })
    }
}

/// Whether a history is linearizable, and what shows it.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It is.
    Linearizable(Linearization),
    /// It is not: the calls on this key, which [`check`] would explain.
    Violation {
        /// The key.
        key: Key,
        /// The places in the history of a few operations that contradict each other, in order; none if there is no such short reason.
        conflict: Vec<u32>,
    },
    /// The budget ran out before it was known.
    Inconclusive(Undecided),
}

/// An order that explains a history.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Linearization {
    /// The places in the history of all operations that took effect, one after another; those on one key follow each other. Whoever was not answered and is
    /// missing here need not have happened.
    pub order: Vec<u32>,
    /// How many times the search tried to linearize an operation.
    pub states: u64,
}

/// How far a check has come when its budget ran out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Undecided {
    /// The first key that is not decided.
    pub key: Key,
    /// Which budget ran out.
    pub reason: Reason,
    /// How many returns on that key can be explained, from its first on.
    pub explained: usize,
}

/// Checks a history, and explains why it is not linearizable if it is not.
///
/// An operation that was answered took effect between its invocation and its return, one that failed never did, and one
/// whose outcome is unknown did at any moment after its invocation or never. What came before what is
/// told by [`Moment::order`](crate::history::Moment::order) alone.
///
/// ```
/// use shaketable_sim::check::linearizable::{Budget, Linearizability, check};
/// use shaketable_sim::spec::register::Register;
/// let budget = Budget { states: 1_000, bytes: 100_000 };
/// assert!(matches!(check::<Register>(&[], budget), Linearizability::Linearizable { states: 0 }));
/// ```
pub fn check<S: Spec>(history: &[Operation<S>], budget: Budget) -> Linearizability<S> {
    Keys::new(&Split::new(history), budget, Vec::new()).check()
}

/// Decides whether a history is linearizable, as [`check`] does, and gives a proof instead of an explanation: sooner if it is not, a little later if it is.
///
/// ```
/// use shaketable_sim::check::linearizable::{Budget, Verdict, decide};
/// use shaketable_sim::spec::register::Register;
/// let Verdict::Linearizable(proof) = decide::<Register>(&[], Budget { states: 1_000, bytes: 100_000 }) else { panic!() };
/// assert!(proof.order.is_empty());
/// ```
pub fn decide<S: Spec>(history: &[Operation<S>], budget: Budget) -> Verdict {
    let split = Split::new(history);
    let mut keys = Keys::new(&split, budget, Vec::new());
    let mut order = Vec::with_capacity(history.len());
    let explained = |memory: &mut Memory<S>, calls: &[Call<'_, S>]| {
        order.extend(memory.order().into_iter().map(|call| calls[call as usize].place));
    };
    match keys.decide_all(explained) {
        Ok(states) => Verdict::Linearizable(Linearization { order: split.merged(order), states }),
        Err(Stop::Undecided(undecided)) => Verdict::Inconclusive(undecided),
        Err(Stop::Violation { key, .. }) => {
            let place = |&call: &u32| keys.calls[call as usize].place;
            let mut conflict: Vec<u32> = keys.memory.conflict.iter().map(place).collect();
            conflict.sort_unstable();
            Verdict::Violation { key, conflict }
        }
    }
}

/// Why not all keys were found linearizable.
enum Stop {
    Violation { key: Key, explained: usize, cost: Budget },
    Undecided(Undecided),
}

/// All keys of a history, one after another.
struct Keys<'s, 'h, S: Spec> {
    split: &'s Split<'h, S>,
    budget: Budget,
    /// By object: how many states it takes to find it linearizable, where that is known.
    known: Vec<Option<u64>>,
    memory: Memory<S>,
    /// The calls on the key that was looked at last.
    calls: Vec<Call<'h, S>>,
}

impl<'s, 'h, S: Spec> Keys<'s, 'h, S> {
    fn new(split: &'s Split<'h, S>, budget: Budget, known: Vec<Option<u64>>) -> Keys<'s, 'h, S> {
        Keys { split, budget, known, memory: Memory::new(), calls: Vec::new() }
    }

    /// Decides them, and explains the first that is not linearizable.
    fn check(&mut self) -> Linearizability<S> {
        match self.decide_all(|_, _| {}) {
            Ok(states) => Linearizability::Linearizable { states },
            Err(Stop::Undecided(Undecided { key, reason, explained })) => {
                Linearizability::Inconclusive { key, reason, explained }
            }
            Err(Stop::Violation { key, explained, cost }) => {
                let violation = explain::Violation { key, calls: &self.calls, explained, cost };
                Linearizability::Violation(Box::new(explain::explain(&violation, &mut self.memory)))
            }
        }
    }

    /// Decides them, until one is not linearizable. Says how many states that took; shows each that is.
    fn decide_all(&mut self, mut explained: impl FnMut(&mut Memory<S>, &[Call<'h, S>])) -> Result<u64, Stop> {
        let mut left = self.budget;
        let split = self.split;
        let mut objects: Vec<(usize, &Object)> = (0..).zip(split.objects()).collect();
        let mut undecided = None;
        // A key that is hard must not keep the others from being looked at, so each is given little at first.
        for patience in [Patience::Short, Patience::Long] {
            for (place, object) in std::mem::take(&mut objects) {
                if let Some(states) = self.known.get(place).copied().flatten().filter(|states| *states <= left.states) {
                    left.states -= states;
                    continue;
                }
                let key = object.key;
                split.calls(object, &mut self.calls);
                let given = patience.share(left, self.calls.len());
                let mut rest = given;
                let decision = self.memory.decide(&self.calls, &mut rest);
                let cost = Budget { states: given.states - rest.states, ..self.budget };
                match decision {
                    Decision::Linearizable => explained(&mut self.memory, &self.calls),
                    Decision::Violation { explained } => return Err(Stop::Violation { key, explained, cost }),
                    Decision::Inconclusive { reason: Reason::States, .. } if given.states < left.states => {
                        objects.push((place, object));
                    }
                    Decision::Inconclusive { reason, explained } => {
                        undecided.get_or_insert(Undecided { key, reason, explained });
                    }
                }
                left.states -= cost.states;
            }
        }
        match undecided {
            Some(undecided) => Err(Stop::Undecided(undecided)),
            None => Ok(self.budget.states - left.states),
        }
    }
}

/// How much of what is left is spent on one key.
#[derive(Clone, Copy)]
enum Patience {
    /// Enough for a key without much to search.
    Short,
    /// All.
    Long,
}

impl Patience {
    fn share(self, left: Budget, calls: usize) -> Budget {
        match self {
            Patience::Short => Budget { states: left.states.min(32 * calls as u64 + 1_000), ..left },
            Patience::Long => left,
        }
    }
}

/// The memory of searches, kept from one to the next.
struct Memory<S: Spec> {
    by_footprint: Stacks<u32>,
    by_spec: Stacks<S::State>,
    /// The answer of the [probe](calls::Fate::Probe) in the linearization that was found last.
    probed: Option<S::Ret>,
    /// The few calls that contradict each other by themselves, if the last violation was found so.
    conflict: Vec<u32>,
    /// What has found the last linearization.
    last: Last,
}

/// What has found a linearization.
enum Last {
    /// The zones or a monitor: this one.
    Judged(Vec<u32>),
    ByFootprint,
    BySpec,
}

impl<S: Spec> Memory<S> {
    fn new() -> Memory<S> {
        Memory {
            by_footprint: Stacks::new(),
            by_spec: Stacks::new(),
            probed: None,
            conflict: Vec::new(),
            last: Last::BySpec,
        }
    }

    /// Decides whether calls on one object, in the order of their invocations, are linearizable.
    fn decide(&mut self, calls: &[Call<'_, S>], budget: &mut Budget) -> Decision {
        self.conflict.clear();
        let by_footprint = ByFootprint::new(calls);
        let judgement = match &by_footprint {
            Some(model) => model.judge(),
            None => monitors::judge(calls).unwrap_or(Judgement::Unclear),
        };
        match (judgement, by_footprint) {
            (Judgement::Order(order), _) => {
                self.last = Last::Judged(order);
                Decision::Linearizable
            }
            (Judgement::Conflict(conflict), _) => {
                self.conflict = conflict;
                Decision::Violation { explained: 0 }
            }
            (Judgement::Unclear, Some(mut model)) => {
                self.last = Last::ByFootprint;
                model.prepare();
                search(&mut model, moments(calls), &mut self.by_footprint, budget)
            }
            (Judgement::Unclear, None) => {
                self.last = Last::BySpec;
                let mut model = BySpec::new(calls);
                let decision = search(&mut model, moments(calls), &mut self.by_spec, budget);
                self.probed = model.probed();
                decision
            }
        }
    }

    /// The linearization that was found last, of calls on one object.
    fn order(&mut self) -> Vec<u32> {
        match &mut self.last {
            Last::Judged(order) => std::mem::take(order),
            Last::ByFootprint => self.by_footprint.linearized(),
            Last::BySpec => self.by_spec.linearized(),
        }
    }

    /// Decides whether calls can have found the object in some state. If too little is known of its states, they can, as far as anybody can tell.
    fn decide_from_anywhere(&mut self, calls: &[Call<'_, S>], budget: &mut Budget) -> Decision {
        self.conflict.clear();
        let Some(model) = ByFootprint::new(calls) else { return Decision::Linearizable };
        for origin in model.origins() {
            let mut model = model.clone();
            model.begin_in(origin);
            let decision = search(&mut model, moments(calls), &mut self.by_footprint, budget);
            if !matches!(decision, Decision::Violation { .. }) {
                return decision;
            }
        }
        Decision::Violation { explained: 0 }
    }
}

fn moments<S: Spec>(calls: &[Call<'_, S>]) -> impl Iterator<Item = (u32, Option<u32>)> {
    calls.iter().map(|call| (call.invoked(), call.returned()))
}
