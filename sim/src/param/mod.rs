//! Parameters: what can be written in a scenario file, declared once.
//!
//! Protocols, faults, workloads and the sections of a scenario each declare a table of [`Param`]s. From these tables
//! come the loader's diagnostics, the JSON Schema, `explain`, and the files in which found cases are saved; so
//! none of them can say what another does not.

use std::fmt;
use std::ops::Range;

use crate::faults::target::Target;
use crate::rng::Delay;
use crate::time::{Ppm, Span};

mod near;
mod parse;
mod raw;
mod show;
mod words;

pub use near::{nearest, suggest};
pub use parse::parse_table;
pub use raw::{Entry, Raw, RawKind};
pub use show::Shift;

/// One key that can be written in a table of a scenario file.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// The key.
    pub name: &'static str,
    /// What its value looks like.
    pub shape: Shape,
    /// What holds if it is not written.
    pub default: Default,
    /// What it means, in a sentence.
    pub doc: &'static str,
}

/// What holds if a key is not written.
#[derive(Clone, Copy, Debug)]
pub enum Default {
    /// It must be written.
    Required,
    /// Nothing: the feature is off, or follows from something else.
    Absent,
    /// This value, as it would be written.
    Value(Literal),
}

/// A value that can stand in a table of the code.
#[derive(Clone, Copy, Debug)]
pub enum Literal {
    /// A truth value.
    Flag(bool),
    /// A whole number.
    Count(u64),
    /// A text: a span, odds, a choice, a target.
    Text(&'static str),
    /// A list of texts: a range of spans, several targets.
    Texts(&'static [&'static str]),
    /// A table with one entry, whose value is a list of texts: `{ uniform = ["1ms", "10ms"] }`.
    Table(&'static str, &'static [&'static str]),
}

/// What a value looks like.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// `true` or `false`.
    Flag,
    /// A whole number between two, both included.
    Count(u64, u64),
    /// A whole number, or a range `[low, high]` of them, within bounds.
    Counts(u64, u64),
    /// A span: `"150ms"`.
    Span,
    /// A span, or a range of them: `["150ms", "300ms"]`.
    Spans,
    /// A span with a sign: `"+50ms"`, `"-3s"`.
    Shift,
    /// A range of signed spans, or one: `["-50ms", "+50ms"]`.
    Shifts,
    /// Odds: `"1%"`.
    Odds,
    /// One of these words; each with what it means.
    Choice(&'static [(&'static str, &'static str)]),
    /// Any of these words, or `"all"`, or a list of them. The names of a protocol's properties are known only to it, so they are checked later.
    Names,
    /// A distribution of spans: `"5ms"`, `{ uniform = ["1ms", "10ms"] }`, `{ exponential = { min = "1ms", mean = "5ms" } }`,
    /// `{ lognormal = { median = "2ms", p99 = "20ms" } }`.
    Delay,
    /// Nodes or clients: `"leader"`, `"n1"`, `"not(leader)"`, `["n1", "n2"]`.
    Target,
    /// Nodes: as a target, but of no client.
    Nodes,
    /// Groups of nodes that cannot reach each other: `[["n1", "n2"], ["n3"]]`.
    Groups,
    /// A table of further parameters.
    Table(&'static [Param]),
    /// One of these words, or a table of further parameters: `"pass"`, `{ violation = "panic" }`.
    ChoiceOrTable(&'static [(&'static str, &'static str)], &'static [Param]),
    /// Any text.
    Text,
}

/// A value that has its [`Shape`].
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// Of [`Shape::Flag`].
    Flag(bool),
    /// Of [`Shape::Count`].
    Count(u64),
    /// Of [`Shape::Counts`].
    Counts(u64, u64),
    /// Of [`Shape::Span`].
    Span(Span),
    /// Of [`Shape::Spans`].
    Spans(Span, Span),
    /// Of [`Shape::Shift`], in nanoseconds.
    Shift(i64),
    /// Of [`Shape::Shifts`], in nanoseconds.
    Shifts(i64, i64),
    /// Of [`Shape::Odds`].
    Odds(Ppm),
    /// Of [`Shape::Choice`] or [`Shape::ChoiceOrTable`].
    Choice(&'static str),
    /// Of [`Shape::Names`].
    Names(Vec<String>),
    /// Of [`Shape::Delay`].
    Delay(Delay),
    /// Of [`Shape::Target`] or [`Shape::Nodes`].
    Target(Target),
    /// Of [`Shape::Groups`].
    Groups(Vec<Target>),
    /// Of [`Shape::Table`] or [`Shape::ChoiceOrTable`].
    Table(Args),
    /// Of [`Shape::Text`].
    Text(String),
}

/// The values of one table: each of the declared parameters that is written or has a default, in the order of the declaration.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Args {
    values: Vec<(&'static str, Value)>,
}

/// Something wrong with a parameter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParamError {
    /// Where, in bytes from the beginning of the file. Empty at 0 if the value was not read from a file.
    pub at: Range<usize>,
    /// What is wrong with what was given.
    pub message: String,
    /// What is allowed, or the nearest valid name.
    pub help: Option<String>,
}

impl ParamError {
    /// A mistake at a place, without help so far.
    pub fn new(at: Range<usize>, message: impl Into<String>) -> ParamError {
        ParamError { at, message: message.into(), help: None }
    }

    /// With a word on what is allowed.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> ParamError {
        ParamError { help: Some(help.into()), ..self }
    }
}

impl Args {
    /// Values by name, for a table made in code.
    pub fn new(values: Vec<(&'static str, Value)>) -> Args {
        Args { values }
    }

    /// The value of a parameter, if it has one.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// The defaults of a table, as if nothing were written in it. A required parameter has no value.
    pub fn defaults(params: &'static [Param]) -> Args {
        let defaults = params.iter().filter_map(|param| Some((param.name, param.default.value(&param.shape)?)));
        Args::new(defaults.collect())
    }

    /// Those of the values that belong to `params`.
    pub fn only(&self, params: &[Param]) -> Args {
        let belongs = |name| params.iter().any(|param| param.name == name);
        Args::new(self.values.iter().filter(|(name, _)| belongs(*name)).cloned().collect())
    }

    /// All values with their names.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.values.iter().map(|(name, value)| (*name, value))
    }

    /// Takes a value away.
    pub fn remove(&mut self, name: &str) {
        self.values.retain(|(key, _)| *key != name);
    }

    /// Sets a value.
    pub fn set(&mut self, name: &'static str, value: Value) {
        match self.values.iter_mut().find(|(key, _)| *key == name) {
            Some((_, old)) => *old = value,
            None => self.values.push((name, value)),
        }
    }
}

macro_rules! getters {
    ($($(#[$doc:meta])* $name:ident: $pattern:pat => $result:expr, $type:ty;)*) => {
        impl Args {
            $(
                $(#[$doc])*
                ///
                /// # Panics
                /// If the parameter has no value of this shape, which means that it is not declared so.
                pub fn $name(&self, name: &str) -> $type {
                    match self.get(name) {
                        Some($pattern) => $result,
                        other => panic!("parameter {name} is declared otherwise: {other:?}"),
                    }
                }
            )*
        }
    };
}

getters! {
    /// A truth value.
    flag: Value::Flag(flag) => *flag, bool;
    /// A whole number.
    count: Value::Count(count) => *count, u64;
    /// A range of whole numbers.
    counts: Value::Counts(low, high) => (*low, *high), (u64, u64);
    /// A span.
    span: Value::Span(span) => *span, Span;
    /// A range of spans.
    spans: Value::Spans(low, high) => (*low, *high), (Span, Span);
    /// A span with a sign, in nanoseconds.
    shift: Value::Shift(shift) => *shift, i64;
    /// A range of spans with a sign, in nanoseconds.
    shifts: Value::Shifts(low, high) => (*low, *high), (i64, i64);
    /// Odds.
    odds: Value::Odds(odds) => *odds, Ppm;
    /// A word.
    choice: Value::Choice(word) => word, &'static str;
    /// A distribution of spans.
    delay: Value::Delay(delay) => *delay, Delay;
    /// Nodes or clients.
    target: Value::Target(target) => target, &Target;
    /// Groups of nodes.
    groups: Value::Groups(groups) => groups, &[Target];
    /// Names.
    names: Value::Names(names) => names, &[String];
    /// A table of further values.
    table: Value::Table(args) => args, &Args;
    /// A text.
    text: Value::Text(text) => text, &str;
}

impl fmt::Display for ParamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ParamError {}
