//! Histories in logs of Jepsen: a line an event, `INFO  jepsen.util - 2  :invoke  :cas  [3 0]`, or what stands behind the dash or the colon alone.
//!
//! What other parts of a program have logged in between is passed over. In these logs a compare-and-set that failed, with nothing said of why, has found
//! another value: it is an answer, and says what the register did not hold then. With a reason behind it (`:connection-refused`) it did not happen.

use std::io::BufRead;

use super::edn::Edn;
use super::event::{Event, Item, Kind, Mistake};
use super::source::{Lines, is_log};
use super::value::{Value, cut};

/// The logger of what clients saw.
const LOGGER: &str = "jepsen.util";

/// Reads such a history.
pub(crate) struct Log<R>(Lines<R>);

impl<R: BufRead> Log<R> {
    pub(crate) fn new(input: R) -> Log<R> {
        Log(Lines::new(input))
    }
}

impl<R: BufRead> Iterator for Log<R> {
    type Item = Result<Item, Mistake>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (line, text) = match self.0.next()? {
                Ok(read) => read,
                Err(mistake) => return Some(Err(mistake)),
            };
            let rest = match text.split_once(LOGGER) {
                Some((_, rest)) => rest.trim_start_matches(':').trim_start().trim_start_matches('-').trim_start(),
                None if is_log(text.as_bytes()) => continue,
                None => &text,
            };
            if !rest.is_empty() {
                return Some(event(rest, line).map(Item::Event));
            }
        }
    }
}

fn event(text: &str, line: u64) -> Result<Event, Mistake> {
    let wrong = || {
        let allowed = "an event is a process, a type, an operation and a value: `2  :invoke  :write  3`";
        Mistake::new(line, format!("no event: `{}`", cut(text, 60)), allowed)
    };
    let mut edn = Edn::new(text.as_bytes(), line);
    let mut form = || edn.form().ok().flatten();
    let (Some(process), Some(kind), Some(f)) = (form(), form(), form()) else { return Err(wrong()) };
    let (Value::Word(kind), Value::Word(f)) = (&kind, &f) else { return Err(wrong()) };
    let named = Kind::named(kind.trim_start_matches(':'));
    let mut kind = named.ok_or_else(|| Mistake::kind(line, &format!("`{kind}`")))?;
    let f = f.trim_start_matches(':').to_owned();
    // Behind the value may stand what went wrong, in any words.
    let mut value = form().unwrap_or_default();
    if f == "cas" && kind == Kind::Fail && value.pair().is_some() && form().is_none() {
        (kind, value) = (Kind::Ok, Value::Bool(false));
    }
    Ok(Event { line, process, kind, f: Some(f), key: None, value, time: None })
}
