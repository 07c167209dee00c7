//! Histories: whatever is in a file there is a verdict, or mistakes with their lines; and however a history is written, it is the same history.

use std::io::{BufRead, BufReader, Read, Write};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use shaketable_reports::Judgeable;
use shaketable_sim::check::linearizable::Budget;
use shaketable_sim::check::transactions::Assumptions;

use super::calls::{Keyed, MOST_MISTAKES};
use super::event::{Event, Item, Mistake};
use super::judge::Asked;
use super::models::MODELS;
use super::source::{Format, recognised, unmarked, unpacked, unreadable};
use super::value::Value;
use super::{How, check, read};
use crate::fuzz::{Fuzz, files};

const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "#{",
    "#_",
    "#a ",
    "\"",
    "[{\"a\":",
    "\\",
    ";",
    ":",
    ",",
    "-",
    "0x",
    "1e999",
    "99999999999999999999",
    "nil",
    "null",
    "\\u12",
    "\"\\ud800\"",
    "\n",
    "\r\n",
    "\u{feff}",
    "\u{85}",
    ":invoke",
    ":ok",
    ":fail",
    ":info",
    ":process",
    ":type",
    ":f",
    ":value",
    ":key",
    ":cas",
    "\"invoke\"",
    "\"process\"",
    "\"type\"",
    "\"f\"",
    "\"value\"",
    "\"key\"",
    "\"model\"",
    "{\"history\":1,\"model\":\"kv\"}\n",
    "{\"trace\":1}\n",
    ":nemesis",
    "INFO",
    "jepsen.util - ",
    "[:r 1 nil]",
    "[:append 1 2]",
    ":txn",
    "\\newline",
];

/// By its first byte, an input says how it is to be read and judged; 0 stands for what is usual.
fn settings(byte: u8, format: Option<Format>) -> How {
    let byte = usize::from(byte);
    let keyed = [Keyed::Auto, Keyed::Always, Keyed::Never][byte % 3];
    let model = (byte / 3 % (MODELS.len() + 1)).checked_sub(1).map(|place| &MODELS[place]);
    let level = model.and_then(|model| model.levels.get(byte % 5)).copied();
    let budget = Budget { states: 3_000, bytes: 1_000_000 };
    How { format, model, keyed, asked: Asked { budget, level, assume: Assumptions::default() } }
}

fn judged(bytes: &[u8], how: How) -> Result<Judgeable, Vec<Mistake>> {
    check(unpacked(bytes).map_err(|error| vec![unreadable(1, &error)])?, how)
}

/// That what comes of a history can be told: of so many lines.
fn assert_told(told: &Result<Judgeable, Vec<Mistake>>, lines: u64) {
    match told {
        Ok(judged) => assert!(judged.operations > 0 && !judged.found.levels.is_empty()),
        Err(mistakes) => {
            assert!((1..=MOST_MISTAKES).contains(&mistakes.len()), "{}", mistakes.len());
            for Mistake { line, given, allowed } in mistakes {
                assert!((1..=lines).contains(line), "line {line} of {lines}: {given}");
                assert!(!given.is_empty() && !allowed.is_empty() && given.len() < 2_500, "{given}: {allowed}");
            }
        }
    }
}

fn lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64 + 1
}

/// All that a text has, unless something is wrong with it.
fn items(bytes: &[u8], format: Option<Format>) -> Option<Vec<Item>> {
    let input: Box<dyn BufRead> = Box::new(bytes);
    let input = unmarked(input).ok()?;
    let (format, input) = match format {
        Some(format) => (format, input),
        None => recognised(input).ok()?,
    };
    read(format, input).collect::<Result<_, _>>().ok()
}

/// The events as maps of EDN, a line each.
fn as_edn(items: &[Item]) -> String {
    let line = |item: &Item| match item {
        Item::Model(_) => String::new(),
        Item::Event(Event { line: _, process, kind, f, key, value, time }) => {
            let part =
                |name: &str, value: Option<String>| value.map_or(String::new(), |value| format!(", {name} {value}"));
            let f = f.clone().map(|f| Value::Text(f).to_string());
            let rest = [
                part(":f", f),
                part(":key", key.as_ref().map(Value::to_string)),
                part(":time", time.map(|time| time.to_string())),
            ];
            format!(
                "{{:process {process}, :type {}, :value {value}{}}}\n",
                format!(":{kind:?}").to_lowercase(),
                rest.concat()
            )
        }
    };
    items.iter().map(line).collect()
}

/// What is told of events, but for where they stand.
fn placeless(items: Vec<Item>) -> Vec<Event> {
    let event = |item| match item {
        Item::Event(event) => Some(Event { line: 0, ..event }),
        Item::Model(_) => None,
    };
    items.into_iter().filter_map(event).collect()
}

/// That a history means the same when it is written in EDN, as people are shown it; and that it takes no more memory than its text is worth.
fn assert_same_in_edn(bytes: &[u8], format: Option<Format>) {
    let Some(items) = items(bytes, format) else { return };
    let size = |item: &Item| match item {
        Item::Event(event) => {
            100 + event.value.bytes() + event.process.bytes() + event.key.as_ref().map_or(0, Value::bytes)
        }
        Item::Model(name) => name.len() as u64,
    };
    let taken: u64 = items.iter().map(size).sum();
    assert!(taken <= 1_000 + 64 * bytes.len() as u64, "{taken} bytes for {}", bytes.len());
    let edn = as_edn(&items);
    // JSON may be nested deeper.
    if edn.lines().any(|line| line.bytes().filter(|byte| b"[{".contains(byte)).count() > 60) {
        return;
    }
    let again = self::items(edn.as_bytes(), Some(Format::Edn)).unwrap_or_else(|| panic!("it is no EDN: {edn}"));
    assert_eq!(placeless(again), placeless(items), "{edn}");
}

/// Bytes that come one by one.
struct Drops<'a>(&'a [u8]);

impl Read for Drops<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let one = buffer.len().min(1);
        self.0.read(&mut buffer[..one])
    }
}

fn run(name: &'static str, endings: &[&str], format: Option<Format>, inputs: u64) {
    let mut seeds: Vec<Vec<u8>> = endings.iter().flat_map(|ending| files("tests/histories", ending)).collect();
    seeds.retain(|seed| seed.len() < 6_000);
    seeds.iter_mut().for_each(|seed| seed.insert(0, 0));
    Fuzz { name, seeds, words: WORDS, inputs }.run(|input| {
        let Some((&first, bytes)) = input.split_first() else { return };
        if bytes.starts_with(&[0x1f, 0x8b]) {
            return; // Another target's.
        }
        let how = settings(first, format);
        let told = judged(bytes, how);
        assert_told(&told, lines(bytes));
        let in_drops: Box<dyn BufRead> = Box::new(BufReader::new(Drops(bytes)));
        assert_eq!(check(in_drops, how), told, "it matters in what pieces it is read");
        assert_same_in_edn(bytes, format);
    });
}

#[test]
fn ndjson() {
    run("ndjson", &[".ndjson"], Some(Format::Ndjson), 3_000);
}

#[test]
fn edn() {
    run("edn", &[".edn"], Some(Format::Edn), 4_000);
}

#[test]
fn logs() {
    run("logs", &[".log", ".txt"], Some(Format::Log), 2_000);
}

#[test]
fn any_format() {
    run("any-format", &["-ok.ndjson", "-ok.edn", ".log", ".txt"], None, 2_000);
}

#[test]
fn archives() {
    let pack = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let mut seeds: Vec<Vec<u8>> = files("tests/histories", "-ok.edn").iter().map(|bytes| pack(bytes)).collect();
    seeds.push([pack(b"{:process 0, :type :invoke, "), pack(b":f :read}")].concat());
    Fuzz { name: "archives", seeds, words: &["\u{1f}", "\u{8}", "\0\0"], inputs: 600 }.run(|input| {
        let bytes = [&[0x1f, 0x8b], input.get(2..).unwrap_or_default()].concat();
        let how = settings(0, None);
        let told = judged(&bytes, how);
        let mut unpacked = Vec::new();
        match MultiGzDecoder::new(&bytes[..]).read_to_end(&mut unpacked) {
            Ok(_) => assert_eq!(told, judged(&unpacked, how), "it matters that it is packed"),
            // A mistake may come before the place from which on it is damaged.
            Err(_) => assert!(told.is_err(), "a check sum should have told"),
        }
        assert_told(&told, lines(&unpacked));
    });
}

/// What was wrong once.
mod repaired {
    use super::*;

    #[test]
    fn a_mark_of_the_byte_order_is_no_part_of_a_history() {
        for file in ["cas-ok.edn", "register-ok.ndjson", "log-ok.log"] {
            let plain = files("tests/histories", file).concat();
            let marked = ["\u{feff}".as_bytes(), &plain].concat();
            assert_eq!(judged(&marked, settings(0, None)), judged(&plain, settings(0, None)), "{file}");
        }
    }
}
