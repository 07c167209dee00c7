//! A sweep: what it violated, which planted bugs it caught, and what it exercised.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::exercised::exercised;
use crate::document::{Cell, Document, Pace, Part, Section, Table, Told, logarithm, told};
use crate::failure::{self, Meaning};
use crate::human::{result, sentence, totals};
use crate::summary::{Found, Side, Summary, Tested};
use crate::text::{Style, Tint, counted, grouped, long_span};

/// A bar of seeds is full at so many; its steps double.
const MOST_SEEDS: u64 = 1 << 14;

impl Summary {
    /// What came of the sweep, for people.
    pub fn document(&self, pace: Option<Pace>) -> Document {
        let all: Vec<&Tested> = self.scenarios.iter().collect();
        let mut sections = Vec::from_iter(violations(&all, self.scenarios.len() == 1));
        sections.extend(of_scenarios(&[("Scenarios", &all)]));
        let (tint, verdict) = sentence(self);
        Document { title: "Run".to_owned(), verdict: (tint, verdict), facts: facts(&all, pace), sections }
    }
}

/// How much ran, and how fast.
pub(super) fn facts(all: &[&Tested], pace: Option<Pace>) -> Vec<(String, String)> {
    let tested: Vec<Tested> = all.iter().map(|tested| (*tested).clone()).collect();
    let (simulated, coverage) = totals(&tested);
    let seeds = all.iter().map(|tested| tested.seeds.ran).sum();
    let mut facts: Vec<(String, String)> = [
        ("scenarios", grouped(all.len() as u64)),
        ("seeds", grouped(seeds)),
        ("simulated", long_span(simulated)),
        ("operations", grouped(coverage.completed_ops)),
        ("events", grouped(coverage.events)),
        ("faults", format!("{}, {} of them did something", grouped(coverage.faults), grouped(coverage.faults_acted))),
    ]
    .map(|(name, text)| (name.to_owned(), text))
    .into();
    facts.extend(pace.into_iter().flat_map(|pace| pace.facts(seeds, coverage.events, simulated)));
    facts
}

/// All but the violations. Scenarios are told in groups, each under its title.
pub(super) fn of_scenarios(groups: &[(&'static str, &[&Tested])]) -> Vec<Section> {
    let all: Vec<&Tested> = groups.iter().flat_map(|(_, group)| *group).copied().collect();
    let mut sections: Vec<Section> = planted(&all).into_iter().collect();
    for (title, group) in groups {
        sections.extend(Section::of(title, vec![Part::Table(overview(group))]));
    }
    let exercises: Vec<_> = all.iter().map(|tested| (tested.protocol.as_str(), &tested.coverage)).collect();
    sections.extend(exercised(&exercises));
    sections
}

/// What is not as expected: by signature, then one after the other.
fn violations(all: &[&Tested], alone: bool) -> Option<Section> {
    let mut worst: Vec<&&Tested> = all.iter().collect();
    worst.sort_by_key(|tested| Reverse(tested.outcome.exit().weight()));
    let texts = worst.into_iter().flat_map(|tested| {
        let blocks = failure::blocks(tested, alone, Style::Plain).into_iter().rev();
        blocks.map(|block| {
            let told = block.told();
            Told { title: format!("{} in {}", told.title, tested.name), ..told }
        })
    });
    let mut parts = vec![Part::Table(by_signature(all))];
    parts.extend(told(texts.collect()));
    Section::of("What went wrong", parts)
}

/// Violations that nobody expects, by protocol and signature.
pub(super) fn by_signature(all: &[&Tested]) -> Table {
    struct Row<'a> {
        meaning: Meaning,
        seeds: u64,
        scenarios: BTreeSet<&'a str>,
        cheapest: &'a Found,
    }
    let mut rows: BTreeMap<(&str, &str, Side), Row<'_>> = BTreeMap::new();
    for tested in all {
        for found in &tested.violations {
            let meaning = Meaning::of(tested, found);
            if !meaning.is_bad() {
                continue;
            }
            let row = Row { meaning, seeds: 0, scenarios: BTreeSet::new(), cheapest: found };
            let row = rows.entry((&tested.protocol, &found.signature, found.side)).or_insert(row);
            row.seeds += found.seeds;
            row.scenarios.insert(&tested.name);
            if found.example.events < row.cheapest.example.events {
                row.cheapest = found;
            }
        }
    }
    let mut table = Table::new(["violated", "protocol", "#seeds", "#scenarios", "#fewest events", "reproduce"]);
    table.rows.extend(rows.into_iter().map(|((protocol, signature, _), row)| {
        let whose = if row.meaning == Meaning::RightViolates { ", without its bug" } else { "" };
        vec![
            Cell::code(signature).tinted(Tint::Bad),
            Cell::new(format!("{protocol}{whose}")),
            Cell::number(row.seeds),
            Cell::number(row.scenarios.len() as u64),
            Cell::number(row.cheapest.example.events),
            Cell::code(&row.cheapest.example.reproduce),
        ]
    }));
    table
}

/// The kill matrix of these seeds: which check caught each planted bug, and how soon.
fn planted(all: &[&Tested]) -> Option<Section> {
    let mut table =
        Table::new(["planted bug", "#caught by its nth seed", "by", "also met", "right protocol", "scenario"]);
    let sought = all.iter().filter_map(|tested| Some((tested, tested.sought.as_ref()?)));
    let mut rows: Vec<_> = sought.filter(|(tested, _)| tested.protocol.contains('/')).collect();
    let caught = rows.iter().filter(|(_, sought)| sought.caught.is_some()).count() as u64;
    // The hardest first: who was not caught, then who was caught late.
    rows.sort_by_key(|(tested, sought)| Reverse(sought.caught.map_or(u64::MAX, |seed| seed - tested.seeds.first)));
    table.rows.extend(rows.iter().map(|(tested, sought)| {
        let after = sought.caught.map(|seed| seed - tested.seeds.first + 1);
        let when = match after {
            Some(after) => Cell::new(format!("{} of {}", grouped(after), grouped(sought.within)))
                .share(logarithm(after), logarithm(MOST_SEEDS)),
            None if tested.seeds.ran < sought.within => {
                let text = format!("not yet in {} of {}", grouped(tested.seeds.ran), grouped(sought.within));
                Cell::new(text).tinted(Tint::Doubtful)
            }
            None => Cell::new(format!("not by {}", grouped(tested.seeds.ran))).tinted(Tint::Bad),
        };
        let met = |wanted: bool| -> Vec<&str> {
            let own = tested.violations.iter().filter(|found| found.side == Side::Own);
            own.map(|found| found.signature.as_str()).filter(|signature| sought.matches(signature) == wanted).collect()
        };
        let right = tested.violations.iter().any(|found| found.side == Side::Right);
        vec![
            Cell::code(&tested.protocol),
            when,
            Cell::new(if after.is_some() { met(true).join(", ") } else { sought.signature.clone() }),
            Cell::new(met(false).join(", ")),
            match right {
                true => Cell::new("violates").tinted(Tint::Bad),
                false if tested.seeds.ran == 0 => Cell::new("not run").tinted(Tint::Doubtful),
                false => Cell::new("survived").tinted(Tint::Good),
            },
            Cell::new(&tested.name),
        ]
    }));
    let lead = format!(
        "{} of {} caught, and the right protocol ran with the same seeds.",
        grouped(caught),
        counted(rows.len() as u64, "planted bug")
    );
    Section::of("Planted bugs", if rows.is_empty() { Vec::new() } else { vec![Part::Text(lead), Part::Table(table)] })
}

fn overview(all: &[&Tested]) -> Table {
    let mut table = Table::new([
        "scenario",
        "result",
        "#seeds",
        "#simulated",
        "#operations",
        "#events",
        "#faults",
        "#did something",
    ]);
    let most = all.iter().map(|tested| tested.coverage.events).max().unwrap_or(0);
    let mut all = all.to_vec();
    all.sort_by_key(|tested| Reverse(tested.outcome.exit().weight()));
    table.rows.extend(all.iter().map(|tested| {
        let crate::text::Cell { text, tint } = result(tested);
        let coverage = &tested.coverage;
        vec![
            Cell::code(&tested.name),
            Cell::new(text).tinted(tint),
            Cell::number(tested.seeds.ran),
            Cell::new(long_span(tested.simulated)),
            Cell::number(coverage.completed_ops),
            Cell::number(coverage.events).share(coverage.events, most),
            Cell::number(coverage.faults),
            Cell::number(coverage.faults_acted),
        ]
    }));
    table
}
