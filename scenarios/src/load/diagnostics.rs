//! All that is wrong with a file, shown where it stands.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use shaketable_sim::param::ParamError;

/// Everything that is wrong with one scenario file, in the order of the file.
#[derive(Debug)]
pub(crate) struct Diagnostics {
    path: PathBuf,
    text: String,
    /// Invariant: not empty, in order of position, each once.
    errors: Vec<ParamError>,
}

/// What quotes a user's text is cut after so many characters.
const LONGEST_MESSAGE: usize = 400;

impl Diagnostics {
    /// # Panics
    /// If nothing is wrong.
    pub(super) fn new(path: &Path, text: &str, mut errors: Vec<ParamError>) -> Diagnostics {
        assert!(!errors.is_empty(), "a file with nothing wrong has no diagnostics");
        let key = |error: &ParamError| (error.at.start, error.at.end, error.message.clone());
        errors.sort_by_key(key);
        errors.dedup_by_key(|error| key(error));
        Diagnostics { path: path.to_owned(), text: text.to_owned(), errors }
    }

    /// What is wrong, in the order of the file.
    #[cfg(test)]
    pub(crate) fn errors(&self) -> &[ParamError] {
        &self.errors
    }

    /// For people: with colours if they look at a terminal.
    pub(crate) fn render(&self, coloured: bool) -> String {
        let renderer = if coloured { Renderer::styled() } else { Renderer::plain() };
        let shown: Vec<String> = self.errors.iter().map(|error| self.render_one(&renderer, error)).collect();
        shown.join("\n\n") + "\n"
    }

    /// The line and column of a mistake, both from 1; the column counts characters.
    pub(crate) fn position(&self, error: &ParamError) -> (usize, usize) {
        let before = &self.text[..self.within(&error.at).start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    fn render_one(&self, renderer: &Renderer, error: &ParamError) -> String {
        let at = self.within(&error.at);
        // Only the lines that matter are handed over, so that a huge file costs no more than a small one.
        let start = self.text[..at.start].rfind('\n').map_or(0, |newline| newline + 1);
        let end = self.text[at.end..].find('\n').map_or(self.text.len(), |newline| at.end + newline);
        let path = shown(&self.path.to_string_lossy());
        let [before, itself, after] =
            [&self.text[start..at.start], &self.text[at.clone()], &self.text[at.end..end]].map(shown);
        let marked = before.len()..before.len() + itself.len();
        let source = [before, itself, after].concat();
        let snippet = Snippet::source(&source)
            .line_start(self.position(error).0)
            .path(&path)
            .annotation(AnnotationKind::Primary.span(marked));
        let message = cut(&error.message);
        let mut group = Level::ERROR.primary_title(&message).element(snippet);
        // Of a title, whoever draws it does this; of a help not.
        let tame = |text: &str| cut(text).replace(|letter: char| letter.is_control() && letter != '\n', "\u{fffd}");
        let help = error.help.as_deref().map(tame);
        if let Some(help) = &help {
            group = group.element(Level::HELP.message(help));
        }
        renderer.render(&[group])
    }

    /// A place that certainly lies in the text, between whole characters.
    fn within(&self, at: &Range<usize>) -> Range<usize> {
        let start = self.text.floor_char_boundary(at.start);
        start..self.text.ceil_char_boundary(at.end.min(self.text.len())).max(start)
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}

/// A text without what some terminals obey, though hardly anybody knows it: the control characters behind ASCII, of which one is as good as an escape
/// with a bracket. Whoever draws the text sees to the others.
fn shown(text: &str) -> String {
    text.replace(|letter| matches!(letter, '\u{80}'..='\u{9f}'), "\u{fffd}")
}

fn cut(text: &str) -> String {
    let text = &shown(text);
    match text.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_told_nothing_that_it_would_obey() {
        let text = "\u{9b}31m\u{8d} \u{1b}[31m x";
        let at = text.find('x').expect("it is there");
        let error = ParamError::new(at..at + 1, format!("unknown {text}")).help(text);
        let shown = Diagnostics::new(Path::new("x.toml"), text, vec![error]).render(false);
        assert!(!shown.contains(|letter: char| letter.is_control() && letter != '\n'), "{}", shown.escape_debug());
        let (source, marked) = (shown.lines().nth(3).expect("a line"), shown.lines().nth(4).expect("a line"));
        assert_eq!(source.chars().position(|letter| letter == 'x'), marked.chars().position(|letter| letter == '^'));
    }
}
