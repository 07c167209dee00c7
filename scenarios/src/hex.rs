//! Digests in files: 16 hexadecimal digits in a text, because many programs read JSON numbers as floats.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

/// Writes a digest.
///
/// # Errors
/// Those of the serializer.
pub(crate) fn serialize<S: Serializer>(digest: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{digest:016x}"))
}

/// Reads a digest back.
///
/// # Errors
/// If there are not 16 hexadecimal digits.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = String::deserialize(deserializer)?;
    let digest = u64::from_str_radix(&text, 16).ok().filter(|digest| format!("{digest:016x}") == text);
    digest.ok_or_else(|| D::Error::custom("a digest has 16 hexadecimal digits"))
}
