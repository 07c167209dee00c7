//! What runs exercised: which faults struck and did something, which states of the protocols were met, and what never happened.

use std::borrow::Cow;
use std::collections::BTreeMap;

use shaketable_sim::run::{Coverage, Struck};

use crate::document::{Cell, Part, Section, Table};
use crate::text::Tint;

/// Of these protocols, each with what its runs exercised. A bug that is planted in a protocol makes no other protocol of it.
pub(super) fn exercised(all: &[(&str, &Coverage)]) -> Vec<Section> {
    let mut coverage = Coverage::default();
    all.iter().for_each(|(_, one)| coverage.add(one));
    if coverage == Coverage::default() {
        return Vec::new();
    }
    let lead = "A fault that struck and changed nothing (no message, no sync, no process) tests nothing.";
    let lead = if coverage.kinds.is_empty() { "" } else { lead }.to_owned();
    let sections = [
        Section::of("Faults", vec![Part::Text(lead), Part::Table(faults(&coverage))]),
        Section::of("Protocol states", vec![Part::Table(states(all))]),
        Section::of("Exercised", numbers(&coverage)),
    ];
    sections.into_iter().flatten().collect()
}

fn faults(coverage: &Coverage) -> Table {
    let mut table = Table::new(["fault", "#struck", "#did something"]);
    table.rows.extend(coverage.kinds.iter().map(|(kind, &Struck { struck, acted })| {
        let cell = Cell::number(acted).share(acted, struck);
        vec![
            Cell::code(kind.as_ref()),
            Cell::number(struck),
            if acted == 0 { cell.tinted(Tint::Doubtful) } else { cell },
        ]
    }));
    table
}

fn states(all: &[(&str, &Coverage)]) -> Table {
    let mut times: BTreeMap<(&str, &Cow<'static, str>), (u64, u64)> = BTreeMap::new();
    for (protocol, coverage) in all {
        let protocol = protocol.split('/').next().unwrap_or(protocol);
        for (state, &reached) in &coverage.milestones {
            let (sum, scenarios) = times.entry((protocol, state)).or_default();
            *sum += reached;
            *scenarios += u64::from(reached > 0);
        }
    }
    let mut table = Table::new(["protocol", "state", "#reached", "#in scenarios"]);
    table.rows.extend(times.into_iter().map(|((protocol, state), (sum, scenarios))| {
        let reached = if sum == 0 { Cell::new("never").tinted(Tint::Doubtful) } else { Cell::number(sum) };
        vec![Cell::new(protocol), Cell::code(state.as_ref()), reached, Cell::number(scenarios)]
    }));
    table
}

/// What happened, and, just as telling, what never did.
fn numbers(coverage: &Coverage) -> Vec<Part> {
    let named = coverage.named();
    let all = named.iter().zip(Coverage::NAMES).map(|((name, number), (_, meaning))| (*name, *number, meaning.trim()));
    let (met, never): (Vec<_>, Vec<_>) = all.partition(|(_, number, _)| *number > 0);
    let mut table = Table::new(["what", "#of all runs together", "meaning"]);
    table.rows.extend(met.into_iter().map(|(name, number, meaning)| {
        vec![Cell::code(name), Cell::number(number), Cell::new(meaning).tinted(Tint::Faint)]
    }));
    let never: Vec<&str> = never.into_iter().map(|(name, _, _)| name).collect();
    let never = if never.is_empty() { String::new() } else { format!("Never: {}.", never.join(", ")) };
    vec![Part::Text(never), Part::Table(table)]
}
