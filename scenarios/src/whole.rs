//! Files that are there whole or not at all, whenever the program is stopped.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process;

/// Writes a file in one step: whoever looks finds what was there before or all of `text`, even if this process is killed or the machine loses power.
/// Its folder is made if need be. Two may write the same file at once; one of them will have written it.
///
/// # Errors
/// If it cannot be written; then nothing has changed.
pub(crate) fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let beside = Beside::new(path, text)?;
    fs::rename(&beside.0, path)?;
    settle(folder_of(path));
    Ok(())
}

/// Writes a new file into a folder, as [`write_whole`] does: under this name with `.toml`, or if another file has that name, with the next free number
/// behind it. Nothing is written over; a file that has this text already will do. Says where it is, and whether it is new.
///
/// # Errors
/// If it cannot be written.
pub(crate) fn write_anew(folder: &Path, stem: &str, text: &str) -> io::Result<(PathBuf, bool)> {
    let named = |number: u64| match number {
        1 => folder.join(format!("{stem}.toml")),
        _ => folder.join(format!("{stem}-{number}.toml")),
    };
    let beside = Beside::new(&named(1), text)?;
    let mut number = 1;
    loop {
        let path = named(number);
        // A link is made whole, and never over another file.
        match fs::hard_link(&beside.0, &path) {
            Ok(()) => {
                settle(folder);
                return Ok((path, true));
            }
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            Err(_) if fs::read_to_string(&path).is_ok_and(|there| there == text) => return Ok((path, false)),
            Err(_) => number += 1,
        }
    }
}

/// Whether [`write_whole`] can write this file, as far as that can be told before there is anything to write. Its folder is made if need be.
///
/// # Errors
/// Why not.
pub(crate) fn can_write(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    Beside::new(path, "").map(drop)
}

/// Whether files can be written into this folder, which need not be there yet, as far as that can be told before there are any. Nothing is made.
///
/// # Errors
/// Why not.
pub(crate) fn can_hold(folder: &Path) -> io::Result<()> {
    let there = folder.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
    Beside::new(&there.join("file"), "").map(drop)
}

/// A file beside another, on disk with all that is to be in it. Unless it takes the other's name, it is gone when this is.
struct Beside(PathBuf);

impl Beside {
    fn new(path: &Path, text: &str) -> io::Result<Beside> {
        let folder = folder_of(path);
        fs::create_dir_all(folder)?;
        // Hidden, and with a name that no other machine or process is likely to use: a killed process leaves it behind.
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let path = folder.join(format!(".{name}.{}-{:08x}", process::id(), rand::random::<u32>()));
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        let beside = Beside(path);
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        Ok(beside)
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // It may have another name by now.
        let _ = fs::remove_file(&self.0);
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a name that was given last. Not every file system can sync a folder; the file itself is on disk by now.
fn settle(folder: &Path) {
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
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

    #[test]
    fn a_new_file_takes_the_next_free_name_unless_one_says_the_same() {
        let folder = Folder::new("anew");
        let write = |text| {
            let (path, new) = write_anew(&folder.0, "case", text).expect("a file");
            (path.file_name().unwrap().to_string_lossy().into_owned(), new)
        };
        let named = |name: &str, new| (name.to_owned(), new);
        assert_eq!(write("one"), named("case.toml", true));
        assert_eq!(write("two"), named("case-2.toml", true));
        assert_eq!(write("two"), named("case-2.toml", false));
        assert_eq!(write("three"), named("case-3.toml", true));
        assert_eq!(folder.files(), ["case-2.toml", "case-3.toml", "case.toml"]);
        assert_eq!(fs::read_to_string(folder.0.join("case.toml")).expect("text"), "one");
    }

    #[test]
    fn whether_a_file_can_be_written_is_known_before_and_changes_nothing() {
        let folder = Folder::new("can-write");
        let there = folder.write("there.txt", "x");
        assert!(can_write(&there).is_ok() && can_write(&folder.0.join("new/file.txt")).is_ok());
        assert!(can_write(&folder.0).is_err(), "a folder");
        assert!(can_write(&there.join("below")).is_err(), "below a file");
        assert!(can_hold(&folder.0).is_ok() && can_hold(&folder.0.join("none/yet")).is_ok());
        assert!(can_hold(&there).is_err() && can_hold(&there.join("none/yet")).is_err(), "a file is no folder");
        assert!(!folder.0.join("none").exists());
        assert_eq!(folder.files(), ["new", "there.txt"]);
        assert_eq!(fs::read_dir(folder.0.join("new")).unwrap().count(), 0);
        assert_eq!(fs::read_to_string(&there).unwrap(), "x");
    }
}
