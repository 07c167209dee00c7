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
        let path = self.path.to_string_lossy();
        let snippet = Snippet::source(&self.text[start..end])
            .line_start(self.position(error).0)
            .path(&*path)
            .annotation(AnnotationKind::Primary.span(at.start - start..at.end - start));
        let message = cut(&error.message);
        let mut group = Level::ERROR.primary_title(&message).element(snippet);
        let help = error.help.as_deref().map(cut);
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

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
