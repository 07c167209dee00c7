//! Puts the shards of a sweep together: all of them, or nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;

use shaketable_reports::Exit;

use super::{Probe, Shard, Sheet};
use crate::counts::{Counts, Part};

/// Why nothing follows of some shards.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Refusal {
    /// How the tool ends.
    pub(crate) exit: Exit,
    /// What is wrong, for people.
    pub(crate) text: String,
}

/// A shard and where it was read.
type Read = (PathBuf, Sheet);

/// What came of the whole sweep. It depends neither on the order of the shards nor on how often each is there.
///
/// # Errors
/// If they are of several sweeps, if one is missing, or if two that should be the same are not.
pub(crate) fn merge(read: &[Read]) -> Result<Vec<Part>, Refusal> {
    let Some(first) = read.first() else {
        return Err(Refusal { exit: Exit::NothingTested, text: "error: there is no file of a shard\n".to_owned() });
    };
    let mut shards: BTreeMap<Shard, &Read> = BTreeMap::new();
    for next in read {
        same_sweep(first, next)?;
        same_build(first, next)?;
        let known = shards.entry(next.1.shard).or_insert(next);
        if known.1 != next.1 {
            let text = format!(
                "error: {} and {} are both shard {}, and did not come out the same\n",
                known.0.display(),
                next.0.display(),
                next.1.shard
            );
            return Err(Refusal { exit: Exit::Nondeterministic, text });
        }
    }
    complete(&shards, first)?;
    let places = 0..first.1.parts.len();
    Ok(places.map(|place| whole(place, shards.values().map(|(_, sheet)| sheet))).collect())
}

/// The scenario at this place, from the parts that all shards have of it, in the order of its seeds.
fn whole<'a>(place: usize, sheets: impl Iterator<Item = &'a Sheet>) -> Part {
    let mut sheets: Vec<&Sheet> = sheets.collect();
    sheets.sort_by_key(|sheet| sheet.shard.block(place));
    let mut counts = Counts::default();
    for sheet in &sheets {
        counts.append(sheet.parts[place].counts.clone());
    }
    Part { terms: sheets[0].parts[place].terms.clone(), counts }
}

fn same_sweep((at, one): &Read, (there, other): &Read) -> Result<(), Refusal> {
    let difference = if one.shard.count() != other.shard.count() {
        format!("one is of {} shards, the other of {}", one.shard.count(), other.shard.count())
    } else if one.sweep() != other.sweep() {
        difference(&one.parts, &other.parts)
    } else {
        return Ok(());
    };
    let text = format!("error: {} and {} are of different sweeps: {difference}\n", at.display(), there.display());
    Err(Refusal { exit: Exit::Usage, text })
}

/// Where two sweeps differ first.
fn difference(one: &[Part], other: &[Part]) -> String {
    let both = one.iter().zip(other).map(|(one, other)| (&one.terms, &other.terms));
    match both.clone().find(|(one, other)| one != other) {
        None => format!("one has {} scenarios, the other {}", one.len(), other.len()),
        Some((one, other)) if one.name != other.name => {
            format!("where one has {}, the other has {}", one.name, other.name)
        }
        Some((one, other)) if (one.first, one.asked) != (other.first, other.asked) => {
            let seeds = |first: u64, asked: u64| format!("{first}..{}", first.saturating_add(asked));
            let (one_has, other_has) = (seeds(one.first, one.asked), seeds(other.first, other.asked));
            format!("{} with seeds {one_has} and {other_has}", one.name)
        }
        Some((one, _)) => format!("{} has changed", one.name),
    }
}

fn same_build((at, one): &Read, (there, other): &Read) -> Result<(), Refusal> {
    if one.probes == other.probes {
        return Ok(());
    }
    let differs = one.probes.iter().find(|probe| !other.probes.contains(probe));
    let (at, there) = (at.display(), there.display());
    let text = match differs {
        Some(Probe { scenario, seed, .. }) => format!(
            "error: {at} and {there} do not agree on seed {seed} of {scenario}: they are of different builds, or it is nondeterministic\n"
        ),
        None => format!("error: {at} and {there} are of different builds\n"),
    };
    Err(Refusal { exit: Exit::Nondeterministic, text })
}

fn complete(shards: &BTreeMap<Shard, &Read>, (_, any): &Read) -> Result<(), Refusal> {
    let count = any.shard.count();
    let missing: Vec<_> = Shard::all(count).filter(|shard| !shards.contains_key(shard)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let named: Vec<_> = missing.iter().take(SHOWN).map(Shard::to_string).collect();
    let more = if missing.len() > SHOWN { ", …" } else { "" };
    let text = format!("error: {} of {count} shards are missing: {}{more}\n", missing.len(), named.join(", "));
    Err(Refusal { exit: Exit::Inconclusive, text })
}

/// How many missing shards are named.
const SHOWN: usize = 100;
