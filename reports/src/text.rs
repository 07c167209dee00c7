//! Text for people: colours, numbers and spans, columns.

use std::fmt::Write;

use shaketable_sim::time::Span;

/// How a report looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// Text alone.
    Plain,
    /// With the colours of a terminal.
    Color,
}

/// What a colour means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tint {
    /// As it comes.
    None,
    /// As expected.
    Good,
    /// Wrong.
    Bad,
    /// Neither.
    Doubtful,
    /// Of less interest.
    Faint,
    /// Of most interest.
    Strong,
}

impl Style {
    /// `text` in the colour of `tint`.
    pub fn paint(self, tint: Tint, text: &str) -> String {
        let code = match tint {
            Tint::Good => "32",
            Tint::Bad => "1;31",
            Tint::Doubtful => "33",
            Tint::Faint => "2",
            Tint::Strong => "1",
            Tint::None => return text.to_owned(),
        };
        match self {
            Style::Color if !text.is_empty() => format!("\x1b[{code}m{text}\x1b[0m"),
            _ => text.to_owned(),
        }
    }
}

/// A number with a comma before every third digit from the right: `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A span in the two largest units that it has; seconds are rounded, what is smaller than a shown unit is left out: `3d 4h`, `1h 40min`, `8min 20s`, `12.3s`, `250ms`.
pub(crate) fn long_span(span: Span) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    // A run ends with its last event, a moment before its time is up: many such moments must not cost a minute.
    let seconds = (span + Span::millis(500)).as_nanos() / 1_000_000_000;
    for pair in UNITS.windows(2) {
        let ((large, large_name), (small, small_name)) = (pair[0], pair[1]);
        if seconds >= large {
            let (whole, rest) = (seconds / large, seconds % large / small);
            return if rest == 0 {
                format!("{whole}{large_name}")
            } else {
                format!("{whole}{large_name} {rest}{small_name}")
            };
        }
    }
    let step = if span >= Span::secs(1) { 100_000_000 } else { 1_000_000 };
    Span::nanos(span.as_nanos() / step * step).to_string()
}

/// `1 seed`, `2 seeds`.
pub fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// A cell of a table.
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) tint: Tint,
}

/// Rows as wide as their widest cells: the first and the last column start at their left, those between end at their right.
pub(crate) fn table(rows: &[Vec<Cell>], style: Style) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| width(&cell.text)).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            let gap = " ".repeat(widths[column] - width(&cell.text));
            let painted = style.paint(cell.tint, &cell.text);
            match column {
                0 => write!(text, "{painted}{gap}"),
                _ if column + 1 == columns => write!(text, "   {painted}"),
                _ => write!(text, "   {gap}{painted}"),
            }
            .expect("a string takes any text");
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

/// Words in lines of at most `limit` characters, each after the first indented by `indent`.
pub(crate) fn wrapped(words: impl Iterator<Item = String>, indent: usize, limit: usize) -> String {
    let mut text = String::new();
    let mut column = indent;
    for word in words {
        if column > indent && column + 1 + width(&word) > limit {
            text.push('\n');
            text.push_str(&" ".repeat(indent));
            column = indent;
        } else if column > indent {
            text.push(' ');
            column += 1;
        }
        column += width(&word);
        text.push_str(&word);
    }
    text
}

pub(crate) fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_third_digit_has_a_comma() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (12_345, "12,345"),
            (1_234_567, "1,234,567"),
            (100_000, "100,000"),
        ] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(counted(1, "seed"), "1 seed");
        assert_eq!(counted(1_000, "seed"), "1,000 seeds");
    }

    #[test]
    fn long_spans_have_two_units() {
        for (span, text) in [
            (Span::ZERO, "0s"),
            (Span::micros(250_999), "250ms"),
            (Span::millis(12_345), "12.3s"),
            (Span::secs(60), "1min"),
            (Span::millis(999), "999ms"),
            (Span::millis(59_499), "59.4s"),
            (Span::millis(59_500), "1min"),
            (Span::millis(499_900), "8min 20s"),
            (Span::secs(6_000), "1h 40min"),
            (Span::secs(3_601), "1h"),
            (Span::secs(4 * 86_400 + 3_700), "4d 1h"),
        ] {
            assert_eq!(long_span(span), text);
        }
    }

    #[test]
    fn words_wrap_before_the_limit() {
        let words = || ["alpha", "beta", "gamma"].into_iter().map(str::to_owned);
        assert_eq!(wrapped(words(), 2, 80), "alpha beta gamma");
        assert_eq!(wrapped(words(), 2, 12), "alpha beta\n  gamma");
    }

    #[test]
    fn columns_line_up_whatever_their_colour() {
        let cell = |text: &str, tint| Cell { text: text.to_owned(), tint };
        let rows = [
            vec![cell("a", Tint::None), cell("1,000", Tint::Good), cell("fine", Tint::Good)],
            vec![cell("long", Tint::None), cell("7", Tint::Bad), cell("", Tint::None)],
        ];
        assert_eq!(table(&rows, Style::Plain), "a      1,000   fine\nlong       7\n");
        assert_eq!(
            table(&rows, Style::Color),
            "a      \x1b[32m1,000\x1b[0m   \x1b[32mfine\x1b[0m\nlong       \x1b[1;31m7\x1b[0m\n"
        );
    }
}
