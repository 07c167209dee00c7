//! What must come of a scenario, with which seeds, and what a saved case remembers.

use std::ops::Range;

use shaketable_protocols::Protocol;
use shaketable_sim::param::{Args, Param, Raw, RawKind, Value, suggest};

use super::sections::Sections;
use super::{Reading, parse_seeds};
use crate::recorded::{Acted, Meaning, Recorded, Traffic, read_checkpoint, read_digest};
use crate::scenario::{Expect, Expected};
use crate::tables::{CHECKS, EXPECT, REACH, milestones};

/// How many seeds, from 0, if neither they nor the expected violation say so.
const SEEDS: u64 = 100;

impl Reading<'_> {
    /// What must come of it, and with which seeds.
    pub(super) fn expect(
        &mut self,
        sections: &Sections,
        protocol: Option<&'static Protocol>,
    ) -> Option<(Expect, Range<u64>)> {
        let (args, reach) = self.expectation(protocol);
        let raw = self.root.get("expect").and_then(|expect| expect.get("verdict"));
        let seeds = self.seeds(sections);
        let (verdict, seeds) = match (args.get("verdict")?, raw) {
            (Value::Table(violation), Some(raw)) => self.violation(sections, protocol?, raw, violation, seeds?)?,
            _ => (Expected::Pass, seeds?.unwrap_or(0..SEEDS)),
        };
        Some((Expect { verdict, reach }, seeds))
    }

    /// `[expect]`, and in it `reach`, whose names are those of every protocol and the milestones of this one. Of an unknown
    /// protocol any one's may be meant.
    fn expectation(&mut self, protocol: Option<&'static Protocol>) -> (Args, Vec<(&'static str, u64)>) {
        let mut written = self.written("expect");
        let reach = match &mut written.kind {
            RawKind::Table(entries) => entries.extract_if(.., |entry| entry.key == "reach").next(),
            _ => None,
        };
        let args = self.table("expect", &[EXPECT], &written);
        let Some(reach) = reach else { return (args, Vec::new()) };
        let protocols = self.tables.protocols.iter();
        let milestones: Vec<Param> =
            protocols.filter(|one| protocol.is_none_or(|known| known.name == one.name)).flat_map(milestones).collect();
        let reach = self.table("reach", &[REACH, &milestones], &reach.value);
        (args, reach.iter().map(|(name, _)| (name, reach.count(name))).collect())
    }

    /// What a saved case remembers.
    pub(super) fn recorded(&mut self, seeds: Option<&Range<u64>>) -> Option<Recorded> {
        let raw = self.root.get("recorded")?;
        let args = self.section("recorded");
        let digest = self.digest(args.get("digest"), raw.get("digest"));
        let Some(Value::Count(seed)) = args.get("seed") else { return None };
        if let (Some(seeds), Some(place)) = (seeds, raw.get("seed"))
            && !seeds.contains(seed)
        {
            let outside = format!("the recorded seed {seed} is not among the seeds {}..{}", seeds.start, seeds.end);
            self.error(place.error(outside));
        }
        let (Some(Value::Text(version)), Some(Value::Text(signature))) = (args.get("version"), args.get("signature"))
        else {
            return None;
        };
        let (version, signature) = (version.clone(), signature.clone());
        let scenario = match args.get("scenario") {
            Some(Value::Text(scenario)) => Some(scenario.clone()),
            _ => None,
        };
        let shrunk_from = match raw.get("shrunk-from") {
            Some(raw) => Some(self.digest(args.get("shrunk-from"), Some(raw))?),
            None => None,
        };
        let checkpoints = self.lines(raw.get("checkpoints"), "checkpoint", CHECKPOINT, read_checkpoint);
        let meaning = self.meaning(raw);
        Some(Recorded { seed: *seed, digest: digest?, version, signature, scenario, shrunk_from, meaning, checkpoints })
    }

    /// What the recorded run did, if that is written.
    fn meaning(&mut self, raw: &Raw) -> Option<Meaning> {
        let (written, messages) = (raw.get("acted")?, raw.get("messages")?);
        let acted = self.lines(Some(written), "record of a fault", ACTED, Acted::read);
        let messages = self.lines(Some(messages), "record of messages", MESSAGES, Traffic::read);
        let faults = match self.root.get("fault").map(|fault| &fault.kind) {
            Some(RawKind::List(faults)) => faults.len(),
            _ => 0,
        };
        if acted.len() != faults {
            let error = written.error(format!("the file has {faults} of `[[fault]]`, and `acted` has {}", acted.len()));
            self.error(error.help("write one for each, or leave `acted` and `messages` out"));
        }
        Some(Meaning { acted, messages })
    }

    /// The seeds that are written; none inside if they are not.
    fn seeds(&mut self, sections: &Sections) -> Option<Option<Range<u64>>> {
        let Some(raw) = self.root.get("seeds") else { return Some(None) };
        let Some(Value::Text(text)) = sections.top.get("seeds") else { return None };
        match parse_seeds(text) {
            Ok(seeds) => Some(Some(seeds)),
            Err(why) => {
                self.error(raw.error(why));
                None
            }
        }
    }

    fn violation(
        &mut self,
        sections: &Sections,
        protocol: &'static Protocol,
        raw: &Raw,
        violation: &Args,
        seeds: Option<Range<u64>>,
    ) -> Option<(Expected, Range<u64>)> {
        let signature = violation.text("violation");
        self.judge_signature(sections, protocol, raw.get("violation").unwrap_or(raw), signature);
        let within = violation.get("within-seeds").map(|_| violation.count("within-seeds"));
        let seeds = seeds.unwrap_or(0..within.unwrap_or(SEEDS));
        let count = seeds.end - seeds.start;
        if let (Some(within), Some(place)) = (within.filter(|within| *within > count), raw.get("within-seeds")) {
            let error = place.error(format!("it cannot show within {within} seeds: there are {count}"));
            self.error(error.help("write more `seeds`, or leave them out"));
            return None;
        }
        Some((Expected::Violation { signature: signature.to_owned(), within_seeds: within.unwrap_or(count) }, seeds))
    }

    /// That there is such a violation, and that it is looked for.
    fn judge_signature(&mut self, sections: &Sections, protocol: &Protocol, raw: &Raw, signature: &str) {
        let (check, property) = match signature.split_once('/') {
            Some((check, property)) => (check, Some(property)),
            None => (signature, None),
        };
        let properties = || protocol.properties.iter().map(|property| property.name);
        let known = match (check, property) {
            ("invariant", Some(name)) => properties().any(|known| known == name),
            (check, property) => CHECKS.iter().any(|(name, _)| *name == check) && property != Some(""),
        };
        if !known {
            let full: Vec<String> = properties().map(|name| format!("invariant/{name}")).collect();
            let checks = CHECKS.iter().map(|(name, _)| *name).filter(|name| check != "invariant" || check != *name);
            let names = checks.chain(full.iter().map(String::as_str));
            self.error(
                raw.error(format!("no check finds a violation of `{signature}`")).help(suggest(signature, names)),
            );
            return;
        }
        let checked = match (check, sections.check.get("invariants")) {
            ("linearizability", _) => sections.check.get("linearizable") != Some(&Value::Flag(false)),
            ("invariant", Some(Value::Names(names))) => {
                let checked = |property: &str| names.iter().any(|name| name == "all" || name == property);
                property.map_or_else(|| properties().any(checked), checked)
            }
            _ => true,
        };
        if !checked {
            let error = raw.error(format!("`{signature}` is expected to break but is not checked"));
            self.error(error.help("see `[check]`"));
        }
    }

    fn digest(&mut self, value: Option<&Value>, raw: Option<&Raw>) -> Option<u64> {
        let Some(Value::Text(text)) = value else { return None };
        let digest = read_digest(text);
        if let (None, Some(raw)) = (digest, raw) {
            self.error(raw.error(format!("`{text}` is no digest")).help("a digest has 16 hexadecimal digits"));
        }
        digest
    }

    /// A list of lines of one form, each read by itself.
    fn lines<T>(&mut self, raw: Option<&Raw>, what: &str, form: &str, read: fn(&str) -> Option<T>) -> Vec<T> {
        let items: &[Raw] = match raw {
            Some(Raw { kind: RawKind::List(items), .. }) => items,
            Some(raw) => std::slice::from_ref(raw),
            None => &[],
        };
        let mut lines = Vec::new();
        for item in items {
            let RawKind::Text(text) = &item.kind else { continue }; // The reader of its shape has said so.
            match read(text) {
                Some(line) => lines.push(line),
                None => self.error(item.error(format!("`{text}` is no {what}")).help(form)),
            }
        }
        lines
    }
}

const CHECKPOINT: &str = "write events, time and digest, as \"4096 1.25s 00c0ffee00c0ffee\"";
const ACTED: &str = "write a kind of fault and how often it acted, as \"hold ×3\"";
const MESSAGES: &str = "write link, kind, and epochs with how many in each, as \"n1→n2 Vote e1 ×3, e2 ×1\"";
