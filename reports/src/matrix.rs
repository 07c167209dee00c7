//! The kill matrix: how many seeds each planted bug takes to be caught, and by which checks.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::document::{Cell, Table, markdown_rows};
use crate::text::grouped;

/// The power of scenarios to catch planted bugs, measured.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Matrix {
    /// How many independent sweeps each measure is made from.
    pub sweeps: u64,
    /// How many seeds a sweep with all checks has at most, and how many one with some of them.
    pub within: (u64, u64),
    /// One for each scenario that expects a violation.
    pub rows: Vec<Row>,
    /// How many scenarios had no turn, because somebody wanted it to stop.
    pub left_out: u64,
}

/// What was measured of one scenario.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The planted bug: `raft/local-reads`.
    pub bug: String,
    /// The scenario's file.
    pub scenario: String,
    /// The violation that it expects.
    pub expected: String,
    /// With all checks.
    pub all: Power,
    /// With the protocol's invariants, and without the clients' history.
    pub invariants: Power,
    /// With the clients' history, and without the protocol's invariants.
    pub history: Power,
}

/// How many seeds it took, sweep by sweep.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Power {
    /// The seeds up to and including the first that violated anything, one number for each sweep that caught the bug. In ascending order.
    pub seeds: Vec<u64>,
    /// How many sweeps did not catch it.
    pub missed: u64,
    /// What was violated first, with the number of sweeps.
    pub signatures: BTreeMap<String, u64>,
}

impl Power {
    /// The median over all sweeps; none if at least half of them did not catch the bug.
    pub fn median(&self) -> Option<u64> {
        let all = self.seeds.len() as u64 + self.missed;
        self.seeds.get(all.saturating_sub(1) as usize / 2).copied().filter(|_| all > 0)
    }

    /// `median (least–most)`, and how many sweeps did not catch it.
    pub(crate) fn text(&self) -> String {
        let (Some(least), Some(most)) = (self.seeds.first(), self.seeds.last()) else {
            return "never".to_owned();
        };
        let range = if least == most { String::new() } else { format!(" ({}–{})", grouped(*least), grouped(*most)) };
        let missed = if self.missed == 0 { String::new() } else { format!(", missed by {}", self.missed) };
        match self.median() {
            Some(median) => format!("{}{range}{missed}", grouped(median)),
            None => format!("over half missed{range}{missed}"),
        }
    }

    fn json(&self) -> Value {
        json!({ "median": self.median(), "seeds": self.seeds, "missed": self.missed, "signatures": self.signatures })
    }
}

/// The matrix as a table of Markdown.
pub fn markdown(matrix: &Matrix) -> String {
    let Matrix { sweeps, within: (all, some), .. } = matrix;
    let text = format!(
        "Seeds until the first violation: the median of {sweeps} independent sweeps (the least and the most of them), of at most {} \
         seeds each with all checks and {} with some.\n\n",
        grouped(*all),
        grouped(*some)
    );
    text + &markdown_rows(&table(matrix))
}

/// A row for each scenario.
pub(crate) fn table(matrix: &Matrix) -> Table {
    let mut table = Table::new([
        "planted bug",
        "all checks",
        "invariants alone",
        "clients' history alone",
        "what was violated first, with all checks",
    ]);
    table.rows.extend(matrix.rows.iter().map(|row| {
        let mut first: Vec<(&String, &u64)> = row.all.signatures.iter().collect();
        first.sort_by_key(|(signature, count)| (std::cmp::Reverse(**count), (*signature).clone()));
        let first: Vec<String> = first.iter().map(|(signature, count)| format!("{signature} {count}")).collect();
        let [all, invariants, history] = [&row.all, &row.invariants, &row.history].map(|power| Cell::new(power.text()));
        vec![Cell::code(&row.bug), all, invariants, history, Cell::new(first.join(", "))]
    }));
    table
}

/// The matrix for programs.
pub fn matrix_json(matrix: &Matrix) -> Value {
    let row = |row: &Row| {
        json!({
            "bug": row.bug,
            "scenario": row.scenario,
            "expected": row.expected,
            "all": row.all.json(),
            "invariants": row.invariants.json(),
            "history": row.history.json(),
        })
    };
    json!({
        "v": 1,
        "sweeps": matrix.sweeps,
        "within": { "all": matrix.within.0, "some": matrix.within.1 },
        "rows": matrix.rows.iter().map(row).collect::<Vec<_>>(),
        "left-out": matrix.left_out,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn power(seeds: &[u64], missed: u64) -> Power {
        let signatures = [("invariant/election-safety".to_owned(), seeds.len() as u64)];
        Power {
            seeds: seeds.to_vec(),
            missed,
            signatures: signatures.into_iter().filter(|(_, count)| *count > 0).collect(),
        }
    }

    #[test]
    fn the_median_counts_sweeps_that_missed() {
        assert_eq!(power(&[1, 2, 30], 0).median(), Some(2));
        assert_eq!(power(&[1, 2, 30], 1).median(), Some(2));
        assert_eq!(power(&[1, 2], 1).median(), Some(2));
        assert_eq!(power(&[5], 2).median(), None);
        assert_eq!(power(&[], 3).median(), None);
    }

    #[test]
    fn a_matrix_is_a_table() {
        let matrix = Matrix {
            sweeps: 3,
            within: (10_000, 200),
            left_out: 0,
            rows: vec![Row {
                bug: "raft/forgets-vote".to_owned(),
                scenario: "negative/raft-forgets-vote.toml".to_owned(),
                expected: "invariant/election-safety".to_owned(),
                all: power(&[3, 12, 1_200], 0),
                invariants: power(&[3], 2),
                history: power(&[], 3),
            }],
        };
        insta::assert_snapshot!(markdown(&matrix));
        let document = matrix.document();
        insta::assert_snapshot!(document.markdown());
        let page = document.html(|_| None);
        assert_eq!(page.matches("<svg class=\"bar\"").count(), 5, "two powers, and three shares of all bugs");
        insta::assert_snapshot!(format!("{:#}", matrix_json(&matrix)));
    }
}
