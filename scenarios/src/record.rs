//! Recorded runs, wherever they come from: a trace that was written, or a run that is made again.

use std::io::{BufRead, Read};
use std::path::Path;

use serde_json::Value;
use shaketable_reports::Side;
use shaketable_reports::page::{Property, Shown};
use shaketable_reports::recording::{Reader, Recording};
use shaketable_sim::rng::Seed;

use crate::attempt::Subject;
use crate::cases::{from_seed, quoted};
use crate::cli::Which;
use crate::files::read;
use crate::histories::source;
use crate::tables::{CHECKS, Tables};
use crate::traces::trace;

/// How long a line of a trace may be, in bytes.
const LONGEST: u64 = 16 << 20;

/// A run with what is known of it besides its trace.
pub(crate) struct Recorded {
    /// The run.
    pub(crate) recording: Recording,
    /// The line that gives it again.
    pub(crate) reproduce: String,
    /// What was checked of it.
    pub(crate) properties: Vec<Property>,
}

impl Recorded {
    /// As a page shows it, under a name.
    pub(crate) fn shown(&self, name: &str) -> Shown<'_> {
        Shown {
            recording: &self.recording,
            name: name.to_owned(),
            reproduce: self.reproduce.clone(),
            properties: self.properties.clone(),
        }
    }
}

/// Reads the trace at `path`, or runs a seed of the scenario or case that is there; on the side of the right protocol if that is asked for.
///
/// # Errors
/// What is wrong with the file or with what is asked of it, for people.
pub(crate) fn recorded(
    path: &Path,
    which: Which,
    side: Side,
    tables: &Tables,
    color: bool,
) -> Result<Recorded, String> {
    if path == Path::new("-") || is_trace(path) {
        if let Some(seed) = which.seed {
            return Err(format!(
                "error: {} is a trace, of one seed: there is no seed {seed} to choose\n",
                path.display()
            ));
        }
        return read_trace(path, tables);
    }
    let scenario = read(path, tables, color).and_then(|scenario| scenario.by(which.strategy))?;
    let recorded_seed = scenario.recorded.as_ref().map(|recorded| recorded.seed);
    let Some(seed) = which.seed.or(recorded_seed) else {
        let path = scenario.path.display();
        return Err(format!("error: {path} is no saved case: say which seed with `--seed N`\n"));
    };
    Ok(record(Subject { scenario: &scenario, side }, Seed(seed), tables))
}

/// Runs a seed and records it.
pub(crate) fn record(subject: Subject<'_>, seed: Seed, tables: &Tables) -> Recorded {
    let mut reader = Reader::new();
    let mut lines = Ok(());
    trace(subject, seed, &mut |line| {
        if lines.is_ok() {
            lines = reader.line(&line);
        }
    });
    let recording = lines.and_then(|()| reader.finish()).expect("what is traced can be read");
    let properties = properties(&recording, tables);
    let Subject { scenario, side } = subject;
    let kept = scenario.recorded.as_ref().is_some_and(|recorded| recorded.seed == seed.0);
    let reproduce = match side {
        Side::Own if kept => format!("shaketable replay {}", quoted(&scenario.path)),
        _ => from_seed(&scenario.path, scenario.strategy, side, seed.0),
    };
    Recorded { recording, reproduce, properties }
}

/// Whether a file holds a trace, and no scenario: by how it begins.
pub(crate) fn is_trace(path: &Path) -> bool {
    let mut head = [0; 1];
    let first = source::open(path).and_then(|mut input| input.read_exact(&mut head));
    first.is_ok() && head == *b"{"
}

fn read_trace(path: &Path, tables: &Tables) -> Result<Recorded, String> {
    let unreadable = |error| format!("error: cannot read {}: {error}\n", path.display());
    let mut input = source::open(path).map_err(unreadable)?;
    let mut reader = Reader::new();
    let mut text = Vec::new();
    for number in 1_u64.. {
        text.clear();
        let read = input.by_ref().take(LONGEST).read_until(b'\n', &mut text).map_err(unreadable)?;
        if read == 0 {
            break;
        }
        let wrong = |given: String, allowed: &str| {
            format!("error: {given}\n  --> {}:{number}\n   = help: {allowed}\n", path.display())
        };
        if read as u64 == LONGEST {
            return Err(wrong(format!("a line of more than {LONGEST} bytes"), "a trace has one event a line"));
        }
        if text.trim_ascii().is_empty() {
            continue;
        }
        let line: Value = serde_json::from_slice(&text)
            .map_err(|error| wrong(format!("no JSON: {error}"), "a trace has one JSON object a line"))?;
        reader.line(&line).map_err(|error| wrong(error.given, &error.allowed))?;
    }
    let recording = reader.finish().map_err(|error| format!("error: {}: {error}\n", path.display()))?;
    let properties = properties(&recording, tables);
    // What was cut out of a longer trace, or came of another version, may not come out again; the seed is all that is known.
    let about = &recording.about;
    let reproduce = format!("shaketable replay {} --seed {}", quoted(Path::new(&about.scenario)), about.seed);
    Ok(Recorded { recording, reproduce, properties })
}

/// What was checked of a run: what every run is held to, and what its protocol promises.
fn properties(recording: &Recording, tables: &Tables) -> Vec<Property> {
    let name = recording.about.protocol.split('/').next().unwrap_or_default();
    let protocol = tables.protocols.iter().find(|protocol| protocol.name == name);
    let invariants = protocol.map_or(&[][..], |protocol| protocol.properties);
    let invariants = invariants.iter().map(|property| ("invariant", property.name, property.doc));
    let broken = |check: &str, property: Option<&str>| {
        let violation = recording.violation()?;
        let (by, of) = violation.signature.split_once('/')?;
        (by == check && property.is_none_or(|property| property == of)).then_some(violation.at)
    };
    let all = CHECKS.iter().filter(|(check, _)| *check != "invariant").map(|(check, doc)| (*check, *check, *doc));
    all.chain(invariants)
        .map(|(check, name, doc)| Property {
            name: if name == "panic" { "no-panic".to_owned() } else { name.to_owned() },
            doc: doc.to_owned(),
            checked: !recording.about.unchecked.iter().any(|unchecked| unchecked == name),
            broken: broken(check, (check == "invariant").then_some(name)),
        })
        .collect()
}
