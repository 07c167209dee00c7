//! All that a change has to pass.

use super::runs::{by_signature, facts, of_scenarios};
use crate::ci::{Ci, Examined, Status};
use crate::document::{Cell, Document, Pace, Part, Section, Table, Told, told};
use crate::summary::{Exit, Outcome, Tested};
use crate::text::{Tint, grouped};

impl Ci {
    /// What came of it all, for people.
    pub fn document(&self, pace: Option<Pace>) -> Document {
        let fresh = self.fresh.iter().flat_map(|fresh| &fresh.scenarios);
        let examined: Vec<&Examined> = self.own.iter().chain(fresh).collect();
        let tested: Vec<&Tested> = examined.iter().map(|examined| &examined.tested).collect();
        let mut head = Vec::from_iter(self.left_out().map(Part::Text));
        head.push(Part::Table(self.parts()));
        let (broken, unknown) = failures(self, &examined);
        let mut wrong = vec![Part::Table(by_signature(&tested))];
        wrong.extend(told(broken));
        let mut sections = Vec::from_iter(Section::of("In short", head));
        sections.extend(Section::of("What went wrong", wrong));
        sections.extend(Section::of("Not decided", vec![Part::Table(unknown)]));
        let (own, fresh) = tested.split_at(self.own.len());
        sections.extend(of_scenarios(&[("Scenarios", own), ("Fresh seeds", fresh)]));
        Document {
            title: "Shaketable".to_owned(),
            verdict: verdict(self.exit()),
            facts: facts(&tested, pace),
            sections,
        }
    }

    /// A line for the scenarios, for the cases that are kept, and for fresh seeds.
    fn parts(&self) -> Table {
        let mut table = Table::new(["", "#as expected", "#seeds", "#events"]);
        table.rows.push(row("scenarios".to_owned(), &self.own));
        let cases = &self.regressions;
        if cases.asked > 0 {
            let good = cases.cases.iter().filter(|case| case.exit() == Exit::Pass).count() as u64;
            let events = cases.cases.iter().map(|case| case.replayed.events).sum();
            let of = format!("{} of {}", grouped(good), grouped(cases.asked));
            table.rows.push(vec![
                Cell::new("kept cases"),
                Cell::new(of),
                Cell::number(cases.asked),
                Cell::number(events),
            ]);
        }
        if let Some(fresh) = &self.fresh {
            table.rows.push(row(format!("fresh seeds from {}", fresh.from), &fresh.scenarios));
        }
        table
    }
}

fn verdict(exit: Exit) -> (Tint, String) {
    let (tint, text) = match exit {
        Exit::Pass => (Tint::Good, "all as expected"),
        Exit::Violation => (Tint::Bad, "not as expected"),
        Exit::Nondeterministic => (Tint::Bad, "nondeterministic or diverged"),
        Exit::Inconclusive => (Tint::Doubtful, "not everything was decided"),
        Exit::NothingTested => (Tint::Doubtful, "nothing was tested"),
        Exit::Interrupted | Exit::Stopped => (Tint::Doubtful, "stopped"),
        Exit::Usage | Exit::Internal => (Tint::Bad, "an error"),
    };
    (tint, text.to_owned())
}

fn row(what: String, scenarios: &[Examined]) -> Vec<Cell> {
    let good = scenarios.iter().filter(|examined| examined.tested.outcome.is_good()).count() as u64;
    let of = format!("{} of {}", grouped(good), grouped(scenarios.len() as u64));
    let ran = scenarios.iter().map(|examined| examined.tested.seeds.ran).sum();
    let events = scenarios.iter().map(|examined| examined.tested.coverage.events).sum();
    vec![Cell::new(what), Cell::new(of), Cell::number(ran), Cell::number(events)]
}

/// All that did not hold, and what nobody can tell.
fn failures(ci: &Ci, examined: &[&Examined]) -> (Vec<Told>, Table) {
    let mut broken = Vec::new();
    let mut unknown = Table::new(["what", "scenario", "why"]);
    for case in ci.regressions.cases.iter().filter(|case| case.exit() != Exit::Pass) {
        let title = format!("{}: {}", case.replayed.judgement().name(), case.replayed.scenario);
        broken.push(Told { tint: Tint::Bad, title, text: case.lines().join("\n"), page: None });
    }
    for examined in examined {
        let name = &examined.tested.name;
        for property in &examined.properties {
            match examined.status(property) {
                Status::Held => {}
                Status::Broken(failure) | Status::Unsteady(failure) => {
                    let title = format!("{}: {name}", property.about.name());
                    let text = format!("{}\n{}", failure.message, failure.text());
                    broken.push(Told { tint: Tint::Bad, title, text, page: failure.page });
                }
                // That seeds had no turn is said above, once.
                Status::Unknown(_) if examined.tested.outcome == Outcome::Unfinished => {}
                Status::Unknown(why) => {
                    unknown.rows.push(vec![Cell::new(property.about.name()), Cell::code(name), Cell::new(why)]);
                }
            }
        }
    }
    (broken, unknown)
}
