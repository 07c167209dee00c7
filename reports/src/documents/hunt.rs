//! A hunt: what was found, in how many runs, and what was exercised in vain.

use super::exercised::exercised;
use crate::block::Block;
use crate::document::{Axis, Cell, Document, Part, Plot, Section, Series, Table, told};
use crate::hunt::{Canary, Ground, Hunted, Prey, caught, doubts, runs, sentence};
use crate::text::{Style, Tint, counted, grouped, long_span};

impl Hunted {
    /// What came of the hunt, for people.
    pub fn document(&self) -> Document {
        let (tint, found) = sentence(self);
        let simulated =
            self.grounds.iter().fold(shaketable_sim::time::Span::ZERO, |sum, ground| sum + ground.simulated);
        let fact = |name: &str, text: String| (name.to_owned(), text);
        let mut facts = vec![
            fact("runs", runs(self)),
            fact("simulated", long_span(simulated)),
            fact("by", format!("{} from seed {}", self.strategy, self.base)),
            fact("goes on from", self.folder.clone()),
        ];
        facts.extend(self.canaries.iter().map(|canary| fact("canary", told_of(canary))));
        let mut sections = Vec::from_iter(finds(self));
        sections.extend(Section::of("Scenarios", vec![Part::Table(grounds(self))]));
        sections.extend(growth(self));
        let exercises: Vec<_> =
            self.grounds.iter().map(|ground| (ground.protocol.as_str(), &ground.coverage)).collect();
        sections.extend(exercised(&exercises));
        Document { title: "Hunt".to_owned(), verdict: (tint, found), facts, sections }
    }
}

fn told_of(canary: &Canary) -> String {
    let runs = counted(canary.runs, "run");
    match &canary.found {
        Some((bug, signature)) => format!("{}/{bug} was found by {signature}, in {runs}", canary.protocol),
        None => format!("no bug planted in {} was found in {runs}", canary.protocol),
    }
}

/// By signature, those that nobody expects first, and then one after the other.
fn finds(hunted: &Hunted) -> Option<Section> {
    let mut prey: Vec<&Prey> = hunted.prey.iter().collect();
    prey.sort_by_key(|prey| prey.expected);
    let mut table = Table::new(["found", "protocol", "#runs", "first", "#fewest events", "reproduce"]);
    table.rows.extend(prey.iter().map(|prey| {
        let first = prey.first.as_ref();
        let first = first.map_or("a case that was there before".to_owned(), |first| {
            format!("run {} of {}", grouped(first.run), first.scenario)
        });
        vec![
            Cell::code(&prey.signature).tinted(if prey.expected { Tint::Good } else { Tint::Bad }),
            Cell::new(&prey.protocol),
            Cell::number(prey.runs),
            Cell::new(first),
            Cell::number(prey.events),
            Cell::code(&prey.reproduce),
        ]
    }));
    let mut all: Vec<Block> =
        prey.iter().filter(|prey| !prey.expected).map(|prey| caught(prey, Style::Plain)).collect();
    all.extend(hunted.grounds.iter().flat_map(|ground| doubts(ground, Style::Plain)));
    let mut parts = vec![Part::Table(table)];
    parts.extend(told(all.into_iter().map(Block::told).collect()));
    Section::of("Found", parts)
}

fn grounds(hunted: &Hunted) -> Table {
    let mut table = Table::new([
        "scenario",
        "#runs",
        "#of them found something",
        "#simulated",
        "#operations",
        "#events",
        "speed of a core",
    ]);
    let most = hunted.grounds.iter().map(|ground| ground.runs).max().unwrap_or(0);
    table.rows.extend(hunted.grounds.iter().map(|ground| {
        let finding = Cell::number(ground.finding);
        vec![
            Cell::code(&ground.name),
            Cell::number(ground.runs).share(ground.runs, most),
            if ground.finding > 0 { finding.tinted(Tint::Bad) } else { finding },
            Cell::new(long_span(ground.simulated)),
            Cell::number(ground.completed),
            Cell::number(ground.coverage.events),
            Cell::new(ground.speed()),
        ]
    }));
    table
}

/// Of a guided search: how soon it has met states that it had not met before.
fn growth(hunted: &Hunted) -> Option<Section> {
    let guided: Vec<&Ground> = hunted.grounds.iter().filter(|ground| !ground.states.is_empty()).collect();
    let series = guided.iter().map(|ground| Series { name: stem(&ground.name), points: ground.states.clone() });
    let plot = Plot {
        title: "Abstract states of the cluster that were met for the first time.".to_owned(),
        x: Axis::of_numbers("run", false),
        y: Axis::of_numbers("states", false),
        series: series.collect(),
    };
    let mut table = Table::new(["scenario", "#states", "#last new one in run"]);
    table.rows.extend(guided.iter().filter_map(|ground| {
        let (run, states) = ground.states.last()?;
        Some(vec![Cell::code(&ground.name), Cell::number(*states), Cell::number(*run)])
    }));
    Section::of("New states", vec![Part::Plot(plot), Part::Table(table)])
}

/// The name of a file alone.
fn stem(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".toml").unwrap_or(name).to_owned()
}
