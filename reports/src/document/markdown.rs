//! A document in Markdown, as GitHub shows it.

use std::fmt::Write;

use super::{Cell, Document, Part, Section, Table, Told, printable};
use crate::text::{Tint, grouped};

const ANY: &str = "a string takes any text";

impl Document {
    /// The document in Markdown.
    pub fn markdown(&self) -> String {
        let (tint, verdict) = &self.verdict;
        let mut text = format!("## {}: {}{}\n", escaped(&self.title), escaped(verdict), sign(*tint));
        if !self.facts.is_empty() {
            text += "\n| | |\n|---|---|\n";
        }
        for (name, fact) in &self.facts {
            writeln!(text, "| {} | {} |", escaped(name), escaped(fact)).expect(ANY);
        }
        // Of plots the numbers stand in a table.
        let said = |section: &&Section| section.parts.iter().any(|part| !matches!(part, Part::Plot(_)));
        for section in self.sections.iter().filter(said) {
            writeln!(text, "\n### {}", section.title).expect(ANY);
            for part in &section.parts {
                text += &written(part);
            }
        }
        text
    }
}

fn sign(tint: Tint) -> &'static str {
    match tint {
        Tint::Good => " ✅",
        Tint::Bad => " ❌",
        Tint::Doubtful => " ⚠️",
        Tint::None | Tint::Faint | Tint::Strong => "",
    }
}

fn written(part: &Part) -> String {
    match part {
        Part::Text(text) => format!("\n{}\n", escaped(text)),
        Part::Table(table) => {
            let (shown, more) = table.folded();
            let mut text = format!("\n{}", rows_of(table, shown));
            if !more.is_empty() {
                let count = grouped(more.len() as u64);
                text +=
                    &format!("\n<details><summary>{count} more</summary>\n\n{}\n</details>\n", rows_of(table, more));
            }
            text
        }
        // The numbers stand in a table.
        Part::Plot(_) => String::new(),
        Part::Told(told) => details(told),
    }
}

/// A table alone.
pub(crate) fn rows(table: &Table) -> String {
    rows_of(table, &table.rows)
}

fn rows_of(table: &Table, rows: &[Vec<Cell>]) -> String {
    let mut text = String::new();
    for head in &table.heads {
        write!(text, "| {} ", head.text).expect(ANY);
    }
    text += "|\n";
    for head in &table.heads {
        text += if head.number { "|--:" } else { "|---" };
    }
    text += "|\n";
    for row in rows {
        for cell in row {
            let said = match (cell.code, cell.text.is_empty()) {
                (true, false) => format!("`{}`", flat(&cell.text).replace('`', "'").replace('|', r"\|")),
                _ => escaped(&cell.text),
            };
            let sign = if cell.tint == Tint::Bad { sign(cell.tint) } else { "" };
            write!(text, "| {said}{sign} ").expect(ANY);
        }
        text += "|\n";
    }
    text
}

fn details(told: &Told) -> String {
    // A fence longer than any in the text.
    let longest = told.text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0).max(2);
    let fence = "`".repeat(longest + 1);
    let body = printable(told.text.trim_end());
    let title = escaped(&told.title);
    format!("\n<details><summary>{title}</summary>\n\n{fence}text\n{body}\n{fence}\n\n</details>\n")
}

fn flat(text: &str) -> String {
    printable(text).replace('\n', " ")
}

/// Text that is nothing but text, in Markdown.
fn escaped(text: &str) -> String {
    flat(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('|', r"\|")
}
