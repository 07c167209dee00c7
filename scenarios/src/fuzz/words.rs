//! Words: what stands in a single string of a file, or in an argument of the command line.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use clap::Parser;
use shaketable_sim::faults::target::Target;
use shaketable_sim::id::{ClientId, Key, NodeId};
use shaketable_sim::param::Shift;
use shaketable_sim::script::Scripted;
use shaketable_sim::time::{Ppm, Span};
use shaketable_sim::workload::WORKLOADS;

use super::Fuzz;
use crate::cli::Cli;
use crate::describe::explain;
use crate::histories::words::{answered, asked};
use crate::load::parse_seeds;
use crate::recorded::{Acted, Traffic, read_checkpoint, read_digest};
use crate::shards::Shard;
use crate::tables::Tables;

/// That what is printed of a value is read as that value, and that a mistake says not much more than what is wrong.
fn read_as_printed<T: FromStr<Err: Debug> + Display + PartialEq + Debug>(text: &str) {
    match text.parse::<T>() {
        Ok(value) => assert_eq!(value.to_string().parse::<T>().expect("it has been printed"), value),
        Err(wrong) => assert!(format!("{wrong:?}").len() <= 200 + 10 * text.len(), "{wrong:?}"),
    }
}

fn printed_again<T: Display + PartialEq + Debug>(text: &str, read: impl Fn(&str) -> Option<T>) {
    if let Some(value) = read(text) {
        assert_eq!(read(&value.to_string()), Some(value));
    }
}

#[test]
fn words() {
    let seeds = [
        "150ms",
        "1.5s",
        "2min",
        "1_000 us",
        "9µs",
        "584h",
        "+50ms",
        "-3s",
        "0.05%",
        "50ppm",
        "n1",
        "c65534",
        "k7",
        "leader",
        "not(n1,leader)",
        "3/16",
        "0..200",
        "00c0ffee00c0ffee",
        "hold ×3",
        "n1→n2 AppendEntries e2 ×31, e3 ×4",
        "4096 1.25s 00c0ffee00c0ffee",
        "c2→n1 1.5s put k1 7",
        "c1 2ms cas k1 5→7",
        "cas k1 2->3",
        "append k2 9",
        "propose k9 1",
        "length 3",
        "[1 2 3]",
        "swapped",
        "election-timeout",
    ];
    let words = &[
        "→",
        "->",
        "×",
        "..",
        "not(",
        "µ",
        " e1 ×2",
        "18446744073709551615",
        "18446744073709551616",
        "+",
        "-",
        "_",
        "k1",
        "n65534",
        "\u{85}",
        "\u{3000}",
    ];
    let tables = Tables::shipped();
    let fuzz = Fuzz { name: "words", seeds: seeds.map(Into::into).to_vec(), words, inputs: 6_000 };
    fuzz.run(|input| {
        let Ok(text) = str::from_utf8(input) else { return };
        read_as_printed::<Span>(text);
        read_as_printed::<Ppm>(text);
        read_as_printed::<Shift>(text);
        read_as_printed::<Target>(text);
        read_as_printed::<Shard>(text);
        printed_again(text, |text| text.parse::<NodeId>().ok());
        printed_again(text, |text| text.parse::<ClientId>().ok());
        printed_again(text, |text| text.parse::<Key>().ok());
        printed_again(text, Acted::read);
        printed_again(text, Traffic::read);
        printed_again(text, |text| read_digest(text).map(|digest| format!("{digest:016x}")));
        let checkpoint = |text: &str| {
            read_checkpoint(text).map(|place| format!("{} {} {:016x}", place.event, place.at, place.digest))
        };
        printed_again(text, checkpoint);
        printed_again(text, |text| parse_seeds(text).ok().map(|seeds| format!("{}..{}", seeds.start, seeds.end)));
        for workload in WORKLOADS {
            printed_again(text, |text| (workload.read)(text).ok());
            printed_again(text, |text| Scripted::read(text, workload).ok());
            // Whatever can be asked for can be written into a history.
            assert!((workload.read)(text).ok().is_none_or(|op| asked(&op.to_string()).is_some()), "{text}");
        }
        assert!(answered(text).is_none_or(|value| value.to_string().len() <= text.len() + 3));
        let (Ok(page) | Err(page)) = explain(text, &tables);
        assert!(!page.is_empty() && page.len() <= 30_000 + 4 * text.len());
    });
}

#[test]
fn command_lines() {
    let seeds = [
        "run scenarios --seeds 0..200 --jobs 4",
        "run x.toml --shard 3/16 --format json",
        "run x.toml --shard-index I --shard-count 4 --shard-base 1",
        "check h.edn --model register --budget-bytes 64MB --budget-states 9 --keyed auto --level linearizable --width 80",
        "hunt scenarios --for 8h --seeds random:1_000",
        "shrink case.toml --for 30s",
        "replay case.toml",
        "merge shards --out x",
        "list faults",
        "explain raft",
        "regress add case.toml",
    ];
    let words =
        &["--", "-", "=", "--seed", "--seeds", "random:", "..", "KiB", "18446744073709551615", "1.5h", "--help", "0"];
    let fuzz = Fuzz { name: "command-lines", seeds: seeds.map(Into::into).to_vec(), words, inputs: 300 };
    fuzz.run(|input| {
        let line = String::from_utf8_lossy(input);
        let words = ["shaketable"].into_iter().chain(line.split(' '));
        if let Err(wrong) = Cli::try_parse_from(words) {
            assert!(!wrong.to_string().is_empty());
        }
    });
}
