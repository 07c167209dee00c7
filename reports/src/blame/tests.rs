use shaketable_sim::time::Span;

use super::*;

fn point(event: u64, failing: u64) -> Point {
    Point { event, at: Instant::ZERO + Span::millis(event), failing, undecided: 0, of: 100 }
}

fn report() -> Blamed {
    let points = vec![point(0, 12), point(400, 15), point(420, 31), point(421, 78), point(700, 80), point(701, 100)];
    let points: Vec<Point> = points.into_iter().chain([point(1_000, 100)]).collect();
    let turn = |from: usize| Turn { before: points[from], after: points[from + 1] };
    let told = |words: &[&str], faults: &[&str]| Told {
        line: Some(json!({ "kind": "boot" })),
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        faults: faults.iter().map(|fault| (*fault).to_owned()).collect(),
    };
    Blamed {
        case: "case.toml".to_owned(),
        protocol: "raft/forgets-vote".to_owned(),
        seed: 5,
        signature: "invariant/election-safety".to_owned(),
        seen_at: Instant::ZERO + Span::secs(1),
        until: Instant::ZERO + Span::millis(1_200),
        likely: Onset::At(turn(2)),
        certain: Onset::At(turn(4)),
        turns: vec![turn(2), turn(4)],
        told: vec![
            (
                421,
                told(
                    &["n2 starts, life 3, with 5 records", "n2 is then follower, epoch 50"],
                    &["crash = { node = \"n1\" }"],
                ),
            ),
            (701, told(&["n3 gets Vote from n2: term 50, granted yes"], &[])),
        ],
        points,
        spent: false,
        interrupted: false,
    }
}

#[test]
fn the_probability_is_drawn_and_its_turns_are_told() {
    let text = blamed(&report(), Style::Plain);
    assert!(text.lines().take(18).all(|line| line.chars().count() <= 80), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn what_was_never_in_doubt_and_what_is_not_sure_are_said_to_be_so() {
    let points = vec![point(0, 60), point(500, 45), point(510, 52), point(1_000, 99)];
    let vague = Turn { before: points[1], after: points[2] };
    let likely =
        Blamed { likely: Onset::At(vague), certain: Onset::Never, turns: vec![], points, spent: true, ..report() };
    let certain = Blamed {
        likely: Onset::Beginning,
        certain: Onset::Beginning,
        points: vec![point(0, 100)],
        turns: vec![],
        ..report()
    };
    let at_once = Turn { before: point(400, 15), after: point(421, 100) };
    let sudden = Blamed { likely: Onset::At(at_once), certain: Onset::At(at_once), turns: vec![], ..report() };
    let end = |text: String| text.lines().skip_while(|line| !line.contains("likely")).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(end(blamed(&likely, Style::Plain)));
    insta::assert_snapshot!(end(blamed(&certain, Style::Plain)));
    insta::assert_snapshot!(end(blamed(&sudden, Style::Plain)));
}

#[test]
fn programs_get_every_point_and_the_line_of_every_turn() {
    let value = blamed_json(&report());
    assert_eq!(value["points"].as_array().map(Vec::len), Some(7));
    assert_eq!(
        value["points"][3],
        json!({ "event": 421, "at": 421_000_000, "failing": 78, "undecided": 0, "of": 100, "low": 689, "high": 850 })
    );
    assert_eq!(value["likely"]["event"]["kind"], "boot");
    assert_eq!(value["certain"]["words"][0], "n3 gets Vote from n2: term 50, granted yes");
    assert_eq!(blamed_json(&Blamed { certain: Onset::Never, ..report() })["certain"], "never");
}

#[test]
fn intervals_are_those_of_the_textbook() {
    let interval = |failing, of| Point { of, ..point(0, failing) }.interval();
    for (failing, of, expected) in [
        (0, 100, (0, 37)),
        (100, 100, (963, 1_000)),
        (1, 10, (17, 405)),
        (0, 1, (0, 794)),
        (1, 1, (206, 1_000)),
        (31, 100, (227, 407)),
        (500_000, 1_000_000, (499, 501)),
    ] {
        assert_eq!(interval(failing, of), expected, "{failing} of {of}");
    }
}

#[test]
fn what_is_spent_or_interrupted_exits_so() {
    let exit = |spent, interrupted| Blamed { spent, interrupted, ..report() }.exit();
    assert_eq!(
        [exit(false, false), exit(true, false), exit(true, true)],
        [Exit::Pass, Exit::Stopped, Exit::Interrupted]
    );
}

#[test]
fn where_nothing_was_measured_nothing_is_claimed() {
    let nothing = |interrupted| Blamed {
        points: vec![],
        turns: vec![],
        told: vec![],
        likely: Onset::Never,
        certain: Onset::Never,
        spent: true,
        interrupted,
        ..report()
    };
    for (interrupted, why) in [(true, "nothing: it was interrupted"), (false, "nothing: time ran out")] {
        let report = nothing(interrupted);
        let text = blamed(&report, Style::Plain);
        assert!(text.contains(why) && !text.contains("not before it happened"), "{text}");
        assert_eq!(report.exit(), Exit::Inconclusive);
        assert_eq!(blamed_json(&report)["likely"], Value::Null);
    }
}

#[test]
fn of_a_few_events_nothing_follows_for_all_between_them() {
    let few = Blamed { likely: Onset::Never, certain: Onset::Never, turns: vec![], spent: true, ..report() };
    let few = Blamed { points: few.points[..2].to_vec(), ..few };
    let text = blamed(&few, Style::Plain);
    assert!(
        !text.contains("not before it happened") && text.matches("not known: too few events").count() == 2,
        "{text}"
    );
    assert_eq!(blamed_json(&few)["certain"], Value::Null);
    let done = Blamed { spent: false, ..few };
    assert!(blamed(&done, Style::Plain).contains("not before it happened"), "it looked at all that there was");
}
