//! Consecutive items that many messages and records carry.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::rc::Rc;

use serde::{Serialize, Serializer};

/// Consecutive items, built once and shared by every message and record that carries them. None cost nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Shared<T>(Option<Rc<[T]>>);

impl<T> Shared<T> {
    /// No item.
    pub const fn none() -> Shared<T> {
        Shared(None)
    }

    /// A single item.
    pub fn one(item: T) -> Shared<T> {
        Shared(Some(Rc::new([item])))
    }
}

impl<T: Clone> From<&[T]> for Shared<T> {
    fn from(items: &[T]) -> Shared<T> {
        Shared((!items.is_empty()).then(|| Rc::from(items)))
    }
}

impl<T> From<Vec<T>> for Shared<T> {
    fn from(items: Vec<T>) -> Shared<T> {
        Shared((!items.is_empty()).then(|| Rc::from(items)))
    }
}

impl<T> Deref for Shared<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.0.as_deref().unwrap_or_default()
    }
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: Hash> Hash for Shared<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl<T: Serialize> Serialize for Shared<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}
