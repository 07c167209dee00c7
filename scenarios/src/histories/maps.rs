//! Histories of EDN maps, as Jepsen and Knossos write them, and the tests of key-value stores after them:
//! `{:process 0, :type :invoke, :f :write, :value 3}`, in a vector, in a list, or one after the other.

use std::io::BufRead;

use super::edn::Edn;
use super::event::{Event, Item, Kind, Mistake};
use super::value::Value;

const ALLOWED: &str = "an event is a map such as `{:process 0, :type :invoke, :f :write, :value 3}`";

/// Reads such a history.
pub(crate) struct Maps<R> {
    edn: Edn<R>,
    place: Place,
}

/// How far it has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    /// One event after the other.
    Open,
    /// Between brackets that begin in this line and end with this byte.
    Within(u64, u8),
    /// Behind the last event.
    End,
}

impl<R: BufRead> Maps<R> {
    pub(crate) fn new(input: R) -> Maps<R> {
        Maps { edn: Edn::new(input, 1), place: Place::Start }
    }

    /// The next event; nothing at the end.
    fn read(&mut self) -> Result<Option<Result<Item, Mistake>>, Mistake> {
        let ahead = self.edn.ahead()?;
        let line = self.edn.line();
        match (self.place, ahead) {
            (Place::Start, Some(open @ (b'[' | b'('))) => {
                self.edn.take()?;
                self.place = Place::Within(line, if open == b'[' { b']' } else { b')' });
                self.read()
            }
            (Place::Start, _) => {
                self.place = Place::Open;
                self.read()
            }
            (Place::Within(_, close), Some(byte)) if byte == close => {
                self.edn.take()?;
                self.place = Place::End;
                self.read()
            }
            (Place::Within(begun, close), None) => {
                let allowed = format!("what begins in line {begun} ends with `{}`", char::from(close));
                Err(Mistake::new(line, "the file ends", allowed))
            }
            (Place::Open | Place::End, None) => Ok(None),
            (Place::End, Some(_)) => {
                Err(Mistake::new(line, "something behind the history", "it ends with its closing bracket"))
            }
            (Place::Open | Place::Within(..), Some(_)) => match self.edn.form()? {
                Some(form) => Ok(Some(event(form, line).map(Item::Event))),
                // A form may be passed over, up to the end.
                None if self
                    .edn
                    .ahead()?
                    .is_none_or(|byte| matches!(self.place, Place::Within(_, end) if byte == end)) =>
                {
                    self.read()
                }
                None => Err(Mistake::new(self.edn.line(), "a bracket that closes nothing", ALLOWED)),
            },
        }
    }
}

impl<R: BufRead> Iterator for Maps<R> {
    type Item = Result<Item, Mistake>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.place == Place::End {
            // It has been said what is behind the end.
            return None;
        }
        let read = self.read();
        if !matches!(read, Ok(Some(_))) {
            self.place = Place::End;
        }
        read.unwrap_or_else(|mistake| Some(Err(mistake)))
    }
}

/// The event that a map stands for.
fn event(form: Value, line: u64) -> Result<Event, Mistake> {
    if !matches!(form, Value::Map(_)) {
        return Err(Mistake::new(line, "something that is no map", ALLOWED));
    }
    let missing = |name: &str| Mistake::new(line, format!("an event without `{name}`"), ALLOWED);
    let name = |value: &Value| match value {
        Value::Word(word) => Some(word.trim_start_matches(':').to_owned()),
        Value::Text(text) => Some(text.clone()),
        _ => None,
    };
    let kind = form.field(":type").ok_or_else(|| missing(":type"))?;
    let known = name(kind).and_then(|name| Kind::named(&name));
    let f = match form.field(":f") {
        None => None,
        Some(f) => Some(name(f).ok_or_else(|| Mistake::new(line, format!("`:f {f}`"), "`:f` is a keyword"))?),
    };
    Ok(Event {
        line,
        process: form.field(":process").ok_or_else(|| missing(":process"))?.clone(),
        kind: known.ok_or_else(|| Mistake::kind(line, &format!("`{kind}`")))?,
        f,
        key: form.field(":key").cloned(),
        value: form.field(":value").cloned().unwrap_or_default(),
        time: form.field(":time").and_then(Value::count),
    })
}
