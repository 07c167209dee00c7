//! Histories of transactions: one operation `txn`, whose value is a list of reads and of appends or writes, as Jepsen's and Elle's are.
//!
//! `[[:append x 1] [:r y nil]]` is asked for, `[[:append x 1] [:r y [2 3]]]` answered. A transaction that failed was aborted; one without a known outcome may have committed.

mod micro;

use std::collections::BTreeSet;

use shaketable_reports::{Act, Anomaly, Finding, Findings, Judged, Violation};
use shaketable_sim::check::linearizable::Budget;
use shaketable_sim::check::transactions::{
    Basis, Dependency, Error, Evidence, Fault, Key, Level, Names as Told, Outcome, Process, Report, Transaction,
    TransactionId, Value as Number, Verdict,
};

pub(crate) use self::micro::Micro;
use super::calls::{Call, Fate, History, MOST_MISTAKES};
use super::event::Mistake;
use super::judge::{Asked, plain, process_shown};
use super::models::Model;
use super::value::{Names, Value, cut};

/// What can be asked for: the levels of [`Level`], the strongest first.
pub(crate) static LEVELS: [&str; 9] = [
    "strict-serializable",
    "strong-snapshot-isolation",
    "strong-session-serializable",
    "strong-session-snapshot-isolation",
    "serializable",
    "snapshot-isolation",
    "repeatable-read",
    "read-committed",
    "read-uncommitted",
];

/// How many states a search may take for each transaction, and besides.
const SEARCHED: (u64, u64) = (1_000, 1_000_000);

/// Whether a history is of such transactions: by what changes its objects, or else by what was read.
pub(crate) fn fits<O: Micro>(history: &History) -> bool {
    let values = history.calls.iter().flat_map(|call| match &call.fate {
        Fate::Answered(value, _) => [Some(&call.argument), Some(value)],
        Fate::Failed | Fate::Unknown => [Some(&call.argument), None],
    });
    let (mut changes, mut readable) = (None, true);
    for (f, _, value) in values.flatten().filter_map(items).flatten().filter_map(parts) {
        match f {
            "r" => readable &= O::is_readable(value),
            change => changes = Some(changes.unwrap_or(true) && change == O::CHANGES),
        }
    }
    changes.unwrap_or(readable)
}

fn items(value: &Value) -> Option<&[Value]> {
    if let Value::List(items) = value { Some(items) } else { None }
}

/// A read, append or write: what it is, of what, and the value.
fn parts(item: &Value) -> Option<(&str, &Value, &Value)> {
    match items(item)? {
        [Value::Word(f) | Value::Text(f), key, value] => Some((f.trim_start_matches(':'), key, value)),
        _ => None,
    }
}

/// Judges such a history.
///
/// # Errors
/// What is no transaction of the model.
pub(crate) fn judge<O: Micro>(
    model: &'static Model,
    history: &History,
    asked: &Asked,
) -> Result<Findings, Vec<Mistake>> {
    let mut words = Words { history, keys: Names::default(), values: Names::default() };
    let mut transactions = Vec::with_capacity(history.calls.len());
    let mut mistakes = Vec::new();
    for (place, call) in (1..).zip(&history.calls) {
        match words.translated::<O>(model, place, call) {
            Ok(transaction) => transactions.push(transaction),
            Err(mistake) => mistakes.push(mistake),
        }
        if mistakes.len() == MOST_MISTAKES {
            break;
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let level = asked.level.unwrap_or(LEVELS[0]);
    let mut found = Findings {
        keys: words.keys.len() as u64,
        asked: level,
        levels: Vec::new(),
        strongest: Vec::new(),
        anomalies: Vec::new(),
    };
    match O::check(&transactions, asked.assume) {
        Ok(report) => {
            found.levels =
                levels().map(|(level, name)| Finding { level: name, verdict: words.judged(&report, level) }).collect();
            found.strongest = strongest(&report);
            found.anomalies = report.findings().iter().map(|finding| words.anomaly(finding)).collect();
        }
        Err(error) => {
            let verdict = Judged::Undecided { key: None, why: words.why(&error), reached: None };
            found.levels.push(Finding { level, verdict });
        }
    }
    settle::<O>(&mut found, model, history, asked);
    Ok(found)
}

/// Where dependencies do not tell whether a history is strictly serializable, looks for an order of all transactions.
fn settle<O: Micro>(found: &mut Findings, model: &'static Model, history: &History, asked: &Asked) {
    let decided =
        |finding: &Finding| finding.level == LEVELS[0] && !matches!(finding.verdict, Judged::Undecided { .. });
    if found.levels.iter().any(decided) {
        return;
    }
    let states = asked.budget.states.min(SEARCHED.0 * history.calls.len() as u64 + SEARCHED.1);
    match O::search(model, history, Budget { states, ..asked.budget }) {
        Some(verdict @ Judged::Holds { .. }) => {
            // It is the strongest of all.
            found.levels = LEVELS.iter().map(|level| Finding { level, verdict: verdict.clone() }).collect();
            found.strongest = vec![LEVELS[0]];
        }
        Some(verdict @ Judged::Violated(_)) if found.levels[0].level == LEVELS[0] => found.levels[0].verdict = verdict,
        _ => {}
    }
}

/// All levels with their names, the strongest first.
fn levels() -> impl Iterator<Item = (Level, &'static str)> {
    Level::ALL.into_iter().rev().zip(LEVELS)
}

fn strongest(report: &Report) -> Vec<&'static str> {
    let holds = |level: Level| report.verdict(level) == Verdict::Holds;
    let covered = |level: Level| levels().any(|(other, _)| other != level && other.implies(level) && holds(other));
    levels().filter(|(level, _)| holds(*level) && !covered(*level)).map(|(_, name)| name).collect()
}

/// What numbers stand for.
struct Words<'h> {
    history: &'h History,
    keys: Names,
    values: Names,
}

impl Told for Words<'_> {
    fn key(&self, key: Key) -> String {
        plain(self.keys.value(key.0 as u32))
    }

    fn value(&self, value: Number) -> String {
        cut(&self.values.value(value.0 as u32).to_string(), 40)
    }

    fn process(&self, process: Process) -> String {
        format!("process {}", cut(&plain(self.history.processes.value(process.0 as u32)), 40))
    }
}

impl Words<'_> {
    fn judged(&self, report: &Report, level: Level) -> Judged {
        let undecided = |why: &str| Judged::Undecided { key: None, why: why.to_owned(), reached: None };
        match (report.verdict(level), report.left_out()) {
            (Verdict::Holds, _) => Judged::Holds { states: None },
            (Verdict::Violated(finding), _) => Judged::Violated(Violation::Anomaly(finding.anomaly.name())),
            (Verdict::NothingFound, []) => {
                undecided("nothing was found, which is no proof: what was read does not tell the order of all versions")
            }
            (Verdict::NothingFound, [first, others @ ..]) => {
                let at = |id: TransactionId| self.call(id).asked.line;
                let (key, value) = (Told::key(self, first.key), Told::value(self, first.value));
                let others = match others.len() {
                    0 => String::new(),
                    1 => "; so is another key".to_owned(),
                    more => format!("; so are {more} other keys"),
                };
                let lines = match (at(first.first), at(first.second)) {
                    (line, same) if line == same => format!("twice in line {line}"),
                    (line, other) => format!("in lines {line} and {other}"),
                };
                undecided(&format!(
                    "nothing was found on the other keys; {key} was left out, because nobody can tell who was read: {value} \
                     was put there {lines}{others}",
                ))
            }
        }
    }

    fn translated<O: Micro>(&mut self, model: &Model, id: u64, call: &Call) -> Result<Transaction<O>, Mistake> {
        let line = call.asked.line;
        if model.verb(self.history.f(call)).is_none() {
            let given = format!("an unknown operation `{}`", cut(self.history.f(call), 40));
            return Err(Mistake::new(line, given, format!("the model `{}` has {}", model.name, model.named_verbs())));
        }
        if *self.history.keys.value(call.key) != Value::Nil {
            return Err(Mistake::new(
                line,
                "a transaction with a key",
                "a transaction says for each read and write of what",
            ));
        }
        let asked = listed::<O>(&call.argument, line)?;
        let (ops, outcome) = match &call.fate {
            Fate::Answered(answer, spot) => {
                let answered = listed::<O>(answer, spot.line)?;
                if !asked.iter().map(changed).eq(answered.iter().map(changed)) {
                    let given = "an answer with other reads and writes than were asked for".to_owned();
                    return Err(Mistake::new(
                        spot.line,
                        given,
                        format!("line {line} asked for {}", cut(&call.argument.to_string(), 60)),
                    ));
                }
                (self.ops(&answered, true, spot.line)?, Outcome::Committed { completed: spot.order.into() })
            }
            Fate::Failed => (self.ops(&asked, false, line)?, Outcome::Aborted),
            Fate::Unknown => (self.ops(&asked, false, line)?, Outcome::Unknown),
        };
        let process = Process(call.process.into());
        Ok(Transaction { id: TransactionId(id), process, ops, invoked: call.asked.order.into(), outcome })
    }

    fn ops<O: Micro>(&mut self, parts: &[(&str, &Value, &Value)], heard: bool, line: u64) -> Result<Vec<O>, Mistake> {
        let op = |&(f, key, value): &(&str, &Value, &Value)| {
            let key = Key(self.keys.number(key).into());
            let wrong =
                |allowed: &str| Mistake::new(line, format!("`{f}` of {}", cut(&value.to_string(), 60)), allowed);
            match (f, value) {
                ("r", found) => {
                    let found = heard.then_some(found);
                    O::read(key, found, &mut self.values).ok_or_else(|| wrong("a list is read, or nil if it is empty"))
                }
                (_, Value::Nil) => Err(wrong("nil is what objects hold at first: it cannot be told apart")),
                (_, value) => Ok(O::change(key, Number(self.values.number(value).into()))),
            }
        };
        parts.iter().map(op).collect()
    }

    /// A finding in the words of the history.
    fn anomaly(&self, finding: &shaketable_sim::check::transactions::Finding) -> Anomaly {
        let lines = finding.tell(self);
        Anomaly {
            name: finding.anomaly.name(),
            gist: finding.anomaly.gist(),
            source: finding.anomaly.source(),
            evidence: lines[1..].iter().map(|line| line.trim_start().to_owned()).collect(),
            transactions: named(&finding.evidence)
                .into_iter()
                .map(|id| (Told::transaction(self, id), self.act(id)))
                .collect(),
        }
    }

    fn call(&self, id: TransactionId) -> &Call {
        &self.history.calls[id.0 as usize - 1]
    }

    fn act(&self, id: TransactionId) -> Act {
        let call = self.call(id);
        let (shown, answer, to) = match &call.fate {
            Fate::Answered(value, spot) => (value, None, Some(*spot)),
            Fate::Failed => (&call.argument, Some("aborted".to_owned()), None),
            Fate::Unknown => (&call.argument, None, None),
        };
        Act { process: process_shown(self.history, call), asked: shown.to_string(), answer, from: call.asked, to }
    }

    /// Why nothing can be said of a history.
    fn why(&self, error: &Error) -> String {
        let at = |id: TransactionId| format!("line {}", self.call(id).asked.line);
        match *error {
            Error::BrokenAssumption { assumption, key, first, second } => format!(
                "{} is not {assumption}, as was assumed: {} was done with one version before {} met another, and yet that \
                 other one came first",
                Told::key(self, key),
                at(first),
                at(second)
            ),
            // All else is as it must be by how histories are read.
            _ => error.to_string(),
        }
    }
}

/// The reads and writes of a transaction.
fn listed<O: Micro>(value: &Value, line: u64) -> Result<Vec<(&str, &Value, &Value)>, Mistake> {
    let allowed = || format!("a transaction is a list such as `[[{} x 1] [r y nil]]`", O::CHANGES);
    let wrong = |what: &Value| Mistake::new(line, format!("`txn` of {}", cut(&what.to_string(), 60)), allowed());
    let all = items(value).ok_or_else(|| wrong(value))?;
    let part = |item| parts(item).filter(|(f, ..)| *f == "r" || *f == O::CHANGES).ok_or_else(|| wrong(item));
    all.iter().map(part).collect()
}

/// What an answer repeats of what was asked for: all but what was read.
fn changed<'v>(&(f, key, value): &(&'v str, &'v Value, &'v Value)) -> (&'v str, &'v Value, Option<&'v Value>) {
    (f, key, (f != "r").then_some(value))
}

/// The transactions that are named when evidence is told.
fn named(evidence: &Evidence) -> BTreeSet<TransactionId> {
    match evidence {
        Evidence::Cycle(steps) => {
            steps.iter().flat_map(|step| [step.from, step.to].into_iter().chain(of_basis(&step.why))).collect()
        }
        Evidence::Read { reader, fault, .. } => {
            let others = match fault {
                Fault::Aborted(writer, _) | Fault::Intermediate(writer, _) | Fault::OutOfTurn(writer, _) => {
                    vec![*writer]
                }
                Fault::OnTop { aborted, committed, .. } => vec![*aborted, *committed],
                Fault::Garbage(_) | Fault::Twice(_) | Fault::Future(_) | Fault::Expected(_) => Vec::new(),
            };
            others.into_iter().chain([*reader]).collect()
        }
        Evidence::Lists { first, second, .. } => [first.0, second.0].into_iter().collect(),
        Evidence::Replaced { first, second, .. } => [*first, *second].into_iter().collect(),
    }
}

fn of_basis(why: &Dependency) -> Vec<TransactionId> {
    let (Dependency::Ww { basis, .. } | Dependency::Rw { basis, .. }) = why else { return Vec::new() };
    match basis {
        Basis::Read(by, _) | Basis::Unread(Some((by, _))) | Basis::Replaced(by) => vec![*by],
        Basis::LinearizableKeys(first, second) | Basis::SequentialKeys(first, second) => vec![*first, *second],
        Basis::Unread(None) | Basis::Initial => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_levels_can_be_asked_for() {
        for (level, name) in levels() {
            assert_eq!(level.name().replace(' ', "-"), name);
        }
    }
}
