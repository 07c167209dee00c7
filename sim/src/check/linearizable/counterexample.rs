//! A history that is not linearizable, told to people.

use std::fmt::{Display, Write};

use super::online::Configuration;
use crate::history::{Operation, Outcome};
use crate::id::Key;
use crate::spec::Spec;
use crate::time::Instant;

/// How many lines a story has at most.
const MOST_LINES: usize = 12;

/// How many characters of an answer are shown at most.
const MOST_SHOWN: usize = 60;

/// Why a history is not linearizable: the first return that nothing explains.
#[derive(Clone, Debug)]
pub struct Counterexample<S: Spec> {
    /// The key.
    pub key: Key,
    /// How many returns on that key come before the one that cannot be explained; all of them can be. If its [parts](Spec::part) were looked at alone, this and
    /// all else is about one part.
    pub explained: usize,
    /// The operation that returned then: there is no moment for it with its answer.
    pub culprit: Operation<S>,
    /// Answers that it could have had instead, as far as they were looked for. Each differs from the others.
    pub answers: Vec<S::Ret>,
    /// Whether there are no other answers.
    pub all_answers: bool,
    /// The other operations that matter, in the order of their invocations, and as few as could be found. With the
    /// culprit's these outcomes contradict each other, whatever became of the operations left out; but for those that had returned by `from`, if there is such a place.
    pub story: Vec<Operation<S>>,
    /// The order of the return with which the story begins, if it begins late: what had returned by then is over, what was invoked before may be, and together they left the object in one
    /// state or another. The operations of the story were all invoked later.
    pub from: Option<u32>,
    /// All that the object can have been right before the culprit returned, with regard to the operations then under way, which are named by their places in the history: each of these explains every
    /// return before, and none has a place for the culprit. None if they are too many to be listed, or the history is too long.
    pub survivors: Option<Vec<Configuration<S>>>,
    /// Whether the story is about a few values of a [buffer](crate::spec::Footprint::Passes), and what was left out about others: so that somebody else would have to have
    /// put these in, or taken them out.
    pub of_values: bool,
}

impl<S: Spec> Counterexample<S> {
    /// The kind of operation that cannot be placed, by the name that people see: `get`, `read`, `add`.
    pub fn kind(&self) -> String {
        let shown = self.culprit.op.to_string();
        shown.split_whitespace().next().unwrap_or_default().to_owned()
    }

    /// When it was certain, by true time: when the culprit returned.
    pub fn at(&self) -> Instant {
        match &self.culprit.outcome {
            Outcome::Ok { returned, .. } => returned.at,
            Outcome::Failed | Outcome::Unknown => self.culprit.invoked.at,
        }
    }

    /// The story, a dozen lines at most: the culprit, then the operations that matter in the order of their invocations,
    /// the latest of them if they are many.
    pub fn tell(&self) -> Vec<String> {
        let mut lines = vec![format!("{}   cannot be placed{}", told(&self.culprit), self.instead())];
        let hidden = if self.story.len() < MOST_LINES { 0 } else { self.story.len() - (MOST_LINES - 2) };
        if hidden > 0 {
            lines.push(format!("… {hidden} operations on {} before these:", self.key));
        }
        lines.extend(self.story[hidden..].iter().map(told));
        lines
    }

    /// What else it could have answered, in words.
    fn instead(&self) -> String {
        let Some((last, others)) = self.answers.split_last() else {
            return String::new();
        };
        let mut text = if self.all_answers { ": only ".to_owned() } else { ": ".to_owned() };
        for (place, answer) in others.iter().enumerate() {
            let _ = write!(text, "{}{}", if place == 0 { "" } else { ", " }, shown(answer));
        }
        let last = shown(last);
        let _ = match (others.is_empty(), self.all_answers) {
            (true, true) => write!(text, "{last} was possible"),
            (true, false) => write!(text, "{last} was possible, for one"),
            (false, true) => write!(text, " or {last} were possible"),
            (false, false) => write!(text, " or {last} were possible, among others"),
        };
        text
    }
}

/// An operation, its outcome and its time, on one line.
pub(crate) fn told<S: Spec>(operation: &Operation<S>) -> String {
    let Operation { id, op, invoked, outcome, .. } = operation;
    match outcome {
        Outcome::Ok { ret, returned } => format!("{id} {op} → {}   {} … {}", shown(ret), invoked.at, returned.at),
        Outcome::Failed => format!("{id} {op} → failed   {} …", invoked.at),
        Outcome::Unknown => format!("{id} {op} → unknown   {} …", invoked.at),
    }
}

/// An answer, without its middle if it is long.
fn shown(answer: &impl Display) -> String {
    let text: Vec<char> = answer.to_string().chars().collect();
    if text.len() <= MOST_SHOWN {
        return text.into_iter().collect();
    }
    let (head, tail) = (&text[..MOST_SHOWN / 2 - 1], &text[text.len() - (MOST_SHOWN / 2 - 2)..]);
    head.iter().chain(&[' ', '…', ' ']).chain(tail).collect()
}
