//! What holds for every value, drawn from fixed seeds, and for files of a size that nobody writes. The fuzz targets beside this begin with texts.

use std::path::Path;

use shaketable_sim::faults::target::Target;
use shaketable_sim::param::{Default, Literal, Param, Shape, Value, parse_table};
use shaketable_sim::rng::{Delay, Seed, Stream};
use shaketable_sim::time::{Ppm, Span};

use super::{GOOD, load, raw};
use crate::testing::tables;

pub(super) static SHAPES: &[Param] = &[
    absent("flag", Shape::Flag),
    absent("count", Shape::Count(0, u64::MAX)),
    absent("counts", Shape::Counts(0, u64::MAX)),
    absent("span", Shape::Span),
    absent("spans", Shape::Spans),
    absent("shift", Shape::Shift),
    absent("shifts", Shape::Shifts),
    absent("odds", Shape::Odds),
    absent("choice", Shape::Choice(WORDS)),
    absent("names", Shape::Names),
    absent("delay", Shape::Delay),
    absent("target", Shape::Target),
    absent("nodes", Shape::Nodes),
    absent("groups", Shape::Groups),
    absent("table", Shape::Table(INNER)),
    absent("choice-or-table", Shape::ChoiceOrTable(WORDS, INNER)),
    absent("text", Shape::Text),
];

static WORDS: &[(&str, &str)] = &[("any", ""), ("fifo", ""), ("x-1", "")];

static INNER: &[Param] = &[
    absent("after", Shape::Spans),
    Param { name: "by", shape: Shape::Count(1, 9), default: Default::Value(Literal::Count(3)), doc: "" },
];

const fn absent(name: &'static str, shape: Shape) -> Param {
    Param { name, shape, default: Default::Absent, doc: "" }
}

#[test]
fn every_value_reads_back_as_it_is_written() {
    for seed in 0..500 {
        let mut rng = Seed(seed).stream("values");
        for param in SHAPES {
            let value = draw(&param.shape, &mut rng);
            let text = format!("{} = {value}", param.name);
            let read = raw::read(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let (args, errors) = parse_table(&[SHAPES], &read);
            assert_eq!(errors, [], "{text}");
            assert_eq!(args.get(param.name), Some(&value), "{text}");
        }
    }
}

fn draw(shape: &Shape, rng: &mut Stream) -> Value {
    match shape {
        Shape::Flag => Value::Flag(rng.chance(Ppm::percent(50))),
        Shape::Count(low, high) => Value::Count(rng.between(*low, *high)),
        Shape::Counts(..) => {
            let (low, high) = ordered(magnitude(rng), magnitude(rng));
            Value::Counts(low, high)
        }
        Shape::Span => Value::Span(span(rng)),
        Shape::Spans => {
            let (low, high) = ordered(span(rng), span(rng));
            Value::Spans(low, high)
        }
        Shape::Shift => Value::Shift(magnitude(rng) as i64),
        Shape::Shifts => {
            let (low, high) = ordered(magnitude(rng) as i64, magnitude(rng) as i64);
            Value::Shifts(low, high)
        }
        Shape::Odds => Value::Odds(Ppm::new(rng.between(0, 1_000_000) as u32)),
        Shape::Choice(words) => Value::Choice(rng.pick(words).expect("there are words").0),
        Shape::Names => Value::Names((0..rng.below(4)).map(|_| text(rng)).collect()),
        Shape::Delay => Value::Delay(delay(rng)),
        Shape::Target => Value::Target(target(rng)),
        Shape::Nodes => Value::Target(nodes(rng)),
        Shape::Groups => Value::Groups((0..rng.between(1, 3)).map(|_| nodes(rng)).collect()),
        Shape::Table(params) => {
            let table = format!("by = {}", rng.between(1, 9));
            Value::Table(parse_table(&[params], &raw::read(&table).expect("TOML")).0)
        }
        Shape::ChoiceOrTable(words, params) => match rng.chance(Ppm::percent(50)) {
            true => draw(&Shape::Choice(words), rng),
            false => draw(&Shape::Table(params), rng),
        },
        Shape::Text => Value::Text(text(rng)),
    }
}

fn ordered<T: Ord>(a: T, b: T) -> (T, T) {
    if a <= b { (a, b) } else { (b, a) }
}

/// A number of any magnitude, as often small as large.
fn magnitude(rng: &mut Stream) -> u64 {
    let digits = rng.below(64);
    rng.next() >> digits
}

fn span(rng: &mut Stream) -> Span {
    Span::nanos(magnitude(rng))
}

fn delay(rng: &mut Stream) -> Delay {
    let (low, high) = ordered(span(rng), span(rng));
    match rng.below(4) {
        0 => Delay::Fixed(low),
        1 => Delay::Uniform(low, high),
        2 => Delay::Exponential { min: low, mean: high },
        _ => Delay::LogNormal { median: low, p99: high },
    }
}

/// A target that is about no client.
fn nodes(rng: &mut Stream) -> Target {
    loop {
        let target = target(rng);
        if !target.speaks_of_clients() {
            return target;
        }
    }
}

fn target(rng: &mut Stream) -> Target {
    let one = |rng: &mut Stream| {
        let number = rng.between(1, 65_534);
        let words = ["leader", "follower", "random", "minority", "majority", "all", "clients"];
        let word = match rng.below(3) {
            0 => format!("n{number}"),
            1 => format!("c{number}"),
            _ => (*rng.pick(&words).expect("there are words")).to_owned(),
        };
        word.parse::<Target>().expect("a target")
    };
    let several = |rng: &mut Stream| match rng.below(3) {
        0 => Target::Each((0..rng.between(2, 4)).map(|_| one(rng)).collect()),
        _ => one(rng),
    };
    match rng.below(3) {
        0 => Target::Not(Box::new(several(rng))),
        _ => several(rng),
    }
}

fn text(rng: &mut Stream) -> String {
    let letters = ['a', 'Z', '-', '"', '\\', '\n', '\r', '\t', '\u{0}', '\u{1b}', '\u{7f}', '\'', '#', 'é', '語', '🦀'];
    (0..rng.below(6)).map(|_| *rng.pick(&letters).expect("there are letters")).collect()
}

#[test]
fn monstrous_files_are_refused() {
    let deep_list = format!("a = {}", "[".repeat(200_000));
    let deep_key = format!("{}a = 1", "a.".repeat(200_000));
    let deep_target = format!("{GOOD}\n[[fault]]\ncrash = {{ at = \"1s\", node = \"{}\" }}", "not(".repeat(200_000));
    let long_name = format!("{} = 1\n{GOOD}", "a".repeat(1_000_000));
    let many_keys: String = (0..5_000).map(|key| format!("key-{key} = 1\n")).collect();
    let garbage: String =
        (0..100_000_u32).map(|n| char::from(n.wrapping_mul(2_654_435_761).to_le_bytes()[3])).collect();
    for text in [deep_list, deep_key, deep_target, long_name, many_keys, garbage, "\0".repeat(1_000_000)] {
        let Err(wrong) = load(Path::new("monster.toml"), &text, &tables()) else { panic!("it was read") };
        assert!(wrong.to_string().starts_with("error: "));
    }
}
