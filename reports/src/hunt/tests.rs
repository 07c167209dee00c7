use super::*;

fn ground() -> Ground {
    Ground {
        name: "scenarios/raft/crashes.toml".to_owned(),
        protocol: "raft".to_owned(),
        runs: 2_048,
        finding: 0,
        completed: 900_000,
        simulated: Span::secs(40_960),
        coverage: Coverage { events: 6_000_000, ..Coverage::default() },
        states: Vec::new(),
        timed: 1_024,
        busy: Span::secs(8),
        exceeded: None,
        inconclusive: None,
        wavering: None,
    }
}

fn hunt() -> Hunted {
    let canary = Canary {
        protocol: "raft".to_owned(),
        runs: 3,
        found: Some(("votes-twice".to_owned(), "invariant/election-safety".to_owned())),
    };
    Hunted {
        version: "0.1.0".to_owned(),
        strategy: "file".to_owned(),
        base: 1_000,
        folder: "out".to_owned(),
        interrupted: false,
        elapsed: Span::secs(4),
        grounds: vec![ground()],
        canaries: vec![canary],
        prey: Vec::new(),
    }
}

fn prey(expected: bool) -> Prey {
    Prey {
        protocol: "raft".to_owned(),
        signature: "invariant/log-matching".to_owned(),
        expected,
        runs: 7,
        first: Some(First { scenario: "scenarios/raft/crashes.toml".to_owned(), seed: 1_017, run: 18 }),
        seed: 1_040,
        events: 3_210,
        reproduce: "shaketable replay out/case.toml".to_owned(),
        shrink: "shaketable shrink out/case.toml".to_owned(),
        page: None,
    }
}

#[test]
fn a_hunt_tells_what_was_found_and_what_was_hunted_in_vain() {
    let notice = |why: &str| Some(Notice { seeds: 2, first: 1_003, why: why.to_owned() });
    let doubtful =
        Ground { exceeded: notice("n1 and n2 were lost"), inconclusive: notice("out of states"), ..ground() };
    let known = Prey { runs: 0, first: None, ..prey(false) };
    let found = Hunted { grounds: vec![ground(), doubtful], prey: vec![prey(true), prey(false), known], ..hunt() };
    insta::assert_snapshot!(hunted(&hunt(), Style::Plain));
    insta::assert_snapshot!(hunted(&found, Style::Plain));
    insta::assert_snapshot!(format!("{:#}", hunted_json(&found)));
    let shown = Prey { page: Some("out/case.html".to_owned()), ..prey(false) };
    let guided = Ground { states: vec![(1, 40), (2, 55), (900, 56)], ..ground() };
    let document = Hunted { grounds: vec![guided, ground()], prey: vec![prey(true), shown], ..hunt() }.document();
    insta::assert_snapshot!(document.markdown());
    let page = document.html(|page| Some(page.to_owned()));
    assert!(page.contains("<a href=\"out/case.html\">") && page.contains("<polyline "), "{page}");
}

#[test]
fn a_hunt_whose_canary_was_not_found_is_red() {
    let canary = Canary { protocol: "raft".to_owned(), runs: 40, found: None };
    let blind = Hunted { canaries: vec![canary], ..hunt() };
    assert_eq!((hunt().exit(), blind.exit()), (Exit::Pass, Exit::NothingTested));
    assert!(hunted(&blind, Style::Plain).contains("this hunt may have missed as much"));
}

#[test]
fn what_says_most_decides_how_a_hunt_ends() {
    let notice = || Some(Notice { seeds: 1, first: 1, why: "so".to_owned() });
    let undecided = Ground { inconclusive: notice(), ..ground() };
    let exceeded = Ground { exceeded: notice(), ..ground() };
    let idle = Ground { completed: 0, ..ground() };
    let with = |ground: Ground| Hunted { grounds: vec![ground], ..hunt() };
    assert_eq!(with(exceeded).exit(), Exit::Pass);
    assert_eq!(with(undecided.clone()).exit(), Exit::Inconclusive);
    assert_eq!(with(idle).exit(), Exit::NothingTested);
    assert_eq!(Hunted { prey: vec![prey(true)], ..hunt() }.exit(), Exit::Pass);
    assert_eq!(Hunted { prey: vec![prey(false)], ..with(undecided) }.exit(), Exit::Violation);
    assert_eq!(Hunted { grounds: Vec::new(), ..hunt() }.exit(), Exit::NothingTested);
    assert_eq!(Hunted { interrupted: true, prey: vec![prey(false)], ..hunt() }.exit(), Exit::Interrupted);
}
