//! The folder of a hunt: its cases, and a file that says how far it has come, so that the next start goes on.
//!
//! The file is replaced in one step, so nobody ever finds half of it; a digest tells if it was damaged otherwise. Only one hunt at a time has the folder.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shaketable_sim::digest::digest_of;

use super::state::State;
use crate::scenario::Scenario;
use crate::shards::{Probe, probes};
use crate::whole::write_whole;

/// What the file of a hunt is called.
const FILE: &str = "hunt.json";

/// The version of its format.
const VERSION: u64 = 3;

/// What a hunt is: with another of these it would be another hunt.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// The version of the tool.
    tool: String,
    /// How trouble is looked for.
    strategy: String,
    /// Each scenario, with the digest of its text.
    scenarios: Vec<(String, String)>,
    /// What this build makes of one run of each protocol. Another build goes on with the cases, not with the counts.
    pub(super) probes: Vec<Probe>,
}

impl Identity {
    /// Of a hunt of these scenarios, by this build.
    pub(crate) fn new(scenarios: &[Scenario], strategy: &str) -> Identity {
        let scenario =
            |scenario: &Scenario| (scenario.path.display().to_string(), format!("{:016x}", digest_of(&scenario.text)));
        Identity {
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            strategy: strategy.to_owned(),
            scenarios: scenarios.iter().map(scenario).collect(),
            probes: probes(scenarios.iter().map(|scenario| (scenario, scenario.seeds.start))),
        }
    }

    /// A short name for it, the same for all builds: its cases are worth something to each of them.
    pub(crate) fn name(&self) -> String {
        let Identity { tool, strategy, scenarios, probes: _ } = self;
        let text = serde_json::to_string(&(tool, strategy, scenarios)).expect("names and digests can be written");
        format!("hunt-{:08x}", digest_of(&text) >> 32)
    }

    /// In what this differs from that which a file was written by.
    fn difference(&self, other: &Identity) -> Option<String> {
        if self.tool != other.tool {
            return Some(format!("version {} of this program wrote it", other.tool));
        }
        if self.strategy != other.strategy {
            return Some(format!("it is of a hunt by {}", other.strategy));
        }
        let changed = self.scenarios.iter().zip(&other.scenarios).find(|(mine, theirs)| mine != theirs);
        match changed {
            Some(((mine, _), (theirs, _))) if mine == theirs => Some(format!("{mine} has changed since")),
            Some((_, (theirs, _))) => Some(format!("it is of a hunt of {theirs}")),
            None if self.scenarios.len() != other.scenarios.len() => {
                Some("it is of a hunt of other scenarios".to_owned())
            }
            None => None,
        }
    }
}

/// What the file of a hunt holds.
#[derive(Serialize, Deserialize)]
pub(super) struct Record {
    hunt: Identity,
    pub(super) base: u64,
    pub(super) state: State,
}

/// What is known of a hunt before it starts.
#[derive(PartialEq, Debug)]
pub(crate) enum Earlier {
    /// Nothing: this is the first start.
    Nothing,
    /// Another build has come to something, which says nothing about this one.
    OtherBuild,
    /// It has come so far.
    So(State),
}

/// The folder of a hunt.
pub(crate) struct Store {
    /// The folder.
    pub(crate) folder: PathBuf,
    /// The first seed of the hunt.
    pub(crate) base: u64,
    identity: Identity,
    /// As long as this is open nobody else hunts here. The system lets go of it however the process ends.
    _lock: File,
}

impl Store {
    /// The folder of a hunt, and how far it has come if it was begun before. A new hunt begins at `from`, or at a seed of its own.
    ///
    /// # Errors
    /// Why it cannot be used: it belongs to another hunt, what is there is damaged, or another process is at it.
    pub(crate) fn open(
        folder: &Path,
        identity: Identity,
        from: Option<u64>,
        fresh: impl FnOnce() -> u64,
    ) -> Result<(Store, Earlier), String> {
        let cannot = |error: io::Error| format!("error: cannot use {}: {error}\n", folder.display());
        fs::create_dir_all(folder).map_err(cannot)?;
        let lock = File::create(folder.join("hunt.lock")).map_err(cannot)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(format!("error: another hunt is at work in {}\n", folder.display()));
            }
            Err(TryLockError::Error(error)) => return Err(cannot(error)),
        }
        let path = folder.join(FILE);
        let record = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(cannot(error)),
            Ok(text) => Some(read(&text, &identity, from).map_err(|why| {
                format!(
                    "error: cannot go on from {}: {why}\n  = help: name another folder with `--out`, or remove the file to begin \
                     anew; the cases beside it are kept and taken into account\n",
                    path.display()
                )
            })?),
        };
        let (base, earlier) = match record {
            Some(record) if record.hunt == identity => (record.base, Earlier::So(record.state)),
            Some(_) => (from.unwrap_or_else(fresh), Earlier::OtherBuild),
            None => (from.unwrap_or_else(fresh), Earlier::Nothing),
        };
        Ok((Store { folder: folder.to_owned(), base, identity, _lock: lock }, earlier))
    }

    /// Remembers how far the hunt has come.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn keep(&self, state: &State) -> io::Result<()> {
        let record = Record { hunt: self.identity.clone(), base: self.base, state: state.clone() };
        write_whole(&self.folder.join(FILE), &write(&record))
    }
}

/// The text of the file.
pub(super) fn write(record: &Record) -> String {
    let body = serde_json::to_value(record).expect("names and numbers can be written");
    let digest = format!("{:016x}", digest_of(&body.to_string()));
    let whole = json!({ "format": "a hunt of shaketable", "version": VERSION, "digest": digest, "body": body });
    format!("{whole}\n")
}

/// Reads the file of this hunt, by whatever build.
///
/// # Errors
/// Why it cannot go on from it.
pub(super) fn read(text: &str, identity: &Identity, from: Option<u64>) -> Result<Record, String> {
    let damaged = || "it is damaged".to_owned();
    let whole: Value = serde_json::from_str(text).map_err(|_| damaged())?;
    match whole["version"].as_u64() {
        Some(VERSION) => {}
        Some(other) => return Err(format!("its format is of version {other}, not {VERSION}")),
        None => return Err(damaged()),
    }
    let body = whole.get("body").ok_or_else(damaged)?;
    if whole["digest"].as_str() != Some(&format!("{:016x}", digest_of(&body.to_string()))) {
        return Err(damaged());
    }
    let record: Record = serde_json::from_value(body.clone()).map_err(|_| damaged())?;
    if !record.state.is_sound(record.hunt.scenarios.len()) {
        return Err(damaged());
    }
    if let Some(difference) = identity.difference(&record.hunt) {
        return Err(difference);
    }
    match from.filter(|from| *from != record.base && identity.probes == record.hunt.probes) {
        Some(_) => Err(format!("it is of a hunt from seed {}", record.base)),
        None => Ok(record),
    }
}
