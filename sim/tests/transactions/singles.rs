//! The slow twin of what is wrong without a cycle: each anomaly by its definition, looked for operation by operation.

use std::collections::BTreeSet;

use shaketable_sim::check::transactions::{
    Anomaly, Excerpt, Key, ListOp, Outcome, RegisterOp, Report, Seen, Transaction, TransactionId, Value,
};

use crate::evidence::{Fact, values};

/// Who takes part: who committed, and all of unknown outcome whom they read from.
pub(crate) fn participants<O: Fact>(history: &[Transaction<O>]) -> BTreeSet<TransactionId> {
    let committed = |of: &&Transaction<O>| matches!(of.outcome, Outcome::Committed { .. });
    let mut all: BTreeSet<TransactionId> = history.iter().filter(committed).map(|of| of.id).collect();
    loop {
        let reads = history.iter().filter(|of| all.contains(&of.id)).flat_map(|of| of.ops.iter().filter_map(Fact::saw));
        let seen: BTreeSet<(Key, Value)> =
            reads.flat_map(|(key, seen)| values(&seen).into_iter().map(move |value| (key, value))).collect();
        let met = |of: &&Transaction<O>| of.ops.iter().filter_map(Fact::wrote).any(|write| seen.contains(&write));
        let unknown = history.iter().filter(|of| of.outcome == Outcome::Unknown && !all.contains(&of.id));
        let revealed: Vec<TransactionId> = unknown.filter(met).map(|of| of.id).collect();
        if revealed.is_empty() {
            return all;
        }
        all.extend(revealed);
    }
}

/// Asserts whom a report calls revealed, and says who takes part.
fn participating<'h, O: Fact>(report: &Report, history: &'h [Transaction<O>]) -> Vec<&'h Transaction<O>> {
    let all = participants(history);
    let taking_part: Vec<&Transaction<O>> = history.iter().filter(|of| all.contains(&of.id)).collect();
    let unknown = taking_part.iter().filter(|of| of.outcome == Outcome::Unknown);
    assert_eq!(report.revealed(), unknown.map(|of| of.id).collect::<Vec<_>>(), "{history:?}");
    taking_part
}

/// The writer of a value, and whether it wrote something else to the key after that.
fn writer<O: Fact>(history: &[Transaction<O>], key: Key, value: Value) -> Option<(&Transaction<O>, bool)> {
    let of = history.iter().find(|of| of.ops.iter().any(|op| op.wrote() == Some((key, value))))?;
    let last = of.ops.iter().rev().filter_map(Fact::wrote).find(|(of, _)| *of == key);
    Some((of, last != Some((key, value))))
}

/// What a transaction should have seen by its own operations, where it saw something else: key, what it saw, what it should have.
pub(crate) fn contradictions<O: Fact>(ops: &[O]) -> Vec<(Key, Seen, Seen)> {
    let mut found = Vec::new();
    for (at, op) in ops.iter().enumerate() {
        let Some((key, seen)) = op.saw() else { continue };
        let before = ops[..at].iter().rev();
        let since: Vec<&O> = before.clone().take_while(|op| op.saw().is_none_or(|(of, _)| of != key)).collect();
        let base = before.clone().find_map(|op| op.saw().filter(|(of, _)| *of == key)).map(|(_, seen)| seen);
        let written = |op: &&O| op.wrote().filter(|(of, _)| *of == key).map(|(_, value)| value);
        let own: Vec<Value> = since.iter().rev().filter_map(written).collect();
        match &seen {
            Seen::Register(_) => {
                let expected = own.last().map(|value| Seen::Register(Some(*value))).or(base);
                found.extend(expected.filter(|expected| *expected != seen).map(|expected| (key, seen, expected)));
            }
            Seen::List(Excerpt { values: list, .. }) => {
                let known = base.as_ref().map(values).unwrap_or_default();
                let fits =
                    if base.is_some() { *list == [known.clone(), own.clone()].concat() } else { list.ends_with(&own) };
                if !fits {
                    let (before, values) = (base.is_none(), [known, own].concat());
                    found.push((key, seen, Seen::List(Excerpt { before, values, after: false })));
                }
            }
        }
    }
    found
}

/// What was seen of lists: reader, place of the operation, key, list.
type Read<'h> = (&'h Transaction<ListOp>, usize, Key, Vec<Value>);

fn reads<'h>(taking_part: &[&'h Transaction<ListOp>]) -> Vec<Read<'h>> {
    let of = |of: &&'h Transaction<ListOp>| -> Vec<Read<'h>> {
        let of: &'h Transaction<ListOp> = of;
        let read = |(at, op): (usize, &ListOp)| op.saw().map(|(key, seen)| (of, at, key, values(&seen)));
        of.ops.iter().enumerate().filter_map(read).collect()
    };
    taking_part.iter().flat_map(of).collect()
}

/// Whether the order of the versions of a list is not known: two that were read contradict each other, or one a transaction.
fn is_broken(history: &[Transaction<ListOp>], reads: &[Read<'_>], key: Key) -> bool {
    let lists: Vec<&Vec<Value>> = reads.iter().filter(|(_, _, of, _)| *of == key).map(|(.., list)| list).collect();
    let fits = |one: &&Vec<Value>| lists.iter().all(|other| one.starts_with(other) || other.starts_with(one));
    !lists.iter().all(|list| fits(list) && is_in_turn(history, key, list))
}

/// Whether a list has the appends of each transaction in its own order, and none before one that is not there; who aborted does not matter.
fn is_in_turn(history: &[Transaction<ListOp>], key: Key, list: &[Value]) -> bool {
    history.iter().filter(|of| of.outcome != Outcome::Aborted).all(|of| {
        let own: Vec<Value> = written(&of.ops, key);
        let there: Vec<Value> = list.iter().filter(|value| own.contains(value)).copied().collect();
        own.starts_with(&there)
    })
}

/// What some operations wrote to a key.
fn written<O: Fact>(ops: &[O], key: Key) -> Vec<Value> {
    ops.iter().filter_map(Fact::wrote).filter(|(of, _)| *of == key).map(|(_, value)| value).collect()
}

/// Asserts that a report on lists has just those anomalies that are no cycles which the history has.
pub(crate) fn assert_those_of_lists(report: &Report, history: &[Transaction<ListOp>]) {
    let taking_part = participating(report, history);
    let reads = reads(&taking_part);
    let mut expected: BTreeSet<Anomaly> = BTreeSet::new();
    let is_prefix = |one: &[Value], other: &[Value]| one.starts_with(other) || other.starts_with(one);
    let fits = |key: Key, list: &[Value]| reads.iter().all(|(_, _, of, other)| *of != key || is_prefix(list, other));
    let is_broken = |key: Key| is_broken(history, &reads, key);
    let mut replaced: BTreeSet<(Key, usize)> = BTreeSet::new();
    for (reader, at, key, list) in &reads {
        let distinct: BTreeSet<&Value> = list.iter().collect();
        if distinct.len() < list.len() {
            // What else is wrong with such a list is not looked for.
            let names = report.findings().iter().map(|finding| finding.anomaly).collect::<BTreeSet<_>>();
            assert!(names.contains(&Anomaly::DuplicateAppend), "{history:?}");
            return;
        }
        let writers: Vec<Option<&Transaction<ListOp>>> =
            list.iter().map(|value| writer(history, *key, *value).map(|(of, _)| of)).collect();
        let is_aborted = |of: &Option<&Transaction<ListOp>>| of.is_some_and(|of| of.outcome == Outcome::Aborted);
        let aborted = writers.iter().position(is_aborted);
        let above = |below: usize| writers[below..].iter().any(|of| of.is_some() && !is_aborted(of));
        let last = list.last().and_then(|value| writer(history, *key, *value));
        let is_intermediate =
            last.is_some_and(|(of, again)| again && of.id != reader.id && of.outcome != Outcome::Aborted);
        let later = written(&reader.ops[*at..], *key);
        let is_future = !is_broken(*key) && later.iter().any(|value| list.contains(value));
        let is_first = !reader.ops[..*at]
            .iter()
            .any(|op| op.wrote().is_some_and(|(of, _)| of == *key) || op.saw().is_some_and(|(of, _)| of == *key));
        let again = is_first && !later.is_empty() && !is_broken(*key) && !replaced.insert((*key, list.len()));
        let found = [
            (writers.contains(&None), Anomaly::GarbageRead),
            (aborted.is_some(), Anomaly::AbortedRead),
            (aborted.is_some_and(above), Anomaly::DirtyUpdate),
            (!is_in_turn(history, *key, list) || !fits(*key, list), Anomaly::IncompatibleOrder),
            (is_intermediate, Anomaly::IntermediateRead),
            (is_future, Anomaly::FutureRead),
            (!contradictions(&reader.ops).is_empty(), Anomaly::Internal),
            (again, Anomaly::LostUpdate),
        ];
        expected.extend(found.into_iter().filter(|(is, _)| *is).map(|(_, anomaly)| anomaly));
    }
    assert_eq!(singles(report), expected, "{history:?}");
}

/// Whether of some key two transactions took part whose appends nobody read, and no lists of it contradict each other.
pub(crate) fn two_are_unread(history: &[Transaction<ListOp>]) -> bool {
    let all = participants(history);
    let taking_part: Vec<&Transaction<ListOp>> = history.iter().filter(|of| all.contains(&of.id)).collect();
    let reads = reads(&taking_part);
    let keys: BTreeSet<Key> =
        taking_part.iter().flat_map(|of| &of.ops).filter_map(Fact::wrote).map(|(key, _)| key).collect();
    keys.into_iter().any(|key| {
        let lists: Vec<&Vec<Value>> = reads.iter().filter(|(_, _, of, _)| *of == key).map(|(.., list)| list).collect();
        let unread = |op: &ListOp| {
            op.wrote().is_some_and(|(of, value)| of == key && !lists.iter().any(|list| list.contains(&value)))
        };
        !is_broken(history, &reads, key) && taking_part.iter().filter(|of| of.ops.iter().any(unread)).count() > 1
    })
}

/// Those of the findings that are no cycles.
fn singles(report: &Report) -> BTreeSet<Anomaly> {
    let all = report.findings().iter().map(|finding| finding.anomaly);
    all.filter(|anomaly| !matches!(anomaly, Anomaly::Cycle(..))).collect()
}

/// Asserts that a report on registers has just those anomalies that are no cycles which the history has.
pub(crate) fn assert_those_of_registers(report: &Report, history: &[Transaction<RegisterOp>]) {
    let mut expected: BTreeSet<Anomaly> = BTreeSet::new();
    let mut replaced: BTreeSet<(Key, Option<Value>)> = BTreeSet::new();
    for reader in participating(report, history) {
        let mut met: BTreeSet<Key> = BTreeSet::new();
        for (at, op) in reader.ops.iter().enumerate() {
            if let Some((key, _)) = op.wrote() {
                met.insert(key);
            }
            let Some((key, seen)) = op.saw() else { continue };
            let value = values(&seen).first().copied();
            let fault = value.and_then(|value| match writer(history, key, value) {
                None => Some(Anomaly::GarbageRead),
                Some((of, _)) if of.id == reader.id => {
                    let later = reader.ops[at..].iter().any(|op| op.wrote() == Some((key, value)));
                    later.then_some(Anomaly::FutureRead)
                }
                Some((of, _)) if of.outcome == Outcome::Aborted => Some(Anomaly::AbortedRead),
                Some((_, again)) => again.then_some(Anomaly::IntermediateRead),
            });
            let own = value.is_some_and(|value| reader.ops.iter().any(|op| op.wrote() == Some((key, value))));
            let writes = reader.ops.iter().any(|op| op.wrote().is_some_and(|(of, _)| of == key));
            let is_first = met.insert(key);
            expected.extend(fault);
            if is_first && writes && !own && fault.is_none() && !replaced.insert((key, value)) {
                expected.insert(Anomaly::LostUpdate);
            }
        }
        if !contradictions(&reader.ops).is_empty() {
            expected.insert(Anomaly::Internal);
        }
    }
    assert_eq!(singles(report), expected, "{history:?}");
}
