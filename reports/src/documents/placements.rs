//! Placements: how evenly they spread keys, and how many move.

use crate::balance::{Balance, Survey, percent, table};
use crate::document::{Axis, Bar, Document, Part, Plot, Section, Series, Unit};
use crate::text::{Tint, counted, grouped};

impl Survey {
    /// The survey, for people.
    pub fn document(&self) -> Document {
        let fact = |name: &str, text: String| (name.to_owned(), text);
        let facts = vec![
            fact("keys", grouped(self.keys)),
            fact("virtual nodes each", self.virtual_nodes.to_string()),
            fact(
                "a bounded load is at most",
                format!("{} above the mean, in whole keys", percent(u64::from(self.slack))),
            ),
        ];
        let verdict = match self.rows.len() as u64 {
            0 => (Tint::Doubtful, "nothing was measured".to_owned()),
            rows => (Tint::None, counted(rows, "measurement")),
        };
        let balance = [
            Part::Plot(self.plot(
                "The load of the fullest node, of the mean: 100 % is even.",
                "fullest node",
                false,
                |row: &Balance| row.fullest,
            )),
            Part::Plot(self.plot(
                "The load of the emptiest node, of the mean: 100 % is even.",
                "emptiest node",
                false,
                |row: &Balance| row.emptiest,
            )),
        ];
        let movement = [
            Part::Plot(self.plot(
                "Keys that move when one more node joins, of all keys.",
                "keys that move",
                true,
                |row: &Balance| row.join.0,
            )),
            Part::Plot(self.plot(
                "Keys that move when the node leaves that joined first, of all keys.",
                "keys that move",
                true,
                |row: &Balance| row.first_leaves.0,
            )),
        ];
        let mut numbers = table(self);
        // From the emptiest to the fullest, with the mean between them.
        let most = self.rows.iter().map(|row: &Balance| row.fullest).max().unwrap_or(1);
        for (cells, row) in numbers.rows.iter_mut().zip(&self.rows) {
            let place = |load: u64| load * 1_000 / most;
            cells[2].bar =
                Some(Bar { from: place(row.emptiest), to: place(row.fullest), mark: Some(place(1_000_000)) });
        }
        let sections = [
            Section::of("Balance", balance.into()),
            Section::of("Movement", movement.into()),
            Section::of("Numbers", vec![Part::Table(numbers)]),
        ];
        Document { title: "Placements".to_owned(), verdict, facts, sections: sections.into_iter().flatten().collect() }
    }

    /// A line for each placement.
    fn plot(&self, title: &str, name: &'static str, logarithmic: bool, of: impl Fn(&Balance) -> u64) -> Plot {
        let mut series: Vec<Series> = Vec::new();
        for row in &self.rows {
            let point = (row.nodes as u64, of(row));
            match series.iter_mut().find(|series| series.name == row.placement) {
                Some(series) => series.points.push(point),
                None => series.push(Series { name: row.placement.clone(), points: vec![point] }),
            }
        }
        let x = Axis::of_numbers("nodes", true);
        Plot { title: title.to_owned(), x, y: Axis { name, logarithmic, unit: Unit::Share }, series }
    }
}
