//! Reports for people, in files.

use std::path::{Component, Path, PathBuf, absolute};

use shaketable_reports::Document;

use crate::cli::{Report, ReportFile, Written};
use crate::terminal::tell;
use crate::whole::{can_hold, can_write, write_whole};

impl Report {
    /// Whether it can be written where it is wanted. Better asked before hours of work than after.
    pub(crate) fn can_be_written(&self) -> bool {
        self.report.as_ref().is_none_or(|file| said(file, can_write(&file.path)))
    }

    /// Writes it if it is wanted. Whether nothing went wrong.
    pub(crate) fn write(&self, document: impl FnOnce() -> Document) -> bool {
        self.report.as_ref().is_none_or(|file| {
            let folder = file.path.parent().unwrap_or(Path::new(""));
            let text = match file.shape {
                Written::Page => document().html(|page| address(Path::new(page), folder)),
                Written::Markdown => document().markdown(),
            };
            said(file, write_whole(&file.path, &text))
        })
    }
}

/// Whether what is met on the way can be kept in this folder; if not, that is told. Better asked before hours of work than after.
pub(crate) fn can_be_kept_in(folder: &Path) -> bool {
    let can = can_hold(folder);
    if let Err(error) = &can {
        tell(&format!("error: cannot write into {}: {error}\n", folder.display()));
    }
    can.is_ok()
}

fn said(file: &ReportFile, done: std::io::Result<()>) -> bool {
    if let Err(error) = &done {
        tell(&format!("error: cannot write {}: {error}\n", file.path.display()));
    }
    done.is_ok()
}

/// The address of a file for a page in this folder. None if nobody can say.
fn address(file: &Path, folder: &Path) -> Option<String> {
    let (file, folder) = (plain(file)?, plain(folder)?);
    let mut file = file.as_slice();
    let mut up = folder.as_slice();
    while let ([one, rest @ ..], [other, others @ ..]) = (file, up)
        && one == other
    {
        (file, up) = (rest, others);
    }
    let steps = up.iter().map(|_| "..".to_owned()).chain(file.iter().map(|name| escaped(name)));
    Some(steps.collect::<Vec<_>>().join("/"))
}

/// The names on the way to a file, from the root; none if there is a step back among them.
fn plain(path: &Path) -> Option<Vec<String>> {
    // The empty path is where we are.
    let path = if path.as_os_str().is_empty() { PathBuf::from(".") } else { path.to_owned() };
    let mut names = Vec::new();
    for component in absolute(path).ok()?.components() {
        match component {
            Component::Normal(name) => names.push(name.to_str()?.to_owned()),
            Component::ParentDir => return None,
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    Some(names)
}

/// A name as a part of an address.
fn escaped(name: &str) -> String {
    let letter = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    name.bytes().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_found_from_wherever_the_report_is() {
        let address = |file: &str, folder: &str| address(Path::new(file), Path::new(folder));
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(address("out/a.html", "out"), some("a.html"));
        assert_eq!(address("out/a.html", ""), some("out/a.html"));
        assert_eq!(address("./out/a.html", "reports/today"), some("../../out/a.html"));
        assert_eq!(address("/x/out/a b?.html", "/x/y"), some("../out/a%20b%3F.html"));
        assert_eq!(address("out/a.html", "../elsewhere"), None);
    }
}
