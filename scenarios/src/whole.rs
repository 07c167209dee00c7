//! Files that are there whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::process;

/// Writes a file in one step: whoever looks finds what was there before or all of `text`, even if this process is killed or the machine loses power.
/// Its folder is made if need be. Two may write the same file at once; one of them will have written it.
///
/// # Errors
/// If it cannot be written; then nothing has changed.
pub(crate) fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // Hidden, and with a name that no other machine or process is likely to use: a killed process leaves it behind.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder.join(format!(".{name}.{}-{:08x}", process::id(), rand::random::<u32>()));
    let written = fill(&beside, text).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // It may never have been made.
        let _ = fs::remove_file(&beside);
        return written;
    }
    // Not every file system can sync a folder; the file itself is on disk by now.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

/// A new file with this text, on disk when this returns.
fn fill(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::Folder;

    #[test]
    fn a_file_is_replaced_in_one_step_and_nothing_is_left_beside_it() {
        let folder = Folder::new("whole");
        let path = folder.0.join("a/b.txt");
        for text in ["first", "second, and longer", ""] {
            write_whole(&path, text).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(fs::read_dir(folder.0.join("a")).unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_be_written_leaves_what_was_there() {
        let folder = Folder::new("whole-not");
        let occupied = folder.write("folder/file", "x");
        let path = occupied.parent().unwrap();
        assert!(write_whole(path, "y").is_err(), "a folder was replaced by a file");
        assert_eq!(folder.files(), ["folder"]);
        assert_eq!(fs::read_to_string(&occupied).unwrap(), "x");
    }
}
