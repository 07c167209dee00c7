//! Changes of a run's faults, for a search that is guided.
//!
//! No change goes beyond what the run's own scenario and its swarm would have drawn: faults last no longer, strike in the same time, and strike only nodes that chance might have
//! chosen; no more disks are lost; how many nodes are out of order is limited again. So what a changed run finds is as good as what a drawn one does.

use shaketable_sim::faults::target::Target;
use shaketable_sim::faults::{Planned, Start};
use shaketable_sim::id::{Endpoint, NodeId};
use shaketable_sim::param::Value;
use shaketable_sim::rng::{Seed, Stream};
use shaketable_sim::time::{Instant, Span};

use crate::scenario::Scenario;

/// Faults that take disks from nodes: no change may lead to more of them.
const DISKS: [&str; 2] = ["wipe", "rot"];

/// Faults that keep messages under way for longer: where that is bounded they stay as they are, because two of them may keep one message.
const LATE: [&str; 5] = ["hold", "slow-link", "duplicate", "reorder", "pause"];

/// A run to be changed, or one that was.
pub(super) struct Parent {
    /// What ran, with the faults as they struck, or as they shall.
    pub(super) scenario: Scenario,
    /// The faults as they were planned: the bounds within which they are changed.
    pub(super) planned: Vec<Planned>,
    /// Its seed.
    pub(super) seed: Seed,
}

/// The run with its faults changed, perhaps with some of another's. None if the protocol does not accept what came of it. `drawn_by` is the scenario that both came of.
pub(super) fn changed(
    parent: &Parent,
    other: &Parent,
    drawn_by: &Scenario,
    fresh: Seed,
    rng: &mut Stream,
) -> Option<Parent> {
    let mut scenario = parent.scenario.clone();
    let bears = (scenario.protocol.bears)(&scenario.config, &scenario.plan);
    let mut change = Change {
        planned: parent.planned.clone(),
        bounded: bears.under_way.is_some(),
        nodes: scenario.plan.nodes,
        end: scenario.plan.heal.map_or(Instant::ZERO + scenario.plan.duration, |heal| heal.at),
        faults: std::mem::take(&mut scenario.plan.faults),
        rng,
    };
    let disks = change.disks();
    for _ in 0..change.rng.between(1, 4) {
        match change.rng.weighted(&[6, 3, 3, 3, 3, 3, 2]) {
            0 => change.shift(),
            1 => change.drop_one(),
            2 => change.repeat_one(),
            3 => change.aim_elsewhere(),
            4 => change.stretch(),
            5 => change.add(drawn_by),
            _ => change.splice(other),
        }
    }
    change.lose_no_more_disks(disks.max(bears.disks.min(1)));
    change.limit_again();
    change.faults.sort_by_key(when);
    let Change { faults, planned, .. } = change;
    // The same seed keeps all that happens before the first change; another keeps the faults alone.
    let seed = if rng.below(2) == 0 { parent.seed } else { fresh };
    scenario.plan.faults = faults;
    let accepted = (scenario.protocol.check)(&scenario.config, &scenario.plan).is_empty();
    accepted.then_some(Parent { scenario, planned, seed })
}

/// Faults being changed.
struct Change<'a> {
    planned: Vec<Planned>,
    /// Whether the protocol bounds how long messages may be under way.
    bounded: bool,
    nodes: usize,
    /// When faults no longer strike.
    end: Instant,
    faults: Vec<Planned>,
    rng: &'a mut Stream,
}

fn when(fault: &Planned) -> Instant {
    match fault.start {
        Start::At(at) => at,
        Start::Every(..) | Start::When(..) => fault.from,
    }
}

impl Change<'_> {
    /// A fault that may be changed.
    fn one(&mut self) -> Option<usize> {
        let fixed = |fault: &Planned| fault.permanent || (self.bounded && LATE.contains(&fault.kind.name));
        let places: Vec<usize> = (0..self.faults.len()).filter(|&place| !fixed(&self.faults[place])).collect();
        self.rng.pick(&places).copied()
    }

    /// Those of its kind, as they were planned.
    fn like<'b>(&'b self, fault: &'b Planned) -> impl Iterator<Item = &'b Planned> {
        self.planned.iter().filter(|planned| planned.kind.name == fault.kind.name)
    }

    /// A time at which a fault may strike, as near to this one as can be.
    fn within(&self, fault: &Planned, at: Instant) -> Instant {
        let earliest = self.like(fault).map(|planned| planned.from).min().unwrap_or(Instant::ZERO);
        let latest = self.like(fault).map(|planned| planned.until).max().unwrap_or(Instant::MAX).min(self.end);
        at.min(latest).max(earliest)
    }

    /// Strikes a little earlier or later.
    fn shift(&mut self) {
        let Some(place) = self.one() else { return };
        let Start::At(at) = self.faults[place].start else { return };
        let most = [1_000_000, 10_000_000, 100_000_000, 1_000_000_000][self.rng.below(4) as usize];
        let by = Span::nanos(self.rng.below(most));
        let moved = if self.rng.below(2) == 0 {
            at + by
        } else {
            Instant::ZERO + Span::nanos(at.since(Instant::ZERO).as_nanos().saturating_sub(by.as_nanos()))
        };
        self.faults[place].start = Start::At(self.within(&self.faults[place], moved));
    }

    fn drop_one(&mut self) {
        if let Some(place) = self.one() {
            self.faults.remove(place);
        }
    }

    /// Strikes at another time, too.
    fn repeat_one(&mut self) {
        let Some(place) = self.one() else { return };
        let fault = self.faults[place].clone();
        let at = Instant::ZERO + Span::nanos(self.rng.below(self.end.since(Instant::ZERO).as_nanos().max(1)));
        if let Start::At(_) = fault.start {
            let start = Start::At(self.within(&fault, at));
            self.faults.push(Planned { start, ..fault });
        }
    }

    /// Strikes another node in the place of one that chance had chosen.
    fn aim_elsewhere(&mut self) {
        let Some(place) = self.one() else { return };
        let fault = &self.faults[place];
        let chosen = |name: &str, target: &Target| {
            let named = |planned: &Planned| matches!(planned.args.get(name), Some(Value::Target(open)) if open.named().is_none());
            target.named().is_some_and(|ends| !ends.is_empty()) && self.like(fault).any(named)
        };
        let params: Vec<(&'static str, Target)> = fault
            .args
            .iter()
            .filter_map(|(name, value)| match value {
                Value::Target(target) if chosen(name, target) => Some((name, target.clone())),
                _ => None,
            })
            .collect();
        let Some((name, target)) = self.rng.pick(&params).cloned() else { return };
        let mut ends = target.named().unwrap_or_default();
        let from = self.rng.below(ends.len() as u64) as usize;
        let others: Vec<Endpoint> =
            NodeId::all(self.nodes).map(Endpoint::Node).filter(|node| !ends.contains(node)).collect();
        if let (Endpoint::Node(_), Some(to)) = (ends[from], self.rng.pick(&others)) {
            ends[from] = *to;
            ends.sort_unstable();
            self.faults[place].args.set(name, Value::Target(Target::exactly(&ends)));
        }
    }

    /// Lasts up to twice as long, or half; and draws anew what is a number out of a range.
    fn stretch(&mut self) {
        let Some(place) = self.one() else { return };
        let fault = &self.faults[place];
        let longest = self.like(fault).filter_map(|planned| planned.lasting).map(|(_, high)| high).max();
        let range = self.like(fault).find_map(|planned| match planned.args.get("after-effects") {
            Some(Value::Counts(low, high)) if low < high => Some((*low, *high)),
            _ => None,
        });
        if let (Some((lasting, _)), Some(longest)) = (fault.lasting, longest) {
            let span = self.rng.span((Span::nanos(lasting.as_nanos() / 2), lasting.times(2))).min(longest);
            self.faults[place].lasting = Some((span, span));
        }
        if let Some((low, high)) = range {
            let effects = self.rng.between(low, high);
            self.faults[place].args.set("after-effects", Value::Counts(effects, effects));
        }
    }

    /// One fault more: one that another seed would have planned, once.
    fn add(&mut self, drawn_by: &Scenario) {
        let drawn = drawn_by.drawn(Seed(self.rng.next()));
        let late = |fault: &&Planned| self.bounded && LATE.contains(&fault.kind.name);
        let faults: Vec<&Planned> = drawn.plan.faults.iter().filter(|fault| !fault.permanent && !late(fault)).collect();
        let Some(&fault) = self.rng.pick(&faults) else { return };
        self.planned.push(fault.clone());
        let start = match &fault.start {
            Start::Every(..) => {
                let at = Instant::ZERO + Span::nanos(self.rng.below(self.end.since(Instant::ZERO).as_nanos().max(1)));
                Start::At(self.within(fault, at))
            }
            other => other.clone(),
        };
        self.faults.push(Planned { start, times: 1, ..fault.clone() });
    }

    /// The beginning of this plan, and the end of another: of its faults those that this one might have, too.
    fn splice(&mut self, other: &Parent) {
        let at = Instant::ZERO + Span::nanos(self.rng.below(self.end.since(Instant::ZERO).as_nanos().max(1)));
        let known: Vec<&str> = self.planned.iter().map(|planned| planned.kind.name).collect();
        let bounded = self.bounded;
        let fits = |fault: &&Planned| {
            known.contains(&fault.kind.name) && !fault.permanent && !(bounded && LATE.contains(&fault.kind.name))
        };
        let end: Vec<Planned> =
            other.scenario.plan.faults.iter().filter(|fault| when(fault) >= at).filter(fits).cloned().collect();
        self.faults.retain(|fault| fault.permanent || when(fault) < at);
        self.faults.extend(end);
    }

    fn disks(&self) -> usize {
        self.faults.iter().filter(|fault| DISKS.contains(&fault.kind.name)).count()
    }

    fn lose_no_more_disks(&mut self, most: usize) {
        let mut left = most;
        self.faults.retain(|fault| {
            let takes = DISKS.contains(&fault.kind.name);
            let stays = !takes || left > 0;
            left -= usize::from(takes && stays);
            stays
        });
    }

    /// How many nodes were out of order when a fault struck is no longer known: it strikes only within the bound that was planned for its kind.
    fn limit_again(&mut self) {
        let any = |planned: &Planned| planned.args.get("max-down") == Some(&Value::Choice("any"));
        let unlimited: Vec<&str> =
            self.planned.iter().filter(|fault| any(fault)).map(|fault| fault.kind.name).collect();
        for fault in &mut self.faults {
            if fault.args.get("max-down").is_some() && !unlimited.contains(&fault.kind.name) {
                fault.args.set("max-down", Value::Choice("minority"));
            }
        }
    }
}

#[cfg(test)]
mod tests;
