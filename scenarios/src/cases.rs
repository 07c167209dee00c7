//! Saves failing runs as scenario files: at once, so that nothing is lost if the sweep is stopped, or with the results of a shard.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use shaketable_reports::page::page;
use shaketable_reports::{Side, Tested};
use shaketable_sim::rng::Seed;
use shaketable_sim::run::Run;
use shaketable_sim::spec::any::Any;

use crate::attempt::Subject;
use crate::counts::Again;
use crate::files::read;
use crate::load::load;
use crate::record::record;
use crate::scenario::{Expect, Expected, Scenario};
use crate::strategy::Strategy;
use crate::tables::Tables;
use crate::whole::{write_anew, write_whole};

/// How many violations of a sweep are drawn at most.
pub(crate) const MOST_DRAWN: usize = 20;

/// Writes a failing run as a scenario file.
pub(crate) type Render = fn(&Scenario, &Run<Any>) -> String;

/// Where failing runs are kept.
pub(crate) struct Cases {
    pub(crate) folder: PathBuf,
    render: Render,
    tables: Tables,
    /// What was written by earlier sweeps of the same work.
    earlier: Vec<PathBuf>,
    /// How trouble was looked for, by scenario, side and signature.
    strategies: BTreeMap<(String, Side, String), Strategy>,
    keeping: Keeping,
    /// What could not be saved, and why.
    pub(crate) troubles: Vec<String>,
}

enum Keeping {
    /// In files, at once. What was written for each scenario, side and signature: the cheapest run so far.
    InFiles(BTreeMap<(PathBuf, Side, String), PathBuf>),
    /// With the results: whoever merges them writes the files that are wanted.
    InResults,
}

/// A run that is drawn.
pub(crate) struct Exhibit<'a> {
    /// Whose run it is.
    pub(crate) side: Side,
    /// What it violates.
    pub(crate) signature: &'a str,
    /// Its seed.
    pub(crate) seed: u64,
    /// The command that gives it again, if that is not to be worked out.
    pub(crate) reproduce: Option<&'a str>,
}

/// The command that runs one seed of a scenario.
pub(crate) fn from_seed(scenario: &Path, strategy: Strategy, side: Side, seed: u64) -> String {
    // A replay is of the scenario's own protocol; a run looks at the right one, too.
    let command = match side {
        Side::Own => "replay",
        Side::Right => "run",
    };
    format!("shaketable {command} {} --seed {seed}{}", quoted(scenario), strategy.option())
}

impl Cases {
    /// Cases go into `folder`, which is made when there is one.
    pub(crate) fn new(folder: &Path, render: Render, tables: Tables) -> Cases {
        let keeping = Keeping::InFiles(BTreeMap::new());
        Cases {
            folder: folder.to_owned(),
            render,
            tables,
            keeping,
            earlier: Vec::new(),
            strategies: BTreeMap::new(),
            troubles: Vec::new(),
        }
    }

    /// Cases stay with the results until they are [put](Cases::put) into `folder`.
    pub(crate) fn for_later(folder: &Path, render: Render, tables: Tables) -> Cases {
        Cases { keeping: Keeping::InResults, ..Cases::new(folder, render, tables) }
    }

    /// Keeps a run, in the place of what was kept for the same signature before, and says how to see it again. What cannot be saved
    /// is reproduced from its seed.
    pub(crate) fn keep(&mut self, subject: Subject<'_>, run: &Run<Any>, signature: &str) -> Again {
        let Subject { scenario, side } = subject;
        if scenario.recorded.as_ref().is_some_and(|recorded| recorded.seed == run.seed.0) {
            return Again::Command(format!("shaketable replay {}", quoted(&scenario.path)));
        }
        let failing = match side {
            Side::Own => scenario.clone(),
            Side::Right => right(scenario),
        };
        let text = match self.proven(&failing, run) {
            Ok(text) => text,
            Err(trouble) => {
                self.troubles.push(trouble);
                return Again::Command(from_seed(&scenario.path, scenario.strategy, side, run.seed.0));
            }
        };
        let Keeping::InFiles(_) = self.keeping else { return Again::Case(text) };
        let written = self.write(&scenario.path, side, signature, run.seed.0, &text);
        let key = (scenario.path.clone(), side, signature.to_owned());
        if let (Keeping::InFiles(files), Some((path, fresh))) = (&mut self.keeping, &written) {
            if let Some(old) = files.remove(&key) {
                // A file that is not there any more need not be removed.
                let _ = fs::remove_file(old);
            }
            if *fresh {
                files.insert(key, path.clone());
            }
        }
        let file = written.map(|(path, _)| path);
        Again::Command(command(file.as_deref(), &scenario.path, scenario.strategy, side, run.seed.0))
    }

    /// What was written so far stays where it is, whatever else is met from here on, but for what none of these commands names.
    pub(crate) fn settle(&mut self, told: &[&str]) {
        let Keeping::InFiles(files) = &mut self.keeping else { return };
        self.earlier.extend(std::mem::take(files).into_values());
        self.earlier.retain(|path| {
            let replay = format!("shaketable replay {}", quoted(path));
            let is_told = told.contains(&replay.as_str());
            if !is_told {
                // A file that is not there any more need not be removed.
                let _ = fs::remove_file(path);
            }
            is_told
        });
    }

    /// Writes a case that was kept with the results into the folder, and says how to reproduce it. `scenario` is what failed, and how its trouble was looked for.
    pub(crate) fn put(
        &mut self,
        (scenario, strategy): (&Path, Strategy),
        side: Side,
        signature: &str,
        seed: u64,
        text: &str,
    ) -> String {
        let written = self.write(scenario, side, signature, seed, text).map(|(path, _)| path);
        command(written.as_deref(), scenario, strategy, side, seed)
    }

    /// Where a case is now, and whether its file is new; none if it cannot be written.
    fn write(
        &mut self,
        scenario: &Path,
        side: Side,
        signature: &str,
        seed: u64,
        text: &str,
    ) -> Option<(PathBuf, bool)> {
        let name = stem(scenario, side, signature, seed);
        match write_anew(&self.folder, &name, text) {
            Ok(written) => Some(written),
            Err(error) => {
                self.troubles.push(format!("could not save {name} in {}: {error}", self.folder.display()));
                None
            }
        }
    }

    /// Keeps in mind how trouble was looked for when a scenario met a violation, should it be [drawn](Cases::draw).
    pub(crate) fn remember(&mut self, (scenario, strategy): (&str, Strategy), side: Side, signature: &str) {
        self.strategies.insert((scenario.to_owned(), side, signature.to_owned()), strategy);
    }

    /// Writes a page beside the cases for each violation that is told of these scenarios, as far as they can be read.
    pub(crate) fn draw<'t>(&mut self, scenarios: impl ExactSizeIterator<Item = &'t mut Tested>) {
        let alone = scenarios.len() == 1;
        let told = scenarios.filter(|tested| tested.is_told(alone)).flat_map(|tested| {
            let name = tested.name.clone();
            tested.violations.iter_mut().map(move |found| (name.clone(), found))
        });
        for (name, found) in told.take(MOST_DRAWN) {
            let key = (name.clone(), found.side, found.signature.clone());
            let strategy = self.strategies.get(&key).copied().unwrap_or_default();
            let example = &found.example;
            let kept = Exhibit {
                side: found.side,
                signature: &found.signature,
                seed: example.seed,
                reproduce: Some(&example.reproduce),
            };
            found.example.page = self.draw_one(Path::new(&name), strategy, &kept);
        }
    }

    /// Writes a page of one run of a scenario or a case, and says where it is; none if that cannot be done.
    pub(crate) fn draw_one(&mut self, path: &Path, strategy: Strategy, kept: &Exhibit<'_>) -> Option<String> {
        let scenario = read(path, &self.tables, false).and_then(|scenario| scenario.by(strategy)).ok()?;
        let seed = Seed(kept.seed);
        let mut run = record(Subject { scenario: &scenario, side: kept.side }, seed, &self.tables);
        if let Some(reproduce) = kept.reproduce {
            reproduce.clone_into(&mut run.reproduce);
        }
        // A case is named after what it shows already.
        let stem = match (&scenario.recorded, kept.side) {
            (Some(_), Side::Own) => path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            _ => stem(&scenario.path, kept.side, kept.signature, kept.seed),
        };
        let file = self.folder.join(format!("{stem}.html"));
        match write_whole(&file, &page(&run.shown("this run"), None)) {
            Ok(()) => Some(file.display().to_string()),
            Err(error) => {
                self.troubles.push(format!("could not write {}: {error}", file.display()));
                None
            }
        }
    }

    /// Saves a run of a scenario's own protocol, and leaves what was saved before. Says where it is.
    ///
    /// # Errors
    /// If it cannot be written, or does not run the same when it is read back.
    pub(crate) fn save(&self, scenario: &Scenario, run: &Run<Any>, signature: &str) -> Result<PathBuf, String> {
        let name = stem(&scenario.path, Side::Own, signature, run.seed.0);
        let written = write_anew(&self.folder, &name, &self.proven(scenario, run)?);
        let cannot = |error| format!("could not save {name} in {}: {error}", self.folder.display());
        written.map(|(path, _)| path).map_err(cannot)
    }

    /// The text of a case that has been read back and run: it gives the same run.
    ///
    /// # Errors
    /// If it does not.
    pub(crate) fn proven(&self, scenario: &Scenario, run: &Run<Any>) -> Result<String, String> {
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

/// The command that replays what was written, or if nothing was, runs the seed again.
fn command(written: Option<&Path>, scenario: &Path, strategy: Strategy, side: Side, seed: u64) -> String {
    match written {
        Some(path) => format!("shaketable replay {}", quoted(path)),
        None => from_seed(scenario, strategy, side, seed),
    }
}

/// The scenario without its planted bug.
fn right(scenario: &Scenario) -> Scenario {
    let expect = Expect { verdict: Expected::Pass, reach: Vec::new() };
    Scenario { bug: None, expect, ..scenario.clone() }
}

/// `crashes-invariant-election-safety-17`.
fn stem(scenario: &Path, side: Side, signature: &str, seed: u64) -> String {
    let name = scenario.file_stem().unwrap_or_default().to_string_lossy();
    let side = match side {
        Side::Own => "",
        Side::Right => "right-",
    };
    format!("{name}-{side}{}-{seed}", slug(signature))
}

/// Lower-case letters, digits and single hyphens.
pub(crate) fn slug(text: &str) -> String {
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
