//! What was found, in words.

use std::fmt;

use super::history::{Key, Process, TransactionId, Value};
use super::level::Level;
use super::report::{Ambiguous, Basis, Dependency, Evidence, Excerpt, Fault, Finding, Report, Seen, Step, Verdict};

/// What things are called. A history has numbers; who has made them of words knows the words.
pub trait Names {
    /// A transaction: `T7`.
    fn transaction(&self, id: TransactionId) -> String {
        format!("T{}", id.0)
    }

    /// A key: `k7`.
    fn key(&self, key: Key) -> String {
        format!("k{}", key.0)
    }

    /// A value: `7`.
    fn value(&self, value: Value) -> String {
        value.0.to_string()
    }

    /// A process: `process 7`.
    fn process(&self, process: Process) -> String {
        format!("process {}", process.0)
    }
}

/// Numbers, as they are.
#[derive(Clone, Copy, Debug)]
pub struct Numbers;

impl Names for Numbers {}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.tell(&Numbers).join("\n"))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.tell(&Numbers).join("\n"))
    }
}

impl Report {
    /// Each level with its verdict, then each anomaly with its evidence, as lines.
    pub fn tell(&self, names: &dyn Names) -> Vec<String> {
        let mut lines: Vec<String> = Level::ALL
            .iter()
            .map(|&level| {
                let verdict = match self.verdict(level) {
                    Verdict::Holds => "holds".to_owned(),
                    Verdict::NothingFound => "nothing found, which is no proof".to_owned(),
                    Verdict::Violated(finding) => format!("violated: {}", finding.anomaly.name()),
                };
                format!("{:<34} {verdict}", level.name())
            })
            .collect();
        for finding in self.findings() {
            lines.push(String::new());
            lines.extend(finding.tell(names));
        }
        if !self.left_out.is_empty() {
            lines.push(String::new());
            lines.extend(self.left_out.iter().map(|key| key.tell(names)));
        }
        lines
    }
}

impl Ambiguous {
    /// Why the key is left out, in a sentence.
    pub fn tell(&self, names: &dyn Names) -> String {
        let Ambiguous { key, value, first, second } = *self;
        let [first, second] = [first, second].map(|id| names.transaction(id));
        let (key, value) = (names.key(key), names.value(value));
        format!(
            "{key} is left out: {value} was put into {key} by {first} and by {second}, and nobody can tell who was read"
        )
    }
}

impl Finding {
    /// The anomaly, then its evidence, as lines.
    pub fn tell(&self, names: &dyn Names) -> Vec<String> {
        let (name, gist) = (self.anomaly.name(), self.anomaly.gist());
        let head = if name == gist { name.to_owned() } else { format!("{name}, {gist}") };
        let mut lines = vec![format!("{head} ({})", self.anomaly.source())];
        lines.extend(evidence(&self.evidence, names).into_iter().map(|line| format!("  {line}")));
        lines
    }
}

fn evidence(evidence: &Evidence, names: &dyn Names) -> Vec<String> {
    let id = |id: &TransactionId| names.transaction(*id);
    match evidence {
        Evidence::Cycle(steps) => {
            let first = steps.first().map(|step| step.from);
            let mut round: Vec<String> = steps.iter().map(|step| id(&step.from)).collect();
            round.extend(first.iter().map(id));
            let mut lines = vec![format!("{}:", round.join(" < "))];
            lines.extend(steps.iter().map(|step| step.tell(names)));
            lines
        }
        Evidence::Read { reader, key, seen, fault: of } => {
            vec![format!("{} read {} = {}, {}", id(reader), names.key(*key), shown(seen, names), fault(of, names))]
        }
        Evidence::Lists { key, first, second } => vec![format!(
            "{} read {key} = {}, and {} read {key} = {}",
            id(&first.0),
            shown(&first.1, names),
            id(&second.0),
            shown(&second.1, names),
            key = names.key(*key)
        )],
        Evidence::Replaced { key, seen, first, second } => vec![format!(
            "{} and {} both read {} = {} and wrote to it",
            id(first),
            id(second),
            names.key(*key),
            shown(seen, names)
        )],
    }
}

fn fault(fault: &Fault, names: &dyn Names) -> String {
    let id = |id: &TransactionId| names.transaction(*id);
    let value = |value: &Value| names.value(*value);
    match fault {
        Fault::Garbage(of) => format!("but nobody wrote {}, and keys begin empty", value(of)),
        Fault::Twice(of) => format!("which has {} twice", value(of)),
        Fault::Aborted(writer, of) => format!("but {}, who wrote {}, aborted", id(writer), value(of)),
        Fault::OnTop { aborted, below, committed, above } => format!(
            "where {}, appended by {}, who committed, comes after {}, appended by {}, who aborted",
            value(above),
            id(committed),
            value(below),
            id(aborted)
        ),
        Fault::Intermediate(writer, of) => {
            format!("but {}, who wrote {}, wrote something else afterwards", id(writer), value(of))
        }
        Fault::OutOfTurn(writer, of) => {
            format!(
                "but {} appended {} right after another value of its own that is not there before it",
                id(writer),
                value(of)
            )
        }
        Fault::Future(of) => format!("but wrote {} only afterwards", value(of)),
        Fault::Expected(seen) => {
            format!("but should have seen {}, by what it had read and written before", shown(seen, names))
        }
    }
}

impl Step {
    /// Why one transaction comes before the other, on one line.
    pub fn tell(&self, names: &dyn Names) -> String {
        let (from, to) = (names.transaction(self.from), names.transaction(self.to));
        match &self.why {
            Dependency::Ww { key, earlier, later, basis } => format!(
                "ww: {to} wrote {} to {} after {from} wrote {}: {}",
                names.value(*later),
                names.key(*key),
                names.value(*earlier),
                known(basis, *later, *key, names)
            ),
            Dependency::Wr { key, value, seen } => format!(
                "wr: {to} read {} = {}, and {} is of {from}",
                names.key(*key),
                shown(seen, names),
                names.value(*value)
            ),
            Dependency::Rw { key, seen, later, basis } => format!(
                "rw: {from} read {} = {}, before {to} wrote {}: {}",
                names.key(*key),
                shown(seen, names),
                names.value(*later),
                known(basis, *later, *key, names)
            ),
            Dependency::Process(process) => {
                format!("process: {from} was done when {} asked for {to}", names.process(*process))
            }
            Dependency::RealTime => format!("real time: {from} was done when {to} was asked for"),
        }
    }
}

fn known(basis: &Basis, later: Value, key: Key, names: &dyn Names) -> String {
    let id = |id: &TransactionId| names.transaction(*id);
    let key = names.key(key);
    let later = names.value(later);
    match basis {
        Basis::Read(by, seen) => format!("{} read {key} = {}", id(by), shown(seen, names)),
        Basis::Unread(Some((by, seen))) => {
            format!(
                "nobody read {later}, and the longest that was read is {key} = {}, by {}",
                shown(seen, names),
                id(by)
            )
        }
        Basis::Unread(None) => format!("nobody read {later}, or anything of {key}"),
        Basis::Initial => format!("{key} began so"),
        Basis::Replaced(by) => format!("{} read the one and wrote the other", id(by)),
        Basis::LinearizableKeys(first, second) => format!(
            "keys are assumed linearizable, and {} was done with the one when {}, which met {later}, was asked for",
            id(first),
            id(second)
        ),
        Basis::SequentialKeys(first, second) => format!(
            "keys are assumed sequential, and one process met the one by {} and then {later} by {}",
            id(first),
            id(second)
        ),
    }
}

fn shown(seen: &Seen, names: &dyn Names) -> String {
    match seen {
        Seen::Register(None) => "nil".to_owned(),
        Seen::Register(Some(value)) => names.value(*value),
        Seen::List(Excerpt { before, values, after }) => {
            let mut words: Vec<String> = values.iter().map(|value| names.value(*value)).collect();
            if *before {
                words.insert(0, "…".to_owned());
            }
            if *after {
                words.push("…".to_owned());
            }
            format!("[{}]", words.join(" "))
        }
    }
}
