//! Finds scenario files, and reads them.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::load::load;
use crate::scenario::Scenario;
use crate::tables::Tables;

/// Why there is nothing to run.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Trouble {
    /// Something that was given is wrong: what, for people.
    Wrong(String),
    /// What was given is right, but holds no scenario.
    Nothing(String),
}

/// Reads the scenarios of these files, and of all files below these folders.
///
/// # Errors
/// All that is wrong with all of them at once; with `color` if it is for a terminal.
pub(crate) fn read_all(paths: &[PathBuf], tables: &Tables, color: bool) -> Result<Vec<Scenario>, Trouble> {
    let (files, mut wrong) = find(paths)?;
    let mut scenarios = Vec::new();
    for file in files {
        match read(&file, tables, color) {
            Ok(scenario) => scenarios.push(scenario),
            Err(error) => wrong.push(error),
        }
    }
    if wrong.is_empty() { Ok(scenarios) } else { Err(Trouble::Wrong(wrong.join("\n"))) }
}

/// Reads one scenario.
///
/// # Errors
/// Why it cannot be read, or all that is wrong with it.
pub(crate) fn read(path: &Path, tables: &Tables, color: bool) -> Result<Scenario, String> {
    let text = fs::read_to_string(path).map_err(|error| cannot_read(path, &error))?;
    load(path, &text, tables).map_err(|wrong| wrong.render(color))
}

fn cannot_read(path: &Path, error: &io::Error) -> String {
    format!("error: cannot read {}: {error}\n", path.display())
}

/// The files in the order of the paths, those of a folder sorted, each once; and the paths that cannot be read.
fn find(paths: &[PathBuf]) -> Result<(Vec<PathBuf>, Vec<String>), Trouble> {
    let is_scenario = |name: &str| name.ends_with(".toml") && name != "Cargo.toml";
    let (mut files, mut wrong, mut known) = (Vec::new(), Vec::new(), BTreeSet::new());
    let mut empty = Vec::new();
    for path in paths {
        let mut below = Vec::new();
        let found = match fs::metadata(path) {
            Ok(about) if about.is_dir() => walk(path, &is_scenario, &mut below),
            Ok(_) => {
                below.push(path.clone());
                Ok(())
            }
            Err(error) => Err((path.clone(), error)),
        };
        match found {
            Err((path, error)) => wrong.push(cannot_read(&path, &error)),
            Ok(()) if below.is_empty() => empty.push(format!("error: there is no scenario in {}\n", path.display())),
            Ok(()) => files.extend(below.into_iter().filter(|file| known.insert(file.clone()))),
        }
    }
    if wrong.is_empty() && !empty.is_empty() {
        return Err(Trouble::Nothing(empty.concat()));
    }
    Ok((files, wrong))
}

/// How the names of histories end, packed or not.
const HISTORIES: [&str; 5] = [".ndjson", ".jsonl", ".edn", ".log", ".txt"];

/// What lies beside `history.edn` in the store of Jepsen, and is none or the same in other words.
const NO_HISTORIES: [&str; 4] = ["results.edn", "test.edn", "jepsen.log", "history.txt"];

/// The files of histories, each once: in place of a folder all below it whose names end as those of histories do. And what is wrong with folders, for people: that they cannot
/// be read, or hold none.
pub(crate) fn histories(paths: &[PathBuf]) -> (Vec<PathBuf>, String) {
    let is_history = |name: &str| {
        let name = name.strip_suffix(".gz").unwrap_or(name);
        HISTORIES.iter().any(|end| name.ends_with(end)) && !NO_HISTORIES.contains(&name)
    };
    let (mut files, mut wrong, mut known) = (Vec::new(), String::new(), BTreeSet::new());
    for path in paths {
        let mut below = Vec::new();
        if !path.is_dir() {
            files.push(path.clone()); // Even twice, if somebody asks for that.
        } else if let Err((path, error)) = walk(path, &is_history, &mut below) {
            wrong += &cannot_read(&path, &error);
        } else if below.is_empty() {
            let ends = HISTORIES.map(|end| format!("*{end}")).join(", ");
            wrong += &format!("error: there is no history in {}: of a folder, {ends} are read\n", path.display());
        }
        known.extend(files.iter().cloned());
        files.extend(below.into_iter().filter(|file| known.insert(file.clone())));
    }
    (files, wrong)
}

/// All files below a folder with such names, sorted. What is hidden is left out.
fn walk(folder: &Path, is_wanted: &dyn Fn(&str) -> bool, files: &mut Vec<PathBuf>) -> Result<(), (PathBuf, io::Error)> {
    let within = |error| (folder.to_owned(), error);
    let entries = fs::read_dir(folder).map_err(within)?;
    let mut paths =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().map_err(within)?;
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        // A link to a folder is not followed: it may lead back up.
        if path.is_dir() && !path.is_symlink() {
            walk(&path, is_wanted, files)?;
        } else if path.is_file() && is_wanted(&name) {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::{Folder, tables};

    const RIGHT: &str = "protocol = \"fake\"\nnodes = 3\nduration = \"1s\"\n";

    fn names(scenarios: &[Scenario], folder: &Folder) -> Vec<String> {
        let relative = |scenario: &Scenario| scenario.path.strip_prefix(&folder.0).unwrap().display().to_string();
        scenarios.iter().map(relative).collect()
    }

    #[test]
    fn folders_are_walked_in_order_and_no_file_is_read_twice() {
        let folder = Folder::new("walk");
        for file in ["b.toml", "a/z.toml", "a/b/c.toml", "c.txt", ".hidden.toml", "Cargo.toml", "a/.git/x.toml"] {
            folder.write(file, RIGHT);
        }
        let paths = [folder.0.join("b.toml"), folder.0.clone()];
        let scenarios = read_all(&paths, &tables(), false).unwrap();
        assert_eq!(names(&scenarios, &folder), ["b.toml", "a/b/c.toml", "a/z.toml"]);
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let folder = Folder::new("wrong");
        folder.write("a.toml", "protocol = \"fakir\"\n");
        folder.write("b.toml", &RIGHT.replace("1s", "one second"));
        let paths = [folder.0.clone(), folder.0.join("gone.toml")];
        let Err(Trouble::Wrong(text)) = read_all(&paths, &tables(), false) else { panic!("it was read") };
        for part in ["fakir", "one second", "gone.toml"] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
    }

    #[test]
    fn a_folder_without_scenarios_is_no_mistake_but_tests_nothing() {
        let folder = Folder::new("empty");
        folder.write("c.txt", "");
        let nothing = format!("error: there is no scenario in {}\n", folder.0.display());
        assert_eq!(read_all(std::slice::from_ref(&folder.0), &tables(), false).err(), Some(Trouble::Nothing(nothing)));
    }
}
