//! Shards of sweeps over a protocol that does as it is told.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use shaketable_reports::{Exit, Outcome, Summary, json};
use shaketable_sim::digest::digest_of;

use super::*;
use crate::cases::Cases;
use crate::fakes::{Folder, render, scenario, tables};
use crate::scenario::Scenario;
use crate::sweep::{Choice, Task, count, summary, sweep};

fn shards(count: u32) -> impl Iterator<Item = Shard> {
    Shard::all(NonZeroU32::new(count).unwrap())
}

/// Some of everything that can come of a scenario.
pub(super) fn scenarios() -> Vec<Scenario> {
    let expect = |signature: &str, within: u64| {
        format!("\n[expect]\nverdict = {{ violation = \"{signature}\", within-seeds = {within} }}\n")
    };
    let right =
        |seeds: &str, script: &str| scenario("fake", &format!("seeds = \"{seeds}\"\n[fake]\nright = \"{script}\"\n"));
    let wrong = |script: &str, expect: &str| scenario("fake/broken", &format!("[fake]\n{script}\n{expect}"));
    let mut scenarios = vec![
        // Equally cheap violations of two kinds, so that the first must win, wherever it ran.
        right(
            "0..150",
            "3:safety 9:panic 13:safety 14:order 24:order 70:inconclusive 100:exceeded 140:safety 149:order",
        ),
        right("5..90", ""),
        right("7..8", "7:inconclusive"),
        right("0..3", "*:idle"),
        scenario("fake", "seeds = \"0..40\"\n[expect]\nreach = { completed-ops = 400, crashes = 1 }\n"),
        wrong("wrong = \"3:order 17:safety 18:order\"", &expect("invariant/safety", 40)),
        wrong("wrong = \"*:order\"\nright = \"2:exceeded\"", &expect("invariant/safety", 40)),
        wrong("wrong = \"30:safety\"\nright = \"2:safety 12:safety 31:safety\"", &expect("invariant", 40)),
    ];
    for (place, scenario) in scenarios.iter_mut().enumerate() {
        scenario.path = PathBuf::from(format!("some/fake-{place}.toml"));
    }
    scenarios
}

/// The report of a sweep, line by line, and the cases that it has left, with their texts.
type Whole = (Vec<String>, BTreeMap<String, String>);

fn outcome(folder: &Folder, summary: &Summary) -> Whole {
    let text = format!("{:#}", json(summary)).replace(&folder.0.display().to_string(), "out");
    let read = |name: String| (name.clone(), fs::read_to_string(folder.0.join(name)).unwrap());
    (text.lines().map(str::to_owned).collect(), folder.files().into_iter().map(read).collect())
}

fn unsharded(scenarios: &[Scenario], choice: &Choice) -> Whole {
    let folder = Folder::new("unsharded");
    let tasks: Vec<_> = scenarios.iter().map(|scenario| Task::new(scenario, choice)).collect();
    let mut cases = Cases::new(&folder.0, render, tables());
    let summary = sweep(&tasks, NonZeroUsize::MIN, &AtomicBool::new(false), &mut cases, |_| {});
    outcome(&folder, &summary)
}

fn probes() -> Vec<Probe> {
    vec![Probe { scenario: "some/fake.toml".to_owned(), seed: 0, digest: 7 }]
}

/// What a shard leaves.
pub(super) fn sheet(scenarios: &[Scenario], choice: &Choice, shard: Shard, threads: usize) -> Sheet {
    let share = |(place, scenario)| Task::new(scenario, choice).shared(place, shard);
    let tasks: Vec<_> = scenarios.iter().enumerate().map(share).collect();
    let mut cases = Cases::for_later(&PathBuf::from("nowhere"), render, tables());
    let never = AtomicBool::new(false);
    let swept = count(&tasks, NonZeroUsize::new(threads).unwrap(), &never, &mut cases, |_| {});
    assert_eq!((swept.done.left, cases.troubles.as_slice()), (0, [].as_slice()));
    Sheet { shard, probes: probes(), parts: swept.parts }
}

/// The shards of a sweep, written and read back, each with the name of its file.
fn read(scenarios: &[Scenario], choice: &Choice, count: u32) -> Vec<(PathBuf, Sheet)> {
    let read = |shard: Shard| {
        let sheet = sheet(scenarios, choice, shard, 1 + shard.number() as usize % 3);
        let back = Sheet::parse(&sheet.render()).unwrap();
        assert_eq!(back, sheet);
        (PathBuf::from(sheet.file_name()), back)
    };
    shards(count).map(read).collect()
}

fn merged(read: &[(PathBuf, Sheet)]) -> Whole {
    let folder = Folder::new("merged");
    let mut cases = Cases::new(&folder.0, render, tables());
    let summary = summary(merge(read).unwrap(), &mut cases);
    assert_eq!(cases.troubles, Vec::<String>::new());
    outcome(&folder, &summary)
}

/// Fails with the first line that differs: the reports are long.
fn assert_same(got: &Whole, wanted: &Whole, of: &str) {
    let differ = got.0.iter().zip(&wanted.0).find(|(got, wanted)| got != wanted);
    assert_eq!((differ, got.0.len()), (None, wanted.0.len()), "{of}");
    assert_eq!(got.1, wanted.1, "{of}");
}

#[test]
fn every_seed_belongs_to_one_shard_and_all_shards_have_as_many() {
    for count in 1..=9 {
        for (place, length) in [(0, 0), (1, 1), (2, 5), (3, 64), (40, 1_000), (5, u64::MAX)] {
            let mut shares: Vec<_> =
                shards(count).map(|shard| (shard.block(place), shard.share(place, length))).collect();
            shares.sort_by_key(|(block, _)| *block);
            let mut next = 0;
            for (_, share) in &shares {
                assert_eq!(share.start, next, "{count} shards of {length}");
                next = share.end;
                let (fair, own) = (length / u64::from(count), share.end - share.start);
                assert!(own == fair || own - 1 == fair, "{share:?} of {length} for {count}");
            }
            assert_eq!(next, length);
        }
    }
}

#[test]
fn many_short_rows_burden_no_shard_more_than_another() {
    for (count, length) in [(16, 1), (16, 5), (7, 10), (3, 2)] {
        let burden = |shard: Shard| -> u64 {
            (0..count as usize * 10).map(|place| shard.share(place, length)).map(|share| share.end - share.start).sum()
        };
        for shard in shards(count) {
            assert_eq!(burden(shard), length * 10, "shard {shard} of rows of {length}");
        }
    }
}

#[test]
fn a_shard_is_written_as_people_count() {
    let third = Shard::new(2, 0, NonZeroU32::new(16).unwrap()).unwrap();
    assert_eq!((third.to_string().as_str(), "3/16".parse()), ("3/16", Ok(third)));
    assert_eq!(Shard::new(3, 1, third.count()), Ok(third));
    let outside = |index, base| Shard::new(index, base, third.count()).unwrap_err();
    assert_eq!(outside(16, 0), "there is no shard 16: 16 are numbered 0 to 15");
    assert_eq!(outside(0, 1), "there is no shard 0: 16 are numbered 1 to 16");
    assert_eq!(outside(17, 1), "there is no shard 17: 16 are numbered 1 to 16");
    for text in ["", "3", "3/", "/16", "0/16", "17/16", "1/0", "-1/16", "a/b", "1/2/3", "3 of 16"] {
        assert!(text.parse::<Shard>().is_err(), "{text} was read as a shard");
    }
}

#[test]
fn shards_in_any_number_and_order_give_what_one_run_gives() {
    let scenarios = scenarios();
    for choice in [Choice::File, Choice::Range(2..33), Choice::Range(9..10)] {
        let whole = unsharded(&scenarios, &choice);
        for count in 1..=7 {
            let mut read = read(&scenarios, &choice, count);
            assert_same(&merged(&read), &whole, &format!("{count} shards of {choice:?}"));
            read.reverse();
            read.rotate_left(count as usize / 2);
            // Some were run twice.
            read.extend_from_within(..read.len().div_ceil(2));
            assert_same(&merged(&read), &whole, &format!("{count} shards of {choice:?} in another order"));
        }
    }
    let (report, cases) = unsharded(&scenarios, &Choice::File);
    let outcomes =
        ["passed", "caught", "violated", "got-away", "right-protocol-violated", "inconclusive", "nothing-tested"];
    for outcome in outcomes {
        assert!(report.contains(&format!("      \"outcome\": \"{outcome}\",")), "{outcome} is not among these");
    }
    assert!(cases.len() >= 4, "{cases:?}");
}

#[test]
fn what_wavers_in_several_shards_is_one_finding() {
    let scenarios = [scenario("fake", "seeds = \"0..130\"\n[fake]\nright = \"*:waver\"\n")];
    let parts = merge(&read(&scenarios, &Choice::File, 3)).unwrap();
    let folder = Folder::new("waver");
    let tested =
        parts.into_iter().map(|part| part.judged(&mut Cases::new(&folder.0, render, tables()))).next().unwrap();
    let wavering = tested.wavering.unwrap();
    assert_eq!((tested.outcome, wavering.seeds, wavering.first), (Outcome::Nondeterministic, 3, 0));
}

#[test]
fn a_search_is_one_shards_and_stops_where_it_finds() {
    let scenarios = [scenarios().swap_remove(5)];
    let ran: Vec<_> = read(&scenarios, &Choice::File, 5).iter().map(|(_, sheet)| sheet.parts[0].counts.ran).collect();
    assert_eq!(ran.iter().filter(|ran| **ran > 0).collect::<Vec<_>>(), [&18]);
}

#[test]
fn the_same_shard_leaves_the_same_bytes() {
    let (scenarios, shard) = (scenarios(), "2/3".parse().unwrap());
    let text = |threads| sheet(&scenarios, &Choice::File, shard, threads).render();
    let one = text(1);
    assert_eq!((text(2), text(5)), (one.clone(), one));
}

#[test]
fn a_file_with_any_byte_changed_or_its_end_missing_is_refused() {
    let text = sheet(&scenarios()[5..7], &Choice::File, "1/2".parse().unwrap(), 1).render();
    assert!(Sheet::parse(&text).is_ok());
    for end in 0..text.len() {
        assert!(text.is_char_boundary(end) && Sheet::parse(&text[..end]).is_err(), "cut at {end}");
    }
    for place in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[place] = if bytes[place] == b'1' { b'2' } else { b'1' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(Sheet::parse(&changed).is_err(), "changed at {place}: {changed}");
    }
    let head = text.find('\n').unwrap();
    for cut in 0..=head {
        assert_eq!(Sheet::parse(&text[..cut]), Err(Flaw::Damaged), "cut at {cut}");
        assert_eq!(Sheet::parse(&(text[..cut].to_owned() + &text[head..])).is_ok(), cut == head);
    }
    for lost in ["\n", " ", &"\0".repeat(4_096), &text[head..]] {
        assert_eq!(Sheet::parse(lost), Err(Flaw::Damaged), "{lost:?}");
    }
    assert_eq!(Sheet::parse(&text[..text.len() - 2]), Err(Flaw::Damaged));
    assert_eq!(Sheet::parse(&text[..head + 1]), Err(Flaw::Damaged));
    assert_eq!(Sheet::parse(&format!("{text}{text}")), Err(Flaw::Damaged));
}

#[test]
fn a_file_of_another_tool_says_so() {
    let text = sheet(&scenarios()[5..6], &Choice::File, "1/2".parse().unwrap(), 1).render();
    let why = |text: &str| match Sheet::parse(text) {
        Err(Flaw::Foreign(why)) => why,
        other => panic!("{other:?}"),
    };
    for text in ["{}", "[1]\n", "protocol = \"raft\"\n", "{\"v\": 1}\n"] {
        assert_eq!(why(text), "it is not the file of a shard");
    }
    assert_eq!(
        why(&text.replacen("\"shaketable-shard\":1", "\"shaketable-shard\":2", 1)),
        "its format is 2, and this tool reads 1"
    );
    let other = format!("\"tool\":\"{}\"", crate::sweep::VERSION);
    assert!(
        why(&text.replacen(&other, "\"tool\":\"9.9.9\"", 1)).starts_with("it is of version \"9.9.9\" of this tool")
    );
    // Whole, but with a number that this build does not know.
    let body = text[..text.rfind("{\"end\"").unwrap()].replace("\"retries\"", "\"trials\"");
    let forged = format!("{body}{{\"end\":\"{:016x}\"}}\n", digest_of(&body.as_str()));
    assert_eq!(why(&forged), "it is of another build of this tool");
}

/// What is said of shards that cannot be merged.
fn refused(read: &[(PathBuf, Sheet)]) -> (Exit, String) {
    let Err(Refusal { exit, text }) = merge(read) else { panic!("they were merged") };
    (exit, text)
}

#[test]
fn missing_shards_are_named() {
    let mut read = read(&scenarios()[1..4], &Choice::File, 5);
    read.remove(3);
    read.remove(0);
    assert_eq!(refused(&read), (Exit::Inconclusive, "error: 2 of 5 shards are missing: 1/5, 4/5\n".to_owned()));
    assert_eq!(refused(&[]).0, Exit::NothingTested);
}

#[test]
fn shards_of_different_sweeps_are_told_apart_by_what_differs() {
    let (scenarios, choice) = (scenarios(), Choice::File);
    let with = |mut read: Vec<(PathBuf, Sheet)>, other: (PathBuf, Sheet)| {
        read[1] = other;
        refused(&read)
    };
    let two = || read(&scenarios[..3], &choice, 2);
    let other = |scenarios: &[Scenario], choice: &Choice, count| read(scenarios, choice, count).swap_remove(1);
    let mut edited = scenarios[..3].to_vec();
    edited[2].text += "# edited\n";
    let mut renamed = scenarios[..3].to_vec();
    renamed[1].path = PathBuf::from("other/fake.toml");
    for (read, difference) in [
        (other(&edited, &choice, 2), "some/fake-2.toml has changed"),
        (other(&renamed, &choice, 2), "where one has some/fake-1.toml, the other has other/fake.toml"),
        (other(&scenarios[..3], &Choice::Range(0..9), 2), "some/fake-0.toml with seeds 0..150 and 0..9"),
        (other(&scenarios[..4], &choice, 2), "one has 3 scenarios, the other 4"),
        (other(&scenarios[..3], &choice, 3), "one is of 2 shards, the other of 3"),
    ] {
        let (exit, text) = with(two(), read);
        assert_eq!(exit, Exit::Usage);
        assert!(text.contains("are of different sweeps: ") && text.ends_with(&format!(": {difference}\n")), "{text}");
    }
}

#[test]
fn two_that_should_be_the_same_and_are_not_are_nondeterministic() {
    let scenarios = &scenarios()[..3];
    let mut twice = read(scenarios, &Choice::File, 2);
    let (at, mut again) = twice[0].clone();
    again.parts[1].counts.simulated = shaketable_sim::time::Span::secs(1);
    twice.push((at.with_file_name("copy.ndjson"), again));
    let (exit, text) = refused(&twice);
    assert_eq!(exit, Exit::Nondeterministic);
    assert_eq!(
        text,
        "error: shard-0001-of-0002.ndjson and copy.ndjson are both shard 1/2, and did not come out the same\n"
    );

    let mut builds = read(scenarios, &Choice::File, 2);
    builds[1].1.probes[0].digest += 1;
    let (exit, text) = refused(&builds);
    assert_eq!(exit, Exit::Nondeterministic);
    assert!(text.contains("do not agree on seed 0 of some/fake.toml"), "{text}");
}
