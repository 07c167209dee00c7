//! What was found: for each signature of each protocol the cheapest run, saved as a case.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use shaketable_reports::{Side, Sought};
use shaketable_sim::rng::Seed;
use shaketable_sim::run::{Run, Violation};
use shaketable_sim::spec::any::Any;

use super::state::{Evidence, Find, First, Kept, State};
use super::store::Store;
use super::{Hunt, Try};
use crate::attempt::{Subject, fails_by};
use crate::files::read;
use crate::recorded::Recorded;
use crate::scenario::{Expected, Scenario};
use crate::tables::Tables;

impl Hunt<'_> {
    /// A run violates something. How many have met it before.
    pub(super) fn found(&mut self, one: &Try, run: &Run<Any>, violation: &Violation) -> u64 {
        self.state.lanes[one.lane].finding += 1;
        let (subject, signature) = (one.subject(self.scenarios), violation.signature());
        let (protocol, expected) = (subject.protocol(), expects(subject.scenario, &signature));
        let name = subject.scenario.path.display().to_string();
        let first = Some(First { scenario: name.clone(), seed: run.seed.0, run: one.place + 1 });
        let cost = (run.coverage.events, run.seed.0);
        let known = self.state.find((&protocol, &signature, expected));
        if let Ok(place) = known {
            let find = &mut self.state.finds[place];
            let before = find.runs;
            find.runs += 1;
            find.first = find.first.take().or(first);
            if cost < find.kept.cost() {
                let kept = self.kept(subject, run, &signature, name);
                let find = &mut self.state.finds[place];
                forget(&self.store.folder, &find.kept, &kept);
                find.kept = kept;
            }
            return before;
        }
        let kept = self.kept(subject, run, &signature, name);
        let find = Find { protocol, signature, expected, runs: 1, first, kept };
        insert(&mut self.state, find);
        0
    }

    /// Saves a run, at once.
    fn kept(&mut self, subject: Subject<'_>, run: &Run<Any>, signature: &str, scenario: String) -> Kept {
        let evidence = match self.cases.save(subject.scenario, run, signature) {
            Ok(path) => Evidence::Case(file_name(&path)),
            Err(trouble) => {
                self.troubles.push(trouble);
                Evidence::Seed(scenario)
            }
        };
        Kept { events: run.coverage.events, seed: run.seed.0, evidence }
    }
}

/// Takes the cases that are there into account: those of what is hunted that still fail as they say. They are there because an earlier start was killed before it could
/// keep how far it had come, because its state was lost, or because it was of another build. Says of the others why nothing follows of them.
pub(crate) fn recall(state: &mut State, scenarios: &[Scenario], store: &Store, tables: &Tables) -> Vec<String> {
    let Ok(entries) = fs::read_dir(&store.folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    let (mut troubles, mut proven) = (Vec::new(), BTreeSet::new());
    for path in paths {
        let Ok(case) = read(&path, tables, false) else { continue };
        let Some(recorded) = case.recorded.clone().filter(|recorded| recorded.shrunk_from.is_none()) else { continue };
        match judged(&case, &recorded, scenarios) {
            Ok((expected, kept)) => {
                proven.insert(file_name(&path));
                let protocol = Subject { scenario: &case, side: Side::Own }.protocol();
                take_in(state, &store.folder, Find::known(protocol, recorded.signature, expected, kept));
            }
            Err(why) => troubles.push(format!("{} is not counted: {why}", path.display())),
        }
    }
    state.finds.retain(|find| match &find.kept.evidence {
        Evidence::Case(name) if !proven.contains(name) => {
            let (case, signature) = (store.folder.join(name), &find.signature);
            if !case.exists() {
                troubles.push(format!("{} is gone: {signature} of {} is not counted", case.display(), find.protocol));
            }
            false
        }
        _ => true,
    });
    troubles
}

/// Whether the scenario that a case came from expects what the case shows, and the run that shows it.
///
/// # Errors
/// Why nothing follows of the case.
fn judged(case: &Scenario, recorded: &Recorded, scenarios: &[Scenario]) -> Result<(bool, Kept), String> {
    let Some(origin) = &recorded.scenario else {
        return Err("it does not say of which scenario it came, so nobody knows what was expected".to_owned());
    };
    let Some(scenario) = scenarios.iter().find(|scenario| scenario.origin() == *origin) else {
        let gone = if Path::new(origin).exists() { "is not hunted here" } else { "is gone" };
        return Err(format!("it came of {origin}, which {gone}"));
    };
    let run = Subject { scenario: case, side: Side::Own }.run(Seed(recorded.seed), None);
    if !fails_by(&run, &recorded.signature) {
        return Err(format!("it does not fail by {} any more, but is: {}", recorded.signature, run.verdict));
    }
    let evidence = Evidence::Case(file_name(&case.path));
    let kept = Kept { events: run.coverage.events, seed: run.seed.0, evidence };
    Ok((expects(scenario, &recorded.signature), kept))
}

/// Adds what is known from a case, unless a cheaper run is known.
fn take_in(state: &mut State, folder: &Path, find: Find) {
    match state.find(find.key()) {
        Err(_) => insert(state, find),
        Ok(place) => {
            let known = &mut state.finds[place].kept;
            let gone = matches!(&known.evidence, Evidence::Case(name) if !folder.join(name).exists());
            if gone || find.kept.cost() < known.cost() {
                forget(folder, known, &find.kept);
                *known = find.kept;
            }
        }
    }
}

fn insert(state: &mut State, find: Find) {
    if let Err(place) = state.find(find.key()) {
        state.finds.insert(place, find);
    }
}

/// Removes the case of a run in the place of which a cheaper one is kept.
fn forget(folder: &Path, old: &Kept, new: &Kept) {
    if let (Evidence::Case(old), true) = (&old.evidence, old.evidence != new.evidence) {
        // One that is not there any more need not be removed.
        let _ = fs::remove_file(folder.join(old));
    }
}

fn expects(scenario: &Scenario, signature: &str) -> bool {
    match &scenario.expect.verdict {
        Expected::Pass => false,
        Expected::Violation { signature: sought, within_seeds } => {
            Sought { signature: sought.clone(), within: *within_seeds, caught: None }.matches(signature)
        }
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
