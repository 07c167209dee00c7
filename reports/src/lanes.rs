//! Operations as bars, a lane for each process, over the order of their events: as wide as their labels need, and no wider than asked.
//!
//! Only order counts: how far two events are apart in the picture says nothing.

use crate::text::{Style, Tint, width, wrapped};

/// An operation in the picture.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bar {
    /// Whose it is: the name of its lane.
    pub lane: String,
    /// What is written on it.
    pub label: String,
    /// What else there is to say of it.
    pub note: String,
    /// When it begins. No two events have the same number.
    pub from: u32,
    /// When it ends; none if nobody knows.
    pub to: Option<u32>,
    /// How it is to be looked at.
    pub part: Part,
}

/// What an operation has to do with what is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// It is the one to look at.
    Culprit,
    /// It matters.
    Story,
    /// It does not matter, and is there so that one knows where one is.
    Context,
}

/// A picture, and what the letters in it stand for: nothing, if the bars have their labels.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lanes {
    /// A line for each lane.
    pub picture: String,
    /// A line for each letter.
    pub legend: String,
}

/// Draws bars, in the order of their beginnings: with their labels, if they fit into so many columns; else with letters, which are explained below; and
/// if even these do not fit, without the earliest.
pub fn lanes(bars: &[Bar], columns: usize, style: Style) -> Lanes {
    let labels: Vec<String> = bars.iter().map(|bar| bar.label.clone()).collect();
    let picture = Picture::of(bars, &labels);
    if picture.columns() <= columns {
        return Lanes { picture: picture.drawn(style), legend: String::new() };
    }
    let mut shown = bars.to_vec();
    loop {
        let letters: Vec<String> = (0..shown.len()).map(letter).collect();
        let picture = Picture::of(&shown, &letters);
        match shown.iter().position(|bar| bar.part != Part::Culprit) {
            Some(earliest) if picture.columns() > columns => _ = shown.remove(earliest),
            _ => {
                let hidden = match bars.len() - shown.len() {
                    0 => String::new(),
                    hidden => format!("  (without the {hidden} earliest)\n"),
                };
                return Lanes { picture: picture.drawn(style) + &hidden, legend: legend(&shown, &letters, columns) };
            }
        }
    }
}

/// What letters stand for.
fn legend(bars: &[Bar], letters: &[String], columns: usize) -> String {
    let widest = bars.iter().map(|bar| width(&bar.label)).max().unwrap_or(0).min(columns / 2);
    let mut text = String::new();
    for (bar, letter) in bars.iter().zip(letters) {
        let gap = " ".repeat(widest.saturating_sub(width(&bar.label)));
        let line = format!("{}{gap}   {}", bar.label, bar.note);
        let words = line.trim_end().split(' ').map(str::to_owned);
        let indent = width(letter) + 4;
        text += &format!("  {letter}  {}\n", wrapped(words, indent, columns));
    }
    text
}

/// `a`, `b`, …, `z`, `aa`, `ab`, …
fn letter(number: usize) -> String {
    let last = char::from(b'a' + (number % 26) as u8);
    if number < 26 { last.to_string() } else { format!("{}{last}", letter(number / 26 - 1)) }
}

/// Where everything goes.
struct Picture<'a> {
    bars: &'a [Bar],
    labels: &'a [String],
    /// The rows, each with its name and its bars.
    rows: Vec<(&'a str, Vec<usize>)>,
    /// The first and last column of each bar.
    spans: Vec<(usize, usize)>,
    /// The width of the names of rows.
    margin: usize,
}

impl<'a> Picture<'a> {
    fn of(bars: &'a [Bar], labels: &'a [String]) -> Picture<'a> {
        let rows = rows(bars);
        let margin = rows.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
        Picture { bars, labels, spans: spans(bars, labels), rows, margin }
    }

    fn columns(&self) -> usize {
        let end = self.spans.iter().map(|&(_, end)| end + 1).max().unwrap_or(0);
        // The mark of the culprit stands behind its bar.
        2 + self.margin + 2 + end + 2
    }

    fn drawn(&self, style: Style) -> String {
        let mut text = String::new();
        for (name, places) in &self.rows {
            let gap = " ".repeat(self.margin - width(name));
            let mut line = format!("  {}{gap}  ", style.paint(Tint::Faint, name));
            let mut column = 0;
            for &place in places {
                let (from, to) = self.spans[place];
                line += &" ".repeat(from - column);
                line += &self.bar(place, to - from + 1, style);
                column = to + 1;
            }
            text += &line;
            text.push('\n');
        }
        text
    }

    /// A bar of so many columns: `├ read → 3 ──┤`.
    fn bar(&self, place: usize, columns: usize, style: Style) -> String {
        let (bar, label) = (&self.bars[place], &self.labels[place]);
        let (fill, left, right) = match (bar.part, bar.to) {
            (Part::Culprit, _) => ("═", "╞", "╡"),
            (Part::Story, Some(_)) => ("─", "├", "┤"),
            (Part::Context, Some(_)) => ("·", "╶", "╴"),
            (Part::Story, None) => ("╌", "├", "╌"),
            (Part::Context, None) => ("·", "╶", "·"),
        };
        let rest = columns - width(label) - 4;
        let text = format!("{left} {label} {}{right}", fill.repeat(rest));
        match bar.part {
            Part::Culprit => style.paint(Tint::Bad, &format!("{text} ✗")),
            Part::Story => text,
            Part::Context => style.paint(Tint::Faint, &text),
        }
    }
}

/// The rows: one for each lane, in the order in which lanes begin; another for bars that overlap one of the same lane.
fn rows(bars: &[Bar]) -> Vec<(&str, Vec<usize>)> {
    let mut rows: Vec<(&str, Vec<usize>)> = Vec::new();
    for (place, bar) in bars.iter().enumerate() {
        let free = |&(name, ref places): &(&str, Vec<usize>)| {
            let over = |&before: &usize| bars[before].to.is_some_and(|to| to < bar.from);
            name == bar.lane && places.last().is_none_or(over)
        };
        match rows.iter().position(free) {
            Some(row) => rows[row].1.push(place),
            None => rows.push((&bar.lane, vec![place])),
        }
    }
    rows
}

/// The first and the last column of each bar: events in their order, each in a column of its own, and room for every label.
fn spans(bars: &[Bar], labels: &[String]) -> Vec<(usize, usize)> {
    let mut events: Vec<(u32, usize, bool)> = Vec::new();
    for (place, bar) in bars.iter().enumerate() {
        events.push((bar.from, place, true));
        events.extend(bar.to.map(|to| (to, place, false)));
    }
    events.sort_unstable();
    let need = |place: usize| width(&labels[place]) + 3;
    let mut spans = vec![(0, 0); bars.len()];
    let mut next = 0;
    for (_, place, begins) in events {
        if begins {
            spans[place].0 = next;
            next += 1;
        } else {
            let end = next.max(spans[place].0 + need(place));
            spans[place].1 = end;
            // What follows the culprit must leave room for its mark.
            next = end + if bars[place].part == Part::Culprit { 3 } else { 1 };
        }
    }
    // Those without an end reach beyond all others.
    let open = |place: &usize| bars[*place].to.is_none();
    let last = (0..bars.len()).map(|place| if open(&place) { spans[place].0 + need(place) } else { spans[place].1 });
    let last = last.max().unwrap_or(0);
    (0..bars.len()).filter(open).for_each(|place| spans[place].1 = last);
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(lane: &str, label: &str, from: u32, to: Option<u32>) -> Bar {
        let note = format!("by {lane}");
        Bar { lane: lane.to_owned(), label: label.to_owned(), note, from, to, part: Part::Story }
    }

    fn stale() -> Vec<Bar> {
        vec![
            bar("c1", "write 1", 0, Some(3)),
            bar("c2", "write 2", 1, None),
            Bar { part: Part::Context, ..bar("c3", "read → 2", 2, Some(7)) },
            bar("c10", "read → 2", 4, Some(5)),
            Bar { part: Part::Culprit, ..bar("c1", "read → 1", 6, Some(8)) },
        ]
    }

    #[test]
    fn bars_lie_in_lanes_in_the_order_of_their_events() {
        insta::assert_snapshot!(lanes(&stale(), 80, Style::Plain).picture);
    }

    #[test]
    fn what_does_not_fit_loses_its_labels_and_then_its_beginning() {
        let mut many: Vec<Bar> = (0..40).map(|n| bar("c1", &format!("write {n}"), 2 * n, Some(2 * n + 1))).collect();
        many.push(Bar { part: Part::Culprit, ..bar("c2", "read → 1", 77, Some(90)) });
        let pictures = [(&stale()[..], 40), (&many[..], 80)];
        let drawn = pictures.map(|(bars, columns)| {
            let Lanes { picture, legend } = lanes(bars, columns, Style::Plain);
            let widest = picture.lines().map(width).max();
            assert!(widest <= Some(columns), "{widest:?} columns of {columns}:\n{picture}");
            picture + "\n" + &legend
        });
        insta::assert_snapshot!(drawn.join("\n---\n"));
    }

    #[test]
    fn a_process_that_gave_an_operation_up_has_two_rows() {
        let bars = [bar("c1", "write 1", 0, None), bar("c1", "write 2", 1, Some(2))];
        let text = lanes(&bars, 80, Style::Plain).picture;
        assert_eq!(text.lines().filter(|line| line.contains("c1")).count(), 2, "{text}");
    }

    #[test]
    fn events_keep_their_order_whatever_is_written_on_them() {
        for labels in [["a", "bbbbbbbbbbbbbbbbbb", "c"], ["aaaaaaaaaaaaaaa", "b", "ccccccc"]] {
            let ends = [(0, 3), (1, 5), (2, 4)];
            let bars: Vec<Bar> =
                labels.iter().zip(ends).map(|(label, (from, to))| bar(label, label, from, Some(to))).collect();
            let spans = spans(&bars, &labels.map(str::to_owned));
            let mut events: Vec<(u32, usize)> = Vec::new();
            for ((from, to), (begin, end)) in ends.into_iter().zip(spans) {
                events.extend([(from, begin), (to, end)]);
            }
            events.sort_unstable();
            assert!(events.windows(2).all(|pair| pair[0].1 < pair[1].1), "{events:?}");
        }
    }
}
