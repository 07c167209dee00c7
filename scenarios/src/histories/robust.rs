//! Thousands of spoilt histories: whatever is in a file, there is a verdict, or a mistake with its line.

use std::fs;
use std::io::{self, BufReader, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use shaketable_reports::Judgeable;
use shaketable_sim::check::linearizable::Budget;
use shaketable_sim::check::transactions::Assumptions;
use shaketable_sim::rng::{Seed, Stream};

use super::calls::{Keyed, MOST_MISTAKES};
use super::event::Mistake;
use super::judge::Asked;
use super::source::{Format, unpacked};
use super::{How, check};

/// The histories of the tests.
fn good() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/histories"));
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| (path.display().to_string(), fs::read(path).unwrap())).collect()
}

fn judged(bytes: &[u8], format: Option<Format>, keyed: Keyed) -> Result<Judgeable, Vec<Mistake>> {
    let budget = Budget { states: 20_000, bytes: 1_000_000 };
    let input = unpacked(bytes).map_err(|error| vec![super::source::unreadable(1, &error)])?;
    check(input, How { format, model: None, keyed, asked: asked(budget) })
}

fn asked(budget: Budget) -> Asked {
    Asked { budget, level: None, assume: Assumptions::default() }
}

/// Judges bytes, and asserts that what comes of it can be told. Says whether there is a verdict.
fn assert_told(bytes: &[u8], format: Option<Format>, keyed: Keyed, what: &str) -> bool {
    match judged(bytes, format, keyed) {
        Ok(judged) => {
            assert!(judged.operations > 0 && !judged.found.levels.is_empty(), "{what}");
            true
        }
        Err(mistakes) => {
            let lines = bytes.iter().filter(|&&byte| byte == b'\n').count() as u64 + 1;
            assert!((1..=MOST_MISTAKES).contains(&mistakes.len()), "{what}: {}", mistakes.len());
            for Mistake { line, given, allowed } in &mistakes {
                assert!((1..=lines).contains(line), "{what}: line {line} of {lines}: {given}");
                assert!(!given.is_empty() && !allowed.is_empty() && given.len() < 2_000, "{what}: {given}: {allowed}");
            }
            false
        }
    }
}

/// Does some harm.
fn spoilt(bytes: &[u8], others: &[(String, Vec<u8>)], rng: &mut Stream) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=rng.below(2) {
        let at = rng.below(bytes.len().max(1) as u64) as usize;
        let lines = |bytes: &[u8]| bytes.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
        match rng.below(12) {
            0 => bytes.truncate(at),
            1 if !bytes.is_empty() => bytes[at] ^= 1 << rng.below(8),
            2 if !bytes.is_empty() => bytes[at] = b"{}[]()\"\\#:;,_- \n0\xff"[rng.below(18) as usize],
            3 if !bytes.is_empty() => _ = bytes.remove(at),
            4 => {
                let mut lines = lines(&bytes);
                if !lines.is_empty() {
                    lines.remove(rng.below(lines.len() as u64) as usize);
                }
                bytes = lines.concat();
            }
            5 => {
                let mut lines = lines(&bytes);
                if lines.len() > 1 {
                    let (one, other) = (rng.below(lines.len() as u64), rng.below(lines.len() as u64));
                    lines.swap(one as usize, other as usize);
                }
                bytes = lines.concat();
            }
            6 => {
                let nested = [&b"["[..], b"{", b"(", b"#{", b"#_", b"#a ", b"\"", b"[{\"a\":"][rng.below(8) as usize];
                let times = 1 << rng.below(12);
                bytes.splice(at..at, nested.repeat(times));
            }
            7 => {
                // A piece of another history.
                let other = &others[rng.below(others.len() as u64) as usize].1;
                let from = rng.below(other.len() as u64) as usize;
                let to = from + rng.below((other.len() - from) as u64) as usize;
                bytes.splice(at..at, other[from..to].iter().copied());
            }
            8..=10 => {
                // Other numbers: perhaps another verdict.
                let digits = bytes.iter_mut().filter(|byte| byte.is_ascii_digit());
                digits.for_each(|byte| *byte = if rng.below(8) == 0 { b'0' + rng.below(3) as u8 } else { *byte });
            }
            _ => {
                let numbers = [&b"-"[..], b"99999999999999999999", b"1e999", b"0x", b"nil", b"\\u12", b"\"\\ud800\""];
                bytes.splice(at..at, numbers[rng.below(7) as usize].iter().copied());
            }
        }
    }
    bytes
}

#[test]
fn whatever_is_in_a_file_there_is_a_verdict_or_a_mistake_with_its_line() {
    let good = good();
    let (mut verdicts, mut mistakes) = (0, 0);
    for (name, bytes) in &good {
        assert!(assert_told(bytes, None, Keyed::Auto, name), "{name} is right");
        for seed in 0..400 {
            let mut rng = Seed(seed).stream(name);
            let bytes = spoilt(bytes, &good, &mut rng);
            let format = [None, None, None, Some(Format::Ndjson), Some(Format::Edn), Some(Format::Log)];
            let format = format[rng.below(6) as usize];
            let keyed = [Keyed::Auto, Keyed::Auto, Keyed::Always, Keyed::Never][rng.below(4) as usize];
            let told = assert_told(&bytes, format, keyed, &format!("{name}, seed {seed}"));
            *(if told { &mut verdicts } else { &mut mistakes }) += 1;
        }
    }
    assert!(verdicts > 500 && mistakes > 2_000, "{verdicts} verdicts, {mistakes} with mistakes");
}

#[test]
fn a_spoilt_archive_is_a_mistake_or_what_it_was() {
    for (name, bytes) in &good() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        let packed = encoder.finish().unwrap();
        let right = judged(bytes, None, Keyed::Auto).unwrap();
        for seed in 0..60 {
            let mut rng = Seed(seed).stream(name);
            let mut spoilt = packed.clone();
            // The first bytes say that it is an archive at all.
            let at = 2 + rng.below(spoilt.len() as u64 - 2) as usize;
            if rng.below(2) == 0 {
                spoilt.truncate(at)
            } else {
                spoilt[at] ^= 1 << rng.below(8)
            };
            match judged(&spoilt, None, Keyed::Auto) {
                Ok(judged) => assert_eq!(judged, right, "{name}, seed {seed}: a check sum should have told"),
                Err(mistakes) => assert!(mistakes.iter().all(|mistake| mistake.line > 0), "{name}, seed {seed}"),
            }
        }
    }
}

/// A line without end, made up as it is read.
struct Endless(&'static [u8]);

impl io::Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let some = buffer.len().min(self.0.len());
        buffer[..some].copy_from_slice(&self.0[..some]);
        Ok(some)
    }
}

#[test]
fn what_has_no_end_is_not_waited_for() {
    let budget = Budget { states: 1_000, bytes: 100_000 };
    for (head, tail) in [
        (&b"{\"type\":\""[..], &b"xxxxxxxxxxxxxxxx"[..]),
        (b"{:type \"", b"xxxxxxxxxxxxxxxx"),
        (b"{:type ", b"[]"),
        (b"{:type ", b"#_ "),
        (b"; ", b"xxxxxxxxxxxxxxxx"),
        (b"0 :invoke ", b"xxxxxxxxxxxxxxxx"),
        (b"{:a ", b"["),
        (b"[", b"7 "),
        (b"[", b"{:process 0, :type :invoke, :f :read} "),
    ] {
        let input = Box::new(BufReader::new(io::Read::chain(head, Endless(tail))));
        let how = How { format: None, model: None, keyed: Keyed::Auto, asked: asked(budget) };
        let mistakes = check(input, how).expect_err("it has no end");
        assert!(!mistakes.is_empty() && mistakes.len() <= MOST_MISTAKES);
    }
}
