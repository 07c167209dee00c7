//! A block of a report: a title, and labelled lines below it.

use crate::document::Told;
use crate::summary::Split;
use crate::text::{Style, Tint, counted, grouped, width};

/// A title and labelled lines below it.
pub(crate) struct Block {
    tint: Tint,
    title: String,
    of: String,
    text: String,
    page: Option<String>,
    style: Style,
}

impl Block {
    pub(crate) fn new(style: Style) -> Block {
        let (title, of, text) = (String::new(), String::new(), String::new());
        Block { tint: Tint::None, title, of, text, page: None, style }
    }

    pub(crate) fn title(&mut self, tint: Tint, title: &str, of: &str) {
        let colon = if of.is_empty() { "" } else { ":" };
        (self.tint, self.title, self.of) = (tint, format!("{title}{colon}"), of.to_owned());
    }

    pub(crate) fn line(&mut self, label: &str, text: &str) {
        let gap = " ".repeat(12_usize.saturating_sub(width(label)));
        let label = self.style.paint(Tint::Faint, label);
        self.text.push_str(format!("  {label}{gap}{text}").trim_end());
        self.text.push('\n');
    }

    pub(crate) fn lines(&mut self, label: &str, lines: &[String]) {
        for (place, line) in lines.iter().enumerate() {
            self.line(if place == 0 { label } else { "" }, line);
        }
    }

    /// Lines that belong to the one above, without a label.
    pub(crate) fn lines_below(&mut self, lines: &[String]) {
        lines.iter().for_each(|line| self.line("", line));
    }

    pub(crate) fn reproduce(&mut self, command: &str) {
        self.text.push_str(&format!("reproduce: {}\n", self.style.paint(Tint::Strong, command)));
    }

    pub(crate) fn page(&mut self, path: &str) {
        self.page = Some(path.to_owned());
    }

    /// For a terminal.
    pub(crate) fn done(self) -> String {
        let Block { tint, title, of, text, page, style } = self;
        let head = format!("{} {}", style.paint(tint, &title), style.paint(Tint::Strong, &of));
        let head = if title.is_empty() { String::new() } else { format!("{}\n", head.trim_end()) };
        let page = page.map_or(String::new(), |path| format!("page:      {path}\n"));
        format!("{head}{text}{page}")
    }

    /// For a document.
    pub(crate) fn told(self) -> Told {
        let Block { tint, title, of, text, page, .. } = self;
        Told { tint, title: format!("{title} {of}").trim_end().to_owned(), text, page }
    }
}

/// Where two runs from one seed part.
pub(crate) fn where_they_part(block: &mut Block, split: &Split) {
    match split {
        Split::Event { event, first, second } => {
            let over = || "(the run is over)".to_owned();
            block.line("event", &grouped(*event));
            block.line("first run", &first.clone().unwrap_or_else(over));
            block.line("second run", &second.clone().unwrap_or_else(over));
        }
        Split::Hidden { lines } => {
            block.line("event", &format!("two further runs, traced, were the same for {}", counted(*lines, "line")))
        }
    }
}
