//! Judges a history by a model, and tells what was found in the history's own words.
//!
//! What a history promises is a level. Any object can be [linearizable]; [cells](super::weaker) keep weaker ones, [transactions](super::transactions) others.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;
use std::thread;

use shaketable_reports::{Act, Contradiction, Finding, Findings, Judged, Reached, Spot, Violation};
use shaketable_sim::check::linearizable::{Budget, Counterexample, Linearizability, Shares, check};
use shaketable_sim::check::transactions::Assumptions;
use shaketable_sim::history::{Moment, Operation, Outcome};
use shaketable_sim::id::{ClientId, Key, NodeId, OpId};
use shaketable_sim::spec::Spec;
use shaketable_sim::time::Instant;

use super::calls::{Call, Fate, History};
use super::event::Mistake;
use super::models::{KEYS_AT_ONCE, Model, Translate, Translated, each};
use super::origin::origin;
use super::value::{Names, Value, visible};
use crate::lanes;

/// The level that objects are asked for unless another one is.
pub(crate) const LINEARIZABLE: &str = "linearizable";

/// What is asked of a history, besides its model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// What judging may cost.
    pub(crate) budget: Budget,
    /// The level that decides how the tool ends: one of the model's, or else its first.
    pub(crate) level: Option<&'static str>,
    /// What may be assumed of transactions on registers.
    pub(crate) assume: Assumptions,
}

/// Whether a history is linearizable, and nothing else.
///
/// # Errors
/// What is no operation of the model.
pub(crate) fn linearizable<T: Translate>(
    model: &'static Model,
    history: &History,
    asked: &Asked,
) -> Result<Findings, Vec<Mistake>> {
    let verdict = linearizability::<T>(model, history, asked.budget)?;
    let strongest = matches!(verdict, Judged::Holds { .. }).then_some(LINEARIZABLE);
    Ok(Findings {
        keys: history.keys.len() as u64,
        asked: LINEARIZABLE,
        levels: vec![Finding { level: LINEARIZABLE, verdict }],
        strongest: strongest.into_iter().collect(),
        anomalies: Vec::new(),
    })
}

/// Whether the objects of a history are linearizable.
///
/// # Errors
/// What is no operation of the model.
pub(super) fn linearizability<T: Translate>(
    model: &'static Model,
    history: &History,
    budget: Budget,
) -> Result<Judged, Vec<Mistake>> {
    // As many objects as can be told apart are looked at together; they do not know each other.
    let mut parts: Vec<Vec<Operation<T::Spec>>> = Vec::new();
    let names = each::<T>(model, history, |place, translated| {
        let call = &history.calls[place as usize];
        let part = (call.key / KEYS_AT_ONCE) as usize;
        if part >= parts.len() {
            parts.resize_with(part + 1, Vec::new);
        }
        parts[part].push(operation(place, call, translated));
    })?;
    let mut left = budget;
    let mut undecided = None;
    for (part, operations) in (0..).zip(parts) {
        let object = |key: Key| key_shown(history, part * KEYS_AT_ONCE + key.index() as u32);
        match check_shared(&operations, left) {
            Linearizability::Linearizable { states } => left.states -= states,
            Linearizability::Violation(counterexample) => {
                let teller = Teller::<T> { model, history, names: &names, operations: &operations };
                let contradiction = teller.contradiction(&counterexample, object(counterexample.key));
                return Ok(Judged::Violated(Violation::Contradiction(Box::new(contradiction))));
            }
            Linearizability::Inconclusive { key, reason, explained } => {
                let why = reason.to_string();
                let teller = Teller::<T> { model, history, names: &names, operations: &operations };
                let reached = Some(teller.reached(key, explained));
                undecided.get_or_insert(Judged::Undecided { key: object(key), why, reached });
            }
        }
    }
    let holds = Judged::Holds { states: Some(budget.states - left.states) };
    Ok(undecided.unwrap_or(holds))
}

/// How many operations a history must have before it is worth it to look at its keys at once.
const MANY: usize = 20_000;

/// Checks operations as [`check`] does, on all processors if there are many.
fn check_shared<S: Spec<Op: Sync, Ret: Sync>>(operations: &[Operation<S>], budget: Budget) -> Linearizability<S> {
    let threads = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    if operations.len() < MANY || threads == NonZeroUsize::MIN {
        return check(operations, budget);
    }
    let shares = Shares::new(operations, budget, threads);
    let mut seen = Vec::new();
    // One after another in as many lanes: what one finds closes no other.
    let lanes = vec![1; shares.count()];
    lanes::in_order(
        &lanes,
        threads,
        &AtomicBool::new(false),
        |piece| shares.look(piece.lane),
        |_, found| {
            seen.push(found);
            ControlFlow::Continue(())
        },
    );
    shares.check(seen)
}

/// An operation for the check: its name is its place among the calls.
fn operation<S: Spec>(place: u32, call: &Call, translated: Translated<S>) -> Operation<S> {
    let moment = |spot: &Spot| Moment { order: spot.order, at: Instant::nanos(spot.time.unwrap_or(0)) };
    let outcome = match (&call.fate, translated.ret) {
        (Fate::Answered(_, spot), Some(ret)) => Outcome::Ok { ret, returned: moment(spot) },
        _ => Outcome::Unknown,
    };
    let id = OpId { client: ClientId::at(0), seq: place };
    Operation { id, op: translated.op, invoked: moment(&call.asked), node: NodeId::at(0), outcome }
}

/// When an operation was answered, if it was.
fn returned<S: Spec>(operation: &Operation<S>) -> Option<u32> {
    match &operation.outcome {
        Outcome::Ok { returned, .. } => Some(returned.order),
        Outcome::Failed | Outcome::Unknown => None,
    }
}

/// The object of this number, if it has a name.
pub(super) fn key_shown(history: &History, key: u32) -> Option<String> {
    let key = history.keys.value(key);
    (*key != Value::Nil).then(|| plain(key))
}

/// A name without quotes, where it needs none.
pub(super) fn plain(name: &Value) -> String {
    match name {
        Value::Text(text) if text.chars().all(char::is_alphanumeric) && !text.is_empty() => text.clone(),
        other => visible(&other.to_string()),
    }
}

/// Who asked for a call.
pub(super) fn process_shown(history: &History, call: &Call) -> String {
    match history.processes.value(call.process) {
        Value::Text(name) => visible(name),
        other => visible(&other.to_string()),
    }
}

/// How many operations a picture has at least, if there are as many on its object: one alone says little.
const COMPANY: usize = 6;

/// Tells what the check found in the words of the history.
struct Teller<'a, T: Translate> {
    model: &'static Model,
    history: &'a History,
    names: &'a Names,
    operations: &'a [Operation<T::Spec>],
}

impl<T: Translate> Teller<'_, T> {
    fn contradiction(&self, found: &Counterexample<T::Spec>, key: Option<String>) -> Contradiction {
        let call = &self.history.calls[found.culprit.id.seq as usize];
        Contradiction {
            key,
            explained: found.explained as u64,
            culprit: self.act(&found.culprit),
            instead: found
                .answers
                .iter()
                .map(|answer| T::shown(answer, self.names).unwrap_or("ok".to_owned()))
                .collect(),
            no_other: found.all_answers,
            late: found.from.is_some(),
            story: found.story.iter().map(|operation| self.act(operation)).collect(),
            of_values: found.of_values,
            origin: if T::VERBATIM { origin(self.model, self.history, call) } else { None },
            context: self.context(found),
        }
    }

    /// Where a search gave up that could explain so many answers on an object. Of objects that were looked at in parts, only the number is known.
    fn reached(&self, key: Key, explained: usize) -> Reached {
        let on_key = || self.operations.iter().filter(|operation| T::Spec::key(&operation.op) == key);
        let mut answered: Vec<_> = on_key().filter_map(|operation| Some((returned(operation)?, operation))).collect();
        answered.sort_by_key(|(order, _)| *order);
        let whole = on_key().any(|operation| T::Spec::part(&operation.op).is_none());
        let next = answered.get(explained).filter(|_| whole);
        let open = next.map_or(0, |(end, _)| {
            let under_way = |operation: &&Operation<T::Spec>| {
                operation.invoked.order < *end && returned(operation).is_none_or(|order| order >= *end)
            };
            on_key().filter(under_way).count() as u64
        });
        Reached { explained: explained as u64, next: next.map(|(_, operation)| self.act(operation)), open }
    }

    /// What else was asked of the object, up to the culprit: the latest, and none that was answered later.
    fn context(&self, found: &Counterexample<T::Spec>) -> Vec<Act> {
        let Outcome::Ok { returned: end, .. } = &found.culprit.outcome else { return Vec::new() };
        let known = |operation: &Operation<T::Spec>| {
            operation.id == found.culprit.id || found.story.iter().any(|other| other.id == operation.id)
        };
        let before = self.operations.iter().rev().filter(|operation| {
            operation.invoked < *end && T::Spec::key(&operation.op) == found.key && !known(operation)
        });
        let mut context: Vec<Act> =
            before.take(COMPANY.saturating_sub(found.story.len() + 1)).map(|operation| self.act(operation)).collect();
        context.reverse();
        context
    }

    fn act(&self, operation: &Operation<T::Spec>) -> Act {
        let call = &self.history.calls[operation.id.seq as usize];
        let f = self.history.f(call);
        let process = process_shown(self.history, call);
        let (answer, answered) = match (&operation.outcome, &call.fate) {
            (Outcome::Ok { ret, .. }, Fate::Answered(_, spot)) => (T::shown(ret, self.names), Some(*spot)),
            _ => (None, None),
        };
        let asked = match self.model.argument(self.history, call) {
            Some(argument) => format!("{f} {argument}"),
            None => f.to_owned(),
        };
        Act { process, asked, answer, from: call.asked, to: answered }
    }
}
