//! What was written: an untyped tree in which everything knows its place in the file.

use std::ops::Range;

use super::ParamError;

/// A value as it was written, before it is known what it should be.
#[derive(Clone, PartialEq, Debug)]
pub struct Raw {
    /// Where, in bytes from the beginning of the file. For a table with a header: that of the header.
    pub at: Range<usize>,
    /// What was written.
    pub kind: RawKind,
}

/// What was written.
#[derive(Clone, PartialEq, Debug)]
pub enum RawKind {
    /// A truth value.
    Flag(bool),
    /// A whole number.
    Int(i128),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Raw>),
    /// A table, in the order of the file.
    Table(Vec<Entry>),
    /// Something that no parameter takes, in words: `a float`.
    Other(&'static str),
}

/// A key of a table and its value.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub at: Range<usize>,
    /// Its value.
    pub value: Raw,
}

impl Raw {
    /// The value under a key, if this is a table that has it.
    pub fn get(&self, key: &str) -> Option<&Raw> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of a key, if this is a table that has it.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The entries of a table; none of anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.kind {
            RawKind::Table(entries) => entries,
            _ => &[],
        }
    }

    /// A mistake that is about all of this.
    pub fn error(&self, message: impl Into<String>) -> ParamError {
        ParamError::new(self.at.clone(), message)
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            RawKind::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn noun(&self) -> &'static str {
        match self.kind {
            RawKind::Flag(_) => "a truth value",
            RawKind::Int(_) => "a whole number",
            RawKind::Text(_) => "a text",
            RawKind::List(_) => "a list",
            RawKind::Table(_) => "a table",
            RawKind::Other(noun) => noun,
        }
    }
}
