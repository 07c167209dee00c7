//! From events to operations: whose, asked and answered when, with what.

use std::collections::BTreeMap;

use shaketable_reports::Spot;

use super::event::{Event, Item, Kind, Mistake, Reader};
use super::value::{Names, Value, cut};

/// How many mistakes are told. Reading goes no further.
pub(crate) const MOST_MISTAKES: usize = 20;

/// How much memory a history may take, in bytes.
const MOST_BYTES: u64 = 4 << 30;

/// How values are about objects, if events have no key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, clap::ValueEnum)]
pub(crate) enum Keyed {
    /// As pairs of a key and a value if all that is asked for has such a pair
    #[default]
    Auto,
    /// As pairs of a key and a value, as `jepsen.independent` writes them
    Always,
    /// All about one object
    Never,
}

/// What the clients saw, whole.
#[derive(Debug)]
pub(crate) struct History {
    /// All operations, in the order in which they were asked for.
    pub(crate) calls: Vec<Call>,
    /// The operations that are asked for.
    pub(crate) fs: Names,
    /// Who asks.
    pub(crate) processes: Names,
    /// Which objects there are.
    pub(crate) keys: Names,
    /// The model by which the history says that it is to be judged.
    pub(crate) model: Option<String>,
}

/// An operation.
#[derive(Debug)]
pub(crate) struct Call {
    /// Who asks for it: the number in [`History::processes`].
    pub(crate) process: u32,
    /// What it is: the number in [`History::fs`].
    pub(crate) f: u32,
    /// Of which object: the number in [`History::keys`].
    pub(crate) key: u32,
    /// With what.
    pub(crate) argument: Value,
    /// When it was asked for.
    pub(crate) asked: Spot,
    /// What became of it.
    pub(crate) fate: Fate,
}

/// What became of an operation.
#[derive(Debug)]
pub(crate) enum Fate {
    /// It happened, with this answer.
    Answered(Value, Spot),
    /// It did not happen.
    Failed,
    /// Nobody knows.
    Unknown,
}

impl History {
    /// What a call asks for.
    pub(crate) fn f(&self, call: &Call) -> &str {
        match self.fs.value(call.f) {
            Value::Text(f) => f,
            other => unreachable!("operations are named by text, not by {other}"),
        }
    }

    /// Reads a whole history.
    ///
    /// # Errors
    /// What is wrong with it, in the order of its lines: [`MOST_MISTAKES`] at most.
    pub(crate) fn read(reader: &mut Reader<'_>, keyed: Keyed) -> Result<History, Vec<Mistake>> {
        let mut pairing = Pairing::default();
        let mut mistakes = Vec::new();
        for item in reader {
            let taken = item.and_then(|item| match item {
                Item::Model(name) => {
                    pairing.model = Some(name);
                    Ok(())
                }
                Item::Event(event) => pairing.take(event),
            });
            mistakes.extend(taken.err());
            if mistakes.len() == MOST_MISTAKES || pairing.bytes > MOST_BYTES {
                break;
            }
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        pairing.finish(keyed)
    }
}

/// Events, as far as they have been put together.
#[derive(Debug, Default)]
struct Pairing {
    calls: Vec<Call>,
    /// The key of each call, if it has one.
    keys: Vec<Option<Value>>,
    fs: Names,
    processes: Names,
    /// By process: the place of the operation that it waits for.
    open: BTreeMap<u32, usize>,
    model: Option<String>,
    /// How many events there were of clients.
    events: u32,
    bytes: u64,
}

impl Pairing {
    fn take(&mut self, event: Event) -> Result<(), Mistake> {
        if is_nemesis(&event.process) {
            return Ok(());
        }
        let Event { line, process, kind, f, key, value, time } = event;
        let shown = cut(&process.to_string(), 40);
        let known = self.processes.len();
        let process = self.processes.number(&process);
        if self.processes.len() > known {
            self.bytes += 2 * self.processes.value(process).bytes() + 64;
        }
        let spot = Spot { order: self.events, line, time };
        self.events += 1;
        if kind == Kind::Invoke {
            let f = f.ok_or_else(|| {
                Mistake::new(line, "an operation without `f`", "`f` says what is asked for: `read`, `write`")
            })?;
            if let Some(&before) = self.open.get(&process) {
                let given =
                    format!("process {shown} asks for `{}`, and waits for {} still", cut(&f, 40), self.told(before));
                return Err(Mistake::new(line, given, "a process has one operation at a time"));
            }
            self.open.insert(process, self.calls.len());
            self.bytes += value.bytes() + key.as_ref().map_or(0, Value::bytes) + 200;
            let f = self.fs.number(&Value::Text(f));
            self.calls.push(Call { process, f, key: 0, argument: value, asked: spot, fate: Fate::Unknown });
            self.keys.push(key);
            return Ok(());
        }
        let Some(place) = self.open.remove(&process) else {
            let given = format!("process {shown} learns what became of an operation, and waits for none");
            return Err(Mistake::new(line, given, "`invoke` comes first"));
        };
        if let Some(f) = f.filter(|f| *self.fs.value(self.calls[place].f) != Value::Text(f.clone())) {
            let given = format!("process {shown} learns what became of a `{}`", cut(&f, 40));
            return Err(Mistake::new(line, given, format!("it waits for {}", self.told(place))));
        }
        if let (Some(key), Some(asked)) = (&key, &self.keys[place])
            && key != asked
        {
            let given = format!("process {shown} learns of key {}", cut(&key.to_string(), 40));
            return Err(Mistake::new(line, given, format!("it waits for {}, of key {asked}", self.told(place))));
        }
        self.bytes += value.bytes();
        self.calls[place].fate = match kind {
            Kind::Ok => Fate::Answered(value, spot),
            Kind::Fail => Fate::Failed,
            Kind::Info | Kind::Invoke => Fate::Unknown,
        };
        Ok(())
    }

    /// An operation, in words.
    fn told(&self, place: usize) -> String {
        let call = &self.calls[place];
        let Value::Text(f) = self.fs.value(call.f) else { return String::new() };
        format!("the `{}` of line {}", cut(f, 40), call.asked.line)
    }

    fn finish(self, keyed: Keyed) -> Result<History, Vec<Mistake>> {
        let last = self.calls.last().map_or(1, |call| call.asked.line);
        if self.bytes > MOST_BYTES {
            let given = format!("more than {} GiB of operations", MOST_BYTES >> 30);
            return Err(vec![Mistake::new(last, given, "check parts of the history: keys do not know each other")]);
        }
        if self.calls.is_empty() {
            return Err(vec![Mistake::new(1, "there is no operation in it", "a history of nothing says nothing")]);
        }
        let Pairing { mut calls, keys, fs, processes, model, .. } = self;
        let paired = match keyed {
            Keyed::Always => true,
            Keyed::Never => false,
            Keyed::Auto => keys.iter().all(Option::is_none) && calls.iter().all(|call| is_keyed(call, &fs)),
        };
        let mut known = Names::default();
        let mut mistakes = Vec::new();
        if let (Some(without), Some(with)) =
            (keys.iter().position(Option::is_none), keys.iter().position(Option::is_some))
        {
            let line = |place: usize| calls[place].asked.line;
            let given = format!("an operation without a key, where that of line {} has one", line(with));
            mistakes.push(Mistake::new(line(without), given, "all operations have a key, or none has"));
        }
        for (call, key) in calls.iter_mut().zip(keys) {
            let split = if paired { split(call) } else { Ok(Value::Nil) };
            match split {
                Ok(first) => call.key = known.number(&key.unwrap_or(first)),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        mistakes.truncate(MOST_MISTAKES);
        if mistakes.is_empty() { Ok(History { calls, fs, processes, keys: known, model }) } else { Err(mistakes) }
    }
}

fn is_nemesis(process: &Value) -> bool {
    matches!(process, Value::Word(name) | Value::Text(name) if name.trim_start_matches(':') == "nemesis")
}

/// Whether what a call is asked for with can be a key and a value. Of a compare-and-set, the value is a pair itself; of a transaction, a list of lists.
fn is_keyed(call: &Call, fs: &Names) -> bool {
    let Value::Text(f) = fs.value(call.f) else { return false };
    call.argument.pair().is_some_and(|(_, value)| match (f.as_str(), value) {
        ("cas", value) => value.pair().is_some(),
        ("txn", Value::List(steps)) => steps.iter().all(|step| matches!(step, Value::List(_))),
        ("txn", _) => false,
        _ => true,
    })
}

/// Takes the key off what a call was asked for with, and was answered.
fn split(call: &mut Call) -> Result<Value, Mistake> {
    let part = |value: &Value, line: u64| match value.pair() {
        Some((key, value)) => Ok((key.clone(), value.clone())),
        None => {
            let given = format!("a value without a key: {}", cut(&value.to_string(), 60));
            Err(Mistake::new(line, given, "values are pairs `[key value]`"))
        }
    };
    let (key, argument) = part(&call.argument, call.asked.line)?;
    if let Fate::Answered(value, spot) = &mut call.fate {
        let (of, answer) = part(value, spot.line)?;
        if of != key {
            let given = format!("an answer of key {}", cut(&of.to_string(), 60));
            return Err(Mistake::new(spot.line, given, format!("what was asked for is of key {key}")));
        }
        *value = answer;
    }
    call.argument = argument;
    Ok(key)
}
