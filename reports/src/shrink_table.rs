//! How small failures become: a table.

use std::fmt::Write;

use serde_json::{Value, json};
use shaketable_sim::time::Span;

use crate::shrunk::{Shrunk, shrunk_json};
use crate::text::{counted, grouped, long_span};

/// So few faults a person can hold in mind.
const FAULTS: u64 = 5;

/// So few operations.
const OPERATIONS: u64 = 6;

/// Failures that were found by search and made smaller.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShrinkTable {
    /// How long each could take.
    pub budget: Span,
    /// What came of them.
    pub rows: Vec<ShrinkRow>,
    /// The scenarios in which no seed failed.
    pub not_found: Vec<String>,
}

/// One failure that was made smaller.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShrinkRow {
    /// What ran: `raft/forgets-vote`.
    pub protocol: String,
    /// The first seed that failed.
    pub seed: u64,
    /// What is left.
    pub shrunk: Shrunk,
    /// How long that took, by the wall clock.
    pub took: Span,
    /// Whether its file replays exactly: to the recorded digest, twice, with the same signature.
    pub exact: bool,
}

impl ShrinkRow {
    fn is_small(&self) -> bool {
        self.shrunk.after.faults <= FAULTS && self.shrunk.after.operations <= OPERATIONS
    }
}

impl ShrinkTable {
    fn small(&self) -> u64 {
        self.rows.iter().filter(|row| row.is_small()).count() as u64
    }

    fn exact(&self) -> u64 {
        self.rows.iter().filter(|row| row.exact).count() as u64
    }

    /// The lower of the two in the middle, if there are two; zero of none.
    fn median(&self) -> Span {
        let mut times: Vec<Span> = self.rows.iter().map(|row| row.took).collect();
        times.sort_unstable();
        times.get(times.len().saturating_sub(1) / 2).copied().unwrap_or(Span::ZERO)
    }
}

/// The table in Markdown, with its sum above it.
pub fn shrink_table_markdown(table: &ShrinkTable) -> String {
    let mut text = format!(
        "Of {}, each by the first seed that fails, {} shrank to at most {FAULTS} faults and {OPERATIONS} operations within {}; {} replay exactly. The median took {}.\n\n",
        counted(table.rows.len() as u64, "failure"),
        grouped(table.small()),
        long_span(table.budget),
        grouped(table.exact()),
        long_span(table.median()),
    );
    text.push_str("| what fails | how | seed | was | is | in | runs | time | small | exact |\n");
    text.push_str("|---|---|--:|---|---|---|--:|--:|---|---|\n");
    for row in &table.rows {
        let Shrunk { before, after, runs, signature, .. } = &row.shrunk;
        let size = |faults, operations| format!("{}, {}", counted(faults, "fault"), counted(operations, "operation"));
        let world = format!("{}, {}", counted(after.nodes, "node"), counted(after.events, "event"));
        let _ = writeln!(
            text,
            "| `{}` | {signature} | {} | {} | {} | {world} | {} | {} | {} | {} |",
            row.protocol,
            row.seed,
            size(before.faults, before.operations),
            size(after.faults, after.operations),
            grouped(*runs),
            long_span(row.took),
            yes(row.is_small()),
            yes(row.exact),
        );
    }
    if !table.not_found.is_empty() {
        let _ = writeln!(text, "\nNo seed failed in: {}.", table.not_found.join(", "));
    }
    text
}

fn yes(holds: bool) -> &'static str {
    if holds { "yes" } else { "no" }
}

/// The table for programs. Spans are in nanoseconds.
pub fn shrink_table_json(table: &ShrinkTable) -> Value {
    let row = |row: &ShrinkRow| {
        json!({
            "protocol": row.protocol,
            "seed": row.seed,
            "shrunk": shrunk_json(&row.shrunk),
            "took": row.took.as_nanos(),
            "small": row.is_small(),
            "exact": row.exact,
        })
    };
    json!({
        "v": 1,
        "budget": table.budget.as_nanos(),
        "small": table.small(),
        "exact": table.exact(),
        "median": table.median().as_nanos(),
        "rows": table.rows.iter().map(row).collect::<Vec<_>>(),
        "not-found": table.not_found,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shrunk::Size;

    fn row(protocol: &str, faults: u64, operations: u64, took: u64, exact: bool) -> ShrinkRow {
        let before = Size { faults: 94, operations: 1_099, nodes: 5, clients: 4, events: 4_000, span: Span::secs(20) };
        let after = Size { faults, operations, nodes: 3, clients: 1, events: 32, span: Span::secs(1) };
        let shrunk = Shrunk {
            right: None,
            case: "negative/some.toml".to_owned(),
            to: "out/some.toml".to_owned(),
            seed: 9,
            signature: "invariant/election-safety".to_owned(),
            before,
            after,
            runs: 26_010,
            spent: false,
            interrupted: false,
            story: Vec::new(),
            reproduce: "shaketable replay out/some.toml".to_owned(),
        };
        ShrinkRow { protocol: protocol.to_owned(), seed: 5, shrunk, took: Span::millis(took), exact }
    }

    fn table() -> ShrinkTable {
        let rows = vec![
            row("raft/forgets-vote", 1, 0, 700, true),
            row("raft/commits-old-term", 6, 4, 30_100, true),
            row("ring/tag-reused", 5, 6, 2_400, false),
        ];
        ShrinkTable { budget: Span::secs(30), rows, not_found: vec!["negative/other.toml".to_owned()] }
    }

    #[test]
    fn the_table_says_how_small_and_how_fast() {
        insta::assert_snapshot!(shrink_table_markdown(&table()));
    }

    #[test]
    fn programs_get_the_same_numbers() {
        let value = shrink_table_json(&table());
        assert_eq!(
            (&value["small"], &value["exact"], &value["median"]),
            (&json!(2), &json!(2), &json!(2_400_000_000_u64))
        );
        assert_eq!(value["rows"][1]["small"], json!(false));
        let none = ShrinkTable { rows: Vec::new(), ..table() };
        assert_eq!(shrink_table_json(&none)["median"], json!(0));
    }
}
