//! Histories from elsewhere, and what was found in them: for people and for programs.
//!
//! # What programs get
//!
//! One object: `check` (the version of this format, 1), `interrupted`, and `files`, one object each with `name` and either `errors` or
//! - `format`, `model`, `operations`, `keys`: how the history was read, and how large it is;
//! - `level`: the one that decides how the tool ends, and `strongest`: those known to hold that no other known to hold contains;
//! - `findings`: for each consistency level that was looked at, `level` and `verdict` (`holds`, `violated`, `inconclusive`); below.
//! - `anomalies`, of transactions: each has `name`, `gist` (what it is), `source` (who defines it), `evidence` (lines of text), and `transactions`: those that the
//!   evidence names, with their `name` (`T3`) and what an operation has.
//!
//! A level that holds has `states`, how many the search has visited; `null`, if there was none, or if a stronger level says so. One that is
//! inconclusive has a `reason`, and of `linearizable` `key`, `explained`, how many answers on that key are certainly right, `next`,
//! the operation whose answer comes then, and `open`, how many are under way at that time. What a violated one has depends on the level:
//! - `linearizable`: `key`; `explained`; `culprit`, the first answer that nothing explains; `instead`, what it could have been (`no-other`: and nothing else);
//!   `story`, as few other operations as could be found that exclude it; `late`, whether the story begins late, when
//!   operations before it had left one thing or another; `of-values`, whether the story is all that there is about a few values; `origin`, of an
//!   answer with a `value` that nobody can have put there: who `asked` for it (`nobody`, or in `line`, but `later`, or that `failed`); and `context`, some that happened around then and do not matter.
//! - weaker levels of objects: `pattern`, its name in the literature, if it has one; `gist`; `story`, as few operations as could be found that no history of the
//!   level has; `culprit`, the one of them whose answer is wrong, or `null`; and `clashes`, of `session-guarantees`: each has `guarantees`, of which each
//!   holds and all together do not, and a `story` of its own.
//! - levels of transactions: `anomaly`, the name of the gravest that it forbids.
//!
//! An operation has `process`, `operation`, `answer`, `invoked` and `returned`; a moment has `line`, `order` (the how-manieth event of clients,
//! from 0) and `time` (in nanoseconds, if the history has it). An error has `line`, `given` and `allowed`.

mod json;
mod picture;
mod table;

pub use json::checked_json;

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
    /// What was found.
    pub found: Findings,
}

/// What was found in a history.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Findings {
    /// How many objects it has.
    pub keys: u64,
    /// The level that decides how the tool ends. It is among the levels that were looked at.
    pub asked: &'static str,
    /// An entry for each level that was looked at.
    pub levels: Vec<Finding>,
    /// Of the levels that are known to hold, those that no other such level contains.
    pub strongest: Vec<&'static str>,
    /// Of transactions: what is wrong with them.
    pub anomalies: Vec<Anomaly>,
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
    /// The level, in a word that a history is which keeps it: `linearizable`.
    pub level: &'static str,
    /// Whether it does.
    pub verdict: Judged,
}

/// Whether something that is promised is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Judged {
    /// It is.
    Holds {
        /// How many states were visited to know, if any were.
        states: Option<u64>,
    },
    /// It is not.
    Violated(Violation),
    /// Nobody knows.
    Undecided {
        /// The object, if it is one and has a name.
        key: Option<String>,
        /// Why: a budget ran out, or the history does not tell enough.
        why: String,
        /// How far it came, if that is known.
        reached: Option<Reached>,
    },
}

/// How far a search came on an object before its budget ran out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reached {
    /// How many answers can be explained, from the first.
    pub explained: u64,
    /// The answer that comes next, which is not decided.
    pub next: Option<Act>,
    /// How many operations on the object are under way when it comes, that one among them.
    pub open: u64,
}

/// What shows that something promised is not kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Violation {
    /// An answer that others on its object exclude.
    Contradiction(Box<Contradiction>),
    /// Some operations.
    Exclusion(Box<Exclusion>),
    /// The anomaly of this name.
    Anomaly(&'static str),
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
    /// Where the culprit's answer comes from, if nobody had asked for it by then who may have got it.
    pub origin: Option<Origin>,
    /// Some that happened on the same object around then, and do not matter.
    pub context: Vec<Act>,
}

/// Where a value comes from that was answered, and that nobody can have put there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// Nobody ever asked for it.
    Nobody {
        /// The value.
        value: String,
    },
    /// It was asked for only after it had been answered.
    Later {
        /// The value.
        value: String,
        /// In which line first.
        line: u64,
    },
    /// It was asked for, and that failed.
    Failed {
        /// The value.
        value: String,
        /// In which line first.
        line: u64,
    },
}

/// Operations that no history of some level has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exclusion {
    /// What the literature calls them, if it does.
    pub pattern: Option<&'static str>,
    /// What is wrong with them, in a few words.
    pub gist: &'static str,
    /// The one whose answer is wrong, if it is one.
    pub culprit: Option<Act>,
    /// All others, in the order in which they were asked for.
    pub story: Vec<Act>,
    /// Of several promises, which of them cannot be kept together.
    pub clashes: Vec<Clash>,
}

/// Promises that cannot be kept together, though any fewer of them can.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clash {
    /// Their names.
    pub guarantees: Vec<&'static str>,
    /// The operations that show it.
    pub story: Vec<Act>,
}

/// Something that is wrong with transactions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Anomaly {
    /// What the literature calls it.
    pub name: &'static str,
    /// What it is, in a few words.
    pub gist: &'static str,
    /// Who defines it.
    pub source: &'static str,
    /// What shows it, line by line.
    pub evidence: Vec<String>,
    /// The transactions that the evidence names, each with that name.
    pub transactions: Vec<(String, Act)>,
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

/// How long what is told of an operation may be, in characters.
const LONGEST: usize = 60;

impl Judged {
    fn exit(&self) -> Exit {
        match self {
            Judged::Holds { .. } => Exit::Pass,
            Judged::Violated(_) => Exit::Violation,
            Judged::Undecided { .. } => Exit::Inconclusive,
        }
    }
}

impl Findings {
    /// What was found of the level that decides how the tool ends.
    fn decisive(&self) -> &Judged {
        let mut asked = self.levels.iter().filter(|finding| finding.level == self.asked);
        &asked.next().expect("the level that was asked for was looked at").verdict
    }
}

impl Checked {
    /// How the tool ends if this is all.
    pub fn exit(&self) -> Exit {
        self.judged.as_ref().map_or(Exit::Usage, |judged| judged.found.decisive().exit())
    }
}

/// What was found in a history, for people: a line, below it a picture of what contradicts itself; then, if several levels were looked at, a table of them, and of transactions
/// the anomalies. What is wrong with a file is told by [`wrong`].
pub fn checked(checked: &Checked, width: usize, style: Style) -> String {
    let name = &checked.name;
    let judged = match &checked.judged {
        Ok(judged) => judged,
        Err(wrong) => {
            let mistakes = counted(wrong.len() as u64, "mistake");
            return format!("{}  {name}   {mistakes}\n", style.paint(Tint::Bad, "not read        "));
        }
    };
    let Findings { keys, asked, .. } = &judged.found;
    let size = format!("{}, {}, {}", judged.model, counted(judged.operations, "operation"), counted(*keys, "key"));
    let (tint, word, more) = match judged.found.decisive() {
        Judged::Holds { .. } => (Tint::Good, (*asked).to_owned(), String::new()),
        Judged::Violated(violation) => {
            let drawn = match violation {
                Violation::Contradiction(found) => picture::contradiction(found, width, style),
                Violation::Exclusion(found) => picture::exclusion(found, width, style),
                Violation::Anomaly(_) => String::new(),
            };
            (Tint::Bad, format!("not {asked}"), drawn)
        }
        Judged::Undecided { key, why, reached } => {
            let reached = reached.as_ref().map(|reached| reached.said(key)).unwrap_or_default();
            (Tint::Doubtful, "inconclusive".to_owned(), paragraph(&format!("{why}{reached}"), width))
        }
    };
    let word = style.paint(tint, &format!("{word:<16}"));
    let mut text = format!("{word}  {name}   {size}\n");
    for part in [more, table::levels(&judged.found, width, style), table::anomalies(&judged.found.anomalies, width)] {
        if !part.is_empty() {
            text += &format!("\n{part}");
        }
    }
    if text.lines().count() > 1 {
        text.push('\n');
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

impl Reached {
    /// How far that is, as the rest of a sentence.
    fn said(&self, key: &Option<String>) -> String {
        let Reached { explained, next, open } = self;
        let next = next.as_ref().map(|act| {
            let open = counted(*open, "operation");
            format!("; then {} by process {} ({}), with {open} under way", act.shown(), act.process, act.lines())
        });
        format!(": {}{} can be explained{}", counted(*explained, "answer"), on(key), next.unwrap_or_default())
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
    indented(2, text, width)
}

/// Words in lines that begin so many columns from the left, the first one too.
fn indented(columns: usize, text: &str, width: usize) -> String {
    let words = text.split(' ').map(str::to_owned);
    format!("{}{}\n", " ".repeat(columns), crate::text::wrapped(words, columns, width))
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
