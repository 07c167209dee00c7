//! Writes files so that nobody ever finds half of one, whenever the program is stopped.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process;

/// Writes a file, in the place of what is there.
///
/// # Errors
/// If that is not possible; then what was there still is.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let unfinished = unfinished(path, text)?;
    fs::rename(unfinished, path)
}

/// Writes a new file into a folder, which is made if there is none: under this name with `.toml`, or if something has that name, with the next
/// free number behind it. Nothing is written over.
///
/// # Errors
/// If that is not possible.
pub(crate) fn create(folder: &Path, stem: &str, text: &str) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let named = |number: u32| match number {
        1 => folder.join(format!("{stem}.toml")),
        _ => folder.join(format!("{stem}-{number}.toml")),
    };
    let unfinished = unfinished(&named(1), text)?;
    // A link is made whole, and never over another file.
    let linked = (1..).map(named).find_map(|path| match fs::hard_link(&unfinished, &path) {
        Ok(()) => Some(Ok(path)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => None,
        Err(error) => Some(Err(error)),
    });
    fs::remove_file(unfinished)?;
    linked.expect("some number is free")
}

/// The text under a name that no other process writes to, and that is hidden from whoever walks the folder.
fn unfinished(path: &Path, text: &str) -> io::Result<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let unfinished = path.with_file_name(format!(".{name}.{}.unfinished", process::id()));
    fs::write(&unfinished, text)?;
    Ok(unfinished)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::Folder;

    #[test]
    fn a_new_file_takes_the_next_free_name_and_leaves_nothing_else_behind() {
        let folder = Folder::new("create");
        let write = |text| create(&folder.0, "case", text).expect("a file").file_name().map(|name| name.to_owned());
        assert_eq!(write("one"), Some("case.toml".into()));
        assert_eq!(write("two"), Some("case-2.toml".into()));
        assert_eq!(write("two"), Some("case-3.toml".into()));
        assert_eq!(folder.files(), ["case-2.toml", "case-3.toml", "case.toml"]);
        assert_eq!(fs::read_to_string(folder.0.join("case.toml")).expect("text"), "one");
    }

    #[test]
    fn a_file_is_replaced_as_a_whole() {
        let folder = Folder::new("replace");
        let path = folder.write("case.toml", "old");
        replace(&path, "new").expect("it can be written");
        assert_eq!(
            (fs::read_to_string(path).expect("text").as_str(), folder.files()),
            ("new", vec!["case.toml".to_owned()])
        );
        assert!(replace(&folder.0.join("gone/case.toml"), "new").is_err());
    }
}
