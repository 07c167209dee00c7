//! The file that a shard leaves: one JSON object a line.
//!
//! The first line says what this is: `shaketable-shard` (the version of this format, 1), `tool`, `sweep` (a digest of all scenarios with their
//! texts and seeds), `shard`, `of`, `scenarios` (how many lines follow) and `probes`. Then comes one line a scenario, in the order of
//! the sweep, with its `terms` (what it is judged by) and `counts` (what this shard's runs of it came to, with failing runs as whole cases).
//! The last line has `end`, the digest of all that stands before it, so that a damaged file is not taken for a whole one.
//!
//! Nothing in it depends on when, where or how fast it was written. The same shard of the same sweep gives the same bytes.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use shaketable_reports::Side;
use shaketable_sim::digest::digest_of;
use shaketable_sim::rng::Seed;

use super::Shard;
use crate::attempt::Subject;
use crate::counts::Part;
use crate::hex;
use crate::scenario::Scenario;
use crate::sweep::VERSION;

/// The version of the format.
const FORMAT: u64 = 1;

/// What a shard came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Sheet {
    /// Which shard of how many.
    pub(crate) shard: Shard,
    /// What it saw of seeds that every shard runs.
    pub(crate) probes: Vec<Probe>,
    /// All scenarios of the sweep, with what this shard's runs of them came to.
    pub(crate) parts: Vec<Part>,
}

/// One run that every shard of a sweep repeats, and every start of a hunt. If two see different digests, they are different builds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Probe {
    /// The scenario's file.
    pub(crate) scenario: String,
    /// The seed.
    pub(crate) seed: u64,
    /// The digest of the run.
    #[serde(with = "hex")]
    pub(crate) digest: u64,
}

/// The first of these runs of each protocol, whatever bug is planted in it.
pub(crate) fn probes<'a>(runs: impl Iterator<Item = (&'a Scenario, u64)>) -> Vec<Probe> {
    let mut known = BTreeSet::new();
    let firsts = runs.filter(|(scenario, _)| known.insert(scenario.protocol.name));
    let probe = |(scenario, seed): (&Scenario, u64)| {
        let digest = Subject { scenario, side: Side::Own }.run(Seed(seed), None).digest;
        Probe { scenario: scenario.path.display().to_string(), seed, digest }
    };
    firsts.map(probe).collect()
}

/// Why a file cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Flaw {
    /// It is something else, or of another tool than this: why.
    Foreign(String),
    /// It was whole once, or was to be, and is not.
    Damaged,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Head {
    shaketable_shard: u64,
    tool: String,
    #[serde(with = "hex")]
    sweep: u64,
    shard: u32,
    of: NonZeroU32,
    scenarios: u64,
    probes: Vec<Probe>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    #[serde(with = "hex")]
    end: u64,
}

impl Sheet {
    /// What names the sweep: two are the same if all their scenarios have the same names, texts and seeds, and stand in the same order.
    pub(crate) fn sweep(&self) -> u64 {
        let terms: Vec<_> = self.parts.iter().map(|part| &part.terms).collect();
        digest_of(&line(&terms))
    }

    /// How the file of this shard is called.
    pub(crate) fn file_name(&self) -> String {
        format!("shard-{:04}-of-{:04}.ndjson", self.shard.number(), self.shard.count())
    }

    /// Whether a file of this name is one of a shard.
    pub(crate) fn is_file_name(name: &str) -> bool {
        name.starts_with("shard-") && name.ends_with(".ndjson")
    }

    /// The text of the file.
    pub(crate) fn render(&self) -> String {
        let head = Head {
            shaketable_shard: FORMAT,
            tool: VERSION.to_owned(),
            sweep: self.sweep(),
            shard: u32::try_from(self.shard.number()).expect("no more shards than fit"),
            of: self.shard.count(),
            scenarios: self.parts.len() as u64,
            probes: self.probes.clone(),
        };
        let mut text = line(&head);
        text.extend(self.parts.iter().map(line));
        let end = line(&End { end: digest_of(&text) });
        text + &end
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// If it is not what a shard of this version of the tool has written, to the letter.
    pub(crate) fn parse(text: &str) -> Result<Sheet, Flaw> {
        let (first, _) = text.split_once('\n').unwrap_or((text, ""));
        let value: Value = match serde_json::from_str(first) {
            Ok(value) => value,
            Err(_) if is_stump(first) => return Err(Flaw::Damaged),
            Err(_) => Value::Null,
        };
        if value.get("shaketable-shard").is_none() {
            return Err(Flaw::Foreign("it is not the file of a shard".to_owned()));
        }
        if value["shaketable-shard"] != FORMAT {
            let found = &value["shaketable-shard"];
            return Err(Flaw::Foreign(format!("its format is {found}, and this tool reads {FORMAT}")));
        }
        if value["tool"] != VERSION {
            return Err(Flaw::Foreign(format!("it is of version {} of this tool, which is {VERSION}", value["tool"])));
        }
        let body = unharmed(text).ok_or(Flaw::Damaged)?;
        let sheet = Sheet::read(body).filter(|sheet| sheet.render() == text);
        sheet.ok_or_else(|| Flaw::Foreign("it is of another build of this tool".to_owned()))
    }

    fn read(body: &str) -> Option<Sheet> {
        let mut lines = body.lines();
        let head: Head = serde_json::from_str(lines.next()?).ok()?;
        let parts: Vec<Part> = lines.map(serde_json::from_str).collect::<Result<_, _>>().ok()?;
        let shard = Shard::new(head.shard, 1, head.of).ok()?;
        let sheet = Sheet { shard, probes: head.probes, parts };
        let plausible = sheet.parts.iter().all(|part| part.counts.are_plausible());
        (plausible && sheet.sweep() == head.sweep && sheet.parts.len() as u64 == head.scenarios).then_some(sheet)
    }
}

/// Whether so much may be left of the first line of a file that a machine has lost: nothing, zeros that it never filled, or how it begins.
fn is_stump(line: &str) -> bool {
    let left = line.trim_matches(|letter: char| letter.is_whitespace() || letter == '\0');
    left.starts_with(BEGIN) || BEGIN.starts_with(left)
}

/// How every file begins.
const BEGIN: &str = "{\"shaketable-shard\":";

/// All but the last line, if that is the digest of what stands before it.
fn unharmed(text: &str) -> Option<&str> {
    let (body, last) = text.split_at(text.strip_suffix('\n')?.rfind('\n')? + 1);
    let End { end } = serde_json::from_str(last).ok()?;
    (end == digest_of(&body)).then_some(body)
}

fn line(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string(value).expect("it has no key but text");
    text.push('\n');
    text
}
