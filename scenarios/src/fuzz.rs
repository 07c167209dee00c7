//! What runs the fuzz targets: tests in modules called `fuzz`, beside the parsers that they are about.
//!
//! A target is given bytes, and demands of what a parser makes of them all that holds for whatever is in a file: an answer and no panic, in time, of a size
//! that the input bounds; mistakes that have a place in the input; and where there is a printer, that what it prints is read as the same again.
//!
//! `cargo test` gives each target its seeds, and some thousand inputs that come of doing harm to them: always the same ones. `make fuzz` gives it
//! what libFuzzer finds to lead to code where no input has been before, for as long as one likes.

use std::path::Path;

/// A target: what it begins with, and what it is about.
pub(crate) struct Fuzz {
    /// What it is called, for chance and for people.
    pub(crate) name: &'static str,
    /// Inputs that are right, or that were wrong in an interesting way.
    pub(crate) seeds: Vec<Vec<u8>>,
    /// Pieces that inputs are made of.
    pub(crate) words: &'static [&'static str],
    /// How many spoilt inputs `cargo test` tries.
    #[cfg_attr(fuzzing, expect(dead_code, reason = "libFuzzer tries as many as there is time for"))]
    pub(crate) inputs: u64,
}

/// Some files of this repository, in the order of their names.
pub(crate) fn files(folder: &str, ending: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let files = paths.iter().filter(|path| path.to_string_lossy().ends_with(ending));
    files.map(|path| std::fs::read(path).unwrap()).collect()
}

#[cfg(fuzzing)]
impl Fuzz {
    /// Runs a target until libFuzzer has enough.
    pub(crate) fn run(&self, target: impl Fn(&[u8])) {
        let corpus = std::env::var("SHAKETABLE_FUZZ_CORPUS").expect("`make fuzz` says where inputs are kept");
        for (place, seed) in self.seeds.iter().enumerate() {
            std::fs::write(Path::new(&corpus).join(format!("seed-{place:03}")), seed).expect("a folder for inputs");
        }
        let escaped = |word: &&str| word.bytes().map(|byte| format!("\\x{byte:02x}")).collect::<String>();
        let words: Vec<String> = self.words.iter().map(|word| format!("\"{}\"\n", escaped(word))).collect();
        std::fs::write(format!("{corpus}.words"), words.concat()).expect("a folder for inputs");
        let target = std::panic::AssertUnwindSafe(target);
        bolero::check!(name = self.name)
            .with_shrink_time(std::time::Duration::ZERO)
            .for_each(|input: &[u8]| target(input));
    }
}

/// What `cargo test` does.
#[cfg(not(fuzzing))]
mod harm {
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

    use shaketable_sim::rng::{Seed, Stream};

    use super::Fuzz;

    impl Fuzz {
        /// Runs a target with its seeds and with some spoilt inputs, always the same.
        pub(crate) fn run(&self, target: impl Fn(&[u8])) {
            let tried = |input: &[u8], which: &str| {
                if let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(input))) {
                    eprintln!("{which} of {}: {}", self.name, input.escape_ascii());
                    resume_unwind(panic);
                }
            };
            for (place, seed) in self.seeds.iter().enumerate() {
                tried(seed, &format!("seed {place}"));
            }
            for number in 0..self.inputs {
                let rng = &mut Seed(number).stream(self.name);
                let input = rng.pick(&self.seeds).expect("a target has seeds").clone();
                tried(&spoilt(input, &self.seeds, self.words, rng), &format!("input {number}"));
            }
        }
    }

    /// Does some harm to bytes: a little, so that most of it goes deep.
    fn spoilt(mut bytes: Vec<u8>, others: &[Vec<u8>], words: &[&str], rng: &mut Stream) -> Vec<u8> {
        for _ in 0..=rng.below(3) {
            let at = rng.below(bytes.len() as u64 + 1) as usize;
            let end = (at + rng.below(12) as usize).min(bytes.len());
            let word = rng.pick(words).copied().unwrap_or_default().as_bytes();
            match rng.below(14) {
                0 => bytes.truncate(at),
                1 => bytes[at..end].iter_mut().take(1).for_each(|byte| *byte ^= 1 << rng.below(8)),
                2 => bytes[at..end].iter_mut().take(1).for_each(|byte| *byte = rng.below(256) as u8),
                3 => drop(bytes.splice(at..end, [])),
                4 => drop(bytes.splice(at..at, word.iter().copied())),
                5 => drop(bytes.splice(at..end, word.iter().copied())),
                6 => drop(bytes.splice(at..at, word.repeat(1 << rng.below(11)))),
                7 => {
                    let copy = bytes[at..end].to_vec();
                    let to = rng.below(bytes.len() as u64 + 1) as usize;
                    drop(bytes.splice(to..to, copy));
                }
                8 => {
                    let other = rng.pick(others).map(Vec::as_slice).unwrap_or_default();
                    let from = rng.below(other.len() as u64 + 1) as usize;
                    let to = from + rng.below((other.len() - from) as u64 + 1) as usize;
                    drop(bytes.splice(at..at, other[from..to].iter().copied()));
                }
                9 => {
                    let digits = bytes.iter_mut().filter(|byte| byte.is_ascii_digit());
                    digits.for_each(|byte| *byte = if rng.below(8) == 0 { b'0' + rng.below(3) as u8 } else { *byte });
                }
                10 => swapped(&mut bytes, b' ', rng),
                11 => {
                    let mut lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
                    drop(lines.splice(..rng.below(2).min(lines.len() as u64) as usize, []));
                    bytes = lines.concat();
                }
                _ => swapped(&mut bytes, b'\n', rng),
            }
        }
        bytes
    }

    /// Exchanges two parts.
    fn swapped(bytes: &mut Vec<u8>, between: u8, rng: &mut Stream) {
        let mut parts: Vec<&[u8]> = bytes.split(|byte| *byte == between).collect();
        let place = |rng: &mut Stream| rng.below(parts.len() as u64) as usize;
        let (one, other) = (place(rng), place(rng));
        parts.swap(one, other);
        *bytes = parts.join(&between);
    }
}

mod words;
