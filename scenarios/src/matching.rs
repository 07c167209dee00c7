//! What of a recorded run was met again when its case was replayed, by meaning.
//!
//! A digest knows only the same and not the same. When the code has changed a little, the run is another one, and the question is whether
//! its verdict says anything about the recorded violation. It does if what led there was met again:
//!
//! - every fault that did something when it was recorded has done something again,
//! - every scripted operation was asked for,
//! - every kind of message is still sent, and in every epoch but the last one as often as it was.
//!
//! The last epoch is where the violation was, so that is where a repaired protocol goes another way: the messages that are missing there are told,
//! but they decide nothing. Of a case that is repaired and has to pass, what was recorded is a run that passes: all of its messages must be met again, those of the
//! last epoch and those of none, too. A kind of message that is not sent any more means that the protocol's vocabulary has changed, and with it whatever
//! was decided by kind.

use std::collections::{BTreeMap, BTreeSet};

use shaketable_reports::{Faithful, Matches, Share};
use shaketable_sim::faults::{Applied, Planned, Start};
use shaketable_sim::id::Endpoint;
use shaketable_sim::run::{Run, Verdict};
use shaketable_sim::script::Scripted;
use shaketable_sim::spec::any::Any;
use shaketable_sim::time::Instant;

use crate::recorded::{Meaning, Recorded, Traffic, traffic};
use crate::scenario::{Expected, Scenario};

/// How many lines are told of the messages that are missing.
const TOLD: usize = 6;

/// Compares a run of a case with what was recorded of it.
pub(crate) fn faithful(scenario: &Scenario, recorded: &Recorded, run: &Run<Any>) -> Faithful {
    match &recorded.meaning {
        _ if recorded.digest == run.digest => Faithful::Exactly,
        Some(meaning) => Faithful::ByMeaning(matches(scenario, meaning, run)),
        None => Faithful::Unknown,
    }
}

/// What became of each planned fault that has a time: the strike that it turned into, if it struck.
pub(crate) fn struck(planned: &[Planned], applied: &[Applied]) -> Vec<Option<Applied>> {
    let mut left: Vec<&Applied> = applied.iter().collect();
    let mut struck = vec![None; planned.len()];
    // Those that say whom they strike come first. Of a fault that somebody wrote, the target may be named only when it strikes.
    for settled in [true, false] {
        for (planned, struck) in planned.iter().zip(&mut struck).filter(|(_, struck)| struck.is_none()) {
            let same = |one: &&Applied| planned.kind.name == one.kind && planned.start == Start::At(one.at);
            let place = left.iter().position(|one| same(one) && (!settled || planned.args == one.args));
            *struck = place.map(|place| left.remove(place).clone());
        }
    }
    struck
}

fn matches(scenario: &Scenario, meaning: &Meaning, run: &Run<Any>) -> Matches {
    let mut matches = Matches {
        faults: Share::default(),
        operations: Share::default(),
        messages: Share::default(),
        amiss: Vec::new(),
        parted: Vec::new(),
    };
    // A violation that comes earlier than it did leaves out what would have come later.
    let end = if matches!(run.verdict, Verdict::Violation(_)) { run.end } else { Instant::MAX };
    match_faults(&mut matches, scenario, meaning, run, end);
    match_operations(&mut matches, scenario, run, end);
    match_messages(&mut matches, &scenario.expect.verdict, &meaning.messages, &traffic(run));
    matches
}

fn match_faults(matches: &mut Matches, scenario: &Scenario, meaning: &Meaning, run: &Run<Any>, end: Instant) {
    let planned = &scenario.plan.faults;
    let now = struck(planned, &run.applied);
    for (place, ((planned, was), now)) in planned.iter().zip(&meaning.acted).zip(now).enumerate() {
        if was.times == 0 || matches!(planned.start, Start::At(at) if at > end) {
            continue;
        }
        matches.faults.of += 1;
        if now.is_some_and(|now| now.acted > 0) {
            matches.faults.met += 1;
        } else {
            let times = if was.times == 1 { "once".to_owned() } else { format!("{} times", was.times) };
            let (kind, args) = (planned.kind.name, &planned.args);
            let fault = format!("fault {} ({kind} {args})", place + 1);
            matches.amiss.push(format!("{fault} did nothing; when recorded it acted {times}"));
        }
    }
}

fn match_operations(matches: &mut Matches, scenario: &Scenario, run: &Run<Any>, end: Instant) {
    let Some(script) = &scenario.plan.clients.script else { return };
    let mut asked = BTreeMap::new();
    for operation in &run.history {
        *asked.entry(operation.id.client).or_insert(0_u64) += 1;
    }
    let due = |line: &&Scripted| line.at <= end;
    for line in script.iter().filter(due) {
        matches.operations.of += 1;
        // A client asks in the order of the script.
        match asked.get_mut(&line.client).filter(|left| **left > 0) {
            Some(left) => {
                *left -= 1;
                matches.operations.met += 1;
            }
            None => matches.amiss.push(format!("operation \"{line}\" was not asked for")),
        }
    }
}

fn match_messages(matches: &mut Matches, expected: &Expected, was: &[Traffic], now: &[Traffic]) {
    let counts: BTreeMap<(Endpoint, Endpoint, &str, u64), u64> = each(now).collect();
    let kinds: BTreeSet<&str> = now.iter().map(|line| line.kind.as_str()).collect();
    let mut gone: BTreeMap<&str, u64> = BTreeMap::new();
    let mut missing = Vec::new();
    let last = each(was).map(|((.., epoch), _)| epoch).max().unwrap_or(0);
    for (name, was) in each(was) {
        let (from, to, kind, epoch) = name;
        let now = counts.get(&name).copied().unwrap_or(0);
        matches.messages.of += was;
        matches.messages.met += was.min(now);
        if !kinds.contains(kind) {
            *gone.entry(kind).or_default() += was;
        } else if now < was {
            missing.push((epoch, format!("{from}→{to} {kind} of epoch {epoch}: {now} sent, {was} recorded")));
        }
    }
    let told = gone.into_iter().map(|(kind, was)| format!("no {kind} is sent any more; {was} recorded"));
    matches.amiss.extend(told);
    // Where a violation is to come, what belongs to no epoch may be from any time, also from the end.
    let counts = |epoch: u64| matches!(expected, Expected::Pass) || (1..last).contains(&epoch);
    let (early, late): (Vec<_>, Vec<_>) = missing.into_iter().partition(|(epoch, _)| counts(*epoch));
    matches.amiss.extend(brief(early));
    matches.parted.extend(brief(late));
}

fn each(lines: &[Traffic]) -> impl Iterator<Item = ((Endpoint, Endpoint, &str, u64), u64)> {
    lines.iter().flat_map(|line| {
        line.epochs.iter().map(|&(epoch, count)| ((line.from, line.to, line.kind.as_str(), epoch), count))
    })
}

/// The earliest epochs first, and no more than somebody will read.
fn brief(mut lines: Vec<(u64, String)>) -> Vec<String> {
    lines.sort();
    let more = lines.len().saturating_sub(TOLD);
    let told = lines.into_iter().take(TOLD).map(|(_, line)| line);
    told.chain((more > 0).then(|| format!("… and {more} more like it"))).collect()
}

#[cfg(test)]
mod tests;
