//! What was found: for each signature of each protocol the cheapest run, saved as a case.

use std::fs;
use std::path::PathBuf;

use shaketable_reports::{Side, Sought};
use shaketable_sim::rng::Seed;
use shaketable_sim::run::{Run, Verdict, Violation};
use shaketable_sim::spec::any::Any;

use super::state::{Evidence, Find, First, Kept, State};
use super::store::Store;
use super::{Hunt, Try};
use crate::attempt::Subject;
use crate::files::read;
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
/// keep how far it had come, or because its state was lost.
pub(crate) fn recall(state: &mut State, scenarios: &[Scenario], store: &Store, tables: &Tables) {
    let Ok(entries) = fs::read_dir(&store.folder) else { return };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "toml")) {
        let Ok(case) = read(path, tables, false) else { continue };
        let Some(recorded) = case.recorded.clone().filter(|recorded| recorded.shrunk_from.is_none()) else { continue };
        let subject = Subject { scenario: &case, side: Side::Own };
        let protocol = subject.protocol();
        let hunted = |scenario: &&Scenario| Subject { scenario, side: Side::Own }.protocol() == protocol;
        let Some(scenario) = scenarios.iter().find(hunted) else { continue };
        let run = subject.run(Seed(recorded.seed), None);
        match &run.verdict {
            Verdict::Violation(violation) if violation.signature() == recorded.signature => {}
            _ => continue,
        }
        let expected = expects(scenario, &recorded.signature);
        let evidence = Evidence::Case(file_name(path));
        let kept = Kept { events: run.coverage.events, seed: run.seed.0, evidence };
        match state.find((&protocol, &recorded.signature, expected)) {
            Err(_) => {
                insert(state, Find { protocol, signature: recorded.signature, expected, runs: 0, first: None, kept });
            }
            Ok(place) => {
                let known = &mut state.finds[place].kept;
                let gone = matches!(&known.evidence, Evidence::Case(name) if !store.folder.join(name).exists());
                if gone || kept.cost() < known.cost() {
                    forget(&store.folder, known, &kept);
                    *known = kept;
                }
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
fn forget(folder: &std::path::Path, old: &Kept, new: &Kept) {
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

fn file_name(path: &std::path::Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
