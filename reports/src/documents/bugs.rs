//! The kill matrix, measured: how many seeds planted bugs take to be caught, and by which checks.

use crate::document::{Bar, Cell, Document, Part, Section, Table, logarithm};
use crate::matrix::{Matrix, Power, table};
use crate::text::{Tint, counted, grouped};

impl Matrix {
    /// The matrix, for people.
    pub fn document(&self) -> Document {
        let (within, alone) = self.within;
        let caught = self.rows.iter().filter(|row| row.all.median().is_some()).count() as u64;
        let bugs = counted(self.rows.len() as u64, "scenario");
        let verdict = match self.rows.len() as u64 {
            done if self.left_out > 0 => (
                Tint::Doubtful,
                format!(
                    "interrupted: {} of {} were measured",
                    grouped(done),
                    counted(done + self.left_out, "scenario")
                ),
            ),
            0 => (Tint::Doubtful, "nothing was measured".to_owned()),
            all if caught == all => (Tint::Good, format!("all {bugs} catch their bug")),
            all => (
                Tint::Doubtful,
                format!("{} of {bugs} catch their bug in less than half of the sweeps", grouped(all - caught)),
            ),
        };
        let facts = [
            ("sweeps each", grouped(self.sweeps)),
            ("seeds at most", grouped(within)),
            ("with some of the checks", grouped(alone)),
        ];
        let facts = facts.map(|(name, text)| (name.to_owned(), text)).into();
        let lead = "Seeds until the first violation: the median of the sweeps, and the least and the most of them. The bars have equal steps where the number doubles.";
        let mut table = table(self);
        for (cells, row) in table.rows.iter_mut().zip(&self.rows) {
            for (cell, (power, most)) in
                cells[1..].iter_mut().zip([(&row.all, within), (&row.invariants, alone), (&row.history, alone)])
            {
                decorate(cell, power, most);
            }
        }
        let checks = Section::of("By check", vec![Part::Table(by_check(self))]);
        let matrix = Section::of("Kill matrix", vec![Part::Text(lead.to_owned()), Part::Table(table)]);
        Document {
            title: "Planted bugs".to_owned(),
            verdict,
            facts,
            sections: matrix.into_iter().chain(checks).collect(),
        }
    }
}

fn decorate(cell: &mut Cell, power: &Power, most: u64) {
    let whole = logarithm(most).max(1);
    let place = |seeds: u64| (logarithm(seeds) * 1_000 / whole).min(1_000);
    match (power.seeds.first(), power.seeds.last()) {
        (Some(&least), Some(&most)) => {
            cell.bar = Some(Bar { from: place(least), to: place(most), mark: power.median().map(place) });
        }
        _ => cell.tint = Tint::Doubtful,
    }
}

/// How many of the bugs are caught by how much of the checks.
fn by_check(matrix: &Matrix) -> Table {
    let mut table = Table::new(["checks", "#bugs caught by most sweeps", "#by some", "#never"]);
    let all = matrix.rows.len() as u64;
    let mut row = |name: &str, powers: Vec<&Power>| {
        let most = powers.iter().filter(|power| power.median().is_some()).count() as u64;
        let never = powers.iter().filter(|power| power.seeds.is_empty()).count() as u64;
        table.rows.push(vec![
            Cell::new(name),
            Cell::number(most).share(most, all),
            Cell::number(all - most - never),
            Cell::number(never),
        ]);
    };
    if all > 0 {
        row("all checks", matrix.rows.iter().map(|row| &row.all).collect());
        row("invariants alone", matrix.rows.iter().map(|row| &row.invariants).collect());
        row("clients' history alone", matrix.rows.iter().map(|row| &row.history).collect());
    }
    table
}
