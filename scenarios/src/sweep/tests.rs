//! The sweep, over a protocol that does as it is told.

use std::sync::atomic::Ordering;

use shaketable_reports::{Exit, Found, Outcome, Seeds, Split, Style, Tested, human};

use super::*;
use crate::fakes::{Folder, render, scenario, tables};
use crate::strategy::Strategy;

impl Folder {
    fn sweep(&self, scenarios: &[Scenario], choice: &Choice, threads: usize) -> Summary {
        let tasks: Vec<_> = scenarios.iter().map(|scenario| Task::new(scenario, choice)).collect();
        let mut cases = Cases::new(&self.0, render, tables());
        let threads = NonZeroUsize::new(threads).unwrap();
        let summary = sweep(&tasks, threads, &AtomicBool::new(false), &mut cases, |_| {});
        assert_eq!(cases.troubles, Vec::<String>::new());
        summary
    }
}

/// What comes of one scenario with the seeds of its file.
fn tested(name: &str, protocol: &str, rest: &str) -> Tested {
    chosen(name, protocol, rest, &Choice::File)
}

fn chosen(name: &str, protocol: &str, rest: &str, choice: &Choice) -> Tested {
    let summary = Folder::new(name).sweep(&[scenario(protocol, rest)], choice, 2);
    assert_eq!(summary.exit(), summary.scenarios[0].outcome.exit());
    summary.scenarios.into_iter().next().unwrap()
}

fn only(found: &[Found]) -> &Found {
    assert_eq!(found.len(), 1, "{found:?}");
    &found[0]
}

const EXPECT_SAFETY: &str = "\n[expect]\nverdict = { violation = \"invariant/safety\", within-seeds = 40 }\n";

#[test]
fn the_number_of_jobs_changes_nothing() {
    let scenarios = [
        scenario(
            "fake",
            "seeds = \"0..150\"\n[fake]\nright = \"3:safety 9:panic 13:safety 14:order 70:inconclusive\"\n",
        ),
        scenario("fake/broken", &format!("[fake]\nwrong = \"3:order 17:safety 18:order\"\n{EXPECT_SAFETY}")),
        scenario("fake", "seeds = \"5..90\"\n"),
        scenario("fake/broken", &format!("[fake]\nwrong = \"*:order\"\nright = \"2:exceeded\"\n{EXPECT_SAFETY}")),
    ];
    let with = |threads| {
        let folder = Folder::new("jobs");
        let mut summary = folder.sweep(&scenarios, &Choice::File, threads);
        for found in summary.scenarios.iter_mut().flat_map(|tested| &mut tested.violations) {
            let command = &mut found.example.reproduce;
            *command = command.replace(&folder.0.display().to_string(), "out");
        }
        (summary, folder.files())
    };
    let (one, files) = with(1);
    assert_eq!(one.scenarios.iter().map(|tested| tested.seeds.ran).collect::<Vec<_>>(), [150, 18, 85, 40]);
    for threads in [2, 7] {
        assert_eq!(with(threads), (one.clone(), files.clone()), "{threads} jobs");
    }
}

#[test]
fn all_seeds_pass_as_expected() {
    let tested = tested("pass", "fake", "seeds = \"10..100\"\n[expect]\nreach = { completed-ops = 900 }\n");
    assert_eq!(tested.outcome, Outcome::Passed);
    assert_eq!(tested.seeds, Seeds { first: 10, asked: 90, ran: 90 });
    assert_eq!(tested.coverage.completed_ops, 900);
    assert_eq!(tested.simulated.as_nanos(), tested.coverage.events * 1_000);
}

#[test]
fn violations_are_counted_by_signature_and_the_cheapest_is_shown_and_saved() {
    let folder = Folder::new("cheapest");
    // Of these seeds, 10 has the fewest events, and 8 more than 7.
    let script = "seeds = \"0..50\"\n[fake]\nright = \"7:safety 8:safety 10:safety 11:order\"\n";
    let summary = folder.sweep(&[scenario("fake", script)], &Choice::File, 2);
    let tested = &summary.scenarios[0];
    assert_eq!(tested.outcome, Outcome::Violated);
    let counted: Vec<_> =
        tested.violations.iter().map(|found| (found.signature.as_str(), found.seeds, found.example.seed)).collect();
    assert_eq!(counted, [("invariant/safety", 3, 10), ("invariant/order", 1, 11)]);
    assert_eq!(folder.files(), ["fake-invariant-order-11.toml", "fake-invariant-safety-10.toml"]);
    let case = folder.0.join("fake-invariant-safety-10.toml");
    assert_eq!(tested.violations[0].example.reproduce, format!("shaketable replay {}", case.display()));
    assert!(human(&summary, Style::Plain).ends_with("fake-invariant-order-11.toml\n"));
}

#[test]
fn another_file_of_the_same_name_is_left_alone() {
    let folder = Folder::new("occupied");
    let script = "seeds = \"0..50\"\n[fake]\nright = \"7:safety\"\n";
    std::fs::create_dir_all(&folder.0).unwrap();
    let mine = folder.0.join("fake-invariant-safety-7.toml");
    std::fs::write(&mine, "mine").unwrap();
    for _ in 0..2 {
        let summary = folder.sweep(&[scenario("fake", script)], &Choice::File, 1);
        assert!(summary.scenarios[0].violations[0].example.reproduce.ends_with("fake-invariant-safety-7-2.toml"));
        assert_eq!(std::fs::read_to_string(&mine).unwrap(), "mine");
    }
    assert_eq!(folder.files().len(), 2);
}

#[test]
fn a_case_that_runs_otherwise_is_not_saved() {
    let folder = Folder::new("otherwise");
    let scenarios = [scenario("fake", "seeds = \"7..8\"\n[fake]\nright = \"7:safety\"\n")];
    let forgetful: crate::cases::Render = |scenario, _| scenario.text.replace("7:safety", "");
    let mut cases = Cases::new(&folder.0, forgetful, tables());
    let tasks = [Task::new(&scenarios[0], &Choice::File)];
    let summary = sweep(&tasks, NonZeroUsize::MIN, &AtomicBool::new(false), &mut cases, |_| {});
    assert_eq!(cases.troubles, ["could not save seed 7 of some/fake.toml as a case: it runs otherwise"]);
    assert_eq!(summary.scenarios[0].violations[0].example.reproduce, "shaketable replay some/fake.toml --seed 7");
    assert_eq!(folder.files(), Vec::<String>::new());
}

#[test]
fn a_panic_is_a_violation_with_its_seed_and_its_place_and_the_sweep_goes_on() {
    let tested = tested("panic", "fake", "seeds = \"0..30\"\n[fake]\nright = \"9:panic\"\n");
    assert_eq!((tested.outcome, tested.seeds.ran), (Outcome::Violated, 30));
    let found = only(&tested.violations);
    assert!(found.signature.starts_with("panic/scenarios/src/fakes.rs:"), "{}", found.signature);
    let example = &found.example;
    assert_eq!((example.seed, example.at.as_nanos(), example.events), (9, 4_000, 4));
    assert_eq!(example.faults, ["crash = { at = \"2us\" }"]);
    let story = example.story.join("\n");
    assert!(story.contains("told to panic at seed 9") && story.contains(r#""id":4"#), "{story}");
}

#[test]
fn the_same_seed_with_two_runs_is_nondeterministic_and_shows_where_they_part() {
    // The first seed of all is repeated even if it passes.
    let tested = tested("waver", "fake", "seeds = \"0..30\"\n[fake]\nright = \"0:waver 4:safety\"\n");
    assert_eq!(tested.outcome, Outcome::Nondeterministic);
    let wavering = tested.wavering.unwrap();
    assert_eq!((wavering.seeds, wavering.first), (1, 0));
    let Split::Event { event: 11, first: Some(first), second: Some(second) } = wavering.split else {
        panic!("{:?}", wavering.split)
    };
    assert!(first.contains(r#""id":11"#) && second.contains(r#""id":11"#) && first != second);
    assert_eq!(wavering.reproduce, "shaketable replay some/fake.toml --seed 0");
}

#[test]
fn what_is_expected_is_caught_at_the_first_seed_that_shows_it() {
    let rest = format!("[fake]\nwrong = \"3:order 6:safety 7:safety\"\nright = \"8:safety\"\n{EXPECT_SAFETY}");
    let tested = tested("caught", "fake/broken", &rest);
    assert_eq!(tested.outcome, Outcome::Caught);
    assert_eq!(tested.sought.unwrap().caught, Some(6));
    assert_eq!(tested.seeds.ran, 7);
    let met: Vec<_> = tested.violations.iter().map(|found| (found.signature.as_str(), found.seeds)).collect();
    assert_eq!(met, [("invariant/order", 1), ("invariant/safety", 1)]);
    assert_eq!(tested.violations[1].example.reproduce, "shaketable replay some/fake.toml --seed 6");
}

#[test]
fn a_check_by_itself_expects_any_of_its_properties() {
    let expect = "[expect]\nverdict = { violation = \"invariant\", within-seeds = 40 }\n";
    let tested = tested("any", "fake/broken", &format!("[fake]\nwrong = \"3:order 6:safety\"\n{expect}"));
    assert_eq!(tested.sought.unwrap().caught, Some(3));
}

#[test]
fn what_never_shows_got_away() {
    let rest = format!("[fake]\nwrong = \"3:order 40:safety\"\n{EXPECT_SAFETY}");
    let tested = tested("away", "fake/broken", &rest);
    assert_eq!((tested.outcome, tested.seeds.ran), (Outcome::GotAway, 40));
    assert_eq!(only(&tested.violations).signature, "invariant/order");
}

#[test]
fn the_right_protocol_must_survive_the_seeds_up_to_the_one_that_catches() {
    for (seed, outcome) in [(6, Outcome::RightViolated), (7, Outcome::Caught)] {
        let rest = format!("[fake]\nwrong = \"6:safety\"\nright = \"{seed}:order\"\n{EXPECT_SAFETY}");
        assert_eq!(tested("right", "fake/broken", &rest).outcome, outcome, "violated at {seed}");
    }
    let idle = format!("[fake]\nwrong = \"6:safety\"\nright = \"*:idle\"\n{EXPECT_SAFETY}");
    assert_eq!(tested("right-idle", "fake/broken", &idle).outcome, Outcome::NothingTested);
    let undecided = format!("[fake]\nwrong = \"6:safety\"\nright = \"2:inconclusive\"\n{EXPECT_SAFETY}");
    assert_eq!(tested("right-undecided", "fake/broken", &undecided).outcome, Outcome::Inconclusive);
}

#[test]
fn a_right_protocol_that_fails_is_saved_as_a_case_of_its_own() {
    let folder = Folder::new("right-case");
    let rest = format!("[fake]\nwrong = \"6:safety\"\nright = \"2:safety\"\n{EXPECT_SAFETY}");
    folder.sweep(&[scenario("fake/broken", &rest)], &Choice::File, 2);
    assert_eq!(folder.files(), ["fake-right-invariant-safety-2.toml"]);
    let text = std::fs::read_to_string(folder.0.join("fake-right-invariant-safety-2.toml")).unwrap();
    assert!(text.contains("protocol = \"fake\"\n"), "{text}");
}

#[test]
fn too_few_seeds_to_catch_anything_are_inconclusive() {
    let rest = format!("[fake]\nwrong = \"6:safety\"\n{EXPECT_SAFETY}");
    for (seeds, outcome, ran) in [
        (6..7, Outcome::Caught, 1),
        (0..6, Outcome::Inconclusive, 6),
        (5..500, Outcome::Caught, 2),
        (7..500, Outcome::GotAway, 40),
    ] {
        let tested = chosen("few", "fake/broken", &rest, &Choice::Range(seeds.clone()));
        assert_eq!((tested.outcome, tested.seeds.ran), (outcome, ran), "{seeds:?}");
    }
}

#[test]
fn what_a_file_wants_reached_is_asked_of_its_own_trouble_alone() {
    let folder = Folder::new("others");
    let mut swarmed = scenario("fake", "seeds = \"0..9\"\n[expect]\nreach = { crashes = 9_999 }\n");
    assert_eq!(folder.sweep(&[swarmed.clone()], &Choice::File, 2).scenarios[0].outcome, Outcome::NothingTested);
    swarmed.strategy = Strategy::Pct;
    assert_eq!(folder.sweep(&[swarmed], &Choice::File, 2).scenarios[0].outcome, Outcome::Passed);
}

#[test]
fn a_green_run_that_tested_nothing_is_red() {
    let unmet = tested("unmet", "fake", "seeds = \"0..9\"\n[expect]\nreach = { crashes = 1, completed-ops = 90 }\n");
    assert_eq!(unmet.outcome, Outcome::NothingTested);
    assert_eq!(
        unmet.unmet.iter().map(|unmet| (unmet.name.as_str(), unmet.wanted, unmet.got)).collect::<Vec<_>>(),
        [("crashes", 1, 0)]
    );
    assert_eq!(
        tested("idle", "fake", "seeds = \"0..9\"\n[fake]\nright = \"*:idle\"\n").outcome,
        Outcome::NothingTested
    );
    let exceeded = tested("exceeded", "fake", "seeds = \"0..9\"\n[fake]\nright = \"*:exceeded\"\n");
    assert_eq!((exceeded.outcome, exceeded.exceeded.unwrap().seeds), (Outcome::NothingTested, 9));
}

#[test]
fn what_is_undecided_is_not_green_but_what_exceeds_the_assumptions_may_be() {
    let undecided =
        tested("undecided", "fake", "seeds = \"0..9\"\n[fake]\nright = \"3:inconclusive 5:inconclusive\"\n");
    assert_eq!(undecided.outcome, Outcome::Inconclusive);
    let notice = undecided.inconclusive.unwrap();
    assert_eq!((notice.seeds, notice.first, notice.why.as_str()), (2, 3, "told so"));
    let some = tested("some", "fake", "seeds = \"0..9\"\n[fake]\nright = \"3:exceeded\"\n");
    assert_eq!((some.outcome, some.exceeded.unwrap().first), (Outcome::Passed, 3));
}

#[test]
fn the_gravest_of_several_faults_decides() {
    let rest = |script: &str| {
        let reach = "[expect]\nreach = { crashes = 1 }\n";
        scenario("fake", &format!("seeds = \"0..9\"\n[fake]\nright = \"{script}\"\n{reach}"))
    };
    let folder = Folder::new("gravest");
    for (script, exit) in [
        ("", Exit::NothingTested),
        ("3:inconclusive", Exit::Inconclusive),
        ("3:inconclusive 4:safety", Exit::Violation),
        ("0:waver 3:inconclusive 4:safety", Exit::Nondeterministic),
    ] {
        assert_eq!(folder.sweep(&[rest(script)], &Choice::File, 2).exit(), exit, "{script}");
    }
    let several = [rest("3:inconclusive"), rest("4:safety"), rest("")];
    assert_eq!(folder.sweep(&several, &Choice::File, 2).exit(), Exit::Violation);
}

#[test]
fn an_interrupt_keeps_what_is_done() {
    let scenarios = [
        scenario("fake", "seeds = \"0..40\"\n"),
        scenario("fake", "seeds = \"0..1000000\"\n[fake]\nright = \"2:safety\"\n"),
        scenario("fake", "seeds = \"0..40\"\n"),
    ];
    let tasks: Vec<_> = scenarios.iter().map(|scenario| Task::new(scenario, &Choice::File)).collect();
    let (folder, stop) = (Folder::new("interrupt"), AtomicBool::new(false));
    let mut cases = Cases::new(&folder.0, render, tables());
    let summary = sweep(&tasks, NonZeroUsize::MIN, &stop, &mut cases, |done| {
        stop.store(done.seeds >= 60, Ordering::Relaxed);
    });
    let outcomes: Vec<_> = summary.scenarios.iter().map(|tested| tested.outcome).collect();
    assert_eq!(outcomes, [Outcome::Passed, Outcome::Violated, Outcome::Unfinished]);
    let ran: Vec<_> = summary.scenarios.iter().map(|tested| tested.seeds.ran).collect();
    assert!(ran[0] == 40 && (20..100).contains(&ran[1]) && ran[2] == 0, "{ran:?}");
    assert_eq!((summary.interrupted, summary.exit()), (true, Exit::Interrupted));
    assert_eq!(folder.files(), ["fake-invariant-safety-2.toml"]);
}
