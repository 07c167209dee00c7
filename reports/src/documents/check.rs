//! Histories from elsewhere, and what was found in them.

use crate::checked::{Checked, checked, wrong};
use crate::document::{Cell, Document, Part, Section, Table, Told, told};
use crate::summary::Exit;
use crate::text::{Style, Tint, counted, grouped};

/// How many columns pictures have on a page.
const WIDTH: usize = 110;

impl Checked {
    /// What was found in some histories, for people.
    pub fn document(all: &[Checked]) -> Document {
        let exit = all.iter().map(Checked::exit).fold(Exit::Pass, Exit::or);
        let good = all.iter().filter(|one| one.exit() == Exit::Pass).count() as u64;
        let histories = match all.len() {
            1 => "1 history".to_owned(),
            more => format!("{} histories", grouped(more as u64)),
        };
        let verdict = match (exit, all.len()) {
            (_, 0) => (Tint::Doubtful, "nothing was checked".to_owned()),
            (Exit::Pass, _) => (Tint::Good, format!("{histories}: all hold")),
            _ => (tint(exit), format!("{} of {histories} hold", grouped(good))),
        };
        let mut worst: Vec<&Checked> = all.iter().collect();
        worst.sort_by_key(|one| std::cmp::Reverse(one.exit().weight()));
        let texts = worst.iter().filter(|one| one.exit() != Exit::Pass).map(|one| Told {
            tint: tint(one.exit()),
            title: one.name.clone(),
            text: match one.judged {
                Ok(_) => checked(one, WIDTH, Style::Plain),
                Err(_) => wrong(one, Style::Plain),
            },
            page: None,
        });
        let sections = [
            Section::of("Histories", vec![Part::Table(overview(&worst))]),
            Section::of("What does not hold", told(texts.collect())),
        ];
        Document {
            title: "Check".to_owned(),
            verdict,
            facts: Vec::new(),
            sections: sections.into_iter().flatten().collect(),
        }
    }
}

fn tint(exit: Exit) -> Tint {
    match exit {
        Exit::Pass => Tint::Good,
        Exit::Inconclusive => Tint::Doubtful,
        _ => Tint::Bad,
    }
}

fn overview(all: &[&Checked]) -> Table {
    let mut table =
        Table::new(["history", "result", "level", "strongest that holds", "model", "#operations", "#keys", "format"]);
    table.rows.extend(all.iter().map(|one| {
        let result = |text: &str| Cell::new(text).tinted(tint(one.exit()));
        let name = Cell::code(&one.name);
        match &one.judged {
            Err(mistakes) => {
                let mistakes = counted(mistakes.len() as u64, "mistake");
                let mut cells = vec![name, result(&format!("cannot be read: {mistakes}"))];
                cells.resize(8, Cell::new(""));
                cells
            }
            Ok(judged) => vec![
                name,
                result(match one.exit() {
                    Exit::Pass => "holds",
                    Exit::Inconclusive => "inconclusive",
                    _ => "violated",
                }),
                Cell::new(judged.found.asked),
                Cell::new(judged.found.strongest.join(", ")),
                Cell::new(judged.model),
                Cell::number(judged.operations),
                Cell::number(judged.found.keys),
                Cell::new(judged.format),
            ],
        }
    }));
    table
}
