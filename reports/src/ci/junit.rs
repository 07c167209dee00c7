//! JUnit: a suite for each scenario, a test case for each of its properties. Seeds are no tests: ten thousand of them are more than any viewer shows.
//!
//! What cannot be told is `skipped` with its reason, a seed that gave two runs is an `error`. Nothing is timed, so the same seeds give the same file.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::status::Failure;
use super::{Ci, Examined, Property, Status};
use crate::regress::Case;
use crate::summary::Exit;
use crate::text::grouped;

/// The report as XML.
pub fn ci_junit(ci: &Ci) -> String {
    let mut report = Report::new("shaketable");
    report.add_test_suites(ci.own.iter().map(|examined| suite(examined, "")));
    if ci.regressions.asked > 0 {
        report.add_test_suite(regressions(ci));
    }
    if let Some(fresh) = &ci.fresh {
        let what = format!(" (fresh seeds from {})", fresh.from);
        report.add_test_suites(fresh.scenarios.iter().map(|examined| suite(examined, &what)));
    }
    let mut text = report.to_string().expect("a text takes any XML");
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn suite(examined: &Examined, what: &str) -> TestSuite {
    let tested = &examined.tested;
    let name = format!("{}{what}", tested.name);
    let mut suite = TestSuite::new(name.as_str());
    let seeds = &tested.seeds;
    let end = seeds.first.saturating_add(seeds.ran);
    for (key, text) in [
        ("protocol", tested.protocol.clone()),
        ("outcome", tested.outcome.name().to_owned()),
        ("seeds", format!("{}..{end}", seeds.first)),
        ("events", grouped(tested.coverage.events)),
    ] {
        suite.add_property((key, text.as_str()));
    }
    suite.add_test_cases(examined.properties.iter().map(|property| test_case(examined, property, &name)));
    suite
}

fn test_case(examined: &Examined, property: &Property, class: &str) -> TestCase {
    let status = match examined.status(property) {
        Status::Held => TestCaseStatus::success(),
        Status::Broken(failure) => failed(NonSuccessKind::Failure, &failure),
        Status::Unsteady(failure) => failed(NonSuccessKind::Error, &failure),
        Status::Unknown(why) => skipped(&why),
    };
    let mut case = TestCase::new(property.about.name().as_str(), status);
    case.set_classname(class);
    case.extra.insert("file".into(), examined.tested.name.as_str().into());
    case.extra.insert("line".into(), property.line.to_string().into());
    case
}

fn failed(kind: NonSuccessKind, failure: &Failure) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(failure.message.as_str());
    status.set_type(if kind == NonSuccessKind::Error { "nondeterministic" } else { "violation" });
    status.set_description(format!("{}\n{}", failure.message, failure.text()));
    status
}

fn skipped(why: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(why);
    status
}

fn regressions(ci: &Ci) -> TestSuite {
    let mut suite = TestSuite::new("regressions");
    suite.add_test_cases(ci.regressions.cases.iter().map(regression));
    let left = ci.regressions.asked - ci.regressions.cases.len() as u64;
    if left > 0 {
        let case = TestCase::new("the other cases", skipped(&format!("{left} had no turn")));
        suite.add_test_case(case);
    }
    suite
}

fn regression(case: &Case) -> TestCase {
    let kind = match case.exit() {
        Exit::Pass => None,
        Exit::Inconclusive | Exit::NothingTested => Some(TestCaseStatus::skipped()),
        Exit::Nondeterministic => Some(TestCaseStatus::non_success(NonSuccessKind::Error)),
        _ => Some(TestCaseStatus::non_success(NonSuccessKind::Failure)),
    };
    let status = match kind {
        None => TestCaseStatus::success(),
        Some(mut status) => {
            let lines: Vec<String> = case.lines();
            status.set_message(case.sentence()).set_type(case.replayed.judgement().name());
            status.set_description(lines.join("\n"));
            status
        }
    };
    let mut test = TestCase::new(case.replayed.scenario.as_str(), status);
    test.set_classname("regressions");
    test.extra.insert("file".into(), case.replayed.scenario.as_str().into());
    test
}
