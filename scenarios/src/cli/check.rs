//! What can be written after `check`, which is about histories.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum, value_parser};
use shaketable_sim::check::transactions::Assumptions;

use super::{Format, Report};
use crate::histories::calls::Keyed;
use crate::histories::models::{MODELS, Model, named};
use crate::histories::{source, transactions, weaker};
use crate::terminal::{NARROWEST, WIDEST};

/// A history, and how to judge it.
#[derive(Args, Debug)]
#[command(after_long_help = about())]
pub(crate) struct Check {
    /// Histories, compressed with gzip or not; of a folder all *.ndjson, *.jsonl, *.edn, *.log and *.txt below it; `-` is stdin
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// By which model to judge. Unless given, what the history says, or else the model that has all operations which are asked for
    #[arg(long, value_parser = model_parser(), value_name = "MODEL")]
    pub(crate) model: Option<&'static Model>,

    /// How the histories are written. Unless given, that is seen from how they begin
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) input: Option<source::Format>,

    /// How values are about objects, where events have no `key`
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) keyed: Keyed,

    /// The level of consistency that decides how this ends. Unless given, `linearizable`; of transactions, `strict-serializable`
    #[arg(long, value_parser = level_parser(), value_name = "LEVEL")]
    pub(crate) level: Option<&'static str>,

    /// What to assume of each key of `rw-register`, besides what its values tell: more can be known then, and nothing if it is not so
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) assume: Vec<Assume>,

    /// How many states the check of a history may visit before it is inconclusive
    #[arg(long, default_value_t = 50_000_000, value_parser = value_parser!(u64).range(1..), value_name = "N")]
    pub(crate) budget_states: u64,

    /// How much memory the check of a history may use before it is inconclusive, as `64MB` or `2GiB`; the history itself takes some more
    #[arg(long, default_value = "1GB", value_parser = parse_size, value_name = "SIZE")]
    pub(crate) budget_bytes: u64,

    /// How many columns a picture may have; as many as the terminal unless given, or 80
    #[arg(long, value_parser = value_parser!(u16).range(i64::from(NARROWEST)..=i64::from(WIDEST)), value_name = "N")]
    pub(crate) width: Option<u16>,

    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Human, env = "SHAKETABLE_FORMAT")]
    pub(crate) format: Format,

    #[command(flatten)]
    pub(crate) report: Report,
}

/// What may be assumed of registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Assume {
    /// Each by itself is linearizable
    LinearizableKeys,
    /// Each by itself is sequentially consistent
    SequentialKeys,
}

impl Check {
    /// What may be assumed.
    pub(crate) fn assumptions(&self) -> Assumptions {
        Assumptions {
            linearizable_keys: self.assume.contains(&Assume::LinearizableKeys),
            sequential_keys: self.assume.contains(&Assume::SequentialKeys),
        }
    }
}

const FORMATS: &str = "\
Histories are one JSON object a line, such as {\"type\":\"invoke\",\"process\":0,\"f\":\"write\",\"value\":3} and later ok, fail or \
info; traces of `shaketable replay`; maps of EDN, as Jepsen and Knossos write them; or lines of a Jepsen log. `ok` says that \
an operation happened, with this answer; `fail` that it did not; after `info`, or without any of these, nobody knows.";

/// What else there is to know: the formats and the models.
fn about() -> String {
    let widest = MODELS.iter().map(|model| model.name.len()).max().unwrap_or(0);
    let lines: Vec<String> = MODELS.iter().map(|model| format!("  {:widest$}  {}", model.name, model.doc)).collect();
    format!("{FORMATS}\n\nModels (`shaketable explain NAME` has their operations):\n{}", lines.join("\n"))
}

fn model_parser() -> impl TypedValueParser<Value = &'static Model> {
    PossibleValuesParser::new(MODELS.iter().map(|model| model.name)).try_map(|name| named(&name))
}

fn level_parser() -> impl TypedValueParser<Value = &'static str> {
    let all = || weaker::LEVELS.into_iter().chain(transactions::LEVELS);
    PossibleValuesParser::new(all()).map(move |name| all().find(|level| *level == name).unwrap_or_default())
}

/// Bytes: a number, and unless it counts bytes, a unit.
fn parse_size(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 7] = [
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("kB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("B", 1),
    ];
    let wrong = || "write a size as `500000`, `64MB` or `2GiB`".to_owned();
    let unit = UNITS.iter().find_map(|(name, bytes)| text.strip_suffix(name).map(|number| (number, *bytes)));
    let (number, bytes) = unit.unwrap_or((text, 1));
    let number: u64 = number.trim_end().replace('_', "").parse().map_err(|_| wrong())?;
    number.checked_mul(bytes).filter(|&size| size >= 1_000).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        let sizes =
            [("1000", 1_000), ("64MB", 64_000_000), ("2GiB", 2 << 30), ("5 kB", 5_000), ("1_000_000B", 1_000_000)];
        for (text, bytes) in sizes {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in ["", "GB", "1TB", "-1", "999", "1.5GB", "99999999999999GB"] {
            assert!(parse_size(text).is_err(), "{text} was read as a size");
        }
    }
}
