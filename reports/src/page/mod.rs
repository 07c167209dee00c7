//! One HTML file that shows a run: it needs no network, no server and no other file.
//!
//! The page is written once, in `reports/viewer`, as a template, a style sheet and plain scripts. Here they are put into one text together with the data of one
//! run, or of two that are to be compared. What the data look like is said in `columns` and in `reports/viewer/types.d.ts`.

mod assets;
mod columns;
mod run;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};
use shaketable_sim::time::Instant;

use crate::diff::Difference;
use crate::recording::{Place, Recording};
use columns::Columns;

/// How many bytes a page may have, if that can be had by leaving out details of events that are far from what matters.
const MOST_BYTES: usize = 1_000_000;

/// How often a page is made smaller. A run whose events alone have more is as large as it is.
const ATTEMPTS: usize = 4;

/// A run that is shown.
#[derive(Clone, Debug)]
pub struct Shown<'a> {
    /// The run.
    pub recording: &'a Recording,
    /// What it is called beside another: `with the bug`.
    pub name: String,
    /// The line that gives the same run again.
    pub reproduce: String,
    /// What was checked of it.
    pub properties: Vec<Property>,
}

/// Something that was checked of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Property {
    /// Its name: `election-safety`.
    pub name: String,
    /// What it says.
    pub doc: String,
    /// Whether anybody has looked.
    pub checked: bool,
    /// Since when it does not hold.
    pub broken: Option<Instant>,
}

impl Property {
    fn json(&self) -> Value {
        json!({ "name": self.name, "doc": self.doc, "checked": self.checked, "broken": self.broken.map(|at| at.as_nanos()) })
    }
}

/// The page of a run, or of one and another with which it is compared.
pub fn page(one: &Shown<'_>, other: Option<(&Shown<'_>, &Difference)>) -> String {
    let runs: Vec<&Shown<'_>> = [one].into_iter().chain(other.map(|(other, _)| other)).collect();
    let about = &one.recording.about;
    let title = match one.recording.violation() {
        Some(violation) => format!("{}: {}, seed {}", violation.signature, about.protocol, about.seed),
        None => format!("{}, seed {}", about.protocol, about.seed),
    };
    let diverges = other.and_then(|(_, difference)| {
        Some(json!({ "why": difference.why(), "at": difference.at.as_ref()?.map(|place| place.0) }))
    });
    let packed = |share: usize| {
        let mut columns = Columns::default();
        let mut header = json!({ "page": 1, "tool": about.tool, "title": title, "runs": [], "diverges": diverges });
        let all = runs.iter().map(|shown| run::run(shown, &kept(shown.recording, share), &mut columns));
        header["runs"] = all.collect();
        columns.packed(&header)
    };
    let room = MOST_BYTES.saturating_sub(assets::bytes());
    let mut share = runs.iter().map(|shown| size(shown.recording)).max().unwrap_or(0);
    let mut data = packed(share);
    for _ in 0..ATTEMPTS {
        if data.len() <= room || share == 0 {
            break;
        }
        // What is left out shrinks about in step.
        share = (share as u64 * room as u64 / data.len() as u64 * 9 / 10) as usize;
        data = packed(share);
    }
    assets::inlined(&title, &data)
}

fn size(recording: &Recording) -> usize {
    recording.events.iter().map(|event| event.detail.len()).sum()
}

/// Of which events the details fit into so many bytes: those nearest to what matters first, and routine last.
fn kept(recording: &Recording, bytes: usize) -> Vec<bool> {
    let end = Place(recording.events.len().saturating_sub(1) as u32);
    let focus = recording.violation().and_then(|violation| violation.event).unwrap_or(end).0;
    let mut order: Vec<u32> = (0..recording.events.len() as u32).collect();
    order.sort_by_key(|&place| (recording.events[place as usize].routine, place.abs_diff(focus), place));
    let mut kept = vec![false; order.len()];
    let mut left = bytes;
    for place in order {
        let Some(rest) = left.checked_sub(recording.events[place as usize].detail.len()) else { break };
        left = rest;
        kept[place as usize] = true;
    }
    kept
}
