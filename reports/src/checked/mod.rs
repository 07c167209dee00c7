//! Histories from elsewhere, and what was found in them: for people and for programs.
//!
//! # What programs get
//!
//! One object: `check` (the version of this format, 1), `interrupted`, and `files`, one object each with `name` and either `errors` or
//! - `format`, `model`, `operations`, `keys`: how the history was read, and how large it is;
//! - `findings`: for each consistency level that was asked for, `level` and `verdict` (`holds`, `violated`, `inconclusive`).
//!   One that holds has `states`, how many the search has visited. One that is inconclusive has `key`, `reason`, and
//!   `explained`, how many answers on that key are certainly right. One that is violated has
//!   `key`; `explained`; `culprit`, the first answer that nothing explains; `instead`, what it could have been (`no-other`: and nothing else);
//!   `story`, as few other operations as could be found that exclude it; and `context`, some that happened around then and do not matter.
//!
//! An operation has `process`, `operation`, `answer`, `invoked` and `returned`; a moment has `line`, `order` (the how-manieth event of clients,
//! from 0) and `time` (in nanoseconds, if the history has it). An error has `line`, `given` and `allowed`.

use serde_json::{Value, json};

use crate::lanes::{Bar, Lanes, Part, lanes};
use crate::summary::Exit;
use crate::text::{Style, Tint, counted};

/// A history, and what came of checking it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checked {
    /// Its file.
    pub name: String,
    /// What was found in it, or what is wrong with it: one mistake at least.
    pub judged: Result<Judgeable, Vec<Wrong>>,
}

/// A history that could be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judgeable {
    /// Its format.
    pub format: &'static str,
    /// The model by which it was judged.
    pub model: &'static str,
    /// How many operations it has.
    pub operations: u64,
    /// Of how many objects.
    pub keys: u64,
    /// What was found, an entry for each level.
    pub findings: Vec<Finding>,
}

/// Something that is wrong with a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wrong {
    /// The line, from 1; 0 if it is the file as a whole.
    pub line: u64,
    /// What is there.
    pub given: String,
    /// What could be there.
    pub allowed: String,
}

/// Whether a history keeps what a consistency level promises.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The level: `linearizability`.
    pub level: &'static str,
    /// In a word, a history that keeps it: `linearizable`.
    adjective: &'static str,
    /// Whether it does.
    pub verdict: Judged,
}

/// Whether something that is promised is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Judged {
    /// It is.
    Holds {
        /// How many states were visited to know.
        states: u64,
    },
    /// It is not.
    Violated(Box<Contradiction>),
    /// A budget ran out.
    Undecided {
        /// The object, if it has a name.
        key: Option<String>,
        /// Which budget.
        why: String,
        /// How many answers can be explained, from the first.
        explained: u64,
    },
}

/// Operations that contradict each other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contradiction {
    /// The object, if it has a name.
    pub key: Option<String>,
    /// How many answers come before the culprit's; all of them can be explained.
    pub explained: u64,
    /// The first operation whose answer cannot be explained.
    pub culprit: Act,
    /// What it could have been answered instead, as far as that was looked for.
    pub instead: Vec<String>,
    /// Whether it could have been answered nothing else.
    pub no_other: bool,
    /// Whether the story begins late: operations that had returned before it took effect before it, and left one thing or another.
    pub late: bool,
    /// The others, in the order in which they were asked for: as few as could be found that exclude the culprit's answer.
    pub story: Vec<Act>,
    /// Whether they are all that there is about a few values, and only other values do not matter.
    pub of_values: bool,
    /// Some that happened on the same object around then, and do not matter.
    pub context: Vec<Act>,
}

/// An operation as a history tells it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Act {
    /// Who asked.
    pub process: String,
    /// What for.
    pub asked: String,
    /// What it was answered, if that says anything.
    pub answer: Option<String>,
    /// When it was asked for.
    pub from: Spot,
    /// When it was answered, if it was.
    pub to: Option<Spot>,
}

/// A place in a history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spot {
    /// The how-manieth event of clients, from 0.
    pub order: u32,
    /// The line of the file, from 1.
    pub line: u64,
    /// When, in nanoseconds, if that is told.
    pub time: Option<u64>,
}

/// How many operations are named in a sentence.
const MOST_NAMED: usize = 6;

/// How long what is told of an operation may be, in characters.
const LONGEST: usize = 60;

impl Finding {
    /// Of linearizability.
    pub fn linearizability(verdict: Judged) -> Finding {
        Finding { level: "linearizability", adjective: "linearizable", verdict }
    }

    fn exit(&self) -> Exit {
        match self.verdict {
            Judged::Holds { .. } => Exit::Pass,
            Judged::Violated(_) => Exit::Violation,
            Judged::Undecided { .. } => Exit::Inconclusive,
        }
    }
}

impl Checked {
    /// How the tool ends if this is all.
    pub fn exit(&self) -> Exit {
        match &self.judged {
            Ok(judged) => judged.findings.iter().map(Finding::exit).fold(Exit::Pass, Exit::or),
            Err(_) => Exit::Usage,
        }
    }
}

/// What was found in a history, for people: a line for each level, and below it a picture of what contradicts itself. What is wrong with
/// a file is told by [`wrong`].
pub fn checked(checked: &Checked, width: usize, style: Style) -> String {
    let name = &checked.name;
    let judged = match &checked.judged {
        Ok(judged) => judged,
        Err(wrong) => {
            let mistakes = counted(wrong.len() as u64, "mistake");
            return format!("{}  {name}   {mistakes}\n", style.paint(Tint::Bad, "not read        "));
        }
    };
    let size =
        format!("{}, {}, {}", judged.model, counted(judged.operations, "operation"), counted(judged.keys, "key"));
    let mut text = String::new();
    for finding in &judged.findings {
        let (tint, word, more) = match &finding.verdict {
            Judged::Holds { .. } => (Tint::Good, finding.adjective.to_owned(), String::new()),
            Judged::Violated(found) => {
                (Tint::Bad, format!("not {}", finding.adjective), format!("\n{}", contradiction(found, width, style)))
            }
            Judged::Undecided { key, why, explained } => {
                let on = on(key);
                let explained = counted(*explained, "answer");
                (Tint::Doubtful, "inconclusive".to_owned(), format!("  {why} ({explained}{on} can be explained)\n"))
            }
        };
        let word = style.paint(tint, &format!("{word:<16}"));
        text += &format!("{word}  {name}   {size}\n{more}");
        if !more.is_empty() {
            text.push('\n');
        }
    }
    text
}

/// How many histories came to what, if there were several.
pub fn checked_all(all: &[Checked]) -> String {
    if all.len() < 2 {
        return String::new();
    }
    let count = |exit: Exit| all.iter().filter(|one| one.exit() == exit).count();
    let words = [
        (count(Exit::Pass), "hold"),
        (count(Exit::Violation), "violated"),
        (count(Exit::Inconclusive), "inconclusive"),
        (count(Exit::Usage), "not read"),
    ];
    let parts: Vec<String> =
        words.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    format!("{} histories: {}\n", all.len(), parts.join(", "))
}

fn on(key: &Option<String>) -> String {
    key.as_ref().map(|key| format!(" on key {}", short(key))).unwrap_or_default()
}

/// The picture, and below it what it says.
fn contradiction(found: &Contradiction, width: usize, style: Style) -> String {
    let culprit = &found.culprit;
    let bar = |act: &Act, part| Bar {
        lane: act.process.clone(),
        label: act.shown(),
        note: format!("by {}, {}", act.process, act.lines()),
        from: act.from.order,
        to: act.to.map(|to| to.order),
        part,
    };
    let story = found.story.iter().map(|act| bar(act, Part::Story));
    let context = found.context.iter().map(|act| bar(act, Part::Context));
    let mut bars: Vec<Bar> = story.chain(context).chain([bar(culprit, Part::Culprit)]).collect();
    bars.sort_by_key(|bar| bar.from);
    let Lanes { picture, legend } = lanes(&bars, width, style);
    let mut text = format!("  {}\n{picture}\n", style.paint(Tint::Faint, "process"));
    let lettered = !legend.is_empty();
    if lettered {
        text += &legend;
        text.push('\n');
    }
    let place = format!("by process {}{} ({})", culprit.process, on(&found.key), culprit.lines());
    text += &paragraph(&format!("{} {place} {}", culprit.shown(), instead(found)), width);
    let story: Vec<String> = found.story.iter().map(|act| format!("{} ({})", act.shown(), act.lines())).collect();
    let others = match (found.late, found.of_values) {
        (_, true) => "whatever became of other values",
        (true, false) => "whatever came before and whatever became of all others",
        (false, false) => "whatever became of all others",
    };
    let excluded = match story.len() {
        0 => format!("excluded {others}"),
        1..=MOST_NAMED if !lettered => format!("excluded by {}, {others}", story.join(", ")),
        count => format!("excluded by the {} drawn in full, {others}", counted(count as u64, "other")),
    };
    text += &paragraph(&excluded, width);
    text
}

/// What else the culprit could have been answered.
fn instead(found: &Contradiction) -> String {
    let answers: Vec<String> = found.instead.iter().map(|answer| short(answer)).collect();
    let Some((last, others)) = answers.split_last() else {
        return "cannot be placed".to_owned();
    };
    let list = if others.is_empty() { last.clone() } else { format!("{} or {last}", others.join(", ")) };
    let verb = if others.is_empty() { "was" } else { "were" };
    match found.no_other {
        true => format!("cannot be placed: only {list} {verb} possible"),
        false => format!("cannot be placed: {list} {verb} possible, among others"),
    }
}

impl Act {
    /// `read → 3`.
    fn shown(&self) -> String {
        match (&self.answer, self.to) {
            (Some(answer), _) => format!("{} → {}", short(&self.asked), short(answer)),
            (None, Some(_)) => short(&self.asked),
            (None, None) => format!("{} → ?", short(&self.asked)),
        }
    }

    fn lines(&self) -> String {
        match self.to {
            Some(to) => format!("lines {} to {}", self.from.line, to.line),
            None => format!("line {}", self.from.line),
        }
    }

    fn json(&self) -> Value {
        json!({
            "process": self.process,
            "operation": self.asked,
            "answer": self.answer,
            "invoked": self.from.json(),
            "returned": self.to.map(Spot::json),
        })
    }
}

impl Spot {
    fn json(self) -> Value {
        json!({ "line": self.line, "order": self.order, "time": self.time })
    }
}

/// Text without its middle if it is long.
fn short(text: &str) -> String {
    let all: Vec<char> = text.chars().collect();
    if all.len() <= LONGEST {
        return text.to_owned();
    }
    all[..LONGEST * 2 / 3].iter().chain(&['…']).chain(&all[all.len() - LONGEST / 3..]).collect()
}

/// Words in lines of two columns less than `width`.
fn paragraph(text: &str, width: usize) -> String {
    let words = text.split(' ').map(str::to_owned);
    format!("  {}\n", crate::text::wrapped(words, 2, width))
}

/// What is wrong with files, for people.
pub fn wrong(checked: &Checked, style: Style) -> String {
    let Err(mistakes) = &checked.judged else { return String::new() };
    let mut text = String::new();
    for mistake in mistakes {
        let error = style.paint(Tint::Bad, "error");
        let place = if mistake.line == 0 { String::new() } else { format!(":{}", mistake.line) };
        text += &format!("{error}: {}\n  --> {}{place}\n", mistake.given, checked.name);
        if !mistake.allowed.is_empty() {
            text += &format!("   = help: {}\n", mistake.allowed);
        }
        text.push('\n');
    }
    text
}

/// The same for programs: see the module.
pub fn checked_json(all: &[Checked], interrupted: bool) -> Value {
    let files: Vec<Value> = all.iter().map(file_json).collect();
    json!({ "check": 1, "files": files, "interrupted": interrupted })
}

fn file_json(checked: &Checked) -> Value {
    match &checked.judged {
        Ok(judged) => json!({
            "name": checked.name,
            "format": judged.format,
            "model": judged.model,
            "operations": judged.operations,
            "keys": judged.keys,
            "findings": judged.findings.iter().map(finding_json).collect::<Vec<_>>(),
        }),
        Err(wrong) => {
            let error = |wrong: &Wrong| json!({ "line": wrong.line, "given": wrong.given, "allowed": wrong.allowed });
            json!({ "name": checked.name, "errors": wrong.iter().map(error).collect::<Vec<_>>() })
        }
    }
}

fn finding_json(finding: &Finding) -> Value {
    let level = finding.level;
    match &finding.verdict {
        Judged::Holds { states } => json!({ "level": level, "verdict": "holds", "states": states }),
        Judged::Undecided { key, why, explained } => {
            json!({ "level": level, "verdict": "inconclusive", "key": key, "reason": why, "explained": explained })
        }
        Judged::Violated(found) => json!({
            "level": level,
            "verdict": "violated",
            "key": found.key,
            "explained": found.explained,
            "culprit": found.culprit.json(),
            "instead": found.instead,
            "no-other": found.no_other,
            "late": found.late,
            "story": found.story.iter().map(Act::json).collect::<Vec<_>>(),
            "context": found.context.iter().map(Act::json).collect::<Vec<_>>(),
        }),
    }
}
