//! What shapes are called and how their values are written, for messages and `explain`.

use super::{Param, Shape};

impl Shape {
    /// What a value of this shape is, in words.
    pub fn noun(&self) -> &'static str {
        match self {
            Shape::Flag => "a truth value",
            Shape::Count(..) => "a whole number",
            Shape::Counts(..) => "a whole number or a range of them",
            Shape::Span => "a duration",
            Shape::Spans => "a duration or a range of them",
            Shape::Shift => "a duration with a sign",
            Shape::Shifts => "a duration with a sign or a range of them",
            Shape::Odds => "odds",
            Shape::Choice(_) => "a word",
            Shape::Names => "a name or a list of names",
            Shape::Delay => "a delay",
            Shape::Target => "a target or a list of them",
            Shape::Nodes => "nodes: a target or a list of them",
            Shape::Groups => "a list of groups",
            Shape::Table(_) => "a table",
            Shape::ChoiceOrTable(..) => "a word or a table",
            Shape::Text => "a text",
        }
    }

    /// How a value of this shape is written.
    pub fn example(&self) -> String {
        match self {
            Shape::Flag => "`true` or `false`",
            Shape::Count(low, _) => return format!("`{}`", low.max(&1)),
            Shape::Counts(low, high) => return format!("`{low}` or `[{low}, {}]`", low.saturating_add(9).min(*high)),
            Shape::Span => "`\"150ms\"`",
            Shape::Spans => "`\"150ms\"` or `[\"150ms\", \"300ms\"]`",
            Shape::Shift => "`\"+50ms\"` or `\"-3s\"`",
            Shape::Shifts => "`\"+50ms\"` or `[\"-50ms\", \"+50ms\"]`",
            Shape::Odds => "`\"1%\"`, `\"0.05%\"` or `\"50ppm\"`",
            Shape::Choice(words) => return quoted(words.iter().map(|(word, _)| *word)),
            Shape::Names => "`\"all\"`, `\"one\"` or `[\"one\", \"another\"]`",
            Shape::Delay => {
                "`\"5ms\"`, `{ uniform = [\"1ms\", \"10ms\"] }`, `{ exponential = { min = \"1ms\", mean = \"5ms\" } }` \
                 or `{ lognormal = { median = \"2ms\", p99 = \"20ms\" } }`"
            }
            Shape::Target | Shape::Nodes => "`\"leader\"`, `\"n1\"`, `\"not(leader)\"` or `[\"n1\", \"n2\"]`",
            Shape::Groups => "`[[\"n1\", \"n2\"], [\"n3\"]]`",
            Shape::Table(params) => return sample(params),
            Shape::ChoiceOrTable(words, params) => {
                return format!("{} or {}", quoted(words.iter().map(|(word, _)| *word)), sample(params));
            }
            Shape::Text => "a text in quotes",
        }
        .to_owned()
    }
}

fn quoted<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.map(|word| format!("`\"{word}\"`")).collect();
    words.join(", ")
}

/// A table with one key, to show how it is written.
fn sample(params: &[Param]) -> String {
    match params.first() {
        Some(param) => format!("`{{ {} = … }}`", param.name),
        None => "`{}`".to_owned(),
    }
}
