//! Reading: from an untyped tree with positions to values that have their shape.
//!
//! Nothing here stops at the first mistake: each is reported with the place of the very element that it is about.

use std::fmt::Display;
use std::str::FromStr;

use super::{Args, Default, Entry, Literal, Param, ParamError, Raw, RawKind, Shape, Shift, Value, nearest, suggest};
use crate::faults::target::{self, Target};
use crate::rng::Delay;
use crate::time::{ParseQuantityError, Ppm, Span};

/// Reads a table whose keys are declared in any of `params`. The values are those that could be read and the defaults of those that
/// were not written, in the order of the declarations; the errors are about all that could not be read, in no particular order.
pub fn parse_table(params: &[&[Param]], raw: &Raw) -> (Args, Vec<ParamError>) {
    let mut args = Args::default();
    let mut errors = Vec::new();
    let RawKind::Table(entries) = &raw.kind else {
        return (args, vec![raw.error(format!("expected a table, found {}", raw.noun()))]);
    };
    let all = || params.iter().flat_map(|table| table.iter());
    for entry in entries.iter().filter(|entry| all().all(|param| param.name != entry.key)) {
        let error = ParamError::new(entry.at.clone(), format!("unknown key `{}`", brief(&entry.key)));
        errors.push(error.help(suggest(&entry.key, all().map(|param| param.name))));
    }
    for param in all() {
        match (raw.get(param.name), param.default) {
            (Some(raw), _) => match param.shape.parse(raw) {
                Ok(value) => args.set(param.name, value),
                Err(mut wrong) => errors.append(&mut wrong),
            },
            (None, Default::Required) => {
                let missing = raw.error(format!("missing key `{}`", param.name));
                errors.push(missing.help(format!("{}; write {}", param.doc, param.shape.example())));
            }
            (None, default) => {
                if let Some(value) = default.value(&param.shape) {
                    args.set(param.name, value);
                }
            }
        }
    }
    (args, errors)
}

impl Default {
    /// The value that holds if nothing is written, if there is one.
    pub fn value(&self, shape: &Shape) -> Option<Value> {
        match self {
            Default::Value(literal) => {
                Some(shape.parse(&literal.raw()).expect("a default has the shape of its parameter"))
            }
            Default::Required | Default::Absent => None,
        }
    }
}

impl Literal {
    fn raw(&self) -> Raw {
        let raw = |kind| Raw { at: 0..0, kind };
        let texts = |texts: &[&str]| {
            raw(RawKind::List(texts.iter().map(|text| raw(RawKind::Text((*text).to_owned()))).collect()))
        };
        match *self {
            Literal::Flag(flag) => raw(RawKind::Flag(flag)),
            Literal::Count(count) => raw(RawKind::Int(count.into())),
            Literal::Text(text) => raw(RawKind::Text(text.to_owned())),
            Literal::Texts(list) => texts(list),
            Literal::Table(key, list) => {
                raw(RawKind::Table(vec![Entry { key: key.to_owned(), at: 0..0, value: texts(list) }]))
            }
        }
    }
}

impl Shape {
    /// Reads a value of this shape.
    ///
    /// # Errors
    /// All that is wrong with it, each with its place.
    pub fn parse(&self, raw: &Raw) -> Result<Value, Vec<ParamError>> {
        let one = |error| vec![error];
        match *self {
            Shape::Flag => match raw.kind {
                RawKind::Flag(flag) => Ok(Value::Flag(flag)),
                _ => Err(one(self.mismatch(raw))),
            },
            Shape::Count(low, high) => self.count(raw, low, high).map(Value::Count).map_err(one),
            Shape::Counts(low, high) => {
                range(raw, |raw| self.count(raw, low, high)).map(|(low, high)| Value::Counts(low, high))
            }
            Shape::Span => self.quantity(raw).map(Value::Span).map_err(one),
            Shape::Spans => range(raw, |raw| self.quantity(raw)).map(|(low, high)| Value::Spans(low, high)),
            Shape::Shift => self.quantity(raw).map(|Shift(nanos)| Value::Shift(nanos)).map_err(one),
            Shape::Shifts => {
                range(raw, |raw| self.quantity(raw)).map(|(Shift(low), Shift(high))| Value::Shifts(low, high))
            }
            Shape::Odds => self.quantity::<Ppm>(raw).map(Value::Odds).map_err(one),
            Shape::Choice(words) => self.choice(raw, words).map_err(one),
            Shape::Names => self.names(raw),
            Shape::Delay => self.delay(raw).map(Value::Delay),
            Shape::Target => self.target(raw).map(Value::Target),
            Shape::Nodes => self.nodes(raw).map(Value::Target),
            Shape::Groups => match &raw.kind {
                RawKind::List(groups) if !groups.is_empty() => {
                    each(groups, |group| Shape::Nodes.nodes(group)).map(Value::Groups)
                }
                _ => Err(one(self.mismatch(raw))),
            },
            Shape::Table(params) => table(params, raw).map(Value::Table),
            Shape::ChoiceOrTable(words, params) => match raw.kind {
                RawKind::Table(_) => table(params, raw).map(Value::Table),
                _ => self.choice(raw, words).map_err(one),
            },
            Shape::Text => raw.text().map(|text| Value::Text(text.to_owned())).ok_or_else(|| one(self.mismatch(raw))),
        }
    }

    fn mismatch(&self, raw: &Raw) -> ParamError {
        if let (Shape::Count(..) | Shape::Counts(..), Some(number)) = (self, raw.text())
            && let Ok(number) = number.trim().parse::<u64>()
        {
            return raw
                .error(format!("expected {}, found a text", self.noun()))
                .help(format!("write `{number}`, without quotes"));
        }
        raw.error(format!("expected {}, found {}", self.noun(), raw.noun())).help(format!("write {}", self.example()))
    }

    fn count(&self, raw: &Raw, low: u64, high: u64) -> Result<u64, ParamError> {
        let RawKind::Int(given) = raw.kind else { return Err(self.mismatch(raw)) };
        match u64::try_from(given) {
            Ok(count) if (low..=high).contains(&count) => Ok(count),
            _ => {
                let allowed = match high {
                    u64::MAX => format!("at least {low}"),
                    _ => format!("from {low} to {high}"),
                };
                Err(raw.error(format!("{given} is out of range")).help(format!("allowed: {allowed}")))
            }
        }
    }

    fn quantity<T: FromStr<Err = ParseQuantityError>>(&self, raw: &Raw) -> Result<T, ParamError> {
        raw.text()
            .ok_or_else(|| self.mismatch(raw))?
            .parse()
            .map_err(|why: ParseQuantityError| raw.error(why.to_string()))
    }

    fn choice(&self, raw: &Raw, words: &'static [(&'static str, &'static str)]) -> Result<Value, ParamError> {
        let given = raw.text().ok_or_else(|| self.mismatch(raw))?;
        match words.iter().find(|(word, _)| *word == given) {
            Some((word, _)) => Ok(Value::Choice(word)),
            None => {
                let allowed = self.example();
                let help = match nearest(given, words.iter().map(|(word, _)| *word)) {
                    Some(word) => format!("did you mean `{word}`? Allowed: {allowed}"),
                    None => format!("allowed: {allowed}"),
                };
                Err(raw.error(format!("unknown word `{}`", brief(given))).help(help))
            }
        }
    }

    fn names(&self, raw: &Raw) -> Result<Value, Vec<ParamError>> {
        let name = |raw: &Raw| raw.text().map(str::to_owned).ok_or_else(|| vec![self.mismatch(raw)]);
        match &raw.kind {
            RawKind::List(names) => each(names, name).map(Value::Names),
            _ => name(raw).map(|name| Value::Names(vec![name])),
        }
    }

    fn target(&self, raw: &Raw) -> Result<Target, Vec<ParamError>> {
        match &raw.kind {
            RawKind::List(targets) if targets.is_empty() => {
                Err(vec![raw.error("an empty list strikes nobody").help(format!("write {}", self.example()))])
            }
            RawKind::List(targets) => {
                let mut targets = each(targets, one_target)?;
                Ok(if targets.len() == 1 { targets.remove(0) } else { Target::Each(targets) })
            }
            RawKind::Text(_) => one_target(raw),
            _ => Err(vec![self.mismatch(raw)]),
        }
    }

    fn nodes(&self, raw: &Raw) -> Result<Target, Vec<ParamError>> {
        let target = self.target(raw)?;
        if !target.speaks_of_clients() {
            return Ok(target);
        }
        Err(vec![
            raw.error("clients are not nodes: this is about nodes alone").help(format!("write {}", self.example())),
        ])
    }

    fn delay(&self, raw: &Raw) -> Result<Delay, Vec<ParamError>> {
        let entry = match raw.entries() {
            [] if raw.text().is_some() => return Shape::Span.quantity(raw).map(Delay::Fixed).map_err(|why| vec![why]),
            [entry] => entry,
            _ => return Err(vec![self.mismatch(raw)]),
        };
        let value = &entry.value;
        match entry.key.as_str() {
            "uniform" => match value.kind {
                RawKind::List(_) => {
                    range(value, |raw| Shape::Span.quantity(raw)).map(|(low, high)| Delay::Uniform(low, high))
                }
                _ => Err(vec![Shape::Spans.mismatch(value)]),
            },
            "exponential" => {
                let (min, mean) = two_spans(value, EXPONENTIAL)?;
                ordered(value, ("mean", mean), ("min", min)).map(|()| Delay::Exponential { min, mean })
            }
            "lognormal" => {
                let (median, p99) = two_spans(value, LOGNORMAL)?;
                ordered(value, ("p99", p99), ("median", median)).map(|()| Delay::LogNormal { median, p99 })
            }
            unknown => {
                let error = ParamError::new(entry.at.clone(), format!("unknown distribution `{}`", brief(unknown)));
                Err(vec![error.help(format!("write {}", self.example()))])
            }
        }
    }
}

const fn required_span(name: &'static str, doc: &'static str) -> Param {
    Param { name, shape: Shape::Span, default: Default::Required, doc }
}

static EXPONENTIAL: &[Param] =
    &[required_span("min", "the least"), required_span("mean", "the average, including `min`")];

static LOGNORMAL: &[Param] =
    &[required_span("median", "half are below"), required_span("p99", "one in a hundred is above")];

fn table(params: &'static [Param], raw: &Raw) -> Result<Args, Vec<ParamError>> {
    let (args, errors) = parse_table(&[params], raw);
    if errors.is_empty() { Ok(args) } else { Err(errors) }
}

fn two_spans(raw: &Raw, params: &'static [Param]) -> Result<(Span, Span), Vec<ParamError>> {
    let args = table(params, raw)?;
    Ok((args.span(params[0].name), args.span(params[1].name)))
}

/// That the first of two spans of a table is not less than the second.
fn ordered(raw: &Raw, (name, span): (&str, Span), (bound_name, bound): (&str, Span)) -> Result<(), Vec<ParamError>> {
    if span >= bound {
        return Ok(());
    }
    let place = raw.get(name).unwrap_or(raw);
    Err(vec![place.error(format!("`{name}` is less than `{bound_name}`, which is {bound}"))])
}

/// One value, or a list of two in order.
fn range<T: Copy + Ord + Display>(
    raw: &Raw,
    one: impl Fn(&Raw) -> Result<T, ParamError>,
) -> Result<(T, T), Vec<ParamError>> {
    let RawKind::List(items) = &raw.kind else {
        return one(raw).map(|value| (value, value)).map_err(|why| vec![why]);
    };
    let [low, high] = each(items, |raw| one(raw).map_err(|why| vec![why]))?
        .try_into()
        .map_err(|_| vec![raw.error("a range has two values, the low one and the high one")])?;
    if low > high {
        return Err(vec![
            raw.error(format!("the range runs from {low} down to {high}")).help("write the low value first"),
        ]);
    }
    Ok((low, high))
}

/// Reads every item, and reports what is wrong with each of them.
fn each<T>(items: &[Raw], read: impl Fn(&Raw) -> Result<T, Vec<ParamError>>) -> Result<Vec<T>, Vec<ParamError>> {
    let mut values = Vec::new();
    let mut errors = Vec::new();
    for item in items {
        match read(item) {
            Ok(value) => values.push(value),
            Err(mut wrong) => errors.append(&mut wrong),
        }
    }
    if errors.is_empty() { Ok(values) } else { Err(errors) }
}

fn one_target(raw: &Raw) -> Result<Target, Vec<ParamError>> {
    let text = raw.text().ok_or_else(|| vec![Shape::Target.mismatch(raw)])?;
    text.parse().map_err(|target::UnknownTarget(word)| {
        let known = target::WORDS.iter().map(|(word, _)| *word);
        vec![raw.error(format!("unknown target `{}`", brief(&word))).help(suggest(&word, known))]
    })
}

/// A name for a message: the whole of it, unless it is absurdly long.
fn brief(name: &str) -> String {
    match name.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(at: usize, kind: RawKind) -> Raw {
        Raw { at: at..at + 1, kind }
    }

    fn text(at: usize, text: &str) -> Raw {
        raw(at, RawKind::Text(text.to_owned()))
    }

    fn entry(at: usize, key: &str, value: Raw) -> Entry {
        Entry { key: key.to_owned(), at: at..at + 1, value }
    }

    fn says(result: Result<Value, Vec<ParamError>>) -> Vec<String> {
        let errors = result.expect_err("a mistake");
        errors.iter().map(|error| format!("{}: {error}", error.at.start)).collect()
    }

    static PARAMS: &[Param] = &[
        Param { name: "node", shape: Shape::Target, default: Default::Value(Literal::Text("random")), doc: "whom" },
        Param { name: "wait", shape: Shape::Spans, default: Default::Required, doc: "how long" },
        Param { name: "loss", shape: Shape::Odds, default: Default::Absent, doc: "how many" },
    ];

    #[test]
    fn a_table_has_what_was_written_and_the_defaults() {
        let (args, errors) = parse_table(&[PARAMS], &raw(0, RawKind::Table(vec![entry(1, "wait", text(2, "1.5s"))])));
        assert_eq!(errors, []);
        assert_eq!(args.target("node"), &Target::Random);
        assert_eq!(args.spans("wait"), (Span::millis(1_500), Span::millis(1_500)));
        assert_eq!(args.get("loss"), None);
        assert_eq!(args.to_string(), r#"{ node = "random", wait = "1.5s" }"#);
    }

    #[test]
    fn all_mistakes_of_a_table_are_told_each_in_its_place() {
        let table = RawKind::Table(vec![
            entry(1, "noed", text(2, "n1")),
            entry(3, "node", raw(4, RawKind::List(vec![text(5, "n1"), text(6, "leadre"), raw(7, RawKind::Int(3))]))),
            entry(8, "loss", raw(9, RawKind::Other("a float"))),
        ]);
        assert_eq!(
            says(Shape::Table(PARAMS).parse(&raw(0, table))),
            [
                "1: unknown key `noed` (did you mean `node`?)",
                "6: unknown target `leadre` (did you mean `leader`?)",
                "7: expected a target or a list of them, found a whole number \
                 (write `\"leader\"`, `\"n1\"`, `\"not(leader)\"` or `[\"n1\", \"n2\"]`)",
                "0: missing key `wait` (how long; write `\"150ms\"` or `[\"150ms\", \"300ms\"]`)",
                "9: expected odds, found a float (write `\"1%\"`, `\"0.05%\"` or `\"50ppm\"`)",
            ]
        );
    }

    #[test]
    fn ranges_have_two_ends_in_order() {
        let list = |items| raw(0, RawKind::List(items));
        assert_eq!(
            says(Shape::Shifts.parse(&list(vec![text(1, "+1s"), text(2, "-1s")]))),
            ["0: the range runs from +1s down to -1s (write the low value first)"]
        );
        assert_eq!(
            says(Shape::Spans.parse(&list(vec![text(1, "1s")]))),
            ["0: a range has two values, the low one and the high one"]
        );
        assert_eq!(
            says(Shape::Counts(1, 9).parse(&list(vec![raw(1, RawKind::Int(0)), raw(2, RawKind::Int(10))]))),
            ["1: 0 is out of range (allowed: from 1 to 9)", "2: 10 is out of range (allowed: from 1 to 9)"]
        );
        assert_eq!(
            says(Shape::Count(1, u64::MAX).parse(&raw(0, RawKind::Int(-1)))),
            ["0: -1 is out of range (allowed: at least 1)"]
        );
    }

    #[test]
    fn delays_that_no_sampler_could_draw_are_refused() {
        let table = |entries| raw(0, RawKind::Table(entries));
        let pair = |name, (a, b): (&str, &str), (x, y)| {
            table(vec![entry(1, name, table(vec![entry(2, a, text(3, x)), entry(4, b, text(5, y))]))])
        };
        assert_eq!(
            says(Shape::Delay.parse(&pair("exponential", ("min", "mean"), ("5ms", "1ms")))),
            ["5: `mean` is less than `min`, which is 5ms"]
        );
        assert_eq!(
            says(Shape::Delay.parse(&pair("lognormal", ("median", "p99"), ("5ms", "1ms")))),
            ["5: `p99` is less than `median`, which is 5ms"]
        );
        assert!(Shape::Delay.parse(&pair("lognormal", ("median", "p99"), ("5ms", "5ms"))).is_ok());
        assert!(Shape::Delay.parse(&table(vec![entry(1, "fixed", text(2, "5ms"))])).is_err());
        assert!(Shape::Delay.parse(&table(vec![])).is_err());
    }
}
