//! `shaketable merge`: the shards of a sweep, put together.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use shaketable_reports::Exit;

use super::run::{report, warn};
use crate::case;
use crate::cases::Cases;
use crate::cli::{self, Look};
use crate::report::can_be_kept_in;
use crate::shards::{self, Flaw, Refusal, Sheet};
use crate::sweep::summary;
use crate::tables::Tables;
use crate::terminal::tell;

/// Reads the shards that `args` name, and prints what came of the whole sweep.
///
/// # Errors
/// If it cannot be printed.
pub(super) fn merge(args: &cli::Merge, look: &Look, tables: Tables) -> io::Result<Exit> {
    if !args.report.can_be_written() || !can_be_kept_in(&args.out) {
        return Ok(Exit::Usage);
    }
    let merged = read_all(&args.paths).and_then(|read| shards::merge(&read));
    let parts = match merged {
        Ok(parts) => parts,
        Err(Refusal { exit, text }) => {
            tell(&text);
            return Ok(exit);
        }
    };
    let mut cases = Cases::new(&args.out, case::render, tables);
    let mut summary = summary(parts, &mut cases);
    cases.draw(summary.scenarios.iter_mut());
    warn(&cases);
    report(&summary, None, &args.report, args.format, look)
}

/// Reads these files, and of these folders all that are called like files of shards.
fn read_all(paths: &[PathBuf]) -> Result<Vec<(PathBuf, Sheet)>, Refusal> {
    let (mut files, mut refusals) = (Vec::new(), Vec::new());
    for path in paths {
        refusals.extend(find(path, &mut files).err().map(|error| cannot_read(path, &error)));
    }
    let mut read = Vec::new();
    for path in files {
        match read_one(&path) {
            Ok(sheet) => read.push((path, sheet)),
            Err(refusal) => refusals.push(refusal),
        }
    }
    let all = |one: Refusal, other: Refusal| Refusal { exit: one.exit.or(other.exit), text: one.text + &other.text };
    refusals.into_iter().reduce(all).map_or(Ok(read), Err)
}

/// A file by itself is taken whatever its name; folders are walked.
fn find(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !fs::metadata(path)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut entries = fs::read_dir(path)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        // A link to a folder is not followed: it may lead back up.
        if entry.file_type()?.is_dir() {
            find(&entry.path(), files)?;
        } else if Sheet::is_file_name(&entry.file_name().to_string_lossy()) {
            files.push(entry.path());
        }
    }
    Ok(())
}

fn read_one(path: &Path) -> Result<Sheet, Refusal> {
    let bytes = fs::read(path).map_err(|error| cannot_read(path, &error))?;
    // What is no text is damaged, or something else; either way it does not parse.
    let text = String::from_utf8_lossy(&bytes);
    Sheet::parse(&text).map_err(|flaw| match flaw {
        Flaw::Foreign(why) => {
            Refusal { exit: Exit::Usage, text: format!("error: cannot merge {}: {why}\n", path.display()) }
        }
        // The shard counts as missing: it can be run again.
        Flaw::Damaged => Refusal {
            exit: Exit::Inconclusive,
            text: format!("error: {} is damaged; run this shard again\n", path.display()),
        },
    })
}

fn cannot_read(path: &Path, error: &io::Error) -> Refusal {
    Refusal { exit: Exit::Usage, text: format!("error: cannot read {}: {error}\n", path.display()) }
}
