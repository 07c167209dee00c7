//! The report of many saved cases, each replayed and held to what it expects.

use serde_json::{Value, json};
use shaketable_sim::run::Verdict;

use crate::block::Block;
use crate::replay::{Expects, Judgement, Replayed, faithfulness, sentence};
use crate::summary::Exit;
use crate::text::{Cell, Style, Tint, counted, grouped, table};

/// What came of saved cases.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Regressions {
    /// The version of the tool.
    pub version: String,
    /// Each case that was replayed; something was recorded of every one.
    pub cases: Vec<Case>,
    /// How many cases there are. More than were replayed after an interrupt.
    pub asked: u64,
}

/// A saved case, replayed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Case {
    /// What came of it.
    pub replayed: Replayed,
    /// Its file, as a shell reads it.
    pub path: String,
}

impl Case {
    /// How the tool ends if this is all that there is. A case that expects a violation is red when it passes: a bug that was planted got away, or one
    /// that was not is gone, and somebody should say so.
    pub fn exit(&self) -> Exit {
        match self.replayed.judgement() {
            Judgement::StillFails | Judgement::Holds => Exit::Pass,
            Judgement::Alone => Exit::NothingTested,
            Judgement::Fixed | Judgement::FailsAgain | Judgement::FailsDifferently => Exit::Violation,
            Judgement::Diverged | Judgement::Nondeterministic => Exit::Nondeterministic,
            Judgement::Undecided => match self.replayed.verdict {
                Verdict::AssumptionExceeded(_) => Exit::NothingTested,
                _ => Exit::Inconclusive,
            },
        }
    }

    /// What it says, in a sentence.
    pub fn sentence(&self) -> String {
        sentence(&self.replayed).1
    }

    /// The command that shows it again.
    pub fn reproduce(&self) -> String {
        format!("shaketable replay {}", self.path)
    }

    /// All that is to be told of it, for reports that have one text for a failure.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.sentence()];
        if let Verdict::Violation(violation) = &self.replayed.verdict {
            lines.extend(violation.story.iter().cloned());
        }
        if let Some(past) = &self.replayed.recorded {
            let (amiss, parted) = past.faithful.unmatched();
            lines.push(past.faithful.told());
            lines.extend(amiss.iter().chain(parted).cloned());
        }
        lines.extend(self.advice());
        lines.push(format!("reproduce: {}", self.reproduce()));
        lines
    }

    /// What somebody can do who finds this right.
    pub fn advice(&self) -> Option<String> {
        let accept = match (self.replayed.judgement(), &self.replayed.verdict) {
            (Judgement::Fixed, _) => " --accept fixed",
            (Judgement::Diverged, Verdict::Pass) => " --accept diverged",
            (Judgement::Diverged, _) => "",
            _ => return None,
        };
        Some(format!("if that is right: shaketable regress refresh{accept} {}", self.path))
    }
}

impl Regressions {
    /// How the tool ends: the case that says most. An interrupt outweighs them; no case at all tests nothing.
    pub fn exit(&self) -> Exit {
        let all = self.cases.iter().map(Case::exit).reduce(Exit::or).unwrap_or(Exit::NothingTested);
        if self.is_interrupted() { all.or(Exit::Interrupted) } else { all }
    }

    fn is_interrupted(&self) -> bool {
        (self.cases.len() as u64) < self.asked
    }
}

/// For people: a line a case, then what is not as expected.
pub fn regressions(regressions: &Regressions, style: Style) -> String {
    let mut parts = vec![overview(&regressions.cases, style)];
    let mut amiss: Vec<&Case> = regressions.cases.iter().filter(|case| case.exit() != Exit::Pass).collect();
    // The worst comes last.
    amiss.sort_by_key(|case| case.exit().weight());
    parts.push(format!("{}\n", conclusion(regressions, amiss.len() as u64, style)));
    parts.extend(amiss.into_iter().map(|case| block(case, style)));
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

fn overview(cases: &[Case], style: Style) -> String {
    let cell = |text: &str, tint| Cell { text: text.to_owned(), tint };
    let mut rows = vec![["case", "events", "result", "met again"].map(|head| cell(head, Tint::Faint)).into()];
    rows.extend(cases.iter().map(|case| {
        let replayed = &case.replayed;
        let faithful = replayed.recorded.as_ref().map(|past| past.faithful.brief()).unwrap_or_default();
        let result = Cell { text: replayed.judgement().name().to_owned(), tint: tint(case) };
        let events = cell(&grouped(replayed.events), Tint::None);
        vec![cell(&replayed.scenario, Tint::None), events, result, cell(&faithful, Tint::None)]
    }));
    if cases.is_empty() { String::new() } else { table(&rows, style) }
}

fn tint(case: &Case) -> Tint {
    match case.exit() {
        Exit::Pass => Tint::Good,
        Exit::Inconclusive | Exit::NothingTested => Tint::Doubtful,
        _ => Tint::Bad,
    }
}

fn conclusion(regressions: &Regressions, amiss: u64, style: Style) -> String {
    let ran = regressions.cases.len() as u64;
    let cases = counted(ran, "case");
    match ran {
        _ if regressions.is_interrupted() => {
            let text = format!("interrupted: {} of {} were replayed", grouped(ran), counted(regressions.asked, "case"));
            style.paint(Tint::Doubtful, &text)
        }
        0 => style.paint(Tint::Doubtful, "no case was replayed"),
        1 if amiss == 0 => style.paint(Tint::Good, "as expected"),
        1 => style.paint(Tint::Bad, "not as expected"),
        _ if amiss == 0 => style.paint(Tint::Good, &format!("all {cases} as expected")),
        _ => style.paint(Tint::Bad, &format!("{} of {cases} not as expected", grouped(amiss))),
    }
}

/// All that is to be told of a case that is not as expected.
fn block(case: &Case, style: Style) -> String {
    let replayed = &case.replayed;
    let mut block = Block::new(style);
    block.title(tint(case), replayed.judgement().name(), &replayed.scenario);
    block.line("protocol", &replayed.protocol);
    block.line("because", &case.sentence());
    if let Verdict::Violation(violation) = &replayed.verdict {
        block.lines("story", &violation.story);
    }
    if let Some(past) = &replayed.recorded {
        faithfulness(&mut block, &past.faithful);
    }
    if let Some(advice) = case.advice() {
        block.line("next", &advice);
    }
    block.reproduce(&case.reproduce());
    block.done()
}

/// For programs. Each case has `name`, `protocol`, `seed`, `expected` (`violation` or `pass`), `signature` (that was recorded), `result`, `ok`, `verdict`, `digest`,
/// `faithful` (`exact`, `by-meaning`, `amiss`, `parted`), `reproduce`.
pub fn regressions_json(regressions: &Regressions) -> Value {
    json!({
        "v": 1,
        "tool": regressions.version,
        "exit": regressions.exit().code(),
        "interrupted": regressions.is_interrupted(),
        "asked": regressions.asked,
        "cases": regressions.cases.iter().map(case_json).collect::<Vec<_>>(),
    })
}

pub(crate) fn case_json(case: &Case) -> Value {
    let replayed = &case.replayed;
    let past = replayed.recorded.as_ref();
    json!({
        "name": replayed.scenario,
        "protocol": replayed.protocol,
        "seed": replayed.seed,
        "expected": past.map(|past| expected(past.expects)),
        "signature": past.map(|past| &past.signature),
        "result": replayed.judgement().name().replace(' ', "-"),
        "ok": case.exit() == Exit::Pass,
        "verdict": replayed.verdict,
        "digest": format!("{:016x}", replayed.digest),
        "faithful": past.map(|past| past.faithful.json()),
        "reproduce": case.reproduce(),
    })
}

/// What a saved case says of itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    /// Its file.
    pub case: String,
    /// The protocol, with the bug planted in it if there is one.
    pub protocol: String,
    /// The signature of the violation that it shows, or showed.
    pub signature: String,
    /// What should come of it.
    pub expects: Expects,
    /// How many nodes it has.
    pub nodes: u64,
    /// How many faults strike.
    pub faults: u64,
    /// How many operations are scripted; none if clients ask by chance.
    pub operations: Option<u64>,
    /// The version of the tool that recorded it.
    pub version: String,
}

/// Saved cases for people: a line each.
pub fn kept(cases: &[Kept], style: Style) -> String {
    let cell = |text: String| Cell { text, tint: Tint::None };
    let heads = ["case", "nodes", "faults", "operations", "expects"];
    let mut rows: Vec<Vec<Cell>> =
        vec![heads.map(|head| Cell { text: head.to_owned(), tint: Tint::Faint }).into_iter().collect()];
    rows.extend(cases.iter().map(|case| {
        let expects = match case.expects {
            Expects::Violation => case.signature.clone(),
            Expects::Pass => format!("pass; was {}", case.signature),
        };
        let operations = case.operations.map_or("by chance".to_owned(), grouped);
        vec![
            cell(case.case.clone()),
            cell(grouped(case.nodes)),
            cell(grouped(case.faults)),
            cell(operations),
            cell(expects),
        ]
    }));
    table(&rows, style)
}

/// Saved cases for programs.
pub fn kept_json(cases: &[Kept]) -> Value {
    let case = |case: &Kept| {
        json!({
            "name": case.case,
            "protocol": case.protocol,
            "signature": case.signature,
            "expected": expected(case.expects),
            "nodes": case.nodes,
            "faults": case.faults,
            "operations": case.operations,
            "version": case.version,
        })
    };
    json!({ "v": 1, "cases": cases.iter().map(case).collect::<Vec<_>>() })
}

fn expected(expects: Expects) -> &'static str {
    match expects {
        Expects::Violation => "violation",
        Expects::Pass => "pass",
    }
}
