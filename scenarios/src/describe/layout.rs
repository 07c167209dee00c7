//! Columns and line breaks.

/// Lines are broken before this column.
const WIDTH: usize = 100;

/// Stands for a space at which no line is broken.
const NO_BREAK: char = '\u{a0}';

/// Text that grows by paragraphs and by rows of two columns.
#[derive(Default)]
pub(super) struct Page(String);

impl Page {
    /// A line by itself.
    pub(super) fn line(&mut self, text: &str) {
        self.0 += &text.replace(NO_BREAK, " ");
        self.0 += "\n";
    }

    /// An empty line, unless there is nothing above it.
    pub(super) fn gap(&mut self) {
        if !self.0.is_empty() {
            self.0 += "\n";
        }
    }

    /// A paragraph that is indented as a whole.
    pub(super) fn paragraph(&mut self, indent: usize, text: &str) {
        for line in wrap(text, WIDTH - indent) {
            self.line(&format!("{:indent$}{line}", ""));
        }
    }

    /// A name, and beside it a paragraph that begins `column` characters behind the indent. A name that is too long stands above.
    pub(super) fn row(&mut self, indent: usize, column: usize, name: &str, text: &str) {
        let mut lines = wrap(text, WIDTH - indent - column).into_iter();
        let first = if name.chars().count() + 2 <= column { lines.next().unwrap_or_default() } else { String::new() };
        self.line(format!("{:indent$}{name:column$}{first}", "").trim_end());
        lines.for_each(|line| self.line(&format!("{:1$}{line}", "", indent + column)));
    }

    /// All of it.
    pub(super) fn text(self) -> String {
        self.0
    }
}

/// How wide the column must be in which all of these names have room.
pub(super) fn column<'a>(names: impl IntoIterator<Item = &'a str>) -> usize {
    let longest = names.into_iter().map(|name| name.chars().count()).max().unwrap_or(0);
    longest.min(30) + 2
}

/// A text within which no line is broken.
pub(super) fn unbroken(text: &str) -> String {
    text.replace(' ', &NO_BREAK.to_string())
}

/// Breaks a text between words. A word that is longer than a line has one to itself.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split([' ', '\n']).filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                *line += " ";
                *line += word;
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_hang_in_their_column_and_long_names_stand_above() {
        let mut page = Page::default();
        page.row(2, 8, "short", &"word ".repeat(25));
        page.row(2, 8, "rather-long", "text");
        let text = page.text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], format!("  short   {}", "word ".repeat(18).trim_end()));
        assert_eq!(lines[1], format!("          {}", "word ".repeat(7).trim_end()));
        assert_eq!(lines[2..], ["  rather-long", "          text"]);
    }
}
