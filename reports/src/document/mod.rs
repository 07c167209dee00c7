//! A document for people: what many runs came to, to be read as a page of HTML or as Markdown.
//!
//! What is to be said is put together once, as a [`Document`]. Both ways of writing it down say the same, but for the pictures: bars and plots are on the
//! page alone, beside the numbers that they draw.

mod html;
mod markdown;
mod plot;

use shaketable_sim::time::Span;

use crate::text::{Tint, counted, grouped, long_span};

pub(crate) use markdown::rows as markdown_rows;
pub(crate) use plot::{Axis, Plot, Series, Unit, logarithm};

/// How many things are told at length. There is a command that shows the others.
const TOLD: usize = 20;

/// How many bytes they take together. GitHub shows no summary of more than a megabyte.
const ROOM: usize = 800_000;

/// Of a table of more rows than the second, only the first so many are shown at once.
const SHOWN: usize = 15;
const MANY: usize = 30;

/// What many runs came to, for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Document {
    pub(crate) title: String,
    pub(crate) verdict: (Tint, String),
    /// What is good to know first, by name.
    pub(crate) facts: Vec<(String, String)>,
    pub(crate) sections: Vec<Section>,
}

/// How fast it went. That depends on the machine and on what else it does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pace {
    /// How long it took.
    pub elapsed: Span,
    /// On how many threads.
    pub threads: u64,
}

/// A part of a document, with a head of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Section {
    pub(crate) title: &'static str,
    pub(crate) parts: Vec<Part>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    /// A paragraph.
    Text(String),
    Table(Table),
    Plot(Plot),
    Told(Told),
}

/// Something that is told at length.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Told {
    pub(crate) tint: Tint,
    pub(crate) title: String,
    /// In lines as wide as those of a terminal.
    pub(crate) text: String,
    /// A file that shows it.
    pub(crate) page: Option<String>,
}

/// A table with a row of heads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Table {
    pub(crate) heads: Vec<Head>,
    /// Each with a cell for each head.
    pub(crate) rows: Vec<Vec<Cell>>,
}

/// The head of a column.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Head {
    pub(crate) text: &'static str,
    /// Numbers stand at the right.
    pub(crate) number: bool,
}

/// A cell of a table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) tint: Tint,
    /// Whether it is a name or a command: something that is typed.
    pub(crate) code: bool,
    pub(crate) bar: Option<Bar>,
}

/// A bar below the text of a cell, in thousandths of the cell's width.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Bar {
    pub(crate) from: u64,
    pub(crate) to: u64,
    /// Where a line stands that the bar is to be compared with.
    pub(crate) mark: Option<u64>,
}

impl Cell {
    pub(crate) fn new(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), tint: Tint::None, code: false, bar: None }
    }

    pub(crate) fn code(text: impl Into<String>) -> Cell {
        Cell { code: true, ..Cell::new(text) }
    }

    pub(crate) fn number(number: u64) -> Cell {
        Cell::new(grouped(number))
    }

    pub(crate) fn tinted(self, tint: Tint) -> Cell {
        Cell { tint, ..self }
    }

    /// With a bar from nothing to this share of a whole.
    pub(crate) fn share(self, part: u64, whole: u64) -> Cell {
        let to = u128::from(part) * 1_000 / u128::from(whole.max(1));
        Cell { bar: Some(Bar { from: 0, to: to.min(1_000) as u64, mark: None }), ..self }
    }
}

impl Table {
    /// The rows that are shown at once, and the others.
    fn folded(&self) -> (&[Vec<Cell>], &[Vec<Cell>]) {
        self.rows.split_at(if self.rows.len() > MANY { SHOWN } else { self.rows.len() })
    }

    /// A table with these heads; those that begin with `#` are of columns of numbers.
    pub(crate) fn new<const COLUMNS: usize>(heads: [&'static str; COLUMNS]) -> Table {
        let head = |text: &'static str| match text.strip_prefix('#') {
            Some(text) => Head { text, number: true },
            None => Head { text, number: false },
        };
        Table { heads: heads.map(head).into(), rows: Vec::new() }
    }
}

impl Section {
    /// One that is left out if it has nothing to say.
    pub(crate) fn of(title: &'static str, parts: Vec<Part>) -> Option<Section> {
        let says = |part: &Part| match part {
            Part::Table(table) => !table.rows.is_empty(),
            Part::Plot(plot) => !plot.series.is_empty(),
            Part::Text(text) => !text.is_empty(),
            Part::Told(_) => true,
        };
        let parts: Vec<Part> = parts.into_iter().filter(says).collect();
        (!parts.is_empty()).then_some(Section { title, parts })
    }
}

/// As many of these as there is room for, and how many are left out.
pub(crate) fn told(all: Vec<Told>) -> Vec<Part> {
    let mut left = all.len();
    let mut room = ROOM;
    let mut parts = Vec::new();
    for told in all.into_iter().take(TOLD) {
        let Some(rest) = room.checked_sub(told.text.len()) else { break };
        room = rest;
        left -= 1;
        parts.push(Part::Told(told));
    }
    if left > 0 {
        parts.push(Part::Text(format!("And {left} more, not shown here.")));
    }
    parts
}

impl Pace {
    /// How fast so many runs were, with so many events, over so much simulated time.
    pub(crate) fn facts(self, runs: u64, events: u64, simulated: Span) -> Vec<(String, String)> {
        let nanos = u128::from(self.elapsed.as_nanos()).max(1);
        let rate = |count: u128| grouped(u64::try_from(count * 1_000_000_000 / nanos).unwrap_or(u64::MAX));
        let seconds = u128::from(simulated.as_nanos()) / 1_000_000_000;
        let took = format!("{} on {}", long_span(self.elapsed), counted(self.threads, "thread"));
        [
            ("took", took),
            ("runs a second", rate(runs.into())),
            ("events a second", rate(events.into())),
            ("simulated seconds a second", rate(seconds)),
        ]
        .map(|(name, text)| (name.to_owned(), text))
        .into()
    }
}

/// Text without what moves a cursor.
fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() && letter != '\n' { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests;
