//! A probability over time, in block characters.

use std::iter;

use shaketable_sim::time::{Instant, Span};

use crate::blame::{Blamed, Onset, Point};
use crate::text::width;

/// How many columns time has.
const COLUMNS: u64 = 70;

/// How many rows the probability has.
const ROWS: u64 = 8;

/// Parts of a row, from none to all of it.
const PARTS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// What happens within a part of the whole as small as this is drawn again by itself.
const SMALL: u64 = 10;

/// The probability of a failure over its run, and below it where it became likely (`L`) and certain (`C`; `*` where both). Between two events that were looked at,
/// it is drawn as it was at the earlier one. If it turned within a small part of the run, that part is drawn once more.
pub(crate) fn plot(blamed: &Blamed) -> String {
    let whole = Window { from: Instant::ZERO, to: blamed.seen_at };
    let mut text = drawn(blamed, whole);
    if let Some(close) = turning(blamed).filter(|close| close.length() < whole.length() / SMALL) {
        text += "\n";
        text += &drawn(blamed, close);
    }
    text
}

fn drawn(blamed: &Blamed, window: Window) -> String {
    let heights: Vec<u64> = (0..COLUMNS).map(|column| height(&blamed.points, window.end(column))).collect();
    let mut text = String::new();
    for row in (0..ROWS).rev() {
        let label = match row {
            _ if row == ROWS - 1 => "100%",
            _ if row == ROWS / 2 - 1 => "50%",
            _ => "",
        };
        let cell = |height: &u64| PARTS[height.saturating_sub(row * 8).min(8) as usize];
        let cells: String = heights.iter().map(cell).collect();
        text += format!("  {label:>4} │{cells}").trim_end();
        text += "\n";
    }
    text += &format!("    0% └{}\n", "─".repeat(COLUMNS as usize));
    let marks = marks(blamed, window);
    if !marks.trim().is_empty() {
        text += format!("        {marks}").trim_end();
        text += "\n";
    }
    let (from, to) = (window.from.to_string(), window.to.to_string());
    let gap = (COLUMNS as usize).saturating_sub(width(&from) + width(&to));
    text += &format!("        {from}{}{to}\n", " ".repeat(gap));
    text
}

/// A part of a run, as wide as all columns.
#[derive(Clone, Copy)]
struct Window {
    from: Instant,
    to: Instant,
}

impl Window {
    /// In nanoseconds; never none.
    fn length(self) -> u64 {
        self.to.since(self.from).as_nanos().max(1)
    }

    /// The column of a time that lies in it.
    fn column(self, at: Instant) -> Option<usize> {
        let since = u128::from(at.since(self.from).as_nanos()) * u128::from(COLUMNS) / u128::from(self.length());
        (self.from <= at && at <= self.to).then_some(since.min(u128::from(COLUMNS) - 1) as usize)
    }

    /// The last moment of a column.
    fn end(self, column: u64) -> Instant {
        let since = (u128::from(self.length()) * u128::from(column + 1)).div_ceil(u128::from(COLUMNS));
        self.from + Span::nanos(since as u64)
    }
}

/// From before the failure became likely until after it became certain, with some room on both sides.
fn turning(blamed: &Blamed) -> Option<Window> {
    let (Onset::At(likely), Onset::At(certain)) = (&blamed.likely, &blamed.certain) else { return None };
    let length = certain.after.at.since(likely.before.at);
    let room = Span::nanos((length.as_nanos() / 3).max(1_000_000));
    let from = likely.before.at.since(Instant::ZERO).as_nanos().saturating_sub(room.as_nanos());
    Some(Window { from: Instant::nanos(from), to: (certain.after.at + room).min(blamed.seen_at) })
}

/// The probability at a time, in parts of a row. What is not impossible is seen.
fn height(points: &[Point], at: Instant) -> u64 {
    let point = points.iter().rev().find(|point| point.at <= at);
    point.map_or(0, |point| (point.failing * ROWS * 8).div_ceil(point.of))
}

fn marks(blamed: &Blamed, window: Window) -> String {
    let mut marks: Vec<char> = iter::repeat_n(' ', COLUMNS as usize).collect();
    for (letter, onset) in [('L', &blamed.likely), ('C', &blamed.certain)] {
        if let Onset::At(turn) = onset
            && let Some(place) = window.column(turn.after.at)
        {
            marks[place] = if marks[place] == ' ' { letter } else { '*' };
        }
    }
    marks.into_iter().collect()
}
