//! Where a report goes.

use std::path::PathBuf;

use clap::Args;

/// A report for people, besides what is printed.
#[derive(Args, Clone, Debug)]
pub(crate) struct Report {
    /// A file for a report of all of it: one page if its name ends with `.html`, Markdown if with `.md`
    #[arg(long, value_parser = parse, value_name = "FILE")]
    pub(crate) report: Option<ReportFile>,
}

/// A file for a report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ReportFile {
    pub(crate) path: PathBuf,
    pub(crate) shape: Written,
}

/// What a report is written in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Written {
    /// One page of HTML.
    Page,
    /// Markdown.
    Markdown,
}

fn parse(text: &str) -> Result<ReportFile, String> {
    let path = PathBuf::from(text);
    let shape = match path.extension().and_then(|extension| extension.to_str()) {
        Some("html" | "htm") => Written::Page,
        Some("md" | "markdown") => Written::Markdown,
        _ => return Err("a report is a page, `NAME.html`, or Markdown, `NAME.md`".to_owned()),
    };
    Ok(ReportFile { path, shape })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_is_written() {
        let shape = |text: &str| parse(text).map(|file| file.shape);
        assert_eq!((shape("a.html"), shape("x/y.md")), (Ok(Written::Page), Ok(Written::Markdown)));
        for wrong in ["report", "a.pdf", ".html", ""] {
            assert!(shape(wrong).is_err(), "{wrong}");
        }
    }
}
