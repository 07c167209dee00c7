//! Values as histories have them, before a model says what they mean.

use std::collections::BTreeMap;
use std::fmt;

/// A value of JSON or EDN.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(crate) enum Value {
    /// `nil` or `null`.
    #[default]
    Nil,
    /// A truth value.
    Bool(bool),
    /// A whole number that fits.
    Int(i64),
    /// Any other number, as it is written.
    Number(String),
    /// A string, or a character.
    Text(String),
    /// A keyword, with its colon, or a symbol.
    Word(String),
    /// A vector, list or array.
    List(Vec<Value>),
    /// A set, in the order of its members, each once.
    Set(Vec<Value>),
    /// A map or object, in the order of its keys: see [`Value::map`].
    Map(Vec<(Value, Value)>),
}

impl Value {
    /// A map of these entries, whatever the order in which they are written.
    pub(crate) fn map(mut entries: Vec<(Value, Value)>) -> Value {
        entries.sort();
        Value::Map(entries)
    }

    /// The two values of a list that has two.
    pub(crate) fn pair(&self) -> Option<(&Value, &Value)> {
        match self {
            Value::List(items) => match items.as_slice() {
                [first, second] => Some((first, second)),
                _ => None,
            },
            _ => None,
        }
    }

    /// A whole number from 0.
    pub(crate) fn count(&self) -> Option<u64> {
        match self {
            Value::Int(number) => u64::try_from(*number).ok(),
            Value::Number(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// The value that a keyword of a map stands for.
    pub(crate) fn field(&self, keyword: &str) -> Option<&Value> {
        let Value::Map(entries) = self else { return None };
        let named = |name: &Value| matches!(name, Value::Word(word) if word == keyword);
        entries.iter().find(|(name, _)| named(name)).map(|(_, value)| value)
    }

    /// The memory it takes, in bytes, about.
    pub(crate) fn bytes(&self) -> u64 {
        let owned = match self {
            Value::Nil | Value::Bool(_) | Value::Int(_) => 0,
            Value::Number(text) | Value::Text(text) | Value::Word(text) => text.len() as u64,
            Value::List(items) | Value::Set(items) => items.iter().map(Value::bytes).sum(),
            Value::Map(entries) => entries.iter().map(|(name, value)| name.bytes() + value.bytes()).sum(),
        };
        size_of::<Value>() as u64 + owned
    }
}

impl fmt::Display for Value {
    /// Shows it as EDN has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let items = |f: &mut fmt::Formatter<'_>, open: &str, items: &[Value], close: &str| {
            f.write_str(open)?;
            for (place, item) in items.iter().enumerate() {
                write!(f, "{}{item}", if place == 0 { "" } else { " " })?;
            }
            f.write_str(close)
        };
        match self {
            Value::Nil => f.write_str("nil"),
            Value::Bool(value) => value.fmt(f),
            Value::Int(number) => number.fmt(f),
            Value::Number(text) | Value::Word(text) => f.write_str(text),
            Value::Text(text) => quoted(f, text),
            Value::List(list) => items(f, "[", list, "]"),
            Value::Set(set) => items(f, "#{", set, "}"),
            Value::Map(entries) => {
                f.write_str("{")?;
                for (place, (name, value)) in entries.iter().enumerate() {
                    write!(f, "{}{name} {value}", if place == 0 { "" } else { ", " })?;
                }
                f.write_str("}")
            }
        }
    }
}

/// Text without what a terminal would obey.
pub(crate) fn visible(text: &str) -> String {
    let shown =
        |char: char| -> String { if char.is_control() { char.escape_default().collect() } else { char.to_string() } };
    text.chars().map(shown).collect()
}

/// A string of EDN. What a terminal would obey, or would not show, is escaped.
fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for letter in text.chars() {
        match letter {
            '"' | '\\' => write!(f, "\\{letter}")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => {
                write!(f, "\\u{:04x}", u32::from(letter))?;
            }
            control if control.is_control() => write!(f, "\\u{:04x}", u32::from(control))?,
            other => write!(f, "{other}")?,
        }
    }
    f.write_str("\"")
}

/// A value that people are shown in the middle of a sentence: what is quoted of it is at most so many characters long.
pub(crate) fn cut(text: &str, longest: usize) -> String {
    let text = visible(text);
    if text.chars().count() <= longest {
        return text;
    }
    let tail = longest / 3;
    let (head, count) = (longest - tail - 1, text.chars().count());
    text.chars().take(head).chain(['…']).chain(text.chars().skip(count - tail)).collect()
}

/// Numbers for values: equal values have the same, and they are given out from 0.
#[derive(Debug, Default)]
pub(crate) struct Names {
    numbers: BTreeMap<Value, u32>,
    values: Vec<Value>,
}

impl Names {
    /// The number of a value.
    pub(crate) fn number(&mut self, value: &Value) -> u32 {
        if let Some(&number) = self.numbers.get(value) {
            return number;
        }
        let number = self.values.len() as u32;
        self.numbers.insert(value.clone(), number);
        self.values.push(value.clone());
        number
    }

    /// The number of a value; none of nil.
    pub(crate) fn something(&mut self, value: &Value) -> Option<u64> {
        (*value != Value::Nil).then(|| self.number(value).into())
    }

    /// The value that has a number, for people; without a number, nil.
    pub(crate) fn shown(&self, number: Option<u64>) -> String {
        number.map_or(Value::Nil, |number| self.value(number as u32).clone()).to_string()
    }

    /// The value that has a number.
    pub(crate) fn value(&self, number: u32) -> &Value {
        &self.values[number as usize]
    }

    /// How many values have one.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_as_they_are_written() {
        let text = |text: &str| Value::Text(text.to_owned());
        let word = |word: &str| Value::Word(word.to_owned());
        let value = Value::List(vec![
            Value::Nil,
            Value::Bool(true),
            Value::Int(-3),
            Value::Number("1.5".to_owned()),
            text("a \"b\""),
            Value::Set(vec![Value::Int(1), Value::Int(2)]),
            Value::Map(vec![(word(":a"), Value::Int(1)), (word(":b"), Value::Nil)]),
        ]);
        assert_eq!(value.to_string(), r#"[nil true -3 1.5 "a \"b\"" #{1 2} {:a 1, :b nil}]"#);
    }

    #[test]
    fn what_is_long_loses_its_middle() {
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("0123456789", 7), "0123…89");
        assert_eq!(cut("ääääääääää", 4), "ää…ä");
    }

    #[test]
    fn equal_values_have_one_number() {
        let mut names = Names::default();
        let numbers = [7, 8, 7].map(|number| names.number(&Value::Int(number)));
        assert_eq!((numbers, names.len(), names.value(1)), ([0, 1, 0], 2, &Value::Int(8)));
    }
}
