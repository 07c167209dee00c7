//! Saves failing runs as scenario files, at once, so that nothing is lost if the sweep is stopped.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use shaketable_reports::Side;
use shaketable_sim::run::Run;
use shaketable_sim::spec::any::Any;

use crate::attempt::Subject;
use crate::load::load;
use crate::scenario::{Expect, Expected, Scenario};
use crate::tables::Tables;

/// Writes a failing run as a scenario file.
pub(crate) type Render = fn(&Scenario, &Run<Any>) -> String;

/// The folder of saved cases.
pub(crate) struct Cases {
    folder: PathBuf,
    render: Render,
    tables: Tables,
    /// What was written here for each scenario, side and signature: the cheapest run so far.
    written: BTreeMap<(PathBuf, Side, String), PathBuf>,
    /// What could not be saved, and why.
    pub(crate) troubles: Vec<String>,
}

/// The command that runs one seed of a scenario.
pub(crate) fn from_seed(subject: Subject<'_>, seed: u64) -> String {
    // A replay is of the scenario's own protocol; a run looks at the right one, too.
    let command = match subject.side {
        Side::Own => "replay",
        Side::Right => "run",
    };
    format!("shaketable {command} {} --seed {seed}", quoted(&subject.scenario.path))
}

impl Cases {
    /// Cases go into `folder`, which is made when there is one.
    pub(crate) fn new(folder: &Path, render: Render, tables: Tables) -> Cases {
        Cases { folder: folder.to_owned(), render, tables, written: BTreeMap::new(), troubles: Vec::new() }
    }

    /// Saves a run, in the place of what was saved for the same signature before, and says how to reproduce it. What cannot be saved
    /// is reproduced from its seed.
    pub(crate) fn keep(&mut self, subject: Subject<'_>, run: &Run<Any>, signature: &str) -> String {
        let Subject { scenario, side } = subject;
        if scenario.recorded.as_ref().is_some_and(|recorded| recorded.seed == run.seed.0) {
            return format!("shaketable replay {}", quoted(&scenario.path));
        }
        let failing = match side {
            Side::Own => scenario.clone(),
            Side::Right => right(scenario),
        };
        let name = file_name(scenario, side, signature, run.seed.0);
        let saved = self.proven(&failing, run).and_then(|text| {
            let at = write_anew(&self.folder, &name, &text);
            at.map_err(|error| format!("could not save {}: {error}", self.folder.join(&name).display()))
        });
        match saved {
            Ok((path, fresh)) => {
                let key = (scenario.path.clone(), side, signature.to_owned());
                if let Some(old) = self.written.remove(&key) {
                    // A file that is not there any more need not be removed.
                    let _ = fs::remove_file(old);
                }
                if fresh {
                    self.written.insert(key, path.clone());
                }
                format!("shaketable replay {}", quoted(&path))
            }
            Err(trouble) => {
                self.troubles.push(trouble);
                from_seed(subject, run.seed.0)
            }
        }
    }

    /// The text of a case that has been read back and run: it gives the same run.
    fn proven(&self, scenario: &Scenario, run: &Run<Any>) -> Result<String, String> {
        let seed = run.seed;
        let text = (self.render)(scenario, run);
        let back = load(&scenario.path, &text, &self.tables).map_err(|wrong| {
            format!("could not save seed {seed} as a case: it does not read back: {}", wrong.render(false))
        })?;
        let again = Subject { scenario: &back, side: Side::Own }.run(seed, None);
        if again.digest == run.digest {
            Ok(text)
        } else {
            Err(format!("could not save seed {seed} of {} as a case: it runs otherwise", scenario.path.display()))
        }
    }
}

/// The scenario without its planted bug.
fn right(scenario: &Scenario) -> Scenario {
    let expect = Expect { verdict: Expected::Pass, reach: Vec::new() };
    Scenario { bug: None, expect, ..scenario.clone() }
}

/// `crashes-invariant-election-safety-17.toml`.
fn file_name(scenario: &Scenario, side: Side, signature: &str, seed: u64) -> String {
    let stem = scenario.path.file_stem().unwrap_or_default().to_string_lossy();
    let side = match side {
        Side::Own => "",
        Side::Right => "right-",
    };
    format!("{stem}-{side}{}-{seed}.toml", slug(signature))
}

/// Lower-case letters, digits and single hyphens.
fn slug(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let words: Vec<String> = words.map(str::to_ascii_lowercase).collect();
    words.join("-").chars().take(100).collect()
}

/// A path as a shell reads it.
pub(crate) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let harmless = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@%=".contains(c);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(harmless) {
        text
    } else if text.starts_with('-') {
        format!("'./{}'", text.replace('\'', r"'\''"))
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Writes a file under this name, or if another file has it, under the next free one. If a file with the same text is there, that will do.
/// Says where it is and whether it is new.
fn write_anew(folder: &Path, name: &str, text: &str) -> io::Result<(PathBuf, bool)> {
    fs::create_dir_all(folder)?;
    let stem = name.strip_suffix(".toml").unwrap_or(name);
    for number in 1_u32.. {
        let path = match number {
            1 => folder.join(name),
            _ => folder.join(format!("{stem}-{number}.toml")),
        };
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => return file.write_all(text.as_bytes()).map(|()| (path, true)),
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            Err(_) if fs::read_to_string(&path).is_ok_and(|there| there == text) => return Ok((path, false)),
            Err(_) => {}
        }
    }
    unreachable!("some number is free")
}
