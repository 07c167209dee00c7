//! Hunts, over a protocol that does as it is told.

use std::fs;
use std::path::{Path, PathBuf};

use shaketable_reports::Expects;
use shaketable_sim::run::Run;
use shaketable_sim::spec::any::Any;

use super::state::Kept;
use super::*;
use crate::case::remembered;
use crate::fakes::{Folder, render, scenario, tables};
use crate::recorded::Recorded;

/// What a hunt in this folder has come to.
pub(super) fn hunt_in(folder: &Path, scenarios: &[Scenario], runs: u64, threads: usize) -> State {
    hunt_until(folder, scenarios, runs, threads, |_| false)
}

/// The same, stopped as soon as `enough`.
fn hunt_until(
    folder: &Path,
    scenarios: &[Scenario],
    runs: u64,
    threads: usize,
    enough: impl Fn(&State) -> bool,
) -> State {
    let (store, earlier) = Store::open(folder, Identity::new(scenarios, "file"), None, || 0).unwrap();
    let state = so_far(earlier).unwrap_or_else(|| State::new(scenarios));
    let cases = Cases::new(folder, recording, tables());
    let stop = AtomicBool::new(false);
    let budget = Budget { runs: Some(runs), deadline: None, threads: NonZeroUsize::new(threads).unwrap(), stop: &stop };
    let mut hunt = Hunt::new(scenarios, &cases, &store, state, false);
    hunt.run(&budget, |state| stop.store(enough(state), Ordering::Relaxed)).unwrap();
    assert_eq!(hunt.troubles, Vec::<String>::new());
    hunt.done().0
}

fn so_far(earlier: Earlier) -> Option<State> {
    match earlier {
        Earlier::So(state) => Some(state),
        Earlier::Nothing | Earlier::OtherBuild => None,
    }
}

/// A case that remembers what it came of.
fn recording(scenario: &Scenario, run: &Run<Any>) -> String {
    let Verdict::Violation(violation) = &run.verdict else { panic!("only failures are kept") };
    let origin = Some(scenario.path.display().to_string());
    let recorded = Recorded { scenario: origin, ..Recorded::of(run, violation.signature(), &[]) };
    let seeds = format!("seeds = \"{}..{}\"\nnodes", run.seed, run.seed.0 + 1);
    render(scenario, run).replacen("nodes", &seeds, 1) + &remembered(Expects::Violation, &recorded)
}

/// Scenarios of which one passes, two fail now and then, and one expects to.
pub(super) fn several() -> Vec<Scenario> {
    let expect = "\n[expect]\nverdict = { violation = \"invariant/safety\", within-seeds = 40 }\n";
    vec![
        scenario("fake", "[fake]\nwrong = \"*:safety\"\n"),
        scenario("fake", "[fake]\nright = \"33:safety 40:safety 41:order 77:panic\"\n"),
        scenario("fake/broken", &format!("[fake]\nwrong = \"8:order 60:safety\"{expect}")),
        scenario("fake", "[fake]\nright = \"10:safety 39:inconclusive 50:exceeded 51:exceeded\"\n"),
    ]
}

fn cases_of(folder: &Folder) -> Vec<String> {
    folder.files().into_iter().filter(|name| name.ends_with(".toml")).collect()
}

#[test]
fn the_cheapest_run_of_each_signature_of_each_protocol_is_kept() {
    let folder = Folder::new("hunt-cheapest");
    let state = hunt_in(&folder.0, &several(), 400, 2);
    let found: Vec<_> = state
        .finds
        .iter()
        .map(|find| (find.protocol.as_str(), find.signature.as_str(), find.expected, find.runs, find.kept.seed))
        .collect();
    // A run has the more events the larger the last digit of seven times its seed: 40 and 10 have fewest, and 10 is lower.
    let place = state.finds[2].signature.clone();
    assert!(place.starts_with("panic/"), "{place}");
    assert_eq!(
        found,
        [
            ("fake", "invariant/order", false, 1, 41),
            ("fake", "invariant/safety", false, 3, 10),
            ("fake", place.as_str(), false, 1, 77),
            ("fake/broken", "invariant/order", false, 1, 8),
            ("fake/broken", "invariant/safety", true, 1, 60),
        ]
    );
    let kept: Vec<_> = state.finds.iter().map(|find| find.kept.evidence.clone()).collect();
    let on_disk: Vec<_> = cases_of(&folder).into_iter().map(Evidence::Case).collect();
    assert_eq!(on_disk.len(), kept.len());
    assert!(on_disk.iter().all(|case| kept.contains(case)), "{on_disk:?} are not {kept:?}");
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let with = |threads| {
        let folder = Folder::new("hunt-jobs");
        (hunt_in(&folder.0, &several(), 300, threads), cases_of(&folder))
    };
    let one = with(1);
    assert_eq!(one.0.runs(), 300);
    assert_eq!((with(2), with(7)), (one.clone(), one));
}

#[test]
fn a_hunt_that_is_stopped_goes_on_as_if_it_had_not_been() {
    let unbroken = Folder::new("hunt-unbroken");
    let expected = hunt_in(&unbroken.0, &several(), 500, 2);
    let broken = Folder::new("hunt-broken");
    for enough in [1, 20, 131, 300] {
        hunt_until(&broken.0, &several(), 500, 2, |state| state.runs() >= enough);
    }
    // As many runs as are asked for are those of all starts, also if they end within a round.
    hunt_in(&broken.0, &several(), 333, 1);
    assert_eq!(hunt_in(&broken.0, &several(), 500, 1), expected);
    assert_eq!(hunt_in(&broken.0, &several(), 500, 1), expected, "there is nothing more to do");
    assert_eq!(cases_of(&broken), cases_of(&unbroken));
}

#[test]
fn a_round_that_is_cut_short_is_not_done_again() {
    let folder = Folder::new("hunt-cut");
    let cut = hunt_until(&folder.0, &several(), 500, 2, |state| state.runs() >= 20);
    assert!((20..100).contains(&cut.runs()) && !cut.rest.is_empty(), "{} runs", cut.runs());
    let (_, earlier) = Store::open(&folder.0, Identity::new(&several(), "file"), None, || 0).unwrap();
    assert_eq!(earlier, Earlier::So(cut));
}

#[test]
fn what_cannot_be_judged_is_neither_found_nor_passed() {
    let folder = Folder::new("hunt-doubts");
    let lane = hunt_in(&folder.0, &several(), 400, 2).lanes.remove(3);
    let doubt = |doubt: Option<Doubt>| doubt.map(|doubt| (doubt.runs, doubt.first, doubt.why));
    assert_eq!((lane.runs, lane.finding, lane.completed), (96, 1, 10 * (96 - 4)));
    assert_eq!(doubt(lane.inconclusive), Some((1, 39, "told so".to_owned())));
    assert_eq!(doubt(lane.exceeded), Some((2, 50, "told so".to_owned())));
    let wavering = [scenario("fake", "[fake]\nright = \"64:waver 65:safety\"\n")];
    let lane = hunt_in(&Folder::new("hunt-waver").0, &wavering, 100, 2).lanes.remove(0);
    let known = lane.wavering.unwrap();
    assert_eq!((known.runs, known.first, lane.finding, lane.completed), (1, 64, 1, 10 * (100 - 2)));
    assert!(matches!(known.split, Split::Event(11, Some(_), Some(_))), "{:?}", known.split);
}

#[test]
fn a_canary_is_found_and_never_mixed_with_what_is_hunted() {
    let folder = Folder::new("hunt-canary");
    let state = hunt_in(&folder.0, &[scenario("fake", "[fake]\nwrong = \"16:order\"\n")], 32, 2);
    // Every eighth run of a round has a twin.
    let found = Some(("broken".to_owned(), "invariant/order".to_owned()));
    assert_eq!((state.canaries[0].runs, state.canaries[0].found.clone()), (3, found));
    assert_eq!((state.runs(), state.finds.len(), cases_of(&folder).len()), (32, 0, 0));
}

#[test]
fn a_scenario_that_expects_a_violation_has_no_canary() {
    let expect = "\n[expect]\nverdict = { violation = \"invariant/order\", within-seeds = 40 }\n";
    let broken = || scenario("fake/broken", &format!("[fake]\nwrong = \"*:order\"{expect}"));
    let alone = hunt_in(&Folder::new("hunt-negative").0, &[broken()], 64, 2);
    assert_eq!(alone.canaries, []);
    let beside = hunt_in(&Folder::new("hunt-beside").0, &[broken(), scenario("fake", "")], 64, 2);
    assert_eq!(beside.canaries.len(), 1);
    assert!(beside.canaries[0].runs > 0 && beside.canaries[0].found.is_none(), "{:?}", beside.canaries);
}

/// Two scenarios that meet the same violation: the first expects it, the second does not.
fn expecting_and_not() -> [Scenario; 2] {
    let expect = "\n[expect]\nverdict = { violation = \"invariant/order\", within-seeds = 40 }\n";
    let [mut first, mut second] = [("8:order", expect), ("9:order", "")]
        .map(|(wrong, expect)| scenario("fake/broken", &format!("[fake]\nwrong = \"{wrong}\"{expect}\n")));
    (first.path, second.path) = (PathBuf::from("some/expecting.toml"), PathBuf::from("some/other.toml"));
    [first, second]
}

/// What the finds are, without how often they were met.
fn known(state: &State) -> Vec<(bool, Kept)> {
    state.finds.iter().map(|find| (find.expected, find.kept.clone())).collect()
}

#[test]
fn a_case_is_judged_by_the_scenario_that_it_came_of() {
    let folder = Folder::new("hunt-origin");
    let scenarios = expecting_and_not();
    let found = hunt_in(&folder.0, &scenarios, 64, 2);
    assert_eq!(
        known(&found).iter().map(|(expected, kept)| (*expected, kept.seed)).collect::<Vec<_>>(),
        [(false, 9), (true, 8)]
    );
    fs::remove_file(folder.0.join("hunt.json")).unwrap();
    let recalled = |scenarios: &[Scenario]| {
        let (store, _) = Store::open(&folder.0, Identity::new(scenarios, "file"), None, || 0).unwrap();
        let mut state = State::new(scenarios);
        let troubles = recall(&mut state, scenarios, &store, &tables());
        (known(&state), troubles)
    };
    assert_eq!(recalled(&scenarios), (known(&found), Vec::new()));
    let (left, troubles) = recalled(&scenarios[..1]);
    assert_eq!(left, known(&found)[1..]);
    assert_eq!(troubles.len(), 1);
    assert!(troubles[0].ends_with("is not counted: it came of some/other.toml, which is gone"), "{troubles:?}");
}

#[test]
fn another_build_begins_anew_and_judges_what_is_there_again() {
    let folder = Folder::new("hunt-other-build");
    let scenarios = expecting_and_not();
    let found = hunt_in(&folder.0, &scenarios, 64, 2);
    let mut other = Identity::new(&scenarios, "file");
    assert_eq!(other.probes.len(), 1, "a run of the one protocol");
    other.probes[0].digest += 1;
    assert_eq!(other.name(), Identity::new(&scenarios, "file").name(), "it looks into the same folder");
    let (store, earlier) = Store::open(&folder.0, other, None, || 7).unwrap();
    assert_eq!((store.base, earlier), (7, Earlier::OtherBuild));
    // This build makes something else of the first case.
    let case = folder.0.join(match &found.finds[1].kept.evidence {
        Evidence::Case(name) => name,
        other => panic!("{other:?}"),
    });
    let text = fs::read_to_string(&case).unwrap();
    fs::write(&case, text.replace("8:order", "")).unwrap();
    let mut state = State::new(&scenarios);
    let troubles = recall(&mut state, &scenarios, &store, &tables());
    assert_eq!((known(&state), state.runs()), (known(&found)[..1].to_vec(), 0));
    assert!(troubles[0].ends_with("it does not fail by invariant/order any more, but is: pass"), "{troubles:?}");
    // Nor does what is known already count for longer than its case does.
    let mut state = found.clone();
    recall(&mut state, &scenarios, &store, &tables());
    assert_eq!(known(&state), known(&found)[..1].to_vec());
    fs::remove_file(&case).unwrap();
    let mut state = found.clone();
    let troubles = recall(&mut state, &scenarios, &store, &tables());
    assert_eq!(known(&state), known(&found)[..1].to_vec());
    assert!(troubles[0].contains(" is gone: invariant/order of "), "{troubles:?}");
    store.keep(&state).unwrap();
    drop(store);
    let (_, earlier) = Store::open(&folder.0, Identity::new(&scenarios, "file"), None, || 7).unwrap();
    assert_eq!(earlier, Earlier::OtherBuild, "and so does the first one");
}

#[test]
fn a_canary_that_is_not_found_costs_little() {
    let folder = Folder::new("hunt-blind");
    let blind = hunt_in(&folder.0, &[scenario("fake", "")], 320, 2);
    assert_eq!((blind.canaries[0].runs, blind.canaries[0].found.clone()), (40, None));
    let wavering = [scenario("fake", "[fake]\nwrong = \"*:waver\"\n")];
    let folder = Folder::new("hunt-no-proof");
    assert_eq!(hunt_in(&folder.0, &wavering, 64, 2).canaries[0].found, None);
}

#[test]
fn what_cannot_be_used_says_why_and_the_cases_stay() {
    let folder = Folder::new("hunt-refused");
    let scenarios = several();
    let state = hunt_in(&folder.0, &scenarios, 384, 2);
    let open = |scenarios: &[Scenario], strategy: &str, from| {
        let opened = Store::open(&folder.0, Identity::new(scenarios, strategy), from, || 0);
        opened
            .map(|(_, earlier)| so_far(earlier).unwrap())
            .map_err(|why| why.replace(&folder.0.display().to_string(), "out"))
    };
    assert_eq!(open(&scenarios, "file", Some(0)), Ok(state));
    let refused = |scenarios: &[Scenario], strategy, from, why: &str| {
        let said = open(scenarios, strategy, from).unwrap_err();
        assert!(said.starts_with(&format!("error: cannot go on from out/hunt.json: {why}\n")), "{said}");
        assert!(said.contains("remove the file to begin anew"), "{said}");
    };
    refused(&scenarios, "file", Some(7), "it is of a hunt from seed 0");
    refused(&scenarios, "otherwise", None, "it is of a hunt by file");
    refused(&scenarios[..3], "file", None, "it is of a hunt of other scenarios");
    let mut changed = scenarios.clone();
    changed[1].text.push(' ');
    refused(&changed, "file", None, "some/fake.toml has changed since");
    let path = folder.0.join("hunt.json");
    let text = fs::read_to_string(&path).unwrap();
    let damages = [
        (text.replace("\"finding\":1", "\"finding\":2"), "it is damaged"),
        (text[..text.len() / 2].to_owned(), "it is damaged"),
        (String::new(), "it is damaged"),
        (text.replace("\"version\":3", "\"version\":4"), "its format is of version 4, not 3"),
    ];
    for (damaged, why) in damages {
        assert_ne!(damaged, text);
        fs::write(&path, damaged).unwrap();
        refused(&scenarios, "file", None, why);
    }
    assert_eq!(cases_of(&folder).len(), 5);
}

#[test]
fn two_hunts_do_not_share_a_folder() {
    let folder = Folder::new("hunt-twice");
    let scenarios = several();
    let open = || Store::open(&folder.0, Identity::new(&scenarios, "file"), None, || 0);
    let first = open().unwrap();
    let second = open().err().unwrap();
    assert!(second.contains("another hunt is at work"), "{second}");
    drop(first);
    assert!(open().is_ok());
}
