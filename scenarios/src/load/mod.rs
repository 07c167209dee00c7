//! From the text of a scenario file to a [`Scenario`], or to all that is wrong with it.
//!
//! First every table is read by its declaration ([`sections`], [`fault`], [`expect`]), then what is right by itself is
//! compared with the rest ([`meaning`]). No step stops at the first mistake; only what a mistake makes unknowable is not judged.

use std::collections::BTreeMap;
use std::path::Path;

use shaketable_sim::param::{Args, Param, ParamError, Raw, Value, parse_table};
use shaketable_sim::time::Span;

use crate::scenario::Scenario;
use crate::strategy::Strategy;
use crate::tables::Tables;

mod diagnostics;
mod expect;
mod fault;
mod meaning;
mod raw;
mod sections;
mod seeds;
mod swarm;

pub(crate) use diagnostics::Diagnostics;
pub(crate) use seeds::parse_seeds;

/// Reads a scenario.
///
/// # Errors
/// All that is wrong with it, in the order of the file.
pub(crate) fn load(path: &Path, text: &str, tables: &Tables) -> Result<Scenario, Diagnostics> {
    let wrong = |errors| Diagnostics::new(path, text, errors);
    let root = raw::read(text).map_err(|error| wrong(vec![error]))?;
    let mut reading = Reading { tables, root: &root, errors: Vec::new() };
    match reading.scenario(path, text) {
        Some(scenario) if reading.errors.is_empty() => Ok(scenario),
        _ => Err(wrong(reading.errors)),
    }
}

/// A file being read.
struct Reading<'a> {
    tables: &'a Tables,
    root: &'a Raw,
    errors: Vec<ParamError>,
}

impl Reading<'_> {
    /// The scenario, as far as there is one. None only if something is wrong.
    fn scenario(&mut self, path: &Path, text: &str) -> Option<Scenario> {
        let what = self.protocol();
        let workload = self.workload();
        let sections = self.sections(what.map(|(protocol, _)| protocol), workload);
        // A plan is made of values that were all read, or not at all.
        let plan = if self.errors.is_empty() { Some(sections.plan(workload?)) } else { None };
        self.judge(&sections, what.map(|(protocol, _)| protocol), workload);
        let faults = self.faults(&sections);
        let swarm = self.swarm(what.map(|(protocol, _)| protocol));
        let expected = self.expect(&sections, what.map(|(protocol, _)| protocol));
        let recorded = self.recorded(expected.as_ref().map(|(_, seeds)| seeds));
        let ((protocol, bug), mut plan) = (what?, plan?);
        plan.faults = faults;
        self.judge_together(protocol, &sections.config, &plan);
        let (expect, seeds) = expected?;
        Some(Scenario {
            path: path.to_owned(),
            text: text.to_owned(),
            doc: opening_comment(text),
            protocol,
            bug,
            config: sections.config,
            plan,
            swarm,
            strategy: Strategy::File,
            seeds,
            expect,
            recorded,
        })
    }

    fn error(&mut self, error: ParamError) {
        self.errors.push(error);
    }

    /// Reads one table. `here` is its name, so that nobody is sent to where he is.
    fn table(&mut self, here: &str, params: &[&[Param]], raw: &Raw) -> Args {
        let (args, errors) = parse_table(params, raw);
        let known = |key: &str| params.iter().any(|table| table.iter().any(|param| param.name == key));
        let keys: BTreeMap<usize, &str> =
            raw.entries().iter().map(|entry| (entry.at.start, entry.key.as_str())).collect();
        for error in errors {
            // An unknown key is reported where it stands; no other mistake is reported at a key that is unknown.
            let key = keys.get(&error.at.start).filter(|key| !known(key));
            self.errors.push(match key.and_then(|key| self.belongs(key, here)) {
                Some(belongs) => error.help(belongs),
                None => error,
            });
        }
        args
    }
}

/// A span that was read, if it was.
fn span(args: &Args, name: &str) -> Option<Span> {
    match args.get(name) {
        Some(Value::Span(span)) => Some(*span),
        _ => None,
    }
}

/// The first paragraph of the comment with which a file opens, on one line.
fn opening_comment(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.strip_prefix('#')).map(str::trim);
    let paragraph: Vec<&str> = lines.skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty()).collect();
    paragraph.join(" ")
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod robust;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::{GOOD, mistakes};
