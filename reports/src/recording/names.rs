//! Words that come again and again, each kept once.

use std::collections::BTreeMap;

/// The number of a word in its [`Table`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Name(pub u32);

/// Words with their numbers, in the order in which they came.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Table {
    words: Vec<String>,
    numbers: BTreeMap<String, Name>,
}

impl Table {
    /// The number of a word, which gets one if it has none.
    pub fn name(&mut self, word: &str) -> Name {
        if let Some(name) = self.numbers.get(word) {
            return *name;
        }
        let name = Name(self.words.len() as u32);
        self.words.push(word.to_owned());
        self.numbers.insert(word.to_owned(), name);
        name
    }

    /// The number of a word, if it has one.
    pub fn find(&self, word: &str) -> Option<Name> {
        self.numbers.get(word).copied()
    }

    /// The word of a number.
    pub fn word(&self, name: Name) -> &str {
        &self.words[name.0 as usize]
    }

    /// All words, by their numbers.
    pub fn words(&self) -> &[String] {
        &self.words
    }
}
