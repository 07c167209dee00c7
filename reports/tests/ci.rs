//! What is said of a change, to people and to the engines that ask for it.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use roxmltree::{Document as XmlDocument, Node, ParsingOptions};
use shaketable_reports::{
    About, Case, Ci, CutShort, Examined, Example, Expects, Faithful, Found, Fresh, Notice, Outcome, Pace, Past,
    Property, Regressions, Replayed, Seeds, Side, Sought, Split, Style, Tested, Unmet, Wavering, ci_github, ci_human,
    ci_json, ci_junit,
};
use shaketable_sim::run::{Coverage, Verdict};
use shaketable_sim::time::{Instant, Span};

fn tested(name: &str) -> Tested {
    let coverage = Coverage { completed_ops: 900, events: 48_123, faults: 8, faults_acted: 7, ..Coverage::default() };
    Tested {
        name: format!("scenarios/{name}.toml"),
        protocol: "raft".to_owned(),
        outcome: Outcome::Passed,
        sought: None,
        seeds: Seeds { first: 0, asked: 200, ran: 200 },
        simulated: Span::secs(6_000),
        coverage,
        unmet: Vec::new(),
        violations: Vec::new(),
        inconclusive: None,
        exceeded: None,
        wavering: None,
    }
}

/// As a scenario that should pass is held to.
fn examined(tested: Tested) -> Examined {
    let never = |name: &str| About::Never(name.to_owned());
    let about = [
        (never("invariant/election-safety"), 24),
        (never("linearizability"), 23),
        (never("panic"), 4),
        (About::Reach("completed-ops", 500), 30),
        (About::Something, 12),
        (About::Decided, 22),
        (About::Deterministic, 4),
    ];
    Examined { tested, properties: about.map(|(about, line)| Property { about, line }).into() }
}

fn found(signature: &str, side: Side, story: &str) -> Found {
    let example = Example {
        seed: 17,
        digest: 7,
        at: Instant::nanos(12_345_678_900),
        events: 20_412,
        story: vec![story.to_owned()],
        faults: vec!["crash = { node = \"n2\", at = \"12.2s\" }".to_owned()],
        page: None,
        reproduce: "shaketable replay shaketable-out/crashes-17.toml".to_owned(),
    };
    Found { signature: signature.to_owned(), side, seeds: 3, example }
}

fn violated(name: &str) -> Tested {
    let story = "n4 became leader of term 7, too: 100% wrong,\nsaid <n2> & \"n5\".";
    let violations = vec![found("invariant/election-safety", Side::Own, story)];
    Tested { outcome: Outcome::Violated, violations, ..tested(name) }
}

fn negative(name: &str, outcome: Outcome, caught: Option<u64>) -> Examined {
    let sought = Sought { signature: "invariant/election-safety".to_owned(), within: 300, caught };
    let properties = [About::Caught, About::RightSurvives].map(|about| Property { about, line: 28 }).into();
    Examined { tested: Tested { outcome, sought: Some(sought), ..tested(name) }, properties }
}

fn case(name: &str, verdict: Verdict) -> Case {
    let path = format!("scenarios/regressions/{name}.toml");
    let past = Past {
        signature: "invariant/election-safety".to_owned(),
        expects: Expects::Pass,
        digest: 7,
        other_version: None,
        faithful: if name == "astray" { Faithful::Unknown } else { Faithful::Exactly },
        left: None,
    };
    let replayed = Replayed {
        scenario: path.clone(),
        protocol: "raft".to_owned(),
        seed: 3,
        verdict,
        digest: 7,
        events: 120,
        end: Instant::nanos(812_000_000),
        operations: Vec::new(),
        faults: Vec::new(),
        recorded: Some(past),
        wavering: None,
    };
    Case { replayed, path }
}

fn kept(cases: Vec<Case>) -> Regressions {
    let asked = cases.len() as u64;
    Regressions { version: "0.1.0".to_owned(), cases, asked }
}

fn good() -> Ci {
    let round = |first| {
        let seeds = Seeds { first, asked: 20, ran: 20 };
        vec![examined(Tested { seeds, ..tested("raft/crashes") })]
    };
    let mut fresh = Fresh { from: "0123abc".to_owned(), scenarios: Vec::new() };
    fresh.add(round(5_000));
    fresh.add(round(5_020));
    Ci {
        version: "0.1.0".to_owned(),
        own: vec![examined(tested("raft/crashes")), negative("negative/forgets-vote", Outcome::Caught, Some(9))],
        regressions: kept(vec![case("repaired", Verdict::Pass)]),
        fresh: Some(fresh),
        cut_short: None,
    }
}

fn bad() -> Ci {
    let notice = Notice { seeds: 2, first: 5, why: "more than 2,000,000 states".to_owned() };
    let split = Split::Event { event: 9, first: Some("{\"t\":1}".to_owned()), second: None };
    let reproduce = "shaketable replay scenarios/raft/wavering.toml --seed 4".to_owned();
    let wavering = Wavering { seeds: 1, first: 4, split, reproduce };
    let unmet = vec![Unmet { name: "completed-ops".to_owned(), wanted: 500, got: 9 }];
    let right = found("linearizability/read", Side::Right, "c1 reads what nobody wrote.");
    let mut survives = negative("negative/right", Outcome::RightViolated, Some(2));
    survives.tested.violations.push(right);
    Ci {
        own: vec![
            examined(tested("raft/crashes")),
            examined(violated("raft/violated")),
            examined(Tested { outcome: Outcome::Inconclusive, inconclusive: Some(notice), ..tested("raft/undecided") }),
            examined(Tested { outcome: Outcome::NothingTested, unmet, ..tested("raft/idle") }),
            examined(Tested { outcome: Outcome::NothingTested, ..tested("raft/dead") }),
            examined(Tested {
                outcome: Outcome::Nondeterministic,
                wavering: Some(wavering),
                ..tested("raft/wavering")
            }),
            negative("negative/away", Outcome::GotAway, None),
            survives,
        ],
        regressions: kept(vec![case("repaired", Verdict::Pass), case("astray", Verdict::Pass)]),
        ..good()
    }
}

fn cut_short() -> Ci {
    let half = Seeds { first: 0, asked: 200, ran: 80 };
    let mut ci = good();
    ci.own.push(examined(Tested { outcome: Outcome::Unfinished, seeds: half, ..tested("raft/late") }));
    let none = Seeds { first: 0, asked: 200, ran: 0 };
    ci.own.push(examined(Tested { outcome: Outcome::Unfinished, seeds: none, ..tested("raft/never") }));
    Ci { fresh: None, cut_short: Some(CutShort::Time), ..ci }
}

fn number(node: &Node<'_, '_>, name: &str) -> usize {
    node.attribute(name).and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no {name} in {node:?}"))
}

/// Holds a report to the rules of JUnit's schema, and returns the names of its test cases by how they ended.
fn judged(xml: &str) -> BTreeSet<(String, String, String)> {
    let document = XmlDocument::parse(xml).unwrap_or_else(|wrong| panic!("{wrong} in {xml}"));
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "testsuites");
    let (mut all, mut totals) = (BTreeSet::new(), [0; 4]);
    for suite in root.children().filter(Node::is_element) {
        assert_eq!(suite.tag_name().name(), "testsuite");
        let mut counts = [0; 4];
        for child in suite.children().filter(Node::is_element) {
            if child.tag_name().name() == "properties" {
                let named = |property: &Node<'_, '_>| property.has_attribute("name") && property.has_attribute("value");
                assert!(child.children().filter(Node::is_element).all(|property| named(&property)));
                continue;
            }
            assert_eq!(child.tag_name().name(), "testcase");
            assert!(child.has_attribute("classname"), "{child:?}");
            let ends: Vec<_> = child.children().filter(Node::is_element).collect();
            assert!(ends.len() <= 1, "a test ends in one way");
            let end = ends.first().map_or("held", |end| end.tag_name().name());
            let place = ["held", "failure", "error", "skipped"].iter().position(|known| *known == end);
            counts[place.unwrap_or_else(|| panic!("{end} is no end of a test"))] += 1;
            if let Some(end) = ends.first() {
                let message = end.attribute("message").unwrap_or_default();
                assert!(!message.is_empty() && !message.contains('\n'), "{message:?} is no message");
            }
            let name = |node: &Node<'_, '_>| node.attribute("name").expect("a name").to_owned();
            assert!(all.insert((name(&suite), name(&child), end.to_owned())), "two tests of one name in {xml}");
        }
        let told = ["failures", "errors", "skipped"].map(|name| number(&suite, name));
        assert_eq!((told.as_slice(), number(&suite, "tests")), (&counts[1..], counts.iter().sum()));
        counts.iter().zip(&mut totals).for_each(|(count, total)| *total += count);
    }
    assert_eq!(number(&root, "tests"), totals.iter().sum::<usize>());
    assert_eq!([number(&root, "failures"), number(&root, "errors")], [totals[1], totals[2]]);
    all
}

fn ends(ci: &Ci, end: &str) -> Vec<String> {
    let all = judged(&ci_junit(ci));
    all.into_iter().filter(|(.., how)| how == end).map(|(suite, name, _)| format!("{suite}: {name}")).collect()
}

#[test]
fn junit_has_a_test_for_each_property_and_all_hold() {
    let all = judged(&ci_junit(&good()));
    assert_eq!(all.len(), 7 + 2 + 1 + 7, "{all:?}");
    assert!(all.iter().all(|(.., end)| end == "held"), "{all:?}");
    assert!(all.iter().any(|(suite, ..)| suite == "scenarios/raft/crashes.toml (fresh seeds from 0123abc)"), "{all:?}");
}

#[test]
fn junit_says_of_each_property_how_it_failed() {
    assert_eq!(
        ends(&bad(), "failure"),
        [
            "scenarios/negative/away.toml: the expected violation is found",
            "scenarios/negative/right.toml: the right protocol survives",
            "scenarios/raft/dead.toml: operations complete",
            "scenarios/raft/idle.toml: reaches completed-ops 500",
            "scenarios/raft/violated.toml: invariant/election-safety",
        ]
    );
    let wavering = "scenarios/raft/wavering.toml: the same seed gives the same run";
    assert_eq!(ends(&bad(), "error"), ["regressions: scenarios/regressions/astray.toml", wavering]);
    assert_eq!(ends(&bad(), "skipped"), ["scenarios/raft/undecided.toml: every run is decided"]);
}

#[test]
fn whatever_is_in_a_story_the_xml_is_well_formed_and_says_it() {
    let mut ci = bad();
    let story = &mut ci.own[1].tested.violations[0].example.story;
    *story = vec!["100% wrong:\u{1b}[31m <n2> & \"n5\"\u{0}\u{7}]]>".to_owned()];
    let page = ci.document(None).markdown();
    assert!(!page.chars().any(|letter| letter.is_control() && letter != '\n'), "a control character is left");
    let xml = ci_junit(&ci);
    assert!(!xml.chars().any(|letter| letter.is_control() && letter != '\n'), "a control character is left");
    let document = XmlDocument::parse(&xml).expect("it is well formed");
    let failures: Vec<String> = document
        .descendants()
        .filter(|node| node.has_tag_name("failure"))
        .filter_map(|node| node.text())
        .map(str::to_owned)
        .collect();
    let story = failures.iter().find(|text| text.contains("100% wrong")).expect("the story");
    assert!(
        story.contains("<n2> & \"n5\"")
            && story.ends_with("reproduce: shaketable replay shaketable-out/crashes-17.toml"),
        "{story}"
    );
}

#[test]
fn what_had_no_turn_is_no_success() {
    let skipped = ends(&cut_short(), "skipped");
    assert_eq!(skipped.len(), 14, "all properties of two scenarios: {skipped:?}");
    assert_eq!(cut_short().exit().code(), 3);
    assert_snapshot!(ci_human(&cut_short(), Style::Plain));
    let mut nothing = cut_short();
    nothing.own.drain(..2);
    assert!(ci_human(&nothing, Style::Plain).contains("no scenario was finished\n"));
    // What broke in the seeds that ran is broken.
    let mut broken = cut_short();
    broken.own[2].tested.violations.push(found("invariant/election-safety", Side::Own, "x"));
    assert_eq!(ends(&broken, "failure"), ["scenarios/raft/late.toml: invariant/election-safety"]);
    let stopped = Ci { cut_short: Some(CutShort::Interrupt), ..good() };
    assert_eq!(stopped.exit().code(), 130);
    assert!(ci_human(&stopped, Style::Plain).ends_with("interrupted\n"));
}

#[test]
fn people_read_the_worst_last() {
    assert_eq!((good().exit().code(), bad().exit().code()), (0, 5));
    assert_snapshot!(ci_human(&good(), Style::Plain));
    assert_snapshot!(ci_human(&bad(), Style::Plain));
}

#[test]
fn annotations_are_one_line_each_and_escape_what_the_runner_would_read() {
    assert_eq!(ci_github(&good()), "");
    let text = ci_github(&bad());
    assert_snapshot!(text);
    assert!(text.lines().all(|line| line.starts_with("::error ") || line.starts_with("::warning ")), "{text}");
    assert!(text.contains("100%25 wrong,%0Asaid"), "{text}");
    let odd = Ci { own: vec![examined(violated("odd: a,b"))], ..good() };
    assert!(ci_github(&odd).contains("file=scenarios/odd%3A a%2Cb.toml,line=24,"), "{}", ci_github(&odd));
}

#[test]
fn no_more_annotations_are_made_than_are_shown() {
    let own = (0..30).map(|number| examined(violated(&format!("s{number}")))).collect();
    let text = ci_github(&Ci { own, ..good() });
    assert_eq!(text.lines().count(), 10);
    assert_eq!(text.lines().last(), Some("::error title=shaketable::… and 21 more like these"));
}

#[test]
fn the_summary_of_a_job_is_a_page_of_markdown() {
    assert_snapshot!(good().document(None).markdown());
    let pace = Pace { elapsed: Span::secs(90), threads: 4 };
    assert_snapshot!(bad().document(Some(pace)).markdown());
    assert_snapshot!(cut_short().document(None).markdown());
    let page = huge().document(None).markdown();
    assert!(page.len() < 1_000_000, "{}", page.len());
    assert!(page.contains("\nAnd 20 more, not shown here.\n"));
}

/// With a story that alone would fill the page.
fn huge() -> Ci {
    let mut huge = bad();
    huge.own = (0..40).map(|number| examined(violated(&format!("s{number}")))).collect();
    huge.own[30].tested.violations[0].example.story = vec!["x".repeat(1_000_000)];
    huge.regressions.cases.clear();
    huge
}

#[test]
fn the_page_of_a_job_is_well_formed_and_says_what_the_markdown_says() {
    let mut hostile = bad();
    let story = &mut hostile.own[1].tested.violations[0].example;
    story.story = vec!["</pre><script>alert(1)</script> \u{1b}[31m & \"quoted\"".to_owned()];
    story.page = Some("shaketable-out/crashes-17.html".to_owned());
    for ci in [good(), bad(), cut_short(), huge(), hostile] {
        let document = ci.document(None);
        let (page, markdown) = (document.html(|page| Some(format!("../{page}"))), document.markdown());
        let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
        let read = XmlDocument::parse_with_options(&page, options).expect("it is well formed");
        assert!(read.descendants().all(|node| !node.has_tag_name("script")), "a story has become a script");
        let flat = |text: &str| {
            text.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">").replace(['|', '`', '\\'], "")
        };
        let markdown = flat(&markdown);
        for cell in read.descendants().filter(|node| node.has_tag_name("td")) {
            let text: String =
                cell.descendants().filter_map(|node| node.is_text().then(|| node.text()).flatten()).collect();
            assert!(markdown.contains(&flat(&text)), "{text}");
        }
        let ids: BTreeSet<&str> = read.descendants().filter_map(|node| node.attribute("id")).collect();
        let links = read.descendants().filter_map(|node| node.attribute("href"));
        for link in links {
            assert!(
                link.strip_prefix('#').map_or(link == "../shaketable-out/crashes-17.html", |id| ids.contains(id)),
                "{link}"
            );
        }
    }
}

#[test]
fn fences_are_longer_than_those_in_what_they_hold() {
    let mut ci = good();
    ci.own = vec![examined(Tested {
        violations: vec![found("panic/x", Side::Own, "````")],
        outcome: Outcome::Violated,
        ..tested("a")
    })];
    assert!(ci.document(None).markdown().contains("\n`````text\n"), "{}", ci.document(None).markdown());
}

#[test]
fn programs_read_properties_and_what_became_of_them() {
    let json = ci_json(&bad());
    assert_eq!((&json["exit"], &json["own"][1]["properties"][0]["status"]), (&5.into(), &"broken".into()));
    assert_eq!(json["fresh"]["scenarios"][0]["seeds"]["ran"], 40, "two rounds are one scenario");
    assert_eq!(json["regressions"]["cases"][1]["result"], "diverged");
    assert_eq!(ci_json(&cut_short())["left-out"], "out of time: not all seeds of 2 scenarios had their turn");
}

#[test]
fn rounds_of_fresh_seeds_add_up_and_keep_the_shortest_failure() {
    let round = |events: u64, first: u64| {
        let mut tested = violated("raft/crashes");
        tested.violations[0].example.events = events;
        tested.seeds = Seeds { first, asked: 20, ran: 20 };
        vec![examined(tested)]
    };
    let mut fresh = Fresh { from: "x".to_owned(), scenarios: Vec::new() };
    fresh.add(vec![examined(Tested { seeds: Seeds { first: 0, asked: 20, ran: 20 }, ..tested("raft/crashes") })]);
    fresh.add(round(90, 20));
    fresh.add(round(70, 40));
    let late = Tested {
        outcome: Outcome::Unfinished,
        seeds: Seeds { first: 60, asked: 20, ran: 7 },
        ..tested("raft/crashes")
    };
    fresh.add(vec![examined(late)]);
    let joined = &fresh.scenarios[0].tested;
    assert_eq!((joined.outcome, joined.seeds), (Outcome::Violated, Seeds { first: 0, asked: 67, ran: 67 }));
    assert_eq!((joined.violations[0].seeds, joined.violations[0].example.events), (6, 70));
    assert_eq!(joined.coverage.completed_ops, 4 * 900);
}
