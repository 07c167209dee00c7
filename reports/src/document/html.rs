//! A document as one page of HTML that needs no network, no other file and no script.

use std::fmt::Write;

use super::{Bar, Cell, Document, Part, Section, Table, Told, plot, printable};
use crate::text::{Tint, grouped};

const ANY: &str = "a string takes any text";

impl Document {
    /// The document as a page. `link` says where a file is from there, and nothing of one that cannot be reached.
    pub fn html(&self, link: impl Fn(&str) -> Option<String>) -> String {
        let title = escaped(&self.title);
        let (tint, verdict) = &self.verdict;
        let (tint, verdict) = (class(*tint), escaped(verdict));
        let mut text = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
             <title>{title}: {verdict} · Shaketable</title>\n<style>\n{}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n<p class=\"verdict {tint}\">{verdict}</p>\n",
            include_str!("style.css")
        );
        if !self.facts.is_empty() {
            text += "<dl>\n";
        }
        for (name, fact) in &self.facts {
            writeln!(text, "<div><dt>{}</dt><dd>{}</dd></div>", escaped(name), escaped(fact)).expect(ANY);
        }
        if !self.facts.is_empty() {
            text += "</dl>\n";
        }
        text += "<nav aria-label=\"Sections\">\n";
        for (place, section) in self.sections.iter().enumerate() {
            writeln!(text, "<a href=\"#s{place}\">{}</a>", escaped(section.title)).expect(ANY);
        }
        text += "</nav>\n</header>\n<main>\n";
        for (place, section) in self.sections.iter().enumerate() {
            text += &written(place, section, &link);
        }
        text + "</main>\n</body>\n</html>\n"
    }
}

fn written(place: usize, section: &Section, link: &impl Fn(&str) -> Option<String>) -> String {
    let title = escaped(section.title);
    let mut text = format!("<section aria-labelledby=\"s{place}\">\n<h2 id=\"s{place}\">{title}</h2>\n");
    for part in &section.parts {
        text += &match part {
            Part::Text(words) => format!("<p>{}</p>\n", escaped(words)),
            Part::Table(table) => {
                let (shown, more) = table.folded();
                let mut text = rows_of(section.title, table, shown);
                if !more.is_empty() {
                    let count = grouped(more.len() as u64);
                    let name = format!("{}, the others", section.title);
                    text += &format!(
                        "<details>\n<summary>{count} more</summary>\n{}</details>\n",
                        rows_of(&name, table, more)
                    );
                }
                text
            }
            Part::Plot(plot) => plot::drawn(plot),
            Part::Told(told) => details(told, link),
        };
    }
    text + "</section>\n"
}

fn rows_of(name: &str, table: &Table, rows: &[Vec<Cell>]) -> String {
    // What is too wide can be moved, by keyboard too.
    let name = escaped(name);
    let mut text = format!(
        "<div class=\"wide\" role=\"region\" aria-label=\"{name}, as a table\" tabindex=\"0\">\n<table>\n<thead><tr>"
    );
    for head in &table.heads {
        let number = if head.number { " class=\"number\"" } else { "" };
        write!(text, "<th scope=\"col\"{number}>{}</th>", escaped(head.text)).expect(ANY);
    }
    text += "</tr></thead>\n<tbody>\n";
    for row in rows {
        text += "<tr>";
        for (head, cell) in table.heads.iter().zip(row) {
            text += &cell_of(head.number, cell);
        }
        text += "</tr>\n";
    }
    text + "</tbody>\n</table>\n</div>\n"
}

fn cell_of(number: bool, cell: &Cell) -> String {
    let words = match (cell.code, cell.text.is_empty()) {
        (true, false) => format!("<code>{}</code>", escaped(&cell.text)),
        _ => escaped(&cell.text),
    };
    let classes = [if number { "number" } else { "" }, class(cell.tint)];
    let classes: Vec<&str> = classes.into_iter().filter(|class| !class.is_empty()).collect();
    let class = if classes.is_empty() { String::new() } else { format!(" class=\"{}\"", classes.join(" ")) };
    format!("<td{class}>{words}{}</td>", cell.bar.map(bar).unwrap_or_default())
}

fn bar(bar: Bar) -> String {
    let Bar { from, to, mark } = bar;
    // What is there is seen, however small it is.
    let width = to.saturating_sub(from).max(6);
    let from = from.min(1_000 - width.min(1_000));
    let mark = mark.map(|at| format!("<line x1=\"{at}\" x2=\"{at}\" y1=\"0\" y2=\"10\"/>")).unwrap_or_default();
    format!(
        "<svg class=\"bar\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect x=\"{from}\" y=\"2\" width=\"{width}\" height=\"6\"/>{mark}</svg>"
    )
}

fn details(told: &Told, link: &impl Fn(&str) -> Option<String>) -> String {
    let (tint, title) = (class(told.tint), escaped(&told.title));
    let page = told.page.as_deref().map(|page| match link(page) {
        Some(address) => format!("<p><a href=\"{}\">the run, event by event</a></p>\n", escaped(&address)),
        None => format!("<p>the run, event by event: <code>{}</code></p>\n", escaped(page)),
    });
    let (page, body) = (page.unwrap_or_default(), escaped(told.text.trim_end()));
    format!(
        "<details open=\"\">\n<summary class=\"{tint}\">{title}</summary>\n{page}<pre tabindex=\"0\" role=\"region\" aria-label=\"{title}\">{body}</pre>\n</details>\n"
    )
}

fn class(tint: Tint) -> &'static str {
    match tint {
        Tint::Good => "good",
        Tint::Bad => "bad",
        Tint::Doubtful => "doubtful",
        Tint::Faint => "faint",
        Tint::None | Tint::Strong => "",
    }
}

/// Text that is nothing but text, in elements and in their attributes.
pub(super) fn escaped(text: &str) -> String {
    printable(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
